//! Mail servers that forward over SIP, and mail clients: what they are set up with, and what is declared of them.

use faxproof_devices::config::{ForwardConfig, MailClientConfig, OnFailure, Place, Replies, Search, Spot};
use faxproof_devices::core::Entropy;
use faxproof_devices::order::{Ta3Action, TableChange, Writing};
use faxproof_devices::smtp::Offers;
use faxproof_devices::ta3::{Key, Row, SpecificRow};
use faxproof_reports::{Ta3Row, Ta3Tables};
use faxproof_wire::smtp::Notify;

use super::{Setting, line};
use crate::scenario::grammar::{
    BySpec, ChangeSpec, ForwardSpec, HostSpec, NotifySpec, OnFailureSpec, RepliesSpec, RowKeySpec,
    SearchSpec, SpecificRowSpec, Ta3RowSpec, WriteSpec,
};
use crate::scenario::value::At;

/// Calls that a mail server makes at one time.
const MOST_CALLS: u32 = 20;

impl Setting<'_> {
    pub(super) fn forwards(
        &self,
        host: &str,
        box_: &HostSpec,
        name: &str,
        spec: &ForwardSpec,
    ) -> ForwardConfig {
        let offers = box_.mail_server.as_ref().and_then(|server| server.value.offers.as_ref());
        let offers = offers.map_or(Offers::of_a_mail_server(), |at| super::mail::offers(&at.value));
        let most_calls = spec.most_calls.map_or(MOST_CALLS, |most| most.value);
        let mut line = self.line(host, box_, name.to_owned(), offers);
        let lax = box_.mail_server.as_ref().and_then(|server| server.value.takes_bare_line_ends);
        line.habits.refuses_bare_line_ends = !lax.unwrap_or(false);
        if box_.habits.as_ref().is_none_or(|habits| habits.value.lines.is_none()) {
            // As many as it may call with, and as many that call it.
            line.habits.lines = most_calls.saturating_mul(2);
        }
        ForwardConfig {
            line,
            search: search(spec),
            decodes: spec.decodes.unwrap_or(false),
            ta3: box_.ta3.iter().flat_map(|rows| &rows.value).map(ta3_row).collect(),
            ta3_prime: box_.ta3_prime.iter().flat_map(|rows| &rows.value).map(specific_row).collect(),
            asks: spec.asks_presentation.unwrap_or(true),
            on_failure: match spec.on_failure {
                Some(OnFailureSpec::Retry) => OnFailure::Retry,
                Some(OnFailureSpec::Bounce) => OnFailure::Bounce,
                Some(OnFailureSpec::Relay) | None => OnFailure::Relay,
            },
            replies: match spec.replies {
                Some(RepliesSpec::WithResult) => Replies::WithResult,
                Some(RepliesSpec::AtOnce) | None => Replies::AtOnce,
            },
            most_calls: most_calls as usize,
        }
    }

    pub(super) fn mail_client(&self, name: &str, spec: &HostSpec) -> MailClientConfig {
        MailClientConfig {
            mail: self.mail(name, spec),
            mail_server: self.outgoing_server(spec),
            mailbox: self.mailbox(spec),
            epoch_s: self.epoch_s(),
            entropy: Entropy::of_seed(self.seed).part(name),
        }
    }
}

/// The places of server 201 and those of 201A, by their words.
const PLACES: [(SearchSpec, Place); 6] = [
    (SearchSpec::BeforeAt, Place::BeforeAt),
    (SearchSpec::AfterAt, Place::AfterAt),
    (SearchSpec::Header, Place::Header),
    (SearchSpec::Body, Place::Body),
    (SearchSpec::Address, Place::Address),
    (SearchSpec::Domain, Place::Domain),
];
const SPOTS: [(SearchSpec, Spot); 3] =
    [(SearchSpec::Rcpt, Spot::Rcpt), (SearchSpec::Header, Spot::Header), (SearchSpec::Body, Spot::Body)];

/// Whether a server that searches by this can look there.
pub(crate) fn can_search(by: BySpec, place: SearchSpec) -> bool {
    match by {
        BySpec::Numbers => PLACES.iter().any(|(word, _)| *word == place),
        BySpec::SpecificInformation => SPOTS.iter().any(|(word, _)| *word == place),
    }
}

fn search(spec: &ForwardSpec) -> Search {
    let given = spec.searches.as_ref().map(|listed| listed.value.iter().map(|at| at.value));
    if spec.by.is_some_and(|by| by.value == BySpec::SpecificInformation) {
        let of = |word: SearchSpec| SPOTS.iter().find(|(known, _)| *known == word).map(|(_, spot)| *spot);
        let places = given.map_or(vec![Spot::Rcpt], |words| words.filter_map(of).collect());
        return Search::Specific { places };
    }
    let of = |word: SearchSpec| PLACES.iter().find(|(known, _)| *known == word).map(|(_, place)| *place);
    match Search::default() {
        Search::Numbers { places, systematic, digits } => Search::Numbers {
            places: given.map_or(places, |words| words.filter_map(of).collect()),
            systematic: match &spec.systematic {
                Some(listed) => listed.value.iter().map(|beginning| beginning.value.clone()).collect(),
                None => systematic,
            },
            digits: spec.digits.map_or(digits, |digits| digits.value as usize),
        },
        specific => specific,
    }
}

pub(crate) fn ta3_row(spec: &Ta3RowSpec) -> Row {
    Row { destination: spec.destination.value.clone(), number: spec.number.value.clone() }
}

pub(crate) fn specific_row(spec: &SpecificRowSpec) -> SpecificRow {
    SpecificRow { information: spec.information.value.clone(), number: spec.number.value.clone() }
}

/// Tables Ta3 and Ta3' as they are declared.
pub(super) fn declared_tables(host: &HostSpec) -> Ta3Tables {
    let destinations = host.ta3.iter().flat_map(|rows| &rows.value).map(ta3_row);
    let specific = host.ta3_prime.iter().flat_map(|rows| &rows.value).map(specific_row);
    Ta3Tables {
        destinations: destinations.map(|row| Ta3Row { key: row.destination, number: row.number }).collect(),
        specific: specific.map(|row| Ta3Row { key: row.information, number: row.number }).collect(),
    }
}

fn key(spec: &RowKeySpec) -> Key {
    match spec {
        RowKeySpec::Destination(text) | RowKeySpec::Information(text) => Key::First(text.value.clone()),
        RowKeySpec::Number(number) => Key::Number(number.value.clone()),
    }
}

fn change<S, R>(spec: &ChangeSpec<S>, row: impl Fn(&S) -> R) -> (&'static str, TableChange<Key, R>) {
    match spec {
        ChangeSpec::List => ("ta3-list", TableChange::List),
        ChangeSpec::Add(added) => ("ta3-add", TableChange::Add(row(added))),
        ChangeSpec::Edit(edit) => ("ta3-edit", TableChange::Edit(key(&edit.which), row(&edit.row))),
        ChangeSpec::Delete(which) => ("ta3-delete", TableChange::Delete(key(which))),
    }
}

/// Kind, action and words of something done to table Ta3.
pub(super) fn ta3_order(step: &ChangeSpec<Ta3RowSpec>) -> (&'static str, Ta3Action, String) {
    let (kind, action) = change(step, ta3_row);
    (kind, Ta3Action::Destinations(action), words_of(kind, "Ta3"))
}

/// Kind, action and words of something done to table Ta3'.
pub(super) fn ta3_prime_order(step: &ChangeSpec<SpecificRowSpec>) -> (&'static str, Ta3Action, String) {
    let (kind, action) = change(step, specific_row);
    (kind, Ta3Action::Specific(action), words_of(kind, "Ta3'"))
}

fn words_of(kind: &str, table: &str) -> String {
    match kind {
        "ta3-list" => format!("list {table}"),
        "ta3-add" => format!("add a row to {table}"),
        "ta3-edit" => format!("edit a row of {table}"),
        _ => format!("delete a row of {table}"),
    }
}

/// A mail that the user of a mail client writes.
pub(super) fn writing(spec: &WriteSpec) -> Writing {
    let subject = spec.subject.iter().map(|subject| ("Subject".to_owned(), subject.value.clone()));
    let further =
        spec.header.iter().map(|(name, value): (&At<String>, &String)| (name.value.clone(), value.clone()));
    let wants = |listed: &Vec<NotifySpec>| Notify {
        success: listed.contains(&NotifySpec::Success),
        failure: listed.contains(&NotifySpec::Failure),
        delay: listed.contains(&NotifySpec::Delay),
    };
    Writing {
        from: spec.from.as_ref().map(|from| from.value.clone()),
        to: spec.to.iter().map(|to| to.value.clone()).collect(),
        header: subject.chain(further).collect(),
        text: spec.text.clone(),
        notify: spec.notify.as_ref().map(wants),
    }
}

/// What is declared of a server that forwards, in the words of the grammar.
pub(super) fn words(config: &ForwardConfig) -> Vec<(&'static str, String)> {
    let (by, places): (_, Vec<SearchSpec>) = match &config.search {
        Search::Numbers { places, .. } => {
            let word = |place: &Place| PLACES.iter().find(|(_, known)| known == place).map(|(word, _)| *word);
            ("numbers", places.iter().filter_map(word).collect())
        }
        Search::Specific { places } => {
            let word = |spot: &Spot| SPOTS.iter().find(|(_, known)| known == spot).map(|(word, _)| *word);
            ("specific-information", places.iter().filter_map(word).collect())
        }
    };
    let on_failure = match config.on_failure {
        OnFailure::Relay => "relay",
        OnFailure::Retry => "retry",
        OnFailure::Bounce => "bounce",
    };
    let replies = match config.replies {
        Replies::AtOnce => "at-once",
        Replies::WithResult => "with-result",
    };
    let places: Vec<&str> = places.into_iter().map(word_of).collect();
    let mut words = vec![
        ("forwards.by", by.to_owned()),
        ("forwards.searches", places.join(" ")),
        ("forwards.decodes", config.decodes.to_string()),
        ("forwards.asks_presentation", config.asks.to_string()),
        ("forwards.on_failure", on_failure.to_owned()),
        ("forwards.replies", replies.to_owned()),
        ("forwards.most_calls", config.most_calls.to_string()),
    ];
    if let Search::Numbers { systematic, digits, .. } = &config.search {
        words.push(("forwards.systematic", systematic.join(" ")));
        words.push(("forwards.digits", digits.to_string()));
    }
    words.extend(line::words(&config.line).into_iter().filter(|(name, _)| *name != "size_limit"));
    words
}

fn word_of(place: SearchSpec) -> &'static str {
    match place {
        SearchSpec::BeforeAt => "before-at",
        SearchSpec::AfterAt => "after-at",
        SearchSpec::Header => "header",
        SearchSpec::Body => "body",
        SearchSpec::Address => "address",
        SearchSpec::Domain => "domain",
        SearchSpec::Rcpt => "rcpt",
    }
}

/// What is declared of a mail client.
pub(super) fn client_words(config: &MailClientConfig) -> Vec<(&'static str, String)> {
    let servers = [
        ("mail_server", config.mail_server),
        ("mailbox", config.mailbox.as_ref().map(|mailbox| mailbox.server)),
    ];
    let servers = servers.into_iter().filter_map(|(key, at)| Some((key, at?.ip().to_string())));
    std::iter::once(("mail", config.mail.clone())).chain(servers).collect()
}
