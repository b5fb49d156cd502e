//! A filter as a tree, and how it is written.

use std::fmt;

use super::value::{Quality, Tag, Value, Word};

/// A set of media features, told by a test that its members pass (RFC 2533 §4). [`parse`](Filter::parse) reads
/// one, `to_string` writes it; two filters are equal when they are built alike, not when they mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What must hold.
    pub test: Test,
    /// How much this is wanted, where it is said. It counts for a whole filter and for the alternatives of
    /// one, not inside of a condition (RFC 2533 §3.7, §4.1).
    pub quality: Option<Quality>,
    /// Parameters of extensions, kept and not understood.
    pub params: Vec<(Tag, Word)>,
}

/// What must hold of the features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `(& ..)`: each of these, at least one.
    All(Vec<Filter>),
    /// `(| ..)`: any of these, at least one.
    Any(Vec<Filter>),
    /// `(! ..)`: not this.
    Not(Box<Filter>),
    /// `(tag=value)`, `(tag<=value)`, `(tag>=value)`.
    Is(Tag, Relation, Value),
    /// `(tag=[value,value..value])`, at least one entry.
    OneOf(Tag, Vec<Entry>),
}

/// How the value of a feature stands to the value in the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are equal.
    Equal,
    /// It is a number and not greater; of anything else, equal (RFC 2533 §4.2.2).
    AtMost,
    /// It is a number and not less; of anything else, equal.
    AtLeast,
}

/// One entry of a set (RFC 2533 §4.1, as RFC 2738 §2 corrects it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A value.
    Value(Value),
    /// Everything from one value to another, both included.
    Range(Value, Value),
}

impl Filter {
    /// All of `list`, which is not empty; one alone stands for itself.
    pub fn all(list: Vec<Filter>) -> Filter {
        Filter::alone(list).unwrap_or_else(|list| Test::All(list).into())
    }

    /// Any of `list`, which is not empty; one alone stands for itself.
    pub fn any(list: Vec<Filter>) -> Filter {
        Filter::alone(list).unwrap_or_else(|list| Test::Any(list).into())
    }

    /// One feature compared with a value.
    pub fn is(tag: Tag, relation: Relation, value: Value) -> Filter {
        Test::Is(tag, relation, value).into()
    }

    /// One feature in a set, which is not empty; a value alone is compared as such.
    pub fn one_of(tag: Tag, entries: Vec<Entry>) -> Filter {
        match <[Entry; 1]>::try_from(entries) {
            Ok([Entry::Value(value)]) => Filter::is(tag, Relation::Equal, value),
            Ok(range) => Test::OneOf(tag, range.into()).into(),
            Err(entries) => Test::OneOf(tag, entries).into(),
        }
    }

    /// The same filter with a quality.
    #[must_use]
    pub fn with_quality(mut self, quality: Quality) -> Filter {
        self.quality = Some(quality);
        self
    }

    fn alone(list: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
        <[Filter; 1]>::try_from(list).map(|[filter]| filter)
    }
}

impl std::ops::Not for Filter {
    type Output = Filter;

    /// Whatever the filter is not.
    fn not(self) -> Filter {
        Test::Not(Box::new(self)).into()
    }
}

impl From<Test> for Filter {
    fn from(test: Test) -> Filter {
        Filter { test, quality: None, params: Vec::new() }
    }
}

impl fmt::Display for Filter {
    /// With spaces where a header may be folded, so that no line of it need be longer than 998 octets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.test {
            Test::All(list) => write_list(out, '&', list)?,
            Test::Any(list) => write_list(out, '|', list)?,
            Test::Not(filter) => write!(out, "(! {filter})")?,
            Test::Is(tag, relation, value) => write!(out, "({tag}{relation}{value})")?,
            Test::OneOf(tag, entries) => {
                let entries: Vec<String> = entries.iter().map(Entry::to_string).collect();
                let is_short = entries.iter().map(String::len).sum::<usize>() <= SHORT;
                write!(out, "({tag}=[{}])", entries.join(if is_short { "," } else { ", " }))?;
            }
        }
        if let Some(quality) = self.quality {
            write!(out, ";q={quality}")?;
        }
        self.params.iter().try_for_each(|(name, value)| write!(out, " ;{name}={value}"))
    }
}

/// Up to so many octets the entries of a set are written on end.
const SHORT: usize = 48;

fn write_list(out: &mut fmt::Formatter<'_>, sign: char, list: &[Filter]) -> fmt::Result {
    write!(out, "({sign}")?;
    list.iter().try_for_each(|filter| write!(out, " {filter}"))?;
    write!(out, ")")
}

impl fmt::Display for Relation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Relation::Equal => "=",
            Relation::AtMost => "<=",
            Relation::AtLeast => ">=",
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Value(value) => value.fmt(out),
            Entry::Range(low, high) => write!(out, "{low}..{high}"),
        }
    }
}
