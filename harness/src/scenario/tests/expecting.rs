//! Expectations against traces.

use std::net::SocketAddr;

use faxproof_reports::{Carrier, Entry, Fate, Finding, Medium, Trace, Verdict, What};

use super::super::expect;
use super::{CALL, parsed};
use crate::world::World;

/// What the expectations make of these entries.
fn findings(expectations: &str, seen: Vec<What>) -> Vec<Finding> {
    let scenario = parsed(&CALL.replace("steps:", &format!("{expectations}\nsteps:")));
    let declaration = scenario.compile("call", World::Virtual, None).expect("a plan").declaration;
    let entries = seen.into_iter().map(|what| Entry { at_us: 0, what }).collect();
    expect::check(&scenario.script, &declaration, &Trace { entries })
}

fn texts(expectations: &str, seen: Vec<What>) -> Vec<String> {
    findings(expectations, seen)
        .into_iter()
        .map(|finding| format!("{}: {}", finding.rule, finding.text))
        .collect()
}

fn mark(call: u64, arc: &str) -> What {
    What::Mark { host: "alice".into(), call, arc: arc.into() }
}

fn row(change: &str, position: u32, number: &str, protocol: &str) -> What {
    let column = |name: &str, value: &str| (name.into(), value.into());
    let row = vec![column("destination", ""), column("number", number), column("protocol", protocol)];
    What::Row { host: "alice".into(), table: "Ta1".into(), change: change.into(), position, row }
}

#[test]
fn the_same_arcs_meet_the_expectation() {
    let seen = vec![mark(7, "4.S2.answered"), mark(7, "4.S5.registered")];
    assert_eq!(texts("expect: { arcs: { alice: [4.S2.answered, 4.S5.registered] } }", seen), [""; 0]);
}

#[test]
fn the_first_arc_that_differs_is_named() {
    let seen = vec![mark(7, "4.S2.answered"), mark(7, "4.S5.number-unknown")];
    assert_eq!(
        texts("expect: { arcs: { alice: [4.S2.answered, 4.S5.registered] } }", seen),
        [
            "expect.arcs: alice took 4.S5.number-unknown after 4.S2.answered over all its calls; expected was 4.S5.registered"
        ]
    );
}

#[test]
fn a_walk_that_stops_early_is_a_miss() {
    assert_eq!(
        texts("expect: { arcs: { alice: [4.S2.answered] } }", vec![]),
        ["expect.arcs: alice stopped at the start over all its calls; expected was 4.S2.answered"]
    );
}

#[test]
fn calls_are_told_apart() {
    let seen = || vec![mark(7, "4.S2.answered"), mark(8, "4.S2.silent"), mark(7, "4.S5.registered")];
    let calls = "expect: { calls: { alice: [[4.S2.answered, 4.S5.registered], [4.S2.silent]] } }";
    assert_eq!(texts(calls, seen()), [""; 0]);
    assert_eq!(
        texts("expect: { calls: { alice: [[4.S2.answered, 4.S5.registered]] } }", seen()),
        ["expect.arcs: alice made 2 calls, and 1 were expected"]
    );
}

#[test]
fn an_arc_that_the_scenario_exists_for_must_be_taken() {
    assert_eq!(
        texts("covers: [4.S13.selected]", vec![mark(7, "4.S2.answered")]),
        ["expect.covers: this scenario exists for the arc 4.S13.selected, and no host took it"]
    );
    assert_eq!(texts("covers: [4.S2.answered]", vec![mark(7, "4.S2.answered")]), [""; 0]);
}

#[test]
fn pages_are_counted() {
    let page = What::Printed {
        host: "bob".into(),
        document: "<a@b>".into(),
        number: 1,
        of: 1,
        page: None,
        text: Some("Hello".into()),
    };
    assert_eq!(texts("expect: { printed: { bob: 1 } }", vec![page]), [""; 0]);
    assert_eq!(
        texts("expect: { printed: { bob: 1 } }", vec![]),
        ["expect.printed: bob printed 0 pages, and 1 were expected"]
    );
}

#[test]
fn notices_contain_what_is_expected_in_order() {
    let notice = |text: &str| What::Notice {
        host: "alice".into(),
        call: 1,
        medium: Medium::Display,
        text: text.into(),
    };
    let expected = "expect: { notices: { alice: [failed] } }";
    assert_eq!(texts(expected, vec![notice("Transmission of image failed")]), [""; 0]);
    assert_eq!(texts(expected, vec![notice("failed"), notice("failed")]).len(), 1);
    assert_eq!(texts("expect: { notices: { alice: [] } }", vec![notice("failed")]).len(), 1);
}

#[test]
fn the_table_ends_with_what_was_learned() {
    let expected = "expect: { ta1: { alice: [ { number: 050-1234-5678, protocol: smtp } ] } }";
    assert_eq!(texts(expected, vec![row("add", 0, "050-1234-5678", "smtp")]), [""; 0]);
    assert_eq!(
        texts(expected, vec![row("add", 0, "050-1234-5678", "")]),
        ["expect.ta1: table Ta1 of alice ended as [{ number 050-1234-5678 }], \
          and [{ number 050-1234-5678, protocol smtp }] was expected"]
    );
}

#[test]
fn an_edited_row_may_change_its_number() {
    let step = "  - { at: 2s, host: alice, ta1: { edit: { number: 050-1, row: { number: 050-2 } } } }\n";
    let text = format!("{CALL}{step}expect: {{ ta1: {{ alice: [ {{ number: 050-2 }} ] }} }}\n");
    let scenario = parsed(&text);
    let declaration = scenario.compile("call", World::Virtual, None).expect("a plan").declaration;
    let order = What::Order { host: "alice".into(), step: 2, text: "".into() };
    let seen = [row("add", 0, "050-1", "smtp"), order, row("change", 0, "050-2", "")];
    let entries = seen.into_iter().map(|what| Entry { at_us: 0, what }).collect();
    assert_eq!(expect::check(&scenario.script, &declaration, &Trace { entries }), []);
}

#[test]
fn messages_are_counted_by_label_and_direction() {
    let at: SocketAddr = "10.0.0.1:5060".parse().expect("address");
    let message = || What::Message {
        from: "alice".into(),
        to: "sip".into(),
        carrier: Carrier::Datagram { from: at, to: at },
        label: "INVITE".into(),
        bytes: "".into(),
        fate: Fate::Lost,
    };
    let expected = "expect: { messages: { \"INVITE alice>sip\": 2, 200 INVITE sip>alice: 0 } }";
    assert_eq!(texts(expected, vec![message(), message()]), [""; 0]);
    assert_eq!(
        texts(expected, vec![message()]),
        ["expect.messages: alice sent INVITE to sip 1 time, and 2 were expected"]
    );
}

#[test]
fn one_message_must_have_all_of_the_texts() {
    let at = SocketAddr::from(([192, 0, 2, 1], 5060));
    let message = |text: &'static str| What::Message {
        from: "alice".into(),
        to: "sip".into(),
        carrier: Carrier::Datagram { from: at, to: at },
        label: "INVITE".into(),
        bytes: text.into(),
        fate: Fate::Lost,
    };
    let expected = "expect: { contents: { INVITE alice>sip: [one, two] } }";
    assert_eq!(texts(expected, vec![message("one"), message("one, two")]), [""; 0]);
    assert_eq!(
        texts(expected, vec![message("one"), message("two")]),
        ["expect.contents: no INVITE of alice to sip has all that was expected in it; \"two\" is missing"]
    );
    assert_eq!(
        texts(expected, vec![]),
        ["expect.contents: alice sent no INVITE to sip that could have in it what was expected"]
    );
}

#[test]
fn what_a_real_box_did_inside_cannot_be_told() {
    let text = CALL
        .replace("number: 050-1234-5678 }", "number: 050-1234-5678, external: { sip: 192.0.2.7:5060 } }")
        .replace("steps:", "worlds: [sockets]\nexpect: { printed: { bob: 1 } }\nsteps:");
    let scenario = parsed(&text);
    let declaration = scenario.compile("call", World::Sockets, None).expect("a plan").declaration;
    let findings = expect::check(&scenario.script, &declaration, &Trace::default());
    assert_eq!(findings.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::Inconclusive]);
}
