//! What a fax can print, and what a page needs of it, in the words of RFC 2879.

use std::collections::BTreeSet;

use super::choice::Heard;
use super::filter::{Entry, Filter, Relation};
use super::normal::TooComplicated;
use super::value::{Tag, Value};
use crate::page::{Coding, Form, Paper, Resolution};

/// What a fax can print: each paper at each resolution in each coding. Profile S is always among it, whether
/// it is named or not (RFC 3965 §4); by default it is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ability {
    /// The papers besides A4.
    pub papers: BTreeSet<Paper>,
    /// The resolutions besides standard and fine.
    pub resolutions: BTreeSet<Resolution>,
    /// The codings besides MH.
    pub codings: BTreeSet<Coding>,
}

impl Ability {
    /// All papers, resolutions and codings.
    pub fn all() -> Ability {
        Ability {
            papers: Paper::ALL.into(),
            resolutions: Resolution::ALL.into(),
            codings: Coding::ALL.into(),
        }
    }

    /// Whether a page of this form can be printed.
    pub fn has(&self, form: Form) -> bool {
        (form.paper == Paper::A4 || self.papers.contains(&form.paper))
            && (form.resolution <= Resolution::Fine || self.resolutions.contains(&form.resolution))
            && (form.coding == Coding::Mh || self.codings.contains(&form.coding))
    }

    /// The least ability that has all forms a filter accepts. What the filter does not speak of stays as in profile
    /// S.
    ///
    /// # Errors
    /// [`TooComplicated`].
    pub fn told_by(filter: &Filter) -> Result<Ability, TooComplicated> {
        let heard = Heard::new(&filter.normal()?)?;
        let forms = Form::all().filter(|form| heard.accepts(*form).is_some() && !form.is_profile_s());
        Ok(forms.fold(Ability::default(), |mut ability, form| {
            ability.papers.extend(Some(form.paper).filter(|paper| *paper != Paper::A4));
            ability.resolutions.extend(Some(form.resolution).filter(|it| *it > Resolution::Fine));
            ability.codings.extend(Some(form.coding).filter(|coding| *coding != Coding::Mh));
            ability
        }))
    }

    /// All forms that can be printed, the best last.
    pub fn forms(&self) -> impl Iterator<Item = Form> + '_ {
        Form::all().filter(|form| self.has(*form))
    }

    /// The filter that says so, written like the example of RFC 2879 §4.1. Profile S is told like the rest: the
    /// reader may be no fax (RFC 3297 §7).
    pub fn filter(&self) -> Filter {
        let forms: Vec<Form> = self.forms().collect();
        let is_used = |resolution| forms.iter().any(|form| form.resolution == resolution);
        let best = forms.last().copied().unwrap_or_default();
        let structures = if best.is_profile_s() { &STRUCTURES[..1] } else { &STRUCTURES[..] };
        let codings: BTreeSet<Coding> = forms.iter().map(|form| form.coding).collect();
        let papers: BTreeSet<Paper> = forms.iter().map(|form| form.paper).collect();
        let mut grids: Vec<(i64, Vec<Value>)> = Vec::new();
        for grid in GRIDS.iter().filter(|grid| is_used(grid.resolution)) {
            match grids.last_mut() {
                Some((dpi, ratios)) if *dpi == grid.dpi => ratios.push(grid.ratio()),
                _ => grids.push((grid.dpi, vec![grid.ratio()])),
            }
        }
        let resolutions = grids
            .into_iter()
            .map(|(dpi, ratios)| Filter::all(vec![one_of(DPI, [dpi.into()]), one_of(RATIO, ratios)]));
        Filter::all(vec![
            one_of(TYPE, [Value::known(TIFF)]),
            one_of(COLOR, [Value::known(BINARY)]),
            one_of(STRUCTURE, structures.iter().copied().map(Value::known)),
            one_of(CODING, codings.iter().map(|coding| Value::known(coding.name()))),
            one_of(MRC, [0.into()]),
            Filter::any(resolutions.collect()),
            Filter::is(Tag::known(SIZE), Relation::AtMost, size(best.paper)),
            one_of(PAPER, papers.iter().map(|paper| Value::known(paper.name()))),
            one_of(MEDIA, [Value::known(STATIONERY)]),
        ])
    }
}

/// What a page of this form needs, as Content-features and Content-alternative tell it (RFC 2912 §4.2, RFC 3297
/// §8.1).
pub fn described(form: Form) -> Filter {
    let features = descriptions(form).next().unwrap_or_default();
    let told = features.into_iter().filter(|(tag, _)| *tag != Tag::known(SIZE));
    Filter::all(told.map(|(tag, value)| Filter::is(tag, Relation::Equal, value)).collect())
}

pub(super) const TYPE: &str = "type";
pub(super) const COLOR: &str = "color";
pub(super) const STRUCTURE: &str = "image-file-structure";
pub(super) const CODING: &str = "image-coding";
pub(super) const MRC: &str = "MRC-mode";
pub(super) const DPI: &str = "dpi";
pub(super) const RATIO: &str = "dpi-xyratio";
pub(super) const SIZE: &str = "size-x";
pub(super) const PAPER: &str = "paper-size";
pub(super) const MEDIA: &str = "ua-media";

const TIFF: &str = "image/tiff";
const BINARY: &str = "Binary";
const STATIONERY: &str = "stationery";

/// Everything that can be said of a page of this form, in each way in which it can be said: its dots lie on the
/// metric grid and on the round one that RFC 3949 §2.2.2 calls equivalent, and a file that keeps the rules of a
/// narrow structure keeps those of the wider ones.
pub(super) fn descriptions(form: Form) -> impl Iterator<Item = Vec<(Tag, Value)>> {
    let grids = GRIDS.iter().filter(move |grid| grid.resolution == form.resolution);
    grids.flat_map(move |grid| {
        structures(form).map(move |structure| {
            [
                (TYPE, Value::known(TIFF)),
                (COLOR, Value::known(BINARY)),
                (STRUCTURE, Value::known(structure)),
                (CODING, Value::known(form.coding.name())),
                (MRC, 0.into()),
                (DPI, grid.dpi.into()),
                (RATIO, grid.ratio()),
                (SIZE, size(form.paper)),
                (PAPER, Value::known(form.paper.name())),
                (MEDIA, Value::known(STATIONERY)),
            ]
            .map(|(tag, value)| (Tag::known(tag), value))
            .into()
        })
    })
}

/// A resolution as it is told (RFC 2879 §3.2): dots per inch along a line, and how often as many they are as
/// lines per inch.
struct Grid {
    resolution: Resolution,
    dpi: i64,
    ratio: (i64, u64),
}

/// Those of one `dpi` stand together.
const GRIDS: [Grid; 9] = [
    Grid { resolution: Resolution::Standard, dpi: 204, ratio: (204, 98) },
    Grid { resolution: Resolution::Fine, dpi: 204, ratio: (204, 196) },
    Grid { resolution: Resolution::Superfine, dpi: 204, ratio: (204, 391) },
    Grid { resolution: Resolution::Standard, dpi: 200, ratio: (200, 100) },
    Grid { resolution: Resolution::Fine, dpi: 200, ratio: (1, 1) },
    Grid { resolution: Resolution::Superfine, dpi: 200, ratio: (200, 400) },
    Grid { resolution: Resolution::Dpi300, dpi: 300, ratio: (1, 1) },
    Grid { resolution: Resolution::Dpi400, dpi: 408, ratio: (408, 391) },
    Grid { resolution: Resolution::Dpi400, dpi: 400, ratio: (1, 1) },
];

impl Grid {
    fn ratio(&self) -> Value {
        Value::fraction(self.ratio.0, self.ratio.1)
    }
}

/// The structures of files, the narrowest first (RFC 2879 §3.7).
const STRUCTURES: [&str; 3] = ["TIFF-minimal", "TIFF-limited", "TIFF"];

/// Those that a file with such pages has. All that is written here has each directory before its image, as
/// RFC 3949 §4.4.6 advises; only profile S is minimal.
fn structures(form: Form) -> impl Iterator<Item = &'static str> {
    STRUCTURES.into_iter().skip(usize::from(!form.is_profile_s()))
}

/// The length of a line in inches. Its dots lie 8.04 to the millimetre, so it has 215 mm, 255 or 303; RFC 2879 §4
/// writes them like this.
fn size(paper: Paper) -> Value {
    let tenths_of_mm = match paper {
        Paper::A4 => 2150,
        Paper::B4 => 2550,
        Paper::A3 => 3030,
    };
    Value::fraction(tenths_of_mm, 254)
}

fn one_of(tag: &'static str, values: impl IntoIterator<Item = Value>) -> Filter {
    Filter::one_of(Tag::known(tag), values.into_iter().map(Entry::Value).collect())
}
