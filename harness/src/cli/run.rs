//! `faxproof run`.

use std::fs;
use std::io::{IsTerminal, Write};

use faxproof_devices::chart;
use indicatif::{ProgressBar, ProgressStyle};

use super::summary::{coloured, summary};
use super::{RunArgs, code_of, dry, print, refuse};
use crate::run::{self, Accept, Earlier, Examined, Report, RunError, Selection, Settings};
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
    let read = match read(set, args) {
        Ok(read) => read,
        Err(code) => return code,
    };
    if args.dry_run {
        return dry::tell(&read, args, out);
    }
    read.tell_elsewhere(args);
    let scenarios = read.scenarios;
    if scenarios.is_empty() {
        return refuse("error: there is no scenario to run");
    }
    let names: Vec<&str> = scenarios.iter().map(|(found, _)| found.name.as_str()).collect();
    let earlier = match args.against.as_deref().map(|path| Earlier::read(path, names.iter().copied())) {
        Some(Err(error)) => return refuse(format!("error: {error}")),
        Some(Ok(earlier)) => earlier,
        None => Earlier::default(),
    };
    let settings = Settings {
        world: args.world,
        seed: args.seed,
        rule: args.rule.clone(),
        accept: accept(args),
        ..Settings::default()
    };
    let results = run_with_progress(&scenarios, &settings, args);
    let report = Report::of(&names, &results, orphans, &earlier, args.show_secrets);
    if let Err(error) = write(args, &results, &report) {
        eprintln!("error: {error}");
        return 4;
    }
    if args.json {
        let json = serde_json::to_string_pretty(&report).unwrap_or_else(|error| error.to_string());
        print(out, &format!("{json}\n"));
    } else {
        print(out, &summary(&report, args.paths.is_empty(), coloured()));
    }
    code_of(report.verdict)
}

/// What the scripts of others may rely on in the output of `--json`.
pub(super) const MORE: &str = "\
Exit codes: 0 pass, 1 fail, 2 bad usage or input (nothing ran), 3 inconclusive or incomplete, 4 harness error

Snapshots: a ladder that differs from the .snap beside its scenario, or has none, is written beside it as \
.snap.new, for `cargo insta review --workspace-root FOLDER`, or --update takes it. Nothing is written where the \
variable CI is set (unless INSTA_UPDATE=new) or INSTA_UPDATE=no. Built-in scenarios have no file to write beside.

JSON (--json): format (faxproof-run/1; keys may be added, none changes its meaning under this name), verdict \
(pass, inconclusive, fail, error), scenarios: list of { scenario, verdict, digest (sha256 of the trace), findings \
(list of text), notes (list of text: what limits the worth of a verdict), ladder (same, different, missing, accepted, not-compared, or empty: not run), difference (lines), \
changed (with --against) }, arcs: { arcs: { ARC: times } }, arcs_not_taken, \
contrasts: list of { contrast (text that scenarios share), ways: list of { scenario, known_us (microseconds from its \
first order to send or write until the sender knew the result; null: never), messages and bytes (of all that was sent by \
anybody until then, by any protocol, without headers of IP, UDP and TCP), hops (how often a host handed the mail on) } }, \
orphans (snapshots without a scenario). \
With --dry-run: format (faxproof-plan/1), world, run: list of { scenario, seed }, skipped: list of { scenario, why }.

Colours: on a terminal only, and not where NO_COLOR is set.";

/// Ladders are proposed where somebody may look at them: not in CI, and not where insta is told so.
fn accept(args: &RunArgs) -> Accept {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let in_ci = !matches!(variable("CI").as_str(), "" | "0" | "false");
    match variable("INSTA_UPDATE").as_str() {
        _ if args.update => Accept::Take,
        "no" => Accept::Tell,
        "new" => Accept::Propose,
        _ if in_ci => Accept::Tell,
        _ => Accept::Propose,
    }
}

/// The files that were asked for, the records before what sums them up.
fn write(args: &RunArgs, results: &Results, report: &Report) -> Result<(), faxproof_reports::RecordError> {
    if let Some(folder) = &args.out {
        for examined in results.iter().flatten().flatten() {
            run::write(folder, examined, args.show_secrets)?;
        }
        let io = |error| faxproof_reports::RecordError::Io { path: folder.clone(), error };
        fs::create_dir_all(folder).map_err(io)?;
        run::write_junit(&folder.join("junit.xml"), report)?;
    }
    args.junit.as_deref().map_or(Ok(()), |path| run::write_junit(path, report))
}

/// The arguments that name something must name something that there is.
fn unknown_id(args: &RunArgs) -> Option<String> {
    if let Some(arc) = args.arc.iter().find(|arc| chart::arcs().all(|known| known.name != **arc)) {
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

/// What is to run, and what is not.
#[derive(Default)]
pub(super) struct Read {
    pub(super) scenarios: Vec<(Found, Scenario)>,
    /// Names of those that were asked for and cannot run in this world, and why.
    pub(super) elsewhere: Vec<(String, String)>,
    /// Names of those that were not asked for, and why.
    pub(super) skipped: Vec<(String, String)>,
}

impl Read {
    /// What was asked for is never left out silently.
    fn tell_elsewhere(&self, args: &RunArgs) {
        if !self.elsewhere.is_empty() {
            eprintln!("{} scenarios are not for the {} world:", self.elsewhere.len(), args.world);
            let width = self.elsewhere.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            self.elsewhere.iter().for_each(|(name, why)| eprintln!("    {name:width$}  {why}"));
        }
    }
}

/// Every scenario is read before the first one runs.
fn read(set: Set, args: &RunArgs) -> Result<Read, u8> {
    let selection = Selection { arcs: args.arc.clone(), cell: args.cell.clone(), shard: args.shard };
    let (mut read, mut wrong) = (Read::default(), false);
    for (position, found) in set.scenarios.into_iter().enumerate() {
        match found.scenario() {
            Ok(scenario) => {
                if let Some(why) = selection.leaves_out(position, &found, &scenario) {
                    read.skipped.push((found.name, why));
                    continue;
                }
                match scenario.left_out(args.world) {
                    None => read.scenarios.push((found, scenario)),
                    Some(why) => read.elsewhere.push((found.name, why.to_string())),
                }
            }
            Err(error) => {
                eprintln!("{error}");
                wrong = true;
            }
        }
    }
    if wrong { Err(2) } else { Ok(read) }
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
