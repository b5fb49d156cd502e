//! Calls that we make (RFC 3261 §13.2, §15): from INVITE to BYE.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sdp::{Description, Setup};
use faxproof_wire::sip::{Builder, Message, Method};

use super::door::Door;
use super::phone::SDP;
use super::variant::{Opening, Shape};
use super::{Line, NotEstablished, What};
use crate::config::{Protocol, Variant};
use crate::core::{Conn, Outbox, Time, Timer};
use crate::sip::dialog::Dialog;

/// Why a call failed to which nothing at all was said.
pub(super) const SILENCE: &str = "no answer";
/// Why a call failed that our operator ended.
const STOPPED: &str = "stopped by the operator";

/// A call that we make.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) key: u64,
    pub(super) stage: Stage,
    pub(super) dialog: Option<Dialog>,
    pub(super) shape: Shape,
    /// Where the peer may connect, if an offer of ours leaves that to it.
    pub(super) door: Option<Door>,
    /// The last description that we sent, to be changed by the next.
    pub(super) session: Option<Description>,
    /// The protocol that the INVITE announced already (variant E).
    pub(super) early: Option<Protocol>,
    /// The 200 to INVITE (R2).
    pub(super) answer: Option<Message>,
    /// The transaction of an INVITE whose 200 made the offer: the ACK owes the answer (variant D).
    pub(super) owes_answer: Option<u64>,
    /// How often T4 was put off: 491, or 500 with Retry-After.
    pub(super) put_off: u32,
    invite: Message,
    /// A provisional response has come: CANCEL is allowed (RFC 3261 §9.1).
    provisional: bool,
}

/// What a call waits for.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The answer to INVITE.
    Calling { tx: u64 },
    /// The 487 after our CANCEL, or, before any provisional response, one that allows it.
    Cancelling { tx: u64, cancel: Option<u64> },
    /// The holder's decision.
    Deciding,
    /// The presentation (R3).
    Asking { tx: u64 },
    /// The answer to the announcement (T4). A vendor announces without an offer.
    Announcing { tx: u64, protocol: Protocol, offer: Option<Description> },
    /// The time at which T4 may be sent again.
    PutOff { protocol: Protocol },
    /// The TCP connection.
    Connecting { conn: Conn, to: SocketAddr },
    /// The peer, to connect to our door.
    Awaiting { peer: IpAddr },
    /// The end of the holder's session.
    Open { conn: Conn },
    /// The answer to BYE.
    Ending { tx: u64 },
}

impl Outgoing {
    /// The dialog, if the request belongs to it.
    pub(super) fn dialog_of(&mut self, request: &Message) -> Option<&mut Dialog> {
        self.dialog.as_mut().filter(|dialog| dialog.owns(request))
    }

    pub(super) fn timer(&self, name: &'static str) -> Timer {
        Timer { owner: self.key, name }
    }

    /// The CSeq number of the INVITE that was answered.
    pub(super) fn invite_cseq(&self) -> u32 {
        self.invite.cseq().map_or(1, |cseq| cseq.0)
    }

    fn waits_for(&self, tx: u64) -> bool {
        match &self.stage {
            Stage::Calling { tx: own } | Stage::Asking { tx: own } | Stage::Ending { tx: own } => *own == tx,
            Stage::Cancelling { tx: own, cancel } => *own == tx || *cancel == Some(tx),
            Stage::Announcing { tx: own, .. } => *own == tx,
            Stage::Deciding
            | Stage::PutOff { .. }
            | Stage::Connecting { .. }
            | Stage::Awaiting { .. }
            | Stage::Open { .. } => false,
        }
    }
}

impl Line {
    /// Whether the INVITE can announce a protocol that is known before (variant E).
    pub(crate) fn announces_early(&self) -> bool {
        self.phone.config.habits.variant == Variant::Early
    }

    /// T1: calls a number. `early`: the protocol to announce with it, if the variant can.
    pub(crate) fn call(
        &mut self,
        now: Time,
        key: u64,
        number: &str,
        early: Option<Protocol>,
        out: &mut Outbox,
    ) {
        let request = self.phone.request(Method::Invite, number, key);
        let mut call = Outgoing {
            key,
            stage: Stage::Calling { tx: 0 },
            dialog: None,
            shape: Shape::of(&self.phone.config.habits),
            door: None,
            session: None,
            early,
            answer: None,
            owes_answer: None,
            put_off: 0,
            invite: request.clone().finish(),
            provisional: false,
        };
        call.session = self.opening(&mut call, out);
        let invite = self.phone.with_abilities(request);
        let invite = match &call.session {
            Some(offer) => invite.body(SDP, offer.to_bytes()),
            None => invite,
        };
        call.invite = invite.finish();
        let tx = self.phone.send(now, call.invite.clone(), &self.phone.server(), out);
        call.stage = Stage::Calling { tx };
        out.arm(now, self.phone.config.habits.no_answer, call.timer("no-answer"));
        self.outgoing.insert(key, call);
    }

    /// T7: ends a call with BYE.
    pub(crate) fn hang_up(&mut self, now: Time, key: u64, out: &mut Outbox) {
        let Some(mut call) = self.outgoing.remove(&key) else { return };
        self.answer_in_ack(now, &mut call, None, out);
        self.shut_door(&mut call, out);
        let Some(dialog) = &mut call.dialog else { return };
        let request = self.phone.in_dialog(dialog, Method::Bye, key).finish();
        let to = self.phone.hop_in(dialog);
        call.stage = Stage::Ending { tx: self.phone.send(now, request, &to, out) };
        self.outgoing.insert(key, call);
    }

    /// The description in T1.
    fn opening(&mut self, call: &mut Outgoing, out: &mut Outbox) -> Option<Description> {
        let phone = &self.phone;
        let nothing = Description::zero_media(phone.config.address, phone.session_id(call.key), 1);
        let all: Vec<&str> = phone.config.protocols.iter().map(|protocol| protocol.token()).collect();
        match (call.shape.opening, call.early) {
            (Opening::Nothing, _) => None,
            (Opening::Capabilities, _) => Some(nothing.declaring(&all)),
            (Opening::AllOnHold, _) => Some(nothing.adding(&all, Setup::HoldConn)),
            (Opening::Known, Some(protocol)) => Some(self.offer(call, nothing, protocol, out)),
            (Opening::NoMedia | Opening::Known, _) => Some(nothing),
        }
    }

    /// A response to a request of ours.
    pub(super) fn caller_response(&mut self, now: Time, tx: u64, response: &Message, out: &mut Outbox) {
        let code = response.code().unwrap_or_default();
        let Some(key) = self.outgoing.values().find(|call| call.waits_for(tx)).map(|call| call.key) else {
            return self.late_response(now, tx, response, out);
        };
        let Some(mut call) = self.outgoing.remove(&key) else { return };
        let next = match &call.stage {
            Stage::Calling { .. } | Stage::Cancelling { .. } if code < 200 => {
                call.provisional = true;
                self.cancel_if_wanted(now, &mut call, out);
                Some(call)
            }
            // The 200 to CANCEL says nothing about the INVITE (§9.1).
            Stage::Cancelling { cancel, .. } if *cancel == Some(tx) => Some(call),
            Stage::Calling { .. } | Stage::Cancelling { .. } if code < 300 => {
                self.answered(now, call, tx, response, out)
            }
            Stage::Calling { .. } => {
                self.not_established(&call, NotEstablished::Refused, &said(response), out)
            }
            Stage::Cancelling { .. } => self.not_established(&call, NotEstablished::Unanswered, SILENCE, out),
            _ if code < 200 => Some(call),
            Stage::Asking { .. } => Some(self.presented_with(call, response, out)),
            Stage::Announcing { .. } => self.announcement_answered(now, call, tx, response, out),
            Stage::Ending { .. } => {
                self.tell(key, What::Ended);
                None
            }
            Stage::Deciding
            | Stage::PutOff { .. }
            | Stage::Connecting { .. }
            | Stage::Awaiting { .. }
            | Stage::Open { .. } => Some(call),
        };
        self.keep(next);
    }

    /// Whether this transaction is that of an INVITE which we want no more, or of its CANCEL.
    pub(super) fn is_cancelling(&self, tx: u64) -> bool {
        let cancelling = |call: &&Outgoing| matches!(call.stage, Stage::Cancelling { .. });
        self.outgoing.values().filter(cancelling).any(|call| call.waits_for(tx))
    }

    /// A request of ours was sent again, with credentials.
    pub(super) fn caller_sent_again(&mut self, tx: u64, request: &Message) {
        let Some(call) = self.outgoing.values_mut().find(|call| call.waits_for(tx)) else { return };
        match (&call.stage, &mut call.dialog, request.cseq()) {
            (Stage::Calling { .. }, ..) => call.invite = request.clone(),
            (_, Some(dialog), Some((number, _))) => dialog.local_cseq = number,
            _ => {}
        }
        call.provisional = false;
    }

    /// No response at all: Timer B, Timer F, or ICMP.
    pub(super) fn caller_unanswered(&mut self, tx: u64, why: &str, out: &mut Outbox) {
        let Some(key) = self.outgoing.values().find(|call| call.waits_for(tx)).map(|call| call.key) else {
            return;
        };
        let Some(mut call) = self.outgoing.remove(&key) else { return };
        let next = match &call.stage {
            Stage::Cancelling { cancel, .. } if *cancel == Some(tx) => Some(call),
            Stage::Calling { .. } | Stage::Cancelling { .. } => {
                // ICMP, or no server at all, counts as 503 (§8.1.3.1); silence is silence.
                let how = if why == SILENCE { NotEstablished::Silent } else { NotEstablished::Refused };
                self.not_established(&call, how, why, out)
            }
            Stage::Asking { .. } => {
                call.stage = Stage::Deciding;
                self.tell(key, What::NotPresented(why.to_owned()));
                Some(call)
            }
            Stage::Announcing { .. } => Some(self.broken(call, why, out)),
            Stage::Ending { .. } => {
                self.tell(key, What::ByeUnanswered);
                None
            }
            Stage::Deciding
            | Stage::PutOff { .. }
            | Stage::Connecting { .. }
            | Stage::Awaiting { .. }
            | Stage::Open { .. } => Some(call),
        };
        self.keep(next);
    }

    /// BYE of the peer; false if it is not in a dialog of ours.
    pub(super) fn caller_was_hung_up_on(&mut self, now: Time, bye: &Message, out: &mut Outbox) -> bool {
        let found =
            self.outgoing.values_mut().find_map(|call| call.dialog_of(bye).is_some().then_some(call.key));
        let Some(mut call) = found.and_then(|key| self.outgoing.remove(&key)) else { return false };
        // Both hung up at once: our own BYE will be answered.
        if matches!(call.stage, Stage::Ending { .. }) {
            self.keep(Some(call));
            return true;
        }
        self.abandon_announcement(now, &call, out);
        self.drop_connection(&mut call, out);
        self.shut_door(&mut call, out);
        self.tell(call.key, What::PeerHungUp);
        true
    }

    /// The operator ends the calls that we make.
    pub(super) fn stop_outgoing(&mut self, now: Time, out: &mut Outbox) {
        let keys: Vec<u64> = self.outgoing.keys().copied().collect();
        for key in keys {
            let Some(mut call) = self.outgoing.remove(&key) else { continue };
            let next = match call.stage {
                Stage::Calling { .. } => self.give_up_calling(now, call, out),
                Stage::Cancelling { .. } | Stage::Ending { .. } => Some(call),
                Stage::Asking { .. } => {
                    call.stage = Stage::Deciding;
                    self.tell(key, What::NotPresented(STOPPED.to_owned()));
                    Some(call)
                }
                _ => {
                    self.abandon_announcement(now, &call, out);
                    Some(self.broken(call, STOPPED, out))
                }
            };
            self.keep(next);
        }
    }

    /// A timer of a call.
    pub(super) fn caller_timer(&mut self, now: Time, timer: Timer, out: &mut Outbox) {
        let Some(call) = self.outgoing.remove(&timer.owner) else { return };
        let next = match (timer.name, &call.stage) {
            ("no-answer", Stage::Calling { .. }) => self.give_up_calling(now, call, out),
            ("no-answer", Stage::Announcing { .. }) => {
                self.abandon_announcement(now, &call, out);
                Some(self.broken(call, "the announcement has no final answer", out))
            }
            // §9.1: no final response in 64*T1 after CANCEL; the transaction is given up.
            ("cancelled", Stage::Cancelling { tx, .. }) => {
                self.phone.courier.abandon(now, *tx, out);
                self.not_established(&call, NotEstablished::Unanswered, SILENCE, out)
            }
            ("session", Stage::Open { .. }) => {
                self.tell(call.key, What::TimedOut);
                Some(call)
            }
            ("put-off", &Stage::PutOff { protocol }) => self.announced(now, call, protocol, out),
            ("door", Stage::Awaiting { .. }) => Some(self.broken(call, "the peer did not connect", out)),
            _ => Some(call),
        };
        self.keep(next);
    }

    /// 200 to INVITE arrived.
    fn answered(
        &mut self,
        now: Time,
        mut call: Outgoing,
        tx: u64,
        response: &Message,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        out.disarm(call.timer("no-answer"));
        out.disarm(call.timer("cancelled"));
        let Some(dialog) = Dialog::of_caller(&call.invite, response) else {
            out.unexpected("a 200 from which no dialog can be made", "200 with Contact");
            return self.not_established(&call, NotEstablished::Refused, "the answer cannot be used", out);
        };
        if call.session.is_none() {
            // The ACK waits for the holder's choice: it carries the answer, which is T4.
            call.owes_answer = Some(tx);
        } else {
            self.acknowledge(now, (tx, dialog.local_cseq), call.key, &dialog, None, out); // T2
        }
        call.answer = Some(response.clone());
        call.dialog = Some(dialog);
        // The answer may have crossed our CANCEL: then it is acknowledged, and ended at once (§15).
        let late = matches!(call.stage, Stage::Cancelling { .. });
        call.stage = Stage::Deciding;
        self.tell(call.key, if late { What::AnsweredTooLate } else { What::Answered });
        Some(call)
    }

    /// The call ends before the announcement was answered: the answer may be lost for good.
    fn abandon_announcement(&self, now: Time, call: &Outgoing, out: &mut Outbox) {
        if let Stage::Announcing { tx, .. } = &call.stage {
            self.phone.courier.abandon(now, *tx, out);
        }
    }

    /// There is no dialog, so nothing to end.
    fn not_established(
        &mut self,
        call: &Outgoing,
        how: NotEstablished,
        why: &str,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        out.disarm(call.timer("no-answer"));
        out.disarm(call.timer("cancelled"));
        if let Some(door) = &call.door {
            door.shut(&mut self.connections, out);
        }
        self.tell(call.key, What::NotEstablished(how, why.to_owned()));
        None
    }

    /// Our own limit, or the operator: CANCEL as soon as that is allowed, and no try of another server.
    fn give_up_calling(&mut self, now: Time, mut call: Outgoing, out: &mut Outbox) -> Option<Outgoing> {
        let Stage::Calling { tx } = call.stage else { return Some(call) };
        if self.phone.courier.give_up(tx, out) {
            // No INVITE runs: its server was still being looked for.
            let why = "stopped before a server was found";
            return self.not_established(&call, NotEstablished::Unanswered, why, out);
        }
        call.stage = Stage::Cancelling { tx, cancel: None };
        self.cancel_if_wanted(now, &mut call, out);
        Some(call)
    }

    fn cancel_if_wanted(&mut self, now: Time, call: &mut Outgoing, out: &mut Outbox) {
        let (key, allowed) = (call.key, call.provisional);
        if let Stage::Cancelling { tx, cancel: cancel @ None } = &mut call.stage
            && allowed
        {
            *cancel = self.phone.courier.cancel(now, *tx, out);
            let patience = crate::sip::transaction::T1 * 64;
            out.arm(now, patience, Timer { owner: key, name: "cancelled" });
        }
    }

    /// A response for which no call waits. Another 2xx of a forked INVITE is acknowledged and ended
    /// (§13.2.2.4); what the peer says to our BYE, or after its own, changes nothing.
    fn late_response(&mut self, now: Time, tx: u64, response: &Message, out: &mut Outbox) {
        let success = response.code().is_some_and(|code| (200..300).contains(&code));
        let invite =
            self.phone.courier.request_of(tx).filter(|r| r.method() == Some(&Method::Invite)).cloned();
        let Some(invite) = invite.filter(|_| success) else { return };
        let Some(mut dialog) = Dialog::of_caller(&invite, response) else { return };
        let cseq = invite.cseq().map_or(1, |cseq| cseq.0);
        let key = self.phone.entropy.key(("fork", response.call_id(), response.to_tag())).0;
        let refusal = invite.body().is_empty().then(|| self.answer_of(key, response, None)).flatten();
        self.acknowledge(now, (tx, cseq), key, &dialog, refusal.as_ref(), out);
        let bye = self.phone.in_dialog(&mut dialog, Method::Bye, key).finish();
        self.send_in_dialog(now, &dialog, bye, out);
    }

    /// ACK for the 2xx to an INVITE of ours: its transaction and its CSeq number.
    pub(super) fn acknowledge(
        &mut self,
        now: Time,
        (tx, cseq): (u64, u32),
        key: u64,
        dialog: &Dialog,
        answer: Option<&Description>,
        out: &mut Outbox,
    ) {
        let via = self.phone.via(key, cseq, "ACK");
        let ack: Builder = dialog.ack(cseq, &via);
        let ack = match answer {
            Some(answer) => ack.body(SDP, answer.to_bytes()),
            None => ack,
        };
        let ack = self.phone.with_credentials_of(tx, ack.finish());
        let to = self.phone.hop_in(dialog);
        self.phone.courier.acknowledge(now, tx, &dialog.remote_tag, ack, &to, out);
    }

    pub(super) fn send_in_dialog(
        &mut self,
        now: Time,
        dialog: &Dialog,
        request: Message,
        out: &mut Outbox,
    ) -> u64 {
        let to = self.phone.hop_in(dialog);
        self.phone.send(now, request, &to, out)
    }

    pub(super) fn keep(&mut self, call: Option<Outgoing>) {
        if let Some(call) = call {
            self.outgoing.insert(call.key, call);
        }
    }
}

/// `486 Busy Here`, for the operator.
pub(super) fn said(response: &Message) -> String {
    format!("{} {}", response.code().unwrap_or_default(), response.reason().unwrap_or_default())
}
