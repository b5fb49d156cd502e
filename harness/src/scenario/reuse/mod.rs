//! Scenarios made of parts: `include`, `defaults`, `class`, `parameters` and `matrix`.
//!
//! All of it happens on the YAML, before the grammar is read: the parts are laid over one another,
//! `${parameters}` replaced, and classes and defaults of hosts laid under them. What comes out is one text, of which every
//! line knows where it was written; so the grammar and its checks need to know nothing of this, and
//! what they refuse is shown in the file where it stands.

mod class;
mod emit;
mod include;
mod matrix;
mod node;
pub(super) mod schema;

pub(super) use class::built_in as classes;
pub(super) use include::ENDING as PART;
pub use matrix::Cell;
use node::Origin;

use std::sync::Arc;

use super::documents::Base;
use super::error::{ScenarioError, Source};
use include::Files;
use node::{Node, Shape};

/// What is wrong with a part, and where.
struct Refusal {
    origin: Origin,
    message: String,
    remedy: Option<String>,
}

impl Refusal {
    fn new(origin: Origin, message: impl Into<String>, remedy: Option<String>) -> Refusal {
        Refusal { origin, message: message.into(), remedy }
    }
}

/// Whether a text may use any of this; what says no here is read as it stands.
pub(super) fn may_use(text: &str) -> bool {
    ["include", "defaults", "class", "parameters", "matrix", "except", "${"]
        .iter()
        .any(|word| text.contains(word))
}

/// The runs of a scenario, one for each combination of its matrix; none where it has no matrix.
///
/// # Errors
/// What is wrong with the scenario as far as that must be known.
pub(super) fn cells(source: &Source, base: &Base) -> Result<Vec<Cell>, ScenarioError> {
    let mut files = Files::new(source.clone());
    let read = |files: &mut Files| {
        let mut root = files.joined(base)?;
        Ok(matrix::Space::take(&mut root)?.cells)
    };
    read(&mut files).map_err(|refusal| files.shown(refusal))
}

/// The scenario as one text: that of one cell, or of the first where none is named.
///
/// # Errors
/// What is wrong with its parts.
pub(super) fn compose(source: &Source, base: &Base, cell: Option<&Cell>) -> Result<Source, ScenarioError> {
    let mut files = Files::new(source.clone());
    match composed(&mut files, base, cell) {
        Ok(root) => {
            let (text, lines) = emit::emit(&root);
            let origins = Origins { sources: files.sources, lines };
            Ok(Source { file: Arc::clone(&source.file), text: text.into(), origins: Some(Arc::new(origins)) })
        }
        Err(refusal) => Err(files.shown(refusal)),
    }
}

/// Where each line of a composed text was written.
#[derive(Debug)]
pub(super) struct Origins {
    pub(super) sources: Vec<Source>,
    pub(super) lines: Vec<Origin>,
}

fn composed(files: &mut Files, base: &Base, cell: Option<&Cell>) -> Result<Node, Refusal> {
    let mut root = files.joined(base)?;
    let space = matrix::Space::take(&mut root)?;
    let mut root = space.substituted(root, cell)?;
    class::lay_under(&mut root, &mut files.sources)?;
    if let Some(defaults) = root.take("defaults") {
        fill_in(&mut root, &defaults)?;
    }
    Ok(root)
}

/// The kinds of hosts for which there can be defaults: the keys that say what a host is.
const KINDS: [&str; 6] = ["fax", "sip-server", "location-server", "mail-server", "mail-client", "tester"];

fn fill_in(root: &mut Node, defaults: &Node) -> Result<(), Refusal> {
    for (kind, value) in defaults.entries() {
        let name = kind.text().unwrap_or_default();
        if !KINDS.contains(&name) {
            let remedy = super::error::did_you_mean(name, KINDS);
            return Err(Refusal::new(kind.origin, format!("there is no kind of host `{name}`"), remedy));
        }
        if !matches!(value.shape, Shape::Map(_)) {
            let remedy = Some(format!("write `{name}: {{ habits: {{ ... }} }}`"));
            return Err(Refusal::new(value.origin, "here stand the keys of a host", remedy));
        }
    }
    if !matches!(defaults.shape, Shape::Map(_)) {
        let remedy = Some("write `defaults: { fax: { ... } }`".to_owned());
        return Err(Refusal::new(defaults.origin, "defaults are given by kind of host", remedy));
    }
    for host in class::hosts(root) {
        let kind = KINDS.iter().find(|kind| host.value(kind).is_some());
        if let Some(usual) = kind.and_then(|kind| defaults.value(kind)) {
            *host = host.clone().over(usual.clone());
        }
    }
    Ok(())
}
