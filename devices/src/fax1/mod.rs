//! Facsimile machine 1 (paragraphs 0063 to 0087): calls by IP telephone number, asks the peer for its
//! protocols unless table Ta1 knows them, transmits, and remembers.
//!
//! `caller.rs` walks Figure 4; `callee.rs` is the destination device 15.

mod announcing;
mod callee;
mod caller;
mod door;
mod keyring;
mod media;
mod panel;
mod phone;
mod post;
mod registration;
mod session;
mod transfer;
mod variant;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::sip::{Message, Method, Name};

use self::callee::Incoming;
use self::caller::Outgoing;
use self::phone::{KEEP_ALIVE, Phone, SDP};
use self::registration::Registration;
use crate::config::{FaxConfig, Variant};
use crate::core::{Conn, Device, Effect, Event, Holdings, Outbox, StreamEvent, Time, Timer};
use crate::order::{Action, Order};
use crate::sip::transaction::Up;
use crate::sip::{SIP_PORT, intake};
use crate::ta1::Ta1;

/// The fax.
#[derive(Clone, Debug)]
pub struct Fax1 {
    phone: Phone,
    ta1: Ta1,
    registration: Registration,
    /// Calls that we make, by the key of the order.
    outgoing: BTreeMap<u64, Outgoing>,
    /// Calls that we take, by a key of their Call-ID.
    incoming: BTreeMap<u64, Incoming>,
    /// Which call a TCP connection belongs to.
    connections: BTreeMap<Conn, u64>,
}

impl Fax1 {
    /// A fax before its first power-on.
    pub fn new(config: FaxConfig) -> Self {
        let ta1 = Ta1::new(config.ta1.clone());
        Fax1 {
            phone: Phone::new(Arc::new(config), 0),
            ta1,
            registration: Registration::default(),
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            connections: BTreeMap::new(),
        }
    }

    /// Table Ta1 as it stands.
    pub fn ta1(&self) -> &Ta1 {
        &self.ta1
    }

    fn order(&mut self, now: Time, order: Order, out: &mut Outbox) {
        match order.action {
            Action::Send { number, document } => self.start_call(now, order.key, number, document, out),
            Action::HangUp => {
                self.caller_hangs_up(now, out);
                self.callee_hangs_up(now, out);
            }
            table => self.table_order(&table, out),
        }
    }

    fn datagram(&mut self, now: Time, from: SocketAddr, bytes: Bytes, out: &mut Outbox) {
        let Some(message) = intake::read(from, bytes, out) else { return };
        if let Some(up) = self.phone.layer.receive(now, from, message, out) {
            self.told(now, up, out);
        }
    }

    fn told(&mut self, now: Time, up: Up, out: &mut Outbox) {
        match up {
            Up::Request { tx, message, .. } => self.request(now, tx, &message, out),
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
            Up::Timeout { tx } => self.caller_unanswered(now, tx, caller::SILENCE, out),
            Up::Unreachable { tx } => self.caller_unanswered(now, tx, "unreachable", out),
            Up::Unlocated { tx, why } => self.caller_unanswered(now, tx, &why.to_string(), out),
        }
    }

    /// A new request (RFC 3261 §8.2).
    fn request(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let in_dialog = request.to_tag().is_some();
        match request.method() {
            Some(Method::Cancel) => self.cancelled(now, tx, request, out),
            _ if request.header(Name::Require).is_some_and(|tags| !tags.trim().is_empty()) => {
                let tags = request.header(Name::Require).unwrap_or_default();
                let refusal = self.phone.response(request, 420).header(Name::Unsupported, tags);
                self.phone.layer.respond(now, tx, refusal.finish(), out);
            }
            _ if in_dialog => self.dialog_request(now, tx, request, out),
            Some(Method::Invite) => self.called(now, tx, request, out),
            Some(Method::Options) => self.present(now, tx, request, out),
            Some(Method::Bye) => self.refuse(now, tx, request, 481, out),
            _ => self.not_allowed(now, tx, request, out),
        }
    }

    fn dialog_request(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let caller = self.outgoing.values_mut().find_map(|call| call.dialog_of(request));
        let callee = self.incoming.values_mut().map(|call| &mut call.dialog).find(|d| d.owns(request));
        let ours = caller.is_some();
        let Some(dialog) = caller.or(callee) else {
            return self.refuse(now, tx, request, 481, out);
        };
        if let Err(code) = dialog.admit(request) {
            return self.refuse(now, tx, request, code, out);
        }
        match request.method() {
            Some(Method::Options) => self.present(now, tx, request, out),
            Some(Method::Bye) => {
                let ok = self.phone.response(request, 200).finish();
                self.phone.layer.respond(now, tx, ok, out);
                self.peer_hung_up(now, request, out);
            }
            // The session is the caller's to change; a callee of ours never asks for it.
            Some(Method::Invite | Method::Update) if ours => self.refuse(now, tx, request, 488, out),
            Some(Method::Invite) => self.reinvited(now, tx, request, out),
            Some(Method::Update) if self.phone.config.habits.accepts.contains(&Variant::Update) => {
                self.reinvited(now, tx, request, out);
            }
            _ => self.not_allowed(now, tx, request, out),
        }
    }

    /// BYE of the peer, in a dialog of either side.
    fn peer_hung_up(&mut self, now: Time, request: &Message, out: &mut Outbox) {
        if !self.caller_was_hung_up_on(now, request, out) {
            self.callee_was_hung_up_on(request, out);
        }
    }

    /// R3: 200 to OPTIONS with our protocols (§11.2).
    fn present(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let ok = self
            .phone
            .response(request, 200)
            .header(Name::Allow, self.phone.allow_as_called())
            .header(Name::Accept, SDP)
            .header(Name::AcceptEncoding, "identity")
            .header(Name::AcceptLanguage, "en")
            .header(Name::Supported, "");
        let cseq = request.cseq().map_or(0, |cseq| cseq.0);
        let key = self.phone.entropy.key(("call", request.call_id())).0;
        let silent = self.phone.presented().is_empty();
        let ok = if silent { ok } else { ok.body(SDP, self.phone.capabilities(key, cseq)) };
        self.phone.layer.respond(now, tx, ok.finish(), out);
    }

    fn refuse(&mut self, now: Time, tx: u64, request: &Message, code: u16, out: &mut Outbox) {
        let refusal = self.phone.response(request, code).finish();
        self.phone.layer.respond(now, tx, refusal, out);
    }

    fn not_allowed(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let known = !matches!(request.method(), Some(Method::Other(_)));
        let refusal = self
            .phone
            .response(request, if known { 405 } else { 501 })
            .header(Name::Allow, self.phone.allow_as_called());
        self.phone.layer.respond(now, tx, refusal.finish(), out);
    }

    fn timer(&mut self, now: Time, timer: Timer, out: &mut Outbox) {
        if timer == registration::REFRESH {
            self.register(now, out);
        } else if timer == KEEP_ALIVE {
            let server = self.phone.server();
            self.phone.layer.ping(now, &server, out);
            self.phone.arm_keep_alive(now, out);
        } else if self.phone.layer.owns_timer(timer) {
            if let Some(up) = self.phone.layer.fires(now, timer, out) {
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
        if sip || self.phone.layer.has(conn) {
            for up in self.phone.layer.stream(now, conn, event, out) {
                self.told(now, up, out);
            }
            return;
        }
        if let StreamEvent::Accepted { port, peer } = event {
            if !self.caller_accepted(now, conn, port, peer, out) {
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
            Some(key) if self.outgoing.contains_key(&key) => self.caller_stream(now, key, event, out),
            Some(key) => self.callee_stream(now, key, conn, event, out),
            // A last word on a connection that we have given up.
            None if matches!(event, StreamEvent::Fin | StreamEvent::Reset | StreamEvent::Writable) => {}
            None => {
                out.unexpected("data on a connection that belongs to no call", "nothing");
                out.push(Effect::Reset(conn));
            }
        }
    }
}

impl Device for Fax1 {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, committed } => {
                let config = self.phone.config.clone();
                let ta1 = Ta1::restored(&config.ta1, &committed);
                *self =
                    Fax1 { phone: Phone::new(config.clone(), boots), ta1, ..Fax1::new((*config).clone()) };
                if config.habits.listens_tcp {
                    self.phone.layer.listen(out);
                }
                self.register(now, out);
                self.phone.arm_keep_alive(now, out);
            }
            Event::Order(order) => self.order(now, order, out),
            Event::Datagram { from, bytes } => self.datagram(now, from, bytes, out),
            Event::Unreachable { to } => {
                for up in self.phone.layer.unreachable(now, to, out) {
                    self.told(now, up, out);
                }
            }
            Event::Stream(conn, event) => self.stream(now, conn, event, out),
            Event::Resolved { question, answer } => {
                for up in self.phone.layer.resolved(now, &question, &answer, out) {
                    self.told(now, up, out);
                }
            }
            Event::Timer(timer) => self.timer(now, timer, out),
        }
    }

    fn holds(&self) -> Holdings {
        Holdings {
            transactions: self.phone.layer.len(),
            calls: self.outgoing.len() + self.incoming.len(),
            connections: self.connections.len(),
        }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
