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
            // Where we are on loopback ourselves, so are our peers.
            () if ip.is_loopback() && !own.is_loopback() => Err("it gives a loopback address"),
            () if self.config.habits.media_at == MediaAt::Anywhere => Ok(ip),
            () if host_of(remote_target) == Some(ip) => Ok(ip),
            () => Err("it gives the address of another host"),
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

fn host_of(uri: &str) -> Option<IpAddr> {
    Uri::parse(uri).ok()?.host_ip()
}
