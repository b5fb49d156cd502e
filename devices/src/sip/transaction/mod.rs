//! SIP transactions (RFC 3261 §17, RFC 6026): the machines are tables, `Transaction` runs any of them.
//!
//! ```text
//!            a request of ours                     a request of the peer
//!   user  ──────────────────────▶ client …  … server ──────────────────────▶ user
//!         ◀── responses, timeout             (copies absorbed) ◀── responses
//! ```

mod draw;
mod layer;
mod machine;
mod tables;

#[cfg(test)]
mod tests;

pub use draw::mermaid;
pub use layer::{Layer, MAX_TRANSACTIONS, Up};
pub use tables::{INVITE_CLIENT, INVITE_SERVER, NON_INVITE_CLIENT, NON_INVITE_SERVER, Row, TABLES, Table};

use super::transport::Transport;
use crate::core::Duration;

/// States of the four machines (RFC 3261 §17.1.1.2, §17.1.2.2, §17.2.1, §17.2.2, RFC 6026 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Start,
    /// The INVITE is out and nothing has come back.
    Calling,
    /// As Calling, for other requests; at the server: the user has not answered.
    Trying,
    /// A provisional response has passed.
    Proceeding,
    /// A final response other than 2xx to INVITE has passed.
    Completed,
    /// A 2xx to INVITE has passed; copies of both may still come.
    Accepted,
    /// The ACK for a final response other than 2xx has come.
    Confirmed,
    /// Gone.
    Terminated,
}

/// What can happen to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// It begins.
    Begin,
    /// A timer runs out.
    Fires(&'static str),
    /// A 1xx arrived.
    Provisional,
    /// A 2xx arrived.
    Success,
    /// A 300 to 699 arrived.
    Failure,
    /// The request arrived again.
    Copy,
    /// An ACK arrived.
    Ack,
    /// The user answers 1xx.
    OwnProvisional,
    /// The user answers 2xx.
    OwnSuccess,
    /// The user answers 300 to 699.
    OwnFailure,
    /// The transport could not deliver.
    Unreachable,
}

/// What a transition does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request (again).
    SendRequest,
    /// Send the last response (again), if there is one.
    SendResponse,
    /// Send 100 Trying.
    SendTrying,
    /// Acknowledge a 300 to 699, hop by hop (§17.1.1.3).
    SendAck,
    /// Hand the message to the user.
    PassUp,
    /// Tell the user that time ran out.
    TellTimeout,
    /// Tell the user that the transport failed.
    TellUnreachable,
    /// Run a timer at its first value: see [`TIMERS`].
    Arm(&'static str),
    /// Run a timer at twice its last value; all but Timer A stop growing at T2.
    ArmDoubled(&'static str),
    /// Run a timer at T2.
    ArmSlow(&'static str),
    /// Stop a timer.
    Disarm(&'static str),
}

/// Estimate of the round-trip time.
pub const T1: Duration = Duration::millis(500);
/// Longest interval between copies of a non-INVITE request or of a response to INVITE.
pub const T2: Duration = Duration::secs(4);
/// How long a message stays in the network.
pub const T4: Duration = Duration::secs(5);

/// How long a transaction waits for the other side at most.
const PATIENCE: Duration = Duration(64 * T1.0);
const TRYING: Duration = Duration::millis(200);
const AT_ONCE: Duration = Duration(0);

/// First values of the timers, over UDP and over TCP (RFC 3261 Appendix A table 4, RFC 6026 §8.11). What
/// has none is not started: it would repeat a message that TCP delivers. Timer D may be longer over UDP;
/// 32 s is its least.
pub const TIMERS: [(&str, Duration, Option<Duration>); 13] = [
    ("A", T1, None),
    ("B", PATIENCE, Some(PATIENCE)),
    ("D", PATIENCE, Some(AT_ONCE)),
    ("E", T1, None),
    ("F", PATIENCE, Some(PATIENCE)),
    ("G", T1, None),
    ("H", PATIENCE, Some(PATIENCE)),
    ("I", T4, Some(AT_ONCE)),
    ("J", PATIENCE, Some(AT_ONCE)),
    ("K", T4, Some(AT_ONCE)),
    ("L", PATIENCE, Some(PATIENCE)),
    ("M", PATIENCE, Some(PATIENCE)),
    ("100", TRYING, Some(TRYING)),
];

/// First value of a timer; `None` if it is not started over this transport, zero if it fires at once.
pub fn timer_value(name: &str, transport: Transport) -> Option<Duration> {
    let (_, datagrams, stream) = TIMERS.iter().find(|(known, ..)| *known == name)?;
    if transport.is_reliable() { *stream } else { Some(*datagrams) }
}
