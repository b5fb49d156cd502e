//! The table of TCP connections: what each end has sent, and where it stands in the trace.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use faxproof_devices::core::{Conn, Entropy, Time};
use faxproof_wire::stream::Framer;

use super::consequence::Party;

/// All connections of a run, dead ones included.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    entropy: Entropy,
    table: Vec<Connection>,
    /// How many connections were numbered in the trace.
    numbered: u32,
    /// How often one party connected to one address.
    ordinals: BTreeMap<(String, SocketAddr), u32>,
}

/// A connection, from the first SYN on.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// A number stable under unrelated changes.
    pub(crate) key: u64,
    /// Its number in the trace, once it is there.
    pub(crate) number: Option<u32>,
    /// When the client asked for it.
    pub(crate) since: Time,
    pub(crate) client: End,
    pub(crate) server: End,
    pub(crate) framer: Framer,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) party: Party,
    /// By which number its device knows it.
    pub(crate) conn: Conn,
    /// The life of the host in which it was opened.
    pub(crate) boots: u32,
    pub(crate) state: EndState,
    /// It has sent FIN.
    pub(crate) fin: bool,
    /// A rule made this direction stall: nothing that this end sends arrives any more.
    pub(crate) stalled: bool,
    /// Bytes sent so far.
    pub(crate) sent: u64,
    /// Bytes on their way.
    pub(crate) in_flight: u64,
    /// It was told to wait until everything has arrived.
    pub(crate) owes_writable: bool,
    /// When the last thing that it sent arrives: nothing overtakes it.
    pub(crate) last_arrival: Time,
}

/// Life of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndState {
    /// Not there yet.
    Opening,
    Open,
    /// Closed, reset or vanished.
    Gone,
}

impl Connections {
    pub(crate) fn of_seed(seed: u64) -> Connections {
        let entropy = Entropy::of_seed(seed).part("connections");
        Connections { entropy, table: Vec::new(), numbered: 0, ordinals: BTreeMap::new() }
    }

    /// Adds an attempt. The server's end gets its number at once: one with the highest bit set,
    /// derived from who connects where, and how often before.
    pub(crate) fn add(&mut self, now: Time, client: End, server: Party, client_name: &str) -> u32 {
        let ordinal = self.ordinals.entry((client_name.to_owned(), server.address)).or_insert(0);
        *ordinal += 1;
        let key = self.entropy.key((client_name, server.address, *ordinal)).0;
        let id = self.table.len() as u32;
        self.table.push(Connection {
            key,
            number: None,
            since: now,
            client,
            server: End::of(server, Conn(key | Conn::ACCEPTED), 0),
            framer: Framer::new(),
        });
        id
    }

    pub(crate) fn of(&self, id: u32) -> &Connection {
        &self.table[id as usize]
    }

    pub(crate) fn of_mut(&mut self, id: u32) -> &mut Connection {
        &mut self.table[id as usize]
    }

    pub(crate) fn len(&self) -> u32 {
        self.table.len() as u32
    }

    /// The number of the connection in the trace: the next one when it is asked for first.
    pub(crate) fn number(&mut self, id: u32) -> u32 {
        let connection = &mut self.table[id as usize];
        *connection.number.get_or_insert_with(|| {
            self.numbered += 1;
            self.numbered - 1
        })
    }
}

impl Connection {
    pub(crate) fn end(&self, client: bool) -> &End {
        if client { &self.client } else { &self.server }
    }

    pub(crate) fn end_mut(&mut self, client: bool) -> &mut End {
        if client { &mut self.client } else { &mut self.server }
    }
}

impl End {
    pub(crate) fn of(party: Party, conn: Conn, boots: u32) -> End {
        End {
            party,
            conn,
            boots,
            state: EndState::Opening,
            fin: false,
            stalled: false,
            sent: 0,
            in_flight: 0,
            owes_writable: false,
            last_arrival: Time::default(),
        }
    }
}
