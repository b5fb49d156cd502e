//! What lies between the devices, the same in every world: links, rules, connections and the tap.
//!
//! The network decides and records. It moves nothing: it answers with [`Consequence`]s, and the
//! world brings them about at their time.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use faxproof_devices::core::{Duration, Time};
use faxproof_reports::{Carrier, Fate, Host, What};

use super::consequence::{Consequence, Due, Flight, Party, Segment};
use super::ledger::{Ledger, Slot};
use super::links::{Links, Passage};
use super::presence::Presence;
use super::roster::{Roster, SIP_PORT};
use super::rules::{Handling, Rules, Told};
use super::tcp::Connections;
use super::{CrashPoint, WorldError, sip, tap};
use crate::plan::{Plan, Zone};

/// Links, rules, connections and the tap.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) roster: Arc<Roster>,
    pub(crate) ledger: Ledger,
    pub(crate) links: Links,
    pub(crate) zone: Arc<Zone>,
    pub(crate) rules: Rules,
    pub(crate) connections: Connections,
    /// The hosts by their place in the roster.
    pub(crate) hosts: Vec<Presence>,
    /// Whether there is a world outside the plan (only on real sockets).
    pub(crate) open: bool,
    /// Addresses outside the plan from which something came: they are answered.
    pub(crate) strangers: BTreeSet<IpAddr>,
    /// Where the power is to fail between two durable effects.
    pub(crate) crash_after_durable: Option<CrashPoint>,
}

impl Network {
    pub(crate) fn of(plan: &Plan, open: bool) -> Result<Network, WorldError> {
        let roster = Arc::new(Roster::of(plan)?);
        let seed = plan.declaration.seed;
        Ok(Network {
            ledger: Ledger::default(),
            links: Links::of(&plan.network, seed, roster.clone())?,
            zone: Arc::new(plan.zone.clone()),
            rules: Rules::of(&plan.rules, &roster)?,
            connections: Connections::of_seed(seed),
            hosts: vec![Presence::default(); roster.len()],
            roster,
            open,
            strangers: BTreeSet::new(),
            crash_after_durable: None,
        })
    }

    /// Name of a host; an address outside the plan stands for itself.
    pub(crate) fn name(&self, party: Party) -> Host {
        let outside = || party.address.ip().to_string().into();
        party.place.map_or_else(outside, |place| self.roster.name(place).clone())
    }

    /// The host at this address, or the address itself.
    pub(crate) fn party(&self, address: SocketAddr) -> Party {
        Party { place: self.roster.at(address.ip()), address }
    }

    /// Somebody sends a datagram.
    pub(crate) fn datagram(&mut self, now: Time, from: Party, to: Party, bytes: Bytes, due: &mut Due) {
        let label = sip::label(&bytes);
        let Some(handling) = self.rules.handle(from.place, to.place, &label, &bytes) else {
            self.fly(now, Duration::default(), (from, to), (label, bytes), due);
            return;
        };
        let label = if handling.bytes == bytes { label } else { sip::label(&handling.bytes) };
        let message = (label, handling.bytes.clone());
        let delay = Duration(handling.delay_us);
        let mut arrival = None;
        if handling.unreachable {
            self.no_way((now, delay), (from, to), message.clone(), due);
        } else if handling.dropped {
            self.enter_datagram(now, from, to, message.clone(), Fate::Dropped);
        } else {
            arrival = self.fly(now, delay, (from, to), message.clone(), due);
        }
        self.enter_faults(now, from, &handling);
        self.tell_testers(now, &handling, due);
        let gone = !handling.dropped && !handling.unreachable;
        if let (Some(after_us), true) = (handling.copy_after_us, gone) {
            self.fly(now, Duration(delay.0.saturating_add(after_us)), (from, to), message, due);
        }
        // A message that is lost lets the power fail when it would have arrived.
        let latency = Duration(self.links.link(from.place, to.place).plan.latency_us);
        let arrival = arrival.unwrap_or(now + delay + latency);
        for &(host, back_after_us) in &handling.crashes {
            let at = if from.place == Some(host) { now } else { arrival };
            due.push((at, Consequence::PowerOff { host, back_after_us }));
        }
    }

    /// At which host a consequence shows, and which host brought it about.
    pub(crate) fn route(&self, consequence: &Consequence, acting: usize) -> (usize, usize) {
        let place = |connection: u32, client: bool| {
            self.connections.of(connection).end(client).party.place.unwrap_or(acting)
        };
        match consequence {
            Consequence::Datagram(flight) => (flight.to.place.unwrap_or(acting), acting),
            Consequence::Unreachable { host, .. }
            | Consequence::Resolved { host, .. }
            | Consequence::Order { host, .. }
            | Consequence::PowerOff { host, .. } => (*host, acting),
            Consequence::Syn { connection, .. } => (place(*connection, false), place(*connection, true)),
            // What completes a unit of one side may be a reply of the other: the bytes are the sender's.
            Consequence::Segment(Segment { connection, from_client, .. }) => {
                (place(*connection, !from_client), place(*connection, *from_client))
            }
            Consequence::Stream { connection, client, .. } => (place(*connection, *client), acting),
        }
    }

    /// How many durable effects each host had.
    pub(crate) fn durables(&self) -> Vec<(Host, u32)> {
        let counts = self.hosts.iter().map(|presence| presence.durables);
        counts.enumerate().map(|(place, count)| (self.roster.name(place).clone(), count)).collect()
    }

    /// A datagram arrives. Whether a device gets it depends on the power.
    pub(crate) fn arrives(&mut self, now: Time, flight: &Flight) -> bool {
        let there = flight.to.place.is_none_or(|place| self.hosts[place].on);
        if let Some(slot) = flight.slot {
            let fate = if there { Fate::Delivered { at_us: now.0 } } else { Fate::Lost };
            self.ledger.settle(slot, fate);
        }
        there
    }

    /// Lets a datagram go on its way. Returns when it arrives.
    fn fly(
        &mut self,
        now: Time,
        delay: Duration,
        (from, to): (Party, Party),
        (label, bytes): (Arc<str>, Bytes),
        due: &mut Due,
    ) -> Option<Time> {
        if !self.exists(to) {
            self.no_way((now, delay), (from, to), (label, bytes), due);
            return None;
        }
        let passage = self.links.datagram((now, delay), (from.place, to.place), &label, &bytes);
        let (at, copy, held_us) = match passage {
            Passage::Arrives { at, copy, held_us } => (at, copy, held_us),
            Passage::Unreachable => {
                self.no_way((now, delay), (from, to), (label, bytes), due);
                return None;
            }
            Passage::Lost(why) => {
                self.enter_datagram(now, from, to, (label, bytes), Fate::Lost);
                if let Some(why) = why {
                    self.enter_fault(now, from, &why);
                }
                return None;
            }
        };
        // Original and copy are the same bytes: what arrives first is the message, the other its copy.
        let (at, copy) = match copy {
            Some(copied) => (at.min(copied), Some(at.max(copied))),
            None => (at, None),
        };
        let foreseen = Fate::Delivered { at_us: at.0 };
        let slot = Some(self.enter_datagram(now, from, to, (label.clone(), bytes.clone()), foreseen));
        if held_us > 0 {
            self.enter_fault(now, from, &format!("the network held {label} back by {} ms", held_us / 1_000));
        }
        if let Some(copied) = copy {
            self.enter_fault(now, from, &format!("the network duplicated {label}"));
            let copy = Flight { from, to, bytes: bytes.clone(), slot: None };
            due.push((copied, Consequence::Datagram(copy)));
        }
        due.push((at, Consequence::Datagram(Flight { from, to, bytes, slot })));
        Some(at)
    }

    /// A datagram for which there is no way: ICMP tells its sender.
    fn no_way(
        &mut self,
        (now, delay): (Time, Duration),
        (from, to): (Party, Party),
        message: (Arc<str>, Bytes),
        due: &mut Due,
    ) {
        if let Some(host) = from.place {
            let told = now + delay + self.links.round_trip(from.place, to.place);
            due.push((told, Consequence::Unreachable { host, to: to.address }));
        }
        self.enter_datagram(now, from, to, message, Fate::Unreachable);
    }

    /// Whether anything takes datagrams there.
    fn exists(&self, to: Party) -> bool {
        match to.place {
            Some(place) if self.roster.is_external(place) => true,
            // A host without power says nothing, whatever the port.
            Some(place) => to.address.port() == SIP_PORT || !self.hosts[place].on,
            None => self.open && self.strangers.contains(&to.address.ip()),
        }
    }

    fn enter_datagram(
        &mut self,
        now: Time,
        from: Party,
        to: Party,
        (label, bytes): (Arc<str>, Bytes),
        fate: Fate,
    ) -> Slot {
        let open = matches!(fate, Fate::Delivered { .. });
        let carrier = Carrier::Datagram { from: from.address, to: to.address };
        let what = What::Message { from: self.name(from), to: self.name(to), carrier, label, bytes, fate };
        self.ledger.enter_message(now, what, open)
    }

    /// Enters what the rules did to the message that was entered just before.
    pub(crate) fn enter_faults(&mut self, now: Time, from: Party, handling: &Handling) {
        for fault in &handling.faults {
            self.enter_fault(now, from, fault);
        }
    }

    /// Lets testers say what the rules have them say.
    pub(crate) fn tell_testers(&self, now: Time, handling: &Handling, due: &mut Due) {
        for Told { host, after_us, text, order } in handling.told.iter().cloned() {
            due.push((now + Duration(after_us), Consequence::Order { host, text, order }));
        }
    }

    /// A tester says something that a rule has it say.
    pub(crate) fn enter_injection(&mut self, now: Time, host: usize, text: Arc<str>) {
        let host = self.roster.name(host).clone();
        self.ledger.enter(now, What::Order { host, step: 0, text });
    }

    /// Enters a fault of the network on the way of this sender.
    pub(crate) fn enter_fault(&mut self, now: Time, from: Party, fault: &str) {
        let sender = self.name(from);
        tap::fault(&mut self.ledger, now, &sender, fault);
    }
}
