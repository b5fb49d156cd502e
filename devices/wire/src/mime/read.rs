//! Reading a mail. `mail-parser` reads the headers of each part; the parts are cut out here. Its own
//! walk through a message hides damage from a fax that must report it, descends into mails inside
//! the mail as deep as they go, and has assertions that a sender can make fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{ContentType, HeaderName, Message, MessageParser};

use super::fields::{Field, Fields};
use super::mdn::message_id;

/// The largest message that is read, in octets.
pub const MAX_OCTETS: usize = 64 * 1024 * 1024;

/// The most parts of a message that is read, multiparts counted too.
pub const MAX_PARTS: usize = 256;

/// How deep multiparts may be nested.
pub const MAX_DEPTH: usize = 16;

/// The most fields with media features that are read of a message, of each kind.
pub const MAX_FILTERS: usize = 32;

/// What a fax can use of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Address of the first From mailbox, without its display name.
    pub from: Option<String>,
    /// Message-ID without its `<>`.
    pub message_id: Option<String>,
    /// Original-Message-ID without its `<>`: the mail that this one takes the place of (RFC 3297 §5).
    pub original_message_id: Option<String>,
    /// Subject, decoded.
    pub subject: Option<String>,
    /// The plain texts, in their order.
    pub text: Vec<String>,
    /// The fax documents, in their order. A damaged one is left out and is among the problems.
    pub tiffs: Vec<Bytes>,
    /// Content types of the parts that a fax cannot print. A mail inside the mail is one of them.
    pub other: Vec<String>,
    /// Content-features of the mail and its parts, in their order, as they came: what a printer of them must
    /// be able to do (RFC 2912 §3). No more than [`MAX_FILTERS`], like the next.
    pub features: Vec<String>,
    /// Content-alternative, likewise: what else could be sent (RFC 3297 §4).
    pub alternatives: Vec<String>,
    /// What is damaged. One damaged part makes the whole message a failure (RFC 3965 §2.2.4).
    pub problems: Vec<Problem>,
}

/// A damage of a message that can be read otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The base64 of a part holds illegal characters or has a wrong length.
    #[error("part {part}: damaged base64: {reason}")]
    Base64 {
        /// Number of the part in the message, containers counted, from 0.
        part: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A part has a transfer encoding that RFC 2045 §6 does not know, or breaks its rules.
    #[error("part {part}: the transfer encoding {encoding:?} cannot be undone")]
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
    /// More than [`MAX_PARTS`].
    #[error("the message has more than {MAX_PARTS} parts")]
    TooManyParts,
    /// Deeper than [`MAX_DEPTH`].
    #[error("multiparts are nested deeper than {MAX_DEPTH}")]
    TooDeep,
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
    if raw.len() > MAX_OCTETS {
        return Err(MimeError::TooLarge { octets: raw.len() });
    }
    let part = Part::cut(raw, PLAIN);
    let headers = part.headers.as_ref().ok_or(MimeError::NoHeader)?;
    let mut received = Received {
        from: headers.from().and_then(|from| from.first()?.address()).map(str::to_owned),
        message_id: headers.message_id().map(str::to_owned),
        original_message_id: part.fields().text("Original-Message-ID").and_then(|text| message_id(&text)),
        subject: headers.subject().map(str::to_owned),
        ..Received::default()
    };
    add_part(&mut received, &mut 0, 0, &part)?;
    Ok(received)
}

/// What a part without a Content-Type is (RFC 2045 §5.2), and what one in a digest is (RFC 2046 §5.1.5).
pub(super) const PLAIN: &str = "text/plain";
const MAIL: &str = "message/rfc822";

/// One part, or the whole message, whose headers and body have the same form.
pub(super) struct Part<'a> {
    /// `None` when there is no header, which is allowed in a part.
    pub(super) headers: Option<Message<'a>>,
    header: &'a [u8],
    /// Content type in lower case.
    pub(super) kind: String,
    pub(super) body: &'a [u8],
}

impl<'a> Part<'a> {
    pub(super) fn cut(raw: &'a [u8], default_kind: &str) -> Part<'a> {
        let body_at =
            lines(raw).find(|(_, line)| line.trim_ascii().is_empty()).map(|(at, line)| at + line.len());
        let (header, body) = raw.split_at(body_at.unwrap_or(raw.len()));
        let headers = MessageParser::default().parse_headers(header);
        let named = headers.as_ref().and_then(content_type).map(|kind| {
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
        });
        Part { kind: named.unwrap_or_else(|| default_kind.to_owned()), headers, header, body }
    }

    /// The fields that mail-parser does not know. Of a header larger than is read there are none.
    fn fields(&self) -> Fields {
        Fields::read(self.header).unwrap_or_default()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.headers.as_ref().and_then(content_type)?.attribute(name)
    }

    /// The content with its transfer encoding undone. Base64 is read strictly: where a lenient reader
    /// passes over what it does not understand, a page comes out with a hole.
    pub(super) fn content(&self, part: usize) -> Result<Bytes, Problem> {
        let encoding = self.headers.as_ref().and_then(|it| it.header(HeaderName::ContentTransferEncoding));
        let encoding = encoding.map_or("7bit", |value| value.as_text().unwrap_or_default());
        let encoding = encoding.trim().to_ascii_lowercase();
        match encoding.as_str() {
            "7bit" | "8bit" | "binary" => Ok(Bytes::copy_from_slice(self.body)),
            "base64" => decode_base64(self.body).map_err(|reason| Problem::Base64 { part, reason }),
            "quoted-printable" => quoted_printable_decode(self.body)
                .map(Bytes::from)
                .ok_or(Problem::TransferEncoding { part, encoding }),
            _ => Err(Problem::TransferEncoding { part, encoding }),
        }
    }

    pub(super) fn text(&self, part: usize) -> Result<String, Problem> {
        let content = self.content(part)?;
        let decode = self.attribute("charset").and_then(|charset| charset_decoder(charset.as_bytes()));
        Ok(decode.map_or_else(|| String::from_utf8_lossy(&content).into_owned(), |decode| decode(&content)))
    }
}

fn add_part(received: &mut Received, count: &mut usize, depth: usize, part: &Part) -> Result<(), MimeError> {
    let number = *count;
    *count += 1;
    if *count > MAX_PARTS {
        return Err(MimeError::TooManyParts);
    }
    let fields = part.fields();
    let texts = |name: &'static str| fields.named(name).map(Field::text);
    add_texts(&mut received.features, texts("Content-features"));
    add_texts(&mut received.alternatives, texts("Content-alternative"));
    match part.kind.as_str() {
        "image/tiff" | "image/tiff-fx" => match part.content(number) {
            Ok(tiff) => received.tiffs.push(tiff),
            Err(problem) => received.problems.push(problem),
        },
        PLAIN => match part.text(number) {
            Ok(text) => received.text.push(text),
            Err(problem) => received.problems.push(problem),
        },
        kind if kind.starts_with("multipart/") => {
            if depth == MAX_DEPTH {
                return Err(MimeError::TooDeep);
            }
            let default_kind = if kind == "multipart/digest" { MAIL } else { PLAIN };
            let (parts, is_closed) = split(part.body, part.attribute("boundary").unwrap_or_default());
            if !is_closed {
                received.problems.push(Problem::NoEnd { part: number });
            }
            let parts = parts.into_iter().map(|raw| Part::cut(raw, default_kind));
            if kind == "multipart/alternative" {
                return add_alternative(received, count, depth + 1, parts);
            }
            for part in parts {
                add_part(received, count, depth + 1, &part)?;
            }
        }
        kind => received.other.push(kind.to_owned()),
    }
    Ok(())
}

fn add_texts(list: &mut Vec<String>, texts: impl Iterator<Item = String>) {
    list.extend(texts.take(MAX_FILTERS.saturating_sub(list.len())));
}

/// Of parts that say the same the last is the best that the reader may know (RFC 2046 §5.1.4). Where it knows none
/// of them, the last stands for all.
fn add_alternative<'a>(
    received: &mut Received,
    count: &mut usize,
    depth: usize,
    parts: impl Iterator<Item = Part<'a>>,
) -> Result<(), MimeError> {
    let mut best = Received::default();
    for part in parts {
        let mut other = Received::default();
        add_part(&mut other, count, depth, &part)?;
        if other.other.is_empty() || !best.other.is_empty() || best == Received::default() {
            best = other;
        }
    }
    received.text.extend(best.text);
    received.tiffs.extend(best.tiffs);
    received.other.extend(best.other);
    add_texts(&mut received.features, best.features.into_iter());
    add_texts(&mut received.alternatives, best.alternatives.into_iter());
    received.problems.extend(best.problems);
    Ok(())
}

fn content_type<'m, 'a>(headers: &'m Message<'a>) -> Option<&'m ContentType<'a>> {
    headers.header(HeaderName::ContentType)?.as_content_type()
}

/// The parts of a multipart body, and whether the boundary that ends it is there (RFC 2046 §5.1.1).
/// The line end before a boundary belongs to the boundary.
pub(super) fn split<'a>(body: &'a [u8], boundary: &str) -> (Vec<&'a [u8]>, bool) {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut start = None;
    for (at, line) in lines(body) {
        let Some(rest) = line.trim_ascii_end().strip_prefix(delimiter.as_bytes()) else { continue };
        if !matches!(rest, b"" | b"--") {
            continue;
        }
        if let Some(start) = start {
            let part = body.get(start..at).unwrap_or_default();
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            parts.push(part.strip_suffix(b"\r").unwrap_or(part));
        }
        if rest == b"--" {
            return (parts, start.is_some());
        }
        start = Some(at + line.len());
    }
    parts.extend(start.and_then(|start| body.get(start..)));
    (parts, false)
}

/// The lines with their ends, each with its place.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes.split_inclusive(|octet| *octet == b'\n').scan(0, |next, line| {
        let at = *next;
        *next += line.len();
        Some((at, line))
    })
}

fn decode_base64(body: &[u8]) -> Result<Bytes, String> {
    let mut characters = Vec::with_capacity(body.len());
    for line in body.split(u8::is_ascii_whitespace) {
        characters.extend_from_slice(line);
    }
    if characters.is_empty() {
        return Err("there is none".to_owned());
    }
    STANDARD.decode(&characters).map(Bytes::from).map_err(|error| error.to_string())
}
