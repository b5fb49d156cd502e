//! Scenarios as a whole: what is taken, what is refused, what becomes of them.

mod compiling;
mod expecting;
mod mistakes;
mod mutations;
mod reuse;
mod schema;
mod sets;

use std::path::PathBuf;

use super::{Base, Scenario, ScenarioError};

/// The page that explains the grammar; its examples are tested.
pub(super) const README: &str = include_str!("../../../../scenarios/README.md");

/// The scenarios shown in the README, in order.
pub(super) fn examples() -> Vec<&'static str> {
    let blocks = README.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with("version: 1")).collect()
}

/// A small scenario to which the tests add things.
pub(super) const CALL: &str = "\
version: 1
title: A call
hosts:
  alice: { fax: 1, number: 050-0000-9999 }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
documents:
  page: { chart: {} }
steps:
  - { at: 1s, host: alice, send: page, to: 050-1234-5678 }
";

pub(super) fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse("call.yaml", text, &Base::Folder(PathBuf::from("nowhere")))
}

pub(super) fn parsed(text: &str) -> Scenario {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_examples_of_the_readme_are_scenarios() {
    assert!(examples().len() >= 2);
    for example in examples() {
        parsed(example);
    }
}
