//! Step S404: does the server have the IP telephone number of the destination? (Paragraphs 0142 and 0149.)

use std::borrow::Cow;
use std::cell::OnceCell;

use faxproof_wire::mime;

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

/// One mail that is searched for the numbers of its recipients. Header and text are the same for all of them, and are read
/// once at most.
pub(super) struct Searched<'a> {
    config: &'a ForwardConfig,
    ta3: &'a [Row],
    ta3_prime: &'a [SpecificRow],
    message: &'a [u8],
    /// What is searched as the text.
    text: OnceCell<Cow<'a, [u8]>>,
    /// The number in the header, in the text.
    numbers: [OnceCell<Option<String>>; 2],
    /// Whether the information of each row of Ta3' stands in the header, in the text.
    rows: [OnceCell<Vec<bool>>; 2],
}

impl<'a> Searched<'a> {
    pub(super) fn new(
        config: &'a ForwardConfig,
        (ta3, ta3_prime): (&'a [Row], &'a [SpecificRow]),
        message: &'a [u8],
    ) -> Searched<'a> {
        let (text, numbers, rows) = Default::default();
        Searched { config, ta3, ta3_prime, message, text, numbers, rows }
    }

    /// The text as it stands, or as its author wrote it.
    fn text(&self) -> &[u8] {
        self.text.get_or_init(|| {
            let read = self.config.decodes.then(|| mime::read(self.message).ok()).flatten();
            let decoded = read.map(|read| read.text.join("\r\n")).filter(|text| !text.is_empty());
            decoded.map_or(Cow::Borrowed(parts(self.message).1), |text| Cow::Owned(text.into_bytes()))
        })
    }

    /// The number for this recipient: the first that is found, place by place in the declared order, and in each place
    /// from left to right. With Ta3', the first row of which the information stands in one of the declared places.
    pub(super) fn number_for(&self, recipient: &str) -> Option<Found> {
        match &self.config.search {
            Search::Numbers { places, systematic, digits } => {
                let system = System { beginnings: systematic, digits: *digits };
                places.iter().find_map(|place| {
                    let number = self.number_at(*place, &system, recipient)?;
                    Some(Found { number, arc: arc_of(*place) })
                })
            }
            Search::Specific { places } => self.ta3_prime.iter().enumerate().find_map(|(at, row)| {
                let stands = |spot: &&Spot| self.stands_at(**spot, (at, row), recipient);
                let spot = places.iter().filter(|_| number::is_dialable(&row.number)).find(stands)?;
                Some(Found { number: row.number.clone(), arc: arc_of_spot(*spot) })
            }),
        }
    }

    fn number_at(&self, place: Place, system: &System<'_>, recipient: &str) -> Option<String> {
        let row = |fits: &dyn Fn(&Row) -> bool| {
            let row = self.ta3.iter().find(|row| fits(row) && number::is_dialable(&row.number))?;
            Some(row.number.clone())
        };
        let domain = domain_of(recipient);
        let [header, text] = &self.numbers;
        match place {
            Place::BeforeAt => {
                system.first_in(recipient.rsplit_once('@').map_or(recipient, |(local, _)| local).as_bytes())
            }
            Place::AfterAt => system.first_in(domain.as_bytes()),
            Place::Header => {
                let find = || written_fields(self.message).find_map(|field| system.first_in(field));
                header.get_or_init(find).clone()
            }
            Place::Body => text.get_or_init(|| system.first_in(self.text())).clone(),
            Place::Address => row(&|row| row.is_of_address(recipient)),
            Place::Domain => row(&|row| row.is_of_domain(domain)),
        }
    }

    /// Whether the information of this row, the row at this place, stands there.
    fn stands_at(&self, spot: Spot, (at, row): (usize, &SpecificRow), recipient: &str) -> bool {
        let within = |text: &[u8], row: &SpecificRow| {
            !row.information.is_empty() && contains(text, row.information.as_bytes())
        };
        let all = |found: &dyn Fn(&SpecificRow) -> bool| self.ta3_prime.iter().map(found).collect::<Vec<_>>();
        let [header, text] = &self.rows;
        match spot {
            Spot::Rcpt => within(recipient.as_bytes(), row),
            Spot::Header => {
                let found = |row: &SpecificRow| written_fields(self.message).any(|field| within(field, row));
                header.get_or_init(|| all(&found)).get(at).copied().unwrap_or(false)
            }
            Spot::Body => {
                let found = |row: &SpecificRow| within(self.text(), row);
                text.get_or_init(|| all(&found)).get(at).copied().unwrap_or(false)
            }
        }
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
    use crate::testing::forwards;

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

    /// The server searches these places for numbers.
    fn numbers(places: &[Place]) -> Search {
        Search::Numbers { places: places.into(), systematic: vec!["050-".to_owned()], digits: 8 }
    }

    fn found(config: &ForwardConfig, recipient: &str, message: &[u8]) -> Option<(String, &'static str)> {
        let tables = (&config.ta3[..], &config.ta3_prime[..]);
        let found = Searched::new(config, tables, message).number_for(recipient)?;
        Some((found.number, found.arc))
    }

    #[test]
    fn trace_fields_are_not_searched_and_folded_ones_are() {
        let message =
            b"Received: from 050-1111-1111\r\n by x\r\nReceived: y\r\n  050-2222-2222\r\nSubject: a\r\n \
                        050-3333-3333\r\n\r\n050-4444-4444\r\n";
        let at = |place| {
            let config = ForwardConfig { search: numbers(&[place]), ..forwards() };
            found(&config, "a@b", message).map(|(number, _)| number)
        };
        assert_eq!(at(Place::Header).as_deref(), Some("050-3333-3333"));
        assert_eq!(at(Place::Body).as_deref(), Some("050-4444-4444"));
    }
    #[test]
    fn a_text_is_decoded_where_that_is_wanted() {
        let encoded = b"Content-Transfer-Encoding: base64\r\n\r\nMDUwLTQ0NDQtNDQ0NA==\r\n";
        let quoted = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n050=2D4444-44=\r\n44\r\n";
        let plain = b"Subject: a\r\n\r\n050-4444-4444\r\n";
        for (message, is_plain) in [(&encoded[..], false), (quoted, false), (plain, true)] {
            for decodes in [true, false] {
                let config = ForwardConfig { search: numbers(&[Place::Body]), decodes, ..forwards() };
                let number = found(&config, "a@b", message).map(|(number, _)| number);
                let expected = (decodes || is_plain).then(|| "050-4444-4444".to_owned());
                assert_eq!(number, expected, "{decodes} {}", String::from_utf8_lossy(message));
            }
        }
    }

    #[test]
    fn specific_information_is_found_as_it_stands_and_no_empty_one_ever() {
        let message = b"Subject: to KYOTOBRANCHOFFICE\r\n\r\nhello\r\n";
        let stands = |spot, information: &str, recipient| {
            let search = Search::Specific { places: vec![spot] };
            let row = SpecificRow { information: information.to_owned(), number: "050-1234-5678".to_owned() };
            let config = ForwardConfig { search, ta3_prime: vec![row], ..forwards() };
            found(&config, recipient, message).is_some()
        };
        assert!(stands(Spot::Header, "KYOTOBRANCHOFFICE", "a@b"));
        assert!(!stands(Spot::Header, "kyotobranchoffice", "a@b"));
        assert!(!stands(Spot::Body, "KYOTOBRANCHOFFICE", "a@b"));
        assert!(stands(Spot::Rcpt, "KYOTO", "KYOTO@b"));
        assert!(!stands(Spot::Rcpt, "", "KYOTO@b"));
    }

    #[test]
    fn a_row_whose_number_cannot_be_dialled_is_passed_over() {
        let row = |number: &str| SpecificRow { information: "KYOTO".to_owned(), number: number.to_owned() };
        let search = Search::Specific { places: vec![Spot::Rcpt] };
        let ta3_prime = vec![row("soon"), row("050-1234-5678")];
        let config = ForwardConfig { search, ta3_prime, ..forwards() };
        let number = found(&config, "KYOTO@b", b"\r\n").map(|(number, _)| number);
        assert_eq!(number.as_deref(), Some("050-1234-5678"));
    }

    #[test]
    fn each_recipient_is_searched_for_by_itself_and_what_the_mail_says_holds_for_all() {
        let search = numbers(&[Place::BeforeAt, Place::Body]);
        let config = ForwardConfig { search, ..forwards() };
        let searched = Searched::new(&config, (&[], &[]), b"Subject: a\r\n\r\n050-4444-4444\r\n");
        let numbers: Vec<Option<String>> = ["050-1111-1111@b", "a@b", "050-2222-2222@b", "c@b"]
            .into_iter()
            .map(|recipient| searched.number_for(recipient).map(|found| found.number))
            .collect();
        let expected = ["050-1111-1111", "050-4444-4444", "050-2222-2222", "050-4444-4444"];
        assert_eq!(numbers, expected.map(|number| Some(number.to_owned())));
    }
}
