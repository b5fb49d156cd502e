//! What a rule writes while it looks.

use faxproof_reports::{Finding, Host, RuleResult, Verdict, Weight};

use crate::Rule;
use crate::evidence::Case;

/// The most findings that one rule keeps of one run: a fault that repeats needs no thousand lines.
const MAX_FINDINGS: usize = 50;

/// Collects what one rule finds in one run. The verdict only gets worse.
#[derive(Debug)]
pub struct Report {
    rule: &'static str,
    on_breach: Verdict,
    applied: u32,
    verdict: Verdict,
    findings: Vec<Finding>,
    /// Whom nobody judges: they say what the scenario writes.
    testers: Vec<Host>,
}

impl Report {
    /// An empty report of this rule.
    pub fn new(rule: &Rule) -> Report {
        let on_breach = match rule.weight {
            Weight::Must | Weight::Declared => Verdict::Fail,
            Weight::Should | Weight::Either => Verdict::Pass,
        };
        Report {
            rule: rule.id,
            on_breach,
            applied: 0,
            verdict: Verdict::Pass,
            findings: Vec::new(),
            testers: Vec::new(),
        }
    }

    /// The same report, in which these hosts cannot be at fault.
    #[must_use]
    pub fn sparing(self, testers: Vec<Host>) -> Report {
        Report { testers, ..self }
    }

    /// Counts one thing that the rule had to judge.
    pub fn applies(&mut self) {
        self.applied = self.applied.saturating_add(1);
    }

    /// The requirement was broken. The decisive position in the trace comes first.
    pub fn breach(&mut self, party: &Host, text: impl Into<String>, evidence: &[usize]) {
        self.add(self.on_breach, party, text.into(), evidence, false);
    }

    /// What was seen does not allow an answer.
    pub fn unclear(&mut self, party: &Host, text: impl Into<String>, evidence: &[usize]) {
        self.add(Verdict::Inconclusive, party, text.into(), evidence, false);
    }

    /// Something worth telling that breaks nothing.
    pub fn remark(&mut self, party: &Host, text: impl Into<String>, evidence: &[usize]) {
        self.add(Verdict::Pass, party, text.into(), evidence, false);
    }

    /// Something that breaks nothing and that everybody must know who reads the verdict.
    pub fn note(&mut self, party: &Host, text: impl Into<String>, evidence: &[usize]) {
        self.add(Verdict::Pass, party, text.into(), evidence, true);
    }

    /// Whether the rule must stop here because only the device itself could tell: counts the case,
    /// and leaves it open for a device outside the simulation.
    pub fn lacks_claim(&mut self, case: &Case<'_>, host: &Host, at: usize) -> bool {
        let external = case.is_external(host);
        if external {
            self.applies();
            self.unclear(host, "only the device itself could tell, and it is outside the simulation", &[at]);
        }
        external
    }

    /// The result.
    pub fn into_result(self) -> RuleResult {
        RuleResult {
            rule: self.rule.to_owned(),
            applied: self.applied,
            verdict: self.verdict,
            findings: self.findings,
        }
    }

    fn add(&mut self, verdict: Verdict, party: &Host, text: String, evidence: &[usize], note: bool) {
        if self.testers.contains(party) {
            return;
        }
        self.verdict = self.verdict.join(verdict);
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding {
                rule: self.rule.to_owned(),
                verdict,
                party: Some(party.clone()),
                text,
                evidence: evidence.to_vec(),
                note,
            });
        }
    }
}
