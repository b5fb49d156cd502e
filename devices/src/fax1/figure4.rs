//! Figure 4 as the caller walks it. States exist only where the flowchart waits; between two waits the
//! steps are straight-line code in the order of their numbers.

use super::Fax1;
use super::session::Session;
use crate::config::Protocol;
use crate::core::{Medium, Notice, Outbox, Time};
use crate::line::{NotEstablished, What};
use crate::number;
use crate::order::Document;
use crate::ta1::Registered;
use crate::turn::Turn;

/// A call that we make.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    number: String,
    document: Document,
    /// S5 as it was decided before S1: only where the INVITE already announces (variant E).
    decided: Option<Registered>,
    /// Which branch of S5 was taken: the protocol stood in Ta1.
    registered: bool,
    /// The protocol announced, from S6 or S14 on.
    protocol: Protocol,
    at: At,
}

/// Where the flowchart waits.
#[derive(Clone, Debug)]
enum At {
    /// S2: for the answer.
    Calling,
    /// S12: for the presentation.
    Asking,
    /// S7, S15: until the peer is prepared for reception.
    Announcing,
    /// S8, S15: for the end of the transmission.
    Transmitting(Session),
    /// S10: for the answer to BYE.
    Ending,
}

impl Fax1 {
    /// The start key was pressed.
    pub(super) fn send(&mut self, now: Time, key: u64, number: String, document: Document, out: &mut Outbox) {
        if !number::is_dialable(&number) {
            let text = "This is no telephone number; nothing was sent".to_owned();
            return out.notice(Notice { call: key, medium: Medium::Display, text });
        }
        let known = self.line.announces_early().then(|| self.ta1.registered(&number));
        let early = known.as_ref().and_then(|registered| self.own_protocol(registered));
        self.line.call(now, key, &number, early, out); // S1
        let decided = known.filter(|_| early.is_some());
        let walk =
            Walk { number, document, decided, registered: false, protocol: Protocol::Smtp, at: At::Calling };
        self.walks.insert(key, walk);
    }

    /// The line tells of a call.
    pub(super) fn walk_on(&mut self, now: Time, key: u64, what: What, out: &mut Outbox) {
        let Some(walk) = self.walks.remove(&key) else { return };
        let next = match what {
            What::NotEstablished(how, why) => {
                out.mark(key, arc_of(how)); // S2
                self.tell_failure(key, &walk.document, &why, out); // S9, and no BYE: there is no dialog
                None
            }
            What::AnsweredTooLate => {
                out.mark(key, arc_of(NotEstablished::Unanswered)); // S2
                self.fail(now, key, walk, "no answer", out)
            }
            What::Answered => self.answered(now, key, walk, out),
            What::Presented(presented, said) => self.select(now, key, walk, &presented, &said, out),
            What::NotPresented(why) => self.nothing_presented(now, key, walk, &why, out),
            What::Declined(why) => {
                let why = format!("the peer declined {} ({why})", walk.protocol.token());
                self.note_failure(key, &walk, "4.S8.declined", &why, out);
                self.end(now, key, walk, out)
            }
            What::Broken(why) => {
                self.note_failure(key, &walk, "4.S8.failed", &why, out);
                self.end(now, key, walk, out)
            }
            What::Agreed => {
                self.note_beginning(key, &walk, out);
                Some(walk)
            }
            What::Opened(to) => {
                let mut session = Session::of(
                    walk.protocol,
                    (&self.config, &self.line.entropy()),
                    now,
                    key,
                    &walk.number,
                    to,
                    &walk.document,
                );
                let turn = session.opened();
                self.turn(now, key, Walk { at: At::Transmitting(session), ..walk }, turn, out)
            }
            What::Bytes(_) | What::TimedOut | What::Closed(_) => {
                self.session_event(now, key, walk, what, out)
            }
            What::PeerHungUp => {
                self.peer_hung_up(key, walk, out);
                None
            }
            What::Ended => {
                out.mark(key, "4.S10.ended"); // S10
                None
            }
            What::ByeUnanswered => {
                out.mark(key, "4.S10.bye-unanswered"); // S10
                None
            }
            What::Received(..) | What::CallOver => Some(walk),
        };
        if let Some(walk) = next {
            self.walks.insert(key, walk);
        }
    }

    /// S4: the SIP connection stands.
    fn answered(&mut self, now: Time, key: u64, mut walk: Walk, out: &mut Outbox) -> Option<Walk> {
        out.mark(key, "4.S2.answered"); // S2
        let registered = walk.decided.take().unwrap_or_else(|| self.ta1.registered(&walk.number));
        match &registered {
            Registered::Protocol(token) => {
                out.mark(key, "4.S5.registered"); // S5
                walk.registered = true;
                match self.own_protocol(&registered) {
                    Some(protocol) => self.announce(now, key, walk, protocol, out), // S6
                    None => {
                        out.mark(key, "4.S6.unsupported-here"); // S6
                        let why = format!("{token} is registered, which this fax lacks");
                        self.fail(now, key, walk, &why, out)
                    }
                }
            }
            Registered::NumberUnknown => {
                out.mark(key, "4.S5.number-unknown"); // S5
                self.ask(now, key, walk, out)
            }
            Registered::ProtocolUnknown => {
                out.mark(key, "4.S5.protocol-unknown"); // S5
                self.ask(now, key, walk, out)
            }
        }
    }

    /// Step S11: request the presentation (T3).
    fn ask(&mut self, now: Time, key: u64, walk: Walk, out: &mut Outbox) -> Option<Walk> {
        self.line.ask(now, key, out); // S11
        Some(Walk { at: At::Asking, ..walk })
    }

    /// S12, S13: is one of the presented protocols ours?
    fn select(
        &mut self,
        now: Time,
        key: u64,
        walk: Walk,
        presented: &[String],
        said: &str,
        out: &mut Outbox,
    ) -> Option<Walk> {
        if presented.is_empty() {
            return self.nothing_presented(now, key, walk, said, out);
        }
        let own = &self.config.line.protocols;
        match own.iter().find(|protocol| presented.iter().any(|token| token == protocol.token())).copied() {
            Some(protocol) => {
                out.mark(key, "4.S13.selected"); // S13
                self.announce(now, key, walk, protocol, out) // S14
            }
            None => {
                out.mark(key, "4.S13.none-in-common"); // S13
                let why = format!("the peer only supports {}", presented.join(", "));
                self.fail(now, key, walk, &why, out)
            }
        }
    }

    fn nothing_presented(
        &mut self,
        now: Time,
        key: u64,
        walk: Walk,
        why: &str,
        out: &mut Outbox,
    ) -> Option<Walk> {
        self.tell_nothing_presented(key, &walk, &format!("the peer presented no protocol ({why})"), out);
        self.end(now, key, walk, out)
    }

    /// S13: there was no presentation. Step S9.
    fn tell_nothing_presented(&self, key: u64, walk: &Walk, why: &str, out: &mut Outbox) {
        out.mark(key, "4.S13.nothing-presented"); // S13
        self.tell_failure(key, &walk.document, why, out); // S9
    }

    /// Step S6 or S14: announce the protocol (T4).
    fn announce(
        &mut self,
        now: Time,
        key: u64,
        walk: Walk,
        protocol: Protocol,
        out: &mut Outbox,
    ) -> Option<Walk> {
        self.line.announce(now, key, protocol, out);
        Some(Walk { protocol, at: At::Announcing, ..walk })
    }

    /// Something happened in the session that runs.
    fn session_event(
        &mut self,
        now: Time,
        key: u64,
        mut walk: Walk,
        what: What,
        out: &mut Outbox,
    ) -> Option<Walk> {
        let At::Transmitting(session) = &mut walk.at else { return Some(walk) };
        let turn = match what {
            What::Bytes(bytes) => session.bytes(&bytes),
            What::Closed(in_order) => Turn::over(session.closed(in_order)),
            _ => session.timed_out(),
        };
        self.turn(now, key, walk, turn, out)
    }

    fn turn(
        &mut self,
        now: Time,
        key: u64,
        walk: Walk,
        turn: Turn<String>,
        out: &mut Outbox,
    ) -> Option<Walk> {
        turn.send.into_iter().for_each(|bytes| self.line.send(key, bytes, out));
        if let Some(patience) = turn.patience {
            self.line.wait(now, key, patience, out);
        }
        let Some(outcome) = turn.done else { return Some(walk) };
        self.line.close(key, out);
        match outcome {
            Ok(()) => self.note_success(key, &walk, out),
            Err(failure) => self.note_failure(key, &walk, "4.S8.failed", &failure, out),
        }
        self.end(now, key, walk, out)
    }

    /// The peer hung up in the middle: what had been reached counts.
    fn peer_hung_up(&mut self, key: u64, mut walk: Walk, out: &mut Outbox) {
        let why = "the peer hung up";
        let delivered = match &mut walk.at {
            At::Transmitting(session) => session.closed(false).is_ok(),
            _ => false,
        };
        match walk.at {
            At::Asking => self.tell_nothing_presented(key, &walk, why, out),
            _ if delivered => self.note_success(key, &walk, out),
            _ => self.note_failure(key, &walk, "4.S8.failed", why, out),
        }
        out.mark(key, "4.S10.peer-hung-up"); // S10
    }

    /// S7 begins; S15 is marked by its end.
    fn note_beginning(&self, key: u64, walk: &Walk, out: &mut Outbox) {
        if walk.registered {
            let begins = match walk.protocol {
                Protocol::Smtp => "4.S7.smtp",
                Protocol::Http => "4.S7.http",
            };
            out.mark(key, begins); // S7
        }
    }

    /// S8 yes, or the end of S15 and S16.
    fn note_success(&mut self, key: u64, walk: &Walk, out: &mut Outbox) {
        if walk.registered {
            return out.mark(key, "4.S8.succeeded"); // S8
        }
        let transmitted = match walk.protocol {
            Protocol::Smtp => "4.S15.smtp",
            Protocol::Http => "4.S15.http",
        };
        out.mark(key, transmitted); // S15
        self.store(key, walk, out);
    }

    /// S8 no, or S15 failed: step S9. Whether S16 follows then is a habit: the flowchart stores always,
    /// while the table is to hold protocols that worked once (paragraph 0087).
    fn note_failure(&mut self, key: u64, walk: &Walk, arc: &'static str, why: &str, out: &mut Outbox) {
        if walk.registered {
            out.mark(key, arc); // S8
            return self.tell_failure(key, &walk.document, why, out); // S9
        }
        out.mark(key, "4.S15.failed"); // S15
        self.tell_failure(key, &walk.document, why, out); // S9
        if self.config.line.habits.store_on_transfer_failure {
            self.store(key, walk, out);
        }
    }

    /// Step S16: committed first, marked then.
    fn store(&mut self, key: u64, walk: &Walk, out: &mut Outbox) {
        let new = self.learn(&walk.number, walk.protocol.token(), out);
        out.mark(key, if new { "4.S16.new-record" } else { "4.S16.into-record" }); // S16
    }

    /// Step S9, then S10.
    fn fail(&mut self, now: Time, key: u64, walk: Walk, why: &str, out: &mut Outbox) -> Option<Walk> {
        self.tell_failure(key, &walk.document, why, out); // S9
        self.end(now, key, walk, out)
    }

    /// Step S10: BYE (T7).
    fn end(&mut self, now: Time, key: u64, walk: Walk, out: &mut Outbox) -> Option<Walk> {
        self.line.hang_up(now, key, out); // S10
        Some(Walk { at: At::Ending, ..walk })
    }

    /// The registered protocol, if this fax has it.
    fn own_protocol(&self, registered: &Registered) -> Option<Protocol> {
        let Registered::Protocol(token) = registered else { return None };
        let mut own = self.config.line.protocols.iter();
        own.find(|protocol| protocol.token().eq_ignore_ascii_case(token)).copied()
    }
}

/// S2: why no call came about.
fn arc_of(how: NotEstablished) -> &'static str {
    match how {
        NotEstablished::Refused => "4.S2.refused",
        NotEstablished::Unanswered => "4.S2.unanswered",
        NotEstablished::Silent => "4.S2.silent",
    }
}
