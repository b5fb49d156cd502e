//! Reading a filter (RFC 2533 §4.1, with the correction of RFC 2738 §2).

use super::filter::{Entry, Filter, Relation, Test};
use super::value::{Number, Quality, Tag, Value, Word, is_of_string, is_of_tag, is_of_token};

/// The longest filter that is read, in octets: six times the longest example of RFC 2879 with all its indents.
pub const MAX_OCTETS: usize = 16 * 1024;

/// How deep filters may stand in filters.
pub const MAX_DEPTH: usize = 32;

/// The most terms of a filter: filters at any depth, entries of sets, parameters. The longest example of
/// RFC 2879 has 140.
pub const MAX_TERMS: usize = 512;

/// A text that is no filter, or a larger one than is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("octet {at}: {reason}")]
pub struct FilterError {
    /// Where in the text, in octets from 0.
    pub at: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl Filter {
    /// Reads a filter, with white space wherever the grammar has it, line ends among it. What RFC 2533 adds
    /// in §6 is refused: named predicates (§6.1), which a peer would write itself, and units behind numbers
    /// (§6.2), of which no tag of a fax has any.
    ///
    /// # Errors
    /// [`FilterError`] says where and why. The limits are [`MAX_OCTETS`], [`MAX_DEPTH`], [`MAX_TERMS`],
    /// [`MAX_WORD`](super::MAX_WORD) and 18 digits.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        if text.len() > MAX_OCTETS {
            return Err(FilterError { at: MAX_OCTETS, reason: "the filter is longer than is read" });
        }
        let mut reader = Reader { text: text.as_bytes(), at: 0, terms: 0 };
        let filter = reader.filter(0)?;
        match reader.next() {
            None => Ok(filter),
            Some(_) if reader.rest().get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"where")) => {
                reader.fail("auxiliary predicates are not understood")
            }
            Some(_) => reader.fail("something follows the filter"),
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    terms: usize,
}

type Read<T> = Result<T, FilterError>;

impl Reader<'_> {
    fn filter(&mut self, depth: usize) -> Read<Filter> {
        self.take(b'(', "a filter starts with (")?;
        if depth == MAX_DEPTH {
            return self.fail("filters stand in filters deeper than is read");
        }
        self.count()?;
        let test = match self.next() {
            Some(b'&') => Test::All(self.list(depth + 1)?),
            Some(b'|') => Test::Any(self.list(depth + 1)?),
            Some(b'!') => {
                self.at += 1;
                Test::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => self.item()?,
        };
        self.take(b')', "a filter ends with )")?;
        let mut filter = Filter::from(test);
        while self.next() == Some(b';') {
            self.at += 1;
            self.param(&mut filter)?;
        }
        Ok(filter)
    }

    fn list(&mut self, depth: usize) -> Read<Vec<Filter>> {
        self.at += 1;
        let mut list = vec![self.filter(depth)?];
        while self.next() == Some(b'(') {
            list.push(self.filter(depth)?);
        }
        Ok(list)
    }

    fn item(&mut self) -> Read<Test> {
        let tag = self.tag("a tag, or one of & | ! is missing")?;
        let relation = match self.next() {
            Some(b'=') => Relation::Equal,
            Some(b'<') => Relation::AtMost,
            Some(b'>') => Relation::AtLeast,
            _ => return self.fail("=, <= or >= is missing; named predicates are not understood"),
        };
        self.at += 1;
        if relation != Relation::Equal {
            if self.rest().first() != Some(&b'=') {
                return self.fail("< and > are followed by =");
            }
            self.at += 1;
        }
        if relation == Relation::Equal && self.next() == Some(b'[') {
            return Ok(Test::OneOf(tag, self.entries()?));
        }
        Ok(Test::Is(tag, relation, self.value()?))
    }

    fn entries(&mut self) -> Read<Vec<Entry>> {
        let mut entries = Vec::new();
        while entries.is_empty() || self.next() == Some(b',') {
            self.at += 1;
            self.count()?;
            let value = self.value()?;
            let is_range = self.next() == Some(b'.');
            if is_range && !self.rest().starts_with(b"..") {
                return self.fail("a range has two dots");
            }
            self.at += if is_range { 2 } else { 0 };
            entries.push(if is_range { Entry::Range(value, self.value()?) } else { Entry::Value(value) });
        }
        self.take(b']', "a set ends with ]")?;
        Ok(entries)
    }

    fn value(&mut self) -> Read<Value> {
        match self.next() {
            Some(b'"') => self.string().map(Value::Word),
            Some(b'+' | b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(first) if first.is_ascii_alphabetic() => self.token().map(Value::Word),
            _ => self.fail("a value is missing"),
        }
    }

    fn number(&mut self) -> Read<Number> {
        let sign = match self.next() {
            Some(b'-') => -1,
            _ => 1,
        };
        self.at += usize::from(matches!(self.next(), Some(b'+' | b'-')));
        let numerator = sign * self.digits()?;
        let mut denominator = 1;
        if self.next() == Some(b'/') {
            self.at += 1;
            denominator = self.digits()?;
        }
        if self.next().is_some_and(|octet| octet.is_ascii_alphabetic()) {
            return self.fail("a number has no unit here");
        }
        match u64::try_from(denominator).ok().and_then(|denominator| Number::new(numerator, denominator)) {
            Some(number) => Ok(number),
            None => self.fail("a number is divided by nothing"),
        }
    }

    fn digits(&mut self) -> Read<i64> {
        self.next();
        let digits = self.run(|octet| octet.is_ascii_digit());
        if digits.is_empty() {
            return self.fail("a digit is missing");
        }
        match digits.parse() {
            Ok(number) if digits.len() <= MAX_DIGITS => Ok(number),
            _ => self.fail("a number has more digits than are read"),
        }
    }

    fn string(&mut self) -> Read<Word> {
        self.at += 1;
        let text = self.run(is_of_string);
        if self.rest().first() != Some(&b'"') {
            return self.fail("a string holds printable ASCII and ends with a quote");
        }
        self.at += 1;
        self.word(text)
    }

    fn token(&mut self) -> Read<Word> {
        let text = self.run(is_of_token);
        self.word(text)
    }

    fn word(&self, text: String) -> Read<Word> {
        Word::new(&text).map_or_else(|| self.fail(TOO_LONG), Ok)
    }

    fn tag(&mut self, missing: &'static str) -> Read<Tag> {
        if !self.next().is_some_and(|octet| octet.is_ascii_alphabetic()) {
            return self.fail(missing);
        }
        let text = self.run(is_of_tag);
        Tag::new(&text).map_or_else(|| self.fail(TOO_LONG), Ok)
    }

    fn param(&mut self, filter: &mut Filter) -> Read<()> {
        self.count()?;
        let name = self.tag("a parameter has a name")?;
        self.take(b'=', "a parameter has a value behind =")?;
        self.next();
        if name.as_str().eq_ignore_ascii_case("q") {
            let quality = self.quality()?;
            if filter.quality.replace(quality).is_some() {
                return self.fail("a filter has one quality");
            }
            return Ok(());
        }
        let value = match self.next() {
            Some(b'"') => self.string()?,
            _ => {
                let text = self.run(is_of_param);
                self.word(text)?
            }
        };
        filter.params.push((name, value));
        Ok(())
    }

    /// RFC 2533 §4.1: `0` with up to three decimals, or `1` with up to three noughts.
    fn quality(&mut self) -> Read<Quality> {
        let text = self.run(|octet| octet.is_ascii_digit() || octet == b'.');
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let thousandths = format!("{whole}{decimals:0<3}").parse().ok();
        let is_legal = matches!(whole, "0" | "1") && decimals.len() <= 3 && !decimals.contains('.');
        match thousandths.filter(|_| is_legal).and_then(Quality::new) {
            Some(quality) => Ok(quality),
            None => self.fail("a quality is 0 to 1, with up to three decimals"),
        }
    }

    /// The next octet that is no white space; it is not taken.
    fn next(&mut self) -> Option<u8> {
        let space = self.rest().iter().take_while(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n'));
        self.at += space.count();
        self.rest().first().copied()
    }

    fn take(&mut self, wanted: u8, missing: &'static str) -> Read<()> {
        if self.next() != Some(wanted) {
            return self.fail(missing);
        }
        self.at += 1;
        Ok(())
    }

    /// Takes whatever octets are of a kind, all of them ASCII.
    fn run(&mut self, is_of: impl Fn(u8) -> bool) -> String {
        let text: String =
            self.rest().iter().take_while(|octet| is_of(**octet)).map(|octet| char::from(*octet)).collect();
        self.at += text.len();
        text
    }

    fn count(&mut self) -> Read<()> {
        self.terms += 1;
        if self.terms > MAX_TERMS { self.fail("the filter has more terms than are read") } else { Ok(()) }
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fail<T>(&self, reason: &'static str) -> Read<T> {
        Err(FilterError { at: self.at, reason })
    }
}

const MAX_DIGITS: usize = 18;

const TOO_LONG: &str = "a word is longer than is read";

/// What a parameter that is not understood may hold without quotes.
fn is_of_param(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"();\"".contains(&octet)
}
