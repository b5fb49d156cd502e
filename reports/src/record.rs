//! The record: the one contract between running and showing.
//!
//! It is written last and at once, and its last key says that it is complete: nothing that died
//! half-way can be read as a run that passed. Secrets are redacted in whatever is written.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::contrast::Way;
use crate::declaration::Declaration;
use crate::digest::digest;
use crate::redact::redacted;
use crate::trace::Trace;
use crate::truth::Sent;
use crate::verdict::{RuleResult, Verdict};

/// What the first key of a record says; a reader refuses every other format.
pub const FORMAT: &str = "faxproof-record/1";

/// No record is read that is larger than this.
const MOST_BYTES: u64 = 1 << 30;

/// One run: what was fixed before it, what was seen, and what was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`FORMAT`].
    pub format: String,
    /// What the scenario declares.
    pub declaration: Declaration,
    /// [`digest`] of the trace.
    pub digest: String,
    /// What was seen.
    pub trace: Trace,
    /// What each rule said.
    pub results: Vec<RuleResult>,
    /// The verdict over all.
    pub verdict: Verdict,
    /// What the run reached.
    pub coverage: Coverage,
    /// Version of every program that took part, by name.
    pub versions: BTreeMap<String, String>,
    /// Whether the run came to its end. The last key: a record that was cut does not have it.
    pub complete: bool,
}

/// What a run reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How often each arc of the flowcharts was taken, e.g. `4.S13.selected`.
    pub arcs: BTreeMap<String, u32>,
    /// Every order to send: what its operator was told, and what was printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<Sent>,
    /// What its first order to send or to write took, where the scenario is in a contrast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// Why a record could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The text ends too early: the run, or whoever copied the file, did not finish.
    #[error("the record is cut: it ends in the middle, at line {line}, column {column}")]
    Cut {
        /// Line of the end, from 1.
        line: usize,
        /// Column of the end, from 1.
        column: usize,
    },
    /// Not JSON, or not the keys and values of a record.
    #[error("not a record: {0}")]
    Malformed(serde_json::Error),
    /// Another format, or another version of it.
    #[error("this is `{found}`, only `{FORMAT}` can be read")]
    Format {
        /// What the file says it is; empty where it says nothing.
        found: String,
    },
    /// `complete` is missing or false.
    #[error("the record is of a run that did not come to its end (`complete` is not true)")]
    Incomplete,
    /// The trace is not the one that was written.
    #[error("the trace was changed after it was written: its digest is {found}, not {written}")]
    Digest {
        /// What the record says.
        written: String,
        /// What its trace gives.
        found: String,
    },
    /// Larger than any record may be.
    #[error("{}: larger than {MOST_BYTES} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl Record {
    /// The record of a run that came to its end.
    pub fn new(
        declaration: Declaration,
        trace: Trace,
        results: Vec<RuleResult>,
        verdict: Verdict,
        coverage: Coverage,
    ) -> Record {
        Record {
            format: FORMAT.into(),
            declaration,
            digest: digest(&trace),
            trace,
            results,
            verdict,
            coverage,
            versions: [("faxproof".to_string(), env!("CARGO_PKG_VERSION").to_string())].into(),
            complete: true,
        }
    }

    /// The record as JSON, without secrets.
    ///
    /// # Errors
    /// [`RecordError::Malformed`] where a value has no JSON form.
    pub fn to_json(&self) -> Result<String, RecordError> {
        let mut written =
            Record { declaration: self.declaration.redacted(), trace: self.trace.redacted(), ..self.clone() };
        for finding in written.results.iter_mut().flat_map(|result| &mut result.findings) {
            finding.text = redacted(&finding.text);
        }
        written.to_json_with_secrets()
    }

    /// The record as JSON, with whatever secrets its trace holds.
    ///
    /// # Errors
    /// As [`Record::to_json`].
    pub fn to_json_with_secrets(&self) -> Result<String, RecordError> {
        serde_json::to_string(self).map(|json| json + "\n").map_err(RecordError::Malformed)
    }

    /// Reads what [`Record::to_json`] gave.
    ///
    /// # Errors
    /// Whatever is not the whole, unchanged record of a run that came to its end.
    pub fn from_json(json: &str) -> Result<Record, RecordError> {
        // What kind of file it is comes first: the keys of another format would only confuse.
        let kind: Kind = serde_json::from_str(json).map_err(malformed)?;
        if kind.format != FORMAT {
            return Err(RecordError::Format { found: kind.format });
        }
        if !kind.complete {
            return Err(RecordError::Incomplete);
        }
        let record: Record = serde_json::from_str(json).map_err(malformed)?;
        let found = digest(&record.trace);
        if found != record.digest {
            return Err(RecordError::Digest { written: record.digest, found });
        }
        Ok(record)
    }

    /// Writes the record as one file, or leaves the file of that name as it was: the text goes to a
    /// file beside it, is forced to the disk, and only then takes the name.
    ///
    /// # Errors
    /// [`RecordError::Io`] with the path; [`RecordError::Malformed`] as in [`Record::to_json`].
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        write(path, &self.to_json()?)
    }

    /// The same with secrets.
    ///
    /// # Errors
    /// As [`Record::write`].
    pub fn write_with_secrets(&self, path: &Path) -> Result<(), RecordError> {
        write(path, &self.to_json_with_secrets()?)
    }

    /// Reads a file that [`Record::write`] wrote.
    ///
    /// # Errors
    /// As [`Record::from_json`], and [`RecordError::Io`] or [`RecordError::TooLarge`] with the path.
    pub fn read(path: &Path) -> Result<Record, RecordError> {
        let io_error = |error| RecordError::Io { path: path.into(), error };
        let mut json = String::new();
        let file = File::open(path).map_err(io_error)?;
        let length = file.take(MOST_BYTES + 1).read_to_string(&mut json).map_err(io_error)?;
        if length as u64 > MOST_BYTES {
            return Err(RecordError::TooLarge { path: path.into() });
        }
        Record::from_json(&json)
    }
}

fn write(path: &Path, json: &str) -> Result<(), RecordError> {
    let beside = beside(path);
    write_durably(&beside, json.as_bytes()).and_then(|()| fs::rename(&beside, path)).map_err(|error| {
        // The error that matters is the first; the leftover may not even exist.
        let _ = fs::remove_file(&beside);
        RecordError::Io { path: path.into(), error }
    })
}

/// The keys that tell whether a file is worth reading.
#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    format: String,
    #[serde(default)]
    complete: bool,
}

fn malformed(error: serde_json::Error) -> RecordError {
    if error.is_eof() {
        RecordError::Cut { line: error.line(), column: error.column() }
    } else {
        RecordError::Malformed(error)
    }
}

/// A name in the same directory, since a rename is atomic only within one file system; no two
/// writers of this machine share it.
fn beside(path: &Path) -> PathBuf {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}-{number}", std::process::id()))
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
