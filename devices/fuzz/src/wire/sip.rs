//! SIP: messages, and the values in their header fields.

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message, Name, NameAddr, Uri, Via, glance};

/// A datagram.
pub fn sip(bytes: &[u8]) -> bool {
    let raw = Bytes::copy_from_slice(bytes);
    values(&String::from_utf8_lossy(bytes));
    let strict = Message::parse(raw.clone());
    let salvaged = Message::salvage(raw.clone());
    if let Ok(message) = &strict {
        assert_eq!(salvaged.as_ref(), Ok(message), "what is read is salvaged alike");
    }
    let Ok(message) = salvaged else { return false };
    assert_eq!(message.raw(), &raw);
    views(&message);
    if strict.is_ok() {
        assert!(glance(&raw).is_none_or(|label| label == message.label()), "{:?}", glance(&raw));
        edits(&message);
    }
    strict.is_ok()
}

/// A text as each value that a header field may have: what is read is written in a form that reads alike.
fn values(text: &str) {
    let text = text.lines().next().unwrap_or_default();
    if let Ok(uri) = Uri::parse(text) {
        assert!(uri.equivalent(&uri), "{text}");
        assert_eq!(Uri::parse(&uri.to_string()).as_ref(), Ok(&uri));
        assert!(uri.aor().len() <= 3 * text.len() + 1, "{text}");
        assert!(uri.number_digits().is_none_or(|digits| digits.len() <= text.len()));
    }
    if let Ok(address) = NameAddr::parse(text) {
        assert_eq!(NameAddr::parse(&address.to_string()), Ok(address));
    }
    if let Ok(via) = Via::parse(text) {
        assert_eq!(Via::parse(&via.to_string()), Ok(via));
    }
}

fn views(message: &Message) {
    let _ = (message.label(), message.cseq(), message.call_id(), message.reason(), message.branch());
    let _ = (message.max_forwards(), message.expires(), message.validate(), message.complete());
    assert!(message.body().len() <= message.raw().len());
    for header in message.headers() {
        assert!(message.raw()[header.offset..].starts_with(header.value));
        // A byte that is no UTF-8 becomes three.
        let most = 3 * header.value.len();
        assert!(
            header.text().len() <= most && header.values().map(|value| value.len()).sum::<usize>() <= most
        );
    }
    for (tag, address) in [(message.from_tag(), message.from_()), (message.to_tag(), message.to())] {
        assert!(address.is_err() || tag == address.as_ref().ok().and_then(NameAddr::tag), "{address:?}");
    }
    for address in [message.from_(), message.to(), message.contact()].into_iter().flatten() {
        assert_eq!(Uri::parse(&address.uri.to_string()).as_ref(), Ok(&address.uri));
        assert_eq!(NameAddr::parse(&address.to_string()), Ok(address));
    }
    if let Ok(via) = message.via() {
        assert_eq!(message.branch(), via.branch());
        assert_eq!(Via::parse(&via.to_string()), Ok(via));
    }
}

fn edits(message: &Message) {
    let unchanged = message.edit().finish();
    let raw = &message.raw()[..];
    let without_line_ends = raw.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or_default();
    assert!(raw[without_line_ends..].starts_with(unchanged.raw()), "an edit that changes nothing");
    indexed(&unchanged);
    let mut edit = message.edit();
    edit.remove_first_value(Name::Via).replace_first_value(Name::Via, "SIP/2.0/UDP x");
    edit.push_front(Name::RecordRoute, "<sip:r;lr>").set(Name::To, "sip:a@b").append(Name::Route, "<sip:r>");
    edit.set_request_uri("sip:a@b").set_code(500, "x").set_body("a/b", "c");
    indexed(&edit.finish());
    let reply = Builder::reply_with_tag(message, 200, "OK", "t").finish();
    indexed(&reply);
    let same = |name: Name| message.values(name).eq(reply.values(name));
    assert!(same(Name::Via) && same(Name::From) && same(Name::CallId) && same(Name::CSeq));
}

/// What was written reads as it was indexed.
fn indexed(message: &Message) {
    let Ok(again) = Message::parse(message.raw().clone()) else {
        // What is added may be one line or one octet too much for a message at its limits.
        assert!(message.raw().len() > 60_000 || message.headers().count() > 500, "{message:?}");
        return;
    };
    let lines = |message: &Message| -> Vec<(Name, String, Vec<u8>, usize)> {
        message
            .headers()
            .map(|line| (line.name, line.raw_name.into(), line.value.into(), line.offset))
            .collect()
    };
    assert_eq!(lines(message), lines(&again));
    assert_eq!((message.body(), message.method()), (again.body(), again.method()));
    assert_eq!(message.request_uri(), again.request_uri());
    assert_eq!((message.code(), message.reason()), (again.code(), again.reason()));
}
