//! Other forms of the call: descriptions in other places, other methods, declared habits.

use faxproof_wire::sdp::Description;

use super::Bench;

impl Bench {
    /// Bob lists these methods in Allow.
    pub(crate) fn allowing(mut self, methods: &'static str) -> Bench {
        self.allow = Some(methods);
        self
    }

    /// This host is the SIP server.
    pub(crate) fn sip_server(mut self, name: &str) -> Bench {
        for host in self.declaration.hosts.iter_mut().filter(|host| host.name.as_ref() == name) {
            host.class = faxproof_reports::Class::SipServer;
        }
        self
    }

    pub(crate) fn habit(mut self, name: &str, habit: &str, value: &str) -> Bench {
        let hosts = self.declaration.hosts.iter_mut();
        for host in hosts.filter(|host| &*host.name == name) {
            host.habits.insert(habit.into(), value.into());
        }
        self
    }

    /// Another destination answers the same INVITE.
    pub(crate) fn fork(&mut self) -> usize {
        let contact = "Contact: <sip:bob@192.0.2.20:5060>\r\n";
        let bytes = self.bytes("SIP/2.0 200 OK\r\n", "INVITE", 1, ";tag=c", contact, None);
        self.datagram("bob", "alice", bytes, true)
    }

    /// T1 without a description.
    pub(crate) fn dial_without_offer(&mut self) -> usize {
        let bytes = self.request_bytes("INVITE", 1, false, None);
        self.datagram("alice", "bob", bytes, true)
    }

    /// T1 with this offer.
    pub(crate) fn dial_with(&mut self, offer: &Description) -> usize {
        let bytes = self.request_bytes("INVITE", 1, false, Some(offer));
        self.datagram("alice", "bob", bytes, true)
    }

    /// A request of alice within the dialog that carries a description.
    pub(crate) fn request_with(&mut self, method: &str, cseq: u32, body: &Description) -> usize {
        let bytes = self.request_bytes(method, cseq, true, Some(body));
        self.datagram("alice", "bob", bytes, true)
    }
}
