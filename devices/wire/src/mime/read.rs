//! Reading a mail.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mail_parser::{Encoding, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};

/// The largest message that is read, in octets.
pub const MAX_OCTETS: usize = 64 * 1024 * 1024;

/// The most Content-Type headers in a message that is read. It bounds the nesting too, since what
/// holds parts must say so in one.
pub const MAX_PARTS: usize = 256;

/// What a fax can use of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Address of the first From mailbox, without its display name.
    pub from: Option<String>,
    /// Message-ID without its `<>`.
    pub message_id: Option<String>,
    /// Subject, decoded.
    pub subject: Option<String>,
    /// The plain texts, in their order.
    pub text: Vec<String>,
    /// The fax documents, in their order. A damaged one is left out and is among the problems.
    pub tiffs: Vec<Bytes>,
    /// Content types of the parts that a fax cannot print. A mail inside the mail is one of them.
    pub other: Vec<String>,
    /// What is damaged. One damaged part makes the whole message a failure (RFC 3965 §2.2.4).
    pub problems: Vec<Problem>,
}

/// A damage of a message that can be read otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The base64 of a fax document holds illegal characters or has a wrong length.
    #[error("part {part}: damaged base64: {reason}")]
    Base64 {
        /// Number of the part in the message, containers counted, from 0.
        part: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A fax document has a transfer encoding that RFC 2045 §6 does not know.
    #[error("part {part}: unknown transfer encoding {encoding:?}")]
    TransferEncoding {
        /// Number of the part, as above.
        part: usize,
        /// The encoding's name.
        encoding: String,
    },
    /// The last boundary is missing: the message was cut off.
    #[error("part {part}: the multipart has no end")]
    NoEnd {
        /// Number of the part, as above.
        part: usize,
    },
}

/// Why a message was not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MimeError {
    /// More than [`MAX_OCTETS`].
    #[error("a message of {octets} octets is larger than the {MAX_OCTETS} that are read")]
    TooLarge {
        /// Its length.
        octets: usize,
    },
    /// More than [`MAX_PARTS`], or far more lines that look like a boundary.
    #[error("the message has more than {MAX_PARTS} parts")]
    TooManyParts,
    /// It does not start with a header.
    #[error("the message has no header")]
    NoHeader,
}

/// Reads a message as it came from SMTP, the added dots removed.
///
/// # Errors
/// [`MimeError`]: too large, too many parts, or no message at all. What can be read in spite of a
/// damage is returned with [`Received::problems`].
pub fn read(raw: &[u8]) -> Result<Received, MimeError> {
    check_bounds(raw)?;
    let message = MessageParser::default().parse(raw).ok_or(MimeError::NoHeader)?;
    let mut received = Received {
        from: message.from().and_then(|from| from.first()?.address()).map(str::to_owned),
        message_id: message.message_id().map(str::to_owned),
        subject: message.subject().map(str::to_owned),
        ..Received::default()
    };
    for (number, part) in message.parts.iter().enumerate() {
        add_part(&mut received, &message, raw, number, part);
    }
    Ok(received)
}

/// The parser nests as deep and keeps as many parts as a message has: count before it starts.
fn check_bounds(raw: &[u8]) -> Result<(), MimeError> {
    if raw.len() > MAX_OCTETS {
        return Err(MimeError::TooLarge { octets: raw.len() });
    }
    let (mut types, mut boundaries) = (0, 0);
    for line in raw.split(|octet| matches!(octet, b'\n' | b'\r')) {
        let line = line.trim_ascii_start();
        let name = line.get(..b"content-type".len()).unwrap_or_default();
        types += usize::from(name.eq_ignore_ascii_case(b"content-type"));
        boundaries += usize::from(line.starts_with(b"--"));
    }
    if types > MAX_PARTS || boundaries > 4 * MAX_PARTS { Err(MimeError::TooManyParts) } else { Ok(()) }
}

fn add_part(received: &mut Received, message: &Message, raw: &[u8], number: usize, part: &MessagePart) {
    let kind = content_type(part);
    match kind.as_str() {
        "image/tiff" | "image/tiff-fx" => match document(raw, number, part) {
            Ok(tiff) => received.tiffs.push(tiff),
            Err(problem) => received.problems.push(problem),
        },
        "text/plain" => {
            let text = message.parts[number].text_contents().unwrap_or_default();
            received.text.push(text.to_owned());
        }
        _ if kind.starts_with("multipart/") => {
            let boundary =
                part.content_type().and_then(|kind| kind.attribute("boundary")).unwrap_or_default();
            if !is_closed(raw, part, boundary) {
                received.problems.push(Problem::NoEnd { part: number });
            }
        }
        _ => received.other.push(kind),
    }
}

/// In lower case; RFC 2045 §5.2 has a part without one be plain text.
fn content_type(part: &MessagePart) -> String {
    let Some(kind) = part.content_type() else { return "text/plain".to_owned() };
    format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
}

/// The file in an image part. Its base64 is decoded here, from the raw octets: the mail parser passes
/// over what it does not understand, and a page would come out with a hole.
fn document(raw: &[u8], part_number: usize, part: &MessagePart) -> Result<Bytes, Problem> {
    let encoding = match part.headers.iter().find(|header| header.name() == "Content-Transfer-Encoding") {
        Some(header) => match &header.value {
            HeaderValue::Text(encoding) => encoding.trim().to_ascii_lowercase(),
            _ => String::new(),
        },
        None => "7bit".to_owned(),
    };
    let body = raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    match encoding.as_str() {
        "base64" => {
            let damaged = |reason: String| Problem::Base64 { part: part_number, reason };
            let characters: Vec<u8> =
                body.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
            if characters.is_empty() {
                return Err(damaged("there is none".to_owned()));
            }
            STANDARD.decode(&characters).map(Bytes::from).map_err(|error| damaged(error.to_string()))
        }
        "quoted-printable" if part.encoding == Encoding::QuotedPrintable => {
            Ok(Bytes::copy_from_slice(part.contents()))
        }
        "7bit" | "8bit" | "binary" => Ok(Bytes::copy_from_slice(body)),
        _ => Err(Problem::TransferEncoding { part: part_number, encoding }),
    }
}

/// Whether a multipart has parts and the boundary with two hyphens that ends it (RFC 2046 §5.1.1).
fn is_closed(raw: &[u8], part: &MessagePart, boundary: &str) -> bool {
    let PartType::Multipart(_) = part.body else { return false };
    let last: Cow<str> = format!("\n--{boundary}--").into();
    let body = raw.get(part.offset_body as usize..).unwrap_or_default();
    memchr::memmem::find(body, last.as_bytes()).is_some() || body.starts_with(&last.as_bytes()[1..])
}
