//! What the name server of a scenario knows.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::value::At;

/// What is known of a name. `{}`: there is no such name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordsSpec {
    /// A records: a host of the scenario or an IPv4 address, or a list of such.
    pub a: Option<At<Hosts>>,
    /// AAAA records: a host of the scenario or an IPv6 address, or a list of such.
    pub aaaa: Option<At<Hosts>>,
    /// SRV records: the hosts that offer a service (RFC 2782).
    #[serde(default)]
    pub srv: Vec<SrvSpec>,
    /// NAPTR records: the names under which SRV records stand (RFC 3263 §4.1).
    #[serde(default)]
    pub naptr: Vec<NaptrSpec>,
    /// MX records: the hosts that take the mail of this domain (RFC 5321 §5.1).
    #[serde(default)]
    pub mx: Vec<MxSpec>,
    /// The name server answers no question for this name; `false` unless given.
    #[serde(default)]
    pub silent: bool,
}

/// An SRV record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SrvSpec {
    /// The lowest is tried first; 0 unless given.
    #[serde(default)]
    pub priority: u16,
    /// Its share among those of the same priority; 0 unless given.
    #[serde(default)]
    pub weight: u16,
    /// Where the service runs; 5060 unless given.
    pub port: Option<u16>,
    /// The host: one of the scenario, a name of the zone, or `.` where the service is not offered.
    pub target: At<String>,
}

/// A NAPTR record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NaptrSpec {
    /// The lowest is processed first; 0 unless given.
    #[serde(default)]
    pub order: u16,
    /// The lowest first among those of the same order; 0 unless given.
    #[serde(default)]
    pub preference: u16,
    /// `s` unless given: the replacement has SRV records.
    pub flags: Option<String>,
    /// `SIP+D2U` for UDP, `SIP+D2T` for TCP, `SIPS+D2T` for TLS.
    pub service: At<String>,
    /// The name with the SRV records.
    pub replacement: At<String>,
}

/// An MX record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MxSpec {
    /// The lowest is tried first; 0 unless given.
    #[serde(default)]
    pub preference: u16,
    /// The host: one of the scenario, a name of the zone, or `.` where the domain takes no mail (RFC 7505).
    pub host: At<String>,
}

/// One host or address, or a list of such.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(pub Vec<String>);

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Hosts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a host or an address, or a list of such")
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<Hosts, E> {
                Ok(Hosts(vec![one.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Hosts, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element::<String>()? {
                    all.push(one);
                }
                Ok(Hosts(all))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Hosts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hosts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}
