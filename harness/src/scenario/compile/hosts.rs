//! The boxes of a plan and what is declared of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use faxproof_devices::config::{
    ChallengeConfig, Forking, Location, LocationServerConfig, Machine, RegistrarConfig, SipServerConfig,
    TesterConfig,
};
use faxproof_devices::core::{Duration, Entropy, Time};
use faxproof_devices::number::sip_user;
use faxproof_devices::ta1::Row;
use faxproof_reports::{Class, HostDeclaration, Ta1Row};
use faxproof_wire::sip::digest::Algorithm;

use super::address::{of_nobody, on_loopback, sip};
use super::build::{Config, build};
use super::mail::machine;
use super::{Setting, fax, line, wire};
use crate::plan::{PlannedBox, PlannedHost};
use crate::scenario::grammar::{
    ChallengeSpec, DigestAlgorithm, External, FixedContact, HostSpec, LocationSpec, Power, SipServerSpec,
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
            return Config::MailServer(self.mail_server(name, spec, &server.value));
        }
        if spec.mail_client.is_some() {
            return Config::MailClient(self.mail_client(name, spec));
        }
        if let Some(tester) = &spec.tester {
            let listens = tester.value.listens.iter().map(|port| port.value).collect();
            return Config::Tester(TesterConfig { listens, entropy });
        }
        let kind = if machine(spec).is_some() { Config::MailFax } else { Config::Fax1 };
        kind(self.fax(name, spec))
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
                _ if spec.mail_client.is_some() => Class::MailClient,
                (Some(_), ..) => Class::SipServer,
                (None, Some(_), _) => Class::LocationServer,
                (None, None, Some(_)) => Class::Tester,
                (None, None, None) => match machine(spec) {
                    Some(Machine::Fax101) => Class::Fax101,
                    Some(Machine::Fax118) => Class::Fax118,
                    None => Class::Fax1,
                },
            },
            address: self.address(name),
            external: spec.external.is_some(),
            number: spec.number.as_ref().map(|number| number.value.clone()),
            protocols: if spec.has_line() {
                line::protocols(spec).iter().map(|protocol| protocol.token().to_owned()).collect()
            } else {
                Vec::new()
            },
            failure_notice: is_fax.then(|| fax::notice_word(spec).to_owned()),
            ta1: rows.map(|spec| declared_row(fax::row(spec))).collect(),
            ta3: super::forward::declared_tables(spec),
            habits: self.declared_habits(name, spec),
        }
    }

    fn declared_habits(&self, name: &str, spec: &HostSpec) -> BTreeMap<String, String> {
        let habits = match self.config(name, spec) {
            Config::Fax1(config) => fax::words(&config),
            Config::MailFax(config) => {
                fax::words(&config).into_iter().chain(super::mail::words(&config)).collect()
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
            Config::MailServer(config) => {
                let forwards = config.forwards.iter().flat_map(super::forward::words);
                super::mail::server_words(&config).into_iter().chain(forwards).collect()
            }
            Config::MailClient(config) => super::forward::client_words(&config),
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
    pub(super) fn sip_of(&self, name: &str) -> SocketAddr {
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
