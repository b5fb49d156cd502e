//! Addresses as they stand in SIP URIs.

use std::net::{IpAddr, SocketAddr};

pub use faxproof_wire::sip::host_ip;
use faxproof_wire::sip::{NameAddr, Params, Scheme, Uri};

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

/// How much a Contact is preferred, in thousandths: its `q`, and 1 without one (RFC 3261 §20.10).
pub fn quality(contact: &NameAddr) -> u16 {
    let written = contact.params.get("q").and_then(|q| q.trim().parse::<f64>().ok());
    let within = written.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0);
    // At most three decimals, and never out of bounds: see above.
    (within * 1000.0).round() as u16
}

/// A preference in thousandths, as in `q`.
pub fn preference(thousandths: u16) -> String {
    let decimals = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    decimals.trim_end_matches('0').trim_end_matches('.').to_owned()
}
