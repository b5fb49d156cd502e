//! A plan: a scenario made ready to run. Worlds read plans and know nothing of YAML.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use faxproof_devices::core::{Device, Time};
use faxproof_devices::order::Order;
use faxproof_reports::{Declaration, Host};

/// Everything that a world needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is declared about the run, for judges and reports; holds seed and epoch too.
    pub declaration: Declaration,
    /// The hosts in the order of the scenario.
    pub hosts: Vec<PlannedHost>,
    /// How the network behaves.
    pub network: NetworkPlan,
    /// Faults and tamper rules.
    pub rules: Vec<Rule>,
    /// What the operators and the mains do, in order of time.
    pub actions: Vec<PlannedAction>,
    /// The world stops at this time at the latest; earlier when nothing is left to happen.
    pub until: Time,
}

/// A host of the plan.
#[derive(Clone, Debug)]
pub struct PlannedHost {
    /// Its name.
    pub name: Host,
    /// Its address; in the sockets world one in 127.0.0.0/8 that no other scenario has.
    pub address: IpAddr,
    /// The device, before its first power-on.
    pub box_: PlannedBox,
    /// When it gets power first; `None`: only an action switches it on.
    pub power_on: Option<Time>,
}

/// What stands at a host's place.
#[derive(Clone, Debug)]
pub enum PlannedBox {
    /// A virtual device.
    Virtual(Box<dyn Device>),
    /// A real device outside the program: only the sockets world can reach it.
    External {
        /// Its SIP address.
        sip: SocketAddr,
    },
}

/// Something that happens to a host at a given time.
#[derive(Clone, Debug)]
pub struct PlannedAction {
    /// When.
    pub at: Time,
    /// To which host (index into [`Plan::hosts`]).
    pub host: usize,
    /// Number of the operator step, from 1.
    pub step: u32,
    /// In words, for the trace.
    pub text: Arc<str>,
    /// What.
    pub what: PlannedWhat,
}

/// Kinds of planned happenings.
#[derive(Clone, Debug)]
pub enum PlannedWhat {
    /// The operator does something at the panel.
    Order(Order),
    /// The power fails.
    PowerOff,
    /// The power comes back.
    PowerOn,
}

/// How the network behaves where no link says otherwise, and the links that do.
#[derive(Clone, Debug, Default)]
pub struct NetworkPlan {
    /// Every pair of hosts.
    pub default: LinkPlan,
    /// Exceptions by host names; `from` → `to`, one direction each.
    pub links: Vec<(Host, Host, LinkPlan)>,
}

/// One direction of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkPlan {
    /// Time on the way, microseconds.
    pub latency_us: u64,
    /// Up to so much more, microseconds, evenly spread.
    pub jitter_us: u64,
    /// Datagrams lost, in millionths.
    pub loss_ppm: u32,
    /// Datagrams that arrive twice, in millionths.
    pub duplicate_ppm: u32,
    /// Nothing passes in this span of time.
    pub cut: Option<(Time, Time)>,
}

impl Default for LinkPlan {
    fn default() -> Self {
        LinkPlan { latency_us: 5_000, jitter_us: 0, loss_ppm: 0, duplicate_ppm: 0, cut: None }
    }
}

/// "On this message do that": faults of the network and tampering with a device's messages are one
/// mechanism.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which messages.
    pub on: Match,
    /// What happens to them.
    pub act: Act,
}

/// Which messages a rule means. Every part that is given must fit.
#[derive(Clone, Debug, Default)]
pub struct Match {
    /// Label: `INVITE`, `200 INVITE`, `354`, `message`.
    pub label: Option<String>,
    /// Sender.
    pub from: Option<Host>,
    /// Addressee.
    pub to: Option<Host>,
    /// Only these occurrences, counted from 1 among all that fit the rest. Empty: all.
    pub nth: Vec<u32>,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Act {
    /// It never arrives. On a stream: the connection stalls from here on.
    Drop,
    /// It arrives so much later (microseconds); on a stream everything behind it too.
    Delay {
        /// How much later.
        by_us: u64,
    },
    /// Datagram: it arrives twice, the copy this much later.
    Duplicate {
        /// How much later the copy comes, microseconds.
        after_us: u64,
    },
    /// Byte `at` of it is replaced by its value XOR `xor`.
    Corrupt {
        /// Position of the byte; negative counts from the end.
        at: i64,
        /// What its value is XORed with; not 0.
        xor: u8,
    },
    /// The SIP response gets another status code and its reason phrase.
    SetCode {
        /// The code.
        code: u16,
    },
    /// A SIP header gets this value; it is added if it is not there.
    SetHeader {
        /// Name of the header.
        name: String,
        /// The value.
        value: String,
    },
    /// The SIP header goes away.
    RemoveHeader {
        /// Name of the header.
        name: String,
    },
    /// The SIP body becomes this (CRLF line ends are the scenario's affair).
    SetBody {
        /// Content-Type.
        content_type: String,
        /// The body.
        body: String,
    },
    /// The whole message becomes these bytes (on a stream: this unit).
    Replace {
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Stream: the connection is reset before the unit is sent.
    ResetConnection,
    /// Stream: FIN is sent in place of the unit.
    CloseConnection,
    /// The power of a host fails as the message arrives (its addressee) or as it has left (its sender).
    Crash {
        /// Which host.
        host: Host,
        /// When the power comes back, microseconds after; `None`: never.
        back_after_us: Option<u64>,
    },
}
