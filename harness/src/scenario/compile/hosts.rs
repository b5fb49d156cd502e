//! The boxes of a plan and what is declared of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use faxproof_devices::config::{
    ChallengeConfig, FaxConfig, Forking, Habits, HttpHabits, HttpMethod, Location, LocationServerConfig,
    Machine, MediaAt, Protocol, Refusal, RegistrarConfig, SipServerConfig, TesterConfig, TextType,
};
use faxproof_devices::core::{Duration, Entropy, Medium, Time};
use faxproof_devices::number::sip_user;
use faxproof_devices::sip::address::{preference, uri};
use faxproof_devices::sip::transport::Transport;
use faxproof_devices::ta1::Row;
use faxproof_reports::{Class, HostDeclaration, Ta1Row};
use faxproof_wire::sip::Uri;
use faxproof_wire::sip::digest::Algorithm;

use super::address::{of_nobody, on_loopback, sip};
use super::build::{Config, build};
use super::wire;
use super::{Setting, ta2_row};
use crate::plan::{PlannedBox, PlannedHost};
use crate::scenario::grammar::{
    self, ChallengeSpec, DigestAlgorithm, External, FixedContact, HostSpec, LocationSpec, Power, RowSpec,
    SipServerSpec,
};
use crate::scenario::value::{At, Named, Span};
use crate::world::World;

/// The shortest lifetime of a binding, unless the scenario gives one (RFC 3261 §10.3 allows a
/// registrar to refuse less than an hour; a minute lets tests see expiries).
const MIN_EXPIRY: Duration = Duration::secs(60);
/// How long a nonce is good: long enough for a call, too short to be of use to a thief.
const NONCE_LIFETIME: Duration = Duration::secs(300);
/// Lifetime of a binding that asks for none (RFC 3261 §10.3).
const DEFAULT_EXPIRY: Duration = Duration::secs(3600);

impl Setting<'_> {
    pub(super) fn planned_hosts(&self) -> Vec<PlannedHost> {
        let hosts = self.scenario.script.hosts.value.iter();
        hosts.map(|(name, spec)| self.planned_host(&name.value, spec)).collect()
    }

    pub(super) fn host_declarations(&self) -> Vec<HostDeclaration> {
        let hosts = self.scenario.script.hosts.value.iter();
        hosts.map(|(name, spec)| self.declared(&name.value, spec)).collect()
    }

    fn planned_host(&self, name: &str, spec: &HostSpec) -> PlannedHost {
        let box_ = match &spec.external {
            Some(external) => PlannedBox::External { sip: external.value.sip.map(|at| at.value) },
            None => PlannedBox::Virtual(build(self.config(name, spec))),
        };
        let power_on = (spec.power.unwrap_or_default() == Power::On).then_some(Time(0));
        PlannedHost { name: name.into(), address: self.address(name), box_, power_on }
    }

    fn config(&self, name: &str, spec: &HostSpec) -> Config {
        let (address, entropy) = (self.address(name), Entropy::of_seed(self.seed).part(name));
        if let Some(server) = &spec.sip_server {
            let server = &server.value;
            let location = match self.location_server(server) {
                Some(other) => Location::OwnHost(self.sip_of(other)),
                None => Location::Internal(self.registrar(
                    server.min_expiry,
                    server.default_expiry,
                    &server.fixed,
                    &server.challenges,
                )),
            };
            return Config::SipServer(SipServerConfig {
                address,
                domain: self.domain().to_owned(),
                names: self.names_of(name),
                location,
                challenges: self.challenges(&server.challenges),
                record_route: server.record_route.unwrap_or(true),
                listens_tcp: server.listens_tcp.unwrap_or(true),
                follows_redirects: server.follows_redirects.unwrap_or(false),
                forking: wire::forking(server.forking),
                entropy,
            });
        }
        if let Some(server) = &spec.location_server {
            let server = &server.value;
            let registrar =
                self.registrar(server.min_expiry, server.default_expiry, &server.fixed, &server.challenges);
            let listens_tcp = server.listens_tcp.unwrap_or(true);
            return Config::LocationServer(LocationServerConfig { address, registrar, listens_tcp, entropy });
        }
        if let Some(server) = &spec.mail_server {
            return Config::MailServer(self.mail_server(name, &server.value));
        }
        if let Some(tester) = &spec.tester {
            let listens = tester.value.listens.iter().map(|port| port.value).collect();
            return Config::Tester(TesterConfig { listens, entropy });
        }
        let machine = super::mail::machine(spec);
        let kind = if machine.is_some() { Config::MailFax } else { Config::Fax1 };
        kind(FaxConfig {
            address,
            number: spec.number.as_ref().map(|number| number.value.clone()).unwrap_or_default(),
            domain: self.domain().to_owned(),
            sip_server: self.outbound(spec),
            mail: self.mail(name, spec),
            password: spec.password.as_ref().map(|password| password.value.clone()),
            protocols: protocols(spec),
            failure_medium: medium(spec),
            ta1: spec.ta1.iter().flat_map(|rows| &rows.value).map(row).collect(),
            ta2: spec.ta2.iter().flat_map(|rows| &rows.value).map(ta2_row).collect(),
            machine: machine.unwrap_or_default(),
            mail_server: self.outgoing_server(spec),
            mailbox: self.mailbox(spec),
            habits: habits(spec, machine),
            epoch_s: self.epoch_s(),
            entropy,
        })
    }

    fn declared(&self, name: &str, spec: &HostSpec) -> HostDeclaration {
        let is_fax = spec.fax.is_some();
        let declared_row =
            |row: Row| Ta1Row { destination: row.destination, number: row.number, protocol: row.protocol };
        let rows = spec.ta1.iter().flat_map(|rows| &rows.value);
        HostDeclaration {
            name: name.into(),
            class: match (&spec.sip_server, &spec.location_server, &spec.tester) {
                _ if spec.mail_server.is_some() => Class::MailServer,
                (Some(_), ..) => Class::SipServer,
                (None, Some(_), _) => Class::LocationServer,
                (None, None, Some(_)) => Class::Tester,
                (None, None, None) => match super::mail::machine(spec) {
                    Some(Machine::Fax101) => Class::Fax101,
                    Some(Machine::Fax118) => Class::Fax118,
                    None => Class::Fax1,
                },
            },
            address: self.address(name),
            external: spec.external.is_some(),
            number: spec.number.as_ref().map(|number| number.value.clone()),
            protocols: if is_fax {
                protocols(spec).iter().map(|protocol| protocol.token().to_owned()).collect()
            } else {
                Vec::new()
            },
            failure_notice: is_fax.then(|| word(medium(spec)).to_owned()),
            ta1: rows.map(|spec| declared_row(row(spec))).collect(),
            habits: self.declared_habits(name, spec),
        }
    }

    fn declared_habits(&self, name: &str, spec: &HostSpec) -> BTreeMap<String, String> {
        let habits = match self.config(name, spec) {
            Config::Fax1(config) => fax_habits(&config),
            Config::MailFax(config) => {
                let mut words = fax_habits(&config);
                words.extend(super::mail::words(&config));
                words
            }
            Config::SipServer(config) => {
                let mut habits = vec![("record_route", config.record_route.to_string())];
                match &config.location {
                    Location::OwnHost(_) => habits.push(("location", "own-host".to_owned())),
                    Location::Internal(registrar) => {
                        habits.push(("location", "internal".to_owned()));
                        habits.extend(registrar_habits(registrar));
                    }
                }
                habits.extend(config.challenges.as_ref().map(challenge_habit));
                habits.extend(refuses_tcp(config.listens_tcp));
                habits.extend(
                    (config.forking == Forking::Parallel).then(|| ("forking", "parallel".to_owned())),
                );
                habits.extend(config.follows_redirects.then(|| ("follows_redirects", "true".to_owned())));
                habits
            }
            Config::LocationServer(config) => {
                let refuses = refuses_tcp(config.listens_tcp);
                let asks = config.registrar.challenges.as_ref().map(challenge_habit);
                registrar_habits(&config.registrar).into_iter().chain(asks).chain(refuses).collect()
            }
            Config::MailServer(config) => super::mail::server_words(&config),
            Config::Tester(_) => Vec::new(),
        };
        let vendor = wire::vendor_words(spec).into_iter();
        habits.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(vendor).collect()
    }

    /// Where a host is in this world.
    pub(super) fn address(&self, name: &str) -> IpAddr {
        let host = self.scenario.script.hosts.value.value(name);
        let external = host.and_then(|host| host.external.as_ref());
        external.and_then(|external| external.value.address()).unwrap_or_else(|| self.inside(name))
    }

    /// Where a virtual host is. The check has given every host an address; on sockets each run has a
    /// block of loopback addresses, and only an address that lies on loopback already is meant as written.
    fn inside(&self, name: &str) -> IpAddr {
        let address = self.scenario.addresses[name];
        if self.world != World::Sockets || address.is_loopback() {
            return address;
        }
        // The map is in the order of the names.
        let position = self.scenario.addresses.keys().position(|other| other == name);
        on_loopback(self.name, position.unwrap_or_default())
    }

    /// Where an address of the scenario is in this world: that of a host is where the host is.
    pub(super) fn literal(&self, address: IpAddr) -> IpAddr {
        let owner = self.scenario.addresses.iter().find(|(_, at)| **at == address);
        match owner {
            Some((name, _)) => self.address(name),
            // Beside a real device, an address is one of the real network.
            None if self.world != World::Sockets || self.scenario.is_about_a_real_device() => address,
            None => of_nobody(address),
        }
    }

    /// Where a host takes SIP in this world.
    fn sip_of(&self, name: &str) -> SocketAddr {
        self.service(name, |external| external.sip).unwrap_or_else(|| sip(self.address(name)))
    }

    /// Where the real box at a host's place has a service.
    pub(super) fn service(
        &self,
        name: &str,
        of: impl Fn(&External) -> Option<At<SocketAddr>>,
    ) -> Option<SocketAddr> {
        let host = self.scenario.script.hosts.value.value(name)?;
        of(&host.external.as_ref()?.value).map(|at| at.value)
    }

    /// The SIP server of a fax: a host by its address, a name of the zone as it stands.
    fn outbound(&self, fax: &HostSpec) -> Uri {
        let hosts = &self.scenario.script.hosts.value;
        let only = || hosts.iter().find(|(_, host)| host.sip_server.is_some()).map(|(name, _)| &name.value);
        // The check refuses a fax that has no SIP server.
        let name = fax.outbound.as_ref().map(|named| &named.value).or_else(only).map_or("", String::as_str);
        match hosts.value(name) {
            Some(_) => uri(self.sip_of(name)),
            None => Uri { host: name.to_owned(), port: None, ..uri(sip(IpAddr::from([0, 0, 0, 0]))) },
        }
    }

    /// The location server that a SIP server asks; `None`: it keeps the locations itself.
    fn location_server<'s>(&'s self, server: &'s SipServerSpec) -> Option<&'s str> {
        if server.location.is_some_and(|location| location.value == LocationSpec::Internal) {
            return None;
        }
        let mut hosts = self.scenario.script.hosts.value.iter();
        let only =
            || hosts.find(|(_, host)| host.location_server.is_some()).map(|(name, _)| name.value.as_str());
        server.location_server.as_ref().map(|named| named.value.as_str()).or_else(only)
    }

    fn registrar(
        &self,
        min: Option<At<Span>>,
        default: Option<At<Span>>,
        fixed: &Option<At<Named<FixedContact>>>,
        challenges: &Option<At<ChallengeSpec>>,
    ) -> RegistrarConfig {
        let fixed = fixed.iter().flat_map(|fixed| fixed.value.iter());
        RegistrarConfig {
            domain: self.domain().to_owned(),
            default_expiry: default.map_or(DEFAULT_EXPIRY, |span| Duration(span.value.us)),
            min_expiry: min.map_or(MIN_EXPIRY, |span| Duration(span.value.us)),
            challenges: self.challenges(challenges),
            fixed: fixed.map(|(number, contact)| (number.value.clone(), self.contact(contact))).collect(),
        }
    }

    fn challenges(&self, spec: &Option<At<ChallengeSpec>>) -> Option<ChallengeConfig> {
        let spec = &spec.as_ref()?.value;
        let accounts = spec.accounts.iter();
        let algorithm = |offered: &DigestAlgorithm| match offered {
            DigestAlgorithm::Sha256 => Algorithm::Sha256,
            DigestAlgorithm::Md5 => Algorithm::Md5,
        };
        let offered = spec.algorithms.as_ref().map(|listed| listed.value.iter().map(algorithm).collect());
        Some(ChallengeConfig {
            realm: self.domain().to_owned(),
            accounts: accounts.map(|(number, word)| (sip_user(&number.value), word.clone())).collect(),
            algorithms: offered.unwrap_or_else(|| vec![Algorithm::Sha256, Algorithm::Md5]),
            nonce_lifetime: spec.nonce_lifetime.map_or(NONCE_LIFETIME, |span| Duration(span.us)),
        })
    }

    fn contact(&self, contact: &FixedContact) -> SocketAddr {
        let name = &contact.0.value;
        match name.parse::<SocketAddr>() {
            Ok(at) => SocketAddr::new(self.literal(at.ip()), at.port()),
            Err(_) => self.sip_of(name),
        }
    }

    fn mail(&self, name: &str, spec: &HostSpec) -> String {
        let given = spec.mail.as_ref().map(|mail| mail.value.clone());
        given.unwrap_or_else(|| format!("{name}@{}", self.domain()))
    }
}

pub(crate) fn row(spec: &RowSpec) -> Row {
    Row {
        destination: spec.destination.clone(),
        number: spec.number.value.clone(),
        protocol: spec.protocol.as_ref().map(|protocol| protocol.value.clone()),
    }
}

fn protocols(spec: &HostSpec) -> Vec<Protocol> {
    let Some(listed) = &spec.protocols else { return vec![Protocol::Smtp] };
    let known = |protocol: &grammar::Protocol| match protocol {
        grammar::Protocol::Smtp => Protocol::Smtp,
        grammar::Protocol::Http => Protocol::Http,
    };
    listed.value.iter().map(known).collect()
}

fn medium(spec: &HostSpec) -> Medium {
    match spec.failure_notice.map(|medium| medium.value).unwrap_or_default() {
        grammar::Medium::Display => Medium::Display,
        grammar::Medium::Printer => Medium::Printer,
        grammar::Medium::Buzzer => Medium::Buzzer,
    }
}

fn word(medium: Medium) -> &'static str {
    match medium {
        Medium::Display => "display",
        Medium::Printer => "printer",
        Medium::Buzzer => "buzzer",
    }
}

fn text_type(kind: TextType) -> &'static str {
    match kind {
        TextType::Plain => "text/plain",
        TextType::Html => "text/html",
    }
}

fn habits(spec: &HostSpec, machine: Option<Machine>) -> Habits {
    let mail = super::mail::usual(machine);
    let usual = Habits { mail, vendor: wire::vendor(&spec.vendor), ..Habits::default() };
    let Some(given) = spec.habits.as_ref().map(|habits| &habits.value) else { return usual };
    let span = |span: Option<Span>, usual: Duration| span.map_or(usual, |span| Duration(span.us));
    let answer = |text: &str| text.parse::<Span>().ok().map(|span| Duration(span.us));
    Habits {
        no_answer: span(given.no_answer, usual.no_answer),
        ring_after: span(given.ring_after, usual.ring_after),
        answer_after: given.answer_after.as_ref().map_or(usual.answer_after, |after| answer(&after.value)),
        refuse_calls: given.refuse_calls.map(|code| code.value),
        lines: given.lines.map_or(usual.lines, |lines| lines.value),
        refusal: match given.refusal.map(|refusal| refusal.value) {
            Some(grammar::Refusal::PortZero) => Refusal::PortZero,
            Some(grammar::Refusal::NotAcceptable) => Refusal::NotAcceptable,
            None => usual.refusal,
        },
        presents: given.presents.as_ref().map(|words| words.iter().map(|word| word.value.clone()).collect()),
        store_on_transfer_failure: given.store_on_transfer_failure.unwrap_or(usual.store_on_transfer_failure),
        registers: given.registers.unwrap_or(usual.registers),
        contact_q: given.contact_q.map(|q| wire::thousandths(q.value)),
        register_for: span(given.register_for.map(|span| span.value), usual.register_for),
        size_limit: given.size_limit.unwrap_or(usual.size_limit),
        sip_transport: match given.sip_transport.unwrap_or_default() {
            grammar::SipTransport::Udp => Transport::Udp,
            grammar::SipTransport::Tcp => Transport::Tcp,
        },
        rport: given.rport.unwrap_or(usual.rport),
        extra_headers: given.extra_headers.iter().flat_map(Named::iter).map(header).collect(),
        keep_alive: given.keep_alive.map(|every| Duration(every.value.us)),
        listens_tcp: given.listens_tcp.map_or(usual.listens_tcp, |listens| listens.value),
        variant: given.variant.map_or(usual.variant, |variant| wire::variant(variant.value)),
        accepts: match &given.accepts {
            Some(listed) => listed.value.iter().copied().map(wire::variant).collect(),
            None => usual.accepts,
        },
        vendor: usual.vendor,
        presentation: given.presentation.map_or(usual.presentation, |by| wire::presentation(by.value)),
        setup_offer: given.setup_offer.map_or(usual.setup_offer, wire::setup),
        media_at: given.media_at.map_or(usual.media_at, wire::media_at),
        refuses_foreign: given.refuses_foreign.unwrap_or(usual.refuses_foreign),
        http: http_habits(&given.http),
        mail: super::mail::habits(&given.mail, machine),
    }
}

fn http_habits(given: &grammar::HttpSpec) -> HttpHabits {
    let usual = HttpHabits::default();
    HttpHabits {
        target: given.target.as_ref().map_or(usual.target, |target| target.value.clone()),
        method: match given.method {
            Some(grammar::HttpMethod::Put) => HttpMethod::Put,
            Some(grammar::HttpMethod::Post) => HttpMethod::Post,
            None => usual.method,
        },
        text_type: match given.text_type {
            Some(grammar::TextType::Html) => TextType::Html,
            Some(grammar::TextType::Plain) => TextType::Plain,
            None => usual.text_type,
        },
        expect_continue: given.expect_continue.unwrap_or(usual.expect_continue),
        answers_with: given.answers_with.map_or(usual.answers_with, |code| code.value),
    }
}

fn header((name, value): (&At<String>, &String)) -> (String, String) {
    (name.value.clone(), value.clone())
}

/// Habits in the words of the grammar.
fn fax_habits(config: &FaxConfig) -> Vec<(&'static str, String)> {
    let habits = &config.habits;
    let span = |span: Duration| Span { us: span.0 }.to_string();
    let mut words = vec![
        ("mail", config.mail.clone()),
        ("no_answer", span(habits.no_answer)),
        ("ring_after", span(habits.ring_after)),
        ("answer_after", habits.answer_after.map_or("never".to_owned(), span)),
        ("lines", habits.lines.to_string()),
        (
            "refusal",
            match habits.refusal {
                Refusal::NotAcceptable => "488".to_owned(),
                Refusal::PortZero => "port-0".to_owned(),
            },
        ),
        ("store_on_transfer_failure", habits.store_on_transfer_failure.to_string()),
        ("registers", habits.registers.to_string()),
        ("register_for", span(habits.register_for)),
        ("size_limit", habits.size_limit.to_string()),
    ];
    words.extend(wire::words(habits));
    if config.protocols.contains(&Protocol::Http) {
        words.push(("http.target", habits.http.target.clone()));
        words.push(("http.method", habits.http.method.as_str().to_owned()));
        words.push(("http.text_type", text_type(habits.http.text_type).to_owned()));
        words.push(("http.expect_continue", habits.http.expect_continue.to_string()));
        words.push(("http.answers_with", habits.http.answers_with.to_string()));
    }
    if let Some(q) = habits.contact_q {
        words.push(("contact_q", preference(q)));
    }
    if let Some(code) = habits.refuse_calls {
        words.push(("refuse_calls", code.to_string()));
    }
    if let Some(presents) = &habits.presents {
        words.push(("presents", presents.join(" ")));
    }
    if habits.sip_transport == Transport::Tcp {
        words.push(("sip_transport", "tcp".to_owned()));
    }
    if habits.rport {
        words.push(("rport", "true".to_owned()));
    }
    if !habits.extra_headers.is_empty() {
        let names = habits.extra_headers.iter().map(|(name, _)| name.as_str());
        words.push(("extra_headers", names.collect::<Vec<_>>().join(" ")));
    }
    if let Some(every) = habits.keep_alive {
        words.push(("keep_alive", span(every)));
    }
    if habits.media_at == MediaAt::Anywhere {
        words.push(("media_at", "anywhere".to_owned()));
    }
    if habits.refuses_foreign {
        words.push(("refuses_foreign", "true".to_owned()));
    }
    if !habits.listens_tcp {
        words.push(("listens_tcp", "false".to_owned()));
    }
    words
}

fn refuses_tcp(listens: bool) -> Option<(&'static str, String)> {
    (!listens).then(|| ("listens_tcp", "false".to_owned()))
}

/// What is asked, and never the passwords.
fn challenge_habit(config: &ChallengeConfig) -> (&'static str, String) {
    let offered: Vec<&str> = config.algorithms.iter().map(|algorithm| algorithm.token()).collect();
    ("challenges", format!("{}, {}", offered.join(" "), Span { us: config.nonce_lifetime.0 }))
}

fn registrar_habits(config: &RegistrarConfig) -> [(&'static str, String); 2] {
    let span = |span: Duration| Span { us: span.0 }.to_string();
    [("min_expiry", span(config.min_expiry)), ("default_expiry", span(config.default_expiry))]
}
