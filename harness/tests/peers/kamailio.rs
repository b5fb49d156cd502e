//! Kamailio in the place of our SIP server and registrar, between two of our faxes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use faxproof::world::World;
use faxproof_reports::{Trace, What};
use faxproof_wire::page::tiff;

use super::program::{beside, folder, start};
use super::stage::{Performance, breaches, notices, pages, plan, printed};

/// What Kamailio must have had to do with a call in which the caller asks for the protocols: requests
/// that reached it, and responses that it passed on. It answers REGISTER itself.
const WHOLE_CALL: [(&str, u32); 8] = [
    ("200 BYE", 1),
    ("200 INVITE", 2),
    ("200 OPTIONS", 1),
    ("ACK", 2),
    ("BYE", 1),
    ("INVITE", 2),
    ("OPTIONS", 1),
    ("REGISTER", 2),
];

#[test]
fn two_faxes_call_through_kamailio() {
    calls_through_kamailio("kamailio", "127.93.1", "udp");
}

#[test]
fn two_faxes_call_through_kamailio_over_tcp() {
    calls_through_kamailio("kamailio-tcp", "127.93.2", "tcp");
}

fn calls_through_kamailio(test: &str, net: &str, transport: &str) {
    let place = folder(test);
    std::fs::write(place.join("ours.tif"), tiff::write(&pages())).unwrap();
    let (udp, tcp) = (format!("udp:{net}.2:5070"), format!("tcp:{net}.2:5070"));
    let mut kamailio = Command::new("kamailio");
    kamailio.args(["-DD", "-E", "-m", "16", "-M", "4", "-l", &udp, "-l", &tcp]);
    kamailio.arg("-w").arg(&place).arg("-Y").arg(&place).arg("-f").arg(beside("kamailio.cfg"));
    let mut kamailio = start("kamailio", "kamailio", &place, &mut kamailio);
    kamailio.await_port(tcp["tcp:".len()..].parse().unwrap());
    let plan = plan(&scenario(net, transport), &place, World::Sockets);
    let trace = Performance::begin(&plan).end();

    let counted = counted(&kamailio.said(), transport);
    assert_eq!(counted, BTreeMap::from(WHOLE_CALL.map(|(label, count)| (label.to_owned(), count))));
    assert_eq!(arcs(&trace), ["4.S13.selected", "4.S15.smtp", "4.S16.new-record"]);
    assert_eq!((printed(&trace, "bob"), notices(&trace, "alice")), (pages(), vec![]));
    assert_eq!(breaches(&plan.declaration, &trace, &["alice", "bob", "sip"]), []);
}

fn scenario(net: &str, transport: &str) -> String {
    format!(
        "\
version: 1
title: A real SIP server
hosts:
  alice:
    {{ fax: 1, number: 050-0000-9999, address: {net}.1, habits: {{ sip_transport: {transport} }} }}
  bob:
    {{ fax: 1, number: 050-1234-5678, address: {net}.3, habits: {{ sip_transport: {transport} }} }}
  sip: {{ sip-server: {{}}, external: {{ sip: '{net}.2:5070' }} }}
documents:
  file: {{ tiff: ours.tif }}
steps:
  - {{ at: 2s, host: alice, send: file, to: 050-1234-5678 }}
ends_at: 8s
worlds: [sockets]
"
    )
}

/// How many messages of each kind Kamailio logged. One that was sent again, as a slow machine may
/// need it, counts once: it has the Call-ID and CSeq of the first.
fn counted(log: &str, transport: &str) -> BTreeMap<String, u32> {
    let lines = log.lines().filter_map(|line| Some(line.split_once("counted: ")?.1));
    let mut counts = BTreeMap::new();
    for line in lines.collect::<BTreeSet<_>>() {
        let (label, by) = line.split_once(" by ").unwrap();
        assert!(by.starts_with(transport), "{line}");
        if !label.starts_with('1') {
            *counts.entry(label.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// The arcs of alice from the choice of a protocol on.
fn arcs(trace: &Trace) -> Vec<&str> {
    let arcs = trace.entries.iter().filter_map(|entry| match &entry.what {
        What::Mark { host, arc, .. } if &**host == "alice" => Some(&**arc),
        _ => None,
    });
    arcs.filter(|arc| ["4.S13", "4.S15", "4.S16"].iter().any(|step| arc.starts_with(step))).collect()
}
