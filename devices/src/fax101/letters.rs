//! The mails of a mail fax: M1 with the document, M2 that confirms it; both carry the number of their sender.

use bytes::Bytes;
use faxproof_wire::mime::{
    self, Action, DispositionType, Dsn, Extras, IpTelNumber, Mail, Mdn, Origin, Report,
};
use faxproof_wire::smtp::MailDsn;

use crate::config::FaxConfig;
use crate::core::{Entropy, Time};
use crate::number;
use crate::order::Document;
use crate::smtp::Envelope;

/// When a mail is written, and under which names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) now: Time,
    pub(super) key: u64,
    pub(super) message_id: &'a str,
}

/// What a report says.
#[derive(Clone, Debug)]
pub(super) struct Confirmation {
    /// Message-ID of the mail that it is about.
    pub(super) about: Option<String>,
    /// Number and address of who sends it.
    pub(super) number: Option<String>,
    pub(super) address: Option<String>,
    /// What became of the mail.
    pub(super) tells: Tells,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// It was printed, or as good as.
    Printed,
    /// It arrived and was not printed; why.
    NotPrinted(String),
    /// It did not arrive, and will not; why.
    NotDelivered(String),
    /// It is on its way: more may come.
    UnderWay(String),
}

/// A Message-ID without its brackets, drawn from what the mail is.
pub(super) fn message_id(config: &FaxConfig, entropy: &Entropy, what: (&str, u64)) -> String {
    format!("{}@{}", entropy.key(("message", what)).token(), config.mail_domain())
}

/// Whether what was typed is meant as a mail address.
pub(super) fn is_address(text: &str) -> bool {
    text.contains('@') && mime::Mailbox::parse(text).is_ok_and(|mailbox| mailbox.address() == text)
}

/// M1 (S306, S309). Without a mail address it goes to the number as a fax address (RFC 3192).
pub(super) fn m1(
    config: &FaxConfig,
    entropy: &Entropy,
    place: Place<'_>,
    (address, number): (Option<&str>, Option<&str>),
    document: &Document,
) -> Envelope {
    let by_number = || format!("FAX=+{}@{}", number::digits(number.unwrap_or_default()), config.domain);
    let to = address.map_or_else(by_number, str::to_owned);
    let (text, tiff) = match document {
        Document::Image { tiff, .. } => (None, Some(tiff)),
        Document::Text(text) => (Some(text.as_ref()), None),
    };
    let mail = Mail {
        from: &from(config),
        to: &to,
        subject: &format!("Fax from {}", config.number),
        date_unix_s: config.epoch_s.saturating_add_unsigned(place.now.whole_seconds()),
        message_id: place.message_id,
        boundary: &format!("fax-{}", entropy.key(("boundary", place.key)).token()),
        text,
        tiff,
        file_name: "fax.tif",
    };
    let asks = config.habits.mail.asks_confirmation;
    let extras = Extras { confirm_to: asks.then_some(config.mail.as_str()), ..Extras::default() };
    // A notification about the mail names it by this (RFC 3461 §4.4).
    let dsn = MailDsn { ret: None, envid: Some(place.message_id.to_owned()) };
    Envelope { dsn, ..Envelope::new(&config.mail, &to, mail.to_bytes_with(&extras)) }
}

/// What M2 says to people.
const PRINTED: &str =
    "Your fax was received and handed to the printer. This does not prove that anyone has read it.";

/// M2 (S355, S362): the MDN about a mail that was printed, or was not, to the address that asked for it. It goes out with
/// a null sender, so that nothing answers it (RFC 8098 §3).
pub(super) fn m2(
    config: &FaxConfig,
    entropy: &Entropy,
    place: Place<'_>,
    to: &str,
    (about, failure): (Option<&str>, Option<&str>),
) -> Envelope {
    let report = Report {
        from: &from(config),
        to,
        subject: if failure.is_some() { "Fax not printed (MDN)" } else { "Fax received (MDN)" },
        date_unix_s: config.epoch_s.saturating_add_unsigned(place.now.whole_seconds()),
        message_id: place.message_id,
        boundary: &format!("mdn-{}", entropy.key(("boundary", place.key)).token()),
        text: &failure.map_or_else(|| PRINTED.to_owned(), |why| format!("Your fax was not printed: {why}")),
        original_header: &[],
    };
    // RFC 3249 §4.4.1.2: `dispatched`, or `processed/error`.
    let kind = if failure.is_some() { DispositionType::Processed } else { DispositionType::Dispatched };
    let mut mdn = Mdn {
        reporting_ua: Some(format!("{}; faxproof", config.mail_domain())),
        original_message_id: about.map(str::to_owned),
        errors: failure.map(str::to_owned).into_iter().collect(),
        ..Mdn::automatic(&config.mail, kind)
    };
    mdn.disposition.modifiers.extend(failure.map(|_| "error".to_owned()));
    Envelope::new("", to, report.mdn(&mdn))
}

/// A report as it is read; `None`: the mail is no report that can be read. Of a DSN the ENVID tells what it is
/// about (RFC 3249 §4.3).
pub(super) fn read_m2(config: &FaxConfig, from: &str, message: &Bytes) -> Option<Confirmation> {
    let (about, tells) = match Mdn::read(message) {
        Ok(mdn) => {
            let failure = mdn.disposition.is_failure();
            let why = mdn.errors.first().cloned().unwrap_or_default();
            (mdn.original_message_id, if failure { Tells::NotPrinted(why) } else { Tells::Printed })
        }
        Err(_) => {
            let dsn = Dsn::read(message).ok()?;
            let about = dsn.recipients.first()?;
            let (class, subject, detail) = about.status;
            let said = about.diagnostic_code.as_ref().map(|said| said.value.clone());
            let why = said.unwrap_or_else(|| format!("status {class}.{subject}.{detail}"));
            let failed = dsn.recipients.iter().any(|recipient| recipient.action == Action::Failed);
            (dsn.envelope_id, if failed { Tells::NotDelivered(why) } else { Tells::UnderWay(why) })
        }
    };
    let origin = origin_of(config, from, message);
    let number = origin.number.ok().map(|number| number.to_string());
    Some(Confirmation { about, number, address: origin.address, tells })
}

/// Who sent a mail, by the places that this fax reads.
pub(super) fn origin_of(config: &FaxConfig, from: &str, message: &Bytes) -> Origin {
    let envelope = mime::Envelope { path: from, params: &[] };
    Origin::read(message, &envelope, &config.habits.mail.reads_number)
}

/// Our From, with our number in the declared place. A number that cannot stand there is left out.
fn from(config: &FaxConfig) -> String {
    let number = IpTelNumber::parse(&number::sip_user(&config.number)).ok();
    let written =
        number.and_then(|number| config.habits.mail.writes_number.write_from(&number, &config.mail));
    written.unwrap_or_else(|| config.mail.clone())
}
