//! A message: the bytes of the wire and where its parts lie in them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::scan::{self, List};
use super::{Method, Name, ParseError, parse};

/// A SIP message as it stands on the wire. Cloning is cheap: bytes and index are shared.
#[derive(Clone)]
pub struct Message {
    raw: Bytes,
    index: Arc<Index>,
}

/// Where the parts of a message lie, in bytes from the start of `raw`.
pub(super) struct Index {
    pub(super) start: Start,
    /// Where the start line begins: after the line ends that may precede it (RFC 3261 §7.5).
    pub(super) begin: u32,
    pub(super) headers: Vec<Entry>,
    pub(super) body: Range<u32>,
}

/// The start line.
#[derive(Clone)]
pub(super) enum Start {
    Request { method: Method, uri: Range<u32> },
    Response { code: u16, reason: Range<u32> },
}

/// One header line.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: Name,
    pub(super) start: u32,
    pub(super) name_end: u32,
    pub(super) value: Range<u32>,
}

/// One header line of a message.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The known name, or [`Name::Other`].
    pub name: Name,
    /// The name as spelled.
    pub raw_name: &'a str,
    /// The value without white space at its ends, folds kept.
    pub value: &'a [u8],
    /// Where the value begins, in bytes from the start of the message.
    pub offset: usize,
}

impl<'a> Header<'a> {
    /// The value with every fold turned into a space; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'a, str> {
        scan::unfold(self.value)
    }

    /// The values of the line: those between commas for fields that are lists, else the one.
    pub fn values(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.raw_values().map(|(value, _)| scan::unfold(value))
    }

    /// Raw values and where each begins in the message.
    pub(super) fn raw_values(&self) -> impl Iterator<Item = (&'a [u8], usize)> + use<'a> {
        let Header { name, value: line, offset, .. } = *self;
        let single = (!name.is_list()).then_some(line);
        let list = name.is_list().then(|| List::new(line)).into_iter().flatten();
        single.into_iter().chain(list).map(move |value| {
            let within = (value.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
            (value, offset + within)
        })
    }
}

impl Message {
    /// Reads one datagram (RFC 3261 §7, §18.3). What follows the body that Content-Length announces is
    /// ignored; without Content-Length the body is the rest of the datagram.
    ///
    /// # Errors
    /// Any [`ParseError`] of framing: start line, header lines, Content-Length. The values of other
    /// header fields are read when asked for; see [`Message::validate`].
    pub fn parse(raw: Bytes) -> Result<Message, ParseError> {
        parse::parse(raw, parse::Reading::Strict)
    }

    /// Reads what [`Message::parse`] refuses only for its version, its Request-URI (or the spaces around
    /// it) or its Content-Length, so that a server can answer it: such a request has the header fields a
    /// response copies.
    ///
    /// # Errors
    /// As [`Message::parse`], those three aside.
    pub fn salvage(raw: Bytes) -> Result<Message, ParseError> {
        parse::parse(raw, parse::Reading::Salvage)
    }

    /// The bytes as they came in, surplus ones included.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Whether this is a request; otherwise it is a response.
    pub fn is_request(&self) -> bool {
        matches!(self.index.start, Start::Request { .. })
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&Method> {
        match &self.index.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The Request-URI of a request, as spelled.
    pub fn request_uri(&self) -> Option<&str> {
        match &self.index.start {
            Start::Request { uri, .. } => Some(scan::ascii(self.slice(uri))),
            Start::Response { .. } => None,
        }
    }

    /// The status code of a response, 100 to 699.
    pub fn code(&self) -> Option<u16> {
        match self.index.start {
            Start::Request { .. } => None,
            Start::Response { code, .. } => Some(code),
        }
    }

    /// The reason phrase of a response, perhaps empty; bytes that are not UTF-8 become U+FFFD.
    pub fn reason(&self) -> Option<Cow<'_, str>> {
        match &self.index.start {
            Start::Request { .. } => None,
            Start::Response { reason, .. } => Some(String::from_utf8_lossy(self.slice(reason))),
        }
    }

    /// The header lines in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.index.headers.iter().map(|entry| self.resolve(entry))
    }

    /// The value of the first line of that name, see [`Header::text`].
    pub fn header(&self, name: Name) -> Option<Cow<'_, str>> {
        self.first(name).map(|header| header.text())
    }

    /// The value of the first line of a name in any spelling, for names that [`Name`] does not know.
    pub fn header_named(&self, name: &str) -> Option<Cow<'_, str>> {
        match Name::parse(name.as_bytes()) {
            Name::Other => self
                .headers()
                .find(|header| header.raw_name.eq_ignore_ascii_case(name))
                .map(|header| header.text()),
            known => self.header(known),
        }
    }

    /// All values of that name: those of every line, and for lists those between commas (not the
    /// commas in quotes or angle brackets).
    pub fn values(&self, name: Name) -> impl Iterator<Item = Cow<'_, str>> {
        self.lines(name).flat_map(|header| header.values())
    }

    /// The body, without copying it.
    pub fn body(&self) -> Bytes {
        let body = &self.index.body;
        let end = (body.end as usize).min(self.raw.len());
        self.raw.slice((body.start as usize).min(end)..end)
    }

    /// `INVITE` for a request, `200 INVITE` for a response.
    pub fn label(&self) -> String {
        match &self.index.start {
            Start::Request { method, .. } => method.to_string(),
            Start::Response { code, .. } => match self.cseq_method() {
                Some(method) => format!("{code} {method}"),
                None => code.to_string(),
            },
        }
    }

    pub(super) fn new(raw: Bytes, index: Index) -> Message {
        Message { raw, index: Arc::new(index) }
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    pub(super) fn slice(&self, range: &Range<u32>) -> &[u8] {
        self.raw.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    pub(super) fn lines(&self, name: Name) -> impl Iterator<Item = Header<'_>> {
        let entries = self.index.headers.iter().filter(move |entry| entry.name == name);
        entries.map(|entry| self.resolve(entry))
    }

    pub(super) fn first(&self, name: Name) -> Option<Header<'_>> {
        self.lines(name).next()
    }

    fn resolve(&self, entry: &Entry) -> Header<'_> {
        Header {
            name: entry.name,
            raw_name: scan::ascii(self.slice(&(entry.start..entry.name_end))),
            value: self.slice(&entry.value),
            offset: entry.value.start as usize,
        }
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Message) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Message").field(&String::from_utf8_lossy(&self.raw)).finish()
    }
}
