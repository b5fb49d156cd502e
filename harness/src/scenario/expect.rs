//! What was seen against what the scenario expects.

use std::sync::Arc;

use faxproof_devices::table::Record;
use faxproof_reports::{Declaration, Finding, Host, Trace, Verdict, What, commit_row};

use super::compile::{row, specific_row, ta2_row, ta3_row};
use super::grammar::{HostSpec, Script};
use super::value::{At, Named};

/// Identifiers of the rules that [`check`] applies.
pub const RULES: &[&str] = &[
    "expect.covers",
    "expect.arcs",
    "expect.printed",
    "expect.notices",
    "expect.remarks",
    "expect.ta1",
    "expect.ta2",
    "expect.ta3",
    "expect.messages",
    "expect.contents",
];

/// Compares a run with the expectations of its scenario. Each one that was not met is named; what only
/// an external device could have told is inconclusive.
pub fn check(script: &Script, declaration: &Declaration, trace: &Trace) -> Vec<Finding> {
    let mut comparison = Comparison { script, declaration, trace, findings: Vec::new() };
    comparison.covers();
    comparison.arcs();
    comparison.calls();
    comparison.printed();
    comparison.notices();
    comparison.remarks();
    comparison.tables();
    comparison.messages();
    comparison.contents();
    comparison.findings
}

/// The key of expected messages: `LABEL FROM>TO`.
pub(super) struct MessageKey<'a> {
    pub(super) label: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
}

impl<'a> MessageKey<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (sent, to) = text.split_once('>')?;
        let (label, from) = sent.trim().rsplit_once(' ')?;
        Some(MessageKey { label: label.trim(), from, to: to.trim() })
    }
}

/// An arc that was marked: position in the trace, call, name.
type Mark<'a> = (usize, u64, &'a str);

struct Comparison<'a> {
    script: &'a Script,
    declaration: &'a Declaration,
    trace: &'a Trace,
    findings: Vec<Finding>,
}

impl<'a> Comparison<'a> {
    fn covers(&mut self) {
        let taken = |arc: &str| {
            self.entries().any(|(_, what)| matches!(what, What::Mark { arc: a, .. } if **a == *arc))
        };
        let missed = self.script.covers.iter().filter(|arc| !taken(&arc.value));
        let missed: Vec<_> = missed.map(|arc| arc.value.clone()).collect();
        for arc in missed {
            let text = format!("this scenario exists for the arc {arc}, and no host took it");
            self.miss("expect.covers", None, text, Vec::new());
        }
    }

    fn arcs(&mut self) {
        for (name, expected) in self.script.expect.arcs.iter() {
            let marks = self.marks(&name.value);
            self.walk(&name.value, "over all its calls", expected, &marks);
        }
    }

    fn calls(&mut self) {
        for (name, expected) in self.script.expect.calls.iter() {
            let host = &name.value;
            let mut calls: Vec<Vec<Mark<'a>>> = Vec::new();
            for mark in self.marks(host) {
                match calls.iter_mut().find(|call| call[0].1 == mark.1) {
                    Some(call) => call.push(mark),
                    None => calls.push(vec![mark]),
                }
            }
            for (number, (expected, seen)) in (1..).zip(expected.iter().zip(&calls)) {
                self.walk(host, &format!("in its call {number}"), &expected.value, seen);
            }
            if calls.len() != expected.len() {
                let text = format!("{host} made {} calls, and {} were expected", calls.len(), expected.len());
                let extra = calls.get(expected.len()).map(|call| call[0].0);
                self.miss("expect.arcs", Some(host), text, extra.into_iter().collect());
            }
        }
    }

    /// Compares one row of arcs and names the first that differs.
    fn walk(&mut self, host: &str, when: &str, expected: &[At<String>], seen: &[Mark<'a>]) {
        let same = expected.iter().zip(seen).take_while(|(arc, mark)| arc.value == mark.2).count();
        let (due, took) = (expected.get(same), seen.get(same));
        let after =
            same.checked_sub(1).map_or("at the start".to_owned(), |last| format!("after {}", seen[last].2));
        let text = match (due, took) {
            (None, None) => return,
            (Some(due), None) => format!("{host} stopped {after} {when}; expected was {}", due.value),
            (None, Some(took)) => format!("{host} took {} {after} {when}; expected was the end", took.2),
            (Some(due), Some(took)) => {
                format!("{host} took {} {after} {when}; expected was {}", took.2, due.value)
            }
        };
        let decisive = took.or(seen.last()).map(|mark| mark.0);
        self.miss("expect.arcs", Some(host), text, decisive.into_iter().collect());
    }

    fn printed(&mut self) {
        for (name, expected) in self.script.expect.printed.iter() {
            let host = &name.value;
            let pages: Vec<usize> = self.at(host, |what| matches!(what, What::Printed { .. }));
            if pages.len() != *expected as usize {
                let text =
                    format!("{host} printed {}, and {expected} were expected", count(pages.len(), "page"));
                self.miss("expect.printed", Some(host), text, pages);
            }
        }
    }

    fn notices(&mut self) {
        for (name, expected) in self.script.expect.notices.iter() {
            let notice = |what: &'a What| match what {
                What::Notice { host, text, .. } => Some((host, text)),
                _ => None,
            };
            self.told(("expect.notices", "told its operator"), &name.value, expected, notice);
        }
    }

    fn remarks(&mut self) {
        for (name, expected) in self.script.expect.remarks.iter() {
            let remark = |what: &'a What| match what {
                What::Remark { host, text } => Some((host, text)),
                _ => None,
            };
            self.told(("expect.remarks", "explained"), &name.value, expected, remark);
        }
    }

    /// Exactly these texts of a host, in this order: each has what is expected in it.
    fn told(
        &mut self,
        (rule, did): (&str, &str),
        host: &str,
        expected: &[String],
        of: impl Fn(&'a What) -> Option<(&'a Host, &'a Arc<str>)>,
    ) {
        let entries = self.trace.entries.iter().enumerate();
        let told = entries.filter_map(|(at, entry)| of(&entry.what).map(|(of, text)| (at, of, text)));
        let told: Vec<(usize, &str)> =
            told.filter(|(_, of, _)| &***of == host).map(|(at, _, text)| (at, &**text)).collect();
        let met = told.iter().zip(expected).filter(|((_, said), part)| said.contains(part.as_str())).count();
        if met != expected.len() || met != told.len() {
            let said: Vec<&str> = told.iter().map(|(_, said)| *said).collect();
            let text = format!("{host} {did} {said:?}, and {expected:?} was expected");
            self.miss(rule, Some(host), text, told.into_iter().map(|(at, _)| at).collect());
        }
    }

    fn tables(&mut self) {
        let expect = &self.script.expect;
        self.ended(&expect.ta1, |host| host.ta1.as_ref(), row);
        self.ended(&expect.ta2, |host| host.ta2.as_ref(), ta2_row);
        self.ended(&expect.ta3, |host| host.ta3.as_ref(), ta3_row);
        self.ended(&expect.ta3_prime, |host| host.ta3_prime.as_ref(), specific_row);
    }

    /// The tables of one kind, with what was delivered and what each row is.
    fn ended<S, R: Record>(
        &mut self,
        expected: &Named<Vec<S>>,
        delivered: impl Fn(&HostSpec) -> Option<&At<Vec<S>>>,
        row: impl Fn(&S) -> R,
    ) {
        for (name, expected) in expected.iter() {
            let delivered = self.host(&name.value).and_then(&delivered);
            let delivered = delivered.map(|rows| rows.value.iter().map(&row).collect()).unwrap_or_default();
            self.table(&name.value, delivered, expected.iter().map(&row).collect());
        }
    }

    /// Compares a table at the end: as delivered, and what was committed since.
    fn table<R: Record>(&mut self, host: &str, delivered: Vec<R>, expected: Vec<R>) {
        let columns = |row: &R| -> Vec<String> {
            let columns = row.columns().into_iter().filter(|(_, value)| !value.is_empty());
            columns.map(|(name, value)| format!("{name} {value}")).collect()
        };
        let mut seen: Vec<Vec<String>> = delivered.iter().map(columns).collect();
        let mut last = None;
        for (at, what) in self.entries() {
            let What::Row { host: whose, table, change, position, row } = what else { continue };
            if **whose == *host && &**table == R::TABLE {
                let columns = row.iter().filter(|(_, value)| !value.is_empty());
                let row = columns.map(|(name, value)| format!("{name} {value}")).collect();
                commit_row(&mut seen, change, *position, row);
                last = Some(at);
            }
        }
        let expected: Vec<Vec<String>> = expected.iter().map(columns).collect();
        if seen != expected {
            let (seen, expected) = (rows_in_words(&seen), rows_in_words(&expected));
            let text = format!("table {} of {host} ended as {seen}, and {expected} was expected", R::TABLE);
            let rule = format!("expect.{}", R::TABLE.to_ascii_lowercase());
            self.miss(&rule, Some(host), text, last.into_iter().collect());
        }
    }

    fn host(&self, name: &str) -> Option<&'a HostSpec> {
        self.script.hosts.value.value(name)
    }

    fn messages(&mut self) {
        for (key, expected) in self.script.expect.messages.iter() {
            let Some(key) = MessageKey::parse(&key.value) else { continue };
            let sent = self.sent(&key);
            let MessageKey { label, from, to } = key;
            if sent.len() != *expected as usize {
                let text = format!(
                    "{from} sent {} to {to} {}, and {expected} were expected",
                    label,
                    count(sent.len(), "time")
                );
                self.miss("expect.messages", None, text, sent);
            }
        }
    }

    fn contents(&mut self) {
        for (key, expected) in self.script.expect.contents.iter() {
            let Some(key) = MessageKey::parse(&key.value) else { continue };
            let sent = self.sent(&key);
            let has = |at: usize, text: &str| match &self.trace.entries[at].what {
                What::Message { bytes, .. } => String::from_utf8_lossy(bytes).contains(text),
                _ => false,
            };
            let lacks = |at: &usize| expected.iter().find(|text| !has(*at, text));
            if sent.iter().any(|at| lacks(at).is_none()) {
                continue;
            }
            let MessageKey { label, from, to } = key;
            let text = match sent.iter().find_map(lacks) {
                Some(lacking) => format!(
                    "no {label} of {from} to {to} has all that was expected in it; {lacking:?} is missing"
                ),
                None => format!("{from} sent no {label} to {to} that could have in it what was expected"),
            };
            self.miss("expect.contents", None, text, sent);
        }
    }

    /// Positions of the messages that are meant.
    fn sent(&self, key: &MessageKey<'_>) -> Vec<usize> {
        self.positions(|what| {
            matches!(what, What::Message { from, to, label, .. }
                if **from == *key.from && **to == *key.to && **label == *key.label)
        })
    }

    fn marks(&self, host: &str) -> Vec<Mark<'a>> {
        let mark = |(at, what): (usize, &'a What)| match what {
            What::Mark { host: whose, call, arc } if **whose == *host => Some((at, *call, &**arc)),
            _ => None,
        };
        self.entries().filter_map(mark).collect()
    }

    /// Positions of a host's own entries of one kind.
    fn at(&self, host: &str, kind: impl Fn(&What) -> bool) -> Vec<usize> {
        self.positions(|what| kind(what) && own(what).is_some_and(|whose| **whose == *host))
    }

    fn positions(&self, wanted: impl Fn(&What) -> bool) -> Vec<usize> {
        self.entries().filter(|(_, what)| wanted(what)).map(|(at, _)| at).collect()
    }

    fn entries(&self) -> impl Iterator<Item = (usize, &'a What)> + use<'a> {
        self.trace.entries.iter().map(|entry| &entry.what).enumerate()
    }

    fn miss(&mut self, rule: &str, host: Option<&str>, text: String, evidence: Vec<usize>) {
        let external = |name: &str| self.declaration.host(name).is_some_and(|host| host.external);
        let any_external = || self.declaration.hosts.iter().any(|host| host.external);
        // Marks, rows, pages and notices of a real device are seen by people, if at all.
        let unseen = match host {
            Some(host) => external(host),
            None => rule == "expect.covers" && any_external(),
        };
        let verdict = if unseen { Verdict::Inconclusive } else { Verdict::Fail };
        self.findings.push(Finding {
            rule: rule.to_owned(),
            verdict,
            party: host.map(Host::from),
            text,
            evidence,
            note: false,
        });
    }
}

fn own(what: &What) -> Option<&Host> {
    match what {
        What::Printed { host, .. } | What::Notice { host, .. } => Some(host),
        _ => None,
    }
}

fn rows_in_words(rows: &[Vec<String>]) -> String {
    let word = |row: &Vec<String>| format!("{{ {} }}", row.join(", "));
    format!("[{}]", rows.iter().map(word).collect::<Vec<_>>().join(", "))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
