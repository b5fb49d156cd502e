//! Answers of the name server, as they stand in a trace.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What a name server answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Addresses (A, AAAA).
    Addresses(Vec<IpAddr>),
    /// Hosts that offer a service (SRV).
    Services(Vec<ServiceRecord>),
    /// Where services are described (NAPTR).
    Pointers(Vec<PointerRecord>),
    /// Hosts that take mail (MX).
    Exchanges(Vec<ExchangeRecord>),
    /// There is no such name, or it has no records of this kind.
    NoSuchName,
    /// Nothing.
    TimedOut,
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// The lowest is tried first.
    pub priority: u16,
    /// Its share among those of the same priority.
    pub weight: u16,
    /// Where the service runs.
    pub port: u16,
    /// Name of the host.
    pub target: String,
}

/// A NAPTR record (RFC 3403 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerRecord {
    /// The lowest is processed first.
    pub order: u16,
    /// The lowest first among those of the same order.
    pub preference: u16,
    /// `s`: the replacement has SRV records.
    pub flags: String,
    /// Service, such as `SIP+D2U`.
    pub service: String,
    /// The name to ask for next.
    pub replacement: String,
}

/// An MX record (RFC 5321 §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRecord {
    /// The lowest is tried first.
    pub preference: u16,
    /// Name of the host.
    pub host: String,
}

/// In words: `10.0.0.5, 10.0.0.6`; `10 60 sip1.example.net:5060`; `10 50 s SIP+D2U _sip._udp.example.net`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = match self {
            Answer::Addresses(addresses) => addresses.iter().map(IpAddr::to_string).collect(),
            Answer::Services(records) => records.iter().map(service).collect(),
            Answer::Pointers(records) => records.iter().map(pointer).collect(),
            Answer::Exchanges(records) => records.iter().map(exchange).collect(),
            Answer::NoSuchName => return f.write_str("no such name"),
            Answer::TimedOut => return f.write_str("no answer"),
        };
        f.write_str(&words.join(", "))
    }
}

fn exchange(record: &ExchangeRecord) -> String {
    format!("{} {}", record.preference, record.host)
}

fn service(record: &ServiceRecord) -> String {
    let ServiceRecord { priority, weight, port, target } = record;
    format!("{priority} {weight} {target}:{port}")
}

fn pointer(record: &PointerRecord) -> String {
    let PointerRecord { order, preference, flags, service, replacement } = record;
    format!("{order} {preference} {flags} {service} {replacement}")
}
