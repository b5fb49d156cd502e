//! Hosts that are named by their address (RFC 5321 §4.1.3).

use std::net::IpAddr;

/// The address as it stands in the place of a domain: `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
pub fn to_literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

/// The address, if this domain is one in brackets.
pub fn from_literal(domain: &str) -> Option<IpAddr> {
    let text = domain.strip_prefix('[')?.strip_suffix(']')?;
    match text.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => address.parse().ok().map(IpAddr::V6),
        _ => text.parse().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_and_read() {
        for (address, literal) in [("192.0.2.1", "[192.0.2.1]"), ("2001:db8::1", "[IPv6:2001:db8::1]")] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(to_literal(address), literal);
            assert_eq!(from_literal(literal), Some(address));
        }
        assert_eq!(from_literal("[ipv6:2001:DB8:0::1]"), "2001:db8::1".parse().ok());
    }

    #[test]
    fn what_has_another_form_is_no_address() {
        for domain in ["192.0.2.1", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[192.0.2]", "[]", "", "[a.example]"]
        {
            assert_eq!(from_literal(domain), None, "{domain}");
        }
    }
}
