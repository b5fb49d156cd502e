//! The table of TCP connections: what each end has sent, and where it stands in the trace.

use std::collections::{BTreeMap, BTreeSet};

use faxproof_devices::core::{Conn, Entropy, Time};
use faxproof_wire::stream::Framer;

use super::consequence::Party;

/// The connections of a run. The room of one that is over, and that nothing concerns any more, is used again where the world
/// counts what is still to happen to it.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    entropy: Entropy,
    table: Vec<Connection>,
    free: Vec<u32>,
    /// How many there were.
    added: u64,
    /// How many connections were numbered in the trace.
    numbered: u32,
    /// How often one party connected to one address, by a key of the two.
    ordinals: BTreeMap<u64, u32>,
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
    /// How many there were before it.
    before: u64,
    /// How much is still to happen to it.
    awaited: u32,
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
        Connections {
            entropy,
            table: Vec::new(),
            free: Vec::new(),
            added: 0,
            numbered: 0,
            ordinals: BTreeMap::new(),
        }
    }

    /// Adds an attempt. The server's end gets its number at once: one with the highest bit set,
    /// derived from who connects where, and how often before.
    pub(crate) fn add(&mut self, now: Time, client: End, server: Party, client_name: &str) -> u32 {
        let parties = self.entropy.key((client_name, server.address)).0;
        let ordinal = self.ordinals.entry(parties).or_insert(0);
        *ordinal += 1;
        let key = self.entropy.key((client_name, server.address, *ordinal)).0;
        let connection = Connection {
            key,
            number: None,
            since: now,
            client,
            server: End::of(server, Conn(key | Conn::ACCEPTED), 0),
            framer: Framer::new(),
            before: self.added,
            awaited: 0,
        };
        self.added += 1;
        match self.free.pop() {
            Some(id) => {
                self.table[id as usize] = connection;
                id
            }
            None => {
                self.table.push(connection);
                self.table.len() as u32 - 1
            }
        }
    }

    pub(crate) fn of(&self, id: u32) -> &Connection {
        &self.table[id as usize]
    }

    pub(crate) fn of_mut(&mut self, id: u32) -> &mut Connection {
        &mut self.table[id as usize]
    }

    /// Those that are not over, in the order in which they came.
    pub(crate) fn ids(&self) -> Vec<u32> {
        let free: BTreeSet<u32> = self.free.iter().copied().collect();
        let mut ids: Vec<u32> = (0..self.table.len() as u32).filter(|id| !free.contains(id)).collect();
        ids.sort_by_key(|id| self.of(*id).before);
        ids
    }

    /// Something will happen to a connection.
    pub(crate) fn awaits(&mut self, id: u32) {
        self.of_mut(id).awaited += 1;
    }

    /// It has happened. Where nothing more can, and everything that was said is in the trace, the connection is over.
    pub(crate) fn happened(&mut self, id: u32) {
        let connection = self.of_mut(id);
        connection.awaited -= 1;
        if connection.is_over() {
            connection.framer = Framer::new();
            self.free.push(id);
        }
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
    /// Whether nothing can happen to it any more: the client is gone, so is the server or it has never come, nothing is on
    /// its way, and no unit is half said.
    fn is_over(&self) -> bool {
        let nothing_rests = || {
            let mut framer = self.framer.clone();
            framer.pending(false).is_none() && framer.pending(true).is_none()
        };
        self.awaited == 0
            && self.client.state == EndState::Gone
            && self.server.state != EndState::Open
            && nothing_rests()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection whose client is gone, and to which one thing is still to happen.
    fn left(connections: &mut Connections) -> u32 {
        let party = Party { place: Some(0), address: ([10, 0, 0, 1], 25).into() };
        let id = connections.add(Time::default(), End::of(party, Conn(7), 1), party, "a");
        connections.awaits(id);
        connections.of_mut(id).client.state = EndState::Gone;
        id
    }

    #[test]
    fn the_room_of_a_connection_that_is_over_is_used_again() {
        let mut connections = Connections::of_seed(1);
        let keys: Vec<u64> = (0..100)
            .map(|_| {
                let id = left(&mut connections);
                connections.happened(id);
                connections.of(id).key
            })
            .collect();
        assert_eq!((connections.ids(), connections.table.len()), (Vec::new(), 1));
        assert!(keys.windows(2).all(|two| two[0] != two[1]), "each has a key of its own");
    }

    #[test]
    fn a_connection_stays_while_something_is_still_to_happen_to_it() {
        let mut connections = Connections::of_seed(1);
        let id = left(&mut connections);
        connections.awaits(id);
        connections.happened(id);
        assert_eq!(connections.ids(), [id]);
        connections.happened(id);
        assert!(connections.ids().is_empty());
    }

    #[test]
    fn a_connection_stays_while_a_server_has_it_or_a_unit_is_half_said() {
        let mut connections = Connections::of_seed(1);
        let (open, half) = (left(&mut connections), left(&mut connections));
        connections.of_mut(open).server.state = EndState::Open;
        connections.of_mut(half).framer.push(true, b"220 rea");
        connections.happened(open);
        connections.happened(half);
        assert_eq!(connections.ids(), [open, half]);
    }
}
