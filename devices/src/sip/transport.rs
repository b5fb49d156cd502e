//! By which carrier a message goes, and where.

use std::net::SocketAddr;

/// A carrier of SIP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    /// As it stands in Via.
    pub fn token(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        }
    }

    /// Reads the `transport` parameter of a URI, in any case.
    pub fn parse(token: &str) -> Option<Transport> {
        [Transport::Udp, Transport::Tcp].into_iter().find(|known| known.token().eq_ignore_ascii_case(token))
    }

    /// Whether what is sent arrives, or the sender is told: no message is repeated then (§17).
    pub fn is_reliable(self) -> bool {
        self == Transport::Tcp
    }
}

/// The next place on a request's way: what RFC 3263 §4 finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// By which carrier.
    pub transport: Transport,
    /// Where to.
    pub address: SocketAddr,
}

impl Hop {
    /// In datagrams to this address.
    pub fn udp(address: SocketAddr) -> Hop {
        Hop { transport: Transport::Udp, address }
    }

    /// On a stream to this address.
    pub fn tcp(address: SocketAddr) -> Hop {
        Hop { transport: Transport::Tcp, address }
    }
}
