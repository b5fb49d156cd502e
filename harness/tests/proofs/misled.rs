//! A device that errs: it stands before a real one and changes what that hears, or what that does, so
//! that it takes another branch of its flowchart.

use std::collections::BTreeMap;

use bytes::Bytes;
use faxproof_devices::core::{
    Conn, Device, Durable, Effect, Event, Holdings, Medium, Outbox, StreamEvent, Time,
};
use faxproof_devices::order::{Action, Destination, Order};
use faxproof_devices::ta1::Row;

use crate::misled_mail::{self, MailError};

/// One way to err.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// Takes the SIP messages whose first line begins so, of this method and not below this CSeq, as if
    /// they were that.
    Hears { start: &'static str, cseq: u32, method: &'static str, as_if: Heard },
    /// Does not notice that this timer runs out.
    SleepsThrough(&'static str),
    /// Does not notice ICMP.
    NoUnreachable,
    /// Does not notice what the name server answers.
    NoNames,
    /// Does not notice that a connection is reset.
    NoReset,
    /// Does not notice that the operator presses stop.
    NoHangUp,
    /// Finds the number in its table with this protocol: `None` with an empty column.
    Finds(Option<&'static str>),
    /// Does not find the number in its table.
    Forgets,
    /// Takes the answer to a whole document as a refusal.
    DocumentRefused,
    /// Says one arc for another, and tells the operator nothing.
    Claims { arc: &'static str, other: &'static str },
    /// Tells of failures at another place.
    TellsAt(Medium, &'static str),
    /// Never sends requests of this method.
    NeverSends(&'static str),
    /// Stores what it learned in the other kind of record.
    OtherRecord,
    /// Errs as only a mail fax can.
    Mail(MailError),
}

/// What a message is heard as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Nothing,
    Refusal,
    PresentsSmtp,
}

impl Heard {
    /// The message as it is heard, if at all.
    fn heard(self, message: &[u8]) -> Option<Bytes> {
        match self {
            Heard::Nothing => None,
            Heard::Refusal => Some(with_start(message, "SIP/2.0 488 Not Acceptable Here")),
            Heard::PresentsSmtp => Some(presenting(message)),
        }
    }
}

/// The device that errs.
#[derive(Clone, Debug)]
pub(crate) struct Misled {
    pub(crate) device: Box<dyn Device>,
    pub(crate) errors: &'static [Error],
    /// Connections on which a whole document was sent and not answered yet, and what would refuse it.
    pub(crate) documents: BTreeMap<Conn, &'static str>,
    /// The last command of SMTP that was sent on each connection; `.` is the end of a mail.
    pub(crate) commands: BTreeMap<Conn, String>,
}

impl Device for Misled {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        for error in self.errors {
            let orders = match error {
                Error::Mail(error) => misled_mail::table_orders(*error, &event),
                error => table_order(*error, &event).into_iter().collect(),
            };
            for order in orders {
                self.device.step(now, Event::Order(order), &mut Outbox::new());
            }
        }
        let heard = self.errors.iter().try_fold(event, |event, error| self.hear(*error, event));
        let Some(event) = heard else { return };
        let mut own = Outbox::new();
        self.device.step(now, event, &mut own);
        for effect in own.drain() {
            if let Effect::Send { conn, bytes } = &effect
                && let Some(refusal) = refusal_of(bytes)
            {
                self.documents.insert(*conn, refusal);
            }
            if let Effect::Send { conn, bytes } = &effect {
                self.commands.insert(*conn, misled_mail::command(bytes));
            }
            if let Some(effect) = self.errors.iter().try_fold(effect, |effect, error| does(*error, effect)) {
                out.push(effect);
            }
        }
    }

    fn holds(&self) -> Holdings {
        self.device.holds()
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}

impl Misled {
    fn hear(&mut self, error: Error, event: Event) -> Option<Event> {
        match (error, event) {
            (Error::Hears { start, cseq, method, as_if }, Event::Datagram { from, bytes })
                if fits(&bytes, start, cseq, method) =>
            {
                Some(Event::Datagram { from, bytes: as_if.heard(&bytes)? })
            }
            // On a stream each message comes as it was sent: in a piece of its own.
            (Error::Hears { start, cseq, method, as_if }, Event::Stream(conn, StreamEvent::Bytes(bytes)))
                if fits(&bytes, start, cseq, method) =>
            {
                Some(Event::Stream(conn, StreamEvent::Bytes(as_if.heard(&bytes)?)))
            }
            (Error::SleepsThrough(name), Event::Timer(timer)) if timer.name == name => None,
            (Error::NoUnreachable, Event::Unreachable { .. }) => None,
            (Error::NoNames, Event::Resolved { .. }) => None,
            (Error::NoReset, Event::Stream(_, StreamEvent::Reset)) => None,
            (Error::NoHangUp, Event::Order(Order { action: Action::HangUp, .. })) => None,
            (Error::DocumentRefused, Event::Stream(conn, StreamEvent::Bytes(bytes))) => {
                let heard = self.documents.remove(&conn).map_or(bytes, |refusal| refusal.into());
                Some(Event::Stream(conn, StreamEvent::Bytes(heard)))
            }
            (Error::Mail(error), event) => misled_mail::hears(error, event, &self.commands),
            (_, event) => Some(event),
        }
    }
}

/// What refuses the document that ends with, or is announced by, these bytes.
fn refusal_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.ends_with(b"\r\n.\r\n") {
        return Some("554 no\r\n");
    }
    // One that waits for a 100 is refused with it, before its body.
    let posts = [&b"POST "[..], b"PUT "].iter().any(|method| bytes.starts_with(method));
    posts.then_some("HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n")
}

/// What it does otherwise.
fn does(error: Error, effect: Effect) -> Option<Effect> {
    match (error, effect) {
        (Error::Claims { arc, other }, Effect::Mark { call, arc: taken }) if taken == arc => {
            Some(Effect::Mark { call, arc: other })
        }
        (Error::Claims { .. }, Effect::Mark { arc, .. }) if arc.starts_with("4.S9.") => None,
        (Error::Claims { .. }, Effect::Notice(notice)) if notice.call != 0 => None,
        (Error::TellsAt(_, other), Effect::Mark { call, arc }) if arc.starts_with("4.S9.") => {
            Some(Effect::Mark { call, arc: other })
        }
        (Error::TellsAt(medium, _), Effect::Notice(mut notice)) if notice.call != 0 => {
            notice.medium = medium;
            Some(Effect::Notice(notice))
        }
        (Error::NeverSends(method), Effect::Datagram { bytes, .. } | Effect::Send { bytes, .. })
            if bytes.starts_with(method.as_bytes()) =>
        {
            None
        }
        (Error::OtherRecord, Effect::Durable(Durable::CommitRow { table, position, added, row })) => {
            Some(Effect::Durable(Durable::CommitRow { table, position, added: !added, row }))
        }
        (Error::OtherRecord, Effect::Mark { call, arc: "4.S16.new-record" }) => {
            Some(Effect::Mark { call, arc: "4.S16.into-record" })
        }
        (Error::OtherRecord, Effect::Mark { call, arc: "4.S16.into-record" }) => {
            Some(Effect::Mark { call, arc: "4.S16.new-record" })
        }
        (Error::Mail(error), effect) => misled_mail::does(error, effect),
        (_, effect) => Some(effect),
    }
}

/// What happens to its table unseen before it calls.
fn table_order(error: Error, event: &Event) -> Option<Order> {
    let Event::Order(Order { action: Action::Send { to: Destination::Typed(number), .. }, .. }) = event
    else {
        return None;
    };
    let action = match error {
        Error::Finds(protocol) => {
            let row = Row { number: number.clone(), protocol: protocol.map(str::to_owned), ..Row::default() };
            Action::AddRow(row)
        }
        Error::Forgets => Action::DeleteRow { number: number.clone() },
        _ => return None,
    };
    Some(Order { key: 0, action })
}

fn fits(bytes: &[u8], start: &str, least: u32, method: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let cseq = text.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or_default();
    let (number, of) = cseq.split_once(' ').unwrap_or_default();
    text.starts_with(start) && of == method && number.parse::<u32>().is_ok_and(|number| number >= least)
}

fn with_start(bytes: &[u8], start: &str) -> Bytes {
    let text = String::from_utf8_lossy(bytes);
    let rest = text.split_once("\r\n").map_or("", |(_, rest)| rest);
    format!("{start}\r\n{rest}").into()
}

/// The response as a 200 that presents SMTP.
fn presenting(bytes: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(bytes);
    let head = text.split_once("\r\n\r\n").map_or("", |(head, _)| head);
    let kept = head.lines().skip(1).filter(|line| !line.starts_with("Content-"));
    let body =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=application 0 TCP smtp\r\n";
    let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    format!("SIP/2.0 200 OK\r\n{kept}Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}
