//! What a proxy does to a message.

use super::*;

#[test]
fn unchanged_edit_is_identical() {
    assert_eq!(invite().edit().finish().raw(), invite().raw());
}

#[test]
fn forwarding_changes_only_what_it_must() {
    let edited = invite()
        .edit()
        .set_request_uri("sip:+815012345678@192.0.2.20:5060")
        .push_front(Name::Via, "SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK-p1")
        .set(Name::MaxForwards, "69")
        .remove_first_value(Name::Route)
        .finish();
    let text = |message: &Message| String::from_utf8(message.raw().to_vec()).unwrap();
    let expected = text(&invite())
        .replace("sip.example.net;user=phone SIP", "192.0.2.20:5060 SIP")
        .replace("Via: ", "Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK-p1\r\nVia: ")
        .replace("Forwards: 70", "Forwards: 69")
        .replace("<sip:192.0.2.5;lr>, ", "");
    assert_eq!(text(&edited), expected);
    assert_index_matches_bytes(&edited);
}

#[test]
fn push_front_of_a_new_name_is_at_the_top() {
    let edited = invite().edit().push_front(Name::RecordRoute, "<sip:p;lr>").finish();
    assert_eq!(edited.headers().next().unwrap().name, Name::RecordRoute);
}

#[test]
fn append_is_below_the_last_of_its_name() {
    let edited = invite().edit().append(Name::Via, "SIP/2.0/UDP z").finish();
    assert_eq!(edited.headers().nth(1).unwrap().value, b"SIP/2.0/UDP z");
}

#[test]
fn removing_values_one_by_one_removes_the_lines() {
    let message = parse(request("Route: <sip:a,b@c>, <sip:d>\r\nRoute: <sip:e>\r\n"));
    let mut edit = message.edit();
    for left in [2, 1, 0, 0] {
        edit.remove_first_value(Name::Route);
        assert_eq!(values(&edit.finish(), Name::Route).len(), left);
    }
}

#[test]
fn topmost_via_is_replaced_in_place() {
    let message = parse(request("v: SIP/2.0/UDP a;rport, SIP/2.0/UDP b\r\n"));
    let mut via = message.via().unwrap();
    via.params.set("received", Some("192.0.2.1"));
    via.params.set("rport", Some("9"));
    let edited = message.edit().replace_first_value(Name::Via, via.to_string()).finish();
    let line = edited.headers().next().unwrap();
    assert_eq!(
        (line.raw_name, &*line.text()),
        ("v", "SIP/2.0/UDP a;rport=9;received=192.0.2.1, SIP/2.0/UDP b")
    );
}

#[test]
fn set_keeps_one_line() {
    let message = parse(request("m: <sip:a>\r\nTo: sip:t\r\nContact: <sip:b>\r\n"));
    let edited = message.edit().set(Name::Contact, "<sip:c>").finish();
    assert_eq!(edited.raw(), &request("m: <sip:c>\r\nTo: sip:t\r\n"));
}

#[test]
fn set_body_sets_its_fields() {
    let edited = invite().edit().set_body("text/plain", "hello, fax").finish();
    assert_eq!(edited.header(Name::ContentLength).as_deref(), Some("10"));
    assert_eq!(edited.header(Name::ContentType).as_deref(), Some("text/plain"));
    assert_eq!(edited.body(), "hello, fax");
    let empty = invite().edit().set_body("text/plain", "").finish();
    assert_eq!(empty.header(Name::ContentType), None);
    assert_index_matches_bytes(&empty);
}

#[test]
fn start_lines_keep_their_kind() {
    let response = Builder::reply_to(&invite(), 486, "Busy Here").finish();
    let changed = response.edit().set_code(503, "Service Unavailable").set_request_uri("sip:a@b").finish();
    assert_eq!(changed.label(), "503 INVITE");
    assert_eq!(invite().edit().set_code(200, "OK").finish().raw(), invite().raw());
}

#[test]
fn no_value_can_add_a_line() {
    let evil = "x\r\nEvil: 1\r\n\r\n";
    let edited =
        invite().edit().set(Name::To, evil).push_front(Name::Via, evil).set_request_uri(evil).finish();
    assert_eq!(edited.headers().count(), invite().headers().count() + 1);
    assert_index_matches_bytes(&edited);
}
