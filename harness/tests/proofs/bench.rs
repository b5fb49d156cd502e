//! What the proofs share: scenarios of the proofs themselves, and running them.

use faxproof::plan::Plan;
use faxproof::run;
use faxproof::scenario::set::{self, Found};
use faxproof::scenario::{Base, Scenario};
use faxproof::world::{self, Options, Outcome, World};
use faxproof_reports::{Declaration, Entry, Finding, Trace, Verdict, What};

/// Two calls from alice to bob: the first learns the protocol, the second uses it. `more` is added at
/// the end, hosts and steps can be extended by [`extended`].
pub(crate) const TWO_CALLS: &str = "\
version: 1
title: Two calls
hosts:
  alice: { fax: 1, number: 050-0000-9999 }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
  location: { location-server: {} }
documents:
  first: { chart: {} }
  second: { chart: {} }
steps:
  - { at: 1s, host: alice, send: first, to: 050-1234-5678 }
  - { at: 1000s, host: alice, send: second, to: 050-1234-5678 }
ends_at: 2000s
";

/// A scenario of a proof.
pub(crate) fn scenario(yaml: &str) -> Scenario {
    Scenario::parse("proof.yaml", yaml, &Base::BuiltIn(String::new())).unwrap()
}

/// Its plan in the virtual world.
pub(crate) fn plan(yaml: &str) -> Plan {
    scenario(yaml).compile("proof", World::Virtual, None).unwrap()
}

/// The built-in scenarios, read.
pub(crate) fn built_in() -> Vec<(Found, Scenario)> {
    let found = set::built_in().scenarios.into_iter();
    found.map(|found| (found.clone(), found.scenario().unwrap())).collect()
}

/// Runs a plan in the virtual world.
pub(crate) fn run(plan: &Plan, options: &Options) -> (Trace, Outcome) {
    let mut trace = Trace::default();
    let outcome = world::run_with(plan, World::Virtual, options, &mut trace).unwrap();
    (trace, outcome)
}

/// What the judges have against a run.
pub(crate) fn failures(declaration: &Declaration, trace: &Trace) -> Vec<Finding> {
    let results = run::judge(declaration, trace).into_iter();
    let failed = results.filter(|result| result.verdict >= Verdict::Fail);
    failed.flat_map(|result| result.findings).collect()
}

/// Notices of a host about its calls.
pub(crate) fn notices<'t>(trace: &'t Trace, of: &'t str) -> impl Iterator<Item = &'t Entry> {
    let about_a_call =
        move |what: &What| matches!(what, What::Notice { host, call, .. } if &**host == of && *call != 0);
    trace.entries.iter().filter(move |entry| about_a_call(&entry.what))
}
