//! Entries of the trace that wait until it is known what became of a message.
//!
//! A message is entered when it is sent, and its fate is known when it arrives. Entries are given
//! out in the order of their time, so the first open one holds back those behind it.

use std::collections::VecDeque;
use std::ops::Range;

use faxproof_devices::core::Time;
use faxproof_reports::{Entry, Fate, Sink, What};

/// Entries not yet given out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Each with whether its fate is still open.
    entries: VecDeque<(Entry, bool)>,
    /// How many were given out already: the slot of the front entry.
    given: u64,
}

/// Where an entry lies, as long as it has not been given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u64);

impl Ledger {
    /// Enters something that is complete.
    pub(crate) fn enter(&mut self, now: Time, what: What) {
        self.entries.push_back((Entry { at_us: now.0, what }, false));
    }

    /// Enters a message; if its fate is `open`, it will be settled later.
    pub(crate) fn enter_message(&mut self, now: Time, message: What, open: bool) -> Slot {
        let slot = self.next();
        self.entries.push_back((Entry { at_us: now.0, what: message }, open));
        slot
    }

    /// The slot of the entry that comes next.
    pub(crate) fn next(&self) -> Slot {
        Slot(self.given + self.entries.len() as u64)
    }

    /// Writes down the fate of a message. A fate that is settled does not change any more.
    pub(crate) fn settle(&mut self, slot: Slot, settled: Fate) {
        let index = slot.0.checked_sub(self.given).and_then(|index| usize::try_from(index).ok());
        if let Some((Entry { what: What::Message { fate, .. }, .. }, open @ true)) =
            index.and_then(|index| self.entries.get_mut(index))
        {
            *fate = settled;
            *open = false;
        }
    }

    /// Settles all messages in these slots alike.
    pub(crate) fn settle_all(&mut self, slots: &Range<Slot>, settled: &Fate) {
        for slot in slots.start.0..slots.end.0 {
            self.settle(Slot(slot), settled.clone());
        }
    }

    /// Gives out what is settled.
    pub(crate) fn give(&mut self, sink: &mut (impl Sink + ?Sized)) {
        while let Some((_, false)) = self.entries.front() {
            self.give_front(sink);
        }
    }

    /// Gives out everything; messages still on their way keep the fate that was foreseen.
    pub(crate) fn give_all(&mut self, sink: &mut (impl Sink + ?Sized)) {
        while !self.entries.is_empty() {
            self.give_front(sink);
        }
    }

    fn give_front(&mut self, sink: &mut (impl Sink + ?Sized)) {
        if let Some((entry, _)) = self.entries.pop_front() {
            self.given += 1;
            sink.take(entry);
        }
    }
}
