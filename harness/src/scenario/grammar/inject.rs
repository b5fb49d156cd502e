//! What a tester says.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::super::value::{At, Span, Written};

/// Something that no device says: `to`, and `sip` or `bytes`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InjectSpec {
    /// In a rule: the tester that says it.
    pub from: Option<At<String>>,
    /// To which host.
    pub to: At<String>,
    /// In a rule: how much later; at once unless given.
    pub after: Option<At<Span>>,
    /// A SIP message with placeholders: its lines end with CRLF, and an empty one is added if there is none.
    pub sip: Option<At<String>>,
    /// Something else with placeholders, byte for byte.
    pub bytes: Option<At<String>>,
    /// Over TCP, to this port or to that of the media line (`media`); in datagrams unless given.
    pub connect: Option<At<PortSpec>>,
    /// With `connect`: what becomes of the connection; `keep` unless given.
    pub then: Option<At<EndingSpec>>,
    /// So many times; 1 unless given, 1000 at most.
    pub times: Option<At<u32>>,
    /// How long between two of them; all at once unless given.
    pub every: Option<Span>,
}

/// A port to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortSpec {
    /// This one.
    Number(u16),
    /// That of the media line.
    Media,
}

/// What becomes of a connection when all is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndingSpec {
    /// It stands.
    Keep,
    /// FIN.
    Close,
    /// RST.
    Reset,
}

impl std::str::FromStr for PortSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u16>() {
            _ if text == "media" => Ok(PortSpec::Media),
            Ok(port) if port > 0 => Ok(PortSpec::Number(port)),
            _ => Err(format!("`{text}` is no port\nwrite 1 to 65535, or `media`")),
        }
    }
}

impl<'de> Deserialize<'de> for PortSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written::default())
    }
}

impl JsonSchema for PortSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PortSpec".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let number = schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 65535 });
        schemars::json_schema!({ "anyOf": [number, { "enum": ["media"] }] })
    }
}
