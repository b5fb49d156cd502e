//! Who sent a mail: the IP telephone number that it gives, and the mail address that belongs to it.
//!
//! A device learns the pair and from then on calls that number when somebody types that address. So a
//! stranger must not be able to plant a number where a person reads something else: only the declared
//! place counts, it must be there once, and what can be read in two ways gives no number. A Reply-To,
//! a Sender, a Resent-From, a comment and a mail inside the mail never count.

use super::address::{AddressError, Entry, Mailbox, addresses};
use super::fields::{Field, Fields, FieldsError};
use super::number::{FaxLocalPart, IpTelNumber, NumberError};
use super::report::is_report;
use crate::smtp::Param;

/// A place where a sender may put its number. A device declares the ones that it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `From: IPTELNUM-05000009999 <fax-a@example.com>`: the display name is the token, and nothing else.
    DisplayName,
    /// `From: IPTELNUM-05000009999@example.com`.
    LocalPart,
    /// `From: FAX=+815000009999@example.com` (RFC 3192).
    FaxAddress,
    /// A private field, for example `X-IP-Telephone`, that holds the token or the bare number.
    Field(String),
    /// `From: IPTELNUM-050999999`, as the patent prints it. It has no address, so it breaks RFC 5322
    /// §3.6.2; the address then comes from MAIL FROM.
    PatentLiteral,
    /// `MAIL FROM:<IPTELNUM-05000009999@example.com>`.
    EnvelopeLocalPart,
    /// `MAIL FROM:<FAX=+815000009999@example.com>`.
    EnvelopeFaxAddress,
    /// `MAIL FROM:<..> XIPTELNUM=+815000009999`, to servers that list XIPTELNUM.
    EnvelopeParam,
}

/// What MAIL FROM said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Envelope<'a> {
    /// Its path without `<>`; empty for the null path.
    pub path: &'a str,
    /// Its parameters.
    pub params: &'a [Param],
}

/// What a mail says about its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The number, or why there is none.
    pub number: Result<IpTelNumber, NoNumber>,
    /// The mail address: MAIL FROM when that is a plain one, else the one in From.
    pub address: Option<String>,
}

/// Why a mail gives no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoNumber {
    /// No declared place holds one.
    #[error("no number is given")]
    Absent,
    /// The header is larger than is read.
    #[error(transparent)]
    Header(#[from] FieldsError),
    /// A line of the header is no field: where it ends, and so what is in it, is doubtful.
    #[error("a line of the header is no field")]
    StrayLine,
    /// The field is not there.
    #[error("there is no {0} field")]
    NoField(String),
    /// More than one field where one is allowed (RFC 5322 §3.6).
    #[error("there are several {0} fields")]
    SeveralFields(String),
    /// A control character, an octet that is no ASCII, a bare LF or an overlong line.
    #[error("the {0} field is not plain ASCII on lines that end on CRLF")]
    NotPlain(String),
    /// The From field is no address.
    #[error("From: {0}")]
    Address(#[from] AddressError),
    /// From names a group.
    #[error("From names a group")]
    Group,
    /// From names more than one mailbox.
    #[error("From names {0} mailboxes")]
    SeveralMailboxes(usize),
    /// The display name is an encoded word, which is for eyes only (RFC 2047 §5).
    #[error("the display name is an encoded word")]
    EncodedWord,
    /// The display name has words beside the number.
    #[error("the display name has other words beside the number")]
    OtherWords,
    /// It starts like a number and is none.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The declared places give different numbers.
    #[error("the mail gives two numbers, {0} and {1}")]
    Conflict(IpTelNumber, IpTelNumber),
    /// Nobody may be called for a mail without sender, unless it is a report (RFC 8098 §3, 3464 §2).
    #[error("the sender is null and the mail is no report")]
    NullSender,
}

impl Origin {
    /// Reads who sent `raw`, a whole mail or its header, with what its MAIL FROM said.
    pub fn read(raw: &[u8], envelope: &Envelope, forms: &[Form]) -> Origin {
        let fields = match Fields::read(raw) {
            Ok(fields) => fields,
            Err(error) => return Origin { number: Err(error.into()), address: None },
        };
        let from = from_field(&fields);
        let number = if envelope.path.is_empty() && !is_report(raw) {
            Err(NoNumber::NullSender)
        } else {
            number(&fields, &from, envelope, forms)
        };
        Origin { number, address: address(&from, envelope.path) }
    }
}

impl Form {
    /// The From field of a mail that carries `number` in this place; `mailbox` is the sender's address. A
    /// place outside of From leaves the address as it is. `None` when this place cannot hold the
    /// number: a fax address holds only an international one.
    pub fn write_from(&self, number: &IpTelNumber, mailbox: &str) -> Option<String> {
        let domain = || mailbox.rsplit_once('@').map(|(_, domain)| domain);
        match self {
            Form::DisplayName => Some(format!("{} <{mailbox}>", number.token())),
            Form::LocalPart => Some(format!("{}@{}", number.token(), domain()?)),
            Form::FaxAddress => Some(format!("{}@{}", fax_local_part(number)?, domain()?)),
            Form::PatentLiteral => Some(number.token()),
            _ => Some(mailbox.to_owned()),
        }
    }

    /// The path of MAIL FROM for a mail that carries `number` in this place, without `<>`; as above.
    pub fn write_path(&self, number: &IpTelNumber, mailbox: &str) -> Option<String> {
        let domain = || mailbox.rsplit_once('@').map(|(_, domain)| domain);
        match self {
            Form::EnvelopeLocalPart => Some(format!("{}@{}", number.token(), domain()?)),
            Form::EnvelopeFaxAddress => Some(format!("{}@{}", fax_local_part(number)?, domain()?)),
            _ => Some(mailbox.to_owned()),
        }
    }
}

fn fax_local_part(number: &IpTelNumber) -> Option<String> {
    FaxLocalPart { number: number.clone(), subaddress: None }.to_local_part().ok()
}

/// What the From field is.
enum From {
    Mailbox(Mailbox),
    /// A token without an address.
    Literal(Result<IpTelNumber, NumberError>),
}

fn from_field(fields: &Fields) -> Result<From, NoNumber> {
    if fields.strays > 0 {
        return Err(NoNumber::StrayLine);
    }
    let text = the_one(fields, "From")?.ok_or_else(|| NoNumber::NoField("From".to_owned()))?;
    let is_bare = !text.contains(['@', '<', ',', ';', ':', ' ']);
    if let Some(number) = IpTelNumber::from_token(text).filter(|_| is_bare) {
        return Ok(From::Literal(number));
    }
    let entries = addresses(text)?;
    match <[Entry; 1]>::try_from(entries) {
        Ok([Entry::Mailbox(mailbox)]) => Ok(From::Mailbox(mailbox)),
        Ok([Entry::Group]) => Err(NoNumber::Group),
        Err(entries) => Err(NoNumber::SeveralMailboxes(entries.len())),
    }
}

/// The plain text of the only field of this name.
fn the_one<'a>(fields: &'a Fields, name: &'a str) -> Result<Option<&'a str>, NoNumber> {
    let mut named = fields.named(name);
    let Some(field) = named.next() else { return Ok(None) };
    if named.next().is_some() {
        return Err(NoNumber::SeveralFields(name.to_owned()));
    }
    Field::plain(field).map(Some).ok_or_else(|| NoNumber::NotPlain(name.to_owned()))
}

fn number(
    fields: &Fields,
    from: &Result<From, NoNumber>,
    envelope: &Envelope,
    forms: &[Form],
) -> Result<IpTelNumber, NoNumber> {
    let mut found: Option<IpTelNumber> = None;
    for form in forms {
        let next = match form {
            Form::DisplayName | Form::LocalPart | Form::FaxAddress | Form::PatentLiteral => {
                in_from(from.as_ref().map_err(NoNumber::clone)?, form, forms)?
            }
            Form::Field(_) if fields.strays > 0 => return Err(NoNumber::StrayLine),
            Form::Field(name) => the_one(fields, name)?.map(token_or_number).transpose()?,
            Form::EnvelopeLocalPart => from_local_part(local_part(envelope.path))?,
            Form::EnvelopeFaxAddress => from_fax_address(local_part(envelope.path))?,
            Form::EnvelopeParam => in_param(envelope.params)?,
        };
        found = match (found, next) {
            (Some(first), Some(second)) if !first.may_be(&second) => {
                return Err(NoNumber::Conflict(first, second));
            }
            // The international one says more.
            (Some(first), Some(second)) if second.is_international() && !first.is_international() => {
                Some(second)
            }
            (first, second) => first.or(second),
        };
    }
    found.ok_or(NoNumber::Absent)
}

fn in_from(from: &From, form: &Form, forms: &[Form]) -> Result<Option<IpTelNumber>, NoNumber> {
    match (from, form) {
        (From::Literal(number), Form::PatentLiteral) => Ok(Some(number.clone()?)),
        (From::Literal(_), _) if forms.contains(&Form::PatentLiteral) => Ok(None),
        (From::Literal(_), _) => Err(AddressError::Malformed.into()),
        (From::Mailbox(mailbox), Form::DisplayName) => in_display_name(&mailbox.name),
        (From::Mailbox(mailbox), Form::LocalPart) => from_local_part(&mailbox.local),
        (From::Mailbox(mailbox), Form::FaxAddress) => from_fax_address(&mailbox.local),
        _ => Ok(None),
    }
}

fn in_display_name(words: &[String]) -> Result<Option<IpTelNumber>, NoNumber> {
    if words.iter().any(|word| word.starts_with("=?") && word.ends_with("?=")) {
        return Err(NoNumber::EncodedWord);
    }
    match words {
        [word] => from_local_part(word),
        words if words.iter().any(|word| IpTelNumber::from_token(word).is_some()) => {
            Err(NoNumber::OtherWords)
        }
        _ => Ok(None),
    }
}

fn from_local_part(text: &str) -> Result<Option<IpTelNumber>, NoNumber> {
    Ok(IpTelNumber::from_token(text).transpose()?)
}

fn from_fax_address(local: &str) -> Result<Option<IpTelNumber>, NoNumber> {
    Ok(FaxLocalPart::parse(local).transpose()?.map(|fax| fax.number))
}

fn token_or_number(text: &str) -> Result<IpTelNumber, NumberError> {
    IpTelNumber::from_token(text).unwrap_or_else(|| IpTelNumber::parse(text))
}

fn in_param(params: &[Param]) -> Result<Option<IpTelNumber>, NoNumber> {
    let mut values = params.iter().filter(|param| param.keyword.eq_ignore_ascii_case(PARAM));
    let Some(param) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(NoNumber::SeveralFields(PARAM.to_owned()));
    }
    Ok(Some(IpTelNumber::parse(param.value.as_deref().unwrap_or_default())?))
}

const PARAM: &str = "XIPTELNUM";

fn local_part(path: &str) -> &str {
    path.rsplit_once('@').map_or(path, |(local, _)| local)
}

/// A MAIL FROM that is itself a number tells nothing about the mailbox.
fn address(from: &Result<From, NoNumber>, path: &str) -> Option<String> {
    let local = local_part(path);
    let is_number = IpTelNumber::from_token(local).is_some() || FaxLocalPart::parse(local).is_some();
    if !is_number && let Ok(mailbox) = Mailbox::parse(path) {
        return Some(mailbox.address());
    }
    match from {
        Ok(From::Mailbox(mailbox)) => Some(mailbox.address()),
        _ => None,
    }
}
