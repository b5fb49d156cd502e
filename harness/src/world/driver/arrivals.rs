//! What reaches a station: posts from other stations and from its sockets, and what the network
//! decided when its time has come.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_devices::core::{Conn, Event, StreamEvent};

use super::net::Net;
use super::pump::{Post, PumpId};
use super::station::Station;
use crate::world::consequence::{Consequence, Due, Flight, Load, Segment};
use crate::world::links::GIVES_UP_AFTER;
use crate::world::opening::stream;
use crate::world::queue::{Happening, Rank};

impl<N: Net> Station<N> {
    /// Takes a post.
    pub(super) fn receive(&mut self, post: Post<N::Stream>) {
        match post {
            Post::Due(at, consequence) => {
                self.queue.push(at, 0, 0, Rank::Arrival, Happening::Network(consequence));
            }
            Post::Datagram { from, bytes } => self.datagram(from, bytes),
            Post::Connected { connection, tries, result } => self.connected(connection, tries, result),
            Post::Accepted { stream, peer, port } => self.accepted(stream, peer, port),
            Post::Paired { peer, connection } => {
                self.expected.insert(peer, connection);
                self.pair();
            }
            Post::Received { connection, from_client, load } => self.received(connection, from_client, load),
            Post::PowerLost { back_after_us } => self.lose_power(back_after_us),
            Post::Tell { conn, event } => self.tell(conn, event),
        }
    }

    /// Brings about what the network decided. Returns a datagram that is to be sent.
    pub(super) fn bring_about(&mut self, consequence: Consequence) -> Option<(Bytes, SocketAddr)> {
        let now = self.now();
        match consequence {
            Consequence::Datagram(flight) => return self.fly(flight),
            Consequence::Unreachable { to, .. } => self.step(Event::Unreachable { to }),
            Consequence::Resolved { host, boots, question } => {
                let answer = self.ground.borrow_mut().network.answer(now, (host, boots), &question);
                if let Some(answer) = answer {
                    self.step(Event::Resolved { question, answer });
                }
            }
            Consequence::PowerOff { host, back_after_us } => self.power_off(host, back_after_us),
            Consequence::Order { host, text, order } => {
                self.ground.borrow_mut().network.enter_injection(now, host, text);
                self.step(Event::Order(order));
            }
            Consequence::Syn { connection, tries } => self.syn(connection, tries),
            Consequence::Segment(segment) => self.segment(segment),
            Consequence::Stream { connection, client, event } => {
                let told = self.ground.borrow_mut().network.tell(now, connection, client, &event);
                match told {
                    Some((host, conn)) if host == self.host => self.tell(conn, event),
                    // The other end is outside the program: it learns of a reset only.
                    _ if event == StreamEvent::Reset => {
                        self.command(PumpId { connection, client: !client }, Load::Reset);
                    }
                    _ => {}
                }
            }
        }
        None
    }

    /// A datagram whose time has come: ours goes to the socket, one from outside to the device.
    fn fly(&mut self, flight: Flight) -> Option<(Bytes, SocketAddr)> {
        let arrives = self.ground.borrow_mut().network.arrives(self.now(), &flight);
        if !arrives {
            return None;
        }
        if flight.from.place == Some(self.host) {
            return Some((flight.bytes, flight.to.address));
        }
        self.step(Event::Datagram { from: flight.from.address, bytes: flight.bytes });
        None
    }

    /// A datagram came out of the socket. One of a virtual host has passed its link already.
    fn datagram(&mut self, from: SocketAddr, bytes: Bytes) {
        let now = self.now();
        let due = {
            let network = &mut self.ground.borrow_mut().network;
            let from = network.party(from);
            if network.is_ours(from) {
                None
            } else {
                network.hear(from);
                let (to, mut due) = (network.party(network.roster.sip(self.host)), Due::new());
                network.datagram(now, from, to, bytes.clone(), &mut due);
                Some(due)
            }
        };
        match due {
            Some(due) => self.dispatch(due),
            None => self.step(Event::Datagram { from, bytes }),
        }
    }

    /// A SYN arrives: if somebody takes it, a real connection is made.
    fn syn(&mut self, connection: u32, tries: u32) {
        let now = self.now();
        let (server, ours, accepts) = {
            let network = &self.ground.borrow().network;
            let server = network.connections.of(connection).server.party;
            (server, network.is_ours(server), network.accepts(server))
        };
        if !ours || accepts {
            return self.begin_connect(connection, tries, server.address, ours);
        }
        let mut due = Due::new();
        self.ground.borrow_mut().network.syn_arrives(now, connection, tries, &mut due);
        self.dispatch(due);
    }

    fn connected(&mut self, id: u32, tries: u32, result: io::Result<(N::Stream, SocketAddr)>) {
        let now = self.now();
        let mut due = Due::new();
        let server = self.ground.borrow().network.connections.of(id).server.party;
        let ours = self.ground.borrow().network.is_ours(server);
        match result {
            Ok((stream, local)) if ours => {
                let accept = self.ground.borrow_mut().network.syn_arrives(now, id, tries, &mut due);
                if let Some(accept) = accept {
                    self.serve(PumpId { connection: id, client: true }, stream);
                    if let Some(inbox) = self.ground.borrow().inboxes.get(&accept.host) {
                        let _ = inbox.send(Post::Paired { peer: local, connection: id });
                    }
                }
            }
            Ok((outside, _)) => {
                self.ground.borrow_mut().network.opened(now, id, 1);
                self.serve(PumpId { connection: id, client: true }, outside);
                due.push((now, stream(id, true, StreamEvent::Opened)));
            }
            // A simulated network that loses a SYN says "refused" at once; TCP would try again.
            Err(_) if ours => {
                let since = self.ground.borrow().network.connections.of(id).since;
                due.push((since + GIVES_UP_AFTER, stream(id, true, StreamEvent::TimedOut)));
            }
            Err(error) => due.push((now, stream(id, true, outcome(&error)))),
        }
        self.dispatch(due);
    }

    fn accepted(&mut self, stream: N::Stream, peer: SocketAddr, port: u16) {
        let now = self.now();
        let connection = {
            let network = &mut self.ground.borrow_mut().network;
            let from = network.party(peer);
            let to = SocketAddr::new(network.roster.sip(self.host).ip(), port);
            if network.is_ours(from) { None } else { Some(network.connect_from_outside(now, from, to)) }
        };
        match connection {
            None => {
                self.unpaired.push((peer, stream));
                self.pair();
            }
            Some(Some(connection)) => self.accept(connection, stream),
            Some(None) => self.net.reset(stream),
        }
    }

    /// Brings accepted streams and the connections they belong to together.
    fn pair(&mut self) {
        let known = self.unpaired.iter().position(|(peer, _)| self.expected.contains_key(peer));
        let Some((peer, stream)) = known.map(|index| self.unpaired.swap_remove(index)) else { return };
        if let Some(connection) = self.expected.remove(&peer) {
            self.accept(connection, stream);
        }
    }

    fn accept(&mut self, connection: u32, stream: N::Stream) {
        self.serve(PumpId { connection, client: false }, stream);
        let accepted = {
            let network = &self.ground.borrow().network;
            let record = network.connections.of(connection);
            let event = StreamEvent::Accepted {
                port: record.server.party.address.port(),
                peer: record.client.party.address,
            };
            network.is_alive(connection, false).then_some((record.server.conn, event))
        };
        if let Some((conn, event)) = accepted {
            self.tell(conn, event);
        }
    }

    /// A segment whose time has come: ours goes to the socket, one from outside to the device.
    fn segment(&mut self, segment: Segment) {
        let mut due = Due::new();
        let pump = PumpId { connection: segment.connection, client: segment.from_client };
        let (arrived, sender) = {
            let now = self.now();
            let network = &mut self.ground.borrow_mut().network;
            let sender = network.connections.of(segment.connection).end(segment.from_client).party;
            (network.segment_arrives(now, segment, &mut due), sender)
        };
        self.dispatch(due);
        let Some((receiver, conn, load)) = arrived else { return };
        let inside = receiver.filter(|place| !self.ground.borrow().network.roster.is_external(*place));
        match (inside, load) {
            (Some(host), load) if sender.place != Some(self.host) && host == self.host => {
                self.tell(conn, event(load));
            }
            // The peer learns of it at once; its end of the socket is of no use any more.
            (Some(host), Load::Reset) => {
                if let Some(inbox) = self.ground.borrow().inboxes.get(&host) {
                    let _ = inbox.send(Post::Tell { conn, event: StreamEvent::Reset });
                }
            }
            (_, load) => self.command(pump, load),
        }
    }

    fn command(&mut self, pump: PumpId, load: Load) {
        if let Some(commands) = self.pumps.get(&pump) {
            let _ = commands.send(load);
        }
    }

    /// Something came out of a stream. What a virtual host sent has passed its link already, and
    /// its resets come by post; what came from outside passes the link now.
    fn received(&mut self, connection: u32, from_client: bool, load: Load) {
        let now = self.now();
        let mut due = Due::new();
        let told: Option<Conn> = {
            let network = &mut self.ground.borrow_mut().network;
            let record = network.connections.of(connection);
            let (sender, receiver) = (record.end(from_client), record.end(!from_client));
            let (conn, sent_fin) = (receiver.conn, sender.fin);
            if !network.is_ours(sender.party) {
                network.take_from_outside(now, connection, from_client, load.clone(), &mut due);
                None
            } else {
                let meant = match load {
                    Load::Bytes(_) => true,
                    Load::Fin => sent_fin,
                    Load::Reset => false,
                };
                (meant && network.is_alive(connection, !from_client)).then_some(conn)
            }
        };
        self.dispatch(due);
        if let Some(conn) = told {
            self.tell(conn, event(load));
        }
    }
}

fn event(load: Load) -> StreamEvent {
    match load {
        Load::Bytes(bytes) => StreamEvent::Bytes(bytes),
        Load::Fin => StreamEvent::Fin,
        Load::Reset => StreamEvent::Reset,
    }
}

fn outcome(error: &io::Error) -> StreamEvent {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => StreamEvent::Refused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => StreamEvent::Unreachable,
        _ => StreamEvent::TimedOut,
    }
}
