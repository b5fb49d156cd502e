//! What every device is made of: one method, the events that come in, the effects that go out.
//!
//! A device is pure. It knows the time because `step` is told it, it reaches the network because
//! its [`Outbox`] asks for it, and it draws its identifiers from its own [`Entropy`]. So a device
//! can be cloned in the middle of a call, and a test of a device is a function call.

mod effect;
mod entropy;
mod event;
mod name;
mod outbox;
mod time;

pub use effect::{Durable, Effect, Medium, Notice, Print};
pub use entropy::{Entropy, Key};
pub use event::{Event, StreamEvent};
pub use name::{Exchange, NameAnswer, NameKind, Pointer, Question, Service};
pub use outbox::Outbox;
pub use time::{Duration, Time};

use std::fmt::Debug;

/// A TCP connection as its device knows it. The device chooses the number of a connection that it
/// opens; the world chooses that of one which it accepts, always with the highest bit set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Conn(pub u64);

impl Conn {
    /// Bit that marks a connection which was accepted.
    pub const ACCEPTED: u64 = 1 << 63;
}

/// A timer of a device: `owner` says which part or call armed it, `name` which of its timers it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timer {
    /// The call, transaction or part that owns the timer.
    pub owner: u64,
    /// The timer within its owner, e.g. `"B"` for Timer B of RFC 3261.
    pub name: &'static str,
}

/// What a device remembers of things that are not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// SIP transactions and requests that are being forwarded.
    pub transactions: usize,
    /// Calls, made or taken, with their dialogs.
    pub calls: usize,
    /// TCP connections that it knows.
    pub connections: usize,
    /// Mails that it has taken on itself to pass on.
    pub mails: usize,
}

/// A box on the network.
pub trait Device: Debug + Send {
    /// Takes one event and says what follows from it. `now` never runs backwards.
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox);

    /// What it remembers of things that are not over. A box on which nothing goes on holds nothing.
    fn holds(&self) -> Holdings;

    /// A deep copy: running one never changes the other.
    fn fork(&self) -> Box<dyn Device>;
}

impl Clone for Box<dyn Device> {
    fn clone(&self) -> Self {
        self.fork()
    }
}
