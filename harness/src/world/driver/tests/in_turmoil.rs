use faxproof_devices::core::Time;
use faxproof_reports::Trace;

use super::super::run_turmoil_with;
use super::{broken, passed};
use crate::plan::{Act, LinkPlan, Match, Plan, Rule, StreamEnd};
use crate::world::testing::*;
use crate::world::{Options, World, run};

fn run_turmoil(plan: &Plan) -> Trace {
    let mut trace = Trace::default();
    run(plan, World::Turmoil, &mut trace).unwrap();
    trace
}

fn until(mut plan: Plan, seconds: u64) -> Plan {
    plan.until = Time(seconds * 1_000_000);
    plan
}

#[test]
fn datagrams_pass_as_in_the_virtual_world() {
    let plan = until(pings(), 12);
    let (turmoil, virtual_) = (run_turmoil(&plan), run_virtual(&plan).0);
    assert_eq!(passed(&turmoil), passed(&virtual_));
    assert_eq!(learnt(&turmoil, "ping"), learnt(&virtual_, "ping"));
}

#[test]
fn hosts_may_have_ipv6_addresses() {
    let at = |last| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into();
    let hosts = vec![
        host_at("ping", at(1), (at(2), 5060).into(), ping),
        host_at("echo", at(2), (at(1), 5060).into(), echo),
    ];
    let plan = until(plan(hosts), 3);
    assert_eq!(learnt(&run_turmoil(&plan), "ping"), learnt(&run_virtual(&plan).0, "ping"));
}

#[test]
fn times_are_those_of_the_virtual_world_within_two_ticks_a_hop() {
    let plan = until(pings(), 12);
    let (turmoil, virtual_) = (run_turmoil(&plan), run_virtual(&plan).0);
    for (a, b) in turmoil.entries.iter().zip(&virtual_.entries) {
        assert!(a.at_us.abs_diff(b.at_us) <= 4_000, "{a:?} {b:?}");
    }
}

#[test]
fn a_mail_passes_as_in_the_virtual_world() {
    let plan = until(mail(), 3);
    let (turmoil, virtual_) = (run_turmoil(&plan), run_virtual(&plan).0);
    assert_eq!(passed(&turmoil), passed(&virtual_));
    assert_eq!(learnt(&turmoil, "a"), learnt(&virtual_, "a"));
}

#[test]
fn a_run_leaves_the_same_trace_twice() {
    let mut plan = until(mail(), 20);
    plan.network.default = LinkPlan { loss_ppm: 300_000, jitter_us: 9_000, ..LinkPlan::default() };
    assert_eq!(lines(&run_turmoil(&plan)), lines(&run_turmoil(&plan)));
}

#[test]
fn loss_and_jitter_are_decided_as_in_the_virtual_world() {
    let mut plan = until(pings(), 12);
    plan.network.default = LinkPlan { loss_ppm: 300_000, jitter_us: 9_000, ..LinkPlan::default() };
    let (turmoil, virtual_) = (run_turmoil(&plan), run_virtual(&plan).0);
    assert_eq!(learnt(&turmoil, "ping"), learnt(&virtual_, "ping"));
}

#[test]
fn a_partition_of_turmoil_changes_the_run() {
    let plan = until(pings(), 12);
    let mut trace = Trace::default();
    let cut = |sim: &turmoil::Sim<'_>, now: Time| {
        if now == Time(5_500_000) {
            sim.partition(address(1), address(2));
        }
    };
    run_turmoil_with(&plan, &Options::default(), &mut trace, cut).unwrap();
    let answers = learnt(&trace, "ping").iter().filter(|text| text.contains("200 OK")).count();
    assert_eq!(answers, 5);
}

#[test]
fn a_port_without_listener_refuses() {
    let plan = plan(vec![host("a", 1, (2, 26), client), host("b", 2, (1, 25), server)]);
    let trace = run_turmoil(&until(plan, 2));
    assert!(learnt(&trace, "a").iter().any(|text| &**text == "refused"));
}

#[test]
fn a_host_without_power_lets_a_connect_time_out() {
    let mut plan = until(mail(), 66);
    plan.hosts[1].power_on = None;
    assert!(learnt(&run_turmoil(&plan), "a").iter().any(|text| &**text == "timedout"));
}

#[test]
fn rules_act_on_streams() {
    let on = Match { label: Some("354".into()), ..Match::default() };
    let ends = [StreamEnd::Reset, StreamEnd::Close, StreamEnd::HalfClose, StreamEnd::Stall];
    let cuts = ends.into_iter().flat_map(|by| [0, 2].map(|after_bytes| Act::Cut { after_bytes, by }));
    for act in cuts.chain([Act::Drop, Act::Delay { by_us: 500_000 }]) {
        let plan = until(with_rule(mail(), Rule { on: on.clone(), act }), 3);
        assert_eq!(learnt(&run_turmoil(&plan), "a"), learnt(&run_virtual(&plan).0, "a"));
    }
}

#[test]
fn rules_act_on_connects() {
    let on = Match { label: Some("connect".into()), ..Match::default() };
    for act in [Act::Refuse, Act::Unreachable, Act::Drop, Act::Delay { by_us: 500_000 }] {
        let plan = until(with_rule(mail(), Rule { on: on.clone(), act }), 66);
        assert_eq!(learnt(&run_turmoil(&plan), "a"), learnt(&run_virtual(&plan).0, "a"));
    }
}

#[test]
fn a_rule_lets_the_addressee_fail_before_it_reads_the_message() {
    let on = Match { label: Some("OPTIONS".into()), nth: vec![3], ..Match::default() };
    let act = Act::Crash { host: "echo".into(), back_after_us: Some(500_000) };
    let plan = until(with_rule(pings(), Rule { on, act }), 12);
    assert_eq!(learnt(&run_turmoil(&plan), "echo"), learnt(&run_virtual(&plan).0, "echo"));
}

#[test]
#[should_panic(expected = "a device is broken")]
fn a_panic_of_a_device_surfaces() {
    run_turmoil(&until(plan(vec![host("a", 1, (2, 25), broken)]), 1));
}
