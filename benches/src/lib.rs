//! What the benches measure: a whole call of Figure 4, from the order at the panel to the end of the
//! dialog, ready to run.

use std::fmt::Write as _;
use std::path::PathBuf;

use faxproof::plan::Plan;
use faxproof::scenario::{Base, Scenario, ScenarioError};
use faxproof::world::World;

/// Two faxes of the first kind, a SIP server and a location server.
const HOSTS: &str = "\
version: 1
title: Calls to measure
hosts:
  alice: { fax: 1, number: 050-0000-9999 }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
  location: { location-server: {} }
documents:
  page: { chart: {} }
worlds: [virtual, turmoil]
worlds_because: sockets take real time
steps:
";

/// Power-on and registration of all hosts, then so many calls (1 to 100) that carry one page each. The
/// first learns the protocol of its peer, the others know it. What a call costs on top of the
/// registration is the difference between two plans.
///
/// # Errors
/// None but for a mistake in this file.
pub fn calls(count: u32, world: World) -> Result<Plan, ScenarioError> {
    let mut text = HOSTS.to_owned();
    for call in 0..count {
        let _ = writeln!(text, "  - {{ at: {}s, host: alice, send: page, to: 050-1234-5678 }}", 1 + 4 * call);
    }
    let _ = writeln!(text, "ends_at: {}s", 10 + 4 * count);
    Scenario::parse("calls.yaml", &text, &Base::Folder(PathBuf::new()))?.compile("calls", world, None)
}

#[cfg(test)]
mod tests {
    use faxproof::world;
    use faxproof_reports::digest::Counts;

    use super::*;

    #[test]
    fn every_call_of_the_plan_prints_its_page() {
        for count in [1, 3] {
            let mut counts = Counts::default();
            world::run(&calls(count, World::Virtual).unwrap(), World::Virtual, &mut counts).unwrap();
            assert_eq!(counts.pages, u64::from(count));
        }
    }
}
