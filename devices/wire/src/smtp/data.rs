//! Mail data: where it ends, and the dots in front of its lines (RFC 5321 §4.5.2).

use bytes::{Bytes, BytesMut};

use super::line::{CRLF, end_of_line};

/// Takes the message after a 354 out of the stream. Only CRLF, dot, CRLF ends it; the CRLF of the DATA
/// command counts as the first. What looks similar with a bare CR or LF is message text.
#[derive(Debug, Clone)]
pub struct DataReader {
    end: EndOfData,
    message: BytesMut,
    size: usize,
    limit: usize,
    eight_bit: bool,
}

/// A complete message and what followed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataEnd {
    /// The message, the added dots removed, with the CRLF of its last line; or why there is none.
    pub message: Result<Bytes, TooBig>,
    /// What was seen in it.
    pub seen: Seen,
    /// How many of the octets that were fed last it used: behind them come the next commands.
    pub used: usize,
}

/// What a reader has seen in a message that it kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// An octet above 127: only a server that lists 8BITMIME may be given the message (RFC 6152 §3).
    pub eight_bit: bool,
    /// A CR or LF that stands alone. None may be sent (RFC 5321 §2.3.8): where the next server takes it for a
    /// line end, it sees another end of the message and commands behind it.
    pub bare_line_end: bool,
}

/// A message was read to its end but not kept (reply 552).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of {size} octets is larger than the {limit} that are taken")]
pub struct TooBig {
    /// Octets of the message as RFC 1870 §5 counts them: with every CRLF, without the added dots.
    pub size: usize,
    /// The most octets that the reader keeps.
    pub limit: usize,
}

impl DataReader {
    /// A reader that keeps messages of at most `limit` octets. A larger one is counted, not stored.
    pub fn new(limit: usize) -> DataReader {
        DataReader { end: EndOfData::default(), message: BytesMut::new(), size: 0, limit, eight_bit: false }
    }

    /// Takes the next octets. Returns the message once its end is there; feeding more after that
    /// starts another message.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<DataEnd> {
        let DataReader { end, message, size, limit, eight_bit } = self;
        let used = end.scan(bytes, |text| {
            *size = size.saturating_add(text.len());
            if *size <= *limit {
                *eight_bit = *eight_bit || !text.is_ascii();
                message.extend_from_slice(text);
            } else {
                *message = BytesMut::new();
            }
        })?;
        let done = std::mem::replace(self, DataReader::new(self.limit));
        let too_big = TooBig { size: done.size, limit: done.limit };
        let message = if done.size <= done.limit { Ok(done.message.freeze()) } else { Err(too_big) };
        let seen = Seen { eight_bit: done.eight_bit, bare_line_end: done.end.bare };
        Some(DataEnd { message, seen, used })
    }
}

/// The message as sent after a 354: a dot put before every line that starts with one, a CRLF added
/// unless the last line has its own, and the final dot. Nothing else is changed.
pub fn stuff(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 5);
    let mut rest = message;
    while !rest.is_empty() {
        if rest[0] == b'.' {
            out.push(b'.');
        }
        let (line, next) = rest.split_at(end_of_line(rest, 0).unwrap_or(rest.len()));
        out.extend_from_slice(line);
        rest = next;
    }
    if !(out.is_empty() || out.ends_with(b"\r\n")) {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Finds the end of mail data, octet by octet, wherever the chunks break.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EndOfData {
    place: Place,
    /// A CR or LF stood alone.
    bare: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    LineStart,
    Text,
    /// Behind a CR in the text.
    Cr,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind such a dot and a CR: one LF from the end.
    DotCr,
}

impl EndOfData {
    /// Passes the text in `bytes` to `keep`, without the added dots. Returns how many octets were used
    /// when the data ended among them.
    pub(crate) fn scan(&mut self, bytes: &[u8], mut keep: impl FnMut(&[u8])) -> Option<usize> {
        let mut at = 0;
        while let Some(&octet) = bytes.get(at) {
            let mut used = 1;
            self.bare |= self.place == Place::Cr && octet != b'\n';
            self.place = match (self.place, octet) {
                (Place::DotCr, b'\n') => {
                    self.place = Place::LineStart;
                    return Some(at + 1);
                }
                (Place::DotCr, _) => {
                    keep(b"\r");
                    used = 0;
                    Place::Cr
                }
                (Place::Dot, b'\r') => Place::DotCr,
                (Place::LineStart, b'.') => Place::Dot,
                (Place::Cr, b'\n') => {
                    keep(b"\n");
                    Place::LineStart
                }
                (_, b'\r') => {
                    keep(b"\r");
                    Place::Cr
                }
                (_, b'\n') => {
                    self.bare = true;
                    keep(b"\n");
                    Place::Text
                }
                _ => {
                    let rest = &bytes[at..];
                    used = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    // Most lines are whole: those are one piece with their CRLF.
                    let is_whole = rest[used..].starts_with(CRLF);
                    used += if is_whole { CRLF.len() } else { 0 };
                    keep(&rest[..used]);
                    if is_whole { Place::LineStart } else { Place::Text }
                }
            };
            at += used;
        }
        None
    }
}
