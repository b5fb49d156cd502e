//! A bench to build traces by hand: the fax `alice` calls the fax `bob`, without a server between.

mod offers;
mod people;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use faxproof_reports::{
    Answer, Carrier, Declaration, Entry, Fate, Host, Medium, OrderDeclaration, Ta1Row, Trace, Verdict, What,
    commit_row,
};
use faxproof_wire::sdp::{Description, Setup};

use self::people::{fax, page, send};
use crate::evidence;
use crate::{Case, rules, verdict_of};

pub(crate) const ALICE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));
pub(crate) const BOB: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 20));
const BOBS_NUMBER: &str = "050-1234-5678";
const BOBS_PORT: u16 = 40_125;

/// A run in the making. Every thing that happens takes 10 ms, every message is 5 ms on its way.
pub(crate) struct Bench {
    pub(crate) declaration: Declaration,
    pub(crate) trace: Trace,
    now_us: u64,
    call: u32,
    connection: Option<u32>,
    /// What bob lists in Allow.
    allow: Option<&'static str>,
}

/// What a test compares: the verdict and what decided it.
#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) verdict: Verdict,
    /// How often the rule applied; 0 unless it passed.
    pub(crate) applied: u32,
    pub(crate) party: Option<String>,
    pub(crate) at: Option<usize>,
}

impl Picture {
    pub(crate) fn passed(applied: u32) -> Picture {
        Picture { verdict: Verdict::Pass, applied, party: None, at: None }
    }

    pub(crate) fn breach(party: &str, at: usize) -> Picture {
        Picture { verdict: Verdict::Fail, applied: 0, party: Some(party.into()), at: Some(at) }
    }

    pub(crate) fn told(party: &str, at: usize) -> Picture {
        Picture { verdict: Verdict::Pass, ..Picture::breach(party, at) }
    }
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let declaration = Declaration {
            scenario: "bench".into(),
            title: String::new(),
            seed: 1,
            world: "virtual".into(),
            epoch_s: 0,
            hosts: vec![fax("alice", ALICE, "050-0000-9999"), fax("bob", BOB, BOBS_NUMBER)],
            orders: vec![send()],
            disturbed: false,
            contrast: None,
        };
        Bench { declaration, trace: Trace::default(), now_us: 0, call: 1, connection: None, allow: None }
    }

    // What holds before the run.

    pub(crate) fn registered(mut self, protocol: &str) -> Bench {
        let row = Ta1Row {
            destination: "bob".into(),
            number: "05012345678".into(),
            protocol: Some(protocol.into()),
        };
        self.declaration.hosts[0].ta1.push(row);
        self
    }

    pub(crate) fn external(mut self, name: &str) -> Bench {
        self.declaration
            .hosts
            .iter_mut()
            .filter(|host| &*host.name == name)
            .for_each(|host| host.external = true);
        self
    }

    pub(crate) fn tells_by(mut self, medium: &str) -> Bench {
        self.declaration.hosts[0].failure_notice = Some(medium.into());
        self
    }

    pub(crate) fn dials(mut self, number: &str) -> Bench {
        self.declaration.orders[0].to = Some(number.into());
        self
    }

    pub(crate) fn edits_at_step_2(mut self) -> Bench {
        self.declaration.orders.push(OrderDeclaration { step: 2, kind: "ta1-edit".into(), ..send() });
        self
    }

    // Whole calls.

    /// Order, set-up, presentation, announcement, mail and end, to a number without a protocol.
    pub(crate) fn learning_call(mut self) -> Bench {
        self.order();
        self.connect_call();
        self.request("OPTIONS", 2);
        self.present(2, &["smtp", "http"]);
        self.agree(3, "smtp");
        self.mail();
        self.quit();
        self.request("BYE", 4);
        self.respond("BYE", 4, 200, None);
        self
    }

    /// The same to a number whose protocol is registered.
    pub(crate) fn stored_call(mut self) -> Bench {
        self.order();
        self.connect_call();
        self.agree(2, "smtp");
        self.mail();
        self.quit();
        self.request("BYE", 3);
        self.respond("BYE", 3, 200, None);
        self
    }

    pub(crate) fn refused_call(mut self) -> Bench {
        self.order();
        self.dial();
        self.refuse(486);
        self.request("ACK", 1);
        self
    }

    // SIP.

    pub(crate) fn connect_call(&mut self) {
        self.dial();
        self.answer();
        self.request("ACK", 1);
    }

    pub(crate) fn second_call(&mut self) {
        self.call += 1;
        self.connect_call();
    }

    pub(crate) fn dial(&mut self) -> usize {
        let offer = Description::zero_media(ALICE, "1", 1);
        let bytes = self.request_bytes("INVITE", 1, false, Some(&offer));
        self.datagram("alice", "bob", bytes, true)
    }

    pub(crate) fn ring(&mut self) -> usize {
        self.respond("INVITE", 1, 180, None)
    }

    pub(crate) fn answer(&mut self) -> usize {
        self.respond("INVITE", 1, 200, Some(&Description::zero_media(BOB, "2", 1)))
    }

    pub(crate) fn lost_answer(&mut self) -> usize {
        let bytes = self.response_bytes("INVITE", 1, 200, Some(&Description::zero_media(BOB, "2", 1)));
        self.datagram("bob", "alice", bytes, false)
    }

    pub(crate) fn refuse(&mut self, code: u16) -> usize {
        self.respond("INVITE", 1, code, None)
    }

    /// A request of alice, inside the dialog unless it is CANCEL.
    pub(crate) fn request(&mut self, method: &str, cseq: u32) -> usize {
        let bytes = self.request_bytes(method, cseq, method != "CANCEL", None);
        self.datagram("alice", "bob", bytes, true)
    }

    pub(crate) fn present(&mut self, cseq: u32, protocols: &[&str]) -> usize {
        let capabilities = Description::capabilities(BOB, "3", 1, protocols);
        self.respond("OPTIONS", cseq, 200, Some(&capabilities))
    }

    pub(crate) fn announce(&mut self, cseq: u32, protocol: &str) -> usize {
        let offer = Description::offer_one(ALICE, "1", 2, protocol, Setup::Active);
        let bytes = self.request_bytes("INVITE", cseq, true, Some(&offer));
        self.datagram("alice", "bob", bytes, true)
    }

    pub(crate) fn accept(&mut self, cseq: u32, protocol: &str) -> usize {
        let answer = Description::offer_one(BOB, "2", 2, protocol, Setup::Passive).with_port(BOBS_PORT);
        self.respond("INVITE", cseq, 200, Some(&answer))
    }

    pub(crate) fn agree(&mut self, cseq: u32, protocol: &str) {
        self.announce(cseq, protocol);
        self.accept(cseq, protocol);
        self.request("ACK", cseq);
    }

    pub(crate) fn respond(
        &mut self,
        method: &str,
        cseq: u32,
        code: u16,
        body: Option<&Description>,
    ) -> usize {
        let bytes = self.response_bytes(method, cseq, code, body);
        self.datagram("bob", "alice", bytes, true)
    }

    pub(crate) fn datagram(&mut self, from: &str, to: &str, bytes: impl Into<Bytes>, arrives: bool) -> usize {
        let address = |name: &str| SocketAddr::new(if name == "alice" { ALICE } else { BOB }, 5060);
        let carrier = Carrier::Datagram { from: address(from), to: address(to) };
        let fate = if arrives { Fate::Delivered { at_us: self.now_us + 5_000 } } else { Fate::Lost };
        self.message(from, to, carrier, bytes.into(), fate)
    }

    // The connection.

    pub(crate) fn open(&mut self) -> usize {
        self.connection = Some(self.connection.map_or(0, |id| id + 1));
        self.connection("opened")
    }

    pub(crate) fn connection(&mut self, event: &str) -> usize {
        let to = SocketAddr::new(BOB, BOBS_PORT);
        let id = self.connection.unwrap_or_default();
        self.push(What::Connection {
            id,
            client: "alice".into(),
            server: "bob".into(),
            to,
            event: event.into(),
        })
    }

    pub(crate) fn command(&mut self, line: &str) -> usize {
        self.unit("alice", format!("{line}\r\n"))
    }

    pub(crate) fn reply(&mut self, line: &str) -> usize {
        self.unit("bob", format!("{line}\r\n"))
    }

    /// The mail session up to the acknowledgement of the final dot.
    pub(crate) fn mail(&mut self) {
        self.open();
        self.reply("220 bob ESMTP");
        for (command, reply) in [
            ("EHLO alice.example.net", "250 bob.example.net"),
            ("MAIL FROM:<fax-a@example.com>", "250 2.1.0 ok"),
            ("RCPT TO:<FAX=+815012345678@sip.example.net>", "250 2.1.5 ok"),
            ("DATA", "354 go"),
            ("Message-ID: <a1@alice>\r\n\r\ntext\r\n.", "250 2.0.0 accepted"),
        ] {
            self.command(command);
            self.reply(reply);
        }
    }

    /// A call up to the connection on which HTTP is to run.
    pub(crate) fn http_connected(mut self) -> Bench {
        self.order();
        self.connect_call();
        self.agree(2, "http");
        self.open();
        self
    }

    /// A call that hands the document over by HTTP.
    pub(crate) fn http_call(self) -> Bench {
        let mut run = self.http_connected();
        run.post("Host: 192.0.2.20:40125\r\nContent-Length: 2\r\n", "hi");
        run.reply("HTTP/1.1 201 Created\r\nLocation: /documents/1\r\nContent-Length: 0\r\n");
        run.connection("client closed");
        run.request("BYE", 3);
        run.respond("BYE", 3, 200, None);
        run
    }

    /// A POST of alice: its head, whose position is returned, and its body.
    pub(crate) fn post(&mut self, fields: &str, body: &str) -> usize {
        let head = self.unit("alice", format!("POST / HTTP/1.1\r\n{fields}\r\n"));
        self.unit("alice", body.to_owned());
        head
    }

    /// Position of the last message that starts so.
    pub(crate) fn last_starting(&self, start: &str) -> usize {
        let is_it = |entry: &Entry| matches!(&entry.what, What::Message { bytes, .. } if bytes.starts_with(start.as_bytes()));
        self.trace.entries.iter().rposition(is_it).expect("it was sent")
    }

    pub(crate) fn quit(&mut self) {
        self.command("QUIT");
        self.reply("221 bye");
        self.connection("client closed");
    }

    /// Position of the reply to the final dot.
    pub(crate) fn acknowledgement(&self) -> usize {
        let is_it = |entry: &Entry| matches!(&entry.what, What::Message { bytes, .. } if bytes.starts_with(b"250 2.0.0"));
        self.trace.entries.iter().position(is_it).expect("the mail was acknowledged")
    }

    fn unit(&mut self, from: &str, bytes: String) -> usize {
        let carrier =
            Carrier::Stream { connection: self.connection.unwrap_or_default(), from_client: from == "alice" };
        let to = if from == "alice" { "bob" } else { "alice" };
        self.message(from, to, carrier, bytes.into(), Fate::Delivered { at_us: self.now_us + 5_000 })
    }

    // People and paper.

    pub(crate) fn order(&mut self) -> usize {
        self.order_step(1)
    }

    pub(crate) fn order_step(&mut self, step: u32) -> usize {
        self.push(What::Order { host: "alice".into(), step, text: "order".into() })
    }

    pub(crate) fn notice(&mut self, text: &str) -> usize {
        self.push(What::Notice { host: "alice".into(), call: 1, medium: Medium::Display, text: text.into() })
    }

    pub(crate) fn printed(&mut self, document: &str, number: u32, of: u32) -> usize {
        self.push(What::Printed {
            host: "bob".into(),
            document: document.into(),
            number,
            of,
            page: Some(page(number)),
            text: None,
        })
    }

    // What a device tells of itself.

    pub(crate) fn mark(&mut self, arc: &str) -> usize {
        self.push(What::Mark { host: "alice".into(), call: 1, arc: arc.into() })
    }

    /// Alice commits a row with bob's number. An operator's entry where no call runs.
    pub(crate) fn row(&mut self, change: &str, protocol: &str) -> usize {
        self.row_of(BOBS_NUMBER, change, protocol)
    }

    /// A row with any number. It falls into the same instant as what happened last.
    pub(crate) fn row_of(&mut self, number: &str, change: &str, protocol: &str) -> usize {
        let row = vec![("number".into(), number.into()), ("protocol".into(), protocol.into())];
        let at_us = self.now_us.saturating_sub(10_000);
        let position = self.position_of(number);
        let what =
            What::Row { host: "alice".into(), table: "Ta1".into(), change: change.into(), position, row };
        self.trace.entries.push(Entry { at_us, what });
        self.trace.entries.len() - 1
    }

    /// Where alice's row with this number is, or where it would be added.
    fn position_of(&self, number: &str) -> u32 {
        let mut numbers: Vec<String> = self
            .declaration
            .hosts
            .iter()
            .filter(|host| &*host.name == "alice")
            .flat_map(|host| &host.ta1)
            .map(|row| row.number.clone())
            .collect();
        for entry in &self.trace.entries {
            let What::Row { change, position, row, .. } = &entry.what else { continue };
            let number = row.iter().find(|(name, _)| &**name == "number").map(|(_, value)| value.to_string());
            commit_row(&mut numbers, change, *position, number.unwrap_or_default());
        }
        let at =
            numbers.iter().position(|known| evidence::same_number(known, number)).unwrap_or(numbers.len());
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    pub(crate) fn resolved(&mut self, kind: &str, name: &str, answer: Answer) -> usize {
        self.push(What::Resolved { host: "alice".into(), kind: kind.into(), name: name.into(), answer })
    }

    pub(crate) fn power_off(&mut self, host: &str) -> usize {
        self.push(What::Power { host: host.into(), on: false, boots: 1 })
    }

    pub(crate) fn fault(&mut self, text: &str) -> usize {
        self.push(What::Fault { host: "alice".into(), text: text.into() })
    }

    /// What comes next happens in the instant in which the last message arrived.
    pub(crate) fn at_arrival(&mut self) {
        self.now_us -= 5_000;
    }

    /// Time passes, and something unrelated is seen.
    pub(crate) fn wait_s(&mut self, seconds: u64) {
        self.now_us += seconds * 1_000_000;
        self.push(What::Power { host: "carol".into(), on: true, boots: 1 });
    }

    // Judging.

    pub(crate) fn judged(&self, rule: &str) -> Picture {
        let result = self.result(rule);
        let first = result.findings.first();
        Picture {
            verdict: result.verdict,
            applied: if first.is_none() { result.applied } else { 0 },
            party: first.and_then(|finding| finding.party.as_deref().map(str::to_owned)),
            at: first.and_then(|finding| finding.evidence.first().copied()),
        }
    }

    pub(crate) fn result(&self, rule: &str) -> faxproof_reports::RuleResult {
        let messages = evidence::read(&self.trace);
        let case = Case::new(&self.declaration, &self.trace, &messages);
        let rule = rules().iter().find(|known| known.id == rule).expect("a known rule");
        verdict_of(rule, &case)
    }

    fn request_bytes(&self, method: &str, cseq: u32, in_dialog: bool, body: Option<&Description>) -> Vec<u8> {
        let to_tag = if in_dialog { ";tag=b" } else { "" };
        let start = format!("{method} sip:05012345678@192.0.2.20:5060 SIP/2.0\r\n");
        let more = "Max-Forwards: 70\r\nContact: <sip:alice@192.0.2.10:5060>\r\n";
        self.bytes(&start, method, cseq, to_tag, more, body)
    }

    fn response_bytes(&self, method: &str, cseq: u32, code: u16, body: Option<&Description>) -> Vec<u8> {
        let start = format!("SIP/2.0 {code} Reason\r\n");
        let allow = self.allow.map(|listed| format!("Allow: {listed}\r\n")).unwrap_or_default();
        let more = format!("Contact: <sip:bob@192.0.2.20:5060>\r\n{allow}");
        self.bytes(&start, method, cseq, ";tag=b", &more, body)
    }

    fn bytes(
        &self,
        start: &str,
        method: &str,
        cseq: u32,
        to_tag: &str,
        more: &str,
        body: Option<&Description>,
    ) -> Vec<u8> {
        let body = body.map(Description::to_bytes).unwrap_or_default();
        let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let of = if method == "CANCEL" { "INVITE" } else { method };
        let head = format!(
            "{start}Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{call}-{cseq}-{of}\r\n\
             From: <sip:alice@sip.example.net>;tag=a\r\nTo: <sip:05012345678@sip.example.net>{to_tag}\r\n\
             Call-ID: call-{call}@192.0.2.10\r\nCSeq: {cseq} {method}\r\n{more}{content}Content-Length: {length}\r\n\r\n",
            call = self.call,
            length = body.len(),
        );
        [head.as_bytes(), &body].concat()
    }

    fn message(&mut self, from: &str, to: &str, carrier: Carrier, bytes: Bytes, fate: Fate) -> usize {
        let (from, to): (Host, Host) = (from.into(), to.into());
        self.push(What::Message { from, to, carrier, label: "any".into(), bytes, fate })
    }

    fn push(&mut self, what: What) -> usize {
        self.trace.entries.push(Entry { at_us: self.now_us, what });
        self.now_us += 10_000;
        self.trace.entries.len() - 1
    }
}
