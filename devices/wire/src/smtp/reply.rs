//! Replies (RFC 5321 §4.2), with the enhanced codes of RFC 2034.

use bytes::Bytes;

use super::line::{LineReader, MAX_COMMAND_LINE, Overlong, printable};

/// The most lines that a reply may have here; a server with every known extension needs about 40.
pub const MAX_REPLY_LINES: usize = 128;

/// One complete reply. Decide on the code alone; the text is for people (RFC 5321 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, the first from 2 to 5.
    pub code: u16,
    /// Enhanced status code such as 2.1.5, when it stands at the head of every line and fits `code`.
    pub enhanced: Option<(u8, u16, u16)>,
    /// The text of each line, without code and enhanced code. At least one line.
    pub lines: Vec<String>,
}

/// Why something from a server is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line is longer than the reader takes.
    #[error(transparent)]
    Overlong(#[from] Overlong),
    /// A line does not start with a code from 200 to 599 and a space, a hyphen or its end.
    #[error("{line:?} is no line of a reply")]
    Malformed {
        /// The line, what is not text replaced.
        line: String,
    },
    /// All lines of a reply have the same code (RFC 5321 §4.2.1).
    #[error("a reply starts with code {first} and goes on with {then}")]
    CodeChanged {
        /// Code of the first line.
        first: u16,
        /// Code of the line at fault.
        then: u16,
    },
    /// More than [`MAX_REPLY_LINES`].
    #[error("a reply has more than {MAX_REPLY_LINES} lines")]
    TooManyLines,
    /// The octets handed over are not exactly one reply.
    #[error("not exactly one complete reply")]
    NotOne,
}

impl Reply {
    /// A reply of one line without an enhanced code.
    pub fn new(code: u16, text: impl Into<String>) -> Reply {
        Reply { code, enhanced: None, lines: vec![text.into()] }
    }

    /// The same reply with an enhanced code (RFC 3463).
    pub fn with_enhanced(mut self, class: u8, subject: u16, detail: u16) -> Reply {
        self.enhanced = Some((class, subject, detail));
        self
    }

    /// Reads the octets of exactly one reply, multi-line or not, with its last CRLF.
    ///
    /// # Errors
    /// [`ReplyError`]: no reply, an incomplete one, or more than one.
    pub fn parse(bytes: &[u8]) -> Result<Reply, ReplyError> {
        let mut reader = ReplyReader::new();
        reader.feed(bytes);
        let reply = reader.next().ok_or(ReplyError::NotOne)??;
        if reader.is_idle() { Ok(reply) } else { Err(ReplyError::NotOne) }
    }

    /// The reply as sent. What is not printable ASCII is left out of the text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let code = self.code.clamp(200, 599).to_string();
        let enhanced = self.enhanced.map(|(class, subject, detail)| format!("{class}.{subject}.{detail} "));
        let no_text = [String::new()];
        let lines = if self.lines.is_empty() { &no_text[..] } else { &self.lines[..] };
        let mut out = Vec::new();
        for (index, text) in lines.iter().enumerate() {
            let last = index + 1 == lines.len();
            out.extend_from_slice(code.as_bytes());
            out.push(if last { b' ' } else { b'-' });
            out.extend_from_slice(enhanced.as_deref().unwrap_or_default().as_bytes());
            out.extend(printable(text));
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    /// First digit 2: done.
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// First digit 4: not now, try again later.
    pub fn is_transient_failure(&self) -> bool {
        self.code / 100 == 4
    }

    /// First digit 5: not like this.
    pub fn is_permanent_failure(&self) -> bool {
        self.code / 100 == 5
    }

    /// Whether the reply to an EHLO lists the extension `keyword` (RFC 5321 §4.1.1.1); its first line
    /// names the server.
    pub fn lists(&self, keyword: &str) -> bool {
        let words = self.lines.iter().skip(1).filter_map(|line| line.split_ascii_whitespace().next());
        words.into_iter().any(|word| word.eq_ignore_ascii_case(keyword))
    }
}

/// Puts the lines of a connection together to replies: feed it, then take the replies out as from an
/// iterator. After an error it goes on with the next line.
#[derive(Debug, Clone)]
pub struct ReplyReader {
    lines: LineReader,
    code: u16,
    texts: Vec<String>,
}

impl Default for ReplyReader {
    fn default() -> Self {
        ReplyReader::new()
    }
}

impl ReplyReader {
    /// A reader at the start of a connection.
    pub fn new() -> ReplyReader {
        ReplyReader { lines: LineReader::new(MAX_COMMAND_LINE), code: 0, texts: Vec::new() }
    }

    /// Appends octets as they came from the server.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }

    /// Whether nothing incomplete is waiting.
    pub fn is_idle(&self) -> bool {
        self.texts.is_empty() && self.lines.is_empty()
    }

    /// Adds a line; returns a reply when it was the last one of it.
    fn add(&mut self, line: &Bytes) -> Result<Option<Reply>, ReplyError> {
        let malformed = || ReplyError::Malformed { line: String::from_utf8_lossy(line).into_owned() };
        let (code, last, text) = reply_line(line).ok_or_else(malformed)?;
        if self.texts.is_empty() {
            self.code = code;
        } else if self.code != code {
            return Err(ReplyError::CodeChanged { first: self.code, then: code });
        }
        if self.texts.len() == MAX_REPLY_LINES {
            return Err(ReplyError::TooManyLines);
        }
        self.texts.push(String::from_utf8_lossy(text).into_owned());
        Ok(last.then(|| assemble(code, std::mem::take(&mut self.texts))))
    }
}

impl Iterator for ReplyReader {
    type Item = Result<Reply, ReplyError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?;
            let added = line.map_err(ReplyError::from).and_then(|line| self.add(&line));
            match added {
                Ok(None) => {}
                Ok(Some(reply)) => return Some(Ok(reply)),
                Err(error) => {
                    self.texts.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Code, whether it is the last line, and text of a line of a reply.
pub(super) fn reply_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
    if !digits.iter().all(u8::is_ascii_digit) || !(200..600).contains(&code) {
        return None;
    }
    match rest {
        [] => Some((code, true, rest)),
        [b' ', text @ ..] => Some((code, true, text)),
        [b'-', text @ ..] => Some((code, false, text)),
        _ => None,
    }
}

/// RFC 2034 §4: the enhanced code stands on every line, its class being the first digit of the code.
fn assemble(code: u16, texts: Vec<String>) -> Reply {
    let heads: Option<Vec<_>> = texts.iter().map(|text| enhanced_code(text)).collect();
    match heads.as_deref() {
        Some([(first, _), others @ ..])
            if u16::from(first.0) == code / 100 && others.iter().all(|(other, _)| other == first) =>
        {
            let lines = heads.iter().flatten().map(|(_, text)| (*text).to_owned()).collect();
            Reply { code, enhanced: Some(*first), lines }
        }
        _ => Reply { code, enhanced: None, lines: texts },
    }
}

fn enhanced_code(text: &str) -> Option<((u8, u16, u16), &str)> {
    let (head, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = head.split('.');
    let mut part = || parts.next().filter(|part| (1..=3).contains(&part.len()))?.parse::<u16>().ok();
    let (class, subject, detail) = (part()?, part()?, part()?);
    let canonical = format!("{class}.{subject}.{detail}") == head;
    canonical.then_some(((u8::try_from(class).ok()?, subject, detail), rest))
}
