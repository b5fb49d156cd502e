//! A small world for four boxes: what they ask for happens, 5 ms later, unless the script has it otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use faxproof_devices::core::{
    Conn, Device, Durable, Duration, Effect, Event, Exchange, Holdings, NameAnswer, NameKind, Outbox,
    Question, StreamEvent, Time, Timer,
};
use faxproof_devices::sip::SIP_PORT;

use super::forwarders::answer_about;
use super::hosts::{BOB, Cast, DOMAIN, SERVER, address, seat_at};
use super::kept::Kept;

/// The most effects of a step, and the most octets that it sends: those of a document, or a request to
/// each of the targets that a server tries at a time.
const MOST_EFFECTS: usize = 200;
const MOST_OCTETS: usize = 256 * 1024;
/// Where mail servers call, the most effects for each mail that waits and each transaction besides: behind a power failure
/// all mails are tried at once, and a connection that breaks fails the transactions of all their calls.
const MOST_FOR_WHAT_IT_HOLDS: usize = 20;
/// The most octets for each that came: `RETR 1` asks for a whole mail.
const MOST_FOR_ONE: usize = 2048;
/// What a message may cost in time to get there.
const HOP: Duration = Duration::millis(5);

/// Where something stands in the order of what happens.
pub(super) type Place = (Time, u64);

/// A box and what the world knows of it.
pub(super) struct Seat {
    pub(super) device: Box<dyn Device>,
    listens: BTreeSet<u16>,
    pub(super) timers: BTreeMap<Timer, Place>,
    boots: u32,
    committed: Vec<Durable>,
    pub(super) pages: u32,
    /// What its user was told.
    pub(super) told: Vec<String>,
    pub(super) events: usize,
    kept: Kept,
}

/// The world.
pub(super) struct Lab {
    pub(super) cast: Cast,
    pub(super) seats: Vec<Seat>,
    pub(super) now: Time,
    pub(super) pending: BTreeMap<Place, (usize, Event)>,
    serial: u64,
    /// Both ends of each connection.
    pub(super) wires: Vec<[(usize, Conn); 2]>,
    /// Ends that were closed: nothing goes out of them or into them any more.
    closed: BTreeSet<(usize, Conn)>,
    /// What was sent to whom, as it was sent: datagrams and chunks of streams.
    pub(super) history: Vec<Vec<u8>>,
    /// What was asked for.
    pub(super) questions: Vec<Question>,
}

impl Lab {
    pub(super) fn new(cast: Cast, devices: Vec<Box<dyn Device>>) -> Self {
        let seat = |device| Seat {
            device,
            listens: BTreeSet::new(),
            timers: BTreeMap::new(),
            boots: 0,
            committed: Vec::new(),
            pages: 0,
            told: Vec::new(),
            events: 0,
            kept: Kept::default(),
        };
        let mut lab = Lab {
            cast,
            seats: devices.into_iter().map(seat).collect(),
            now: Time(0),
            pending: BTreeMap::new(),
            serial: 0,
            wires: Vec::new(),
            closed: BTreeSet::new(),
            history: Vec::new(),
            questions: Vec::new(),
        };
        (0..lab.seats.len()).for_each(|seat| lab.power_on(seat));
        lab
    }

    /// Power goes off and on again: what was under way to the box is gone, and so are its connections.
    pub(super) fn power_on(&mut self, seat: usize) {
        self.pending.retain(|_, (to, _)| *to != seat);
        let lost: Vec<_> =
            self.wires.iter().copied().filter(|ends| ends.iter().any(|end| end.0 == seat)).collect();
        self.wires.retain(|ends| ends.iter().all(|end| end.0 != seat));
        for (peer, conn) in lost.into_iter().flatten().filter(|end| end.0 != seat) {
            self.later(peer, Event::Stream(conn, StreamEvent::Reset));
        }
        let own = &mut self.seats[seat];
        own.boots += 1;
        own.listens.clear();
        own.timers.clear();
        let event = Event::PowerOn { boots: own.boots, committed: Arc::new(own.committed.clone()) };
        self.step(seat, event);
    }

    /// Lets happen whatever comes within this time.
    pub(super) fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        let mut events = 0;
        while let Some(place) = self.pending.keys().next().copied().filter(|place| place.0 <= until) {
            self.happen(place);
            events += 1;
            assert!(events < 50_000, "a storm: {events} events in {span}");
        }
        self.now = until;
    }

    /// What is pending at this place happens now, or in its time.
    pub(super) fn happen(&mut self, place: Place) {
        let Some((seat, event)) = self.take(place) else { return };
        self.now = self.now.max(place.0);
        self.step(seat, event);
    }

    pub(super) fn take(&mut self, place: Place) -> Option<(usize, Event)> {
        let (seat, event) = self.pending.remove(&place)?;
        if let Event::Timer(timer) = event {
            self.seats[seat].timers.remove(&timer);
        }
        Some((seat, event))
    }

    /// One step of a box, and what follows from it.
    pub(super) fn step(&mut self, seat: usize, event: Event) {
        let told = format!("{event:?}").len();
        let mut out = Outbox::new();
        let own = &mut self.seats[seat];
        own.events += 1;
        let before = own.device.holds().transactions;
        own.device.step(self.now, event, &mut out);
        let Holdings { transactions, calls, connections, mails } = own.device.holds();
        assert!(transactions + calls + connections <= 8 + 4 * own.events, "{:?}", own.device.holds());
        let effects: Vec<Effect> = out.drain().collect();
        let mut most = MOST_EFFECTS;
        if self.cast == Cast::Forwarding {
            own.kept.check(&effects, mails);
            most += MOST_FOR_WHAT_IT_HOLDS * (before + mails);
        }
        let octets: usize = effects.iter().map(octets_of).sum();
        assert!(effects.len() <= most, "{} effects of a step: {effects:?}", effects.len());
        assert!(octets <= MOST_OCTETS + MOST_FOR_ONE * told, "{octets} octets of a step");
        effects.into_iter().for_each(|effect| self.follow(seat, effect));
    }

    pub(super) fn later(&mut self, seat: usize, event: Event) {
        let at = self.now + HOP;
        self.at(at, seat, event);
    }

    fn at(&mut self, at: Time, seat: usize, event: Event) -> Place {
        self.serial += 1;
        self.pending.insert((at, self.serial), (seat, event));
        (at, self.serial)
    }

    fn follow(&mut self, seat: usize, effect: Effect) {
        match effect {
            Effect::Datagram { to, bytes } => {
                self.history.push(bytes.to_vec());
                let from = SocketAddr::new(address(seat), SIP_PORT);
                match self.seat_at(to.ip()).filter(|_| to.port() == SIP_PORT) {
                    Some(peer) => self.later(peer, Event::Datagram { from, bytes }),
                    None => self.later(seat, Event::Unreachable { to }),
                }
            }
            Effect::Connect { conn, to } => self.connect(seat, conn, to),
            Effect::Listen { port } => drop(self.seats[seat].listens.insert(port)),
            Effect::Unlisten { port } => drop(self.seats[seat].listens.remove(&port)),
            Effect::Send { conn, bytes } => {
                self.history.push(bytes.to_vec());
                self.tell_peer(seat, conn, StreamEvent::Bytes(bytes));
            }
            Effect::ShutDown(conn) => self.tell_peer(seat, conn, StreamEvent::Fin),
            Effect::Close(conn) => self.ends(seat, conn, StreamEvent::Fin),
            Effect::Reset(conn) => self.ends(seat, conn, StreamEvent::Reset),
            Effect::Resolve(question) => {
                let answer = match self.cast {
                    Cast::Forwarding => answer_about(&question),
                    Cast::Calls | Cast::Mail => answer_to(&question),
                };
                self.questions.push(question.clone());
                self.later(seat, Event::Resolved { question, answer });
            }
            Effect::Arm { timer, at } => {
                self.disarm(seat, timer);
                let place = self.at(at.max(self.now), seat, Event::Timer(timer));
                self.seats[seat].timers.insert(timer, place);
            }
            Effect::Disarm(timer) => self.disarm(seat, timer),
            Effect::Durable(durable) => {
                let seat = &mut self.seats[seat];
                for change in durable.each() {
                    match change {
                        Durable::Print(_) => seat.pages += 1,
                        other => seat.committed.push(other),
                    }
                }
            }
            Effect::Notice(notice) => self.seats[seat].told.push(notice.text),
            Effect::Mark { .. } | Effect::Remark { .. } | Effect::Unexpected { .. } => {}
        }
    }

    /// The box at an address, where there is one.
    fn seat_at(&self, address_of_it: IpAddr) -> Option<usize> {
        seat_at(address_of_it).filter(|seat| *seat < self.seats.len())
    }

    fn disarm(&mut self, seat: usize, timer: Timer) {
        if let Some(place) = self.seats[seat].timers.remove(&timer) {
            self.pending.remove(&place);
        }
    }

    fn connect(&mut self, seat: usize, conn: Conn, to: SocketAddr) {
        let Some(peer) = self.seat_at(to.ip()) else {
            return self.later(seat, Event::Stream(conn, StreamEvent::Unreachable));
        };
        if !self.seats[peer].listens.contains(&to.port()) {
            return self.later(seat, Event::Stream(conn, StreamEvent::Refused));
        }
        self.serial += 1;
        // No number that a script makes up.
        let accepted = Conn(Conn::ACCEPTED | 1 << 32 | self.serial);
        self.wires.push([(seat, conn), (peer, accepted)]);
        let from = SocketAddr::new(address(seat), 40_000 + (self.serial % 20_000) as u16);
        self.later(seat, Event::Stream(conn, StreamEvent::Opened));
        self.later(peer, Event::Stream(accepted, StreamEvent::Accepted { port: to.port(), peer: from }));
    }

    /// The other end of a connection.
    pub(super) fn peer_of(&self, seat: usize, conn: Conn) -> Option<(usize, Conn)> {
        self.wires.iter().find_map(|ends| match ends {
            [end, peer] | [peer, end] if *end == (seat, conn) => Some(*peer),
            _ => None,
        })
    }

    fn tell_peer(&mut self, seat: usize, conn: Conn, event: StreamEvent) {
        let peer = self.peer_of(seat, conn).filter(|peer| !self.closed.contains(peer));
        if let Some((peer, conn)) = peer.filter(|_| !self.closed.contains(&(seat, conn))) {
            self.later(peer, Event::Stream(conn, event));
        }
    }

    /// An end that is closed takes nothing more.
    fn ends(&mut self, seat: usize, conn: Conn, event: StreamEvent) {
        self.tell_peer(seat, conn, event);
        self.closed.insert((seat, conn));
        self.pending.retain(|_, (to, event)| {
            !(*to == seat && matches!(event, Event::Stream(own, _) if *own == conn))
        });
    }
}

fn octets_of(effect: &Effect) -> usize {
    match effect {
        Effect::Datagram { bytes, .. } | Effect::Send { bytes, .. } => bytes.len(),
        Effect::Unexpected { what, .. } => what.len(),
        Effect::Remark { text } => text.len(),
        Effect::Notice(notice) => notice.text.len(),
        _ => 0,
    }
}

/// What the name server knows.
fn answer_to(question: &Question) -> NameAnswer {
    let literal = question.name.parse::<IpAddr>().ok();
    let named = |name: &str| question.name.eq_ignore_ascii_case(name);
    let own = named(DOMAIN).then(|| address(SERVER)).or(named("bob.b.example").then(|| address(BOB)));
    match (question.kind, literal.or(own)) {
        (NameKind::Mx, _) if named("b.example") => {
            NameAnswer::Exchanges(vec![Exchange { preference: 10, host: "bob.b.example".to_owned() }])
        }
        (NameKind::Address, Some(found)) => NameAnswer::Addresses(vec![found]),
        _ => NameAnswer::NoSuchName,
    }
}
