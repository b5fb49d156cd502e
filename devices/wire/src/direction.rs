//! One direction of a watched connection whose protocol speaks in lines and mails: SMTP, POP3.

use bytes::BytesMut;

use crate::smtp::{end_of_line, is_verb};
use crate::stream::Unit;

/// The most octets that are kept of a command or a reply that has no end.
pub(crate) const MAX_LINES: usize = 64 * 1024;
/// The most octets that are kept of a message.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// What has come of one direction and is not cut yet.
#[derive(Debug, Clone)]
pub(crate) struct Direction {
    pub(crate) from_server: bool,
    pub(crate) buffer: BytesMut,
    /// Octets at the start of the buffer that were searched already.
    pub(crate) scanned: usize,
    /// The stream cannot be framed any more.
    pub(crate) raw: bool,
}

impl Direction {
    /// Nothing yet.
    pub(crate) fn new(from_server: bool) -> Direction {
        Direction { from_server, buffer: BytesMut::new(), scanned: 0, raw: false }
    }

    /// Where the first line that was not looked at ends.
    pub(crate) fn line_end(&mut self) -> Option<usize> {
        // However much comes at a time, the longest line is not longer for it.
        let end = end_of_line(&self.buffer[..self.buffer.len().min(MAX_LINES)], self.scanned);
        if end.is_none() {
            // The last octet may be the CR of a CRLF that is still on its way.
            self.scanned = self.buffer.len().saturating_sub(1).max(self.scanned);
        }
        end
    }

    /// Cuts the first octets off as one unit.
    pub(crate) fn cut(&mut self, end: usize, label: &str) -> Unit {
        self.scanned = 0;
        let bytes = self.buffer.split_to(end).freeze();
        Unit { from_server: self.from_server, bytes, label: label.to_owned() }
    }

    /// From the moment where a unit grows beyond `limit`, the stream passes as it comes.
    pub(crate) fn give_up_beyond(&mut self, limit: usize, units: &mut Vec<Unit>) {
        self.raw |= self.buffer.len() > limit;
        if self.raw && !self.buffer.is_empty() {
            units.push(self.cut(self.buffer.len(), "raw"));
        }
    }
}

/// The verb of a command, in upper case; `raw` where there is none.
pub(crate) fn verb_of(line: &[u8]) -> String {
    let end = line.iter().position(|octet| !octet.is_ascii_alphabetic()).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let ends = matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r'));
    let verb = ends && is_verb(word);
    if verb { String::from_utf8_lossy(word).to_ascii_uppercase() } else { "raw".to_owned() }
}
