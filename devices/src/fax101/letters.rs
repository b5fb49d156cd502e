//! The mails of a mail fax: M1 with the document, M2 that confirms it; both carry the number of their sender.

use bytes::Bytes;
use faxproof_wire::mime::{self, DispositionType, Extras, IpTelNumber, Mail, Mdn, Origin, Report};

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

/// What M2 says.
#[derive(Clone, Debug)]
pub(super) struct Confirmation {
    /// Message-ID of the mail that it is about.
    pub(super) about: Option<String>,
    /// Number and address of who sends it.
    pub(super) number: Option<String>,
    pub(super) address: Option<String>,
    /// Why the fax was not printed, if it was not.
    pub(super) failure: Option<String>,
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
    Envelope { from: config.mail.clone(), to: to.clone(), message: mail.to_bytes_with(&extras) }
}

/// M2 (S355, S362): the MDN about a mail that was printed, to the address that asked for it. It goes out with
/// a null sender, so that nothing answers it (RFC 8098 §3).
pub(super) fn m2(
    config: &FaxConfig,
    entropy: &Entropy,
    place: Place<'_>,
    to: &str,
    about: Option<&str>,
) -> Envelope {
    let report = Report {
        from: &from(config),
        to,
        subject: "Fax received (MDN)",
        date_unix_s: config.epoch_s.saturating_add_unsigned(place.now.whole_seconds()),
        message_id: place.message_id,
        boundary: &format!("mdn-{}", entropy.key(("boundary", place.key)).token()),
        text: "Your fax was received and handed to the printer. This does not prove that anyone has read it.",
        original_header: &[],
    };
    let mdn = Mdn {
        reporting_ua: Some(format!("{}; faxproof", config.mail_domain())),
        original_message_id: about.map(str::to_owned),
        ..Mdn::automatic(&config.mail, DispositionType::Dispatched)
    };
    Envelope { from: String::new(), to: to.to_owned(), message: report.mdn(&mdn) }
}

/// M2 as it is read; `None`: the mail is no report that can be read.
pub(super) fn read_m2(config: &FaxConfig, from: &str, message: &Bytes) -> Option<Confirmation> {
    let origin = origin_of(config, from, message);
    let mdn = Mdn::read(message).ok()?;
    let failure = mdn.disposition.is_failure().then(|| mdn.errors.first().cloned().unwrap_or_default());
    Some(Confirmation {
        about: mdn.original_message_id,
        number: origin.number.ok().map(|number| number.to_string()),
        address: origin.address,
        failure,
    })
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
