//! Reports about a mail (RFC 6522): a text for people, the facts for machines, and perhaps what the
//! report is about. An [`Mdn`](super::Mdn) and a [`Dsn`](super::Dsn) differ only in the facts.

use bytes::Bytes;
use mail_builder::MessageBuilder;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

use super::compose::{self, Head};
use super::fields::{FieldsError, MAX_HEADER};
use super::read::{MAX_OCTETS, MimeError, PLAIN, Part, Problem, split};

/// The most parts of a report that are looked at. Three are allowed (RFC 6522 §3).
pub const MAX_REPORT_PARTS: usize = 8;

/// Everything of a report but its facts. [`mdn`](Report::mdn) and [`dsn`](Report::dsn) write the whole mail. It
/// is to be sent with `MAIL FROM:<>`, so that nothing can ever answer it (RFC 8098 §3, RFC 3464 §2).
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Who reports: for an MDN the recipient of the mail (RFC 8098 §3), for a DSN the postmaster.
    pub from: &'a str,
    /// For an MDN the address of Disposition-Notification-To, for a DSN the MAIL FROM of the mail.
    pub to: &'a str,
    /// Should say success, failure or delay (RFC 3249 §4.4.2).
    pub subject: &'a str,
    /// When it was written, in seconds since 1970 (UTC).
    pub date_unix_s: i64,
    /// Message-ID of the report, without its `<>`; never the one of the mail it is about.
    pub message_id: &'a str,
    /// What separates the parts. A number is added when it is not unique in them.
    pub boundary: &'a str,
    /// What a person should read. For a fax it says that this proves no reading (RFC 3249 §4.4.1.2).
    pub text: &'a str,
    /// What of the mail that this is about is in the third part.
    pub original: Original<'a>,
}

/// What a report gives back of the mail that it is about (RFC 6522 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original<'a> {
    /// Nothing.
    Nothing,
    /// The header of this mail, as text/rfc822-headers.
    Header(&'a [u8]),
    /// All of this mail, as message/rfc822 (`RET=FULL`, RFC 3461 §4.3). Of one that is very large, the header; and of one
    /// of eight bits, since a server that takes seven would refuse the report, and its reader hear nothing.
    Mail(&'a [u8]),
}

/// Why a mail is not the report that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The mail could not be read.
    #[error(transparent)]
    Mime(#[from] MimeError),
    /// It is no multipart/report.
    #[error("the mail is no report but {0}")]
    NoReport(String),
    /// It has no part with the facts.
    #[error("the report has no {0} part")]
    NoFacts(&'static str),
    /// The part with the facts is damaged.
    #[error("the facts of the report: {0}")]
    Damaged(#[from] Problem),
    /// The part with the facts is larger than is read.
    #[error("the facts of the report: {0}")]
    Fields(#[from] FieldsError),
    /// A field that must be there is not, or it has no meaning.
    #[error("the report's {field} is missing or is not understood: {value:?}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it holds.
        value: String,
    },
}

impl Report<'_> {
    pub(super) fn to_bytes(self, report_type: &'static str, facts: &[String]) -> Bytes {
        let text = compose::crlf_lines(self.text);
        let facts = format!("Content-Type: message/{report_type}\r\n\r\n{}", facts.join("\r\n"));
        let original = self.original.to_part();
        let apart = format!("{text}{facts}{}", String::from_utf8_lossy(&original));
        let boundary = compose::boundary(self.boundary, &apart);
        let kind = ContentType::new("multipart/report")
            .attribute("report-type", report_type)
            .attribute("boundary", boundary);
        let mut parts = vec![MimePart::new("text/plain", text), MimePart::raw(BodyPart::from(facts))];
        if !original.is_empty() {
            parts.push(MimePart::raw(BodyPart::from(original)));
        }
        let head = Head {
            from: self.from,
            to: self.to,
            subject: self.subject,
            date_unix_s: self.date_unix_s,
            message_id: self.message_id,
        };
        let mut out = Vec::with_capacity(2_048);
        // RFC 3834 §5: no machine answers what says that a machine wrote it.
        let builder = head.start(MessageBuilder::new()).header("Auto-Submitted", Raw::new("auto-replied"));
        builder.body(MimePart::new(kind, parts)).serialize(&mut out);
        Bytes::from(out)
    }
}

/// Whether a mail says that it is an MDN or a DSN.
pub fn is_report(raw: &[u8]) -> bool {
    let header = raw.get(..MAX_HEADER).unwrap_or(raw);
    let part = Part::cut(header, PLAIN);
    let types = ["disposition-notification", "delivery-status"];
    let is_known = |kind: &str| types.iter().any(|known| kind.eq_ignore_ascii_case(known));
    part.kind == "multipart/report" && part.attribute("report-type").is_some_and(is_known)
}

/// The content of the part that holds the facts.
pub(super) fn read_facts(raw: &[u8], facts_kind: &'static str) -> Result<Bytes, ReportError> {
    if raw.len() > MAX_OCTETS {
        return Err(MimeError::TooLarge { octets: raw.len() }.into());
    }
    let whole = Part::cut(raw, PLAIN);
    if whole.headers.is_none() {
        return Err(MimeError::NoHeader.into());
    }
    if whole.kind != "multipart/report" {
        return Err(ReportError::NoReport(whole.kind));
    }
    let (raws, _) = split(whole.body, whole.attribute("boundary").unwrap_or_default());
    let mut parts = raws.into_iter().take(MAX_REPORT_PARTS).map(|raw| Part::cut(raw, PLAIN)).enumerate();
    let facts = parts.find(|(_, part)| part.kind == facts_kind);
    let (number, facts) = facts.ok_or(ReportError::NoFacts(facts_kind))?;
    Ok(facts.content(number)?)
}

/// One field of the facts, folded where it has spaces. What is no printable ASCII is left out: this part
/// has 7 bits (RFC 8098 §3), and no value may bring a field of its own.
pub(super) fn field(name: &str, value: &str) -> String {
    let mut line = format!("{name}:");
    let mut out = String::new();
    let value: String = value.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        // A word is never cut but where a line would be longer than any reader takes.
        let word = word.get(..MAX_WORD).unwrap_or(word);
        if line.len() + 1 + word.len() > FOLD_AT && line.len() > name.len() + 1 {
            out += &line;
            out += "\r\n";
            line = String::new();
        }
        line.push(' ');
        line += word;
    }
    out + &line + "\r\n"
}

/// Lines are folded behind this column where they can be (RFC 5322 §2.1.1).
const FOLD_AT: usize = 78;
const MAX_WORD: usize = 900;

impl Original<'_> {
    /// The third part with its header, or nothing.
    fn to_part(self) -> Vec<u8> {
        match self {
            Original::Nothing => Vec::new(),
            Original::Header(mail) => returned_header(mail).into_bytes(),
            Original::Mail(mail) if mail.len() > MAX_RETURNED_MAIL || !mail.is_ascii() => {
                returned_header(mail).into_bytes()
            }
            Original::Mail(mail) => [b"Content-Type: message/rfc822\r\n\r\n", mail].concat(),
        }
    }
}

/// The header as a part of its own; it is made 7-bit like the others.
fn returned_header(header: &[u8]) -> String {
    let end = memchr::memmem::find(header, b"\r\n\r\n").map_or(header.len(), |at| at + 2);
    let text = String::from_utf8_lossy(header[..end].get(..MAX_RETURNED).unwrap_or(&header[..end]));
    let text: String = text.chars().map(|letter| if is_seven_bit(letter) { letter } else { '?' }).collect();
    if text.trim().is_empty() {
        return String::new();
    }
    format!("Content-Type: text/rfc822-headers\r\n\r\n{}", compose::crlf_lines(&text))
}

/// The most octets of a mail that are sent back.
const MAX_RETURNED_MAIL: usize = 256 * 1024;
/// The most octets of a header that are sent back.
const MAX_RETURNED: usize = 8 * 1024;

fn is_seven_bit(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\t' | '\r' | '\n')
}
