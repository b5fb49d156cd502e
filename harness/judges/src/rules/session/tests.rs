use std::net::IpAddr;

use faxproof_wire::sdp::{Description, Setup};

use crate::testing::{ALICE, BOB, Bench, Picture};

fn offer(version: u64, setup: Setup) -> Description {
    Description::offer_one(ALICE, "1", version, "smtp", setup)
}

/// A call that stands, and a re-INVITE with this offer.
fn announced(offer: &Description) -> (Bench, usize) {
    let mut run = Bench::new();
    run.connect_call();
    let at = run.request_with("INVITE", 2, offer);
    (run, at)
}

fn answer(address: IpAddr, setup: Setup) -> Description {
    Description::offer_one(address, "2", 2, "smtp", setup).with_port(40_125)
}

#[test]
fn a_learning_call_keeps_the_rules_of_its_descriptions() {
    let run = Bench::new().learning_call();
    assert_eq!(run.judged("sdp.version"), Picture::passed(2));
    assert_eq!(run.judged("sdp.lines-stay"), Picture::passed(2));
    assert_eq!(run.judged("sdp.answer"), Picture::passed(2));
    assert_eq!(run.judged("sdp.active-port"), Picture::passed(1));
    assert_eq!(run.judged("sdp.no-connection-to-active"), Picture::passed(1));
    assert_eq!(run.judged("sdp.capabilities-port-0"), Picture::passed(1));
}

#[test]
fn a_version_that_jumps_is_a_breach() {
    let (run, at) = announced(&offer(3, Setup::Active));
    assert_eq!(run.judged("sdp.version"), Picture::breach("alice", at));
}

#[test]
fn a_change_under_the_same_version_is_a_breach() {
    let (run, at) = announced(&offer(1, Setup::Active));
    assert_eq!(run.judged("sdp.version"), Picture::breach("alice", at));
}

#[test]
fn a_line_that_vanishes_is_a_breach() {
    let (mut run, _) = announced(&offer(2, Setup::Active));
    let at = run.request_with("INVITE", 3, &Description::zero_media(ALICE, "1", 3));
    assert_eq!(run.judged("sdp.lines-stay"), Picture::breach("alice", at));
}

#[test]
fn an_answer_without_the_line_is_a_breach() {
    let (mut run, _) = announced(&offer(2, Setup::Active));
    let at = run.respond("INVITE", 2, 200, Some(&Description::zero_media(BOB, "2", 2)));
    assert_eq!(run.judged("sdp.answer"), Picture::breach("bob", at));
}

#[test]
fn active_answered_by_active_is_a_breach() {
    let (mut run, _) = announced(&offer(2, Setup::Active));
    let at = run.respond("INVITE", 2, 200, Some(&answer(BOB, Setup::Active)));
    assert_eq!(run.judged("sdp.answer"), Picture::breach("bob", at));
}

#[test]
fn an_active_side_with_a_port_of_its_own_is_told() {
    let (run, at) = announced(&offer(2, Setup::Active).with_port(5000));
    assert_eq!(run.judged("sdp.active-port"), Picture::told("alice", at));
}

#[test]
fn a_connection_to_the_active_side_is_a_breach() {
    let (mut run, _) = announced(&offer(2, Setup::ActPass));
    run.respond("INVITE", 2, 200, Some(&answer(BOB, Setup::Active)));
    run.request("ACK", 2);
    let at = run.open();
    assert_eq!(run.judged("sdp.no-connection-to-active"), Picture::breach("alice", at));
}

#[test]
fn capabilities_with_a_port_are_a_breach() {
    let mut run = Bench::new();
    run.connect_call();
    run.request("OPTIONS", 2);
    let listed = Description::capabilities(BOB, "3", 1, &["smtp"]).with_port(40_125);
    let at = run.respond("OPTIONS", 2, 200, Some(&listed));
    assert_eq!(run.judged("sdp.capabilities-port-0"), Picture::breach("bob", at));
}

#[test]
fn an_update_that_nobody_allowed_is_a_breach() {
    let mut run = Bench::new();
    run.connect_call();
    let at = run.request_with("UPDATE", 2, &offer(2, Setup::Active));
    assert_eq!(run.judged("sip.update-allowed"), Picture::breach("alice", at));
}

#[test]
fn an_update_to_a_peer_that_lists_it_passes() {
    let mut run = Bench::new().allowing("INVITE, ACK, BYE, UPDATE");
    run.connect_call();
    run.request_with("UPDATE", 2, &offer(2, Setup::Active));
    assert_eq!(run.judged("sip.update-allowed"), Picture::passed(1));
}

#[test]
fn an_allow_against_the_declaration_is_a_breach() {
    let mut run = Bench::new().allowing("INVITE, ACK, BYE, UPDATE").habit("bob", "variant", "U");
    run = run.habit("bob", "accepts", "B E");
    run.dial();
    let at = run.answer();
    assert_eq!(run.judged("sip.allow-as-declared"), Picture::breach("bob", at));
    let run = run.habit("bob", "accepts", "B U");
    assert_eq!(run.judged("sip.allow-as-declared"), Picture::passed(1));
}

#[test]
fn an_offer_that_the_ack_leaves_unanswered_is_a_breach() {
    let mut run = Bench::new();
    run.dial_without_offer();
    run.respond("INVITE", 1, 200, Some(&answer(BOB, Setup::Passive)));
    let at = run.request("ACK", 1);
    assert_eq!(run.judged("sdp.offer-answered"), Picture::breach("alice", at));
}

#[test]
fn an_offer_that_the_ack_answers_passes() {
    let mut run = Bench::new();
    run.dial_without_offer();
    run.respond("INVITE", 1, 200, Some(&answer(BOB, Setup::Passive)));
    run.request_with("ACK", 1, &offer(1, Setup::Active));
    assert_eq!(run.judged("sdp.offer-answered"), Picture::passed(1));
    assert_eq!(run.judged("sdp.answer"), Picture::passed(1));
}
