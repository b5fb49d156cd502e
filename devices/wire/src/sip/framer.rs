//! From a stream to messages: Content-Length alone says where a message ends (RFC 3261 §18.3).

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use super::{MAX_MESSAGE_BYTES, Name, ParseError, scan};

/// Something whole that a stream brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message: header and as much body as its Content-Length says.
    Message(Bytes),
    /// A CRLF between messages: it is skipped (RFC 3261 §7.5), or two of them ping and one of them is
    /// the answer (RFC 5626 §4.4.1).
    LineEnd,
    /// Where this ends nobody knows: the stream is lost from here on, and nothing more is cut from it.
    Lost {
        /// All octets that had come from there on.
        octets: Bytes,
        /// How many of them are the header, so that a request can be answered; 0 where it has no end.
        head: usize,
        /// Why; [`ParseError::status`] is the answer to a request.
        fault: ParseError,
    },
}

/// Cuts one direction of a connection into messages, however its octets come in chunks.
#[derive(Debug, Clone, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Octets at the start of the buffer that hold no end of a header.
    scanned: usize,
    /// Octets of the message whose header is complete.
    length: Option<usize>,
    lost: bool,
}

impl Framer {
    /// A framer at the start of a stream.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes octets in the order in which they came and returns what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        if self.lost {
            return frames;
        }
        self.buffer.extend_from_slice(bytes);
        while let Some(frame) = self.next() {
            frames.push(frame);
        }
        frames
    }

    /// Octets of a message that is not complete yet.
    pub fn pending(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes those octets out, when the stream has ended.
    pub fn take_pending(&mut self) -> Bytes {
        (self.length, self.scanned) = (None, 0);
        self.buffer.split().freeze()
    }

    fn next(&mut self) -> Option<Frame> {
        if self.length.is_none() && self.scanned == 0 && self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            return Some(Frame::LineEnd);
        }
        let length = match self.length {
            Some(length) => length,
            None => match self.measure()? {
                Ok(length) => *self.length.insert(length),
                Err((head, fault)) => {
                    self.lost = true;
                    return Some(Frame::Lost { octets: self.take_pending(), head, fault });
                }
            },
        };
        if self.buffer.len() < length {
            return None;
        }
        (self.length, self.scanned) = (None, 0);
        Some(Frame::Message(self.buffer.split_to(length).freeze()))
    }

    /// The length of the message at the start, once its header is there, or how long the header is and
    /// why it tells none. Octets that were searched are not searched again.
    fn measure(&mut self) -> Option<Result<usize, (usize, ParseError)>> {
        // However much comes at a time, the longest header is not longer for it.
        let most = self.buffer.len().min(MAX_MESSAGE_BYTES);
        let Some(found) = memmem::find(self.buffer.get(self.scanned..most)?, b"\r\n\r\n") else {
            // A lone CR may be the first half of a line end between messages.
            self.scanned = most.saturating_sub(3);
            let fault = ParseError::TooLong { length: MAX_MESSAGE_BYTES + 1 };
            return (self.buffer.len() > MAX_MESSAGE_BYTES).then_some(Err((0, fault)));
        };
        let end = self.scanned + found + 4;
        let measured = promised(&self.buffer[..end]).and_then(|body| {
            let length = end.saturating_add(body);
            if length > MAX_MESSAGE_BYTES { Err(ParseError::TooLong { length }) } else { Ok(length) }
        });
        Some(measured.map_err(|fault| (end, fault)))
    }
}

/// What the only Content-Length of a header says. Whatever else is wrong with a header line is no
/// reason to lose the stream.
fn promised(head: &[u8]) -> Result<usize, ParseError> {
    let mut found: Option<(usize, usize)> = None;
    let mut start = 0;
    while let Some(length) = memmem::find(&head[start..], b"\r\n") {
        let line = &head[start..start + length];
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let colon = line.iter().position(|byte| *byte == b':').filter(|_| !folded);
        let of_length = |colon: &usize| Name::parse(scan::trim(&line[..*colon])) == Name::ContentLength;
        if let Some(colon) = colon.filter(of_length) {
            let offset = start + colon + 1;
            if found.is_some() {
                return Err(ParseError::Repeated { name: Name::ContentLength, offset });
            }
            found = Some((offset, unfolded_end(head, start + length)));
        }
        start += length + 2;
    }
    let Some((from, to)) = found else { return Err(ParseError::Missing { name: Name::ContentLength }) };
    let digits = scan::trim(&head[from..to]);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ParseError::Syntax { expected: "a Content-Length of digits", offset: from });
    }
    Ok(scan::ascii(digits).parse().unwrap_or(usize::MAX))
}

/// The end of a line with the lines that are folded into it (RFC 3261 §7.3.1).
fn unfolded_end(head: &[u8], mut end: usize) -> usize {
    while let Some(b' ' | b'\t') = head.get(end + 2) {
        let next = memmem::find(&head[end + 2..], b"\r\n").unwrap_or_default();
        end += 2 + next;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:b@d SIP/2.0\r\nContent-Length: 6\r\nCSeq: 1 INVITE\r\n\r\n\r\nx\r\ny";
    const OK: &str = "SIP/2.0 200 OK\r\nl:\r\n 0\r\n\r\n";

    fn cut(chunks: &[&[u8]]) -> Vec<Frame> {
        let mut framer = Framer::new();
        chunks.iter().flat_map(|chunk| framer.push(chunk)).collect()
    }

    fn fault(text: &str) -> ParseError {
        match cut(&[text.as_bytes()]).pop() {
            Some(Frame::Lost { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_chunks_give_the_same_messages() {
        let stream = format!("\r\n{INVITE}\r\n\r\n{OK}{INVITE}\r\n");
        let stream = stream.as_bytes();
        let whole = cut(&[stream]);
        let message = |text: &'static str| Frame::Message(Bytes::from_static(text.as_bytes()));
        let line = || Frame::LineEnd;
        assert_eq!(whole, [line(), message(INVITE), line(), line(), message(OK), message(INVITE), line()]);
        for first in 0..stream.len() {
            for second in first..stream.len() {
                let (a, rest) = stream.split_at(first);
                let (b, c) = rest.split_at(second - first);
                assert_eq!(cut(&[a, b, c]), whole, "cut at {first} and {second}");
            }
        }
        let octets: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(cut(&octets), whole);
    }

    #[test]
    fn without_content_length_the_stream_is_lost() {
        assert_eq!(
            fault("INVITE sip:b SIP/2.0\r\nA: b\r\n\r\n"),
            ParseError::Missing { name: Name::ContentLength }
        );
    }

    #[test]
    fn two_lengths_or_one_that_is_no_number_lose_the_stream() {
        assert!(matches!(
            fault("A sip:b SIP/2.0\r\nl: 1\r\nContent-Length: 1\r\n\r\n"),
            ParseError::Repeated { .. }
        ));
        assert!(matches!(fault("A sip:b SIP/2.0\r\nl: -1\r\n\r\n"), ParseError::Syntax { .. }));
    }

    #[test]
    fn a_folded_line_is_no_length() {
        let text = "A sip:b SIP/2.0\r\nSubject: x\r\n l: 9\r\nl: 0\r\n\r\n";
        assert_eq!(cut(&[text.as_bytes()]), [Frame::Message(Bytes::from(text))]);
    }

    #[test]
    fn what_is_too_long_loses_the_stream() {
        let body = "A sip:b SIP/2.0\r\nl: 99999999999999999999999\r\n\r\n";
        assert!(matches!(fault(body), ParseError::TooLong { .. }));
        assert!(matches!(fault(&"x".repeat(MAX_MESSAGE_BYTES + 1)), ParseError::TooLong { .. }));
    }

    #[test]
    fn nothing_is_cut_behind_the_loss() {
        let mut framer = Framer::new();
        assert_eq!(framer.push(b"A sip:b SIP/2.0\r\n\r\n").len(), 1);
        assert_eq!(framer.push(OK.as_bytes()), []);
        assert_eq!(framer.pending(), b"");
    }

    #[test]
    fn a_header_that_comes_octet_by_octet_is_searched_once() {
        let mut framer = Framer::new();
        for at in 0..MAX_MESSAGE_BYTES {
            framer.push(b"x");
            assert!(framer.scanned + 3 >= at, "octets are searched again");
        }
    }

    #[test]
    fn the_longest_header_is_as_long_however_it_comes() {
        let long = [&vec![b'a'; MAX_MESSAGE_BYTES][..], b"\r\n\r\n"].concat();
        let faults = |length: usize| -> Vec<Frame> {
            let mut framer = Framer::new();
            let frames = long.chunks(length).flat_map(|chunk| framer.push(chunk));
            frames.map(without_octets).collect()
        };
        assert_eq!(faults(long.len()), faults(1000));
    }

    fn without_octets(frame: Frame) -> Frame {
        match frame {
            Frame::Lost { head, fault, .. } => Frame::Lost { octets: Bytes::new(), head, fault },
            frame => frame,
        }
    }
}
