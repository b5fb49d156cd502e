//! A tester: a host that says what a scenario writes, right or wrong. It answers nothing of its own
//! accord; what reaches it stands in the record.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::config::TesterConfig;
use crate::core::{Conn, Device, Effect, Event, Holdings, Outbox, StreamEvent, Time, Timer};
use crate::order::{Action, Ending, Injection};

/// Time for the next copy.
const NEXT: &str = "next";

/// The tester.
#[derive(Clone, Debug)]
pub struct Tester {
    config: TesterConfig,
    /// What is still to be said, by the key of its order, and how many copies of it were.
    running: BTreeMap<u64, (Injection, usize)>,
    /// What is to be said on a connection once it stands.
    opening: BTreeMap<Conn, (Bytes, Ending)>,
}

impl Tester {
    /// A tester before its first power-on.
    pub fn new(config: TesterConfig) -> Self {
        Tester { config, running: BTreeMap::new(), opening: BTreeMap::new() }
    }

    /// Says one copy, and sets the time for the next.
    fn say(&mut self, now: Time, key: u64, out: &mut Outbox) {
        let Some((injection, said)) = self.running.get_mut(&key) else { return };
        while let Some(bytes) = injection.copies.get(*said).cloned() {
            *said += 1;
            match injection.stream {
                None => out.datagram(injection.to, bytes),
                Some(ending) => {
                    let conn = Conn(self.config.entropy.key(("connection", key, *said)).0 & !Conn::ACCEPTED);
                    self.opening.insert(conn, (bytes, ending));
                    out.push(Effect::Connect { conn, to: injection.to });
                }
            }
            if *said < injection.copies.len() && injection.every.0 > 0 {
                return out.arm(now, injection.every, Timer { owner: key, name: NEXT });
            }
        }
        self.running.remove(&key);
    }

    fn stream(&mut self, conn: Conn, event: &StreamEvent, out: &mut Outbox) {
        match event {
            StreamEvent::Opened => {
                let Some((bytes, ending)) = self.opening.remove(&conn) else { return };
                if !bytes.is_empty() {
                    out.send(conn, bytes);
                }
                match ending {
                    Ending::Keep => {}
                    Ending::Close => out.push(Effect::Close(conn)),
                    Ending::Reset => out.push(Effect::Reset(conn)),
                }
            }
            StreamEvent::Fin => out.push(Effect::Close(conn)),
            StreamEvent::Refused | StreamEvent::Unreachable | StreamEvent::TimedOut | StreamEvent::Reset => {
                self.opening.remove(&conn);
            }
            StreamEvent::Accepted { .. }
            | StreamEvent::Bytes(_)
            | StreamEvent::Writable
            | StreamEvent::Secured => {}
        }
    }
}

impl Device for Tester {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { .. } => {
                *self = Tester::new(self.config.clone());
                self.config.listens.iter().for_each(|port| out.push(Effect::Listen { port: *port }));
            }
            Event::Order(order) => match order.action {
                Action::Inject(injection) => {
                    self.running.insert(order.key, (injection, 0));
                    self.say(now, order.key, out);
                }
                other => out.unexpected(format!("{other:?}"), "something to inject"),
            },
            Event::Timer(timer) => self.say(now, timer.owner, out),
            Event::Stream(conn, event) => self.stream(conn, &event, out),
            // The record holds them: nothing follows from them.
            Event::Datagram { .. } | Event::Unreachable { .. } | Event::Resolved { .. } => {}
        }
    }

    fn holds(&self) -> Holdings {
        Holdings { connections: self.opening.len(), ..Holdings::default() }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::{Duration, Entropy};
    use crate::order::Order;

    fn tester() -> Tester {
        let config = TesterConfig { listens: vec![25], entropy: Entropy::of_seed(1) };
        let mut tester = Tester::new(config);
        let mut out = Outbox::new();
        tester.step(Time(0), Event::PowerOn { boots: 1, committed: Arc::default() }, &mut out);
        assert!(matches!(out.effects(), [Effect::Listen { port: 25 }]));
        tester
    }

    fn order(copies: usize, every_us: u64, stream: Option<Ending>) -> Event {
        let (to, copy) = (([192, 0, 2, 1], 5060).into(), Bytes::from_static(b"x"));
        let injection = Injection { to, copies: vec![copy; copies], every: Duration(every_us), stream };
        Event::Order(Order { key: 7, action: Action::Inject(injection) })
    }

    #[test]
    fn copies_go_one_after_the_other_or_at_once() {
        let (mut tester, mut out) = (tester(), Outbox::new());
        tester.step(Time(0), order(3, 0, None), &mut out);
        assert_eq!(out.effects().len(), 3);
        let mut out = Outbox::new();
        tester.step(Time(0), order(2, 5, None), &mut out);
        assert!(matches!(out.effects(), [Effect::Datagram { .. }, Effect::Arm { at: Time(5), .. }]));
        let mut out = Outbox::new();
        tester.step(Time(5), Event::Timer(Timer { owner: 7, name: NEXT }), &mut out);
        assert!(matches!(out.effects(), [Effect::Datagram { .. }]));
        assert!(tester.running.is_empty());
    }

    #[test]
    fn a_connection_is_used_when_it_stands() {
        let (mut tester, mut out) = (tester(), Outbox::new());
        tester.step(Time(0), order(1, 0, Some(Ending::Reset)), &mut out);
        let [Effect::Connect { conn, .. }] = out.effects() else { panic!("{out:?}") };
        let mut after = Outbox::new();
        tester.step(Time(1), Event::Stream(*conn, StreamEvent::Opened), &mut after);
        assert!(matches!(after.effects(), [Effect::Send { .. }, Effect::Reset(_)]));
        assert_eq!(tester.holds(), Holdings::default());
    }
}
