//! What serde cannot see: whether the names, numbers and times of a scenario fit together.

mod external;
mod forward;
mod hosts;
mod inject;
mod mail;
mod network;
mod play;
mod vendor;
mod zone;

use std::collections::BTreeMap;
use std::net::IpAddr;

use faxproof_devices::chart;
use faxproof_devices::order::Document;

use super::documents::{self, Base};
use super::error::{Problem, ScenarioError, Source, did_you_mean};
use super::grammar::{HostSpec, Script, Step, VendorSpec, WorldSpec};
use super::labels;
use super::value::{At, Place};
use crate::catalogue;
use crate::world::World;

/// What the check found out on its way.
pub(super) struct Checked {
    /// The address of every host in the simulated worlds.
    pub(super) addresses: BTreeMap<String, IpAddr>,
    /// The documents that could be made ready.
    pub(super) documents: BTreeMap<String, Document>,
}

/// Checks a script.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub(super) fn check(script: &Script, source: &Source, base: &Base) -> Result<Checked, ScenarioError> {
    let mut checker = Checker { script, source, problems: Vec::new() };
    checker.head();
    let addresses = checker.hosts();
    let documents = checker.documents(base);
    checker.network();
    checker.zone(&addresses);
    checker.steps();
    checker.expectations();
    let mut problems = checker.problems;
    if problems.is_empty() {
        return Ok(Checked { addresses, documents });
    }
    problems.sort_by(|one, other| (&one.file, one.place).cmp(&(&other.file, other.place)));
    // What stands in a part or in defaults is met at every host that has it from there.
    problems.dedup();
    Err(ScenarioError { file: source.file.to_string(), problems })
}

struct Checker<'a> {
    script: &'a Script,
    source: &'a Source,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn refuse(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(self.source.problem(place, message, None));
    }

    fn refuse_saying(&mut self, place: Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(self.source.problem(place, message, Some(remedy.into())));
    }

    /// Refuses a word that is none of those known.
    fn unknown<'k>(&mut self, what: &str, word: &At<String>, known: impl IntoIterator<Item = &'k str>) {
        let remedy = did_you_mean(&word.value, known);
        let message = format!("unknown {what} `{}`", word.value);
        self.problems.push(self.source.problem(word.place, message, remedy));
    }

    /// The host of this name; refused if there is none.
    fn host(&mut self, name: &At<String>) -> Option<&'a HostSpec> {
        let hosts = &self.script.hosts.value;
        let found = hosts.value(&name.value);
        if found.is_none() {
            self.unknown("host", name, hosts.keys());
        }
        found
    }

    /// The fax of this name; refused if there is none.
    fn fax(&mut self, name: &At<String>, why: &str) {
        if self.host(name).is_some_and(|host| host.fax.is_none()) {
            self.refuse_saying(name.place, format!("`{}` is not a fax", name.value), why);
        }
    }

    fn arc(&mut self, arc: &At<String>) {
        if !chart::arcs().any(|known| known.name == arc.value) {
            self.unknown("arc", arc, chart::arcs().map(|known| known.name));
        }
    }

    fn label(&mut self, label: &At<String>) {
        let hosts = self.script.hosts.value.iter();
        let vendors = hosts.filter_map(|(_, host)| Some(&host.vendor.as_ref()?.value));
        if !labels::is_label(&label.value, &vendors.flat_map(VendorSpec::methods).collect::<Vec<_>>()) {
            let like = labels::like(&label.value);
            self.unknown("message", label, like.iter().map(String::as_str));
        }
    }

    /// The parts that belong to no section.
    fn head(&mut self) {
        let script = self.script;
        if script.version.value != 1 {
            let message = format!("version {} of the grammar is not known", script.version.value);
            self.refuse_saying(script.version.place, message, "write `version: 1`");
        }
        if !is_one_line(&script.title.value) {
            self.refuse_saying(
                script.title.place,
                "the title is no title",
                "write one line of 1 to 120 characters",
            );
        }
        self.contrast();
        for arc in &script.covers {
            self.arc(arc);
        }
        for row in &script.shows {
            if !catalogue::rows().any(|(id, _)| *id == row.value) {
                self.unknown("row", row, catalogue::rows().map(|(id, _)| *id));
            }
        }
        if let Some(domain) = &script.domain
            && !is_domain(&domain.value)
        {
            self.refuse_saying(
                domain.place,
                format!("`{}` is no domain name", domain.value),
                "write letters, digits, `-` and `.`, such as `sip.example.net`",
            );
        }
        self.worlds();
    }

    /// What is contrasted are ways of something that is sent.
    fn contrast(&mut self) {
        let Some(contrast) = &self.script.contrast else { return };
        if !is_one_line(&contrast.value) {
            self.refuse_saying(
                contrast.place,
                "the text of the contrast is none",
                "write one line of 1 to 120 characters",
            );
        }
        let sends = |step: &At<Step>| step.value.send.is_some() || step.value.write.is_some();
        if !self.script.steps.iter().any(sends) {
            self.refuse_saying(
                contrast.place,
                "nothing is sent that could be contrasted",
                "add a step with `send` or `write`, or leave `contrast` out",
            );
        }
    }

    /// A world that a scenario leaves out is told with the reason.
    fn worlds(&mut self) {
        let (listed, because) = (&self.script.worlds, &self.script.worlds_because);
        let external = self.script.hosts.value.iter().any(|(_, host)| host.external.is_some());
        match (listed.as_deref(), because) {
            (None, None) => {}
            (None, Some(because)) => self.refuse_saying(
                because.place,
                "`worlds_because` stands without `worlds`",
                "list the worlds in which it runs, or leave it out",
            ),
            (Some([]), _) => self.refuse_saying(
                Place::default(),
                "`worlds` is empty: this scenario can run nowhere",
                "leave it out",
            ),
            (Some([first, ..]), None) if !external && !lists_all(listed.as_deref()) => self.refuse_saying(
                first.place,
                "`worlds` leaves a world out without a reason",
                "leave it out, or write `worlds_because: ...`",
            ),
            (Some(_), _) => {}
        }
    }

    fn documents(&mut self, base: &Base) -> BTreeMap<String, Document> {
        let mut ready = BTreeMap::new();
        for (name, spec) in self.script.documents.iter() {
            self.name("document", name);
            match documents::load(name, spec, base) {
                Ok(document) => drop(ready.insert(name.value.clone(), document)),
                Err((place, message, remedy)) => {
                    self.problems.push(self.source.problem(place, message, remedy));
                }
            }
        }
        ready
    }

    /// Names become parts of mail addresses and of ladders, so they are kept simple.
    fn name(&mut self, what: &str, name: &At<String>) {
        let text = &name.value;
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(legal) || text.len() > 32
        {
            self.refuse_saying(
                name.place,
                format!("`{text}` cannot be the name of a {what}"),
                "write a small letter, then small letters, digits and `-`, 32 in all at most",
            );
        }
    }
}

/// Whether it is one line that can be shown.
fn is_one_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('\n') && text.chars().count() <= 120
}

fn lists_all(listed: Option<&[At<WorldSpec>]>) -> bool {
    let has = |world: World| listed.into_iter().flatten().any(|at| at.value.world() == world);
    World::ALL.into_iter().all(has)
}

/// Whether this can be the name of a domain (RFC 1035 §2.3.1).
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}
