//! What is still to happen, in the order in which it will.
//!
//! Simultaneous happenings are ordered by (time, destination, source, key), never by when they were
//! queued: so a host or a call that is added to a scenario does not change the order of the others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    /// A timer, if it still runs and was armed with this ordinal.
    Timer {
        host: usize,
        timer: Timer,
        ordinal: u64,
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

/// The queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// (time, destination and source, rank and ordinal, slot)
    heap: BinaryHeap<Reverse<(Time, u32, u64, u32)>>,
    happenings: Vec<Option<Happening>>,
    free: Vec<u32>,
    /// How much each host has caused: its part of the key.
    ordinals: Vec<u64>,
}

impl Queue {
    pub(crate) fn for_hosts(hosts: usize) -> Queue {
        Queue { heap: BinaryHeap::new(), happenings: Vec::new(), free: Vec::new(), ordinals: vec![0; hosts] }
    }

    /// The ordinal that the next happening caused by this host will have.
    pub(crate) fn next_ordinal(&self, source: usize) -> u64 {
        self.ordinals[source]
    }

    pub(crate) fn push(&mut self, at: Time, to: usize, source: usize, rank: Rank, happening: Happening) {
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
        self.heap.push(Reverse((at, hosts, (rank as u64) << 56 | ordinal, slot)));
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// What happens next.
    pub(crate) fn next(&self) -> Option<(Time, &Happening)> {
        let Reverse((at, _, _, slot)) = self.heap.peek()?;
        self.happenings[*slot as usize].as_ref().map(|happening| (*at, happening))
    }

    pub(crate) fn pop(&mut self) -> Option<(Time, Happening)> {
        let Reverse((at, _, _, slot)) = self.heap.pop()?;
        self.free.push(slot);
        self.happenings[slot as usize].take().map(|happening| (at, happening))
    }
}
