//! Steps S7, S8, S15 and S16: the announced protocol runs on the negotiated connection.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sdp::{self, Description, SdpError, Setup};
use faxproof_wire::sip::{Message, Method};

use super::Fax1;
use super::caller::{Outgoing, Stage, said};
use super::session::Session;
use crate::config::Protocol;
use crate::core::{Conn, Effect, Outbox, StreamEvent, Time};
use crate::turn::Turn;

impl Fax1 {
    /// The answer to T4 arrived.
    pub(super) fn announcement_answered(
        &mut self,
        now: Time,
        mut call: Outgoing,
        tx: u64,
        offer: &Description,
        response: &Message,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        match response.code().unwrap_or_default() {
            0..300 => {}
            // They say that the peer or the call is gone, not that the protocol is unwanted (RFC 3261 §12.2.1.2).
            408 | 481 => return self.transmission_failed(now, call, &said(response), out),
            491 | 500 if self.puts_off(now, &mut call, response, out) => return Some(call),
            _ => return self.declined(now, call, &said(response), out),
        }
        call.dialog.as_mut()?.refresh(response);
        // A 2xx to UPDATE needs no ACK: it is no INVITE.
        if let Some((number, Method::Invite)) = response.cseq() {
            self.acknowledge(now, (tx, number), call.key, call.dialog.as_ref()?, None, out);
        }
        self.agreed(now, call, offer, sdp::parse(&response.body()), out)
    }

    /// The peer has answered the offer of T4: where it is prepared for reception, the run begins.
    pub(super) fn agreed(
        &mut self,
        now: Time,
        call: Outgoing,
        offer: &Description,
        answer: Result<Description, SdpError>,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let Some(dialog) = &call.dialog else { return Some(call) };
        let ready = readiness(offer, answer, |named| {
            self.phone
                .media_address(&dialog.remote_target, named)
                .map_err(|why| format!("its answer misleads: {why}"))
        });
        match ready {
            Ok(Ready::Listens(to)) => Some(self.connect(call, to, out)),
            Ok(Ready::Connects(peer)) => self.await_peer(now, call, peer, out),
            Ok(Ready::Declines) => self.declined(now, call, "port 0", out),
            Err(why) => self.transmission_failed(now, call, &why, out),
        }
    }

    /// Something happened on the connection of a call.
    pub(super) fn caller_stream(&mut self, now: Time, key: u64, event: StreamEvent, out: &mut Outbox) {
        let Some(mut call) = self.outgoing.remove(&key) else { return };
        let next = match (&mut call.stage, event) {
            (Stage::Connecting { conn, to }, StreamEvent::Opened) => {
                let (conn, to) = (*conn, *to);
                self.begin_session(now, call, conn, to, out)
            }
            (Stage::Connecting { .. }, StreamEvent::Refused) => {
                self.transmission_failed(now, call, "the connection was refused", out)
            }
            (Stage::Connecting { .. }, StreamEvent::Unreachable | StreamEvent::Reset) => {
                self.transmission_failed(now, call, "the peer cannot be reached", out)
            }
            (Stage::Connecting { .. }, StreamEvent::TimedOut) => {
                self.transmission_failed(now, call, "the connection timed out", out)
            }
            (Stage::Transferring { session, .. }, StreamEvent::Bytes(bytes)) => {
                let turn = session.bytes(&bytes);
                self.session_turn(now, call, turn, out)
            }
            (Stage::Transferring { session, .. }, event @ (StreamEvent::Fin | StreamEvent::Reset)) => {
                let outcome = session.closed(event == StreamEvent::Fin);
                self.session_over(now, call, outcome, out)
            }
            _ => Some(call),
        };
        self.keep(next);
    }

    /// The peer of the session let too much time pass.
    pub(super) fn session_timed_out(
        &mut self,
        now: Time,
        mut call: Outgoing,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let Stage::Transferring { session, .. } = &mut call.stage else { return Some(call) };
        let turn = session.timed_out();
        self.session_turn(now, call, turn, out)
    }

    /// S8 or S15: the run broke.
    pub(super) fn transmission_failed(
        &mut self,
        now: Time,
        mut call: Outgoing,
        why: &str,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        self.drop_connection(&mut call, out);
        self.note_failure(&call, "4.S8.failed", why, out);
        self.hang_up(now, call, out)
    }

    /// The peer hung up in the middle: what had been reached counts.
    pub(super) fn settle_after_hang_up(
        &mut self,
        _now: Time,
        call: &mut Outgoing,
        why: &str,
        out: &mut Outbox,
    ) {
        let delivered = match &mut call.stage {
            Stage::Transferring { session, .. } => session.closed(false).is_ok(),
            _ => false,
        };
        self.drop_connection(call, out);
        if delivered {
            self.note_success(call, out);
        } else {
            self.note_failure(call, "4.S8.failed", why, out);
        }
    }

    pub(super) fn connect(&mut self, mut call: Outgoing, to: SocketAddr, out: &mut Outbox) -> Outgoing {
        self.shut_door(&mut call, out);
        self.note_beginning(&call, out);
        let conn = Conn(self.phone.entropy.key(("connection", call.key)).0 & !Conn::ACCEPTED);
        self.connections.insert(conn, call.key);
        out.push(Effect::Connect { conn, to });
        call.stage = Stage::Connecting { conn, to };
        call
    }

    pub(super) fn begin_session(
        &mut self,
        now: Time,
        mut call: Outgoing,
        conn: Conn,
        to: SocketAddr,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let Outgoing { key, protocol, .. } = call;
        let mut session = Session::of(protocol, &self.phone, now, key, &call.number, to, &call.document);
        let turn = session.opened();
        call.stage = Stage::Transferring { conn, session };
        self.session_turn(now, call, turn, out)
    }

    pub(super) fn session_turn(
        &mut self,
        now: Time,
        call: Outgoing,
        turn: Turn<String>,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        if let Stage::Transferring { conn, .. } = &call.stage {
            turn.send.into_iter().for_each(|bytes| out.send(*conn, bytes));
        }
        if let Some(patience) = turn.patience {
            out.arm(now, patience, call.timer("session"));
        }
        match turn.done {
            Some(outcome) => self.session_over(now, call, outcome, out),
            None => Some(call),
        }
    }

    fn session_over(
        &mut self,
        now: Time,
        mut call: Outgoing,
        outcome: Result<(), String>,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        match outcome {
            Ok(()) => {
                self.close_connection(&mut call, out);
                self.note_success(&call, out);
            }
            Err(failure) => {
                self.close_connection(&mut call, out);
                self.note_failure(&call, "4.S8.failed", &failure, out);
            }
        }
        self.hang_up(now, call, out)
    }

    /// The peer does not take the announced protocol.
    pub(super) fn declined(
        &mut self,
        now: Time,
        call: Outgoing,
        why: &str,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        let why = format!("the peer declined {} ({why})", call.protocol.token());
        self.note_failure(&call, "4.S8.declined", &why, out);
        self.hang_up(now, call, out)
    }

    /// S7 begins; S15 is marked by its end.
    pub(super) fn note_beginning(&self, call: &Outgoing, out: &mut Outbox) {
        if call.registered {
            let begins = match call.protocol {
                Protocol::Smtp => "4.S7.smtp",
                Protocol::Http => "4.S7.http",
            };
            out.mark(call.key, begins); // S7
        }
    }

    /// S8 yes, or the end of S15 and S16.
    fn note_success(&mut self, call: &Outgoing, out: &mut Outbox) {
        if call.registered {
            return out.mark(call.key, "4.S8.succeeded"); // S8
        }
        let transmitted = match call.protocol {
            Protocol::Smtp => "4.S15.smtp",
            Protocol::Http => "4.S15.http",
        };
        out.mark(call.key, transmitted); // S15
        self.store(call, out);
    }

    /// S8 no, or S15 failed: step S9. Whether S16 follows then is a habit: the flowchart stores always,
    /// while the table is to hold protocols that worked once (paragraph 0087).
    fn note_failure(&mut self, call: &Outgoing, arc: &'static str, why: &str, out: &mut Outbox) {
        if call.registered {
            out.mark(call.key, arc); // S8
            return self.tell_failure(call.key, &call.document, why, out); // S9
        }
        out.mark(call.key, "4.S15.failed"); // S15
        self.tell_failure(call.key, &call.document, why, out); // S9
        if self.phone.config.habits.store_on_transfer_failure {
            self.store(call, out);
        }
    }

    /// Step S16: committed first, marked then.
    fn store(&mut self, call: &Outgoing, out: &mut Outbox) {
        let new = self.learn(&call.number, call.protocol.token(), out);
        out.mark(call.key, if new { "4.S16.new-record" } else { "4.S16.into-record" }); // S16
    }

    fn close_connection(&mut self, call: &mut Outgoing, out: &mut Outbox) {
        self.leave_connection(call, Effect::Close, out);
    }

    fn drop_connection(&mut self, call: &mut Outgoing, out: &mut Outbox) {
        self.leave_connection(call, Effect::Reset, out);
    }

    fn leave_connection(&mut self, call: &mut Outgoing, how: fn(Conn) -> Effect, out: &mut Outbox) {
        if let Stage::Connecting { conn, .. } | Stage::Transferring { conn, .. } = call.stage {
            out.disarm(call.timer("session"));
            self.connections.remove(&conn);
            out.push(how(conn));
        }
    }
}

/// What the answer to T4 says of the connection.
enum Ready {
    /// The peer listens there.
    Listens(SocketAddr),
    /// It will connect to us from this address.
    Connects(IpAddr),
    /// Port 0.
    Declines,
}

fn readiness(
    offer: &Description,
    answer: Result<Description, SdpError>,
    may_lead_to: impl Fn(Option<IpAddr>) -> Result<IpAddr, String>,
) -> Result<Ready, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    // A wrong number of lines is no refusal but a fault (RFC 3264 §6).
    if answer.is_refusal() && answer.media.len() == offer.media.len() {
        return Ok(Ready::Declines);
    }
    if let Some(problem) = sdp::answer_problem(offer, &answer) {
        return Err(problem.to_string());
    }
    let media = answer.media.first().ok_or("the answer has no line")?;
    match media.answered_setup() {
        // RFC 4145 §4: no connection for now, and a fax has nothing to wait for.
        Setup::HoldConn => Err("the peer wants no connection for now".to_owned()),
        Setup::Active => Ok(Ready::Connects(may_lead_to(answer.address_of(0))?)),
        Setup::Passive | Setup::ActPass => {
            Ok(Ready::Listens(SocketAddr::new(may_lead_to(answer.address_of(0))?, media.port)))
        }
    }
}
