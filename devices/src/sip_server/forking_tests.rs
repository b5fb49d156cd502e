//! Several contacts of one number (RFC 3261 §16.6, §16.7).

use super::tests::{CALLER, LOCATION, request, server_with};
use super::*;
use crate::config::Forking;
use crate::core::Effect;
use crate::testing::{Table, address, answer, labels, sent};

const B: &str = "10.0.0.2:5060";
const C: &str = "10.0.0.3:5060";
const EQUALS: &str = "Contact: <sip:b@10.0.0.2>, <sip:b@10.0.0.3>\n";

/// Where INVITEs went, and they.
fn tries(effects: &[Effect]) -> Vec<(SocketAddr, Message)> {
    sent(effects).into_iter().filter(|(_, message)| message.label() == "INVITE").collect()
}

fn breadths(tries: &[(SocketAddr, Message)]) -> Vec<Option<String>> {
    tries.iter().map(|(_, invite)| invite.header(Name::MaxBreadth).map(|text| text.into_owned())).collect()
}

/// A server whose location server has named these contacts, and what it did thereupon.
fn redirected(forking: Forking, more: &str, contacts: &str) -> (Table<SipServer>, Vec<Effect>) {
    let mut server = server_with(false, forking);
    let more = format!("Max-Forwards: 70\n{more}");
    let asked = tries(&server.sip(CALLER, &request("INVITE", "sip:b@d.example", &more))).remove(0).1;
    let effects = server.sip(LOCATION, &answer(&asked, 302, "l", contacts));
    (server, effects)
}

/// A server that has forwarded to both at once, with what it sent to them.
fn forked() -> (Table<SipServer>, Message, Message) {
    let (server, effects) = redirected(Forking::Parallel, "", EQUALS);
    let mut both = tries(&effects);
    let second = both.remove(1).1;
    (server, both.remove(0).1, second)
}

#[test]
fn the_most_preferred_is_tried_first_and_alone() {
    let contacts = "Contact: <sip:b@10.0.0.2>;q=0.5, <sip:b@10.0.0.3>;q=0.8\n";
    for forking in [Forking::Serial, Forking::Parallel] {
        let (mut server, effects) = redirected(forking, "", contacts);
        let first = tries(&effects);
        assert_eq!(first.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [address(C)]);
        assert_eq!(breadths(&first), [None], "one branch at a time needs no bound");
        let second = tries(&server.sip(C, &answer(&first[0].1, 486, "c", "")));
        assert_eq!(second.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [address(B)]);
    }
}

#[test]
fn equals_are_tried_at_once_by_habit_alone_and_share_the_breadth() {
    let (_, effects) = redirected(Forking::Serial, "", EQUALS);
    assert_eq!(tries(&effects).len(), 1);
    let (_, effects) = redirected(Forking::Parallel, "", EQUALS);
    let both = tries(&effects);
    assert_eq!(both.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [address(B), address(C)]);
    assert_eq!(breadths(&both), [Some("30".to_owned()), Some("30".to_owned())]);
    assert_ne!(both[0].1.branch(), both[1].1.branch());
}

#[test]
fn too_little_breadth_is_refused_and_suffices_for_one_after_the_other() {
    let (_, effects) = redirected(Forking::Parallel, "Max-Breadth: 1\n", EQUALS);
    assert_eq!(labels(&effects), ["ACK", "440 INVITE"]);
    let (_, effects) = redirected(Forking::Serial, "Max-Breadth: 1\n", EQUALS);
    assert_eq!(breadths(&tries(&effects)), [Some("1".to_owned())]);
}

#[test]
fn the_first_2xx_ends_the_other_branch() {
    let (mut server, first, second) = forked();
    server.sip(B, &answer(&first, 180, "b", ""));
    server.sip(C, &answer(&second, 180, "c", ""));
    let effects = server.sip(C, &answer(&second, 200, "c", ""));
    assert_eq!(labels(&effects), ["200 INVITE", "CANCEL"]);
    assert_eq!(sent(&effects)[1].0, address(B));
    assert_eq!(labels(&server.sip(B, &answer(&first, 487, "b", ""))), ["ACK"], "the caller has its answer");
}

#[test]
fn a_branch_that_had_not_rung_is_cancelled_as_soon_as_it_does() {
    let (mut server, first, second) = forked();
    assert_eq!(labels(&server.sip(C, &answer(&second, 200, "c", ""))), ["200 INVITE"]);
    assert_eq!(
        labels(&server.sip(B, &answer(&first, 180, "b", ""))),
        ["CANCEL"],
        "and the 180 goes no further"
    );
}

#[test]
fn two_2xx_that_cross_both_go_on() {
    let (mut server, first, second) = forked();
    assert_eq!(labels(&server.sip(C, &answer(&second, 200, "c", ""))), ["200 INVITE"]);
    assert_eq!(labels(&server.sip(B, &answer(&first, 200, "b", ""))), ["200 INVITE"]);
}

#[test]
fn a_request_that_is_no_invite_gets_one_2xx() {
    let mut server = server_with(false, Forking::Parallel);
    let effects = server.sip(CALLER, &request("OPTIONS", "sip:b@d.example", "Max-Forwards: 70\n"));
    let asked = sent(&effects).remove(0).1;
    let both = sent(&server.sip(LOCATION, &answer(&asked, 302, "l", EQUALS)));
    assert_eq!(both.len(), 2);
    assert_eq!(labels(&server.sip(B, &answer(&both[0].1, 200, "b", ""))), ["200 OPTIONS"]);
    assert_eq!(labels(&server.sip(C, &answer(&both[1].1, 200, "c", ""))), [""; 0]);
}

#[test]
fn all_branches_end_before_the_best_refusal_goes_on() {
    let (mut server, first, second) = forked();
    assert_eq!(labels(&server.sip(B, &answer(&first, 503, "b", ""))), ["ACK"]);
    assert_eq!(labels(&server.sip(C, &answer(&second, 486, "c", ""))), ["ACK", "486 INVITE"]);
}

#[test]
fn a_6xx_cancels_the_others_and_decides() {
    let (mut server, first, second) = forked();
    server.sip(B, &answer(&first, 180, "b", ""));
    assert_eq!(labels(&server.sip(C, &answer(&second, 603, "c", ""))), ["ACK", "CANCEL"]);
    assert_eq!(labels(&server.sip(B, &answer(&first, 487, "b", ""))), ["ACK", "603 INVITE"]);
}

#[test]
fn a_2xx_behind_a_6xx_still_goes_on() {
    let (mut server, first, second) = forked();
    server.sip(C, &answer(&second, 603, "c", ""));
    assert_eq!(labels(&server.sip(B, &answer(&first, 200, "b", ""))), ["200 INVITE"]);
}

#[test]
fn a_cancel_reaches_every_branch() {
    let (mut server, first, second) = forked();
    server.sip(B, &answer(&first, 180, "b", ""));
    server.sip(C, &answer(&second, 180, "c", ""));
    let cancel = request("CANCEL", "sip:b@d.example", "Max-Forwards: 70\n");
    assert_eq!(labels(&server.sip(CALLER, &cancel)), ["200 CANCEL", "CANCEL", "CANCEL"]);
    server.sip(B, &answer(&first, 487, "b", ""));
    assert_eq!(labels(&server.sip(C, &answer(&second, 487, "c", ""))), ["ACK", "487 INVITE"]);
}

/// What the caller is asked for at last, when both have answered so.
fn asked(of_first: (u16, &str), of_second: (u16, &str)) -> (String, Vec<String>) {
    let (mut server, first, second) = forked();
    server.sip(B, &answer(&first, of_first.0, "b", of_first.1));
    let effects = server.sip(C, &answer(&second, of_second.0, "c", of_second.1));
    let passed = sent(&effects).pop().expect("a response").1;
    let fields = [Name::WwwAuthenticate, Name::ProxyAuthenticate];
    (passed.label(), fields.iter().flat_map(|name| passed.values(*name)).map(|v| v.into_owned()).collect())
}

#[test]
fn a_challenge_takes_those_of_the_other_branches_along() {
    let (b, c) = ("Digest realm=\"b\", nonce=\"1\"", "Digest realm=\"c\", nonce=\"2\"");
    let of_user = |value: &str| format!("WWW-Authenticate: {value}\n");
    let of_proxy = |value: &str| format!("Proxy-Authenticate: {value}\n");
    let both = vec![b.to_owned(), c.to_owned()];
    assert_eq!(asked((401, &of_user(b)), (401, &of_user(c))), ("401 INVITE".to_owned(), both.clone()));
    assert_eq!(asked((401, &of_user(b)), (407, &of_proxy(c))), ("401 INVITE".to_owned(), both));
    let swapped = vec![c.to_owned(), b.to_owned()];
    assert_eq!(asked((407, &of_proxy(b)), (401, &of_user(c))), ("407 INVITE".to_owned(), swapped));
    let one = vec![b.to_owned()];
    assert_eq!(asked((401, &of_user(b)), (401, &of_user(b))), ("401 INVITE".to_owned(), one.clone()));
    assert_eq!(asked((486, ""), (401, &of_user(b))), ("401 INVITE".to_owned(), one));
    assert_eq!(asked((401, &of_user(b)), (603, "")), ("603 INVITE".to_owned(), vec![]));
}

#[test]
fn challenges_beyond_measure_do_not_come_along() {
    let much =
        |realm: &str| format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"{}\"\n", "n".repeat(9000));
    let (label, values) = asked((401, &much("b")), (401, &much("c")));
    assert_eq!((label.as_str(), values.len()), ("401 INVITE", 1));
}
