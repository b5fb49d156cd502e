//! The SIP server by itself.

use super::*;
use crate::config::Forking;
use crate::core::{Effect, NameAnswer, NameKind, Question, StreamEvent};
use crate::testing::{Table, address, answer, labels, sent};

pub(super) const CALLER: &str = "10.0.0.1:5060";
pub(super) const LOCATION: &str = "10.0.0.6:5060";

fn server() -> Table<SipServer> {
    server_that(false)
}

fn server_that(follows_redirects: bool) -> Table<SipServer> {
    server_with(follows_redirects, Forking::Serial)
}

pub(super) fn server_with(follows_redirects: bool, forking: Forking) -> Table<SipServer> {
    Table::new(SipServer::new(SipServerConfig {
        address: "10.0.0.5".parse().expect("an address"),
        domain: "d.example".to_owned(),
        names: vec!["sip.example".to_owned()],
        location: Location::OwnHost(address(LOCATION)),
        challenges: None,
        record_route: true,
        listens_tcp: true,
        follows_redirects,
        forking,
        entropy: Entropy::of_seed(1),
    }))
}

pub(super) fn request(method: &str, uri: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\nFrom: <sip:a@d.example>;tag=1\n\
         To: <sip:b@d.example>\nCall-ID: c\nCSeq: 1 {method}\nContact: <sip:a@10.0.0.1>\n{more}\n"
    )
}

fn invite(server: &mut Table<SipServer>) -> Message {
    let effects = server.sip(CALLER, &request("INVITE", "sip:b@d.example", "Max-Forwards: 70\n"));
    sent(&effects)[0].1.clone()
}

#[test]
fn an_invite_is_forwarded_as_the_standard_says() {
    let mut server = server();
    let effects = server
        .sip(CALLER, &request("INVITE", "sip:b@d.example", "Max-Forwards: 70\nRoute: <sip:10.0.0.5;lr>\n"));
    let (to, forwarded) = sent(&effects).remove(0);
    assert_eq!(to, address(LOCATION));
    assert_eq!(forwarded.max_forwards(), Some(69));
    assert_eq!(forwarded.values(Name::Via).count(), 2);
    assert_eq!(forwarded.header(Name::RecordRoute).as_deref(), Some("<sip:10.0.0.5:5060;lr>"));
    assert_eq!(forwarded.header(Name::Route), None);
}

const BY_UDP: &str = "<sip:10.0.0.5:5060;transport=udp;lr>";
const BY_TCP: &str = "<sip:10.0.0.5:5060;transport=tcp;lr>";
const UNSAID: &str = "<sip:10.0.0.5:5060;lr>";

#[test]
fn each_side_of_a_dialog_stays_on_its_transport() {
    let cases: [(&str, &str, &[&str]); 4] = [
        ("UDP", "", &[UNSAID]),
        ("TCP", ";transport=tcp", &[BY_TCP]),
        ("TCP", "", &[BY_UDP, BY_TCP]),
        ("UDP", ";transport=TCP", &[BY_TCP, BY_UDP]),
    ];
    for (came, contact, recorded) in cases {
        let more = "Max-Forwards: 70\nRecord-Route: <sip:10.0.0.4;lr>\n";
        let uri = format!("sip:b@10.0.0.2{contact}");
        let mut server = server();
        let effects = server.sip(CALLER, &request("INVITE", &uri, more).replace("UDP", came));
        let connects = effects.iter().find_map(|effect| match effect {
            Effect::Connect { conn, .. } => Some(*conn),
            _ => None,
        });
        let effects = connects.map_or(effects, |conn| server.stream(conn, StreamEvent::Opened));
        let bytes = effects.iter().find_map(|effect| match effect {
            Effect::Datagram { bytes, .. } | Effect::Send { bytes, .. } => Some(bytes.clone()),
            _ => None,
        });
        let forwarded = Message::parse(bytes.expect("an INVITE that goes on")).expect("a message");
        let places: Vec<_> = forwarded.values(Name::RecordRoute).map(|place| place.into_owned()).collect();
        assert_eq!(places, [recorded, &["<sip:10.0.0.4;lr>"]].concat(), "{came} to {contact}");
    }
}

#[test]
fn both_routes_of_a_change_of_transport_are_taken_away_and_no_others() {
    let cases = [
        (format!("{BY_UDP}, {BY_TCP}"), None),
        (format!("{BY_TCP}, {BY_UDP}, <sip:10.0.0.3;lr>"), Some("<sip:10.0.0.3;lr>")),
        (format!("{UNSAID}, {UNSAID}"), Some(UNSAID)),
        (format!("{UNSAID}, <sip:10.0.0.3;lr>"), Some("<sip:10.0.0.3;lr>")),
    ];
    for (routes, left) in cases {
        let more = format!("Max-Forwards: 70\nRoute: {routes}\n");
        let effects = server().sip(CALLER, &request("BYE", "sip:b@10.0.0.2", &more));
        let (to, bye) = sent(&effects).remove(0);
        assert_eq!(bye.header(Name::Route).as_deref(), left, "{routes}");
        let next = left
            .map_or("10.0.0.2:5060", |left| if left == UNSAID { "10.0.0.5:5060" } else { "10.0.0.3:5060" });
        assert_eq!(to, address(next), "{routes}");
    }
}

#[test]
fn contacts_of_a_redirection_are_tried_in_turn_and_each_once() {
    let mut server = server();
    let asked = invite(&mut server);
    let contacts = "Contact: <sip:b@10.0.0.2>, <sip:b@10.0.0.3>, <sip:b@10.0.0.2>\n";
    let effects = server.sip(LOCATION, &answer(&asked, 302, "l", contacts));
    let (to, first) = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("a try");
    assert_eq!((to, first.request_uri()), (address("10.0.0.2:5060"), Some("sip:b@10.0.0.2")));
    let effects = server.sip("10.0.0.2:5060", &answer(&first, 480, "b", ""));
    let (to, second) = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("a try");
    assert_eq!(to, address("10.0.0.3:5060"));
    let effects = server.sip("10.0.0.3:5060", &answer(&second, 486, "b", ""));
    assert_eq!(labels(&effects), ["ACK", "480 INVITE"], "the best of equal class is the first");
}

#[test]
fn a_redirection_of_anybody_else_is_followed_by_habit_alone() {
    for (follows, labelled) in [(false, ["ACK", "302 INVITE"]), (true, ["ACK", "INVITE"])] {
        let mut server = server_that(follows);
        let asked = invite(&mut server);
        let effects = server.sip(LOCATION, &answer(&asked, 302, "l", "Contact: <sip:b@10.0.0.2>\n"));
        let first = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("a try").1;
        let effects =
            server.sip("10.0.0.2:5060", &answer(&first, 302, "b", "Contact: <sip:dear@10.0.0.9>\n"));
        assert_eq!(labels(&effects), labelled);
    }
}

#[test]
fn a_6xx_decides_for_all() {
    let mut server = server();
    let asked = invite(&mut server);
    let effects =
        server.sip(LOCATION, &answer(&asked, 302, "l", "Contact: <sip:b@10.0.0.2>, <sip:b@10.0.0.3>\n"));
    let first = sent(&effects).into_iter().find(|(_, m)| m.label() == "INVITE").expect("a try").1;
    let effects = server.sip("10.0.0.2:5060", &answer(&first, 603, "b", ""));
    assert_eq!(labels(&effects), ["ACK", "603 INVITE"]);
}

#[test]
fn a_lone_503_becomes_500() {
    let mut server = server();
    let asked = invite(&mut server);
    assert_eq!(labels(&server.sip(LOCATION, &answer(&asked, 503, "l", ""))), ["ACK", "500 INVITE"]);
}

#[test]
fn trying_stays_here_and_ringing_goes_on() {
    let mut server = server();
    let asked = invite(&mut server);
    assert_eq!(labels(&server.sip(LOCATION, &answer(&asked, 100, "", ""))), [""; 0]);
    let effects = server.sip(LOCATION, &answer(&asked, 180, "l", ""));
    assert_eq!(labels(&effects), ["180 INVITE"]);
    assert_eq!(sent(&effects)[0].1.values(Name::Via).count(), 1);
}

#[test]
fn a_cancel_waits_for_a_sign_of_life() {
    let mut server = server();
    let asked = invite(&mut server);
    let cancel = request("CANCEL", "sip:b@d.example", "Max-Forwards: 70\n");
    assert_eq!(labels(&server.sip(CALLER, &cancel)), ["200 CANCEL"]);
    let effects = server.sip(LOCATION, &answer(&asked, 180, "l", ""));
    assert!(labels(&effects).contains(&"CANCEL".to_owned()));
    let effects = server.sip(LOCATION, &answer(&asked, 487, "l", ""));
    assert_eq!(labels(&effects), ["ACK", "487 INVITE"]);
}

#[test]
fn requests_that_must_not_go_on_are_refused() {
    let cases = [
        ("sip:b@d.example", "Max-Forwards: 0\n", "483 INVITE"),
        ("tel:+815012345678", "Max-Forwards: 70\n", "416 INVITE"),
        ("sip:b@d.example", "Max-Forwards: 70\nProxy-Require: telepathy\n", "420 INVITE"),
    ];
    for (uri, more, refusal) in cases {
        assert_eq!(labels(&server().sip(CALLER, &request("INVITE", uri, more))), [refusal], "{uri} {more}");
    }
}

/// The question that the server asks.
fn asked(effects: &[Effect]) -> Question {
    let question = effects.iter().find_map(|effect| match effect {
        Effect::Resolve(question) => Some(question.clone()),
        _ => None,
    });
    question.expect("a question")
}

#[test]
fn a_route_with_a_name_of_ours_is_ours() {
    let mut server = server();
    let route = "Max-Forwards: 70\nRoute: <sip:SIP.example;lr>\n";
    let effects = server.sip(CALLER, &request("INVITE", "sip:b@d.example", route));
    let (to, forwarded) = sent(&effects).remove(0);
    assert_eq!((to, forwarded.header(Name::Route)), (address(LOCATION), None));
}

#[test]
fn a_target_by_name_is_located_and_the_uri_keeps_the_name() {
    let mut server = server();
    let uri = "sip:b@elsewhere.example:5060";
    let question = asked(&server.sip(CALLER, &request("INVITE", uri, "Max-Forwards: 70\n")));
    assert_eq!((question.kind, question.name.as_str()), (NameKind::Address, "elsewhere.example"));
    let answer = NameAnswer::Addresses(vec![address(CALLER).ip()]);
    let (to, forwarded) = sent(&server.step(Event::Resolved { question, answer })).remove(0);
    assert_eq!((to, forwarded.request_uri()), (address(CALLER), Some(uri)));
}

#[test]
fn a_target_that_cannot_be_located_counts_as_silent() {
    let mut server = server();
    let uri = "sip:b@elsewhere.example:5060";
    let question = asked(&server.sip(CALLER, &request("INVITE", uri, "Max-Forwards: 70\n")));
    let effects = server.step(Event::Resolved { question, answer: NameAnswer::NoSuchName });
    assert_eq!(labels(&effects), ["408 INVITE"], "RFC 3261 §16.6 step 7");
}

#[test]
fn a_cancel_ends_the_search_for_a_target() {
    let mut server = server();
    let uri = "sip:b@elsewhere.example:5060";
    let question = asked(&server.sip(CALLER, &request("INVITE", uri, "Max-Forwards: 70\n")));
    let cancel = request("CANCEL", uri, "Max-Forwards: 70\n");
    assert_eq!(labels(&server.sip(CALLER, &cancel)), ["200 CANCEL", "487 INVITE"]);
    let answer = NameAnswer::Addresses(vec![address(CALLER).ip()]);
    assert_eq!(labels(&server.step(Event::Resolved { question, answer })), [""; 0]);
}

#[test]
fn a_request_that_comes_round_is_stopped() {
    let mut server = server();
    let forwarded = invite(&mut server);
    let text = String::from_utf8(forwarded.raw().to_vec()).expect("ASCII").replace("\r\n", "\n");
    // The next hop sends it back as it is, with its own Via on top.
    let text = text.replacen("\nVia", "\nVia: SIP/2.0/UDP 10.0.0.6:5060;branch=z9hG4bKl\nVia", 1);
    assert_eq!(labels(&server.sip(LOCATION, &text)), ["482 INVITE"]);
    let spiral = text.replace("INVITE sip:b@d.example SIP", "INVITE sip:other@d.example SIP");
    let spiral = spiral.replace("z9hG4bKl\n", "z9hG4bKm\n");
    assert_eq!(labels(&server.sip(LOCATION, &spiral)), ["INVITE"], "another way is no loop");
}

#[test]
fn a_branch_that_never_answers_is_given_up_at_timer_c_or_b() {
    let mut server = server();
    invite(&mut server);
    let all = labels(&server.wait_ms(40_000));
    assert!(all.contains(&"408 INVITE".to_owned()), "{all:?}");
}

#[test]
fn a_branch_that_rings_for_ever_is_cancelled_after_three_minutes() {
    let mut server = server();
    let asked = invite(&mut server);
    server.sip(LOCATION, &answer(&asked, 180, "l", ""));
    assert!(!labels(&server.wait_ms(180_000)).contains(&"CANCEL".to_owned()));
    assert!(labels(&server.wait_ms(2_000)).contains(&"CANCEL".to_owned()));
}

#[test]
fn nothing_is_left_of_finished_calls() {
    let mut server = server();
    let asked = invite(&mut server);
    server.sip(LOCATION, &answer(&asked, 404, "l", ""));
    let ack = request("ACK", "sip:b@d.example", "Max-Forwards: 70\n");
    server.sip(CALLER, &ack);
    server.wait_ms(100_000);
    assert_eq!(server.device.holds(), Holdings::default());
    // What lies there is swept out once there is enough of it.
    server.device.sweep_at = 0;
    server.device.forget_finished();
    assert!(server.device.contexts.is_empty() && server.device.branches.is_empty());
}

#[test]
fn a_cancelled_branch_that_stays_silent_is_given_up() {
    let mut server = server();
    let asked = invite(&mut server);
    server.sip(LOCATION, &answer(&asked, 180, "l", ""));
    // The box behind it has lost its memory: it knows no such INVITE, and will never answer it.
    let cancel =
        sent(&server.wait_ms(182_000)).into_iter().find(|(_, m)| m.label() == "CANCEL").expect("CANCEL").1;
    server.sip(LOCATION, &answer(&cancel, 481, "l", ""));
    assert!(labels(&server.wait_ms(33_000)).contains(&"408 INVITE".to_owned()));
    server.wait_ms(100_000);
    assert_eq!(server.device.holds(), Holdings::default());
}

#[test]
fn a_branch_is_cancelled_once_however_often_it_rings() {
    let mut server = server();
    let asked = invite(&mut server);
    server.sip(LOCATION, &answer(&asked, 180, "l", ""));
    let cancel = request("CANCEL", "sip:b@d.example", "Max-Forwards: 70\n");
    assert_eq!(labels(&server.sip(CALLER, &cancel)), ["200 CANCEL", "CANCEL"]);
    assert_eq!(labels(&server.sip(LOCATION, &answer(&asked, 183, "l", ""))), ["183 INVITE"]);
}

#[test]
fn two_clients_with_the_same_branch_have_a_branch_each_behind_us() {
    let mut server = server();
    let first = invite(&mut server);
    let other = request("INVITE", "sip:b@d.example", "Max-Forwards: 70\n")
        .replace("10.0.0.1:5060;branch", "10.0.0.2;branch");
    let second = sent(&server.sip("10.0.0.2:5060", &other)).remove(0).1;
    assert_ne!(first.branch(), second.branch());
    for asked in [first, second] {
        assert_eq!(labels(&server.sip(LOCATION, &answer(&asked, 404, "l", ""))), ["ACK", "404 INVITE"]);
    }
}
