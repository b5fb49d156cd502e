//! `faxproof run`.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

use faxproof_devices::chart;
use faxproof_reports::{Verdict, coverage_table};
use indicatif::{ProgressBar, ProgressStyle};

use super::{RunArgs, code_of, print, refuse};
use crate::run::{self, Examined, Report, RunError, Selection, Settings, Snapshot};
use crate::scenario::Scenario;
use crate::scenario::set::{self, Found, Set};

type Results = Vec<Option<Result<Examined, RunError>>>;

pub(super) fn run(args: &RunArgs, out: &mut impl Write) -> u8 {
    if let Some(problem) = unknown_id(args) {
        return refuse(problem);
    }
    let set = match set_of(args) {
        Ok(set) => set,
        Err(code) => return code,
    };
    let orphans = set.orphans.clone();
    let scenarios = match read(set, args) {
        Ok(scenarios) => scenarios,
        Err(code) => return code,
    };
    let settings = Settings {
        world: args.world,
        seed: args.seed,
        rule: args.rule.clone(),
        update: args.update,
        ..Settings::default()
    };
    let results = run_with_progress(&scenarios, &settings, args);
    if let Some(folder) = &args.out {
        for examined in results.iter().flatten().flatten() {
            if let Err(error) = run::write(folder, examined) {
                eprintln!("error: {error}");
                return 4;
            }
        }
    }
    let names: Vec<&str> = scenarios.iter().map(|(found, _)| found.name.as_str()).collect();
    let report = Report::of(&names, &results, orphans);
    if args.json {
        let json = serde_json::to_string_pretty(&report).unwrap_or_else(|error| error.to_string());
        print(out, &format!("{json}\n"));
    } else {
        print(out, &summary(&report, &results, args.paths.is_empty()));
    }
    code_of(report.verdict)
}

/// The arguments that name something must name something that there is.
fn unknown_id(args: &RunArgs) -> Option<String> {
    if let Some(arc) = args.arc.as_deref().filter(|arc| chart::arcs().all(|known| known.name != *arc)) {
        return Some(format!("error: there is no arc {arc}; `faxproof list arcs` names them all"));
    }
    let rules = faxproof_judges::rules();
    if let Some(rule) = args.rule.as_deref().filter(|rule| rules.iter().all(|known| known.id != *rule)) {
        return Some(format!("error: there is no rule {rule}; `faxproof list rules` names them all"));
    }
    if args.update && (args.paths.is_empty() || args.seed.is_some()) {
        return Some("error: --update needs the PATH of the scenarios, and their own seeds".to_owned());
    }
    None
}

fn set_of(args: &RunArgs) -> Result<Set, u8> {
    if args.paths.is_empty() {
        return Ok(set::built_in());
    }
    set::find(&args.paths).map_err(|error| refuse(format!("error: {error}")))
}

/// Every scenario is read before the first one runs.
fn read(set: Set, args: &RunArgs) -> Result<Vec<(Found, Scenario)>, u8> {
    let selection = Selection { arc: args.arc.clone(), shard: args.shard };
    let (mut scenarios, mut elsewhere, mut wrong) = (Vec::new(), Vec::new(), false);
    for (position, found) in set.scenarios.into_iter().enumerate() {
        match found.scenario() {
            Ok(scenario) => {
                if !selection.takes(position, &scenario) {
                    continue;
                }
                match scenario.left_out(args.world) {
                    None => scenarios.push((found, scenario)),
                    Some(why) => elsewhere.push((found.name, why)),
                }
            }
            Err(error) => {
                eprintln!("{error}");
                wrong = true;
            }
        }
    }
    if wrong {
        return Err(2);
    }
    if !elsewhere.is_empty() {
        eprintln!("{} scenarios are not for the {} world:", elsewhere.len(), args.world);
        let width = elsewhere.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        elsewhere.iter().for_each(|(name, why)| eprintln!("    {name:width$}  {why}"));
    }
    if scenarios.is_empty() {
        return Err(refuse("error: there is no scenario to run"));
    }
    Ok(scenarios)
}

fn run_with_progress(scenarios: &[(Found, Scenario)], settings: &Settings, args: &RunArgs) -> Results {
    let threads = args.jobs.unwrap_or_else(|| run::usual_jobs(args.world));
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(scenarios.len() as u64)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let results = run::run_all(scenarios, settings, threads, args.fail_fast, &|found: &Found| {
        bar.set_message(found.name.clone());
        bar.inc(1);
    });
    bar.finish_and_clear();
    results
}

/// `whole`: the built-in set ran, so that an arc that nobody took is worth a line.
fn summary(report: &Report, results: &Results, whole: bool) -> String {
    let mut text = String::new();
    let width = report.scenarios.iter().map(|line| line.scenario.len()).max().unwrap_or(0);
    for (line, result) in report.scenarios.iter().zip(results) {
        let note = match result.as_ref().and_then(|result| result.as_ref().ok()).map(|e| &e.snapshot) {
            Some(Snapshot::Updated) => "  snapshot accepted",
            Some(Snapshot::Missing) => "  no snapshot: look at the ladder and accept it with --update",
            Some(Snapshot::Different(_)) => "  the ladder differs from the snapshot:",
            _ => "",
        };
        let _ = writeln!(text, "{:width$}  {}{note}", line.scenario, line.verdict.as_str());
        for finding in &line.findings {
            let _ = writeln!(text, "    {finding}");
        }
        if let Some(Some(Ok(Examined { snapshot: Snapshot::Different(difference), .. }))) = Some(result) {
            for line in difference.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    for orphan in &report.orphans {
        let _ = writeln!(text, "{orphan}: a snapshot without a scenario");
    }
    let arcs: Vec<&str> = chart::arcs().map(|arc| arc.name).collect();
    let table = coverage_table(arcs, &report.arcs);
    text.push('\n');
    for line in table.lines().filter(|line| whole || !line.starts_with(' ')) {
        let _ = writeln!(text, "{line}");
    }
    let count = |verdict: Verdict| report.scenarios.iter().filter(|line| line.verdict == verdict).count();
    let _ = writeln!(
        text,
        "{} scenarios: {} passed, {} failed, {} inconclusive, {} errors",
        report.scenarios.len(),
        count(Verdict::Pass),
        count(Verdict::Fail),
        count(Verdict::Inconclusive),
        count(Verdict::Error),
    );
    text
}
