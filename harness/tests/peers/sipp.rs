//! SIPp, a SIP stack that shares nothing with ours, as caller and as a real device that is called.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::What;

use super::program::{Running, folder, start};
use super::stage::{Performance, breaches, passed, plan};

/// SIPp gives up by itself after 10 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// The user of bob's number.
const NUMBER: &str = "05012345678";

/// Somebody calls bob who is not in the plan.
const CALLED: &str = "\
version: 1
title: A stranger calls
hosts:
  bob: { fax: 1, number: 050-1234-5678, address: 127.91.1.1 }
  sip: { sip-server: {}, address: 127.91.1.2 }
  location: { location-server: {}, address: 127.91.1.3 }
ends_at: 12s
worlds: [sockets]
worlds_because: the stranger is on a real socket
";

/// Alice calls a real device, which the location server knows from the start.
const CALLING: &str = "\
version: 1
title: A real device is called
hosts:
  alice: { fax: 1, number: 050-0000-9999, address: 127.91.2.1 }
  real: { fax: 1, number: 050-1234-5678, external: { sip: '127.91.2.9:5070' } }
  sip: { sip-server: {}, address: 127.91.2.2 }
  location: { location-server: { fixed: { 050-1234-5678: real } }, address: 127.91.2.3 }
documents:
  page: { chart: {} }
steps:
  - { at: 1s, host: alice, send: page, to: 050-1234-5678 }
ends_at: 8s
worlds: [sockets]
";

#[test]
fn sipp_calls_a_fax_through_the_sip_server() {
    let place = folder("sipp-caller");
    let plan = plan(CALLED, &place, World::Sockets);
    let mut performance = Performance::begin(&plan);
    performance.await_message("200 REGISTER", "bob");
    let server = SocketAddr::new(address_of(&plan, "sip"), 5060).to_string();
    let sipp = sipp("sipp-caller.xml", "127.91.1.9:5070", &place, &["-s", NUMBER, &server]);
    let exit_code = sipp.exit_code_within(PATIENCE);
    let trace = performance.end();

    assert_eq!((exit_code, calls(&place)), (Some(0), Calls { successful: 1, failed: 0 }), "{}", told(&place));
    assert_eq!(passed(&trace, "sip", "bob")[1..], ["INVITE", "ACK", "OPTIONS", "BYE"]);
    assert_eq!(passed(&trace, "bob", "sip")[1..], ["180 INVITE", "200 INVITE", "200 OPTIONS", "200 BYE"]);
    assert_eq!(breaches(&plan.declaration, &trace, &["bob", "sip", "location"]), []);
}

#[test]
fn a_fax_calls_sipp_in_the_place_of_a_host() {
    let place = folder("sipp-callee");
    let plan = plan(CALLING, &place, World::Sockets);
    let sipp = sipp("sipp-callee.xml", "127.91.2.9:5070", &place, &[]);
    let trace = Performance::begin(&plan).end();
    let exit_code = sipp.exit_code_within(PATIENCE);

    assert_eq!((exit_code, calls(&place)), (Some(0), Calls { successful: 1, failed: 0 }), "{}", told(&place));
    assert_eq!(passed(&trace, "sip", "real"), ["INVITE", "ACK", "OPTIONS", "BYE"]);
    let notices: Vec<&str> = trace.entries.iter().filter_map(|entry| notice(&entry.what, "alice")).collect();
    assert_eq!(notices, ["Transmission of image failed: the peer presented no protocol (200 OK)"]);
    assert_eq!(breaches(&plan.declaration, &trace, &["alice", "real", "sip", "location"]), []);
}

/// Starts SIPp for one call with a script of ours.
fn sipp(script: &str, at: &str, place: &Path, more: &[&str]) -> Running {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script);
    let at: SocketAddr = at.parse().unwrap();
    let screen = fs::File::create(place.join("screen")).unwrap();
    let mut command = Command::new("sipp");
    command
        .current_dir(place)
        .args(["-i", &at.ip().to_string(), "-p", &at.port().to_string(), "-m", "1"])
        .args(["-timeout", "10s", "-timeout_error", "-nostdin"])
        .args(["-trace_stat", "-stf", "statistics.csv", "-trace_err", "-error_file", "errors"])
        .arg("-sf")
        .arg(script)
        .args(more)
        .stdin(Stdio::null())
        .stdout(screen.try_clone().unwrap())
        .stderr(screen);
    start("sipp", "sip-tester", &mut command)
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
fn told(place: &Path) -> String {
    let read = |name: &str| fs::read_to_string(place.join(name)).unwrap_or_default();
    read("errors") + &read("screen")
}

fn address_of(plan: &Plan, name: &str) -> IpAddr {
    plan.hosts.iter().find(|host| &*host.name == name).unwrap().address
}

fn notice<'t>(what: &'t What, at: &str) -> Option<&'t str> {
    match what {
        What::Notice { host, text, .. } if &**host == at => Some(text),
        _ => None,
    }
}
