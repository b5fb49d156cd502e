//! Scenarios, worlds and the `faxproof` program.

pub mod plan;
pub mod scenario;
pub mod world;
