//! `faxproof explain`.

use std::fmt::Write as _;
use std::io::Write;

use clap::ValueEnum as _;
use faxproof_devices::chart;

use super::list::{KINDS, What, items};
use super::{print, refuse};
use crate::catalogue;
use crate::run::OWN_RULES;
use crate::scenario::{self, Scenario, set};

pub(super) fn explain(id: &str, out: &mut impl Write) -> u8 {
    match arc(id).or_else(|| rule(id)).or_else(|| scenario(id)).or_else(|| class(id)).or_else(|| row(id)) {
        Some(text) => print(out, &text),
        None => refuse(unknown(id)),
    }
}

fn arc(id: &str) -> Option<String> {
    let (chart, arc) = chart::CHARTS
        .iter()
        .find_map(|chart| Some((chart, chart.arcs.iter().find(|arc| arc.name == id)?)))?;
    let step = chart.steps.iter().find(|step| step.name == arc.from)?;
    let mut text = format!("{id}: {}\n\n", arc.text);
    let _ = writeln!(text, "Figure {}: {}", chart.figure, chart.title);
    let _ = writeln!(text, "out of {}: {}", step.name, step.text);
    for to in arc.to {
        let next = chart.steps.iter().find(|step| step.name == *to).map_or("the end", |step| step.text);
        let _ = writeln!(text, "to {to}: {next}");
    }
    if let Some(evidence) = faxproof_judges::arcs::all().find(|known| known.arc == id) {
        let _ = writeln!(text, "\nseen by: {}", seen_by(evidence.evidence));
    }
    let _ =
        writeln!(text, "scenarios that exist for it:{}", those(|scenario| scenario.covers().contains(&id)));
    Some(text)
}

fn row(id: &str) -> Option<String> {
    let (_, about) = catalogue::rows().find(|(known, _)| *known == id)?;
    let shown = those(|scenario| scenario.shows().contains(&id));
    let mut text = format!("{id}: {about}\n\nscenarios that show it:{shown}\n");
    let reasons = catalogue::dispositions().unwrap_or_default();
    if let Some(reason) = reasons.reason(id) {
        let _ = writeln!(text, "\nnot shown: {reason}");
    }
    Some(text)
}

/// The names of the scenarios that are meant.
fn those(meant: impl Fn(&Scenario) -> bool) -> String {
    let set = set::built_in();
    let covers = |found: &&set::Found| found.scenario().is_ok_and(|scenario| meant(&scenario));
    let mut names: Vec<&str> = set.scenarios.iter().filter(covers).map(set::Found::file_name).collect();
    names.dedup();
    if names.is_empty() { " none".to_owned() } else { format!("\n  {}", names.join("\n  ")) }
}

fn rule(id: &str) -> Option<String> {
    if let Some((id, source, about)) = OWN_RULES.iter().find(|(own, ..)| *own == id) {
        return Some(format!("{id}: {about}\n\nsource: {source}\n"));
    }
    let rule = faxproof_judges::rules().iter().find(|rule| rule.id == id)?;
    let weight = format!("{:?}", rule.weight).to_lowercase();
    let about = rule.about.trim();
    let seen = seen_by(rule.evidence);
    Some(format!("{id}: {about}\n\nsource: {}\nweight: {weight}\nseen by: {seen}\n", rule.source))
}

fn seen_by(evidence: &[faxproof_judges::Evidence]) -> String {
    let words: Vec<String> = evidence.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
    words.join(", ")
}

fn scenario(id: &str) -> Option<String> {
    let found =
        set::built_in().scenarios.into_iter().find(|found| found.name == id || found.file_name() == id)?;
    let scenario = match found.scenario() {
        Ok(scenario) => scenario,
        Err(error) => return Some(error.to_string()),
    };
    let about = scenario.script.about.trim();
    let mut text = format!("{id}: {}\n\n{about}\n", scenario.script.title.value);
    for (what, names) in [("exists for", scenario.covers()), ("shows", scenario.shows())] {
        if !names.is_empty() {
            let _ = writeln!(text, "\n{what}:\n  {}", names.join("\n  "));
        }
    }
    if let Some(snapshot) = &found.snapshot {
        let _ = writeln!(text, "\n{snapshot}");
    }
    Some(text)
}

fn class(id: &str) -> Option<String> {
    if let Some((id, about)) = KINDS.iter().find(|(known, _)| *known == id) {
        return Some(format!("{id}: {about}\n"));
    }
    let (id, about, habits) = scenario::classes().into_iter().find(|(known, ..)| known == id)?;
    Some(format!(
        "{id}: {about}\n\n`class: {id}` gives a host\n{habits}and what it writes itself stands above that\n"
    ))
}

fn unknown(id: &str) -> String {
    let known = What::value_variants().iter().copied().flat_map(items);
    let near = known
        .map(|item| item.id)
        .max_by(|a, b| strsim::jaro_winkler(a, id).total_cmp(&strsim::jaro_winkler(b, id)));
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("error: there is no arc, rule, scenario, class or row {id}{hint}")
}
