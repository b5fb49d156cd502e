//! What the holder of a line hears of its calls.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::core::Conn;

/// Something happened in a call.
#[derive(Clone, Debug)]
pub(crate) struct News {
    /// The call: for one that we make, the key that the holder gave.
    pub(crate) call: u64,
    /// What happened.
    pub(crate) what: What,
}

/// What can happen. All but the last two are of calls that we make.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// 200 to INVITE; it is acknowledged, or will be with the announcement. The holder goes on.
    Answered,
    /// 200 to INVITE crossed our CANCEL: it is acknowledged, and the holder is to hang up.
    AnsweredTooLate,
    /// No call came about; it is gone.
    NotEstablished(NotEstablished, String),
    /// R3: the protocols that the peer supports, and the answer in words in case there are none.
    Presented(Vec<String>, String),
    /// No R3 came. The dialog may stand.
    NotPresented(String),
    /// The peer does not take the announced protocol.
    Declined(String),
    /// The peer is prepared for reception: the connection is being made.
    Agreed,
    /// The connection stands; the peer is there.
    Opened(SocketAddr),
    /// The peer's part of the session.
    Bytes(Bytes),
    /// The connection ended: by FIN (`true`), or by a reset.
    Closed(bool),
    /// The holder's patience with the session is at its end.
    TimedOut,
    /// The announcement or the connection failed, or the operator ended the call.
    Broken(String),
    /// BYE of the peer; the call is gone, and its connection.
    PeerHungUp,
    /// Our BYE was answered; the call is gone.
    Ended,
    /// It was not; the call is gone.
    ByeUnanswered,
    /// Of a call that we take: the client of the protocol sends. The holder serves it.
    Received(Conn, Bytes),
    /// A call that we took is over.
    CallOver,
}

impl What {
    /// Whether nothing more comes of a call that we made.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, What::NotEstablished(..) | What::PeerHungUp | What::Ended | What::ByeUnanswered)
    }
}

/// Why no call came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotEstablished {
    /// By a final answer other than 2xx, or there is no way to the server.
    Refused,
    /// It rang, and nobody answered in our time.
    Unanswered,
    /// Nothing at all was heard.
    Silent,
}
