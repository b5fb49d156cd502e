//! The documents and the operator steps of a scenario.

use faxproof_wire::page;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Span};
use super::{ChangeSpec, InjectSpec, Power, RowSpec, SpecificRowSpec, Ta2RowSpec, Ta3RowSpec, WriteSpec};

/// A document: exactly one of the three.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentSpec {
    /// A test chart that the program draws.
    pub chart: Option<At<ChartSpec>>,
    /// A TIFF file: its path from the scenario's folder, or an absolute one.
    pub tiff: Option<At<String>>,
    /// Typed text.
    pub text: Option<At<String>>,
}

/// A test chart.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartSpec {
    /// Pages; 1 unless given, 50 at most.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 50))]
    pub pages: u32,
    /// Scan lines of a page; 96 unless given, from 32 to 6600.
    #[serde(default = "small")]
    #[schemars(range(min = 32, max = 6600))]
    pub lines: u32,
    /// How closely its dots lie; `standard` unless given.
    #[serde(default)]
    pub resolution: Resolution,
    /// The paper that its lines fill; `A4` unless given.
    #[serde(default)]
    pub paper: Paper,
}

/// The paper of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Paper {
    /// 1728 dots at 204 to the inch; Letter and Legal have as many.
    #[default]
    A4,
    /// 2048 dots.
    B4,
    /// 2432 dots.
    A3,
}

impl From<Paper> for page::Paper {
    fn from(paper: Paper) -> page::Paper {
        match paper {
            Paper::A4 => page::Paper::A4,
            Paper::B4 => page::Paper::B4,
            Paper::A3 => page::Paper::A3,
        }
    }
}

/// Dots and lines to the inch of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// 204 x 98.
    #[default]
    Standard,
    /// 204 x 196.
    Fine,
    /// 204 x 391.
    Superfine,
    /// 300 x 300.
    #[serde(rename = "300")]
    Dpi300,
    /// 408 x 391.
    #[serde(rename = "400")]
    Dpi400,
}

impl From<Resolution> for page::Resolution {
    fn from(resolution: Resolution) -> page::Resolution {
        match resolution {
            Resolution::Standard => page::Resolution::Standard,
            Resolution::Fine => page::Resolution::Fine,
            Resolution::Superfine => page::Resolution::Superfine,
            Resolution::Dpi300 => page::Resolution::Dpi300,
            Resolution::Dpi400 => page::Resolution::Dpi400,
        }
    }
}

/// What an operator does: `at`, `host`, and exactly one of `send`, `write`, `ta1`, `ta2`, `ta3`, `ta3_prime`, `power`,
/// `hang_up` and `inject`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    pub at: At<Span>,
    /// At which host.
    pub host: At<String>,
    /// Send this document.
    pub send: Option<At<String>>,
    /// With `send`: the number dialled, exactly as typed; at a mail fax, a number or a mail address.
    pub to: Option<At<String>>,
    /// With `send`, at a mail fax: the speed dial number pressed.
    pub speed_dial: Option<At<String>>,
    /// At a mail client: its user writes this mail.
    pub write: Option<At<WriteSpec>>,
    /// Look at or change table Ta1.
    pub ta1: Option<At<TableStep>>,
    /// Look at or change table Ta2.
    pub ta2: Option<At<Ta2Step>>,
    /// At a mail server that forwards: look at or change table Ta3.
    pub ta3: Option<At<ChangeSpec<Ta3RowSpec>>>,
    /// At a mail server that forwards: look at or change table Ta3'.
    pub ta3_prime: Option<At<ChangeSpec<SpecificRowSpec>>>,
    /// Switch the power.
    pub power: Option<At<Power>>,
    /// `true`: end the call that runs.
    pub hang_up: Option<At<bool>>,
    /// At a tester: say something.
    pub inject: Option<At<InjectSpec>>,
}

/// Something done to table Ta1.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableStep {
    /// Show it on the display.
    List,
    /// Add a row.
    Add(RowSpec),
    /// Replace the first row with a number.
    Edit(EditSpec),
    /// Delete the first row with this number.
    Delete(At<String>),
}

/// Something done to table Ta2.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ta2Step {
    /// Show it on the display.
    List,
    /// Add a row.
    Add(Ta2RowSpec),
    /// Replace the first row that fits.
    Edit(Ta2EditSpec),
    /// Delete the first row that fits.
    Delete(Ta2KeySpec),
}

/// A row of table Ta2, named by what stands in one of its columns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ta2KeySpec {
    /// The row with this speed dial number.
    SpeedDial(At<String>),
    /// The row with this number.
    Number(At<String>),
    /// The row with this mail address.
    Address(At<String>),
}

/// A change of a row of table Ta2: which one, and what it becomes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ta2EditSpec {
    /// Which row.
    pub which: Ta2KeySpec,
    /// The new row.
    pub row: Ta2RowSpec,
}

/// A change of a row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditSpec {
    /// The number whose row is replaced.
    pub number: At<String>,
    /// The new row.
    pub row: RowSpec,
}

fn one() -> u32 {
    1
}

fn small() -> u32 {
    96
}
