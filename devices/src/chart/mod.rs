//! The flowcharts of the patent as data: steps, arcs, and where each arc leads.
//!
//! A device marks the arcs that it takes; [`Chart::check_walk`] says whether a row of marks is a walk
//! of the chart. The coverage of a run is counted over [`arcs`].

mod draw;
mod figure10;
mod figure18;
mod figure4;
mod figure8;

pub use figure4::FIGURE_4;
pub use figure8::FIGURE_8;
pub use figure10::{FIGURE_10, FIGURE_11, FIGURE_12, FIGURE_13};
pub use figure18::FIGURE_18;

/// One flowchart.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// Number of the figure.
    pub figure: &'static str,
    /// What the figure shows.
    pub title: &'static str,
    /// Where a walk may begin.
    pub starts: &'static [&'static str],
    /// Its steps in order.
    pub steps: &'static [Step],
    /// Its arcs in order.
    pub arcs: &'static [Arc],
}

/// A step of a flowchart.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// `S7`.
    pub name: &'static str,
    /// What happens there.
    pub text: &'static str,
    /// Steps that follow without a named arc.
    pub next: &'static [&'static str],
}

/// A named branch out of a step.
#[derive(Clone, Copy, Debug)]
pub struct Arc {
    /// `FIGURE.STEP.outcome`.
    pub name: &'static str,
    /// Step that it leaves.
    pub from: &'static str,
    /// Steps to which it may lead.
    pub to: &'static [&'static str],
    /// When it is taken.
    pub text: &'static str,
}

/// The end of a walk, as a step's name.
pub const END: &str = "end";

/// All flowcharts that are built.
pub const CHARTS: &[&Chart] =
    &[&FIGURE_4, &FIGURE_8, &FIGURE_10, &FIGURE_11, &FIGURE_12, &FIGURE_13, &FIGURE_18];

/// All arcs of all flowcharts, in order.
pub fn arcs() -> impl Iterator<Item = &'static Arc> {
    CHARTS.iter().flat_map(|chart| chart.arcs)
}

/// Whether these marks, in this order, are a walk of their charts: a call may go on in another figure, and is a
/// walk in each of them.
///
/// # Errors
/// The first mark that cannot follow, in words.
pub fn check_walk(marks: &[&str]) -> Result<(), String> {
    let of = |chart: &Chart, mark: &str| chart.arcs.iter().any(|arc| arc.name == mark);
    if let Some(stranger) = marks.iter().find(|mark| !CHARTS.iter().any(|chart| of(chart, mark))) {
        return Err(format!("no figure has an arc {stranger}"));
    }
    CHARTS.iter().try_for_each(|chart| chart.check_walk(marks.iter().copied().filter(|mark| of(chart, mark))))
}

impl Chart {
    /// Whether these marks, in this order, are a walk of the chart from its start. The walk may stop
    /// anywhere: power can fail.
    ///
    /// # Errors
    /// The first mark that cannot follow, in words.
    pub fn check_walk<'m>(&self, marks: impl IntoIterator<Item = &'m str>) -> Result<(), String> {
        let mut here: Vec<&'static str> = self.starts.to_vec();
        let mut before = "the start";
        for mark in marks {
            let Some(arc) = self.arcs.iter().find(|arc| arc.name == mark) else {
                return Err(format!("figure {} has no arc {mark}", self.figure));
            };
            if !self.reachable(&here).contains(&arc.from) {
                return Err(format!("{mark} cannot follow {before} in figure {}", self.figure));
            }
            here = arc.to.to_vec();
            before = arc.name;
        }
        Ok(())
    }

    /// The steps that can be reached from these without a named arc.
    fn reachable(&self, from: &[&'static str]) -> Vec<&'static str> {
        let mut reached = from.to_vec();
        let mut at = 0;
        while let Some(name) = reached.get(at).copied() {
            let next = self.steps.iter().find(|step| step.name == name).map_or(&[][..], |step| step.next);
            for step in next {
                if !reached.contains(step) {
                    reached.push(step);
                }
            }
            at += 1;
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_leads_to_a_step() {
        for chart in CHARTS {
            let known = |name: &str| name == END || chart.steps.iter().any(|step| step.name == name);
            for step in chart.steps {
                assert!(step.next.iter().all(|next| known(next)), "{step:?}");
            }
            for arc in chart.arcs {
                assert!(known(arc.from) && arc.to.iter().all(|to| known(to)), "{arc:?}");
                assert!(arc.name.starts_with(&format!("{}.{}.", chart.figure, arc.from)), "{arc:?}");
            }
        }
    }

    #[test]
    fn every_step_is_reached() {
        for chart in CHARTS {
            let mut all = chart.starts.to_vec();
            loop {
                let before = all.len();
                all = chart.reachable(&all);
                let arcs = chart.arcs.iter().filter(|arc| all.contains(&arc.from)).flat_map(|arc| arc.to);
                let more: Vec<_> = arcs.filter(|to| !all.contains(to)).copied().collect();
                all.extend(more);
                all.dedup();
                if all.len() == before {
                    break;
                }
            }
            assert!(chart.steps.iter().all(|step| all.contains(&step.name)), "figure {}", chart.figure);
        }
    }

    #[test]
    fn a_learning_call_is_a_walk() {
        let marks =
            ["4.S2.answered", "4.S5.number-unknown", "4.S13.selected", "4.S15.smtp", "4.S16.new-record"];
        assert_eq!(FIGURE_4.check_walk(marks), Ok(()));
    }

    #[test]
    fn a_presentation_after_a_registered_protocol_is_no_walk() {
        let marks = ["4.S2.answered", "4.S5.registered", "4.S13.selected"];
        let told = FIGURE_4.check_walk(marks).expect_err("S13 lies on the other branch");
        assert!(told.contains("4.S13.selected cannot follow 4.S5.registered"), "{told}");
    }

    #[test]
    fn a_failed_call_ends_without_a_bye() {
        assert!(FIGURE_4.check_walk(["4.S2.refused", "4.S9.display"]).is_ok());
        assert!(FIGURE_4.check_walk(["4.S2.refused", "4.S10.ended"]).is_err());
    }
}
