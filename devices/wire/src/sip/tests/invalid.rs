//! Messages that are not well formed, many after RFC 4475 §3.1.2 and §3.3, and how they are refused.

use super::*;

/// The INVITE with one line replaced.
fn with(name: Name, value: &str) -> Message {
    parse(invite().edit().set(name, value).finish().raw())
}

fn status(message: &Message) -> Option<u16> {
    message.validate().err().map(|error| error.status())
}

#[test]
fn only_line_ends() {
    assert_eq!(refusal("\r\n\r\n"), ParseError::Empty);
    assert_eq!(refusal(""), ParseError::Empty);
}

#[test]
fn longer_than_a_datagram() {
    let error = refusal(vec![b'a'; MAX_MESSAGE_BYTES + 1]);
    assert_eq!((error.clone(), error.status()), (ParseError::TooLong { length: 65_536 }, 513));
}

#[test]
fn too_many_header_lines() {
    assert!(Message::parse(request(&"a:\r\n".repeat(MAX_HEADERS))).is_ok());
    assert!(matches!(
        Message::parse(request(&"a:\r\n".repeat(MAX_HEADERS + 1))),
        Err(ParseError::TooManyHeaders { offset: 2085 })
    ));
}

#[test]
fn nul_in_a_field_that_must_be_read() {
    let text = String::from_utf8(invite().raw().to_vec()).unwrap();
    for field in ["Call-ID: ", ";tag=", "Via: SIP/2.0/"] {
        assert!(text.contains(field), "{field}");
        let message = Message::parse(text.replacen(field, &format!("{field}\0"), 1).into()).unwrap();
        assert_eq!(message.complete().err().map(|error| error.status()), Some(400), "{field}");
    }
}

#[test]
fn other_versions() {
    for line in ["OPTIONS sip:a@b SIP/7.0", "OPTIONS sip:a@b SIP/2.9", "SIP/3.0 200 OK"] {
        let error = refusal(format!("{line}\r\n\r\n"));
        assert_eq!(error.status(), 505, "{line}");
    }
}

#[test]
fn start_lines_that_are_none() {
    for line in [
        "INVITE",
        "INVITE sip:a@b",
        "INVITE  SIP/2.0",
        "INVITE  sip:a@b  SIP/2.0",
        "INVITE sip:a@b; lr SIP/2.0",
        "INVITE sip:a@b SIP/2.0  ",
        "INVITE <sip:a@b> SIP/2.0",
        "INVITE sip:a@b HTTP/1.1",
        "INVITE sip:a@b SIP/2",
        "INVITE sip:a@b SIP/2.0.0",
        "IN/VITE sip:a@b SIP/2.0",
        "INVITE sip:\u{e9}@b SIP/2.0",
        " INVITE sip:a@b SIP/2.0",
        "SIP/2.0 4294967301 better not",
        "SIP/2.0 700 too large",
        "SIP/2.0 099 too small",
        "SIP/2.0 20 short",
        "SIP/2.0  200 OK",
    ] {
        assert!(matches!(refusal(format!("{line}\r\n\r\n")), ParseError::StartLine { .. }), "{line}");
    }
}

#[test]
fn lone_cr_or_lf() {
    assert_eq!(refusal("OPTIONS sip:a@b SIP/2.0\n\n"), ParseError::LineEnd { offset: 23 });
    assert_eq!(refusal("OPTIONS sip:a@b SIP/2.0\r\nTo: a\rb\r\n\r\n"), ParseError::LineEnd { offset: 30 });
    assert_eq!(refusal("OPTIONS sip:a@b SIP/2.0\r\nTo: a\r\n b\n\r\n"), ParseError::LineEnd { offset: 34 });
}

#[test]
fn header_section_without_its_end() {
    for cut in
        ["OPTIONS sip:a@b SIP/2.0\r", "OPTIONS sip:a@b SIP/2.0\r\n", "OPTIONS sip:a@b SIP/2.0\r\nTo: a\r\n"]
    {
        assert_eq!(refusal(cut), ParseError::Unfinished { offset: cut.len() });
    }
}

#[test]
fn header_lines_without_a_name() {
    for line in [": x", "To", "To x: y", " To: x", "T\u{f6}: x", "\"To\": x"] {
        assert_eq!(refusal(request(&format!("{line}\r\n"))), ParseError::HeaderName { offset: 37 }, "{line}");
    }
}

#[test]
fn body_shorter_than_content_length() {
    let error = refusal(request("Content-Length: 9999\r\n\r\nabc"));
    assert!(matches!(error, ParseError::BodyTooShort { promised: 9999, present: 5, .. }), "{error}");
    let huge = "9".repeat(40);
    assert!(matches!(refusal(request(&format!("l: {huge}\r\n"))), ParseError::BodyTooShort { .. }));
}

#[test]
fn content_length_that_is_no_number() {
    for bad in ["-999", "five", "", "+5", "5 5", "0x5"] {
        assert_eq!(refusal(request(&format!("Content-Length: {bad}\r\n"))).status(), 400, "{bad}");
    }
}

#[test]
fn two_content_lengths() {
    let error = refusal(request("Content-Length: 0\r\nl: 2\r\n"));
    assert!(matches!(error, ParseError::Repeated { name: Name::ContentLength, .. }));
}

#[test]
fn salvage_reads_what_is_to_be_answered() {
    let bytes = request("Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nContent-Length: 9999\r\n");
    assert_eq!(Message::salvage(bytes).unwrap().branch(), Some("z9hG4bK1"));
    let other = Message::salvage(Bytes::from_static(b"OPTIONS sip:a@b SIP/7.0\r\n\r\n")).unwrap();
    assert_eq!(other.method(), Some(&Method::Options));
    assert!(Message::salvage(Bytes::from_static(b"OPTIONS sip:a@b SIP/2.0\n\n")).is_err());
    for start in ["OPTIONS <sip:a@b> SIP/2.0", "OPTIONS sip:a b SIP/2.0", "OPTIONS  sip:a@b  SIP/2.0  "] {
        let bytes = Bytes::from(format!("{start}\r\n\r\n"));
        assert!(matches!(refusal(&bytes), ParseError::StartLine { .. }), "{start}");
        assert_eq!(Message::salvage(bytes).unwrap().method(), Some(&Method::Options), "{start}");
    }
    for start in ["OPTIONS sip:a@b", "(no method) SIP/2.0", "OPTIONS SIP/2.0"] {
        assert!(Message::salvage(Bytes::from(format!("{start}\r\n\r\n"))).is_err(), "{start}");
    }
}

#[test]
fn missing_mandatory_fields() {
    for name in [Name::To, Name::From, Name::CSeq, Name::CallId, Name::MaxForwards, Name::Via] {
        let message = invite().edit().remove_all(name).finish();
        assert_eq!(message.validate(), Err(ParseError::Missing { name }));
    }
}

#[test]
fn repeated_mandatory_fields() {
    for name in [Name::To, Name::From, Name::CSeq, Name::CallId, Name::MaxForwards] {
        let value = invite().header(name).unwrap().into_owned();
        let message = invite().edit().push_front(name, value).finish();
        assert!(matches!(message.validate(), Err(ParseError::Repeated { name: found, .. }) if found == name));
    }
}

#[test]
fn values_out_of_range() {
    for (name, value) in [
        (Name::CSeq, "36893488147419103232 INVITE"),
        (Name::CSeq, "2147483648 INVITE"),
        (Name::MaxForwards, "300"),
        (Name::MaxForwards, "-1"),
        (Name::CallId, ""),
    ] {
        assert_eq!(status(&with(name, value)), Some(400), "{value}");
    }
    assert_eq!(with(Name::Expires, &format!("1{}", "0".repeat(100))).expires(), None);
}

#[test]
fn cseq_of_another_method() {
    assert!(matches!(with(Name::CSeq, "8 OPTIONS").validate(), Err(ParseError::CSeqMethod { .. })));
}

#[test]
fn values_outside_the_grammar() {
    for (name, value) in [
        (Name::Via, "SIP/2.0/UDP 192.0.2.15;;,;,,"),
        (Name::Via, "SIP/7.0/UDP c.example.net;branch=z9hG4bKkdjuw"),
        (Name::Via, ""),
        (Name::Contact, "\"Joe\" <sip:joe@example.org>;;;;"),
        (Name::Contact, "sip:user@example.net?Route=%3Csip:sip.example.net%3E"),
        (Name::To, "\"Mr. J. User <sip:j.user@example.net>"),
        (Name::To, "\"Watson, Thomas\" < sip:t.watson@example.org >"),
        (Name::From, "Bell, Alexander <sip:a.g.bell@example.net>;tag=43"),
    ] {
        assert_eq!(status(&with(name, value)), Some(400), "{value}");
    }
}

#[test]
fn request_uri_with_headers() {
    let message = invite().edit().set_request_uri("sip:a@b?Route=%3Csip:c%3E").finish();
    assert_eq!(status(&message), Some(400));
}

#[test]
fn a_response_is_no_request() {
    let response = Builder::reply_to(&invite(), 200, "OK").finish();
    assert_eq!(response.validate(), Ok(()));
    assert!(response.validate_request().is_err());
}
