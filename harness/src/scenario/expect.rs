//! What was seen against what the scenario expects.

use std::collections::BTreeMap;

use faxproof_devices::number::digits;
use faxproof_reports::{Declaration, Finding, Host, Ta1Row, Trace, Verdict, What};

use super::compile::row;
use super::grammar::{Script, TableStep};
use super::value::At;

/// Identifiers of the rules that [`check`] applies.
pub const RULES: &[&str] =
    &["expect.covers", "expect.arcs", "expect.printed", "expect.notices", "expect.ta1", "expect.messages"];

/// Compares a run with the expectations of its scenario. Each one that was not met is named; what only
/// an external device could have told is inconclusive.
pub fn check(script: &Script, declaration: &Declaration, trace: &Trace) -> Vec<Finding> {
    let mut comparison = Comparison { script, declaration, trace, findings: Vec::new() };
    comparison.covers();
    comparison.arcs();
    comparison.calls();
    comparison.printed();
    comparison.notices();
    comparison.ta1();
    comparison.messages();
    comparison.findings
}

/// The key of an expected message count: `LABEL FROM>TO`.
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
            let host = &name.value;
            let notices = self.at(host, |what| matches!(what, What::Notice { .. }));
            let text_at = |at: usize| match &self.trace.entries[at].what {
                What::Notice { text, .. } => &**text,
                _ => "",
            };
            let said: Vec<&str> = notices.iter().map(|at| text_at(*at)).collect();
            let met = said.iter().zip(expected).filter(|(said, part)| said.contains(part.as_str())).count();
            if met != expected.len() || met != said.len() {
                let text = format!("{host} told its operator {said:?}, and {expected:?} was expected");
                self.miss("expect.notices", Some(host), text, notices);
            }
        }
    }

    fn ta1(&mut self) {
        for (name, expected) in self.script.expect.ta1.iter() {
            let host = &name.value;
            let expected: Vec<Ta1Row> = expected.iter().map(|spec| declared(row(spec))).collect();
            let (seen, last) = self.table(host);
            if seen != expected {
                let (seen, expected) = (rows_in_words(&seen), rows_in_words(&expected));
                let text = format!("table Ta1 of {host} ended as {seen}, and {expected} was expected");
                self.miss("expect.ta1", Some(host), text, last.into_iter().collect());
            }
        }
    }

    fn messages(&mut self) {
        for (key, expected) in self.script.expect.messages.iter() {
            let Some(MessageKey { label, from, to }) = MessageKey::parse(&key.value) else { continue };
            let sent: Vec<usize> = self.positions(|what| {
                matches!(what, What::Message { from: f, to: t, label: l, .. }
                    if **f == *from && **t == *to && **l == *label)
            });
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

    /// Table Ta1 of a host at the end, from what was declared and what was committed since; and where
    /// the trace changed it last.
    fn table(&self, host: &str) -> (Vec<Ta1Row>, Option<usize>) {
        let mut table = self.declaration.host(host).map(|host| host.ta1.clone()).unwrap_or_default();
        let mut last = None;
        let mut edited: BTreeMap<&str, &str> = BTreeMap::new();
        for (at, what) in self.entries() {
            match what {
                What::Order { host: whose, step, .. } if **whose == *host => {
                    // An edit may give the row another number; the order says which row was meant.
                    edited.clear();
                    edited.extend(self.edit(*step));
                }
                What::Row { host: whose, table: name, change, row }
                    if **whose == *host && &**name == "Ta1" =>
                {
                    let column = |wanted: &str| {
                        row.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value.to_string())
                    };
                    let protocol = column("protocol").filter(|protocol| !protocol.is_empty());
                    let (destination, number) =
                        (column("destination").unwrap_or_default(), column("number").unwrap_or_default());
                    let row = Ta1Row { destination, number, protocol };
                    let meant = edited.remove(row.number.as_str()).unwrap_or(&row.number);
                    apply(&mut table, change, meant.to_owned(), row);
                    last = Some(at);
                }
                _ => {}
            }
        }
        (table, last)
    }

    /// If this step edits a row: its new number and its old one.
    fn edit(&self, step: u32) -> Option<(&'a str, &'a str)> {
        let step = self.script.steps.get((step as usize).checked_sub(1)?)?;
        match &step.value.ta1.as_ref()?.value {
            TableStep::Edit(edit) => Some((&edit.row.number.value, &edit.number.value)),
            _ => None,
        }
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
        });
    }
}

fn own(what: &What) -> Option<&Host> {
    match what {
        What::Printed { host, .. } | What::Notice { host, .. } => Some(host),
        _ => None,
    }
}

fn apply(table: &mut Vec<Ta1Row>, change: &str, meant: String, row: Ta1Row) {
    let position = table.iter().position(|known| digits(&known.number) == digits(&meant));
    match (change, position) {
        ("delete", Some(at)) => drop(table.remove(at)),
        ("delete", None) => {}
        ("change", Some(at)) => table[at] = row,
        _ => table.push(row),
    }
}

fn declared(row: faxproof_devices::ta1::Row) -> Ta1Row {
    Ta1Row { destination: row.destination, number: row.number, protocol: row.protocol }
}

fn rows_in_words(rows: &[Ta1Row]) -> String {
    let word = |row: &Ta1Row| {
        format!("{:?} {} {}", row.destination, row.number, row.protocol.as_deref().unwrap_or("(empty)"))
    };
    format!("[{}]", rows.iter().map(word).collect::<Vec<_>>().join(", "))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
