//! The network and the rules of a plan.

use faxproof_devices::core::Time;

use super::{Scenario, Setting};
use crate::plan::{Act, LinkPlan, Match, NetworkPlan, Rule};
use crate::scenario::grammar::{ActSpec, LinkSpec, MatchSpec};
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
        let usual = LinkPlan::default();
        let default = LinkPlan {
            latency_us: us(spec.latency, usual.latency_us),
            jitter_us: us(spec.jitter, usual.jitter_us),
            loss_ppm: ppm(spec.loss, usual.loss_ppm),
            duplicate_ppm: ppm(spec.duplication, usual.duplicate_ppm),
            cut: None,
        };
        let mut links = Vec::new();
        for spec in &spec.links {
            let plan = link(spec, default);
            let (from, to) = (spec.from.value.as_str(), spec.to.value.as_str());
            links.push((from.into(), to.into(), plan));
            if spec.both {
                links.push((to.into(), from.into(), plan));
            }
        }
        NetworkPlan { default, links }
    }
}

/// Whether it is left to chance when, how often or whether something arrives.
pub(in crate::scenario) fn is_chancy(network: &NetworkPlan) -> bool {
    let chancy = |link: &LinkPlan| link.loss_ppm > 0 || link.duplicate_ppm > 0 || link.jitter_us > 0;
    chancy(&network.default) || network.links.iter().any(|(_, _, link)| chancy(link))
}

/// Whether the network alone can lose, double, delay unevenly or cut off anything.
pub(super) fn disturbs(network: &NetworkPlan) -> bool {
    let even = |link: &LinkPlan| {
        link.loss_ppm == 0 && link.duplicate_ppm == 0 && link.jitter_us == 0 && link.cut.is_none()
    };
    !even(&network.default) || network.links.iter().any(|(_, _, link)| !even(link))
}

fn link(spec: &LinkSpec, default: LinkPlan) -> LinkPlan {
    LinkPlan {
        latency_us: us(spec.latency, default.latency_us),
        jitter_us: us(spec.jitter, default.jitter_us),
        loss_ppm: ppm(spec.loss, default.loss_ppm),
        duplicate_ppm: ppm(spec.duplication, default.duplicate_ppm),
        cut: spec.cut.as_ref().map(|cut| (Time(cut.value.from.us), Time(cut.value.to.us))),
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
                |name: &str, value: &String| Act::SetHeader { name: name.to_owned(), value: value.clone() };
            return headers.iter().map(|(name, value)| one(&name.value, value)).collect();
        }
        ActSpec::Drop => Act::Drop,
        ActSpec::Delay(by) => Act::Delay { by_us: by.us },
        ActSpec::Duplicate(after) => Act::Duplicate { after_us: after.us },
        ActSpec::Corrupt(corrupt) => Act::Corrupt { at: corrupt.at, xor: corrupt.xor },
        ActSpec::SetCode(code) => Act::SetCode { code: *code },
        ActSpec::RemoveHeader(name) => Act::RemoveHeader { name: name.clone() },
        ActSpec::SetBody(body) => {
            Act::SetBody { content_type: body.content_type.clone(), body: body.body.clone() }
        }
        ActSpec::Replace(replace) => Act::Replace { bytes: replace.text.clone().into_bytes() },
        ActSpec::Reset => Act::ResetConnection,
        ActSpec::Close => Act::CloseConnection,
        ActSpec::Crash(crash) => Act::Crash {
            host: crash.host.value.as_str().into(),
            back_after_us: crash.back_after.map(|span| span.us),
        },
    };
    vec![act]
}
