//! The same scenario says the same in every world.

use faxproof::run::{Examined, Settings, examine};
use faxproof::scenario::Scenario;
use faxproof::scenario::set::Found;
use faxproof::world::World;
use faxproof_reports::{Trace, Verdict, What, parity_difference};

use crate::bench::built_in;

/// The least number of scenarios that run in all worlds.
const LEAST: usize = 5;

#[test]
fn scenarios_for_several_worlds_say_the_same_in_each() {
    let (several, one): (Vec<_>, Vec<_>) = built_in().into_iter().partition(|(_, scenario)| {
        scenario.worlds().len() > 1 && scenario.worlds().contains(&World::Virtual)
    });
    for (found, scenario) in &one {
        let worlds: Vec<_> = scenario.worlds().iter().map(|world| world.as_str()).collect();
        println!("not compared: {} is for {}", found.name, worlds.join(", "));
    }
    let in_all = several.iter().filter(|(_, scenario)| scenario.worlds().len() == World::ALL.len()).count();
    assert!(in_all >= LEAST, "only {in_all} scenarios run in all worlds");
    for (found, scenario) in &several {
        let virtual_ = examined(found, scenario, World::Virtual);
        for world in scenario.worlds().into_iter().filter(|world| *world != World::Virtual) {
            let other = examined(found, scenario, world);
            let difference = parity_difference(&virtual_.record.trace, &other.record.trace);
            assert_eq!(difference, None, "{} in {world}", found.name);
            assert_eq!(
                paper(&virtual_.record.trace),
                paper(&other.record.trace),
                "{} in {world}",
                found.name
            );
            println!("the same in {world}: {}", found.name);
        }
    }
}

fn examined(found: &Found, scenario: &Scenario, world: World) -> Examined {
    let examined = examine(found, scenario, &Settings { world, ..Settings::default() }).unwrap();
    let findings: Vec<_> = examined.findings().map(|finding| &finding.text).collect();
    assert_eq!(examined.verdict(), Verdict::Pass, "{} in {world}: {findings:#?}", found.name);
    examined
}

/// What people held in their hands, host by host: pages pixel for pixel, and notices.
fn paper(trace: &Trace) -> Vec<String> {
    let mut paper: Vec<(&str, String)> = Vec::new();
    for entry in &trace.entries {
        match &entry.what {
            What::Printed { host, number, of, page, text, .. } => {
                paper.push((host, format!("page {number} of {of}: {page:?} {text:?}")));
            }
            What::Notice { host, medium, text, .. } => {
                paper.push((host, format!("notice on the {}: {text}", medium.as_str())));
            }
            _ => {}
        }
    }
    // Hosts do not wait for one another: only the order at each of them counts.
    paper.sort_by_key(|(host, _)| *host);
    paper.into_iter().map(|(host, what)| format!("{host}: {what}")).collect()
}
