//! A plan: a scenario made ready to run. Worlds read plans and know nothing of YAML.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use faxproof_devices::core::{Device, Exchange, Pointer, Service, Time};
use faxproof_devices::order::{Ending, Order};
use faxproof_reports::{Declaration, Host};

use crate::template::Template;

/// Everything that a world needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is declared about the run, for judges and reports; holds seed and epoch too.
    pub declaration: Declaration,
    /// The hosts in the order of the scenario.
    pub hosts: Vec<PlannedHost>,
    /// How the network behaves.
    pub network: NetworkPlan,
    /// What the name server knows.
    pub zone: Zone,
    /// Faults and tamper rules.
    pub rules: Vec<Rule>,
    /// What the operators and the mains do, in order of time.
    pub actions: Arc<[PlannedAction]>,
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
        /// Where it takes SIP, if it does.
        sip: Option<SocketAddr>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPlan {
    /// Time on the way, microseconds.
    pub latency_us: u64,
    /// Up to so much more, microseconds, evenly spread.
    pub jitter_us: u64,
    /// Datagrams lost, in millionths. On a stream: segments, which are sent again.
    pub loss_ppm: u32,
    /// Datagrams that arrive twice, in millionths.
    pub duplicate_ppm: u32,
    /// Datagrams that are held back, so that later ones overtake them, in millionths.
    pub reorder_ppm: u32,
    /// By how much those are held back, microseconds.
    pub reorder_by_us: u64,
    /// Bits per second that pass; `None`: as many as come.
    pub rate_bps: Option<u64>,
    /// Bytes of datagrams that wait at most where there is a rate; what comes beyond is lost.
    pub queue_bytes: u64,
    /// The largest IP packet in bytes: bigger datagrams go in fragments, streams in segments.
    pub mtu_bytes: u32,
    /// A firewall on the way drops fragments.
    pub drops_fragments: bool,
    /// When nothing passes.
    pub outages: Vec<Outage>,
    /// What this direction does to every stream.
    pub stream: StreamPlan,
}

/// A span of time in which nothing passes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// From here on.
    pub from: Time,
    /// Until here.
    pub to: Time,
    /// A router says so by ICMP; otherwise there is silence.
    pub unreachable: bool,
}

/// What one direction of a link does to every TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamPlan {
    /// The receiver gets its bytes in chunks of at most so many.
    pub chunk_bytes: Option<u32>,
    /// The receiver looks only so often, in microseconds, and gets all that has come since at once.
    pub joins_us: Option<u64>,
    /// The receiver reads so many bytes a second.
    pub reads_bytes_per_s: Option<u64>,
    /// After so many bytes of this direction the connection ends, and how.
    pub cut_after: Option<(u64, StreamEnd)>,
}

/// How a connection is ended by what lies between its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// RST to both ends.
    Reset,
    /// FIN to both ends.
    Close,
    /// FIN to the receiver; the other direction goes on.
    HalfClose,
    /// Nothing more arrives in this direction.
    Stall,
}

impl Default for LinkPlan {
    fn default() -> Self {
        LinkPlan {
            latency_us: 5_000,
            jitter_us: 0,
            loss_ppm: 0,
            duplicate_ppm: 0,
            reorder_ppm: 0,
            reorder_by_us: 20_000,
            rate_bps: None,
            queue_bytes: 64 * 1024,
            mtu_bytes: 1_500,
            drops_fragments: false,
            outages: Vec::new(),
            stream: StreamPlan::default(),
        }
    }
}

/// What the name server knows, by name in lower case. A name that it does not have does not exist; the
/// hosts of the plan have addresses under their own names besides.
#[derive(Clone, Debug, Default)]
pub struct Zone(pub BTreeMap<String, Records>);

/// What is known of a name.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The name server answers no question for it.
    pub silent: bool,
    /// A and AAAA.
    pub addresses: Vec<IpAddr>,
    /// SRV.
    pub services: Vec<Service>,
    /// NAPTR.
    pub pointers: Vec<Pointer>,
    /// MX.
    pub exchanges: Vec<Exchange>,
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
    /// Label: `INVITE`, `200 INVITE`, `354`, `message`. A connect is meant by `connect` alone.
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
    /// It never arrives. On a stream the connection stalls from here on; no SYN of a connect arrives.
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
        value: Template,
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
        body: Template,
    },
    /// The whole message becomes this (on a stream: this unit).
    Replace {
        /// What it becomes.
        text: Template,
    },
    /// Stream: so many bytes of the unit pass, and then the connection ends.
    Cut {
        /// How many bytes of the unit pass.
        after_bytes: u64,
        /// How the connection ends.
        by: StreamEnd,
    },
    /// Connect: RST answers the SYN.
    Refuse,
    /// Datagram or connect: a router answers that there is no way to the host.
    Unreachable,
    /// A tester says something, and the message goes on its way untouched.
    Inject {
        /// The tester.
        from: Host,
        /// How much later, microseconds.
        after_us: u64,
        /// What it says.
        what: Injected,
    },
    /// The power of a host fails as the message arrives (its addressee) or as it has left (its sender).
    Crash {
        /// Which host.
        host: Host,
        /// When the power comes back, microseconds after; `None`: never.
        back_after_us: Option<u64>,
    },
}

/// What a tester is to say; texts are filled in when the time has come.
#[derive(Clone, Debug)]
pub struct Injected {
    /// To which host.
    pub to: Host,
    /// A TCP port; `None`: in datagrams to its SIP port.
    pub connect: Option<InjectedPort>,
    /// What: one datagram, or all that is said on the connection.
    pub text: Template,
    /// How many copies of the datagram, or how many connections.
    pub times: u32,
    /// How long between two of them, microseconds.
    pub every_us: u64,
    /// How the connection ends.
    pub ending: Ending,
}

/// A port to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedPort {
    /// This one.
    Number(u16),
    /// That of the media line in the message.
    Media,
}
