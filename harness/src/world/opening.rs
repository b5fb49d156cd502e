//! How a TCP connection begins: SYN, its answer, or none.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_devices::core::{Conn, Duration, StreamEvent, Time};
use faxproof_reports::{Host, What};

use super::consequence::{Consequence, Due, Party};
use super::links::{GIVES_UP_AFTER, Way};
use super::network::Network;
use super::rules::{CONNECT, Handling};
use super::tap;
use super::tcp::{End, EndState};

/// A connection that a server takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accept {
    pub(crate) host: usize,
    pub(crate) conn: Conn,
    pub(crate) port: u16,
    pub(crate) peer: SocketAddr,
}

impl Network {
    /// A host's device asks for a connection.
    pub(crate) fn connect(&mut self, now: Time, host: usize, conn: Conn, to: SocketAddr, due: &mut Due) {
        let name = self.roster.name(host).clone();
        if self.hosts[host].conns.contains_key(&conn) {
            tap::unexpected(&mut self.ledger, now, &name, "connect with a number in use", "a free number");
            return;
        }
        let party = Party { place: Some(host), address: self.roster.sip(host) };
        let client = End::of(party, conn, self.hosts[host].boots);
        let server = self.party(to);
        let id = self.connections.add(now, client, server, &name);
        let connection = self.connections.of_mut(id);
        let port = ephemeral_port(connection.key);
        connection.client.party.address.set_port(port);
        self.hosts[host].conns.insert(conn, id);
        let handling = self.rules.handle(Some(host), server.place, CONNECT, &Bytes::new());
        let unknown = server.place.is_none() && !self.strangers.contains(&to.ip());
        let unreachable = unknown || self.links.is_unreachable(now, Some(host), server.place);
        let told = now + self.links.round_trip(Some(host), server.place);
        match handling {
            Some(handling) => self.connect_by_rule(now, id, told, &handling, due),
            None if unreachable => due.push((told, stream(id, true, StreamEvent::Unreachable))),
            None => self.send_syn(id, 0, due),
        }
    }

    /// What rules make of a connect.
    fn connect_by_rule(&mut self, now: Time, id: u32, told: Time, handling: &Handling, due: &mut Due) {
        let party = self.connections.of(id).client.party;
        self.enter_faults(now, party, handling);
        let delay = Duration(handling.delay_us);
        let refusal = match handling {
            Handling { unreachable: true, .. } => Some((told + delay, StreamEvent::Unreachable)),
            Handling { refused: true, .. } => Some((told + delay, StreamEvent::Refused)),
            Handling { dropped: true, .. } => Some((now + GIVES_UP_AFTER, StreamEvent::TimedOut)),
            _ => None,
        };
        match refusal {
            Some((at, event)) => due.push((at, stream(id, true, event))),
            None => {
                self.connections.of_mut(id).since = now + delay;
                self.send_syn(id, 0, due);
            }
        }
        self.crash(now, id, true, handling, due);
    }

    /// A SYN arrives. `None`: nobody took it, and the client learns that in its time.
    pub(crate) fn syn_arrives(&mut self, now: Time, id: u32, tries: u32, due: &mut Due) -> Option<Accept> {
        let connection = self.connections.of(id);
        let (client, server) = (connection.client.party, connection.server.party);
        let place = server.place?;
        if !self.is_alive(id, true) {
            return None;
        }
        let presence = &self.hosts[place];
        if !presence.on {
            self.send_syn(id, tries + 1, due);
            return None;
        }
        if !presence.listening.contains(&server.address.port()) {
            if let Some((at, _)) = self.links.segment(now, self.way(id, false, "RST"), 0) {
                due.push((at, stream(id, true, StreamEvent::Refused)));
            }
            return None;
        }
        let boots = presence.boots;
        self.opened(now, id, boots);
        let told = self.links.segment(now, self.way(id, false, "SYN-ACK"), 0);
        let at = told.map_or(now + GIVES_UP_AFTER, |(at, _)| at);
        let event = if told.is_some() { StreamEvent::Opened } else { StreamEvent::TimedOut };
        due.push((at, stream(id, true, event)));
        self.connections.of_mut(id).server.last_arrival = at;
        let conn = self.connections.of(id).server.conn;
        Some(Accept { host: place, conn, port: server.address.port(), peer: client.address })
    }

    /// Notes that the server has taken a connection, in its present life.
    pub(crate) fn opened(&mut self, now: Time, id: u32, boots: u32) {
        let connection = self.connections.of_mut(id);
        connection.server.boots = boots;
        connection.server.state = EndState::Open;
        let (place, conn) = (connection.server.party.place, connection.server.conn);
        if let Some(place) = place {
            self.hosts[place].conns.insert(conn, id);
        }
        self.enter_connection(now, id, "opened");
    }

    /// An end of a connection learns something: the host and the number by which its device knows
    /// the connection, if it still does.
    pub(crate) fn tell(
        &mut self,
        now: Time,
        id: u32,
        client: bool,
        event: &StreamEvent,
    ) -> Option<(usize, Conn)> {
        if !self.is_alive(id, client) {
            return None;
        }
        let end = self.connections.of_mut(id).end_mut(client);
        let (place, conn) = (end.party.place?, end.conn);
        let word = match event {
            StreamEvent::Opened => {
                end.state = EndState::Open;
                return Some((place, conn));
            }
            StreamEvent::Refused => Some("refused"),
            StreamEvent::Unreachable => Some("unreachable"),
            StreamEvent::TimedOut => Some("timed out"),
            StreamEvent::Reset => None,
            _ => return Some((place, conn)),
        };
        end.state = EndState::Gone;
        self.hosts[place].conns.remove(&conn);
        if let Some(word) = word {
            self.enter_connection(now, id, word);
        }
        Some((place, conn))
    }

    /// Whether an end is still there: its host lives the life in which the end came to be, and it
    /// has neither closed nor lost it.
    pub(crate) fn is_alive(&self, id: u32, client: bool) -> bool {
        let end = self.connections.of(id).end(client);
        let of_this_life = |place: usize| {
            let presence = &self.hosts[place];
            presence.on && presence.boots == end.boots
        };
        end.state != EndState::Gone && end.party.place.is_none_or(of_this_life)
    }

    /// Enters a change in the life of a connection.
    pub(crate) fn enter_connection(&mut self, now: Time, id: u32, event: &str) {
        let number = self.connections.number(id);
        let (client, server) = self.ends(id);
        let to = self.connections.of(id).server.party.address;
        self.ledger.enter(now, What::Connection { id: number, client, server, to, event: event.into() });
    }

    /// Names of the two ends.
    pub(crate) fn ends(&self, id: u32) -> (Host, Host) {
        let connection = self.connections.of(id);
        (self.name(connection.client.party), self.name(connection.server.party))
    }

    /// The way of a segment that one end would send now.
    pub(crate) fn way(&self, id: u32, from_client: bool, kind: &'static str) -> Way {
        let connection = self.connections.of(id);
        let (from, to) = (connection.end(from_client), connection.end(!from_client));
        Way {
            from: from.party.place,
            to: to.party.place,
            connection: connection.key,
            kind,
            offset: from.sent,
        }
    }

    fn send_syn(&mut self, id: u32, first_try: u32, due: &mut Due) {
        let since = self.connections.of(id).since;
        due.push(match self.links.segment(since, self.way(id, true, "SYN"), first_try) {
            Some((at, tries)) => (at, Consequence::Syn { connection: id, tries }),
            None => (since + GIVES_UP_AFTER, stream(id, true, StreamEvent::TimedOut)),
        });
    }
}

/// That an end of a connection learns something.
pub(crate) fn stream(connection: u32, client: bool, event: StreamEvent) -> Consequence {
    Consequence::Stream { connection, client, event }
}

/// A port of the dynamic range (RFC 6335 §6).
fn ephemeral_port(key: u64) -> u16 {
    49_152 + (key % 16_384) as u16
}

/// Time of one way without jitter.
pub(crate) fn one_way(network: &Network, id: u32, from_client: bool) -> Duration {
    let connection = network.connections.of(id);
    let (from, to) = (connection.end(from_client).party, connection.end(!from_client).party);
    Duration(network.links.link(from.place, to.place).plan.latency_us)
}
