//! What makes one step of a ladder: an entry with the copies and neighbours that fold into it.

use std::collections::BTreeMap;

use crate::trace::{Carrier, Fate, Trace, What};

/// One step.
pub(super) struct Step<'a> {
    pub(super) at_us: u64,
    pub(super) what: &'a What,
    /// Of a datagram: when each copy was sent and what became of it, the first included.
    pub(super) copies: Vec<(u64, &'a Fate)>,
    /// Of a mark: all arcs that the host took at this instant, one after the other.
    pub(super) arcs: Vec<&'a str>,
}

/// The steps of a trace. A datagram that its sender repeats byte for byte folds into the first,
/// however much lies between; arcs that a host takes in one go fold into one step.
pub(super) fn steps(trace: &Trace) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut first_copies = BTreeMap::new();
    for entry in &trace.entries {
        let mut step = Step { at_us: entry.at_us, what: &entry.what, copies: Vec::new(), arcs: Vec::new() };
        match &entry.what {
            What::Message { from, to, carrier: Carrier::Datagram { .. }, label, bytes, fate } => {
                let first = *first_copies.entry((from, to, label, bytes)).or_insert(steps.len());
                if let Some(first) = steps.get_mut(first) {
                    first.copies.push((entry.at_us, fate));
                    continue;
                }
                step.copies.push((entry.at_us, fate));
            }
            What::Mark { host, arc, .. } => {
                if let Some(last) = steps.last_mut()
                    && let What::Mark { host: last_host, .. } = last.what
                    && (last_host, last.at_us) == (host, entry.at_us)
                {
                    last.arcs.push(arc);
                    continue;
                }
                step.arcs.push(arc);
            }
            _ => {}
        }
        steps.push(step);
    }
    steps
}

impl Step<'_> {
    /// Whether any copy arrived.
    pub(super) fn arrives(&self) -> bool {
        match self.what {
            What::Message { fate, carrier: Carrier::Stream { .. }, .. } => is_delivered(fate),
            _ => self.copies.iter().any(|(_, fate)| is_delivered(fate)),
        }
    }

    /// How many copies, when, and which of them did not arrive: `x3 at +0.5 +1.5, copies 1 2 lost`.
    pub(super) fn copies_note(&self) -> String {
        let mut parts = Vec::new();
        if self.copies.len() > 1 {
            let offsets =
                self.copies[1..].iter().map(|(at_us, _)| format!(" +{}", seconds(at_us - self.at_us)));
            parts.push(format!("x{} at{}", self.copies.len(), offsets.collect::<String>()));
        }
        for fate in [Fate::Lost, Fate::Dropped, Fate::Unreachable] {
            let with_fate = (1..).zip(&self.copies).filter(|(_, (_, copy))| **copy == fate);
            let numbers: Vec<String> = with_fate.map(|(number, _)| number.to_string()).collect();
            if numbers.len() == self.copies.len() {
                parts.push(word(&fate).into());
            } else if !numbers.is_empty() {
                parts.push(format!("copies {} {}", numbers.join(" "), word(&fate)));
            }
        }
        parts.join(", ")
    }
}

/// The word for what became of a message.
pub(super) fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Delivered { .. } => "delivered",
        Fate::Lost => "lost",
        Fate::Dropped => "dropped",
        Fate::Unreachable => "unreachable",
    }
}

/// Seconds with as many decimals as it takes.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

fn is_delivered(fate: &Fate) -> bool {
    matches!(fate, Fate::Delivered { .. })
}
