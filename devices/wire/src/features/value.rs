//! What a filter compares: the tag of a feature, and its value.

use std::cmp::Ordering;
use std::fmt;

use super::registered::{ORDER, TAGS, WORDS};

/// The longest tag, token or string, in octets. A line of a header has room for one of each (RFC 5322 §2.1.1).
pub const MAX_WORD: usize = 256;

/// Name of a feature: `dpi`, `paper-size` (RFC 2506 §2.2). Case makes no difference. The order is that in which a
/// fax would ask: what kind of document it is, then how it is coded, how fine, how large.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    rank: usize,
    word: Word,
}

/// A value that is no number: a token, a string or a Boolean. They differ only in how they are written
/// (RFC 2533 §4.2.4.1, §4.2.4.4). Case makes no difference: the examples of RFC 2879 have both `Grey` and `grey`.
#[derive(Debug, Clone)]
pub struct Word(String);

/// A whole number or a fraction (RFC 2533 §4.2.4.2). `3/2` and `600/400` are equal; each is written as it was
/// read.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    numerator: i64,
    denominator: u64,
}

/// The value of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number. Only numbers have an order.
    Number(Number),
    /// Anything else.
    Word(Word),
}

/// How much something is wanted, in thousandths, from 0 to 1000 (RFC 2533 §3.6). It ranks and means nothing
/// else: 0 is no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(u16);

impl Tag {
    /// A tag: a letter, then letters, digits and any of `:/.-%`.
    pub fn new(text: &str) -> Option<Tag> {
        let is_tag = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.len() <= MAX_WORD
            && text.bytes().all(is_of_tag);
        is_tag.then(|| Tag::from(Word(text.to_owned())))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.word.as_str()
    }

    /// A tag that the program names.
    pub(super) fn known(text: &'static str) -> Tag {
        debug_assert!(Tag::new(text).is_some(), "{text}");
        Tag::from(Word(text.to_owned()))
    }

    /// As it is registered, otherwise in lower case.
    pub(super) fn spelt(&self) -> Tag {
        Tag::from(spelt(&TAGS, &self.word))
    }
}

impl Word {
    /// A word: printable ASCII without quotes, perhaps nothing at all.
    pub fn new(text: &str) -> Option<Word> {
        let is_word = text.len() <= MAX_WORD && text.bytes().all(is_of_string);
        is_word.then(|| Word(text.to_owned()))
    }

    /// As it was written, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is registered, otherwise in lower case.
    pub(super) fn spelt(&self) -> Word {
        spelt(&WORDS, self)
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|octet| octet.to_ascii_lowercase())
    }

    fn is_token(&self) -> bool {
        self.0.starts_with(|first: char| first.is_ascii_alphabetic()) && self.0.bytes().all(is_of_token)
    }
}

impl Number {
    /// `numerator / denominator`; `None` when that is divided by nothing.
    pub fn new(numerator: i64, denominator: u64) -> Option<Number> {
        (denominator > 0).then_some(Number { numerator, denominator })
    }

    /// A whole number.
    pub const fn whole(number: i64) -> Number {
        Number { numerator: number, denominator: 1 }
    }

    /// The same number in its smallest terms, the canonical form of RFC 2533 §4.2.4.2.
    pub(super) fn reduced(self) -> Number {
        let (mut factor, mut rest) = (self.denominator, self.numerator.unsigned_abs());
        while rest > 0 {
            (factor, rest) = (rest, factor % rest);
        }
        let numerator = i128::from(self.numerator) / i128::from(factor);
        // A quotient is no larger than what was divided.
        let numerator = i64::try_from(numerator).unwrap_or(self.numerator);
        Number { numerator, denominator: self.denominator / factor }
    }
}

impl Value {
    /// A word that the program names.
    pub(super) fn known(text: &'static str) -> Value {
        debug_assert!(Word::new(text).is_some(), "{text}");
        Value::Word(Word(text.to_owned()))
    }

    /// A fraction that the program names.
    pub(super) fn fraction(numerator: i64, denominator: u64) -> Value {
        debug_assert!(denominator > 0, "{numerator} divided by nothing");
        Value::Number(Number { numerator, denominator })
    }

    /// A value that no filter can name, because it is no text of the grammar.
    pub(super) fn of_nobody() -> Value {
        Value::Word(Word("\0".to_owned()))
    }

    /// How this value stands to another one; `None` for two that are not equal and have no order (RFC 2533
    /// §5.5).
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Number(own), Value::Number(other)) => Some(own.cmp(other)),
            (Value::Word(own), Value::Word(other)) => (own == other).then_some(Ordering::Equal),
            _ => None,
        }
    }
}

impl Quality {
    /// What stands without a quality has this one.
    pub const FULL: Quality = Quality(1000);

    /// Thousandths, at most 1000 of them.
    pub fn new(thousandths: u16) -> Option<Quality> {
        (thousandths <= 1000).then_some(Quality(thousandths))
    }
}

impl From<Word> for Tag {
    fn from(word: Word) -> Tag {
        let rank = ORDER.iter().position(|tag| tag.eq_ignore_ascii_case(word.as_str()));
        Tag { rank: rank.unwrap_or(ORDER.len()), word }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(Number::whole(number))
    }
}

fn spelt(registered: &[&str], word: &Word) -> Word {
    let known = registered.iter().find(|known| known.eq_ignore_ascii_case(word.as_str()));
    Word(known.map_or_else(|| word.0.to_ascii_lowercase(), |known| (*known).to_owned()))
}

pub(super) fn is_of_tag(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b":/.-%".contains(&octet)
}

pub(super) fn is_of_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}

pub(super) fn is_of_string(octet: u8) -> bool {
    matches!(octet, b' '..=b'~') && octet != b'"'
}

impl PartialEq for Word {
    fn eq(&self, other: &Word) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Word {}

impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Word) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word {
    fn cmp(&self, other: &Word) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        let cross = |one: Number, two: Number| i128::from(one.numerator) * i128::from(two.denominator);
        cross(*self, *other).cmp(&cross(*other, *self))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Display for Word {
    /// As a token where it can be one, otherwise in quotes.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_token() { out.write_str(&self.0) } else { write!(out, "\"{}\"", self.0) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(out, "{}", self.numerator),
            _ => write!(out, "{}/{}", self.numerator, self.denominator),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(out),
            Value::Word(word) => word.fmt(out),
        }
    }
}

impl fmt::Display for Quality {
    /// With as few digits as will do: `0`, `0.9`, `1`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}
