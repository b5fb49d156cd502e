//! Runs a plan over and over, unjudged: for a profiler, or for the time of the processor.
//!
//! `calls [RUNS] [CALLS IN EACH RUN]`, by default 2000 runs of one call.

use std::error::Error;

use faxproof::world::{self, World};
use faxproof_reports::digest::Counts;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u32>());
    let runs = numbers.next().transpose()?.unwrap_or(2_000);
    let calls = numbers.next().transpose()?.unwrap_or(1);
    let plan = faxproof_benches::calls(calls, World::Virtual)?;
    let mut counts = Counts::default();
    for _ in 0..runs {
        world::run(&plan, World::Virtual, &mut counts)?;
    }
    println!("{} pages, {} messages", counts.pages, counts.messages);
    Ok(())
}
