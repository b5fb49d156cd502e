//! From bytes to a message: where the lines are, and where the body ends.

use std::ops::Range;

use bytes::Bytes;

use super::message::{Entry, Index, Start};
use super::{Message, Method, Name, ParseError, scan};

/// The bytes of the longest message read: what a datagram can hold (RFC 3261 §18.1.1).
pub const MAX_MESSAGE_BYTES: usize = 65_535;

/// The header lines of the longest header read.
pub const MAX_HEADERS: usize = 512;

/// How much must be right.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reading {
    Strict,
    /// Any version, any Request-URI and the spaces around it, and any Content-Length.
    Salvage,
}

pub(super) fn parse(raw: Bytes, reading: Reading) -> Result<Message, ParseError> {
    let bytes: &[u8] = &raw;
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(ParseError::TooLong { length: bytes.len() });
    }
    let mut begin = 0;
    while bytes[begin..].starts_with(b"\r\n") {
        begin += 2;
    }
    if begin == bytes.len() {
        return Err(ParseError::Empty);
    }
    let end = line_end(bytes, begin)?;
    let start = start_line(bytes, begin, end, reading)?;
    let (headers, body) = header_lines(bytes, end + 2)?;
    let length = match content_length(bytes, &headers) {
        Ok(Some(promised)) => body_length(promised, bytes.len() - body, body),
        Ok(None) => Ok(bytes.len() - body),
        Err(error) => Err(error),
    };
    let length = match length {
        Err(_) if reading == Reading::Salvage => bytes.len() - body,
        length => length?,
    };
    let index = Index { start, begin: span(begin), headers, body: range(body, body + length) };
    Ok(Message::new(raw, index))
}

/// An offset within a message, which `MAX_MESSAGE_BYTES` keeps far below 4 GiB; one of ours that were
/// longer would read as cut off.
pub(super) fn span(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

pub(super) fn range(start: usize, end: usize) -> Range<u32> {
    span(start)..span(end)
}

/// Where the CRLF of a line is.
fn line_end(bytes: &[u8], from: usize) -> Result<usize, ParseError> {
    match memchr::memchr2(b'\r', b'\n', &bytes[from..]) {
        None => Err(ParseError::Unfinished { offset: bytes.len() }),
        Some(length) => {
            let end = from + length;
            match &bytes[end..] {
                [b'\r', b'\n', ..] => Ok(end),
                [b'\r'] => Err(ParseError::Unfinished { offset: bytes.len() }),
                _ => Err(ParseError::LineEnd { offset: end }),
            }
        }
    }
}

/// Request-Line = Method SP Request-URI SP SIP-Version; Status-Line = SIP-Version SP Status-Code SP
/// Reason-Phrase (RFC 3261 §25.1). A method has no slash, so the version tells them apart.
fn start_line(bytes: &[u8], begin: usize, end: usize, reading: Reading) -> Result<Start, ParseError> {
    let line = &bytes[begin..end];
    let fault = |what, offset| Err(ParseError::StartLine { what, offset });
    let Some(first) = memchr::memchr(b' ', line) else {
        return fault("no space", begin);
    };
    if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"SIP/") {
        version(&line[..first], begin, reading)?;
        return status(line, first + 1, begin);
    }
    let Some(method) = Method::parse(&line[..first]) else {
        return fault("the method is not a token", begin);
    };
    let salvage = reading == Reading::Salvage;
    let line = if salvage { scan::trim(line) } else { line };
    let (from, to) = match memchr::memrchr(b' ', line) {
        Some(last) if last > first => (first + 1, last),
        _ => return fault("no SIP version after the Request-URI", end),
    };
    version(&line[to + 1..], begin + to + 1, reading)?;
    let uri = &line[from..to];
    if salvage {
        return Ok(Start::Request { method, uri: range(begin + from, begin + to) });
    }
    if uri.is_empty() || !uri.iter().all(u8::is_ascii_graphic) {
        return fault("the Request-URI is empty or has other than visible characters", begin + from);
    }
    if uri[0] == b'<' {
        return fault("the Request-URI is in angle brackets", begin + from);
    }
    Ok(Start::Request { method, uri: range(begin + from, begin + to) })
}

/// The rest of a Status-Line; the space before an empty reason may lack.
fn status(line: &[u8], from: usize, begin: usize) -> Result<Start, ParseError> {
    let rest = &line[from..];
    let digits = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    let code = if digits == 3 { scan::number(&rest[..3]) } else { None };
    let Some(code) = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (100..700).contains(code))
    else {
        return Err(ParseError::StartLine {
            what: "the status code is not 100 to 699",
            offset: begin + from,
        });
    };
    let reason = (from + digits + 1).min(line.len());
    Ok(Start::Response { code, reason: range(begin + reason, begin + line.len()) })
}

fn version(text: &[u8], offset: usize, reading: Reading) -> Result<(), ParseError> {
    if text.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(());
    }
    let is_other = text.len() > 4 && text[..4].eq_ignore_ascii_case(b"SIP/") && {
        let mut numbers = text[4..].split(|byte| *byte == b'.');
        let mut digits =
            || numbers.next().is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
        digits() && digits() && numbers.next().is_none()
    };
    match is_other {
        true if reading == Reading::Salvage => Ok(()),
        true => Err(ParseError::Version { offset }),
        false => Err(ParseError::StartLine { what: "no SIP version", offset }),
    }
}

/// The header lines, and where the body begins.
fn header_lines(bytes: &[u8], from: usize) -> Result<(Vec<Entry>, usize), ParseError> {
    let mut headers = Vec::with_capacity(24);
    let mut start = from;
    while !bytes[start..].starts_with(b"\r\n") {
        if headers.len() == MAX_HEADERS {
            return Err(ParseError::TooManyHeaders { offset: start });
        }
        let (entry, next) = header_line(bytes, start)?;
        headers.push(entry);
        start = next;
    }
    Ok((headers, start + 2))
}

/// One header line with the lines folded into it, and where the next begins.
fn header_line(bytes: &[u8], start: usize) -> Result<(Entry, usize), ParseError> {
    let mut end = line_end(bytes, start)?;
    let line = &bytes[start..end];
    let name_length = line.iter().position(|byte| !scan::is(*byte, scan::TOKEN)).unwrap_or(line.len());
    let gap = line[name_length..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let colon = name_length + gap;
    if name_length == 0 || line.get(colon) != Some(&b':') {
        return Err(ParseError::HeaderName { offset: start });
    }
    while let Some(b' ' | b'\t') = bytes.get(end + 2) {
        end = line_end(bytes, end + 2)?;
    }
    let value = value_range(bytes, start + colon + 1, end);
    let name = Name::parse(&line[..name_length]);
    Ok((Entry { name, start: span(start), name_end: span(start + name_length), value }, end + 2))
}

/// Where the value lies between the colon and the end of its line, white space at the ends left out.
pub(super) fn value_range(bytes: &[u8], from: usize, end: usize) -> Range<u32> {
    let line = &bytes[from..end];
    let leading = line.iter().take_while(|byte| scan::is(**byte, scan::LWS)).count();
    range(from + leading, from + leading + scan::trim(&line[leading..]).len())
}

/// The value of Content-Length. Two of them could frame the message in two ways: refused.
fn content_length(bytes: &[u8], headers: &[Entry]) -> Result<Option<usize>, ParseError> {
    let mut lines = headers.iter().filter(|entry| entry.name == Name::ContentLength);
    let Some(line) = lines.next() else { return Ok(None) };
    if let Some(second) = lines.next() {
        return Err(ParseError::Repeated { name: Name::ContentLength, offset: second.value.start as usize });
    }
    let digits = &bytes[line.value.start as usize..line.value.end as usize];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ParseError::Syntax {
            expected: "a Content-Length of digits",
            offset: line.value.start as usize,
        });
    }
    Ok(Some(scan::ascii(digits).parse().unwrap_or(usize::MAX)))
}

fn body_length(promised: usize, present: usize, offset: usize) -> Result<usize, ParseError> {
    if promised > present {
        Err(ParseError::BodyTooShort { promised, present, offset })
    } else {
        Ok(promised)
    }
}
