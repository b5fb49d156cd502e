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
        let method = Method::from(scan::ascii(&bytes));
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
        bytes.extend_from_slice(format!("SIP/2.0 {code} ").as_bytes());
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

    /// Adds a line. CR, LF and NUL in the value become spaces, bytes of the name that are no token `_`.
    pub(super) fn line(&mut self, spelled: &str, value: &[u8]) {
        let start = self.bytes.len();
        push_token(&mut self.bytes, spelled);
        let name = Name::parse(&self.bytes[start..]);
        self.close(name, start, |bytes| push_text(bytes, value));
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

fn push_token(bytes: &mut Vec<u8>, spelled: &str) {
    let spelled = if spelled.is_empty() { "_" } else { spelled };
    bytes.extend(spelled.bytes().map(|byte| if scan::is(byte, scan::TOKEN) { byte } else { b'_' }));
}

fn push_text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend(scan::trim(text).iter().map(|byte| if b"\r\n\0".contains(byte) { b' ' } else { *byte }));
}

fn push_uri(bytes: &mut Vec<u8>, uri: &str) {
    let uri = if uri.is_empty() { "_" } else { uri };
    for byte in uri.bytes() {
        if byte.is_ascii_graphic() && !b"<>\"".contains(&byte) {
            bytes.push(byte);
        } else {
            bytes.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}
