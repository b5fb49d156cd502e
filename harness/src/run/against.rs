//! Records of an earlier run, for comparing messages with.

use std::collections::BTreeMap;
use std::path::Path;

use faxproof_reports::{Change, Record, RecordError, changes};

use super::Examined;

/// What an earlier run left, by scenario.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    records: BTreeMap<String, Record>,
}

impl Earlier {
    /// Reads one record, or of a folder that `--out` wrote those of these scenarios.
    ///
    /// # Errors
    /// A record that cannot be read, or a folder without any of them.
    pub fn read<'a>(
        path: &Path,
        scenarios: impl IntoIterator<Item = &'a str>,
    ) -> Result<Earlier, RecordError> {
        let mut records = BTreeMap::new();
        if path.is_dir() {
            for name in scenarios {
                let file = path.join(name).join("record.json");
                if file.is_file() {
                    records.insert(name.to_owned(), Record::read(&file)?);
                }
            }
        } else {
            let record = Record::read(path)?;
            records.insert(record.declaration.scenario.clone(), record);
        }
        if records.is_empty() {
            let error = std::io::Error::other("no record of these scenarios is there");
            return Err(RecordError::Io { path: path.into(), error });
        }
        Ok(Earlier { records })
    }

    /// Messages of this run that the earlier one sent otherwise; secrets are left out of the comparison.
    pub fn changes(&self, scenario: &str, examined: &Examined) -> Vec<Change> {
        let earlier = self.records.get(scenario);
        earlier.map_or_else(Vec::new, |old| changes(&old.trace.redacted(), &examined.record.trace.redacted()))
    }
}
