//! Parameters: `;name=value` after header values and in URIs.

use std::fmt;

use super::ParseError;
use super::scan::{self, Scanner};

/// Parameters in their order on the wire. Names compare without case; values are kept as spelled, a
/// quoted string with its quotes (see [`Params::text`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// No parameters.
    pub fn new() -> Params {
        Params::default()
    }

    /// The value of a parameter; `Some("")` if it is there without one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// The value of a parameter with quotes and quoted pairs undone.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| unquoted(value.as_bytes()))
    }

    /// Whether a parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Sets a parameter in place, or appends it. The caller quotes a value that is not a token.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(found) => found.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Removes a parameter, if it is there.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn find(&self, name: &str) -> Option<&(String, Option<String>)> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    pub(super) fn push(&mut self, name: &str, value: Option<&str>) {
        self.0.push((name.to_owned(), value.map(str::to_owned)));
    }

    /// Reads the parameters of a header value up to what is none.
    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Result<Params, ParseError> {
        let mut params = Params::new();
        while let Some((name, value)) = next(scanner)? {
            params.0.push((name.to_owned(), value.map(|value| scan::unfold(value).into_owned())));
        }
        Ok(params)
    }
}

impl fmt::Display for Params {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(out, ";{name}={value}")?,
                None => write!(out, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// The value of one parameter of a header value, without building a list of all.
pub(super) fn find<'a>(mut scanner: Scanner<'a>, wanted: &str) -> Option<&'a str> {
    while let Ok(Some((name, value))) = next(&mut scanner) {
        if name.eq_ignore_ascii_case(wanted) {
            return std::str::from_utf8(value?).ok();
        }
    }
    None
}

/// Passes over the parameters of a header value up to what is none.
pub(super) fn skip(scanner: &mut Scanner<'_>) -> Result<(), ParseError> {
    while next(scanner)?.is_some() {}
    Ok(())
}

/// A parameter's name, and its value as spelled.
type Param<'a> = (&'a str, Option<&'a [u8]>);

/// The next parameter, if a semicolon follows.
fn next<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Param<'a>>, ParseError> {
    if !scanner.separator(b';') {
        return Ok(None);
    }
    let name = scanner.token("a parameter name")?;
    if !scanner.separator(b'=') {
        return Ok(Some((name, None)));
    }
    let value = match scanner.peek() {
        Some(b'"') => scanner.quoted()?,
        _ => scanner.run(scan::VALUE, "a parameter value")?.as_bytes(),
    };
    Ok(Some((name, Some(value))))
}

/// The text of a quoted string, quoted pairs and folds undone; other text unchanged.
pub(super) fn unquoted(value: &[u8]) -> String {
    let flat = scan::unfold(value);
    let Some(inner) = flat.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return flat.into_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(next) = chars.next() {
        text.extend(if next == '\\' { chars.next() } else { Some(next) });
    }
    text
}
