//! A box on a table: give it events, look at what it sends.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::sip::{Message, Name};

use crate::config::{
    FaxConfig, ForwardConfig, Habits, LineConfig, MailHabits, OnFailure, Place, Protocol, Replies, Search,
};
use crate::core::{Conn, Device, Effect, Entropy, Event, Medium, Outbox, StreamEvent, Time, Timer};

/// A device, its timers, and the effects of the last step.
pub(crate) struct Table<D> {
    pub(crate) device: D,
    pub(crate) now: Time,
    timers: Vec<(Time, Timer)>,
}

impl<D: Device> Table<D> {
    /// The device with power on.
    pub(crate) fn new(device: D) -> Self {
        let mut table = Table { device, now: Time(0), timers: Vec::new() };
        table.step(Event::PowerOn { boots: 1, committed: Arc::default() });
        table
    }

    pub(crate) fn step(&mut self, event: Event) -> Vec<Effect> {
        let mut out = Outbox::new();
        self.device.step(self.now, event, &mut out);
        let effects: Vec<Effect> = out.drain().collect();
        for effect in &effects {
            match effect {
                Effect::Arm { timer, at } => {
                    self.timers.retain(|(_, known)| known != timer);
                    self.timers.push((*at, *timer));
                }
                Effect::Disarm(timer) => self.timers.retain(|(_, known)| known != timer),
                _ => {}
            }
        }
        effects
    }

    /// A SIP message arrives. Lines are joined with CRLF; a body may follow an empty line.
    pub(crate) fn sip(&mut self, from: &str, text: &str) -> Vec<Effect> {
        let bytes = Bytes::from(text.trim_start().replace('\n', "\r\n"));
        self.step(Event::Datagram { from: address(from), bytes })
    }

    pub(crate) fn stream(&mut self, conn: Conn, event: StreamEvent) -> Vec<Effect> {
        self.step(Event::Stream(conn, event))
    }

    /// Lets time pass, timers firing in their order.
    pub(crate) fn wait_ms(&mut self, ms: u64) -> Vec<Effect> {
        let until = Time(self.now.0 + ms * 1000);
        let mut effects = Vec::new();
        loop {
            self.timers.sort_by_key(|(at, timer)| (*at, *timer));
            let Some((at, timer)) = self.timers.first().copied().filter(|(at, _)| *at <= until) else {
                break;
            };
            self.timers.remove(0);
            self.now = at;
            effects.extend(self.step(Event::Timer(timer)));
        }
        self.now = until;
        effects
    }
}

/// SIP messages among the effects, with where they go.
pub(crate) fn sent(effects: &[Effect]) -> Vec<(SocketAddr, Message)> {
    let datagrams = effects.iter().filter_map(|effect| match effect {
        Effect::Datagram { to, bytes } => Some((*to, Message::parse(bytes.clone()).expect("own message"))),
        _ => None,
    });
    datagrams.collect()
}

/// Labels of the SIP messages among the effects.
pub(crate) fn labels(effects: &[Effect]) -> Vec<String> {
    sent(effects).iter().map(|(_, message)| message.label()).collect()
}

/// The answer of a peer: the message's own headers, another start line, and what else it needs.
pub(crate) fn answer(request: &Message, code: u16, tag: &str, more: &str) -> String {
    let line = |name: Name| -> String {
        request.values(name).map(|value| format!("{}: {value}\n", name.as_str())).collect()
    };
    let to = request.header(Name::To).expect("To").into_owned();
    let to = if request.to_tag().is_some() || tag.is_empty() { to } else { format!("{to};tag={tag}") };
    format!(
        "SIP/2.0 {code} x\n{}{}To: {to}\n{}{}{more}Content-Length: 0\n\n",
        line(Name::Via),
        line(Name::From),
        line(Name::CallId),
        line(Name::CSeq)
    )
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// How a mail server forwards whose line is that of the fax of [`fax_config`]. It finds the numbers in its table Ta3, which
/// is empty.
pub(crate) fn forwards() -> ForwardConfig {
    ForwardConfig {
        line: fax_config(Habits::default()).line,
        search: Search::Numbers {
            places: vec![Place::Address, Place::Domain],
            systematic: Vec::new(),
            digits: 8,
        },
        decodes: false,
        ta3: Vec::new(),
        ta3_prime: Vec::new(),
        asks: false,
        on_failure: OnFailure::Relay,
        replies: Replies::AtOnce,
        most_calls: 100,
    }
}

/// A fax at 10.0.0.1 that does not register; its SIP server is at 10.0.0.5.
pub(crate) fn fax_config(habits: Habits) -> FaxConfig {
    let line = LineConfig {
        address: "10.0.0.1".parse().expect("an address"),
        number: "050-0000-9999".to_owned(),
        domain: "d.example".to_owned(),
        sip_server: crate::sip::address::uri(address("10.0.0.5:5060")),
        password: None,
        protocols: vec![Protocol::Smtp],
        smtp_name: "fax.example".to_owned(),
        habits: Habits { registers: false, ..habits },
        entropy: Entropy::of_seed(1),
    };
    FaxConfig {
        line,
        mail: "a@fax.example".to_owned(),
        failure_medium: Medium::Display,
        ta1: Vec::new(),
        ta2: Vec::new(),
        mail_server: None,
        mailbox: None,
        machine: Default::default(),
        mail_habits: MailHabits::default(),
        epoch_s: 0,
    }
}
