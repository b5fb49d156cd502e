//! The lexical rules that SIP header values share (RFC 3261 §25.1).

use std::borrow::Cow;

use super::ParseError;

/// `token`: names of methods, header fields and parameters.
pub(super) const TOKEN: u8 = 1;
/// Linear white space; CR and LF occur in a header value only as part of a fold.
pub(super) const LWS: u8 = 2;
/// What an unquoted parameter value may hold: a token or a host, IPv6 with or without brackets.
pub(super) const VALUE: u8 = 4;
/// `user` of a SIP URI, escapes aside.
pub(super) const USER: u8 = 8;
/// `password` of a SIP URI, escapes aside.
pub(super) const PASSWORD: u8 = 16;
/// `paramchar` of a SIP URI, escapes aside.
pub(super) const URI_PARAM: u8 = 32;
/// `hname` and `hvalue` of a SIP URI, escapes aside.
pub(super) const URI_HEADER: u8 = 64;
/// A host name or an IPv4 address.
pub(super) const HOST: u8 = 128;

/// The classes of each byte, as bits.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    table = with(table, b"-.", TOKEN | VALUE | HOST | USER | PASSWORD | URI_PARAM | URI_HEADER);
    table = with(table, b"_!~*'", TOKEN | VALUE | USER | PASSWORD | URI_PARAM | URI_HEADER);
    table = with(table, b"%`", TOKEN | VALUE);
    table = with(table, b"+", TOKEN | VALUE | USER | PASSWORD | URI_PARAM | URI_HEADER);
    table = with(table, b"()", USER | PASSWORD | URI_PARAM | URI_HEADER);
    table = with(table, b"[]:", VALUE | URI_PARAM | URI_HEADER);
    table = with(table, b"&=,", USER | PASSWORD);
    table = with(table, b"$", USER | PASSWORD | URI_PARAM | URI_HEADER);
    table = with(table, b";?", USER);
    table = with(table, b"/", USER | URI_PARAM | URI_HEADER);
    table = with(table, b"&", URI_PARAM);
    table = with(table, b"?", URI_HEADER);
    table = with(table, b" \t\r\n", LWS);
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            table[byte] = !LWS;
        }
        byte += 1;
    }
    table
}

const fn with(mut table: [u8; 256], bytes: &[u8], bits: u8) -> [u8; 256] {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] |= bits;
        at += 1;
    }
    table
}

/// Whether a byte belongs to one of the classes.
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// The bytes as text if they are a token.
pub(super) fn as_token(bytes: &[u8]) -> Option<&str> {
    let whole = !bytes.is_empty() && bytes.iter().all(|byte| is(*byte, TOKEN));
    whole.then(|| ascii(bytes))
}

/// Bytes known to be ASCII, as text.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The bytes without white space at either end.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is(*first, LWS)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is(*last, LWS)
    {
        bytes = rest;
    }
    bytes
}

/// A header value as text: every fold is one space (RFC 3261 §7.3.1), bytes that are not UTF-8 are
/// shown as U+FFFD.
pub(super) fn unfold(value: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\r', value).is_none() {
        return String::from_utf8_lossy(value);
    }
    let mut flat = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(fold) = memchr::memchr(b'\r', rest) {
        let (line, tail) = rest.split_at(fold);
        flat.extend_from_slice(line.trim_ascii_end());
        flat.push(b' ');
        rest = &tail[tail.iter().take_while(|byte| is(**byte, LWS)).count()..];
    }
    flat.extend_from_slice(rest);
    Cow::Owned(String::from_utf8_lossy(&flat).into_owned())
}

/// The values of a comma-separated list; commas in quotes or angle brackets do not separate. A blank
/// list has no values, a blank place between commas is an empty one.
pub(super) struct List<'a>(Option<&'a [u8]>);

impl<'a> List<'a> {
    pub(super) fn new(value: &'a [u8]) -> List<'a> {
        List((!trim(value).is_empty()).then_some(value))
    }
}

impl<'a> Iterator for List<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        let comma = comma(rest);
        self.0 = comma.map(|at| &rest[at + 1..]);
        Some(trim(&rest[..comma.unwrap_or(rest.len())]))
    }
}

/// Where the first separating comma is.
pub(super) fn comma(value: &[u8]) -> Option<usize> {
    // Most values are alone on their line.
    memchr::memchr(b',', value)?;
    let (mut quoted, mut bracketed, mut at) = (false, false, 0);
    while let Some(byte) = value.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' if !bracketed => quoted = !quoted,
            b'<' if !quoted => bracketed = true,
            b'>' if !quoted => bracketed = false,
            b',' if !quoted && !bracketed => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A reading position in a header value. Folds count as white space, so raw values can be read.
#[derive(Clone)]
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Scanner<'a> {
        Scanner { bytes, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The longest run of bytes that `wanted` accepts, perhaps empty.
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The next bytes, as many as there are up to `length`.
    pub(super) fn take(&mut self, length: usize) -> &'a [u8] {
        let end = (self.at + length).min(self.bytes.len());
        let taken = &self.bytes[self.at..end];
        self.at = end;
        taken
    }

    pub(super) fn skip_lws(&mut self) {
        self.take_while(|byte| is(byte, LWS));
    }

    /// Takes a separator together with the white space that may stand around it.
    pub(super) fn separator(&mut self, byte: u8) -> bool {
        let start = self.at;
        self.skip_lws();
        if self.peek() != Some(byte) {
            self.at = start;
            return false;
        }
        self.at += 1;
        self.skip_lws();
        true
    }

    pub(super) fn expect_separator(&mut self, byte: u8, expected: &'static str) -> Result<(), ParseError> {
        if self.separator(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    pub(super) fn token(&mut self, expected: &'static str) -> Result<&'a str, ParseError> {
        self.run(TOKEN, expected)
    }

    /// A run of at least one byte of an ASCII class.
    pub(super) fn run(&mut self, class: u8, expected: &'static str) -> Result<&'a str, ParseError> {
        let run = self.take_while(|byte| is(byte, class));
        if run.is_empty() { Err(self.error(expected)) } else { Ok(ascii(run)) }
    }

    /// A quoted string with its quotes; the scanner stands on the opening one.
    pub(super) fn quoted(&mut self) -> Result<&'a [u8], ParseError> {
        let rest = &self.bytes[self.at..];
        let mut end = 1;
        while let Some(byte) = rest.get(end) {
            match byte {
                b'"' => {
                    self.at += end + 1;
                    return Ok(&rest[..=end]);
                }
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        Err(self.error("a quoted string that ends"))
    }

    /// Nothing but white space may be left.
    pub(super) fn end(mut self, expected: &'static str) -> Result<(), ParseError> {
        self.skip_lws();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error(expected)) }
    }

    pub(super) fn error(&self, expected: &'static str) -> ParseError {
        ParseError::Syntax { expected, offset: self.at }
    }
}

/// A decimal number without sign; `None` if it is none or does not fit.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
