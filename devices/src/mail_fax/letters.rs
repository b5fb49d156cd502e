//! The mails of a mail fax: M1 with the document, M2 that confirms it; both carry the number of their sender.

use bytes::Bytes;
use faxproof_wire::features::Filter;
use faxproof_wire::mime::{
    self, Action, Alternative, DispositionType, Dsn, Extras, Form, IpTelNumber, Lifetime, Mail, Mdn, Origin,
    Original, Report,
};
use faxproof_wire::page::tiff;
use faxproof_wire::smtp::MailDsn;

use super::reforming::{self, Enclosure};
use crate::config::FaxConfig;
use crate::core::{Entropy, Time};
use crate::number;
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
    /// What its sender can print (Media-Accept-Features).
    pub(super) capabilities: Option<String>,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// It was printed, or as good as.
    Printed,
    /// It arrived and was not printed; why.
    NotPrinted(String),
    /// It arrived and was perhaps not printed; why.
    Doubtful(String),
    /// It did not arrive, and will not; why.
    NotDelivered(String),
    /// It is on its way: more may come.
    UnderWay(String),
    /// It was not printed, and another form of it is wanted (RFC 3297 §3.2.3).
    WantsAnother,
}

/// A Message-ID without its brackets, drawn from what the mail is.
pub(super) fn message_id(config: &FaxConfig, entropy: &Entropy, what: (&str, u64)) -> String {
    format!("{}@{}", entropy.key(("message", what)).token(), config.mail_domain())
}

/// Whether what was typed is meant as a mail address.
pub(super) fn is_address(text: &str) -> bool {
    text.contains('@') && mime::Mailbox::parse(text).is_ok_and(|mailbox| mailbox.address() == text)
}

/// How a mail carries the number of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// M1 and M3: in the declared place, and a confirmation is asked for.
    Plain,
    /// S108: in MAIL FROM. The 250 is the receipt, so no confirmation is asked for; one could not be, since the
    /// address that asks must be that of MAIL FROM (RFC 8098 §2.1).
    Extended,
}

/// M1 (S306, S309), M3 (S110), and the mail of S108. Without a mail address it goes to the number as a fax address (RFC 3192).
pub(super) fn m1(
    config: &FaxConfig,
    entropy: &Entropy,
    place: Place<'_>,
    (address, number): (Option<&str>, Option<&str>),
    (enclosed, kind): (&Enclosure, Kind),
) -> Envelope {
    let by_number = || format!("FAX=+{}@{}", number::digits(number.unwrap_or_default()), config.line.domain);
    let to = address.map_or_else(by_number, str::to_owned);
    let extended = kind == Kind::Extended;
    let mail = Mail {
        from: &if extended { config.mail.clone() } else { from(config) },
        to: &to,
        subject: &format!("Fax from {}", config.line.number),
        date_unix_s: config.epoch_s.saturating_add_unsigned(place.now.whole_seconds()),
        message_id: place.message_id,
        boundary: &format!("fax-{}", entropy.key(("boundary", place.key)).token()),
        text: enclosed.text.as_deref(),
        tiff: enclosed.tiff.as_ref(),
        file_name: "fax.tif",
    };
    let asks = config.mail_habits.asks_confirmation && !extended;
    // Nobody keeps the pages for longer than the answer takes.
    let offer = Alternative::Available(Lifetime::Transient).to_string();
    let extras = Extras {
        confirm_to: asks.then_some(config.mail.as_str()),
        confirm_options: enclosed.alternative.as_ref().filter(|_| asks).map(|_| offer.as_str()),
        original_message_id: enclosed.original.as_deref(),
        // Content-Previous (RFC 4141 §8) is for who converts what others wrote.
        features: enclosed.features.as_ref(),
        alternatives: enclosed.alternative.as_slice(),
        ..Extras::default()
    };
    // A notification about the mail names it by this (RFC 3461 §4.4).
    let dsn = MailDsn { ret: None, envid: Some(place.message_id.to_owned()) };
    let sender = if extended { numbered_sender(config) } else { config.mail.clone() };
    Envelope { dsn, ..Envelope::new(sender, &to, mail.to_bytes_with(&extras)) }
}

/// What M2 says to people.
const PRINTED: &str =
    "Your fax was received and handed to the printer. This does not prove that anyone has read it.";

const PUT_OFF: &str =
    "Your fax was not printed yet: please send it again in the best form that this fax can print.";

/// What became of a mail that arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was printed.
    #[default]
    Printed,
    /// It was not, and will not be; why.
    Refused(String),
    /// It was not: a better form of it is wanted.
    PutOff,
}

/// M2 (S355, S362): the MDN about a mail that was printed, or was not, to the address that asked for it. It goes out with
/// a null sender, so that nothing answers it (RFC 8098 §3).
pub(super) fn m2(
    config: &FaxConfig,
    entropy: &Entropy,
    place: Place<'_>,
    to: &str,
    (about, fate): (Option<&str>, &Fate),
) -> Envelope {
    let habits = &config.mail_habits;
    let (subject, text) = match fate {
        Fate::Printed => ("Fax received (MDN)", PRINTED.to_owned()),
        Fate::Refused(why) => ("Fax not printed (MDN)", format!("Your fax was not printed: {why}")),
        Fate::PutOff => ("Fax wanted in another form (MDN)", PUT_OFF.to_owned()),
    };
    let report = Report {
        from: &from(config),
        to,
        subject,
        date_unix_s: config.epoch_s.saturating_add_unsigned(place.now.whole_seconds()),
        message_id: place.message_id,
        boundary: &format!("mdn-{}", entropy.key(("boundary", place.key)).token()),
        text: &text,
        original: Original::Nothing,
    };
    // RFC 3249 §4.4.1.2: `dispatched`, or `processed/error`.
    let mut mdn = match fate {
        Fate::Printed => Mdn::automatic(&config.mail, DispositionType::Dispatched),
        Fate::Refused(_) => Mdn::automatic(&config.mail, DispositionType::Processed),
        Fate::PutOff => {
            Mdn::alternative_preferred(&config.mail, about.unwrap_or_default(), &habits.prints.filter())
        }
    };
    if let Fate::Refused(why) = fate {
        mdn.errors.push(why.clone());
        mdn.disposition.modifiers.push("error".to_owned());
    }
    if habits.states_capabilities {
        let truth = || habits.prints.filter().to_string();
        mdn.media_accept_features = Some(habits.states.clone().unwrap_or_else(truth));
    }
    mdn.original_message_id = about.map(str::to_owned);
    mdn.reporting_ua = Some(format!("{}; faxproof", config.mail_domain()));
    Envelope::new("", to, report.mdn(&mdn))
}

/// Whether a mail is put off, since it offers pages that this fax prints better (RFC 3297 §3.2.3): somebody may be
/// asked for them, the offer is made to this fax, and it is worth it.
pub(super) fn puts_off(config: &FaxConfig, path: Option<&str>, message: &Bytes) -> bool {
    let habits = &config.mail_habits;
    if !habits.prefers_alternative || !habits.confirms {
        return false;
    }
    let Ok(fields) = mime::Fields::read(message) else { return false };
    let offer = mime::mdn_options(&fields).and_then(|options| Alternative::of(&options));
    let named = || mime::is_addressed_to(&fields, |mailbox| config.is_own_address(&mailbox.address()));
    let may_ask = || mime::may_confirm(message, path, &UNDERSTOOD).is_ok();
    if !matches!(offer, Some(Alternative::Available(_))) || !named() || !may_ask() {
        return false;
    }
    let Ok(mail) = mime::read(message) else { return false };
    let offered: Vec<Filter> = mail.alternatives.iter().filter_map(|told| Filter::parse(told).ok()).collect();
    let came = mail.tiffs.first().and_then(|file| tiff::read(file).ok()).map(|pages| pages[0].form());
    mail.message_id.is_some() && came.is_some_and(|came| reforming::is_better(&habits.prints, &offered, came))
}

/// The options of a request for an MDN that this fax acts upon.
pub(super) const UNDERSTOOD: [&str; 2] = ["alternative-available", "alternative-not-available"];

/// A report as it is read; `None`: the mail is no report that can be read. Of a DSN the ENVID tells what it is
/// about (RFC 3249 §4.3).
pub(super) fn read_m2(config: &FaxConfig, from: &str, message: &Bytes) -> Option<Confirmation> {
    let (about, tells, capabilities) = match Mdn::read(message) {
        Ok(mdn) => {
            let why = mdn.errors.first().cloned().unwrap_or_else(|| mdn.disposition.to_string());
            let tells = match &mdn.disposition {
                told if told.prefers_alternative() => Tells::WantsAnother,
                told if told.is_failure() => Tells::NotPrinted(why),
                told if told.is_doubtful() => Tells::Doubtful(why),
                _ => Tells::Printed,
            };
            (mdn.original_message_id, tells, mdn.media_accept_features)
        }
        Err(_) => {
            let dsn = Dsn::read(message).ok()?;
            let about = dsn.recipients.first()?;
            let (class, subject, detail) = about.status;
            let said = about.diagnostic_code.as_ref().map(|said| said.value.clone());
            let why = said.unwrap_or_else(|| format!("status {class}.{subject}.{detail}"));
            let failed = dsn.recipients.iter().any(|recipient| recipient.action == Action::Failed);
            let capabilities = about.media_accept_features.clone();
            (
                dsn.envelope_id,
                if failed { Tells::NotDelivered(why) } else { Tells::UnderWay(why) },
                capabilities,
            )
        }
    };
    let origin = origin_of(config, from, message);
    let number = origin.number.ok().map(|number| number.to_string());
    Some(Confirmation { about, number, address: origin.address, tells, capabilities })
}

/// Who sent a mail, by the places that this fax reads.
pub(super) fn origin_of(config: &FaxConfig, from: &str, message: &Bytes) -> Origin {
    let envelope = mime::Envelope { path: from, params: &[] };
    Origin::read(message, &envelope, &config.mail_habits.reads_number)
}

/// Our MAIL FROM with our number in it: as a fax address where the number is international (RFC 3192), else as
/// a token.
fn numbered_sender(config: &FaxConfig) -> String {
    let number = IpTelNumber::parse(&number::sip_user(&config.line.number)).ok();
    let places = [Form::EnvelopeFaxAddress, Form::EnvelopeLocalPart];
    let path =
        number.and_then(|number| places.iter().find_map(|place| place.write_path(&number, &config.mail)));
    path.unwrap_or_else(|| config.mail.clone())
}

/// Our From, with our number in the declared place. A number that cannot stand there is left out.
fn from(config: &FaxConfig) -> String {
    let number = IpTelNumber::parse(&number::sip_user(&config.line.number)).ok();
    let written =
        number.and_then(|number| config.mail_habits.writes_number.write_from(&number, &config.mail));
    written.unwrap_or_else(|| config.mail.clone())
}
