//! Asking for a mail again in a better form (RFC 3297). The sender of a mail that says what else it has offers
//! it with an option of its request for an MDN; a receiver that wants something else says so in the MDN, with
//! what it can print; the sender sends a second mail that names the first one, and offers nothing more.

use std::fmt;

use super::address::{Entry, Mailbox, addresses};
use super::confirm::MdnOption;
use super::dsn::DsnRecipient;
use super::fields::Fields;
use super::mdn::{Disposition, DispositionType, Mdn};
use crate::features::{Filter, FilterError};

/// What a sender says about other forms of its mail, as an option of its request for an MDN (RFC 3297 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// `Alternative-available`: there are some, for so long.
    Available(Lifetime),
    /// `Alternative-not-available`: there are none any more, in the answer to who asked for one.
    NotAvailable,
}

/// How long a sender keeps what other forms are made of (RFC 3297 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// For days at least.
    Permanent,
    /// Perhaps no longer than the exchange takes: a receiver that can print what it has should keep it.
    Transient,
}

impl Alternative {
    /// What the options of a request say. A lifetime that is not known is taken as transient, the one that
    /// promises less. Whether the option is required or optional changes nothing for who understands it.
    pub fn of(options: &[MdnOption]) -> Option<Alternative> {
        options.iter().find_map(|option| match option.attribute.as_str() {
            "alternative-available" => {
                let is_permanent =
                    option.values.first().is_some_and(|it| it.eq_ignore_ascii_case("permanent"));
                let lifetime = if is_permanent { Lifetime::Permanent } else { Lifetime::Transient };
                Some(Alternative::Available(lifetime))
            }
            "alternative-not-available" => Some(Alternative::NotAvailable),
            _ => None,
        })
    }
}

impl fmt::Display for Alternative {
    /// As [`Extras::confirm_options`](super::Extras::confirm_options) takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Alternative::Available(Lifetime::Permanent) => "Alternative-available=optional,permanent",
            Alternative::Available(Lifetime::Transient) => "Alternative-available=optional,transient",
            Alternative::NotAvailable => "Alternative-not-available=required,(TRUE)",
        })
    }
}

/// Modifiers of a disposition of `deleted` (RFC 3297 §6.2, §6.4).
const ALTERNATIVE_PREFERRED: &str = "alternative-preferred";
const ORIGINAL_LOST: &str = "original-lost";

impl Mdn {
    /// The facts of an MDN that asks for another form of the mail `about`, one that `accepts` takes (RFC 3297
    /// §3.2.3). It may be sent only where one was offered and to who [named](is_addressed_to) the recipient.
    pub fn alternative_preferred(final_recipient: &str, about: &str, accepts: &Filter) -> Mdn {
        let mut mdn = Mdn::automatic(final_recipient, DispositionType::Deleted);
        mdn.disposition.modifiers.push(ALTERNATIVE_PREFERRED.to_owned());
        mdn.original_message_id = Some(about.to_owned());
        mdn.media_accept_features = Some(accepts.to_string());
        mdn
    }

    /// The facts of an MDN that says the mail `about` is lost: neither printed nor sent again (RFC 3297 §6.4).
    pub fn original_lost(final_recipient: &str, about: &str) -> Mdn {
        let mut mdn = Mdn::automatic(final_recipient, DispositionType::Deleted);
        mdn.disposition.modifiers.push(ORIGINAL_LOST.to_owned());
        mdn.original_message_id = Some(about.to_owned());
        mdn
    }

    /// What the recipient can print; `None` when the MDN does not tell. What comes with a
    /// [wish](Disposition::prefers_alternative) for another form holds for this mail only and must not be
    /// remembered (RFC 3297 §6.2).
    pub fn accepts(&self) -> Option<Result<Filter, FilterError>> {
        self.media_accept_features.as_deref().map(Filter::parse)
    }
}

impl DsnRecipient {
    /// What the recipient can print; `None` when the DSN does not tell (RFC 2530 §3).
    pub fn accepts(&self) -> Option<Result<Filter, FilterError>> {
        self.media_accept_features.as_deref().map(Filter::parse)
    }
}

impl Disposition {
    /// The mail was not printed, and another form of it is wanted.
    pub fn prefers_alternative(&self) -> bool {
        self.kind == DispositionType::Deleted && self.has(ALTERNATIVE_PREFERRED)
    }

    /// The mail was not printed, and will not be.
    pub fn has_lost_original(&self) -> bool {
        self.kind == DispositionType::Deleted && self.has(ORIGINAL_LOST)
    }
}

/// Whether a mail names a mailbox of one's own in To, Cc or Bcc, alone and not in a group. Nobody else may ask for
/// another form of it (RFC 3297 §3.2.3).
pub fn is_addressed_to(fields: &Fields, is_own: impl Fn(&Mailbox) -> bool) -> bool {
    let named = ["To", "Cc", "Bcc"].into_iter().flat_map(|name| fields.named(name));
    let entries = named.filter_map(|field| addresses(field.plain()?).ok()).flatten();
    entries.into_iter().any(|entry| matches!(entry, Entry::Mailbox(named) if is_own(&named)))
}
