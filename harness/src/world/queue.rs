//! What is still to happen, in the order in which it will.
//!
//! Simultaneous happenings are ordered by (time, destination, source, key), never by when they were
//! queued: so a host or a call that is added to a scenario does not change the order of the others.

use std::collections::{BTreeMap, HashMap};

use faxproof_devices::core::{Time, Timer};

use super::consequence::Consequence;

/// Something that will happen to a host.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    PowerOn(usize),
    /// Index into the plan's actions.
    Action {
        host: usize,
        index: usize,
    },
    Timer {
        host: usize,
        timer: Timer,
    },
    Network(Consequence),
}

/// Among what one host causes at another at the same time, power comes first and timers come last:
/// an answer that arrives as the timer runs out is in time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rank {
    Power = 0,
    Arrival = 1,
    Timer = 2,
}

/// The queue. A timer that is stopped leaves it at once: most timers are, and many run for minutes.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// What happens at which place of the order; its happening lies in this slot.
    order: BTreeMap<Place, u32>,
    happenings: Vec<Option<Happening>>,
    free: Vec<u32>,
    /// Where the timers of each host stand in the order.
    timers: Vec<HashMap<Timer, Place>>,
    /// How much each host has caused: its part of the place.
    ordinals: Vec<u64>,
}

/// (time, destination and source, rank and ordinal)
type Place = (Time, u32, u64);

impl Queue {
    pub(crate) fn for_hosts(hosts: usize) -> Queue {
        Queue {
            order: BTreeMap::new(),
            happenings: Vec::new(),
            free: Vec::new(),
            timers: vec![HashMap::new(); hosts],
            ordinals: vec![0; hosts],
        }
    }

    pub(crate) fn push(&mut self, at: Time, to: usize, source: usize, rank: Rank, happening: Happening) {
        self.put(at, to, source, rank, happening);
    }

    fn put(&mut self, at: Time, to: usize, source: usize, rank: Rank, happening: Happening) -> Place {
        let ordinal = self.ordinals[source];
        self.ordinals[source] += 1;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.happenings[slot as usize] = Some(happening);
                slot
            }
            None => {
                self.happenings.push(Some(happening));
                (self.happenings.len() - 1) as u32
            }
        };
        // A roster has at most 65,535 hosts.
        let hosts = (to as u32) << 16 | source as u32;
        let place = (at, hosts, (rank as u64) << 56 | ordinal);
        self.order.insert(place, slot);
        place
    }

    /// Runs a timer of this host; one that runs is started anew.
    pub(crate) fn arm(&mut self, host: usize, timer: Timer, at: Time) {
        let place = self.put(at, host, host, Rank::Timer, Happening::Timer { host, timer });
        if let Some(before) = self.timers[host].insert(timer, place) {
            self.remove(&before);
        }
    }

    /// Stops a timer of this host, if it runs.
    pub(crate) fn disarm(&mut self, host: usize, timer: Timer) {
        if let Some(place) = self.timers[host].remove(&timer) {
            self.remove(&place);
        }
    }

    /// Stops all timers of this host.
    pub(crate) fn disarm_all(&mut self, host: usize) {
        let places: Vec<Place> = std::mem::take(&mut self.timers[host]).into_values().collect();
        places.iter().for_each(|place| drop(self.remove(place)));
    }

    /// The timers of this host that run, in their own order.
    pub(crate) fn timers(&self, host: usize) -> Vec<Timer> {
        let mut timers: Vec<Timer> = self.timers[host].keys().copied().collect();
        timers.sort();
        timers
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.order.first_key_value().map(|((at, ..), _)| *at)
    }

    /// What happens next.
    pub(crate) fn next(&self) -> Option<(Time, &Happening)> {
        let ((at, ..), slot) = self.order.first_key_value()?;
        self.happenings[*slot as usize].as_ref().map(|happening| (*at, happening))
    }

    pub(crate) fn pop(&mut self) -> Option<(Time, Happening)> {
        let ((at, ..), slot) = self.order.pop_first()?;
        let happening = self.vacate(slot)?;
        if let Happening::Timer { host, timer } = &happening {
            self.timers[*host].remove(timer);
        }
        Some((at, happening))
    }

    fn remove(&mut self, place: &Place) -> Option<Happening> {
        let slot = self.order.remove(place)?;
        self.vacate(slot)
    }

    fn vacate(&mut self, slot: u32) -> Option<Happening> {
        self.free.push(slot);
        self.happenings[slot as usize].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMER: Timer = Timer { owner: 7, name: "wait" };

    fn order(queue: &mut Queue) -> Vec<(u64, &'static str)> {
        let next = |(at, happening): (Time, Happening)| match happening {
            Happening::Timer { .. } => (at.0, "timer"),
            Happening::Action { .. } => (at.0, "action"),
            Happening::PowerOn(_) => (at.0, "power"),
            Happening::Network(_) => (at.0, "network"),
        };
        std::iter::from_fn(|| queue.pop().map(next)).collect()
    }

    #[test]
    fn at_one_instant_power_comes_first_and_timers_come_last() {
        let mut queue = Queue::for_hosts(1);
        queue.arm(0, TIMER, Time(5));
        queue.push(Time(5), 0, 0, Rank::Arrival, Happening::Action { host: 0, index: 0 });
        queue.push(Time(5), 0, 0, Rank::Power, Happening::PowerOn(0));
        assert_eq!(order(&mut queue), [(5, "power"), (5, "action"), (5, "timer")]);
    }

    #[test]
    fn a_timer_that_is_started_anew_fires_once() {
        let mut queue = Queue::for_hosts(1);
        queue.arm(0, TIMER, Time(5));
        queue.arm(0, TIMER, Time(9));
        assert_eq!(queue.timers(0), [TIMER]);
        assert_eq!(order(&mut queue), [(9, "timer")]);
        assert_eq!(queue.timers(0), []);
    }

    #[test]
    fn a_timer_that_is_stopped_leaves_nothing_behind() {
        let mut queue = Queue::for_hosts(2);
        for at in 0..1000 {
            queue.arm(0, TIMER, Time(1_000_000 + at));
            queue.disarm(0, TIMER);
        }
        queue.arm(0, TIMER, Time(5));
        queue.arm(1, TIMER, Time(6));
        queue.disarm_all(0);
        assert_eq!(order(&mut queue), [(6, "timer")]);
        assert!(queue.happenings.len() <= 2, "{}", queue.happenings.len());
    }
}
