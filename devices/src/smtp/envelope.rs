//! What is handed over in an SMTP session.

use bytes::Bytes;
use faxproof_wire::smtp::{MailDsn, RcptDsn};

/// A mail with its envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM, without brackets; empty for the null path.
    pub from: String,
    /// What MAIL FROM said of notifications (RFC 3461 §4.3, §4.4).
    pub dsn: MailDsn,
    /// What its octets may be.
    pub body: Body,
    /// RCPT TO, in order.
    pub recipients: Vec<Recipient>,
    /// The mail, not dot-stuffed.
    pub message: Bytes,
}

/// What the octets of a mail may be (RFC 6152 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// None is above 127.
    #[default]
    SevenBit,
    /// Any; only a server that lists 8BITMIME may be given those above 127.
    EightBit,
}

/// One RCPT TO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Its path, without brackets.
    pub path: String,
    /// Which notifications are wanted of it (RFC 3461 §4.1, §4.2).
    pub dsn: RcptDsn,
}

impl Envelope {
    /// A mail to one recipient that asks for no notifications.
    pub fn new(from: impl Into<String>, to: impl Into<String>, message: Bytes) -> Envelope {
        let recipient = Recipient { path: to.into(), dsn: RcptDsn::default() };
        let body = Body::of(&message);
        Envelope { from: from.into(), dsn: MailDsn::default(), body, recipients: vec![recipient], message }
    }
}

impl Body {
    /// What the octets of this message are.
    pub fn of(message: &[u8]) -> Body {
        if message.is_ascii() { Body::SevenBit } else { Body::EightBit }
    }
}
