//! The callee's ends of the negotiated connection: what it answers to an offer, what it offers itself,
//! and the server behind it. Whoever opens the connection, the callee is the server of the protocol: the
//! other side made the offer of T4, or chose from ours.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sdp::{self, DISCARD_PORT, Description, Media, Reuse, Setup};
use faxproof_wire::sip::Message;

use super::callee::Incoming;
use super::serving::{HTTP_PORT, IDLE, Serving};
use super::{Line, What};
use crate::config::{Protocol, Refusal, Variant};
use crate::core::{Conn, Effect, Outbox, StreamEvent, Time, Timer};
use crate::turn::ServerTurn;

/// Media ports are taken from here on.
const FIRST_MEDIA_PORT: u16 = 40_000;
const MEDIA_PORTS: u64 = 20_000;

/// One end of a connection.
#[derive(Clone, Debug)]
pub(super) struct MediaEnd {
    /// Where we listen; `None` where we connect (RFC 4145 §4.1).
    port: Option<u16>,
    /// Who may connect: the address in the offer. `None` as long as the peer has named none.
    peer: Option<IpAddr>,
    /// The connection, from its SYN on.
    conn: Option<Conn>,
    /// A connection that stands, and whose greeting waits for the ACK.
    greets_at_ack: bool,
    /// What is spoken there.
    server: Serving,
}

impl MediaEnd {
    /// The connection stands: SMTP has a greeting, HTTP waits for its request.
    fn speak_first(&self, conn: Conn, out: &mut Outbox) {
        let greeting = self.server.greeting();
        if !greeting.is_empty() {
            out.send(conn, greeting);
        }
    }
}

impl Incoming {
    /// Nothing has happened for too long: what the server says before the connection closes.
    pub(super) fn say_farewell(&mut self, out: &mut Outbox) {
        for end in &mut self.media {
            let farewell = end.server.timed_out();
            if let (Some(conn), false) = (end.conn, farewell.is_empty()) {
                out.send(conn, farewell);
            }
        }
    }

    /// T4 is complete: a server that connected before may speak now (RFC 5321 §4.3.1 has it speak first).
    pub(super) fn greet(&mut self, out: &mut Outbox) {
        for end in self.media.iter_mut().filter(|end| end.greets_at_ack) {
            end.greets_at_ack = false;
            if let Some(conn) = end.conn {
                end.speak_first(conn, out);
            }
        }
    }
}

impl Line {
    /// The answer to an offer, or our offer where there is none. `None`: 488.
    pub(super) fn answer_offer(
        &mut self,
        call: &mut Incoming,
        invite: &Message,
        out: &mut Outbox,
    ) -> Option<Description> {
        let id = self.phone.session_id(("answer", call.key));
        let own = Description::zero_media(self.phone.config.address, id, call.sdp_version + 1);
        let body = invite.body();
        if body.is_empty() {
            call.sdp_version += 1;
            return Some(self.offer_all(call, own, out));
        }
        let offer = sdp::parse(&body).ok()?;
        let lines = offer.media.iter().enumerate();
        let media: Vec<Media> =
            lines.map(|(line, media)| self.answer_line(call, media, offer.address_of(line), out)).collect();
        // Variant S: capabilities answer capabilities (RFC 3407 §3).
        let simple = offer.declared_protocols().is_some()
            && self.phone.config.habits.accepts.contains(&Variant::Simple);
        let own = if simple { own.declaring(&self.phone.presented()) } else { own };
        let answer = Description { media, ..own };
        if answer.is_refusal() && self.phone.config.habits.refusal == Refusal::NotAcceptable {
            return None;
        }
        call.sdp_version += 1;
        Some(answer)
    }

    /// Variant D: one line for each of our protocols, each with a port that accepts before the offer says so.
    fn offer_all(&mut self, call: &mut Incoming, own: Description, out: &mut Outbox) -> Description {
        if !call.media.is_empty() {
            return own;
        }
        let mut offer = own;
        for protocol in self.phone.config.protocols.clone() {
            offer = offer.adding(&[protocol.token()], Setup::Passive);
            let port = self.open_port(call, protocol, None, out);
            if let Some(line) = offer.media.last_mut() {
                line.port = port;
            }
        }
        offer
    }

    /// Variant D: the ACK answers our offer. The line that it takes stays open, the others are closed.
    pub(super) fn chosen(
        &mut self,
        call: &mut Incoming,
        offer: &Description,
        ack: &Message,
        out: &mut Outbox,
    ) {
        let answer =
            sdp::parse(&ack.body()).ok().filter(|answer| sdp::answer_problem(offer, answer).is_none());
        if answer.is_none() {
            out.unexpected("an ACK without an answer to our offer", "an answer");
        }
        let mut kept = Vec::new();
        for (line, mut end) in std::mem::take(&mut call.media).into_iter().enumerate() {
            let taken = answer.as_ref().and_then(|answer| {
                let media = answer.media.get(line).filter(|media| !media.is_refused())?;
                (media.answered_setup() == Setup::Active).then(|| answer.address_of(line))
            });
            match taken.map(|named| self.phone.media_address(&call.dialog.remote_target, named)) {
                Some(Ok(peer)) => {
                    end.peer = Some(peer);
                    kept.push(end);
                }
                Some(Err(why)) => {
                    out.unexpected(format!("an answer that leads nowhere: {why}"), "the peer's address");
                    self.leave(&end, out);
                }
                None => self.leave(&end, out),
            }
        }
        call.media = kept;
    }

    /// The answer to one line: the first format that we can serve is taken. A line of another kind, and
    /// a second connection, get port 0.
    fn answer_line(
        &mut self,
        call: &mut Incoming,
        media: &Media,
        address: Option<IpAddr>,
        out: &mut Outbox,
    ) -> Media {
        let own = &self.phone.config.protocols;
        let served = |format: &&String| own.iter().any(|own| own.token().eq_ignore_ascii_case(format));
        let common: Vec<String> = media.formats.iter().filter(served).cloned().collect();
        let protocol = own
            .iter()
            .copied()
            .find(|own| common.first().is_some_and(|f| own.token().eq_ignore_ascii_case(f)));
        let open = media.is_application_over_tcp() && !media.is_refused();
        let ready = protocol.filter(|_| open).and_then(|protocol| {
            let first = vec![common.first().cloned()?];
            match media.offered_setup() {
                // Nothing to connect yet: all that both support (RFC 4145 §4.1).
                Setup::HoldConn => Some((Setup::HoldConn, DISCARD_PORT, common.clone())),
                _ if !call.media.is_empty() => None,
                setup => {
                    let peer = self.phone.media_address(&call.dialog.remote_target, address);
                    let peer = peer.map_err(|why| {
                        out.unexpected(format!("an offer that leads nowhere: {why}"), "the peer's address");
                    });
                    let peer = peer.ok()?;
                    if setup == Setup::Passive {
                        self.connect_to(call, protocol, SocketAddr::new(peer, media.port), out);
                        Some((Setup::Active, DISCARD_PORT, first))
                    } else {
                        let port = self.open_port(call, protocol, Some(peer), out);
                        Some((Setup::Passive, port, first))
                    }
                }
            }
        });
        let refused = || common.first().or(media.formats.first()).cloned().into_iter().collect();
        let (setup, port, formats) = match ready {
            Some((setup, port, formats)) => (Some(setup), port, formats),
            None => (None, 0, refused()),
        };
        Media { port, formats, setup, connection: setup.map(|_| Reuse::New), address: None, ..media.clone() }
    }

    /// Prepared for reception (paragraph 0074): the port accepts before the answer says so.
    pub(super) fn open_port(
        &mut self,
        call: &mut Incoming,
        protocol: Protocol,
        peer: Option<IpAddr>,
        out: &mut Outbox,
    ) -> u16 {
        // The call itself is not among those whose ports are known: two lines get two names.
        let line = call.media.len();
        let port = match line {
            0 => self.free_port(("port", call.key, call.sdp_version + 1)),
            _ => self.free_port(("port", call.key, call.sdp_version + 1, line, protocol)),
        };
        let server = Serving::of(protocol, &self.phone.config, port);
        call.media.push(MediaEnd { port: Some(port), peer, conn: None, greets_at_ack: false, server });
        out.push(Effect::Listen { port });
        port
    }

    /// The offerer waits: it knows our address from the answer.
    fn connect_to(&mut self, call: &mut Incoming, protocol: Protocol, to: SocketAddr, out: &mut Outbox) {
        let conn = Conn(
            self.phone.entropy.key(("callee's connection", call.key, call.sdp_version)).0 & !Conn::ACCEPTED,
        );
        self.connections.insert(conn, call.key);
        let (peer, server) = (Some(to.ip()), Serving::of(protocol, &self.phone.config, HTTP_PORT));
        call.media.push(MediaEnd { port: None, peer, conn: Some(conn), greets_at_ack: false, server });
        out.push(Effect::Connect { conn, to });
    }

    /// A port on which no call of ours listens.
    pub(super) fn free_port(&self, what: impl std::hash::Hash) -> u16 {
        let taken = |port: u16| {
            let ends = self.incoming.values().flat_map(|call| &call.media).filter_map(|end| end.port);
            let doors = self.outgoing.values().filter_map(|call| Some(call.door.as_ref()?.port));
            ends.chain(doors).any(|known| known == port)
        };
        let pick = |attempt: u32| {
            let below = self.phone.entropy.key((&what, attempt)).below(MEDIA_PORTS);
            FIRST_MEDIA_PORT + u16::try_from(below).unwrap_or_default()
        };
        (0..16).map(pick).find(|port| !taken(*port)).unwrap_or_else(|| pick(16))
    }

    /// Somebody connected to a port of ours.
    pub(super) fn callee_accepted(
        &mut self,
        now: Time,
        conn: Conn,
        port: u16,
        from: SocketAddr,
        out: &mut Outbox,
    ) {
        let awaits = |end: &MediaEnd| {
            end.port == Some(port) && end.conn.is_none() && end.peer.is_none_or(|ip| ip == from.ip())
        };
        let found = self.incoming.values_mut().find(|call| call.media.iter().any(awaits));
        let Some((key, end)) =
            found.and_then(|call| Some((call.key, call.media.iter_mut().find(|end| awaits(end))?)))
        else {
            // A stranger does not get between the parties (it may have been quicker than the peer).
            out.unexpected("a connection from a stranger", "the peer");
            return out.push(Effect::Reset(conn));
        };
        end.conn = Some(conn);
        end.peer = Some(from.ip());
        self.connections.insert(conn, key);
        out.push(Effect::Unlisten { port });
        end.speak_first(conn, out);
        out.arm(now, IDLE, Timer { owner: key, name: "idle" });
    }

    /// Something happened on the connection of a call (T5, T6).
    pub(super) fn callee_stream(&mut self, key: u64, conn: Conn, event: StreamEvent, out: &mut Outbox) {
        let Some(call) = self.incoming.get_mut(&key) else {
            return out.push(Effect::Reset(conn));
        };
        let Some(end) = call.media.iter_mut().find(|end| end.conn == Some(conn)) else { return };
        match event {
            StreamEvent::Opened => {
                end.greets_at_ack = true;
                if call.unacknowledged.is_none() {
                    call.greet(out);
                }
            }
            StreamEvent::Bytes(bytes) => self.tell(key, What::Received(conn, bytes)),
            StreamEvent::Fin => {
                out.push(Effect::Close(conn));
                self.forget_end(key, conn);
            }
            StreamEvent::Refused | StreamEvent::Unreachable | StreamEvent::TimedOut | StreamEvent::Reset => {
                self.forget_end(key, conn);
            }
            StreamEvent::Writable | StreamEvent::Secured | StreamEvent::Accepted { .. } => {}
        }
    }

    /// The server at the end of this connection, and how many documents of this call had no name.
    pub(crate) fn server(&mut self, key: u64, conn: Conn) -> Option<(&mut Serving, &mut u32)> {
        let Incoming { media, documents, .. } = self.incoming.get_mut(&key)?;
        let end = media.iter_mut().find(|end| end.conn == Some(conn))?;
        Some((&mut end.server, documents))
    }

    /// Who is at the other end of this connection.
    pub(crate) fn peer_of(&self, key: u64, conn: Conn) -> Option<IpAddr> {
        self.incoming.get(&key)?.media.iter().find(|end| end.conn == Some(conn))?.peer
    }

    /// What the server wants after it has got bytes.
    pub(crate) fn served(&mut self, now: Time, key: u64, conn: Conn, turn: ServerTurn, out: &mut Outbox) {
        let Some((server, _)) = self.server(key, conn) else { return };
        let lingers = server.lingers();
        if !turn.send.is_empty() {
            out.send(conn, turn.send);
        }
        if turn.close {
            out.push(if lingers { Effect::ShutDown(conn) } else { Effect::Close(conn) });
        }
        if turn.progress {
            out.arm(now, IDLE, Timer { owner: key, name: "idle" });
        }
        if turn.close && !lingers {
            self.forget_end(key, conn);
        }
    }

    fn forget_end(&mut self, key: u64, conn: Conn) {
        if let Some(call) = self.incoming.get_mut(&key) {
            call.media.retain(|end| end.conn != Some(conn));
        }
        self.connections.remove(&conn);
    }

    /// The call is over, or this end was not chosen.
    pub(super) fn leave(&mut self, end: &MediaEnd, out: &mut Outbox) {
        match (end.conn, end.port) {
            (None, Some(port)) => out.push(Effect::Unlisten { port }),
            (Some(conn), _) => {
                self.connections.remove(&conn);
                out.push(if end.server.in_document() { Effect::Reset(conn) } else { Effect::Close(conn) });
            }
            (None, None) => {}
        }
    }
}
