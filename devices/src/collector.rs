//! Collects the mailbox of a box by POP3, at intervals. Nothing else of the box waits for it.

use bytes::Bytes;

use crate::config::CollectionConfig;
use crate::core::{Conn, Effect, Entropy, Outbox, StreamEvent, Time, Timer};
use crate::pop3::{Client, Turn};

/// Runs until the mailbox is looked into again.
const LOOK: Timer = Timer { owner: 0, name: "collect" };
/// Runs while the server owes a reply.
const REPLY: Timer = Timer { owner: 0, name: "collect reply" };
/// Unique names of mails that are remembered: a session that breaks before its end leaves mails on the server
/// that were printed already.
const MOST_KNOWN: usize = 1000;
/// The largest mail that is collected, in octets: the largest that can be read.
const LARGEST: usize = faxproof_wire::mime::MAX_OCTETS;

/// The collector.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    config: Option<CollectionConfig>,
    entropy: Entropy,
    session: Option<Session>,
    /// Sessions so far.
    sessions: u32,
    /// Mails that were taken, oldest first.
    known: Vec<String>,
    /// The mailbox could not be collected the last time, and the operator knows.
    told: bool,
}

#[derive(Clone, Debug)]
struct Session {
    conn: Conn,
    client: Option<Client>,
}

/// What the box hears.
#[derive(Clone, Debug)]
pub(crate) enum Collected {
    /// A mail: its unique name in the mailbox, and the mail. To be answered by [`Collector::taken`].
    Mail(String, Bytes),
    /// The mailbox cannot be collected; told once until it can.
    Trouble(String),
}

impl Collector {
    /// A collector of this mailbox, if there is one.
    pub(crate) fn new(config: Option<CollectionConfig>, entropy: Entropy) -> Collector {
        Collector { config, entropy, session: None, sessions: 0, known: Vec::new(), told: false }
    }

    /// How many connections it holds.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.session.is_some())
    }

    /// Whether this connection is its own.
    pub(crate) fn has(&self, conn: Conn) -> bool {
        self.session.as_ref().is_some_and(|session| session.conn == conn)
    }

    /// Whether this timer is its own.
    pub(crate) fn owns(&self, timer: Timer) -> bool {
        timer == LOOK || timer == REPLY
    }

    /// Power came on.
    pub(crate) fn power_on(&self, now: Time, out: &mut Outbox) {
        if let Some(config) = &self.config {
            out.arm(now, config.every, LOOK);
        }
    }

    /// A timer of its own ran out.
    pub(crate) fn fires(&mut self, now: Time, timer: Timer, out: &mut Outbox) -> Option<Collected> {
        if timer == LOOK {
            self.look(now, out);
            return None;
        }
        let outcome = self.session.as_mut()?.client.as_mut()?.timed_out();
        self.over(outcome.map_err(|failure| failure.to_string()), out)
    }

    /// Something happened on its connection.
    pub(crate) fn stream(&mut self, now: Time, event: StreamEvent, out: &mut Outbox) -> Option<Collected> {
        let config = self.config.clone()?;
        let session = self.session.as_mut()?;
        match event {
            StreamEvent::Opened => {
                let known = self.known.clone();
                session.client = Some(Client::new(&config.user, &config.password, LARGEST, known));
                out.arm(now, Client::patience(), REPLY);
                None
            }
            StreamEvent::Bytes(bytes) => {
                let turn = session.client.as_mut()?.bytes(&bytes);
                self.turned(now, turn, out)
            }
            StreamEvent::Fin | StreamEvent::Reset => {
                let outcome = session.client.as_mut().map(Client::closed);
                let outcome = outcome.unwrap_or(Ok(())).map_err(|failure| failure.to_string());
                self.over(outcome, out)
            }
            StreamEvent::Refused => self.over(Err("it refused the connection".to_owned()), out),
            StreamEvent::Unreachable => self.over(Err("it cannot be reached".to_owned()), out),
            StreamEvent::TimedOut => self.over(Err("it does not answer".to_owned()), out),
            StreamEvent::Writable | StreamEvent::Secured | StreamEvent::Accepted { .. } => None,
        }
    }

    /// The mail is safe: it may be deleted on the server. Another one may be there at once.
    pub(crate) fn taken(&mut self, now: Time, name: String, out: &mut Outbox) -> Option<Collected> {
        if self.known.len() >= MOST_KNOWN {
            self.known.remove(0);
        }
        self.known.push(name);
        let turn = self.session.as_mut()?.client.as_mut()?.taken();
        self.turned(now, turn, out)
    }

    fn look(&mut self, now: Time, out: &mut Outbox) {
        let Some(config) = &self.config else { return };
        out.arm(now, config.every, LOOK);
        if self.session.is_none() {
            self.sessions += 1;
            let conn = Conn(self.entropy.key(("collect", self.sessions)).0 & !Conn::ACCEPTED);
            out.push(Effect::Connect { conn, to: config.server });
            self.session = Some(Session { conn, client: None });
        }
    }

    fn turned(&mut self, now: Time, turn: Turn, out: &mut Outbox) -> Option<Collected> {
        let Turn { turn, mail } = turn;
        let conn = self.session.as_ref()?.conn;
        turn.send.into_iter().for_each(|bytes| out.send(conn, bytes));
        if let Some(patience) = turn.patience {
            out.arm(now, patience, REPLY);
        }
        match turn.done {
            Some(outcome) => self.over(outcome.map_err(|failure| failure.to_string()), out),
            None => mail.map(|(name, message)| Collected::Mail(name, message)),
        }
    }

    fn over(&mut self, outcome: Result<(), String>, out: &mut Outbox) -> Option<Collected> {
        let session = self.session.take()?;
        out.disarm(REPLY);
        out.push(Effect::Close(session.conn));
        let trouble = outcome.err();
        let told = std::mem::replace(&mut self.told, trouble.is_some());
        trouble.filter(|_| !told).map(Collected::Trouble)
    }
}
