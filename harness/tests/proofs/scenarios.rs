//! Every built-in scenario passes, and passes the same way however often and however many at a time.

use faxproof::run::{Settings, Snapshot, run_all};
use faxproof_reports::{Trace, Verdict};

use crate::bench::built_in;

/// Digest of every scenario when run on so many threads, after its verdict and snapshot were checked.
fn traces(threads: usize) -> Vec<(String, Trace)> {
    let scenarios: Vec<_> = built_in()
        .into_iter()
        .filter(|(_, s)| s.worlds().contains(&faxproof::world::World::Virtual))
        .collect();
    let results = run_all(&scenarios, &Settings::default(), threads, false, &|_| {});
    let one = |((found, _), result): (&(faxproof::scenario::set::Found, _), Option<_>)| {
        let examined: faxproof::run::Examined = match result {
            Some(Ok(examined)) => examined,
            other => panic!("{}: {other:?}", found.name),
        };
        let findings: Vec<_> = examined.findings().map(|finding| (&finding.rule, &finding.text)).collect();
        assert_eq!(examined.snapshot, Snapshot::Same, "{}", found.name);
        assert_eq!(examined.verdict(), Verdict::Pass, "{}: {findings:#?}", found.name);
        (found.name.clone(), examined.record.trace)
    };
    scenarios.iter().zip(results).map(one).collect()
}

#[test]
fn every_scenario_passes_and_runs_alike_on_one_thread_and_on_two() {
    let (one, two) = (traces(1), traces(2));
    assert!(!one.is_empty());
    for ((name, first), (again, second)) in one.iter().zip(&two) {
        assert_eq!(name, again);
        let same = first.entries.iter().zip(&second.entries).position(|(a, b)| a != b);
        assert_eq!((same, first.entries.len()), (None, second.entries.len()), "{name}");
    }
    println!(
        "{} scenarios, twice each, {} entries",
        one.len(),
        one.iter().map(|(_, t)| t.entries.len()).sum::<usize>()
    );
}

#[test]
fn every_scenario_says_what_it_exists_for() {
    for (found, scenario) in built_in() {
        assert!(!scenario.covers().is_empty(), "{} covers no arc", found.name);
    }
}
