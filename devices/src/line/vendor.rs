//! A vendor's wire profile (variant V): T3, R3 and T4 as the literal messages that its boxes exchange.
//!
//! None of these requests is a target refresh (RFC 3261 §12.2): what a Contact in them or in their answers may
//! say moves nothing.

use std::net::SocketAddr;

use faxproof_wire::sip::{Message, Method, Name};
use faxproof_wire::vendor::{Answered, Asked, Asking, Declining, Profile, RECV_INFO, Values};

use super::callee::Incoming;
use super::caller::{Outgoing, Stage, said};
use super::{Line, What, reach};
use crate::config::{MediaAt, Protocol, Refusal};
use crate::core::{Outbox, Time};

/// Names the package of an INFO (RFC 6086 §4.2.1).
const INFO_PACKAGE: &str = "Info-Package";
/// What a 2xx says that is not in the profile.
const FOREIGN: &str = "its answer is not in the vendor's profile";

impl Line {
    /// T3 in the vendor's form. INFO of a package goes only to who lists it (RFC 6086 §4.2.1).
    pub(super) fn ask_vendor(&mut self, now: Time, mut call: Outgoing, out: &mut Outbox) -> Outgoing {
        let Some(profile) = self.phone.config.habits.vendor.clone() else { return call };
        let taken = call.answer.as_ref().is_some_and(|answer| profile.is_taken_by(answer));
        if !taken {
            let why = format!("it does not list the Info Package {}", profile.packages().join(", "));
            self.tell(call.key, What::Presented(Vec::new(), why));
            return call;
        }
        if let Some(tx) = self.send_vendors(now, &mut call, &profile.request, &Values::default(), out) {
            call.stage = Stage::Asking { tx };
        }
        call
    }

    /// R3 in the vendor's form, and what was said in case it presents nothing.
    pub(super) fn presented_by_vendor(&self, response: &Message, out: &mut Outbox) -> (Vec<String>, String) {
        let profile = self.phone.config.habits.vendor.as_deref();
        let presented = profile.and_then(|profile| profile.presented(response));
        if presented.is_none() && response.code().is_some_and(|code| code < 300) && !is_bare(response) {
            out.unexpected(
                format!("{} that is not in the vendor's profile", said(response)),
                "a presentation",
            );
            return (Vec::new(), FOREIGN.to_owned());
        }
        let lower = |name: String| name.to_ascii_lowercase();
        (presented.into_iter().flatten().map(lower).collect(), said(response))
    }

    /// T4 in the vendor's form.
    pub(super) fn announce_to_vendor(
        &mut self,
        now: Time,
        mut call: Outgoing,
        protocol: Protocol,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let profile = self.phone.config.habits.vendor.clone()?;
        let values = Values { protocols: vec![protocol.token().to_owned()], ..Values::default() };
        let tx = self.send_vendors(now, &mut call, &profile.announcement, &values, out)?;
        call.stage = Stage::Announcing { tx, protocol, offer: None };
        Some(call)
    }

    /// The answer to T4, in the vendor's form.
    pub(super) fn answered_by_vendor(
        &mut self,
        call: Outgoing,
        response: &Message,
        out: &mut Outbox,
    ) -> Outgoing {
        let answered =
            self.phone.config.habits.vendor.as_deref().and_then(|profile| profile.answered(response));
        match answered {
            Some(Answered::Ready(values)) => match self.leads_to(&call, &values) {
                Ok(to) => self.connect(call, to, out),
                Err(why) => self.broken(call, &format!("its answer misleads: {why}"), out),
            },
            Some(Answered::PortZero) => self.declined(call, "port 0"),
            Some(Answered::Declined) => self.declined(call, &said(response)),
            None => {
                out.unexpected(
                    format!("{} that is not in the vendor's profile", said(response)),
                    "a readiness",
                );
                self.broken(call, FOREIGN, out)
            }
        }
    }

    /// A request of the peer in a call that we take, with a method of the vendor's; false if it is another.
    pub(super) fn asked_by_vendor(
        &mut self,
        now: Time,
        tx: u64,
        request: &Message,
        out: &mut Outbox,
    ) -> bool {
        let Some(profile) = self.phone.config.habits.vendor_as_called().cloned() else { return false };
        if !request.method().is_some_and(|method| profile.methods().contains(&method)) {
            return false;
        }
        let found = self.incoming.values().find(|call| call.dialog.owns(request)).map(|call| call.key);
        let Some(mut call) = found.and_then(|key| self.incoming.remove(&key)) else { return false };
        match profile.asked(request) {
            _ if !call.is_answered() => self.not_yet(now, tx, &call, request, out),
            Some(Asked::Presentation) => self.present_to_vendor(now, tx, &profile, request, out),
            Some(Asked::Announcement(protocol)) => {
                self.announced_by_vendor(now, tx, &profile, &mut call, (&protocol, request), out);
            }
            None => self.not_in_profile(now, tx, &profile, request, out),
        }
        self.incoming.insert(call.key, call);
        true
    }

    /// R3: our protocols; a bare 200 where we present none.
    fn present_to_vendor(
        &mut self,
        now: Time,
        tx: u64,
        profile: &Profile,
        asked: &Message,
        out: &mut Outbox,
    ) {
        let values = Values { protocols: self.phone.presented(), ..Values::default() };
        let ok = self.phone.response(asked, 200);
        let silent = values.protocols.is_empty();
        let ok = if silent { ok } else { profile.presentation.write(ok, &values) };
        self.phone.courier.respond(now, tx, ok.finish(), out);
    }

    /// T4: the port accepts before the answer says so (paragraph 0074).
    fn announced_by_vendor(
        &mut self,
        now: Time,
        tx: u64,
        profile: &Profile,
        call: &mut Incoming,
        (announced, request): (&str, &Message),
        out: &mut Outbox,
    ) {
        let mut own = self.phone.config.protocols.iter().copied();
        let served = own.find(|own| own.token().eq_ignore_ascii_case(announced));
        let address = Some(self.phone.config.address);
        let Some(protocol) = served.filter(|_| call.media.is_empty()) else {
            let refusal = match &profile.refusal {
                Some(Declining { code, form }) => {
                    form.write(self.phone.response(request, *code), &Values::default())
                }
                None if self.phone.config.habits.refusal == Refusal::PortZero => {
                    let closed = Values { address, port: Some(0), ..Values::default() };
                    profile.readiness.write(self.phone.response(request, 200), &closed)
                }
                None => self.phone.response(request, 488),
            };
            return self.phone.courier.respond(now, tx, refusal.finish(), out);
        };
        let anywhere = self.phone.config.habits.media_at == MediaAt::Anywhere;
        let peer = reach::host_of(&call.dialog.remote_target).filter(|_| !anywhere);
        let port = Some(self.open_port(call, protocol, peer, out));
        let ready = Values { address, port, ..Values::default() };
        let ok = profile.readiness.write(self.phone.response(request, 200), &ready).finish();
        self.phone.courier.respond(now, tx, ok, out);
    }

    /// A method of the vendor's with something else in it: an unknown package gets 469 (RFC 6086 §4.2.2), an
    /// unknown media type 415 (RFC 3261 §8.2.3), another text 400 (§21.4.1).
    fn not_in_profile(&mut self, now: Time, tx: u64, profile: &Profile, request: &Message, out: &mut Outbox) {
        out.unexpected(format!("{} that is not in the vendor's profile", request.label()), "T3 or T4 of it");
        let packages = profile.packages();
        let package = request.header_named(INFO_PACKAGE).filter(|_| request.method() == Some(&Method::Info));
        let package =
            package.as_deref().map(|value| value.split(';').next().unwrap_or_default().trim().to_owned());
        let types = request.method().map(|method| profile.types_of(method)).unwrap_or_default();
        let kind = request.header(Name::ContentType);
        let known = |kind: &str| types.iter().any(|own| own.eq_ignore_ascii_case(kind.trim()));
        let refusal = if package.is_some_and(|package| !packages.contains(&package)) {
            self.phone.response(request, 469).header_named(RECV_INFO, packages.join(", "))
        } else if !request.body().is_empty() && !kind.as_deref().is_some_and(known) {
            self.phone.response(request, 415).header(Name::Accept, types.join(", "))
        } else {
            self.phone.response(request, 400)
        };
        self.phone.courier.respond(now, tx, refusal.finish(), out);
    }

    fn send_vendors(
        &mut self,
        now: Time,
        call: &mut Outgoing,
        asking: &Asking,
        values: &Values,
        out: &mut Outbox,
    ) -> Option<u64> {
        let dialog = call.dialog.as_mut()?;
        let request = self.phone.in_dialog(dialog, asking.method.clone(), call.key);
        let request = asking.form.write(request, values).finish();
        let to = self.phone.hop_in(dialog);
        Some(self.phone.send(now, request, &to, out))
    }

    /// Where the peer is prepared for reception: without an address in its answer, at the host of its Contact.
    fn leads_to(&self, call: &Outgoing, values: &Values) -> Result<SocketAddr, &'static str> {
        let target = call.dialog.as_ref().map(|dialog| dialog.remote_target.as_str()).unwrap_or_default();
        let named = values.address.or_else(|| reach::host_of(target));
        let ip = self.phone.media_address(target, named)?;
        Ok(SocketAddr::new(ip, values.port.unwrap_or_default()))
    }
}

/// A response that carries nothing: it presents nothing, which is no fault.
fn is_bare(response: &Message) -> bool {
    response.body().is_empty()
}
