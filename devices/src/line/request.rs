//! Requests of the peer (RFC 3261 §8.2): what is asked of us in and outside a call.

use faxproof_wire::sip::{Message, Method, Name, Uri};

use std::net::SocketAddr;

use super::phone::SDP;
use super::{Line, reach};
use crate::config::Variant;
use crate::core::{Outbox, Time};
use crate::sip::dialog::Dialog;
use crate::sip::{address, extensions};

impl Line {
    /// A new request (RFC 3261 §8.2).
    pub(super) fn request(
        &mut self,
        now: Time,
        tx: u64,
        from: SocketAddr,
        request: &Message,
        out: &mut Outbox,
    ) {
        let in_dialog = request.to_tag().is_some();
        let uri = Uri::parse(request.request_uri().unwrap_or_default());
        let demanded = extensions::demanded(request, Name::Require);
        match request.method() {
            Some(Method::Cancel) => self.cancelled(now, tx, from, request, out),
            _ if uri.is_err() => self.refuse(now, tx, request, 400, out),
            _ if demanded.is_some() => {
                let tags = demanded.unwrap_or_default();
                let refusal = self.phone.response(request, 420).header(Name::Unsupported, tags);
                self.phone.courier.respond(now, tx, refusal.finish(), out);
            }
            // RFC 3261 §8.2.2.1.
            _ if uri.is_ok_and(|uri| !uri.is_sip()) => self.refuse(now, tx, request, 416, out),
            _ if in_dialog => self.dialog_request(now, tx, from, request, out),
            Some(Method::Invite) => self.called(now, tx, from, request, out),
            Some(Method::Options) => self.present(now, tx, request, out),
            Some(Method::Bye) => self.refuse(now, tx, request, 481, out),
            _ => self.not_allowed(now, tx, request, out),
        }
    }

    fn dialog_request(&mut self, now: Time, tx: u64, from: SocketAddr, request: &Message, out: &mut Outbox) {
        let known = |dialog: &&Dialog| dialog.owns(request);
        let caller = self.outgoing.values().filter_map(|call| call.dialog.as_ref()).find(known);
        let callee = self.incoming.values().map(|call| &call.dialog).find(known);
        let expected = caller.or(callee).and_then(reach::hop_of);
        if !self.may_speak(request, from, expected, out) {
            return self.refuse(now, tx, request, 403, out);
        }
        let caller = self.outgoing.values_mut().find_map(|call| call.dialog_of(request));
        let callee = self.incoming.values_mut().map(|call| &mut call.dialog).find(|d| d.owns(request));
        let ours = caller.is_some();
        let Some(dialog) = caller.or(callee) else {
            return self.refuse(now, tx, request, 481, out);
        };
        if let Err(code) = dialog.admit(request) {
            return self.refuse(now, tx, request, code, out);
        }
        match request.method() {
            _ if !ours && self.asked_by_vendor(now, tx, request, out) => {}
            Some(Method::Options) => self.present(now, tx, request, out),
            Some(Method::Bye) => {
                let ok = self.phone.response(request, 200).finish();
                self.phone.courier.respond(now, tx, ok, out);
                self.peer_hung_up(now, request, out);
            }
            // The session is the caller's to change; a callee of ours never asks for it.
            Some(Method::Invite | Method::Update) if ours => self.refuse(now, tx, request, 488, out),
            Some(Method::Invite) => self.reinvited(now, tx, request, out),
            Some(Method::Update) if self.phone.config.habits.accepts.contains(&Variant::Update) => {
                self.reinvited(now, tx, request, out);
            }
            _ => self.not_allowed(now, tx, request, out),
        }
    }

    /// BYE of the peer, in a dialog of either side.
    fn peer_hung_up(&mut self, now: Time, request: &Message, out: &mut Outbox) {
        if !self.caller_was_hung_up_on(now, request, out) {
            self.callee_was_hung_up_on(now, request, out);
        }
    }

    /// R3: 200 to OPTIONS with our protocols (§11.2).
    fn present(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let ok = self
            .phone
            .response(request, 200)
            .header(Name::Allow, self.phone.allow_as_called())
            .header(Name::Accept, SDP)
            .header(Name::AcceptEncoding, "identity")
            .header(Name::AcceptLanguage, "en")
            .header(Name::Supported, "");
        let cseq = request.cseq().map_or(0, |cseq| cseq.0);
        let key = self.phone.entropy.key(("call", request.call_id())).0;
        let silent = self.phone.presented().is_empty() || !accepts_sdp(request);
        let ok = if silent { ok } else { ok.body(SDP, self.phone.capabilities(key, cseq)) };
        self.phone.courier.respond(now, tx, ok.finish(), out);
    }

    pub(super) fn refuse(&mut self, now: Time, tx: u64, request: &Message, code: u16, out: &mut Outbox) {
        let refusal = self.phone.response(request, code).finish();
        self.phone.courier.respond(now, tx, refusal, out);
    }

    /// 406 to an offer whose answer its sender could not read (§21.4.7, RFC 4475 §3.3.15).
    pub(super) fn unanswerable(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let ip = address::host(self.phone.config.address);
        let warning = format!("399 {ip} \"the answer would be in {SDP}\"");
        let refusal = self.phone.response(request, 406).header(Name::Warning, warning).finish();
        self.phone.courier.respond(now, tx, refusal, out);
    }

    fn not_allowed(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let known = !matches!(request.method(), Some(Method::Other(_)));
        let refusal = self
            .phone
            .response(request, if known { 405 } else { 501 })
            .header(Name::Allow, self.phone.allow_as_called());
        self.phone.courier.respond(now, tx, refusal.finish(), out);
    }
}

/// Whether a response may have a session description: without Accept it may (RFC 3261 §20.1).
pub(super) fn accepts_sdp(request: &Message) -> bool {
    let takes = |range: &str| {
        let (kind, params) = range.split_once(';').unwrap_or((range, ""));
        let kind = kind.trim().to_ascii_lowercase();
        let never = params
            .split(';')
            .filter_map(|param| param.split_once('='))
            .any(|(name, value)| name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0));
        !never && [SDP, "application/*", "*/*"].contains(&kind.as_str())
    };
    request.header(Name::Accept).is_none() || request.values(Name::Accept).any(|range| takes(&range))
}
