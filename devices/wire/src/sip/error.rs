//! What can be wrong with a SIP message, and where.

use super::Name;

/// Why bytes are not a SIP message, or a header field is not what its grammar says.
///
/// Offsets are in bytes from the start of what was read: of the datagram for errors that come from a
/// [`Message`](super::Message), of the text for `parse` of a single value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but CRLFs: a keep-alive, not a message (RFC 5626 §4.4.1).
    #[error("no message, only line ends")]
    Empty,
    /// More bytes than a datagram can hold (RFC 3261 §18.1.1).
    #[error("{length} bytes are more than the 65535 of a datagram")]
    TooLong {
        /// Bytes that arrived.
        length: usize,
    },
    /// More header lines than this reader is ready to index.
    #[error("too many header fields, the first surplus one at byte {offset}")]
    TooManyHeaders {
        /// Where the first surplus line begins.
        offset: usize,
    },
    /// Neither a Request-Line nor a Status-Line (RFC 3261 §7.1, §7.2).
    #[error("start line, byte {offset}: {what}")]
    StartLine {
        /// What is wrong with it.
        what: &'static str,
        /// Where.
        offset: usize,
    },
    /// A SIP version other than 2.0 (RFC 3261 §7.1).
    #[error("unknown SIP version at byte {offset}")]
    Version {
        /// Where the version begins.
        offset: usize,
    },
    /// A line ends in a bare CR or a bare LF (RFC 3261 §7: lines end in CRLF).
    #[error("line end other than CRLF at byte {offset}")]
    LineEnd {
        /// Where the lone byte is.
        offset: usize,
    },
    /// The bytes end before the empty line that closes the header.
    #[error("header section not closed by an empty line, bytes end at {offset}")]
    Unfinished {
        /// Where the bytes end.
        offset: usize,
    },
    /// A header line that does not begin with a name and a colon.
    #[error("header line without a name and a colon, byte {offset}")]
    HeaderName {
        /// Where the name should have been.
        offset: usize,
    },
    /// Fewer body bytes than Content-Length promises (RFC 3261 §18.3).
    #[error("body of {present} bytes where Content-Length promises {promised}, body at byte {offset}")]
    BodyTooShort {
        /// The value of Content-Length, in bytes.
        promised: usize,
        /// The bytes that are there.
        present: usize,
        /// Where the body begins.
        offset: usize,
    },
    /// A header field that every such message carries is not there (RFC 3261 §8.1.1).
    #[error("no {} header field", name.as_str())]
    Missing {
        /// Which.
        name: Name,
    },
    /// A header field that may occur once is there twice (RFC 3261 §7.3.1).
    #[error("a second {} header field at byte {offset}", name.as_str())]
    Repeated {
        /// Which.
        name: Name,
        /// Where the second value begins.
        offset: usize,
    },
    /// A value is not what the grammar wants (RFC 3261 §25).
    #[error("expected {expected} at byte {offset}")]
    Syntax {
        /// What should have been there.
        expected: &'static str,
        /// Where.
        offset: usize,
    },
    /// CSeq names another method than the Request-Line (RFC 3261 §8.1.1.5).
    #[error("CSeq at byte {offset} names another method than the start line")]
    CSeqMethod {
        /// Where the CSeq value begins.
        offset: usize,
    },
}

impl ParseError {
    /// The status code with which a server answers a request that has this fault (RFC 3261 §21.4,
    /// §21.5). A response with a fault is dropped, not answered.
    pub fn status(&self) -> u16 {
        match self {
            ParseError::Version { .. } => 505,
            ParseError::TooLong { .. } | ParseError::TooManyHeaders { .. } => 513,
            _ => 400,
        }
    }

    /// The same fault, seen from the start of the message that holds the value `base` bytes in.
    pub(super) fn shifted(self, base: usize) -> ParseError {
        match self {
            ParseError::Syntax { expected, offset } => {
                ParseError::Syntax { expected, offset: offset.saturating_add(base) }
            }
            other => other,
        }
    }
}
