//! What a run shows at its end.

use std::fmt::Write as _;
use std::io::IsTerminal;

use faxproof_devices::chart;
use faxproof_reports::{Verdict, contrast_table, coverage_table, truth_table};

use crate::run::Report;

/// So many changed messages of a scenario are shown.
const MOST_CHANGES: usize = 20;

/// Whether the output may have colours (no-color.org: any value but the empty one says no).
pub(super) fn coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// `whole`: the built-in set ran, so that an arc that nobody took is worth a line.
pub(super) fn summary(report: &Report, whole: bool, colours: bool) -> String {
    let mut text = String::new();
    let width = report.scenarios.iter().map(|line| line.scenario.len()).max().unwrap_or(0);
    for line in &report.scenarios {
        let note = match line.ladder {
            "accepted" => "  snapshot accepted",
            "missing" => "  no snapshot: look at the ladder and accept it with --update",
            "different" => "  the ladder differs from the snapshot:",
            _ => "",
        };
        let _ = writeln!(text, "{:width$}  {}{note}", line.scenario, line.verdict.as_str());
        for finding in &line.findings {
            let _ = writeln!(text, "    {finding}");
        }
        for note in &line.notes {
            let _ = writeln!(text, "    note: {note}");
        }
        for line in line.ladders.iter().flat_map(|difference| &difference.lines) {
            let _ = writeln!(text, "    {}", if colours { line.coloured() } else { line.to_string() });
        }
        text += &changes(&line.changed);
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
    text += &truth_table(report.scenarios.iter().map(|line| (line.scenario.as_str(), &line.sends[..])));
    text += &contrast_table(&report.contrasts);
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

/// Messages that changed since the earlier run.
fn changes(changed: &[String]) -> String {
    let mut text = String::new();
    if !changed.is_empty() {
        let _ = writeln!(text, "    {} messages differ from the earlier run:", changed.len());
    }
    for line in changed.iter().take(MOST_CHANGES).flat_map(|change| change.lines()) {
        let _ = writeln!(text, "      {line}");
    }
    if changed.len() > MOST_CHANGES {
        let _ = writeln!(text, "      ... {} more", changed.len() - MOST_CHANGES);
    }
    text
}
