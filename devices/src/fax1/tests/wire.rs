//! Other variants than B, and announcements that are put off.

use faxproof_wire::sdp::{self, Description, Setup};

use super::*;
use crate::config::Variant;
use crate::ta1::Row;

const CONTACT: &str = "Contact: <sip:b@10.0.0.2>\n";
const ANSWER: &str = "v=0\no=- 1 1 IN IP4 10.0.0.2\ns=-\nc=IN IP4 10.0.0.2\nt=0 0\n";

/// A fax that knows the protocol of its peer.
fn knowing(habits: Habits) -> Table<Fax1> {
    let mut fax = fax(habits);
    let number = "050-1234-5678".to_owned();
    let row = Row { destination: String::new(), number, protocol: Some("smtp".to_owned()) };
    fax.device.ta1 = Ta1::new(vec![row]);
    fax
}

/// An answer with a description.
fn described(request: &Message, code: u16, body: &str) -> String {
    let length = body.len() + body.matches('\n').count();
    let more = format!("{CONTACT}Content-Type: application/sdp\n");
    let plain = answer(request, code, "t", &more);
    plain.replace("Content-Length: 0\n\n", &format!("Content-Length: {length}\n\n{body}"))
}

/// Sends, is answered, and announces; returns the announcement.
fn announcement(fax: &mut Table<Fax1>) -> Message {
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    let effects = fax.sip(SERVER, &described(&invite, 200, ANSWER));
    assert_eq!(labels(&effects), ["ACK", "INVITE"]);
    sent(&effects)[1].1.clone()
}

#[test]
fn an_announcement_that_crosses_another_request_is_sent_again_after_2_to_4_seconds() {
    let mut fax = knowing(Habits::default());
    let first = announcement(&mut fax);
    assert_eq!(labels(&fax.sip(SERVER, &answer(&first, 491, "t", ""))), ["ACK"]);
    assert!(!labels(&fax.wait_ms(2_099)).contains(&"INVITE".to_owned()), "the owner of the Call-ID waits");
    let effects = fax.wait_ms(1_901);
    let again = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("again").1;
    assert_eq!(again.body(), first.body(), "nothing has changed: the same version");
    assert_eq!(again.cseq().map(|cseq| cseq.0), first.cseq().map(|cseq| cseq.0 + 1));
}

#[test]
fn an_announcement_is_put_off_three_times_at_most() {
    let mut fax = knowing(Habits::default());
    let mut request = announcement(&mut fax);
    for _ in 0..3 {
        fax.sip(SERVER, &answer(&request, 491, "t", ""));
        let effects = fax.wait_ms(4_000);
        request = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("again").1;
    }
    assert_eq!(labels(&fax.sip(SERVER, &answer(&request, 491, "t", ""))), ["ACK", "BYE"]);
}

#[test]
fn a_retry_after_is_kept_and_a_long_one_is_not_waited_for() {
    let mut fax = knowing(Habits::default());
    let request = announcement(&mut fax);
    assert_eq!(labels(&fax.sip(SERVER, &answer(&request, 500, "t", "Retry-After: 5 (busy)\n"))), ["ACK"]);
    assert!(!labels(&fax.wait_ms(4_999)).contains(&"INVITE".to_owned()));
    let effects = fax.wait_ms(1);
    let again = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("again").1;
    assert_eq!(labels(&fax.sip(SERVER, &answer(&again, 500, "t", "Retry-After: 3600\n"))), ["ACK", "BYE"]);
}

#[test]
fn an_answer_without_an_offer_is_acknowledged_and_the_call_ended() {
    let mut fax = fax(Habits { variant: Variant::Delayed, ..Habits::default() });
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    assert!(invite.body().is_empty());
    let effects = fax.sip(SERVER, &answer(&invite, 200, "t", CONTACT));
    assert_eq!(labels(&effects), ["ACK", "BYE"]);
    assert!(sent(&effects)[0].1.body().is_empty());
}

#[test]
fn a_second_answer_of_a_fork_that_offers_is_answered_by_port_0() {
    let mut fax = fax(Habits { variant: Variant::Delayed, ..Habits::default() });
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    let offer = format!("{ANSWER}m=application 40125 TCP smtp\na=setup:passive\n");
    fax.sip(SERVER, &described(&invite, 200, &offer));
    let effects = fax.sip(SERVER, &described(&invite, 200, &offer).replace(";tag=t", ";tag=u"));
    assert_eq!(labels(&effects), ["ACK", "BYE"]);
    let refusal = sdp::parse(&sent(&effects)[0].1.body()).expect("an answer");
    assert!(refusal.is_refusal());
}

#[test]
fn an_offer_of_ours_that_waits_for_its_answer_puts_another_off() {
    let mut fax = fax(Habits::default());
    let tag = answer_a_call_without_ack(&mut fax);
    assert_eq!(labels(&fax.sip(SERVER, &request("INVITE", 2, &tag, &offer("smtp")))), ["491 INVITE"]);
}

#[test]
fn update_is_taken_or_not_allowed_as_declared() {
    let accepts = [vec![Variant::Delayed, Variant::Update], vec![Variant::Delayed]];
    for (accepts, label) in accepts.into_iter().zip(["200 UPDATE", "405 UPDATE"]) {
        let mut fax = fax(Habits { accepts, ..Habits::default() });
        fax.sip(SERVER, &request("INVITE", 1, "", ""));
        let effects = fax.wait_ms(600);
        let (_, ok) = sent(&effects).into_iter().find(|(_, m)| m.code() == Some(200)).expect("an answer");
        let tag = ok.to_tag().expect("a tag").to_owned();
        fax.sip(SERVER, &request("ACK", 1, &tag, ""));
        let effects = fax.sip(SERVER, &request("UPDATE", 2, &tag, &offer("smtp")));
        assert_eq!(labels(&effects), [label]);
        let listed = |message: &Message| message.values(Name::Allow).any(|method| method == "UPDATE");
        assert_eq!(listed(&ok), label.starts_with("200"));
    }
}

/// A fax that waits for its peer to connect, and the port.
fn waiting_for_the_peer() -> (Table<Fax1>, u16, Message) {
    let habits = Habits { setup_offer: Setup::Passive, ..Habits::default() };
    let mut fax = knowing(habits);
    let request = announcement(&mut fax);
    let offer: Description = sdp::parse(&request.body()).expect("an offer");
    (fax, offer.media[0].port, request)
}

const ACTIVE: &str =
    "v=0\no=- 1 2 IN IP4 10.0.0.2\ns=-\nc=IN IP4 10.0.0.2\nt=0 0\nm=application 9 TCP smtp\na=setup:active\n";

#[test]
fn a_greeting_that_outruns_the_answer_is_read_behind_it() {
    let (mut fax, port, request) = waiting_for_the_peer();
    let conn = Conn(Conn::ACCEPTED | 1);
    fax.stream(conn, StreamEvent::Accepted { port, peer: address("10.0.0.2:1") });
    let effects = fax.stream(conn, StreamEvent::Bytes(Bytes::from_static(b"220 bob\r\n")));
    assert!(effects.is_empty(), "not a byte before the answer");
    let effects = fax.sip(SERVER, &described(&request, 200, ACTIVE));
    assert!(effects.iter().any(|e| matches!(e, Effect::Send { bytes, .. } if bytes.starts_with(b"EHLO"))));
}

#[test]
fn a_stranger_at_the_door_is_sent_away() {
    let (mut fax, port, request) = waiting_for_the_peer();
    let (stranger, peer) = (Conn(Conn::ACCEPTED | 1), Conn(Conn::ACCEPTED | 2));
    let effects = fax.stream(stranger, StreamEvent::Accepted { port, peer: address("10.9.9.9:1") });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Reset(conn) if *conn == stranger)));
    fax.sip(SERVER, &described(&request, 200, ACTIVE));
    let effects = fax.stream(peer, StreamEvent::Accepted { port, peer: address("10.0.0.2:1") });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Reset(conn) if *conn == peer)));
}

#[test]
fn a_flood_before_the_answer_is_cut_off() {
    let (mut fax, port, _) = waiting_for_the_peer();
    let conn = Conn(Conn::ACCEPTED | 1);
    fax.stream(conn, StreamEvent::Accepted { port, peer: address("10.0.0.2:1") });
    let effects = fax.stream(conn, StreamEvent::Bytes(Bytes::from(vec![b'x'; 17 * 1024])));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Reset(_))));
}

#[test]
fn a_peer_that_says_it_connects_and_does_not_is_given_up() {
    let (mut fax, port, request) = waiting_for_the_peer();
    fax.sip(SERVER, &described(&request, 200, ACTIVE));
    let effects = fax.wait_ms(32_000);
    assert_eq!(labels(&effects), ["BYE"]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Unlisten { port: shut } if *shut == port)));
}
