//! Scenarios: YAML that vendors read and write, checked strictly and compiled to a plan.
//!
//! [`Scenario::parse`] reads and checks a file, [`Scenario::compile`] makes a plan of it for one
//! world and seed, [`expect::check`] compares what was seen with what the scenario expects, and
//! [`set`] holds the built-in scenarios. `scenarios/README.md` explains the grammar to its writers.

mod check;
mod compile;
mod documents;
mod error;
pub mod expect;
pub mod grammar;
mod labels;
mod reuse;
pub mod set;
#[cfg(test)]
mod tests;
mod value;
mod within;
mod worlds;

pub use documents::Base;
pub use error::{Problem, ScenarioError, Source};
pub use grammar::Script;
pub use reuse::Cell;
pub use value::{At, Epoch, Named, Percent, Place, Span};

use std::collections::BTreeMap;
use std::net::IpAddr;

use faxproof_devices::order::Document;
use faxproof_reports::Verdict;
use serde_yaml::{MergeKeyPolicy, Options};

/// The largest scenario file, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A scenario that was read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the file says.
    pub script: Script,
    source: Source,
    addresses: BTreeMap<String, IpAddr>,
    documents: BTreeMap<String, Document>,
}

impl Scenario {
    /// Reads and checks a scenario. `file` is named in errors; documents are looked for from `base`.
    ///
    /// # Errors
    /// The first thing that YAML or the grammar refuse; if they refuse nothing, everything that does
    /// not fit together.
    pub fn parse(file: &str, text: &str, base: &Base) -> Result<Scenario, ScenarioError> {
        Scenario::parse_cell(file, text, base, None)
    }

    /// The same for one cell of its matrix; the first if none is named.
    ///
    /// # Errors
    /// As [`Scenario::parse`].
    pub fn parse_cell(
        file: &str,
        text: &str,
        base: &Base,
        cell: Option<&Cell>,
    ) -> Result<Scenario, ScenarioError> {
        let source = source(file, text)?;
        let (script, source) = match read(&source) {
            Ok(script) if script.is_whole() && !text.contains("${") => (script, source),
            Err(error) if !reuse::may_use(text) => return Err(error),
            _ => {
                let whole = reuse::compose(&source, base, cell)?;
                (read(&whole)?, whole)
            }
        };
        let checked = check::check(&script, &source, base)?;
        Ok(Scenario { script, source, addresses: checked.addresses, documents: checked.documents })
    }

    /// The combinations of a scenario's matrix, in the order in which they run; none where it has none.
    ///
    /// # Errors
    /// What is wrong with the matrix, or with what the scenario includes.
    pub fn cells(file: &str, text: &str, base: &Base) -> Result<Vec<Cell>, ScenarioError> {
        if !text.contains("matrix") {
            return Ok(Vec::new());
        }
        reuse::cells(&source(file, text)?, base)
    }

    /// What the judges must say of it.
    pub fn expected_verdict(&self) -> Verdict {
        self.script.expect.verdict.verdict()
    }

    /// Names of the arcs that it exists for.
    pub fn covers(&self) -> Vec<&str> {
        self.script.covers.iter().map(|arc| arc.value.as_str()).collect()
    }

    /// Rows of the catalogue that it shows.
    pub fn shows(&self) -> Vec<&str> {
        self.script.shows.iter().map(|row| row.value.as_str()).collect()
    }
}

/// The built-in classes of hosts: name, what it is, and the keys of a host that make it.
pub fn classes() -> Vec<(String, String, String)> {
    reuse::classes()
}

/// The JSON Schema of scenario files, for editors.
pub fn schema() -> serde_json::Value {
    reuse::schema::widened(schemars::schema_for!(Script).to_value())
}

fn source(file: &str, text: &str) -> Result<Source, ScenarioError> {
    let source = Source { file: file.into(), text: text.into(), origins: None };
    if text.len() > MAX_BYTES {
        let message = format!("a scenario has at most {MAX_BYTES} bytes, this file has {}", text.len());
        return Err(source.error(source.problem(Place::default(), message, None)));
    }
    Ok(source)
}

fn read(source: &Source) -> Result<Script, ScenarioError> {
    serde_yaml::from_str_with_options(&source.text, options()).map_err(|error| source.refused(&error))
}

/// Text must be quoted where YAML would read a number: a telephone number must never lose a zero.
fn options() -> Options {
    let mut options = Options::default();
    options.no_schema = true;
    options.strict_booleans = true;
    options.with_snippet = false;
    options.merge_keys = MergeKeyPolicy::Error;
    options
}
