//! Cutting a stream into lines.

use bytes::{Buf, Bytes, BytesMut};

/// The longest command line that is read, in octets with its CRLF: 512 (RFC 5321 §4.5.3.1.4) and
/// what extensions add (DSN alone needs 1036, RFC 3461 §5.4).
pub const MAX_COMMAND_LINE: usize = 2048;

/// The longest line of mail text, in octets with its CRLF (RFC 5321 §4.5.3.1.6).
pub const MAX_TEXT_LINE: usize = 1000;

/// A line was longer than the reader takes. It was thrown away; the next line is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {limit} octets")]
pub struct Overlong {
    /// The most octets that the reader takes, CRLF included.
    pub limit: usize,
}

/// Cuts what it is fed into lines. It ends a line only on CRLF and is an iterator over the lines
/// complete so far, without their CRLF. It holds no more than one incomplete line, of at most its
/// limit, if all lines are taken after each [`feed`](LineReader::feed).
#[derive(Debug, Clone)]
pub struct LineReader {
    buffer: BytesMut,
    /// Octets at the start of the buffer that are known to hold no CRLF.
    scanned: usize,
    limit: usize,
    /// The start of the current line was thrown away already.
    overlong: bool,
}

impl LineReader {
    /// A reader for lines of at most `limit` octets with their CRLF.
    pub fn new(limit: usize) -> LineReader {
        LineReader { buffer: BytesMut::new(), scanned: 0, limit, overlong: false }
    }

    /// Appends octets as they came from the connection.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether no octet is waiting for the rest of its line.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && !self.overlong
    }

    /// What no line has used yet: after a DATA command it is the start of the message.
    pub fn waiting(&self) -> &[u8] {
        &self.buffer
    }

    /// Passes over so many octets of what is waiting. Lines go on behind them.
    pub fn pass_over(&mut self, octets: usize) {
        self.scanned = 0;
        self.overlong = false;
        self.buffer.advance(octets.min(self.buffer.len()));
    }

    /// Takes out all that is waiting.
    pub fn take_rest(&mut self) -> Bytes {
        self.scanned = 0;
        self.overlong = false;
        self.buffer.split().freeze()
    }
}

impl Iterator for LineReader {
    type Item = Result<Bytes, Overlong>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(end) = end_of_line(&self.buffer, self.scanned) else {
            // The last octet may be the CR of a CRLF that is still on its way.
            let kept = usize::from(self.buffer.last() == Some(&b'\r'));
            if self.buffer.len() - kept > self.limit {
                self.overlong = true;
                let _ = self.buffer.split_to(self.buffer.len() - kept);
            }
            self.scanned = self.buffer.len() - kept;
            return None;
        };
        self.scanned = 0;
        let line = self.buffer.split_to(end).freeze();
        if std::mem::take(&mut self.overlong) || line.len() > self.limit {
            return Some(Err(Overlong { limit: self.limit }));
        }
        Some(Ok(line.slice(..line.len() - CRLF.len())))
    }
}

pub(super) const CRLF: &[u8] = b"\r\n";

/// Where the first line ends, behind its CRLF; the octets before `from` hold no CRLF.
pub(crate) fn end_of_line(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, CRLF).map(|at| from + at + CRLF.len())
}

/// What may stand in a line that we write: printable ASCII. Everything else in `text` is left out,
/// above all CR, LF and NUL, so that no value can bring a line of its own.
pub(crate) fn printable(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|octet| (b' '..=b'~').contains(octet))
}
