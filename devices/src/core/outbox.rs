//! The outbox: where a device puts what it asks for.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Conn, Durable, Duration, Effect, Notice, Question, Time, Timer};

/// Collects the effects of one step, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    effects: Vec<Effect>,
}

impl Outbox {
    /// An empty outbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes everything out, in order; the room is kept for the next step.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect> {
        self.effects.drain(..)
    }

    /// What lies in it.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Puts one effect in.
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Sends a datagram.
    pub fn datagram(&mut self, to: SocketAddr, bytes: Bytes) {
        self.push(Effect::Datagram { to, bytes });
    }

    /// Sends bytes on a connection.
    pub fn send(&mut self, conn: Conn, bytes: impl Into<Bytes>) {
        self.push(Effect::Send { conn, bytes: bytes.into() });
    }

    /// Asks for a name.
    pub fn resolve(&mut self, question: Question) {
        self.push(Effect::Resolve(question));
    }

    /// Runs a timer for so long.
    pub fn arm(&mut self, now: Time, after: Duration, timer: Timer) {
        self.push(Effect::Arm { timer, at: now + after });
    }

    /// Stops a timer.
    pub fn disarm(&mut self, timer: Timer) {
        self.push(Effect::Disarm(timer));
    }

    /// Makes something survive a power failure.
    pub fn durable(&mut self, what: Durable) {
        self.push(Effect::Durable(what));
    }

    /// What survives a power failure, of everything from here on (so many effects lay in the outbox before), does so as one
    /// change. It stands where its first part stood, before anything that says it is done; arcs that led to its other
    /// parts are marked before it.
    pub fn commit_together(&mut self, from: usize) {
        let is_durable = |effect: &Effect| matches!(effect, Effect::Durable(_));
        let Some(first) = self.effects.iter().skip(from).position(is_durable).map(|at| from + at) else {
            return;
        };
        let last = self.effects.iter().rposition(is_durable).unwrap_or(first);
        if first == last {
            return;
        }
        let (mut marks, mut changes, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for effect in self.effects.drain(first..=last) {
            match effect {
                Effect::Durable(change) => changes.push(change),
                Effect::Mark { .. } => marks.push(effect),
                other => others.push(other),
            }
        }
        let together = Effect::Durable(Durable::Together(changes));
        let all = marks.into_iter().chain([together]).chain(others);
        self.effects.splice(first..first, all);
    }

    /// Tells the operator.
    pub fn notice(&mut self, notice: Notice) {
        self.push(Effect::Notice(notice));
    }

    /// Marks an arc of the flowchart.
    pub fn mark(&mut self, call: u64, arc: &'static str) {
        self.push(Effect::Mark { call, arc });
    }

    /// Tells the reader of the trace why something was decided.
    pub fn remark(&mut self, text: String) {
        self.push(Effect::Remark { text });
    }

    /// Records what the state does not foresee. Nothing is dropped silently.
    pub fn unexpected(&mut self, what: impl Into<String>, awaited: &'static str) {
        self.push(Effect::Unexpected { what: what.into(), awaited });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_one_step_are_one_and_stand_before_what_follows_from_them() {
        let mut out = Outbox::new();
        let gone = |name: &str| Durable::TakeMail { folder: "queue".into(), name: name.into() };
        let conn = Conn(7);
        out.durable(gone("before"));
        out.send(conn, "one");
        let from = out.effects().len();
        out.mark(1, "18.S402.own");
        out.durable(gone("a"));
        out.send(conn, "two");
        out.mark(2, "18.S402.forward");
        out.durable(gone("b"));
        out.send(conn, "three");
        out.commit_together(from);
        let seen = out.effects().iter().map(|effect| match effect {
            Effect::Durable(Durable::Together(changes)) => format!("{} changes", changes.len()),
            Effect::Durable(_) => "a change".to_owned(),
            Effect::Mark { call, .. } => format!("mark {call}"),
            Effect::Send { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
            other => format!("{other:?}"),
        });
        let expected = ["a change", "one", "mark 1", "mark 2", "2 changes", "two", "three"];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_single_change_stays_what_it_is() {
        let mut out = Outbox::new();
        out.durable(Durable::TakeMail { folder: "queue".into(), name: "a".into() });
        out.commit_together(0);
        assert!(matches!(out.effects(), [Effect::Durable(Durable::TakeMail { .. })]));
    }
}
