//! What comes from real devices and strangers: it is recorded when it is received, and it passes
//! links and rules at the harness's end.

use std::net::SocketAddr;

use faxproof_devices::core::{Conn, Time};

use super::consequence::{Consequence, Due, Load, Party, Segment};
use super::network::Network;
use super::tcp::{End, EndState};

/// Addresses outside the plan that a world remembers; further ones get no answer.
const MOST_STRANGERS: usize = 1_000;

impl Network {
    /// Whether a virtual host of ours stands there.
    pub(crate) fn is_ours(&self, party: Party) -> bool {
        party.place.is_some_and(|place| !self.roster.is_external(place))
    }

    /// Whether a SYN to this virtual host would be taken now.
    pub(crate) fn accepts(&self, server: Party) -> bool {
        server.place.is_some_and(|place| {
            let presence = &self.hosts[place];
            presence.on && presence.listening.contains(&server.address.port())
        })
    }

    /// Remembers a stranger, so that it can be answered.
    pub(crate) fn hear(&mut self, from: Party) {
        if from.place.is_none() && self.strangers.len() < MOST_STRANGERS {
            self.strangers.insert(from.address.ip());
        }
    }

    /// Real devices are taken to have power.
    pub(crate) fn switch_on_externals(&mut self) {
        for (place, presence) in self.hosts.iter_mut().enumerate() {
            if self.roster.is_external(place) {
                (presence.on, presence.boots) = (true, 1);
            }
        }
    }

    /// Somebody outside connected to one of our hosts. `None`: it does not take connections now.
    pub(crate) fn connect_from_outside(&mut self, now: Time, from: Party, to: SocketAddr) -> Option<u32> {
        let server = self.party(to);
        if !self.accepts(server) {
            return None;
        }
        self.hear(from);
        let boots = server.place.map_or(0, |place| self.hosts[place].boots);
        let mut client = End::of(from, Conn(0), 1);
        client.state = EndState::Open;
        let name = self.name(from);
        let id = self.connections.add(now, client, server, &name);
        self.opened(now, id, boots);
        Some(id)
    }

    /// Something came over a connection from outside.
    pub(crate) fn take_from_outside(&mut self, now: Time, id: u32, client: bool, load: Load, due: &mut Due) {
        match load {
            Load::Bytes(bytes) => self.stream_bytes(now, id, client, bytes, due),
            Load::Fin => self.finish(now, id, client, due),
            Load::Reset => self.abort(now, id, client, due),
        }
    }

    /// Which host's station brings a consequence about: it must have the socket for it. `None`: the
    /// one that decided it.
    pub(crate) fn station(&self, consequence: &Consequence) -> Option<usize> {
        let inside = |party: Party| party.place.filter(|place| !self.roster.is_external(*place));
        let end = |id: u32, client: bool| {
            let connection = self.connections.of(id);
            inside(connection.end(client).party).or_else(|| inside(connection.end(!client).party))
        };
        match consequence {
            Consequence::Datagram(flight) => inside(flight.from).or_else(|| inside(flight.to)),
            Consequence::Unreachable { host, .. }
            | Consequence::Resolved { host, .. }
            | Consequence::Order { host, .. } => Some(*host),
            // Whoever decided it: so it precedes the message that it is to precede.
            Consequence::PowerOff { .. } => None,
            Consequence::Syn { connection, .. } => end(*connection, true),
            Consequence::Segment(Segment { connection, from_client, .. }) => end(*connection, *from_client),
            Consequence::Stream { connection, client, .. } => end(*connection, *client),
        }
    }
}
