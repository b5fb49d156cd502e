//! SIP on TCP against RFC 3261 §18, without a network.

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message};

use super::*;
use crate::core::{Effect, Outbox, StreamEvent};
use crate::sip::transport::{IDLE, MAX_CONNECTIONS};

const PEER: &str = "10.0.0.2:5060";
/// The port from which the peer connects.
const CALLING: &str = "10.0.0.2:50000";
const THEIRS: Conn = Conn(Conn::ACCEPTED | 7);

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn request(method: &str, more: &str) -> Message {
    let text = format!(
        "{method} sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n"
    );
    Message::parse(Bytes::from(text)).expect("a request")
}

fn large() -> Message {
    request("INVITE", &format!("Subject: {}\r\n", "x".repeat(1300)))
}

fn layer() -> Layer {
    Layer::new(Entropy::of_seed(1))
}

/// What a step put out, in words; timers left out.
fn words(out: &mut Outbox) -> Vec<String> {
    let label = |bytes: Bytes| {
        let message = Message::parse(bytes.clone());
        message.map_or_else(
            |_| format!("{bytes:?}"),
            |message| format!("{} {}", message.label(), message.via().expect("a Via").transport),
        )
    };
    let word = |effect: Effect| match effect {
        Effect::Datagram { to, bytes } => Some(format!("datagram {} {to}", label(bytes))),
        Effect::Connect { to, .. } => Some(format!("connect {to}")),
        Effect::Send { bytes, .. } => Some(format!("send {}", label(bytes))),
        Effect::Close(_) => Some("close".to_owned()),
        Effect::Unexpected { what, .. } => Some(what),
        _ => None,
    };
    out.drain().filter_map(word).collect()
}

/// A layer that has sent a request over TCP, and the connection that it asked for.
fn calling(message: Message, hop: Hop) -> (Layer, u64, Conn) {
    let (mut layer, mut out) = (layer(), Outbox::new());
    let tx = layer.send(Time(0), message, hop, &mut out);
    let conn = out.drain().find_map(|effect| match effect {
        Effect::Connect { conn, .. } => Some(conn),
        _ => None,
    });
    (layer, tx, conn.expect("a connect"))
}

fn event(layer: &mut Layer, conn: Conn, event: StreamEvent) -> (Vec<Up>, Vec<String>) {
    let mut out = Outbox::new();
    let told = layer.stream(Time(1000), conn, event, &mut out);
    (told, words(&mut out))
}

/// A layer to which the peer has connected.
fn called() -> Layer {
    let mut layer = layer();
    event(&mut layer, THEIRS, StreamEvent::Accepted { port: 5060, peer: address(CALLING) });
    layer
}

fn bytes(message: &Message) -> StreamEvent {
    StreamEvent::Bytes(message.raw().clone())
}

fn tx_of(told: &[Up]) -> u64 {
    match told {
        [Up::Request { tx, .. }] => *tx,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_timer_that_was_never_armed_is_not_armed_anew() {
    for method in ["INVITE", "OPTIONS"] {
        let (mut layer, tx, _) = calling(request(method, ""), Hop::tcp(address(PEER)));
        for name in ["A", "E"] {
            let mut out = Outbox::new();
            layer.fires(Time(5000), Timer { owner: tx, name }, &mut out);
            assert!(
                !out.effects().iter().any(|effect| matches!(effect, Effect::Arm { .. })),
                "{method}, {name}"
            );
        }
    }
}

#[test]
fn a_request_waits_for_its_connection_and_goes_once() {
    let (mut layer, _, conn) = calling(request("INVITE", ""), Hop::tcp(address(PEER)));
    assert_eq!(event(&mut layer, conn, StreamEvent::Opened).1, ["send INVITE TCP"]);
    let mut out = Outbox::new();
    layer.send(Time(2000), request("OPTIONS", ""), Hop::tcp(address(PEER)), &mut out);
    let repeats =
        out.effects().iter().any(|effect| matches!(effect, Effect::Arm { timer, .. } if timer.name == "E"));
    assert!(!repeats, "TCP repeats by itself");
    assert_eq!(words(&mut out), ["send OPTIONS TCP"], "the connection is there already");
}

#[test]
fn a_final_response_ends_a_client_at_once() {
    let (mut layer, _, conn) = calling(request("OPTIONS", ""), Hop::tcp(address(PEER)));
    event(&mut layer, conn, StreamEvent::Opened);
    let ok = Builder::reply_with_tag(&request("OPTIONS", ""), 200, "OK", "t").finish();
    assert!(matches!(event(&mut layer, conn, bytes(&ok)).0.as_slice(), [Up::Response { .. }]));
    assert!(layer.is_empty(), "Timer K is zero");
}

#[test]
fn a_cancel_and_the_ack_of_a_refusal_go_where_the_invite_went() {
    let (mut layer, tx, conn) = calling(large(), Hop::udp(address(PEER)));
    event(&mut layer, conn, StreamEvent::Opened);
    let mut out = Outbox::new();
    assert!(layer.cancel(Time(2000), tx, &mut out).is_some());
    assert_eq!(words(&mut out), ["send CANCEL TCP"]);
    let refusal = Builder::reply_with_tag(&large(), 487, "x", "t").finish();
    assert_eq!(event(&mut layer, conn, bytes(&refusal)).1, ["send ACK TCP"]);
}

#[test]
fn a_large_request_goes_in_a_datagram_where_tcp_is_refused() {
    let (mut layer, tx, conn) = calling(large(), Hop::udp(address(PEER)));
    let (told, words) = event(&mut layer, conn, StreamEvent::Refused);
    assert!(told.is_empty() && layer.owns(tx));
    assert!(words[0].starts_with("TCP refused to a request of "), "{words:?}");
    assert_eq!(words[1..], ["datagram INVITE UDP 10.0.0.2:5060"]);
}

#[test]
fn a_large_request_whose_connect_times_out_has_failed() {
    let (mut layer, _, conn) = calling(large(), Hop::udp(address(PEER)));
    let (told, words) = event(&mut layer, conn, StreamEvent::TimedOut);
    assert!(matches!(told.as_slice(), [Up::Unreachable { .. }]) && words.is_empty());
}

#[test]
fn a_request_that_is_to_go_over_tcp_fails_where_tcp_is_refused() {
    let (mut layer, _, conn) = calling(large(), Hop::tcp(address(PEER)));
    let (told, words) = event(&mut layer, conn, StreamEvent::Refused);
    assert!(matches!(told.as_slice(), [Up::Unreachable { .. }]) && words.is_empty());
}

#[test]
fn a_reset_fails_what_waits_for_an_answer_on_the_connection() {
    let (mut layer, tx, conn) = calling(request("INVITE", ""), Hop::tcp(address(PEER)));
    event(&mut layer, conn, StreamEvent::Opened);
    let (told, _) = event(&mut layer, conn, StreamEvent::Reset);
    assert!(matches!(told.as_slice(), [Up::Unreachable { tx: failed }] if *failed == tx));
    let mut out = Outbox::new();
    layer.send(Time(2000), request("BYE", ""), Hop::tcp(address(PEER)), &mut out);
    assert_eq!(words(&mut out), ["connect 10.0.0.2:5060"]);
}

#[test]
fn a_response_goes_back_on_the_connection_of_its_request() {
    let mut layer = called();
    let tx = tx_of(&event(&mut layer, THEIRS, bytes(&request("OPTIONS", ""))).0);
    let mut out = Outbox::new();
    layer.respond(Time(2000), tx, Builder::reply_to(&request("OPTIONS", ""), 200, "OK").finish(), &mut out);
    assert!(matches!(out.effects(), [Effect::Send { conn: THEIRS, .. }, ..]));
    assert!(layer.is_empty(), "Timer J is zero");
}

#[test]
fn a_response_whose_connection_is_gone_goes_on_one_to_the_port_of_sent_by() {
    let mut layer = called();
    let tx = tx_of(&event(&mut layer, THEIRS, bytes(&request("INVITE", ""))).0);
    event(&mut layer, THEIRS, StreamEvent::Fin);
    let mut out = Outbox::new();
    layer.respond(Time(2000), tx, Builder::reply_to(&request("INVITE", ""), 180, "x").finish(), &mut out);
    assert_eq!(words(&mut out), ["connect 10.0.0.2:5060"]);
}

#[test]
fn what_asks_for_the_port_of_a_stream_is_told_and_answered_on_the_stream() {
    let mut layer = called();
    let asking = Message::parse(Bytes::from(
        String::from_utf8_lossy(request("OPTIONS", "").raw()).replace("10.0.0.2;", "host.example;rport;"),
    ));
    let (told, _) = event(&mut layer, THEIRS, bytes(&asking.expect("a request")));
    let [Up::Request { message, .. }] = told.as_slice() else { panic!("{told:?}") };
    let via = message.via().expect("a Via");
    assert_eq!((via.received(), via.rport()), (Some(address(PEER).ip()), Some(Some(50_000))));
}

#[test]
fn a_ping_is_answered_however_it_comes() {
    for chunks in [&["\r\n\r\n"][..], &["\r", "\n\r", "\n"]] {
        let mut layer = called();
        let answers: Vec<String> = chunks
            .iter()
            .flat_map(|chunk| {
                event(&mut layer, THEIRS, StreamEvent::Bytes(Bytes::from_static(chunk.as_bytes()))).1
            })
            .collect();
        assert_eq!(answers, [r#"send b"\r\n""#]);
    }
}

#[test]
fn a_request_without_content_length_is_refused_and_ends_the_connection() {
    let mut layer = called();
    let text = String::from_utf8_lossy(request("OPTIONS", "").raw()).replace("Content-Length: 0\r\n", "");
    let (told, words) = event(&mut layer, THEIRS, StreamEvent::Bytes(Bytes::from(text)));
    assert!(told.is_empty());
    assert!(words[0].starts_with("what is no SIP message on a stream: no Content-Length"), "{words:?}");
    assert_eq!(words[1..], ["send 400 OPTIONS UDP", "close"]);
}

#[test]
fn the_connection_used_longest_ago_makes_room() {
    let mut layer = layer();
    let mut closed = Vec::new();
    for n in 0..=MAX_CONNECTIONS as u64 {
        let mut out = Outbox::new();
        let peer = address(CALLING);
        let conn = Conn(Conn::ACCEPTED | n);
        layer.stream(Time(n), conn, StreamEvent::Accepted { port: 5060, peer }, &mut out);
        closed.extend(out.drain().filter_map(|effect| match effect {
            Effect::Close(conn) => Some(conn),
            _ => None,
        }));
    }
    assert_eq!(closed, [Conn(Conn::ACCEPTED)]);
}

#[test]
fn a_connection_that_is_idle_for_long_is_closed() {
    let (mut layer, mut out) = (layer(), Outbox::new());
    let peer = address(CALLING);
    layer.stream(Time(0), THEIRS, StreamEvent::Accepted { port: 5060, peer }, &mut out);
    let armed = out.drain().find_map(|effect| match effect {
        Effect::Arm { timer, at } => Some((timer, at)),
        _ => None,
    });
    let (timer, at) = armed.expect("a timer");
    assert!(at == Time(0) + IDLE && layer.owns_timer(timer));
    assert!(layer.fires(at, timer, &mut out).is_none());
    assert_eq!(words(&mut out), ["close"]);
}

#[test]
fn an_ack_on_a_stream_ends_its_invite_at_once() {
    let (mut layer, mut out) = (layer(), Outbox::new());
    let peer = address(CALLING);
    layer.stream(Time(0), THEIRS, StreamEvent::Accepted { port: 5060, peer }, &mut out);
    let (told, _) = event(&mut layer, THEIRS, StreamEvent::Bytes(request("INVITE", "").raw().clone()));
    let [Up::Request { tx, message, .. }] = &told[..] else { panic!("{told:?}") };
    layer.respond(Time(0), *tx, Builder::reply_to(message, 404, "Not Found").finish(), &mut out);
    event(&mut layer, THEIRS, StreamEvent::Bytes(request("ACK", "").raw().clone()));
    assert!(layer.is_empty(), "Timer I is zero on a stream");
}
