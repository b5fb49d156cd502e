//! A message in chunks: so many octets each, whatever they are (RFC 3030 §2).

use bytes::{Bytes, BytesMut};

use super::data::{Seen, TooBig};

/// Takes the chunks behind BDAT out of the stream and puts them together to a message. Nothing in them ends one,
/// and no dot is added to them.
#[derive(Debug, Clone)]
pub struct ChunkReader {
    /// Octets of the chunk that are still to come.
    left: u64,
    message: BytesMut,
    /// Octets of all chunks, those to come among them.
    size: usize,
    limit: usize,
    seen: Seen,
    /// The last octet that came was a CR.
    after_cr: bool,
}

impl ChunkReader {
    /// A reader that keeps messages of at most `limit` octets. A larger one is counted, not stored.
    pub fn new(limit: usize) -> ChunkReader {
        ChunkReader {
            left: 0,
            message: BytesMut::new(),
            size: 0,
            limit,
            seen: Seen::default(),
            after_cr: false,
        }
    }

    /// A BDAT says that the next so many octets are a chunk.
    pub fn begin(&mut self, size: u64) {
        self.left = size;
        self.size = self.size.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        if self.size > self.limit {
            self.message = BytesMut::new();
        }
    }

    /// How many octets of the chunk are still to come.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Takes those of the next octets that belong to the chunk, and returns how many that were.
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        let used = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let text = &bytes[..used];
        self.left -= used as u64;
        if self.size <= self.limit {
            self.look(text);
            self.message.extend_from_slice(text);
        }
        used
    }

    /// Whether the chunks so far are kept.
    ///
    /// # Errors
    /// [`TooBig`] for the reply 552.
    pub fn check(&self) -> Result<(), TooBig> {
        let too_big = TooBig { size: self.size, limit: self.limit };
        if self.size <= self.limit { Ok(()) } else { Err(too_big) }
    }

    /// The message behind its last chunk, and what was seen in it.
    pub fn end(self) -> (Result<Bytes, TooBig>, Seen) {
        let bare_line_end = self.seen.bare_line_end || self.after_cr;
        (self.check().map(|()| self.message.freeze()), Seen { bare_line_end, ..self.seen })
    }

    /// A CRLF may lie across two pieces of a chunk, and across two chunks.
    fn look(&mut self, text: &[u8]) {
        let (Some(first), Some(last)) = (text.first(), text.last()) else { return };
        self.seen.eight_bit = self.seen.eight_bit || !text.is_ascii();
        let is_bare = |at: usize| match text[at] {
            b'\r' => text.get(at + 1).is_some_and(|next| *next != b'\n'),
            _ => at.checked_sub(1).map_or(!self.after_cr, |before| text[before] != b'\r'),
        };
        self.seen.bare_line_end = self.seen.bare_line_end
            || self.after_cr && *first != b'\n'
            || memchr::memchr2_iter(b'\r', b'\n', text).any(is_bare);
        self.after_cr = *last == b'\r';
    }
}
