//! What the ends of a TCP connection send: bytes, FIN, RST; and what becomes of it.

use std::ops::Range;

use bytes::Bytes;
use faxproof_devices::core::{Conn, Duration, StreamEvent, Time};
use faxproof_reports::{Carrier, Fate, What};
use faxproof_wire::stream::Unit;

use super::consequence::{Consequence, Due, Load, Segment};
use super::ledger::Slot;
use super::links::GIVES_UP_AFTER;
use super::network::Network;
use super::opening::{one_way, stream};
use super::rules::Handling;
use super::tcp::EndState;
use super::{sip, tap};

/// Bytes on their way above which a sender is told when there is room again.
const SEND_BUFFER: u64 = 64 * 1024;

impl Network {
    /// A device sends bytes.
    pub(crate) fn send(&mut self, now: Time, host: usize, conn: Conn, bytes: Bytes, due: &mut Due) {
        let Some((id, client)) = self.sending_end(now, host, conn, "bytes") else { return };
        self.stream_bytes(now, id, client, bytes, due);
        let end = self.connections.of_mut(id).end_mut(client);
        end.owes_writable |= end.in_flight > SEND_BUFFER;
    }

    /// Bytes come from one end of a connection. They pass at once, unless a rule could mean one of
    /// the units that they belong to: then whole units pass.
    pub(crate) fn stream_bytes(&mut self, now: Time, id: u32, client: bool, bytes: Bytes, due: &mut Due) {
        let units = self.connections.of_mut(id).framer.push(!client, &bytes);
        if self.holds(id, client) {
            return self.pass_units(now, id, units, due);
        }
        let (ours, others): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(|u| u.from_server != client);
        self.transmit((now, Duration::default()), (id, client), bytes, ours, due);
        self.pass_units(now, id, others, due);
    }

    /// FIN after all that was sent.
    pub(crate) fn shut_down(&mut self, now: Time, host: usize, conn: Conn, due: &mut Due) {
        let Some((id, client)) = self.sending_end(now, host, conn, "FIN") else { return };
        self.finish(now, id, client, due);
    }

    /// FIN after all that was sent, and the device forgets the connection.
    pub(crate) fn close(&mut self, now: Time, host: usize, conn: Conn, due: &mut Due) {
        let Some((id, client)) = self.known_end(host, conn) else { return };
        self.finish(now, id, client, due);
        self.forget(id, client);
    }

    /// RST at once, and the device forgets the connection.
    pub(crate) fn reset(&mut self, now: Time, host: usize, conn: Conn, due: &mut Due) {
        let Some((id, client)) = self.known_end(host, conn) else { return };
        self.abort(now, id, client, due);
        self.forget(id, client);
    }

    /// FIN from one end.
    pub(crate) fn finish(&mut self, now: Time, id: u32, client: bool, due: &mut Due) {
        if self.connections.of(id).end(client).fin || self.connections.of(id).number.is_none() {
            return;
        }
        if let Some(rest) = self.connections.of_mut(id).framer.pending(!client) {
            if self.holds(id, client) {
                self.act(now, id, rest, due);
            } else {
                let at = self.connections.of(id).end(client).last_arrival;
                self.enter_settled(now, id, client, rest, at);
            }
        }
        self.connections.of_mut(id).end_mut(client).fin = true;
        self.enter_connection(now, id, if client { "client closed" } else { "server closed" });
        self.send_mark(now, id, client, Load::Fin, due);
    }

    /// RST from one end.
    pub(crate) fn abort(&mut self, now: Time, id: u32, client: bool, due: &mut Due) {
        if self.connections.of(id).number.is_none() {
            return;
        }
        if let Some(rest) = self.connections.of_mut(id).framer.pending(!client) {
            self.enter_unit(now, id, client, rest, Fate::Lost);
        }
        self.enter_connection(now, id, if client { "client reset" } else { "server reset" });
        self.send_mark(now, id, client, Load::Reset, due);
    }

    /// A segment arrives. Returns what the receiving device gets.
    pub(crate) fn segment_arrives(
        &mut self,
        now: Time,
        mut segment: Segment,
        due: &mut Due,
    ) -> Option<(Option<usize>, Conn, Load)> {
        let (id, from_client) = (segment.connection, segment.from_client);
        let receiver = self.connections.of(id).end(!from_client);
        let (place, conn, boots) = (receiver.party.place, receiver.conn, receiver.boots);
        if self.is_alive(id, !from_client) {
            self.delivered(now, &segment, due);
            if segment.load == Load::Reset {
                self.forget(id, !from_client);
            }
            return Some((place, conn, segment.load));
        }
        let place = place?;
        if !self.hosts[place].on {
            let way = self.way(id, from_client, kind(from_client));
            let way = super::links::Way { offset: segment.offset, ..way };
            match self.links.segment(segment.sent, way, segment.attempt + 1) {
                Some((at, attempt)) if segment.load != Load::Reset => {
                    segment.attempt = attempt;
                    due.push((at.max(now), Consequence::Segment(segment)));
                }
                _ => {
                    self.ledger.settle_all(&segment.slots, &Fate::Lost);
                    let gives_up = (segment.sent + GIVES_UP_AFTER).max(now);
                    due.push((gives_up, stream(id, from_client, StreamEvent::Reset)));
                }
            }
            return None;
        }
        // The host is up and knows no such connection: RFC 9293 §3.10.7.1 answers with RST.
        self.ledger.settle_all(&segment.slots, &Fate::Unreachable);
        let forgotten = self.hosts[place].boots != boots;
        if matches!(segment.load, Load::Bytes(_)) || (forgotten && segment.load == Load::Fin) {
            due.push((now + one_way(self, id, !from_client), stream(id, from_client, StreamEvent::Reset)));
        }
        None
    }

    /// An end vanishes with the power of its host: what it has begun to say is entered.
    pub(crate) fn vanish(&mut self, now: Time, id: u32, host: usize) {
        let connection = self.connections.of_mut(id);
        let client = connection.client.party.place == Some(host) && connection.client.state != EndState::Gone;
        connection.end_mut(client).state = EndState::Gone;
        if let Some(rest) = connection.framer.pending(!client) {
            let at = connection.end(client).last_arrival;
            self.enter_settled(now, id, client, rest, at);
        }
    }

    /// At the end of a run: what was begun and not finished is entered as `raw`.
    pub(crate) fn enter_rests(&mut self, now: Time) {
        for id in self.connections.ids() {
            for client in [true, false] {
                let connection = self.connections.of_mut(id);
                let at = connection.end(client).last_arrival;
                if let Some(rest) = connection.framer.pending(!client) {
                    self.enter_settled(now, id, client, rest, at);
                }
            }
        }
    }

    fn known_end(&self, host: usize, conn: Conn) -> Option<(u32, bool)> {
        let id = *self.hosts[host].conns.get(&conn)?;
        let client = &self.connections.of(id).client;
        Some((id, client.party.place == Some(host) && client.conn == conn))
    }

    fn sending_end(&mut self, now: Time, host: usize, conn: Conn, what: &str) -> Option<(u32, bool)> {
        let end = self.known_end(host, conn).filter(|&(id, client)| {
            let end = self.connections.of(id).end(client);
            // Where the network ended this direction, its device knows nothing of it.
            end.state == EndState::Open && (!end.fin || end.stalled)
        });
        if end.is_none() {
            let (roster, what) = (self.roster.clone(), format!("{what} for a connection that is not open"));
            tap::unexpected(&mut self.ledger, now, roster.name(host), &what, "an open connection");
        }
        end
    }

    fn forget(&mut self, id: u32, client: bool) {
        let end = self.connections.of_mut(id).end_mut(client);
        end.state = EndState::Gone;
        if let Some(place) = end.party.place {
            self.hosts[place].conns.remove(&end.conn);
        }
    }

    /// Whether bytes of this direction wait until their unit is complete.
    fn holds(&self, id: u32, client: bool) -> bool {
        let connection = self.connections.of(id);
        self.rules.concern(connection.end(client).party.place, connection.end(!client).party.place)
    }

    /// Units that came to completion: those that were held go on their way, the others have gone.
    fn pass_units(&mut self, now: Time, id: u32, units: Vec<Unit>, due: &mut Due) {
        for unit in units {
            let client = !unit.from_server;
            if self.holds(id, client) {
                self.act(now, id, unit, due);
            } else {
                let at = self.connections.of(id).end(client).last_arrival;
                self.enter_settled(now, id, client, unit, at);
            }
        }
    }

    /// Lets the rules act on a unit, and sends what they leave of it.
    fn act(&mut self, now: Time, id: u32, unit: Unit, due: &mut Due) {
        let client = !unit.from_server;
        let connection = self.connections.of(id);
        let (sender, receiver) = (connection.end(client).party, connection.end(!client).party);
        let Some(handling) = self.rules.handle(sender.place, receiver.place, &unit.label, &unit.bytes) else {
            return self.send_unit(now, id, unit, Duration::default(), due);
        };
        // What a rule made of a SIP message may have another name.
        let renamed = (handling.bytes != unit.bytes).then(|| sip::label(&handling.bytes));
        let label = renamed.filter(|label| &**label != "raw").map_or(unit.label, |label| label.to_string());
        let unit = Unit { from_server: unit.from_server, bytes: handling.bytes.clone(), label };
        if handling.dropped {
            self.connections.of_mut(id).end_mut(client).stalled = true;
        }
        let delay = Duration(handling.delay_us);
        match handling.ends {
            Some((after, by)) if after < unit.bytes.len() as u64 => {
                let begun = unit.bytes.slice(..after as usize);
                if after > 0 {
                    self.transmit((now, delay), (id, client), begun, Vec::new(), due);
                }
                self.enter_unit(now, id, client, unit, Fate::Dropped);
                self.enter_faults(now, sender, &handling);
                self.end_stream(now, id, client, by, due);
            }
            ends => {
                self.send_unit(now, id, unit, delay, due);
                self.enter_faults(now, sender, &handling);
                if let Some((_, by)) = ends {
                    self.end_stream(now, id, client, by, due);
                }
            }
        }
        self.crash(now, id, client, &handling, due);
    }

    /// Lets the power fail, and testers speak, where the rules say so.
    pub(crate) fn crash(&mut self, now: Time, id: u32, client: bool, handling: &Handling, due: &mut Due) {
        self.tell_testers(now, handling, due);
        let sender = self.connections.of(id).end(client);
        for &(host, back_after_us) in &handling.crashes {
            let at = if sender.party.place == Some(host) { now } else { sender.last_arrival.max(now) };
            due.push((at, Consequence::PowerOff { host, back_after_us }));
        }
    }

    fn send_unit(&mut self, now: Time, id: u32, unit: Unit, delay: Duration, due: &mut Due) {
        let client = !unit.from_server;
        self.transmit((now, delay), (id, client), unit.bytes.clone(), vec![unit], due);
    }

    /// When what an end sends now arrives; `None`: its tries are all lost.
    pub(crate) fn arrival(&self, now: Time, id: u32, client: bool, delay: Duration) -> (Option<Time>, u32) {
        let end = self.connections.of(id).end(client);
        match self.links.segment(now + delay, self.way(id, client, kind(client)), 0) {
            Some((at, attempt)) => (Some(at.max(end.last_arrival)), attempt),
            None => (None, 0),
        }
    }

    /// Lets a segment go on its way.
    pub(crate) fn pass(
        &mut self,
        now: Time,
        id: u32,
        client: bool,
        (load, offset, slots): (Load, u64, Range<Slot>),
        (at, attempt): (Option<Time>, u32),
        due: &mut Due,
    ) {
        let end = self.connections.of_mut(id).end_mut(client);
        if end.stalled || (end.fin && matches!(load, Load::Bytes(_))) {
            return self.ledger.settle_all(&slots, &Fate::Dropped);
        }
        let len = if let Load::Bytes(bytes) = &load { bytes.len() as u64 } else { 0 };
        end.sent += len;
        let Some(at) = at else {
            end.stalled = true;
            self.ledger.settle_all(&slots, &Fate::Lost);
            return due.push((now + GIVES_UP_AFTER, stream(id, client, StreamEvent::Reset)));
        };
        end.in_flight += len;
        end.last_arrival = at;
        let (connection, from_client) = (id, client);
        let segment = Segment { connection, from_client, load, sent: now, attempt, offset, slots };
        due.push((at, Consequence::Segment(segment)));
    }

    fn send_mark(&mut self, now: Time, id: u32, client: bool, load: Load, due: &mut Due) {
        let offset = self.connections.of(id).end(client).sent;
        let arrival = self.arrival(now, id, client, Duration::default());
        let none = self.ledger.next()..self.ledger.next();
        self.pass(now, id, client, (load, offset, none), arrival, due);
    }

    fn delivered(&mut self, now: Time, segment: &Segment, due: &mut Due) {
        self.ledger.settle_all(&segment.slots, &Fate::Delivered { at_us: now.0 });
        let Load::Bytes(bytes) = &segment.load else { return };
        let (id, client) = (segment.connection, segment.from_client);
        let sender = self.connections.of_mut(id).end_mut(client);
        sender.in_flight = sender.in_flight.saturating_sub(bytes.len() as u64);
        if sender.in_flight == 0 && std::mem::take(&mut sender.owes_writable) {
            due.push((now + one_way(self, id, !client), stream(id, client, StreamEvent::Writable)));
        }
    }

    /// Enters units that go on their way together.
    pub(crate) fn enter_units(
        &mut self,
        now: Time,
        id: u32,
        client: bool,
        units: Vec<Unit>,
        fate: Fate,
    ) -> Range<Slot> {
        let first = self.ledger.next();
        for unit in units {
            self.enter_unit(now, id, client, unit, fate.clone());
        }
        first..self.ledger.next()
    }

    /// Enters a unit whose bytes have gone already.
    fn enter_settled(&mut self, now: Time, id: u32, client: bool, unit: Unit, at: Time) {
        let fate = Fate::Delivered { at_us: at.0 };
        let slot = self.enter_unit(now, id, client, unit, fate.clone());
        self.ledger.settle(slot, fate);
    }

    fn enter_unit(&mut self, now: Time, id: u32, client: bool, unit: Unit, fate: Fate) -> Slot {
        let connection = self.connections.number(id);
        let (a, b) = self.ends(id);
        let (from, to) = if client { (a, b) } else { (b, a) };
        let carrier = Carrier::Stream { connection, from_client: client };
        let open = matches!(fate, Fate::Delivered { .. });
        let (label, bytes) = (unit.label.into(), unit.bytes);
        self.ledger.enter_message(now, What::Message { from, to, carrier, label, bytes, fate }, open)
    }
}

/// What is foreseen of something that arrives then.
pub(crate) fn fate(at: Option<Time>) -> Fate {
    at.map_or(Fate::Lost, |at| Fate::Delivered { at_us: at.0 })
}

/// What the segments of this direction are called.
pub(crate) fn kind(client: bool) -> &'static str {
    if client { "client" } else { "server" }
}
