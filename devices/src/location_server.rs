//! The location server of paragraph 0072: a registrar, and a redirect server that answers an INVITE with
//! the contact of its number (RFC 3261 §8.3).

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message, Method, Name, Uri, reason_phrase};

use crate::config::LocationServerConfig;
use crate::core::{Device, Entropy, Event, Holdings, Outbox, Time};
use crate::registrar::Registrar;
use crate::sip::transaction::{Layer, Up};
use crate::sip::{extensions, intake};

const ALLOW: &str = "INVITE, ACK, CANCEL, OPTIONS, REGISTER";

/// The location server.
#[derive(Clone, Debug)]
pub struct LocationServer {
    config: LocationServerConfig,
    entropy: Entropy,
    layer: Layer,
    registrar: Registrar,
}

impl LocationServer {
    /// A location server before its first power-on.
    pub fn new(config: LocationServerConfig) -> Self {
        LocationServer::booted(config, 0)
    }

    fn booted(config: LocationServerConfig, boots: u32) -> Self {
        let entropy = config.entropy.part(("boot", boots));
        let registrar = Registrar::new(config.registrar.clone(), entropy.part("gate"));
        LocationServer { entropy, layer: Layer::new(entropy.part("transactions")), registrar, config }
    }

    fn datagram(&mut self, now: Time, from: SocketAddr, bytes: Bytes, out: &mut Outbox) {
        let Some(message) = intake::read(from, bytes, out) else { return };
        if let Some(up) = self.layer.receive(now, from, message, out) {
            self.told(now, up, out);
        }
    }

    fn told(&mut self, now: Time, up: Up, out: &mut Outbox) {
        match up {
            Up::Request { tx, message, .. } => {
                let answer = self.answer(now, &message);
                self.layer.respond(now, tx, answer, out);
            }
            Up::Ack { .. } => out.unexpected("ACK for a 2xx, which this server never sends", "a request"),
            _ => {}
        }
    }

    fn answer(&mut self, now: Time, request: &Message) -> Message {
        let tag = self.entropy.key(("to-tag", request.call_id(), request.from_tag())).token();
        let respond = |code: u16| Builder::reply_with_tag(request, code, reason_phrase(code), &tag);
        let demanded = extensions::demanded(request, Name::Require);
        match request.method() {
            Some(Method::Register) => self.registrar.register(now, request, &tag),
            Some(Method::Cancel) => {
                // The INVITE has its final answer already: CANCEL comes too late to change it (§9.2).
                let known = self.layer.cancelled_by(request).is_some();
                respond(if known { 200 } else { 481 }).finish()
            }
            Some(Method::Invite | Method::Options) => match self.contacts(now, request) {
                // Who redirects is a user agent server too (§8.3): it must know what is required of it.
                Ok(_) if demanded.is_some() => {
                    respond(420).header(Name::Unsupported, demanded.unwrap_or_default()).finish()
                }
                Ok(contacts) => contacts
                    .iter()
                    .fold(respond(302), |moved, contact| moved.header(Name::Contact, contact))
                    .finish(),
                Err(code) => respond(code).finish(),
            },
            // §21.5.2: what it does not even recognize.
            Some(Method::Other(_)) => respond(501).header(Name::Allow, ALLOW).finish(),
            _ => respond(405).header(Name::Allow, ALLOW).finish(),
        }
    }

    fn contacts(&self, now: Time, request: &Message) -> Result<Vec<String>, u16> {
        let uri = Uri::parse(request.request_uri().unwrap_or_default()).map_err(|_| 400_u16)?;
        if !uri.is_sip() {
            return Err(416);
        }
        if !uri.host.eq_ignore_ascii_case(self.registrar.domain()) {
            return Err(404);
        }
        let contacts = self.registrar.lookup(now, &uri);
        let contacts: Vec<String> = contacts.iter().map(ToString::to_string).collect();
        if contacts.is_empty() { Err(404) } else { Ok(contacts) }
    }
}

impl Device for LocationServer {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, .. } => {
                *self = LocationServer::booted(self.config.clone(), boots);
                if self.config.listens_tcp {
                    self.layer.listen(out);
                }
            }
            Event::Datagram { from, bytes } => self.datagram(now, from, bytes, out),
            Event::Timer(timer) => {
                self.layer.fires(now, timer, out);
            }
            Event::Unreachable { to } => {
                self.layer.unreachable(now, to, out);
            }
            Event::Stream(conn, event) => {
                for up in self.layer.stream(now, conn, event, out) {
                    self.told(now, up, out);
                }
            }
            other => out.unexpected(format!("{other:?}"), "a SIP request"),
        }
    }

    fn holds(&self) -> Holdings {
        Holdings { transactions: self.layer.len(), ..Holdings::default() }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
