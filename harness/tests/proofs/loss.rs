//! Under loss every order still ends: with the pages at the other side, or with a notice on this one. And
//! when it has ended, nothing of it is left.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::thread;

use faxproof::plan::{LinkPlan, NetworkPlan, Plan};
use faxproof::scenario::Scenario;
use faxproof::world::{LeftOver, Options, VirtualWorld, World};
use faxproof_devices::core::{Duration, Holdings, Time};
use faxproof_reports::{Declaration, Trace, What};

use crate::bench::{TWO_CALLS, built_in, failures, notices, scenario};

const SEEDS: u64 = 1_000;
/// Loss, duplication and reordering: a fifth of the datagrams each.
const SHARE_PPM: u32 = 200_000;
/// What is left of an order is looked for so long after the last one: longer than the ten minutes that SMTP
/// and a silent call take, and shorter than half an hour, after which the faxes register anew.
const AFTERWARDS: Duration = Duration::secs(1_500);

/// How orders ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ends {
    delivered: u32,
    told: u32,
    delivered_and_told: u32,
    neither: u32,
    /// What the judges have against a run, and what is left when it is over.
    failures: Vec<String>,
}

#[test]
fn every_order_ends_with_its_page_or_a_notice_under_loss_and_nothing_is_left() {
    let mut lossy = vec![("two calls".to_owned(), scenario(TWO_CALLS))];
    lossy.extend(built_in().into_iter().filter(is_lossy).map(|(found, scenario)| (found.name, scenario)));
    assert!(lossy.len() > 3, "only {} scenarios are lossy", lossy.len());
    for (name, scenario) in &lossy {
        let half = SEEDS / 2;
        let (low, high) = thread::scope(|scope| {
            let high = scope.spawn(move || ends_of(scenario, half + 1..=SEEDS));
            (ends_of(scenario, 1..=half), high.join().unwrap())
        });
        let ends = low.and(high);
        println!("{name}, {SEEDS} seeds: {ends:?}");
        assert!(ends.failures.is_empty(), "{name}: {:#?}", ends.failures);
        assert_eq!(ends.neither, 0, "{name}: an order ended with nothing");
        assert!(ends.delivered > 0, "{name}: no page ever arrived");
    }
}

impl Ends {
    fn and(self, other: Ends) -> Ends {
        Ends {
            delivered: self.delivered + other.delivered,
            told: self.told + other.told,
            delivered_and_told: self.delivered_and_told + other.delivered_and_told,
            neither: self.neither + other.neither,
            failures: [self.failures, other.failures].concat(),
        }
    }
}

/// Whether its network loses, doubles or reorders datagrams by chance.
fn is_lossy((_, scenario): &(faxproof::scenario::set::Found, Scenario)) -> bool {
    let Ok(plan) = scenario.compile("proof", World::Virtual, None) else { return false };
    let links = plan.network.links.iter().map(|(.., link)| link).chain([&plan.network.default]);
    links.into_iter().any(|link| link.loss_ppm + link.duplicate_ppm + link.reorder_ppm > 0)
}

fn ends_of(scenario: &Scenario, seeds: RangeInclusive<u64>) -> Ends {
    let mut ends = Ends::default();
    for seed in seeds {
        let mut plan = scenario.compile("proof", World::Virtual, Some(seed)).unwrap();
        worsen(&mut plan);
        let mut world = VirtualWorld::new(&plan, &Options::default()).unwrap();
        let mut trace = Trace::default();
        world.run(&mut trace);
        for finding in failures(&plan.declaration, &trace) {
            ends.failures.push(format!("seed {seed}: {}: {}", finding.rule, finding.text));
        }
        let left = world.left_over().into_iter().filter(is_something);
        ends.failures.extend(left.map(|left| format!("seed {seed}: {left:?}")));
        for (delivered, told) in outcomes(&plan.declaration, &trace) {
            match (delivered, told) {
                (true, false) => ends.delivered += 1,
                (false, true) => ends.told += 1,
                (true, true) => ends.delivered_and_told += 1,
                (false, false) => ends.neither += 1,
            }
        }
    }
    ends
}

/// A fifth of the datagrams is lost, a fifth doubled and a fifth held back, on every link.
fn worsen(plan: &mut Plan) {
    let worse = |link: &LinkPlan| LinkPlan {
        loss_ppm: SHARE_PPM,
        duplicate_ppm: SHARE_PPM,
        reorder_ppm: SHARE_PPM,
        ..link.clone()
    };
    plan.network = NetworkPlan {
        default: worse(&plan.network.default),
        links: plan
            .network
            .links
            .iter()
            .map(|(from, to, link)| (from.clone(), to.clone(), worse(link)))
            .collect(),
    };
    let last = plan.actions.last().map_or(Time(0), |action| action.at);
    plan.until = last + AFTERWARDS;
}

/// Whether a box still holds something of a call. The timer of its next registration is no part of one.
fn is_something(left: &LeftOver) -> bool {
    left.device != Holdings::default()
        || left.connections > 0
        || left.timers.iter().any(|timer| timer.name != "register")
}

/// For each order to send, whether its pages came out, and whether its sender was told of a failure. An order
/// reaches to the next one of its host.
fn outcomes(declaration: &Declaration, trace: &Trace) -> Vec<(bool, bool)> {
    let sends: Vec<_> = declaration.orders.iter().filter(|order| order.kind == "send").collect();
    let mut by_host: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for order in &sends {
        by_host.entry(&order.host).or_default().push(order.at_us);
    }
    let outcome = |order: &&faxproof_reports::OrderDeclaration| {
        let next = by_host[&*order.host].iter().copied().filter(|at| *at > order.at_us).min();
        let of_it = |at_us: u64| at_us >= order.at_us && next.is_none_or(|next| at_us < next);
        let printed = trace.entries.iter().any(|entry| {
            of_it(entry.at_us) && matches!(&entry.what, What::Printed { host, .. } if **host != *order.host)
        });
        (printed, notices(trace, &order.host).any(|entry| of_it(entry.at_us)))
    };
    sends.iter().map(outcome).collect()
}
