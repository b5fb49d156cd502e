//! Ways to do the same, side by side: how long until the sender knows, and what that takes (Figure 19).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// What the first order of a scenario to send or to write took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Microseconds from the order until its sender knew the result; `None`: never in this run.
    pub known_us: Option<u64>,
    /// Messages that anybody sent until then (to the end of the run where it was never known): datagrams, and commands,
    /// replies and mails on connections, of whatever protocol; lost ones too.
    pub messages: u32,
    /// Octets in them, without the headers of IP, UDP and TCP.
    pub bytes: u64,
    /// How often one host handed the mail on to another, who took it, until it lay in a mailbox or was printed.
    pub hops: u32,
}

/// The scenarios of one contrast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contrast {
    /// What they all do, as the scenarios declare it.
    pub contrast: String,
    /// How each does it, by the names of the scenarios.
    pub ways: Vec<Side>,
}

/// One scenario of a contrast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Its name.
    pub scenario: String,
    /// What it took.
    #[serde(flatten)]
    pub way: Way,
}

/// The contrasts of a whole run, of (scenario, its contrast, its way): by their texts, and in each by scenario.
pub fn contrasts<'a>(runs: impl IntoIterator<Item = (&'a str, &'a str, Way)>) -> Vec<Contrast> {
    let mut by_text: BTreeMap<&str, BTreeMap<&str, Way>> = BTreeMap::new();
    for (scenario, contrast, way) in runs {
        by_text.entry(contrast).or_default().insert(scenario, way);
    }
    let side = |(scenario, way): (&str, Way)| Side { scenario: scenario.to_owned(), way };
    let contrast = |(text, ways): (&str, BTreeMap<&str, Way>)| Contrast {
        contrast: text.to_owned(),
        ways: ways.into_iter().map(side).collect(),
    };
    by_text.into_iter().map(contrast).collect()
}

/// A row of the table: its name, and its value of a way.
type Row = (&'static str, fn(&Way) -> String);

const ROWS: [Row; 4] = [
    ("the sender knows after", |way| way.known_us.map_or("never".to_owned(), seconds)),
    ("messages", |way| way.messages.to_string()),
    ("bytes", |way| way.bytes.to_string()),
    ("hops of the mail", |way| way.hops.to_string()),
];

/// A table for each contrast, with a column for each scenario.
pub fn contrast_table(contrasts: &[Contrast]) -> String {
    let mut out = String::new();
    for Contrast { contrast, ways } in contrasts {
        let _ = writeln!(out, "{contrast}");
        let names = ways.iter().map(|side| side.scenario.clone()).collect();
        let values = |show: fn(&Way) -> String| ways.iter().map(|side| show(&side.way)).collect();
        let lines: Vec<(&str, Vec<String>)> =
            std::iter::once(("", names)).chain(ROWS.map(|(name, show)| (name, values(show)))).collect();
        let widths: Vec<usize> = (0..ways.len())
            .map(|column| lines.iter().map(|(_, cells)| cells[column].chars().count()).max().unwrap_or(0))
            .collect();
        for (name, cells) in &lines {
            let _ = write!(out, "  {name:22}");
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(out, "  {cell:>width$}");
            }
            out.push('\n');
        }
    }
    out
}

/// Microseconds as seconds, to the millisecond.
fn seconds(us: u64) -> String {
    let ms = us.saturating_add(500) / 1_000;
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(known_us: Option<u64>, messages: u32, bytes: u64, hops: u32) -> Way {
        Way { known_us, messages, bytes, hops }
    }

    #[test]
    fn ways_of_one_contrast_stand_side_by_side_by_name() {
        let runs = [
            ("fig19/slow", "A mail", way(Some(19_050_000), 120, 12_345, 3)),
            ("fig19/lost", "A mail", way(None, 7, 800, 0)),
            ("b/alone", "A call", way(Some(720_499), 30, 9_000, 2)),
            ("fig19/a", "A mail", way(Some(720_500), 30, 9_000, 2)),
        ];
        insta::assert_snapshot!(contrast_table(&contrasts(runs)));
    }

    #[test]
    fn a_run_without_contrasts_has_no_table() {
        assert_eq!(contrast_table(&contrasts([])), "");
    }
}
