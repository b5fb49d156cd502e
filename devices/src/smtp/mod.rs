//! SMTP sessions over a connection that somebody else opened (RFC 5321): a client that hands over one
//! mail, and a server that takes mails. Both are pure: bytes in, bytes out.

mod client;
mod server;

pub use client::{Client, Envelope, Failure, Stage, Turn};
pub use server::{PostOffice, Server};
