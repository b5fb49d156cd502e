//! One mail handed over by SMTP in a call: call control session, media session, and the end of both
//! (Figures 7 and 17).
//!
//! Its holder hears only what a flowchart asks about: did the connection come up, can SMTP be done, what became
//! of the mail. All of it is in the order of Figure 7: T101, T102, T104, T105, T106, T107;
//! a mail server asks for the protocols besides, as in Figure 17 (T203 behind T202).

use bytes::Bytes;

use crate::config::Protocol;
use crate::core::{Outbox, Time};
use crate::line::{Line, What};
use crate::smtp::{Client, Envelope, Failure, Stage};
use crate::turn::Turn;

/// A mail on its way.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    /// Names the call at the line.
    key: u64,
    /// By what name we greet.
    name: String,
    /// Whether we greet by HELO.
    plain: bool,
    /// Whether we ask for the protocols of the peer first (T203).
    asks: bool,
    letter: Option<Letter>,
    session: Option<Client>,
    /// SMTP can be done: 250 to HELO or EHLO has come.
    accepted: bool,
    /// Why the session did not hand the mail over.
    failure: Option<Failure>,
    over: bool,
}

/// What is handed over.
#[derive(Clone, Debug)]
pub(crate) enum Letter {
    /// One mail, whatever the peer can do.
    Mail(Envelope),
    /// One for a peer with extensions (which must list this one, if one is given), another for a peer without.
    /// `forms`: the first can be formed for what its recipient prints, if that can be asked in the session.
    ByPeer { extended: Envelope, plain: Envelope, needs: Option<&'static str>, forms: bool },
}

/// What the holder hears.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// ACK was sent: the SIP connection stands.
    Established,
    /// 250 to HELO or EHLO: SMTP can be done, with extensions or without.
    Accepted { extended: bool },
    /// The recipient said what it prints, or did not; the message for it is [due](Handover::give).
    Asked { told: Option<String> },
    /// What became of the mail. The call is being ended where there is one.
    Over(Outcome),
    /// The call is ended.
    Ended,
}

/// What became of the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 250 behind the final dot.
    Sent,
    /// No SIP connection; why.
    NoCall(String),
    /// The peer refused SMTP, by another code or before it; why.
    NoSmtp(String),
    /// SMTP got no reply; why.
    Silence(String),
    /// The peer refused the mail; why.
    Rejected(String),
    /// The session broke before the final dot: the peer has no mail; why.
    LostBeforeDot(String),
    /// The session broke behind it: nobody knows; why.
    LostAfterDot(String),
}

impl Handover {
    /// Calls a number for the sake of a mail. `key` names the call; `name` is what HELO will say.
    pub(crate) fn begin(
        now: Time,
        line: &mut Line,
        (key, number): (u64, &str),
        (name, plain): (&str, bool),
        letter: Letter,
        out: &mut Outbox,
    ) -> Handover {
        let early = line.announces_early().then_some(Protocol::Smtp);
        line.call(now, key, number, early, out);
        let name = name.to_owned();
        Handover {
            key,
            name,
            plain,
            asks: false,
            letter: Some(letter),
            session: None,
            accepted: false,
            failure: None,
            over: false,
        }
    }

    /// The same, which asks for the protocols of the peer before it announces SMTP (Figure 17).
    #[must_use]
    pub(crate) fn asking(self) -> Handover {
        Handover { asks: true, ..self }
    }

    /// The session, once the connection has come up.
    pub(crate) fn session(&self) -> Option<&Client> {
        self.session.as_ref()
    }

    /// Why the session did not hand the mail over.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The line tells of the call. What follows for the holder, in order.
    pub(crate) fn hear(&mut self, now: Time, line: &mut Line, what: What, out: &mut Outbox) -> Vec<Step> {
        match what {
            What::NotEstablished(_, why) => vec![Step::Over(Outcome::NoCall(why)), Step::Ended],
            What::AnsweredTooLate => self.end(now, line, Outcome::NoCall("no answer".to_owned()), out),
            What::Answered if self.asks => {
                line.ask(now, self.key, out);
                vec![Step::Established]
            }
            What::Presented(protocols, _) if protocols.iter().any(|one| one == Protocol::Smtp.token()) => {
                line.announce(now, self.key, Protocol::Smtp, out);
                Vec::new()
            }
            What::Presented(_, why) | What::NotPresented(why) => {
                self.end(now, line, Outcome::NoSmtp(format!("the peer does not present SMTP: {why}")), out)
            }
            What::Answered => {
                line.announce(now, self.key, Protocol::Smtp, out);
                vec![Step::Established]
            }
            What::Declined(why) => self.end(now, line, Outcome::NoSmtp(why), out),
            What::Broken(why) => {
                let outcome = self.lost(&why);
                self.end(now, line, outcome, out)
            }
            What::Opened(_) => {
                let Some(letter) = self.letter.take() else { return Vec::new() };
                let client = match letter {
                    Letter::Mail(envelope) => Client::new(self.name.clone(), envelope),
                    Letter::ByPeer { extended, plain, needs, forms } => {
                        let client = Client::new(self.name.clone(), extended).with_plain_mail(plain, needs);
                        if forms { client.forming() } else { client }
                    }
                };
                let client = if self.plain { client.saying_helo() } else { client };
                line.wait(now, self.key, client.stage().patience(), out);
                self.session = Some(client);
                Vec::new()
            }
            What::Bytes(bytes) => self.session_turn(now, line, |session| session.bytes(&bytes), out),
            What::Closed(_) => self.session_turn(now, line, |session| Turn::over(session.closed()), out),
            What::TimedOut => self.session_turn(now, line, |session| Turn::over(session.timed_out()), out),
            What::PeerHungUp => {
                let outcome = self.lost("the peer hung up");
                let told = (!self.over).then_some(Step::Over(outcome));
                told.into_iter().chain([Step::Ended]).collect()
            }
            What::Ended | What::ByeUnanswered => vec![Step::Ended],
            What::Agreed | What::Received(..) | What::CallOver => Vec::new(),
        }
    }

    /// The message that was formed for what the recipient prints. What follows, where the peer did not wait for it.
    pub(crate) fn give(&mut self, now: Time, line: &mut Line, message: Bytes, out: &mut Outbox) -> Vec<Step> {
        self.session_turn(now, line, |session| session.give(message), out)
    }

    fn session_turn(
        &mut self,
        now: Time,
        line: &mut Line,
        event: impl FnOnce(&mut Client) -> Turn<Failure>,
        out: &mut Outbox,
    ) -> Vec<Step> {
        let Some(session) = &mut self.session else { return Vec::new() };
        let turn = event(session);
        let (accepted, extended) = (session.is_accepted(), session.is_extended());
        let asked = session.question().map(|question| Step::Asked { told: question.told.clone() });
        turn.send.into_iter().for_each(|bytes| line.send(self.key, bytes, out));
        if let Some(patience) = turn.patience {
            line.wait(now, self.key, patience, out);
        }
        let mut steps = Vec::new();
        if accepted && !std::mem::replace(&mut self.accepted, true) {
            steps.push(Step::Accepted { extended });
        }
        steps.extend(asked);
        match turn.done {
            None => {}
            Some(Ok(())) => steps.extend(self.end(now, line, Outcome::Sent, out)),
            Some(Err(failure)) => {
                let outcome = outcome_of(&failure, &failure.to_string());
                self.failure = Some(failure);
                steps.extend(self.end(now, line, outcome, out));
            }
        }
        steps
    }

    /// Nothing runs that could say more. What the session knew before stands: behind QUIT the mail is handed over, or
    /// refused.
    fn lost(&mut self, why: &str) -> Outcome {
        match self.session.as_mut().map(Client::closed) {
            Some(Ok(())) => Outcome::Sent,
            Some(Err(failure)) => {
                let outcome = outcome_of(&failure, why);
                self.failure = Some(failure);
                outcome
            }
            None => Outcome::Silence(why.to_owned()),
        }
    }

    /// T106, T107.
    fn end(&mut self, now: Time, line: &mut Line, outcome: Outcome, out: &mut Outbox) -> Vec<Step> {
        line.close(self.key, out);
        line.hang_up(now, self.key, out);
        if std::mem::replace(&mut self.over, true) { Vec::new() } else { vec![Step::Over(outcome)] }
    }
}

/// What a failure means for the mail. Behind DATA the whole mail is under way, its final dot among it.
fn outcome_of(failure: &Failure, why: &str) -> Outcome {
    let why = why.to_owned();
    match (failure, failure.stage()) {
        (Failure::Refused { .. }, Stage::Greeting | Stage::Ehlo | Stage::Helo) => Outcome::NoSmtp(why),
        (_, Stage::Greeting | Stage::Ehlo | Stage::Helo) => Outcome::Silence(why),
        (Failure::Refused { .. } | Failure::SevenBitsOnly, _) => Outcome::Rejected(why),
        (_, Stage::Message) => Outcome::LostAfterDot(why),
        _ => Outcome::LostBeforeDot(why),
    }
}
