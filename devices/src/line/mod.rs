//! A telephone line: calls by SIP to an IP telephone number, and the TCP connection that they negotiate.
//!
//! Every box of the patent has one. The line knows how a call stands on the wire: INVITE to BYE, who
//! connects to whom, what is repeated, when it is given up. What a call is *for* is the holder's to say: it
//! hears [`News`] of the call, decides by its flowchart, and tells the line what to do next.
//!
//! ```text
//!   holder  call()      ask()       announce()              session        hang_up()
//!   line    ── INVITE ─ OPTIONS ─── re-INVITE ─── connect ─── bytes ─────── BYE ──
//!   news        Answered   Presented      Agreed      Opened    Bytes, Closed    Ended
//! ```
//!
//! `caller.rs` makes calls, `callee.rs` takes them.

mod announcing;
mod callee;
mod caller;
mod connection;
mod door;
mod keyring;
mod media;
mod news;
mod phone;
mod reach;
mod registration;
mod request;
mod serving;
mod variant;
mod vendor;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use self::callee::Incoming;
use self::caller::Outgoing;
use self::phone::{KEEP_ALIVE, Phone};
use self::registration::Registration;
use crate::config::LineConfig;
use crate::core::{Conn, Effect, Entropy, Event, Holdings, Outbox, StreamEvent, Time, Timer};
use crate::sip::transaction::Up;
use crate::sip::{SIP_PORT, intake};
use bytes::Bytes;

pub(crate) use self::news::{News, NotEstablished, What};
pub(crate) use self::serving::Serving;

/// The line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    phone: Phone,
    registration: Registration,
    /// Calls that we make, by the key that the holder gave.
    outgoing: BTreeMap<u64, Outgoing>,
    /// Calls that we take, by a key of their Call-ID.
    incoming: BTreeMap<u64, Incoming>,
    /// Which call a TCP connection belongs to.
    connections: BTreeMap<Conn, u64>,
    /// What the holder has not heard yet.
    news: VecDeque<News>,
}

impl Line {
    /// A line of a box that has started so many times, before its power comes on.
    pub(crate) fn new(config: Arc<LineConfig>, boots: u32) -> Self {
        Line {
            phone: Phone::new(config, boots),
            registration: Registration::default(),
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            connections: BTreeMap::new(),
            news: VecDeque::new(),
        }
    }

    /// Source of the identifiers of this boot.
    pub(crate) fn entropy(&self) -> Entropy {
        self.phone.entropy
    }

    /// The next thing that the holder has not heard.
    pub(crate) fn hear(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Power came on: listens, registers, keeps the way open.
    pub(crate) fn power_on(&mut self, now: Time, out: &mut Outbox) {
        if self.phone.config.habits.listens_tcp {
            self.phone.courier.listen(out);
        }
        self.register(now, out);
        self.phone.arm_keep_alive(now, out);
    }

    /// Takes an event of the network or of a timer. What concerns the holder becomes news.
    pub(crate) fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::Datagram { from, bytes } => self.datagram(now, from, bytes, out),
            Event::Unreachable { to } => {
                for up in self.phone.courier.unreachable(now, to, out) {
                    self.told(now, up, out);
                }
            }
            Event::Stream(conn, event) => self.stream(now, conn, event, out),
            Event::Resolved { question, answer } => {
                for up in self.phone.courier.resolved(now, &question, &answer, out) {
                    self.told(now, up, out);
                }
            }
            Event::Timer(timer) => self.timer(now, timer, out),
            Event::PowerOn { .. } | Event::Order(_) => {}
        }
    }

    /// The operator ends all calls.
    pub(crate) fn stop(&mut self, now: Time, out: &mut Outbox) {
        self.stop_outgoing(now, out);
        self.stop_incoming(now, out);
    }

    /// What is not over.
    pub(crate) fn holds(&self) -> Holdings {
        Holdings {
            transactions: self.phone.courier.len(),
            calls: self.outgoing.len() + self.incoming.len(),
            connections: self.connections.len(),
            ..Holdings::default()
        }
    }

    fn tell(&mut self, call: u64, what: What) {
        self.news.push_back(News { call, what });
    }

    fn datagram(&mut self, now: Time, from: SocketAddr, bytes: Bytes, out: &mut Outbox) {
        let Some(message) = intake::read(from, bytes, out) else { return };
        if let Some(up) = self.phone.courier.receive(now, from, message, out) {
            self.told(now, up, out);
        }
    }

    fn told(&mut self, now: Time, up: Up, out: &mut Outbox) {
        match up {
            Up::Request { tx, message, from } => self.request(now, tx, from, &message, out),
            Up::Ack { message } => self.acknowledged(now, &message, out),
            Up::Response { tx, message } if self.challenged(now, tx, &message, out) => {}
            Up::Response { tx, message } if self.registration.owns(tx) => {
                self.registration.answered(now, &mut self.phone, &message, out);
            }
            Up::Response { tx, message } => self.caller_response(now, tx, &message, out),
            Up::Timeout { tx } | Up::Unreachable { tx } | Up::Unlocated { tx, .. }
                if self.registration.owns(tx) =>
            {
                self.registration.unanswered(now, out);
            }
            Up::Timeout { tx } => self.caller_unanswered(tx, caller::SILENCE, out),
            Up::Unreachable { tx } => self.caller_unanswered(tx, "unreachable", out),
            Up::Unlocated { tx, why } => self.caller_unanswered(tx, &why.to_string(), out),
        }
    }

    /// Makes the box known to the registrar, if it is its habit.
    fn register(&mut self, now: Time, out: &mut Outbox) {
        if self.phone.config.habits.registers {
            self.registration.register(now, &mut self.phone, out);
        } else {
            out.disarm(registration::REFRESH);
        }
    }

    fn timer(&mut self, now: Time, timer: Timer, out: &mut Outbox) {
        if timer == registration::REFRESH {
            self.register(now, out);
        } else if timer == KEEP_ALIVE {
            let server = self.phone.server();
            self.phone.courier.ping(now, &server, out);
            self.phone.arm_keep_alive(now, out);
        } else if self.phone.courier.owns_timer(timer) {
            if let Some(up) = self.phone.courier.fires(now, timer, out) {
                self.told(now, up, out);
            }
        } else if self.outgoing.contains_key(&timer.owner) {
            self.caller_timer(now, timer, out);
        } else if self.incoming.contains_key(&timer.owner) {
            self.callee_timer(now, timer, out);
        }
    }

    fn stream(&mut self, now: Time, conn: Conn, event: StreamEvent, out: &mut Outbox) {
        let sip = matches!(event, StreamEvent::Accepted { port: SIP_PORT, .. });
        if sip || self.phone.courier.has(conn) {
            for up in self.phone.courier.stream(now, conn, event, out) {
                self.told(now, up, out);
            }
            return;
        }
        if let StreamEvent::Accepted { port, peer } = event {
            if !self.caller_accepted(conn, port, peer, out) {
                self.callee_accepted(now, conn, port, peer, out);
            }
            return;
        }
        let call = self.connections.get(&conn).copied();
        if call.is_some_and(|key| self.came_early(key, conn, &event, out)) {
            return;
        }
        if matches!(event, StreamEvent::Reset | StreamEvent::Fin) {
            self.connections.remove(&conn);
        }
        match call {
            Some(key) if self.outgoing.contains_key(&key) => self.caller_stream(key, event, out),
            Some(key) => self.callee_stream(key, conn, event, out),
            // A last word on a connection that we have given up.
            None if matches!(event, StreamEvent::Fin | StreamEvent::Reset | StreamEvent::Writable) => {}
            None => {
                out.unexpected("data on a connection that belongs to no call", "nothing");
                out.push(Effect::Reset(conn));
            }
        }
    }
}
