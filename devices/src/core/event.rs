//! What can happen to a device.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use super::{Conn, Durable, NameAnswer, Question, Timer};
use crate::order::Order;

/// Everything that a device ever learns.
#[derive(Clone, Debug)]
pub enum Event {
    /// Power came on. Nothing is left of what the device knew before but what it had committed.
    PowerOn {
        /// How often this device has started, this time included: counts from 1.
        boots: u32,
        /// The row changes it committed in its former lives, in order.
        committed: Arc<Vec<Durable>>,
    },
    /// The operator did something at the panel.
    Order(Order),
    /// A datagram arrived.
    Datagram {
        /// Where it came from.
        from: SocketAddr,
        /// Its payload.
        bytes: Bytes,
    },
    /// ICMP said that a datagram to this address could not be delivered.
    Unreachable {
        /// Where it was to go.
        to: SocketAddr,
    },
    /// Something happened on a TCP connection.
    Stream(Conn, StreamEvent),
    /// The answer to a question for a name.
    Resolved {
        /// What was asked.
        question: Question,
        /// What was found.
        answer: NameAnswer,
    },
    /// A timer that was armed has run out.
    Timer(Timer),
}

/// What can happen on a TCP connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// Our connect succeeded.
    Opened,
    /// Nobody listens there.
    Refused,
    /// No way to that host.
    Unreachable,
    /// No answer to our SYN.
    TimedOut,
    /// Somebody connected to a port on which we listen.
    Accepted {
        /// Our port.
        port: u16,
        /// The peer.
        peer: SocketAddr,
    },
    /// Bytes came; a chunk is never a message.
    Bytes(Bytes),
    /// The send buffer has room again.
    Writable,
    /// The peer will send no more.
    Fin,
    /// The connection is gone.
    Reset,
    /// TLS stands on it.
    Secured,
}
