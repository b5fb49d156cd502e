//! What a whole run says: which scenarios passed, which arcs were taken, and the files it leaves.

use std::fs;
use std::io;
use std::path::Path;

use faxproof_devices::chart;
use faxproof_reports::junit::{Case, junit};
use faxproof_reports::record::Coverage;
use faxproof_reports::redact::redacted;
use faxproof_reports::{
    Change, Contrast, Declaration, Difference, RecordError, Sent, Verdict, Way, What, contrasts, png,
};
use serde::Serialize;

use super::{Earlier, Examined, RunError, Snapshot};

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
    /// The scenarios of each contrast, side by side.
    pub contrasts: Vec<Contrast>,
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
    /// What its verdict does not claim.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How its ladder compares with its snapshot: `same`, `different`, `missing`, `accepted`,
    /// `not-compared`; empty where it did not run.
    pub ladder: &'static str,
    /// The difference of the ladders, line by line; empty where there is none.
    pub difference: Vec<String>,
    /// Messages that changed since an earlier run (`--against`), in words.
    pub changed: Vec<String>,
    /// Every order to send: what its operator was told, and what was printed.
    pub sends: Vec<Sent>,
    /// The difference as it is shown on a terminal.
    #[serde(skip)]
    pub ladders: Option<Difference>,
}

impl Report {
    /// Sums up; `earlier` are the records of an earlier run, with which messages are compared. Secrets are
    /// left in only where `secrets` says so.
    pub fn of(
        names: &[&str],
        results: &[Option<Result<Examined, RunError>>],
        orphans: Vec<String>,
        earlier: &Earlier,
        secrets: bool,
    ) -> Report {
        let mut arcs = Coverage::default();
        let mut scenarios = Vec::new();
        for (name, result) in names.iter().zip(results) {
            if let Some(Ok(examined)) = result {
                for (arc, count) in &examined.record.coverage.arcs {
                    *arcs.arcs.entry(arc.clone()).or_default() += count;
                }
            }
            scenarios.push(line(name, result.as_ref(), earlier, secrets));
        }
        let worst = scenarios.iter().map(|line| line.verdict).fold(Verdict::Pass, Verdict::join);
        let verdict = if orphans.is_empty() { worst } else { worst.join(Verdict::Fail) };
        let not_taken = chart::arcs().map(|arc| arc.name).filter(|arc| !arcs.arcs.contains_key(*arc));
        let arcs_not_taken = not_taken.collect();
        let contrasts = contrasts(results.iter().flatten().flatten().filter_map(way));
        Report { format: "faxproof-run/1", verdict, scenarios, arcs, arcs_not_taken, contrasts, orphans }
    }
}

/// A scenario that ran, its contrast, and its way.
fn way(examined: &Examined) -> Option<(&str, &str, Way)> {
    let Declaration { scenario, contrast, .. } = &examined.record.declaration;
    Some((scenario, contrast.as_deref()?, examined.record.coverage.way?))
}

fn line(name: &str, result: Option<&Result<Examined, RunError>>, earlier: &Earlier, secrets: bool) -> Line {
    let mut line = Line {
        scenario: name.to_owned(),
        verdict: Verdict::Inconclusive,
        digest: String::new(),
        findings: vec![NOT_RUN.to_owned()],
        notes: Vec::new(),
        ladder: "",
        difference: Vec::new(),
        changed: Vec::new(),
        sends: Vec::new(),
        ladders: None,
    };
    match result {
        Some(Ok(examined)) => {
            line.verdict = examined.verdict();
            line.digest = examined.record.digest.clone();
            line.sends = examined.record.coverage.sends.clone();
            let said = |finding| if secrets { words(finding) } else { redacted(&words(finding)) };
            line.findings = examined.findings().map(said).collect();
            line.notes = examined.notes().map(said).collect();
            line.ladder = examined.snapshot.as_str();
            if let Snapshot::Different(difference) = &examined.snapshot {
                line.difference = difference.lines.iter().map(ToString::to_string).collect();
                line.ladders = Some(difference.clone());
            }
            line.changed = earlier.changes(name, examined).iter().map(Change::to_string).collect();
        }
        Some(Err(error)) => {
            line.verdict = Verdict::Error;
            line.findings = vec![redacted(&error.to_string())];
        }
        None => {}
    }
    line
}

/// What is said of a scenario that `--fail-fast` left out.
const NOT_RUN: &str = "not run: another scenario failed first";

/// A finding as one line.
fn words(finding: &faxproof_reports::Finding) -> String {
    let party = finding.party.as_deref().map(|party| format!(" ({party})")).unwrap_or_default();
    format!("{}{party}: {}", finding.rule, finding.text)
}

impl Report {
    /// The report as JUnit XML; the same run gives the same bytes.
    ///
    /// # Errors
    /// What the writer of XML says.
    pub fn junit(&self) -> Result<String, String> {
        let case = |line: &Line| {
            let ran = line.findings.first().is_none_or(|finding| finding != NOT_RUN);
            Case {
                scenario: line.scenario.clone(),
                verdict: ran.then_some(line.verdict),
                findings: line.findings.clone(),
                text: line.difference.join("\n"),
            }
        };
        let orphan = |name: &String| Case {
            scenario: name.clone(),
            verdict: Some(Verdict::Fail),
            findings: vec!["a snapshot without a scenario".to_owned()],
            text: String::new(),
        };
        junit(&self.scenarios.iter().map(case).chain(self.orphans.iter().map(orphan)).collect::<Vec<_>>())
    }
}

/// Writes a report as JUnit XML.
///
/// # Errors
/// The file system's.
pub fn write_junit(path: &Path, report: &Report) -> Result<(), RecordError> {
    let xml = report.junit().map_err(io::Error::other);
    xml.and_then(|xml| fs::write(path, xml)).map_err(|error| RecordError::Io { path: path.into(), error })
}

/// Writes what a scenario leaves into `folder`: the printed pages as PNG, and last the record. Secrets are
/// left in the record only where `secrets` says so; the ladder never shows any.
///
/// # Errors
/// The file system's or the record's.
pub fn write(folder: &Path, examined: &Examined, secrets: bool) -> Result<(), RecordError> {
    let place = folder.join(&examined.record.declaration.scenario);
    pages(&place, examined).map_err(|error| RecordError::Io { path: place.clone(), error })?;
    let path = place.join("record.json");
    if secrets { examined.record.write_with_secrets(&path) } else { examined.record.write(&path) }
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
