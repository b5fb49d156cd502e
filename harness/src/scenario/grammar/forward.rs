//! Mail servers 201 and 201A, which forward over SIP, and mail clients.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Named};

/// A mail server that forwards over SIP: its host has a `number`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardSpec {
    /// By what it finds the number of a destination; `numbers` unless given.
    pub by: Option<At<BySpec>>,
    /// Where it looks for that, in this order. `[before-at, after-at, address, domain]` by numbers, and
    /// `[rcpt]` by specific information, unless given: what stands in the text of a mail diverts it only where that
    /// is wanted.
    pub searches: Option<At<Vec<At<SearchSpec>>>>,
    /// Whether it decodes the text of a mail (base64, quoted-printable) before it looks there; it does not unless given.
    pub decodes: Option<bool>,
    /// How the numbers of the network begin; `["050-", "080-"]` unless given.
    pub systematic: Option<At<Vec<At<String>>>>,
    /// How many digits follow that; 8 unless given.
    pub digits: Option<At<u32>>,
    /// Whether it asks which protocols the peer supports (T203); it does unless given.
    pub asks_presentation: Option<bool>,
    /// What follows when no call comes about, or the peer cannot do SMTP; `relay` unless given.
    pub on_failure: Option<OnFailureSpec>,
    /// When it answers a client that gave it a mail; `at-once` unless given.
    pub replies: Option<RepliesSpec>,
    /// Calls that it makes at one time; 20 unless given.
    pub most_calls: Option<At<u32>>,
}

/// By what a mail server finds numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BySpec {
    /// Mail server 201: numbers that stand in the mail, and table Ta3.
    Numbers,
    /// Mail server 201A: specific information of table Ta3'.
    SpecificInformation,
}

/// Where it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchSpec {
    /// A number in front of the `@` of a recipient.
    BeforeAt,
    /// A number behind it.
    AfterAt,
    /// The header of the mail.
    Header,
    /// Its text.
    Body,
    /// The row of Ta3 with the recipient's address.
    Address,
    /// The row of Ta3 with the recipient's domain.
    Domain,
    /// Specific information in a recipient.
    Rcpt,
}

/// What follows when a mail cannot be handed over in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailureSpec {
    /// It goes by normal SMTP at once.
    Relay,
    /// It is called again later.
    Retry,
    /// Its sender is told that it failed.
    Bounce,
}

/// When a mail server answers a client that gave it a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepliesSpec {
    /// As soon as it has the mail.
    AtOnce,
    /// With the result of the first try, where the mail goes one way.
    WithResult,
}

/// A row of table Ta3.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ta3RowSpec {
    /// Column DESTINATION ADDRESS, DOMAIN.
    pub destination: At<String>,
    /// Column IP TEL NO.
    pub number: At<String>,
}

/// A row of table Ta3'.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecificRowSpec {
    /// Column SPECIFIC INFORMATION.
    pub information: At<String>,
    /// Column IP TEL NO.
    pub number: At<String>,
}

/// Something done to table Ta3 or Ta3'.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Change{R}")]
pub enum ChangeSpec<R> {
    /// Show it on the display.
    List,
    /// Add a row.
    Add(R),
    /// Replace the first row that fits.
    Edit(ReplaceRowSpec<R>),
    /// Delete the first row that fits.
    Delete(RowKeySpec),
}

/// A change of a row: which one, and what it becomes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Replace{R}")]
pub struct ReplaceRowSpec<R> {
    /// Which row.
    pub which: RowKeySpec,
    /// The new row.
    pub row: R,
}

/// A row, named by what stands in one of its columns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKeySpec {
    /// The row of Ta3 with this address or domain.
    Destination(At<String>),
    /// The row of Ta3' with this specific information.
    Information(At<String>),
    /// The row with this number.
    Number(At<String>),
}

/// A mail client: it hands what its user writes to its `mail_server`, and collects its `mailbox`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailClientSpec {}

/// A mail that the user of a mail client writes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteSpec {
    /// Its recipients: each a RCPT TO.
    pub to: Vec<At<String>>,
    /// Its sender, as MAIL FROM; the user's own address unless given, and `""` for none.
    pub from: Option<At<String>>,
    /// Its subject.
    pub subject: Option<At<String>>,
    /// Further header fields, and such in place of the usual From, To, Date and Message-ID.
    #[serde(default)]
    pub header: Named<String>,
    /// Its text.
    #[serde(default)]
    pub text: String,
    /// Of what its sender wants to hear (RFC 3461); the server decides unless given, `[]` for never.
    pub notify: Option<Vec<NotifySpec>>,
}

/// What a sender wants to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifySpec {
    /// That the mail lies in the mailbox.
    Success,
    /// That it was given up.
    Failure,
    /// That it takes long.
    Delay,
}
