//! What the benches measure: a whole call of Figure 4, from the order at the panel to the end of the
//! dialog, ready to run.

use std::fmt::Write as _;
use std::path::PathBuf;

use faxproof::plan::{Plan, PlannedWhat};
use faxproof::scenario::{Base, Scenario, ScenarioError};
use faxproof::world::World;
use faxproof_devices::core::{Duration, Time};

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

/// So many faxes (2 to 9,999) in one world. All register at once, and within a few seconds, one
/// millisecond after the other, each calls the next and sends it a page.
///
/// # Errors
/// None but for a mistake in this file.
pub fn crowd(faxes: u32, world: World) -> Result<Plan, ScenarioError> {
    let mut text = "version: 1\ntitle: A crowd\nhosts:\n  sip: { sip-server: {} }\n".to_owned();
    let number = |fax: u32| format!("050-{:04}-0000", fax % faxes);
    for fax in 0..faxes {
        let number = number(fax);
        let _ = writeln!(text, "  fax-{fax}: {{ fax: 1, number: {number}, habits: {{ lines: 2 }} }}");
    }
    text.push_str("documents:\n  page: { chart: {} }\nsteps:\n");
    for fax in 0..faxes {
        let (at, to) = (1_000 + fax, number(fax + 1));
        let _ = writeln!(text, "  - {{ at: {at}ms, host: fax-{fax}, send: page, to: {to} }}");
    }
    let _ = writeln!(text, "ends_at: 100s");
    Scenario::parse("crowd.yaml", &text, &Base::Folder(PathBuf::new()))?.compile("crowd", world, None)
}

/// A mail client hands so many mails to a mail server, one every 50 ms; the server finds the number of each in table Ta3
/// and forwards it by a call of its own, and the destination's mailbox is collected.
///
/// # Errors
/// None but for a mistake in this file.
pub fn mails(count: u32, world: World) -> Result<Plan, ScenarioError> {
    let mut plan = Scenario::parse("mails.yaml", FORWARDED, &Base::Folder(PathBuf::new()))?
        .compile("mails", world, None)?;
    // A scenario has 10,000 steps at most; here the one step is repeated.
    let step = plan.actions.first().cloned();
    let copies = step.iter().flat_map(|action| (0..count).map(move |copy| (action, copy)));
    let actions = copies.map(|(action, copy)| {
        let mut next = action.clone();
        next.at += Duration::millis(50 * u64::from(copy));
        if let PlannedWhat::Order(order) = &mut next.what {
            order.key = order.key.wrapping_add(u64::from(copy));
        }
        next
    });
    plan.actions = actions.collect();
    plan.until = Time(0) + Duration::millis(60_000 + 50 * u64::from(count));
    Ok(plan)
}

/// Mail servers 201 and 213 with their clients.
const FORWARDED: &str = "\
version: 1
title: Mails to measure
hosts:
  pc: { mail-client: {}, mail: pc@a.example, mail_server: server }
  server:
    mail-server: { domains: [a.example], relays_for: [pc], forwards: { most_calls: 100 } }
    number: 050-0000-0201
    ta3: [ { destination: b.example, number: 050-1234-5678 } ]
  sip: { sip-server: {} }
  far:
    mail-server: { domains: [b.example], mailboxes: { bob: { password: secret } }, forwards: { most_calls: 100 } }
    number: 050-1234-5678
  bob: { mail-client: {}, mail: bob@b.example, mailbox: { server: far, user: bob, every: 5s } }
steps:
  - { at: 1s, host: pc, write: { to: [bob@b.example], subject: Ten, text: Meeting moved to ten. } }
";

#[cfg(test)]
mod tests {
    use faxproof::world;
    use faxproof_reports::What;
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

    #[test]
    fn every_mail_is_forwarded_and_read() {
        let mut trace = faxproof_reports::Trace::default();
        world::run(&mails(30, World::Virtual).unwrap(), World::Virtual, &mut trace).unwrap();
        let read = |what: &What| matches!(what, What::Notice { host, .. } if &**host == "bob");
        assert_eq!(trace.entries.iter().filter(|entry| read(&entry.what)).count(), 30);
        let failed = |what: &What| matches!(what, What::Mark { arc, .. } if &**arc == "18.S405.failed");
        assert_eq!(trace.entries.iter().filter(|entry| failed(&entry.what)).count(), 0);
    }

    #[test]
    fn a_crowd_costs_as_many_events_as_it_has_calls() {
        let events = |faxes: u32| {
            let mut counts = Counts::default();
            let plan = crowd(faxes, World::Virtual).unwrap();
            let outcome = world::run(&plan, World::Virtual, &mut counts).unwrap();
            assert_eq!(counts.pages, u64::from(faxes));
            outcome.events
        };
        // The SIP server's own power-on is the only event that no fax brings along.
        assert_eq!(events(200) - 1, 10 * (events(20) - 1));
    }
}
