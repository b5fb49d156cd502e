//! May a mail be confirmed by a machine, and to whom? Whoever answers every request can be made to
//! bomb a stranger with mail, or to answer answers for ever (RFC 8098 §2.1, §6.4).

use super::address::{Entry, Mailbox, addresses};
use super::fields::{Field, Fields, FieldsError};
use super::report::is_report;

/// Why no automatic MDN may be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMdn {
    /// The header is larger than is read.
    #[error(transparent)]
    Header(#[from] FieldsError),
    /// Nobody asked for one, and an unsolicited one is forbidden (RFC 2532 §2.2.1).
    #[error("no MDN was asked for")]
    NotAsked,
    /// The mail is itself an MDN or a DSN: never answered.
    #[error("a report is never confirmed")]
    IsReport,
    /// Disposition-Notification-To is there more than once.
    #[error("there are several Disposition-Notification-To fields")]
    SeveralRequests,
    /// It names more than one address, or a group.
    #[error("Disposition-Notification-To names several addresses")]
    SeveralAddresses,
    /// It is no address.
    #[error("Disposition-Notification-To is no address")]
    NoAddress,
    /// Nobody knows where the mail came from.
    #[error("there is no Return-Path")]
    NoReturnPath,
    /// More than one Return-Path, or one that is no address.
    #[error("the Return-Path is not one address")]
    DoubtfulReturnPath,
    /// The mail came from the null path: it wants no answer of any kind.
    #[error("the Return-Path is null")]
    NullReturnPath,
    /// The address that asks is not the one that the mail came from.
    #[error("{asking} asks, but the mail came from {return_path}")]
    OtherReturnPath {
        /// Disposition-Notification-To.
        asking: String,
        /// Return-Path.
        return_path: String,
    },
    /// An option must be understood and is not (§2.2).
    #[error("the option {0} is required and not understood")]
    OptionRequired(String),
    /// Disposition-Notification-Options cannot be read, so one of them may be required.
    #[error("Disposition-Notification-Options cannot be read")]
    DoubtfulOptions,
}

/// One of Disposition-Notification-Options (§2.2): `attribute=importance,value,value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MdnOption {
    /// Its name, in lower case.
    pub attribute: String,
    /// Who does not understand it must not send a normal MDN.
    pub is_required: bool,
    /// Its values.
    pub values: Vec<String>,
}

/// The most options of a mail that are read.
const MAX_OPTIONS: usize = 32;

/// Whether an automatic MDN may be sent for `raw`, a whole mail or its header, and the address that it
/// goes to. `mail_from` is the path of MAIL FROM when the device got the mail by SMTP itself; without
/// it, as from a POP3 server, the Return-Path field tells. `understood` are the options that the
/// device acts upon, in lower case.
///
/// # Errors
/// [`NoMdn`] says why not. Whether the device's owner wants MDNs at all is a question for the device.
pub fn may_confirm(raw: &[u8], mail_from: Option<&str>, understood: &[&str]) -> Result<String, NoMdn> {
    let fields = Fields::read(raw)?;
    let asking = asking(&fields)?;
    if is_report(raw) {
        return Err(NoMdn::IsReport);
    }
    let path = match mail_from {
        Some(path) => path.to_owned(),
        None => return_path(&fields)?,
    };
    if path.is_empty() {
        return Err(NoMdn::NullReturnPath);
    }
    let path = Mailbox::parse(&path).map_err(|_| NoMdn::DoubtfulReturnPath)?;
    if !path.is_same(&asking) {
        return Err(NoMdn::OtherReturnPath { asking: asking.address(), return_path: path.address() });
    }
    let options = mdn_options(&fields).ok_or(NoMdn::DoubtfulOptions)?;
    let unknown = |option: &MdnOption| option.is_required && !understood.contains(&option.attribute.as_str());
    match options.into_iter().find(unknown) {
        Some(option) => Err(NoMdn::OptionRequired(option.attribute)),
        None => Ok(asking.address()),
    }
}

/// The options that come with a request; `None` when they cannot be read. White space means nothing.
pub fn mdn_options(fields: &Fields) -> Option<Vec<MdnOption>> {
    let mut options = Vec::new();
    for field in fields.named("Disposition-Notification-Options") {
        for text in outside_quotes(field.plain()?, ';') {
            if options.len() == MAX_OPTIONS {
                return None;
            }
            if !text.trim().is_empty() {
                options.push(MdnOption::parse(text)?);
            }
        }
    }
    Some(options)
}

impl MdnOption {
    fn parse(text: &str) -> Option<MdnOption> {
        let (attribute, rest) = text.split_once('=')?;
        let mut words = outside_quotes(rest, ',').into_iter().map(|word| word.trim().to_owned());
        let importance = words.next()?.to_ascii_lowercase();
        let attribute = attribute.trim().to_ascii_lowercase();
        let is_required = match importance.as_str() {
            "required" => true,
            "optional" => false,
            _ => return None,
        };
        let is_name = !attribute.is_empty() && attribute.bytes().all(|octet| octet.is_ascii_graphic());
        is_name.then(|| MdnOption { attribute, is_required, values: words.collect() })
    }
}

fn asking(fields: &Fields) -> Result<Mailbox, NoMdn> {
    let mut named = fields.named("Disposition-Notification-To");
    let field = named.next().ok_or(NoMdn::NotAsked)?;
    if named.next().is_some() {
        return Err(NoMdn::SeveralRequests);
    }
    let entries = field.plain().and_then(|text| addresses(text).ok()).ok_or(NoMdn::NoAddress)?;
    match <[Entry; 1]>::try_from(entries) {
        Ok([Entry::Mailbox(mailbox)]) => Ok(mailbox),
        _ => Err(NoMdn::SeveralAddresses),
    }
}

/// Where a mail came from, by its only Return-Path; `None` where that does not tell. Empty for the null path.
pub fn sender_path(raw: &[u8]) -> Option<String> {
    return_path(&Fields::read(raw).ok()?).ok()
}

/// The address in the only Return-Path field; empty for the null path.
fn return_path(fields: &Fields) -> Result<String, NoMdn> {
    let mut named = fields.named("Return-Path");
    let field = named.next().ok_or(NoMdn::NoReturnPath)?;
    if named.next().is_some() {
        return Err(NoMdn::DoubtfulReturnPath);
    }
    let text = Field::plain(field).ok_or(NoMdn::DoubtfulReturnPath)?;
    if text.split_ascii_whitespace().collect::<String>() == "<>" {
        return Ok(String::new());
    }
    Mailbox::parse(text).map(|path| path.address()).map_err(|_| NoMdn::DoubtfulReturnPath)
}

/// Cuts a text at each `separator` outside of quotes.
fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut in_quotes, mut escaped) = (false, false);
    let cut = |letter: char| {
        let is_cut = letter == separator && !in_quotes;
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            _ => {}
        }
        is_cut
    };
    text.split(cut).collect()
}
