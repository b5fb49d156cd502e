//! Mail: the choices of a mail fax, mailboxes, and mail servers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Named, Span};
use super::ForwardSpec;
use super::steps::{Paper, Resolution};

/// Choices of a mail fax where the patent and the standards leave it free.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSpec {
    /// By what it greets a server; `helo` unless given, as the flowchart says.
    pub greets_by: Option<GreetingSpec>,
    /// Whether it makes calls at all; `true` unless given, otherwise all that it sends and confirms goes by mail.
    pub calls: Option<bool>,
    /// Numbers that it never calls and never learns, `*` behind the beginning of a number; `["110", "118", "119", "0990*"]`
    /// unless given.
    pub never_calls: Option<Vec<At<String>>>,
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
    /// Whether it takes mail by SMTP of anybody, on port 25, besides that of a call; `false` unless given.
    pub listens: Option<bool>,
    /// What its SMTP can do when it receives; `[ehlo]`, or `[ehlo, dsn]` for `fax: 118`, unless given.
    pub offers: Option<Vec<MailExtension>>,
    /// `fax: 118`: whom it takes for a peer of extension SMTP; `ehlo` unless given, as the patent says.
    pub extension_rule: Option<ExtensionRuleSpec>,
    /// Whether its confirmations say what it can print; `true` for `fax: 118`, `false` for `fax: 101` unless given.
    pub states_capabilities: Option<bool>,
    /// What it says that it prints, in place of the truth: a filter of RFC 2533, or what others take for one.
    pub states: Option<String>,
    /// What it can print besides profile S, and refuses beyond; nothing for `fax: 118`, everything for `fax: 101`
    /// unless given.
    pub prints: Option<AbilitySpec>,
    /// What it can make of a document for a recipient that prints it, besides profile S; everything unless given.
    pub sends: Option<AbilitySpec>,
    /// `fax: 118`: what it begins with where the document is better than profile S; `alternative` unless given.
    pub first_mail: Option<FirstMailSpec>,
    /// Whether it asks for something better in place of what came, where that is offered; `true` unless given.
    pub prefers_alternative: Option<bool>,
    /// `fax: 118`: whether it remembers what a recipient said that it prints; `true` unless given.
    pub remembers_capabilities: Option<bool>,
}

/// What a fax can do with a page besides profile S: each paper at each resolution in each coding.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbilitySpec {
    /// Papers besides A4.
    #[serde(default)]
    pub papers: Vec<Paper>,
    /// Resolutions besides `standard` and `fine`.
    #[serde(default)]
    pub resolutions: Vec<Resolution>,
    /// Codings besides MH.
    #[serde(default)]
    pub codings: Vec<CodingSpec>,
}

/// How the dots of a page are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CodingSpec {
    /// T.4, one-dimensional.
    Mh,
    /// T.4, two-dimensional.
    Mr,
    /// T.6.
    Mmr,
}

/// What `fax: 118` sends before it knows what the recipient can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FirstMailSpec {
    /// The pages in profile S, with the offer of better ones (RFC 3297).
    Alternative,
    /// A cover; the pages follow when the recipient has said what it prints.
    Cover,
}

/// Which peers are of extension SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExtensionRuleSpec {
    /// 250 to EHLO.
    Ehlo,
    /// And DSN is listed.
    EhloDsn,
    /// And CONNEG is listed.
    EhloConneg,
}

/// What an SMTP server can do beside the minimum of RFC 5321.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailExtension {
    /// It knows EHLO; without it HELO alone.
    Ehlo,
    /// It lists DSN (RFC 3461).
    Dsn,
    /// A fax: it lists CONNEG and says in the session what it prints (RFC 4141).
    Conneg,
    /// It lists 8BITMIME (RFC 6152).
    #[serde(rename = "8bitmime")]
    EightBit,
    /// It lists CHUNKING and takes BDAT (RFC 3030).
    Chunking,
}

/// A mailbox that a fax collects by POP3.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionSpec {
    /// The mail server that has it.
    pub server: At<String>,
    /// Its user there.
    pub user: At<String>,
    /// How often it is looked into; `60s` unless given.
    pub every: Option<At<Span>>,
}

/// A mail server: SMTP on port 25, POP3 on port 110.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailServerSpec {
    /// Its own name; `HOST.DOMAIN` with the first of its domains unless given, or `HOST` without one.
    pub name: Option<At<String>>,
    /// The domains whose mail ends here.
    #[serde(default)]
    pub domains: Vec<At<String>>,
    /// Mailboxes by their users.
    #[serde(default)]
    pub mailboxes: Named<MailboxSpec>,
    /// The hosts from which it takes mail for other domains; from nobody unless given.
    #[serde(default)]
    pub relays_for: Vec<At<String>>,
    /// The one host, or name of the zone, that gets all mail for other domains; the hosts that their MX
    /// records name unless given.
    pub relay: Option<At<String>>,
    /// It forwards over SIP, where it finds a number (Figure 18).
    pub forwards: Option<At<ForwardSpec>>,
    /// What its SMTP can do; `[ehlo, dsn, 8bitmime, chunking]` unless given.
    pub offers: Option<At<Vec<MailExtension>>>,
    /// Whether it takes a message with a bare CR or LF in it, which could mislead the next server; it does not unless
    /// given.
    pub takes_bare_line_ends: Option<bool>,
    /// The largest mail that it takes, in octets; 20000000 unless given.
    pub size_limit: Option<u64>,
    /// How long it waits behind each try that failed, the last for all further ones too; `[30m, 30m, 3h]`
    /// unless given.
    pub retries: Option<At<Vec<Span>>>,
    /// After this time it gives a mail up; `120h` unless given.
    pub gives_up_after: Option<Span>,
    /// A mail that has passed so many servers is in a loop; 100 unless given.
    pub most_hops: Option<At<u32>>,
}

/// A mailbox.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxSpec {
    /// The password of its user.
    pub password: String,
    /// The addresses whose mail it takes; its user's name in each of the server's domains unless given.
    pub addresses: Option<Vec<At<String>>>,
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
    /// `MAIL FROM:<FAX=+815000009999@example.com>`, or the token in that place.
    MailFrom,
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
