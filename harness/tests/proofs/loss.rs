//! Under loss every order still ends: with the pages at the other side, or with a notice on this one.

use std::thread;

use faxproof::world::{Options, World};
use faxproof_reports::Trace;

use crate::bench::{TWO_CALLS, failures, notices, pages, run, scenario};

const SEEDS: u64 = 1_000;
/// When the second of [`TWO_CALLS`] begins.
const SECOND_US: u64 = 1_000_000_000;

/// How orders ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ends {
    delivered: u32,
    told: u32,
    delivered_and_told: u32,
    /// What the judges have against a run.
    failures: Vec<String>,
}

#[test]
fn every_order_ends_with_its_page_or_a_notice_under_loss() {
    let half = SEEDS / 2;
    let (low, high) = thread::scope(|scope| {
        let high = scope.spawn(move || ends_of(half + 1..=SEEDS));
        (ends_of(1..=half), high.join().unwrap())
    });
    let ends = Ends {
        delivered: low.delivered + high.delivered,
        told: low.told + high.told,
        delivered_and_told: low.delivered_and_told + high.delivered_and_told,
        failures: [low.failures, high.failures].concat(),
    };
    assert!(ends.failures.is_empty(), "{:#?}", ends.failures);
    println!("{SEEDS} seeds, two orders each: {ends:?}");
    assert_eq!(u64::from(ends.delivered + ends.told + ends.delivered_and_told), 2 * SEEDS);
    assert!(ends.delivered > 0 && ends.told > 0, "only one of both outcomes was seen: {ends:?}");
}

fn ends_of(seeds: std::ops::RangeInclusive<u64>) -> Ends {
    let yaml = TWO_CALLS.replace("ends_at", "network: { loss: 20%, jitter: 3ms }\nends_at");
    let scenario = scenario(&yaml);
    let mut ends = Ends::default();
    for seed in seeds {
        let plan = scenario.compile("proof", World::Virtual, Some(seed)).unwrap();
        let (trace, _) = run(&plan, &Options::default());
        for finding in failures(&plan.declaration, &trace) {
            ends.failures.push(format!("seed {seed}: {}: {}", finding.rule, finding.text));
        }
        for second in [false, true] {
            match outcome(&trace, second) {
                (true, false) => ends.delivered += 1,
                (false, true) => ends.told += 1,
                (true, true) => ends.delivered_and_told += 1,
                (false, false) => panic!("seed {seed}: order {} ended with nothing", u8::from(second) + 1),
            }
        }
    }
    ends
}

/// Whether the page of the first or second order came out, and whether alice was told of a failure.
fn outcome(trace: &Trace, second: bool) -> (bool, bool) {
    let of_it = |at_us: u64| (at_us >= SECOND_US) == second;
    let printed = pages(trace, "bob").any(|entry| of_it(entry.at_us));
    (printed, notices(trace, "alice").any(|entry| of_it(entry.at_us)))
}
