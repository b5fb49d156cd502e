//! What the reader makes of well-formed messages.

use super::*;

#[test]
fn raw_bytes_are_kept() {
    let message = invite();
    assert_eq!(Message::parse(message.raw().clone()).unwrap().raw(), message.raw());
}

#[test]
fn request_in_its_parts() {
    let message = invite();
    assert!(message.is_request());
    assert_eq!(message.method(), Some(&Method::Invite));
    assert_eq!(message.request_uri(), Some("sip:+815012345678@sip.example.net;user=phone"));
    assert_eq!((message.code(), message.reason()), (None, None));
    assert_eq!(message.call_id(), Some("5b2f0c9e7a41@192.0.2.10"));
    assert_eq!(message.cseq(), Some((1, Method::Invite)));
    assert_eq!((message.from_tag(), message.to_tag()), (Some("a1b2c3d4"), None));
    assert_eq!(message.max_forwards(), Some(70));
    assert_eq!(message.branch(), Some("z9hG4bK-t1-7f3a"));
    assert_eq!(message.via().unwrap().port, Some(5060));
    assert_eq!(message.from_().unwrap().display.as_deref(), Some("Fax, left"));
    assert_eq!(message.contact().unwrap().uri.host, "192.0.2.10");
    assert_eq!(message.body(), "v=0\r\n");
    assert_eq!(message.label(), "INVITE");
    assert_eq!(message.validate_request(), Ok(()));
}

#[test]
fn response_in_its_parts() {
    let message = parse("SIP/2.0 486 Busy Here\r\nCSeq: 7 INVITE\r\n\r\n");
    assert!(!message.is_request());
    assert_eq!((message.code(), message.reason().as_deref()), (Some(486), Some("Busy Here")));
    assert_eq!(message.label(), "486 INVITE");
}

#[test]
fn space_before_an_empty_reason_may_lack() {
    assert_eq!(parse("SIP/2.0 100\r\n\r\n").reason().as_deref(), Some(""));
}

#[test]
fn version_has_no_case() {
    assert!(parse("OPTIONS sip:a@b sip/2.0\r\n\r\n").is_request());
    assert_eq!(parse("sIp/2.0 200 OK\r\n\r\n").code(), Some(200));
}

#[test]
fn line_ends_before_the_start_line_are_skipped() {
    let message = parse("\r\n\r\nOPTIONS sip:a@b SIP/2.0\r\nTo: sip:a@b\r\n\r\nbody");
    assert_eq!(message.header(Name::To).as_deref(), Some("sip:a@b"));
    assert_eq!(message.edit().finish().raw(), &message.raw().slice(4..));
}

#[test]
fn body_ends_where_content_length_says() {
    let message = parse(request("Content-Length: 2\r\n\r\nabc"));
    assert_eq!(message.body(), "ab");
}

#[test]
fn without_content_length_the_body_is_the_rest() {
    assert_eq!(parse(request("\r\nabc")).body(), "abc\r\n");
}

#[test]
fn values_of_several_lines_and_between_commas() {
    let message = parse(request("Via: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nTo: x\r\nv: SIP/2.0/UDP c\r\n"));
    assert_eq!(values(&message, Name::Via), ["SIP/2.0/UDP a", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]);
}

#[test]
fn commas_in_quotes_and_brackets_do_not_separate() {
    let message = parse(request("Contact: \"a,\\\",b\" <sip:c,d@e>;q=1, <sip:f@g>\r\n"));
    assert_eq!(values(&message, Name::Contact), ["\"a,\\\",b\" <sip:c,d@e>;q=1", "<sip:f@g>"]);
}

#[test]
fn commas_separate_only_in_lists() {
    let message = parse(request("Date: Sat, 15 Oct 2005 04:44:56 GMT\r\n"));
    assert_eq!(values(&message, Name::Date).len(), 1);
}

#[test]
fn blank_list_has_no_values() {
    assert!(values(&invite(), Name::Supported).is_empty());
    assert_eq!(invite().header(Name::Supported).as_deref(), Some(""));
}

#[test]
fn a_fold_reads_as_one_space() {
    let message = parse(request("Subject: one \r\n \t two\r\n\tthree\r\n"));
    assert_eq!(message.header(Name::Subject).as_deref(), Some("one two three"));
    assert_eq!(message.headers().next().unwrap().value, b"one \r\n \t two\r\n\tthree");
}

#[test]
fn unknown_headers_are_found_by_spelling() {
    let message = parse(request("X-Fax: 1\r\nf: sip:a@b\r\n"));
    assert_eq!(message.header_named("x-fax").as_deref(), Some("1"));
    assert_eq!(message.header_named("FROM").as_deref(), Some("sip:a@b"));
    assert_eq!(message.header_named("X-Tel"), None);
}

#[test]
fn offsets_point_into_the_message() {
    let message = invite();
    for header in message.headers() {
        assert!(message.raw()[header.offset..].starts_with(header.value));
    }
}

#[test]
fn error_offsets_count_from_the_start_of_the_message() {
    let message = parse(request("Contact: <sip:a@b>, <sip:c d@e>\r\n"));
    let Err(ParseError::Syntax { offset, .. }) = message.addresses(Name::Contact) else { panic!() };
    assert_eq!(&message.raw()[offset..offset + 3], b" d@");
}

#[test]
fn star_contact_is_valid_but_no_address() {
    let message = parse(invite().edit().set(Name::Contact, "*").finish().raw());
    assert_eq!(message.validate(), Ok(()));
    assert!(message.contact().is_err());
}

#[test]
fn cseq_must_be_number_space_method() {
    let cseq = |value: &str| parse(request(&format!("CSeq: {value}\r\n"))).cseq();
    assert_eq!(cseq("4294967295 BYE"), Some((u32::MAX, Method::Bye)));
    for bad in ["4294967296 BYE", "1BYE", "1", "BYE", "1 BYE x", "-1 BYE", ""] {
        assert_eq!(cseq(bad), None, "{bad}");
    }
}

#[test]
fn a_branch_or_a_tag_without_a_value_is_none() {
    let message =
        parse(request("Via: SIP/2.0/UDP a;branch\r\nFrom: <sip:a@b>;tag\r\nTo: <sip:a@b>;tag=\"\"\r\n"));
    assert_eq!((message.branch(), message.via().unwrap().branch()), (None, None));
    assert_eq!((message.from_tag(), message.from_().unwrap().tag()), (None, None));
    assert_eq!(message.to_tag(), message.to().unwrap().tag());
}
