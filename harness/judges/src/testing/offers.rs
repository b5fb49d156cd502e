//! Other forms of the call: descriptions in other places, other methods, declared habits.

use faxproof_wire::sdp::Description;

use super::Bench;

impl Bench {
    /// Bob lists these methods in Allow.
    pub(crate) fn allowing(mut self, methods: &'static str) -> Bench {
        self.allow = Some(methods);
        self
    }

    pub(crate) fn habit(mut self, name: &str, habit: &str, value: &str) -> Bench {
        let hosts = self.declaration.hosts.iter_mut();
        for host in hosts.filter(|host| &*host.name == name) {
            host.habits.insert(habit.into(), value.into());
        }
        self
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
