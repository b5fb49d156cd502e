//! What follows in a session from something that happened: the same for every protocol that runs on the
//! negotiated connection.

use bytes::Bytes;

use crate::core::Duration;

/// What a client does next. `F` is why its document was not handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn<F> {
    /// To send now.
    pub send: Vec<Bytes>,
    /// How long to wait for what comes next, from now on; `None`: as before.
    pub patience: Option<Duration>,
    /// The session is over and this came of it; close the connection.
    pub done: Option<Result<(), F>>,
}

impl<F> Turn<F> {
    /// Nothing more to do, and this came of it.
    pub fn over(outcome: Result<(), F>) -> Turn<F> {
        Turn { done: Some(outcome), ..Turn::default() }
    }

    /// The same with the failure in other terms.
    pub fn map<G>(self, failure: impl FnOnce(F) -> G) -> Turn<G> {
        Turn { send: self.send, patience: self.patience, done: self.done.map(|done| done.map_err(failure)) }
    }
}

impl<F> Default for Turn<F> {
    fn default() -> Self {
        Turn { send: Vec::new(), patience: None, done: None }
    }
}

/// What a server does next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerTurn {
    /// To send now.
    pub send: Bytes,
    /// The session is over: close the connection when everything is sent.
    pub close: bool,
    /// The client got on: the time that it has for its next step starts anew.
    pub progress: bool,
}
