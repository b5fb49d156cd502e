//! Where a body ends (RFC 9112 §6, §7).

use super::head::{RequestHead, ResponseHead};

/// The longest line of a chunked body, chunk extensions included, and all its trailer fields together.
const MAX_LINE: usize = 4 * 1024;

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// It has so many octets.
    Length(u64),
    /// It comes in chunks.
    Chunked,
    /// It ends with the connection; only responses may.
    ToClose,
}

/// Why it cannot be told where a body ends. Guessing would let two boxes see different messages (RFC
/// 9112 §11.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// Both ways at once (RFC 9112 §6.3 item 3).
    #[error("Transfer-Encoding and Content-Length stand together")]
    Both,
    /// Content-Length is no number, or stands twice (RFC 9112 §6.3 item 5).
    #[error("there must be one Content-Length at most, and a number")]
    Length,
    /// A transfer coding other than chunked (RFC 9112 §6.1).
    #[error("the transfer coding {0:?} is not known here")]
    Coding(String),
    /// Transfer-Encoding in HTTP/1.0, or chunked twice or not at the end (RFC 9112 §6.1, §6.3 item 4).
    #[error("Transfer-Encoding is not as it must be")]
    Misused,
}

impl FramingError {
    /// The status code that tells a client of it.
    pub fn code(&self) -> u16 {
        if matches!(self, FramingError::Coding(_)) { 501 } else { 400 }
    }
}

impl RequestHead {
    /// How the end of the body is told (RFC 9112 §6.3).
    ///
    /// # Errors
    /// [`FramingError`].
    pub fn framing(&self) -> Result<Framing, FramingError> {
        framing(&self.fields, self.is_1_1).map(|framing| framing.unwrap_or(Framing::None))
    }
}

impl ResponseHead {
    /// How the end of the body is told, in answer to a request that was no CONNECT (RFC 9112 §6.3).
    ///
    /// # Errors
    /// [`FramingError`].
    pub fn framing(&self, to_head: bool) -> Result<Framing, FramingError> {
        if to_head || matches!(self.code, 100..=199 | 204 | 304) {
            return Ok(Framing::None);
        }
        framing(&self.fields, self.is_1_1).map(|framing| framing.unwrap_or(Framing::ToClose))
    }
}

fn framing(fields: &super::Fields, is_1_1: bool) -> Result<Option<Framing>, FramingError> {
    let mut lengths = fields.all("Content-Length");
    let (length, another) = (lengths.next(), lengths.next());
    let codings: Vec<&str> = fields.elements("Transfer-Encoding").collect();
    if fields.first("Transfer-Encoding").is_some() {
        if length.is_some() {
            return Err(FramingError::Both);
        }
        let unknown = codings.iter().find(|coding| !coding.eq_ignore_ascii_case("chunked"));
        return match (unknown, codings.len()) {
            _ if !is_1_1 => Err(FramingError::Misused),
            (Some(coding), _) => Err(FramingError::Coding((*coding).to_owned())),
            (None, 1) => Ok(Some(Framing::Chunked)),
            (None, _) => Err(FramingError::Misused),
        };
    }
    match (length, another) {
        (None, _) => Ok(None),
        (Some(text), None) if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) => {
            text.parse().map(|length| Some(Framing::Length(length))).map_err(|_| FramingError::Length)
        }
        _ => Err(FramingError::Length),
    }
}

/// Why a body cannot be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// No number of hexadecimal digits, or too large a one.
    #[error("the size of a chunk cannot be read")]
    ChunkSize,
    /// A chunk is not followed by CRLF.
    #[error("a chunk is longer than it says")]
    ChunkEnd,
    /// A line of a chunked body, or its trailer, is too long or does not end on CRLF.
    #[error("a line between the chunks cannot be read")]
    Line,
    /// More octets than the reader takes.
    #[error("the body is longer than {limit} octets")]
    TooLarge {
        /// The most that is taken.
        limit: u64,
    },
}

/// Finds the end of a body, and undoes the chunks.
#[derive(Debug, Clone)]
pub struct BodyReader {
    part: Part,
    /// Octets of the content that may still come.
    room: u64,
    limit: u64,
    /// A line that is not complete.
    line: Vec<u8>,
    /// Octets of trailer lines.
    trailer: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Content(u64),
    Size,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    ToClose,
    Done,
}

impl BodyReader {
    /// A reader for a body of at most `limit` octets, the framing of the chunks not counted.
    pub fn new(framing: Framing, limit: u64) -> BodyReader {
        let part = match framing {
            Framing::None | Framing::Length(0) => Part::Done,
            Framing::Length(length) => Part::Content(length),
            Framing::Chunked => Part::Size,
            Framing::ToClose => Part::ToClose,
        };
        BodyReader { part, room: limit, limit, line: Vec::new(), trailer: 0 }
    }

    /// Whether the whole body came.
    pub fn is_done(&self) -> bool {
        self.part == Part::Done
    }

    /// Takes octets as they came, hands the content to `sink`, and says how many of them belong to the
    /// body.
    ///
    /// # Errors
    /// [`BodyError`]; nothing behind it can be read any more.
    pub fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(&[u8])) -> Result<usize, BodyError> {
        let mut rest = bytes;
        while !rest.is_empty() && self.part != Part::Done {
            match self.part {
                Part::Content(left) | Part::Chunk(left) => {
                    let taken = self.content(&mut rest, left, &mut sink)?;
                    self.part = match self.part {
                        Part::Chunk(_) if taken == left => Part::ChunkEnd,
                        Part::Chunk(_) => Part::Chunk(left - taken),
                        _ if taken == left => Part::Done,
                        _ => Part::Content(left - taken),
                    };
                }
                Part::ToClose => drop(self.content(&mut rest, u64::MAX, &mut sink)?),
                Part::Size | Part::ChunkEnd | Part::Trailer => {
                    let Some(line) = self.line(&mut rest)? else { break };
                    self.part = self.after_line(&line)?;
                }
                Part::Done => break,
            }
        }
        Ok(bytes.len() - rest.len())
    }

    fn content(
        &mut self,
        rest: &mut &[u8],
        left: u64,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<u64, BodyError> {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        let (content, behind) = rest.split_at(taken);
        self.room = self.room.checked_sub(taken as u64).ok_or(BodyError::TooLarge { limit: self.limit })?;
        sink(content);
        *rest = behind;
        Ok(taken as u64)
    }

    /// A line without its CRLF.
    fn line(&mut self, rest: &mut &[u8]) -> Result<Option<Vec<u8>>, BodyError> {
        while let Some((octet, behind)) = rest.split_first() {
            *rest = behind;
            let after_cr = self.line.last() == Some(&b'\r');
            if (*octet == b'\n') != after_cr || self.line.len() >= MAX_LINE {
                return Err(BodyError::Line);
            }
            if *octet == b'\n' {
                self.line.pop();
                return Ok(Some(std::mem::take(&mut self.line)));
            }
            self.line.push(*octet);
            if self.part == Part::ChunkEnd && self.line != b"\r" {
                return Err(BodyError::ChunkEnd);
            }
        }
        Ok(None)
    }

    fn after_line(&mut self, line: &[u8]) -> Result<Part, BodyError> {
        match self.part {
            Part::Size => match chunk_size(line).ok_or(BodyError::ChunkSize)? {
                0 => Ok(Part::Trailer),
                size if size > self.room => Err(BodyError::TooLarge { limit: self.limit }),
                size => Ok(Part::Chunk(size)),
            },
            Part::Trailer if line.is_empty() => Ok(Part::Done),
            Part::Trailer => {
                self.trailer += line.len() + 2;
                let named = line.iter().position(|octet| *octet == b':').is_some_and(|colon| colon > 0);
                if named && self.trailer <= MAX_LINE { Ok(Part::Trailer) } else { Err(BodyError::Line) }
            }
            _ => Ok(Part::Size),
        }
    }
}

/// Hexadecimal digits, and behind `;` an extension, which is passed over (RFC 9112 §7.1.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let end = line.iter().position(|octet| !octet.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extension) = line.split_at(end);
    let legal = |octet: &u8| matches!(octet, b'\t' | b' '..=b'~' | 0x80..);
    let separated = matches!(extension.trim_ascii_start().first(), None | Some(b';'));
    if !separated || !extension.iter().all(legal) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
