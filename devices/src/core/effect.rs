//! What a device asks of the world.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::page::Page;

use super::{Conn, Question, Time, Timer};
use crate::smtp::Envelope;

/// One thing that a device asks for. Effects happen in the order in which they were asked for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a datagram from the device's SIP port.
    Datagram {
        /// Where to.
        to: SocketAddr,
        /// The payload.
        bytes: Bytes,
    },
    /// Open a TCP connection.
    Connect {
        /// The number by which the device will know it.
        conn: Conn,
        /// Where to.
        to: SocketAddr,
    },
    /// Accept TCP connections on this port from now on.
    Listen {
        /// The logical port.
        port: u16,
    },
    /// Accept no more on this port.
    Unlisten {
        /// The logical port.
        port: u16,
    },
    /// Send bytes on a connection.
    Send {
        /// Which.
        conn: Conn,
        /// The bytes; the world may split and join them.
        bytes: Bytes,
    },
    /// Send FIN: we will send no more, and still listen.
    ShutDown(Conn),
    /// Close in both directions once everything is sent.
    Close(Conn),
    /// Drop the connection with RST.
    Reset(Conn),
    /// Ask for a name.
    Resolve(Question),
    /// Run a timer; arming one that runs starts it anew.
    Arm {
        /// Which.
        timer: Timer,
        /// When it runs out.
        at: Time,
    },
    /// Stop a timer; nothing happens if it does not run.
    Disarm(Timer),
    /// Something that survives a power failure. A crash may fall after any of these.
    Durable(Durable),
    /// Tell the operator.
    Notice(Notice),
    /// An arc of the flowchart was taken.
    Mark {
        /// Which call took it: a number stable under unrelated changes.
        call: u64,
        /// `FIGURE.STEP.outcome`.
        arc: &'static str,
    },
    /// Why the device decided as it did, for whoever reads the trace.
    Remark {
        /// What was decided.
        text: String,
    },
    /// Something came that the device's state does not foresee.
    Unexpected {
        /// What came.
        what: String,
        /// What was awaited instead.
        awaited: &'static str,
    },
}

/// An effect that outlives a power failure.
#[derive(Clone, Debug)]
pub enum Durable {
    /// A table row was added or changed.
    CommitRow {
        /// `Ta1`.
        table: &'static str,
        /// Position of the row in the table, from 0.
        position: usize,
        /// Whether the row is new.
        added: bool,
        /// Column names and values.
        row: Vec<(&'static str, String)>,
    },
    /// A table row was deleted.
    DeleteRow {
        /// `Ta1`.
        table: &'static str,
        /// Position that it had, from 0.
        position: usize,
        /// Column names and values that it had.
        row: Vec<(&'static str, String)>,
    },
    /// A page came out of the printer.
    Print(Print),
    /// A mail was put into a folder of a mail server or a mail client; it replaces one of the same name.
    PutMail {
        /// Of a mail server `queue`, behind it a number where there is one, or `mailbox` and its user; of a mail client
        /// `outbox`.
        folder: Arc<str>,
        /// The name that it has there.
        name: Arc<str>,
        /// The mail with its envelope.
        envelope: Arc<Envelope>,
        /// When the server took it, or its user wrote it.
        since: Time,
    },
    /// A mail was taken out of its folder.
    TakeMail {
        /// The folder.
        folder: Arc<str>,
        /// The name that it had there.
        name: Arc<str>,
    },
    /// All of these, or none: a power failure falls before the first or behind the last. A mail that is taken for several
    /// recipients is one such change, and so is a mail that is given up together with the notice about it.
    Together(Vec<Durable>),
}

impl Durable {
    /// The single changes, in order.
    pub fn each(self) -> Vec<Durable> {
        match self {
            Durable::Together(changes) => changes.into_iter().flat_map(Durable::each).collect(),
            one => vec![one],
        }
    }
}

/// One printed page.
#[derive(Clone, Debug)]
pub struct Print {
    /// Name of the document: the Message-ID it came with.
    pub document: Arc<str>,
    /// Page number from 1.
    pub number: u32,
    /// Pages in the document.
    pub of: u32,
    /// The image, for an image document.
    pub page: Option<Page>,
    /// The text, for a text document.
    pub text: Option<Arc<str>>,
}

/// A message to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which call it is about; 0 for none.
    pub call: u64,
    /// Where it appears.
    pub medium: Medium,
    /// The words.
    pub text: String,
}

/// Where a notice appears (paragraph 0081).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Medium {
    /// The display 8a.
    #[default]
    Display,
    /// The printing unit 7.
    Printer,
    /// A prescribed buzzer sound.
    Buzzer,
}
