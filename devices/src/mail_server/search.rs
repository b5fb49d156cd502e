//! Step S404: does the server have the IP telephone number of the destination? (Paragraphs 0142 and 0149.)

use crate::config::{ForwardConfig, Place, Search, Spot};
use crate::number;
use crate::ta3::{Row, SpecificRow};

use super::domain_of;

/// A number that was found, and the arc by which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) number: String,
    pub(super) arc: &'static str,
}

/// The number for a mail to this recipient: the first that is found, place by place in the declared order, and in
/// each place from left to right.
pub(super) fn number_for(
    config: &ForwardConfig,
    (ta3, ta3_prime): (&[Row], &[SpecificRow]),
    recipient: &str,
    message: &[u8],
) -> Option<Found> {
    match &config.search {
        Search::Numbers { places, systematic, digits } => {
            let system = System { beginnings: systematic, digits: *digits };
            places.iter().find_map(|place| {
                let number = number_at(*place, &system, ta3, recipient, message)?;
                Some(Found { number, arc: arc_of(*place) })
            })
        }
        Search::Specific { places } => ta3_prime.iter().find_map(|row| {
            let spot = places.iter().find(|spot| stands_at(**spot, &row.information, recipient, message))?;
            Some(Found { number: row.number.clone(), arc: arc_of_spot(*spot) })
        }),
    }
}

fn arc_of(place: Place) -> &'static str {
    match place {
        Place::BeforeAt => "18.S404.number-before-at",
        Place::AfterAt => "18.S404.number-after-at",
        Place::Header => "18.S404.number-in-header",
        Place::Body => "18.S404.number-in-body",
        Place::Address => "18.S404.table-address",
        Place::Domain => "18.S404.table-domain",
    }
}

fn arc_of_spot(spot: Spot) -> &'static str {
    match spot {
        Spot::Rcpt => "18.S404.specific-in-rcpt",
        Spot::Header => "18.S404.specific-in-header",
        Spot::Body => "18.S404.specific-in-body",
    }
}

fn number_at(
    place: Place,
    system: &System<'_>,
    ta3: &[Row],
    recipient: &str,
    message: &[u8],
) -> Option<String> {
    let row = |fits: &dyn Fn(&Row) -> bool| {
        let row = ta3.iter().find(|row| fits(row) && number::is_dialable(&row.number))?;
        Some(row.number.clone())
    };
    let domain = domain_of(recipient);
    match place {
        Place::BeforeAt => {
            system.first_in(recipient.rsplit_once('@').map_or(recipient, |(local, _)| local).as_bytes())
        }
        Place::AfterAt => system.first_in(domain.as_bytes()),
        Place::Header => written_fields(message).find_map(|field| system.first_in(field)),
        Place::Body => system.first_in(parts(message).1),
        Place::Address => row(&|row| row.is_of_address(recipient)),
        Place::Domain => row(&|row| row.is_of_domain(domain)),
    }
}

fn stands_at(spot: Spot, information: &str, recipient: &str, message: &[u8]) -> bool {
    let within = |text: &[u8]| !information.is_empty() && contains(text, information.as_bytes());
    match spot {
        Spot::Rcpt => within(recipient.as_bytes()),
        Spot::Header => written_fields(message).any(within),
        Spot::Body => within(parts(message).1),
    }
}

/// Header and text of a mail (RFC 5322 §2.1).
fn parts(message: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(message, b"\r\n\r\n") {
        Some(at) => (&message[..at + 2], &message[at + 4..]),
        None => (message, b""),
    }
}

/// The fields that the author of a mail wrote, as they stand: what servers put on top speaks of servers.
fn written_fields(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = parts(message).0;
    let fields = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = memchr::memmem::find_iter(rest, b"\r\n").map(|at| at + 2);
        let folded = |end: &usize| matches!(rest.get(*end), Some(b' ' | b'\t'));
        let end = ends.into_iter().find(|end| !folded(end)).unwrap_or(rest.len());
        let (field, others) = rest.split_at(end);
        rest = others;
        Some(field)
    });
    let traces = [&b"received:"[..], b"return-path:"];
    fields.filter(move |field| {
        !traces.iter().any(|name| field.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name)))
    })
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(text, wanted).is_some()
}

/// The telephone number system of the network (paragraph 0132).
struct System<'a> {
    beginnings: &'a [String],
    digits: usize,
}

impl System<'_> {
    /// The first number of the system in a text. Its beginning stands as it is registered or without its hyphens; so
    /// many digits follow, with hyphens between them or without. A digit more, in front or behind, and it is no number.
    fn first_in(&self, text: &[u8]) -> Option<String> {
        let mut from = 0;
        loop {
            let at = from + text.get(from..)?.iter().position(u8::is_ascii_digit)?;
            if let Some(length) = self.length_at(&text[at..]) {
                return Some(String::from_utf8_lossy(&text[at..at + length]).into_owned());
            }
            // What begins in the middle of a run of digits is no number.
            let run = text[at..].iter().position(|octet| !octet.is_ascii_digit() && *octet != b'-');
            from = at + run?;
        }
    }

    /// How many octets the number has that this text begins with.
    fn length_at(&self, text: &[u8]) -> Option<usize> {
        self.beginnings.iter().find_map(|beginning| {
            let bare: String = beginning.chars().filter(|c| *c != '-').collect();
            let mut at = [beginning.as_str(), &bare]
                .into_iter()
                .find_map(|beginning| text.starts_with(beginning.as_bytes()).then_some(beginning.len()))?;
            for _ in 0..self.digits {
                // One hyphen at a time.
                at += usize::from(text.get(at) == Some(&b'-') && text[at - 1] != b'-');
                text.get(at).filter(|octet| octet.is_ascii_digit())?;
                at += 1;
            }
            let goes_on = match text.get(at) {
                Some(b'-') => text.get(at + 1).is_some_and(u8::is_ascii_digit),
                Some(octet) => octet.is_ascii_digit(),
                None => false,
            };
            (!goes_on).then_some(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<String> {
        let beginnings = ["050-".to_owned(), "080-".to_owned()];
        System { beginnings: &beginnings, digits: 8 }.first_in(text.as_bytes())
    }

    #[test]
    fn a_number_is_found_as_it_is_written() {
        for (text, number) in [
            ("050-0000-9999", "050-0000-9999"),
            ("call 05000009999, please", "05000009999"),
            ("x080-12345678.example", "080-12345678"),
            ("12-34 050-0000-9999", "050-0000-9999"),
            ("080-1111-1111 and 050-2222-2222", "080-1111-1111"),
            ("050-0000-9999-", "050-0000-9999"),
        ] {
            assert_eq!(first(text).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn a_digit_too_many_or_too_few_is_no_number() {
        for text in [
            "",
            "050-0000-999",
            "050-0000-99990",
            "1050-0000-9999",
            "1-050-0000-9999",
            "050-0000-9999-1",
            "090-0000-9999",
            "050--0000-9999",
            "050-0000 9999",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_run_of_digits_is_passed_at_once() {
        assert_eq!(first(&"0".repeat(1_000_000)), None);
        assert_eq!(first(&"050-".repeat(250_000)), None);
    }

    #[test]
    fn trace_fields_are_not_searched_and_folded_ones_are() {
        let message =
            b"Received: from 050-1111-1111\r\n by x\r\nReceived: y\r\n  050-2222-2222\r\nSubject: a\r\n \
                        050-3333-3333\r\n\r\n050-4444-4444\r\n";
        let beginnings = ["050-".to_owned()];
        let system = System { beginnings: &beginnings, digits: 8 };
        let at = |place| number_at(place, &system, &[], "a@b", message);
        assert_eq!(at(Place::Header).as_deref(), Some("050-3333-3333"));
        assert_eq!(at(Place::Body).as_deref(), Some("050-4444-4444"));
    }

    #[test]
    fn specific_information_is_found_as_it_stands_and_no_empty_one_ever() {
        let message = b"Subject: to KYOTOBRANCHOFFICE\r\n\r\nhello\r\n";
        assert!(stands_at(Spot::Header, "KYOTOBRANCHOFFICE", "a@b", message));
        assert!(!stands_at(Spot::Header, "kyotobranchoffice", "a@b", message));
        assert!(!stands_at(Spot::Body, "KYOTOBRANCHOFFICE", "a@b", message));
        assert!(stands_at(Spot::Rcpt, "KYOTO", "KYOTO@b", message));
        assert!(!stands_at(Spot::Rcpt, "", "KYOTO@b", message));
    }
}
