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
    /// Only those that exist for one of these arcs; all where there is none.
    pub arcs: Vec<String>,
    /// Only cells of a matrix with these values of parameters.
    pub cell: Vec<(String, String)>,
    /// Only every `n`th, from the `i`th on: (i, n), i from 1.
    pub shard: Option<(usize, usize)>,
}

impl Selection {
    /// Why the scenario at this position is not selected; `None`: it is.
    pub fn leaves_out(&self, position: usize, found: &Found, scenario: &Scenario) -> Option<String> {
        if !self.arcs.is_empty() && !scenario.covers().iter().any(|arc| self.arcs.iter().any(|a| a == arc)) {
            return Some("it does not exist for the arc asked for".to_owned());
        }
        let is_of = |value| found.cell.as_ref().is_some_and(|cell| cell.values.contains(value));
        if !self.cell.iter().all(is_of) {
            return Some("it is not of the cell asked for".to_owned());
        }
        let (part, of) = self.shard.filter(|(part, of)| position % of != part - 1)?;
        Some(format!("it is not of part {part} of {of}"))
    }
}

/// Runs all of these. `tell` hears of each as it is done, in any order; the answer is in the order given,
/// whatever the number of threads. With `fail_fast`, all behind the first that fails are `None`, begun or not:
/// what several threads had begun by then is chance.
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
            if fail_fast && is_failure(&result) {
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
    let mut results: Vec<_> = done.into_iter().map(|slot| slot.into_inner().unwrap_or(None)).collect();
    let failed =
        |result: &Option<Result<Examined, RunError>>| !matches!(result, Some(result) if !is_failure(result));
    if let Some(first) = results.iter().position(failed).filter(|_| fail_fast) {
        results.iter_mut().skip(first + 1).for_each(|result| *result = None);
    }
    results
}

fn is_failure(result: &Result<Examined, RunError>) -> bool {
    result.as_ref().map_or(true, |examined| examined.verdict() != Verdict::Pass)
}
