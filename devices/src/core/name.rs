//! Questions for names and their answers (RFC 1035, 2782, 3403, 3596, 5321).

use std::net::IpAddr;

/// A question for a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// What is wanted of it.
    pub kind: NameKind,
    /// The name, without a dot at its end.
    pub name: String,
}

/// What a question wants to know of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// Its addresses: A and AAAA.
    Address,
    /// The hosts that offer a service: SRV.
    Srv,
    /// Where its services are described: NAPTR.
    Naptr,
    /// The hosts that take its mail: MX.
    Mx,
}

impl NameKind {
    /// The type of the records, as in a zone file.
    pub fn as_str(self) -> &'static str {
        match self {
            NameKind::Address => "A/AAAA",
            NameKind::Srv => "SRV",
            NameKind::Naptr => "NAPTR",
            NameKind::Mx => "MX",
        }
    }
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameAnswer {
    /// Addresses, never none.
    Addresses(Vec<IpAddr>),
    /// SRV records in any order, never none.
    Services(Vec<Service>),
    /// NAPTR records in any order, never none.
    Pointers(Vec<Pointer>),
    /// MX records in any order, never none.
    Exchanges(Vec<Exchange>),
    /// There is no such name, or it has no records of this kind.
    NoSuchName,
    /// The name server did not answer.
    TimedOut,
}

/// An SRV record (RFC 2782): a host that offers a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The lowest is tried first.
    pub priority: u16,
    /// Its share among those of the same priority.
    pub weight: u16,
    /// Where the service runs.
    pub port: u16,
    /// The name of the host; `.`: the service is decidedly not offered.
    pub target: String,
}

/// An MX record (RFC 5321 §5.1): a host that takes the mail of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The lowest is tried first.
    pub preference: u16,
    /// The name of the host; `.`: the domain takes no mail at all (RFC 7505).
    pub host: String,
}

/// A NAPTR record (RFC 3403 §4.1) without regular expression: RFC 3263 has no use for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The lowest is processed first; the others only if it does not apply.
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
