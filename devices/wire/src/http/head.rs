//! Heads of requests and responses.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::fields::Fields;

/// The longest head that is read, in octets.
pub const MAX_HEAD: usize = 16 * 1024;

/// The most fields of a head that is read.
pub const MAX_FIELDS: usize = 64;

/// Start line and fields of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, whose case counts (RFC 9110 §9.1).
    pub method: String,
    /// The request target as written.
    pub target: String,
    /// HTTP/1.1, or else HTTP/1.0.
    pub is_1_1: bool,
    /// The fields.
    pub fields: Fields,
}

/// Start line and fields of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code, from 100 to 599 (RFC 9110 §15).
    pub code: u16,
    /// HTTP/1.1, or else HTTP/1.0.
    pub is_1_1: bool,
    /// The fields.
    pub fields: Fields,
}

/// Why some octets are no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// More than [`MAX_HEAD`].
    #[error("a head is longer than {MAX_HEAD} octets")]
    TooLong,
    /// More than [`MAX_FIELDS`].
    #[error("a head has more than {MAX_FIELDS} fields")]
    TooManyFields,
    /// A CR or LF that is not part of a CRLF (RFC 9112 §2.2).
    #[error("a line of the head does not end on CRLF")]
    BareLineEnd,
    /// A field that goes on in the next line (RFC 9112 §5.2).
    #[error("a field is folded")]
    Folded,
    /// Another version than 1.0 and 1.1.
    #[error("the version is not HTTP/1.1")]
    Version,
    /// Host is missing, stands twice, or is no host (RFC 9112 §3.2).
    #[error("there must be one Host, with the name of a host")]
    Host,
    /// Anything else that the grammar forbids.
    #[error("the head cannot be read: {0}")]
    Syntax(String),
}

impl HeadError {
    /// The status code that tells a client of it.
    pub fn code(&self) -> u16 {
        match self {
            HeadError::TooLong | HeadError::TooManyFields => 431,
            HeadError::Version => 505,
            _ => 400,
        }
    }
}

impl RequestHead {
    /// Reads a whole head, up to and with its empty line. Empty lines before it are passed over (RFC
    /// 9112 §2.2).
    ///
    /// # Errors
    /// [`HeadError`], but for Host, which [`host`](RequestHead::host) looks at.
    pub fn parse(head: &[u8]) -> Result<RequestHead, HeadError> {
        let mut head = head;
        while let Some(rest) = head.strip_prefix(b"\r\n") {
            head = rest;
        }
        check_lines(head)?;
        let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut headers);
        complete(request.parse(head), head.len())?;
        let target = request.path.unwrap_or_default().to_owned();
        if !target.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(HeadError::Syntax("the target holds what no URI may hold".to_owned()));
        }
        Ok(RequestHead {
            method: request.method.unwrap_or_default().to_owned(),
            target,
            is_1_1: request.version == Some(1),
            fields: Fields::of(request.headers),
        })
    }

    /// The value of Host; only HTTP/1.0 may do without (RFC 9112 §3.2).
    ///
    /// # Errors
    /// [`HeadError::Host`].
    pub fn host(&self) -> Result<Option<&str>, HeadError> {
        let mut all = self.fields.all("Host");
        match (all.next(), all.next()) {
            (Some(host), None) if is_authority(host) => Ok(Some(host)),
            (None, None) if !self.is_1_1 => Ok(None),
            _ => Err(HeadError::Host),
        }
    }

    /// Whether the connection stays open behind the response (RFC 9112 §9.3).
    pub fn persists(&self) -> bool {
        self.is_1_1 && !self.fields.lists("Connection", "close")
    }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110 §10.1.1). In HTTP/1.0 the
    /// expectation is to be ignored.
    pub fn expects_continue(&self) -> bool {
        self.is_1_1 && self.fields.lists("Expect", "100-continue")
    }
}

impl ResponseHead {
    /// Reads a whole head, up to and with its empty line.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn parse(head: &[u8]) -> Result<ResponseHead, HeadError> {
        check_lines(head)?;
        let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut headers);
        complete(response.parse(head), head.len())?;
        let code = response.code.unwrap_or_default();
        if !(100..=599).contains(&code) {
            return Err(HeadError::Syntax(format!("{code} is no status code")));
        }
        Ok(ResponseHead { code, is_1_1: response.version == Some(1), fields: Fields::of(response.headers) })
    }

    /// Whether the server will take another request on the connection.
    pub fn persists(&self) -> bool {
        self.is_1_1 && !self.fields.lists("Connection", "close")
    }
}

/// Cuts heads out of a stream. It holds no more than [`MAX_HEAD`] octets and what came last.
#[derive(Debug, Clone, Default)]
pub struct HeadReader {
    buffer: BytesMut,
    scan: HeadScan,
}

impl HeadReader {
    /// Appends octets as they came from the connection.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a head has begun.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole head; `None` where it is still incomplete.
    ///
    /// # Errors
    /// [`HeadError`]; nothing behind it can be read any more.
    pub fn next_head(&mut self) -> Result<Option<Bytes>, HeadError> {
        // What stands behind the longest head is not looked at, however much came at a time.
        let end = self.scan.end(&self.buffer[..self.buffer.len().min(MAX_HEAD)])?;
        let Some(end) = end else {
            return if self.buffer.len() > MAX_HEAD { Err(HeadError::TooLong) } else { Ok(None) };
        };
        self.scan = HeadScan::default();
        Ok(Some(self.buffer.split_to(end).freeze()))
    }

    /// Takes out what no head has used: a body starts with it.
    pub fn take_rest(&mut self) -> Bytes {
        self.scan = HeadScan::default();
        self.buffer.split().freeze()
    }
}

/// Looks for the empty line that ends a head.
#[derive(Debug, Clone, Default)]
pub(super) struct HeadScan {
    /// Octets that were looked at.
    at: usize,
    /// Where the current line starts.
    line: usize,
    /// A line that is not empty was seen.
    begun: bool,
}

impl HeadScan {
    /// Where the head ends, behind its empty line. `bytes` has grown since the last call, if anything.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        while let Some(found) = memchr2(b'\r', b'\n', bytes.get(self.at..).unwrap_or_default()) {
            let at = self.at + found;
            match (bytes[at], bytes.get(at + 1)) {
                (b'\r', Some(b'\n')) => {}
                (b'\r', None) => {
                    self.at = at;
                    return Ok(None);
                }
                _ => return Err(HeadError::BareLineEnd),
            }
            let empty = at == self.line;
            (self.at, self.line) = (at + 2, at + 2);
            if empty && self.begun {
                return Ok(Some(at + 2));
            }
            self.begun |= !empty;
        }
        self.at = bytes.len();
        Ok(None)
    }
}

/// What httparse lets pass: it takes a bare LF for a line end, and empty lines before a response.
fn check_lines(head: &[u8]) -> Result<(), HeadError> {
    if head.len() > MAX_HEAD {
        return Err(HeadError::TooLong);
    }
    if HeadScan::default().end(head)? != Some(head.len()) || head.starts_with(b"\r") {
        return Err(HeadError::Syntax("it is not exactly one head".to_owned()));
    }
    let folded = |two: &[u8]| two[0] == b'\n' && matches!(two[1], b' ' | b'\t');
    if head.windows(2).any(folded) { Err(HeadError::Folded) } else { Ok(()) }
}

fn complete(parsed: httparse::Result<usize>, all: usize) -> Result<(), HeadError> {
    match parsed {
        Ok(httparse::Status::Complete(used)) if used == all => Ok(()),
        Ok(_) => Err(HeadError::Syntax("it is not exactly one head".to_owned())),
        Err(httparse::Error::TooManyHeaders) => Err(HeadError::TooManyFields),
        Err(httparse::Error::Version) => Err(HeadError::Version),
        Err(error) => Err(HeadError::Syntax(error.to_string())),
    }
}

/// A host with or without port, and no user in front of it (RFC 9110 §4.2.4, §7.2).
fn is_authority(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+;=:[]".contains(c);
    !text.is_empty() && text.chars().all(legal)
}
