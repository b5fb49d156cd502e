//! S405 to S407: what a call says of a mail stands, however the call ends; and what is no end of a session.

use super::bench::{Bench, Call, asked, forwarding, forwarding_by, requested, said};
use super::*;
use crate::config::OnFailure;

/// Up to 354, and to what follows the final dot.
const UP_TO_DATA: [&str; 5] = ["220 a", "250 a", "250 a", "250 a", "354 a"];

/// Bob's mail for c.example is in its call.
fn in_a_call() -> (Bench, Call) {
    by_a_server(forwarding())
}

fn by_a_server(config: MailServerConfig) -> (Bench, Call) {
    let mut bench = Bench::new(config);
    bench.mail("bob@b.example", &["c@c.example"]);
    let call = bench.opens(&bench.calls()[0]);
    (bench, call)
}

fn hang_up(bench: &mut Bench) {
    let action = crate::order::Action::HangUp;
    bench.step(Event::Order(crate::order::Order { key: 2, action }));
}

/// What bob was told of the mail: each action and what the peer said.
fn told(bench: &Bench) -> Vec<(Action, String)> {
    let recipients = bench.told().into_iter().flat_map(|dsn| dsn.recipients);
    let said =
        recipients.map(|to| (to.action, to.diagnostic_code.map(|said| said.value).unwrap_or_default()));
    said.collect()
}

/// Nothing is left of the mail, and nobody tries it again.
fn is_done(bench: &mut Bench) -> bool {
    bench.wait_ms(7_200_000);
    let again = bench.calls().len() > 1 || !asked(&bench.seen).is_empty();
    bench.queued().is_empty() && !again && bench.table.device.holds() == Holdings::default()
}

#[test]
fn a_refusal_behind_which_the_peer_hangs_up_is_told() {
    for (replies, refusal) in [
        (&["220 a", "250 a", "550 no"][..], "550 no"),
        (&["220 a", "250 a", "250 a", "550 nobody"], "550 nobody"),
        (&["220 a", "250 a", "250 a", "250 a", "554 no"], "554 no"),
        (&["220 a", "250 a", "250 a", "250 a", "354 a", "552 full"], "552 full"),
    ] {
        let (mut bench, call) = in_a_call();
        bench.says(call.conn, replies);
        bench.is_hung_up_on(&call);
        assert_eq!(told(&bench), [(Action::Failed, refusal.to_owned())]);
        assert!(is_done(&mut bench), "{refusal}");
    }
}

#[test]
fn a_refusal_behind_which_the_operator_hangs_up_is_told() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &["220 a", "250 a", "250 a", "550 nobody"]);
    hang_up(&mut bench);
    assert_eq!(told(&bench), [(Action::Failed, "550 nobody".to_owned())]);
    assert!(is_done(&mut bench));
}

#[test]
fn a_refusal_for_now_behind_which_the_peer_hangs_up_is_tried_again() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &["220 a", "250 a", "250 a", "450 later"]);
    bench.is_hung_up_on(&call);
    assert!(bench.arcs().contains(&"18.S406.deferred"), "{:?}", bench.arcs());
    assert_eq!(told(&bench), []);
    bench.wait_ms(1_800_000);
    assert_eq!(bench.calls().len(), 2);
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_when_the_peer_hangs_up_before_221() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &UP_TO_DATA);
    bench.says(call.conn, &["250 a"]);
    bench.is_hung_up_on(&call);
    assert_eq!(bench.arcs().last(), Some(&"18.S406.delivered"));
    assert!(is_done(&mut bench));
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_when_the_operator_hangs_up_before_221() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &UP_TO_DATA);
    bench.says(call.conn, &["250 a"]);
    hang_up(&mut bench);
    assert_eq!(bench.arcs().last(), Some(&"18.S406.delivered"));
    assert!(is_done(&mut bench));
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_when_the_connection_ends_before_221() {
    for event in [StreamEvent::Fin, StreamEvent::Reset] {
        let (mut bench, call) = in_a_call();
        bench.says(call.conn, &UP_TO_DATA);
        bench.says(call.conn, &["250 a"]);
        bench.step(Event::Stream(call.conn, event));
        assert!(is_done(&mut bench));
    }
}

#[test]
fn nonsense_in_reply_to_quit_changes_nothing() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &UP_TO_DATA);
    let effects = bench.says(call.conn, &["250 a", "so long"]);
    assert_eq!(bench.arcs().last(), Some(&"18.S406.delivered"));
    assert!(requested(&effects, "BYE").is_some(), "the call is ended: S407");
    assert!(is_done(&mut bench));
}

#[test]
fn nonsense_in_reply_to_quit_behind_a_refusal_changes_nothing() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &["220 a", "250 a", "250 a", "550 nobody", "so long"]);
    assert_eq!(told(&bench), [(Action::Failed, "550 nobody".to_owned())]);
    assert!(is_done(&mut bench));
}

#[test]
fn silence_behind_quit_changes_nothing() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &UP_TO_DATA);
    bench.says(call.conn, &["250 a"]);
    assert!(requested(&bench.wait_ms(30_000), "BYE").is_some());
    assert!(is_done(&mut bench));
}

#[test]
fn a_call_that_ends_before_the_final_dot_is_followed_by_normal_smtp_at_once() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &UP_TO_DATA[..4]);
    let effects = bench.is_hung_up_on(&call);
    assert_eq!(bench.arcs().last(), Some(&"18.S406.lost-before-dot"));
    assert_eq!(asked(&effects).len(), 1);
}

#[test]
fn a_call_that_ends_behind_the_final_dot_is_followed_by_another_later_and_by_no_normal_smtp() {
    let (mut bench, call) = in_a_call();
    bench.says(call.conn, &UP_TO_DATA);
    bench.is_hung_up_on(&call);
    assert_eq!(bench.arcs().last(), Some(&"18.S406.lost-after-dot"));
    bench.wait_ms(1_799_999);
    assert_eq!((bench.calls().len(), asked(&bench.seen).len()), (1, 0));
    bench.wait_ms(1);
    assert_eq!(bench.calls().len(), 2);
}

#[test]
fn what_follows_a_call_that_fails_is_as_it_is_set_up() {
    for (on_failure, follows) in
        [(OnFailure::Relay, (1, 0, 1)), (OnFailure::Retry, (0, 0, 1)), (OnFailure::Bounce, (0, 1, 0))]
    {
        let mut bench = Bench::new(forwarding_by(|forwards| forwards.on_failure = on_failure));
        bench.mail("bob@b.example", &["c@c.example"]);
        bench.answers(&bench.calls()[0].clone(), 486, "");
        let followed = (asked(&bench.seen).len(), told(&bench).len(), bench.queued().len());
        assert_eq!(followed, follows, "{on_failure:?}");
    }
}

#[test]
fn normal_smtp_begins_when_the_call_is_ended() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["c@c.example"]);
    let announcement = bench.picks_up(&bench.calls()[0].clone());
    let effects = bench.answers(&announcement, 488, "");
    let bye = requested(&effects, "BYE").expect("the end of the call");
    assert!(asked(&effects).is_empty());
    assert_eq!(asked(&bench.answers(&bye, 200, "")).len(), 1);
}

#[test]
fn recipients_that_the_peer_refuses_are_told_and_the_others_have_the_mail() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["nobody@c.example", "c@c.example"]);
    let call = bench.opens(&bench.calls()[0]);
    let replies = ["220 a", "250 a", "250 a", "550 nobody", "250 a", "354 a", "250 a", "221 a"];
    bench.says(call.conn, &replies);
    let dsn = bench.told().remove(0);
    let failed: Vec<&str> = dsn.recipients.iter().map(|to| &*to.final_recipient.value).collect();
    assert_eq!(failed, ["nobody@c.example"]);
    assert!(is_done(&mut bench));
}

/// A client has greeted; its connection.
fn greeted(bench: &mut Bench) -> Conn {
    let peer = SocketAddr::from(([10, 0, 0, 7], 40_000));
    bench.step(Event::Stream(CLIENT, StreamEvent::Accepted { port: SMTP_PORT, peer }));
    bench.says(CLIENT, &["EHLO a"]);
    CLIENT
}

#[test]
fn a_timer_of_another_name_ends_no_session_of_a_client() {
    let mut bench = Bench::new(forwarding());
    let client = greeted(&mut bench);
    for name in ["session", "retry", "reply", "no-answer", "door", "ring", "cancelled"] {
        let effects = bench.step(Event::Timer(crate::core::Timer { owner: client.0, name }));
        assert!(effects.is_empty(), "{name}: {effects:?}");
    }
    assert!(said(&bench.says(client, &["NOOP"])).starts_with("250 "));
}

#[test]
fn a_client_that_says_nothing_is_sent_away() {
    let mut bench = Bench::new(forwarding());
    let client = greeted(&mut bench);
    bench.wait_ms(299_999);
    assert_eq!(bench.table.device.holds().connections, 1);
    let effects = bench.wait_ms(1);
    assert!(said(&effects).starts_with("421 "), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Close(conn) if *conn == client)));
    assert_eq!(bench.table.device.holds().connections, 0);
}
