//! Locating SIP servers (RFC 3263): from a SIP URI to the places where a request for it can be sent.
//!
//! ```text
//!   URI ──NAPTR──▶ transport ──SRV──▶ hosts and ports ──A, AAAA──▶ hops, best first
//! ```
//!
//! A search asks for nothing before it is needed: the second server's address is looked up when the
//! first has failed. What a name's records are is settled once for a search (§4).

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sip::{Scheme, Uri};

use super::transport::{Hop, Transport};
use super::{SIP_PORT, address};
use crate::core::{Entropy, NameAnswer, NameKind, Pointer, Question, Service};

/// Hosts that are tried of one set of SRV records.
const MAX_SERVICES: usize = 16;
/// Addresses that are tried of one host.
const MAX_ADDRESSES: usize = 8;

/// What a client can do.
#[derive(Clone, Debug)]
pub struct Means {
    /// Its own address: others of its family come first (RFC 6724 §5).
    pub address: IpAddr,
    /// Transports that it can use, most preferred first.
    pub transports: &'static [Transport],
}

/// A search for the servers of a URI.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is still to be done, the next last.
    ahead: Vec<Way>,
    target: String,
    means: Means,
    entropy: Entropy,
    why: Unlocated,
}

/// What a search says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask this, and hand the answer to [`Search::learn`].
    Ask(Question),
    /// Send it there; come again if that fails.
    Try(Hop),
    /// There is nothing more.
    Exhausted,
}

/// Why there is no place to send a request to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlocated {
    /// The name does not exist, or has no addresses.
    #[error("there is no server called {0}")]
    NoSuchName(String),
    /// The name server said nothing.
    #[error("the name server does not answer for {0}")]
    Silent(String),
    /// The name says that it offers no such service (RFC 2782, target `.`).
    #[error("{0} offers no SIP")]
    NotOffered(String),
    /// The URI wants a transport that the client does not have.
    #[error("the server is to be reached by a transport that is not at hand")]
    Transport,
    /// All its servers have asked to be left alone for a while (503 with Retry-After).
    #[error("the server asked for rest")]
    Resting,
}

/// One thing to do on the way.
#[derive(Clone, Debug)]
enum Way {
    /// §4.1: what the domain prefers.
    Pointers,
    /// §4.2: who offers the service over this transport.
    Services { name: String, transport: Transport },
    /// §4.2: where the host is.
    Addresses { host: String, port: u16, transport: Transport },
    /// There.
    Hop(Hop),
}

impl Search {
    /// A search for the servers of this URI. Which of several equal servers comes first is decided by
    /// `entropy`.
    pub fn of(uri: &Uri, means: &Means, entropy: Entropy) -> Search {
        let target = uri.params.get("maddr").unwrap_or(&uri.host).to_ascii_lowercase();
        let target = target.trim_end_matches('.').to_owned();
        let mut search =
            Search { ahead: Vec::new(), target, means: means.clone(), entropy, why: Unlocated::Transport };
        search.begin(uri);
        search
    }

    /// What to do now.
    pub fn proceed(&mut self) -> Next {
        let question = |kind, name: &str| Next::Ask(Question { kind, name: name.to_owned() });
        match self.ahead.last() {
            None => Next::Exhausted,
            Some(Way::Hop(hop)) => {
                let hop = *hop;
                self.ahead.pop();
                Next::Try(hop)
            }
            Some(Way::Pointers) => question(NameKind::Naptr, &self.target),
            Some(Way::Services { name, .. }) => question(NameKind::Srv, name),
            Some(Way::Addresses { host, .. }) => question(NameKind::Address, host),
        }
    }

    /// Takes the answer to the question of [`Search::proceed`].
    pub fn learn(&mut self, answer: &NameAnswer) {
        let Some(way) = self.ahead.pop() else { return };
        match (way, answer) {
            (Way::Pointers, NameAnswer::Pointers(pointers)) => self.follow(pointers),
            (Way::Pointers, NameAnswer::NoSuchName) => self.probe(),
            (Way::Services { name, transport }, NameAnswer::Services(services)) => {
                self.choose(&name, transport, services);
            }
            // Another transport, or the addresses of the target itself, wait below.
            (Way::Services { .. }, NameAnswer::NoSuchName) => {}
            (Way::Addresses { port, transport, .. }, NameAnswer::Addresses(addresses)) => {
                self.arrive(addresses, port, transport);
            }
            (Way::Addresses { host, .. }, NameAnswer::NoSuchName) => self.why = Unlocated::NoSuchName(host),
            // Silence about one host is not silence about the next.
            (Way::Addresses { host, .. }, _) => self.why = Unlocated::Silent(host),
            // Whether there are records is not known, so nothing may be done without them.
            (Way::Pointers | Way::Services { .. }, _) => {
                self.ahead.clear();
                self.why = Unlocated::Silent(self.target.clone());
            }
            (Way::Hop(_), _) => {}
        }
    }

    /// Why there was nothing to try, or nothing more.
    pub fn why(&self) -> Unlocated {
        self.why.clone()
    }

    /// §4.1: the transport, as far as the URI alone decides it.
    fn begin(&mut self, uri: &Uri) {
        // TLS is not at hand, and SIPS goes over nothing else (RFC 3261 §26.2.2).
        if uri.scheme != Scheme::Sip {
            return;
        }
        let wanted = uri.params.get("transport").map(Transport::parse);
        let able = |transport: &Transport| self.means.transports.contains(transport);
        let transport = match wanted {
            Some(wanted) => wanted.filter(able),
            None => Some(Transport::Udp).filter(able),
        };
        let numeric = address::host_ip(&self.target);
        let Some(transport) = transport else { return };
        let port = uri.port.unwrap_or(SIP_PORT);
        let host = self.target.clone();
        let by_address = Way::Addresses { host: host.clone(), port, transport };
        match (numeric, uri.port, wanted) {
            (Some(ip), ..) => {
                self.ahead.push(Way::Hop(Hop { transport, address: SocketAddr::new(ip, port) }));
            }
            (None, Some(_), _) => self.ahead.push(by_address),
            (None, None, Some(_)) => {
                self.ahead.extend([by_address, Way::Services { name: service(transport, &host), transport }]);
            }
            (None, None, None) => self.ahead.push(Way::Pointers),
        }
    }

    /// §4.1: the domain's most preferred transport among ours (RFC 2915 §2: the lowest order, then the
    /// lowest preference).
    fn follow(&mut self, pointers: &[Pointer]) {
        let applicable = pointers.iter().filter_map(|pointer| {
            let transport = pointed(pointer).filter(|transport| self.means.transports.contains(transport))?;
            Some((pointer.order, pointer.preference, &pointer.replacement, transport))
        });
        match applicable.min_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2))) {
            Some((_, _, replacement, transport)) => {
                let name = replacement.trim_end_matches('.').to_owned();
                self.ahead.extend([self.itself(transport), Way::Services { name, transport }]);
            }
            None => self.probe(),
        }
    }

    /// §4.1: no NAPTR records; SRV records tell which transports the domain has, else it is UDP.
    fn probe(&mut self) {
        self.ahead.push(self.itself(Transport::Udp));
        for &transport in self.means.transports.iter().rev() {
            self.ahead.push(Way::Services { name: service(transport, &self.target), transport });
        }
    }

    /// The target by its addresses at the default port: where there are no SRV records (§4.2).
    fn itself(&self, transport: Transport) -> Way {
        Way::Addresses { host: self.target.clone(), port: SIP_PORT, transport }
    }

    /// The SRV records decide: what would have been done without them falls away.
    fn choose(&mut self, name: &str, transport: Transport, services: &[Service]) {
        self.ahead.clear();
        if let [only] = services
            && only.target == "."
        {
            self.why = Unlocated::NotOffered(self.target.clone());
            return;
        }
        let ordered = ordered(services, name, self.entropy);
        for service in ordered.into_iter().rev() {
            let host = service.target.trim_end_matches('.').to_ascii_lowercase();
            self.ahead.push(match address::host_ip(&host) {
                Some(ip) => Way::Hop(Hop { transport, address: SocketAddr::new(ip, service.port) }),
                None => Way::Addresses { host, port: service.port, transport },
            });
        }
    }

    /// The addresses of a host, those of our own family first.
    fn arrive(&mut self, addresses: &[IpAddr], port: u16, transport: Transport) {
        let ours = self.means.address.is_ipv4();
        let (near, far): (Vec<IpAddr>, Vec<IpAddr>) = addresses.iter().partition(|ip| ip.is_ipv4() == ours);
        let ordered = near.into_iter().chain(far).take(MAX_ADDRESSES);
        let hops: Vec<Way> =
            ordered.map(|ip| Way::Hop(Hop { transport, address: SocketAddr::new(ip, port) })).collect();
        self.ahead.extend(hops.into_iter().rev());
    }
}

/// The name of the SRV records for a transport (§4.2).
fn service(transport: Transport, host: &str) -> String {
    match transport {
        Transport::Udp => format!("_sip._udp.{host}"),
        Transport::Tcp => format!("_sip._tcp.{host}"),
    }
}

/// The transport to which a NAPTR record of §4.1 points.
fn pointed(pointer: &Pointer) -> Option<Transport> {
    let is = |service: &str| pointer.service.eq_ignore_ascii_case(service);
    match () {
        () if !pointer.flags.eq_ignore_ascii_case("s") => None,
        () if is("SIP+D2U") => Some(Transport::Udp),
        () if is("SIP+D2T") => Some(Transport::Tcp),
        () => None,
    }
}

/// The first records in the order in which they are tried: by priority, and among equals a weighted choice
/// (RFC 2782, "Usage rules"). It is keyed, so it does not depend on what was chosen for others.
fn ordered(services: &[Service], name: &str, entropy: Entropy) -> Vec<Service> {
    let mut rest: Vec<&Service> = services.iter().collect();
    // Those of weight 0 stand first, so that they have a small chance; the answer's order means nothing.
    rest.sort_by_key(|s| (s.priority, s.weight, &s.target, s.port));
    let mut chosen = Vec::new();
    while let (Some(priority), true) =
        (rest.first().map(|service| service.priority), chosen.len() < MAX_SERVICES)
    {
        let equals = rest.iter().take_while(|service| service.priority == priority);
        let total: u64 = equals.map(|service| u64::from(service.weight)).sum();
        let draw = entropy.key(("srv", name, chosen.len())).below(total + 1);
        let mut sum = 0;
        let at = rest.iter().position(|service| {
            sum += u64::from(service.weight);
            sum >= draw
        });
        chosen.push(rest.remove(at.unwrap_or_default()).clone());
    }
    chosen
}

#[cfg(test)]
mod tests;
