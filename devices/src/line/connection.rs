//! The negotiated connection of a call that we make (T5): who connects, and when it stands.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use faxproof_wire::sdp::{self, Description, SdpError, Setup};
use faxproof_wire::sip::{Message, Method};

use super::caller::{Outgoing, Stage, said};
use super::{Line, What};
use crate::core::{Conn, Duration, Effect, Outbox, StreamEvent, Time};

impl Line {
    /// Sends on the connection of a call.
    pub(crate) fn send(&self, key: u64, bytes: Bytes, out: &mut Outbox) {
        if let Some(Stage::Open { conn }) = self.outgoing.get(&key).map(|call| &call.stage) {
            out.send(*conn, bytes);
        }
    }

    /// How long the peer may take for its next step in the session: [`What::TimedOut`] behind it.
    pub(crate) fn wait(&self, now: Time, key: u64, patience: Duration, out: &mut Outbox) {
        if let Some(call) = self.outgoing.get(&key) {
            out.arm(now, patience, call.timer("session"));
        }
    }

    /// The session is over: closes its connection.
    pub(crate) fn close(&mut self, key: u64, out: &mut Outbox) {
        let Some(mut call) = self.outgoing.remove(&key) else { return };
        self.leave_connection(&mut call, Effect::Close, out);
        self.keep(Some(call));
    }

    /// The answer to T4 arrived.
    pub(super) fn announcement_answered(
        &mut self,
        now: Time,
        mut call: Outgoing,
        tx: u64,
        response: &Message,
        out: &mut Outbox,
    ) -> Option<Outgoing> {
        out.disarm(call.timer("no-answer"));
        let by_vendor = matches!(call.stage, Stage::Announcing { offer: None, .. });
        match response.code().unwrap_or_default() {
            // They say that the peer or the call is gone, not that the protocol is unwanted (RFC 3261 §12.2.1.2).
            408 | 481 => return Some(self.broken(call, &said(response), out)),
            _ if by_vendor => return Some(self.answered_by_vendor(call, response, out)),
            0..300 => {}
            491 | 500 if self.puts_off(now, &mut call, response, out) => return Some(call),
            _ => return Some(self.declined(call, &said(response))),
        }
        call.dialog.as_mut()?.refresh(response);
        // A 2xx to UPDATE needs no ACK: it is no INVITE.
        if let Some((number, Method::Invite)) = response.cseq() {
            self.acknowledge(now, (tx, number), call.key, call.dialog.as_ref()?, None, out);
        }
        let Stage::Announcing { offer: Some(offer), .. } = &call.stage else { return Some(call) };
        let offer = offer.clone();
        Some(self.agreed(now, call, &offer, sdp::parse(&response.body()), out))
    }

    /// The peer has answered the offer of T4: where it is prepared for reception, the run begins.
    pub(super) fn agreed(
        &mut self,
        now: Time,
        call: Outgoing,
        offer: &Description,
        answer: Result<Description, SdpError>,
        out: &mut Outbox,
    ) -> Outgoing {
        let target = call.dialog.as_ref().map(|dialog| dialog.remote_target.as_str()).unwrap_or_default();
        let ready = readiness(offer, answer, |named| {
            self.phone.media_address(target, named).map_err(|why| format!("its answer misleads: {why}"))
        });
        match ready {
            Ok(Ready::Listens(to)) => self.connect(call, to, out),
            Ok(Ready::Connects(peer)) => self.await_peer(now, call, peer, out),
            Ok(Ready::Declines) => self.declined(call, "port 0"),
            Err(why) => self.broken(call, &why, out),
        }
    }

    pub(super) fn connect(&mut self, mut call: Outgoing, to: SocketAddr, out: &mut Outbox) -> Outgoing {
        self.shut_door(&mut call, out);
        self.tell(call.key, What::Agreed);
        let conn = Conn(self.phone.entropy.key(("connection", call.key)).0 & !Conn::ACCEPTED);
        self.connections.insert(conn, call.key);
        out.push(Effect::Connect { conn, to });
        call.stage = Stage::Connecting { conn, to };
        call
    }

    /// Something happened on the connection of a call.
    pub(super) fn caller_stream(&mut self, key: u64, event: StreamEvent, out: &mut Outbox) {
        let Some(call) = self.outgoing.remove(&key) else { return };
        let next = match (&call.stage, event) {
            (&Stage::Connecting { conn, to }, StreamEvent::Opened) => self.opened(call, conn, to),
            (Stage::Connecting { .. }, StreamEvent::Refused) => {
                self.broken(call, "the connection was refused", out)
            }
            (Stage::Connecting { .. }, StreamEvent::Unreachable | StreamEvent::Reset) => {
                self.broken(call, "the peer cannot be reached", out)
            }
            (Stage::Connecting { .. }, StreamEvent::TimedOut) => {
                self.broken(call, "the connection timed out", out)
            }
            (Stage::Open { .. }, StreamEvent::Bytes(bytes)) => {
                self.tell(key, What::Bytes(bytes));
                call
            }
            (Stage::Open { .. }, event @ (StreamEvent::Fin | StreamEvent::Reset)) => {
                self.tell(key, What::Closed(event == StreamEvent::Fin));
                call
            }
            _ => call,
        };
        self.keep(Some(next));
    }

    pub(super) fn opened(&mut self, mut call: Outgoing, conn: Conn, to: SocketAddr) -> Outgoing {
        call.stage = Stage::Open { conn };
        self.tell(call.key, What::Opened(to));
        call
    }

    /// The peer does not take the announced protocol.
    pub(super) fn declined(&mut self, mut call: Outgoing, why: &str) -> Outgoing {
        call.stage = Stage::Deciding;
        self.tell(call.key, What::Declined(why.to_owned()));
        call
    }

    /// The run cannot begin, or is ended by us.
    pub(super) fn broken(&mut self, mut call: Outgoing, why: &str, out: &mut Outbox) -> Outgoing {
        self.drop_connection(&mut call, out);
        call.stage = Stage::Deciding;
        self.tell(call.key, What::Broken(why.to_owned()));
        call
    }

    pub(super) fn drop_connection(&mut self, call: &mut Outgoing, out: &mut Outbox) {
        self.leave_connection(call, Effect::Reset, out);
    }

    fn leave_connection(&mut self, call: &mut Outgoing, how: fn(Conn) -> Effect, out: &mut Outbox) {
        if let Stage::Connecting { conn, .. } | Stage::Open { conn } = call.stage {
            out.disarm(call.timer("session"));
            self.connections.remove(&conn);
            out.push(how(conn));
            call.stage = Stage::Deciding;
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
        Setup::Active => Ok(Ready::Connects(may_lead_to(answer.address_of(0))?)),
        // RFC 4145 §4: no connection for now, and a fax has nothing to wait for.
        Setup::HoldConn => Err("the peer wants no connection for now".to_owned()),
        Setup::Passive | Setup::ActPass => {
            Ok(Ready::Listens(SocketAddr::new(may_lead_to(answer.address_of(0))?, media.port)))
        }
    }
}
