//! What a run left behind and every way to show it: the [`Trace`] of all that was seen, the
//! [`Verdict`]s over it, and the [`Record`] that holds both as one file.
//!
//! Nothing here can reach a device or a world: a report is made from what was recorded.

pub mod declaration;
pub mod trace;
pub mod verdict;

pub use declaration::{Class, Declaration, HostDeclaration, OrderDeclaration, Ta1Row};
pub use trace::{Carrier, Entry, Fate, Host, Medium, Sink, Trace, What};
pub use verdict::{Finding, RuleResult, Verdict, Weight};
