//! Figure 4 as the caller walks it. States exist only where the flowchart waits; between two waits the
//! steps are straight-line code in the order of their numbers.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sdp::{Description, Setup};
use faxproof_wire::sip::{Builder, Message, Method};

use super::Fax1;
use super::door::Door;
use super::phone::SDP;
use super::session::Session;
use super::variant::{Opening, Shape};
use crate::config::Protocol;
use crate::core::{Conn, Medium, Notice, Outbox, Time, Timer};
use crate::number;
use crate::order::Document;
use crate::sip::dialog::Dialog;
use crate::ta1::Registered;

/// Why a call failed to which nothing at all was said.
pub(super) const SILENCE: &str = "no answer";

/// A call that we make.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) key: u64,
    pub(super) number: String,
    pub(super) document: Document,
    pub(super) stage: Stage,
    /// Which branch of S5 was taken: the protocol stood in Ta1.
    pub(super) registered: bool,
    /// The protocol announced, from S6 or S14 on.
    pub(super) protocol: Protocol,
    pub(super) dialog: Option<Dialog>,
    pub(super) shape: Shape,
    /// Where the peer may connect, if an offer of ours leaves that to it.
    pub(super) door: Option<Door>,
    /// The last description that we sent, to be changed by the next.
    pub(super) session: Option<Description>,
    /// S5 as it was decided before S1: only where the INVITE already announces (variant E).
    pub(super) decided: Option<(Registered, Protocol)>,
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

/// Where the flowchart waits.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// S2: for the answer.
    Calling { tx: u64 },
    /// S2: for the 487 after our CANCEL, or, before any provisional response, for one that allows it.
    Cancelling { tx: u64, cancel: Option<u64> },
    /// S12: for the presentation.
    Asking { tx: u64 },
    /// S7, S15: for the answer to the announcement.
    Announcing { tx: u64, offer: Description },
    /// S7, S15: until T4 may be sent again.
    PutOff { protocol: Protocol },
    /// S7, S15: for the TCP connection.
    Connecting { conn: Conn, to: SocketAddr },
    /// S7, S15: for the peer to connect to our door.
    Awaiting { peer: IpAddr },
    /// S8, S15: for the end of the transmission.
    Transferring { conn: Conn, session: Session },
    /// S10: for the answer to BYE.
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
            Stage::PutOff { .. }
            | Stage::Connecting { .. }
            | Stage::Awaiting { .. }
            | Stage::Transferring { .. } => false,
        }
    }
}

impl Fax1 {
    /// The start key was pressed.
    pub(super) fn start_call(
        &mut self,
        now: Time,
        key: u64,
        number: String,
        document: Document,
        out: &mut Outbox,
    ) {
        if !number::is_dialable(&number) {
            let text = "This is no telephone number; nothing was sent".to_owned();
            return out.notice(Notice { call: key, medium: Medium::Display, text });
        }
        let request = self.phone.request(Method::Invite, &number, key);
        let mut call = Outgoing {
            key,
            number,
            document,
            stage: Stage::Calling { tx: 0 },
            registered: false,
            protocol: Protocol::Smtp,
            dialog: None,
            shape: Shape::of(&self.phone.config.habits),
            door: None,
            session: None,
            decided: None,
            answer: None,
            owes_answer: None,
            put_off: 0,
            invite: request.clone().finish(),
            provisional: false,
        };
        // S1
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

    /// The description in T1.
    fn opening(&mut self, call: &mut Outgoing, out: &mut Outbox) -> Option<Description> {
        let phone = &self.phone;
        let nothing = Description::zero_media(phone.config.address, phone.session_id(call.key), 1);
        let all: Vec<&str> = phone.config.protocols.iter().map(|protocol| protocol.token()).collect();
        match call.shape.opening {
            Opening::Nothing => None,
            Opening::NoMedia => Some(nothing),
            Opening::Capabilities => Some(nothing.declaring(&all)),
            Opening::AllOnHold => Some(nothing.adding(&all, Setup::HoldConn)),
            Opening::Registered => {
                let registered = self.ta1.registered(&call.number);
                let Some(protocol) = self.own_protocol(&registered) else { return Some(nothing) };
                call.decided = Some((registered, protocol));
                Some(self.offer(call, nothing, protocol, out))
            }
        }
    }

    /// The registered protocol, if this fax has it.
    fn own_protocol(&self, registered: &Registered) -> Option<Protocol> {
        let Registered::Protocol(token) = registered else { return None };
        let mut own = self.phone.config.protocols.iter();
        own.find(|protocol| protocol.token().eq_ignore_ascii_case(token)).copied()
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
                out.mark(key, "4.S2.refused"); // S2
                self.not_established(&call, &said(response), out)
            }
            Stage::Cancelling { .. } => {
                out.mark(key, "4.S2.unanswered"); // S2
                self.not_established(&call, "no answer", out)
            }
            _ if code < 200 => Some(call),
            Stage::Asking { .. } => self.presented_with(now, call, response, out),
            Stage::Announcing { offer, .. } => {
                let offer = offer.clone();
                self.announcement_answered(now, call, tx, &offer, response, out)
            }
            Stage::Ending { .. } => {
                out.mark(key, "4.S10.ended"); // S10
                None
            }
            Stage::PutOff { .. }
            | Stage::Connecting { .. }
            | Stage::Awaiting { .. }
            | Stage::Transferring { .. } => Some(call),
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
    pub(super) fn caller_unanswered(&mut self, now: Time, tx: u64, why: &str, out: &mut Outbox) {
        let Some(key) = self.outgoing.values().find(|call| call.waits_for(tx)).map(|call| call.key) else {
            return;
        };
        let Some(call) = self.outgoing.remove(&key) else { return };
        let next = match &call.stage {
            Stage::Cancelling { cancel, .. } if *cancel == Some(tx) => Some(call),
            Stage::Calling { .. } | Stage::Cancelling { .. } => {
                // ICMP, or no server at all, counts as 503 (§8.1.3.1); silence is silence.
                out.mark(key, if why == SILENCE { "4.S2.silent" } else { "4.S2.refused" }); // S2
                self.not_established(&call, why, out)
            }
            Stage::Asking { .. } => self.nothing_presented(now, call, why, out),
            Stage::Announcing { .. } => self.transmission_failed(now, call, why, out),
            Stage::Ending { .. } => {
                out.mark(key, "4.S10.bye-unanswered"); // S10
                None
            }
            Stage::PutOff { .. }
            | Stage::Connecting { .. }
            | Stage::Awaiting { .. }
            | Stage::Transferring { .. } => Some(call),
        };
        self.keep(next);
    }

    /// BYE of the peer; false if it is not in a dialog of ours.
    pub(super) fn caller_was_hung_up_on(&mut self, now: Time, bye: &Message, out: &mut Outbox) -> bool {
        let found =
            self.outgoing.values_mut().find_map(|call| call.dialog_of(bye).is_some().then_some(call.key));
        let Some(mut call) = found.and_then(|key| self.outgoing.remove(&key)) else { return false };
        self.abandon_announcement(now, &call, out);
        let why = "the peer hung up";
        match &call.stage {
            // Both hung up at once: our own BYE will be answered.
            Stage::Ending { .. } => {
                self.keep(Some(call));
                return true;
            }
            Stage::Asking { .. } => self.tell_nothing_presented(&call, why, out),
            _ => self.settle_after_hang_up(now, &mut call, why, out),
        }
        self.shut_door(&mut call, out);
        out.mark(call.key, "4.S10.peer-hung-up"); // S10
        true
    }

    /// The operator ends the calls that we make.
    pub(super) fn caller_hangs_up(&mut self, now: Time, out: &mut Outbox) {
        let keys: Vec<u64> = self.outgoing.keys().copied().collect();
        for key in keys {
            let Some(call) = self.outgoing.remove(&key) else { continue };
            let next = match call.stage {
                Stage::Calling { .. } => self.give_up_calling(now, call, out),
                Stage::Cancelling { .. } | Stage::Ending { .. } => Some(call),
                Stage::Asking { .. } => self.nothing_presented(now, call, "stopped by the operator", out),
                _ => self.transmission_failed(now, call, "stopped by the operator", out),
            };
            self.keep(next);
        }
    }

    /// A timer of a call.
    pub(super) fn caller_timer(&mut self, now: Time, timer: Timer, out: &mut Outbox) {
        let Some(call) = self.outgoing.remove(&timer.owner) else { return };
        let next = match (timer.name, &call.stage) {
            ("no-answer", Stage::Calling { .. }) => self.give_up_calling(now, call, out),
            // §9.1: no final response in 64*T1 after CANCEL; the transaction is given up.
            ("cancelled", Stage::Cancelling { tx, .. }) => {
                self.phone.layer.abandon(now, *tx, out);
                out.mark(call.key, "4.S2.unanswered"); // S2
                self.not_established(&call, "no answer", out)
            }
            ("session", _) => self.session_timed_out(now, call, out),
            ("put-off", &Stage::PutOff { protocol }) => self.announce(now, call, protocol, out),
            ("door", Stage::Awaiting { .. }) => {
                self.transmission_failed(now, call, "the peer did not connect", out)
            }
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
            out.mark(call.key, "4.S2.refused"); // S2
            return self.not_established(&call, "the answer cannot be used", out);
        };
        if call.session.is_none() {
            // S3 waits for S5, and S13: the ACK carries the answer, which is T4.
            call.owes_answer = Some(tx);
        } else {
            self.acknowledge(now, (tx, dialog.local_cseq), call.key, &dialog, None, out); // S3
        }
        call.answer = Some(response.clone());
        call.dialog = Some(dialog); // S4
        if matches!(call.stage, Stage::Cancelling { .. }) {
            // The answer crossed our CANCEL: acknowledged, and ended at once (§15).
            out.mark(call.key, "4.S2.unanswered"); // S2
            self.tell_failure(call.key, &call.document, "no answer", out); // S9
            return self.hang_up(now, call, out);
        }
        out.mark(call.key, "4.S2.answered"); // S2
        let registered = match &call.decided {
            Some((registered, _)) => registered.clone(),
            None => self.ta1.registered(&call.number),
        };
        match &registered {
            Registered::Protocol(token) => {
                out.mark(call.key, "4.S5.registered"); // S5
                call.registered = true;
                match self.own_protocol(&registered) {
                    Some(protocol) => self.announce(now, call, protocol, out), // S6
                    None => {
                        out.mark(call.key, "4.S6.unsupported-here"); // S6
                        let why = format!("{token} is registered, which this fax lacks");
                        self.tell_failure(call.key, &call.document, &why, out); // S9
                        self.hang_up(now, call, out)
                    }
                }
            }
            Registered::NumberUnknown => {
                out.mark(call.key, "4.S5.number-unknown"); // S5
                self.ask(now, call, out)
            }
            Registered::ProtocolUnknown => {
                out.mark(call.key, "4.S5.protocol-unknown"); // S5
                self.ask(now, call, out)
            }
        }
    }

    /// Step S10: BYE (T7).
    pub(super) fn hang_up(&mut self, now: Time, mut call: Outgoing, out: &mut Outbox) -> Option<Outgoing> {
        self.answer_in_ack(now, &mut call, None, out);
        self.shut_door(&mut call, out);
        self.abandon_announcement(now, &call, out);
        let request = self.phone.in_dialog(call.dialog.as_mut()?, Method::Bye, call.key).finish();
        let tx = self.send_in_dialog(now, call.dialog.as_ref()?, request, out); // S10
        call.stage = Stage::Ending { tx };
        Some(call)
    }

    /// The call ends before the announcement was answered: the answer may be lost for good.
    fn abandon_announcement(&self, now: Time, call: &Outgoing, out: &mut Outbox) {
        if let Stage::Announcing { tx, .. } = &call.stage {
            self.phone.layer.abandon(now, *tx, out);
        }
    }

    /// S2 failed: step S9, and no BYE, for there is no dialog.
    fn not_established(&mut self, call: &Outgoing, why: &str, out: &mut Outbox) -> Option<Outgoing> {
        out.disarm(call.timer("no-answer"));
        out.disarm(call.timer("cancelled"));
        self.tell_failure(call.key, &call.document, why, out); // S9
        if let Some(door) = &call.door {
            door.shut(&mut self.connections, out);
        }
        None
    }

    /// The fax's own limit, or the operator: CANCEL as soon as that is allowed, and no try of another server.
    fn give_up_calling(&mut self, now: Time, mut call: Outgoing, out: &mut Outbox) -> Option<Outgoing> {
        let Stage::Calling { tx } = call.stage else { return Some(call) };
        if self.phone.layer.give_up(tx) {
            // No INVITE runs: its server was still being looked for.
            out.mark(call.key, "4.S2.unanswered"); // S2
            return self.not_established(&call, "stopped before a server was found", out);
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
            *cancel = self.phone.layer.cancel(now, *tx, out);
            let patience = crate::sip::transaction::T1 * 64;
            out.arm(now, patience, Timer { owner: key, name: "cancelled" });
        }
    }

    /// A response for which no call waits. Another 2xx of a forked INVITE is acknowledged and ended
    /// (§13.2.2.4); what the peer says to our BYE, or after its own, changes nothing.
    fn late_response(&mut self, now: Time, tx: u64, response: &Message, out: &mut Outbox) {
        let success = response.code().is_some_and(|code| (200..300).contains(&code));
        let invite = self.phone.layer.request_of(tx).filter(|r| r.method() == Some(&Method::Invite)).cloned();
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
        self.phone.layer.acknowledge(now, tx, &dialog.remote_tag, ack, &to, out);
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
