//! The fax as a SIP user agent: who it is, and the headers that say so.

use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::sdp::Description;
use faxproof_wire::sip::{Builder, Message, Method, Name, Uri, Via, reason_phrase};
use faxproof_wire::vendor::{Profile, RECV_INFO};

use super::keyring::Keyring;
use crate::config::{LineConfig, Variant};
use crate::core::{Entropy, Outbox, Time, Timer};
use crate::number;
use crate::sip::courier::Courier;
use crate::sip::dialog::Dialog;
use crate::sip::locate::Means;
use crate::sip::transaction::Layer;
use crate::sip::transport::Transport;
use crate::sip::{SIP_PORT, address};

/// Methods that every fax understands.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS";
/// With UPDATE (RFC 3311 §4: who lists it can take it).
const ALLOW_UPDATE: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE";
/// Media type of a session description.
pub(super) const SDP: &str = "application/sdp";

/// Runs until the next ping to the SIP server.
pub(super) const KEEP_ALIVE: Timer = Timer { owner: 2, name: "keep-alive" };

/// Identity and transactions of a fax.
#[derive(Clone, Debug)]
pub(super) struct Phone {
    pub(super) config: Arc<LineConfig>,
    /// Entropy of this boot.
    pub(super) entropy: Entropy,
    pub(super) courier: Courier,
    pub(super) keyring: Keyring,
}

impl Phone {
    pub(super) fn new(config: Arc<LineConfig>, boots: u32) -> Self {
        let entropy = config.entropy.part(("boot", boots));
        let layer = Layer::new(entropy.part("transactions"));
        let means = Means { address: config.address, transports: &[Transport::Udp, Transport::Tcp] };
        Phone {
            config,
            entropy,
            courier: Courier::new(layer, means, entropy.part("deliveries")),
            keyring: Keyring::default(),
        }
    }

    /// A Via whose branch belongs to (call, CSeq, what).
    pub(super) fn via(&self, call: u64, cseq: u32, what: &str) -> String {
        let branch = format!("z9hG4bK{}", self.entropy.key(("branch", call, cseq, what)).token());
        let own = address::host(self.config.address);
        let mut via = Via::new(self.config.habits.sip_transport.token(), &own, Some(SIP_PORT), &branch);
        if self.config.habits.rport {
            via.params.set("rport", None);
        }
        via.to_string()
    }

    /// Our Contact value.
    pub(super) fn contact(&self) -> String {
        let user = number::sip_user(&self.config.number);
        let transport = match self.config.habits.sip_transport {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
        };
        format!("<sip:{user}@{}:{SIP_PORT}{transport}>", address::host(self.config.address))
    }

    /// The address of record of a number in our domain.
    pub(super) fn record_of(&self, dialled: &str) -> String {
        format!("sip:{}@{}", number::sip_user(dialled), self.config.domain)
    }

    /// Lets the next ping come in its time, if that is our habit.
    pub(super) fn arm_keep_alive(&self, now: Time, out: &mut Outbox) {
        if let Some(every) = self.config.habits.keep_alive {
            out.arm(now, every, KEEP_ALIVE);
        }
    }

    /// Where our requests go outside a dialog: to the SIP server, by the transport that is set for it. Where
    /// that is left at UDP, the domain of a server that is known by name has the choice (RFC 3263 §4.1).
    pub(super) fn server(&self) -> Uri {
        let mut server = self.config.sip_server.clone();
        if self.config.habits.sip_transport == Transport::Tcp {
            server.params.set("transport", Some("tcp"));
        }
        server
    }

    /// Where our requests within a dialog go: along its routes, by the transport that they name (§12.2.1.1).
    pub(super) fn hop_in(&self, dialog: &Dialog) -> Uri {
        dialog.next_hop().unwrap_or_else(|| self.server())
    }

    /// Sends a request of ours, with the credentials that its call has been asked for.
    pub(super) fn send(&mut self, now: Time, request: Message, to: &Uri, out: &mut Outbox) -> u64 {
        let request = self.signed(request);
        self.courier.send(now, request, to, out)
    }

    /// A request outside any dialog, to a number of our domain.
    pub(super) fn request(&self, method: Method, to: &str, call: u64) -> Builder {
        let mut server = self.config.sip_server.clone();
        server.params.set("lr", None);
        let tag = self.entropy.key(("tag", call)).token();
        let call_id = self.entropy.key(("call-id", call)).token();
        let uri = self.record_of(to);
        let own = self.record_of(&self.config.number);
        let name = method.as_str().to_owned();
        let request = Builder::request(method, &uri)
            .header(Name::Via, self.via(call, 1, &name))
            .header(Name::MaxForwards, "70")
            .header(Name::Route, format!("<{server}>"))
            .header(Name::From, format!("<{own}>;tag={tag}"))
            .header(Name::To, format!("<{uri}>"))
            .header(Name::CallId, format!("{call_id}@{}", address::host(self.config.address)))
            .header(Name::CSeq, format!("1 {name}"));
        self.with_extras(request)
    }

    /// The header fields that we add to our requests.
    pub(super) fn with_extras(&self, request: Builder) -> Builder {
        let extras = self.config.habits.extra_headers.iter();
        extras.fold(request, |request, (name, value)| request.header_named(name, value))
    }

    /// Headers that belong in an INVITE (§13.2.1).
    pub(super) fn with_abilities(&self, message: Builder) -> Builder {
        let habits = &self.config.habits;
        let allow = if habits.variant == Variant::Update { ALLOW_UPDATE } else { ALLOW };
        let packages = habits.vendor_as_caller().map(Profile::packages).unwrap_or_default();
        // Who asks for the packages of the peer tells its own, be it none (RFC 6086 §5.2.3).
        let message = self.with_allow(message, allow);
        if packages.is_empty() { message } else { message.header_named(RECV_INFO, "") }
    }

    /// Headers that belong in a 2xx to INVITE or to UPDATE (§13.3.1.4, RFC 3311 §5.2).
    pub(super) fn with_abilities_as_called(&self, message: Builder, request: &Message) -> Builder {
        let message = self.with_allow(message, &self.allow_as_called());
        // Never without being asked (RFC 6086 §5.2.3).
        let asked = request.header_named(RECV_INFO).is_some();
        match self.config.habits.vendor_as_called().filter(|_| asked) {
            Some(profile) => message.header_named(RECV_INFO, profile.packages().join(", ")),
            None => message,
        }
    }

    /// The methods that it takes when it is called.
    pub(super) fn allow_as_called(&self) -> String {
        let habits = &self.config.habits;
        let usual = if habits.accepts.contains(&Variant::Update) { ALLOW_UPDATE } else { ALLOW };
        let vendors = habits.vendor_as_called().map(Profile::methods).unwrap_or_default();
        vendors.into_iter().fold(usual.to_owned(), |all, method| format!("{all}, {method}"))
    }

    fn with_allow(&self, message: Builder, allow: &str) -> Builder {
        message
            .header(Name::Contact, self.contact())
            .header(Name::Allow, allow)
            .header(Name::Supported, "")
            .header(Name::Accept, SDP)
    }

    /// A plain response.
    pub(super) fn response(&self, request: &Message, code: u16) -> Builder {
        Builder::reply_with_tag(request, code, reason_phrase(code), &self.tag_for(request))
    }

    /// Our To tag for a request: one call, one tag.
    pub(super) fn tag_for(&self, request: &Message) -> String {
        self.entropy.key(("to-tag", request.call_id(), request.from_tag())).token()
    }

    /// The protocols that we present in R3.
    pub(super) fn presented(&self) -> Vec<String> {
        let config = &self.config;
        let own = || config.protocols.iter().map(|protocol| protocol.token().to_owned()).collect();
        config.habits.presents.clone().unwrap_or_else(own)
    }

    /// The capability description (RFC 3264 §9); its session id differs from every other of ours.
    pub(super) fn capabilities(&self, call: u64, cseq: u32) -> Bytes {
        let id = self.session_id(("capabilities", call, cseq));
        Description::capabilities(self.config.address, id, 1, &self.presented()).to_bytes()
    }

    /// A session id: a number of at most 18 digits, so that it fits in 63 bits (RFC 3264 §5).
    pub(super) fn session_id(&self, what: impl std::hash::Hash) -> String {
        self.entropy.key(("session", what)).below(1_000_000_000_000).to_string()
    }

    /// A request of ours within a dialog.
    pub(super) fn in_dialog(&self, dialog: &mut Dialog, method: Method, call: u64) -> Builder {
        let via = self.via(call, dialog.local_cseq + 1, method.as_str());
        self.with_extras(dialog.request(method, &via))
    }
}
