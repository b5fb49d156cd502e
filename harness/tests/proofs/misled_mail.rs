//! How mail faxes err: Figures 8 to 13; and mail servers: Figure 18.

use std::collections::BTreeMap;

use bytes::Bytes;
use faxproof_devices::core::{Conn, Durable, Effect, Event, StreamEvent};
use faxproof_devices::order::{Action, Destination, Order, Ta2Action, Ta3Action, TableChange};
use faxproof_devices::ta2::{Key, Row};
use faxproof_devices::ta3;

use crate::misled::{Error, Heard};

/// One way in which only a mail fax errs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailError {
    /// Takes what the operator dialled for this speed dial number.
    Dials(&'static str),
    /// Has this number in table Ta2 for whatever the operator dials, and this address.
    Knows { number: Option<&'static str>, address: Option<&'static str> },
    /// Does not find in table Ta2 what the operator dials.
    Forgets,
    /// Takes the reply to this command of SMTP for that; `.` is the end of a mail.
    HearsReply { to: &'static str, as_if: &'static str },
    /// Reads this in a mail as that, where `{from}` is the address in From.
    Reads { written: &'static str, as_if: &'static str },
    /// Never opens a connection to this port.
    NeverConnects(u16),
    /// Commits no row to table Ta2.
    LosesRows,
    /// Commits a row where it takes this arc.
    StoresAt(&'static str),
    /// Tells its operator nothing.
    TellsNothing,
    /// Has this row in table Ta3 before a mail comes.
    Ta3Knows { destination: &'static str, number: &'static str },
    /// Has no such row in table Ta3, nor in Ta3'.
    Ta3Forgets(&'static str),
}

const fn dials(speed_dial: &'static str) -> Error {
    Error::Mail(MailError::Dials(speed_dial))
}

const fn replied(to: &'static str, as_if: &'static str) -> Error {
    Error::Mail(MailError::HearsReply { to, as_if })
}

const fn reads(written: &'static str, as_if: &'static str) -> Error {
    Error::Mail(MailError::Reads { written, as_if })
}

const FORGETS: Error = Error::Mail(MailError::Forgets);
const KNOWS_NUMBER: Error =
    Error::Mail(MailError::Knows { number: Some("050-1234-5678"), address: Some("bob@b.example") });
const KNOWS_ADDRESS: Error = Error::Mail(MailError::Knows { number: None, address: Some("bob@b.example") });
const NO_MAIL: Error = Error::Mail(MailError::NeverConnects(25));
const NO_MAILBOX: Error = Error::Mail(MailError::NeverConnects(110));
const LOSES_ROWS: Error = Error::Mail(MailError::LosesRows);
const TELLS_NOTHING: Error = Error::Mail(MailError::TellsNothing);
const REFUSED_CALL: Error =
    Error::Hears { start: "SIP/2.0 200", cseq: 1, method: "INVITE", as_if: Heard::Refusal };
const NO_CALLER: Error = Error::Hears { start: "INVITE ", cseq: 0, method: "INVITE", as_if: Heard::Nothing };
const NEVER_CALLS: Error = Error::NeverSends("INVITE ");
const NO_BYE: Error = Error::NeverSends("BYE ");
const PATIENT: Error = Error::SleepsThrough("confirmation");
const ASKED: Error = reads("Subject: ", "Disposition-Notification-To: {from}\r\nSubject: ");
const UNASKED: Error = reads("Disposition-Notification-To: ", "X-Nothing: ");
const NUMBERED: [Error; 2] = [
    reads("\nFrom: ", "\nFrom: IPTELNUM-05000009999 <IPTELNUM-05000009999@a.example>\r\nX-Was: "),
    reads("MAIL FROM:<alice@", "MAIL FROM:<IPTELNUM-05000009999@"),
];
const CAPABLE: Error = reads("\nFinal-Recipient:", "\nMedia-Accept-Features: (dpi=204)\r\nFinal-Recipient:");
const INCAPABLE: Error = reads("\nMedia-Accept-Features:", "\nX-Nothing:");
/// Nothing of a mail is ever refused.
const TAKEN: [Error; 4] = [
    replied("MAIL", "250 ok"),
    replied("RCPT", "250 ok"),
    replied("DATA", "354 go on"),
    replied(".", "250 ok"),
];

/// How a mail fax errs at each arc.
pub(crate) const ERRORS: &[(&str, &[Error])] = &[
    ("8.S301.typed-number", &[dials("99")]),
    ("8.S301.speed-dial", &[FORGETS]),
    ("8.S301.address-in-table", &[FORGETS]),
    ("8.S301.address-unknown", &[KNOWS_NUMBER]),
    ("8.S301.address-without-number", &[KNOWS_NUMBER]),
    ("8.S301.speed-dial-without-number", &[KNOWS_NUMBER]),
    ("8.S301.speed-dial-unknown", &[KNOWS_NUMBER]),
    ("8.S303.established", &[REFUSED_CALL]),
    ("8.S303.failed", &[NO_MAIL, TELLS_NOTHING]),
    ("8.S305.accepted", &[replied("HELO", "502 no"), replied("EHLO", "502 no")]),
    ("8.S305.refused", &[replied("HELO", "250 ok"), NO_BYE]),
    ("8.S305.silent", &[Error::NoReset]),
    ("8.S306.sent", &[Error::DocumentRefused]),
    ("8.S306.rejected", &TAKEN),
    ("8.S306.lost-before-dot", &[Error::NoReset]),
    ("8.S306.lost-after-dot", &[Error::NoReset]),
    ("8.S309.table-address", &[NO_MAIL]),
    ("8.S309.typed-address", &[NO_MAIL]),
    ("8.S309.no-address", &[KNOWS_ADDRESS]),
    ("8.S310.by-call", &[NO_CALLER]),
    ("8.S310.by-mail", &[NO_MAILBOX]),
    ("8.S310.never", &[PATIENT]),
    ("8.S311.learned", &[LOSES_ROWS]),
    ("8.S311.nothing-to-learn", &NUMBERED),
    ("8.S311.uncorrelated", &[Error::Mail(MailError::StoresAt("8.S311.uncorrelated"))]),
    ("8.S353.new-record", &[LOSES_ROWS]),
    ("8.S353.updated-record", &[LOSES_ROWS]),
    ("8.S353.no-number", &NUMBERED),
    ("8.S355.confirmed", &[UNASKED]),
    ("8.S355.call-back-failed", &[NO_MAIL, TELLS_NOTHING]),
    ("8.S355.not-asked", &[ASKED]),
    ("8.S355.number-unknown", &NUMBERED),
    ("8.S361.new-record", &[LOSES_ROWS]),
    ("8.S361.updated-record", &[LOSES_ROWS]),
    ("8.S361.no-number", &NUMBERED),
    ("8.S362.confirmed", &[NEVER_CALLS]),
    ("8.S362.call-back-failed", &[NO_MAIL, TELLS_NOTHING]),
    ("8.S362.not-asked", &[ASKED]),
    ("8.S362.number-unknown", &NUMBERED),
    ("10.S101.typed-number", &[dials("99")]),
    ("10.S101.speed-dial", &[FORGETS]),
    ("10.S101.address-in-table", &[FORGETS]),
    ("10.S101.address-unknown", &[KNOWS_NUMBER]),
    ("10.S101.address-without-number", &[KNOWS_NUMBER]),
    ("10.S101.speed-dial-without-number", &[KNOWS_NUMBER]),
    ("10.S101.speed-dial-unknown", &[KNOWS_NUMBER]),
    ("10.S103.established", &[REFUSED_CALL]),
    ("10.S103.failed", &[NO_MAIL, TELLS_NOTHING]),
    ("10.S105.extension-smtp", &[replied("EHLO", "502 no")]),
    ("10.S105.smtp", &[replied("EHLO", "250 ok")]),
    ("10.S105.failed", &[replied("EHLO", "250 ok"), replied("HELO", "250 ok"), NO_BYE]),
    ("10.S107.full-mode", &[INCAPABLE]),
    ("10.S107.simple-no-mdn", &[PATIENT]),
    ("10.S107.simple-mdn-without-capabilities", &[CAPABLE]),
    ("10.S107.no-address", &[KNOWS_ADDRESS]),
    ("11.S108.rejected", &TAKEN),
    ("11.S153.new-record", &[LOSES_ROWS]),
    ("11.S153.updated-record", &[LOSES_ROWS]),
    ("11.S153.no-number", &NUMBERED),
    ("12.S110.rejected", &TAKEN),
    ("12.S113.reformed-smaller", &[INCAPABLE]),
    ("12.S113.sent-as-is", &[INCAPABLE]),
    ("12.S113.capabilities-unknown", &[CAPABLE, PATIENT]),
    ("12.S113.call-failed", &[NO_MAIL, TELLS_NOTHING]),
    ("12.S113.smtp-failed", &[NO_MAIL, TELLS_NOTHING]),
    ("12.S114.confirmed", &[NO_CALLER]),
    ("12.S114.never-confirmed", &[PATIENT]),
    ("12.S155.new-record", &[LOSES_ROWS]),
    ("12.S155.updated-record", &[LOSES_ROWS]),
    ("12.S155.no-number", &NUMBERED),
    ("13.S201.never-called", &[PATIENT]),
    ("13.S203.capabilities-received", &[INCAPABLE]),
    ("13.S203.no-capabilities", &[CAPABLE]),
    ("13.S251.call-back-failed", &[NO_MAIL, TELLS_NOTHING]),
    ("18.S401.from-client", &[reads("From: <pc@", "Received: from x by y\r\nFrom: <pc@")]),
    ("18.S401.from-server", &[reads("Received: ", "X-Was: ")]),
    ("18.S402.split", &[reads("RCPT TO:<carol@c.example>", "RCPT TO:<bob@b.example>")]),
    ("18.S402.own", &[reads("RCPT TO:<PC@A.Example.>", "RCPT TO:<bob@b.example>")]),
    ("18.S402.forward", &[reads("RCPT TO:<bob@b.example>", "RCPT TO:<pc@a.example>")]),
    ("18.S403.stored-and-popped", &[reads("DELE", "NOOP")]),
    ("18.S404.number-before-at", &[MISREAD_NUMBER]),
    ("18.S404.number-after-at", &[MISREAD_NUMBER]),
    ("18.S404.number-in-header", &[MISREAD_NUMBER]),
    ("18.S404.number-in-body", &[reads("05012345678", "0501234567")]),
    ("18.S404.table-address", &[forgets("bob@b.example")]),
    ("18.S404.table-domain", &[forgets("b.example")]),
    ("18.S404.specific-in-rcpt", &[forgets("KYOTOBRANCHOFFICE")]),
    ("18.S404.specific-in-header", &[forgets("KYOTOBRANCHOFFICE")]),
    ("18.S404.specific-in-body", &[forgets("KYOTOBRANCHOFFICE")]),
    ("18.S404.none", &[Error::Mail(MailError::Ta3Knows { destination: "b.example", number: FAR })]),
    ("18.S404.own-number", &[reads("050-0000-0201", FAR)]),
    ("18.S405.established", &[REFUSED_CALL]),
    ("18.S405.failed", &[DEAF_TO_REFUSALS]),
    ("18.S406.delivered", &[Error::DocumentRefused]),
    ("18.S406.smtp-not-presented", &[PRESENTED_SMTP]),
    ("18.S406.rejected", &TAKEN),
    ("18.S406.deferred", &TAKEN),
    ("18.S406.lost-before-dot", &[Error::NoReset]),
    ("18.S406.lost-after-dot", &[Error::NoReset]),
    ("18.S408.relayed", &[NO_MAIL]),
    ("18.S408.deferred", &TAKEN),
    ("18.S408.bounced", &TAKEN),
];

const FAR: &str = "050-1234-5678";
const MISREAD_NUMBER: Error = reads(FAR, "050-1234-567");
const DEAF_TO_REFUSALS: Error =
    Error::Hears { start: "SIP/2.0 4", cseq: 1, method: "INVITE", as_if: Heard::Nothing };
const PRESENTED_SMTP: Error =
    Error::Hears { start: "SIP/2.0 ", cseq: 1, method: "OPTIONS", as_if: Heard::PresentsSmtp };

const fn forgets(first: &'static str) -> Error {
    Error::Mail(MailError::Ta3Forgets(first))
}

/// What happens to its table unseen before it sends.
pub(crate) fn table_orders(error: MailError, event: &Event) -> Vec<Order> {
    if let Event::Stream(_, StreamEvent::Accepted { .. }) = event {
        return ta3_orders(error);
    }
    let Event::Order(Order { action: Action::Send { to, .. }, .. }) = event else { return Vec::new() };
    let key = match to {
        Destination::SpeedDial(dialled) => Key::SpeedDial(dialled.clone()),
        Destination::Typed(text) if text.contains('@') => Key::Address(text.clone()),
        Destination::Typed(text) => Key::Number(text.clone()),
    };
    let actions = match error {
        MailError::Knows { number, address } => {
            let mut row = Row {
                number: number.map(str::to_owned),
                address: address.map(str::to_owned),
                ..Row::default()
            };
            match &key {
                Key::SpeedDial(dialled) => row.speed_dial = Some(dialled.clone()),
                Key::Address(typed) => row.address = Some(typed.clone()),
                Key::Number(typed) => row.number = Some(typed.clone()),
            }
            vec![Ta2Action::Add(row.clone()), Ta2Action::Edit(key, row)]
        }
        MailError::Forgets => vec![Ta2Action::Delete(key)],
        _ => Vec::new(),
    };
    actions.into_iter().map(|action| Order { key: 0, action: Action::Ta2(action) }).collect()
}

/// What happens to the tables of a mail server unseen before a mail comes.
fn ta3_orders(error: MailError) -> Vec<Order> {
    let actions = match error {
        MailError::Ta3Knows { destination, number } => {
            let row = ta3::Row { destination: destination.to_owned(), number: number.to_owned() };
            vec![Ta3Action::Destinations(TableChange::Add(row))]
        }
        MailError::Ta3Forgets(first) => {
            let key = ta3::Key::First(first.to_owned());
            vec![
                Ta3Action::Destinations(TableChange::Delete(key.clone())),
                Ta3Action::Specific(TableChange::Delete(key)),
            ]
        }
        _ => Vec::new(),
    };
    actions.into_iter().map(|action| Order { key: 0, action: Action::Ta3(action) }).collect()
}

/// What it takes for having happened.
pub(crate) fn hears(error: MailError, event: Event, commands: &BTreeMap<Conn, String>) -> Option<Event> {
    match (error, event) {
        (MailError::Dials(dialled), Event::Order(Order { key, action: Action::Send { document, .. } })) => {
            let to = Destination::SpeedDial(dialled.to_owned());
            Some(Event::Order(Order { key, action: Action::Send { to, document } }))
        }
        (MailError::HearsReply { to, as_if }, Event::Stream(conn, StreamEvent::Bytes(bytes))) => {
            let meant = commands.get(&conn).is_some_and(|command| command == to);
            let heard = if meant { format!("{as_if}\r\n").into() } else { bytes };
            Some(Event::Stream(conn, StreamEvent::Bytes(heard)))
        }
        (MailError::Reads { written, as_if }, Event::Stream(conn, StreamEvent::Bytes(bytes))) => {
            Some(Event::Stream(conn, StreamEvent::Bytes(reading(&bytes, written, as_if))))
        }
        (_, event) => Some(event),
    }
}

/// What it does otherwise.
pub(crate) fn does(error: MailError, effect: Effect) -> Option<Effect> {
    match (error, effect) {
        (MailError::NeverConnects(port), Effect::Connect { to, .. }) if to.port() == port => None,
        (MailError::LosesRows, Effect::Durable(Durable::CommitRow { .. })) => None,
        (MailError::TellsNothing, Effect::Notice(_)) => None,
        (MailError::StoresAt(wanted), Effect::Mark { arc, .. }) if arc == wanted => {
            let row = vec![("number", "05066666666".to_owned()), ("address", "m@x.example".to_owned())];
            let commit = Durable::CommitRow { table: "Ta2", position: 0, added: true, row };
            Some(Effect::Durable(commit))
        }
        (_, effect) => Some(effect),
    }
}

/// The command of SMTP that these bytes are.
pub(crate) fn command(sent: &Bytes) -> String {
    if sent.ends_with(b"\r\n.\r\n") {
        return ".".to_owned();
    }
    let word = sent.split(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default();
    String::from_utf8_lossy(word).into_owned()
}

fn reading(bytes: &Bytes, written: &str, as_if: &str) -> Bytes {
    let text = String::from_utf8_lossy(bytes);
    let from = text.split("\nFrom: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap_or_default();
    let address = from.split_once('<').map_or(from, |(_, rest)| rest.trim_end_matches('>'));
    match text.contains(written) {
        true => text.replacen(written, &as_if.replace("{from}", address), 1).into(),
        false => bytes.clone(),
    }
}
