//! A mail server as the network has had since before the patent (paragraphs 0002 to 0006): it takes mail by
//! SMTP, keeps that of its own domains for their users to collect by POP3, and passes the rest on, hop by
//! hop. What it has answered with 250 it never loses: it delivers it, tries again, or tells the sender.
//!
//! `receiving.rs` takes connections, `queue.rs` keeps what is to be passed on, `delivery.rs` is one try of one
//! mail, `drops.rs` the mailboxes, `notices.rs` what is told to senders.

mod delivery;
mod drops;
mod notices;
mod queue;
mod receiving;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::drops::Drops;
use self::queue::{Queue, Settled};
use self::receiving::Session;
use crate::config::MailServerConfig;
use crate::core::{Conn, Device, Durable, Effect, Entropy, Event, Holdings, Outbox, Time};
use crate::pop3::POP3_PORT;
use crate::smtp::{Envelope, Recipient, SMTP_PORT};
use faxproof_wire::mime::Action;

/// The folder of mails that are to be passed on.
const QUEUE: &str = "queue";

/// A mail server.
#[derive(Clone, Debug)]
pub struct MailServer {
    config: Arc<MailServerConfig>,
    entropy: Entropy,
    sessions: BTreeMap<Conn, Session>,
    queue: Queue,
    drops: Drops,
}

impl MailServer {
    /// A mail server before its first power-on.
    pub fn new(config: MailServerConfig) -> Self {
        MailServer::booted(Arc::new(config), 0)
    }

    fn booted(config: Arc<MailServerConfig>, boots: u32) -> Self {
        let entropy = config.entropy.part(("boot", boots));
        let queue = Queue::new(config.clone(), entropy);
        let drops = Drops::new(&config);
        MailServer { config, entropy, sessions: BTreeMap::new(), queue, drops }
    }

    /// Power came on: what was in the folders is there again, and every mail of the queue is tried at once.
    fn power_on(&mut self, now: Time, committed: &[Durable], out: &mut Outbox) {
        for change in committed {
            match change {
                Durable::PutMail { folder, name, envelope, since } if **folder == *QUEUE => {
                    self.queue.restore(name, envelope, *since);
                }
                Durable::TakeMail { folder, name } if **folder == *QUEUE => self.queue.forget(name),
                Durable::PutMail { folder, name, envelope, .. } => self.drops.restore(folder, name, envelope),
                Durable::TakeMail { folder, name } => self.drops.forget(folder, name),
                _ => {}
            }
        }
        out.push(Effect::Listen { port: SMTP_PORT });
        out.push(Effect::Listen { port: POP3_PORT });
        let settled = self.queue.try_all(now, out);
        self.settle(now, settled, out);
    }

    /// The server has a mail: each mailbox here gets it once, each recipient elsewhere by way of the queue.
    fn deliver(&mut self, now: Time, envelope: Envelope, out: &mut Outbox) {
        let mut elsewhere: BTreeMap<String, Vec<Recipient>> = BTreeMap::new();
        let mut stored = Vec::new();
        let mut served = BTreeSet::new();
        for recipient in &envelope.recipients {
            match self.config.local(&recipient.path) {
                Some(user) if !served.insert(user.clone()) => {}
                Some(user) => {
                    let stores = self.drops.put(now, &user, &envelope, out);
                    let (action, status) = match stores {
                        true => (Action::Delivered, (2, 1, 5)),
                        false => (Action::Failed, (5, 2, 2)),
                    };
                    stored.push(notices::Fate::new(recipient.clone(), action, status));
                }
                None if self.config.is_own_domain(&recipient.path) => {
                    stored.push(notices::Fate::new(recipient.clone(), Action::Failed, (5, 1, 1)));
                }
                None => {
                    let domain = domain_of(&recipient.path).to_ascii_lowercase();
                    elsewhere.entry(domain).or_default().push(recipient.clone());
                }
            }
        }
        let envelope = Arc::new(envelope);
        let mut settled = vec![Settled { envelope: envelope.clone(), fates: stored }];
        for (domain, recipients) in elsewhere {
            let part = Envelope { recipients, ..(*envelope).clone() };
            settled.extend(self.queue.put(now, &domain, part, out));
        }
        self.settle(now, settled, out);
    }

    /// What became of mails is told to their senders, as they wanted.
    fn settle(&mut self, now: Time, settled: impl IntoIterator<Item = Settled>, out: &mut Outbox) {
        for Settled { envelope, fates } in settled {
            for report in notices::of(&self.config, &self.entropy, now, &envelope, &fates, out) {
                self.deliver(now, report, out);
            }
        }
    }
}

impl Device for MailServer {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        let settled = match event {
            Event::PowerOn { boots, committed } => {
                *self = MailServer::booted(self.config.clone(), boots);
                return self.power_on(now, &committed, out);
            }
            Event::Stream(conn, event) if self.queue.has(conn) => self.queue.stream(now, conn, event, out),
            Event::Stream(conn, event) => return self.stream(now, conn, event, out),
            Event::Resolved { question, answer } => self.queue.resolved(now, &question, &answer, out),
            Event::Timer(timer) if timer.name == receiving::IDLE => return self.idle(timer, out),
            Event::Timer(timer) => self.queue.fires(now, timer, out).into_iter().collect(),
            Event::Datagram { .. } => {
                out.unexpected("a datagram", "a connection");
                return;
            }
            Event::Order(_) => {
                out.unexpected("an order for another box", "nothing: a mail server has no panel");
                return;
            }
            Event::Unreachable { .. } => return,
        };
        self.settle(now, settled, out);
    }

    fn holds(&self) -> Holdings {
        Holdings {
            connections: self.sessions.len() + self.queue.connections(),
            mails: self.queue.len(),
            ..Holdings::default()
        }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}

impl MailServerConfig {
    /// Whether the domain of this path is its own: equality, without regard to case and a dot at the end.
    /// `sub.own.example` and `xown.example` are foreign. A path without domain is its own (RFC 5321 §4.5.1).
    fn is_own_domain(&self, path: &str) -> bool {
        let Some((_, domain)) = path.rsplit_once('@') else { return true };
        let domain = domain.trim_end_matches('.');
        let literal = format!("[{}]", self.address);
        let own = self.domains.iter().map(String::as_str).chain([self.name.as_str(), &literal]);
        own.into_iter().any(|own| own.eq_ignore_ascii_case(domain))
    }

    /// The user to whose mailbox a path leads.
    fn local(&self, path: &str) -> Option<String> {
        if !self.is_own_domain(path) {
            return None;
        }
        let local = path.rsplit_once('@').map_or(path, |(local, _)| local);
        // A server may treat the local parts of its own domains as it likes (RFC 5321 §2.4).
        let leads = |address: &String| match address.rsplit_once('@') {
            Some((known, domain)) => {
                let at = domain_of(path).trim_end_matches('.');
                known.eq_ignore_ascii_case(local) && domain.eq_ignore_ascii_case(at)
            }
            None => address.eq_ignore_ascii_case(local),
        };
        let found = self.mailboxes.iter().find(|mailbox| mailbox.addresses.iter().any(leads));
        let postmaster = local.eq_ignore_ascii_case(drops::POSTMASTER);
        found.map(|mailbox| mailbox.user.clone()).or(postmaster.then(|| drops::POSTMASTER.to_owned()))
    }
}

fn domain_of(path: &str) -> &str {
    path.rsplit_once('@').map_or("", |(_, domain)| domain)
}
