use super::*;
use crate::samples::*;
use crate::trace::Entry;

const HOSTS: [&str; 4] = ["alice", "sip", "location", "bob"];

fn draw(entries: Vec<Entry>) -> String {
    let text = ladder(&declaration(&HOSTS), &Trace { entries });
    text.lines().skip(2).map(|line| format!("{line}\n")).collect()
}

fn call() -> Vec<Entry> {
    vec![
        power(0, "alice", true),
        power(0, "bob", true),
        order(1_000, "alice", 1, "send image (1 page) to 050-1234-5678"),
        mark(1_000, "alice", "4.S1.ordered"),
        mark(1_000, "alice", "4.S2.unknown"),
        datagram(1_000, "alice", "sip", "INVITE", "1"),
        datagram(1_005, "sip", "location", "INVITE", "2"),
        datagram(1_010, "location", "sip", "302 INVITE", "3"),
        datagram(1_015, "sip", "bob", "INVITE", "4"),
        datagram(1_020, "bob", "sip", "200 INVITE", "5"),
        datagram(1_025, "sip", "alice", "200 INVITE", "6"),
        datagram(1_030, "alice", "bob", "ACK", "7"),
        mark(1_065, "alice", "4.S2.answered"),
        connection(1_100, 0, "alice", "bob", 40125, "opened"),
        stream_unit(1_105, "bob", "alice", false, "220", "220 bob ready\r\n"),
        stream_unit(1_110, "alice", "bob", true, "EHLO", "EHLO alice\r\n"),
        connection(1_200, 0, "alice", "bob", 40125, "client closed"),
        printed_page(1_300, "bob", Some(page(1728, 96, faxproof_wire::page::Resolution::Fine)), None),
    ]
}

#[test]
fn a_call() {
    let text = ladder(&declaration(&HOSTS), &Trace { entries: call() });
    insta::assert_snapshot!(text);
}

#[test]
fn every_kind_of_entry() {
    insta::assert_snapshot!(ladder(&declaration(&["alice", "sip", "bob"]), &every_kind()));
}

#[test]
fn four_hosts_fit_into_110_columns() {
    let entries = [call(), every_kind().entries].concat();
    let entries = entries.into_iter().filter(|entry| !format!("{entry:?}").contains("10.9.9.9")).collect();
    let text = ladder(&declaration(&HOSTS), &Trace { entries });
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(110), "{widest:?}");
}

#[test]
fn equal_datagrams_fold_into_the_first_with_their_offsets() {
    let copy = |at_ms| datagram(at_ms, "alice", "sip", "INVITE", "same");
    let got = draw(vec![copy(0), copy(500), mark(600, "sip", "x"), copy(1_500), copy(3_500)]);
    insta::assert_snapshot!(got);
}

#[test]
fn copies_with_other_bytes_do_not_fold() {
    let got =
        draw(vec![datagram(0, "alice", "sip", "INVITE", "1"), datagram(1, "alice", "sip", "INVITE", "2")]);
    assert_eq!(got.lines().count(), 2);
}

#[test]
fn copies_that_all_got_lost_have_a_broken_arrow() {
    let copy = |at_ms| datagram_with(at_ms, "alice", "sip", "INVITE", "same", Fate::Lost);
    insta::assert_snapshot!(draw(vec![copy(0), copy(500)]));
}

#[test]
fn copies_with_different_fates_say_which_got_lost() {
    let lost = |at_ms| datagram_with(at_ms, "sip", "alice", "200 INVITE", "same", Fate::Lost);
    let got = draw(vec![lost(0), lost(500), datagram(1_500, "sip", "alice", "200 INVITE", "same")]);
    insta::assert_snapshot!(got);
}

#[test]
fn many_copies_wrap_within_the_width() {
    let copy = |at_ms| datagram(at_ms, "alice", "bob", "200 INVITE", "same");
    let got =
        draw([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500].map(copy).into());
    assert!(got.lines().all(|line| line.chars().count() <= 110), "{got}");
    insta::assert_snapshot!(got);
}

#[test]
fn a_refused_connection_has_a_broken_arrow() {
    insta::assert_snapshot!(draw(vec![connection(0, 0, "alice", "bob", 25, "refused")]));
}

#[test]
fn a_second_connection_between_two_hosts_has_a_number() {
    insta::assert_snapshot!(draw(vec![
        connection(0, 0, "alice", "bob", 40125, "opened"),
        connection(1, 1, "bob", "alice", 40126, "opened"),
        connection(2, 2, "alice", "bob", 40127, "opened"),
        connection(3, 2, "alice", "bob", 40127, "server reset"),
        connection(4, 0, "alice", "bob", 40125, "client closed"),
    ]));
}

#[test]
fn a_slow_message_says_when_it_arrives() {
    let fate = Fate::Delivered { at_us: 2_500_000 };
    insta::assert_snapshot!(draw(vec![datagram_with(1_000, "bob", "location", "BYE", "", fate)]));
}

#[test]
fn a_label_that_does_not_fit_is_told_beside_the_lanes() {
    let got = draw(vec![datagram(0, "alice", "sip", "a-very-long-method-name", "")]);
    insta::assert_snapshot!(got);
}

#[test]
fn a_host_that_is_not_declared_gets_a_lane_without_its_port() {
    let entries = vec![datagram(0, "alice", "192.0.2.7:40999", "INVITE", "")];
    insta::assert_snapshot!(ladder(&declaration(&["alice"]), &Trace { entries }));
}

#[test]
fn with_very_many_hosts_lines_name_both_ends() {
    let names: Vec<String> = (0..20).map(|number| format!("fax{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let entries = names.windows(2).map(|pair| datagram(0, pair[0], pair[1], "INVITE", "")).collect();
    let text = ladder(&declaration(&names), &Trace { entries });
    assert_eq!(text.lines().nth(2), Some("   0.000000 fax0: -> fax1: INVITE"));
}

#[test]
fn of_many_hosts_only_those_that_act_have_a_lane() {
    let names: Vec<String> = (0..20).map(|number| format!("fax{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let entries = vec![datagram(0, "fax3", "fax17", "INVITE", "")];
    let text = ladder(&declaration(&names), &Trace { entries });
    assert_eq!(text.lines().nth(1), Some("       time fax3                          fax17"));
}

#[test]
fn a_long_ladder_is_cut_and_says_so() {
    let entries = (0..200).map(|at_ms| mark(at_ms, "alice", "4.S1.ordered")).collect();
    let text = ladder(&declaration(&HOSTS), &Trace { entries });
    assert_eq!(text.lines().count(), 120);
    assert_eq!(text.lines().last(), Some("... 83 more steps")); // 2 + 200 - 119
}

#[test]
fn a_step_of_several_lines_is_cut_whole() {
    let words = "word ".repeat(60);
    let steps = |count| -> Vec<Entry> { (0..count).map(|at_ms| order(at_ms, "alice", 1, &words)).collect() };
    let lines_of_one = draw(steps(1)).lines().count();
    let cut = draw(steps(200)).lines().count() - 1;
    assert_eq!((lines_of_one, cut), (4, 116));
}

#[test]
fn a_ladder_of_120_lines_is_whole() {
    let entries = (0..118).map(|at_ms| mark(at_ms, "alice", "4.S1.ordered")).collect();
    let text = ladder(&declaration(&HOSTS), &Trace { entries });
    assert_eq!(text.lines().count(), 120);
    assert!(!text.contains("more steps"));
}

#[test]
fn a_secret_that_became_a_label_is_not_shown() {
    let got = draw(vec![
        stream_unit(0, "bob", "alice", false, "334", "334 \r\n"),
        stream_unit(1, "alice", "bob", true, "c2VjcmV0", "c2VjcmV0\r\n"),
    ]);
    assert!(got.contains("=redacted=") && !got.contains("c2V"), "{got}");
}

#[test]
fn days_into_a_run_the_time_still_has_its_own_columns() {
    let got = draw(vec![mark(1, "alice", "x"), mark(123_456_789_000, "alice", "y")]);
    let starts: Vec<&str> = got.lines().map(|line| &line[..19]).collect();
    assert_eq!(starts, ["        0.001000 | ", "123456789.000000 | "]);
}

#[test]
fn no_host_and_nothing_seen_is_only_the_title() {
    let text = ladder(&declaration(&[]), &Trace::default());
    assert_eq!(text, "# The first call learns the protocol\n       time\n");
}
