//! The catalogue: what the scenarios are to show beyond the flowcharts, row by row. A scenario names under `shows`
//! the rows that it shows; what no scenario shows stands with its reason in `scenarios/dispositions.yml`.

mod abuse;
mod facts;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::scenario::set;

/// Identifier and what is so, with its source in brackets where it has one.
pub type Row = (&'static str, &'static str);

/// What hostile peers do: identifiers begin with X.
pub const ABUSE: &[Row] = &abuse::ROWS;
/// What the implementers' guide to fax by mail (RFC 3249) tells, G; where the RFCs contradict each other or lay
/// traps, C.
pub const FACTS: &[Row] = &facts::ROWS;

/// All rows of all themes.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    ABUSE.iter().chain(FACTS)
}

/// Rows that no scenario shows, or not to the full, by identifier and with the reason.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispositions {
    /// What no scenario shows.
    pub none: BTreeMap<String, String>,
    /// What is left out of a row although scenarios show the rest of it.
    pub partly: BTreeMap<String, String>,
}

impl Dispositions {
    /// Why the built-in scenarios do not show the row, or what of it they leave out.
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.none.get(id).or_else(|| self.partly.get(id)).map(String::as_str)
    }
}

/// The dispositions of the built-in scenarios.
///
/// # Errors
/// If the file is none of dispositions.
pub fn dispositions() -> Result<Dispositions, serde_yaml::Error> {
    serde_yaml::from_slice(set::built_in_file("", "dispositions.yml").unwrap_or_default())
}
