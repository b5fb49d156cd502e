//! Destination device 15: the fax as it is called (paragraphs 0073 to 0075).

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sdp::{self, Description, Media, Reuse, Setup};
use faxproof_wire::sip::{Message, Method, Name};

use super::phone::SDP;
use super::session::{IDLE, Serving};
use super::{Fax1, post};
use crate::config::{Protocol, Refusal};
use crate::core::{Conn, Duration, Effect, Outbox, StreamEvent, Time, Timer};
use crate::number;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{T1, T2};

/// Media ports are taken from here on.
const FIRST_MEDIA_PORT: u16 = 40_000;
const MEDIA_PORTS: u64 = 20_000;

/// A call that we take.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    key: u64,
    pub(super) dialog: Dialog,
    invite: Message,
    invite_tx: u64,
    /// Whether our 200 has gone out.
    answered: bool,
    /// A 200 that waits for its ACK.
    unacknowledged: Option<Unacknowledged>,
    /// The operator wants to hang up as soon as that is allowed.
    ends_at_ack: bool,
    sdp_version: u64,
    media: Option<MediaPort>,
    /// Documents that came without a name of their own.
    documents: u32,
}

/// A 2xx to INVITE is repeated by the user agent until its ACK comes (RFC 3261 §13.3.1.4).
#[derive(Clone, Debug)]
struct Unacknowledged {
    tx: u64,
    cseq: u32,
    response: Message,
    interval: Duration,
    give_up_at: Time,
}

/// The passive end of the negotiated connection.
#[derive(Clone, Debug)]
struct MediaPort {
    port: u16,
    /// Who may connect: the address in the offer.
    peer: Option<IpAddr>,
    conn: Option<Conn>,
    /// What is spoken there.
    server: Serving,
}

impl Incoming {
    fn timer(&self, name: &'static str) -> Timer {
        Timer { owner: self.key, name }
    }
}

impl Fax1 {
    /// INVITE outside a dialog: somebody calls (T1).
    pub(super) fn called(&mut self, now: Time, tx: u64, invite: &Message, out: &mut Outbox) {
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
        let tag = phone.tag_for(invite);
        let Some(dialog) = Dialog::of_callee(invite, &tag) else {
            return self.refuse(now, tx, invite, 400, out);
        };
        let call = Incoming {
            key,
            dialog,
            invite: invite.clone(),
            invite_tx: tx,
            answered: false,
            unacknowledged: None,
            ends_at_ack: false,
            sdp_version: 0,
            media: None,
            documents: 0,
        };
        out.arm(now, phone.config.habits.ring_after, call.timer("ring"));
        self.incoming.insert(key, call);
    }

    /// CANCEL (§9.2).
    pub(super) fn cancelled(&mut self, now: Time, tx: u64, cancel: &Message, out: &mut Outbox) {
        let Some(invite_tx) = self.phone.layer.cancelled_by(cancel) else {
            return self.refuse(now, tx, cancel, 481, out);
        };
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
            out.arm(now, IDLE, call.timer("idle"));
        }
        self.incoming.insert(call.key, call);
    }

    /// Re-INVITE: the announcement (T4).
    pub(super) fn reinvited(&mut self, now: Time, tx: u64, request: &Message, out: &mut Outbox) {
        let found = self.incoming.values().find(|call| call.dialog.owns(request)).map(|call| call.key);
        let Some(mut call) = found.and_then(|key| self.incoming.remove(&key)) else { return };
        if !call.answered {
            // §14.2: a second INVITE before the final response to the first. Behind that response it is
            // welcome even where the ACK was lost: who sends it has seen our 2xx.
            let wait = self.phone.entropy.key(("retry-after", call.key)).below(11).to_string();
            let refusal = self.phone.response(request, 500).header(Name::RetryAfter, wait).finish();
            self.phone.layer.respond(now, tx, refusal, out);
        } else {
            call.dialog.refresh(request);
            self.accept_invite(now, &mut call, tx, request, out);
        }
        self.incoming.insert(call.key, call);
    }

    /// BYE of the caller: what was begun is dropped.
    pub(super) fn callee_was_hung_up_on(&mut self, bye: &Message, out: &mut Outbox) {
        let found = self.incoming.values().find(|call| call.dialog.owns(bye)).map(|call| call.key);
        if let Some(call) = found.and_then(|key| self.incoming.remove(&key)) {
            self.let_go(&call, out);
        }
    }

    /// The operator ends the calls that we took. No BYE before the ACK of our 2xx (§15).
    pub(super) fn callee_hangs_up(&mut self, now: Time, out: &mut Outbox) {
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
                self.phone.layer.respond(now, call.invite_tx, ringing, out);
                if let Some(after) = self.phone.config.habits.answer_after {
                    out.arm(now, after, call.timer("answer"));
                }
            }
            "answer" => {
                let (invite, tx) = (call.invite.clone(), call.invite_tx);
                call.answered = true;
                self.accept_invite(now, &mut call, tx, &invite, out); // R2
            }
            "2xx" => {
                if !self.repeat_2xx(now, &mut call, out) {
                    return self.end(now, call, out);
                }
            }
            _ => {
                if let Some(MediaPort { conn: Some(conn), server, .. }) = &mut call.media {
                    let farewell = server.timed_out();
                    if !farewell.is_empty() {
                        out.send(*conn, farewell);
                    }
                }
                return self.end(now, call, out);
            }
        }
        self.incoming.insert(call.key, call);
    }

    /// Somebody connected to a port of ours.
    pub(super) fn stream_accepted(
        &mut self,
        now: Time,
        conn: Conn,
        port: u16,
        peer: SocketAddr,
        out: &mut Outbox,
    ) {
        let awaits = |media: &MediaPort| media.port == port && media.conn.is_none();
        let found = self.incoming.values_mut().find(|call| call.media.as_ref().is_some_and(awaits));
        let Some((call, media)) = found.and_then(|call| {
            let media = call.media.as_mut()?;
            media.peer.is_none_or(|ip| ip == peer.ip()).then_some((call.key, media))
        }) else {
            // A stranger does not get between the parties (it may have been quicker than the peer).
            out.unexpected("a connection from a stranger", "the peer");
            return out.push(Effect::Reset(conn));
        };
        media.conn = Some(conn);
        let greeting = media.server.greeting();
        self.connections.insert(conn, call);
        out.push(Effect::Unlisten { port });
        if !greeting.is_empty() {
            out.send(conn, greeting);
        }
        out.arm(now, IDLE, Timer { owner: call, name: "idle" });
    }

    /// Something happened on the connection of a call (T5, T6).
    pub(super) fn callee_stream(
        &mut self,
        now: Time,
        key: u64,
        conn: Conn,
        event: StreamEvent,
        out: &mut Outbox,
    ) {
        let (config, entropy) = (self.phone.config.clone(), self.phone.entropy);
        let Some(call) = self.incoming.get_mut(&key) else {
            return out.push(Effect::Reset(conn));
        };
        match (event, &mut call.media) {
            (StreamEvent::Bytes(bytes), Some(media)) => {
                let documents = &mut call.documents;
                let mut name = || {
                    *documents += 1;
                    format!("/documents/{}", entropy.key(("document", key, *documents)).token())
                };
                let mut mailbox = post::Mailbox { config: &config, name: &mut name, out };
                let turn = media.server.bytes(&bytes, &mut mailbox);
                if !turn.send.is_empty() {
                    out.send(conn, turn.send);
                }
                if turn.close && media.server.lingers() {
                    out.push(Effect::ShutDown(conn));
                } else if turn.close {
                    out.push(Effect::Close(conn));
                    self.connections.remove(&conn);
                    call.media = None;
                }
                if turn.progress {
                    out.arm(now, IDLE, Timer { owner: key, name: "idle" });
                }
            }
            (StreamEvent::Fin, _) => {
                call.media = None;
                out.push(Effect::Close(conn));
            }
            (StreamEvent::Reset, _) => call.media = None,
            _ => {}
        }
    }

    /// 200 with our answer, or 488 (§13.3.1.4, RFC 3264 §6).
    fn accept_invite(&mut self, now: Time, call: &mut Incoming, tx: u64, invite: &Message, out: &mut Outbox) {
        let Some(answer) = self.answer_offer(call, invite, out) else {
            let cseq = invite.cseq().map_or(0, |cseq| cseq.0);
            let body = self.phone.capabilities(call.key, cseq);
            let ip = self.phone.config.address;
            let warning = format!("305 {ip} \"this protocol is not offered by this terminal\"");
            let refusal = self.phone.response(invite, 488).header(Name::Warning, warning).body(SDP, body);
            return self.phone.layer.respond(now, tx, refusal.finish(), out);
        };
        let ok = self.phone.response(invite, 200).copy(invite, Name::RecordRoute);
        let ok = self.phone.with_abilities(ok).body(SDP, answer.to_bytes()).finish();
        self.phone.layer.respond(now, tx, ok.clone(), out);
        call.unacknowledged = Some(Unacknowledged {
            tx,
            cseq: invite.cseq().map_or(0, |cseq| cseq.0),
            response: ok,
            interval: T1,
            give_up_at: now + T1 * 64,
        });
        out.arm(now, T1, call.timer("2xx"));
    }

    /// The answer to an offer: the first media line that we can serve gets a port, the others port 0.
    /// `None`: 488.
    fn answer_offer(
        &mut self,
        call: &mut Incoming,
        invite: &Message,
        out: &mut Outbox,
    ) -> Option<Description> {
        let config = self.phone.config.clone();
        let id = self.phone.session_id(("answer", call.key));
        call.sdp_version += 1;
        let mut answer = Description::zero_media(config.address, id, call.sdp_version);
        let body = invite.body();
        if body.is_empty() {
            return Some(answer);
        }
        let offer = sdp::parse(&body).ok()?;
        for (index, media) in offer.media.iter().enumerate() {
            let served = media.formats.iter().find_map(|format| {
                let known = |protocol: &&Protocol| protocol.token().eq_ignore_ascii_case(format);
                Some((format, *config.protocols.iter().find(known)?))
            });
            let active = matches!(media.setup, None | Some(Setup::Active | Setup::ActPass));
            let serves =
                media.is_application_over_tcp() && !media.is_refused() && active && call.media.is_none();
            let port = match served {
                Some((_, protocol)) if serves => self.open_port(call, protocol, offer.address_of(index), out),
                _ => 0,
            };
            let format = served.map(|(format, _)| format);
            answer.media.push(Media {
                port,
                formats: format.or(media.formats.first()).cloned().into_iter().collect(),
                setup: (port != 0).then_some(Setup::Passive),
                connection: (port != 0).then_some(Reuse::New),
                address: None,
                ..media.clone()
            });
        }
        let refused = answer.is_refusal() && config.habits.refusal == Refusal::NotAcceptable;
        (!refused).then_some(answer)
    }

    /// Prepared for reception (paragraph 0074): the port accepts before the answer says so.
    fn open_port(
        &mut self,
        call: &mut Incoming,
        protocol: Protocol,
        peer: Option<IpAddr>,
        out: &mut Outbox,
    ) -> u16 {
        let taken = |port: u16| {
            self.incoming.values().filter_map(|other| other.media.as_ref()).any(|media| media.port == port)
        };
        let pick = |attempt: u32| {
            let below =
                self.phone.entropy.key(("port", call.key, call.sdp_version, attempt)).below(MEDIA_PORTS);
            FIRST_MEDIA_PORT + u16::try_from(below).unwrap_or_default()
        };
        let port = (0..16).map(pick).find(|port| !taken(*port)).unwrap_or_else(|| pick(16));
        let server = Serving::of(protocol, &self.phone.config, port);
        call.media = Some(MediaPort { port, peer, conn: None, server });
        out.push(Effect::Listen { port });
        port
    }

    /// False if the ACK has been awaited for too long.
    fn repeat_2xx(&mut self, now: Time, call: &mut Incoming, out: &mut Outbox) -> bool {
        let timer = call.timer("2xx");
        let Some(waiting) = &mut call.unacknowledged else { return true };
        if now >= waiting.give_up_at {
            return false;
        }
        self.phone.layer.respond(now, waiting.tx, waiting.response.clone(), out);
        waiting.interval = (waiting.interval * 2).min(T2);
        let next = waiting.interval.min(waiting.give_up_at - now);
        out.arm(now, next, timer);
        true
    }

    /// BYE from our side.
    fn end(&mut self, now: Time, mut call: Incoming, out: &mut Outbox) {
        let bye = self.phone.in_dialog(&mut call.dialog, Method::Bye, call.key).finish();
        let to = self.phone.hop_in(&call.dialog);
        self.phone.layer.send(now, bye, to, out);
        self.let_go(&call, out);
    }

    fn let_go(&mut self, call: &Incoming, out: &mut Outbox) {
        self.stop_timers(call, out);
        let Some(media) = &call.media else { return };
        match media.conn {
            None => out.push(Effect::Unlisten { port: media.port }),
            Some(conn) => {
                self.connections.remove(&conn);
                out.push(if media.server.in_document() { Effect::Reset(conn) } else { Effect::Close(conn) });
            }
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
