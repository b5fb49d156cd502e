//! What a box is set up with before it gets power.

mod forward;
mod mail;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use faxproof_wire::mime::IpTelNumber;
use faxproof_wire::sdp::Setup;
use faxproof_wire::sip::Uri;
use faxproof_wire::sip::digest::Algorithm;
use faxproof_wire::vendor::Profile;

use crate::core::{Duration, Entropy, Medium};
use crate::number;
use crate::sip::transport::Transport;
use crate::smtp::Offers;
use crate::ta1::Row;
use crate::ta2;

pub use self::forward::{ForwardConfig, OnFailure, Place, Replies, Search, Spot};
pub use self::mail::{
    CollectionConfig, ExtensionRule, FirstMail, Machine, MailClientConfig, MailHabits, MailServerConfig,
    MailboxConfig, NumberPattern, PathReject, Unverified,
};

/// Set-up of a telephone line, which every box of the patent has.
#[derive(Clone, Debug)]
pub struct LineConfig {
    /// The address of its box; SIP runs on port 5060.
    pub address: IpAddr,
    /// Its IP telephone number.
    pub number: String,
    /// The SIP domain that it registers in.
    pub domain: String,
    /// Where it sends its requests: the SIP server, by address or by name.
    pub sip_server: Uri,
    /// Its password in the realm that is named like its domain; its user name is its number.
    pub password: Option<String>,
    /// Protocols that it can run, most preferred first.
    pub protocols: Vec<Protocol>,
    /// The name by which its SMTP greets.
    pub smtp_name: String,
    /// Where the standards leave it free.
    pub habits: Habits,
    /// Source of its identifiers.
    pub entropy: Entropy,
}

/// Set-up of a fax.
#[derive(Clone, Debug)]
pub struct FaxConfig {
    /// Its line.
    pub line: LineConfig,
    /// Its own mail address, used as MAIL FROM.
    pub mail: String,
    /// Where it tells of a failure.
    pub failure_medium: Medium,
    /// Table Ta1 as delivered.
    pub ta1: Vec<Row>,
    /// Table Ta2 as delivered.
    pub ta2: Vec<ta2::Row>,
    /// Which machine of the patent a mail fax is.
    pub machine: Machine,
    /// The outgoing server of a mail fax.
    pub mail_server: Option<SocketAddr>,
    /// The mailbox that a mail fax collects.
    pub mailbox: Option<CollectionConfig>,
    /// What it does as a mail fax.
    pub mail_habits: MailHabits,
    /// Wall time at the start of the world, seconds since 1970-01-01 UTC.
    pub epoch_s: i64,
}

impl FaxConfig {
    /// Whether a mail to this path is for this fax: its own mail address, its number as a fax address
    /// (RFC 3192 §2) or as a token, and postmaster (RFC 5321 §4.5.1).
    pub fn is_own_address(&self, path: &str) -> bool {
        let own = path.eq_ignore_ascii_case(&self.mail);
        let Some((local, domain)) = path.split_once('@') else {
            return own || path.eq_ignore_ascii_case("postmaster");
        };
        let here = [self.mail_domain(), &self.line.domain];
        let is_here = here.iter().any(|name| name.eq_ignore_ascii_case(domain));
        let token = IpTelNumber::from_token(local).and_then(Result::ok);
        let named = token
            .is_some_and(|number| number::digits(&number.to_string()) == number::digits(&self.line.number));
        let fax = local.get(..4).filter(|head| head.eq_ignore_ascii_case("FAX=")).map(|_| &local[4..]);
        let dialled = fax.is_some_and(|fax| number::digits(fax) == number::digits(&self.line.number));
        own || is_here && (dialled || named || local.eq_ignore_ascii_case("postmaster"))
    }

    /// The name by which the fax greets in SMTP: the domain of its mail address.
    pub fn mail_domain(&self) -> &str {
        &self.line.smtp_name
    }
}

/// A protocol that runs on the negotiated TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// RFC 5321.
    Smtp,
    /// RFC 9112.
    Http,
}

impl Protocol {
    /// The token in an m-line and in Ta1.
    pub fn token(self) -> &'static str {
        match self {
            Protocol::Smtp => "smtp",
            Protocol::Http => "http",
        }
    }
}

/// Declared choices.
#[derive(Clone, Debug)]
pub struct Habits {
    /// How long the fax waits for an answer before it cancels a ringing call.
    pub no_answer: Duration,
    /// How long a called fax takes until it rings (180).
    pub ring_after: Duration,
    /// How long after ringing it answers; `None`: it never does.
    pub answer_after: Option<Duration>,
    /// What it answers instead of ringing, e.g. 603.
    pub refuse_calls: Option<u16>,
    /// Calls that it takes at a time; a further one gets 486.
    pub lines: u32,
    /// How it declines a protocol that it does not support.
    pub refusal: Refusal,
    /// What it presents in R3 instead of its protocols: tokens of an m-line. Empty: 200 without a body.
    pub presents: Option<Vec<String>>,
    /// Whether S16 stores the protocol although S15 failed (the flowchart read literally).
    pub store_on_transfer_failure: bool,
    /// Whether it registers at all.
    pub registers: bool,
    /// Lifetime that it asks for when it registers.
    pub register_for: Duration,
    /// Preference of its Contact among those of its number, in thousandths (`q`, RFC 3261 §20.10).
    pub contact_q: Option<u16>,
    /// The largest document that it takes, in octets (SIZE, RFC 1870; 413, RFC 9110 §15.5.14).
    pub size_limit: u64,
    /// By which transport it reaches the SIP server and is reached.
    pub sip_transport: Transport,
    /// Whether it asks for responses to the port that it sent from (RFC 3581).
    pub rport: bool,
    /// Header fields, name and value, that it adds to its own requests.
    pub extra_headers: Vec<(String, String)>,
    /// How often it pings the SIP server, to keep the way open (RFC 5626 §3.5.1); `None`: never.
    pub keep_alive: Option<Duration>,
    /// Whether it accepts SIP over TCP, as RFC 3261 §18.2.1 demands and old boxes do not.
    pub listens_tcp: bool,
    /// How its calls stand on the wire.
    pub variant: Variant,
    /// The variants that it understands when it is called.
    pub accepts: Vec<Variant>,
    /// The wire profile of its vendor: how it calls with [`Variant::Vendor`], and what it takes as called where it
    /// accepts that variant.
    pub vendor: Option<Arc<Profile>>,
    /// With [`Variant::HoldConn`]: where it reads which protocols the peer supports.
    pub presentation: PresentedBy,
    /// Who is to open the TCP connection, by its own offers. Whoever does, the offerer is the client.
    pub setup_offer: Setup,
    /// Where it lets a session description send its connection.
    pub media_at: MediaAt,
    /// Whether it refuses (403) requests within a call that come from elsewhere than the call.
    pub refuses_foreign: bool,
    /// What its SMTP server can do.
    pub offers: Offers,
    /// Whether its SMTP server refuses a message with a bare CR or LF: who passes such a one on lets others be misled
    /// (RFC 5321 §2.3.8).
    pub refuses_bare_line_ends: bool,
    /// Its HTTP, where it runs that.
    pub http: HttpHabits,
}

/// Declared choices in HTTP: no standard says how a fax uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpHabits {
    /// The path to which it sends documents, and at which it takes them.
    pub target: String,
    /// The method by which it does so.
    pub method: HttpMethod,
    /// How it writes a typed text.
    pub text_type: TextType,
    /// Whether it asks for a 100 before it sends a document (RFC 9110 §10.1.1).
    pub expect_continue: bool,
    /// The final response to a document that could be taken; only with 2xx it is taken.
    pub answers_with: u16,
}

impl Default for HttpHabits {
    fn default() -> Self {
        HttpHabits {
            target: "/".to_owned(),
            method: HttpMethod::Post,
            text_type: TextType::Plain,
            expect_continue: false,
            answers_with: 201,
        }
    }
}

/// A method that carries a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// POST (RFC 9110 §9.3.3).
    Post,
    /// PUT (RFC 9110 §9.3.4).
    Put,
}

impl HttpMethod {
    /// As in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
        }
    }
}

/// How a typed text travels in HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextType {
    /// As it was typed.
    Plain,
    /// As an HTML file (paragraph 0100).
    Html,
}

impl Habits {
    /// The vendor's profile, where a call of another may follow it.
    pub fn vendor_as_called(&self) -> Option<&Profile> {
        self.vendor.as_deref().filter(|_| self.accepts.contains(&Variant::Vendor))
    }

    /// The vendor's profile, where its own calls follow it.
    pub fn vendor_as_caller(&self) -> Option<&Profile> {
        self.vendor.as_deref().filter(|_| self.variant == Variant::Vendor)
    }
}

impl Default for Habits {
    fn default() -> Self {
        Habits {
            no_answer: Duration::secs(60),
            ring_after: Duration::millis(50),
            answer_after: Some(Duration::millis(500)),
            refuse_calls: None,
            lines: 1,
            refusal: Refusal::NotAcceptable,
            presents: None,
            store_on_transfer_failure: false,
            registers: true,
            register_for: Duration::secs(3600),
            contact_q: None,
            size_limit: 20_000_000,
            sip_transport: Transport::Udp,
            rport: false,
            extra_headers: Vec::new(),
            keep_alive: None,
            listens_tcp: true,
            variant: Variant::Base,
            accepts: Variant::ALL.to_vec(),
            vendor: None,
            presentation: PresentedBy::Options,
            setup_offer: Setup::Active,
            media_at: MediaAt::Peer,
            refuses_foreign: false,
            offers: Offers::default(),
            refuses_bare_line_ends: false,
            http: HttpHabits::default(),
        }
    }
}

/// Where the other end of the negotiated connection may be. Nowhere else does a fax connect, and from nowhere
/// else does it take a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaAt {
    /// At the host that the peer's Contact names.
    #[default]
    Peer,
    /// At any host that its description names, but for addresses that are those of nobody, of many, or our own.
    Anywhere,
}

/// Where T1, T3, R3 and T4 of Figure 3 ride: no standard says it, so it is declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// B: an INVITE without media, OPTIONS, a re-INVITE.
    #[default]
    Base,
    /// E: the INVITE offers the registered protocol; where none is registered, B.
    Early,
    /// H: the INVITE lists all protocols with `setup:holdconn`.
    HoldConn,
    /// D: an INVITE without description; the peer offers, the ACK chooses.
    Delayed,
    /// S: B, with simple capability declarations (RFC 3407) in INVITE and 200.
    Simple,
    /// U: B, with UPDATE (RFC 3311) in place of the re-INVITE.
    Update,
    /// V: B, with the messages of a vendor's profile for T3, R3 and T4.
    Vendor,
}

impl Variant {
    /// All of them.
    pub const ALL: [Variant; 7] = [
        Variant::Base,
        Variant::Early,
        Variant::HoldConn,
        Variant::Delayed,
        Variant::Simple,
        Variant::Update,
        Variant::Vendor,
    ];

    /// Its letter.
    pub fn letter(self) -> &'static str {
        match self {
            Variant::Base => "B",
            Variant::Early => "E",
            Variant::HoldConn => "H",
            Variant::Delayed => "D",
            Variant::Simple => "S",
            Variant::Update => "U",
            Variant::Vendor => "V",
        }
    }
}

/// Where a caller of variant H reads the protocols of its peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresentedBy {
    /// In the answer to OPTIONS (T3, R3).
    #[default]
    Options,
    /// In the format list of the answer to its INVITE: R3 rides in R2.
    Answer,
}

/// How a fax declines an announced protocol; both are legal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// 488 with a capability SDP (RFC 3261 §21.4.26).
    #[default]
    NotAcceptable,
    /// 200 whose m-line has port 0 (RFC 3264 §6).
    PortZero,
}

/// Set-up of the SIP server.
#[derive(Clone, Debug)]
pub struct SipServerConfig {
    /// Its address; SIP runs on port 5060.
    pub address: IpAddr,
    /// The domain for which it is responsible.
    pub domain: String,
    /// Names that lead to it, in lower case: in a Route or Request-URI they mean this server.
    pub names: Vec<String>,
    /// Where the locations are kept.
    pub location: Location,
    /// Whether it asks who sends a request (407), and whom it lets pass.
    pub challenges: Option<ChallengeConfig>,
    /// Whether it stays in the path of a dialog (Record-Route, RFC 3261 §16.6).
    pub record_route: bool,
    /// Whether it accepts SIP over TCP (RFC 3261 §18.2.1).
    pub listens_tcp: bool,
    /// Whether it follows a 3xx of anybody (RFC 3261 §16.5 lets it). Otherwise it follows its location server
    /// alone, and the caller gets to know of every other redirection.
    pub follows_redirects: bool,
    /// How it tries several contacts of one number (RFC 3261 §16.6).
    pub forking: Forking,
    /// Source of its identifiers.
    pub entropy: Entropy,
}

/// How a SIP server tries contacts of equal preference; those of a lower one wait in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forking {
    /// One after the other.
    #[default]
    Serial,
    /// All at once.
    Parallel,
}

/// Where a SIP server finds out where a number is.
#[derive(Clone, Debug)]
pub enum Location {
    /// On a location server of its own: REGISTER is passed to it, and it is asked with the INVITE.
    OwnHost(SocketAddr),
    /// In the SIP server itself, as real ones do.
    Internal(RegistrarConfig),
}

/// Set-up of a registrar.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// The domain whose numbers it knows.
    pub domain: String,
    /// Lifetime of a binding that asks for none (3600 s, RFC 3261 §10.3).
    pub default_expiry: Duration,
    /// The shortest lifetime that it grants (423 below it).
    pub min_expiry: Duration,
    /// Whether it asks who registers (401), and whom it lets pass.
    pub challenges: Option<ChallengeConfig>,
    /// Bindings known from the start: number and contact, without expiry.
    pub fixed: Vec<(String, SocketAddr)>,
}

/// Set-up of a tester.
#[derive(Clone, Debug)]
pub struct TesterConfig {
    /// TCP ports on which it accepts connections.
    pub listens: Vec<u16>,
    /// Source of its identifiers.
    pub entropy: Entropy,
}

/// Whom a registrar or a proxy lets pass (RFC 3261 §22).
#[derive(Clone, Debug)]
pub struct ChallengeConfig {
    /// The realm of the accounts: the domain.
    pub realm: String,
    /// Passwords, by user name.
    pub accounts: BTreeMap<String, String>,
    /// The algorithms offered, most preferred first.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good; then it is stale.
    pub nonce_lifetime: Duration,
}

/// Set-up of the location server.
#[derive(Clone, Debug)]
pub struct LocationServerConfig {
    /// Its address; SIP runs on port 5060.
    pub address: IpAddr,
    /// Its registrar.
    pub registrar: RegistrarConfig,
    /// Whether it accepts SIP over TCP (RFC 3261 §18.2.1).
    pub listens_tcp: bool,
    /// Source of its identifiers.
    pub entropy: Entropy,
}
