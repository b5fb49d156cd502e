//! The courier: brings a request to a URI (RFC 3261 §8.1.2, §16.6 step 7; RFC 3263).
//!
//! It stands between a user agent or proxy and the transaction layer. It locates the servers of the
//! URI and tries one after the other until one is contacted, each in a client transaction of its own
//! with a branch of its own (RFC 3263 §4.3). Its user knows a *delivery* by one number and hears of the
//! last failure only.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use faxproof_wire::sip::{Message, Name, Uri};

use super::locate::{Means, Next, Search, Unlocated};
use super::transaction::{Layer, T1, Up};
use super::transport::Hop;
use crate::core::{Conn, Duration, Entropy, NameAnswer, Outbox, Question, StreamEvent, Time, Timer};

/// ACKs that wait for an address at one time.
const MAX_LETTERS: usize = 1000;
/// Servers whose wish for rest is remembered.
const MAX_RESTING: usize = 1000;
/// Fires at once, for a delivery that failed before its user knew its number.
const UNLOCATED: &str = "unlocated";
/// Fires where the name server has not answered, not even that it does not know; its owner is who asked.
const UNANSWERED: &str = "unanswered";
/// Nobody waits longer for a name than a request for its response (Timers B and F, RFC 3261 §17.1).
const PATIENCE: Duration = Duration(T1.0 * 64);

/// Deliveries over a transaction layer.
#[derive(Clone, Debug)]
pub struct Courier {
    layer: Layer,
    means: Means,
    entropy: Entropy,
    deliveries: BTreeMap<u64, Delivery>,
    /// The delivery for whose sake a client transaction runs.
    tries: BTreeMap<u64, u64>,
    /// ACKs that wait for an address.
    letters: BTreeMap<u64, Letter>,
    asked: BTreeSet<Question>,
    /// Servers that answered 503 with Retry-After, and until when they are left alone.
    resting: BTreeMap<Hop, Time>,
    /// Where the last response came from, and for which target.
    served: Option<(Uri, Hop)>,
}

/// A request on its way.
#[derive(Clone, Debug)]
struct Delivery {
    /// As sent last.
    request: Message,
    target: Uri,
    search: Search,
    /// The answer that it waits for.
    question: Option<Question>,
    /// The transaction of the last try, and where it went.
    current: Option<(u64, Hop)>,
    tries: u32,
    /// A server was left alone because it had asked for it.
    rested: bool,
    /// A response has come: silence is no failure any more (RFC 3263 §4.3).
    answered: bool,
    /// The user has got its final answer, or wants no other try.
    settled: bool,
    /// What became of the last try.
    failure: Option<Up>,
}

/// An ACK for a 2xx: it has no transaction, so it is sent once.
#[derive(Clone, Debug)]
struct Letter {
    ack: Message,
    /// The transaction of the INVITE and the tag of the 2xx; none where a proxy forwards it.
    of: Option<(u64, String)>,
    search: Search,
    question: Option<Question>,
}

impl Courier {
    /// A courier over an empty layer. The branches of second tries, and the choice among equal servers,
    /// are drawn from `entropy`.
    pub fn new(layer: Layer, means: Means, entropy: Entropy) -> Self {
        Courier {
            layer,
            means,
            entropy,
            deliveries: BTreeMap::new(),
            tries: BTreeMap::new(),
            letters: BTreeMap::new(),
            asked: BTreeSet::new(),
            resting: BTreeMap::new(),
            served: None,
        }
    }

    /// Sends a request to the servers of a URI. Its top Via must carry a fresh branch. The number that
    /// comes back stands for all tries.
    pub fn send(&mut self, now: Time, request: Message, target: &Uri, out: &mut Outbox) -> u64 {
        let id = self.layer.client_of(&request);
        let delivery = Delivery {
            request,
            target: target.clone(),
            search: self.search(id, target),
            question: None,
            current: None,
            tries: 0,
            rested: false,
            answered: false,
            settled: false,
            failure: None,
        };
        if let Some(failure) = self.go_on(now, id, delivery, out) {
            out.arm(now, Duration::default(), Timer { owner: id, name: UNLOCATED });
            if let Some(delivery) = self.deliveries.get_mut(&id) {
                delivery.failure = Some(failure);
            }
        }
        id
    }

    /// Whether a request of ours with this branch and method is on its way.
    pub fn is_under_way(&self, request: &Message) -> bool {
        self.owns(self.layer.client_of(request))
    }

    /// Sends a changed request to the server that has refused it as it was, in a transaction of its own. The
    /// delivery keeps its number. `false` if it is gone.
    pub fn send_again(&mut self, now: Time, delivery: u64, request: Message, out: &mut Outbox) -> bool {
        let Some(found) = self.deliveries.get_mut(&delivery) else { return false };
        let Some((_, hop)) = found.current else { return false };
        found.request = request.clone();
        let tx = self.layer.send(now, request, hop, out);
        found.current = Some((tx, hop));
        self.tries.insert(tx, delivery);
        true
    }

    /// Cancels an INVITE where it went (RFC 3261 §9.1). `None` if its transaction is gone.
    pub fn cancel(&mut self, now: Time, delivery: u64, out: &mut Outbox) -> Option<u64> {
        self.layer.cancel(now, self.transaction_of(delivery), out)
    }

    /// Makes no further try. `true`: no transaction runs for the delivery, so nothing will be told of it.
    pub fn give_up(&mut self, delivery: u64, out: &mut Outbox) -> bool {
        let Some(found) = self.deliveries.get_mut(&delivery) else { return false };
        found.settled = true;
        let locating = found.question.is_some();
        if locating {
            self.deliveries.remove(&delivery);
            out.disarm(Timer { owner: delivery, name: UNANSWERED });
        }
        locating
    }

    /// Awaits the end of a delivery no longer than its transaction may take.
    pub fn abandon(&self, now: Time, delivery: u64, out: &mut Outbox) {
        self.layer.abandon(now, self.transaction_of(delivery), out);
    }

    /// Sends the ACK for a 2xx, and again for every copy of that 2xx. If it is for the URI to which the
    /// INVITE was delivered, it goes to the same server.
    pub fn acknowledge(
        &mut self,
        now: Time,
        delivery: u64,
        tag: &str,
        ack: Message,
        target: &Uri,
        out: &mut Outbox,
    ) {
        let tx = self.transaction_of(delivery);
        let same = self.deliveries.get(&delivery).filter(|known| is_same_place(&known.target, target));
        match same.and_then(|known| known.current) {
            Some((_, hop)) => self.layer.acknowledge(now, tx, tag, ack, hop, out),
            None => self.post(now, ack, Some((tx, tag.to_owned())), target, out),
        }
    }

    /// Sends a request without a transaction: an ACK that a proxy forwards (§16.11).
    pub fn pass(&mut self, now: Time, ack: Message, target: &Uri, out: &mut Outbox) {
        self.post(now, ack, None, target, out);
    }

    /// Takes the answer to a question of ours.
    pub fn resolved(
        &mut self,
        now: Time,
        question: &Question,
        answer: &NameAnswer,
        out: &mut Outbox,
    ) -> Vec<Up> {
        if !self.asked.remove(question) {
            out.unexpected(format!("the answer for {}, which nobody asked", question.name), "nothing");
        }
        let waits = |id: &u64| self.question_of(*id) == Some(question);
        let ids: Vec<u64> =
            self.deliveries.keys().chain(self.letters.keys()).copied().filter(waits).collect();
        ids.into_iter().filter_map(|id| self.learn(now, id, answer, out)).collect()
    }

    /// The delivery or letter of this number has an answer to its question, and goes on with it.
    fn learn(&mut self, now: Time, id: u64, answer: &NameAnswer, out: &mut Outbox) -> Option<Up> {
        out.disarm(Timer { owner: id, name: UNANSWERED });
        if let Some(mut letter) = self.letters.remove(&id) {
            letter.question = None;
            letter.search.learn(answer);
            self.forward(now, id, letter, out);
            return None;
        }
        let mut delivery = self.deliveries.remove(&id)?;
        delivery.question = None;
        delivery.search.learn(answer);
        self.go_on(now, id, delivery, out).inspect(|_| drop(self.deliveries.remove(&id)))
    }

    /// Takes a message that came in a datagram.
    pub fn receive(&mut self, now: Time, from: SocketAddr, message: Message, out: &mut Outbox) -> Option<Up> {
        let up = self.layer.receive(now, from, message, out)?;
        self.told(now, up, out)
    }

    /// Takes what happened on a connection that carries SIP.
    pub fn stream(&mut self, now: Time, conn: Conn, event: StreamEvent, out: &mut Outbox) -> Vec<Up> {
        let ups = self.layer.stream(now, conn, event, out);
        ups.into_iter().filter_map(|up| self.told(now, up, out)).collect()
    }

    /// ICMP says that nothing reaches this address.
    pub fn unreachable(&mut self, now: Time, to: SocketAddr, out: &mut Outbox) -> Vec<Up> {
        let ups = self.layer.unreachable(now, to, out);
        ups.into_iter().filter_map(|up| self.told(now, up, out)).collect()
    }

    /// Takes a timer of a transaction, a connection or a delivery.
    pub fn fires(&mut self, now: Time, timer: Timer, out: &mut Outbox) -> Option<Up> {
        if timer.name == UNLOCATED {
            return self.deliveries.remove(&timer.owner)?.failure;
        }
        if timer.name == UNANSWERED {
            return self.unanswered(now, timer.owner, out);
        }
        let up = self.layer.fires(now, timer, out).and_then(|up| self.told(now, up, out));
        self.bury(timer.owner);
        up
    }

    /// Whether [`Courier::fires`] takes this timer.
    pub fn owns_timer(&self, timer: Timer) -> bool {
        self.layer.owns_timer(timer)
            || (timer.name == UNLOCATED && self.deliveries.contains_key(&timer.owner))
            || (timer.name == UNANSWERED && self.question_of(timer.owner).is_some())
    }

    /// Whether this delivery, or transaction with a client of ours, still runs.
    pub fn owns(&self, tx: u64) -> bool {
        self.layer.owns(tx) || self.deliveries.contains_key(&tx)
    }

    /// The request of a delivery, as sent last, or of a transaction with a client of ours.
    pub fn request_of(&self, tx: u64) -> Option<&Message> {
        self.layer.request_of(self.transaction_of(tx))
    }

    /// Keeps the way to a server open (RFC 5626 §4.4.1): to an address, or to the server of a name that has
    /// answered last.
    pub fn ping(&mut self, now: Time, target: &Uri, out: &mut Outbox) {
        let served = self.served.as_ref().filter(|(known, _)| is_same_place(known, target));
        let hop = match (served, self.search(0, target).proceed()) {
            (Some((_, hop)), _) => *hop,
            (None, Next::Try(hop)) => hop,
            _ => return,
        };
        self.layer.ping(now, hop, out);
    }

    /// Answers a request.
    pub fn respond(&mut self, now: Time, tx: u64, response: Message, out: &mut Outbox) {
        self.layer.respond(now, tx, response, out);
    }

    /// The INVITE transaction that a CANCEL means.
    pub fn cancelled_by(&self, cancel: &Message) -> Option<u64> {
        self.layer.cancelled_by(cancel)
    }

    /// Accepts SIP on TCP from now on.
    pub fn listen(&self, out: &mut Outbox) {
        self.layer.listen(out);
    }

    /// Whether this connection carries SIP.
    pub fn has(&self, conn: Conn) -> bool {
        self.layer.has(conn)
    }

    /// How many transactions run, and messages wait for an address.
    pub fn len(&self) -> usize {
        let locating = self.deliveries.values().filter(|delivery| delivery.question.is_some()).count();
        self.layer.len() + locating + self.letters.len()
    }

    /// Whether nothing runs.
    pub fn is_empty(&self) -> bool {
        self.layer.is_empty() && self.deliveries.is_empty() && self.letters.is_empty()
    }

    /// What the layer tells of a try: the user hears of it, or the next one begins.
    fn told(&mut self, now: Time, up: Up, out: &mut Outbox) -> Option<Up> {
        let tx = match &up {
            Up::Response { tx, .. } | Up::Timeout { tx } | Up::Unreachable { tx } => *tx,
            _ => return Some(up),
        };
        let Some(id) = self.tries.get(&tx).copied() else { return Some(up) };
        let told = self.told_of(now, id, up, out);
        self.bury(tx);
        told
    }

    fn told_of(&mut self, now: Time, id: u64, up: Up, out: &mut Outbox) -> Option<Up> {
        let up = renamed(up, id);
        let Some(delivery) = self.deliveries.get_mut(&id) else { return Some(up) };
        let failed = match &up {
            Up::Response { message, .. } => {
                delivery.answered = true;
                self.served = delivery.current.map(|(_, hop)| (delivery.target.clone(), hop));
                let code = message.code().unwrap_or_default();
                if let (503, Some(wait), Some((_, hop))) = (code, retry_after(message), delivery.current) {
                    rest(&mut self.resting, now, hop, wait);
                }
                if code != 503 {
                    delivery.settled |= code >= 200;
                    return Some(up);
                }
                true
            }
            Up::Timeout { .. } => !delivery.answered,
            _ => true,
        };
        if delivery.settled || !failed {
            delivery.settled = true;
            return Some(up);
        }
        let mut delivery = self.deliveries.remove(&id)?;
        (delivery.failure, delivery.answered) = (Some(up), false);
        self.go_on(now, id, delivery, out).inspect(|_| drop(self.deliveries.remove(&id)))
    }

    /// The next step of a delivery: a question, a try, or its end.
    fn go_on(&mut self, now: Time, id: u64, mut delivery: Delivery, out: &mut Outbox) -> Option<Up> {
        let ended = loop {
            match delivery.search.proceed() {
                Next::Ask(question) => {
                    self.ask(now, id, &question, out);
                    delivery.question = Some(question);
                    break None;
                }
                Next::Try(hop) if self.resting.get(&hop).is_some_and(|until| now < *until) => {
                    delivery.rested = true;
                }
                Next::Try(hop) => {
                    self.attempt(now, id, &mut delivery, hop, out);
                    break None;
                }
                Next::Exhausted => {
                    let why = if delivery.rested { Unlocated::Resting } else { delivery.search.why() };
                    break Some(delivery.failure.take().unwrap_or(Up::Unlocated { tx: id, why }));
                }
            }
        };
        self.deliveries.insert(id, delivery);
        ended
    }

    /// Sends the request to this hop: from the second time on as a new transaction (RFC 3263 §4.3).
    fn attempt(&mut self, now: Time, id: u64, delivery: &mut Delivery, hop: Hop, out: &mut Outbox) {
        if delivery.tries > 0 {
            let token = self.entropy.key(("try", id, delivery.tries)).token();
            delivery.request = with_branch(&delivery.request, &token);
        }
        delivery.tries += 1;
        let tx = self.layer.send(now, delivery.request.clone(), hop, out);
        delivery.current = Some((tx, hop));
        self.tries.insert(tx, id);
    }

    fn post(&mut self, now: Time, ack: Message, of: Option<(u64, String)>, target: &Uri, out: &mut Outbox) {
        let id = self.entropy.key(("letter", ack.branch(), of.as_ref().map(|(_, tag)| tag))).0;
        let letter = Letter { search: self.search(id, target), ack, of, question: None };
        self.forward(now, id, letter, out);
    }

    fn forward(&mut self, now: Time, id: u64, mut letter: Letter, out: &mut Outbox) {
        match letter.search.proceed() {
            Next::Ask(question) if self.letters.len() < MAX_LETTERS => {
                self.ask(now, id, &question, out);
                letter.question = Some(question);
                self.letters.insert(id, letter);
            }
            Next::Ask(_) => out.unexpected("more ACKs than may wait for an address", "fewer"),
            Next::Try(hop) => match letter.of {
                Some((tx, tag)) => self.layer.acknowledge(now, tx, &tag, letter.ack, hop, out),
                None => self.layer.pass(now, letter.ack, hop, out),
            },
            Next::Exhausted => {
                let why = letter.search.why();
                out.unexpected(format!("an ACK that leads nowhere: {why}"), "a server for it");
            }
        }
    }

    /// Two that want to know the same ask once.
    fn ask(&mut self, now: Time, id: u64, question: &Question, out: &mut Outbox) {
        out.arm(now, PATIENCE, Timer { owner: id, name: UNANSWERED });
        if self.asked.insert(question.clone()) {
            out.resolve(question.clone());
        }
    }

    /// The name server has let a question stand for too long: it is silent, and whoever asks next asks anew.
    fn unanswered(&mut self, now: Time, id: u64, out: &mut Outbox) -> Option<Up> {
        let question = self.question_of(id)?.clone();
        self.asked.remove(&question);
        self.learn(now, id, &NameAnswer::TimedOut, out)
    }

    fn question_of(&self, id: u64) -> Option<&Question> {
        let letter = || self.letters.get(&id)?.question.as_ref();
        self.deliveries.get(&id).map_or_else(letter, |delivery| delivery.question.as_ref())
    }

    fn search(&self, id: u64, target: &Uri) -> Search {
        Search::of(target, &self.means, self.entropy.part(("search", id)))
    }

    fn transaction_of(&self, delivery: u64) -> u64 {
        let current = self.deliveries.get(&delivery).and_then(|delivery| delivery.current);
        current.map_or(delivery, |(tx, _)| tx)
    }

    /// Forgets a try whose transaction is gone, and the delivery with its last try.
    fn bury(&mut self, tx: u64) {
        if self.layer.owns(tx) {
            return;
        }
        let Some(id) = self.tries.remove(&tx) else { return };
        let over = |delivery: &Delivery| {
            delivery.question.is_none() && delivery.current.is_none_or(|(current, _)| current == tx)
        };
        if self.deliveries.get(&id).is_some_and(over) {
            self.deliveries.remove(&id);
        }
    }
}

/// The same under the number of the delivery.
fn renamed(up: Up, id: u64) -> Up {
    match up {
        Up::Response { message, .. } => Up::Response { tx: id, message },
        Up::Timeout { .. } => Up::Timeout { tx: id },
        Up::Unreachable { .. } => Up::Unreachable { tx: id },
        other => other,
    }
}

/// How long a server wants to be left alone (§20.33, §21.5.4).
fn retry_after(response: &Message) -> Option<Duration> {
    let value = response.header(Name::RetryAfter)?;
    let digits: String = value.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().ok().map(|seconds| Duration::secs(u64::from(seconds)))
}

fn rest(resting: &mut BTreeMap<Hop, Time>, now: Time, hop: Hop, wait: Duration) {
    resting.retain(|_, until| now < *until);
    if resting.len() < MAX_RESTING {
        resting.insert(hop, now + wait);
    }
}

/// The request with another branch; a part by which a proxy knows loops stays (§16.6 step 8).
fn with_branch(request: &Message, token: &str) -> Message {
    let Ok(mut via) = request.via() else { return request.clone() };
    let kept = via.branch().and_then(|branch| branch.split_once('.')).map(|(_, part)| format!(".{part}"));
    let branch = format!("z9hG4bK{token}{}", kept.unwrap_or_default());
    via.params.set("branch", Some(&branch));
    request.edit().replace_first_value(Name::Via, via.to_string()).finish()
}

/// Whether the same servers are found for both.
fn is_same_place(one: &Uri, other: &Uri) -> bool {
    let place = |uri: &Uri| {
        let param = |name| uri.params.get(name).map(str::to_ascii_lowercase);
        (uri.scheme.clone(), uri.host.to_ascii_lowercase(), uri.port, param("transport"), param("maddr"))
    };
    place(one) == place(other)
}

#[cfg(test)]
mod tests;
