//! Addresses that follow from names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use faxproof_devices::core::Entropy;

/// The port of SIP (RFC 3261 §19.1.2).
pub(crate) const SIP_PORT: u16 = 5060;

/// Hosts in one block of loopback addresses. Blocks are small so that there are many: some hundred scenarios must
/// not meet in one.
const HOSTS_IN_A_BLOCK: usize = 15;
/// Blocks with the same first three bytes.
const BLOCKS_OF_A_BYTE: u64 = 16;
/// Blocks of runs have a second byte below this one; above it lie addresses at which nobody is.
const NOBODY: u8 = 0xc0;

/// The address of a host that names none: a hash of its name in 10.0.0.0/8, so that a host which is
/// added to a scenario changes no other address.
pub(crate) fn of_name(name: &str) -> IpAddr {
    let hash = Entropy::of_seed(0).key(("address", name));
    // The last byte is never 0 or 255.
    let [x, y] = [hash.below(256) as u8, (hash.1 & 0xff) as u8];
    let z = 1 + ((hash.1 >> 8) % 254) as u8;
    IpAddr::V4(Ipv4Addr::new(10, x, y, z))
}

/// The loopback address of the host with this position in a scenario of this name. Runs of different
/// scenarios have blocks of their own, so that many can run on one machine at a time.
pub(crate) fn on_loopback(scenario: &str, position: usize) -> IpAddr {
    let hash = Entropy::of_seed(0).key(("loopback", scenario));
    let blocks = u64::from(NOBODY - 1) * 256 * BLOCKS_OF_A_BYTE;
    let block = (hash.0 % blocks + (position / HOSTS_IN_A_BLOCK) as u64) % blocks;
    let (block, part) = (block / BLOCKS_OF_A_BYTE, (block % BLOCKS_OF_A_BYTE) as usize);
    let [x, y] = [1 + (block / 256) as u8, (block % 256) as u8];
    // From 1 to 255, which is an address like any other on loopback.
    let last = 1 + part * (HOSTS_IN_A_BLOCK + 1) + position % HOSTS_IN_A_BLOCK;
    IpAddr::V4(Ipv4Addr::new(127, x, y, last as u8))
}

/// The loopback address that stands for an address at which the scenario has no host. One that lies on
/// loopback already is meant as it stands.
pub(crate) fn of_nobody(address: IpAddr) -> IpAddr {
    if address.is_loopback() {
        return address;
    }
    let hash = Entropy::of_seed(0).key(("nobody", address)).0.to_le_bytes();
    IpAddr::V4(Ipv4Addr::new(127, hash[0] | NOBODY, hash[1], 1 + hash[2] % 254))
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
    fn the_hosts_of_a_scenario_have_loopback_addresses_of_their_own() {
        let mut all: Vec<IpAddr> = (0..1000).map(|position| on_loopback("fig04/busy", position)).collect();
        assert!(all.iter().all(IpAddr::is_loopback));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 1000);
        assert_ne!(on_loopback("fig04/busy", 0), on_loopback("fig04/learned", 0));
    }

    #[test]
    fn no_two_scenarios_of_the_built_in_set_share_addresses() {
        let mut known = std::collections::BTreeMap::new();
        for found in crate::scenario::set::built_in().scenarios {
            let other = known.insert(on_loopback(&found.name, 0), found.name.clone());
            assert_eq!(other, None, "{} has the same block", found.name);
        }
    }

    #[test]
    fn nobody_is_where_no_scenario_puts_a_host() {
        let second = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.octets()[1],
            IpAddr::V6(_) => 0,
        };
        let nobody = of_nobody("10.9.9.9".parse().expect("address"));
        assert!(nobody.is_loopback() && second(nobody) >= NOBODY);
        assert!((0..1000).all(|name| second(on_loopback(&name.to_string(), 0)) < NOBODY));
        let meant: IpAddr = "127.0.0.9".parse().expect("address");
        assert_eq!(of_nobody(meant), meant);
    }
}
