//! The same call of real devices in every world.

use std::collections::BTreeMap;

use faxproof_reports::{Carrier, Trace, What};

use crate::scenario::{Base, Scenario};
use crate::world::{World, run};

const CALL: &str = "\
version: 1
title: A fax learns the protocol of another
hosts:
  alice:
    fax: 1
    number: 050-0000-9999
    ta1:
      - { destination: efg CO., number: 050-1234-5678 }
  bob: { fax: 1, number: 050-1234-5678, habits: { ring_after: 10ms, answer_after: 50ms } }
  sip: { sip-server: {} }
  location: { location-server: {} }
documents:
  page: { text: Hello }
steps:
  - { at: 500ms, host: alice, send: page, to: 050-1234-5678 }
ends_at: 2500ms
";

/// The labels that passed between two hosts, or on one connection, in their order.
fn passed(world: World) -> BTreeMap<String, Vec<String>> {
    let scenario = Scenario::parse("call.yaml", CALL, &Base::BuiltIn(String::new())).unwrap();
    let plan = scenario.compile("call", world, None).unwrap();
    let mut trace = Trace::default();
    run(&plan, world, &mut trace).unwrap();
    let mut passed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in trace.entries {
        if let What::Message { from, to, carrier, label, .. } = entry.what {
            let (a, b) = if from < to { (&from, &to) } else { (&to, &from) };
            let place = match carrier {
                Carrier::Datagram { .. } => format!("{a} {b}"),
                Carrier::Stream { connection, .. } => format!("{a} {b} connection {connection}"),
            };
            passed.entry(place).or_default().push(format!("{from} {to} {label}"));
        }
    }
    passed
}

#[test]
fn a_call_passes_in_turmoil_as_in_the_virtual_world() {
    let expected = passed(World::Virtual);
    assert!(expected.values().flatten().any(|passed| passed == "alice bob message"), "{expected:#?}");
    assert_eq!(passed(World::Turmoil), expected);
}

#[test]
fn a_call_passes_on_sockets_as_in_the_virtual_world() {
    assert_eq!(passed(World::Sockets), passed(World::Virtual));
}
