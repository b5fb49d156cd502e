//! The choices of a mail fax.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Span};

/// Choices of a mail fax where the patent and the standards leave it free.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSpec {
    /// By what it greets a server; `helo` unless given, as the flowchart says.
    pub greets_by: Option<GreetingSpec>,
    /// Where it puts its own number; `display-name` unless given.
    pub writes_number: Option<PlaceSpec>,
    /// Where it reads the numbers of others; `[display-name]` unless given.
    pub reads_number: Option<Vec<PlaceSpec>>,
    /// Whether it asks for a confirmation; `true` unless given.
    pub asks_confirmation: Option<bool>,
    /// How long it awaits one; `24h` unless given.
    pub confirmation_within: Option<At<Span>>,
    /// Whether it confirms what it received; `true` unless given.
    pub confirms: Option<bool>,
    /// What it does when the peer refuses the mail on the connection; `notify` unless given.
    pub on_path_reject: Option<PathRejectSpec>,
    /// What it does with a number for which nothing vouches; `store` unless given.
    pub unverified_number: Option<UnverifiedSpec>,
}

/// By what a client greets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GreetingSpec {
    /// HELO at once.
    Helo,
    /// EHLO, and HELO where that is not known.
    Ehlo,
}

/// Where a mail carries the number of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceSpec {
    /// `From: IPTELNUM-05000009999 <fax-a@example.com>`.
    DisplayName,
    /// `From: IPTELNUM-05000009999@example.com`.
    LocalPart,
    /// `From: FAX=+815000009999@example.com` (RFC 3192).
    FaxAddress,
    /// `From: IPTELNUM-050999999`, as the patent prints it: no legal address.
    PatentLiteral,
}

/// What follows when a mail is refused on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathRejectSpec {
    /// The operator is told.
    Notify,
    /// It goes by normal mail.
    FallBack,
}

/// What becomes of a number for which nothing vouches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnverifiedSpec {
    /// It is stored like any other.
    Store,
    /// It is stored and marked.
    StoreFlagged,
    /// It is not stored.
    Refuse,
}
