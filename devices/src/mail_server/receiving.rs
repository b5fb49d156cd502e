//! Connections that a mail server takes: SMTP on port 25, POP3 on port 110.

use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, BytesMut};
use faxproof_wire::mime::{Hop, hops};
use faxproof_wire::smtp::Reply;

use super::MailServer;
use super::drops::Desk;
use super::routing::Came;
use crate::config::{MailServerConfig, Replies};
use crate::core::{Conn, Duration, Effect, Outbox, StreamEvent, Time, Timer};
use crate::line::Serving;
use crate::pop3::{self, POP3_PORT};
use crate::smtp::{self, Envelope, Greeting, PostOffice, no_such_mailbox};
use crate::turn::ServerTurn;

/// Runs while a client says nothing; its owner is the connection.
pub(super) const IDLE: &str = "idle";
/// How long a client may say nothing: five minutes in SMTP (RFC 5321 §4.5.3.2.7), ten in POP3 (RFC 1939 §3).
const SMTP_PATIENCE: Duration = Duration::secs(300);
const POP3_PATIENCE: Duration = Duration::secs(600);
/// Connections at one time; a further one is reset.
const MOST_SESSIONS: usize = 200;

/// A connection that a client opened.
#[derive(Clone, Debug)]
pub(super) enum Session {
    Smtp { server: smtp::Server, peer: SocketAddr },
    Pop3(pop3::Server),
}

impl Session {
    fn patience(&self) -> Duration {
        match self {
            Session::Smtp { .. } => SMTP_PATIENCE,
            Session::Pop3(_) => POP3_PATIENCE,
        }
    }
}

/// What a session goes on with.
pub(super) enum Heard<'b> {
    /// The client said something.
    Bytes(&'b [u8]),
    /// The reply to its mail is known.
    Decided(Reply),
}

impl MailServer {
    /// Something happened on a connection that a client opened.
    pub(super) fn stream(&mut self, now: Time, conn: Conn, event: StreamEvent, out: &mut Outbox) {
        match event {
            StreamEvent::Accepted { port, peer } => self.accepted(now, conn, port, peer, out),
            StreamEvent::Bytes(bytes) => self.served(now, conn, Heard::Bytes(&bytes), out),
            StreamEvent::Fin => {
                self.over(conn, out);
                out.push(Effect::Close(conn));
            }
            StreamEvent::Reset => self.over(conn, out),
            StreamEvent::Writable => {}
            _ => out.unexpected("an answer to a connect", "what a client says"),
        }
    }

    /// A client has said nothing for too long, or has waited so long for the reply to its mail.
    pub(super) fn idle(&mut self, timer: Timer, out: &mut Outbox) {
        let conn = Conn(timer.owner);
        if let Some(Session::Smtp { server, .. }) = self.sessions.get(&conn) {
            if server.owes_reply() {
                self.awaited.retain(|_, client| *client != conn);
                return self.decided.push_back((conn, accepted()));
            }
            out.send(conn, Reply::new(421, "idle for too long").with_enhanced(4, 4, 2).to_bytes());
        }
        self.over(conn, out);
        out.push(Effect::Close(conn));
    }

    fn accepted(&mut self, now: Time, conn: Conn, port: u16, peer: SocketAddr, out: &mut Outbox) {
        if self.sessions.len() >= MOST_SESSIONS {
            return out.push(Effect::Reset(conn));
        }
        let (session, greeting) = if port == POP3_PORT {
            let server = pop3::Server::new();
            let greeting = server.greeting();
            (Session::Pop3(server), greeting)
        } else {
            let config = &self.config;
            let server = smtp::Server::new(config.name.clone(), config.size_limit).offering(config.offers);
            let lax = config.takes_bare_line_ends;
            let server = if lax { server } else { server.refusing_bare_line_ends() };
            let greeting = server.greeting();
            (Session::Smtp { server, peer }, greeting)
        };
        out.send(conn, greeting);
        out.arm(now, session.patience(), Timer { owner: conn.0, name: IDLE });
        self.sessions.insert(conn, session);
    }

    /// A session goes on.
    pub(super) fn served(&mut self, now: Time, conn: Conn, heard: Heard<'_>, out: &mut Outbox) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return out.unexpected("bytes on a connection that is over", "nothing");
        };
        let patience = session.patience();
        let turn = match (session, heard) {
            (Session::Pop3(server), Heard::Bytes(bytes)) => {
                let marks = self.config.forwards.is_some();
                server.bytes(bytes, &mut Desk { drops: &mut self.drops, marks, out })
            }
            (Session::Pop3(_), Heard::Decided(_)) => return,
            (Session::Smtp { server, peer }, heard) => {
                let peer = peer.ip();
                let mut counter = Counter::new(&self.config, peer, self.queue.has_room());
                counter.replies = self.config.forwards.as_ref().map_or(Replies::AtOnce, |own| own.replies);
                let turn = match heard {
                    Heard::Bytes(bytes) => server.bytes(bytes, &mut counter),
                    Heard::Decided(reply) => server.decided(reply, &mut counter),
                };
                let owed = server.owes_reply().then_some(conn);
                let last = counter.taken.len();
                for (nth, (envelope, greeting, came)) in (1..).zip(counter.taken) {
                    // Only the last can be one whose reply is owed.
                    let waits = owed.filter(|_| nth == last);
                    self.take(now, (peer, came), waits, envelope, &greeting, out);
                }
                turn
            }
        };
        let ServerTurn { send, close, .. } = turn;
        if !send.is_empty() {
            out.send(conn, send);
        }
        out.arm(now, patience, Timer { owner: conn.0, name: IDLE });
        if close {
            self.over(conn, out);
            out.push(Effect::Close(conn));
        }
    }

    /// As destination server 213: what the other server sends in its call.
    pub(super) fn called(&mut self, now: Time, call: u64, conn: Conn, bytes: &[u8], out: &mut Outbox) {
        let Some(line) = &mut self.line else { return };
        let Some(peer) = line.peer_of(call, conn) else { return };
        let Some((Serving::Smtp(server), _)) = line.server(call, conn) else { return };
        let mut counter = Counter::new(&self.config, peer, self.queue.has_room());
        let turn = server.bytes(bytes, &mut counter);
        for (envelope, greeting, _) in counter.taken {
            self.take(now, (peer, Came::Server), None, envelope, &greeting, out);
        }
        if let Some(line) = &mut self.line {
            line.served(now, call, conn, turn, out);
        }
    }

    /// The server is responsible for a mail now. It says on top that it was here (RFC 5321 §4.4). The client `waits` for
    /// the reply, or has it.
    fn take(
        &mut self,
        now: Time,
        (peer, came): (IpAddr, Came),
        waits: Option<Conn>,
        envelope: Envelope,
        greeting: &Greeting,
        out: &mut Outbox,
    ) {
        let config = &self.config;
        let hop = Hop {
            from: &greeting.name,
            address: peer,
            by: &config.name,
            extended: greeting.extended,
            id: &self.entropy.key(("received", &envelope.from, &envelope.message[..])).token(),
            date_unix_s: config.epoch_s.saturating_add_unsigned(now.whole_seconds()),
        };
        let hop = hop.to_field();
        let mut message = BytesMut::with_capacity(hop.len() + envelope.message.len());
        message.put_slice(hop.as_bytes());
        message.put_slice(&envelope.message);
        self.deliver(now, (came, waits), Envelope { message: message.freeze(), ..envelope }, out);
    }

    fn over(&mut self, conn: Conn, out: &mut Outbox) {
        out.disarm(Timer { owner: conn.0, name: IDLE });
        if let Some(Session::Pop3(mut server)) = self.sessions.remove(&conn) {
            let marks = self.config.forwards.is_some();
            server.ended(&mut Desk { drops: &mut self.drops, marks, out });
        }
    }
}

/// The server has the mail, and what becomes of it is told by mail.
pub(super) fn accepted() -> Reply {
    Reply::new(250, "accepted").with_enhanced(2, 0, 0)
}

/// Where mail is handed in.
struct Counter<'a> {
    config: &'a MailServerConfig,
    peer: IpAddr,
    /// Whether there is room in the queue.
    room: bool,
    replies: Replies,
    /// The mails, and from whom each comes, as its trace fields say.
    taken: Vec<(Envelope, Greeting, Came)>,
}

impl<'a> Counter<'a> {
    fn new(config: &'a MailServerConfig, peer: IpAddr, room: bool) -> Self {
        Counter { config, peer, room, replies: Replies::AtOnce, taken: Vec::new() }
    }
}

impl PostOffice for Counter<'_> {
    fn admits(&self, _: &str, to: &str) -> Result<(), Reply> {
        if self.config.is_own_domain(to) {
            return self.config.local(to).map(drop).ok_or_else(no_such_mailbox);
        }
        let may = self.config.relays_for.contains(&self.peer);
        may.then_some(()).ok_or_else(|| Reply::new(550, "relaying denied").with_enhanced(5, 7, 1))
    }

    fn take(&mut self, envelope: Envelope, greeting: &Greeting) -> Reply {
        let hops = hops(&envelope.message);
        if hops >= self.config.most_hops {
            return Reply::new(554, "this mail goes round in circles").with_enhanced(5, 4, 6);
        }
        if !self.room {
            return Reply::new(452, "the queue is full").with_enhanced(4, 3, 1);
        }
        let came = if hops == 0 { Came::Client } else { Came::Server };
        self.taken.push((envelope, greeting.clone(), came));
        accepted()
    }

    fn replies_later(&self) -> bool {
        self.replies == Replies::WithResult
    }
}
