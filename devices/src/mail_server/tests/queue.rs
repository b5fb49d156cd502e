//! Mails that wait: for a call, for the next try, for the answer to a question, for power.

use super::bench::{Bench, asked, changes, connected, forwarding, forwarding_by, requested, said};
use super::*;
use crate::config::OnFailure;
use crate::core::Timer;

/// A peer that takes the mail.
const TAKES: [&str; 7] = ["220 a", "250 a", "250 a", "250 a", "354 a", "250 a", "221 a"];
/// One that will take it later.
const DEFERS: [&str; 5] = ["220 a", "250 a", "250 a", "450 later", "221 a"];

/// One call at a time.
fn one_at_a_time() -> Bench {
    Bench::new(forwarding_by(|forwards| forwards.most_calls = 1))
}

/// The peer of the call at this place says this, and the BYE behind it is answered.
fn ends(bench: &mut Bench, nth: usize, replies: &[&str]) -> Vec<Effect> {
    let bye = hangs_up(bench, nth, replies);
    bench.answers(&bye, 200, "")
}

/// The same; the BYE is not answered yet.
fn hangs_up(bench: &mut Bench, nth: usize, replies: &[&str]) -> faxproof_wire::sip::Message {
    let call = bench.opens(&bench.calls()[nth].clone());
    requested(&bench.says(call.conn, replies), "BYE").expect("the end of the call")
}

/// Mails of bob for each of these.
fn mails(bench: &mut Bench, to: &[&str]) {
    to.iter().for_each(|to| drop(bench.mail("bob@b.example", &[to])));
}

/// The wait of a mail for its next try is over, whether it waits for one or not.
fn retry(bench: &mut Bench, nth: usize) -> Vec<Effect> {
    let timer = Timer { owner: bench.key_of(nth), name: "retry" };
    bench.step(Event::Timer(timer))
}

#[test]
fn a_mail_waits_until_a_call_is_free_and_gets_that() {
    let mut bench = one_at_a_time();
    mails(&mut bench, &["c@c.example", "e@e.example"]);
    assert_eq!(bench.called(), ["05012345678"]);
    let bye = hangs_up(&mut bench, 0, &TAKES);
    assert_eq!(bench.called().len(), 1, "the call is not over before its BYE is answered");
    bench.answers(&bye, 200, "");
    assert_eq!(bench.called(), ["05012345678", "05022222222"]);
}

#[test]
fn as_many_calls_as_are_set_up_are_made_at_one_time() {
    let mut bench = Bench::new(forwarding_by(|forwards| forwards.most_calls = 3));
    mails(&mut bench, &["1@c.example", "2@c.example", "3@c.example", "4@c.example"]);
    assert_eq!(bench.calls().len(), 3);
    bench.answers(&bench.calls()[1].clone(), 486, "");
    assert_eq!(bench.calls().len(), 4);
}

#[test]
fn mails_that_wait_for_a_call_get_it_in_the_order_in_which_they_came() {
    let mut bench = one_at_a_time();
    mails(&mut bench, &["1@c.example", "2@e.example", "3@c.example", "4@c.example"]);
    for nth in 0..4 {
        ends(&mut bench, nth, &TAKES);
    }
    assert_eq!(bench.called(), ["05012345678", "05022222222", "05012345678", "05012345678"]);
    assert_eq!(bench.table.device.holds().mails, 0);
}

#[test]
fn a_retry_timer_that_fires_meanwhile_begins_no_second_call() {
    let mut bench = one_at_a_time();
    mails(&mut bench, &["c@c.example", "e@e.example"]);
    for nth in [0, 1] {
        assert!(retry(&mut bench, nth).is_empty(), "{nth}");
    }
    assert_eq!(bench.calls().len(), 1);
}

#[test]
fn a_retry_timer_that_fires_while_a_try_runs_begins_no_other() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["c@c.example", "f@f.example"]);
    for nth in [0, 1] {
        assert!(retry(&mut bench, nth).is_empty(), "{nth}");
    }
    ends(&mut bench, 0, &TAKES);
    assert_eq!((bench.calls().len(), bench.queued().len()), (1, 1));
}

#[test]
fn a_retry_timer_that_fires_meanwhile_does_not_put_the_mail_in_line_twice() {
    let mut bench = one_at_a_time();
    mails(&mut bench, &["c@c.example", "e@e.example"]);
    retry(&mut bench, 1);
    ends(&mut bench, 0, &TAKES);
    ends(&mut bench, 1, &DEFERS);
    assert_eq!(bench.calls().len(), 2, "it rests until its next try");
    bench.wait_ms(1_800_000);
    assert_eq!(bench.calls().len(), 3);
}

#[test]
fn what_was_in_line_before_takes_no_turn_from_the_next() {
    let mut bench = one_at_a_time();
    mails(&mut bench, &["1@c.example", "2@c.example", "3@e.example"]);
    retry(&mut bench, 1);
    ends(&mut bench, 0, &TAKES);
    ends(&mut bench, 1, &TAKES);
    assert_eq!(bench.called().last().map(String::as_str), Some("05022222222"));
}

#[test]
fn a_try_that_comes_while_the_old_call_is_still_being_ended_is_a_call_of_its_own() {
    let config = MailServerConfig { retries: vec![Duration::secs(1)], ..forwarding() };
    let mut bench = Bench::new(config);
    mails(&mut bench, &["c@c.example"]);
    hangs_up(&mut bench, 0, &DEFERS);
    bench.wait_ms(1000);
    assert_eq!(bench.calls().len(), 2, "two Call-IDs");
    let call = bench.opens(&bench.calls()[1]);
    bench.says(call.conn, &TAKES[..5]);
    // The BYE of the old call is given up: 64 * T1.
    bench.wait_ms(33_000);
    assert_eq!(bench.queued().len(), 1);
    bench.says(call.conn, &TAKES[5..]);
    assert_eq!((bench.queued().len(), bench.calls().len()), (0, 2));
}

#[test]
fn the_end_of_the_old_call_is_not_taken_for_that_of_the_new_one() {
    let config = forwarding_by(|forwards| forwards.on_failure = OnFailure::Relay);
    let mut bench = Bench::new(MailServerConfig { retries: vec![Duration::secs(1)], ..config });
    mails(&mut bench, &["c@c.example"]);
    let old = hangs_up(&mut bench, 0, &DEFERS);
    bench.wait_ms(1000);
    let announcement = bench.picks_up(&bench.calls()[1].clone());
    let effects = bench.answers(&announcement, 488, "");
    let new = requested(&effects, "BYE").expect("the end of the new call");
    assert!(asked(&bench.answers(&old, 200, "")).is_empty());
    // S407 is over: S408 follows.
    assert_eq!(asked(&bench.answers(&new, 200, "")).len(), 1);
}

#[test]
fn the_old_call_counts_until_it_is_ended() {
    let config = forwarding_by(|forwards| forwards.most_calls = 1);
    let mut bench = Bench::new(MailServerConfig { retries: vec![Duration::secs(1)], ..config });
    mails(&mut bench, &["c@c.example"]);
    let old = hangs_up(&mut bench, 0, &DEFERS);
    bench.wait_ms(1000);
    assert_eq!(bench.calls().len(), 1);
    bench.answers(&old, 200, "");
    assert_eq!(bench.calls().len(), 2);
}

fn call_ids(bench: &Bench) -> Vec<String> {
    bench.calls().iter().map(|invite| invite.call_id().unwrap_or_default().to_string()).collect()
}

#[test]
fn the_same_octets_twice_at_one_moment_are_two_calls() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["c@c.example", "c@c.example"]);
    let ids = call_ids(&bench);
    assert_eq!((ids.len(), bench.queued().len()), (2, 2));
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn the_same_octets_again_within_a_second_are_another_call_where_the_first_is_gone() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["c@c.example"]);
    ends(&mut bench, 0, &TAKES);
    assert_eq!(bench.queued().len(), 0);
    bench.wait_ms(10);
    mails(&mut bench, &["c@c.example"]);
    let octets: Vec<Bytes> = changes(&bench.seen).into_iter().filter_map(message).collect();
    assert_eq!(octets[0], octets[1]);
    assert_eq!(call_ids(&bench).len(), 2);
}

fn message(change: Durable) -> Option<Bytes> {
    match change {
        Durable::PutMail { envelope, .. } => Some(envelope.message.clone()),
        _ => None,
    }
}

/// The recipients of the only mail that is in the queue.
fn left(bench: &Bench) -> Vec<String> {
    bench.queued().into_values().next().map(|(_, to)| to).unwrap_or_default()
}

#[test]
fn recipients_of_one_number_are_relayed_domain_by_domain_and_taken_off_one_by_one() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["c@c.example", "d@d.example", "e@c.example"]);
    let effects = bench.answers(&bench.calls()[0].clone(), 486, "");
    let question = asked(&effects).remove(0);
    assert_eq!(question.name, "c.example");
    let conn = bench.routed(&question, 3);
    let first = bench.says(conn, &["220 a", "250 a", "250 a", "250 a", "250 a", "354 a", "250 a", "221 a"]);
    assert!(said(&first).contains("RCPT TO:<c@c.example>\r\nRCPT TO:<e@c.example>\r\nDATA\r\n"));
    assert_eq!(left(&bench), ["d@d.example"], "a power failure now gives nobody a second copy");
    let question = asked(&first).remove(0);
    assert_eq!(question.name, "d.example");
    let conn = bench.routed(&question, 4);
    let second = bench.says(conn, &TAKES);
    assert!(said(&second).contains("\r\nRCPT TO:<d@d.example>\r\nDATA\r\n"), "{}", said(&second));
    assert_eq!((bench.queued().len(), bench.calls().len()), (0, 1));
}

#[test]
fn a_domain_that_cannot_be_reached_waits_alone() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["c@c.example", "d@d.example"]);
    let effects = bench.answers(&bench.calls()[0].clone(), 486, "");
    let effects = bench.resolves(&asked(&effects)[0], NameAnswer::TimedOut);
    let conn = bench.routed(&asked(&effects)[0], 4);
    bench.says(conn, &TAKES);
    assert_eq!(left(&bench), ["c@c.example"]);
    bench.wait_ms(1_800_000);
    let call = bench.opens(&bench.calls()[1]);
    let said = said(&bench.says(call.conn, &TAKES[..4]));
    assert!(said.contains("\r\nRCPT TO:<c@c.example>\r\nDATA\r\n"), "{said}");
}

#[test]
fn behind_a_power_failure_what_is_left_is_tried_at_once_and_what_was_taken_is_not() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["c@c.example", "e@e.example", "f@f.example"]);
    ends(&mut bench, 1, &TAKES);
    let before = bench.called().len();
    let effects = bench.restart();
    assert_eq!(bench.called()[before..], ["05012345678"]);
    let questions: Vec<String> = asked(&effects).into_iter().map(|question| question.name).collect();
    assert_eq!(questions, ["f.example"]);
    assert_eq!(bench.table.device.holds().mails, 2);
}

#[test]
fn behind_a_power_failure_a_call_has_another_call_id() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["c@c.example"]);
    bench.restart();
    assert_eq!(call_ids(&bench).len(), 2);
}

#[test]
fn behind_a_power_failure_a_mail_is_given_up_when_its_time_is_over() {
    let config = forwarding_by(|forwards| forwards.on_failure = OnFailure::Retry);
    let mut bench = Bench::new(MailServerConfig { retries: vec![Duration::secs(1800)], ..config });
    mails(&mut bench, &["c@c.example"]);
    // It was taken two hours ago, whenever the power came back.
    bench.table.now = Time(7_000_000_000);
    bench.restart();
    bench.answers(&bench.calls()[1].clone(), 486, "");
    assert_eq!((bench.queued().len(), bench.told().len()), (0, 1));
}

#[test]
fn of_two_mails_that_ask_the_same_each_gets_an_answer() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["1@f.example", "2@f.example"]);
    let questions = asked(&bench.seen);
    assert_eq!((questions.len(), &questions[0]), (2, &questions[1]));
    let exchange = Exchange { preference: 1, host: "mx.f.example".into() };
    let mut next = Vec::new();
    for question in &questions {
        next.extend(asked(&bench.resolves(question, NameAnswer::Exchanges(vec![exchange.clone()]))));
    }
    assert_eq!(next.len(), 2);
    let mut connections = Vec::new();
    for question in &next {
        let addresses = NameAnswer::Addresses(vec![IpAddr::from([10, 0, 0, 3])]);
        connections.extend(connected(&bench.resolves(question, addresses)));
    }
    assert!(connections.len() == 2 && connections[0].0 != connections[1].0, "{connections:?}");
    assert_eq!(bench.unexpected(), [""; 0]);
}

#[test]
fn an_answer_that_one_mail_no_longer_waits_for_is_that_of_the_other() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["1@f.example"]);
    bench.wait_ms(59_000);
    mails(&mut bench, &["2@f.example"]);
    let question = asked(&bench.seen).remove(0);
    // The first has given up asking.
    bench.wait_ms(1_000);
    let effects = bench.resolves(&question, NameAnswer::NoSuchName);
    assert_eq!(asked(&effects).len(), 1, "the second goes on");
    assert_eq!(bench.unexpected(), [""; 0]);
}

/// Of each durable effect, how many changes it is.
fn commits(effects: &[Effect]) -> Vec<usize> {
    let commits = effects.iter().filter_map(|effect| match effect {
        Effect::Durable(durable) => Some(durable.clone().each().len()),
        _ => None,
    });
    commits.collect()
}

#[test]
fn a_mail_is_there_for_all_its_recipients_at_once_and_before_the_250() {
    let mut bench = Bench::new(forwarding());
    let effects =
        bench.mail("bob@b.example", &["bob@b.example", "c@c.example", "e@e.example", "f@f.example"]);
    assert_eq!(commits(&effects), [4]);
    let kept = effects.iter().position(|effect| matches!(effect, Effect::Durable(Durable::Together(_))));
    let taken = effects.iter().position(|effect| said(std::slice::from_ref(effect)).contains("accepted"));
    assert!(kept.expect("a change") < taken.expect("250"));
}

#[test]
fn a_mail_leaves_the_queue_together_with_the_report_about_it() {
    let mut bench = Bench::new(forwarding());
    mails(&mut bench, &["c@c.example"]);
    let call = bench.opens(&bench.calls()[0]);
    let effects = bench.says(call.conn, &["220 a", "250 a", "250 a", "550 nobody", "221 a"]);
    assert_eq!(commits(&effects), [2]);
    assert!(matches!(changes(&effects)[..], [Durable::TakeMail { .. }, Durable::PutMail { .. }]));
}

#[test]
fn mails_of_one_chunk_are_one_change() {
    let mut bench = Bench::new(forwarding());
    let peer = SocketAddr::from(([10, 0, 0, 7], 40_000));
    bench.step(Event::Stream(CLIENT, StreamEvent::Accepted { port: SMTP_PORT, peer }));
    let mail = "MAIL FROM:<>\r\nRCPT TO:<c@c.example>\r\nDATA\r\n\r\nhi\r\n.\r\n";
    let effects = bench.says(CLIENT, &[&format!("EHLO a\r\n{mail}{mail}QUIT")]);
    assert_eq!(commits(&effects), [2]);
    assert_eq!(call_ids(&bench).len(), 2);
}
