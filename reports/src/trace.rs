//! The trace: everything that was seen during a run, in the order in which it happened.
//!
//! Judges, ladders and records read nothing else. An entry is either *wire* (messages and
//! connections, taken by a tap outside the devices), *paper* (what a person could hold or read:
//! pages, notices), or a *claim* (what only the device itself can tell: marks and table rows).

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::page::Page;
use serde::{Deserialize, Serialize};

use crate::{Answer, written};

/// A host's name as the scenario gives it.
pub type Host = Arc<str>;

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the scenario began.
    pub at_us: u64,
    /// What it was.
    pub what: What,
}

/// The kinds of things a trace holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A datagram, or one whole unit (command, reply, mail) of a byte stream, as its sender sent it.
    Message {
        /// Sender.
        from: Host,
        /// Addressee; a host that does not exist shows as its address.
        to: Host,
        /// How it travelled.
        carrier: Carrier,
        /// Short name: `INVITE`, `200 OPTIONS`, `EHLO`, `354`, `message`, `raw`.
        label: Arc<str>,
        /// The bytes that left the sender (after the scenario's rules had their way).
        #[serde(with = "written::bytes")]
        bytes: Bytes,
        /// What became of it.
        fate: Fate,
    },
    /// A change in the life of a TCP connection.
    Connection {
        /// Number of the connection within this trace, from 0.
        id: u32,
        /// The side that connected.
        client: Host,
        /// The side that listened, or should have.
        server: Host,
        /// Where to.
        to: SocketAddr,
        /// `opened`, `refused`, `unreachable`, `timed out`, `client closed`, `server closed`,
        /// `client reset`, `server reset`.
        event: Arc<str>,
    },
    /// A device took an arc of its flowchart. *Claim.*
    Mark {
        /// Who.
        host: Host,
        /// Which of its calls: a number that is stable under unrelated changes of the scenario.
        call: u64,
        /// `FIGURE.STEP.outcome`, e.g. `4.S13.selected`.
        arc: Arc<str>,
    },
    /// The operator was told something. *Paper.*
    Notice {
        /// Who told.
        host: Host,
        /// Which call it was about; 0 for none.
        call: u64,
        /// Where it appeared.
        medium: Medium,
        /// The words.
        text: Arc<str>,
    },
    /// A page came out of the printer, decoded from the bytes that arrived. *Paper.*
    Printed {
        /// Whose printer.
        host: Host,
        /// Message-ID (or other name) of the document that the page belongs to.
        document: Arc<str>,
        /// Page number within the document, from 1.
        number: u32,
        /// Pages of the document.
        of: u32,
        /// The image; `None` where the document is text.
        #[serde(with = "written::page")]
        page: Option<Page>,
        /// The text printed, where the document is text.
        text: Option<Arc<str>>,
    },
    /// A table row was committed to durable storage. *Claim.*
    Row {
        /// Whose table.
        host: Host,
        /// `Ta1`.
        table: Arc<str>,
        /// `add`, `change` or `delete`.
        change: Arc<str>,
        /// Where the row is in the table (for a delete: was), from 0.
        position: u32,
        /// The row after the change (before it, for a delete): column names and values.
        row: Vec<(Arc<str>, Arc<str>)>,
    },
    /// A mail server put a mail into a folder of its own, or took it out. *Claim.*
    Mail {
        /// Which server.
        host: Host,
        /// `queue`, or `mailbox` and its user.
        folder: Arc<str>,
        /// The name that the mail has there.
        name: Arc<str>,
        /// Whether it was put in.
        put: bool,
        /// Message-ID of the mail, where it was put in and has one.
        message_id: Option<Arc<str>>,
    },
    /// The operator did something at the panel.
    Order {
        /// At which host.
        host: Host,
        /// Number of the step in the scenario, from 1.
        step: u32,
        /// What was ordered, in words.
        text: Arc<str>,
    },
    /// Why a device decided as it did, in its own words.
    Remark {
        /// Which device.
        host: Host,
        /// What it decided.
        text: Arc<str>,
    },
    /// A device met something that its state does not foresee.
    Unexpected {
        /// Which device.
        host: Host,
        /// What came.
        what: Arc<str>,
        /// What the device was waiting for.
        awaited: Arc<str>,
    },
    /// A host had asked for a name, and this is what it learnt.
    Resolved {
        /// Who asked.
        host: Host,
        /// Type of the records: `A/AAAA`, `SRV`, `NAPTR`, `MX`.
        kind: Arc<str>,
        /// The name.
        name: Arc<str>,
        /// The answer.
        answer: Answer,
    },
    /// A rule of the scenario acted on the message that precedes or on a host.
    Fault {
        /// Host at whose door it happened.
        host: Host,
        /// What was done, in words: `dropped 200 INVITE`, `crash`.
        text: Arc<str>,
    },
    /// A host was switched on (`boots` counts from 1) or lost its power.
    Power {
        /// Which host.
        host: Host,
        /// On or off.
        on: bool,
        /// How often it has started.
        boots: u32,
    },
}

/// How a message travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// UDP.
    Datagram {
        /// Source address.
        from: SocketAddr,
        /// Destination address.
        to: SocketAddr,
    },
    /// A TCP connection.
    Stream {
        /// Number of the connection within this trace.
        connection: u32,
        /// Whether the side that connected sent it.
        from_client: bool,
    },
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It arrived (on real sockets: it was handed to the network) at this instant.
    Delivered {
        /// Microseconds since the scenario began.
        at_us: u64,
    },
    /// The network lost it by chance.
    Lost,
    /// A rule of the scenario dropped it.
    Dropped,
    /// Nobody was there: the sender may have been told by ICMP.
    Unreachable,
}

/// Where a notice to the operator appears (paragraph 0081).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// The display 8a.
    Display,
    /// The printing unit 7.
    Printer,
    /// A prescribed buzzer sound.
    Buzzer,
}

impl Medium {
    /// The word used in ladders and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Medium::Display => "display",
            Medium::Printer => "printer",
            Medium::Buzzer => "buzzer",
        }
    }
}

/// Where a world puts what it sees.
pub trait Sink {
    /// Takes one entry. Entries come in the order of their time.
    fn take(&mut self, entry: Entry);
}

/// All entries of a run, in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace {
    /// The entries in order of time.
    pub entries: Vec<Entry>,
}

impl Sink for Trace {
    fn take(&mut self, entry: Entry) {
        self.entries.push(entry);
    }
}

/// What a committed change makes of the rows of a table. A position that is not there changes nothing: then
/// the device tells of a row that it never had.
pub fn commit_row<R>(rows: &mut Vec<R>, change: &str, position: u32, row: R) {
    let at = position as usize;
    match change {
        "add" => rows.insert(at.min(rows.len()), row),
        "change" if at < rows.len() => rows[at] = row,
        "delete" if at < rows.len() => drop(rows.remove(at)),
        _ => {}
    }
}
