//! What a whole run says: which scenarios passed, which arcs were taken, and the files it leaves.

use std::fs;
use std::io;
use std::path::Path;

use faxproof_devices::chart;
use faxproof_reports::record::Coverage;
use faxproof_reports::{RecordError, Verdict, What, png};
use serde::Serialize;

use super::{Examined, RunError};

/// The result of a run, in the form of `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `faxproof-run/1`.
    pub format: &'static str,
    /// The worst verdict of all.
    pub verdict: Verdict,
    /// Scenarios in the order of their names.
    pub scenarios: Vec<Line>,
    /// How often each arc was taken.
    pub arcs: Coverage,
    /// Arcs that no scenario took.
    pub arcs_not_taken: Vec<&'static str>,
    /// Snapshots without a scenario.
    pub orphans: Vec<String>,
}

/// One scenario of a report.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its name.
    pub scenario: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// sha256 of its trace; empty where it did not run.
    pub digest: String,
    /// What speaks against it.
    pub findings: Vec<String>,
}

impl Report {
    /// Sums up.
    pub fn of(
        names: &[&str],
        results: &[Option<Result<Examined, RunError>>],
        orphans: Vec<String>,
    ) -> Report {
        let mut arcs = Coverage::default();
        let mut scenarios = Vec::new();
        for (name, result) in names.iter().zip(results) {
            if let Some(Ok(examined)) = result {
                for (arc, count) in &examined.record.coverage.arcs {
                    *arcs.arcs.entry(arc.clone()).or_default() += count;
                }
            }
            scenarios.push(line(name, result.as_ref()));
        }
        let worst = scenarios.iter().map(|line| line.verdict).fold(Verdict::Pass, Verdict::join);
        let verdict = if orphans.is_empty() { worst } else { worst.join(Verdict::Fail) };
        let not_taken = chart::arcs().map(|arc| arc.name).filter(|arc| !arcs.arcs.contains_key(*arc));
        let arcs_not_taken = not_taken.collect();
        Report { format: "faxproof-run/1", verdict, scenarios, arcs, arcs_not_taken, orphans }
    }
}

fn line(name: &str, result: Option<&Result<Examined, RunError>>) -> Line {
    let scenario = name.to_owned();
    match result {
        Some(Ok(examined)) => Line {
            scenario,
            verdict: examined.verdict(),
            digest: examined.record.digest.clone(),
            findings: examined.findings().map(words).collect(),
        },
        Some(Err(error)) => Line {
            scenario,
            verdict: Verdict::Error,
            digest: String::new(),
            findings: vec![error.to_string()],
        },
        None => Line {
            scenario,
            verdict: Verdict::Inconclusive,
            digest: String::new(),
            findings: vec!["not run: another scenario failed first".to_owned()],
        },
    }
}

/// A finding as one line.
fn words(finding: &faxproof_reports::Finding) -> String {
    let party = finding.party.as_deref().map(|party| format!(" ({party})")).unwrap_or_default();
    format!("{}{party}: {}", finding.rule, finding.text)
}

/// Writes what a scenario leaves into `folder`: the printed pages as PNG, and last the record.
///
/// # Errors
/// The file system's or the record's.
pub fn write(folder: &Path, examined: &Examined) -> Result<(), RecordError> {
    let place = folder.join(&examined.record.declaration.scenario);
    pages(&place, examined).map_err(|error| RecordError::Io { path: place.clone(), error })?;
    examined.record.write(&place.join("record.json"))
}

fn pages(place: &Path, examined: &Examined) -> io::Result<()> {
    fs::create_dir_all(place)?;
    fs::write(place.join("ladder.txt"), &examined.ladder)?;
    let mut printed = 0;
    for entry in &examined.record.trace.entries {
        let What::Printed { host, page: Some(page), .. } = &entry.what else { continue };
        printed += 1;
        fs::write(place.join(format!("{host}-page-{printed:03}.png")), png::png(page))?;
    }
    Ok(())
}
