//! HTTP as the fax speaks it (RFC 9110, RFC 9112): one document from the client to the server.

mod client;
mod server;
#[cfg(test)]
mod tests;

pub use client::{Client, Failure, Posting, Stage, Turn};
pub use server::{Server, ServerHabits, Tray, Unprintable};
