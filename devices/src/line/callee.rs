//! Calls that we take: destination device 15 (paragraphs 0073 to 0075).

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sdp::{self, Description};
use faxproof_wire::sip::{Message, Method, Name, NameAddr};

use super::media::MediaEnd;
use super::phone::SDP;
use super::request::accepts_sdp;
use super::serving::IDLE;
use super::{Line, What, variant};
use crate::core::{Duration, Outbox, Time, Timer};
use crate::number;
use crate::sip::address;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{T1, T2};

/// A call that we take.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) key: u64,
    pub(super) dialog: Dialog,
    invite: Message,
    invite_tx: u64,
    /// Where the INVITE came from.
    from: IpAddr,
    /// Whether our 200 has gone out.
    answered: bool,
    /// A 200 that waits for its ACK.
    pub(super) unacknowledged: Option<Unacknowledged>,
    /// Our offer, where the INVITE had none: the ACK is to answer it.
    offered: Option<Description>,
    /// The operator wants to hang up as soon as that is allowed.
    ends_at_ack: bool,
    /// Version of the last description that we sent; 0 before the first.
    pub(super) sdp_version: u64,
    /// The ends of the connections that we offered or accepted: at most one carries data.
    pub(super) media: Vec<MediaEnd>,
    /// Documents that came without a name of their own.
    pub(super) documents: u32,
}

/// A 2xx to INVITE is repeated by the user agent until its ACK comes (RFC 3261 §13.3.1.4).
#[derive(Clone, Debug)]
pub(super) struct Unacknowledged {
    tx: u64,
    cseq: u32,
    response: Message,
    interval: Duration,
    give_up_at: Time,
}

impl Incoming {
    pub(super) fn timer(&self, name: &'static str) -> Timer {
        Timer { owner: self.key, name }
    }

    /// Whether our 200 has gone out.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }
}

impl Line {
    /// The number by which the caller presents itself: the user part of From. Nothing vouches for it but the SIP
    /// server that passed it on.
    pub(crate) fn caller_number(&self, key: u64) -> Option<String> {
        let from = NameAddr::parse(&self.incoming.get(&key)?.dialog.remote).ok()?;
        from.uri.user.filter(|user| number::is_dialable(user))
    }

    /// INVITE outside a dialog: somebody calls (T1).
    pub(super) fn called(
        &mut self,
        now: Time,
        tx: u64,
        from: SocketAddr,
        invite: &Message,
        out: &mut Outbox,
    ) {
        let phone = &self.phone;
        let key = phone.entropy.key(("call", invite.call_id(), invite.from_tag())).0;
        let user = invite.request_uri().and_then(|uri| uri.split_once(':')?.1.split_once('@'));
        let meant =
            user.is_some_and(|(user, _)| number::digits(user) == number::digits(&phone.config.number));
        let busy = self.incoming.len() + self.outgoing.len() >= phone.config.habits.lines as usize;
        let refusal = match () {
            () if !meant => Some(404),
            // The same request by another way (§8.2.2.2).
            () if self.incoming.contains_key(&key) => Some(482),
            () if !has_usable_body(invite) => Some(415),
            () => phone.config.habits.refuse_calls.or(busy.then_some(486)),
        };
        if let Some(code) = refusal {
            return self.refuse(now, tx, invite, code, out);
        }
        if !accepts_sdp(invite) {
            return self.unanswerable(now, tx, invite, out);
        }
        let offer = sdp::parse(&invite.body());
        let understood = match (&offer, invite.body().is_empty()) {
            (_, true) => variant::understands(&phone.config.habits, None),
            (Ok(offer), _) => variant::understands(&phone.config.habits, Some(offer)),
            (Err(_), _) => false,
        };
        if !understood {
            return self.not_acceptable(now, tx, invite, out);
        }
        let tag = phone.tag_for(invite);
        let Some(dialog) = Dialog::of_callee(invite, &tag) else {
            return self.refuse(now, tx, invite, 400, out);
        };
        let call = Incoming {
            key,
            dialog,
            invite: invite.clone(),
            invite_tx: tx,
            from: from.ip(),
            answered: false,
            unacknowledged: None,
            offered: None,
            ends_at_ack: false,
            sdp_version: 0,
            media: Vec::new(),
            documents: 0,
        };
        out.arm(now, phone.config.habits.ring_after, call.timer("ring"));
        self.incoming.insert(key, call);
    }

    /// CANCEL (§9.2).
    pub(super) fn cancelled(
        &mut self,
        now: Time,
        tx: u64,
        from: SocketAddr,
        cancel: &Message,
        out: &mut Outbox,
    ) {
        let Some(invite_tx) = self.phone.courier.cancelled_by(cancel) else {
            return self.refuse(now, tx, cancel, 481, out);
        };
        let call = self.incoming.values().find(|call| call.invite_tx == invite_tx);
        if !self.may_speak(cancel, from, call.map(|call| call.from), out) {
            return self.refuse(now, tx, cancel, 403, out);
        }
        self.refuse(now, tx, cancel, 200, out);
        let ringing = self.incoming.values().find(|call| call.invite_tx == invite_tx && !call.answered);
        if let Some(call) = ringing.map(|call| call.key).and_then(|key| self.incoming.remove(&key)) {
            self.stop_timers(&call, out);
            self.refuse(now, invite_tx, &call.invite, 487, out);
        }
    }

    /// ACK arrived (T2, or for T4).
    pub(super) fn acknowledged(&mut self, now: Time, ack: &Message, out: &mut Outbox) {
        let found = self.incoming.values().find(|call| call.dialog.owns(ack)).map(|call| call.key);
        let Some(mut call) = found.and_then(|key| self.incoming.remove(&key)) else {
            return out.unexpected("ACK that belongs to no call", "nothing");
        };
        let number = ack.cseq().map(|cseq| cseq.0);
        if call.unacknowledged.as_ref().is_some_and(|waiting| Some(waiting.cseq) == number) {
            call.unacknowledged = None;
            out.disarm(call.timer("2xx"));
            if call.ends_at_ack {
                return self.end(now, call, out);
            }
            if let Some(offer) = call.offered.take() {
                self.chosen(&mut call, &offer, ack, out);
            }
            call.greet(out);
            out.arm(now, IDLE, call.timer("idle"));
        }
        self.incoming.insert(call.key, call);
    }

    /// Re-INVITE or UPDATE: the announcement (T4).
    pub(super) fn reinvited(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let found = self.incoming.values().find(|call| call.dialog.owns(request)).map(|call| call.key);
        let Some(mut call) = found.and_then(|key| self.incoming.remove(&key)) else { return };
        if !call.answered {
            // §14.2: a second INVITE before the final response to the first. Behind that response it is
            // welcome even where the ACK was lost: who sends it has seen our 2xx.
            self.not_yet(now, tx, &call, request, out);
        } else if call.offered.is_some() {
            // Our own offer still waits for its answer (§14.2, RFC 3311 §5.2).
            self.refuse(now, tx, request, 491, out);
        } else if !accepts_sdp(request) {
            self.unanswerable(now, tx, request, out);
        } else {
            call.dialog.refresh(request);
            self.accept_invite(now, &mut call, tx, request, out);
        }
        self.incoming.insert(call.key, call);
    }

    /// 500 with a time to wait: it comes before our answer to the call.
    pub(super) fn not_yet(
        &mut self,
        now: Time,
        tx: u64,
        call: &Incoming,
        request: &Message,
        out: &mut Outbox,
    ) {
        let wait = self.phone.entropy.key(("retry-after", call.key)).below(11).to_string();
        let refusal = self.phone.response(request, 500).header(Name::RetryAfter, wait).finish();
        self.phone.courier.respond(now, tx, refusal, out);
    }

    /// BYE of the caller: what was begun is dropped. It may come before we have answered, and the INVITE still
    /// needs its final response (§15.1.2).
    pub(super) fn callee_was_hung_up_on(&mut self, now: Time, bye: &Message, out: &mut Outbox) {
        let found = self.incoming.values().find(|call| call.dialog.owns(bye)).map(|call| call.key);
        if let Some(call) = found.and_then(|key| self.incoming.remove(&key)) {
            self.let_go(&call, out);
            if !call.answered {
                self.refuse(now, call.invite_tx, &call.invite, 487, out);
            }
        }
    }

    /// The operator ends the calls that we took. No BYE before the ACK of our 2xx (§15).
    pub(super) fn stop_incoming(&mut self, now: Time, out: &mut Outbox) {
        for (key, mut call) in std::mem::take(&mut self.incoming) {
            if call.unacknowledged.is_some() {
                call.ends_at_ack = true;
                self.incoming.insert(key, call);
            } else if call.answered {
                self.end(now, call, out);
            } else {
                self.stop_timers(&call, out);
                self.refuse(now, call.invite_tx, &call.invite, 603, out);
            }
        }
    }

    /// A timer of a call.
    pub(super) fn callee_timer(&mut self, now: Time, timer: Timer, out: &mut Outbox) {
        let Some(mut call) = self.incoming.remove(&timer.owner) else { return };
        match timer.name {
            "ring" => {
                let invite = call.invite.clone();
                let ringing = self.phone.response(&invite, 180).copy(&invite, Name::RecordRoute);
                let ringing = ringing.header(Name::Contact, self.phone.contact()).finish(); // R1
                self.phone.courier.respond(now, call.invite_tx, ringing, out);
                if let Some(after) = self.phone.config.habits.answer_after {
                    out.arm(now, after, call.timer("answer"));
                }
            }
            "answer" => {
                let (invite, tx) = (call.invite.clone(), call.invite_tx);
                call.answered = true;
                // R2
                if !self.accept_invite(now, &mut call, tx, &invite, out) {
                    return self.let_go(&call, out);
                }
            }
            "2xx" => {
                if !self.repeat_2xx(now, &mut call, out) {
                    return self.end(now, call, out);
                }
            }
            _ => {
                call.say_farewell(out);
                return self.end(now, call, out);
            }
        }
        self.incoming.insert(call.key, call);
    }

    /// 200 with our answer (or, where the peer left that to us, our offer), or 488 (§13.3.1.4, RFC 3264
    /// §6). False if it was refused.
    fn accept_invite(
        &mut self,
        now: Time,
        call: &mut Incoming,
        tx: u64,
        invite: &Message,
        out: &mut Outbox,
    ) -> bool {
        let Some(answer) = self.answer_offer(call, invite, out) else {
            self.not_acceptable(now, tx, invite, out);
            return false;
        };
        let ok = self.phone.response(invite, 200).copy(invite, Name::RecordRoute);
        let ok = self.phone.with_abilities_as_called(ok, invite).body(SDP, answer.to_bytes()).finish();
        self.phone.courier.respond(now, tx, ok.clone(), out);
        if invite.method() == Some(&Method::Update) {
            // No ACK follows: T4 is complete (RFC 3311 §5.2).
            return true;
        }
        call.offered = invite.body().is_empty().then_some(answer);
        call.unacknowledged = Some(Unacknowledged {
            tx,
            cseq: invite.cseq().map_or(0, |cseq| cseq.0),
            response: ok,
            interval: T1,
            give_up_at: now + T1 * 64,
        });
        out.arm(now, T1, call.timer("2xx"));
        true
    }

    /// 488 with what would be acceptable (§21.4.26).
    fn not_acceptable(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let key = self.phone.entropy.key(("call", request.call_id(), request.from_tag())).0;
        let body = self.phone.capabilities(key, request.cseq().map_or(0, |cseq| cseq.0));
        let ip = address::host(self.phone.config.address);
        let warning = format!("305 {ip} \"this protocol is not offered by this terminal\"");
        let refusal = self.phone.response(request, 488).header(Name::Warning, warning).body(SDP, body);
        self.phone.courier.respond(now, tx, refusal.finish(), out);
    }

    /// False if the ACK has been awaited for too long.
    fn repeat_2xx(&mut self, now: Time, call: &mut Incoming, out: &mut Outbox) -> bool {
        let timer = call.timer("2xx");
        let Some(waiting) = &mut call.unacknowledged else { return true };
        if now >= waiting.give_up_at {
            return false;
        }
        self.phone.courier.respond(now, waiting.tx, waiting.response.clone(), out);
        waiting.interval = (waiting.interval * 2).min(T2);
        let next = waiting.interval.min(waiting.give_up_at - now);
        out.arm(now, next, timer);
        true
    }

    /// BYE from our side.
    fn end(&mut self, now: Time, mut call: Incoming, out: &mut Outbox) {
        let bye = self.phone.in_dialog(&mut call.dialog, Method::Bye, call.key).finish();
        let to = self.phone.hop_in(&call.dialog);
        self.phone.send(now, bye, &to, out);
        self.let_go(&call, out);
    }

    fn let_go(&mut self, call: &Incoming, out: &mut Outbox) {
        self.tell(call.key, What::CallOver);
        self.stop_timers(call, out);
        for end in &call.media {
            self.leave(end, out);
        }
    }

    fn stop_timers(&self, call: &Incoming, out: &mut Outbox) {
        for name in ["ring", "answer", "2xx", "idle"] {
            out.disarm(call.timer(name));
        }
    }
}

/// No body (a delayed offer), or one that is a session description.
fn has_usable_body(invite: &Message) -> bool {
    let kind = invite.header(Name::ContentType);
    invite.body().is_empty() || kind.is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with(SDP))
}
