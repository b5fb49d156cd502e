//! The arcs of the flowcharts, and what each of them can be seen by.
//!
//! A device tells by marks which way it took through its flowchart. Most arcs also show outside: on
//! the wire, on paper, or from what the operator had put into the table. [`ArcEvidence::sight`] says
//! what was seen of an arc in one call without asking the device.

mod figure18;
mod figure4;
mod mail;

use crate::Evidence;
use crate::evidence::{Call, Case};

pub use figure4::FIGURE_4;
pub use figure18::FIGURE_18;
pub use mail::MAIL;

/// What was seen of an arc in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It was taken.
    Taken,
    /// It was not taken.
    NotTaken,
    /// What was seen fits both.
    Open,
}

/// An arc and its evidence.
#[derive(Clone, Copy)]
pub struct ArcEvidence {
    /// Name, `FIGURE.STEP.outcome`.
    pub arc: &'static str,
    /// What shows it.
    pub evidence: &'static [Evidence],
    /// What was seen of it in a call.
    pub sight: fn(&Case<'_>, &Call<'_>) -> Sight,
}

/// The arcs of all figures.
pub fn all() -> impl Iterator<Item = &'static ArcEvidence> {
    FIGURE_4.iter().chain(MAIL).chain(FIGURE_18)
}

const fn arc(
    arc: &'static str,
    evidence: &'static [Evidence],
    sight: fn(&Case<'_>, &Call<'_>) -> Sight,
) -> ArcEvidence {
    ArcEvidence { arc, evidence, sight }
}

fn taken_if(taken: bool) -> Sight {
    if taken { Sight::Taken } else { Sight::NotTaken }
}
