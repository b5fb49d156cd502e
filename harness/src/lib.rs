//! Scenarios, worlds and the `faxproof` program.

pub mod catalogue;
pub mod cli;
pub mod plan;
pub mod run;
pub mod scenario;
pub mod template;
pub mod world;
