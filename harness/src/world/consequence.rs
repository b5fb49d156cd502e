//! What the network asks a world to bring about.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_devices::core::{Question, StreamEvent, Time};
use faxproof_devices::order::Order;

use super::ledger::Slot;

/// Consequences with their times.
pub(crate) type Due = Vec<(Time, Consequence)>;

/// Something that a world has to bring about at its time.
#[derive(Clone, Debug)]
pub(crate) enum Consequence {
    /// A datagram arrives.
    Datagram(Flight),
    /// The host learns by ICMP that its datagram went nowhere.
    Unreachable { host: usize, to: SocketAddr },
    /// The host gets the answer to its question for a name.
    Resolved { host: usize, boots: u32, question: Question },
    /// The power of a host fails, and returns after that time.
    PowerOff { host: usize, back_after_us: Option<u64> },
    /// A tester is to say something.
    Order { host: usize, text: Arc<str>, order: Order },
    /// A connection attempt arrives at the server.
    Syn { connection: u32, tries: u32 },
    /// A segment arrives.
    Segment(Segment),
    /// One end of a connection learns something.
    Stream { connection: u32, client: bool, event: StreamEvent },
}

impl Consequence {
    /// The connection that it concerns.
    pub(crate) fn connection(&self) -> Option<u32> {
        match self {
            Consequence::Syn { connection, .. } | Consequence::Stream { connection, .. } => Some(*connection),
            Consequence::Segment(segment) => Some(segment.connection),
            _ => None,
        }
    }
}

/// Who sends a datagram or gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    /// Its place in the roster; `None` outside the plan.
    pub(crate) place: Option<usize>,
    pub(crate) address: SocketAddr,
}

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) from: Party,
    pub(crate) to: Party,
    pub(crate) bytes: Bytes,
    /// The entry whose fate it settles; a copy settles none.
    pub(crate) slot: Option<Slot>,
}

/// A part of a TCP stream on its way.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) connection: u32,
    pub(crate) from_client: bool,
    pub(crate) load: Load,
    pub(crate) sent: Time,
    /// Number of the try that arrives, from 0.
    pub(crate) attempt: u32,
    /// Bytes sent before on this direction.
    pub(crate) offset: u64,
    /// The entries whose fate it settles.
    pub(crate) slots: Range<Slot>,
}

/// What a segment carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    Bytes(Bytes),
    Fin,
    Reset,
}
