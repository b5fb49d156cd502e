//! The machines against the timers of RFC 3261 Appendix A, without a network.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::sip::{Builder, Message};

use super::*;
use crate::core::{Effect, Entropy, Outbox, Time, Timer};
use crate::sip::transport::Hop;

const PEER: &str = "10.0.0.2:5060";

fn peer() -> SocketAddr {
    PEER.parse().expect("an address")
}

fn request(method: &str) -> Message {
    let text = format!(
        "{method} sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    );
    Message::parse(Bytes::from(text)).expect("a request")
}

fn reply(request: &Message, code: u16) -> Message {
    Builder::reply_with_tag(request, code, "x", "t").finish()
}

/// A layer, its running timers, and what it sent when.
struct Rig {
    layer: Layer,
    timers: Vec<(Time, Timer)>,
    sent: Vec<(u64, String)>,
    told: Vec<(u64, String)>,
}

impl Rig {
    fn new() -> Rig {
        Rig { layer: Layer::new(Entropy::of_seed(1)), timers: Vec::new(), sent: Vec::new(), told: Vec::new() }
    }

    fn absorb(&mut self, now: Time, mut out: Outbox, up: Option<Up>) {
        for effect in out.drain() {
            match effect {
                Effect::Datagram { bytes, .. } => {
                    let label = Message::parse(bytes).expect("own message").label();
                    self.sent.push((now.0 / 1000, label));
                }
                Effect::Arm { timer, at } => {
                    self.timers.retain(|(_, known)| *known != timer);
                    self.timers.push((at, timer));
                }
                Effect::Disarm(timer) => self.timers.retain(|(_, known)| *known != timer),
                Effect::Unexpected { what, .. } => self.told.push((now.0 / 1000, what)),
                _ => {}
            }
        }
        let words = up.map(|up| match up {
            Up::Request { message, .. } | Up::Response { message, .. } | Up::Ack { message } => {
                message.label()
            }
            Up::Timeout { .. } => "timeout".to_owned(),
            Up::Unreachable { .. } => "unreachable".to_owned(),
            Up::Unlocated { why, .. } => why.to_string(),
        });
        self.told.extend(words.map(|words| (now.0 / 1000, words)));
    }

    fn send(&mut self, method: &str) -> Message {
        let (request, mut out) = (request(method), Outbox::new());
        self.layer.send(Time(0), request.clone(), Hop::udp(peer()), &mut out);
        self.absorb(Time(0), out, None);
        request
    }

    fn receive(&mut self, at_ms: u64, message: Message) -> Option<u64> {
        let (now, mut out) = (Time(at_ms * 1000), Outbox::new());
        let up = self.layer.receive(now, peer(), message, &mut out);
        let tx = match &up {
            Some(Up::Request { tx, .. }) => Some(*tx),
            _ => None,
        };
        self.absorb(now, out, up);
        tx
    }

    fn respond(&mut self, at_ms: u64, tx: u64, response: Message) {
        let (now, mut out) = (Time(at_ms * 1000), Outbox::new());
        self.layer.respond(now, tx, response, &mut out);
        self.absorb(now, out, None);
    }

    /// Lets timers run out until this time.
    fn run(&mut self, until_ms: u64) {
        loop {
            self.timers.sort_by_key(|(at, timer)| (*at, *timer));
            let Some((now, timer)) = self.timers.first().copied() else { return };
            if now > Time(until_ms * 1000) {
                return;
            }
            self.timers.remove(0);
            let mut out = Outbox::new();
            let up = self.layer.fires(now, timer, &mut out);
            self.absorb(now, out, up);
        }
    }

    fn times(&self, label: &str) -> Vec<u64> {
        self.sent.iter().filter(|(_, sent)| sent == label).map(|(at, _)| *at).collect()
    }
}

#[test]
fn no_table_says_two_things_of_one_input() {
    for table in TABLES {
        for (at, row) in table.rows.iter().enumerate() {
            let first = table.rows.iter().position(|other| other.0 == row.0 && other.1 == row.1);
            assert_eq!(first, Some(at), "{}: {row:?}", table.name);
        }
    }
}

#[test]
fn an_invite_goes_out_seven_times_and_times_out_at_32_s() {
    let mut rig = Rig::new();
    rig.send("INVITE");
    rig.run(100_000);
    assert_eq!(rig.times("INVITE"), [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    assert_eq!(rig.told, [(32_000, "timeout".to_owned())]);
    assert!(rig.layer.is_empty());
}

#[test]
fn another_request_goes_out_eleven_times() {
    let mut rig = Rig::new();
    rig.send("OPTIONS");
    rig.run(100_000);
    let copies = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(rig.times("OPTIONS"), copies);
    assert_eq!(rig.told, [(32_000, "timeout".to_owned())]);
}

#[test]
fn after_a_provisional_response_a_request_is_repeated_every_t2() {
    let mut rig = Rig::new();
    let options = rig.send("OPTIONS");
    rig.receive(100, reply(&options, 100));
    rig.run(13_000);
    assert_eq!(rig.times("OPTIONS"), [0, 500, 4500, 8500, 12_500]);
}

#[test]
fn a_provisional_response_stops_an_invite_for_good() {
    let mut rig = Rig::new();
    let invite = rig.send("INVITE");
    rig.receive(100, reply(&invite, 180));
    rig.run(200_000);
    assert_eq!(rig.times("INVITE"), [0]);
    assert_eq!(rig.told.len(), 1);
}

#[test]
fn every_copy_of_a_refusal_is_acknowledged_for_32_s() {
    let mut rig = Rig::new();
    let invite = rig.send("INVITE");
    for at in [100, 600, 1600] {
        rig.receive(at, reply(&invite, 486));
    }
    assert_eq!(rig.times("ACK"), [100, 600, 1600]);
    assert_eq!(rig.told, [(100, "486 INVITE".to_owned())]);
    rig.run(32_099);
    assert_eq!(rig.layer.len(), 1);
    rig.run(32_100);
    assert!(rig.layer.is_empty());
}

#[test]
fn copies_of_a_2xx_get_a_copy_of_their_ack() {
    let mut rig = Rig::new();
    let invite = rig.send("INVITE");
    rig.receive(100, reply(&invite, 200));
    let mut out = Outbox::new();
    let tx = rig.layer.running_ids()[0];
    rig.layer.acknowledge(Time(100_000), tx, "t", request("ACK"), Hop::udp(peer()), &mut out);
    rig.absorb(Time(100_000), out, None);
    rig.receive(600, reply(&invite, 200));
    rig.receive(1600, reply(&invite, 200));
    assert_eq!(rig.times("ACK"), [100, 600, 1600]);
    assert_eq!(rig.told.len(), 1, "copies are not passed up");
}

#[test]
fn a_refusal_is_repeated_until_its_ack_comes() {
    let mut rig = Rig::new();
    let tx = rig.receive(0, request("INVITE")).expect("a transaction");
    rig.respond(50, tx, reply(&request("INVITE"), 486));
    rig.run(4000);
    assert_eq!(rig.times("486 INVITE"), [50, 550, 1550, 3550]);
    rig.receive(4000, request("ACK"));
    rig.run(100_000);
    assert_eq!(rig.times("486 INVITE").len(), 4);
    assert!(rig.layer.is_empty());
}

#[test]
fn a_refusal_that_nobody_acknowledges_ends_at_timer_h() {
    let mut rig = Rig::new();
    let tx = rig.receive(0, request("INVITE")).expect("a transaction");
    rig.respond(0, tx, reply(&request("INVITE"), 486));
    rig.run(100_000);
    assert_eq!(rig.times("486 INVITE").len(), 11);
    assert_eq!(rig.told.last(), Some(&(32_000, "timeout".to_owned())));
}

#[test]
fn an_invite_without_an_answer_gets_100_after_200_ms() {
    let mut rig = Rig::new();
    rig.receive(0, request("INVITE"));
    rig.run(1000);
    assert_eq!(rig.sent, [(200, "100 INVITE".to_owned())]);
    rig.receive(1000, request("INVITE"));
    assert_eq!(rig.sent.len(), 2, "a copy is answered with the last provisional response");
}

#[test]
fn copies_of_a_request_are_answered_alike_and_told_once() {
    let mut rig = Rig::new();
    let tx = rig.receive(0, request("BYE")).expect("a transaction");
    rig.respond(10, tx, reply(&request("BYE"), 200));
    rig.receive(500, request("BYE"));
    rig.receive(1500, request("BYE"));
    assert_eq!(rig.times("200 BYE"), [10, 500, 1500]);
    assert_eq!(rig.told, [(0, "BYE".to_owned())]);
}

#[test]
fn icmp_ends_what_waits_for_that_address() {
    let mut rig = Rig::new();
    rig.send("INVITE");
    let mut out = Outbox::new();
    assert!(
        rig.layer.unreachable(Time(1000), "10.0.0.9:5060".parse().expect("an address"), &mut out).is_empty()
    );
    let told = rig.layer.unreachable(Time(1000), peer(), &mut out);
    assert!(matches!(told.as_slice(), [Up::Unreachable { .. }]));
    assert!(rig.layer.is_empty());
}

#[test]
fn a_response_without_a_request_is_recorded() {
    let mut rig = Rig::new();
    rig.receive(0, reply(&request("INVITE"), 200));
    assert_eq!(rig.told, [(0, "200 INVITE that answers no request".to_owned())]);
}

#[test]
fn an_abandoned_transaction_may_still_end_for_32_s() {
    let mut rig = Rig::new();
    let invite = rig.send("INVITE");
    rig.receive(100, reply(&invite, 180));
    let tx = rig.layer.running_ids()[0];
    let mut out = Outbox::new();
    rig.layer.abandon(Time(200_000), tx, &mut out);
    rig.absorb(Time(200_000), out, None);
    rig.run(32_199);
    assert!(rig.layer.owns(tx));
    rig.run(32_201);
    assert!(rig.layer.is_empty());
}
