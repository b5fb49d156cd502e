//! SIP messages (RFC 3261), read and written without loss.
//!
//! A [`Message`] is the bytes that were on the wire plus an index of where its parts lie. Nothing is
//! rewritten, reordered or guessed: [`Message::raw`] gives back what came in, and typed views such as
//! [`Via`], [`NameAddr`] and [`Uri`] are made when someone asks. New messages come from a [`Builder`],
//! changed ones (a proxy's work) from an [`Edit`]; both write bytes and index in one go.

mod address;
mod build;
pub mod digest;
mod edit;
mod error;
mod fields;
mod framer;
mod glance;
mod message;
mod method;
mod name;
mod params;
mod parse;
mod reason;
mod scan;
#[doc(hidden)]
pub mod torture;
mod uri;
mod validate;
mod via;
mod write;

pub use address::NameAddr;
pub use build::Builder;
pub use edit::Edit;
pub use error::ParseError;
pub use framer::{Frame, Framer};
pub use glance::glance;
pub use message::{Header, Message};
pub use method::Method;
pub use name::Name;
pub use params::Params;
pub use parse::{MAX_HEADERS, MAX_MESSAGE_BYTES};
pub use reason::reason_phrase;
pub use uri::{Scheme, Uri, host_ip};
pub use via::Via;

#[cfg(test)]
mod tests;
