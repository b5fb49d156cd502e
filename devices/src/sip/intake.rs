//! From octets to a SIP message.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message, Method, Name, ParseError, reason_phrase};

use crate::core::{Entropy, Outbox};

/// Reads a datagram. What cannot be read is recorded; a request among it is answered with the status
/// that its fault deserves (RFC 3261 §16.3, §21.4.1), without keeping any state for it.
pub fn read(from: SocketAddr, bytes: Bytes, out: &mut Outbox) -> Option<Message> {
    // Keep-alives of RFC 5626 §3.5.1 are no messages.
    if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return None;
    }
    match complete(bytes) {
        Ok(message) => Some(message),
        Err(refusal) => {
            out.unexpected(format!("a datagram that is no SIP message: {}", refusal.fault), "a SIP message");
            refusal.answer.into_iter().for_each(|answer| out.datagram(from, answer));
            None
        }
    }
}

/// Octets that are no message which an element could process.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) fault: ParseError,
    /// The response, if it was a request that can be answered.
    pub(super) answer: Option<Bytes>,
}

impl Refusal {
    pub(super) fn of(bytes: Bytes, fault: ParseError) -> Refusal {
        // Without any state, one tag for all copies of a request (RFC 3261 §8.2.7): drawn from its octets.
        let tag = Entropy::of_seed(0).key(("refusal", &bytes)).token();
        let request = Message::salvage(bytes).ok().filter(|request| {
            let asks = request.is_request() && request.method() != Some(&Method::Ack);
            // A Via that we cannot read, as of another version, is for the peer to recognize; so is an answer
            // that lacks what the request lacks (RFC 4475 §3.1.2.1, §3.1.2.16, §3.3.1).
            asks && request.header(Name::Via).is_some()
        });
        let answer = request.map(|request| {
            let code = match (&fault, request.method()) {
                // A method of the future may name another in CSeq (RFC 4475 §3.1.2.18).
                (ParseError::CSeqMethod { .. }, Some(Method::Other(_))) => 501,
                _ => fault.status(),
            };
            Builder::reply_with_tag(&request, code, reason_phrase(code), &tag).finish().raw().clone()
        });
        Refusal { fault, answer }
    }
}

/// A message that has what an element needs in order to process it.
pub(super) fn complete(bytes: Bytes) -> Result<Message, Refusal> {
    let fault = match Message::parse(bytes.clone()) {
        Ok(message) => match message.complete() {
            Ok(()) => return Ok(message),
            Err(fault) => fault,
        },
        Err(fault) => fault,
    };
    Err(Refusal::of(bytes, fault))
}
