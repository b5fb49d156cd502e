//! SIP server 17: a transaction-stateful proxy that stays in the path of the dialog (RFC 3261 §16), so
//! that ACK and BYE pass through it as paragraphs 0073 and 0075 say.

mod breadth;
mod context;
mod forward;

#[cfg(test)]
mod forking_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message, Method, Name, Uri, reason_phrase};

use self::context::Context;
use crate::config::{Location, SipServerConfig};
use crate::core::{Device, Entropy, Event, Holdings, Outbox, Time, Timer};
use crate::gate::{Asker, Gate};
use crate::registrar::Registrar;
use crate::sip::courier::Courier;
use crate::sip::locate::Means;
use crate::sip::transaction::{Layer, Up};
use crate::sip::transport::Transport;
use crate::sip::{SIP_PORT, address, extensions, intake};

/// The SIP server.
#[derive(Clone, Debug)]
pub struct SipServer {
    config: SipServerConfig,
    entropy: Entropy,
    courier: Courier,
    /// Where the locations are kept in the server itself.
    registrar: Option<Registrar>,
    /// Where it asks who calls.
    gate: Option<Gate>,
    /// Requests that are being forwarded, by server transaction.
    contexts: BTreeMap<u64, Context>,
    /// From client transactions to their context.
    branches: BTreeMap<u64, u64>,
    /// With so many contexts, those that have ended are looked for.
    sweep_at: usize,
}

impl SipServer {
    /// A SIP server before its first power-on.
    pub fn new(config: SipServerConfig) -> Self {
        SipServer::booted(config, 0)
    }

    fn booted(config: SipServerConfig, boots: u32) -> Self {
        let entropy = config.entropy.part(("boot", boots));
        let registrar = match &config.location {
            Location::Internal(registrar) => Some(Registrar::new(registrar.clone(), entropy.part("gate"))),
            Location::OwnHost(_) => None,
        };
        let gate = config.challenges.clone().map(|asked| Gate::new(asked, entropy.part("proxy gate")));
        let layer = Layer::new(entropy.part("transactions"));
        let means = Means { address: config.address, transports: &[Transport::Udp, Transport::Tcp] };
        SipServer {
            entropy,
            courier: Courier::new(layer, means, entropy.part("deliveries")),
            registrar,
            gate,
            contexts: BTreeMap::new(),
            branches: BTreeMap::new(),
            sweep_at: context::FEWEST_TO_SWEEP,
            config,
        }
    }

    fn datagram(&mut self, now: Time, from: SocketAddr, bytes: Bytes, out: &mut Outbox) {
        let Some(message) = intake::read(from, bytes, out) else { return };
        if let Some(up) = self.courier.receive(now, from, message, out) {
            self.told(now, up, out);
        }
    }

    fn told(&mut self, now: Time, up: Up, out: &mut Outbox) {
        match up {
            Up::Request { tx, message, .. } => self.request(now, tx, message, out),
            Up::Ack { message } => self.forward_ack(now, &message, out),
            Up::Response { tx, message } => self.response(now, tx, message, out),
            // A client transaction that times out counts as 408, one that cannot reach its peer as 503.
            Up::Timeout { tx } => self.branch_failed(now, tx, 408, out),
            Up::Unreachable { tx } => self.branch_failed(now, tx, 503, out),
            // §16.6 step 7: without any place to send it to, the target counts as silent.
            Up::Unlocated { tx, .. } => self.branch_failed(now, tx, 408, out),
        }
    }

    /// §16.3: the checks; then CANCEL, REGISTER, or something to forward.
    fn request(&mut self, now: Time, tx: u64, request: Message, out: &mut Outbox) {
        let uri = Uri::parse(request.request_uri().unwrap_or_default());
        // Header components must not go on to the next hop (RFC 3261 §19.1.1, RFC 4475 §3.1.2.11).
        let malformed = uri.as_ref().map_or(true, |uri| !uri.headers.is_empty());
        let foreign = uri.is_ok_and(|uri| !uri.is_sip());
        let requires = extensions::demanded(&request, Name::ProxyRequire);
        let method = request.method().cloned();
        match () {
            () if method == Some(Method::Cancel) => self.cancelled(now, tx, &request, out),
            () if malformed => self.answer(now, tx, &request, 400, out),
            () if foreign => self.answer(now, tx, &request, 416, out),
            () if request.max_forwards() == Some(0) => self.answer(now, tx, &request, 483, out),
            () if self.has_looped(&request) => self.answer(now, tx, &request, 482, out),
            () if requires.is_some() => {
                let tags = requires.unwrap_or_default();
                let refusal = self.response_to(&request, 420).header(Name::Unsupported, tags).finish();
                self.courier.respond(now, tx, refusal, out);
            }
            () if method == Some(Method::Register) && self.registrar.is_some() => {
                let tag = self.tag_for(&request);
                let Some(registrar) = &mut self.registrar else { return };
                let answer = registrar.register(now, &request, &tag);
                self.courier.respond(now, tx, answer, out);
            }
            () => match self.admit(now, &request) {
                Ok(()) => self.begin(now, tx, request, out),
                Err(refusal) => self.courier.respond(now, tx, refusal, out),
            },
        }
    }

    /// §16.3 step 6: whoever says that it is one of our domain shows it. Who registers is asked by the
    /// registrar.
    fn admit(&mut self, now: Time, request: &Message) -> Result<(), Message> {
        let tag = self.tag_for(request);
        let respond = |code: u16| Builder::reply_with_tag(request, code, reason_phrase(code), &tag);
        let Some(gate) = &mut self.gate else { return Ok(()) };
        let from = request.from_().map_err(|_| respond(400).finish())?.uri;
        let ours = from.host.eq_ignore_ascii_case(&self.config.domain);
        if !ours || request.method() == Some(&Method::Register) {
            return Ok(());
        }
        gate.admit(now, request, Asker::Proxy, &from, respond)
    }

    /// Answers a request ourselves.
    fn answer(&mut self, now: Time, tx: u64, request: &Message, code: u16, out: &mut Outbox) {
        let response = self.response_to(request, code).finish();
        self.courier.respond(now, tx, response, out);
    }

    fn response_to(&self, request: &Message, code: u16) -> Builder {
        Builder::reply_with_tag(request, code, reason_phrase(code), &self.tag_for(request))
    }

    fn tag_for(&self, request: &Message) -> String {
        self.entropy.key(("to-tag", request.call_id(), request.from_tag())).token()
    }

    fn timer(&mut self, now: Time, timer: Timer, out: &mut Outbox) {
        if timer.name == context::TIMER_C {
            self.timer_c(now, timer.owner, out);
        } else if let Some(up) = self.courier.fires(now, timer, out) {
            self.told(now, up, out);
        }
        self.forget_finished();
    }

    /// Our own address in a Via or Route.
    fn host(&self) -> String {
        address::host(self.config.address)
    }

    fn is_us(&self, uri: &Uri) -> bool {
        let named = || self.config.names.iter().any(|name| name.eq_ignore_ascii_case(&uri.host));
        let here = uri.host_ip().map_or_else(named, |ip| ip == self.config.address);
        here && uri.port.unwrap_or(SIP_PORT) == SIP_PORT
    }
}

impl Device for SipServer {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, .. } => {
                *self = SipServer::booted(self.config.clone(), boots);
                if self.config.listens_tcp {
                    self.courier.listen(out);
                }
            }
            Event::Datagram { from, bytes } => self.datagram(now, from, bytes, out),
            Event::Timer(timer) => self.timer(now, timer, out),
            Event::Resolved { question, answer } => {
                for up in self.courier.resolved(now, &question, &answer, out) {
                    self.told(now, up, out);
                }
                self.forget_finished();
            }
            Event::Unreachable { to } => {
                for up in self.courier.unreachable(now, to, out) {
                    self.told(now, up, out);
                }
            }
            Event::Stream(conn, event) => {
                for up in self.courier.stream(now, conn, event, out) {
                    self.told(now, up, out);
                }
            }
            other => out.unexpected(format!("{other:?}"), "a SIP message"),
        }
    }

    fn holds(&self) -> Holdings {
        let transactions = self.courier.len() + self.forwarding();
        Holdings { transactions, ..Holdings::default() }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
