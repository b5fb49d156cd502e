//! One transaction: a table, a state, and the messages that it repeats.

use faxproof_wire::sip::{Builder, Message, Method, Name};

use super::{Action, Input, State, T2, Table, timer_value};
use crate::core::{Duration, Outbox, Time, Timer};
use crate::sip::transport::{Connections, Hop, Transport, Waiting, Way, with_transport};

/// A running transaction.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) table: &'static Table,
    pub(super) state: State,
    pub(super) request: Message,
    /// Where requests (client) or responses (server) go.
    pub(super) way: Way,
    /// Client: the request goes over TCP for its size alone (RFC 3261 §18.1.1).
    pub(super) for_size: bool,
    /// Server: the last response sent.
    pub(super) response: Option<Message>,
    /// Client: the user's ACKs for 2xx, by To tag: a copy of the 2xx is answered with a copy of its ACK.
    pub(super) acks: Vec<(String, Message, Hop)>,
    /// Current interval of the doubling timer (A, E or G; a machine has one of them).
    interval: Duration,
}

/// What the user of a transaction is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    Message,
    Timeout,
    Unreachable,
}

impl Transaction {
    pub(super) fn new(table: &'static Table, request: Message, way: Way) -> Self {
        Transaction {
            table,
            state: State::Start,
            request,
            way,
            for_size: false,
            response: None,
            acks: Vec::new(),
            interval: Duration(0),
        }
    }

    /// TCP was refused to a request that only its size had sent there: it goes in a datagram after all
    /// (RFC 3261 §18.1.1).
    pub(super) fn begin_over_udp(&mut self, now: Time, id: u64, lines: &mut Connections, out: &mut Outbox) {
        self.way = Way::to(Hop::udp(self.way.hop.address));
        self.for_size = false;
        self.request = with_transport(self.request.clone(), Transport::Udp);
        self.state = State::Start;
        self.input(now, id, Input::Begin, None, lines, out);
    }

    /// Whether the request is ours.
    pub(super) fn is_client(&self) -> bool {
        self.table.row(State::Start, Input::Begin).is_some_and(|row| row.3.contains(&Action::SendRequest))
    }

    /// Whether a failure of the transport changes anything in this state.
    pub(super) fn can_fail(&self) -> bool {
        self.table.row(self.state, Input::Unreachable).is_some()
    }

    /// Does what the table says. `response` is the response that came (client). An input that the state
    /// does not foresee changes nothing and is recorded.
    pub(super) fn input(
        &mut self,
        now: Time,
        id: u64,
        input: Input,
        response: Option<&Message>,
        lines: &mut Connections,
        out: &mut Outbox,
    ) -> Option<Tell> {
        let Some((_, _, next, actions)) = self.table.row(self.state, input) else {
            out.unexpected(
                format!("{input:?} in {:?} of the {}", self.state, self.table.name),
                "see its table",
            );
            return None;
        };
        self.state = *next;
        let mut tell = None;
        for action in *actions {
            tell = self.act(now, id, *action, response, lines, out).or(tell);
        }
        tell
    }

    fn act(
        &mut self,
        now: Time,
        id: u64,
        action: Action,
        response: Option<&Message>,
        lines: &mut Connections,
        out: &mut Outbox,
    ) -> Option<Tell> {
        let tx = Some(id);
        match action {
            Action::SendRequest => {
                let sent = Waiting { tx, message: self.request.clone(), for_size: self.for_size };
                lines.send(now, &mut self.way, sent, out);
            }
            Action::SendResponse => {
                if let Some(message) = self.response.clone() {
                    lines.send(now, &mut self.way, Waiting { tx, message, for_size: false }, out);
                }
            }
            Action::SendTrying => {
                let message = Builder::reply_to(&self.request, 100, "Trying").finish();
                self.response = Some(message.clone());
                lines.send(now, &mut self.way, Waiting { tx, message, for_size: false }, out);
            }
            Action::SendAck => {
                if let Some(response) = response {
                    let message = ack(&self.request, response);
                    lines.send(now, &mut self.way, Waiting { tx: None, message, for_size: false }, out);
                }
            }
            Action::PassUp => return Some(Tell::Message),
            Action::TellTimeout => return Some(Tell::Timeout),
            Action::TellUnreachable => return Some(Tell::Unreachable),
            Action::Arm(name) => match timer_value(name, self.way.hop.transport) {
                None => {}
                Some(Duration(0)) => return self.input(now, id, Input::Fires(name), None, lines, out),
                Some(after) => self.arm(now, id, name, after, out),
            },
            // Nothing is doubled for ever: on TCP Timers A and E never run, and one that fires all the same came
            // from nowhere.
            Action::ArmSlow(name) | Action::ArmDoubled(name) if self.interval == Duration(0) => {
                out.unexpected(format!("Timer {name}, which does not run"), "a response");
            }
            Action::ArmSlow(name) => self.arm(now, id, name, T2, out),
            Action::ArmDoubled(name) => {
                let doubled = self.interval * 2;
                let after = if name == "A" { doubled } else { doubled.min(T2) };
                self.arm(now, id, name, after, out);
            }
            Action::Disarm(name) => out.disarm(Timer { owner: id, name }),
        }
        None
    }

    fn arm(&mut self, now: Time, id: u64, name: &'static str, after: Duration, out: &mut Outbox) {
        if matches!(name, "A" | "E" | "G") {
            self.interval = after;
        }
        out.arm(now, after, Timer { owner: id, name });
    }
}

/// The ACK for a final response other than 2xx: same branch, Request-URI and Route as the INVITE, To as
/// in the response (RFC 3261 §17.1.1.3).
fn ack(invite: &Message, response: &Message) -> Message {
    let number = invite.cseq().map_or(0, |cseq| cseq.0);
    let via = invite.values(Name::Via).next().unwrap_or_default();
    Builder::request(Method::Ack, invite.request_uri().unwrap_or_default())
        .header(Name::Via, via)
        .header(Name::MaxForwards, "70")
        .copy(invite, Name::Route)
        .copy(invite, Name::From)
        .copy(response, Name::To)
        .copy(invite, Name::CallId)
        .header(Name::CSeq, format!("{number} ACK"))
        .finish()
}

/// The CANCEL for an INVITE that we sent: its top Via, Request-URI, Route, From, To and CSeq number
/// (RFC 3261 §9.1).
pub(super) fn cancel_of(invite: &Message) -> Message {
    let number = invite.cseq().map_or(0, |cseq| cseq.0);
    let via = invite.values(Name::Via).next().unwrap_or_default();
    Builder::request(Method::Cancel, invite.request_uri().unwrap_or_default())
        .header(Name::Via, via)
        .header(Name::MaxForwards, "70")
        .copy(invite, Name::Route)
        .copy(invite, Name::From)
        .copy(invite, Name::To)
        .copy(invite, Name::CallId)
        .header(Name::CSeq, format!("{number} CANCEL"))
        .finish()
}
