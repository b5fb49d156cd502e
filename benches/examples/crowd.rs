//! Lets many faxes in one world call each other, unjudged: for a profiler, or for a count of instructions.
//!
//! `crowd [FAXES]`, by default 2000.

use std::error::Error;

use faxproof::world::{self, World};
use faxproof_reports::digest::Counts;

fn main() -> Result<(), Box<dyn Error>> {
    let faxes = std::env::args().nth(1).map_or(Ok(2_000), |number| number.parse())?;
    let plan = faxproof_benches::crowd(faxes, World::Virtual)?;
    let mut counts = Counts::default();
    let outcome = world::run(&plan, World::Virtual, &mut counts)?;
    println!("{} events, {} pages, {} messages", outcome.events, counts.pages, counts.messages);
    Ok(())
}
