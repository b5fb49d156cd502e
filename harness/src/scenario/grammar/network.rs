//! The network of a scenario, and its rules.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::value::{At, Named, Percent, Rate, Several, Span};
use super::InjectSpec;

/// A type that says how a link behaves, among other keys of its own.
macro_rules! behaving {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$key_about:meta])* pub $key:ident: $type:ty,)* }) => {
        $(#[$about])*
        pub struct $name {
            /// Time on the way; `5ms` unless given.
            pub latency: Option<Span>,
            /// Up to so much more, evenly spread; `0ms` unless given.
            pub jitter: Option<Span>,
            /// Datagrams that are lost; `0%` unless given. Segments of streams are sent again.
            pub loss: Option<Percent>,
            /// Datagrams that arrive twice; `0%` unless given.
            pub duplication: Option<Percent>,
            /// Datagrams that are held back, so that later ones overtake them; `0%` unless given.
            pub reordering: Option<Percent>,
            /// By how much those are held back; `20ms` unless given.
            pub reorder_by: Option<Span>,
            /// Bits per second that pass in each direction; as many as come unless given.
            pub rate: Option<Rate>,
            /// Bytes of datagrams that wait at most where there is a rate; 65536 unless given.
            pub queue: Option<At<u64>>,
            /// The largest IP packet in bytes; 1500 unless given.
            pub mtu: Option<At<u32>>,
            /// Whether fragments of datagrams pass; `pass` unless given.
            pub fragments: Option<Fragments>,
            /// The receiver of a stream gets its bytes in chunks of at most so many.
            pub chunks: Option<At<u32>>,
            /// The receiver of a stream looks only so often, and gets all that has come since in one chunk.
            pub joins: Option<At<Span>>,
            /// The receiver of a stream reads so many bytes a second.
            pub reads: Option<At<u64>>,
            /// After so many bytes of a direction its connection ends.
            pub cut_after: Option<At<u64>>,
            /// How it ends; `reset` unless given.
            pub cut_by: Option<At<CutBy>>,
            $($(#[$key_about])* pub $key: $type,)*
        }

        impl $name {
            /// How the link behaves.
            pub fn behaviour(&self) -> Behaviour {
                Behaviour {
                    latency: self.latency,
                    jitter: self.jitter,
                    loss: self.loss,
                    duplication: self.duplication,
                    reordering: self.reordering,
                    reorder_by: self.reorder_by,
                    rate: self.rate,
                    queue: self.queue,
                    mtu: self.mtu,
                    fragments: self.fragments,
                    chunks: self.chunks,
                    joins: self.joins,
                    reads: self.reads,
                    cut_after: self.cut_after,
                    cut_by: self.cut_by,
                }
            }
        }
    };
}

behaving! {
    /// How a link behaves.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Behaviour {}
}

behaving! {
    /// How the network behaves between every two hosts, and on single links.
    #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Network {
        /// Links that behave otherwise. What a link leaves out is as above.
        #[serde(default)]
        pub links: Vec<LinkSpec>,
        /// Hosts that are cut off from all others for a time: one, or a list.
        #[serde(default)]
        pub partition: Several<PartitionSpec>,
    }
}

behaving! {
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
        /// Nothing passes in this time: one span of time, or a list.
        #[serde(default)]
        pub cut: Several<CutSpec>,
        /// Nothing passes in this time, and a router says so: one span of time, or a list.
        #[serde(default)]
        pub unreachable: Several<CutSpec>,
    }
}

/// Whether fragments of datagrams pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fragments {
    /// They pass.
    Pass,
    /// A firewall drops them.
    Drop,
}

/// How something on the way ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutBy {
    /// RST to both ends.
    Reset,
    /// FIN to both ends.
    Close,
    /// FIN to the receiver; the other direction goes on.
    HalfClose,
    /// Nothing more arrives in this direction.
    Stall,
}

/// A span of time in which nothing passes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutSpec {
    /// From here on.
    pub from: At<Span>,
    /// Until here.
    pub to: Span,
}

/// Hosts between which and all others nothing passes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionSpec {
    /// The hosts; among them everything passes.
    pub apart: Vec<At<String>>,
    /// From here on.
    pub from: At<Span>,
    /// Until here.
    pub to: Span,
    /// Whether a router says so by ICMP; `false` unless given.
    #[serde(default)]
    pub unreachable: bool,
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
    /// Label of the message, such as `INVITE`, `200 INVITE` or `EHLO`; `connect` for a TCP connect.
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
    /// One SIP header gets this value, with placeholders: `{ NAME: VALUE }`.
    SetHeader(Named<String>),
    /// The SIP header of this name goes away.
    RemoveHeader(String),
    /// The SIP message gets another body.
    SetBody(BodySpec),
    /// The whole message becomes something else.
    Replace(ReplaceSpec),
    /// The TCP connection is reset in place of the message.
    Reset,
    /// The TCP connection is closed in both directions in place of the message.
    Close,
    /// The TCP connection is closed in the direction of the message; the other goes on.
    HalfClose,
    /// The TCP connection stalls in the direction of the message, from it on.
    Stall,
    /// The begin of the message passes, and then the TCP connection ends.
    Cut(CutActSpec),
    /// The TCP connection is refused; only for `connect`.
    Refuse,
    /// A router answers that there is no way to the host.
    Unreachable,
    /// A tester says something besides.
    Inject(InjectSpec),
    /// The power of a host fails.
    Crash(CrashSpec),
}

/// Where a message is cut off.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutActSpec {
    /// So many of its bytes pass; all unless given.
    pub after: Option<u64>,
    /// How the connection ends.
    pub by: CutBy,
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
    /// The body, byte for byte, with placeholders.
    pub body: String,
}

/// Another message.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceSpec {
    /// The message, byte for byte, with placeholders.
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
