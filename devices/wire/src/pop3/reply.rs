//! Replies (RFC 1939 §3).

use bytes::Bytes;

use super::command::decimal;
use crate::smtp::{DataReader, LineReader, Overlong, TooBig, printable, stuff};

/// The longest status line that is read, in octets with its CRLF (§3).
pub const MAX_STATUS_LINE: usize = 512;

/// The most entries of a listing that are read.
pub const MAX_ENTRIES: usize = 100_000;

/// The first line of a reply, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `+OK`, or `-ERR`.
    pub is_ok: bool,
    /// An extended code without its brackets, in upper case: `IN-USE`, `AUTH` (RFC 2449 §8, RFC 3206).
    pub code: Option<String>,
    /// The rest of the line.
    pub text: String,
}

/// One complete reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its first line.
    pub status: Status,
    /// What follows: a mail or a listing, the added dots removed, with the CRLF of its last line.
    pub body: Option<Bytes>,
}

/// One line of the body of LIST or UIDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of the mail.
    pub message: u32,
    /// Its octets, or its unique name.
    pub value: String,
}

/// Why something from a server is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A status line is longer than is read.
    #[error(transparent)]
    Overlong(#[from] Overlong),
    /// A body is larger than the reader keeps. It was passed over, and the next reply can be read.
    #[error(transparent)]
    TooBig(#[from] TooBig),
    /// A line starts neither with `+OK` nor with `-ERR`.
    #[error("{line:?} is no status line")]
    Malformed {
        /// The line, what is not text replaced.
        line: String,
    },
}

impl Status {
    /// `+OK`.
    pub fn ok(text: impl Into<String>) -> Status {
        Status { is_ok: true, code: None, text: text.into() }
    }

    /// `-ERR`.
    pub fn error(text: impl Into<String>) -> Status {
        Status { is_ok: false, code: None, text: text.into() }
    }

    /// The same with an extended code.
    pub fn with_code(mut self, code: &str) -> Status {
        self.code = Some(code.to_ascii_uppercase());
        self
    }

    /// Reads a status line, with or without its CRLF; `None` when it is none. The words are upper case
    /// (§3), and the text is whatever follows one space.
    pub fn parse(line: &[u8]) -> Option<Status> {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let (is_ok, rest) = match line.strip_prefix(b"+OK") {
            Some(rest) => (true, rest),
            None => (false, line.strip_prefix(b"-ERR")?),
        };
        let text = match rest {
            [] => rest,
            [b' ', text @ ..] => text,
            _ => return None,
        };
        let text = String::from_utf8_lossy(text).into_owned();
        let (code, text) = match extended_code(&text) {
            Some((code, rest)) => (Some(code), rest.to_owned()),
            None => (None, text),
        };
        Some(Status { is_ok, code, text })
    }

    /// The line as sent, with its CRLF, at most [`MAX_STATUS_LINE`] octets. What is not printable ASCII is
    /// left out.
    pub fn to_line(&self) -> Vec<u8> {
        let mut out = if self.is_ok { b"+OK".to_vec() } else { b"-ERR".to_vec() };
        let code = self.code.as_ref().filter(|code| is_code(code)).map(|code| format!("[{code}]"));
        for text in code.iter().map(String::as_str).chain([&self.text[..]]).filter(|text| !text.is_empty()) {
            out.push(b' ');
            out.extend(printable(text));
        }
        out.truncate(MAX_STATUS_LINE - 2);
        out.extend_from_slice(b"\r\n");
        out
    }

    /// The two numbers at the start of the text: mails and octets after STAT, mail and octets after LIST
    /// with an argument (§5). Whatever follows them means nothing.
    pub fn numbers(&self) -> Option<(u32, u64)> {
        let mut words = self.text.split(' ');
        Some((decimal(words.next()?, 0)?, octets(words.next()?)?))
    }

    /// The timestamp of a greeting with its `<>`, which says that the server knows APOP (§7).
    pub fn timestamp(&self) -> Option<&str> {
        let start = self.text.find('<')?;
        let end = self.text[start..].find('>')? + start;
        let timestamp = &self.text[start..=end];
        timestamp.contains('@').then_some(timestamp)
    }
}

/// A whole reply with a body, as sent.
pub fn multi_line(status: &Status, body: &[u8]) -> Vec<u8> {
    let mut out = status.to_line();
    out.extend(stuff(body));
    out
}

/// Reads the body of LIST or UIDL; `None` when a line is no entry, or there are more than
/// [`MAX_ENTRIES`]. Whatever follows the value means nothing (§5).
pub fn entries(body: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in str::from_utf8(body).ok()?.split_terminator("\r\n") {
        let mut words = line.split(' ');
        let message = decimal(words.next()?, 1)?;
        let value = words.next().filter(|value| !value.is_empty())?;
        if entries.len() == MAX_ENTRIES {
            return None;
        }
        entries.push(Entry { message, value: value.to_owned() });
    }
    Some(entries)
}

/// Whether the body of CAPA lists a capability (RFC 2449 §5).
pub fn lists(body: &[u8], capability: &str) -> bool {
    let first_word = |line: &[u8]| {
        String::from_utf8_lossy(line.split(|octet| *octet == b' ').next().unwrap_or_default()).into_owned()
    };
    body.split(|octet| *octet == b'\n')
        .any(|line| first_word(line.trim_ascii()).eq_ignore_ascii_case(capability))
}

/// Puts a connection's octets together to replies. It holds no more than one status line and one
/// body of at most its limit, if all replies are taken after each [`feed`](ReplyReader::feed).
#[derive(Debug, Clone)]
pub struct ReplyReader {
    lines: LineReader,
    /// The status line that came, and its body as far as it came.
    body: Option<(Status, DataReader)>,
    limit: usize,
}

impl ReplyReader {
    /// A reader at the start of a connection that keeps bodies of at most `limit` octets.
    pub fn new(limit: usize) -> ReplyReader {
        ReplyReader { lines: LineReader::new(MAX_STATUS_LINE), body: None, limit }
    }

    /// Appends octets as they came from the server.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }

    /// Whether nothing incomplete is waiting.
    pub fn is_idle(&self) -> bool {
        self.body.is_none() && self.lines.is_empty()
    }

    /// Takes the next reply out when it is complete. `has_body` is what
    /// [`has_body`](super::Command::has_body) says of the oldest command that has no reply yet; the greeting
    /// has none. After an error the next line is read as another reply.
    pub fn take(&mut self, has_body: bool) -> Option<Result<Reply, ReplyError>> {
        if self.body.is_none() {
            let line = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error.into())),
            };
            let Some(status) = Status::parse(&line) else {
                let line = String::from_utf8_lossy(&line).into_owned();
                return Some(Err(ReplyError::Malformed { line }));
            };
            // An error has no body whatever was asked for (§3).
            if !(has_body && status.is_ok) {
                return Some(Ok(Reply { status, body: None }));
            }
            self.body = Some((status, DataReader::new(self.limit)));
        }
        let end = self.body.as_mut()?.1.feed(self.lines.waiting());
        self.lines.pass_over(end.as_ref().map_or(usize::MAX, |end| end.used));
        let end = end?;
        let (status, _) = self.body.take()?;
        Some(end.message.map(|body| Reply { status, body: Some(body) }).map_err(ReplyError::from))
    }
}

fn extended_code(text: &str) -> Option<(String, &str)> {
    let (code, rest) = text.strip_prefix('[')?.split_once(']')?;
    is_code(code).then(|| (code.to_ascii_uppercase(), rest.strip_prefix(' ').unwrap_or(rest)))
}

/// RFC 2449 §8: no brackets, no spaces.
fn is_code(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|octet| octet.is_ascii_graphic() && !b"[]".contains(&octet))
}

fn octets(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|octet| octet.is_ascii_digit()))
}
