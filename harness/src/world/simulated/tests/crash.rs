use faxproof_devices::core::{Durable, Effect, Event, Outbox, Time};
use faxproof_reports::{Trace, What};

use super::super::VirtualWorld;
use crate::plan::{Act, Match, Rule};
use crate::world::testing::*;
use crate::world::{CrashAfterDurable, Options};

/// Commits three rows in one step, at its first start only, and then sends.
fn clerk(memory: &mut Memory, _: Time, event: &Event, out: &mut Outbox) {
    if let Event::PowerOn { boots: 1, .. } = event {
        for position in 0..3 {
            let row = vec![("NUMBER", position.to_string())];
            out.durable(Durable::CommitRow { table: "Ta1", position, added: true, row });
        }
        out.push(Effect::Datagram { to: memory.peer, bytes: request(memory.me, 1, 1) });
    }
}

#[test]
fn a_crash_between_durable_effects_keeps_those_before_it() {
    let plan = plan(vec![host("clerk", 1, (2, 5060), clerk), host("echo", 2, (1, 5060), echo)]);
    let crash = CrashAfterDurable { host: "clerk".into(), after: 2, back_after_us: Some(1_000_000) };
    let options = Options { crash_after_durable: Some(crash), ..Options::default() };
    let mut trace = Trace::default();
    let outcome = VirtualWorld::new(&plan, &options).unwrap().run(&mut trace);
    let told = learnt(&trace, "clerk");
    assert_eq!(
        told.iter().map(|t| &**t).collect::<Vec<_>>(),
        ["power on 1, 0 committed", "power on 2, 2 committed"]
    );
    assert_eq!(outcome.durables, [("clerk".into(), 2), ("echo".into(), 0)]);
    assert!(!trace.entries.iter().any(|entry| matches!(entry.what, What::Message { .. })));
}

fn crash(host: &str) -> Rule {
    let on = Match { label: Some("OPTIONS".into()), nth: vec![3], ..Match::default() };
    Rule { on, act: Act::Crash { host: host.into(), back_after_us: Some(500_000) } }
}

#[test]
fn a_rule_lets_the_addressee_fail_before_it_reads_the_message() {
    let (trace, _) = run_virtual(&with_rule(pings(), crash("echo")));
    let answers = learnt(&trace, "ping").iter().filter(|text| text.contains("200 OK")).count();
    assert_eq!(answers, 9);
    assert!(learnt(&trace, "echo").iter().any(|text| &**text == "power on 2, 0 committed"));
}

#[test]
fn a_rule_lets_the_sender_fail_after_the_message_has_left() {
    let (trace, _) = run_virtual(&with_rule(pings(), crash("ping")));
    let requests = learnt(&trace, "echo").iter().filter(|text| text.contains("OPTIONS")).count();
    // Three before the failure, ten in its second life.
    assert_eq!(requests, 13);
}

#[test]
fn timers_die_with_the_power() {
    let mut rule = crash("ping");
    rule.act = Act::Crash { host: "ping".into(), back_after_us: None };
    let (trace, outcome) = run_virtual(&with_rule(pings(), rule));
    assert!(outcome.ended_at < Time(3_100_000));
    assert!(trace.entries.iter().all(|entry| entry.at_us < 3_100_000));
}
