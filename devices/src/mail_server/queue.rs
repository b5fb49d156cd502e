//! What a mail server has taken on itself to pass on (RFC 5321 §4.5.4).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::QUEUE;
use super::delivery::{Delivery, Verdict};
use super::notices::Fate;
use crate::config::MailServerConfig;
use crate::core::{Conn, Durable, Duration, Entropy, NameAnswer, Outbox, Question, StreamEvent, Time, Timer};
use crate::smtp::{Envelope, Recipient, Route};

/// Mails that wait at one time.
const MOST_QUEUED: usize = 10_000;
/// Runs between two tries; its owner is the mail.
const RETRY: &str = "retry";

/// The queue: each mail with the recipients of one domain.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    config: Arc<MailServerConfig>,
    entropy: Entropy,
    items: BTreeMap<u64, Item>,
}

#[derive(Clone, Debug)]
struct Item {
    name: Arc<str>,
    envelope: Arc<Envelope>,
    /// When the server took it.
    since: Time,
    /// Tries that failed.
    tries: usize,
    /// The try that is being made.
    delivery: Option<Delivery>,
}

/// A mail of which something is known now.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) envelope: Arc<Envelope>,
    pub(super) fates: Vec<Fate>,
}

impl Queue {
    pub(super) fn new(config: Arc<MailServerConfig>, entropy: Entropy) -> Queue {
        Queue { config, entropy, items: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.items.len() < MOST_QUEUED
    }

    /// How many connections it has open or is opening.
    pub(super) fn connections(&self) -> usize {
        self.items.values().filter(|item| item.conn().is_some()).count()
    }

    /// Whether this connection is one of its own.
    pub(super) fn has(&self, conn: Conn) -> bool {
        self.items.values().any(|item| item.conn() == Some(conn))
    }

    /// Keeps a mail for the recipients of one domain, and makes the first try.
    pub(super) fn put(
        &mut self,
        now: Time,
        domain: &str,
        envelope: Envelope,
        out: &mut Outbox,
    ) -> Option<Settled> {
        let mut copy = 0;
        let key = loop {
            let key = self.entropy.key(("queued", domain, &envelope.message[..], copy));
            if !self.items.contains_key(&key.0) {
                break key;
            }
            copy += 1;
        };
        let (name, envelope) = (Arc::from(key.token()), Arc::new(envelope));
        out.durable(Durable::PutMail {
            folder: QUEUE.into(),
            name: Arc::clone(&name),
            envelope: envelope.clone(),
            since: now,
        });
        self.items.insert(key.0, Item { name, envelope, since: now, tries: 0, delivery: None });
        self.attempt(now, key.0, out)
    }

    /// What was there before the power failed.
    pub(super) fn restore(&mut self, name: &Arc<str>, envelope: &Arc<Envelope>, since: Time) {
        let key = self.key_of(name).unwrap_or_else(|| self.entropy.key(("restored", name)).0);
        let item = Item { name: name.clone(), envelope: envelope.clone(), since, tries: 0, delivery: None };
        self.items.insert(key, item);
    }

    /// What was taken out before the power failed.
    pub(super) fn forget(&mut self, name: &str) {
        self.items.retain(|_, item| *item.name != *name);
    }

    /// Tries every mail that is not being tried.
    pub(super) fn try_all(&mut self, now: Time, out: &mut Outbox) -> Vec<Settled> {
        let idle: Vec<u64> =
            self.items.iter().filter(|(_, item)| item.delivery.is_none()).map(|(key, _)| *key).collect();
        idle.into_iter().filter_map(|key| self.attempt(now, key, out)).collect()
    }

    /// Something happened on a connection of its own.
    pub(super) fn stream(
        &mut self,
        now: Time,
        conn: Conn,
        event: StreamEvent,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        let found = self.items.iter().find(|(_, item)| item.conn() == Some(conn)).map(|(key, _)| *key);
        let told = found.and_then(|key| {
            let delivery = self.items.get_mut(&key)?.delivery.as_mut()?;
            let verdict = delivery.stream(now, event, out)?;
            self.judged(now, key, verdict, out)
        });
        told.into_iter().collect()
    }

    /// The answer to a question that some of the tries asked.
    pub(super) fn resolved(
        &mut self,
        now: Time,
        question: &Question,
        answer: &NameAnswer,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        let keys: Vec<u64> = self.items.keys().copied().collect();
        let told = keys.into_iter().filter_map(|key| {
            let delivery = self.items.get_mut(&key)?.delivery.as_mut()?;
            let verdict = delivery.resolved(now, question, answer, out)?;
            self.judged(now, key, verdict, out)
        });
        told.collect()
    }

    /// A timer of its own ran out.
    pub(super) fn fires(&mut self, now: Time, timer: Timer, out: &mut Outbox) -> Option<Settled> {
        let item = self.items.get_mut(&timer.owner)?;
        if timer.name == RETRY {
            return if item.delivery.is_none() { self.attempt(now, timer.owner, out) } else { None };
        }
        let verdict = item.delivery.as_mut()?.timed_out(now, out)?;
        self.judged(now, timer.owner, verdict, out)
    }

    fn key_of(&self, name: &str) -> Option<u64> {
        self.items.iter().find(|(_, item)| *item.name == *name).map(|(key, _)| *key)
    }

    fn attempt(&mut self, now: Time, key: u64, out: &mut Outbox) -> Option<Settled> {
        let item = self.items.get_mut(&key)?;
        let config = &self.config;
        let first = item.envelope.recipients.first().map_or("", |recipient| recipient.path.as_str());
        let route = match &config.relay {
            Some(relay) => Route::through(relay, &config.names, self.entropy),
            None => Route::new(super::domain_of(first), &config.names, self.entropy),
        };
        let seed = self.entropy.part(("delivery", key, item.tries));
        let mut delivery = Delivery::new(key, route, &config.name, item.envelope.clone(), seed);
        let verdict = delivery.go_on(now, out);
        item.delivery = Some(delivery);
        self.judged(now, key, verdict?, out)
    }

    /// A try is over. What is left of the mail waits for the next one, or is given up.
    fn judged(&mut self, now: Time, key: u64, verdict: Verdict, out: &mut Outbox) -> Option<Settled> {
        let item = self.items.get_mut(&key)?;
        item.delivery = None;
        let Verdict { mut fates, later } = verdict;
        let envelope = item.envelope.clone();
        if later.is_empty() {
            self.remove(key, out);
            return Some(Settled { envelope, fates });
        }
        let first = item.tries == 0;
        item.tries += 1;
        let wait = wait_behind(&self.config.retries, item.tries);
        if now + wait > item.since + self.config.gives_up_after {
            fates.extend(later.into_iter().map(|(_, fate)| fate.given_up()));
            self.remove(key, out);
            return Some(Settled { envelope, fates });
        }
        out.arm(now, wait, Timer { owner: key, name: RETRY });
        let left: Vec<Recipient> = later.iter().map(|(recipient, _)| recipient.clone()).collect();
        if left.len() < envelope.recipients.len() {
            item.envelope = Arc::new(Envelope { recipients: left, ..(*envelope).clone() });
            out.durable(Durable::PutMail {
                folder: QUEUE.into(),
                name: item.name.clone(),
                envelope: item.envelope.clone(),
                since: item.since,
            });
        }
        if first {
            fates.extend(later.into_iter().map(|(_, fate)| fate));
        }
        Some(Settled { envelope, fates })
    }

    fn remove(&mut self, key: u64, out: &mut Outbox) {
        if let Some(item) = self.items.remove(&key) {
            out.disarm(Timer { owner: key, name: RETRY });
            out.durable(Durable::TakeMail { folder: QUEUE.into(), name: item.name });
        }
    }
}

impl Item {
    fn conn(&self) -> Option<Conn> {
        self.delivery.as_ref()?.conn()
    }
}

/// How long to wait behind so many tries.
fn wait_behind(retries: &[Duration], tries: usize) -> Duration {
    let at = tries.saturating_sub(1).min(retries.len().saturating_sub(1));
    retries.get(at).copied().unwrap_or(Duration::secs(1800))
}
