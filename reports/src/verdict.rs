//! Verdicts and what they rest on.

use serde::{Deserialize, Serialize};

use crate::trace::Host;

/// The outcome of a rule, a scenario or a run. Verdicts only get worse: joining two takes the later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that was asked was seen.
    #[default]
    Pass,
    /// What was seen does not allow an answer.
    Inconclusive,
    /// Something was seen that must not be, or not seen that must.
    Fail,
    /// The harness itself failed; nothing is known of the device.
    Error,
}

impl Verdict {
    /// The worse of the two.
    #[must_use]
    pub fn join(self, other: Verdict) -> Verdict {
        self.max(other)
    }

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
            Verdict::Error => "error",
        }
    }
}

/// How much a rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// A breach fails the scenario.
    Must,
    /// A breach is told and does not fail.
    Should,
    /// Both readings pass; the report says which was taken.
    Either,
    /// Judged against what the device declares.
    Declared,
}

/// One breach (or remark) of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Identifier of the rule.
    pub rule: String,
    /// What it does to the verdict.
    pub verdict: Verdict,
    /// Who is at fault, where that is known.
    pub party: Option<Host>,
    /// One sentence: what was seen and what was required.
    pub text: String,
    /// Positions in the trace that show it, the decisive one first.
    pub evidence: Vec<usize>,
    /// It breaks nothing, and limits what the verdict is worth: whoever reads the verdict is told.
    #[serde(default, skip_serializing_if = "is_false")]
    pub note: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What one rule said about one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Identifier of the rule.
    pub rule: String,
    /// How often it found something to judge; 0 = it never applied.
    pub applied: u32,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why.
    pub findings: Vec<Finding>,
}
