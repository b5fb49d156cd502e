//! Mail that no call brings (S361): from a mailbox by POP3, or by SMTP on port 25.

use std::collections::BTreeMap;

use bytes::Bytes;
use faxproof_wire::mime::sender_path;
use faxproof_wire::smtp::Reply;

use super::MailFax;
use super::arcs;
use super::letters::Fate;
use super::recipient::{Desk, Mail, Taken, settle};
use crate::collector::Collected;
use crate::core::{Conn, Duration, Effect, Outbox, StreamEvent, Time, Timer};
use crate::smtp::{SMTP_PORT, Server};

/// Runs while a client at port 25 says nothing; its owner is the connection.
const IDLE: &str = "doorstep";
/// How long that may be (RFC 5321 §4.5.3.2.7).
const PATIENCE: Duration = Duration::secs(300);
/// Clients at one time; a further one is reset.
const MOST_CLIENTS: usize = 20;

/// The SMTP server at port 25, for anybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Doorstep {
    clients: BTreeMap<Conn, Server>,
}

impl Doorstep {
    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether this belongs here and not to a call.
    pub(super) fn wants(&self, conn: Conn, event: &StreamEvent) -> bool {
        matches!(event, StreamEvent::Accepted { port: SMTP_PORT, .. }) || self.clients.contains_key(&conn)
    }

    pub(super) fn owns(&self, timer: Timer) -> bool {
        timer.name == IDLE
    }

    /// A client has said nothing for too long.
    pub(super) fn idle(&mut self, timer: Timer, out: &mut Outbox) {
        let conn = Conn(timer.owner);
        if self.clients.remove(&conn).is_some() {
            out.send(conn, Reply::new(421, "idle for too long").to_bytes());
            out.push(Effect::Close(conn));
        }
    }

    fn over(&mut self, conn: Conn, out: &mut Outbox) {
        self.clients.remove(&conn);
        out.disarm(Timer { owner: conn.0, name: IDLE });
    }
}

impl MailFax {
    /// Power came on.
    pub(super) fn open_doorstep(&self, out: &mut Outbox) {
        if self.config.mail_habits.listens {
            out.push(Effect::Listen { port: SMTP_PORT });
        }
    }

    /// Something happened on a connection to port 25.
    pub(super) fn at_doorstep(&mut self, now: Time, conn: Conn, event: StreamEvent, out: &mut Outbox) {
        match event {
            StreamEvent::Accepted { .. } if self.doorstep.len() >= MOST_CLIENTS => {
                out.push(Effect::Reset(conn));
            }
            StreamEvent::Accepted { .. } => {
                let config = &self.config;
                let server = Server::new(config.mail_domain(), config.line.habits.size_limit)
                    .offering(config.line.habits.offers);
                out.send(conn, server.greeting());
                out.arm(now, PATIENCE, Timer { owner: conn.0, name: IDLE });
                self.doorstep.clients.insert(conn, server);
            }
            StreamEvent::Bytes(bytes) => self.served_at_doorstep(now, conn, &bytes, out),
            StreamEvent::Fin => {
                self.doorstep.over(conn, out);
                out.push(Effect::Close(conn));
            }
            StreamEvent::Reset => self.doorstep.over(conn, out),
            _ => {}
        }
    }

    fn served_at_doorstep(&mut self, now: Time, conn: Conn, bytes: &Bytes, out: &mut Outbox) {
        let config = self.config.clone();
        let Some(server) = self.doorstep.clients.get_mut(&conn) else { return };
        // No document comes without a name here: mails have theirs.
        let mut desk = Desk { config: &config, name: &mut String::new, taken: Vec::new(), out };
        let turn = server.bytes(bytes, &mut desk);
        let taken = std::mem::take(&mut desk.taken);
        for Taken { from, message, fate, .. } in taken {
            self.arrived(now, Some(from), message, fate, out);
        }
        out.send(conn, turn.send);
        out.arm(now, PATIENCE, Timer { owner: conn.0, name: IDLE });
        if turn.close {
            self.doorstep.over(conn, out);
            out.push(Effect::Close(conn));
        }
    }

    /// The mailbox gave a mail, or cannot be collected. A mail is deleted there only when it is printed.
    pub(super) fn collected(&mut self, now: Time, collected: Option<Collected>, out: &mut Outbox) {
        let mut next = collected;
        while let Some(collected) = next.take() {
            match collected {
                Collected::Trouble(why) => {
                    self.display(0, format!("The mailbox cannot be collected: {why}"), out);
                }
                Collected::Mail(name, message) => {
                    let path = sender_path(&message);
                    let fate = settle(&self.config, path.as_deref(), &message, out);
                    self.arrived(now, path, message, fate, out);
                    next = self.collector.taken(now, name, out);
                }
            }
        }
    }

    /// S361: a mail is here, and printed unless there is a reason why not.
    fn arrived(&mut self, now: Time, path: Option<String>, message: Bytes, fate: Fate, out: &mut Outbox) {
        // Marks of mail belong to no call: they are told apart by the mail.
        let key = self.line.entropy().key(("mail", &message[..])).0;
        if let Fate::Refused(why) = &fate {
            // Nothing vanishes silently (RFC 3965 §2.3.2).
            let from = path.as_deref().filter(|path| !path.is_empty()).unwrap_or("nobody");
            self.display(key, format!("A mail from {from} was not printed: {why}"), out);
        }
        let arcs = arcs::mailed(self.config.machine);
        self.taken(now, key, arcs, Mail { path, message, fate }, out);
        self.confirm_all(now, key, out);
        self.grant_wishes(now, key, out);
    }
}
