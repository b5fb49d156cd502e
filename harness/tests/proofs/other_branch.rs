//! For each arc that a scenario exists for, a device that takes another branch fails that scenario:
//! otherwise the scenario would prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use faxproof::plan::{Plan, PlannedBox};
use faxproof::run::{Settings, examine, examine_plan};
use faxproof::world::World;
use faxproof_devices::chart;
use faxproof_devices::core::Medium;
use faxproof_reports::{Host, Trace, Verdict, What};

use crate::bench::built_in;
use crate::misled::{Error, Heard, Misled};
use crate::misled_mail;

const DEAF_TO_ANSWERS: Error = hears("SIP/2.0 ", 1, "INVITE", Heard::Nothing);

const fn hears(start: &'static str, cseq: u32, method: &'static str, as_if: Heard) -> Error {
    Error::Hears { start, cseq, method, as_if }
}

/// How a device errs at each arc of Figure 4; `misled_mail.rs` has those of the mail faxes.
const ERRORS: &[(&str, &[Error])] = &[
    // The first INVITE of a call has CSeq 1; the announcement comes later.
    ("4.S2.answered", &[hears("SIP/2.0 200", 1, "INVITE", Heard::Refusal)]),
    ("4.S2.refused", &[DEAF_TO_ANSWERS, Error::NoUnreachable, Error::NoNames]),
    ("4.S2.unanswered", &[Error::NeverSends("CANCEL "), Error::SleepsThrough("cancelled"), Error::NoHangUp]),
    ("4.S2.silent", &[Error::SleepsThrough("B")]),
    ("4.S5.registered", &[Error::Forgets]),
    ("4.S5.number-unknown", &[Error::Finds(Some("smtp"))]),
    ("4.S5.protocol-unknown", &[Error::Forgets]),
    ("4.S6.unsupported-here", &[Error::Forgets, Error::Finds(Some("smtp"))]),
    ("4.S7.smtp", &[hears("SIP/2.0 200", 2, "INVITE", Heard::Refusal)]),
    ("4.S7.http", &[hears("SIP/2.0 200", 2, "INVITE", Heard::Refusal)]),
    ("4.S8.succeeded", &[Error::DocumentRefused]),
    ("4.S8.declined", &[claims("4.S8.declined", "4.S8.succeeded")]),
    ("4.S8.failed", &[claims("4.S8.failed", "4.S8.succeeded")]),
    ("4.S9.display", &[Error::TellsAt(Medium::Buzzer, "4.S9.buzzer")]),
    ("4.S9.print", &[Error::TellsAt(Medium::Display, "4.S9.display")]),
    ("4.S9.buzzer", &[Error::TellsAt(Medium::Printer, "4.S9.print")]),
    ("4.S10.ended", &[Error::NeverSends("BYE ")]),
    ("4.S10.bye-unanswered", &[claims("4.S10.bye-unanswered", "4.S10.ended")]),
    ("4.S10.peer-hung-up", &[hears("BYE ", 0, "BYE", Heard::Nothing)]),
    ("4.S13.selected", &[hears("SIP/2.0 200", 1, "OPTIONS", Heard::Refusal)]),
    (
        "4.S13.nothing-presented",
        &[
            hears("SIP/2.0 ", 1, "OPTIONS", Heard::PresentsSmtp),
            hears("BYE ", 0, "BYE", Heard::Nothing),
            Error::SleepsThrough("F"),
            Error::NoHangUp,
            Error::NoReset,
        ],
    ),
    (
        "4.S13.none-in-common",
        // In variant D the answer to INVITE presents.
        &[
            hears("SIP/2.0 200", 1, "OPTIONS", Heard::PresentsSmtp),
            hears("SIP/2.0 200", 1, "INVITE", Heard::PresentsSmtp),
        ],
    ),
    ("4.S15.smtp", &[Error::DocumentRefused]),
    ("4.S15.http", &[Error::DocumentRefused]),
    ("4.S15.failed", &[claims("4.S15.failed", "4.S15.smtp")]),
    ("4.S16.into-record", &[Error::OtherRecord]),
    ("4.S16.new-record", &[Error::OtherRecord]),
];

/// All of them.
fn errors() -> impl Iterator<Item = &'static (&'static str, &'static [Error])> {
    ERRORS.iter().chain(misled_mail::ERRORS)
}

const fn claims(arc: &'static str, other: &'static str) -> Error {
    Error::Claims { arc, other }
}

#[test]
fn there_is_an_error_for_every_arc() {
    let missing = |arc: &&str| errors().all(|(known, _)| known != arc);
    let missing: Vec<&str> = chart::arcs().map(|arc| arc.name).filter(missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_device_that_takes_another_branch_fails_the_scenario() {
    let (mut passed, mut by_judges) = (Vec::new(), 0);
    let mut runs: BTreeMap<&str, u32> = BTreeMap::new();
    let settings = Settings::default();
    for (found, scenario) in built_in().iter().filter(|(_, s)| s.worlds().contains(&World::Virtual)) {
        let usual = examine(found, scenario, &settings).unwrap();
        for arc in scenario.covers() {
            let Some((arc, errors)) = errors().find(|(known, _)| *known == arc) else { continue };
            let mut plan = scenario.compile(&found.name, World::Virtual, None).unwrap();
            mislead(&mut plan, &takers(&usual.record.trace, arc), errors);
            let examined = examine_plan(found, scenario, plan, &settings).unwrap();
            // The ladder differs anyway: the judges and the expectations must see it.
            let failed: Vec<_> =
                examined.findings().filter(|finding| finding.verdict == Verdict::Fail).collect();
            by_judges += u32::from(failed.iter().any(|finding| !finding.rule.starts_with("expect.")));
            *runs.entry(*arc).or_default() += 1;
            if failed.is_empty() {
                passed.push(format!("{} passes although the device errs at {arc}", found.name));
            }
        }
    }
    let all: u32 = runs.values().sum();
    println!("{all} runs of {} arcs, {by_judges} of them failed by the judges alone: {runs:?}", runs.len());
    let untried = chart::arcs().map(|arc| arc.name).filter(|arc| !runs.contains_key(arc));
    assert_eq!(untried.collect::<Vec<_>>(), [""; 0], "no scenario exists for these");
    assert!(passed.is_empty(), "{passed:#?}");
}

/// The hosts that took the arc.
fn takers(trace: &Trace, wanted: &str) -> BTreeSet<Host> {
    let taker = |what: &What| match what {
        What::Mark { host, arc, .. } if &**arc == wanted => Some(host.clone()),
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| taker(&entry.what)).collect()
}

fn mislead(plan: &mut Plan, hosts: &BTreeSet<Host>, errors: &'static [Error]) {
    for planned in plan.hosts.iter_mut().filter(|planned| hosts.contains(&planned.name)) {
        if let PlannedBox::Virtual(device) = &planned.box_ {
            let misled = Misled {
                device: device.fork(),
                errors,
                documents: BTreeMap::new(),
                commands: BTreeMap::new(),
            };
            planned.box_ = PlannedBox::Virtual(Box::new(misled));
        }
    }
}
