//! What the builder writes.

use super::*;

#[test]
fn request_as_written() {
    let message = Builder::request(Method::Message, "sip:a@b")
        .header(Name::Via, "SIP/2.0/UDP c;branch=z9hG4bK1")
        .header_named("X-Fax", " yes ")
        .header(Name::Supported, "")
        .body("text/plain", "hi\n")
        .finish();
    assert_eq!(
        message.raw(),
        "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nX-Fax: yes\r\nSupported: \r\n\
         Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nhi\n"
    );
    assert_index_matches_bytes(&message);
}

#[test]
fn content_length_is_not_for_the_caller() {
    let message = Builder::request(Method::Options, "sip:a@b")
        .header(Name::ContentLength, "9")
        .header_named("l", "9")
        .finish();
    assert_eq!(values(&message, Name::ContentLength), ["0"]);
}

#[test]
fn no_value_can_add_a_line() {
    let evil = "x\r\nEvil: 1\r\n\r\nbody\0\n";
    let message = Builder::request(Method::Other(evil.into()), evil)
        .header(Name::Subject, evil)
        .header_named(evil, evil)
        .body(evil, "")
        .finish();
    assert_eq!(message.headers().count(), 4);
    assert_eq!(message.header_named("Evil"), None);
    assert!(!message.raw().contains(&0));
    assert_index_matches_bytes(&message);
    let response = Builder::response(200, evil).finish();
    assert_eq!(response.headers().count(), 1);
    assert_index_matches_bytes(&response);
}

#[test]
fn codes_stay_in_range() {
    assert_eq!(Builder::response(0, "").finish().code(), Some(100));
    assert_eq!(Builder::response(9999, "").finish().code(), Some(699));
}

#[test]
fn reply_copies_the_fields_of_the_request() {
    let request = parse(request(
        "v: SIP/2.0/UDP a;branch=1,\r\n SIP/2.0/UDP b\r\nRecord-Route: <sip:r;lr>\r\nTo: sip:t@h\r\nVia: SIP/2.0/UDP c\r\n\
         CSeq: 1 OPTIONS\r\nFrom: sip:f@h;tag=1\r\nCall-ID: x\r\nMax-Forwards: 7\r\n",
    ));
    let reply = Builder::reply_to(&request, 100, reason_phrase(100)).finish();
    assert_eq!(
        reply.raw(),
        "SIP/2.0 100 Trying\r\nv: SIP/2.0/UDP a;branch=1,\r\n SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n\
         From: sip:f@h;tag=1\r\nTo: sip:t@h\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    assert_index_matches_bytes(&reply);
}

#[test]
fn reply_tags_only_an_untagged_to() {
    let tag = |to: &str| {
        let request = parse(invite().edit().set(Name::To, to).finish().raw());
        Builder::reply_with_tag(&request, 180, "Ringing", "ours").finish().to_tag().map(str::to_owned)
    };
    assert_eq!(tag("<sip:a@b>").as_deref(), Some("ours"));
    assert_eq!(tag("<sip:a@b>;tag=theirs").as_deref(), Some("theirs"));
}
