//! SMTP sessions over a connection that somebody else opened (RFC 5321): a client that hands over one
//! mail, and a server that takes mails. Both are pure: bytes in, bytes out.

mod client;
mod envelope;
mod route;
mod server;

pub use client::Question;
pub use client::{Client, Failure, No, Stage, Turn};
pub use envelope::{Body, Envelope, Recipient};
pub(crate) use route::{Next, Route};
pub(crate) use server::no_such_mailbox;
pub use server::{Greeting, Offers, PostOffice, Server};

/// The port of SMTP.
pub const SMTP_PORT: u16 = 25;
