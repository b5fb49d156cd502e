//! A whole call: the plan is compiled outside, everything from the fork of the devices on is measured.

use std::error::Error;
use std::hint::black_box;

use criterion::Criterion;
use faxproof::world::{self, World};
use faxproof_reports::digest::Counts;
use faxproof_reports::{Trace, ladder};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("call");
    let plan = faxproof_benches::calls(1, World::Virtual)?;
    let two = faxproof_benches::calls(2, World::Virtual)?;
    for (name, plan) in [("unjudged", &plan), ("unjudged, two calls", &two)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| world::run(black_box(plan), World::Virtual, &mut Counts::default()));
        });
    }
    group.bench_function("judged", |bencher| {
        bencher.iter(|| {
            let mut trace = Trace::default();
            let outcome = world::run(black_box(&plan), World::Virtual, &mut trace);
            (outcome, faxproof_judges::judge(&plan.declaration, &trace))
        });
    });
    group.bench_function("judged, with ladder", |bencher| {
        bencher.iter(|| {
            let mut trace = Trace::default();
            let outcome = world::run(black_box(&plan), World::Virtual, &mut trace);
            let results = faxproof_judges::judge(&plan.declaration, &trace);
            (outcome, results, ladder(&plan.declaration, &trace))
        });
    });
    let simulated = faxproof_benches::calls(1, World::Turmoil)?;
    group.sample_size(20).bench_function("unjudged, in turmoil", |bencher| {
        bencher.iter(|| world::run(black_box(&simulated), World::Turmoil, &mut Counts::default()));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
