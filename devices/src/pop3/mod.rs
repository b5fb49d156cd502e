//! POP3 sessions (RFC 1939): a server of maildrops, and a client that collects one. Both are pure: bytes
//! in, bytes out.

mod client;
mod server;

pub use client::{Client, Failure, Turn};
pub use server::{Maildrops, Server, StoredMail};

/// The port of POP3.
pub const POP3_PORT: u16 = 110;
