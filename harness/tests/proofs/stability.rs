//! What does not belong to a call does not change it: other calls and other hosts leave every message,
//! time and chance of it as they were.

use std::collections::BTreeMap;

use faxproof::world::Options;
use faxproof_reports::{Carrier, Entry, Fate, Trace, What};

use crate::bench::{plan, run};

/// `HOSTS` and `STEPS` are where others come in.
const DISTURBED: &str = "\
version: 1
title: Two calls under loss
hosts:
FIRST  alice: { fax: 1, number: 050-0000-9999 }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
  location: { location-server: {} }
LAST
documents:
  page: { chart: {} }
steps:
EARLY  - { at: 1s, host: alice, send: page, to: 050-1234-5678 }
  - { at: 200s, host: alice, send: page, to: 050-1234-5678 }
LATE
network: { loss: 20%, jitter: 3ms }
ends_at: 400s
";

const OTHERS: &str =
    "  carol: { fax: 1, number: 050-3333-3333 }\n  dave: { fax: 1, number: 050-4444-4444 }\n";
const FIRST_BY_NAME: &str = "  aaron: { fax: 1, number: 050-2222-2222 }\n";
const OTHER_CALL: &str = "  - { at: 1s, host: carol, send: page, to: 050-4444-4444 }\n";
/// What betrays that a message is about the others: their numbers and names.
const MARKS: [&str; 6] =
    ["050-2222-2222", "050-3333-3333", "050-4444-4444", "05022222222", "05033333333", "05044444444"];

fn with(seed: u64, first: &str, last: &str, early: &str, late: &str) -> Vec<Entry> {
    let yaml = DISTURBED.replace("FIRST", first).replace("LAST", last).replace("EARLY", early);
    let yaml = format!("{}seed: {seed}\n", yaml.replace("LATE", late));
    own(&run(&plan(&yaml), &Options::default()).0)
}

#[test]
fn another_call_through_the_same_server_changes_nothing() {
    for seed in 1..=10 {
        let alone = with(seed, "", "", "", "");
        same(&alone, &with(seed, "", OTHERS, "", OTHER_CALL), seed);
        same(&alone, &with(seed, OTHERS, "", OTHER_CALL, ""), seed);
    }
}

#[test]
fn another_host_changes_nothing_wherever_its_name_sorts() {
    for seed in 1..=10 {
        let alone = with(seed, "", "", "", "");
        same(&alone, &with(seed, FIRST_BY_NAME, "", "", ""), seed);
        same(&alone, &with(seed, "", &FIRST_BY_NAME.replace("aaron", "zoe"), "", ""), seed);
    }
}

fn same(alone: &[Entry], together: &[Entry], seed: u64) {
    assert!(alone.len() > 60 && lost(alone) > 0, "seed {seed}: {} entries", alone.len());
    let other = alone.iter().zip(together).find(|(a, b)| a != b);
    assert!(other.is_none(), "seed {seed}: {other:#?}");
    assert_eq!(alone.len(), together.len(), "seed {seed}");
}

fn lost(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.what, What::Message { fate: Fate::Lost, .. })).count()
}

/// The entries that are about alice and bob. Numbers that count over the whole scenario (connections,
/// steps) are counted among them.
fn own(trace: &Trace) -> Vec<Entry> {
    let mut known = BTreeMap::new();
    let mut number = move |id: u32| {
        let next = known.len() as u32;
        *known.entry(id).or_insert(next)
    };
    let mut entries = Vec::new();
    for entry in trace.entries.iter().filter(|entry| is_own(&entry.what)) {
        let mut entry = entry.clone();
        match &mut entry.what {
            What::Message { carrier: Carrier::Stream { connection, .. }, .. } => {
                *connection = number(*connection)
            }
            What::Connection { id, .. } => *id = number(*id),
            What::Order { step, .. } => *step = 0,
            _ => {}
        }
        entries.push(entry);
    }
    // At one instant the entries of hosts that do not meet may stand in any order.
    entries.sort_by_cached_key(|entry| (entry.at_us, format!("{:?}", entry.what)));
    entries
}

fn is_own(what: &What) -> bool {
    let ours = |host: &str| matches!(host, "alice" | "bob" | "sip" | "location");
    match what {
        What::Message { from, to, bytes, .. } => {
            let text = String::from_utf8_lossy(bytes);
            ours(from) && ours(to) && MARKS.iter().all(|mark| !text.contains(mark))
        }
        What::Connection { client, .. } => ours(client),
        What::Mark { host, .. }
        | What::Notice { host, .. }
        | What::Printed { host, .. }
        | What::Row { host, .. }
        | What::Mail { host, .. }
        | What::Order { host, .. }
        | What::Remark { host, .. }
        | What::Unexpected { host, .. }
        | What::Resolved { host, .. }
        | What::Fault { host, .. }
        | What::Power { host, .. } => ours(host),
    }
}
