//! What the scenario declares about itself, in the form that judges and reports read.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use faxproof_wire::page::Page;
use serde::{Deserialize, Serialize};

use crate::trace::Host;

/// Everything that was fixed before the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declaration {
    /// Name of the scenario: its file's path inside its set, without the ending, e.g. `fig04/busy`.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// Seed of the run.
    pub seed: u64,
    /// `virtual`, `turmoil` or `sockets`.
    pub world: String,
    /// Wall time at the start of the run, seconds since 1970-01-01 UTC.
    pub epoch_s: i64,
    /// The hosts in the order of the scenario.
    pub hosts: Vec<HostDeclaration>,
    /// What the operators do, in order.
    pub orders: Vec<OrderDeclaration>,
    /// Whether the network or a rule can disturb this run (loss, faults, tamper rules, crashes).
    pub disturbed: bool,
    /// What it does in contrast to the scenarios of the same text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<String>,
}

impl Declaration {
    /// The host of this name.
    pub fn host(&self, name: &str) -> Option<&HostDeclaration> {
        self.hosts.iter().find(|host| &*host.name == name)
    }
}

/// What a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Facsimile machine 1 of Figure 4.
    Fax1,
    /// Internet facsimile machine 101 of Figures 8 and 9: a mail fax.
    Fax101,
    /// Internet facsimile machine 118 of Figures 10 to 13: a mail fax of full mode.
    Fax118,
    /// SIP server 17: a proxy.
    SipServer,
    /// Location server: registrar and redirect server.
    LocationServer,
    /// A mail server: takes, keeps and passes on mail.
    MailServer,
    /// A mail client: its user writes and reads mail.
    MailClient,
    /// A tester: it says what the scenario writes, right or wrong, and nobody judges it.
    Tester,
}

impl Class {
    /// Whether it is a fax of any kind.
    pub fn is_fax(self) -> bool {
        self.machine().is_some()
    }

    /// The number of the facsimile machine in the patent.
    pub fn machine(self) -> Option<u32> {
        match self {
            Class::Fax1 => Some(1),
            Class::Fax101 => Some(101),
            Class::Fax118 => Some(118),
            Class::SipServer
            | Class::LocationServer
            | Class::MailServer
            | Class::MailClient
            | Class::Tester => None,
        }
    }
}

/// How the declared habits begin that are words of a vendor's wire profile.
pub const VENDOR: &str = "vendor.";

/// One host of the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostDeclaration {
    /// Its name.
    pub name: Host,
    /// What it is.
    pub class: Class,
    /// Its address.
    pub address: IpAddr,
    /// A real device takes its place.
    pub external: bool,
    /// IP telephone number, as written in the scenario.
    pub number: Option<String>,
    /// Protocols that it can run, in order of preference: `smtp`, `http`.
    pub protocols: Vec<String>,
    /// Where it tells of a failure: `display`, `printer`, `buzzer`.
    pub failure_notice: Option<String>,
    /// Table Ta1 at the start.
    pub ta1: Vec<Ta1Row>,
    /// Tables Ta3 and Ta3' at the start.
    #[serde(default, skip_serializing_if = "Ta3Tables::is_empty")]
    pub ta3: Ta3Tables,
    /// Declared habits by name: where the standards leave the device free.
    pub habits: BTreeMap<String, String>,
}

impl HostDeclaration {
    /// Whether it makes and takes calls: a fax, or a mail server that forwards over SIP.
    pub fn has_line(&self) -> bool {
        self.class.is_fax() || self.class == Class::MailServer && self.number.is_some()
    }
}

/// A row of table Ta1 (Figure 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ta1Row {
    /// Column DESTINATION.
    pub destination: String,
    /// Column IP TEL NO.
    pub number: String,
    /// Column COMMUNICATION PROTOCOL; `None` where it is empty.
    pub protocol: Option<String>,
}

/// Tables Ta3 and Ta3' of a mail server (Figure 15).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ta3Tables {
    /// Table Ta3: numbers by destination address or domain.
    pub destinations: Vec<Ta3Row>,
    /// Table Ta3': numbers by specific information.
    pub specific: Vec<Ta3Row>,
}

impl Ta3Tables {
    /// Whether both are empty.
    pub fn is_empty(&self) -> bool {
        self.destinations.is_empty() && self.specific.is_empty()
    }
}

/// A row of table Ta3 or Ta3' (Figure 15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ta3Row {
    /// What the number is registered for: column DESTINATION ADDRESS, DOMAIN of Ta3, or SPECIFIC INFORMATION of Ta3'.
    pub key: String,
    /// Column IP TEL NO.
    pub number: String,
}

/// One operator step of the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderDeclaration {
    /// Number of the step, from 1.
    pub step: u32,
    /// When, in microseconds since the start.
    pub at_us: u64,
    /// At which host.
    pub host: Host,
    /// `send`, `ta1-add`, `ta1-edit`, `ta1-delete`, `ta1-list` and the same of `ta2` and `ta3` (which stands for Ta3', too),
    /// `write`, `power-off`, `power-on`, `hang-up`, `inject`.
    pub kind: String,
    /// Number dialled, where the order dials one.
    pub to: Option<String>,
    /// What is sent: `image` or `text`.
    pub document: Option<String>,
    /// Pages of the document.
    pub pages: u32,
    /// The pages of an image as they lay in the scanner: what comes out of a printer must be the same, formed for
    /// its paper.
    #[serde(default, with = "crate::written::pages")]
    pub originals: Arc<[Page]>,
}
