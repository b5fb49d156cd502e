//! What senders were told, against what was printed: the table at the end of a run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::trace::Host;

/// One order to send, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The sender.
    pub host: Host,
    /// Number of the operator step, from 1.
    pub step: u32,
    /// What the sender's operator was told in the end.
    pub told: Told,
    /// What came out of a printer elsewhere.
    pub paper: Paper,
}

/// What an operator was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The recipient confirmed that it was printed.
    Confirmed,
    /// Nothing: a fax that fails says so, so this reads as success, or as "on its way".
    Nothing,
    /// That it failed.
    Failed,
}

/// What was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// Every page.
    All,
    /// Some pages.
    Part,
    /// Nothing.
    Nothing,
}

impl Sent {
    /// The two ways to lie: confirmed and not printed, or failed and printed.
    pub fn is_untrue(&self) -> bool {
        matches!(
            (self.told, self.paper),
            (Told::Confirmed, Paper::Part | Paper::Nothing) | (Told::Failed, Paper::All)
        )
    }
}

/// The table over all runs: (scenario, its sends). Whoever was told what is not so is named below it.
pub fn truth_table<'a>(runs: impl IntoIterator<Item = (&'a str, &'a [Sent])>) -> String {
    let mut counts: BTreeMap<(Told, Paper), u32> = BTreeMap::new();
    let mut untrue: BTreeMap<Told, Vec<String>> = BTreeMap::new();
    for (scenario, sends) in runs {
        for sent in sends {
            *counts.entry((sent.told, sent.paper)).or_default() += 1;
            if sent.is_untrue() {
                untrue
                    .entry(sent.told)
                    .or_default()
                    .push(format!("{scenario} ({}, step {})", sent.host, sent.step));
            }
        }
    }
    let mut out = String::new();
    if counts.is_empty() {
        return out;
    }
    let _ =
        writeln!(out, "{:20}{:>10}{:>10}{:>13}", "The sender was told", "printed", "in part", "not printed");
    for (told, words) in
        [(Told::Confirmed, "it is printed"), (Told::Nothing, "nothing"), (Told::Failed, "it failed")]
    {
        let count = |paper| counts.get(&(told, paper)).copied().unwrap_or_default();
        let (all, part, nothing) = (count(Paper::All), count(Paper::Part), count(Paper::Nothing));
        let _ = writeln!(out, "  {words:18}{all:>10}{part:>10}{nothing:>13}");
    }
    for (told, words) in [
        (Told::Confirmed, "Told that it is printed, and it is not"),
        (Told::Failed, "Told that it failed, and it is printed"),
    ] {
        for name in untrue.get(&told).into_iter().flatten() {
            let _ = writeln!(out, "  {words}: {name}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(told: Told, paper: Paper) -> Sent {
        Sent { host: "alice".into(), step: 1, told, paper }
    }

    #[test]
    fn sends_are_counted_and_untruths_named() {
        let sends = [
            sent(Told::Confirmed, Paper::All),
            sent(Told::Confirmed, Paper::Nothing),
            sent(Told::Failed, Paper::All),
            sent(Told::Nothing, Paper::Part),
        ];
        insta::assert_snapshot!(truth_table([("fig08/x", &sends[..])]));
    }

    #[test]
    fn a_run_without_sends_has_no_table() {
        assert_eq!(truth_table([("a", &[][..])]), "");
    }
}
