//! Tests of whole messages.

mod editing;
mod independent;
mod invalid;
mod properties;
mod reading;
mod torture;
mod writing;

use bytes::Bytes;

use super::*;

/// A request with the given lines between its start line and the empty line.
fn request(lines: &str) -> Bytes {
    Bytes::from(format!("OPTIONS sip:fax@example.net SIP/2.0\r\n{lines}\r\n"))
}

fn parse(bytes: impl AsRef<[u8]>) -> Message {
    Message::parse(Bytes::copy_from_slice(bytes.as_ref())).unwrap()
}

fn refusal(bytes: impl AsRef<[u8]>) -> ParseError {
    Message::parse(Bytes::copy_from_slice(bytes.as_ref())).unwrap_err()
}

fn values(message: &Message, name: Name) -> Vec<String> {
    message.values(name).map(|value| value.into_owned()).collect()
}

/// The INVITE of a fax call, as a proxy may see it.
fn invite() -> Message {
    parse(
        "INVITE sip:+815012345678@sip.example.net;user=phone SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-t1-7f3a\r\n\
         Max-Forwards: 70\r\n\
         Route: <sip:192.0.2.5;lr>, <sip:192.0.2.6;lr>\r\n\
         From: \"Fax, left\" <sip:+815000009999@sip.example.net;user=phone>;tag=a1b2c3d4\r\n\
         To: <sip:+815012345678@sip.example.net;user=phone>\r\n\
         Call-ID: 5b2f0c9e7a41@192.0.2.10\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:+815000009999@192.0.2.10:5060>\r\n\
         Supported:\r\n\
         X-Page-Count: 3\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: 5\r\n\
         \r\n\
         v=0\r\n",
    )
}

/// Index and bytes say the same: what was written reads as it was indexed.
fn assert_index_matches_bytes(message: &Message) {
    let again = Message::parse(message.raw().clone()).unwrap();
    let lines = |message: &Message| -> Vec<(Name, String, Vec<u8>, usize)> {
        message
            .headers()
            .map(|line| (line.name, line.raw_name.into(), line.value.into(), line.offset))
            .collect()
    };
    assert_eq!(lines(message), lines(&again));
    assert_eq!(message.body(), again.body());
    assert_eq!(message.method(), again.method());
    assert_eq!(message.request_uri(), again.request_uri());
    assert_eq!((message.code(), message.reason()), (again.code(), again.reason()));
}
