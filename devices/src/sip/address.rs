//! From SIP URIs to addresses on the network.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sip::Uri;

use super::SIP_PORT;
use super::transport::{Hop, Transport};

/// The address in a host part; `None` for a name.
pub fn host_ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Where a request for this URI goes (RFC 3263 §4.1 and §4.2, numeric hosts): by its `transport`, without
/// one over UDP. `None` for a name, and for a transport that we lack.
pub fn of_uri(uri: &Uri) -> Option<Hop> {
    let ip = uri.is_sip().then(|| host_ip(&uri.host))??;
    let transport = uri.params.get("transport").map_or(Some(Transport::Udp), Transport::parse)?;
    Some(Hop { transport, address: SocketAddr::new(ip, uri.port.unwrap_or(SIP_PORT)) })
}

/// An address as the host part of a URI or Via: IPv6 in brackets.
pub fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
