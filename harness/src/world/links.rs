//! Links: when a datagram or a TCP segment arrives, and whether it does.
//!
//! Every decision is a keyed hash of what it is about: the seed, the two hosts, the message itself.
//! No decision draws from a running stream, so an unrelated call changes none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use faxproof_devices::core::{Duration, Entropy, Key, Time};

use super::WorldError;
use super::lanes::{Lanes, Packet};
use super::roster::Roster;
use crate::plan::{LinkPlan, NetworkPlan, Outage, StreamPlan};

/// How often TCP sends a segment before it gives up: after the sixth timeout.
const TRIES: u32 = 6;
/// The first retransmission timeout (RFC 6298 §2: 1 s); each further one is twice as long.
const FIRST_RTO: Duration = Duration::secs(1);

/// How long TCP waits in all before it gives a segment up: 1 + 2 + … + 32 s.
pub(crate) const GIVES_UP_AFTER: Duration = Duration(FIRST_RTO.0 * ((1 << TRIES) - 1));

/// Bytes of an IPv4 header and of a UDP header (RFC 791, RFC 768).
const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// Bytes of the headers of a segment (RFC 9293).
pub(crate) const SEGMENT_HEADERS: u32 = 40;
/// The most that a datagram can carry: IP counts its length, headers and all, in 16 bits.
const LARGEST_PAYLOAD: usize = 65_535 - IP_HEADER - UDP_HEADER;

/// All links of a world.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    roster: Arc<Roster>,
    entropy: Entropy,
    table: Table,
    /// How often these bytes went this way: a retransmission is a copy with a decision of its own.
    copies: HashMap<(usize, usize, u64), u32>,
    lanes: Lanes,
}

#[derive(Clone, Debug)]
struct Table {
    default: Link,
    /// A host reaches itself without a network.
    itself: Link,
    exceptions: BTreeMap<(usize, usize), Link>,
}

/// One direction of a link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) plan: LinkPlan,
    /// All that it does is take its time, always the same.
    pub(crate) is_even: bool,
}

/// What becomes of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It never arrives; the reason, where there is more to say.
    Lost(Option<String>),
    /// A router says that there is no way.
    Unreachable,
    Arrives {
        at: Time,
        copy: Option<Time>,
        /// By how much it was held back for others to overtake.
        held_us: u64,
    },
}

impl Links {
    pub(crate) fn of(plan: &NetworkPlan, seed: u64, roster: Arc<Roster>) -> Result<Links, WorldError> {
        let mut exceptions = BTreeMap::new();
        for (from, to, link) in &plan.links {
            exceptions.insert((roster.named(from)?, roster.named(to)?), Link::of(link.clone()));
        }
        let itself = Link::of(LinkPlan { latency_us: 0, ..LinkPlan::default() });
        let table = Table { default: Link::of(plan.default.clone()), itself, exceptions };
        let entropy = Entropy::of_seed(seed).part("links");
        Ok(Links { roster, entropy, table, copies: HashMap::new(), lanes: Lanes::default() })
    }

    /// The link between two hosts; `None` stands for an address outside the plan.
    pub(crate) fn link(&self, from: Option<usize>, to: Option<usize>) -> &Link {
        self.table.link(from, to)
    }

    /// Time there and back, without jitter.
    pub(crate) fn round_trip(&self, from: Option<usize>, to: Option<usize>) -> Duration {
        let one_way_us = |from, to| self.link(from, to).plan.latency_us;
        Duration(one_way_us(from, to).saturating_add(one_way_us(to, from)))
    }

    /// Whether a router on this way answers now that there is none.
    pub(crate) fn is_unreachable(&self, now: Time, from: Option<usize>, to: Option<usize>) -> bool {
        self.link(from, to).plan.outage(now).is_some_and(|outage| outage.unreachable)
    }

    /// Decides about a datagram that is sent now, and that a rule delays on its way.
    pub(crate) fn datagram(
        &mut self,
        (now, delay): (Time, Duration),
        (from, to): (Option<usize>, Option<usize>),
        label: &str,
        bytes: &[u8],
    ) -> Passage {
        let Link { plan, is_even } = self.table.link(from, to);
        let packets = packets(bytes.len(), plan.mtu_bytes);
        let at = now + delay + Duration(plan.latency_us);
        if *is_even && packets == 1 {
            return Passage::Arrives { at, copy: None, held_us: 0 };
        }
        match plan.outage(now + delay) {
            Some(Outage { unreachable: true, .. }) => return Passage::Unreachable,
            Some(_) => return Passage::Lost(None),
            None if bytes.len() > LARGEST_PAYLOAD => {
                return lost(format!("{} bytes of {label} are more than a datagram holds", bytes.len()));
            }
            None if packets > 1 && plan.drops_fragments => {
                return lost(format!("a firewall dropped the {packets} fragments of {label}"));
            }
            None => {}
        }
        let mut at = at;
        if let Some(rate_bps) = plan.rate_bps {
            let bytes = (bytes.len() + UDP_HEADER + packets * IP_HEADER) as u64;
            let packet = Packet { from, to, bytes, rate_bps };
            match self.lanes.datagram(now, packet, plan.queue_bytes) {
                Some(gone) => at += gone - now,
                None => return lost(format!("{label} found the queue of the link full")),
            }
        }
        if !plan.has_chance() {
            return Passage::Arrives { at, copy: None, held_us: 0 };
        }
        let (from, to) = (from.unwrap_or(usize::MAX), to.unwrap_or(usize::MAX));
        let content = self.entropy.key(bytes).0;
        let copy = self.copies.entry((from, to, content)).or_insert(0);
        *copy += 1;
        let copy = *copy;
        let message = self.entropy.key((self.name(from), self.name(to), label, content, copy));
        self.chance(plan, at, message, packets, label)
    }

    /// What chance makes of a datagram that would arrive then.
    fn chance(&self, plan: &LinkPlan, at: Time, message: Key, packets: usize, label: &str) -> Passage {
        if packets == 1 {
            if self.happens("loss", message, plan.loss_ppm) {
                return Passage::Lost(None);
            }
        } else {
            let fragment = |n: &usize| self.entropy.key(("fragment", message.0, message.1, *n));
            let is_lost = |n: &usize| self.happens("loss", fragment(n), plan.loss_ppm);
            if let Some(n) = (1..=packets).find(is_lost) {
                return lost(format!("{label} was lost with fragment {n} of {packets}"));
            }
        }
        let again = self.happens("duplicate", message, plan.duplicate_ppm);
        let held = self.happens("reorder", message, plan.reorder_ppm);
        let held_us = if held { plan.reorder_by_us } else { 0 };
        Passage::Arrives {
            at: at + self.jitter("jitter", message, plan) + Duration(held_us),
            copy: again.then(|| at + self.jitter("jitter of the copy", message, plan)),
            held_us,
        }
    }

    /// When a segment of a stream arrives that is sent now, and that a rule delays. It stands in the
    /// queue of a link with a rate once, whether or not it is lost behind it.
    pub(crate) fn stream_segment(
        &mut self,
        (now, delay): (Time, Duration),
        way: Way,
        bytes: usize,
    ) -> Option<(Time, u32)> {
        let mut sent = now + delay;
        if let Some(rate_bps) = self.link(way.from, way.to).plan.rate_bps {
            let bytes = bytes as u64 + u64::from(SEGMENT_HEADERS);
            let packet = Packet { from: way.from, to: way.to, bytes, rate_bps };
            sent = self.lanes.segment(now, packet) + delay;
        }
        self.segment(sent, way, 0)
    }

    /// When a TCP segment arrives that is sent now: loss and partition show as delay. `None`: every
    /// retransmission failed, and the sender gives up after [`GIVES_UP_AFTER`]. `first_try` counts
    /// the tries that failed before, `offset` tells the segments of a direction apart.
    pub(crate) fn segment(&self, sent: Time, way: Way, first_try: u32) -> Option<(Time, u32)> {
        let Link { plan, is_even } = self.link(way.from, way.to);
        if *is_even && first_try == 0 {
            return Some((sent + Duration(plan.latency_us), 0));
        }
        (first_try..TRIES).find_map(|attempt| {
            let at = sent + Duration(FIRST_RTO.0 * ((1 << attempt) - 1));
            let key = || self.entropy.key((way.connection, way.kind, way.offset, attempt));
            let is_lost = || plan.loss_ppm > 0 && self.happens("loss", key(), plan.loss_ppm);
            if plan.outage(at).is_some() || is_lost() {
                return None;
            }
            let jitter =
                if plan.jitter_us > 0 { self.jitter("jitter", key(), plan) } else { Duration::default() };
            Some((at + Duration(plan.latency_us) + jitter, attempt))
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

impl Table {
    fn link(&self, from: Option<usize>, to: Option<usize>) -> &Link {
        let (Some(from), Some(to)) = (from, to) else { return &self.default };
        match self.exceptions.get(&(from, to)) {
            Some(link) => link,
            None if from == to => &self.itself,
            None => &self.default,
        }
    }
}

impl Link {
    fn of(plan: LinkPlan) -> Link {
        let is_even = !plan.has_chance()
            && plan.rate_bps.is_none()
            && plan.outages.is_empty()
            && plan.stream == StreamPlan::default();
        Link { plan, is_even }
    }
}

impl LinkPlan {
    /// Whether any of its decisions is drawn.
    pub(crate) fn has_chance(&self) -> bool {
        self.loss_ppm > 0 || self.jitter_us > 0 || self.duplicate_ppm > 0 || self.reorder_ppm > 0
    }

    /// The outage of this moment; one of which a router tells comes first.
    fn outage(&self, now: Time) -> Option<&Outage> {
        let now = self.outages.iter().filter(|outage| outage.from <= now && now < outage.to);
        now.max_by_key(|outage| outage.unreachable)
    }
}

fn lost(why: String) -> Passage {
    Passage::Lost(Some(why))
}

/// In how many IP packets a datagram goes: fragments carry multiples of 8 bytes (RFC 791 §3.2).
fn packets(payload: usize, mtu_bytes: u32) -> usize {
    let (bytes, mtu) = (payload + UDP_HEADER, mtu_bytes as usize);
    if bytes + IP_HEADER <= mtu { 1 } else { bytes.div_ceil((mtu.saturating_sub(IP_HEADER) & !7).max(8)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::{pings, request};

    fn links(link: LinkPlan) -> Links {
        let plan = pings();
        let roster = Arc::new(Roster::of(&plan).unwrap());
        Links::of(&NetworkPlan { default: link, links: Vec::new() }, 1, roster).unwrap()
    }

    fn lost(links: &mut Links, n: u32) -> bool {
        let bytes = request("a", 1, n);
        passage(links, &bytes) == Passage::Lost(None)
    }

    fn passage(links: &mut Links, bytes: &[u8]) -> Passage {
        links.datagram((Time(0), Duration(0)), (Some(0), Some(1)), "OPTIONS", bytes)
    }

    #[test]
    fn a_share_of_datagrams_is_lost_that_is_near_the_one_asked_for() {
        let mut links = links(LinkPlan { loss_ppm: 200_000, ..LinkPlan::default() });
        let count = (0..2_000).filter(|&n| lost(&mut links, n)).count();
        assert!((350..450).contains(&count), "{count}");
    }

    #[test]
    fn traffic_between_changes_no_decision() {
        let plan = LinkPlan { loss_ppm: 500_000, ..LinkPlan::default() };
        let (mut alone, mut among) = (links(plan.clone()), links(plan));
        for n in 0..100 {
            lost(&mut among, 1_000 + n);
            assert_eq!(lost(&mut alone, n), lost(&mut among, n));
        }
    }

    #[test]
    fn a_retransmission_has_a_decision_of_its_own() {
        let mut links = links(LinkPlan { loss_ppm: 500_000, ..LinkPlan::default() });
        let fates: Vec<bool> = (0..20).map(|_| lost(&mut links, 1)).collect();
        assert!(fates.contains(&true) && fates.contains(&false));
    }

    #[test]
    fn tries_of_a_segment_double_their_distance_until_the_cut_ends() {
        let links = links(cut(5_000_000));
        let way = Way { from: Some(0), to: Some(1), connection: 1, kind: "client", offset: 0 };
        // Sent at 0, 1, 3 and 7 s.
        assert_eq!(links.segment(Time(0), way, 0), Some((Time(7_005_000), 3)));
    }

    #[test]
    fn a_cut_that_lasts_longer_than_tcp_tries_is_the_end() {
        let links = links(cut(100_000_000));
        let way = Way { from: Some(0), to: Some(1), connection: 1, kind: "client", offset: 0 };
        assert_eq!(links.segment(Time(0), way, 0), None);
    }

    fn cut(to_us: u64) -> LinkPlan {
        let outages = vec![Outage { from: Time(0), to: Time(to_us), unreachable: false }];
        LinkPlan { outages, ..LinkPlan::default() }
    }

    #[test]
    fn a_datagram_of_the_mtu_is_one_packet_and_a_bigger_one_is_more() {
        assert_eq!([0, 1_472, 1_473, 2_952, 2_953].map(|payload| packets(payload, 1_500)), [1, 1, 2, 2, 3]);
        assert_eq!(packets(65_507, 68), 1_365);
    }

    #[test]
    fn the_loss_of_one_fragment_is_the_loss_of_all() {
        let mut links = links(LinkPlan { loss_ppm: 200_000, ..LinkPlan::default() });
        let arrived = (0..1_000u32).filter(|n| {
            let bytes = [&n.to_be_bytes()[..], &[0; 4_000]].concat();
            matches!(passage(&mut links, &bytes), Passage::Arrives { .. })
        });
        // 0.8 * 0.8 * 0.8
        let arrived = arrived.count();
        assert!((460..560).contains(&arrived), "{arrived}");
    }

    #[test]
    fn what_no_datagram_can_hold_is_lost() {
        let mut links = links(LinkPlan::default());
        assert!(matches!(passage(&mut links, &[0; 65_507]), Passage::Arrives { .. }));
        assert!(matches!(passage(&mut links, &[0; 65_508]), Passage::Lost(Some(_))));
    }

    #[test]
    fn a_share_of_datagrams_is_held_back() {
        let mut links = links(LinkPlan { reorder_ppm: 200_000, ..LinkPlan::default() });
        let held = (0..1_000).filter(|&n| {
            let passage = passage(&mut links, &request("a", 1, n));
            passage == Passage::Arrives { at: Time(25_000), copy: None, held_us: 20_000 }
        });
        let held = held.count();
        assert!((160..240).contains(&held), "{held}");
    }
}
