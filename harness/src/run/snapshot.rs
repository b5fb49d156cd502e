//! Ladders compared with those that were accepted: the `.snap` beside the scenario. The files are plain
//! text behind the header that the insta tool writes, so that `cargo insta` and this program share them.

use std::fs;
use std::io;
use std::path::Path;

use faxproof_reports::{Difference, Verdict, difference};

use super::RunError;
use crate::scenario::set::Found;

/// How a ladder compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// As accepted.
    Same,
    /// There is none: a scenario without one has not been accepted yet.
    Missing,
    /// It differs.
    Different(Difference),
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

    /// The word used in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Snapshot::Same => "same",
            Snapshot::Missing => "missing",
            Snapshot::Different(_) => "different",
            Snapshot::Updated => "accepted",
            Snapshot::NotCompared => "not-compared",
        }
    }
}

/// What to do with a ladder that was not accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Only tell of it.
    #[default]
    Tell,
    /// Write it beside, as `.snap.new`, for `cargo insta review` to ask about.
    Propose,
    /// Take it.
    Take,
}

/// Compares, and accepts or proposes. A proposal whose ladder is accepted by now is removed.
pub(super) fn check(found: &Found, ladder: &str, accept: Accept) -> Result<Snapshot, RunError> {
    let Some(path) = &found.snapshot_path else { return Ok(compared(found, ladder)) };
    let snapshot = compared(found, ladder);
    let proposal = path.with_extension("snap.new");
    let differs = matches!(snapshot, Snapshot::Missing | Snapshot::Different(_));
    let done = match accept {
        Accept::Tell => Ok(()),
        Accept::Propose if differs => fs::write(&proposal, file(found, ladder)),
        Accept::Take if differs => fs::write(path, file(found, ladder)).and_then(|()| removed(&proposal)),
        Accept::Propose | Accept::Take => removed(&proposal),
    };
    done.map_err(|error| RunError::Snapshot { path: path.display().to_string(), error })?;
    Ok(if accept == Accept::Take && differs { Snapshot::Updated } else { snapshot })
}

fn removed(proposal: &Path) -> io::Result<()> {
    match fs::remove_file(proposal) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The file as the insta tool reads and writes it. It keeps `source` when it takes a proposal; a scenario has
/// no `assertion_line`.
fn file(found: &Found, ladder: &str) -> String {
    let name = found.name.rsplit('/').next().unwrap_or(&found.name);
    format!("---\nsource: {name}.yaml\n---\n{}\n", ladder.trim_end())
}

fn compared(found: &Found, ladder: &str) -> Snapshot {
    let accepted = found.snapshot.as_deref().map(body);
    if accepted.is_some_and(|accepted| accepted.trim_end() == ladder.trim_end()) {
        return Snapshot::Same;
    }
    match accepted {
        None => Snapshot::Missing,
        Some(accepted) => Snapshot::Different(difference(accepted.trim_end(), ladder.trim_end())),
    }
}

/// What stands behind the header.
fn body(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("---\n") else { return text };
    rest.split_once("\n---\n").map_or(text, |(_, body)| body)
}
