//! The network of a scenario, and its rules.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::value::{At, Named, Percent, Span};

/// How the network behaves between every two hosts, and on single links.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Time on the way; `5ms` unless given.
    pub latency: Option<Span>,
    /// Up to so much more, evenly spread; `0ms` unless given.
    pub jitter: Option<Span>,
    /// Datagrams that are lost; `0%` unless given.
    pub loss: Option<Percent>,
    /// Datagrams that arrive twice; `0%` unless given.
    pub duplication: Option<Percent>,
    /// Links that behave otherwise. What a link leaves out is as above.
    #[serde(default)]
    pub links: Vec<LinkSpec>,
}

/// One direction between two hosts, or both.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// The host that sends.
    pub from: At<String>,
    /// The host that receives.
    pub to: At<String>,
    /// The same in the other direction; `false` unless given.
    #[serde(default)]
    pub both: bool,
    /// Time on the way.
    pub latency: Option<Span>,
    /// Up to so much more, evenly spread.
    pub jitter: Option<Span>,
    /// Datagrams that are lost.
    pub loss: Option<Percent>,
    /// Datagrams that arrive twice.
    pub duplication: Option<Percent>,
    /// Nothing passes in this time.
    pub cut: Option<At<CutSpec>>,
}

/// A span of time in which nothing passes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutSpec {
    /// From here on.
    pub from: Span,
    /// Until here.
    pub to: Span,
}

/// A rule: on a message do something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// On which messages.
    pub on: MatchSpec,
    /// What happens to them.
    #[serde(rename = "do")]
    pub act: At<ActSpec>,
}

/// Which messages a rule means. Everything that is given must fit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchSpec {
    /// Label of the message, such as `INVITE`, `200 INVITE` or `EHLO`.
    pub message: Option<At<String>>,
    /// The host that sends it.
    pub from: Option<At<String>>,
    /// The host that it goes to.
    pub to: Option<At<String>>,
    /// Only the nth of them, counted from 1, or a list of such numbers; all unless given.
    pub nth: Option<At<Nth>>,
}

/// One number or a list of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nth(pub Vec<u32>);

/// What a rule does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActSpec {
    /// It never arrives.
    Drop,
    /// It arrives so much later.
    Delay(Span),
    /// It arrives twice, the copy so much later.
    Duplicate(Span),
    /// One of its bytes is changed.
    Corrupt(CorruptSpec),
    /// The SIP response gets another status code.
    SetCode(u16),
    /// One SIP header gets this value: `{ NAME: VALUE }`.
    SetHeader(Named<String>),
    /// The SIP header of this name goes away.
    RemoveHeader(String),
    /// The SIP message gets another body.
    SetBody(BodySpec),
    /// The whole message becomes something else.
    Replace(ReplaceSpec),
    /// The TCP connection is reset in place of the message.
    Reset,
    /// The TCP connection is closed in place of the message.
    Close,
    /// The power of a host fails.
    Crash(CrashSpec),
}

/// Which byte is changed and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorruptSpec {
    /// Position of the byte from 0; negative counts from the end, -1 is the last.
    pub at: i64,
    /// Its value is XORed with this, 1 to 255.
    pub xor: u8,
}

/// Another body.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodySpec {
    /// Content-Type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// The body, byte for byte.
    pub body: String,
}

/// Another message.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceSpec {
    /// The message, byte for byte.
    pub text: String,
}

/// A power failure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashSpec {
    /// Whose power fails.
    pub host: At<String>,
    /// When the power comes back; never unless given.
    pub back_after: Option<Span>,
}

impl<'de> Deserialize<'de> for Nth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Nth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1 or a list of such numbers")
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Nth, E> {
                counted(n).map(|n| Nth(vec![n]))
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Nth, E> {
                self.visit_u64(u64::try_from(n).unwrap_or(0))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Nth, A::Error> {
                let mut all = Vec::new();
                while let Some(n) = seq.next_element::<u64>()? {
                    all.push(counted(n)?);
                }
                Ok(Nth(all))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Nth {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Nth".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = json_schema!({ "type": "integer", "minimum": 1 });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

fn counted<E: de::Error>(n: u64) -> Result<u32, E> {
    match u32::try_from(n) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(E::custom("occurrences count from 1\nwrite `nth: 1` for the first")),
    }
}
