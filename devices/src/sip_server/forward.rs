//! Forwarding (RFC 3261 §16.4 to §16.6): where a request goes, and what is changed on the way.

use faxproof_wire::sip::digest::Credentials;
use faxproof_wire::sip::{Edit, Message, Method, Name, NameAddr, Uri, Via};

use super::SipServer;
use crate::config::Location;
use crate::core::{Outbox, Time};
use crate::sip::{SIP_PORT, address};

/// One place to try.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The Request-URI to send.
    pub(super) uri: String,
    /// Where to send it.
    pub(super) to: Uri,
    /// How much it is preferred, in thousandths.
    pub(super) q: u16,
}

impl Target {
    /// The only place there is.
    fn only(uri: &str, to: Uri) -> Vec<Target> {
        vec![Target { uri: uri.to_owned(), to, q: 1000 }]
    }
}

impl SipServer {
    /// §16.5: the places for this request.
    ///
    /// # Errors
    /// The status with which the request is to be refused.
    pub(super) fn targets(&self, now: Time, request: &Message) -> Result<Vec<Target>, u16> {
        let text = request.request_uri().unwrap_or_default();
        let uri = Uri::parse(text).map_err(|_| 400_u16)?;
        if let Some(next) = self.route_beyond_us(request) {
            return Ok(Target::only(text, next));
        }
        if !self.is_ours(&uri) {
            return Ok(Target::only(text, uri));
        }
        match (&self.config.location, &self.registrar) {
            // The location server is asked with the request itself.
            (Location::OwnHost(to), _) => Ok(Target::only(text, address::uri(*to))),
            (_, Some(registrar)) => {
                let contacts = registrar.lookup(now, &uri);
                let targets: Vec<Target> = contacts.iter().filter_map(target_of).collect();
                if targets.is_empty() { Err(404) } else { Ok(targets) }
            }
            _ => Err(404),
        }
    }

    /// Whether our location server is there: where it redirects a request is where the number is.
    pub(super) fn is_location_server(&self, to: &Uri) -> bool {
        matches!(&self.config.location, Location::OwnHost(at) if address::uri(*at) == *to)
    }

    /// Whether we are responsible for this URI.
    fn is_ours(&self, uri: &Uri) -> bool {
        uri.host.eq_ignore_ascii_case(&self.config.domain) || self.is_us(uri)
    }

    /// §16.6: the request as it leaves us: new Request-URI, Max-Forwards one less, our Route gone, our
    /// Record-Route and our Via on top; header order and body as they came. `breadth`: what it may
    /// spread to. `other`: see the branch.
    pub(super) fn forwarded(
        &self,
        request: &Message,
        uri: &str,
        breadth: Option<u32>,
        other: Option<u64>,
    ) -> Message {
        let hops = request.max_forwards().map_or(70, |hops| hops.saturating_sub(1));
        let via = Via::new("UDP", &self.host(), Some(SIP_PORT), &self.branch_of(request, uri, other));
        let mut edit = request.edit();
        edit.set_request_uri(uri).set(Name::MaxForwards, hops.to_string());
        if let Some(breadth) = breadth {
            edit.set(Name::MaxBreadth, breadth.to_string());
        }
        for _ in 0..self.own_routes(request) {
            edit.remove_first_value(Name::Route);
        }
        self.consume_credentials(request, &mut edit);
        if self.config.record_route && request.method() == Some(&Method::Invite) {
            for place in self.recorded(request, uri) {
                edit.push_front(Name::RecordRoute, place);
            }
        }
        edit.push_front(Name::Via, via.to_string()).finish()
    }

    /// Our place in the path of the dialog (§16.6 step 4), the lowest line first. Where the request came or goes
    /// over TCP, it says so: nothing else would tell a peer that has found us by name, or knows us from this
    /// URI alone. Where it goes by another transport than it came, each side gets a line of its own, that of
    /// the caller below (RFC 5658): one line would bring one of them to the transport of the other.
    fn recorded(&self, request: &Message, uri: &str) -> Vec<String> {
        let came = request.via().is_ok_and(|via| via.transport.eq_ignore_ascii_case("TCP"));
        let next = self.route_beyond_us(request).or_else(|| Uri::parse(uri).ok());
        let goes = next.is_some_and(|uri| transport_of(&uri).as_deref() == Some("tcp"));
        let place = |transport: &str| format!("<sip:{}:{SIP_PORT}{transport};lr>", self.host());
        match (came, goes) {
            (false, false) => vec![place("")],
            (true, true) => vec![place(";transport=tcp")],
            (true, false) => vec![place(";transport=tcp"), place(";transport=udp")],
            (false, true) => vec![place(";transport=udp"), place(";transport=tcp")],
        }
    }

    /// Credentials for us are for nobody behind us (§22.3).
    fn consume_credentials(&self, request: &Message, edit: &mut Edit) {
        let Some(gate) = &self.gate else { return };
        let ours = |value: &str| Credentials::parse(value).is_ok_and(|given| given.realm == gate.realm());
        let all: Vec<_> = request.values(Name::ProxyAuthorization).collect();
        if all.iter().any(|value| ours(value)) {
            edit.remove_all(Name::ProxyAuthorization);
            for other in all.iter().filter(|value| !ours(value)) {
                edit.append(Name::ProxyAuthorization, other);
            }
        }
    }

    /// ACK for a 2xx: forwarded without a transaction (§16.6, §16.11).
    pub(super) fn forward_ack(&mut self, now: Time, ack: &Message, out: &mut Outbox) {
        let uri = ack.request_uri().unwrap_or_default().to_owned();
        let to = match self.route_beyond_us(ack) {
            Some(next) => Some(next),
            None => Uri::parse(&uri).ok().filter(|uri| !self.is_ours(uri)),
        };
        match to {
            Some(to) if ack.max_forwards() != Some(0) => {
                let forwarded = self.forwarded(ack, &uri, None, None);
                self.courier.pass(now, forwarded, &to, out);
            }
            _ => out.unexpected("an ACK that leads nowhere", "an ACK with a Route or a Contact"),
        }
    }

    /// The branch for a request on its way to `uri`: a part of its own, which a copy gets again, and a
    /// part by which we know the request if it comes round (§16.6 step 8, RFC 5393 §4.2). With `other` one
    /// that belongs to that server transaction alone.
    fn branch_of(&self, request: &Message, uri: &str, other: Option<u64>) -> String {
        let method = request.method().map(Method::as_str);
        let part = self.loop_part(request);
        let own = ("branch", request.branch(), &part, method, uri);
        let own = other.map_or_else(|| self.entropy.key(own), |tx| self.entropy.key((own, tx)));
        format!("z9hG4bK{}.{part}", own.token())
    }

    /// §16.3 step 4: one of our own Vias says that this request has been here, going the same way.
    pub(super) fn has_looped(&self, request: &Message) -> bool {
        let host = self.host();
        // Most requests have never been here: no Via of theirs need be read.
        let mut ours = request.values(Name::Via).filter(|via| via.contains(&host)).peekable();
        if ours.peek().is_none() {
            return false;
        }
        let part = self.loop_part(request);
        ours.filter_map(|via| Via::parse(&via).ok()).any(|via| {
            let here = address::host_ip(&via.host) == Some(self.config.address);
            let seen = via.branch().and_then(|branch| branch.split_once('.')).map(|(_, part)| part);
            here && seen == Some(&part)
        })
    }

    /// Covers all that decides where a request goes, and not its method.
    fn loop_part(&self, request: &Message) -> String {
        let routes: Vec<String> = request.values(Name::Route).map(|route| route.into_owned()).collect();
        let cseq = request.cseq().map_or(0, |cseq| cseq.0);
        let tags = (request.from_tag(), request.to_tag());
        self.entropy.key(("loop", request.call_id(), tags, cseq, request.request_uri(), routes)).token()
    }

    /// The first Route behind our own (§16.4), if there is one.
    fn route_beyond_us(&self, request: &Message) -> Option<Uri> {
        let next = request.values(Name::Route).nth(self.own_routes(request))?;
        Some(NameAddr::parse(&next).ok()?.uri)
    }

    /// How many of the topmost Routes are ours to take away: one, or both of a path that changes its
    /// transport here (RFC 5658).
    fn own_routes(&self, request: &Message) -> usize {
        let routes = request.values(Name::Route).map_while(|route| Some(NameAddr::parse(&route).ok()?.uri));
        let mut own = routes.take_while(|uri| self.is_us(uri)).map(|uri| transport_of(&uri));
        let Some(first) = own.next() else { return 0 };
        1 + usize::from(own.next().is_some_and(|second| second != first))
    }
}

/// The transport that a URI asks for, in small letters.
fn transport_of(uri: &Uri) -> Option<String> {
    uri.params.get("transport").map(str::to_ascii_lowercase)
}

/// A Contact as a place to try, without what no Request-URI may have (§16.6 step 2).
pub(super) fn target_of(contact: &NameAddr) -> Option<Target> {
    let to = contact.uri.as_target();
    to.is_sip().then(|| Target { uri: to.to_string(), to, q: address::quality(contact) })
}
