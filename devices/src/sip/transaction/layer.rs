//! The transaction layer of a box: finds the transaction for each message, or makes one.

mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use faxproof_wire::sip::{Builder, Message, Method, Name, Via};

use super::machine::{Tell, Transaction, cancel_of};
use super::{INVITE_CLIENT, INVITE_SERVER, Input, NON_INVITE_CLIENT, NON_INVITE_SERVER, State, T1};
use crate::core::{Conn, Entropy, Outbox, Time, Timer};
use crate::sip::locate::Unlocated;
use crate::sip::transport::{
    Connections, Hop, MAX_DATAGRAM_REQUEST, Transport, Waiting, Way, listen, with_transport,
};
use crate::sip::{SIP_PORT, address};

/// Transactions at one time; a request beyond them is answered 503 without a transaction.
pub const MAX_TRANSACTIONS: usize = 50_000;

/// How a branch begins that is unique (RFC 3261 §8.1.1.7).
const MAGIC: &str = "z9hG4bK";

/// Ends a transaction that was abandoned.
const ABANDONED: &str = "abandoned";

/// All transactions of a box.
#[derive(Clone, Debug)]
pub struct Layer {
    entropy: Entropy,
    running: BTreeMap<u64, Transaction>,
    connections: Connections,
}

/// What the layer tells its user. `tx` names the transaction.
#[derive(Clone, Debug)]
pub enum Up {
    /// A new request; answer it with [`Layer::respond`].
    Request {
        /// Its server transaction.
        tx: u64,
        /// The request, `received` filled in.
        message: Message,
        /// Source of the packet.
        from: SocketAddr,
    },
    /// An ACK that belongs to a 2xx (or to nothing).
    Ack {
        /// The ACK.
        message: Message,
    },
    /// A response to a request of ours.
    Response {
        /// Its client transaction.
        tx: u64,
        /// The response.
        message: Message,
    },
    /// No answer in time: Timer B or F of a client, H of a server.
    Timeout {
        /// The transaction, gone now.
        tx: u64,
    },
    /// The transport could not deliver.
    Unreachable {
        /// The transaction, gone now unless it was Accepted.
        tx: u64,
    },
    /// There is no place to send a request of ours to. Only a courier tells this.
    Unlocated {
        /// Its delivery, gone now.
        tx: u64,
        /// Why.
        why: Unlocated,
    },
}

impl Layer {
    /// An empty layer that draws its numbers from `entropy`.
    pub fn new(entropy: Entropy) -> Self {
        Layer { entropy, running: BTreeMap::new(), connections: Connections::new(entropy) }
    }

    /// Accepts SIP on TCP from now on, as every element must that takes it in datagrams (RFC 3261 §18.2.1).
    pub fn listen(&self, out: &mut Outbox) {
        listen(out);
    }

    /// Whether this transaction still runs.
    pub fn owns(&self, tx: u64) -> bool {
        self.running.contains_key(&tx)
    }

    /// Whether this timer belongs to a transaction or a connection: then [`Layer::fires`] takes it.
    pub fn owns_timer(&self, timer: Timer) -> bool {
        self.owns(timer.owner) || self.connections.has(Conn(timer.owner))
    }

    /// The number that a request of ours has, or will have once it is sent.
    pub fn client_of(&self, request: &Message) -> u64 {
        let invite = request.method() == Some(&Method::Invite);
        self.client_id(request.branch().unwrap_or_default(), invite, is_cancel(request))
    }

    /// How many run.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// The request of a running transaction.
    pub fn request_of(&self, tx: u64) -> Option<&Message> {
        self.running.get(&tx).map(|transaction| &transaction.request)
    }

    /// Nobody waits any more for what would end this transaction, and no timer of its machine may run: a
    /// client that has a provisional response, a server whose user stays silent (RFC 4320 §4.2). It can
    /// still end as it should for 64*T1; then it is gone.
    pub fn abandon(&self, now: Time, tx: u64, out: &mut Outbox) {
        if self.owns(tx) {
            out.arm(now, T1 * 64, Timer { owner: tx, name: ABANDONED });
        }
    }

    #[cfg(test)]
    pub(super) fn running_ids(&self) -> Vec<u64> {
        self.running.keys().copied().collect()
    }

    /// Sends a request in a client transaction of its own. Its top Via must carry a fresh branch; the
    /// transport in it becomes that by which the request goes: the one of the hop, or TCP if the request
    /// is too large for a datagram (RFC 3261 §18.1.1).
    pub fn send(&mut self, now: Time, request: Message, hop: Hop, out: &mut Outbox) -> u64 {
        let (request, hop, for_size) = fitted(request, hop);
        self.begin(now, request, Way::to(hop), for_size, out)
    }

    /// Cancels an INVITE of ours by the way that it went (§9.1). `None` if its transaction is gone.
    pub fn cancel(&mut self, now: Time, invite: u64, out: &mut Outbox) -> Option<u64> {
        let transaction = self.running.get(&invite)?;
        let (cancel, way) = (cancel_of(&transaction.request), transaction.way);
        Some(self.begin(now, cancel, way, transaction.for_size, out))
    }

    /// Sends a request without a transaction: an ACK that a proxy forwards (§16.11).
    pub fn pass(&mut self, now: Time, request: Message, hop: Hop, out: &mut Outbox) {
        let (message, hop, for_size) = fitted(request, hop);
        self.connections.send(now, &mut Way::to(hop), Waiting { tx: None, message, for_size }, out);
    }

    /// Keeps the way to a hop open (RFC 5626 §3.5.1).
    pub fn ping(&mut self, now: Time, hop: Hop, out: &mut Outbox) {
        self.connections.ping(now, hop, out);
    }

    /// Answers a request. A response for a transaction that is gone is recorded as unexpected.
    pub fn respond(&mut self, now: Time, tx: u64, response: Message, out: &mut Outbox) {
        let input = match response.code().unwrap_or_default() {
            ..200 => Input::OwnProvisional,
            200..300 => Input::OwnSuccess,
            _ => Input::OwnFailure,
        };
        let Some(transaction) = self.running.get_mut(&tx) else {
            out.unexpected(format!("own {} after the end of its transaction", response.label()), "nothing");
            return;
        };
        transaction.response = Some(response);
        transaction.input(now, tx, input, None, &mut self.connections, out);
        self.bury(tx);
    }

    /// Sends the ACK for a 2xx, and again for every copy of that 2xx (RFC 3261 §13.2.2.4).
    pub fn acknowledge(&mut self, now: Time, tx: u64, tag: &str, ack: Message, hop: Hop, out: &mut Outbox) {
        self.pass(now, ack.clone(), hop, out);
        if let Some(transaction) = self.running.get_mut(&tx) {
            transaction.acks.push((tag.to_owned(), ack, hop));
        }
    }

    /// Takes a message that came in a datagram.
    pub fn receive(&mut self, now: Time, from: SocketAddr, message: Message, out: &mut Outbox) -> Option<Up> {
        self.take(now, (from, None), message, out)
    }

    /// Takes a timer of a transaction.
    pub fn fires(&mut self, now: Time, timer: Timer, out: &mut Outbox) -> Option<Up> {
        let Some(transaction) = self.running.get_mut(&timer.owner) else {
            self.connections.fires(timer, out);
            return None;
        };
        if timer.name == ABANDONED {
            // In any other state a timer of the machine runs, or has run out.
            if matches!(transaction.state, State::Trying | State::Proceeding) {
                self.running.remove(&timer.owner);
            }
            return None;
        }
        let input = Input::Fires(timer.name);
        let tell = transaction.input(now, timer.owner, input, None, &mut self.connections, out);
        self.bury(timer.owner);
        (tell == Some(Tell::Timeout)).then_some(Up::Timeout { tx: timer.owner })
    }

    /// ICMP says that nothing reaches this address: every transaction with it that still waits hears it
    /// (RFC 3261 §18.4).
    pub fn unreachable(&mut self, now: Time, to: SocketAddr, out: &mut Outbox) -> Vec<Up> {
        let waits = |t: &Transaction| t.way.hop == Hop::udp(to) && t.can_fail();
        let ids: Vec<u64> = self.running.iter().filter(|(_, t)| waits(t)).map(|(id, _)| *id).collect();
        self.fail(now, ids, out)
    }

    fn fail(&mut self, now: Time, ids: Vec<u64>, out: &mut Outbox) -> Vec<Up> {
        let mut told = Vec::new();
        for tx in ids {
            if let Some(transaction) = self.running.get_mut(&tx)
                && transaction.input(now, tx, Input::Unreachable, None, &mut self.connections, out).is_some()
            {
                told.push(Up::Unreachable { tx });
            }
            self.bury(tx);
        }
        told
    }

    /// The INVITE transaction that a CANCEL means: the one with its branch and sent-by (RFC 3261 §9.2).
    pub fn cancelled_by(&self, cancel: &Message) -> Option<u64> {
        let id = self.server_id(cancel, &cancel.via().ok()?, &Method::Invite)?;
        self.owns(id).then_some(id)
    }

    fn begin(&mut self, now: Time, request: Message, way: Way, for_size: bool, out: &mut Outbox) -> u64 {
        let id = self.client_of(&request);
        let invite = request.method() == Some(&Method::Invite);
        let table = if invite { &INVITE_CLIENT } else { &NON_INVITE_CLIENT };
        let mut transaction = Transaction::new(table, request, way);
        transaction.for_size = for_size;
        transaction.input(now, id, Input::Begin, None, &mut self.connections, out);
        self.running.insert(id, transaction);
        id
    }

    /// Takes a message with its source, which for a stream is the connection too.
    fn take(&mut self, now: Time, source: Source, message: Message, out: &mut Outbox) -> Option<Up> {
        if message.is_request() {
            self.receive_request(now, source, message, out)
        } else {
            self.receive_response(now, message, out)
        }
    }

    fn receive_request(
        &mut self,
        now: Time,
        source: Source,
        message: Message,
        out: &mut Outbox,
    ) -> Option<Up> {
        let method = message.method()?.clone();
        let matched = if method == Method::Ack { Method::Invite } else { method.clone() };
        let found = message.via().ok().and_then(|via| Some((self.server_id(&message, &via, &matched)?, via)));
        let Some((id, via)) = found else {
            out.unexpected("a request without a usable Via", "a request");
            return None;
        };
        if let Some(transaction) = self.running.get_mut(&id) {
            let input = if method == Method::Ack { Input::Ack } else { Input::Copy };
            let tell = transaction.input(now, id, input, None, &mut self.connections, out);
            // On a stream an ACK ends it at once: Timer I is zero there.
            self.bury(id);
            return (tell == Some(Tell::Message)).then_some(Up::Ack { message });
        }
        if method == Method::Ack {
            return Some(Up::Ack { message });
        }
        let (message, mut back) = note_source(message, via, source);
        if self.running.len() >= MAX_TRANSACTIONS {
            let busy = Builder::reply_to(&message, 503, "Service Unavailable").header(Name::RetryAfter, "32");
            let busy = Waiting { tx: None, message: busy.finish(), for_size: false };
            self.connections.send(now, &mut back, busy, out);
            return None;
        }
        let table = if method == Method::Invite { &INVITE_SERVER } else { &NON_INVITE_SERVER };
        let mut transaction = Transaction::new(table, message.clone(), back);
        transaction.input(now, id, Input::Begin, None, &mut self.connections, out);
        self.running.insert(id, transaction);
        Some(Up::Request { tx: id, message, from: source.0 })
    }

    fn receive_response(&mut self, now: Time, message: Message, out: &mut Outbox) -> Option<Up> {
        let (_, method) = message.cseq()?;
        let id = self.client_id(
            message.branch().unwrap_or_default(),
            method == Method::Invite,
            method == Method::Cancel,
        );
        let Some(transaction) = self.running.get_mut(&id) else {
            // RFC 6026 §8.9: a response that matches no transaction is dropped.
            out.unexpected(format!("{} that answers no request", message.label()), "nothing");
            return None;
        };
        let input = match message.code().unwrap_or_default() {
            ..200 => Input::Provisional,
            200..300 => Input::Success,
            _ => Input::Failure,
        };
        let tell = transaction.input(now, id, input, Some(&message), &mut self.connections, out);
        let tag = message.to_tag().unwrap_or_default();
        let known = transaction.acks.iter().find(|(known, ..)| known == tag);
        if let Some((ack, hop)) = known.map(|(_, ack, hop)| (ack.clone(), *hop)) {
            self.pass(now, ack, hop, out);
            return None;
        }
        self.bury(id);
        (tell == Some(Tell::Message)).then_some(Up::Response { tx: id, message })
    }

    fn bury(&mut self, id: u64) {
        if self.running.get(&id).is_some_and(|transaction| transaction.state == State::Terminated) {
            self.running.remove(&id);
        }
    }

    /// A response belongs to the transaction with its branch and CSeq method (RFC 3261 §17.1.3).
    fn client_id(&self, branch: &str, invite: bool, cancel: bool) -> u64 {
        self.entropy.key(("client", branch, invite, cancel)).0
    }

    /// A request belongs to the transaction with its branch, sent-by and method (RFC 3261 §17.2.3).
    fn server_id(&self, message: &Message, via: &Via, method: &Method) -> Option<u64> {
        let sent_by = (via.host.to_ascii_lowercase(), via.port.unwrap_or(SIP_PORT));
        match via.branch() {
            Some(branch) if branch.starts_with(MAGIC) && branch.len() > MAGIC.len() => {
                Some(self.entropy.key(("server", branch, sent_by, method.as_str())).0)
            }
            // A sender of RFC 2543 has no unique branch, nor has one that sends the magic cookie alone
            // (RFC 4475 §3.2.1): Call-ID, From tag and CSeq stand for it.
            _ => {
                let cseq = message.cseq()?.0;
                let call = (message.call_id()?.to_owned(), message.from_tag().map(str::to_owned));
                Some(self.entropy.key(("old server", call, cseq, sent_by, method.as_str())).0)
            }
        }
    }
}

fn is_cancel(request: &Message) -> bool {
    request.method() == Some(&Method::Cancel)
}

/// Where a message came from; the connection, if it came on a stream.
type Source = (SocketAddr, Option<Conn>);

/// The request as it goes, by which hop, and whether its size alone decided that (RFC 3261 §18.1.1).
fn fitted(request: Message, hop: Hop) -> (Message, Hop, bool) {
    let for_size = hop.transport == Transport::Udp && request.raw().len() > MAX_DATAGRAM_REQUEST;
    let hop = if for_size { Hop::tcp(hop.address) } else { hop };
    (with_transport(request, hop.transport), hop, for_size)
}

/// Notes the source in the top Via (RFC 3261 §18.2.1, RFC 3581 §4) and says how responses go (§18.2.2): on
/// the connection of the request, and if that is gone on one to the sent-by port.
fn note_source(message: Message, mut via: Via, (from, conn): Source) -> (Message, Way) {
    let transport = if conn.is_some() { Transport::Tcp } else { Transport::Udp };
    let way = |port: u16| Way { hop: Hop { transport, address: SocketAddr::new(from.ip(), port) }, conn };
    let (sent_by, port) = (address::host_ip(&via.host), via.port.unwrap_or(SIP_PORT));
    let asks_for_port = via.rport() == Some(None);
    if sent_by == Some(from.ip()) && !asks_for_port {
        return (message, way(port));
    }
    via.params.set("received", Some(&from.ip().to_string()));
    if asks_for_port {
        via.params.set("rport", Some(&from.port().to_string()));
    }
    let noted = message.edit().replace_first_value(Name::Via, via.to_string()).finish();
    // A stream needs no port: rport is for datagrams (RFC 3581 §4).
    (noted, way(if asks_for_port && conn.is_none() { from.port() } else { port }))
}
