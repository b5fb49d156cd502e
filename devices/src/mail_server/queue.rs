//! What a mail server has taken on itself to pass on (RFC 5321 §4.5.4): each mail with the recipients that go one way.
//!
//! A try is one by a call where the mail has a number (S405 to S407), and one by normal SMTP where it has none or the
//! call came to nothing (S408).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::delivery::{Delivery, Verdict};
use super::forwarding::{Forwarding, Next};
use super::notices::Fate;
use crate::config::MailServerConfig;
use crate::core::{Conn, Durable, Duration, Entropy, NameAnswer, Outbox, Question, StreamEvent, Time, Timer};
use crate::line::{Line, What};
use crate::smtp::{Envelope, Recipient, Route};

/// Mails that wait at one time.
const MOST_QUEUED: usize = 10_000;
/// Runs between two tries; its owner is the mail.
const RETRY: &str = "retry";
/// The folder of mails that are to be passed on; behind it the number, where there is one.
const FOLDER: &str = "queue";

/// The queue.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    config: Arc<MailServerConfig>,
    entropy: Entropy,
    items: BTreeMap<u64, Item>,
    /// Which mail a connection belongs to.
    connections: BTreeMap<Conn, u64>,
    /// Which mail a call belongs to.
    calls: BTreeMap<u64, u64>,
    /// Mails that wait until a call may be made for them.
    waiting: VecDeque<u64>,
}

#[derive(Clone, Debug)]
struct Item {
    name: Arc<str>,
    envelope: Arc<Envelope>,
    /// The number of its destination.
    number: Option<String>,
    /// When the server took it.
    since: Time,
    /// Tries that failed.
    tries: usize,
    at: At,
}

/// Where a mail stands.
#[derive(Clone, Debug)]
enum At {
    /// It waits for the next try, or for a line.
    Waiting,
    Calling(Forwarding),
    Relaying(Delivery),
}

/// A mail of which something is known now.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) envelope: Arc<Envelope>,
    pub(super) fates: Vec<Fate>,
    /// What is committed when the notices are.
    pub(super) then: Option<Durable>,
}

/// The way of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a call to this number.
    Number(String),
    /// To the hosts of this domain.
    Domain(String),
}

impl Queue {
    pub(super) fn new(config: Arc<MailServerConfig>, entropy: Entropy) -> Queue {
        Queue {
            config,
            entropy,
            items: BTreeMap::new(),
            connections: BTreeMap::new(),
            calls: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.items.len() < MOST_QUEUED
    }

    /// How many connections it has open or is opening, but for those of calls.
    pub(super) fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Whether this connection is one of its own.
    pub(super) fn has(&self, conn: Conn) -> bool {
        self.connections.contains_key(&conn)
    }

    /// Whether this timer is one of its own.
    pub(super) fn owns(&self, timer: Timer) -> bool {
        self.items.contains_key(&timer.owner)
    }

    /// Keeps a mail for the recipients that go one way; `arcs` led here. The first try follows by [`Queue::attempt`] with
    /// the key of the mail.
    pub(super) fn put(
        &mut self,
        now: Time,
        way: Way,
        envelope: Envelope,
        arcs: &[&'static str],
        out: &mut Outbox,
    ) -> u64 {
        let mut copy = 0;
        let what = match &way {
            Way::Number(number) => number,
            Way::Domain(domain) => domain,
        };
        let key = loop {
            let key = self.entropy.key(("queued", what, &envelope.message[..], copy));
            if !self.items.contains_key(&key.0) {
                break key;
            }
            copy += 1;
        };
        let number = match way {
            Way::Number(number) => Some(number),
            Way::Domain(_) => None,
        };
        let (name, envelope) = (Arc::from(key.token()), Arc::new(envelope));
        let item = Item { name, envelope, number, since: now, tries: 0, at: At::Waiting };
        arcs.iter().for_each(|arc| out.mark(key.0, arc));
        out.durable(item.kept());
        self.items.insert(key.0, item);
        key.0
    }

    /// What was there before the power failed, if this folder is one of the queue.
    pub(super) fn restore(&mut self, folder: &str, name: &Arc<str>, envelope: &Arc<Envelope>, since: Time) {
        let Some(number) = number_of(folder) else { return };
        let key = self.key_of(name).unwrap_or_else(|| self.entropy.key(("restored", name)).0);
        let (name, envelope) = (name.clone(), envelope.clone());
        self.items.insert(key, Item { name, envelope, number, since, tries: 0, at: At::Waiting });
    }

    /// What was taken out before the power failed, if this folder is one of the queue.
    pub(super) fn forget(&mut self, folder: &str, name: &str) {
        if number_of(folder).is_some() {
            self.items.retain(|_, item| *item.name != *name);
        }
    }

    /// All mails.
    pub(super) fn keys(&self) -> Vec<u64> {
        self.items.keys().copied().collect()
    }

    /// A try begins, if none runs.
    pub(super) fn attempt(
        &mut self,
        now: Time,
        key: u64,
        line: Option<&mut Line>,
        out: &mut Outbox,
    ) -> Option<Settled> {
        let item = self.items.get_mut(&key).filter(|item| matches!(item.at, At::Waiting))?;
        let (Some(number), Some(line), Some(forwards)) = (item.number.clone(), line, &self.config.forwards)
        else {
            return self.relay(now, key, out);
        };
        if self.calls.len() >= forwards.most_calls {
            self.waiting.push_back(key);
            return None;
        }
        let call = self.entropy.key(("call", key, item.tries)).0;
        let ends = (&mut *line, forwards);
        item.at = At::Calling(Forwarding::begin(now, ends, (key, call), &number, item.envelope.clone(), out));
        self.calls.insert(call, key);
        None
    }

    /// The line tells of a call. A mail that waits for a line may get it then.
    pub(super) fn hear(
        &mut self,
        now: Time,
        call: u64,
        what: What,
        line: &mut Line,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        let config = self.config.clone();
        let (Some(forwards), Some(key)) = (&config.forwards, self.calls.get(&call).copied()) else {
            return Vec::new();
        };
        let over = what.is_last();
        let item = self.items.get_mut(&key);
        let next = item.and_then(|item| match &mut item.at {
            At::Calling(forwarding) => forwarding.hear(now, (line, forwards), what, out),
            // The verdict is there already; the call is being ended.
            At::Waiting | At::Relaying(_) => None,
        });
        let mut settled = Vec::new();
        settled.extend(match next {
            Some(Next::Verdict(verdict)) => self.judged(now, key, verdict, out),
            Some(Next::Relay) => self.relay(now, key, out),
            None => None,
        });
        if over {
            self.calls.remove(&call);
            settled
                .extend(self.waiting.pop_front().and_then(|waits| self.attempt(now, waits, Some(line), out)));
        }
        settled
    }

    /// Something happened on a connection of its own.
    pub(super) fn stream(
        &mut self,
        now: Time,
        conn: Conn,
        event: StreamEvent,
        out: &mut Outbox,
    ) -> Option<Settled> {
        let key = self.connections.get(&conn).copied()?;
        self.go_on(now, key, |delivery, out| delivery.stream(now, event, out), out)
    }

    /// The answer to a question that some of the tries asked.
    pub(super) fn resolved(
        &mut self,
        now: Time,
        question: &Question,
        answer: &NameAnswer,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        let told = self.keys().into_iter().filter_map(|key| {
            self.go_on(now, key, |delivery, out| delivery.resolved(now, question, answer, out), out)
        });
        told.collect()
    }

    /// A timer of its own ran out.
    pub(super) fn fires(
        &mut self,
        now: Time,
        timer: Timer,
        line: Option<&mut Line>,
        out: &mut Outbox,
    ) -> Option<Settled> {
        if timer.name == RETRY {
            return self.attempt(now, timer.owner, line, out);
        }
        self.go_on(now, timer.owner, |delivery, out| delivery.timed_out(now, out), out)
    }

    /// The try by normal SMTP goes on, if it is one.
    fn go_on(
        &mut self,
        now: Time,
        key: u64,
        event: impl FnOnce(&mut Delivery, &mut Outbox) -> Option<Verdict>,
        out: &mut Outbox,
    ) -> Option<Settled> {
        let At::Relaying(delivery) = &mut self.items.get_mut(&key)?.at else { return None };
        let before = delivery.conn();
        let verdict = event(delivery, out);
        let after = delivery.conn();
        if before != after {
            if let Some(conn) = before {
                self.connections.remove(&conn);
            }
            if let Some(conn) = after {
                self.connections.insert(conn, key);
            }
        }
        let verdict = verdict?;
        if self.config.forwards.is_some() {
            let gives_up = self.gives_up(now, key);
            out.mark(
                key,
                match () {
                    () if !verdict.later.is_empty() && !gives_up => "18.S408.deferred",
                    () if !verdict.later.is_empty() || verdict.is_failure() => "18.S408.bounced",
                    () => "18.S408.relayed",
                },
            );
        }
        self.judged(now, key, verdict, out)
    }

    /// Step S408.
    fn relay(&mut self, now: Time, key: u64, out: &mut Outbox) -> Option<Settled> {
        let item = self.items.get_mut(&key)?;
        let config = &self.config;
        let first = item.envelope.recipients.first().map_or("", |recipient| recipient.path.as_str());
        let route = match &config.relay {
            Some(relay) => Route::through(relay, &config.names, self.entropy),
            None => Route::new(super::domain_of(first), &config.names, self.entropy),
        };
        let seed = self.entropy.part(("delivery", key, item.tries));
        item.at = At::Relaying(Delivery::new(key, route, &config.name, item.envelope.clone(), seed));
        self.go_on(now, key, |delivery, out| delivery.go_on(now, out), out)
    }

    /// Whether the try that fails now is the last one.
    fn gives_up(&self, now: Time, key: u64) -> bool {
        let Some(item) = self.items.get(&key) else { return false };
        let wait = wait_behind(&self.config.retries, item.tries + 1);
        now + wait > item.since + self.config.gives_up_after
    }

    /// A try is over. What is left of the mail waits for the next one, or is given up. Whoever has the mail is taken off
    /// it first: a power failure behind that brings no second copy. Whoever does not stays on it until the notice is
    /// safe.
    fn judged(&mut self, now: Time, key: u64, verdict: Verdict, out: &mut Outbox) -> Option<Settled> {
        let gives_up = self.gives_up(now, key);
        let item = self.items.get_mut(&key)?;
        item.at = At::Waiting;
        let Verdict { mut fates, later } = verdict;
        let envelope = item.envelope.clone();
        let failed = fates.iter().filter(|fate| fate.is_failure()).map(Fate::recipient);
        let left: Vec<Recipient> =
            later.iter().map(|(recipient, _)| recipient).chain(failed).cloned().collect();
        if left.is_empty() {
            let taken = self.remove(key, out)?;
            out.durable(taken);
            return Some(Settled { envelope, fates, then: None });
        }
        item.keep(left, out);
        if later.is_empty() || gives_up {
            fates.extend(later.into_iter().map(|(_, fate)| fate.given_up()));
            return Some(Settled { envelope, fates, then: self.remove(key, out) });
        }
        let first = item.tries == 0;
        item.tries += 1;
        out.arm(now, wait_behind(&self.config.retries, item.tries), Timer { owner: key, name: RETRY });
        let left: Vec<Recipient> = later.iter().map(|(recipient, _)| recipient.clone()).collect();
        let fewer = left.len() < item.envelope.recipients.len();
        if fewer {
            item.envelope = Arc::new(Envelope { recipients: left, ..(*envelope).clone() });
        }
        if first {
            fates.extend(later.into_iter().map(|(_, fate)| fate));
        }
        Some(Settled { envelope, fates, then: fewer.then(|| item.kept()) })
    }

    fn key_of(&self, name: &str) -> Option<u64> {
        self.items.iter().find(|(_, item)| *item.name == *name).map(|(key, _)| *key)
    }

    fn remove(&mut self, key: u64, out: &mut Outbox) -> Option<Durable> {
        let item = self.items.remove(&key)?;
        out.disarm(Timer { owner: key, name: RETRY });
        Some(Durable::TakeMail { folder: item.folder(), name: item.name })
    }
}

impl Item {
    fn folder(&self) -> Arc<str> {
        match &self.number {
            Some(number) => format!("{FOLDER} {number}").into(),
            None => FOLDER.into(),
        }
    }

    /// Only these recipients are left, and that is kept.
    fn keep(&mut self, recipients: Vec<Recipient>, out: &mut Outbox) {
        if recipients.len() < self.envelope.recipients.len() {
            self.envelope = Arc::new(Envelope { recipients, ..(*self.envelope).clone() });
            out.durable(self.kept());
        }
    }

    /// The mail as it is kept.
    fn kept(&self) -> Durable {
        Durable::PutMail {
            folder: self.folder(),
            name: self.name.clone(),
            envelope: self.envelope.clone(),
            since: self.since,
        }
    }
}

/// The number of mails in this folder; `None` if it is none of the queue.
fn number_of(folder: &str) -> Option<Option<String>> {
    let rest = folder.strip_prefix(FOLDER)?;
    if rest.is_empty() { Some(None) } else { Some(Some(rest.strip_prefix(' ')?.to_owned())) }
}

/// How long to wait behind so many tries.
fn wait_behind(retries: &[Duration], tries: usize) -> Duration {
    let at = tries.saturating_sub(1).min(retries.len().saturating_sub(1));
    retries.get(at).copied().unwrap_or(Duration::secs(1800))
}
