//! From a datagram to a SIP message.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message, Method, ParseError, reason_phrase};

use crate::core::Outbox;

/// Reads a datagram. What cannot be read is recorded; a request among it is answered with the status
/// that its fault deserves (RFC 3261 §16.3, §21.4.1), without keeping any state for it.
pub fn read(from: SocketAddr, bytes: Bytes, out: &mut Outbox) -> Option<Message> {
    // Keep-alives of RFC 5626 §3.5.1 are no messages.
    if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return None;
    }
    let fault = match Message::parse(bytes.clone()) {
        Ok(message) => match message.complete() {
            Ok(()) => return Some(message),
            Err(fault) => fault,
        },
        Err(fault) => fault,
    };
    out.unexpected(format!("a datagram that is no SIP message: {fault}"), "a SIP message");
    refuse(from, bytes, &fault, out);
    None
}

fn refuse(from: SocketAddr, bytes: Bytes, fault: &ParseError, out: &mut Outbox) {
    let Ok(request) = Message::salvage(bytes) else { return };
    let answerable = request.is_request() && request.method() != Some(&Method::Ack);
    if answerable && request.via().is_ok() && request.call_id().is_some() {
        let code = fault.status();
        let response = Builder::reply_to(&request, code, reason_phrase(code)).finish();
        out.datagram(from, response.raw().clone());
    }
}
