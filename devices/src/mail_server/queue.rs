//! What a mail server has taken on itself to pass on (RFC 5321 §4.5.4): each mail with the recipients that go one way.
//!
//! A try is one by a call where the mail has a number (S405 to S407), and one by normal SMTP where it has none or the
//! call came to nothing (S408).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::delivery::{Delivery, REPLY, Verdict};
use super::forwarding::{Forwarding, Next};
use super::notices::Fate;
use super::relaying::{Over, Relaying, Turned};
use crate::config::MailServerConfig;
use crate::core::{Conn, Durable, Duration, Entropy, NameAnswer, Outbox, Question, StreamEvent, Time, Timer};
use crate::line::{Line, What};
use crate::smtp::{Envelope, Recipient};

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
    /// Which mails wait for the answer to a question.
    asked: BTreeMap<Question, BTreeSet<u64>>,
    /// Which mail a call belongs to.
    calls: BTreeMap<u64, u64>,
    /// Mails that wait until a call may be made for them.
    in_line: VecDeque<u64>,
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
    /// It waits for the next try.
    Resting,
    /// It waits until a call may be made for it.
    InLine,
    Calling(Forwarding),
    Relaying(Relaying),
}

/// A mail of which something is known now.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// The mail of the queue.
    pub(super) key: u64,
    pub(super) envelope: Arc<Envelope>,
    pub(super) fates: Vec<Fate>,
}

/// What a try by normal SMTP waits for: its connection, the answer to a question.
type Awaits = (Option<Conn>, Option<Question>);

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
            asked: BTreeMap::new(),
            calls: BTreeMap::new(),
            in_line: VecDeque::new(),
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
        matches!(timer.name, RETRY | REPLY) && self.items.contains_key(&timer.owner)
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
        let (what, number) = match way {
            Way::Number(number) => (number.clone(), Some(number)),
            Way::Domain(domain) => (domain, None),
        };
        let mut copy = 0;
        let key = loop {
            let key = self.entropy.key(("queued", &what, &envelope.message[..], copy));
            if !self.items.contains_key(&key.0) {
                break key;
            }
            copy += 1;
        };
        let (name, envelope) = (Arc::from(key.token()), Arc::new(envelope));
        let item = Item { name, envelope, number, since: now, tries: 0, at: At::Resting };
        arcs.iter().for_each(|arc| out.mark(key.0, arc));
        out.durable(item.kept());
        self.items.insert(key.0, item);
        key.0
    }

    /// What was there before the power failed, if this folder is one of the queue.
    pub(super) fn restore(&mut self, folder: &str, name: &Arc<str>, envelope: &Arc<Envelope>, since: Time) {
        let Some(number) = number_of(folder) else { return };
        let (name, envelope) = (name.clone(), envelope.clone());
        let item = Item { name, envelope, number, since, tries: 0, at: At::Resting };
        self.items.insert(self.restored(&item.name), item);
    }

    /// What was taken out before the power failed, if this folder is one of the queue.
    pub(super) fn forget(&mut self, folder: &str, name: &str) {
        if number_of(folder).is_some() {
            self.items.remove(&self.restored(name));
        }
    }

    /// The key of a mail that was there before the power failed.
    fn restored(&self, name: &str) -> u64 {
        self.entropy.key(("restored", name)).0
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
    ) -> Vec<Settled> {
        let Some(item) = self.items.get_mut(&key) else { return Vec::new() };
        let in_line = match item.at {
            At::Resting => false,
            At::InLine => true,
            At::Calling(_) | At::Relaying(_) => return Vec::new(),
        };
        let (Some(number), Some(line), Some(forwards)) = (item.number.clone(), line, &self.config.forwards)
        else {
            return self.relay(now, key, out);
        };
        if self.calls.len() >= forwards.most_calls {
            if !in_line {
                item.at = At::InLine;
                self.in_line.push_back(key);
            }
            return Vec::new();
        }
        // The same mail can come again: the time tells the calls for it from those for the first.
        let call = self.entropy.key(("call", key, item.since.0, item.tries)).0;
        let ends = (&mut *line, forwards);
        item.at = At::Calling(Forwarding::begin(now, ends, (key, call), &number, item.envelope.clone(), out));
        self.calls.insert(call, key);
        Vec::new()
    }

    /// The line tells of a call. A mail that waits for its turn may have it then.
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
        // Where the mail is elsewhere by now, its verdict is there already, and the call is only being ended.
        let next = match self.items.get_mut(&key).map(|item| &mut item.at) {
            Some(At::Calling(forwarding)) if forwarding.is_of(call) => {
                forwarding.hear(now, (line, forwards), what, out)
            }
            _ => None,
        };
        let mut settled = match next {
            Some(Next::Verdict(verdict)) => self.judged(now, key, verdict, out).into_iter().collect(),
            Some(Next::Relay) => self.relay(now, key, out),
            None => Vec::new(),
        };
        if over {
            self.calls.remove(&call);
            if let Some(waits) = self.in_line.pop_front() {
                settled.extend(self.attempt(now, waits, Some(line), out));
            }
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
    ) -> Vec<Settled> {
        let Some(key) = self.connections.get(&conn).copied() else { return Vec::new() };
        self.go_on(now, key, |delivery, out| delivery.stream(now, event, out), out)
    }

    /// Whether a try waits for the answer to this question.
    pub(super) fn asks(&self, question: &Question) -> bool {
        self.asked.contains_key(question)
    }

    /// The answer to a question of a try. Of several that asked the same, and of the line, each gets one.
    pub(super) fn resolved(
        &mut self,
        now: Time,
        question: &Question,
        answer: &NameAnswer,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        let Some(key) = self.asked.get(question).and_then(BTreeSet::first).copied() else {
            return Vec::new();
        };
        self.go_on(now, key, |delivery, out| delivery.resolved(now, question, answer, out), out)
    }

    /// A timer of its own ran out.
    pub(super) fn fires(
        &mut self,
        now: Time,
        timer: Timer,
        line: Option<&mut Line>,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        if timer.name == RETRY {
            return self.attempt(now, timer.owner, line, out);
        }
        self.go_on(now, timer.owner, |delivery, out| delivery.timed_out(now, out), out)
    }

    /// Step S408.
    fn relay(&mut self, now: Time, key: u64, out: &mut Outbox) -> Vec<Settled> {
        let Some(item) = self.items.get_mut(&key) else { return Vec::new() };
        let seed = self.entropy.part(("delivery", key, item.since.0, item.tries));
        let relaying = Relaying::new(key, &self.config, &item.envelope, seed);
        let awaited = relaying.awaited();
        item.at = At::Relaying(relaying);
        self.follow(key, (None, None), (None, awaited));
        self.go_on(now, key, |delivery, out| delivery.go_on(now, out), out)
    }

    /// The try by normal SMTP goes on, if it is one.
    fn go_on(
        &mut self,
        now: Time,
        key: u64,
        event: impl FnOnce(&mut Delivery, &mut Outbox) -> Option<Verdict>,
        out: &mut Outbox,
    ) -> Vec<Settled> {
        let Some(item) = self.items.get_mut(&key) else { return Vec::new() };
        let At::Relaying(relaying) = &mut item.at else { return Vec::new() };
        let before = (relaying.conn(), relaying.awaited());
        let turns = relaying.go_on(now, event, out);
        let after = (relaying.conn(), relaying.awaited());
        self.follow(key, before, after);
        turns.into_iter().filter_map(|turned| self.turned(now, key, turned, out)).collect()
    }

    /// The try waits for something else now.
    fn follow(&mut self, key: u64, before: Awaits, after: Awaits) {
        if before == after {
            return;
        }
        if let Some(conn) = before.0 {
            self.connections.remove(&conn);
        }
        if let Some((question, keys)) = before.1.and_then(|question| self.asked.remove_entry(&question)) {
            let others: BTreeSet<u64> = keys.into_iter().filter(|other| *other != key).collect();
            if !others.is_empty() {
                self.asked.insert(question, others);
            }
        }
        if let Some(conn) = after.0 {
            self.connections.insert(conn, key);
        }
        if let Some(question) = after.1 {
            self.asked.entry(question).or_default().insert(key);
        }
    }

    /// A domain had its turn. Whoever has the mail is taken off it at once.
    fn turned(&mut self, now: Time, key: u64, turned: Turned, out: &mut Outbox) -> Option<Settled> {
        let Turned { fates, left, over } = turned;
        let Some(Over { later, failed }) = over else {
            let item = self.items.get_mut(&key)?;
            let envelope = item.envelope.clone();
            item.keep(left, out);
            return Some(Settled { key, envelope, fates });
        };
        if self.config.forwards.is_some() {
            let arc = match () {
                () if !later.is_empty() && !self.gives_up(now, key) => "18.S408.deferred",
                () if !later.is_empty() || failed => "18.S408.bounced",
                () => "18.S408.relayed",
            };
            out.mark(key, arc);
        }
        self.judged(now, key, Verdict { fates, later }, out)
    }

    /// Whether the try that fails now is the last one.
    fn gives_up(&self, now: Time, key: u64) -> bool {
        let Some(item) = self.items.get(&key) else { return false };
        let wait = wait_behind(&self.config.retries, item.tries + 1);
        now + wait > item.since + self.config.gives_up_after
    }

    /// A try is over. What is left of the mail waits for the next one, or is given up.
    fn judged(&mut self, now: Time, key: u64, verdict: Verdict, out: &mut Outbox) -> Option<Settled> {
        let gives_up = self.gives_up(now, key);
        let item = self.items.get_mut(&key)?;
        let Verdict { mut fates, later } = verdict;
        let envelope = item.envelope.clone();
        if later.is_empty() || gives_up {
            fates.extend(later.into_iter().map(|(_, fate)| fate.given_up()));
            out.durable(item.gone());
            out.disarm(Timer { owner: key, name: RETRY });
            self.items.remove(&key);
            return Some(Settled { key, envelope, fates });
        }
        item.at = At::Resting;
        if item.tries == 0 {
            fates.extend(later.iter().map(|(_, fate)| fate.clone()));
        }
        item.tries += 1;
        out.arm(now, wait_behind(&self.config.retries, item.tries), Timer { owner: key, name: RETRY });
        item.keep(later.into_iter().map(|(recipient, _)| recipient).collect(), out);
        Some(Settled { key, envelope, fates })
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

    /// It is kept no longer.
    fn gone(&self) -> Durable {
        Durable::TakeMail { folder: self.folder(), name: self.name.clone() }
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
