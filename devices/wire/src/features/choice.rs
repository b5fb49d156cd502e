//! In which form does a page go to a recipient that told what it prints? Nothing that a recipient says can do
//! harm: what is not understood ends in profile S, which every fax prints (RFC 3965 §4).

use super::ability::{
    Ability, CODING, COLOR, DPI, MEDIA, MRC, PAPER, RATIO, SIZE, STRUCTURE, TYPE, descriptions,
};
use super::filter::Filter;
use super::normal::{Normal, TooComplicated};
use super::parse::FilterError;
use super::value::{Quality, Tag, Value};
use crate::page::{Coding, Form, Paper, Resolution};

/// The form in which a page is to be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The form.
    pub form: Form,
    /// Why this one.
    pub why: Why,
}

/// Why a form was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The recipient prints it: the best that it wants, that the sender can make, and that the original has
    /// in it.
    Printed {
        /// The form of the original.
        original: Form,
    },
    /// The recipient did not say what it prints: profile S.
    NotTold,
    /// It said something that is no filter, or a larger one than is read: profile S.
    NoFilter(FilterError),
    /// It said something that takes too long to work out: profile S.
    TooComplicated,
    /// It contradicts itself: profile S.
    Contradiction,
    /// It speaks only of what this fax does not know: profile S.
    NothingKnown,
    /// It prints nothing that the sender could make of the original: profile S.
    NothingFits,
}

/// Chooses the best form among those of the sender that the recipient's filter accepts and that are no better
/// than the original: what the recipient wants most, then the larger paper, finer dots, the coding that packs
/// best. What the filter does not speak of stays as in profile S.
pub fn choose(own: &Ability, original: Form, filter: &Filter) -> Choice {
    let why = match best(own, original, filter) {
        Ok(form) => return Choice { form, why: Why::Printed { original } },
        Err(why) => why,
    };
    profile_s(original, why)
}

/// The same from what a recipient said, as it came.
pub fn choose_as_told(own: &Ability, original: Form, told: Option<&str>) -> Choice {
    let why = match told.map(Filter::parse) {
        Some(Ok(filter)) => return choose(own, original, &filter),
        Some(Err(error)) => Why::NoFilter(error),
        None => Why::NotTold,
    };
    profile_s(original, why)
}

impl Choice {
    /// The choice in a sentence: `C prints A4 at 204x196, MH: scaled from A3 at 408x391`. `recipient` is what the
    /// reader calls it.
    pub fn sentence(&self, recipient: &str) -> String {
        match &self.why {
            Why::Printed { original } => {
                let is_whole =
                    (original.paper, original.resolution) == (self.form.paper, self.form.resolution);
                let scaled = format!(": scaled from {} at {}", original.paper.name(), original.resolution);
                format!("{recipient} prints {}{}", self.form, if is_whole { "" } else { &scaled })
            }
            Why::NotTold => format!("{recipient} does not say what it prints: profile S"),
            Why::NoFilter(error) => {
                format!("what {recipient} says it prints cannot be read ({error}): profile S")
            }
            Why::TooComplicated => format!("what {recipient} says it prints is too complicated: profile S"),
            Why::Contradiction => format!("what {recipient} says it prints contradicts itself: profile S"),
            Why::NothingKnown => format!("{recipient} says nothing that this fax understands: profile S"),
            Why::NothingFits => format!("{recipient} prints nothing that this fax can send: profile S"),
        }
    }
}

fn profile_s(original: Form, why: Why) -> Choice {
    let resolution = original.resolution.min(Form::PROFILE_S.resolution);
    Choice { form: Form { resolution, ..Form::PROFILE_S }, why }
}

fn best(own: &Ability, original: Form, filter: &Filter) -> Result<Form, Why> {
    let normal = filter.normal().map_err(|TooComplicated| Why::TooComplicated)?;
    if normal.is_empty() {
        return Err(Why::Contradiction);
    }
    let heard = Heard::new(&normal).map_err(|TooComplicated| Why::TooComplicated)?;
    if heard.normal.tags().is_empty() {
        return Err(Why::NothingKnown);
    }
    let is_in_it = |form: &Form| form.paper <= original.paper && form.resolution <= original.resolution;
    let wanted = own.forms().filter(is_in_it).filter_map(|form| Some((heard.accepts(form)?, form)));
    wanted.max().map(|(_, form)| form).ok_or(Why::NothingFits)
}

/// What a filter says of the features that a form has.
pub(super) struct Heard {
    normal: Normal,
}

impl Heard {
    pub(super) fn new(normal: &Normal) -> Result<Heard, TooComplicated> {
        let known = [TYPE, COLOR, STRUCTURE, CODING, MRC, DPI, RATIO, SIZE, PAPER, MEDIA].map(Tag::known);
        Ok(Heard { normal: normal.about(&known)? })
    }

    /// How much a form is wanted; `None` when it is not accepted, in none of its descriptions.
    pub(super) fn accepts(&self, form: Form) -> Option<Quality> {
        descriptions(form).filter_map(|features| self.accepts_as(form, features)).max()
    }

    /// A filter should speak of all that matters (RFC 2879 §3.7). Where it does not, a sender that knows no
    /// better stays within profile S (RFC 3965 §4). A filter speaks of a feature when it would not accept
    /// whatever value.
    fn accepts_as(&self, form: Form, features: Vec<(Tag, Value)>) -> Option<Quality> {
        let quality = self.normal.accepts(&features)?;
        let speaks_of = |tags: &[&'static str]| {
            let is_open = |tag: &Tag| tags.iter().any(|open| *tag == Tag::known(open));
            let open = features.iter().map(|(tag, value)| {
                (tag.clone(), if is_open(tag) { Value::of_nobody() } else { value.clone() })
            });
            self.normal.accepts(&open.collect::<Vec<_>>()).is_none()
        };
        // RFC 2879 §3.2: without a ratio the dots lie as closely down the page.
        let is_square = features.iter().any(|(tag, value)| *tag == Tag::known(RATIO) && *value == 1.into());
        let is_told = (form.coding == Coding::Mh || speaks_of(&[CODING]))
            && (form.paper == Paper::A4 || speaks_of(&[PAPER, SIZE]))
            && (form.resolution <= Resolution::Fine
                || speaks_of(&[DPI]) && (is_square || speaks_of(&[RATIO])));
        is_told.then_some(quality)
    }
}
