//! The hosts of a scenario.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Named, Span, Written};
use super::{ClassName, CollectionSpec, MailClientSpec, MailServerSpec, MailSpec, VendorSpec};
use super::{SpecificRowSpec, Ta3RowSpec};

/// A box: exactly one of `fax`, `sip-server`, `location-server`, `mail-server`, `mail-client` and `tester`
/// says which.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostSpec {
    /// Its class: habits under one name (`faxproof list classes`), over which it may write its own.
    pub class: Option<ClassName>,
    /// It is a fax; the number is that of the facsimile machine in the patent: 1, or 101 and 118, mail faxes.
    pub fax: Option<At<u32>>,
    /// It is the SIP server.
    #[serde(rename = "sip-server")]
    pub sip_server: Option<At<SipServerSpec>>,
    /// It is a location server.
    #[serde(rename = "location-server")]
    pub location_server: Option<At<LocationServerSpec>>,
    /// It is a mail server.
    #[serde(rename = "mail-server")]
    pub mail_server: Option<At<MailServerSpec>>,
    /// It is a mail client.
    #[serde(rename = "mail-client")]
    pub mail_client: Option<At<MailClientSpec>>,
    /// It is a tester: it says what `inject` has it say, and nothing of its own accord.
    pub tester: Option<At<TesterSpec>>,
    /// Its address; derived from its name unless given.
    #[schemars(with = "Option<std::net::IpAddr>")]
    pub address: Option<At<IpAddr>>,
    /// Whether it has power at the start; `on` unless given.
    pub power: Option<Power>,
    /// A real box takes its place.
    pub external: Option<At<External>>,
    /// Fax, or mail server that forwards: its IP telephone number.
    pub number: Option<At<String>>,
    /// Fax, or mail server that forwards: its password at a SIP server or registrar that asks for one; it has none unless given.
    pub password: Option<At<String>>,
    /// Fax: protocols that it can run, most preferred first; `[smtp]` unless given.
    pub protocols: Option<At<Vec<Protocol>>>,
    /// Fax, or mail server that forwards: the SIP server to which it sends its requests: a host, or a name of the zone. The only one
    /// there is, by its address, unless given.
    #[serde(rename = "sip_server")]
    pub outbound: Option<At<String>>,
    /// Fax: where it tells of a failure; `display` unless given.
    pub failure_notice: Option<At<Medium>>,
    /// Fax, or mail client: its own mail address; `NAME@DOMAIN` unless given.
    pub mail: Option<At<String>>,
    /// Mail fax: the mail server to which it gives what no call takes; mail client: all that is written. It has none
    /// unless given.
    #[serde(rename = "mail_server")]
    pub outgoing: Option<At<String>>,
    /// Mail fax, or mail client: the mailbox that it collects; it has none unless given.
    pub mailbox: Option<At<CollectionSpec>>,
    /// Fax: table Ta1 as delivered.
    pub ta1: Option<At<Vec<RowSpec>>>,
    /// Mail fax: table Ta2 as delivered.
    pub ta2: Option<At<Vec<Ta2RowSpec>>>,
    /// Mail server that forwards: table Ta3 as delivered.
    pub ta3: Option<At<Vec<Ta3RowSpec>>>,
    /// Mail server that forwards: table Ta3' as delivered.
    pub ta3_prime: Option<At<Vec<SpecificRowSpec>>>,
    /// Fax, or the line of a mail server that forwards: its choices where the standards leave it free.
    pub habits: Option<At<Habits>>,
    /// Fax: the wire profile of its vendor, for variant V.
    pub vendor: Option<At<VendorSpec>>,
}

/// Whether a host has power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It has power.
    #[default]
    On,
    /// It has none.
    Off,
}

/// A protocol that a fax can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// SMTP, RFC 5321.
    Smtp,
    /// HTTP, RFC 9112.
    Http,
}

/// Where a notice appears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// On the display.
    #[default]
    Display,
    /// On paper.
    Printer,
    /// By the buzzer.
    Buzzer,
}

/// A row of table Ta1.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowSpec {
    /// Column DESTINATION; empty unless given.
    #[serde(default)]
    pub destination: String,
    /// Column IP TEL NO.
    pub number: At<String>,
    /// Column COMMUNICATION PROTOCOL; empty unless given.
    pub protocol: Option<At<String>>,
}

/// A row of table Ta2.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ta2RowSpec {
    /// Column SPEED DIAL NO.; empty unless given.
    pub speed_dial: Option<At<String>>,
    /// Column DESTINATION; empty unless given.
    #[serde(default)]
    pub destination: String,
    /// Column IP TEL NO.; empty unless given.
    pub number: Option<At<String>>,
    /// Column E-MAIL ADDRESS; empty unless given.
    pub address: Option<At<String>>,
    /// Who says so; `operator` unless given.
    #[serde(default)]
    pub source: SourceSpec,
}

/// Where a row of table Ta2 comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceSpec {
    /// An operator made it.
    #[default]
    Operator,
    /// Mail taught it.
    Learned,
    /// Mail taught it, and nothing vouches for its number.
    Unverified,
}

/// A real box at a host's place.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Where it takes SIP, address and port; required unless it is a mail server.
    #[schemars(with = "Option<String>")]
    pub sip: Option<At<SocketAddr>>,
    /// Mail server: where it takes mail by SMTP, address and port.
    #[schemars(with = "Option<String>")]
    pub smtp: Option<At<SocketAddr>>,
    /// Mail server: where its mailboxes are collected by POP3, address and port.
    #[schemars(with = "Option<String>")]
    pub pop3: Option<At<SocketAddr>>,
    /// How its operator steps are done, in words; `by hand` unless given.
    #[serde(default)]
    pub operate: Option<String>,
}

impl External {
    /// Where it takes what, by the key that says so.
    pub fn services(&self) -> impl Iterator<Item = (&'static str, At<SocketAddr>)> {
        let services = [("sip", self.sip), ("smtp", self.smtp), ("pop3", self.pop3)];
        services.into_iter().filter_map(|(key, at)| Some((key, at?)))
    }

    /// The one address of all its services. The check refuses a box without any.
    pub fn address(&self) -> Option<IpAddr> {
        self.services().next().map(|(_, at)| at.value.ip())
    }
}

/// Choices of a fax where the standards leave it free.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    /// How long it waits for an answer before it cancels a ringing call; `60s` unless given.
    pub no_answer: Option<Span>,
    /// How long it takes, called, until it rings; `50ms` unless given.
    pub ring_after: Option<Span>,
    /// How long after ringing it answers, or `never`; `500ms` unless given.
    #[schemars(regex(pattern = "^(never|[0-9]+(us|ms|s|m|h))$"))]
    pub answer_after: Option<At<String>>,
    /// The final response that it gives in place of ringing, from 300 to 699; it rings unless given.
    pub refuse_calls: Option<At<u16>>,
    /// Calls that it takes at a time; 1 unless given.
    pub lines: Option<At<u32>>,
    /// How it declines a protocol; `488` unless given.
    pub refusal: Option<At<Refusal>>,
    /// What it presents in place of its protocols; `[]` is a 200 without a body.
    pub presents: Option<Vec<At<String>>>,
    /// Whether S16 stores the protocol although the transfer in S15 failed; `false` unless given.
    pub store_on_transfer_failure: Option<bool>,
    /// Whether it registers at all; `true` unless given.
    pub registers: Option<bool>,
    /// Lifetime that it asks for when it registers; `3600s` unless given.
    pub register_for: Option<At<Span>>,
    /// Preference of its Contact among those of its number, from 0 to 1; it registers without one unless given.
    pub contact_q: Option<At<f64>>,
    /// The largest document that it takes, in octets; 20000000 unless given.
    pub size_limit: Option<u64>,
    /// By which transport it reaches the SIP server and is reached; `udp` unless given.
    pub sip_transport: Option<SipTransport>,
    /// Whether it asks for responses to the port that it sends from (RFC 3581); `false` unless given.
    pub rport: Option<bool>,
    /// Headers that it adds to its own SIP requests.
    pub extra_headers: Option<Named<String>>,
    /// How often it pings the SIP server to keep the way open (RFC 5626); never unless given.
    pub keep_alive: Option<At<Span>>,
    /// Whether it accepts SIP over TCP; `true` unless given.
    pub listens_tcp: Option<At<bool>>,
    /// How its calls stand on the wire; `B` unless given.
    pub variant: Option<At<Variant>>,
    /// The variants that it understands when it is called; all unless given, V only with a profile.
    pub accepts: Option<At<Vec<Variant>>>,
    /// With `variant: H`: where it reads what the peer supports; `options` unless given.
    pub presentation: Option<At<PresentedBy>>,
    /// Who is to open the TCP connection, by its own offers; `active` (itself) unless given.
    pub setup_offer: Option<SetupOffer>,
    /// Where the other end of the negotiated connection may be; `peer` unless given.
    pub media_at: Option<MediaAt>,
    /// Whether it refuses requests within a call that come from elsewhere than the call; `false` unless given.
    pub refuses_foreign: Option<bool>,
    /// How it uses HTTP.
    #[serde(default)]
    pub http: HttpSpec,
    /// What it does as a mail fax.
    pub mail: Option<At<MailSpec>>,
}

/// Where the other end of the negotiated connection may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaAt {
    /// At the host that the peer's Contact names.
    Peer,
    /// At any host that its description names.
    Anywhere,
}

/// How SIP travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SipTransport {
    /// In datagrams.
    #[default]
    Udp,
    /// On a stream.
    Tcp,
}

/// A wire variant of the call: where T1, T3, R3 and T4 ride.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Variant {
    /// An INVITE without media, OPTIONS, a re-INVITE.
    B,
    /// The INVITE offers the registered protocol.
    E,
    /// The INVITE lists all protocols with `setup:holdconn`.
    H,
    /// An INVITE without description; the ACK chooses from what the 200 offers.
    D,
    /// As B, with simple capability declarations (RFC 3407).
    S,
    /// As B, with UPDATE in place of the re-INVITE.
    U,
    /// As B, with the messages of the vendor's profile.
    V,
}

/// Where a caller of variant H reads what the peer supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PresentedBy {
    /// In the 200 to OPTIONS.
    Options,
    /// In the answer to its INVITE.
    Answer,
}

/// What a caller writes in `a=setup:` (RFC 4145 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SetupOffer {
    /// It connects.
    Active,
    /// The peer connects.
    Passive,
    /// The peer chooses.
    ActPass,
}

/// How a fax uses HTTP: no standard says it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSpec {
    /// The path to which it sends documents, and at which it takes them; `/` unless given.
    pub target: Option<At<String>>,
    /// The method by which it does so; `POST` unless given.
    pub method: Option<HttpMethod>,
    /// How it writes a typed text; `text/plain` unless given.
    pub text_type: Option<TextType>,
    /// Whether it asks for a 100 before it sends a document; `false` unless given.
    pub expect_continue: Option<bool>,
    /// The final response, from 200 to 599, that it gives to a document; 201 unless given. Only with
    /// 2xx the document is taken.
    pub answers_with: Option<At<u16>>,
}

/// A method that carries a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// RFC 9110 §9.3.3.
    Post,
    /// RFC 9110 §9.3.4.
    Put,
}

/// How a typed text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TextType {
    /// As it was typed.
    #[serde(rename = "text/plain")]
    Plain,
    /// As an HTML file.
    #[serde(rename = "text/html")]
    Html,
}

/// How a fax declines a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 488 Not Acceptable Here.
    NotAcceptable,
    /// 200 with port 0.
    PortZero,
}

/// The SIP server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SipServerSpec {
    /// Where the locations are kept: `own-host` if there is a location server, else `internal`.
    pub location: Option<At<LocationSpec>>,
    /// The location server that it asks; needed only where there are several.
    pub location_server: Option<At<String>>,
    /// Whether it stays in the path of a dialog; `true` unless given.
    pub record_route: Option<bool>,
    /// It asks its own numbers who they are (407; with `internal`, also 401 to REGISTER); it does not
    /// unless given.
    pub challenges: Option<At<ChallengeSpec>>,
    /// Whether it accepts SIP over TCP; `true` unless given.
    pub listens_tcp: Option<bool>,
    /// Whether it follows a 3xx of anybody, and not of its location server alone; `false` unless given.
    pub follows_redirects: Option<bool>,
    /// How it tries several contacts of equal preference; `serial` unless given.
    pub forking: Option<Forking>,
    /// With `internal`: the shortest lifetime of a binding that it grants; `60s` unless given.
    pub min_expiry: Option<At<Span>>,
    /// With `internal`: lifetime of a binding that asks for none; `3600s` unless given.
    pub default_expiry: Option<At<Span>>,
    /// With `internal`: bindings known from the start.
    pub fixed: Option<At<Named<FixedContact>>>,
}

/// How a SIP server tries contacts of equal preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Forking {
    /// One after the other.
    Serial,
    /// All at once.
    Parallel,
}

/// Whom a SIP server or registrar lets pass, by digest authentication (RFC 3261 §22).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeSpec {
    /// Passwords, by number.
    #[serde(default)]
    pub accounts: Named<String>,
    /// The algorithms that it offers, most preferred first; `[SHA-256, MD5]` unless given.
    pub algorithms: Option<At<Vec<DigestAlgorithm>>>,
    /// How long a nonce is good; `300s` unless given.
    pub nonce_lifetime: Option<Span>,
}

/// A hash of digest authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum DigestAlgorithm {
    /// RFC 8760.
    #[serde(rename = "SHA-256")]
    Sha256,
    /// RFC 3261; weak.
    #[serde(rename = "MD5")]
    Md5,
}

/// Where a SIP server keeps the locations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LocationSpec {
    /// On a location server.
    OwnHost,
    /// In itself.
    Internal,
}

/// A location server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationServerSpec {
    /// It asks who registers (401); it does not unless given.
    pub challenges: Option<At<ChallengeSpec>>,
    /// Whether it accepts SIP over TCP; `true` unless given.
    pub listens_tcp: Option<bool>,
    /// The shortest lifetime of a binding that it grants; `60s` unless given.
    pub min_expiry: Option<At<Span>>,
    /// Lifetime of a binding that asks for none; `3600s` unless given.
    pub default_expiry: Option<At<Span>>,
    /// Bindings known from the start: number, and a host's name or an address with port.
    pub fixed: Option<At<Named<FixedContact>>>,
}

/// A tester.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TesterSpec {
    /// TCP ports on which it accepts connections; none unless given.
    #[serde(default)]
    pub listens: Vec<At<u16>>,
}

/// The contact of a fixed binding: a host's name, or an address with port.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FixedContact(pub At<String>);

impl std::str::FromStr for Refusal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "488" => Ok(Refusal::NotAcceptable),
            "port-0" => Ok(Refusal::PortZero),
            _ => Err(format!("`{text}` is no way to decline a protocol\nwrite `488` or `port-0`")),
        }
    }
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // 488 is an integer to YAML and a word here: both ways of writing it are taken.
        deserializer.deserialize_any(Written::default())
    }
}

impl JsonSchema for Refusal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Refusal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": [488, "488", "port-0"] })
    }
}
