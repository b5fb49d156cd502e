//! The fax by itself: what scenarios cannot say, because no box of ours does it.

mod digest;
mod vendor;
mod wire;

use bytes::Bytes;
use faxproof_wire::sip::{Message, Name, Uri};

use super::*;

use crate::config::{Habits, LineConfig};
use crate::core::{Durable, Effect, NameAnswer, Question, StreamEvent};
use crate::order::{Destination, Document};
use crate::testing::{Table, address, answer, fax_config as config, labels, sent};

const SERVER: &str = "10.0.0.5:5060";

fn fax(habits: Habits) -> Table<Fax1> {
    fax_of(crate::sip::address::uri(address(SERVER)), habits)
}

fn fax_of(sip_server: Uri, habits: Habits) -> Table<Fax1> {
    let usual = config(habits);
    let line = LineConfig { sip_server, ..usual.line };
    Table::new(Fax1::new(FaxConfig { line, ..usual }))
}

fn request(method: &str, cseq: u32, to_tag: &str, more: &str) -> String {
    let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    format!(
        "{method} sip:05000009999@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK{method}{cseq}\n\
         Max-Forwards: 70\nFrom: <sip:b@d.example>;tag=peer\nTo: <sip:a@d.example>{tag}\nCall-ID: c1\n\
         CSeq: {cseq} {method}\nContact: <sip:b@10.0.0.2>\n{more}\n"
    )
}

fn send_order() -> Event {
    let document = Document::Text("hello".into());
    Event::Order(Order {
        key: 77,
        action: Action::Send { to: Destination::Typed("050-1234-5678".into()), document },
    })
}

/// Rings, answers, and takes the ACK; returns the To tag of the fax.
fn answer_a_call(fax: &mut Table<Fax1>) -> String {
    let tag = answer_a_call_without_ack(fax);
    fax.sip(SERVER, &request("ACK", 1, &tag, ""));
    tag
}

#[test]
fn two_answers_of_a_fork_are_both_acknowledged_and_one_is_ended() {
    let mut fax = fax(Habits::default());
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    let contact = "Contact: <sip:b@10.0.0.2>\n";
    assert_eq!(labels(&fax.sip(SERVER, &answer(&invite, 200, "one", contact))), ["ACK", "OPTIONS"]);
    assert_eq!(labels(&fax.sip(SERVER, &answer(&invite, 200, "two", contact))), ["ACK", "BYE"]);
    assert_eq!(labels(&fax.sip(SERVER, &answer(&invite, 200, "two", contact))), ["ACK"]);
}

#[test]
fn no_cancel_goes_out_before_a_provisional_response() {
    let mut fax = fax(Habits { no_answer: crate::core::Duration::secs(2), ..Habits::default() });
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    let effects = fax.wait_ms(3000);
    assert!(!labels(&effects).contains(&"CANCEL".to_owned()), "the limit has passed, and nothing was heard");
    let effects = fax.sip(SERVER, &answer(&invite, 180, "t", ""));
    assert_eq!(labels(&effects), ["CANCEL"]);
    assert_eq!(sent(&effects)[0].1.branch(), invite.branch());
}

#[test]
fn an_announcement_that_rings_for_ever_is_given_up() {
    let mut fax = fax(Habits { no_answer: crate::core::Duration::secs(60), ..Habits::default() });
    let invite = sent(&fax.step(send_order()))[0].1.clone();
    let contact = "Contact: <sip:b@10.0.0.2>\n";
    let ask = fax.sip(SERVER, &answer(&invite, 200, "one", contact));
    let options = sent(&ask)[1].1.clone();
    let ability = description("m=application 0 TCP smtp\r\n");
    let presented = answer(&options, 200, "", "").replace("Content-Length: 0\n\n", &ability);
    let effects = fax.sip(SERVER, &presented);
    let announced = sent(&effects)[0].1.clone();
    assert_eq!(labels(&fax.sip(SERVER, &answer(&announced, 183, "", ""))), [""; 0]);
    assert_eq!(labels(&fax.wait_ms(59_000)), [""; 0]);
    assert_eq!(labels(&fax.wait_ms(1_000)), ["BYE"]);
}

#[test]
fn what_is_no_number_never_reaches_the_wire() {
    for typed in ["050\r\nX-Evil: 1", "050@evil.example", "050;x=y", ""] {
        let mut fax = fax(Habits::default());
        let action =
            Action::Send { to: Destination::Typed(typed.into()), document: Document::Text("x".into()) };
        let effects = fax.step(Event::Order(Order { key: 1, action }));
        assert!(sent(&effects).is_empty(), "{typed:?}");
        assert!(matches!(effects.as_slice(), [Effect::Notice(_)]), "{typed:?}");
    }
}

#[test]
fn a_second_call_finds_the_line_busy() {
    let mut fax = fax(Habits::default());
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    let other = request("INVITE", 2, "", "").replace("c1", "c2");
    assert_eq!(labels(&fax.sip(SERVER, &other)), ["486 INVITE"]);
}

#[test]
fn the_same_call_by_another_way_gets_482() {
    let mut fax = fax(Habits { lines: 5, ..Habits::default() });
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    let spiral = request("INVITE", 1, "", "").replace("z9hG4bKINVITE1", "z9hG4bKother");
    assert_eq!(labels(&fax.sip(SERVER, &spiral)), ["482 INVITE"]);
}

/// Rings and answers; the ACK does not come. Returns the To tag of the fax.
fn answer_a_call_without_ack(fax: &mut Table<Fax1>) -> String {
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    let effects = fax.wait_ms(600);
    let (_, ok) = sent(&effects).into_iter().find(|(_, m)| m.code() == Some(200)).expect("an answer");
    ok.to_tag().expect("a tag").to_owned()
}

#[test]
fn a_lost_ack_does_not_refuse_the_announcement() {
    let mut fax = fax(Habits::default());
    fax.sip(SERVER, &request("INVITE", 1, "", &description("")));
    let effects = fax.wait_ms(600);
    let (_, ok) = sent(&effects).into_iter().find(|(_, m)| m.code() == Some(200)).expect("an answer");
    let tag = ok.to_tag().expect("a tag").to_owned();
    assert_eq!(labels(&fax.sip(SERVER, &request("INVITE", 2, &tag, &offer("smtp")))), ["200 INVITE"]);
}

#[test]
fn the_callee_hangs_up_only_behind_the_ack() {
    let mut fax = fax(Habits::default());
    let tag = answer_a_call_without_ack(&mut fax);
    let stop = Event::Order(Order { key: 5, action: Action::HangUp });
    assert!(labels(&fax.step(stop)).is_empty());
    assert_eq!(labels(&fax.sip(SERVER, &request("ACK", 1, &tag, ""))), ["BYE"]);
}

#[test]
fn wrong_tags_end_no_call() {
    let mut fax = fax(Habits::default());
    let tag = answer_a_call(&mut fax);
    assert_eq!(labels(&fax.sip(SERVER, &request("BYE", 2, "wrong", ""))), ["481 BYE"]);
    assert_eq!(labels(&fax.sip(SERVER, &request("BYE", 3, &tag, ""))), ["200 BYE"]);
}

#[test]
fn a_request_with_an_old_cseq_gets_500() {
    let mut fax = fax(Habits::default());
    let tag = answer_a_call(&mut fax);
    assert_eq!(labels(&fax.sip(SERVER, &request("OPTIONS", 5, &tag, ""))), ["200 OPTIONS"]);
    assert_eq!(labels(&fax.sip(SERVER, &request("OPTIONS", 4, &tag, ""))), ["500 OPTIONS"]);
}

#[test]
fn unknown_demands_get_420_and_unknown_methods_501() {
    let mut fax = fax(Habits::default());
    assert_eq!(labels(&fax.sip(SERVER, &request("INVITE", 1, "", "Require: telepathy\n"))), ["420 INVITE"]);
    assert_eq!(labels(&fax.sip(SERVER, &request("DANCE", 1, "", ""))), ["501 DANCE"]);
    assert_eq!(labels(&fax.sip(SERVER, &request("SUBSCRIBE", 1, "", ""))), ["405 SUBSCRIBE"]);
}

#[test]
fn a_cancelled_call_stops_ringing() {
    let mut fax = fax(Habits { answer_after: None, ..Habits::default() });
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    fax.wait_ms(100);
    let cancel = request("CANCEL", 1, "", "").replace("z9hG4bKCANCEL1", "z9hG4bKINVITE1");
    assert_eq!(labels(&fax.sip(SERVER, &cancel)), ["200 CANCEL", "487 INVITE"]);
    let unknown = request("CANCEL", 9, "", "");
    assert_eq!(labels(&fax.sip(SERVER, &unknown)), ["481 CANCEL"]);
}

#[test]
fn an_answer_without_ack_is_repeated_and_then_given_up_with_bye() {
    let mut fax = fax(Habits::default());
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    let all = labels(&fax.wait_ms(40_000));
    assert_eq!(all.iter().filter(|label| *label == "200 INVITE").count(), 11);
    assert!(all.contains(&"BYE".to_owned()));
}

fn offer(fmt: &str) -> String {
    description(&format!("m=application 9 TCP {fmt}\r\na=setup:active\r\na=connection:new\r\n"))
}

/// A description with these media lines, and the headers that it needs.
fn description(media: &str) -> String {
    let session = "v=0\r\no=- 1 2 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n";
    let (length, body) = (session.len() + media.len(), format!("{session}{media}").replace("\r\n", "\n"));
    format!("Content-Type: application/sdp\nContent-Length: {length}\n\n{body}")
}

/// Brings the fax to where its port is open; returns the port.
fn announce(fax: &mut Table<Fax1>, tag: &str) -> u16 {
    let text = request("INVITE", 2, tag, &offer("smtp"));
    let effects = fax.sip(SERVER, &text);
    let listen = effects.iter().find_map(|effect| match effect {
        Effect::Listen { port } => Some(*port),
        _ => None,
    });
    listen.expect("a port")
}

#[test]
fn a_stranger_who_connects_first_is_sent_away_and_the_peer_is_served() {
    let mut fax = fax(Habits::default());
    let tag = answer_a_call(&mut fax);
    let port = announce(&mut fax, &tag);
    let (stranger, peer) = (Conn(Conn::ACCEPTED | 1), Conn(Conn::ACCEPTED | 2));
    let effects = fax.stream(stranger, StreamEvent::Accepted { port, peer: address("10.9.9.9:1") });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Reset(conn) if *conn == stranger)));
    let effects = fax.stream(peer, StreamEvent::Accepted { port, peer: address("10.0.0.2:1") });
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send { bytes, .. } if bytes.starts_with(b"220")))
    );
}

#[test]
fn a_bye_in_the_middle_of_a_mail_prints_nothing() {
    let mut fax = fax(Habits::default());
    let tag = answer_a_call(&mut fax);
    let port = announce(&mut fax, &tag);
    let conn = Conn(Conn::ACCEPTED | 2);
    fax.stream(conn, StreamEvent::Accepted { port, peer: address("10.0.0.2:1") });
    let half =
        "EHLO b\r\nMAIL FROM:<b@b.example>\r\nRCPT TO:<a@fax.example>\r\nDATA\r\nSubject: x\r\n\r\nhalf";
    fax.stream(conn, StreamEvent::Bytes(Bytes::from(half)));
    let effects = fax.sip(SERVER, &request("BYE", 3, &tag, ""));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Reset(_))));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Durable(Durable::Print(_)))));
}

#[test]
fn garbage_is_recorded_and_a_bad_request_is_answered() {
    let mut fax = fax(Habits::default());
    let effects =
        fax.step(Event::Datagram { from: address(SERVER), bytes: Bytes::from_static(b"\x16\x03\x01") });
    assert!(matches!(effects.as_slice(), [Effect::Unexpected { .. }]));
    let effects = fax.sip(SERVER, &request("INVITE", 1, "", "").replace("SIP/2.0\nVia", "SIP/7.0\nVia"));
    assert_eq!(labels(&effects), ["505 INVITE"]);
}

#[test]
fn a_clone_in_the_middle_of_a_call_goes_its_own_way() {
    let mut fax = fax(Habits::default());
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    let mut fork = fax.device.fork();
    let mut out = Outbox::new();
    let busy = Bytes::from(answer(&invite, 486, "t", "").replace('\n', "\r\n"));
    fork.step(fax.now, Event::Datagram { from: address(SERVER), bytes: busy }, &mut out);
    assert!(out.effects().iter().any(|effect| matches!(effect, Effect::Notice(_))));
    let effects = fax.sip(SERVER, &answer(&invite, 200, "t", "Contact: <sip:b@10.0.0.2>\n"));
    assert_eq!(labels(&effects), ["ACK", "OPTIONS"], "the original still waits for its answer");
}

/// A fax that knows its server by name, and the question that it asks when a call is ordered.
fn asking() -> (Table<Fax1>, Question) {
    let mut fax = fax_of(Uri::parse("sip:sip.example:5060").expect("a URI"), Habits::default());
    let effects = fax.step(send_order());
    let question = effects.iter().find_map(|effect| match effect {
        Effect::Resolve(question) => Some(question.clone()),
        _ => None,
    });
    (fax, question.expect("a question"))
}

#[test]
fn a_server_by_name_is_located_and_the_route_carries_the_name() {
    let (mut fax, question) = asking();
    let answer = NameAnswer::Addresses(vec![address(SERVER).ip()]);
    let (to, invite) = sent(&fax.step(Event::Resolved { question, answer })).remove(0);
    assert_eq!(to, address(SERVER));
    assert_eq!(invite.request_uri(), Some("sip:05012345678@d.example"));
    assert_eq!(invite.header(Name::Route).as_deref(), Some("<sip:sip.example:5060;lr>"));
}

#[test]
fn stop_while_the_server_is_looked_for_sends_nothing() {
    let (mut fax, question) = asking();
    let effects = fax.step(Event::Order(Order { key: 78, action: Action::HangUp }));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Notice(_))), "{effects:?}");
    let answer = NameAnswer::Addresses(vec![address(SERVER).ip()]);
    assert_eq!(sent(&fax.step(Event::Resolved { question, answer })).len(), 0);
}

#[test]
fn a_bye_to_a_ringing_fax_ends_its_invite_too() {
    let mut fax = fax(Habits::default());
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    let tag = sent(&fax.wait_ms(60))[0].1.to_tag().expect("a tag").to_owned();
    assert_eq!(labels(&fax.sip(SERVER, &request("BYE", 2, &tag, ""))), ["200 BYE", "487 INVITE"]);
    fax.sip(SERVER, &request("ACK", 1, &tag, ""));
    fax.wait_ms(40_000);
    assert_eq!(fax.device.holds(), Holdings::default());
}
