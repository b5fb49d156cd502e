//! SIPp, a SIP stack that shares nothing with ours, as caller and as a real device that is called, in
//! datagrams and over TCP; beside it aiosmtpd, an SMTP server that takes what the caller brings.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::Trace;
use faxproof_wire::page::tiff;

use super::program::{Ended, Running, beside, folder, run, start};
use super::stage::{Performance, breaches, notices, pages, passed, plan};

/// SIPp gives up by itself after 10 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// The user of bob's number.
const NUMBER: &str = "05012345678";
/// What SIPp must have counted.
const ONE_CALL: Calls = Calls { successful: 1, failed: 0 };

/// Somebody calls bob who is not in the plan.
fn called(net: &str, transport: &str) -> String {
    format!(
        "\
version: 1
title: A stranger calls
hosts:
  bob: {{ fax: 1, number: 050-1234-5678, address: {net}.1, habits: {{ sip_transport: {transport} }} }}
  sip: {{ sip-server: {{}}, address: {net}.2 }}
  location: {{ location-server: {{}}, address: {net}.3 }}
ends_at: 10s
worlds: [sockets]
worlds_because: the stranger is on a real socket
"
    )
}

/// Alice calls a real device; the location server knows `fixed` from the start.
fn calling(net: &str, transport: &str, fixed: &str, at: &str) -> String {
    format!(
        "\
version: 1
title: A real device is called
hosts:
  alice:
    {{ fax: 1, number: 050-0000-9999, address: {net}.1, habits: {{ sip_transport: {transport} }} }}
  real: {{ fax: 1, number: 050-1234-5678, habits: {{ accepts: [B] }}, external: {{ sip: '{net}.9:5070' }} }}
  sip: {{ sip-server: {{}}, address: {net}.2 }}
  location: {{ location-server: {{ fixed: {{ {fixed} }} }}, address: {net}.3 }}
documents:
  file: {{ tiff: ours.tif }}
steps:
  - {{ at: {at}, host: alice, send: file, to: 050-1234-5678 }}
ends_at: 9s
worlds: [sockets]
"
    )
}

#[test]
fn sipp_calls_a_fax_through_the_sip_server() {
    calls_a_fax("sipp-caller", "127.91.1", "udp");
}

#[test]
fn sipp_calls_a_fax_over_tcp() {
    calls_a_fax("sipp-caller-tcp", "127.91.3", "tcp");
}

fn calls_a_fax(test: &str, net: &str, transport: &str) {
    let place = folder(test);
    let plan = plan(&called(net, transport), &place, World::Sockets);
    let mut performance = Performance::begin(&plan);
    performance.await_message("200 REGISTER", "bob");
    let server = SocketAddr::new(address_of(&plan, "sip"), 5060).to_string();
    let more = ["-t", mode(transport), "-s", NUMBER, &server];
    let sipp = sipp("sipp-caller.xml", &format!("{net}.9:5070"), &place, &more).ended_within(PATIENCE);
    let trace = performance.end();

    assert_eq!((sipp.exit_code, calls(&place)), (Some(0), ONE_CALL), "{}", told(&place, &sipp));
    assert_eq!(passed(&trace, "sip", "bob")[1..], ["INVITE", "ACK", "OPTIONS", "BYE"]);
    assert_eq!(passed(&trace, "bob", "sip")[1..], ["180 INVITE", "200 INVITE", "200 OPTIONS", "200 BYE"]);
    assert_eq!(breaches(&plan.declaration, &trace, &["bob", "sip", "location"]), []);
}

#[test]
fn a_fax_calls_sipp_in_the_place_of_a_host() {
    let (place, net) = (folder("sipp-callee"), "127.91.2");
    let plan = calling_plan(&place, &calling(net, "udp", "050-1234-5678: real", "1s"));
    let sipp = sipp("sipp-callee.xml", &format!("{net}.9:5070"), &place, &[]);
    let trace = Performance::begin(&plan).end();
    presented_nothing(&plan, &trace, &place, sipp);
}

#[test]
fn a_fax_calls_sipp_that_registered_itself_over_tcp() {
    let (place, net) = (folder("sipp-callee-tcp"), "127.91.4");
    let plan = calling_plan(&place, &calling(net, "tcp", "", "4s"));
    let callee = sipp("sipp-callee.xml", &format!("{net}.9:5070"), &place, &["-t", "t1"]);
    let mut performance = Performance::begin(&plan);
    performance.await_message("200 REGISTER", "alice");
    let registering = folder("sipp-register-tcp");
    let (contact, server) = (format!("{net}.9:5070"), format!("{net}.2:5060"));
    let more = ["-t", "t1", "-s", NUMBER, "-key", "contact", &contact, &server];
    let registered =
        sipp("sipp-register.xml", &format!("{net}.9:5071"), &registering, &more).ended_within(PATIENCE);
    let trace = performance.end();

    assert_eq!(
        (registered.exit_code, calls(&registering)),
        (Some(0), ONE_CALL),
        "{}",
        told(&registering, &registered)
    );
    presented_nothing(&plan, &trace, &place, callee);
}

/// SIPp took a whole call and presented no protocol, which alice was told.
fn presented_nothing(plan: &Plan, trace: &Trace, place: &Path, sipp: Running) {
    let sipp = sipp.ended_within(PATIENCE);
    assert_eq!((sipp.exit_code, calls(place)), (Some(0), ONE_CALL), "{}", told(place, &sipp));
    let requests = ["INVITE", "ACK", "OPTIONS", "BYE"];
    let seen = passed(trace, "sip", "real");
    assert_eq!(seen.iter().filter(|label| requests.contains(label)).collect::<Vec<_>>(), requests.each_ref());
    assert_eq!(
        notices(trace, "alice"),
        ["Transmission of image failed: the peer presented no protocol (200 OK)"]
    );
    assert_eq!(breaches(&plan.declaration, trace, &["alice", "real", "sip", "location"]), []);
}

#[test]
fn a_fax_delivers_to_the_mail_server_beside_sipp() {
    let (place, net) = (folder("sipp-receiver"), "127.91.5");
    let plan = calling_plan(&place, &calling(net, "udp", "050-1234-5678: real", "1s"));
    let media = format!("{net}.9:40025");
    let mut aiosmtpd = Command::new("aiosmtpd");
    aiosmtpd.current_dir(&place).args(["-n", "-l", &media, "-c", "aiosmtpd.handlers.Mailbox", "mail"]);
    let mut aiosmtpd = start("aiosmtpd", "python3-aiosmtpd", &place, &mut aiosmtpd);
    aiosmtpd.await_port(media.parse().unwrap());
    let more = ["-key", "mail_port", "40025"];
    let sipp = sipp("sipp-receiver.xml", &format!("{net}.9:5070"), &place, &more);
    let trace = Performance::begin(&plan).end();
    let sipp = sipp.ended_within(PATIENCE);

    assert_eq!((sipp.exit_code, calls(&place)), (Some(0), ONE_CALL), "{}", told(&place, &sipp));
    let mut unpack = Command::new("python3");
    unpack.current_dir(&place).arg(beside("unpack.py")).args(["mail/new", "taken.tif"]);
    let unpacked = run("python3", "python3", &place, &mut unpack);
    assert_eq!((unpacked.exit_code, &*unpacked.said), (Some(0), "1 mail, 1 TIFF\n"), "{}", aiosmtpd.said());
    assert_eq!(tiff::read(&fs::read(place.join("taken.tif")).unwrap()).unwrap(), pages());
    assert_eq!(notices(&trace, "alice"), [""; 0]);
    assert_eq!(breaches(&plan.declaration, &trace, &["alice", "real", "sip", "location"]), []);
}

fn calling_plan(place: &Path, scenario: &str) -> Plan {
    fs::write(place.join("ours.tif"), tiff::write(&pages())).unwrap();
    plan(scenario, place, World::Sockets)
}

/// Starts SIPp for one call with a script of ours.
fn sipp(script: &str, at: &str, place: &Path, more: &[&str]) -> Running {
    let at: SocketAddr = at.parse().unwrap();
    let mut command = Command::new("sipp");
    command
        .current_dir(place)
        .args(["-i", &at.ip().to_string(), "-p", &at.port().to_string(), "-m", "1"])
        .args(["-timeout", "10s", "-timeout_error", "-nostdin"])
        .args(["-trace_stat", "-stf", "statistics.csv", "-trace_err", "-error_file", "errors"])
        .arg("-sf")
        .arg(beside(script))
        .args(more);
    start("sipp", "sip-tester", place, &mut command)
}

/// SIPp's word for one socket of this kind.
fn mode(transport: &str) -> &'static str {
    if transport == "tcp" { "t1" } else { "u1" }
}

/// How many calls SIPp counted.
#[derive(Debug, PartialEq, Eq)]
struct Calls {
    successful: u32,
    failed: u32,
}

/// The last line of SIPp's statistics; the first one names the columns.
fn calls(place: &Path) -> Calls {
    let statistics = fs::read_to_string(place.join("statistics.csv")).unwrap();
    let lines: Vec<Vec<&str>> = statistics.lines().map(|line| line.split(';').collect()).collect();
    let (names, last) = (&lines[0], &lines[lines.len() - 1]);
    let count = |column: &str| {
        let at = names.iter().position(|name| *name == column).unwrap();
        last[at].parse().unwrap()
    };
    Calls { successful: count("SuccessfulCall(C)"), failed: count("FailedCall(C)") }
}

/// What SIPp complained of.
fn told(place: &Path, sipp: &Ended) -> String {
    fs::read_to_string(place.join("errors")).unwrap_or_default() + &sipp.said
}

fn address_of(plan: &Plan, name: &str) -> IpAddr {
    plan.hosts.iter().find(|host| &*host.name == name).unwrap().address
}
