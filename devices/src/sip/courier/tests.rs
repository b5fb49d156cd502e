//! Deliveries, with the network and the name server played by hand.

use super::*;
use crate::core::{Effect, Service};
use crate::sip::transport::Transport;
use crate::testing::{address, answer, labels, sent};

const ONE: &str = "10.0.0.1:5060";
const TWO: &str = "10.0.0.2:5060";

/// A courier, its clock and its timers.
struct Desk {
    courier: Courier,
    now: Time,
    timers: Vec<(Time, Timer)>,
    effects: Vec<Effect>,
}

impl Desk {
    fn new() -> Desk {
        let entropy = Entropy::of_seed(1);
        let means = Means {
            address: "10.0.0.9".parse().expect("an address"),
            transports: &[Transport::Udp, Transport::Tcp],
        };
        let courier = Courier::new(Layer::new(entropy.part("layer")), means, entropy);
        Desk { courier, now: Time(0), timers: Vec::new(), effects: Vec::new() }
    }

    fn does<T>(&mut self, act: impl FnOnce(&mut Courier, Time, &mut Outbox) -> T) -> T {
        let mut out = Outbox::new();
        let result = act(&mut self.courier, self.now, &mut out);
        self.effects = out.drain().collect();
        for effect in &self.effects {
            match effect {
                Effect::Arm { timer, at } => {
                    self.timers.retain(|(_, known)| known != timer);
                    self.timers.push((*at, *timer));
                }
                Effect::Disarm(timer) => self.timers.retain(|(_, known)| known != timer),
                _ => {}
            }
        }
        result
    }

    fn send(&mut self, method: &str, uri: &str) -> u64 {
        let request = request(method, "z9hG4bKfirst.loop");
        self.does(|courier, now, out| courier.send(now, request, &target(uri), out))
    }

    fn told(&mut self, question: &str, answer: NameAnswer) -> Vec<Up> {
        let question = self.question(question);
        self.does(|courier, now, out| courier.resolved(now, &question, &answer, out))
    }

    /// The question that was asked last: it is this one.
    fn question(&self, expected: &str) -> Question {
        let asked = self.effects.iter().find_map(|effect| match effect {
            Effect::Resolve(question) => Some(question.clone()),
            _ => None,
        });
        let asked = asked.expect("a question");
        assert_eq!(format!("{} {}", asked.kind.as_str(), asked.name), expected);
        asked
    }

    fn hear(&mut self, from: &str, text: &str) -> Option<Up> {
        let message = Message::parse(text.replace('\n', "\r\n").into()).expect("a message");
        self.does(|courier, now, out| courier.receive(now, address(from), message, out))
    }

    /// Lets time pass; the last thing told in it, and what was sent in the last step.
    fn wait_s(&mut self, seconds: u64) -> Option<Up> {
        let until = self.now + Duration::secs(seconds);
        let mut told = None;
        let mut all = Vec::new();
        loop {
            self.timers.sort_by_key(|(at, timer)| (*at, *timer));
            let Some((at, timer)) = self.timers.first().copied().filter(|(at, _)| *at <= until) else {
                break;
            };
            self.timers.remove(0);
            self.now = at;
            told = self.does(|courier, now, out| courier.fires(now, timer, out)).or(told);
            all.append(&mut self.effects);
        }
        self.now = until;
        self.effects = all;
        told
    }

    /// The last request that went out: where to, and itself.
    fn last(&self) -> (String, Message) {
        let (to, message) = sent(&self.effects).pop().expect("something sent");
        (to.to_string(), message)
    }
}

fn target(uri: &str) -> Uri {
    Uri::parse(uri).expect("a URI")
}

fn request(method: &str, branch: &str) -> Message {
    let text = format!(
        "{method} sip:b@d SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@d>;tag=1\r\nTo: <sip:b@d>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    );
    Message::parse(text.into()).expect("a request")
}

fn two() -> NameAnswer {
    NameAnswer::Addresses(vec![address(ONE).ip(), address(TWO).ip()])
}

/// A request to a name of two addresses, on its way to the first.
fn on_its_way(method: &str) -> (Desk, u64) {
    let mut desk = Desk::new();
    let id = desk.send(method, "sip:d:5060");
    assert_eq!(desk.told("A/AAAA d", two()).len(), 0);
    assert_eq!(desk.last().0, ONE);
    (desk, id)
}

fn code(up: Option<Up>) -> (u64, u16) {
    match up {
        Some(Up::Response { tx, message }) => (tx, message.code().unwrap_or_default()),
        other => panic!("{other:?} is no response"),
    }
}

#[test]
fn an_address_needs_no_question() {
    let mut desk = Desk::new();
    desk.send("OPTIONS", "sip:10.0.0.1");
    assert_eq!((desk.last().0.as_str(), labels(&desk.effects)), (ONE, vec!["OPTIONS".to_owned()]));
}

#[test]
fn after_503_the_same_request_goes_to_the_next_under_another_branch() {
    let (mut desk, id) = on_its_way("INVITE");
    let first = desk.last().1;
    assert!(desk.hear(ONE, &answer(&first, 503, "t", "")).is_none());
    assert_eq!(labels(&desk.effects), ["ACK", "INVITE"]);
    let (to, second) = desk.last();
    assert_eq!(to, TWO);
    assert_ne!(second.branch(), first.branch());
    assert!(second.branch().expect("a branch").ends_with(".loop"), "what tells a loop stays");
    let rest = |message: &Message| {
        let text = String::from_utf8_lossy(message.raw()).into_owned();
        text.lines().filter(|line| !line.starts_with("Via")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rest(&second), rest(&first), "identical but for the branch");
    assert_eq!(code(desk.hear(TWO, &answer(&second, 486, "t", ""))), (id, 486));
}

#[test]
fn the_user_hears_of_the_last_failure_only() {
    let (mut desk, id) = on_its_way("OPTIONS");
    let first = desk.last().1;
    assert!(desk.hear(ONE, &answer(&first, 503, "t", "")).is_none());
    let second = desk.last().1;
    assert_eq!(code(desk.hear(TWO, &answer(&second, 503, "t", ""))), (id, 503));
}

#[test]
fn silence_of_32_s_and_icmp_lead_to_the_next() {
    let (mut desk, id) = on_its_way("INVITE");
    assert!(desk.wait_s(32).is_none());
    assert_eq!(desk.last().0, TWO);
    let ups = desk.does(|courier, now, out| courier.unreachable(now, address(TWO), out));
    assert!(matches!(ups[..], [Up::Unreachable { tx }] if tx == id), "{ups:?}");
}

#[test]
fn any_other_answer_is_the_answer() {
    for refusal in [302, 404, 486, 500, 504, 603] {
        let (mut desk, id) = on_its_way("INVITE");
        let first = desk.last().1;
        assert_eq!(code(desk.hear(ONE, &answer(&first, refusal, "t", ""))), (id, refusal));
        assert_eq!(labels(&desk.effects), ["ACK"]);
    }
}

#[test]
fn a_server_that_began_to_answer_is_not_replaced_for_its_silence() {
    let (mut desk, id) = on_its_way("OPTIONS");
    let first = desk.last().1;
    assert_eq!(code(desk.hear(ONE, &answer(&first, 100, "", ""))), (id, 100));
    assert!(matches!(desk.wait_s(33), Some(Up::Timeout { tx }) if tx == id));
    assert!(sent(&desk.effects).iter().all(|(to, _)| to.to_string() == ONE));
}

#[test]
fn what_cannot_be_located_is_told_with_its_reason() {
    let mut desk = Desk::new();
    let id = desk.send("INVITE", "sip:d:5060");
    let ups = desk.told("A/AAAA d", NameAnswer::NoSuchName);
    assert!(
        matches!(&ups[..], [Up::Unlocated { tx, why: Unlocated::NoSuchName(_) }] if *tx == id),
        "{ups:?}"
    );
    let id = desk.send("INVITE", "sips:d");
    let up = desk.wait_s(0);
    assert!(matches!(up, Some(Up::Unlocated { tx, why: Unlocated::Transport }) if tx == id), "{up:?}");
    assert!(desk.courier.is_empty());
}

#[test]
fn two_requests_ask_one_question() {
    let mut desk = Desk::new();
    desk.send("INVITE", "sip:d:5060");
    let question = desk.question("A/AAAA d");
    desk.send("OPTIONS", "sip:d:5060");
    assert!(!desk.effects.iter().any(|effect| matches!(effect, Effect::Resolve(_))));
    desk.does(|courier, now, out| courier.resolved(now, &question, &two(), out));
    assert_eq!(sent(&desk.effects).len(), 2);
}

#[test]
fn an_answer_that_nobody_asked_for_is_recorded() {
    let mut desk = Desk::new();
    let question = Question { kind: crate::core::NameKind::Srv, name: "d".to_owned() };
    let services = vec![Service { priority: 1, weight: 1, port: 1, target: "x".to_owned() }];
    desk.does(|courier, now, out| courier.resolved(now, &question, &NameAnswer::Services(services), out));
    assert!(matches!(desk.effects[..], [Effect::Unexpected { .. }]));
}

#[test]
fn a_server_that_asks_for_rest_is_left_alone_until_then() {
    let (mut desk, _) = on_its_way("OPTIONS");
    let first = desk.last().1;
    desk.hear(ONE, &answer(&first, 503, "t", "Retry-After: 60 (maintenance)\n"));
    let again = |desk: &mut Desk, branch: &str| {
        let request = request("OPTIONS", branch);
        desk.does(|courier, now, out| courier.send(now, request, &target("sip:d:5060"), out));
        desk.told("A/AAAA d", two());
        desk.last().0
    };
    desk.wait_s(59);
    assert_eq!(again(&mut desk, "z9hG4bKb"), TWO);
    desk.wait_s(1);
    assert_eq!(again(&mut desk, "z9hG4bKc"), ONE);
}

#[test]
fn a_request_is_not_sent_to_the_only_server_while_it_rests() {
    let mut desk = Desk::new();
    desk.send("OPTIONS", "sip:10.0.0.1");
    let first = desk.last().1;
    desk.hear(ONE, &answer(&first, 503, "t", "Retry-After: 60\n"));
    let request = request("OPTIONS", "z9hG4bKb");
    desk.does(|courier, now, out| courier.send(now, request, &target("sip:10.0.0.1"), out));
    assert_eq!(sent(&desk.effects).len(), 0);
    assert!(matches!(desk.wait_s(0), Some(Up::Unlocated { why: Unlocated::Resting, .. })));
}

#[test]
fn cancel_and_ack_go_where_the_invite_went() {
    let (mut desk, id) = on_its_way("INVITE");
    let first = desk.last().1;
    desk.hear(ONE, &answer(&first, 503, "t", ""));
    let second = desk.last().1;
    desk.hear(TWO, &answer(&second, 180, "t", ""));
    desk.does(|courier, now, out| courier.cancel(now, id, out));
    let (to, cancel) = desk.last();
    assert_eq!((to.as_str(), cancel.label().as_str(), cancel.branch()), (TWO, "CANCEL", second.branch()));
    assert_eq!(code(desk.hear(TWO, &answer(&second, 200, "t", ""))), (id, 200));
    let ack = request("ACK", "z9hG4bKack");
    desk.does(|courier, now, out| courier.acknowledge(now, id, "t", ack, &target("sip:D:5060;lr"), out));
    assert_eq!(desk.last().0, TWO);
    assert!(desk.hear(TWO, &answer(&second, 200, "t", "")).is_none());
    assert_eq!((desk.last().0.as_str(), labels(&desk.effects)), (TWO, vec!["ACK".to_owned()]));
}

#[test]
fn an_ack_for_another_name_waits_for_its_address() {
    let (mut desk, id) = on_its_way("INVITE");
    let first = desk.last().1;
    desk.hear(ONE, &answer(&first, 200, "t", ""));
    let ack = request("ACK", "z9hG4bKack");
    desk.does(|courier, now, out| courier.acknowledge(now, id, "t", ack, &target("sip:e:5060"), out));
    assert_eq!(sent(&desk.effects).len(), 0);
    desk.told("A/AAAA e", NameAnswer::Addresses(vec![address(TWO).ip()]));
    assert_eq!((desk.last().0.as_str(), labels(&desk.effects)), (TWO, vec!["ACK".to_owned()]));
}

#[test]
fn who_gives_up_makes_no_further_try() {
    let (mut desk, id) = on_its_way("INVITE");
    let given_up = desk.does(|courier, _, out| courier.give_up(id, out));
    assert!(!given_up, "the INVITE is out");
    assert!(matches!(desk.wait_s(33), Some(Up::Timeout { tx }) if tx == id));
    assert!(sent(&desk.effects).iter().all(|(to, _)| to.to_string() == ONE));
    let id = desk.send("INVITE", "sip:d:5060");
    let question = desk.question("A/AAAA d");
    let given_up = desk.does(|courier, _, out| courier.give_up(id, out));
    assert!(given_up, "nothing is out");
    assert!(!desk.timers.iter().any(|(_, timer)| timer.name == UNANSWERED));
    let told = desk.does(|courier, now, out| courier.resolved(now, &question, &two(), out));
    assert_eq!((told.len(), sent(&desk.effects).len()), (0, 0));
}

#[test]
fn nothing_is_left_of_finished_deliveries() {
    for (method, last) in [("INVITE", 486), ("INVITE", 200), ("OPTIONS", 200), ("OPTIONS", 503)] {
        let (mut desk, _) = on_its_way(method);
        let first = desk.last().1;
        desk.hear(ONE, &answer(&first, 503, "t", ""));
        let second = desk.last().1;
        desk.hear(TWO, &answer(&second, last, "t", ""));
        desk.wait_s(100);
        assert!(desk.courier.is_empty() && desk.courier.tries.is_empty(), "{method} {last}");
    }
}

#[test]
fn a_name_server_that_never_answers_counts_as_silent_after_32_s() {
    for method in ["INVITE", "OPTIONS"] {
        let mut desk = Desk::new();
        let id = desk.send(method, "sip:d:5060");
        assert!(desk.wait_s(31).is_none() && desk.courier.len() == 1);
        let up = desk.wait_s(1);
        assert!(matches!(up, Some(Up::Unlocated { tx, why: Unlocated::Silent(_) }) if tx == id), "{up:?}");
        assert!(desk.courier.is_empty());
        desk.send("OPTIONS", "sip:d:5060");
        desk.question("A/AAAA d");
    }
}

#[test]
fn an_ack_waits_no_longer_for_a_name_than_a_request() {
    let mut desk = Desk::new();
    let ack = request("ACK", "z9hG4bKa");
    desk.does(|courier, now, out| courier.pass(now, ack, &target("sip:d:5060"), out));
    desk.question("A/AAAA d");
    assert!(desk.wait_s(32).is_none());
    assert!(desk.courier.is_empty() && desk.timers.is_empty());
    assert!(desk.effects.iter().any(|effect| matches!(effect, Effect::Unexpected { .. })));
}

#[test]
fn an_answer_in_time_leaves_no_timer_of_the_question() {
    let (desk, _) = on_its_way("INVITE");
    assert!(!desk.timers.iter().any(|(_, timer)| timer.name == UNANSWERED));
}
