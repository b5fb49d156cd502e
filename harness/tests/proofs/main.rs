//! What the whole promises, proven with nothing but `cargo test`: one file for each promise. No proof
//! looks at the clock; they count.

#![allow(clippy::unwrap_used)] // Tests all the way down, helpers too.

mod bench;
mod cli;
mod crash;
mod flip;
mod fork;
mod loss;
mod misled;
mod misled_mail;
mod other_branch;
mod parity;
mod scenarios;
mod shown;
mod stability;
mod tidy;
