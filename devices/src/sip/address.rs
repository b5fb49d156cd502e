//! Addresses as they stand in SIP URIs.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sip::{Params, Scheme, Uri};

/// The address in a host part; `None` for a name.
pub fn host_ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The URI of an address.
pub fn uri(at: SocketAddr) -> Uri {
    Uri {
        scheme: Scheme::Sip,
        user: None,
        password: None,
        host: host(at.ip()),
        port: Some(at.port()),
        params: Params::new(),
        headers: Vec::new(),
    }
}

/// An address as the host part of a URI or Via: IPv6 in brackets.
pub fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
