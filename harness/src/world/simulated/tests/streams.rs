use faxproof_devices::core::{Effect, Event, Outbox, StreamEvent, Time};
use faxproof_reports::{Entry, Fate, Trace, What};

use super::super::VirtualWorld;
use crate::plan::{Act, LinkPlan, Match, Outage, PlannedAction, PlannedWhat, Rule, StreamEnd, StreamPlan};
use crate::world::Options;
use crate::world::testing::*;

const ALL_REPLIES: [&str; 5] =
    ["bytes 220 b", "bytes 250 ok", "bytes 354 go", "bytes 250 taken", "bytes 250 ok"];

fn replies(trace: &Trace) -> Vec<String> {
    learnt(trace, "a").iter().filter(|t| t.starts_with("bytes")).map(|t| t.to_string()).collect()
}

fn heard(trace: &Trace, name: &str, text: &str) -> Option<u64> {
    let found = |entry: &&Entry| matches!(&entry.what, What::Notice { host, text: told, .. } if &**host == name && &**told == text);
    trace.entries.iter().find(found).map(|entry| entry.at_us)
}

fn on(label: &str, act: Act) -> Rule {
    Rule { on: Match { label: Some(label.into()), ..Match::default() }, act }
}

fn cut(by: StreamEnd) -> Act {
    Act::Cut { after_bytes: 0, by }
}

fn with_stream(stream: StreamPlan) -> Trace {
    let mut plan = mail();
    plan.network.default.stream = stream;
    run_virtual(&plan).0
}

#[test]
fn a_mail_goes_over_and_its_units_are_in_the_trace() {
    let (trace, _) = run_virtual(&mail());
    assert_eq!(replies(&trace), ALL_REPLIES);
    let labels = trace.entries.iter().filter_map(|e| match &e.what {
        What::Message { label, .. } => Some(&**label),
        What::Connection { event, .. } => Some(&**event),
        _ => None,
    });
    let labels = labels.collect::<Vec<_>>();
    let wanted = "opened 220 EHLO 250 DATA 354 message 250 QUIT 250 client closed server closed";
    assert_eq!(labels.join(" "), wanted);
}

#[test]
fn chunks_of_one_byte_make_no_difference() {
    let mut trace = Trace::default();
    let options = Options { chunk_bytes: Some(1), ..Options::default() };
    VirtualWorld::new(&mail(), &options).unwrap().run(&mut trace);
    let lines = |trace: &Trace| {
        let messages = trace.entries.iter().filter(|e| matches!(e.what, What::Message { .. }));
        messages.map(|entry| format!("{entry:?}")).collect::<Vec<_>>()
    };
    assert_eq!(lines(&trace), lines(&run_virtual(&mail()).0));
}

#[test]
fn a_port_without_listener_refuses_after_a_round_trip() {
    let (trace, _) = run_virtual(&plan(vec![host("a", 1, (2, 26), client), host("b", 2, (1, 25), server)]));
    assert_eq!(heard(&trace, "a", "refused"), Some(1_010_000));
}

#[test]
fn a_host_without_power_lets_a_connect_time_out() {
    let mut plan = mail();
    plan.hosts[1].power_on = None;
    assert_eq!(heard(&run_virtual(&plan).0, "a", "timedout"), Some(64_000_000));
}

#[test]
fn a_repeated_syn_reaches_a_host_that_got_power_meanwhile() {
    let mut plan = mail();
    plan.hosts[1].power_on = Some(Time(2_500_000));
    // SYNs leave at 1, 2 and 4 s.
    assert_eq!(heard(&run_virtual(&plan).0, "a", "opened"), Some(4_010_000));
}

#[test]
fn no_such_host_is_unreachable() {
    let trace = run_virtual(&plan(vec![host("a", 1, (9, 25), client)])).0;
    assert_eq!(heard(&trace, "a", "unreachable"), Some(1_010_000));
}

#[test]
fn loss_on_a_stream_is_delay() {
    let mut plan = mail();
    plan.network.default = LinkPlan { loss_ppm: 300_000, ..LinkPlan::default() };
    let (trace, _) = run_virtual(&plan);
    assert_eq!(replies(&trace), ALL_REPLIES);
    let last = heard(&trace, "b", "fin");
    assert!(last.is_some_and(|at| at > 2_000_000), "{last:?}");
}

#[test]
fn a_partition_that_lasts_resets_the_sender() {
    let mut plan = mail();
    // EHLO leaves at 1.010 s.
    plan.network.default.outages =
        vec![Outage { from: Time(1_010_000), to: Time(200_000_000), unreachable: false }];
    let (trace, _) = run_virtual(&plan);
    assert_eq!(heard(&trace, "a", "reset"), Some(64_010_000));
}

#[test]
fn a_host_that_restarted_answers_with_reset() {
    let mut plan = mail();
    let action = |at, what| PlannedAction { at: Time(at), host: 1, step: 1, text: "power".into(), what };
    plan.actions = [action(1_012_000, PlannedWhat::PowerOff), action(1_500_000, PlannedWhat::PowerOn)].into();
    let (trace, _) = run_virtual(&plan);
    // EHLO would have arrived at 1.015 s; its repetition arrives at 2.015 s.
    assert_eq!(heard(&trace, "a", "reset"), Some(2_020_000));
}

#[test]
fn a_dropped_unit_stalls_its_direction_only() {
    let (trace, _) = run_virtual(&with_rule(mail(), on("DATA", Act::Drop)));
    assert_eq!(replies(&trace), ALL_REPLIES[..2]);
    let dropped =
        |e: &Entry| matches!(&e.what, What::Message { label, fate: Fate::Dropped, .. } if &**label == "DATA");
    assert!(trace.entries.iter().any(dropped));
}

#[test]
fn a_delayed_unit_delays_what_follows() {
    let (trace, _) = run_virtual(&with_rule(mail(), on("354", Act::Delay { by_us: 7_000_000 })));
    assert_eq!(replies(&trace), ALL_REPLIES);
    assert!(heard(&trace, "b", "fin").is_some_and(|at| at > 8_000_000));
}

#[test]
fn a_rule_resets_both_ends() {
    let (trace, _) = run_virtual(&with_rule(mail(), on("message", cut(StreamEnd::Reset))));
    assert!(heard(&trace, "a", "reset").is_some() && heard(&trace, "b", "reset").is_some());
}

#[test]
fn a_rule_closes_in_place_of_a_unit() {
    let (trace, _) = run_virtual(&with_rule(mail(), on("354", cut(StreamEnd::HalfClose))));
    assert_eq!(replies(&trace), ALL_REPLIES[..2]);
    assert!(heard(&trace, "a", "fin").is_some());
}

#[test]
fn a_rule_replaces_a_reply() {
    let (trace, _) = run_virtual(&with_rule(
        mail(),
        on("354", Act::Replace { text: crate::template::Template::plain("451 no\r\n") }),
    ));
    assert!(heard(&trace, "a", "bytes 451 no").is_some());
}

#[test]
fn a_large_send_is_followed_by_writable() {
    fn flood(memory: &mut Memory, now: Time, event: &Event, out: &mut Outbox) {
        match event {
            Event::Stream(conn, StreamEvent::Opened) => out.send(*conn, vec![b'x'; 100_000]),
            event => client(memory, now, event, out),
        }
    }
    let (trace, _) = run_virtual(&plan(vec![host("a", 1, (2, 25), flood), host("b", 2, (1, 25), server)]));
    assert_eq!(heard(&trace, "a", "writable"), Some(1_020_000));
}

#[test]
fn bytes_for_a_closed_connection_are_reset() {
    fn rude(_: &mut Memory, _: Time, event: &Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { .. } => out.push(Effect::Listen { port: 25 }),
            Event::Stream(conn, StreamEvent::Accepted { .. }) => {
                out.send(*conn, "220 b\r\n");
                out.push(Effect::Close(*conn));
            }
            _ => {}
        }
    }
    let (trace, _) = run_virtual(&plan(vec![host("a", 1, (2, 25), client), host("b", 2, (1, 25), rude)]));
    assert!(heard(&trace, "a", "fin") < heard(&trace, "a", "reset"));
}

#[test]
fn a_connect_is_refused_dropped_or_told_that_there_is_no_way() {
    for (act, heard_at, text) in [
        (Act::Refuse, 1_010_000, "refused"),
        (Act::Unreachable, 1_010_000, "unreachable"),
        (Act::Drop, 64_000_000, "timedout"),
        (Act::Delay { by_us: 500_000 }, 1_510_000, "opened"),
    ] {
        let (trace, _) = run_virtual(&with_rule(mail(), on("connect", act)));
        assert_eq!(heard(&trace, "a", text), Some(heard_at), "{text}");
    }
}

#[test]
fn a_rule_for_every_message_means_no_connect() {
    let rule = Rule { on: Match::default(), act: Act::Delay { by_us: 1 } };
    let (trace, _) = run_virtual(&with_rule(mail(), rule));
    assert_eq!(heard(&trace, "a", "opened"), Some(1_010_000));
}

#[test]
fn a_part_of_a_unit_arrives_before_the_cut() {
    let act = Act::Cut { after_bytes: 2, by: StreamEnd::Reset };
    let (trace, _) = run_virtual(&with_rule(mail(), on("message", act)));
    assert!(learnt(&trace, "b").contains(&"bytes on".into()), "{:?}", learnt(&trace, "b"));
    assert!(heard(&trace, "a", "reset").is_some() && heard(&trace, "b", "reset").is_some());
}

#[test]
fn after_a_half_close_the_other_direction_goes_on() {
    let (trace, _) = run_virtual(&with_rule(mail(), on("DATA", cut(StreamEnd::HalfClose))));
    assert!(heard(&trace, "b", "fin").is_some());
    assert!(!lines(&trace).iter().any(|line| line.contains("Unexpected")), "{:#?}", lines(&trace));
}

#[test]
fn a_close_tells_both_ends() {
    let (trace, _) = run_virtual(&with_rule(mail(), on("354", cut(StreamEnd::Close))));
    assert!(heard(&trace, "a", "fin").is_some() && heard(&trace, "b", "fin").is_some());
}

#[test]
fn a_connection_ends_after_so_many_bytes_of_a_direction() {
    let trace = with_stream(StreamPlan { cut_after: Some((10, StreamEnd::Reset)), ..StreamPlan::default() });
    // The greeting has 7 bytes, so three of the 250 pass.
    assert!(learnt(&trace, "a").contains(&"bytes 250".into()), "{:?}", learnt(&trace, "a"));
    assert!(heard(&trace, "a", "reset").is_some() && heard(&trace, "b", "reset").is_some());
}

#[test]
fn a_slow_reader_gets_its_bytes_late() {
    let trace = with_stream(StreamPlan { reads_bytes_per_s: Some(10), ..StreamPlan::default() });
    // Seven bytes of greeting take 0.7 s after their arrival at 1.010 s.
    assert_eq!(heard(&trace, "a", "bytes 220 b"), Some(1_710_000));
    assert_eq!(replies(&trace), ALL_REPLIES);
}

#[test]
fn a_link_hands_over_in_chunks() {
    let trace = with_stream(StreamPlan { chunk_bytes: Some(3), ..StreamPlan::default() });
    assert!(learnt(&trace, "a").contains(&"bytes 220".into()));
    assert!(heard(&trace, "b", "fin").is_some());
}

#[test]
fn what_has_come_since_the_receiver_looked_is_one_chunk() {
    let stream = StreamPlan { chunk_bytes: Some(3), joins_us: Some(100_000), ..StreamPlan::default() };
    let trace = with_stream(stream);
    // The greeting leaves at 1.010 s in three pieces.
    assert_eq!(heard(&trace, "a", "bytes 220 b"), Some(1_100_000));
    assert!(!learnt(&trace, "a").contains(&"bytes 220".into()));
    assert_eq!(replies(&trace), ALL_REPLIES);
}

#[test]
fn a_rate_delays_each_segment_behind_the_one_before() {
    let mut plan = mail();
    plan.network.default.rate_bps = Some(8_000);
    // 47 bytes of a segment at a byte in a millisecond.
    assert_eq!(heard(&run_virtual(&plan).0, "a", "bytes 220 b"), Some(1_010_000 + 47_000 + 5_000 - 5_000));
}
