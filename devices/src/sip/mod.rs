//! SIP as boxes use it (RFC 3261): transactions, dialogs, and the parts of a user agent.

pub mod address;
pub mod courier;
pub mod dialog;
pub mod extensions;
pub mod intake;
pub mod locate;
pub mod transaction;
pub mod transport;

/// The port of SIP over UDP and TCP.
pub const SIP_PORT: u16 = 5060;
