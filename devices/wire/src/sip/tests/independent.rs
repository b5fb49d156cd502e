//! What we write is read alike by rsip, a SIP reader that shares no code with ours.

use rsip::headers::{ToTypedHeader, UntypedHeader};
use rsip::message::{HasHeaders, HeadersExt};

use super::*;

/// Method or code, header count, Call-ID, CSeq and branch, by our reader.
fn ours(message: &Message) -> (String, usize, String, String, Option<String>) {
    let start = message.method().map_or_else(|| message.code().unwrap().to_string(), Method::to_string);
    let cseq = message.cseq().map(|(number, method)| format!("{number} {method}")).unwrap();
    let (id, branch) = (message.call_id().unwrap().to_owned(), message.branch().map(str::to_owned));
    (start, message.headers().count(), id, cseq, branch)
}

/// The same by rsip.
fn theirs(message: &Message) -> (String, usize, String, String, Option<String>) {
    let read = rsip::SipMessage::try_from(&message.raw()[..]).unwrap();
    let start = match &read {
        rsip::SipMessage::Request(request) => request.method.to_string(),
        rsip::SipMessage::Response(response) => response.status_code.code().to_string(),
    };
    let cseq = read.cseq_header().unwrap();
    let cseq = format!("{} {}", cseq.seq().unwrap(), cseq.method().unwrap());
    let via = read.via_header().unwrap().clone().typed().unwrap();
    let id = read.call_id_header().unwrap().value().to_owned();
    (start, read.headers().iter().count(), id, cseq, via.branch().map(|branch| branch.to_string()))
}

fn request_of(method: Method) -> Message {
    let via = Via::new("UDP", "192.0.2.10", Some(5060), &format!("z9hG4bK-{method}"));
    Builder::request(method.clone(), "sip:+815012345678@sip.example.net;user=phone")
        .header(Name::Via, via.to_string())
        .header(Name::Via, "SIP/2.0/TCP proxy.example.net;branch=z9hG4bK-p")
        .header(Name::MaxForwards, "70")
        .header(Name::From, "\"Fax\" <sip:+815000009999@sip.example.net>;tag=a1")
        .header(Name::To, "<sip:+815012345678@sip.example.net>")
        .header(Name::CallId, format!("id-{method}@192.0.2.10"))
        .header(Name::CSeq, format!("42 {method}"))
        .header(Name::Contact, "<sip:+815000009999@192.0.2.10:5060>")
        .header_named("X-Fax", "page=1; of=2, end")
        .body("application/sdp", "v=0\r\n")
        .finish()
}

#[test]
fn requests_read_alike() {
    use Method::*;
    for method in [Invite, Ack, Bye, Cancel, Options, Register, Update, Info, Message, Prack, Notify, Refer] {
        let message = request_of(method);
        assert_eq!(ours(&message), theirs(&message));
    }
}

#[test]
fn responses_read_alike() {
    for code in [100, 180, 200, 302, 404, 486, 503, 603] {
        let request = request_of(Method::Invite);
        let message = Builder::reply_with_tag(&request, code, reason_phrase(code), "b2").finish();
        assert_eq!(ours(&message), theirs(&message));
    }
}

#[test]
fn edited_messages_read_alike() {
    let message = request_of(Method::Invite)
        .edit()
        .set_request_uri("sip:b@192.0.2.20:5060")
        .push_front(Name::Via, "SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK-top")
        .set(Name::MaxForwards, "69")
        .set_body("application/sdp", "v=0\r\ns=-\r\n")
        .finish();
    assert_eq!(ours(&message), theirs(&message));
}
