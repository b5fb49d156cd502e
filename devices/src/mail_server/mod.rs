//! A mail server. It takes mail by SMTP, keeps that of its own domains for their users to collect by POP3, and passes
//! the rest on, hop by hop, as the network has done since before the patent (paragraphs 0002 to 0006). What it has
//! answered with 250 it never loses: it delivers it, tries again, or tells the sender.
//!
//! Mail servers 201 and 201A (paragraphs 0128 to 0151) have a line besides: where they find an IP telephone number for
//! a recipient, they call it and hand the mail over directly, and the result is known at once (Figure 18).
//!
//! `receiving.rs` takes connections, `routing.rs` says which way each recipient goes, `search.rs` finds numbers,
//! `queue.rs` keeps what is to be passed on, `forwarding.rs` is one try by a call and `relaying.rs` one by normal SMTP, of
//! which `delivery.rs` is the turn of one domain,
//! `drops.rs` the mailboxes, `notices.rs` what is told to senders, `panel.rs` what its operator does.

mod delivery;
mod drops;
mod forwarding;
mod notices;
mod panel;
mod queue;
mod receiving;
mod relaying;
mod routing;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use faxproof_wire::smtp::Reply;

use self::drops::Drops;
use self::notices::Fate;
use self::queue::{Queue, Settled};
use self::receiving::{Heard, IDLE, Session, accepted};
use self::routing::Came;
use crate::config::MailServerConfig;
use crate::core::{Conn, Device, Durable, Effect, Entropy, Event, Holdings, Outbox, StreamEvent, Time};
use crate::line::{Line, What};
use crate::pop3::POP3_PORT;
use crate::smtp::{Envelope, SMTP_PORT};
use crate::ta3::{Row, SpecificRow};
use crate::table::Rows;

/// A mail server.
#[derive(Clone, Debug)]
pub struct MailServer {
    config: Arc<MailServerConfig>,
    entropy: Entropy,
    sessions: BTreeMap<Conn, Session>,
    queue: Queue,
    /// Clients that wait for the result of the first try: which mail of the queue, at which connection.
    awaited: BTreeMap<u64, Conn>,
    /// Replies that are due to clients.
    decided: VecDeque<(Conn, Reply)>,
    drops: Drops,
    /// The line of a server that forwards over SIP.
    line: Option<Line>,
    ta3: Rows<Row>,
    ta3_prime: Rows<SpecificRow>,
}

impl MailServer {
    /// A mail server before its first power-on.
    pub fn new(config: MailServerConfig) -> Self {
        MailServer::booted(Arc::new(config), 0, &[])
    }

    fn booted(config: Arc<MailServerConfig>, boots: u32, committed: &[Durable]) -> Self {
        let entropy = config.entropy.part(("boot", boots));
        let queue = Queue::new(config.clone(), entropy);
        let drops = Drops::new(&config);
        let forwards = config.forwards.as_ref();
        let line = forwards.map(|forwards| Line::new(Arc::new(forwards.line.clone()), boots));
        let (ta3, ta3_prime) =
            forwards.map(|forwards| (&forwards.ta3[..], &forwards.ta3_prime[..])).unwrap_or_default();
        let (ta3, ta3_prime) = (Rows::restored(ta3, committed), Rows::restored(ta3_prime, committed));
        MailServer {
            config,
            entropy,
            sessions: BTreeMap::new(),
            queue,
            awaited: BTreeMap::new(),
            decided: VecDeque::new(),
            drops,
            line,
            ta3,
            ta3_prime,
        }
    }

    /// Power came on: what was in the folders is there again, and every mail of the queue is tried at once.
    fn power_on(&mut self, now: Time, committed: &[Durable], out: &mut Outbox) {
        for change in committed {
            match change {
                Durable::PutMail { folder, name, envelope, since } => {
                    self.queue.restore(folder, name, envelope, *since);
                    self.drops.restore(folder, name, envelope);
                }
                Durable::TakeMail { folder, name } => {
                    self.queue.forget(folder, name);
                    self.drops.forget(folder, name);
                }
                _ => {}
            }
        }
        out.push(Effect::Listen { port: SMTP_PORT });
        out.push(Effect::Listen { port: POP3_PORT });
        if let Some(line) = &mut self.line {
            line.power_on(now, out);
        }
        for key in self.queue.keys() {
            let settled = self.queue.attempt(now, key, self.line.as_mut(), out);
            self.settle(now, settled, out);
        }
    }

    /// What became of mails of the queue is told: to the client that waits for it, else to their senders.
    fn settle(&mut self, now: Time, settled: impl IntoIterator<Item = Settled>, out: &mut Outbox) {
        for Settled { key, envelope, fates } in settled {
            let client = self.awaited.remove(&key).filter(|client| self.sessions.contains_key(client));
            let refusal = client.and_then(|_| notices::refusal(&envelope, &fates));
            if let Some(client) = client {
                self.decided.push_back((client, refusal.clone().unwrap_or_else(accepted)));
            }
            // A client that is refused the mail has it still, and tells its user.
            if refusal.is_none() {
                self.tell(now, &envelope, &fates, out);
            }
        }
    }

    /// What became of a mail is told to its sender, as that was wanted.
    fn tell(&mut self, now: Time, envelope: &Envelope, fates: &[Fate], out: &mut Outbox) {
        for report in notices::of(&self.config, &self.entropy, now, envelope, fates, out) {
            self.deliver(now, (Came::Own, None), report, out);
        }
    }

    /// Goes on wherever the line has something to tell, or a client is to hear of its mail.
    fn go_on(&mut self, now: Time, out: &mut Outbox) {
        loop {
            if let Some((client, reply)) = self.decided.pop_front() {
                self.served(now, client, Heard::Decided(reply), out);
                continue;
            }
            let Some(news) = self.line.as_mut().and_then(Line::hear) else { return };
            match news.what {
                What::Received(conn, bytes) => self.called(now, news.call, conn, &bytes, out),
                what => {
                    let Some(line) = &mut self.line else { return };
                    let settled = self.queue.hear(now, news.call, what, line, out);
                    self.settle(now, settled, out);
                }
            }
        }
    }

    /// Whether this connection is one of a client: to port 25 or 110.
    fn is_clients(&self, conn: Conn, event: &StreamEvent) -> bool {
        let comes = matches!(event, StreamEvent::Accepted { port: SMTP_PORT | POP3_PORT, .. });
        comes || self.line.is_none() || self.sessions.contains_key(&conn)
    }

    /// What is the line's, or nobody's.
    fn on_the_line(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match (&mut self.line, event) {
            (Some(line), event) => line.step(now, event, out),
            (None, Event::Datagram { .. }) => out.unexpected("a datagram", "a connection"),
            (None, _) => {}
        }
    }
}

impl Device for MailServer {
    /// What one step changes is committed as one: a mail is there for all its recipients or for none, and who is to hear
    /// that it left the queue hears it.
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        let before = out.effects().len();
        self.handle(now, event, out);
        self.go_on(now, out);
        out.commit_together(before);
    }

    fn holds(&self) -> Holdings {
        let line = self.line.as_ref().map(Line::holds).unwrap_or_default();
        Holdings {
            connections: line.connections + self.sessions.len() + self.queue.connections(),
            mails: self.queue.len(),
            ..line
        }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}

impl MailServer {
    fn handle(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, committed } => {
                *self = MailServer::booted(self.config.clone(), boots, &committed);
                self.power_on(now, &committed, out);
            }
            Event::Order(order) => self.order(now, order, out),
            Event::Stream(conn, event) if self.queue.has(conn) => {
                let settled = self.queue.stream(now, conn, event, out);
                self.settle(now, settled, out);
            }
            Event::Stream(conn, event) if self.is_clients(conn, &event) => {
                self.stream(now, conn, event, out);
            }
            Event::Resolved { question, answer } if self.queue.asks(&question) => {
                let settled = self.queue.resolved(now, &question, &answer, out);
                self.settle(now, settled, out);
            }
            Event::Timer(timer) if timer.name == IDLE && self.sessions.contains_key(&Conn(timer.owner)) => {
                self.idle(timer, out);
            }
            Event::Timer(timer) if self.queue.owns(timer) => {
                let settled = self.queue.fires(now, timer, self.line.as_mut(), out);
                self.settle(now, settled, out);
            }
            event => self.on_the_line(now, event, out),
        }
    }
}

fn domain_of(path: &str) -> &str {
    path.rsplit_once('@').map_or("", |(_, domain)| domain)
}
