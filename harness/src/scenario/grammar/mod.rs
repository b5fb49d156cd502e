//! The grammar of scenario files: what serde reads and what the JSON Schema is derived from.
//!
//! Every struct refuses unknown keys. A value that a later check may refuse carries its place ([`At`]).
//! The text of a field's comment is what the JSON Schema shows to the writer of a scenario.

mod expect;
mod forward;
mod hosts;
mod inject;
mod mail;
mod network;
mod reuse;
mod steps;
mod vendor;
mod zone;

pub use expect::Expect;
pub use forward::{
    BySpec, ChangeSpec, ForwardSpec, MailClientSpec, NotifySpec, OnFailureSpec, RepliesSpec, RowKeySpec,
    SearchSpec, SpecificRowSpec, Ta3RowSpec, WriteSpec,
};
pub use hosts::{
    ChallengeSpec, DigestAlgorithm, Forking, LocationSpec, MediaAt, Medium, Power, PresentedBy, Protocol,
    Refusal, RowSpec, SetupOffer,
};
pub use hosts::{External, FixedContact, Habits, HostSpec, HttpMethod, HttpSpec, LocationServerSpec};
pub use hosts::{SipServerSpec, SipTransport, SourceSpec, Ta2RowSpec, TesterSpec, TextType, Variant};
pub use inject::{EndingSpec, InjectSpec, PortSpec};
pub use mail::{
    AbilitySpec, CodingSpec, CollectionSpec, ExtensionRuleSpec, FirstMailSpec, GreetingSpec, MailExtension,
    MailServerSpec, MailSpec, MailboxSpec, PathRejectSpec, PlaceSpec, UnverifiedSpec,
};
pub use network::{ActSpec, Behaviour, BodySpec, CorruptSpec, CrashSpec, CutActSpec, CutBy, CutSpec};
pub use network::{Fragments, LinkSpec, MatchSpec, Network, Nth, PartitionSpec, ReplaceSpec, RuleSpec};
pub use reuse::{ClassName, Classes, Defaults, Except, Include, Matrix, Parameters};
pub use steps::{
    ChartSpec, DocumentSpec, EditSpec, Paper, Resolution, Step, Ta2EditSpec, Ta2KeySpec, Ta2Step, TableStep,
};
pub use vendor::{AskingSpec, DecliningSpec, FormSpec, VendorSpec, Word};
pub use zone::{Hosts, MxSpec, NaptrSpec, RecordsSpec, SrvSpec};

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{At, Epoch, Named, Span};
use crate::world::World;

/// A scenario file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Version of the grammar: 1.
    pub version: At<u32>,
    /// What happens, in one line.
    pub title: At<String>,
    /// Why this scenario exists; shown by `faxproof explain`.
    #[serde(default)]
    pub about: String,
    /// Arcs of the flowcharts for which this scenario exists: the run fails if it does not take them.
    #[serde(default)]
    pub covers: Vec<At<String>>,
    /// Rows of the catalogue that it shows: `faxproof list abuse`, `faxproof list facts`.
    #[serde(default)]
    pub shows: Vec<At<String>>,
    /// What it does in contrast to others, in one line: `faxproof run` puts the scenarios of the same text side by side.
    pub contrast: Option<At<String>>,
    /// Parts, files whose names end in `.part.yaml`, that this scenario is laid over.
    pub include: Option<Include>,
    /// Classes of this scenario by name, beside the built-in ones: keys of a host, and `about`.
    pub classes: Option<Classes>,
    /// What hosts have unless they say otherwise, by kind of host: `{ fax: { ... } }`.
    pub defaults: Option<Defaults>,
    /// Values that are written `${name}` elsewhere.
    pub parameters: Option<Parameters>,
    /// Parameters with several values: the scenario runs once for each combination.
    pub matrix: Option<Matrix>,
    /// Combinations of the matrix that do not run.
    pub except: Option<Except>,
    /// The SIP domain; `sip.example.net` unless given.
    pub domain: Option<At<String>>,
    /// Wall time at the start; `2003-11-18T01:00:00Z` unless given.
    pub epoch: Option<Epoch>,
    /// From this every chance is derived; 1 unless given.
    pub seed: Option<u64>,
    /// When the world stops; 40 s after the last step unless given.
    pub ends_at: Option<At<Span>>,
    /// The boxes by name.
    pub hosts: At<Named<HostSpec>>,
    /// What can be sent, by name.
    #[serde(default)]
    pub documents: Named<DocumentSpec>,
    /// How the network behaves.
    #[serde(default)]
    pub network: Network,
    /// What the name server knows, by name. Hosts have addresses under their own names besides.
    #[serde(default)]
    pub zone: Named<RecordsSpec>,
    /// Faults and tampering: on a message do something.
    #[serde(default)]
    pub rules: Vec<RuleSpec>,
    /// What the operators do.
    #[serde(default)]
    pub steps: Vec<At<Step>>,
    /// What must be seen.
    #[serde(default)]
    pub expect: Expect,
    /// Worlds in which it runs; unless given all in which its result is the same and comes in time.
    pub worlds: Option<Vec<At<WorldSpec>>>,
    /// Why it does not run in the worlds that `worlds` leaves out.
    pub worlds_because: Option<At<String>>,
}

impl Script {
    /// Whether it stands for itself: nothing has to be laid into it first.
    pub(super) fn is_whole(&self) -> bool {
        let keys = [
            self.include.is_none(),
            self.classes.is_none(),
            self.hosts.value.iter().all(|(_, host)| host.class.is_none()),
            self.defaults.is_none(),
            self.parameters.is_none(),
            self.matrix.is_none(),
            self.except.is_none(),
        ];
        keys.iter().all(|gone| *gone)
    }
}

/// A world in which a scenario may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorldSpec {
    /// The event heap: no runtime, no sockets.
    Virtual,
    /// The simulated network of the turmoil crate.
    Turmoil,
    /// UDP and TCP sockets of the operating system.
    Sockets,
}

impl WorldSpec {
    /// The world meant.
    pub fn world(self) -> World {
        match self {
            WorldSpec::Virtual => World::Virtual,
            WorldSpec::Turmoil => World::Turmoil,
            WorldSpec::Sockets => World::Sockets,
        }
    }
}
