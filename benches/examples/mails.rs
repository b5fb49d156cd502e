//! Forwards many mails over SIP through one mail server, unjudged: for a profiler, or for a look at the memory.
//!
//! `mails [MAILS]`, by default 10000.

use std::error::Error;

use faxproof::world::{self, World};
use faxproof_reports::DigestSink;

fn main() -> Result<(), Box<dyn Error>> {
    let mails = std::env::args().nth(1).map_or(Ok(10_000), |number| number.parse())?;
    let plan = faxproof_benches::mails(mails, World::Virtual)?;
    let mut digest = DigestSink::default();
    let outcome = world::run(&plan, World::Virtual, &mut digest)?;
    println!("{} events, digest {}", outcome.events, digest.finish());
    Ok(())
}
