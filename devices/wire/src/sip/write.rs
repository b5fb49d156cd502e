//! Writing bytes and index in one go. Total: whatever text comes in, no line comes out that the caller
//! did not ask for.

use std::ops::Range;

use bytes::Bytes;

use super::message::{Entry, Index, Start};
use super::parse::{range, span, value_range};
use super::{Header, Message, Method, Name, scan};

/// Bytes and header lines of a usual message, to allocate once.
const USUAL_BYTES: usize = 1024;
const USUAL_HEADERS: usize = 24;

/// A message in the making: the start line is out, header lines are being added.
#[derive(Clone)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    start: Start,
    headers: Vec<Entry>,
}

impl Writer {
    /// Begins a request. Bytes of the method that are no token become `_`, bytes of the URI that are
    /// not visible ASCII become escapes.
    pub(super) fn request(method: &Method, uri: &str) -> Writer {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        push_token(&mut bytes, method.as_str());
        let method = match method {
            Method::Other(_) => Method::from(scan::ascii(&bytes)),
            known => known.clone(),
        };
        bytes.push(b' ');
        let from = bytes.len();
        push_uri(&mut bytes, uri);
        let uri = range(from, bytes.len());
        bytes.extend_from_slice(b" SIP/2.0\r\n");
        Writer { bytes, start: Start::Request { method, uri }, headers: Vec::with_capacity(USUAL_HEADERS) }
    }

    /// Begins a response; the code is kept within 100 to 699.
    pub(super) fn response(code: u16, reason: &str) -> Writer {
        let code = code.clamp(100, 699);
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        bytes.extend_from_slice(b"SIP/2.0 ");
        bytes.extend_from_slice(decimal(usize::from(code), &mut Digits::default()).as_bytes());
        bytes.push(b' ');
        let from = bytes.len();
        push_text(&mut bytes, reason.as_bytes());
        let reason = range(from, bytes.len());
        bytes.extend_from_slice(b"\r\n");
        Writer { bytes, start: Start::Response { code, reason }, headers: Vec::with_capacity(USUAL_HEADERS) }
    }

    /// Begins with the start line of another message, byte for byte.
    pub(super) fn same_start(message: &Message) -> Writer {
        let index = message.index();
        // Without header lines the empty line that closes the header follows at once.
        let end = index.headers.first().map_or(index.body.start.saturating_sub(2), |entry| entry.start);
        let line = message.slice(&(index.begin..end));
        let mut bytes = Vec::with_capacity(message.raw().len() + USUAL_BYTES / 4);
        bytes.extend_from_slice(line);
        let moved = |range: &Range<u32>| range.start - index.begin..range.end - index.begin;
        let start = match &index.start {
            Start::Request { method, uri } => Start::Request { method: method.clone(), uri: moved(uri) },
            Start::Response { code, reason } => Start::Response { code: *code, reason: moved(reason) },
        };
        Writer { bytes, start, headers: Vec::with_capacity(index.headers.len() + 4) }
    }

    /// Adds a line under a name that [`Name`] knows, in its long spelling; the value as in [`Writer::line`].
    pub(super) fn known(&mut self, name: Name, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_str().as_bytes());
        self.close_with(name, start, value);
    }

    /// Adds a line. CR, LF and NUL in the value become spaces, bytes of the name that are no token `_`.
    pub(super) fn line(&mut self, spelled: &str, value: &[u8]) {
        let start = self.bytes.len();
        push_token(&mut self.bytes, spelled);
        let name = Name::parse(&self.bytes[start..]);
        self.close_with(name, start, value);
    }

    /// Adds the To of a request with a tag of ours behind it.
    pub(super) fn tagged(&mut self, to: &Header<'_>, tag: &str) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(to.raw_name.as_bytes());
        self.close(to.name, start, |bytes| {
            push_harmless(bytes, to.value);
            bytes.extend_from_slice(b";tag=");
            push_text(bytes, tag.as_bytes());
        });
    }

    /// Adds a line that a message already has, its value byte for byte, folds and all.
    pub(super) fn copied(&mut self, header: &Header<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(header.raw_name.as_bytes());
        self.close(header.name, start, |bytes| bytes.extend_from_slice(header.value));
    }

    /// Adds a whole line of a message byte for byte; `next` is where the line after it begins.
    pub(super) fn verbatim(&mut self, message: &Message, entry: &Entry, next: u32) {
        let start = span(self.bytes.len());
        let moved = |offset: u32| start.saturating_add(offset - entry.start);
        let value = moved(entry.value.start)..moved(entry.value.end);
        self.bytes.extend_from_slice(message.slice(&(entry.start..next)));
        self.headers.push(Entry { name: entry.name, start, name_end: moved(entry.name_end), value });
    }

    /// Closes the header and adds the body.
    pub(super) fn finish(mut self, body: &[u8]) -> Message {
        self.bytes.extend_from_slice(b"\r\n");
        let from = self.bytes.len();
        self.bytes.extend_from_slice(body);
        let body = range(from, self.bytes.len());
        let index = Index { start: self.start, begin: 0, headers: self.headers, body };
        Message::new(Bytes::from(self.bytes), index)
    }

    /// Adds colon, value and line end to the name that stands from `start`; the value made harmless.
    fn close_with(&mut self, name: Name, start: usize, value: &[u8]) {
        let value = scan::trim(value);
        if !is_harmless(value) {
            return self.close(name, start, |bytes| push_harmless(bytes, value));
        }
        let name_end = self.bytes.len();
        self.bytes.extend_from_slice(b": ");
        let from = self.bytes.len();
        self.bytes.extend_from_slice(value);
        let value = range(from, self.bytes.len());
        self.bytes.extend_from_slice(b"\r\n");
        self.headers.push(Entry { name, start: span(start), name_end: span(name_end), value });
    }

    /// Adds colon, value and line end to the name that stands from `start`.
    fn close(&mut self, name: Name, start: usize, push_value: impl FnOnce(&mut Vec<u8>)) {
        let name_end = self.bytes.len();
        self.bytes.extend_from_slice(b": ");
        push_value(&mut self.bytes);
        let value = value_range(&self.bytes, name_end + 1, self.bytes.len());
        self.bytes.extend_from_slice(b"\r\n");
        self.headers.push(Entry { name, start: span(start), name_end: span(name_end), value });
    }
}

/// What is written as it is goes in one piece; byte by byte only what has to be made harmless.
fn push_token(bytes: &mut Vec<u8>, spelled: &str) {
    let spelled = if spelled.is_empty() { "_" } else { spelled };
    if spelled.bytes().all(|byte| scan::is(byte, scan::TOKEN)) {
        bytes.extend_from_slice(spelled.as_bytes());
    } else {
        bytes.extend(spelled.bytes().map(|byte| if scan::is(byte, scan::TOKEN) { byte } else { b'_' }));
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &[u8]) {
    push_harmless(bytes, scan::trim(text));
}

fn is_harmless(text: &[u8]) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, text).is_none()
}

fn push_harmless(bytes: &mut Vec<u8>, text: &[u8]) {
    if is_harmless(text) {
        bytes.extend_from_slice(text);
    } else {
        bytes.extend(text.iter().map(|byte| if b"\r\n\0".contains(byte) { b' ' } else { *byte }));
    }
}

fn push_uri(bytes: &mut Vec<u8>, uri: &str) {
    let uri = if uri.is_empty() { "_" } else { uri };
    let stays = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
    if uri.bytes().all(stays) {
        return bytes.extend_from_slice(uri.as_bytes());
    }
    let hex = |digit: u8| b"0123456789ABCDEF"[usize::from(digit & 15)];
    for byte in uri.bytes() {
        if stays(byte) {
            bytes.push(byte);
        } else {
            bytes.extend_from_slice(&[b'%', hex(byte >> 4), hex(byte)]);
        }
    }
}

/// Room for the digits of any number.
pub(super) type Digits = [u8; 20];

/// A number in decimal, without an allocation.
pub(super) fn decimal(mut number: usize, digits: &mut Digits) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        // A digit always fits.
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 || at == 0 {
            return scan::ascii(&digits[at..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_by_the_standard_library() {
        for number in [0, 7, 10, 99, 100, 65_535, usize::MAX] {
            assert_eq!(decimal(number, &mut Digits::default()), number.to_string());
        }
    }
}
