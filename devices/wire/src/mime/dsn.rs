//! Delivery status notifications (RFC 3464): what a mail server could do with a mail. The form of RFC 1894
//! is read too; it is the same but for the fields that came later.

use bytes::Bytes;

use super::compose::is_field_name;
use super::fields::{Field, Fields};
use super::mdn::Typed;
use super::report::{Report, ReportError, field, read_facts};

/// The most recipients of a DSN that are read.
pub const MAX_DSN_RECIPIENTS: usize = 1_000;

/// The facts of a DSN: about the whole mail, then about each recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsn {
    /// Original-Envelope-Id: the ENVID of MAIL FROM, decoded, to the letter (§2.2.1).
    pub envelope_id: Option<String>,
    /// Reporting-MTA: `dns; mx.example.net`.
    pub reporting_mta: Typed,
    /// Received-From-MTA, Arrival-Date, DSN-Gateway and whatever else, name and value.
    pub extensions: Vec<(String, String)>,
    /// One for each recipient that it is about.
    pub recipients: Vec<DsnRecipient>,
    /// No empty line stood between the mail's fields and the first recipient's, as the example of
    /// RFC 3249 §4.4.3.2 has it. It was understood; a judge of a device has it here.
    pub has_missing_line: bool,
}

/// What became of the mail to one recipient (§2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsnRecipient {
    /// Original-Recipient: the ORCPT of RCPT TO, decoded.
    pub original_recipient: Option<Typed>,
    /// Final-Recipient: the address at the end.
    pub final_recipient: Typed,
    /// What was done.
    pub action: Action,
    /// Status: an enhanced code, such as 5.6.1 (RFC 3463).
    pub status: (u8, u16, u16),
    /// Remote-MTA: who gave the reply.
    pub remote_mta: Option<Typed>,
    /// Diagnostic-Code: `smtp; 554 5.6.1 no such medium`.
    pub diagnostic_code: Option<Typed>,
    /// Will-Retry-Until, a date; for [`Action::Delayed`] only.
    pub will_retry_until: Option<String>,
    /// Media-Accept-Features (RFC 2530 §3).
    pub media_accept_features: Option<String>,
    /// Last-Attempt-Date, Final-Log-ID and whatever else, name and value.
    pub extensions: Vec<(String, String)>,
}

/// What a server did (§2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Given up.
    Failed,
    /// Not yet, tried again.
    Delayed,
    /// It is in the mailbox.
    Delivered,
    /// Given to a server without DSN: nobody will tell more.
    Relayed,
    /// Sent on to the members of a list.
    Expanded,
}

impl Dsn {
    /// Reads a whole mail that is a DSN.
    ///
    /// # Errors
    /// [`ReportError`]: it is another mail, or a field that must be there tells nothing.
    pub fn read(raw: &[u8]) -> Result<Dsn, ReportError> {
        let facts = read_facts(raw, "message/delivery-status")?;
        let mut blocks = blocks(&facts);
        let first = blocks.next().unwrap_or_default();
        let (first, spilt) = first.split_at(start_of_recipient(first));
        let about_mail = Fields::read(first)?;
        let mut recipients = Vec::new();
        let spilt = Some(spilt).filter(|block| !block.is_empty());
        let has_missing_line = spilt.is_some();
        for block in spilt.into_iter().chain(blocks).take(MAX_DSN_RECIPIENTS) {
            recipients.push(DsnRecipient::from_facts(&Fields::read(block)?)?);
        }
        if recipients.is_empty() {
            return Err(missing(&about_mail, "Final-Recipient"));
        }
        let reporting_mta = typed(&about_mail, "Reporting-MTA", "dns");
        Ok(Dsn {
            envelope_id: about_mail.text("Original-Envelope-Id"),
            reporting_mta: reporting_mta.ok_or_else(|| missing(&about_mail, "Reporting-MTA"))?,
            extensions: others(&about_mail, &["Original-Envelope-Id", "Reporting-MTA"]),
            recipients,
            has_missing_line,
        })
    }

    fn to_facts(&self) -> Vec<String> {
        let mut mail = String::new();
        mail.extend(self.envelope_id.as_ref().map(|id| field("Original-Envelope-Id", id)));
        mail += &field("Reporting-MTA", &self.reporting_mta.to_string());
        add_others(&mut mail, &self.extensions);
        std::iter::once(mail).chain(self.recipients.iter().map(DsnRecipient::to_facts)).collect()
    }
}

impl Report<'_> {
    /// The mail that carries a DSN.
    pub fn dsn(self, dsn: &Dsn) -> Bytes {
        self.to_bytes("delivery-status", &dsn.to_facts())
    }
}

impl DsnRecipient {
    /// The facts without anything that may be left out.
    pub fn new(final_recipient: &str, action: Action, status: (u8, u16, u16)) -> DsnRecipient {
        DsnRecipient {
            original_recipient: None,
            final_recipient: Typed::rfc822(final_recipient),
            action,
            status,
            remote_mta: None,
            diagnostic_code: None,
            will_retry_until: None,
            media_accept_features: None,
            extensions: Vec::new(),
        }
    }

    fn from_facts(fields: &Fields) -> Result<DsnRecipient, ReportError> {
        let action = fields.text("Action").and_then(|text| Action::parse(&text));
        let status = fields.text("Status").and_then(|text| status(&text));
        Ok(DsnRecipient {
            original_recipient: typed(fields, "Original-Recipient", "rfc822"),
            final_recipient: typed(fields, "Final-Recipient", "rfc822")
                .ok_or_else(|| missing(fields, "Final-Recipient"))?,
            action: action.ok_or_else(|| missing(fields, "Action"))?,
            status: status.ok_or_else(|| missing(fields, "Status"))?,
            remote_mta: typed(fields, "Remote-MTA", "dns"),
            diagnostic_code: typed(fields, "Diagnostic-Code", "smtp"),
            will_retry_until: fields.text("Will-Retry-Until"),
            media_accept_features: fields.text("Media-Accept-Features"),
            extensions: others(fields, &RECIPIENT_FIELDS),
        })
    }

    fn to_facts(&self) -> String {
        let mut out = String::new();
        let mut add = |name: &str, value: Option<String>| out.extend(value.map(|value| field(name, &value)));
        let (class, subject, detail) = self.status;
        let retry = self.will_retry_until.clone().filter(|_| self.action == Action::Delayed);
        add("Original-Recipient", self.original_recipient.as_ref().map(Typed::to_string));
        add("Final-Recipient", Some(self.final_recipient.to_string()));
        add("Action", Some(self.action.name().to_owned()));
        add("Status", Some(format!("{class}.{subject}.{detail}")));
        add("Remote-MTA", self.remote_mta.as_ref().map(Typed::to_string));
        add("Diagnostic-Code", self.diagnostic_code.as_ref().map(Typed::to_string));
        add("Will-Retry-Until", retry);
        add("Media-Accept-Features", self.media_accept_features.clone());
        add_others(&mut out, &self.extensions);
        out
    }
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 5] =
        [Action::Failed, Action::Delayed, Action::Delivered, Action::Relayed, Action::Expanded];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Action::Failed => "failed",
            Action::Delayed => "delayed",
            Action::Delivered => "delivered",
            Action::Relayed => "relayed",
            Action::Expanded => "expanded",
        }
    }

    fn parse(text: &str) -> Option<Action> {
        let word = without_comment(text);
        Action::ALL.into_iter().find(|action| action.name().eq_ignore_ascii_case(word))
    }
}

const RECIPIENT_FIELDS: [&str; 8] = [
    "Original-Recipient",
    "Final-Recipient",
    "Action",
    "Status",
    "Remote-MTA",
    "Diagnostic-Code",
    "Will-Retry-Until",
    "Media-Accept-Features",
];

/// The groups of fields, cut at empty lines (§2.1).
fn blocks(facts: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = facts.trim_ascii_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive(|octet| *octet == b'\n') {
            if line.trim_ascii().is_empty() {
                break;
            }
            end += line.len();
        }
        let (block, behind) = rest.split_at(end);
        rest = behind.trim_ascii_start();
        Some(block)
    })
}

/// Where the first field of a recipient starts in a block that should have none.
fn start_of_recipient(block: &[u8]) -> usize {
    let starts = |line: &[u8]| {
        let names = ["Original-Recipient:", "Final-Recipient:", "Action:"];
        names
            .iter()
            .any(|name| line.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes())))
    };
    let mut at = 0;
    for line in block.split_inclusive(|octet| *octet == b'\n') {
        if starts(line) {
            break;
        }
        at += line.len();
    }
    at
}

fn typed(fields: &Fields, name: &str, otherwise: &str) -> Option<Typed> {
    fields.text(name).and_then(|text| Typed::parse(&text, otherwise))
}

fn missing(fields: &Fields, field: &'static str) -> ReportError {
    ReportError::Field { field, value: fields.text(field).unwrap_or_default() }
}

fn others(fields: &Fields, known: &[&str]) -> Vec<(String, String)> {
    let is_other = |field: &&Field| !known.iter().any(|name| field.name.eq_ignore_ascii_case(name));
    fields.iter().filter(is_other).map(|field| (field.name.clone(), field.text())).collect()
}

fn add_others(out: &mut String, fields: &[(String, String)]) {
    let named = fields.iter().filter(|(name, _)| is_field_name(name));
    out.extend(named.map(|(name, value)| field(name, value)));
}

/// `5.6.1`, perhaps with a comment behind it: old servers explain it there.
fn status(text: &str) -> Option<(u8, u16, u16)> {
    let code = without_comment(text);
    let mut numbers = code.split('.').map(|part| {
        let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| part.parse::<u16>().ok()).flatten()
    });
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
    numbers.next().is_none().then_some((class, subject, detail))
}

fn without_comment(text: &str) -> &str {
    text.split('(').next().unwrap_or_default().trim()
}
