//! Running scenarios: each is compiled, run in a world, judged, compared with what it expects and with
//! its snapshot.

mod against;
mod jobs;
mod outcome;
mod snapshot;

pub use against::Earlier;
pub use jobs::{Selection, run_all, usual_jobs};
pub use outcome::{Report, write, write_junit};
pub use snapshot::{Accept, Snapshot};

use faxproof_devices::chart;
use faxproof_judges as judges;
use faxproof_reports::record::Coverage;
use faxproof_reports::{Declaration, Finding, Record, RuleResult, Trace, Verdict, What, ladder};

use crate::plan::Plan;
use crate::scenario::set::Found;
use crate::scenario::{Scenario, ScenarioError, expect};
use crate::world::{self, Options, World, WorldError};

/// What is required by the harness itself rather than by a judge: identifier, source, and why.
pub const OWN_RULES: &[(&str, &str, &str)] = &[
    (
        WALK,
        "Figure 4",
        "The arcs that a device marks in one call are a walk of its flowchart. A device that jumps does not \
         do what the patent describes.",
    ),
    (
        "expect.arcs",
        "the scenario",
        "Each host took exactly the arcs that the scenario names, in their order.",
    ),
    ("expect.contents", "the scenario", "A message had in it what the scenario says."),
    ("expect.covers", "the scenario", "The run took every arc that the scenario exists for."),
    ("expect.messages", "the scenario", "So many messages of that kind were sent as the scenario says."),
    ("expect.remarks", "the scenario", "A device explained its decisions as the scenario says."),
    ("expect.notices", "the scenario", "The operator was told what the scenario says, and no more."),
    ("expect.printed", "the scenario", "So many pages came out of the printer as the scenario says."),
    ("expect.ta1", "the scenario", "Table Ta1 ends as the scenario says."),
    ("expect.ta2", "the scenario", "Table Ta2 ends as the scenario says."),
    ("expect.ta3", "the scenario", "Tables Ta3 and Ta3' end as the scenario says."),
    ("expect.verdict", "the scenario", "The judges say what the scenario expects of them."),
];

/// The rule that the marks of a call are a walk of the flowchart.
const WALK: &str = "marks.walk";

/// How to run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// In which world.
    pub world: World,
    /// A seed in place of the scenario's.
    pub seed: Option<u64>,
    /// Judge by this rule only.
    pub rule: Option<String>,
    /// What to do with a ladder that was not accepted.
    pub accept: Accept,
    /// What else to ask of the world.
    pub options: Options,
}

/// One scenario, run and judged.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Everything that is kept of it.
    pub record: Record,
    /// Its ladder.
    pub ladder: String,
    /// How the ladder compares with the one that was accepted.
    pub snapshot: Snapshot,
    /// Events that happened.
    pub events: u64,
}

/// Why a scenario was not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The world cannot run it.
    #[error("{name}: {error}")]
    World {
        /// The scenario.
        name: String,
        /// Why not.
        error: WorldError,
    },
    /// A snapshot could not be written.
    #[error("cannot write {path}: {error}")]
    Snapshot {
        /// The file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
}

impl Examined {
    /// Everything that speaks against it, the rules' findings first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let results = self.record.results.iter();
        results.flat_map(|result| &result.findings).filter(|finding| finding.verdict != Verdict::Pass)
    }

    /// What the verdict does not say. That boxes of one vendor understand each other claims nothing of others; a server
    /// that calls whom the text of a mail names does so at everybody's bidding.
    pub fn notes(&self) -> impl Iterator<Item = &Finding> {
        self.record.results.iter().flat_map(|result| &result.findings).filter(|finding| finding.note)
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.record.verdict
    }
}

/// Runs one scenario and judges it.
///
/// # Errors
/// [`RunError`]: nothing ran, or the harness failed.
pub fn examine(found: &Found, scenario: &Scenario, settings: &Settings) -> Result<Examined, RunError> {
    let plan = scenario.compile(&found.name, settings.world, settings.seed)?;
    examine_plan(found, scenario, plan, settings)
}

/// Runs a plan that was compiled from the scenario, perhaps with other devices in it, and judges it by
/// what the scenario expects.
///
/// # Errors
/// As [`examine`].
pub fn examine_plan(
    found: &Found,
    scenario: &Scenario,
    plan: Plan,
    settings: &Settings,
) -> Result<Examined, RunError> {
    let mut trace = Trace::default();
    let outcome = world::run_with(&plan, settings.world, &settings.options, &mut trace)
        .map_err(|error| RunError::World { name: found.name.clone(), error })?;
    let declaration = plan.declaration;
    let judges::Examination { mut results, sends, way } = judges::examine(&declaration, &trace);
    results.extend(walks(&trace));
    if let Some(only) = &settings.rule {
        results.retain(|result| &result.rule == only || result.rule == WALK);
    }
    let judged = results.iter().map(|result| result.verdict).fold(Verdict::Pass, Verdict::join);
    let expected = expected(scenario, &declaration, &trace, judged, settings.rule.is_some());
    let ladder = ladder(&declaration, &trace);
    // The ladder of another world or seed has other times: parity is compared elsewhere. Cells of a matrix
    // are too many to be read by a person.
    let comparable = settings.world == World::Virtual && settings.seed.is_none() && found.cell.is_none();
    let snapshot =
        if comparable { snapshot::check(found, &ladder, settings.accept)? } else { Snapshot::NotCompared };
    let told = expected.iter().map(|result| result.verdict).fold(Verdict::Pass, Verdict::join);
    let verdict = told.join(snapshot.verdict());
    results.extend(expected);
    let coverage = Coverage { sends, way, ..coverage(&trace) };
    let record = Record::new(declaration, trace, results, verdict, coverage);
    Ok(Examined { record, ladder, snapshot, events: outcome.events })
}

/// What the judges say of a run, and whether the marks of every call are a walk of the flowchart.
pub fn judge(declaration: &Declaration, trace: &Trace) -> Vec<RuleResult> {
    let mut results = judges::judge(declaration, trace);
    results.extend(walks(trace));
    results
}

/// What the scenario itself asks for. A scenario that expects the judges to find a fault passes if they
/// do; their findings stay in the record.
fn expected(
    scenario: &Scenario,
    declaration: &Declaration,
    trace: &Trace,
    judged: Verdict,
    one_rule_only: bool,
) -> Vec<RuleResult> {
    let mut findings = expect::check(&scenario.script, declaration, trace);
    let wanted = scenario.expected_verdict();
    if judged != wanted && !(one_rule_only && judged == Verdict::Pass) {
        findings.push(Finding {
            rule: "expect.verdict".to_owned(),
            verdict: if judged == Verdict::Pass { Verdict::Fail } else { judged },
            party: None,
            text: format!("the judges say {}, the scenario expects {}", judged.as_str(), wanted.as_str()),
            evidence: Vec::new(),
            note: false,
        });
    }
    let mut results: Vec<RuleResult> = Vec::new();
    for finding in findings {
        match results.iter_mut().find(|result| result.rule == finding.rule) {
            Some(result) => {
                result.verdict = result.verdict.join(finding.verdict);
                result.findings.push(finding);
            }
            None => results.push(RuleResult {
                rule: finding.rule.clone(),
                applied: 1,
                verdict: finding.verdict,
                findings: vec![finding],
            }),
        }
    }
    results
}

/// The marks of every call must be a walk of the flowchart.
fn walks(trace: &Trace) -> Option<RuleResult> {
    let mut calls: Vec<(&str, u64, Vec<&str>, usize)> = Vec::new();
    for (at, entry) in trace.entries.iter().enumerate() {
        let What::Mark { host, call, arc } = &entry.what else { continue };
        match calls.iter_mut().find(|known| known.0 == &**host && known.1 == *call) {
            Some(known) => known.2.push(arc),
            None => calls.push((host, *call, vec![arc], at)),
        }
    }
    let astray = calls.iter().filter_map(|(host, _, marks, at)| {
        let why = chart::check_walk(marks).err()?;
        let (rule, party) = (WALK.to_owned(), Some((*host).into()));
        Some(Finding { rule, verdict: Verdict::Fail, party, text: why, evidence: vec![*at], note: false })
    });
    let findings: Vec<Finding> = astray.collect();
    let verdict = if findings.is_empty() { Verdict::Pass } else { Verdict::Fail };
    let applied = u32::try_from(calls.len()).unwrap_or(u32::MAX);
    (applied > 0).then(|| RuleResult { rule: WALK.to_owned(), applied, verdict, findings })
}

fn coverage(trace: &Trace) -> Coverage {
    let mut coverage = Coverage::default();
    for entry in &trace.entries {
        if let What::Mark { arc, .. } = &entry.what {
            *coverage.arcs.entry(arc.to_string()).or_default() += 1;
        }
    }
    coverage
}
