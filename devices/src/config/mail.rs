//! What is set up of mail: the habits of a mail fax, mailboxes, and mail servers.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::features::Ability;
use faxproof_wire::mime::Form;

use crate::config::ForwardConfig;
use crate::core::{Duration, Entropy};
use crate::number;
use crate::smtp::Offers;

/// A mail fax of the patent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// Internet facsimile machine 101: Figures 8 and 9.
    #[default]
    Fax101,
    /// Internet facsimile machine 118, of full mode: Figures 10 to 13.
    Fax118,
}

/// Which peers machine 118 takes for such of extension SMTP (S105). The patent says: whoever answers EHLO with 250.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtensionRule {
    /// 250 to EHLO.
    #[default]
    Ehlo,
    /// And it lists this extension.
    Lists(&'static str),
}

/// Declared choices of a mail fax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHabits {
    /// Whether it greets by HELO at once, as the flowchart says; otherwise by EHLO, and by HELO where that is
    /// not known.
    pub greets_by_helo: bool,
    /// Whether it makes calls at all; otherwise all that it sends and confirms goes by mail.
    pub calls: bool,
    /// Numbers that it never calls and never learns, whoever names them: emergency calls and numbers that cost.
    pub never_calls: Vec<NumberPattern>,
    /// Where it puts its own number.
    pub writes_number: Form,
    /// Where it reads the numbers of others.
    pub reads_number: Vec<Form>,
    /// Whether it asks for a confirmation (Disposition-Notification-To).
    pub asks_confirmation: bool,
    /// How long it awaits one.
    pub confirmation_within: Duration,
    /// Whether it confirms what it received.
    pub confirms: bool,
    /// What it does when the peer refuses the mail behind S305, or breaks off before its end.
    pub on_path_reject: PathReject,
    /// What it does with a number for which nothing vouches.
    pub unverified_number: Unverified,
    /// Whether it takes mail by SMTP of anybody, on port 25, besides that of a call.
    pub listens: bool,
    /// Machine 118: whom it takes for a peer of extension SMTP.
    pub extension_rule: ExtensionRule,
    /// Whether its confirmations say what it can print (Media-Accept-Features, RFC 2530).
    pub states_capabilities: bool,
    /// What they say in place of the truth.
    pub states: Option<String>,
    /// What it can print; more than that it refuses.
    pub prints: Ability,
    /// What it can make of a document for a recipient that prints it.
    pub sends: Ability,
    /// Machine 118: what it begins with where the document is better than what every fax prints.
    pub first_mail: FirstMail,
    /// Whether it asks for something better in place of what came, where that is offered (RFC 3297 §3.2).
    pub prefers_alternative: bool,
    /// Whether it remembers what a recipient said that it can print, and sends that at once the next time (RFC 2532
    /// §3.3).
    pub remembers_capabilities: bool,
}

/// What machine 118 sends before it knows what the recipient can print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstMail {
    /// The pages as every fax prints them, with the offer of better ones (RFC 3297).
    #[default]
    Alternative,
    /// A cover without the pages, which follow when the recipient has said what it prints (paragraphs 0124, 0126).
    Cover,
}

impl Default for MailHabits {
    fn default() -> Self {
        MailHabits {
            greets_by_helo: true,
            calls: true,
            never_calls: NEVER_CALLED.iter().map(|written| NumberPattern::new(written)).collect(),
            writes_number: Form::DisplayName,
            reads_number: vec![Form::DisplayName],
            asks_confirmation: true,
            confirmation_within: Duration::secs(24 * 3600),
            confirms: true,
            on_path_reject: PathReject::Notify,
            unverified_number: Unverified::Store,
            listens: false,
            extension_rule: ExtensionRule::default(),
            states_capabilities: false,
            states: None,
            prints: Ability::all(),
            sends: Ability::all(),
            first_mail: FirstMail::default(),
            prefers_alternative: true,
            remembers_capabilities: true,
        }
    }
}

/// Emergency calls and numbers of premium rate where the numbers of the patent are at home.
const NEVER_CALLED: [&str; 4] = ["110", "118", "119", "0990*"];

impl MailHabits {
    /// Whether it would call this number.
    pub fn may_call(&self, number: &str) -> bool {
        self.calls && !self.never_calls.iter().any(|pattern| pattern.fits(number))
    }
}

/// A number, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPattern {
    digits: String,
    /// Whatever follows belongs to it too.
    begins: bool,
}

impl NumberPattern {
    /// What is written as a number, with `*` behind it for all that begin so.
    pub fn new(written: &str) -> NumberPattern {
        NumberPattern { digits: number::digits(written), begins: written.ends_with('*') }
    }

    /// Whether the number is meant.
    pub fn fits(&self, number: &str) -> bool {
        let digits = number::digits(number);
        if self.begins { digits.starts_with(&self.digits) } else { digits == self.digits }
    }
}

impl std::fmt::Display for NumberPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.digits, if self.begins { "*" } else { "" })
    }
}

/// What follows when a mail is refused on the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathReject {
    /// The operator is told.
    #[default]
    Notify,
    /// It goes by normal mail.
    FallBack,
}

/// What becomes of a number that a mail gives and for which nothing vouches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unverified {
    /// It is stored like any other.
    #[default]
    Store,
    /// It is stored and marked.
    StoreFlagged,
    /// It is not stored.
    Refuse,
}

/// Set-up of a mail server.
#[derive(Clone, Debug)]
pub struct MailServerConfig {
    /// Its address; SMTP runs on port 25, POP3 on port 110.
    pub address: IpAddr,
    /// Its own name, by which it greets and signs.
    pub name: String,
    /// All names that lead to it, this one among them.
    pub names: Vec<String>,
    /// The domains whose mail ends here.
    pub domains: Vec<String>,
    /// The mailboxes of its domains.
    pub mailboxes: Vec<MailboxConfig>,
    /// From where it takes mail for others; from anywhere else that would be an open relay.
    pub relays_for: Vec<IpAddr>,
    /// The one host to which it gives all mail for others; `None`: to the hosts of their domains.
    pub relay: Option<String>,
    /// How it forwards over SIP, if it does (mail servers 201 and 201A).
    pub forwards: Option<ForwardConfig>,
    /// What its SMTP can do.
    pub offers: Offers,
    /// Whether it takes a message with a bare CR or LF, and passes it on: then others can be misled by it (RFC 5321
    /// §2.3.8).
    pub takes_bare_line_ends: bool,
    /// The largest mail that it takes, in octets.
    pub size_limit: u64,
    /// How long it waits behind each try that failed; the last is for all further ones, too.
    pub retries: Vec<Duration>,
    /// After this time it gives a mail up.
    pub gives_up_after: Duration,
    /// A mail that has passed so many servers is in a loop.
    pub most_hops: usize,
    /// Wall time at the start of the world, seconds since 1970-01-01 UTC.
    pub epoch_s: i64,
    /// Source of its identifiers.
    pub entropy: Entropy,
}

/// A mailbox.
#[derive(Clone, Debug)]
pub struct MailboxConfig {
    /// Its user.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The addresses whose mail it takes.
    pub addresses: Vec<String>,
}

/// Set-up of a mail client.
#[derive(Clone, Debug)]
pub struct MailClientConfig {
    /// The mail address of its user.
    pub mail: String,
    /// Its outgoing server.
    pub mail_server: Option<SocketAddr>,
    /// The mailbox that it collects.
    pub mailbox: Option<CollectionConfig>,
    /// Wall time at the start of the world, seconds since 1970-01-01 UTC.
    pub epoch_s: i64,
    /// Source of its identifiers.
    pub entropy: Entropy,
}

/// A mailbox that a box collects.
#[derive(Clone, Debug)]
pub struct CollectionConfig {
    /// The POP3 server.
    pub server: SocketAddr,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// How often.
    pub every: Duration,
}
