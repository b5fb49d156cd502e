//! Message disposition notifications (RFC 8098): what became of a mail after its delivery. Written as
//! RFC 8098 says, read as it and both of its forerunners do (RFC 2298, RFC 3798), because the devices in
//! the field are older than it.

use bytes::Bytes;

use super::fields::Fields;
use super::report::{Report, ReportError, field, read_facts};

/// The facts of an MDN (RFC 8098 §3.1). One MDN is about one recipient of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mdn {
    /// Reporting-UA: `host; product`.
    pub reporting_ua: Option<String>,
    /// Original-Recipient: the address as the sender wrote it, when it is known.
    pub original_recipient: Option<Typed>,
    /// Final-Recipient: the address of the mailbox that the mail came to.
    pub final_recipient: Typed,
    /// Original-Message-ID without its `<>`: what the MDN is about. Must be there when the mail had one.
    pub original_message_id: Option<String>,
    /// What became of the mail.
    pub disposition: Disposition,
    /// Error fields: texts for people.
    pub errors: Vec<String>,
    /// Media-Accept-Features (RFC 2530 §3): what the recipient can print, an expression of RFC 2533.
    pub media_accept_features: Option<String>,
    /// Other fields, name and value.
    pub extensions: Vec<(String, String)>,
}

/// A value with its type: `rfc822; fax-b@example.net`, `dns; mx.example.net`, `smtp; 550 no`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The type, in lower case.
    pub kind: String,
    /// The value.
    pub value: String,
}

/// The Disposition field (RFC 8098 §3.2.6): `action/sending; type/modifier,modifier`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// Nobody had to do anything for it: `automatic-action`.
    pub is_automatic_action: bool,
    /// Nobody had to agree to the MDN: `MDN-sent-automatically`.
    pub is_sent_automatically: bool,
    /// What was done.
    pub kind: DispositionType,
    /// What is to be added to that, in lower case: `error`, `warning` and the like. One that is not
    /// known means nothing (RFC 8098 §3.2.6.3).
    pub modifiers: Vec<String>,
    /// A comma stood where the semicolon belongs. The text of RFC 3297 §6.2 has this slip, so devices that
    /// were built after it are understood; a judge of a device has it here.
    pub has_comma_slip: bool,
}

/// What was done with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DispositionType {
    /// Shown to somebody. No proof that it was read.
    Displayed,
    /// Sent on without being shown: printed, faxed. What a fax says when all is well (RFC 3249 §4.4.1.2).
    Dispatched,
    /// Handled by a rule in some other way; with `error`, what a fax says when it could not print.
    Processed,
    /// Deleted; the recipient may or may not have seen it.
    Deleted,
    /// The recipient does not want to say (RFC 2298 only).
    Denied,
    /// No MDN could be made (RFC 2298 only).
    Failed,
}

impl Mdn {
    /// The facts of an automatic MDN without anything that may be left out.
    pub fn automatic(final_recipient: &str, kind: DispositionType) -> Mdn {
        Mdn {
            reporting_ua: None,
            original_recipient: None,
            final_recipient: Typed::rfc822(final_recipient),
            original_message_id: None,
            disposition: Disposition {
                is_automatic_action: true,
                is_sent_automatically: true,
                kind,
                modifiers: Vec::new(),
                has_comma_slip: false,
            },
            errors: Vec::new(),
            media_accept_features: None,
            extensions: Vec::new(),
        }
    }

    /// Reads a whole mail that is an MDN.
    ///
    /// # Errors
    /// [`ReportError`]: it is another mail, or Final-Recipient or Disposition tells nothing.
    pub fn read(raw: &[u8]) -> Result<Mdn, ReportError> {
        let facts = read_facts(raw, "message/disposition-notification")?;
        Mdn::from_facts(&Fields::read(facts.trim_ascii_start())?)
    }

    fn from_facts(fields: &Fields) -> Result<Mdn, ReportError> {
        let typed = |name: &str| fields.text(name).and_then(|text| Typed::parse(&text, "rfc822"));
        let missing =
            |field: &'static str| ReportError::Field { field, value: fields.text(field).unwrap_or_default() };
        let disposition = fields.text("Disposition").and_then(|text| Disposition::parse(&text));
        let others =
            fields.iter().filter(|field| !KNOWN.iter().any(|name| field.name.eq_ignore_ascii_case(name)));
        Ok(Mdn {
            reporting_ua: fields.text("Reporting-UA"),
            original_recipient: typed("Original-Recipient"),
            final_recipient: typed("Final-Recipient").ok_or_else(|| missing("Final-Recipient"))?,
            original_message_id: fields.text("Original-Message-ID").and_then(|text| message_id(&text)),
            disposition: disposition.ok_or_else(|| missing("Disposition"))?,
            errors: fields.named("Error").map(super::fields::Field::text).collect(),
            media_accept_features: fields.text("Media-Accept-Features"),
            extensions: others.map(|field| (field.name.clone(), field.text())).collect(),
        })
    }

    fn to_facts(&self) -> String {
        let mut out = String::new();
        let mut add = |name: &str, value: Option<String>| out.extend(value.map(|value| field(name, &value)));
        add("Reporting-UA", self.reporting_ua.clone());
        add("Original-Recipient", self.original_recipient.as_ref().map(Typed::to_string));
        add("Final-Recipient", Some(self.final_recipient.to_string()));
        add("Original-Message-ID", self.original_message_id.as_ref().map(|id| format!("<{id}>")));
        add("Disposition", Some(self.disposition.to_string()));
        for error in &self.errors {
            add("Error", Some(error.clone()));
        }
        add("Media-Accept-Features", self.media_accept_features.clone());
        for (name, value) in self.extensions.iter().filter(|(name, _)| super::compose::is_field_name(name)) {
            add(name, Some(value.clone()));
        }
        out
    }
}

impl Report<'_> {
    /// The mail that carries an MDN.
    pub fn mdn(self, mdn: &Mdn) -> Bytes {
        self.to_bytes("disposition-notification", &[mdn.to_facts()])
    }
}

impl Typed {
    /// A mail address.
    pub fn rfc822(address: &str) -> Typed {
        Typed { kind: "rfc822".to_owned(), value: address.to_owned() }
    }

    /// Reads `type; value`. Without a type it is `otherwise`: old devices leave it out.
    pub(super) fn parse(text: &str, otherwise: &str) -> Option<Typed> {
        let (kind, value) = text.split_once(';').unwrap_or((otherwise, text));
        let (kind, value) = (kind.trim().to_ascii_lowercase(), value.trim().to_owned());
        (!kind.is_empty() && !value.is_empty()).then_some(Typed { kind, value })
    }
}

impl std::fmt::Display for Typed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}; {}", self.kind, self.value)
    }
}

impl Disposition {
    /// Reads the value of a Disposition field, in any case, with white space anywhere; `None` when the
    /// modes or the type are none that one of the three RFCs knows.
    pub fn parse(text: &str) -> Option<Disposition> {
        let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let text = text.to_ascii_lowercase();
        let (modes, rest) = text.split_once([';', ',']).unwrap_or_default();
        let (action, sending) = modes.split_once('/')?;
        let (kind, modifiers) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Disposition {
            is_automatic_action: either(action, "automatic-action", "manual-action")?,
            is_sent_automatically: either(sending, "mdn-sent-automatically", "mdn-sent-manually")?,
            kind: DispositionType::ALL.into_iter().find(|known| known.name() == kind)?,
            modifiers: modifiers.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            has_comma_slip: text[modes.len()..].starts_with(','),
        })
    }

    /// Whether it has this modifier.
    pub fn has(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|own| own.eq_ignore_ascii_case(modifier))
    }

    /// Whether the sender must take it that the mail was not printed: `error`, or a type that says so. The
    /// opposite proves nothing (RFC 3249 §4.4.4).
    pub fn is_failure(&self) -> bool {
        self.has("error") || matches!(self.kind, DispositionType::Failed)
    }

    /// Whether the sender must take it that the mail was perhaps not printed: `warning` (RFC 3249 §4.4.4.2), deleted,
    /// or the recipient does not say.
    pub fn is_doubtful(&self) -> bool {
        self.has("warning") || matches!(self.kind, DispositionType::Deleted | DispositionType::Denied)
    }
}

impl std::fmt::Display for Disposition {
    /// As RFC 8098 §3.2.6 spells it, always with a semicolon.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let action = if self.is_automatic_action { "automatic-action" } else { "manual-action" };
        let sending = if self.is_sent_automatically { "MDN-sent-automatically" } else { "MDN-sent-manually" };
        write!(out, "{action}/{sending}; {}", self.kind.name())?;
        let is_atom = |word: &&String| !word.is_empty() && !word.contains(['/', ',', ';', ' ']);
        for (place, modifier) in self.modifiers.iter().filter(is_atom).enumerate() {
            write!(out, "{}{modifier}", if place == 0 { "/" } else { "," })?;
        }
        Ok(())
    }
}

impl DispositionType {
    /// All of them.
    pub const ALL: [DispositionType; 6] = [
        DispositionType::Displayed,
        DispositionType::Dispatched,
        DispositionType::Processed,
        DispositionType::Deleted,
        DispositionType::Denied,
        DispositionType::Failed,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            DispositionType::Displayed => "displayed",
            DispositionType::Dispatched => "dispatched",
            DispositionType::Processed => "processed",
            DispositionType::Deleted => "deleted",
            DispositionType::Denied => "denied",
            DispositionType::Failed => "failed",
        }
    }
}

const KNOWN: [&str; 7] = [
    "Reporting-UA",
    "Original-Recipient",
    "Final-Recipient",
    "Original-Message-ID",
    "Disposition",
    "Error",
    "Media-Accept-Features",
];

/// The id without its `<>` and whatever stands round it.
pub(super) fn message_id(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('<').unwrap_or(("", text));
    let id = rest.split('>').next().unwrap_or_default().trim();
    (!id.is_empty()).then(|| id.to_owned())
}

fn either(text: &str, yes: &str, no: &str) -> Option<bool> {
    if text == yes { Some(true) } else { (text == no).then_some(false) }
}
