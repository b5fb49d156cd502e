//! Writing a mail. The same values give the same octets: nothing is drawn or looked up.

use bytes::Bytes;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::mime::{BodyPart, MimePart};

/// A mail as a fax sends it: a text, a fax document, or both.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Mailbox of the sender: `fax-a@example.com` or `Fax A <fax-a@example.com>`.
    pub from: &'a str,
    /// Mailbox of the receiver, in the same form.
    pub to: &'a str,
    /// Subject; may be empty.
    pub subject: &'a str,
    /// When it was written, in seconds since 1970 (UTC), up to the year 9999.
    pub date_unix_s: i64,
    /// Message-ID without its `<>`; the same for every try to send this mail (RFC 5321 §4.5.3.2.6).
    pub message_id: &'a str,
    /// What separates the parts. A number is added when it is not unique in the text.
    pub boundary: &'a str,
    /// Text of the first part, with any kind of line ends.
    pub text: Option<&'a str>,
    /// The fax document, a TIFF file.
    pub tiff: Option<&'a Bytes>,
    /// File name of the document.
    pub file_name: &'a str,
}

impl Mail<'_> {
    /// The message, all lines ended by CRLF and at most 998 octets long; the TIFF file is base64 with
    /// 76 characters a line. Control characters in a header value are left out, so that none can
    /// bring a header of its own.
    pub fn to_bytes(&self) -> Bytes {
        let text = crlf_lines(self.text.unwrap_or_default());
        let text_part = || MimePart::new("text/plain", text.as_str());
        let body = match self.tiff {
            None => text_part(),
            Some(tiff) => {
                let document = MimePart::new("image/tiff", BodyPart::from(&tiff[..]));
                let document = document.attachment(without_controls(self.file_name));
                let parts = if self.text.is_some() { vec![text_part(), document] } else { vec![document] };
                let kind =
                    ContentType::new("multipart/mixed").attribute("boundary", boundary(self.boundary, &text));
                MimePart::new(kind, parts)
            }
        };
        // Base64 makes 78 octets of 57; the headers of both parts fit into the rest.
        let document = self.tiff.map_or(0, |tiff| tiff.len());
        let mut out = Vec::with_capacity(1_024 + text.len() + document / 2 * 3);
        MessageBuilder::new()
            .date(Date::new(self.date_unix_s.clamp(0, LAST_SECOND_OF_9999)))
            .from(mailbox(self.from))
            .to(mailbox(self.to))
            .message_id(token(self.message_id))
            .subject(without_controls(self.subject))
            .body(body)
            .serialize(&mut out);
        Bytes::from(out)
    }
}

/// A Date header has four digits for the year.
const LAST_SECOND_OF_9999: i64 = 253_402_300_799;

fn mailbox(text: &str) -> Address<'static> {
    let text = without_controls(text);
    let Some((name, address)) = text.rsplit_once('<') else {
        return Address::from(token(&text));
    };
    let name = name.trim().trim_matches('"').to_owned();
    Address::new_address(Some(name).filter(|name| !name.is_empty()), token(address))
}

fn without_controls(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// The longest mailbox (RFC 5321 §4.5.3.1: a path of 256 octets, its brackets among them).
const MAX_MAILBOX: usize = 254;

/// What may stand between `<` and `>`. What is longer than any mailbox would not fit on a line.
fn token(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_ascii_graphic() && !matches!(letter, '<' | '>' | ',' | ';'))
        .take(MAX_MAILBOX)
        .collect()
}

fn crlf_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let ended = text.strip_suffix('\n').unwrap_or(&text);
    ended.replace('\n', "\r\n") + "\r\n"
}

/// RFC 2046 §5.1.1: some characters, at most 70 of them, and not in what it separates. Base64 cannot
/// hold a line that starts with two hyphens.
fn boundary(wanted: &str, text: &str) -> String {
    let legal = |letter: &char| letter.is_ascii_alphanumeric() || "'()+_,-./:=?".contains(*letter);
    let base: String = wanted.chars().filter(legal).take(60).collect();
    let mut boundary = if base.is_empty() { "part".to_owned() } else { base.clone() };
    let mut number = 0_u32;
    while text.contains(&format!("--{boundary}")) {
        number += 1;
        boundary = format!("{base}{number}");
    }
    boundary
}
