//! Tests against programs that other people wrote: SIPp calls and is called, libtiff reads and writes
//! documents. They need these programs, so they run only when asked for:
//! `cargo test -p faxproof --features peers --test peers`. A program that is missing is a failure.

#![allow(clippy::unwrap_used)]

mod libtiff;
mod program;
mod sipp;
mod stage;
