//! Steps S405 to S407: one try to hand one mail over in a call (Figure 17).

use std::sync::Arc;

use faxproof_wire::mime::Action;

use super::delivery::Verdict;
use super::notices::Fate;
use crate::config::{ForwardConfig, OnFailure};
use crate::core::{Outbox, Time};
use crate::handover::{Handover, Letter, Outcome, Step};
use crate::line::{Line, What};
use crate::smtp::{Envelope, Failure};

/// A try.
#[derive(Clone, Debug)]
pub(super) struct Forwarding {
    /// Names the walk through Figure 18.
    walk: u64,
    /// Names the call.
    call: u64,
    number: String,
    envelope: Arc<Envelope>,
    handover: Handover,
    /// S408 follows the end of the call.
    then_relay: bool,
}

/// What follows for the mail.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// This is known of it.
    Verdict(Verdict),
    /// S408.
    Relay,
}

impl Forwarding {
    /// S405: calls the number. `call` names the call at the line.
    pub(super) fn begin(
        now: Time,
        (line, config): (&mut Line, &ForwardConfig),
        (walk, call): (u64, u64),
        number: &str,
        envelope: Arc<Envelope>,
        out: &mut Outbox,
    ) -> Forwarding {
        let letter = Letter::Mail((*envelope).clone());
        let name = (config.line.smtp_name.as_str(), false);
        let handover = Handover::begin(now, line, (call, number), name, letter, out);
        let handover = if config.asks { handover.asking() } else { handover };
        Forwarding { walk, call, number: number.to_owned(), envelope, handover, then_relay: false }
    }

    /// Whether this is the call of the try.
    pub(super) fn is_of(&self, call: u64) -> bool {
        self.call == call
    }

    /// The line tells of the call.
    pub(super) fn hear(
        &mut self,
        now: Time,
        (line, config): (&mut Line, &ForwardConfig),
        what: What,
        out: &mut Outbox,
    ) -> Option<Next> {
        let steps = self.handover.hear(now, line, what, out);
        let mut next = None;
        for step in steps {
            match step {
                Step::Established => out.mark(self.walk, "18.S405.established"), // S405
                Step::Accepted { .. } | Step::Asked { .. } => {}
                Step::Over(outcome) => next = self.over(config, outcome, out), // S406
                Step::Ended if self.then_relay => return Some(Next::Relay),    // S407
                Step::Ended => {}
            }
        }
        next
    }

    /// What became of the mail. A result that is one is told at once; else S408 follows when the call is ended.
    fn over(&mut self, config: &ForwardConfig, outcome: Outcome, out: &mut Outbox) -> Option<Next> {
        let (arc, verdict) = match outcome {
            Outcome::Sent | Outcome::Rejected(_) => {
                let verdict = self.answered();
                let arc = match () {
                    () if !verdict.later.is_empty() => "18.S406.deferred",
                    () if verdict.is_failure() => "18.S406.rejected",
                    () => "18.S406.delivered",
                };
                (arc, verdict)
            }
            Outcome::NoCall(_) => ("18.S405.failed", self.not_handed_over(config)),
            Outcome::NoSmtp(_) => ("18.S406.smtp-not-presented", self.not_handed_over(config)),
            Outcome::Silence(_) | Outcome::LostBeforeDot(_) => {
                ("18.S406.lost-before-dot", self.not_handed_over(config))
            }
            // A copy by another way could arrive beside this one; the next try has the same Message-ID (RFC 5321
            // §4.5.3.2.6).
            Outcome::LostAfterDot(_) => ("18.S406.lost-after-dot", self.later((4, 4, 2))),
        };
        out.mark(self.walk, arc);
        (!self.then_relay).then_some(Next::Verdict(verdict))
    }

    /// What the peer said, recipient by recipient.
    fn answered(&self) -> Verdict {
        let host = ("x-iptelno", self.number.as_str());
        match (self.handover.session(), self.handover.failure()) {
            (Some(session), failure) if failure.is_none() || session.refused_all() => {
                Verdict::handed_over(&self.envelope, host, session.refused(), session.is_notified())
            }
            (_, Some(Failure::Refused { no, .. })) => Verdict::refused(&self.envelope, host, no),
            // Conversion is needed and not supported (RFC 3463 §3.7).
            (_, Some(Failure::SevenBitsOnly)) => {
                Verdict::of_all(&self.envelope, |recipient| Fate::new(recipient, Action::Failed, (5, 6, 3)))
            }
            _ => self.later((4, 4, 2)),
        }
    }

    /// The peer has no mail (paragraph 0144 knows no such branch).
    fn not_handed_over(&mut self, config: &ForwardConfig) -> Verdict {
        match config.on_failure {
            OnFailure::Relay => {
                self.then_relay = true;
                Verdict::default()
            }
            OnFailure::Retry => self.later((4, 4, 1)),
            OnFailure::Bounce => {
                Verdict::of_all(&self.envelope, |recipient| Fate::new(recipient, Action::Failed, (5, 4, 1)))
            }
        }
    }

    fn later(&self, status: (u8, u16, u16)) -> Verdict {
        Verdict::of_all(&self.envelope, |recipient| Fate::new(recipient, Action::Delayed, status))
    }
}
