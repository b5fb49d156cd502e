//! Step S404 as a mail server declares it: which number its search gives for a recipient (paragraphs 0142, 0149 to 0151).
//!
//! Neither the patent nor the declaration says how everything odd is to be read. Where they are silent, each reading is
//! right: the search has several answers then.

use std::ops::RangeInclusive;

use faxproof_reports::{HostDeclaration, Ta3Row, Ta3Tables, What, commit_row};
use faxproof_wire::mime;

use super::{Case, digits};

/// Where a search finds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In front of the `@` of the recipient.
    BeforeAt,
    /// Behind the `@` of the recipient.
    AfterAt,
    /// In the recipient, whichever side.
    Rcpt,
    /// In the header of the mail.
    Header,
    /// In its main text.
    Body,
    /// In the row of Ta3 with the recipient's address.
    Address,
    /// In the row of Ta3 with the recipient's domain.
    Domain,
}

impl Place {
    /// What a declaration calls it.
    pub fn word(self) -> &'static str {
        match self {
            Place::BeforeAt => "before-at",
            Place::AfterAt => "after-at",
            Place::Rcpt => "rcpt",
            Place::Header => "header",
            Place::Body => "body",
            Place::Address => "address",
            Place::Domain => "domain",
        }
    }

    /// Whether the author of the mail filled it, and not who handed it over.
    pub fn is_content(self) -> bool {
        matches!(self, Place::Header | Place::Body)
    }

    fn of_word(word: &str) -> Option<Place> {
        const ALL: [Place; 7] = [
            Place::BeforeAt,
            Place::AfterAt,
            Place::Rcpt,
            Place::Header,
            Place::Body,
            Place::Address,
            Place::Domain,
        ];
        ALL.into_iter().find(|place| place.word() == word)
    }
}

/// A number that the search gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As it is [dialled].
    pub number: String,
    /// Where it, or what it is registered for, stands.
    pub place: Place,
}

/// The search that a server declares.
#[derive(Debug)]
pub struct Search<'a> {
    /// In this order.
    places: Vec<Place>,
    by: By<'a>,
    /// Whether it decodes the text of a mail first.
    decodes: bool,
}

#[derive(Debug)]
enum By<'a> {
    /// Server 201: how the numbers of the network begin, and how many digits follow.
    Numbers { beginnings: Vec<&'a str>, follow: usize },
    /// Server 201A.
    Specific,
}

impl<'a> Search<'a> {
    /// What this host declares; `None`: it does not forward over SIP.
    pub fn of(host: &'a HostDeclaration) -> Option<Search<'a>> {
        let word = |key: &str| host.habits.get(key).map(String::as_str);
        let by = match word("forwards.by")? {
            "numbers" => By::Numbers {
                beginnings: word("forwards.systematic").unwrap_or_default().split_whitespace().collect(),
                follow: word("forwards.digits")?.parse().ok()?,
            },
            _ => By::Specific,
        };
        let places = word("forwards.searches")?.split_whitespace().filter_map(Place::of_word).collect();
        let decodes = word("forwards.decodes") == Some("true");
        Some(Search { places, by, decodes })
    }

    /// Whether it depends on what the author of a mail wrote.
    pub fn reads_content(&self) -> bool {
        self.places.iter().any(|place| place.is_content())
    }

    /// What it gives for a recipient of a mail, `None` among the answers being no number. One answer, unless something
    /// odd stands there.
    pub fn answers(&self, tables: &Ta3Tables, recipient: &str, message: &[u8]) -> Vec<Option<Found>> {
        let places: Vec<_> =
            self.places.iter().map(|place| (*place, self.text_at(*place, recipient, message))).collect();
        let mut answers = Vec::new();
        let mut hit = |number: String, place: Place, certain: bool| {
            answers.push(Some(Found { number, place }));
            certain
        };
        let found = match &self.by {
            By::Numbers { beginnings, follow } => {
                places.iter().any(|(place, text)| match row(tables, *place, recipient) {
                    Some(number) => hit(number, *place, true),
                    None => numbers_in(text, beginnings, *follow)
                        .into_iter()
                        .any(|(number, certain)| hit(number, *place, certain)),
                })
            }
            // Of several rows the first decides, wherever its information stands.
            By::Specific => tables.specific.iter().any(|row| {
                places.iter().any(|(place, text)| match stands(text, &row.key) {
                    Some(certain) => hit(dialled(&row.number), *place, certain),
                    None => false,
                })
            }),
        };
        if !found {
            answers.push(None);
        }
        answers
    }

    /// The text that stands in a place; none in a table.
    fn text_at(&self, place: Place, recipient: &str, message: &[u8]) -> Vec<u8> {
        let (local, domain) = recipient.rsplit_once('@').unwrap_or((recipient, ""));
        match place {
            Place::BeforeAt => local.into(),
            Place::AfterAt => domain.into(),
            Place::Rcpt => recipient.into(),
            Place::Header => authors_header(message),
            Place::Body => decoded(message).filter(|_| self.decodes).unwrap_or_else(|| body(message).into()),
            Place::Address | Place::Domain => Vec::new(),
        }
    }
}

/// A number as it is called: its digits, with the `+` of a global number (RFC 3966 §5.1).
pub fn dialled(number: &str) -> String {
    let plus = if number.starts_with('+') { "+" } else { "" };
    format!("{plus}{}", digits(number))
}

/// Where the header of a mail ends (RFC 5322 §2.1): behind the end of its last line.
fn header_end(message: &[u8]) -> usize {
    if message.starts_with(b"\r\n") {
        return 0;
    }
    message.windows(4).position(|four| four == b"\r\n\r\n").map_or(message.len(), |at| at + 2)
}

fn body(message: &[u8]) -> &[u8] {
    message.get(header_end(message) + 2..).unwrap_or_default()
}

/// The plain texts of a mail as their author wrote them, if it can be read and has some.
fn decoded(message: &[u8]) -> Option<Vec<u8>> {
    let texts = mime::read(message).ok()?.text;
    (!texts.is_empty()).then(|| texts.join("\r\n").into_bytes())
}

/// The header without the fields that servers put on top (RFC 5321 §4.4): those tell of servers, not of the recipient.
fn authors_header(message: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut trace = false;
    for line in message[..header_end(message)].split_inclusive(|octet| *octet == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|octet| *octet == b':').next().unwrap_or_default().trim_ascii_end();
            trace = [&b"received"[..], b"return-path"].iter().any(|own| name.eq_ignore_ascii_case(own));
        }
        if !trace {
            kept.extend_from_slice(line);
        }
    }
    kept
}

/// The number in the first row of Ta3 for this address, or for exactly this domain.
fn row(tables: &Ta3Tables, place: Place, recipient: &str) -> Option<String> {
    let (local, domain) = recipient.rsplit_once('@')?;
    let same =
        |one: &str, other: &str| one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'));
    let fits = |row: &&Ta3Row| match (place, row.key.rsplit_once('@')) {
        (Place::Address, Some((of, at))) => of == local && same(at, domain),
        (Place::Domain, None) => same(&row.key, domain),
        _ => false,
    };
    tables.destinations.iter().find(fits).map(|row| dialled(&row.number))
}

/// The numbers of the network in a text, from left to right, and whether each is certain to be one.
///
/// Digits with single hyphens between them are one number or none: a digit more on either side, and it is none. What two
/// hyphens in a row divide may be read as one run or as several.
fn numbers_in(text: &[u8], beginnings: &[&str], follow: usize) -> Vec<(String, bool)> {
    let runs = text.split(|octet| !octet.is_ascii_digit() && *octet != b'-');
    let runs = runs.map(|run| String::from_utf8_lossy(run)).filter(|run| run.len() >= follow);
    let is_number = |run: &str| {
        beginnings.iter().any(|beginning| {
            let bare = digits(beginning);
            let rest = run.strip_prefix(beginning).or_else(|| run.strip_prefix(&bare));
            rest.is_some_and(|rest| digits(rest).len() == follow)
        })
    };
    let mut numbers = Vec::new();
    for run in runs {
        let run = run.trim_matches('-');
        let certain = !run.contains("--");
        let parts = run.split("--").filter(|part| is_number(part.trim_matches('-')));
        numbers.extend(parts.map(|part| (digits(part), certain)));
    }
    numbers
}

/// Whether specific information stands in a text: surely as it is registered, perhaps in other letters.
fn stands(text: &[u8], information: &str) -> Option<bool> {
    let information = information.as_bytes();
    if information.is_empty() {
        return None;
    }
    let mut windows = text.windows(information.len());
    let alike = windows.clone().any(|window| window.eq_ignore_ascii_case(information));
    alike.then(|| windows.any(|window| window == information))
}

/// Tables Ta3 and Ta3' of a host through the run: each state with the time from which it held, in microseconds.
#[derive(Debug)]
pub struct History(Vec<(u64, Ta3Tables)>);

impl History {
    /// The states of the tables at these times, both ends included.
    pub fn during(&self, times_us: RangeInclusive<u64>) -> impl Iterator<Item = &Ta3Tables> {
        let (from, to) = times_us.into_inner();
        let last_before = self.0.iter().rposition(|(since, _)| *since < from).unwrap_or(0);
        let states = self.0.iter().enumerate().skip(last_before);
        states
            .take_while(move |(at, (since, _))| *at == last_before || *since <= to)
            .map(|(_, (_, state))| state)
    }
}

impl Case<'_> {
    /// Tables Ta3 and Ta3' of this host: as declared, and behind every committed change.
    pub fn ta3_history(&self, host: &HostDeclaration) -> History {
        let mut states = vec![(0, host.ta3.clone())];
        for entry in &self.trace.entries {
            let What::Row { host: owner, table, change, position, row } = &entry.what else { continue };
            let mut tables = states.last().map(|(_, tables)| tables.clone()).unwrap_or_default();
            let (rows, key) = match &**table {
                "Ta3" => (&mut tables.destinations, "destination"),
                "Ta3'" => (&mut tables.specific, "information"),
                _ => continue,
            };
            if *owner == host.name {
                let column = |name: &str| {
                    let named = row.iter().find(|(known, _)| &**known == name);
                    named.map(|(_, value)| value.to_string()).unwrap_or_default()
                };
                let row = Ta3Row { key: column(key), number: column("number") };
                commit_row(rows, change, *position, row);
                states.push((entry.at_us, tables));
            }
        }
        History(states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<(String, bool)> {
        numbers_in(text.as_bytes(), &["050-", "080-"], 8)
    }

    #[test]
    fn a_number_has_its_beginning_and_its_digits() {
        for (text, number) in [
            ("050-0000-9999", "05000009999"),
            ("call 05000009999, please", "05000009999"),
            ("x080-12345678.example", "08012345678"),
            ("12-34 050-0000-9999", "05000009999"),
            ("050-0000-9999-", "05000009999"),
        ] {
            assert_eq!(numbers(text), [(number.to_owned(), true)], "{text}");
        }
        for text in ["", "050-0000-999", "050-0000-99990", "1050-0000-9999", "090-0000-9999", "050-0000 9999"]
        {
            assert_eq!(numbers(text), [], "{text}");
        }
    }

    #[test]
    fn numbers_come_from_left_to_right() {
        let found: Vec<String> =
            numbers("080-1111-1111 or 050-2222-2222").into_iter().map(|(number, _)| number).collect();
        assert_eq!(found, ["08011111111", "05022222222"]);
    }

    #[test]
    fn what_two_hyphens_divide_may_be_one_or_several() {
        assert_eq!(numbers("050-0000-9999--1"), [("05000009999".to_owned(), false)]);
    }

    fn search(searches: &[Place]) -> Search<'static> {
        let by = By::Numbers { beginnings: vec!["050-"], follow: 8 };
        Search { places: searches.to_vec(), by, decodes: false }
    }

    fn given(search: &Search<'_>, tables: &Ta3Tables, recipient: &str, message: &str) -> Option<String> {
        let mut answers = search.answers(tables, recipient, message.as_bytes());
        assert_eq!(answers.len(), 1, "one answer is right: {answers:?}");
        answers.remove(0).map(|found| found.number)
    }

    #[test]
    fn each_place_is_its_own() {
        let message = "Received: from 050-1111-1111\r\n by 050-1111-1111\r\nSubject: a\r\n 050-3333-3333\r\n\r\n\
                       050-4444-4444\r\n";
        for (place, number) in [
            (Place::BeforeAt, Some("05011112222")),
            (Place::AfterAt, Some("05022223333")),
            (Place::Header, Some("05033333333")),
            (Place::Body, Some("05044444444")),
            (Place::Address, None),
        ] {
            let recipient = "050-1111-2222@050-2222-3333.example";
            let found = given(&search(&[place]), &Ta3Tables::default(), recipient, message);
            assert_eq!(found.as_deref(), number, "{place:?}");
        }
    }

    #[test]
    fn an_encoded_text_is_read_where_that_is_declared() {
        let message = "Content-Transfer-Encoding: base64\r\n\r\nMDUwLTQ0NDQtNDQ0NA==\r\n";
        let by = |decodes| Search { decodes, ..search(&[Place::Body]) };
        let number = |decodes| given(&by(decodes), &Ta3Tables::default(), "bob@b.example", message);
        assert_eq!((number(true).as_deref(), number(false)), (Some("05044444444"), None));
    }

    #[test]
    fn a_domain_is_equal_or_another() {
        let row = |key: &str| Ta3Row { key: key.into(), number: "+81 50".into() };
        let tables = Ta3Tables { destinations: vec![row("B.example")], specific: Vec::new() };
        let at = |recipient: &str| given(&search(&[Place::Address, Place::Domain]), &tables, recipient, "");
        assert_eq!(at("bob@b.example").as_deref(), Some("+8150"));
        assert_eq!(at("bob@x.b.example"), None);
        assert_eq!(at("bob@xb.example"), None);
        let tables = Ta3Tables { destinations: vec![row("bob@B.example")], specific: Vec::new() };
        let at = |recipient: &str| given(&search(&[Place::Address, Place::Domain]), &tables, recipient, "");
        assert_eq!(at("bob@b.example").as_deref(), Some("+8150"));
        assert_eq!(at("Bob@b.example"), None);
    }

    #[test]
    fn specific_information_stands_as_it_is_registered_or_perhaps() {
        assert_eq!(stands(b"to KYOTO", "KYOTO"), Some(true));
        assert_eq!(stands(b"to Kyoto", "KYOTO"), Some(false));
        assert_eq!(stands(b"to Osaka", "KYOTO"), None);
        assert_eq!(stands(b"", ""), None);
    }

    #[test]
    fn header_and_text_part_at_the_empty_line() {
        assert_eq!(body(b"A: b\r\n\r\nc\r\n\r\nd"), b"c\r\n\r\nd");
        assert_eq!((authors_header(b"\r\nc"), body(b"\r\nc")), (Vec::new(), &b"c"[..]));
        assert_eq!((authors_header(b"A: b\r\n"), body(b"A: b\r\n")), (b"A: b\r\n".to_vec(), &b""[..]));
    }
}
