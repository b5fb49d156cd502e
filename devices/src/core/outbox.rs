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
