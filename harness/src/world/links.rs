//! Links: when a datagram or a TCP segment arrives, and whether it does.
//!
//! Every decision is a keyed hash of what it is about: the seed, the two hosts, the message itself.
//! No decision draws from a running stream, so an unrelated call changes none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use faxproof_devices::core::{Duration, Entropy, Key, Time};

use super::WorldError;
use super::roster::Roster;
use crate::plan::{LinkPlan, NetworkPlan};

/// How often TCP sends a segment before it gives up: after the sixth timeout.
const TRIES: u32 = 6;
/// The first retransmission timeout (RFC 6298 §2: 1 s); each further one is twice as long.
const FIRST_RTO: Duration = Duration::secs(1);

/// How long TCP waits in all before it gives a segment up: 1 + 2 + … + 32 s.
pub(crate) const GIVES_UP_AFTER: Duration = Duration(FIRST_RTO.0 * ((1 << TRIES) - 1));

/// All links of a world.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    roster: Arc<Roster>,
    entropy: Entropy,
    default: LinkPlan,
    exceptions: BTreeMap<(usize, usize), LinkPlan>,
    /// How often these bytes went this way: a retransmission is a copy with a decision of its own.
    copies: HashMap<(usize, usize, u64), u32>,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    Lost,
    Arrives { at: Time, copy: Option<Time> },
}

impl Links {
    pub(crate) fn of(plan: &NetworkPlan, seed: u64, roster: Arc<Roster>) -> Result<Links, WorldError> {
        let mut exceptions = BTreeMap::new();
        for (from, to, link) in &plan.links {
            exceptions.insert((roster.named(from)?, roster.named(to)?), *link);
        }
        let entropy = Entropy::of_seed(seed).part("links");
        Ok(Links { roster, entropy, default: plan.default, exceptions, copies: HashMap::new() })
    }

    /// The link between two hosts; `None` stands for an address outside the plan.
    pub(crate) fn link(&self, from: Option<usize>, to: Option<usize>) -> LinkPlan {
        let (Some(from), Some(to)) = (from, to) else { return self.default };
        match self.exceptions.get(&(from, to)) {
            Some(link) => *link,
            // A host reaches itself without a network.
            None if from == to => LinkPlan { latency_us: 0, ..LinkPlan::default() },
            None => self.default,
        }
    }

    /// Time there and back, without jitter.
    pub(crate) fn round_trip(&self, from: Option<usize>, to: Option<usize>) -> Duration {
        Duration(self.link(from, to).latency_us.saturating_add(self.link(to, from).latency_us))
    }

    /// Decides about a datagram.
    pub(crate) fn datagram(
        &mut self,
        now: Time,
        from: Option<usize>,
        to: Option<usize>,
        label: &str,
        bytes: &[u8],
    ) -> Passage {
        let link = self.link(from, to);
        if is_cut(&link, now) {
            return Passage::Lost;
        }
        let at = now + Duration(link.latency_us);
        if link.loss_ppm == 0 && link.jitter_us == 0 && link.duplicate_ppm == 0 {
            return Passage::Arrives { at, copy: None };
        }
        let (from, to) = (from.unwrap_or(usize::MAX), to.unwrap_or(usize::MAX));
        let content = self.entropy.key(bytes).0;
        let copy = self.copies.entry((from, to, content)).or_insert(0);
        *copy += 1;
        let copy = *copy;
        let message = self.entropy.key((self.name(from), self.name(to), label, content, copy));
        if self.happens("loss", message, link.loss_ppm) {
            return Passage::Lost;
        }
        let again = self.happens("duplicate", message, link.duplicate_ppm);
        Passage::Arrives {
            at: at + self.jitter("jitter", message, &link),
            copy: again.then(|| at + self.jitter("jitter of the copy", message, &link)),
        }
    }

    /// When a TCP segment arrives that is sent now: loss and partition show as delay. `None`: every
    /// retransmission failed, and the sender gives up after [`GIVES_UP_AFTER`]. `first_try` counts
    /// the tries that failed before, `offset` tells the segments of a direction apart.
    pub(crate) fn segment(&self, sent: Time, way: Way, first_try: u32) -> Option<(Time, u32)> {
        let link = self.link(way.from, way.to);
        (first_try..TRIES).find_map(|attempt| {
            let at = sent + Duration(FIRST_RTO.0 * ((1 << attempt) - 1));
            let key = || self.entropy.key((way.connection, way.kind, way.offset, attempt));
            if is_cut(&link, at) || (link.loss_ppm > 0 && self.happens("loss", key(), link.loss_ppm)) {
                return None;
            }
            let jitter =
                if link.jitter_us > 0 { self.jitter("jitter", key(), &link) } else { Duration::default() };
            Some((at + Duration(link.latency_us) + jitter, attempt))
        })
    }

    fn name(&self, place: usize) -> &str {
        if place < self.roster.len() { self.roster.name(place) } else { "" }
    }

    fn happens(&self, what: &str, message: Key, ppm: u32) -> bool {
        ppm > 0 && self.entropy.key((what, message.0, message.1)).below(1_000_000) < u64::from(ppm)
    }

    fn jitter(&self, what: &str, message: Key, link: &LinkPlan) -> Duration {
        Duration(self.entropy.key((what, message.0, message.1)).below(link.jitter_us.saturating_add(1)))
    }
}

/// Which segment on which way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) from: Option<usize>,
    pub(crate) to: Option<usize>,
    /// Key of the connection.
    pub(crate) connection: u64,
    /// `SYN`, `SYN-ACK`, `client`, `server`: direction and kind of the segment.
    pub(crate) kind: &'static str,
    /// Bytes sent before on this direction.
    pub(crate) offset: u64,
}

fn is_cut(link: &LinkPlan, now: Time) -> bool {
    link.cut.is_some_and(|(begin, end)| begin <= now && now < end)
}
