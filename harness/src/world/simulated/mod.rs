//! The virtual world: a heap of events and nothing else. It jumps from event to event, takes no
//! real time, and can be cloned in the middle of a call.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::BytesMut;

use faxproof_devices::core::{Conn, Device, Duration, Event, Holdings, Outbox, StreamEvent, Time, Timer};
use faxproof_reports::{Host, Sink, What};

use super::consequence::{Consequence, Due, Load, Segment};
use super::network::Network;
use super::presence::Left;
use super::queue::{Happening, Queue, Rank};
use super::{CrashPoint, Options, Outcome, WorldError};
use crate::plan::{Plan, PlannedAction, PlannedBox, PlannedWhat};

/// A world of virtual devices. A clone is a fork: running one never changes the other.
#[derive(Clone, Debug)]
pub struct VirtualWorld {
    network: Network,
    seats: Vec<Seat>,
    queue: Queue,
    actions: Arc<[PlannedAction]>,
    /// So many of them are in the queue or have happened.
    queued: usize,
    chunk_bytes: Option<usize>,
    until: Time,
    now: Time,
    events: u64,
    scratch: Scratch,
}

/// What is not over at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    /// The host.
    pub host: Host,
    /// What its device holds.
    pub device: Holdings,
    /// The timers that run.
    pub timers: Vec<Timer>,
    /// The connections of which the network knows at this end.
    pub connections: usize,
}

/// A device at its place in the roster.
#[derive(Clone, Debug)]
struct Seat {
    /// As it came from the factory: what a power failure makes of it again.
    pristine: Box<dyn Device>,
    device: Box<dyn Device>,
}

/// Room that is used again from step to step; it holds nothing between steps.
#[derive(Debug, Default)]
struct Scratch {
    outbox: Outbox,
    due: Due,
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Scratch::default()
    }
}

impl VirtualWorld {
    /// A world at the moment before the first power-on.
    ///
    /// # Errors
    /// If the plan contradicts itself, or has a host outside the program.
    pub fn new(plan: &Plan, options: &Options) -> Result<VirtualWorld, WorldError> {
        let mut network = Network::of(plan, false)?;
        if let Some(external) = network.roster.first_external() {
            return Err(WorldError::External(external.clone()));
        }
        network.crash_after_durable = CrashPoint::of(options, &network.roster)?;
        for action in &*plan.actions {
            network.roster.place(action.host)?;
        }
        let mut seats = vec![None; plan.hosts.len()];
        let mut queue = Queue::for_hosts(plan.hosts.len());
        for (index, planned) in plan.hosts.iter().enumerate() {
            let host = network.roster.place(index)?;
            if let PlannedBox::Virtual(device) = &planned.box_ {
                let (pristine, device) = (device.fork(), device.fork());
                seats[host] = Some(Seat { pristine, device });
            }
            if let Some(at) = planned.power_on {
                queue.push(at, host, host, Rank::Power, Happening::PowerOn(host));
            }
        }
        let mut world = VirtualWorld {
            network,
            seats: seats.into_iter().flatten().collect(),
            queue,
            actions: plan.actions.clone(),
            queued: 0,
            chunk_bytes: options.chunk_bytes,
            until: plan.until,
            now: Time::default(),
            events: 0,
            scratch: Scratch::default(),
        };
        world.queue_actions();
        Ok(world)
    }

    /// Queues what is planned for the next instant. The rest of a long plan stays in the plan.
    fn queue_actions(&mut self) {
        let rest = &self.actions[self.queued..];
        let Some(next) = rest.first() else { return };
        let together = rest.iter().take_while(|action| action.at <= next.at).count();
        for index in self.queued..self.queued + together {
            let PlannedAction { at, host, .. } = self.actions[index];
            // Every host was looked for when the world began.
            let Ok(host) = self.network.roster.place(host) else { continue };
            self.queue.push(at.max(self.now), host, host, Rank::Arrival, Happening::Action { host, index });
        }
        self.queued += together;
    }

    /// Runs until nothing is left to happen, or until the plan's end.
    pub fn run(&mut self, sink: &mut dyn Sink) -> Outcome {
        while self.step_one(sink) {}
        self.finish(sink)
    }

    /// Runs up to and including this instant, and no further.
    pub fn run_to(&mut self, at: Time, sink: &mut dyn Sink) {
        while self.queue.next_at().is_some_and(|next| next <= at) && self.step_one(sink) {}
    }

    /// Lets one thing happen. `false`: nothing is left to happen before the plan's end.
    pub fn step_one(&mut self, sink: &mut dyn Sink) -> bool {
        if self.queue.next_at().is_none_or(|next| next > self.until) {
            return false;
        }
        let Some((at, happening)) = self.queue.pop() else { return false };
        self.now = at;
        self.events += 1;
        self.happen(happening);
        self.network.ledger.give(sink);
        true
    }

    /// Ends the run where it stands, and gives out what was held back.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Outcome {
        self.network.enter_rests(self.now);
        self.network.ledger.give_all(sink);
        Outcome { events: self.events, ended_at: self.now, durables: self.network.durables() }
    }

    /// What is not over at each host that has power.
    pub fn left_over(&self) -> Vec<LeftOver> {
        let on = self.network.hosts.iter().enumerate().filter(|(_, presence)| presence.on);
        let left = on.map(|(place, presence)| {
            let seat = &self.seats[place];
            LeftOver {
                host: self.network.roster.name(place).clone(),
                device: seat.device.holds(),
                timers: self.queue.timers(place),
                connections: presence.conns.len(),
            }
        });
        left.collect()
    }

    /// The time of the last event.
    pub fn now(&self) -> Time {
        self.now
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::PowerOn(host) => self.power_on(host),
            Happening::Action { host, index } => self.act(host, index),
            Happening::Timer { host, timer } => self.step(host, Event::Timer(timer)),
            Happening::Network(consequence) => {
                let connection = consequence.connection();
                self.bring_about(consequence);
                connection.into_iter().for_each(|id| self.network.connections.happened(id));
            }
        }
    }

    fn act(&mut self, host: usize, index: usize) {
        if index + 1 == self.queued {
            self.queue_actions();
        }
        let PlannedAction { step, text, what, .. } = self.actions[index].clone();
        let order = What::Order { host: self.network.roster.name(host).clone(), step, text };
        self.network.ledger.enter(self.now, order);
        match what {
            PlannedWhat::Order(order) => self.step(host, Event::Order(order)),
            PlannedWhat::PowerOff => self.power_off(host, None),
            PlannedWhat::PowerOn => self.power_on(host),
        }
    }

    fn bring_about(&mut self, consequence: Consequence) {
        match consequence {
            Consequence::Datagram(flight) => {
                if let (true, Some(host)) = (self.network.arrives(self.now, &flight), flight.to.place) {
                    self.step(host, Event::Datagram { from: flight.from.address, bytes: flight.bytes });
                }
            }
            Consequence::Unreachable { host, to } => self.step(host, Event::Unreachable { to }),
            Consequence::Resolved { host, boots, question } => {
                if let Some(answer) = self.network.answer(self.now, (host, boots), &question) {
                    self.step(host, Event::Resolved { question, answer });
                }
            }
            Consequence::PowerOff { host, back_after_us } => self.power_off(host, back_after_us),
            Consequence::Order { host, text, order } => {
                self.network.enter_injection(self.now, host, text);
                self.step(host, Event::Order(order));
            }
            Consequence::Syn { connection, tries } => {
                let server = self.network.connections.of(connection).server.party.place.unwrap_or_default();
                let mut due = std::mem::take(&mut self.scratch.due);
                let accept = self.network.syn_arrives(self.now, connection, tries, &mut due);
                self.enqueue(server, due);
                if let Some(accept) = accept {
                    let accepted = StreamEvent::Accepted { port: accept.port, peer: accept.peer };
                    self.step(accept.host, Event::Stream(accept.conn, accepted));
                }
            }
            Consequence::Segment(segment) => {
                let (connection, from_client) = (segment.connection, segment.from_client);
                let joins = self.network.joins(connection, from_client);
                if let Some((Some(host), conn, load)) = self.segment_arrives(segment) {
                    let load = if joins { self.joined(load, connection, from_client) } else { load };
                    self.receive(host, conn, load);
                }
            }
            Consequence::Stream { connection, client, event } => {
                if let Some((host, conn)) = self.network.tell(self.now, connection, client, &event) {
                    self.step(host, Event::Stream(conn, event));
                }
            }
        }
    }

    fn segment_arrives(&mut self, segment: Segment) -> Option<(Option<usize>, Conn, Load)> {
        let mut due = std::mem::take(&mut self.scratch.due);
        let receiver = self.network.connections.of(segment.connection).end(!segment.from_client).party;
        let arrived = self.network.segment_arrives(self.now, segment, &mut due);
        self.enqueue(receiver.place.unwrap_or_default(), due);
        arrived
    }

    /// Bytes with all that arrive behind them at the same time.
    fn joined(&mut self, first: Load, connection: u32, from_client: bool) -> Load {
        let Load::Bytes(first) = first else { return first };
        let mut all = BytesMut::from(&first[..]);
        while let Some(next) = self.next_of(connection, from_client) {
            if let Some((_, _, Load::Bytes(bytes))) = self.segment_arrives(next) {
                all.extend_from_slice(&bytes);
            }
            self.network.connections.happened(connection);
        }
        Load::Bytes(all.freeze())
    }

    /// Takes bytes of this direction out of the queue that arrive now, if they are what happens next.
    fn next_of(&mut self, connection: u32, from_client: bool) -> Option<Segment> {
        let (at, Happening::Network(Consequence::Segment(next))) = self.queue.next()? else { return None };
        let joined = at == self.now
            && (next.connection, next.from_client) == (connection, from_client)
            && matches!(next.load, Load::Bytes(_));
        if !joined {
            return None;
        }
        match self.queue.pop()? {
            (_, Happening::Network(Consequence::Segment(segment))) => Some(segment),
            _ => None,
        }
    }

    fn receive(&mut self, host: usize, conn: Conn, load: Load) {
        let event = match load {
            Load::Fin => StreamEvent::Fin,
            Load::Reset => StreamEvent::Reset,
            Load::Bytes(mut bytes) => {
                let chunk = self.chunk_bytes.unwrap_or(usize::MAX).max(1);
                while bytes.len() > chunk {
                    let first = bytes.split_to(chunk);
                    self.step(host, Event::Stream(conn, StreamEvent::Bytes(first)));
                }
                StreamEvent::Bytes(bytes)
            }
        };
        self.step(host, Event::Stream(conn, event));
    }

    fn power_on(&mut self, host: usize) {
        let Some(event) = self.network.power_on(self.now, host) else { return };
        self.seats[host].device = self.seats[host].pristine.fork();
        self.step(host, event);
    }

    fn power_off(&mut self, host: usize, back_after_us: Option<u64>) {
        if self.network.power_off(self.now, host) {
            self.queue.disarm_all(host);
            if let Some(after_us) = back_after_us {
                let at = self.now + Duration(after_us);
                self.queue.push(at, host, host, Rank::Power, Happening::PowerOn(host));
            }
        }
    }

    /// One step of a device, if it has power, and the effects in their order.
    fn step(&mut self, host: usize, event: Event) {
        if !self.network.hosts[host].on {
            return;
        }
        let Scratch { mut outbox, mut due } = std::mem::take(&mut self.scratch);
        self.seats[host].device.step(self.now, event, &mut outbox);
        let mut failure = None;
        for effect in outbox.drain() {
            match self.network.apply(self.now, host, effect, &mut due) {
                Left::Arm { timer, at } => self.queue.arm(host, timer, at.max(self.now)),
                Left::Disarm(timer) => self.queue.disarm(host, timer),
                Left::PowerFails { back_after_us } => {
                    failure = Some(back_after_us);
                    break;
                }
                Left::Listen(_) | Left::Unlisten(_) | Left::Nothing => {}
            }
        }
        self.scratch.outbox = outbox;
        self.enqueue(host, due);
        if let Some(back_after_us) = failure {
            self.power_off(host, back_after_us);
        }
    }

    /// Queues what follows from a step of this host, and takes the empty room back.
    fn enqueue(&mut self, acting: usize, mut due: Due) {
        for (at, consequence) in due.drain(..) {
            let (to, source) = self.network.route(&consequence, acting);
            consequence.connection().into_iter().for_each(|id| self.network.connections.awaits(id));
            let is_power = matches!(consequence, Consequence::PowerOff { .. });
            let rank = if is_power { Rank::Power } else { Rank::Arrival };
            self.queue.push(at, to, source, rank, Happening::Network(consequence));
        }
        self.scratch.due = due;
    }
}
