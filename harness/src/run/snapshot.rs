//! Ladders compared with those that were accepted: the `.snap` beside the scenario. The files are plain
//! text behind the header that the insta tool writes, so that `cargo insta` and this program share them.

use std::fs;

use faxproof_reports::{Verdict, difference};

use super::RunError;
use crate::scenario::set::Found;

/// How a ladder compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// As accepted.
    Same,
    /// There is none: a scenario without one has not been accepted yet.
    Missing,
    /// It differs: the difference in lines.
    Different(String),
    /// It was accepted now.
    Updated,
    /// Ladders of this run are not compared.
    NotCompared,
}

impl Snapshot {
    /// What it means for the scenario.
    pub fn verdict(&self) -> Verdict {
        match self {
            Snapshot::Same | Snapshot::Updated | Snapshot::NotCompared => Verdict::Pass,
            Snapshot::Missing | Snapshot::Different(_) => Verdict::Fail,
        }
    }
}

/// Compares, or accepts.
pub(super) fn check(found: &Found, ladder: &str, update: bool) -> Result<Snapshot, RunError> {
    let accepted = found.snapshot.as_deref().map(body);
    if accepted.is_some_and(|accepted| accepted.trim_end() == ladder.trim_end()) {
        return Ok(Snapshot::Same);
    }
    if let (true, Some(path)) = (update, &found.snapshot_path) {
        let name = found.name.rsplit('/').next().unwrap_or(&found.name);
        let text = format!("---\nsource: {name}.yaml\n---\n{}\n", ladder.trim_end());
        let failed = |error| RunError::Snapshot { path: path.display().to_string(), error };
        fs::write(path, text).map_err(failed)?;
        return Ok(Snapshot::Updated);
    }
    Ok(match accepted {
        None => Snapshot::Missing,
        Some(accepted) => Snapshot::Different(difference(accepted.trim_end(), ladder.trim_end())),
    })
}

/// What stands behind the header.
fn body(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("---\n") else { return text };
    rest.split_once("\n---\n").map_or(text, |(_, body)| body)
}
