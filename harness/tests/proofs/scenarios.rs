//! Every built-in scenario passes, and passes the same way however often and however many at a time.

use faxproof::run::{Settings, Snapshot, run_all};
use faxproof::world::World;
use faxproof_reports::{Trace, Verdict};

use crate::bench::built_in;

/// The trace of every scenario when run on so many threads, after its verdict and snapshot were checked.
fn traces(threads: usize) -> Vec<(String, Trace)> {
    let scenarios: Vec<_> = built_in()
        .into_iter()
        .filter(|(_, s)| s.worlds().contains(&faxproof::world::World::Virtual))
        .collect();
    let results = run_all(&scenarios, &Settings::default(), threads, false, &|_| {});
    let (mut traces, mut problems) = (Vec::new(), Vec::new());
    for ((found, _), result) in scenarios.iter().zip(results) {
        let examined = result.unwrap().unwrap();
        let wanted = if found.cell.is_some() { Snapshot::NotCompared } else { Snapshot::Same };
        if examined.verdict() != Verdict::Pass || examined.snapshot != wanted {
            let findings: Vec<_> =
                examined.findings().map(|finding| (&finding.rule, &finding.text)).collect();
            problems.push(format!("{}: {:?}, {findings:?}", found.name, examined.snapshot));
        }
        traces.push((found.name.clone(), examined.record.trace));
    }
    assert!(problems.is_empty(), "{problems:#?}");
    traces
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

/// `faxproof run` compares without cargo; insta must read the same files alike.
#[test]
fn insta_reads_the_snapshots_as_the_program_does() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let whole = built_in().into_iter().filter(|(found, _)| found.cell.is_none());
    for (found, scenario) in whole.filter(|(_, s)| s.worlds().contains(&World::Virtual)) {
        let ladder = faxproof::run::examine(&found, &scenario, &Settings::default()).unwrap().ladder;
        let (place, name) = found.name.rsplit_once('/').unwrap_or(("", &found.name));
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(folder.join(place));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, ladder));
    }
}
