//! Whom a fax takes for its peer: where a session description may send its TCP connection (RFC 4145 §9
//! warns of descriptions that misdirect it), and from where requests within a dialog may come.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::sip::{Message, Uri};

use super::Line;
use super::phone::Phone;
use crate::config::MediaAt;
use crate::core::Outbox;
use crate::sip::dialog::Dialog;

impl Phone {
    /// The address at which the peer says that its end of the connection is, if we may go there.
    ///
    /// # Errors
    /// Why not, in words.
    pub(super) fn media_address(
        &self,
        remote_target: &str,
        named: Option<IpAddr>,
    ) -> Result<IpAddr, &'static str> {
        let own = self.config.address;
        let ip = named.filter(|ip| !ip.is_unspecified()).ok_or("it gives no address")?;
        let many = match ip {
            IpAddr::V4(ip) => ip.is_broadcast() || ip.is_multicast(),
            IpAddr::V6(ip) => ip.is_multicast(),
        };
        match () {
            () if ip == own => Err("it gives our own address"),
            () if many => Err("its address is that of many"),
            () if self.config.habits.media_at == MediaAt::Peer && host_of(remote_target) != Some(ip) => {
                Err("it gives the address of another host")
            }
            // Where we are on loopback ourselves, so are our peers.
            () if ip.is_loopback() && !own.is_loopback() => Err("it gives a loopback address"),
            () => Ok(ip),
        }
    }

    /// Whether a connection from there can be that of the peer in this dialog.
    pub(super) fn may_connect(&self, dialog: Option<&Dialog>, from: IpAddr) -> bool {
        let known = dialog.and_then(|dialog| host_of(&dialog.remote_target));
        self.config.habits.media_at == MediaAt::Anywhere || known.is_none_or(|ip| ip == from)
    }
}

impl Line {
    /// Notes a request that belongs to a call and comes from elsewhere than the call does. False if it is
    /// our habit to refuse it: whoever knows tags and branches could have sent it (RFC 3261 §26.1.4).
    pub(super) fn may_speak(
        &self,
        request: &Message,
        from: SocketAddr,
        expected: Option<IpAddr>,
        out: &mut Outbox,
    ) -> bool {
        if expected.is_none_or(|ip| ip == from.ip()) {
            return true;
        }
        out.unexpected(format!("{} from a foreign address", request.label()), "the address of the call");
        !self.phone.config.habits.refuses_foreign
    }
}

/// Where the requests of the peer come from: its own host, or the first server on the way to it. `None` where
/// that is a name.
pub(super) fn hop_of(dialog: &Dialog) -> Option<IpAddr> {
    dialog.next_hop()?.host_ip()
}

/// The host of a URI, where that is an address.
pub(super) fn host_of(uri: &str) -> Option<IpAddr> {
    Uri::parse(uri).ok()?.host_ip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Habits;
    use crate::testing::fax_config;

    const PEER: &str = "sip:05012345678@10.0.0.2:5060";

    /// Whether a fax at this address goes where a peer at 10.0.0.2 says.
    fn goes(own: &str, media_at: MediaAt, named: &str) -> bool {
        let mut config = fax_config(Habits { media_at, ..Habits::default() });
        config.line.address = own.parse().expect("an address");
        let phone = Phone::new(config.line.into(), 1);
        phone.media_address(PEER, named.parse().ok()).is_ok()
    }

    #[test]
    fn a_fax_goes_to_its_peer_and_nowhere_else() {
        assert!(goes("10.0.0.1", MediaAt::Peer, "10.0.0.2"));
        for other in ["10.0.0.3", "127.0.0.1", "::1", "nowhere"] {
            assert!(!goes("10.0.0.1", MediaAt::Peer, other), "{other}");
        }
    }

    #[test]
    fn some_addresses_are_taken_from_nobody() {
        assert!(goes("10.0.0.1", MediaAt::Anywhere, "10.0.0.3"));
        for other in ["0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "127.0.0.1", "10.0.0.1"] {
            assert!(!goes("10.0.0.1", MediaAt::Anywhere, other), "{other}");
        }
    }

    #[test]
    fn on_loopback_the_peers_are_on_loopback() {
        assert!(goes("127.0.0.1", MediaAt::Anywhere, "127.0.0.2"));
        assert!(!goes("127.0.0.1", MediaAt::Peer, "127.0.0.2"));
    }
}
