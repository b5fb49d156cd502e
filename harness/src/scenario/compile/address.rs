//! Addresses that follow from names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use faxproof_devices::core::Entropy;

use crate::world::World;

/// The port of SIP (RFC 3261 §19.1.2).
pub(crate) const SIP_PORT: u16 = 5060;

/// The address of a host that names none: a hash of its name in 10.0.0.0/8, so that a host which is
/// added to a scenario changes no other address.
pub(crate) fn of_name(name: &str) -> IpAddr {
    let hash = Entropy::of_seed(0).key(("address", name));
    // The last byte is never 0 or 255.
    let [x, y] = [hash.below(256) as u8, (hash.1 & 0xff) as u8];
    let z = 1 + ((hash.1 >> 8) % 254) as u8;
    IpAddr::V4(Ipv4Addr::new(10, x, y, z))
}

/// The address at which a host really is in this world. Only sockets need the loopback network; an
/// address that lies in it, or in no other host's place, stays as it is.
pub(crate) fn in_world(world: World, address: IpAddr) -> IpAddr {
    match (world, address) {
        (World::Sockets, IpAddr::V4(v4)) => {
            let [_, x, y, z] = v4.octets();
            IpAddr::V4(Ipv4Addr::new(127, x, y, z))
        }
        // There is one IPv6 loopback address only: the rest is folded into the IPv4 ones.
        (World::Sockets, IpAddr::V6(v6)) => {
            let hash = Entropy::of_seed(0).key(("address", v6.octets()));
            let [x, y] = [hash.below(256) as u8, (hash.1 & 0xff) as u8];
            IpAddr::V4(Ipv4Addr::new(127, x, y, 1 + ((hash.1 >> 8) % 254) as u8))
        }
        _ => address,
    }
}

/// The SIP socket at an address.
pub(crate) fn sip(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, SIP_PORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_follows_from_the_name_alone() {
        assert_eq!(of_name("alice"), of_name("alice"));
        assert_ne!(of_name("alice"), of_name("bob"));
        assert!(of_name("alice").to_string().starts_with("10."));
    }

    #[test]
    fn sockets_live_in_the_loopback_network() {
        let at = |text: &str| in_world(World::Sockets, text.parse().expect("address")).to_string();
        assert_eq!(at("10.1.2.3"), "127.1.2.3");
        assert_eq!(at("127.1.2.3"), "127.1.2.3");
        assert!(at("2001:db8::1").starts_with("127."));
        assert_eq!(in_world(World::Virtual, of_name("bob")), of_name("bob"));
    }
}
