//! What a person reads at the end of a run: how a ladder differs, and what was not reached.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use similar::TextDiff;

use crate::record::Coverage;

/// Longest difference that is shown.
const MOST_LINES: usize = 80;

/// What changed from `expected` to `got`, as a unified diff; empty where nothing did. A difference of
/// more than 80 lines is cut, and its last line says how many more there are.
pub fn difference(expected: &str, got: &str) -> String {
    let diff = TextDiff::from_lines(expected, got);
    let text = diff.unified_diff().context_radius(3).header("expected", "got").to_string();
    let count = text.lines().count();
    if count <= MOST_LINES {
        return text;
    }
    let mut cut: String = text.split_inclusive('\n').take(MOST_LINES - 1).collect();
    let _ = writeln!(cut, "... {} more lines", count - (MOST_LINES - 1));
    cut
}

/// How many of all `arcs` (`FIGURE.STEP.outcome`) were taken, figure by figure, with the names of
/// those that never were; figures in the order in which they first appear. Arcs that were counted
/// and are in no chart are named last: somebody misspelt them.
pub fn coverage_table<'a>(arcs: impl IntoIterator<Item = &'a str>, coverage: &Coverage) -> String {
    let taken = |arc: &str| coverage.arcs.get(arc).is_some_and(|&times| times > 0);
    let mut figures: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut unknown: BTreeMap<&str, u32> =
        coverage.arcs.iter().map(|(arc, &times)| (arc.as_str(), times)).collect();
    for arc in arcs {
        unknown.remove(arc);
        let figure = arc.split('.').next().unwrap_or(arc);
        match figures.iter_mut().find(|(name, _)| *name == figure) {
            Some((_, arcs)) => arcs.push(arc),
            None => figures.push((figure, vec![arc])),
        }
    }
    let mut out = String::new();
    for (figure, arcs) in &figures {
        let never: Vec<&str> = arcs.iter().copied().filter(|arc| !taken(arc)).collect();
        let _ = writeln!(out, "Figure {figure}: {} of {} arcs", arcs.len() - never.len(), arcs.len());
        for arc in never {
            let _ = writeln!(out, "  never: {arc}");
        }
    }
    for arc in unknown.keys() {
        let _ = writeln!(out, "In no figure: {arc}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        let got = difference("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n");
        let expected = "--- expected\n+++ got\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+five\n 6\n";
        assert_eq!(got, expected);
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let lines = |word: &str| (0..100).map(|n| format!("{word} {n}\n")).collect::<String>();
        let got = difference(&lines("old"), &lines("new"));
        assert_eq!(got.lines().count(), MOST_LINES);
        assert_eq!(got.lines().last(), Some("... 124 more lines")); // 203 in all
    }

    #[test]
    fn arcs_are_counted_by_figure() {
        let taken = [("4.S2.answered", 3), ("5.S1.start", 1), ("4.S13.selected", 0)];
        let coverage = Coverage { arcs: taken.map(|(arc, times)| (arc.to_string(), times)).into() };
        let table = coverage_table(["4.S2.answered", "4.S13.selected", "5.S1.start"], &coverage);
        assert_eq!(table, "Figure 4: 1 of 2 arcs\n  never: 4.S13.selected\nFigure 5: 1 of 1 arcs\n");
    }

    #[test]
    fn an_arc_in_no_figure_is_named() {
        let coverage = Coverage { arcs: [("4.S99.lost".to_string(), 1)].into() };
        assert_eq!(coverage_table([], &coverage), "In no figure: 4.S99.lost\n");
    }
}
