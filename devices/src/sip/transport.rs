//! The transport layer (RFC 3261 §18): by which carrier a message goes, and the TCP connections of a box.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::sip::{Frame, Framer, Message, Name};

use super::SIP_PORT;
use crate::core::{Conn, Duration, Effect, Entropy, Outbox, Time, Timer};

/// A request of more octets goes over TCP, whatever the hop says (§18.1.1).
pub const MAX_DATAGRAM_REQUEST: usize = 1300;
/// Connections at one time; for a further one, the one that was used longest ago is closed.
pub const MAX_CONNECTIONS: usize = 1000;
/// A connection on which nothing passed for so long is closed: longer than any transaction takes, Timer C
/// of a proxy included (§18, §16.6 step 11).
pub const IDLE: Duration = Duration::secs(240);
/// Messages that wait for one connect.
const MAX_WAITING: usize = 1000;
/// Runs for a connection until it is idle for too long.
const IDLE_TIMER: &str = "idle connection";
/// How long a pong may take (RFC 5626 §4.4.1).
const PONG_PATIENCE: Duration = Duration::secs(10);
/// Runs for a connection until the pong comes.
const PONG_TIMER: &str = "pong";
const PING: &[u8] = b"\r\n\r\n";

/// A carrier of SIP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    /// As it stands in Via.
    pub fn token(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        }
    }

    /// Reads the `transport` parameter of a URI, in any case.
    pub fn parse(token: &str) -> Option<Transport> {
        [Transport::Udp, Transport::Tcp].into_iter().find(|known| known.token().eq_ignore_ascii_case(token))
    }

    /// Whether what is sent arrives, or the sender is told: no message is repeated then (§17).
    pub fn is_reliable(self) -> bool {
        self == Transport::Tcp
    }
}

/// The next place on a request's way: what RFC 3263 §4 finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// By which carrier.
    pub transport: Transport,
    /// Where to.
    pub address: SocketAddr,
}

impl Hop {
    /// In datagrams to this address.
    pub fn udp(address: SocketAddr) -> Hop {
        Hop { transport: Transport::Udp, address }
    }

    /// On a stream to this address.
    pub fn tcp(address: SocketAddr) -> Hop {
        Hop { transport: Transport::Tcp, address }
    }
}

/// The way of a transaction's messages: the hop, and the connection that serves it at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sip) struct Way {
    pub(super) hop: Hop,
    pub(super) conn: Option<Conn>,
}

impl Way {
    pub(super) fn to(hop: Hop) -> Way {
        Way { hop, conn: None }
    }
}

/// A message that was given to a connection which is not there yet.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Its transaction; none for an ACK to a 2xx.
    pub(super) tx: Option<u64>,
    pub(super) message: Message,
    /// It is a request that goes over TCP for its size alone.
    pub(super) for_size: bool,
}

/// The TCP connections of a box that carry SIP.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    entropy: Entropy,
    table: BTreeMap<Conn, Connection>,
}

#[derive(Clone, Debug)]
struct Connection {
    /// Where it leads: as we connected, or the peer's own port.
    remote: SocketAddr,
    accepted: bool,
    /// `None` once it is open.
    waiting: Option<Vec<Waiting>>,
    framer: Framer,
    /// The last thing that came was one CRLF: another one makes a ping.
    half_ping: bool,
    used: Time,
}

impl Connections {
    pub(super) fn new(entropy: Entropy) -> Connections {
        Connections { entropy, table: BTreeMap::new() }
    }

    pub(super) fn has(&self, conn: Conn) -> bool {
        self.table.contains_key(&conn)
    }

    /// The peer of a connection.
    pub(super) fn remote(&self, conn: Conn) -> Option<SocketAddr> {
        self.table.get(&conn).map(|connection| connection.remote)
    }

    /// Sends a message on its way, over TCP on the connection that is there or on a new one (§18.1.1,
    /// §18.2.2), and notes which it was.
    pub(super) fn send(&mut self, now: Time, way: &mut Way, sent: Waiting, out: &mut Outbox) {
        if way.hop.transport == Transport::Udp {
            return out.datagram(way.hop.address, sent.message.raw().clone());
        }
        let known = way.conn.filter(|conn| self.has(*conn)).or_else(|| self.to(way.hop.address));
        let conn = known.unwrap_or_else(|| self.connect(now, way.hop.address, &sent.message, out));
        way.conn = Some(conn);
        match self.table.get_mut(&conn).map(|connection| &mut connection.waiting) {
            Some(Some(waiting)) if waiting.len() < MAX_WAITING => waiting.push(sent),
            Some(Some(_)) => out.unexpected("more messages than may wait for one connect", "fewer"),
            _ => self.put(now, conn, sent.message.raw().clone(), out),
        }
    }

    /// Puts octets on a connection that is open.
    pub(super) fn put(&mut self, now: Time, conn: Conn, bytes: Bytes, out: &mut Outbox) {
        out.send(conn, bytes);
        self.touch(now, conn, out);
    }

    /// Somebody connected to us.
    pub(super) fn accept(&mut self, now: Time, conn: Conn, remote: SocketAddr, out: &mut Outbox) {
        self.add(now, conn, remote, None, out);
    }

    /// A connect succeeded: returns what waited for it.
    pub(super) fn opened(&mut self, now: Time, conn: Conn, out: &mut Outbox) -> Vec<Waiting> {
        self.touch(now, conn, out);
        self.table.get_mut(&conn).and_then(|connection| connection.waiting.take()).unwrap_or_default()
    }

    /// Octets came: returns what they complete. A ping is answered here (RFC 5626 §4.4.1).
    pub(super) fn bytes(&mut self, now: Time, conn: Conn, bytes: &[u8], out: &mut Outbox) -> Vec<Frame> {
        self.touch(now, conn, out);
        let Some(connection) = self.table.get_mut(&conn) else { return Vec::new() };
        let mut frames = connection.framer.push(bytes);
        let (accepted, half_ping) = (connection.accepted, &mut connection.half_ping);
        frames.retain(|frame| {
            let line_end = *frame == Frame::LineEnd;
            let whole_ping = line_end && *half_ping;
            *half_ping = line_end && !whole_ping;
            match accepted {
                true if whole_ping => out.send(conn, &b"\r\n"[..]),
                false if line_end => out.disarm(Timer { owner: conn.0, name: PONG_TIMER }),
                _ => {}
            }
            !line_end
        });
        frames
    }

    /// Keeps the way to a hop open: line ends, which on a stream want an answer (RFC 5626 §3.5.1). Where no
    /// connection stands there is none to keep.
    pub(super) fn ping(&mut self, now: Time, hop: Hop, out: &mut Outbox) {
        if hop.transport == Transport::Udp {
            return out.datagram(hop.address, Bytes::from_static(PING));
        }
        let open = |conn: &Conn| self.table.get(conn).is_some_and(|connection| connection.waiting.is_none());
        if let Some(conn) = self.to(hop.address).filter(open) {
            self.put(now, conn, Bytes::from_static(PING), out);
            out.arm(now, PONG_PATIENCE, Timer { owner: conn.0, name: PONG_TIMER });
        }
    }

    /// A timer of a connection: it was idle for too long, or its ping got no answer and it has failed.
    pub(super) fn fires(&mut self, timer: Timer, out: &mut Outbox) {
        let conn = Conn(timer.owner);
        if timer.name == PONG_TIMER && self.has(conn) {
            out.unexpected("no answer to a ping for 10 s", "a pong (RFC 5626 §4.4.1)");
            drop(self.gone(conn, out));
            out.push(Effect::Reset(conn));
        } else {
            self.close(conn, out);
        }
    }

    /// A connection is gone: returns where it led and what waited for it. What had come of a message is
    /// recorded.
    pub(super) fn gone(&mut self, conn: Conn, out: &mut Outbox) -> Option<(SocketAddr, Vec<Waiting>)> {
        let connection = self.table.remove(&conn)?;
        disarm(conn, out);
        if !connection.framer.pending().is_empty() {
            out.unexpected("the end of a connection in the middle of a SIP message", "the rest of it");
        }
        Some((connection.remote, connection.waiting.unwrap_or_default()))
    }

    /// Closes a connection from our side, once all is sent.
    pub(super) fn close(&mut self, conn: Conn, out: &mut Outbox) {
        if self.table.remove(&conn).is_some() {
            disarm(conn, out);
            out.push(Effect::Close(conn));
        }
    }

    /// The connection that we opened to this address.
    fn to(&self, address: SocketAddr) -> Option<Conn> {
        let ours =
            |(_, connection): &(&Conn, &Connection)| !connection.accepted && connection.remote == address;
        self.table.iter().find(ours).map(|(conn, _)| *conn)
    }

    fn connect(&mut self, now: Time, to: SocketAddr, first: &Message, out: &mut Outbox) -> Conn {
        let number = |attempt: u32| {
            let what = (first.branch(), first.label(), attempt);
            Conn(self.entropy.key(("connection", to, what)).0 & !Conn::ACCEPTED)
        };
        let conn = (0..).map(number).find(|conn| !self.has(*conn)).unwrap_or(Conn(0));
        self.add(now, conn, to, Some(Vec::new()), out);
        out.push(Effect::Connect { conn, to });
        conn
    }

    fn add(
        &mut self,
        now: Time,
        conn: Conn,
        remote: SocketAddr,
        waiting: Option<Vec<Waiting>>,
        out: &mut Outbox,
    ) {
        if self.table.len() >= MAX_CONNECTIONS {
            let open = self.table.iter().filter(|(_, connection)| connection.waiting.is_none());
            let oldest =
                open.min_by_key(|(conn, connection)| (connection.used, **conn)).map(|(conn, _)| *conn);
            oldest.into_iter().for_each(|oldest| self.close(oldest, out));
        }
        let (framer, accepted) = (Framer::new(), waiting.is_none());
        let connection = Connection { remote, accepted, waiting, framer, half_ping: false, used: now };
        self.table.insert(conn, connection);
        self.touch(now, conn, out);
    }

    fn touch(&mut self, now: Time, conn: Conn, out: &mut Outbox) {
        if let Some(connection) = self.table.get_mut(&conn) {
            connection.used = now;
            out.arm(now, IDLE, Timer { owner: conn.0, name: IDLE_TIMER });
        }
    }
}

fn disarm(conn: Conn, out: &mut Outbox) {
    for name in [IDLE_TIMER, PONG_TIMER] {
        out.disarm(Timer { owner: conn.0, name });
    }
}

/// Accepts SIP on TCP, as every element must that accepts it in datagrams (§18.2.1).
pub(super) fn listen(out: &mut Outbox) {
    out.push(Effect::Listen { port: SIP_PORT });
}

/// The request with this transport in its top Via (§18.1.1).
pub(super) fn with_transport(request: Message, transport: Transport) -> Message {
    match request.via() {
        Ok(mut via) if !via.transport.eq_ignore_ascii_case(transport.token()) => {
            transport.token().clone_into(&mut via.transport);
            request.edit().replace_first_value(Name::Via, via.to_string()).finish()
        }
        _ => request,
    }
}
