//! `faxproof run --dry-run`.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::json;

use super::run::Read;
use super::{RunArgs, print, refuse};

/// Tells what would run, and what not and why.
pub(super) fn tell(read: &Read, args: &RunArgs, out: &mut impl Write) -> u8 {
    let skipped = || read.elsewhere.iter().chain(&read.skipped);
    if read.scenarios.is_empty() && skipped().next().is_none() {
        return refuse("error: there is no scenario to run");
    }
    let seed = |own: Option<u64>| args.seed.or(own).unwrap_or(1);
    if args.json {
        let run = read.scenarios.iter();
        let run: Vec<_> = run
            .map(|(found, scenario)| json!({ "scenario": found.name, "seed": seed(scenario.script.seed) }))
            .collect();
        let skipped: Vec<_> = skipped().map(|(name, why)| json!({ "scenario": name, "why": why })).collect();
        let world = args.world.as_str();
        let plan = json!({ "format": "faxproof-plan/1", "world": world, "run": run, "skipped": skipped });
        return print(out, &format!("{plan:#}\n"));
    }
    let names = read.scenarios.iter().map(|(found, _)| found.name.len());
    let width = names.chain(skipped().map(|(name, _)| name.len())).max().unwrap_or(0);
    let mut text = String::new();
    for (found, scenario) in &read.scenarios {
        let _ = writeln!(text, "{:width$}  seed {}", found.name, seed(scenario.script.seed));
    }
    for (name, why) in skipped() {
        let _ = writeln!(text, "{name:width$}  skipped: {why}");
    }
    let (run, skipped) = (read.scenarios.len(), skipped().count());
    let _ = writeln!(text, "\n{run} scenarios would run in the {} world, {skipped} are skipped", args.world);
    print(out, &text)
}
