//! What must be seen in a run.

use std::fmt;

use faxproof_reports::Verdict;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Named};
use super::{RowSpec, SpecificRowSpec, Ta2RowSpec, Ta3RowSpec};

/// What must be seen. What is not listed is not asked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What the judges must say; `pass` unless given.
    #[serde(default)]
    pub verdict: VerdictSpec,
    /// By host: exactly these arcs in this order, over all its calls.
    #[serde(default)]
    pub arcs: Named<Vec<At<String>>>,
    /// By host: exactly these calls in the order of their first arcs, and the arcs of each in order.
    #[serde(default)]
    pub calls: Named<Vec<At<Vec<At<String>>>>>,
    /// By host: so many pages came out of the printer.
    #[serde(default)]
    pub printed: Named<u32>,
    /// By host: exactly these notices in this order. A text matches every notice that contains it.
    #[serde(default)]
    pub notices: Named<Vec<String>>,
    /// By host: exactly these remarks, by which a device explains a decision, in this order; a text matches as above.
    #[serde(default)]
    pub remarks: Named<Vec<String>>,
    /// By host: table Ta1 at the end, exactly these rows in this order.
    #[serde(default)]
    pub ta1: Named<Vec<RowSpec>>,
    /// By host: table Ta2 at the end, exactly these rows in this order.
    #[serde(default)]
    pub ta2: Named<Vec<Ta2RowSpec>>,
    /// By host: table Ta3 at the end, exactly these rows in this order.
    #[serde(default)]
    pub ta3: Named<Vec<Ta3RowSpec>>,
    /// By host: table Ta3' at the end, exactly these rows in this order.
    #[serde(default)]
    pub ta3_prime: Named<Vec<SpecificRowSpec>>,
    /// By `LABEL FROM>TO`: so many of these messages were sent.
    #[serde(default)]
    pub messages: Named<u32>,
    /// By `LABEL FROM>TO`: one of these messages has all of these texts in it.
    #[serde(default)]
    pub contents: Named<Vec<String>>,
}

/// What the judges must say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerdictSpec {
    /// Nothing is wrong.
    #[default]
    Pass,
    /// The run does not allow an answer.
    Inconclusive,
    /// Something is wrong.
    Fail,
}

impl VerdictSpec {
    /// The verdict meant.
    pub fn verdict(self) -> Verdict {
        match self {
            VerdictSpec::Pass => Verdict::Pass,
            VerdictSpec::Inconclusive => Verdict::Inconclusive,
            VerdictSpec::Fail => Verdict::Fail,
        }
    }
}

impl fmt::Display for VerdictSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verdict().as_str())
    }
}
