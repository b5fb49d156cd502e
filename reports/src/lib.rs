//! What a run left behind and every way to show it: the [`Trace`] of all that was seen, the
//! [`Verdict`]s over it, and the [`Record`] that holds both as one file.
//!
//! Nothing here can reach a device or a world: a report is made from what was recorded.

pub mod answer;
pub mod changes;
pub mod contrast;
pub mod declaration;
pub mod difference;
pub mod digest;
pub mod junit;
pub mod ladder;
mod names;
pub mod parity;
pub mod png;
pub mod record;
pub mod redact;
pub mod summary;
pub mod trace;
pub mod truth;
pub mod verdict;
mod written;

#[cfg(test)]
mod samples;

pub use answer::{Answer, ExchangeRecord, PointerRecord, ServiceRecord};
pub use changes::{Change, changes};
pub use contrast::{Contrast, Side, Way, contrast_table, contrasts};
pub use declaration::{
    Class, Declaration, HostDeclaration, OrderDeclaration, Ta1Row, Ta3Row, Ta3Tables, VENDOR,
};
pub use difference::{Difference, Line, Mark, difference};
pub use digest::{Counts, DigestSink, NullSink, digest};
pub use ladder::ladder;
pub use parity::{Sequence, parity_difference, sequence};
pub use record::{Coverage, Record, RecordError};
pub use redact::Redactor;
pub use summary::coverage_table;
pub use trace::{Carrier, Entry, Fate, Host, Medium, Sink, Trace, What, commit_row};
pub use truth::{Paper, Sent, Told, truth_table};
pub use verdict::{Finding, RuleResult, Verdict, Weight};
