//! Rules that read what a run left behind, and say what was wrong: by whom, by which source, and on
//! which evidence.
//!
//! A judge sees the [`Declaration`] and the [`Trace`], never the inside of a device, so a real fax
//! is judged by the same rules as a simulated one. Every rule reads the same index of the trace, a
//! [`Case`]; SIP messages are parsed once for all of them.

use faxproof_reports::{Declaration, RuleResult, Sent, Trace, Way, Weight};

pub mod arcs;
pub mod evidence;
pub mod excuses;
pub mod readers;
mod report;
mod rules;
#[cfg(test)]
mod testing;
pub mod truth;
pub mod way;

pub use evidence::Case;
pub use report::Report;

/// What a rule has to see before it can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Messages and connections, taken outside the devices.
    Wire,
    /// What was put into tables and what operators did.
    Inputs,
    /// What a person could hold or read: pages, notices.
    Paper,
    /// What only the device itself tells: marks and table rows. A device outside the simulation is
    /// never failed on it, since nobody could contradict it.
    Claim,
}

/// One thing that is required of a device.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Identifier, `theme.requirement`.
    pub id: &'static str,
    /// Where the requirement stands: RFC section or paragraph of the patent.
    pub source: &'static str,
    /// What a breach does to the verdict.
    pub weight: Weight,
    /// What the rule has to see.
    pub evidence: &'static [Evidence],
    /// What is required, and why it matters.
    pub about: &'static str,
    /// Looks for cases and breaches.
    pub check: fn(&Case<'_>, &mut Report),
}

/// All rules, in the order in which they are reported.
pub fn rules() -> &'static [Rule] {
    rules::ALL
}

/// What every rule says about one run, in the order of [`rules`].
///
/// ```
/// use faxproof_reports::{Declaration, Trace, Verdict};
/// # let declaration = Declaration { scenario: "empty".into(), title: String::new(), seed: 0,
/// #     world: "virtual".into(), epoch_s: 0, hosts: vec![], orders: vec![], disturbed: false,
/// #     contrast: None };
/// let results = faxproof_judges::judge(&declaration, &Trace::default());
/// assert!(results.iter().all(|result| result.applied == 0 && result.verdict == Verdict::Pass));
/// ```
pub fn judge(declaration: &Declaration, trace: &Trace) -> Vec<RuleResult> {
    examine(declaration, trace).results
}

/// All that is found out about one run.
pub struct Examination {
    /// What every rule says, in the order of [`rules`].
    pub results: Vec<RuleResult>,
    /// For every order to send what its operator was told and what was printed.
    pub sends: Vec<Sent>,
    /// What the first order took, where the scenario is in a contrast.
    pub way: Option<Way>,
}

/// The same as [`judge`], and what became of the orders.
pub fn examine(declaration: &Declaration, trace: &Trace) -> Examination {
    let messages = evidence::read(trace);
    let case = Case::new(declaration, trace, &messages);
    let results = rules().iter().map(|rule| verdict_of(rule, &case)).collect();
    Examination { results, sends: truth::sends(&case), way: way::way(&case) }
}

/// What one rule says about one run.
pub fn verdict_of(rule: &Rule, case: &Case<'_>) -> RuleResult {
    let mut report = Report::new(rule).sparing(case.testers());
    (rule.check)(case, &mut report);
    report.into_result()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_an_identifier_of_its_own() {
        let ids: BTreeSet<_> = rules().iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), rules().len());
    }

    #[test]
    fn every_rule_says_where_it_comes_from_and_why() {
        for rule in rules() {
            assert!(!rule.source.is_empty() && !rule.evidence.is_empty(), "{}", rule.id);
            assert!(rule.about.matches(". ").count() >= 1, "{}: what and why are two sentences", rule.id);
        }
    }
}
