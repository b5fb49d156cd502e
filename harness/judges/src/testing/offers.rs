//! Other forms of the call: descriptions in other places, other methods, declared habits.

use bytes::Bytes;
use faxproof_wire::sdp::Description;
use faxproof_wire::sip::Message;

use super::Bench;

const TEXT: &str = "text/x-acme";

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

    /// Both faxes have the profile of one vendor, and alice calls by it.
    pub(crate) fn of_one_vendor(mut self) -> Bench {
        let kind =
            ["request", "presentation", "announcement", "readiness"].map(|it| (format!("{it}.type"), TEXT));
        let words = [
            ("request.method", "INFO"),
            ("request.body", "ASK"),
            ("presentation.body", "CAN {protocols}"),
            ("announcement.method", "INFO"),
            ("announcement.body", "USE {protocol}"),
            ("readiness.body", "PORT {port}"),
        ];
        let words = words.map(|(key, text)| (key.to_owned(), text));
        for host in &mut self.declaration.hosts {
            let all =
                words.iter().chain(&kind).map(|(key, text)| (format!("vendor.{key}"), (*text).to_owned()));
            host.habits.extend(all);
            host.habits.insert("accepts".into(), "B V".into());
        }
        self.habit("alice", "variant", "V").allowing("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO")
    }

    /// A request of alice within the dialog that carries a text of her vendor.
    pub(crate) fn ask_by_vendor(&mut self, cseq: u32, text: &'static str) -> usize {
        let bytes = with_text(self.request_bytes("INFO", cseq, true, None), text);
        self.datagram("alice", "bob", bytes, true)
    }

    /// Bob's answer to it.
    pub(crate) fn answer_by_vendor(&mut self, cseq: u32, code: u16, text: &'static str) -> usize {
        let bytes = with_text(self.response_bytes("INFO", cseq, code, None), text);
        self.datagram("bob", "alice", bytes, true)
    }

    /// The same with an Info Package, and what bob lists of them.
    pub(crate) fn ask_of_package(&mut self, cseq: u32, package: &str) -> usize {
        let more = format!("Max-Forwards: 70\r\nInfo-Package: {package}\r\n");
        let bytes = self.bytes("INFO sip:bob@192.0.2.20 SIP/2.0\r\n", "INFO", cseq, ";tag=b", &more, None);
        self.datagram("alice", "bob", bytes, true)
    }

    /// Bob answers the call, and lists these packages.
    pub(crate) fn answer_listing(&mut self, packages: &str) -> usize {
        let more = format!("Contact: <sip:bob@192.0.2.20:5060>\r\nRecv-Info: {packages}\r\n");
        let body = Description::zero_media(super::BOB, "2", 1);
        let bytes = self.bytes("SIP/2.0 200 OK\r\n", "INVITE", 1, ";tag=b", &more, Some(&body));
        self.datagram("bob", "alice", bytes, true)
    }

    /// A request of alice within the dialog that carries a description.
    pub(crate) fn request_with(&mut self, method: &str, cseq: u32, body: &Description) -> usize {
        let bytes = self.request_bytes(method, cseq, true, Some(body));
        self.datagram("alice", "bob", bytes, true)
    }
}

fn with_text(bytes: Vec<u8>, text: &'static str) -> Bytes {
    let message = Message::parse(bytes.into()).expect("a message");
    message.edit().set_body(TEXT, text).finish().raw().clone()
}
