//! Many scenarios on several threads, with results in the order of the set.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use faxproof_reports::Verdict;

use super::{Examined, RunError, Settings, examine};
use crate::scenario::Scenario;
use crate::scenario::set::Found;
use crate::world::World;

/// Scenarios that run on real sockets at a time: each waits far more than it computes.
const ON_SOCKETS: usize = 32;

/// How many scenarios run at a time in a world, unless somebody says it.
pub fn usual_jobs(world: World) -> usize {
    match world {
        World::Sockets => ON_SOCKETS,
        World::Virtual | World::Turmoil => {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        }
    }
}

/// Which scenarios of a set to run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only those that exist for this arc.
    pub arc: Option<String>,
    /// Only every `n`th, from the `i`th on: (i, n), i from 1.
    pub shard: Option<(usize, usize)>,
}

impl Selection {
    /// Whether the scenario at this position is selected.
    pub fn takes(&self, position: usize, scenario: &Scenario) -> bool {
        let arc = self.arc.as_deref().is_none_or(|arc| scenario.covers().contains(&arc));
        arc && self.shard.is_none_or(|(part, of)| position % of == part - 1)
    }
}

/// Runs all of these. `tell` hears of each as it is done, in any order; the answer is in the order given,
/// whatever the number of threads. With `fail_fast`, scenarios not begun when one fails are `None`.
pub fn run_all(
    scenarios: &[(Found, Scenario)],
    settings: &Settings,
    threads: usize,
    fail_fast: bool,
    tell: &(dyn Fn(&Found) + Sync),
) -> Vec<Option<Result<Examined, RunError>>> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done: Vec<Mutex<Option<Result<Examined, RunError>>>> =
        scenarios.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some((found, scenario)), Some(slot)) = (scenarios.get(at), done.get(at)) else { break };
            let result = examine(found, scenario, settings);
            let failed = result.as_ref().map_or(true, |examined| examined.verdict() != Verdict::Pass);
            if fail_fast && failed {
                stop.store(true, Ordering::Relaxed);
            }
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(result);
            }
            tell(found);
        }
    };
    let threads = threads.clamp(1, scenarios.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    done.into_iter().map(|slot| slot.into_inner().unwrap_or(None)).collect()
}
