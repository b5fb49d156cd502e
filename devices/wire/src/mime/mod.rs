//! Internet-fax mail: a message (RFC 5322) with a fax document as its attachment (RFC 2045, 3965).
//!
//! [`Mail`] writes the least that a fax sends; [`read`] takes whatever a mail user sends to a fax.

mod compose;
mod read;
#[cfg(test)]
mod tests;

pub use compose::Mail;
pub use read::{MAX_DEPTH, MAX_OCTETS, MAX_PARTS, MimeError, Problem, Received, read};
