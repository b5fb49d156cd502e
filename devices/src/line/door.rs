//! The caller as the passive side (RFC 4145 §4): it waits for the peer to connect, and is the client of
//! the protocol all the same, for it made the offer of T4.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bytes::BytesMut;

use super::caller::{Outgoing, Stage};
use super::serving::HTTP_PORT;
use super::{Line, What};
use crate::core::{Conn, Duration, Effect, Outbox, StreamEvent, Time};

/// How long the peer may take to connect, once it has said that it will.
const PATIENCE: Duration = Duration::secs(32);
/// Connections that may wait until the answer says who the peer is.
const MOST_WAITING: usize = 4;
/// Octets that such a connection may bring: more than any greeting.
const MOST_EARLY: usize = 16 * 1024;

/// A port of ours, and who has connected to it.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) port: u16,
    /// Connections that came before the answer: a SYN may outrun the 200.
    waiting: Vec<Early>,
}

/// A connection that came before the answer.
#[derive(Clone, Debug)]
struct Early {
    conn: Conn,
    peer: IpAddr,
    bytes: BytesMut,
}

impl Door {
    /// Takes no more connections, and drops those that nobody wanted.
    pub(super) fn shut(&self, connections: &mut BTreeMap<Conn, u64>, out: &mut Outbox) {
        out.push(Effect::Unlisten { port: self.port });
        for early in &self.waiting {
            connections.remove(&early.conn);
            out.push(Effect::Reset(early.conn));
        }
    }
}

impl Line {
    /// Prepared for the peer before the offer says so. Returns the port.
    pub(super) fn open_door(&mut self, call: &mut Outgoing, out: &mut Outbox) -> u16 {
        let port = self.free_port(("door", call.key));
        call.door = Some(Door { port, waiting: Vec::new() });
        out.push(Effect::Listen { port });
        port
    }

    /// Nothing more is awaited there.
    pub(super) fn shut_door(&mut self, call: &mut Outgoing, out: &mut Outbox) {
        if let Some(door) = call.door.take() {
            out.disarm(call.timer("door"));
            door.shut(&mut self.connections, out);
        }
    }

    /// The answer says that the peer connects: it may have done so already.
    pub(super) fn await_peer(
        &mut self,
        now: Time,
        mut call: Outgoing,
        peer: IpAddr,
        out: &mut Outbox,
    ) -> Outgoing {
        self.tell(call.key, What::Agreed);
        call.stage = Stage::Awaiting { peer };
        out.arm(now, PATIENCE, call.timer("door"));
        let early = call.door.as_mut().and_then(|door| {
            let at = door.waiting.iter().position(|early| early.peer == peer)?;
            Some(door.waiting.remove(at))
        });
        let Some(Early { conn, bytes, .. }) = early else { return call };
        let call = self.enters(call, conn, peer, out);
        if !bytes.is_empty() {
            self.tell(call.key, What::Bytes(bytes.freeze()));
        }
        call
    }

    /// Somebody connected to a door of ours; false if the port is none.
    pub(super) fn caller_accepted(
        &mut self,
        conn: Conn,
        port: u16,
        from: SocketAddr,
        out: &mut Outbox,
    ) -> bool {
        let opened = |call: &&Outgoing| call.door.as_ref().is_some_and(|door| door.port == port);
        let Some(key) = self.outgoing.values().find(opened).map(|call| call.key) else { return false };
        let Some(mut call) = self.outgoing.remove(&key) else { return false };
        if matches!(&call.stage, Stage::Awaiting { peer } if *peer == from.ip()) {
            let call = self.enters(call, conn, from.ip(), out);
            self.keep(Some(call));
            return true;
        }
        let may_come = self.phone.may_connect(call.dialog.as_ref(), from.ip());
        match (&call.stage, &mut call.door) {
            // One for each host: a stranger who fills the door leaves room for the peer.
            (Stage::Calling { .. } | Stage::Announcing { .. } | Stage::PutOff { .. }, Some(door))
                if may_come
                    && door.waiting.len() < MOST_WAITING
                    && door.waiting.iter().all(|early| early.peer != from.ip()) =>
            {
                door.waiting.push(Early { conn, peer: from.ip(), bytes: BytesMut::new() });
                self.connections.insert(conn, key);
            }
            _ => {
                out.unexpected("a connection from a stranger", "the peer");
                out.push(Effect::Reset(conn));
            }
        }
        self.keep(Some(call));
        true
    }

    /// Something happens on a connection that came before the answer: what it brings is kept for the
    /// session. False if it is no such connection.
    pub(super) fn came_early(&mut self, key: u64, conn: Conn, event: &StreamEvent, out: &mut Outbox) -> bool {
        let door = self.outgoing.get_mut(&key).and_then(|call| call.door.as_mut());
        let found = door.and_then(|door| {
            let at = door.waiting.iter().position(|early| early.conn == conn)?;
            Some((door, at))
        });
        let Some((door, at)) = found else { return false };
        let room = MOST_EARLY - door.waiting[at].bytes.len();
        match event {
            StreamEvent::Bytes(bytes) if bytes.len() <= room => {
                door.waiting[at].bytes.extend_from_slice(bytes);
                return true;
            }
            StreamEvent::Bytes(_) => out.unexpected("much data before the answer", "the answer"),
            StreamEvent::Fin | StreamEvent::Reset => {}
            _ => return true,
        }
        door.waiting.remove(at);
        self.connections.remove(&conn);
        out.push(Effect::Reset(conn));
        true
    }

    fn enters(&mut self, mut call: Outgoing, conn: Conn, peer: IpAddr, out: &mut Outbox) -> Outgoing {
        self.shut_door(&mut call, out);
        self.connections.insert(conn, call.key);
        // A peer that connects has no port of its own: the authority of its HTTP is its address.
        self.opened(call, conn, SocketAddr::new(peer, HTTP_PORT))
    }
}
