//! Whether a file is of profile S, the only kind that may be sent to a receiver one knows nothing
//! of (RFC 3949 §3). This judges a writer; a reader accepts far more.

use std::fmt;

use super::directory::{Directory, Field, File, Kind};
use super::write::HEADER_LEN;
use super::{Part, Tag};
use crate::page::Coding;
use crate::page::code::{self, Eol, FillOrder, Layout};

/// A rule of profile S that a file breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProblem {
    /// The page, counted from 1; `None`: the file as a whole.
    pub page: Option<usize>,
    /// How strong the rule is.
    pub weight: Weight,
    /// Where the rule stands.
    pub source: &'static str,
    /// What was found and what should be there.
    pub what: String,
}

/// How strong a rule is, in the words of RFC 2119.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A recommendation (SHOULD).
    Should,
    /// A requirement (MUST, SHALL).
    Must,
}

impl fmt::Display for ProfileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.page {
            Some(page) => write!(f, "page {page}: {} ({})", self.what, self.source),
            None => write!(f, "{} ({})", self.what, self.source),
        }
    }
}

/// What profile S says of a field.
struct FieldRule {
    tag: Tag,
    kinds: &'static [Kind],
    count: u32,
    /// The values allowed; empty: checked elsewhere, or anything.
    values: &'static [u64],
    may_be_omitted: bool,
}

const fn rule(tag: Tag, kinds: &'static [Kind], values: &'static [u64]) -> FieldRule {
    FieldRule { tag, kinds, count: 1, values, may_be_omitted: false }
}

const fn omissible(tag: Tag, values: &'static [u64]) -> FieldRule {
    FieldRule { may_be_omitted: true, ..rule(tag, &[Kind::Short], values) }
}

/// The table of RFC 3949 §3.6, with the types and defaults of §2.2 and §3.2.
const RULES: [FieldRule; 16] = [
    rule(Tag::NEW_SUBFILE_TYPE, &[Kind::Long], &[2]),
    rule(Tag::IMAGE_WIDTH, &[Kind::Short, Kind::Long], &[1728]),
    rule(Tag::IMAGE_LENGTH, &[Kind::Short, Kind::Long], &[]),
    omissible(Tag::BITS_PER_SAMPLE, &[1]),
    rule(Tag::COMPRESSION, &[Kind::Short], &[3]),
    rule(Tag::PHOTOMETRIC, &[Kind::Short], &[0]),
    rule(Tag::FILL_ORDER, &[Kind::Short], &[2]),
    rule(Tag::STRIP_OFFSETS, &[Kind::Short, Kind::Long], &[]),
    omissible(Tag::SAMPLES_PER_PIXEL, &[1]),
    rule(Tag::ROWS_PER_STRIP, &[Kind::Short, Kind::Long], &[]),
    rule(Tag::STRIP_BYTE_COUNTS, &[Kind::Short, Kind::Long], &[]),
    rule(Tag::X_RESOLUTION, &[Kind::Rational], &[200, 204]),
    rule(Tag::Y_RESOLUTION, &[Kind::Rational], &[98, 100, 196, 200]),
    rule(Tag::T4_OPTIONS, &[Kind::Long], &[0, 4]),
    omissible(Tag::RESOLUTION_UNIT, &[2]),
    FieldRule { count: 2, ..rule(Tag::PAGE_NUMBER, &[Kind::Short], &[]) },
];

/// Whether the file is of profile S. Every rule of the profile is checked, and the coding of every
/// page.
///
/// # Errors
/// All rules that are broken, page by page. A file that breaks only [`Weight::Should`] rules is
/// still profile S.
pub fn is_profile_s(bytes: &[u8]) -> Result<(), Vec<ProfileProblem>> {
    let mut check = Check { page: None, problems: Vec::new() };
    let opened = File::open(bytes).and_then(|(file, first)| Ok((file, file.directories(first)?)));
    match opened {
        Err(error) => check.must(false, "RFC 3949 \u{a7}2.1", || error.to_string()),
        Ok((file, directories)) => check.file(&file, &directories),
    }
    if check.problems.is_empty() { Ok(()) } else { Err(check.problems) }
}

struct Check {
    page: Option<usize>,
    problems: Vec<ProfileProblem>,
}

const STRUCTURE: &str = "RFC 3949 \u{a7}3.5";
const FIELDS: &str = "RFC 3949 \u{a7}3.6";
const CODING: &str = "RFC 3949 \u{a7}3.4";
const FIELD_ORDER: &str = "RFC 3249 \u{a7}5.2.3";

impl Check {
    fn file(&mut self, file: &File<'_>, directories: &[Directory]) {
        self.must(!file.is_big_endian(), STRUCTURE, || "the byte order is MM, not II".into());
        self.must(!directories.is_empty(), STRUCTURE, || "there is no page".into());
        let mut free_from = HEADER_LEN;
        for directory in directories {
            self.page = Some(directory.page);
            self.directory(file, directory);
            self.page_number(file, directory, directories.len());
            free_from = self.places(file, directory, free_from);
            self.coding(file, directory);
        }
    }

    fn directory(&mut self, file: &File<'_>, directory: &Directory) {
        let ascending = directory.fields.windows(2).all(|pair| pair[0].tag < pair[1].tag);
        self.must(ascending, FIELD_ORDER, || "the fields are not in ascending order, each once".into());
        for field in &directory.fields {
            let known = RULES.iter().any(|rule| rule.tag == field.tag);
            self.should(known, "RFC 3949 \u{a7}2.2.3", || format!("{} does not belong there", field.tag));
        }
        for rule in &RULES {
            match directory.fields.iter().find(|field| field.tag == rule.tag) {
                None => self.must(rule.may_be_omitted, FIELDS, || format!("{} is missing", rule.tag)),
                Some(field) => self.field(file, directory, field, rule),
            }
        }
        let length = one(file, directory, Tag::IMAGE_LENGTH);
        let in_strip = one(file, directory, Tag::ROWS_PER_STRIP);
        self.must(length == in_strip, FIELDS, || "RowsPerStrip is not the ImageLength".into());
    }

    fn field(&mut self, file: &File<'_>, directory: &Directory, field: &Field, rule: &FieldRule) {
        let tag = rule.tag;
        let kind = rule.kinds.iter().any(|kind| *kind as u16 == field.kind);
        self.must(kind, FIELD_ORDER, || format!("{tag} has type {}, not {:?}", field.kind, rule.kinds));
        self.must(field.count == rule.count, FIELDS, || {
            format!("{tag} has {} values, not {}", field.count, rule.count)
        });
        if rule.values.is_empty() {
            return;
        }
        let found = directory.fraction(file, tag).ok().flatten();
        let allowed = found.is_some_and(|(numerator, denominator)| {
            rule.values.iter().any(|value| denominator != 0 && value * denominator == numerator)
        });
        self.must(allowed, FIELDS, || match found {
            Some((whole, 1)) => format!("{tag} is {whole}, not one of {:?}", rule.values),
            Some((over, under)) => format!("{tag} is {over}/{under}, not one of {:?}", rule.values),
            None => format!("{tag} has no value, not one of {:?}", rule.values),
        });
    }

    fn page_number(&mut self, file: &File<'_>, directory: &Directory, total: usize) {
        let numbers = directory.numbers(file, Tag::PAGE_NUMBER, 2).ok().flatten().unwrap_or_default();
        let [number, of] = numbers[..] else { return };
        let index = directory.page as u64 - 1;
        self.must(number == index, STRUCTURE, || format!("PageNumber is {number}, not {index}"));
        self.must(of == 0 || of == total as u64, STRUCTURE, || {
            format!("PageNumber tells of {of} pages, the file has {total}")
        });
    }

    /// The order of the parts in the file. Returns where the next page may begin.
    fn places(&mut self, file: &File<'_>, directory: &Directory, free_from: u64) -> u64 {
        let at = directory.offset;
        if directory.page == 1 {
            self.must(at == 8, STRUCTURE, || format!("the first directory is at {at}, not at 8"));
        } else {
            self.must(at >= free_from, STRUCTURE, || {
                format!("the directory at {at} lies before the end of the page before, {free_from}")
            });
        }
        self.must(at.is_multiple_of(2), FIELD_ORDER, || format!("the directory is at {at}, an odd place"));
        let end = directory.end();
        let mut rationals: Vec<u64> = [Tag::X_RESOLUTION, Tag::Y_RESOLUTION]
            .into_iter()
            .filter_map(|tag| directory.field(tag).ok().flatten())
            .filter_map(|field| directory.values_at(file, field, Kind::Rational).ok())
            .collect();
        rationals.sort_unstable();
        self.must(rationals == [end, end + 8], STRUCTURE, || {
            format!("the resolutions lie at {rationals:?}, not right behind the directory, at {end}")
        });
        let strip_at = one(file, directory, Tag::STRIP_OFFSETS).unwrap_or(0);
        self.must(strip_at >= end + 16, STRUCTURE, || {
            format!("the strip at {strip_at} lies before the end of the resolutions, {}", end + 16)
        });
        strip_at + one(file, directory, Tag::STRIP_BYTE_COUNTS).unwrap_or(0)
    }

    fn coding(&mut self, file: &File<'_>, directory: &Directory) {
        let number = |tag| one(file, directory, tag);
        let [Some(width), Some(rows), Some(offset), Some(len)] =
            [Tag::IMAGE_WIDTH, Tag::IMAGE_LENGTH, Tag::STRIP_OFFSETS, Tag::STRIP_BYTE_COUNTS].map(number)
        else {
            return;
        };
        if number(Tag::COMPRESSION) != Some(3) {
            return;
        }
        let strip = match file.part(directory.page, Part::Strip(0), offset, len) {
            Ok(strip) => strip,
            Err(error) => return self.must(false, STRUCTURE, || error.to_string()),
        };
        let lowest_first = number(Tag::FILL_ORDER) == Some(2);
        let fill_order = if lowest_first { FillOrder::LsbFirst } else { FillOrder::MsbFirst };
        let layout = Layout { coding: Coding::Mh, fill_order, eol: Eol::Plain };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        match code::decode_noting(strip, u32::try_from(width).unwrap_or(u32::MAX), Some(rows), layout) {
            Err(error) => self.must(false, CODING, || error.to_string()),
            Ok((_, seen)) => {
                let aligned = number(Tag::T4_OPTIONS).unwrap_or(0) & 4 != 0;
                self.must(!aligned || seen.eols_aligned, CODING, || {
                    "an EOL does not end on a byte boundary, but T4Options is 4".into()
                });
                self.must(!seen.end_code || !(aligned || seen.fill), CODING, || {
                    "there is an RTC though the EOL are padded".into()
                });
                self.should(!seen.end_code, "RFC 3949 \u{a7}3.4.1", || "there is an RTC".into());
            }
        }
    }

    fn must(&mut self, holds: bool, source: &'static str, what: impl FnOnce() -> String) {
        self.note(holds, Weight::Must, source, what);
    }

    fn should(&mut self, holds: bool, source: &'static str, what: impl FnOnce() -> String) {
        self.note(holds, Weight::Should, source, what);
    }

    fn note(&mut self, holds: bool, weight: Weight, source: &'static str, what: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(ProfileProblem { page: self.page, weight, source, what: what() });
        }
    }
}

/// The first number of a field, if there is one that can be read.
fn one(file: &File<'_>, directory: &Directory, tag: Tag) -> Option<u64> {
    directory.number(file, tag).ok().flatten()
}
