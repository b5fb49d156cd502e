//! The network and the rules of a plan.

use std::collections::BTreeMap;

use faxproof_devices::core::Time;
use faxproof_reports::Host;

use super::inject::{filled, injected};
use super::{Scenario, Setting};
use crate::plan::{Act, LinkPlan, Match, NetworkPlan, Outage, Rule, StreamEnd, StreamPlan};
use crate::scenario::grammar::{ActSpec, Behaviour, CutBy, Fragments, MatchSpec, PartitionSpec};
use crate::scenario::value::{Percent, Span};

impl Setting<'_> {
    pub(super) fn network(&self) -> NetworkPlan {
        self.scenario.network()
    }

    /// The rules; one that sets several headers becomes several, which count the same messages.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for spec in &self.scenario.script.rules {
            rules.extend(acts(&spec.act.value).into_iter().map(|act| Rule { on: matching(&spec.on), act }));
        }
        rules
    }
}

impl Scenario {
    /// The network of every plan of this scenario.
    pub(in crate::scenario) fn network(&self) -> NetworkPlan {
        let spec = &self.script.network;
        let default = behaving(&spec.behaviour(), LinkPlan::default());
        let mut links: BTreeMap<(Host, Host), LinkPlan> = BTreeMap::new();
        for spec in &spec.links {
            let mut plan = behaving(&spec.behaviour(), default.clone());
            plan.outages.extend(spec.cut.0.iter().map(|cut| outage(cut.from.value, cut.to, false)));
            plan.outages.extend(spec.unreachable.0.iter().map(|cut| outage(cut.from.value, cut.to, true)));
            let (from, to): (Host, Host) = (spec.from.value.as_str().into(), spec.to.value.as_str().into());
            if spec.both {
                links.insert((to.clone(), from.clone()), plan.clone());
            }
            links.insert((from, to), plan);
        }
        for partition in &spec.partition.0 {
            let outage = outage(partition.from.value, partition.to, partition.unreachable);
            for way in self.ways_across(partition) {
                links.entry(way).or_insert_with(|| default.clone()).outages.push(outage);
            }
        }
        let links = links.into_iter().map(|((from, to), plan)| (from, to, plan)).collect();
        NetworkPlan { default, links }
    }

    /// From each of the hosts apart to each of the others, and back.
    fn ways_across(&self, partition: &PartitionSpec) -> Vec<(Host, Host)> {
        let is_apart = |name: &str| partition.apart.iter().any(|apart| apart.value == name);
        let (apart, others): (Vec<&str>, Vec<&str>) =
            self.script.hosts.value.keys().partition(|name| is_apart(name));
        let pairs = apart.iter().flat_map(|one| others.iter().map(move |other| (*one, *other)));
        pairs.flat_map(|(a, b)| [(a.into(), b.into()), (b.into(), a.into())]).collect()
    }
}

/// Whether it is left to chance when, how often or whether something arrives.
pub(in crate::scenario) fn is_chancy(network: &NetworkPlan) -> bool {
    network.default.has_chance() || network.links.iter().any(|(_, _, link)| link.has_chance())
}

/// Whether the network alone can lose, double, delay unevenly or cut off anything.
pub(super) fn disturbs(network: &NetworkPlan) -> bool {
    let usual = |link: &LinkPlan| {
        let kept = LinkPlan {
            latency_us: link.latency_us,
            mtu_bytes: link.mtu_bytes,
            reorder_by_us: link.reorder_by_us,
            queue_bytes: link.queue_bytes,
            ..LinkPlan::default()
        };
        let chunks = StreamPlan { chunk_bytes: None, joins_us: None, ..link.stream };
        LinkPlan { stream: chunks, ..link.clone() } == kept
    };
    !usual(&network.default) || network.links.iter().any(|(_, _, link)| !usual(link))
}

/// How a link behaves; what is not said is as at another.
fn behaving(spec: &Behaviour, usual: LinkPlan) -> LinkPlan {
    let stream = usual.stream;
    LinkPlan {
        latency_us: us(spec.latency, usual.latency_us),
        jitter_us: us(spec.jitter, usual.jitter_us),
        loss_ppm: ppm(spec.loss, usual.loss_ppm),
        duplicate_ppm: ppm(spec.duplication, usual.duplicate_ppm),
        reorder_ppm: ppm(spec.reordering, usual.reorder_ppm),
        reorder_by_us: us(spec.reorder_by, usual.reorder_by_us),
        rate_bps: spec.rate.map(|rate| rate.bps).or(usual.rate_bps),
        queue_bytes: spec.queue.map_or(usual.queue_bytes, |queue| queue.value),
        mtu_bytes: spec.mtu.map_or(usual.mtu_bytes, |mtu| mtu.value),
        drops_fragments: spec.fragments.map_or(usual.drops_fragments, |habit| habit == Fragments::Drop),
        outages: usual.outages,
        stream: StreamPlan {
            chunk_bytes: spec.chunks.map(|chunk| chunk.value).or(stream.chunk_bytes),
            joins_us: spec.joins.map(|every| every.value.us).or(stream.joins_us),
            reads_bytes_per_s: spec.reads.map(|pace| pace.value).or(stream.reads_bytes_per_s),
            cut_after: match spec.cut_after {
                Some(after) => {
                    Some((after.value, spec.cut_by.map_or(StreamEnd::Reset, |by| stream_end(by.value))))
                }
                None => stream.cut_after,
            },
        },
    }
}

fn outage(from: Span, to: Span, unreachable: bool) -> Outage {
    Outage { from: Time(from.us), to: Time(to.us), unreachable }
}

fn stream_end(by: CutBy) -> StreamEnd {
    match by {
        CutBy::Reset => StreamEnd::Reset,
        CutBy::Close => StreamEnd::Close,
        CutBy::HalfClose => StreamEnd::HalfClose,
        CutBy::Stall => StreamEnd::Stall,
    }
}

fn us(span: Option<Span>, usual: u64) -> u64 {
    span.map_or(usual, |span| span.us)
}

fn ppm(share: Option<Percent>, usual: u32) -> u32 {
    share.map_or(usual, |share| share.ppm)
}

fn matching(spec: &MatchSpec) -> Match {
    Match {
        label: spec.message.as_ref().map(|label| label.value.clone()),
        from: spec.from.as_ref().map(|host| host.value.as_str().into()),
        to: spec.to.as_ref().map(|host| host.value.as_str().into()),
        nth: spec.nth.as_ref().map(|nth| nth.value.0.clone()).unwrap_or_default(),
    }
}

fn acts(spec: &ActSpec) -> Vec<Act> {
    let act = match spec {
        ActSpec::SetHeader(headers) => {
            let one =
                |name: &str, value: &String| Act::SetHeader { name: name.to_owned(), value: filled(value) };
            return headers.iter().map(|(name, value)| one(&name.value, value)).collect();
        }
        ActSpec::Drop => Act::Drop,
        ActSpec::Delay(by) => Act::Delay { by_us: by.us },
        ActSpec::Duplicate(after) => Act::Duplicate { after_us: after.us },
        ActSpec::Corrupt(corrupt) => Act::Corrupt { at: corrupt.at, xor: corrupt.xor },
        ActSpec::SetCode(code) => Act::SetCode { code: *code },
        ActSpec::RemoveHeader(name) => Act::RemoveHeader { name: name.clone() },
        ActSpec::SetBody(body) => {
            Act::SetBody { content_type: body.content_type.clone(), body: filled(&body.body) }
        }
        ActSpec::Replace(replace) => Act::Replace { text: filled(&replace.text) },
        ActSpec::Inject(inject) => Act::Inject {
            from: inject.from.as_ref().map_or("", |from| &from.value).into(),
            after_us: inject.after.map_or(0, |after| after.value.us),
            what: injected(inject),
        },
        ActSpec::Reset => in_place_of_it(StreamEnd::Reset),
        ActSpec::Close => in_place_of_it(StreamEnd::Close),
        ActSpec::HalfClose => in_place_of_it(StreamEnd::HalfClose),
        ActSpec::Stall => in_place_of_it(StreamEnd::Stall),
        ActSpec::Cut(cut) => Act::Cut { after_bytes: cut.after.unwrap_or(u64::MAX), by: stream_end(cut.by) },
        ActSpec::Refuse => Act::Refuse,
        ActSpec::Unreachable => Act::Unreachable,
        ActSpec::Crash(crash) => Act::Crash {
            host: crash.host.value.as_str().into(),
            back_after_us: crash.back_after.map(|span| span.us),
        },
    };
    vec![act]
}

fn in_place_of_it(by: StreamEnd) -> Act {
    Act::Cut { after_bytes: 0, by }
}
