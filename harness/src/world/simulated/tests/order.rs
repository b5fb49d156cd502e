use faxproof_reports::{Fate, Trace, What};

use super::super::VirtualWorld;
use crate::plan::{LinkPlan, Outage, Plan};
use crate::world::testing::*;
use crate::world::{Options, World, WorldError, run};
use faxproof_devices::core::{Event, Outbox, Time};

fn lossy(mut plan: Plan) -> Plan {
    let link =
        LinkPlan { loss_ppm: 200_000, duplicate_ppm: 100_000, jitter_us: 3_000, ..LinkPlan::default() };
    plan.network.default = link;
    plan
}

#[test]
fn a_run_leaves_the_same_trace_twice() {
    let plan = lossy(pings());
    assert_eq!(lines(&run_virtual(&plan).0), lines(&run_virtual(&plan).0));
}

#[test]
fn entries_come_in_the_order_of_their_time() {
    let (trace, _) = run_virtual(&lossy(pings()));
    assert!(trace.entries.is_sorted_by_key(|entry| entry.at_us));
}

#[test]
fn an_unrelated_host_changes_no_entry_of_the_others() {
    let plan = lossy(pings());
    let mut more = plan.clone();
    // Its name sorts between and its first message leaves at the same time.
    more.hosts.insert(0, host("m", 9, (2, 5060), ping));
    let (before, after) = (run_virtual(&plan).0, run_virtual(&more).0);
    assert_eq!(lines_of(&before, "ping"), lines_of(&after, "ping"));
    assert_ne!(lines(&before), lines(&after));
}

#[test]
fn an_unrelated_call_of_the_same_host_changes_no_entry_of_the_others() {
    fn busy(memory: &mut Memory, now: Time, event: &Event, out: &mut Outbox) {
        if matches!(event, Event::PowerOn { .. } | Event::Timer(_)) {
            out.datagram(memory.peer, request("other call", memory.boots, memory.count));
        }
        ping(memory, now, event, out);
    }
    let plan = lossy(pings());
    let mut more = plan.clone();
    more.hosts[0] = host("ping", 1, (2, 5060), busy);
    let of_first_call = |plan: &Plan| {
        let messages = run_virtual(plan).0.entries.into_iter().filter(|entry| match &entry.what {
            What::Message { bytes, .. } => !String::from_utf8_lossy(bytes).contains("other call"),
            _ => false,
        });
        messages.map(|entry| format!("{entry:?}")).collect::<Vec<_>>()
    };
    assert_eq!(of_first_call(&plan), of_first_call(&more));
}

#[test]
fn loss_lets_some_through_and_not_others() {
    let (trace, _) = run_virtual(&lossy(pings()));
    let fates = |wanted: fn(&Fate) -> bool| {
        let is = |what: &What| matches!(what, What::Message { fate, .. } if wanted(fate));
        trace.entries.iter().filter(|entry| is(&entry.what)).count()
    };
    assert!(fates(|fate| *fate == Fate::Lost) > 0);
    assert!(fates(|fate| matches!(fate, Fate::Delivered { .. })) > 0);
}

#[test]
fn of_two_copies_the_first_to_arrive_is_the_message() {
    let mut plan = pings();
    plan.network.default = LinkPlan { duplicate_ppm: 1_000_000, jitter_us: 3_000, ..LinkPlan::default() };
    let mut asked_us = 0;
    for entry in &run_virtual(&plan).0.entries {
        let What::Message { from, fate: Fate::Delivered { at_us }, .. } = &entry.what else { continue };
        if &**from == "ping" {
            asked_us = *at_us;
        } else {
            assert!(asked_us <= entry.at_us, "an answer left before its question had arrived");
        }
    }
}

#[test]
fn a_fork_in_the_middle_leaves_the_original_as_it_was() {
    let plan = lossy(pings());
    let whole = run_virtual(&plan);
    let mut trace = Trace::default();
    let mut world = VirtualWorld::new(&plan, &Options::default()).unwrap();
    world.run_to(Time(3_500_000), &mut trace);
    let (mut fork, mut forked) = (world.clone(), trace.clone());
    assert_eq!(fork.run(&mut forked), whole.1);
    assert_eq!(world.run(&mut trace), whole.1);
    assert_eq!(lines(&forked), lines(&whole.0));
    assert_eq!(lines(&trace), lines(&whole.0));
}

#[test]
fn a_datagram_to_nobody_comes_back_as_unreachable() {
    let (trace, _) = run_virtual(&plan(vec![host("ping", 1, (77, 5060), ping)]));
    assert!(learnt(&trace, "ping").iter().any(|text| &**text == "no such address"));
}

#[test]
fn a_datagram_to_a_host_without_power_is_lost_in_silence() {
    let mut plan = pings();
    plan.hosts[1].power_on = None;
    let (trace, _) = run_virtual(&plan);
    assert!(learnt(&trace, "ping").iter().all(|text| &**text != "no such address"));
    let lost = |what: &What| matches!(what, What::Message { fate: Fate::Lost, .. });
    assert_eq!(trace.entries.iter().filter(|entry| lost(&entry.what)).count(), 10);
}

#[test]
fn a_partition_lets_nothing_through_while_it_lasts() {
    let mut plan = pings();
    plan.network.default.outages =
        vec![Outage { from: Time(2_500_000), to: Time(4_500_000), unreachable: false }];
    let (trace, _) = run_virtual(&plan);
    let answers = learnt(&trace, "ping").iter().filter(|text| text.contains("200 OK")).count();
    assert_eq!(answers, 8);
}

#[test]
fn a_real_device_is_refused() {
    let mut plan = pings();
    let sip = std::net::SocketAddr::new(address(2), 5060);
    plan.hosts[1].box_ = crate::plan::PlannedBox::External { sip: Some(sip) };
    let refused = run(&plan, World::Virtual, &mut Trace::default());
    assert!(matches!(refused, Err(WorldError::External(name)) if &*name == "echo"));
}
