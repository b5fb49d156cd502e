//! Writing a mail. The same values give the same octets: nothing is drawn or looked up.

use bytes::Bytes;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

use super::number::IpTelNumber;
use crate::features::Filter;

/// A mail as a fax sends it: a text, a fax document, or both.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Mailbox of the sender: `fax-a@example.com` or `Fax A <fax-a@example.com>`. With an IP telephone
    /// number it is what [`Form::write_from`](super::Form::write_from) returns.
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

/// What a fax asks for beside the plain transfer. The default asks for nothing and adds no field.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extras<'a> {
    /// Disposition-Notification-To: asks for an [`Mdn`](super::Mdn) to this mailbox. It has to be the one
    /// in MAIL FROM, or no machine may answer (RFC 8098 §2.1).
    pub confirm_to: Option<&'a str>,
    /// Disposition-Notification-Options, for example an [`Alternative`](super::Alternative) (RFC 3297 §6.1).
    pub confirm_options: Option<&'a str>,
    /// Original-Message-ID without its `<>`, of the mail that this one takes the place of (RFC 3297 §3.3).
    pub original_message_id: Option<&'a str>,
    /// Content-features of the document: what a printer of it must be able to do (RFC 2912 §3).
    pub features: Option<&'a Filter>,
    /// Content-alternative of the document, one field each: what else could be sent in its place (RFC 3297 §4).
    pub alternatives: &'a [Filter],
    /// Other fields, name and value: a private number field, and so on. One without a legal name is left out.
    pub fields: &'a [(&'a str, &'a str)],
}

/// The fields that every mail has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    pub(super) date_unix_s: i64,
    pub(super) message_id: &'a str,
}

impl Mail<'_> {
    /// The message, all lines ended by CRLF and at most 998 octets long; the TIFF file is base64 with
    /// 76 characters a line. Control characters in a header value are left out, so that none can
    /// bring a header of its own.
    pub fn to_bytes(&self) -> Bytes {
        self.to_bytes_with(&Extras::default())
    }

    /// The same message with more fields in its header.
    pub fn to_bytes_with(&self, extras: &Extras) -> Bytes {
        let text = crlf_lines(self.text.unwrap_or_default());
        let text_part = || MimePart::new("text/plain", text.as_str());
        let body = match self.tiff {
            None => text_part(),
            Some(tiff) => {
                let document = MimePart::new("image/tiff", BodyPart::from(&tiff[..]));
                let document = document.attachment(without_controls(self.file_name));
                let document = extras.add_features_to(document);
                let parts = if self.text.is_some() { vec![text_part(), document] } else { vec![document] };
                let kind =
                    ContentType::new("multipart/mixed").attribute("boundary", boundary(self.boundary, &text));
                MimePart::new(kind, parts)
            }
        };
        // Base64 makes 78 octets of 57; the headers of both parts fit into the rest.
        let document = self.tiff.map_or(0, |tiff| tiff.len());
        let mut out = Vec::with_capacity(1_024 + text.len() + document / 2 * 3);
        let head = Head {
            from: self.from,
            to: self.to,
            subject: self.subject,
            date_unix_s: self.date_unix_s,
            message_id: self.message_id,
        };
        extras.add_to(head.start(MessageBuilder::new())).body(body).serialize(&mut out);
        Bytes::from(out)
    }
}

impl Extras<'_> {
    fn add_features_to<'m>(&self, document: MimePart<'m>) -> MimePart<'m> {
        let features = self.features.iter().map(|filter| ("Content-features", *filter));
        let alternatives = self.alternatives.iter().map(|filter| ("Content-alternative", filter));
        features
            .chain(alternatives)
            .fold(document, |document, (name, filter)| document.header(name, raw(&filter.to_string())))
    }

    fn add_to<'m>(&self, mut builder: MessageBuilder<'m>) -> MessageBuilder<'m> {
        if let Some(address) = self.confirm_to {
            builder = builder.header("Disposition-Notification-To", mailbox(address));
        }
        if let Some(options) = self.confirm_options {
            builder = builder.header("Disposition-Notification-Options", raw(options));
        }
        if let Some(id) = self.original_message_id {
            builder = builder.header("Original-Message-ID", MessageId::new(token(id)));
        }
        for (name, value) in self.fields.iter().filter(|(name, _)| is_field_name(name)) {
            builder = builder.header((*name).to_owned(), raw(value));
        }
        builder
    }
}

impl Head<'_> {
    pub(super) fn start<'m>(&self, builder: MessageBuilder<'m>) -> MessageBuilder<'m> {
        let builder = builder.date(Date::new(self.date_unix_s.clamp(0, LAST_SECOND_OF_9999)));
        let builder = match numbered(self.from) {
            Some(from) => builder.header("From", raw(&from)),
            None => builder.from(mailbox(self.from)),
        };
        builder
            .to(mailbox(self.to))
            .message_id(token(self.message_id))
            .subject(without_controls(self.subject))
    }
}

/// A From that carries a number, as it is to be written: the token is one atom (RFC 5322 §3.2.3), and
/// quotes round it would be one more thing to read in two ways.
fn numbered(from: &str) -> Option<String> {
    let from = without_controls(from);
    let (name, address) = from.split_once('<').map_or((&from[..], None), |(name, rest)| (name, Some(rest)));
    IpTelNumber::from_token(name.trim())?.ok()?;
    let name = name.trim();
    Some(address.map_or_else(|| name.to_owned(), |address| format!("{name} <{}>", token(address))))
}

fn raw(value: &str) -> Raw<'static> {
    let is_printable = |letter: &char| matches!(letter, ' '..='~');
    Raw::new(value.chars().filter(is_printable).collect::<String>())
}

/// RFC 5322 §2.2: printable ASCII without a colon.
pub(super) fn is_field_name(name: &str) -> bool {
    (1..=76).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':')
}

/// A Date header has four digits for the year.
pub(super) const LAST_SECOND_OF_9999: i64 = 253_402_300_799;

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

pub(super) fn crlf_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let ended = text.strip_suffix('\n').unwrap_or(&text);
    ended.replace('\n', "\r\n") + "\r\n"
}

/// RFC 2046 §5.1.1: some characters, at most 70 of them, and not in what it separates. Base64 cannot
/// hold a line that starts with two hyphens.
pub(super) fn boundary(wanted: &str, text: &str) -> String {
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
