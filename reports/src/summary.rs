//! What a person reads at the end of a run: what was not reached.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::record::Coverage;

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
    fn arcs_are_counted_by_figure() {
        let taken = [("4.S2.answered", 3), ("5.S1.start", 1), ("4.S13.selected", 0)];
        let coverage = Coverage {
            arcs: taken.map(|(arc, times)| (arc.to_string(), times)).into(),
            ..Coverage::default()
        };
        let table = coverage_table(["4.S2.answered", "4.S13.selected", "5.S1.start"], &coverage);
        assert_eq!(table, "Figure 4: 1 of 2 arcs\n  never: 4.S13.selected\nFigure 5: 1 of 1 arcs\n");
    }

    #[test]
    fn an_arc_in_no_figure_is_named() {
        let coverage = Coverage { arcs: [("4.S99.lost".to_string(), 1)].into(), ..Coverage::default() };
        assert_eq!(coverage_table([], &coverage), "In no figure: 4.S99.lost\n");
    }
}
