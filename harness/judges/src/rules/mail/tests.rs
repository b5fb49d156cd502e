use std::net::IpAddr;

use bytes::Bytes;
use faxproof_reports::{
    Carrier, Class, Declaration, Entry, Fate, Host, HostDeclaration, RuleResult, Trace, Verdict, What,
};
use faxproof_wire::mime::{Disposition, DispositionType, Extras, Mail, Mdn, Original, Report};

use crate::{evidence, rules, verdict_of};

/// A run in the making: alice mails through `server` to bob.
pub(crate) struct Post {
    pub(crate) declaration: Declaration,
    pub(crate) trace: Trace,
    pub(crate) now_us: u64,
    connections: u32,
    /// Where mail by SMTP goes: the port of mail, or that of a call.
    pub(crate) port: u16,
    /// What tells the Call-ID of a call from that of another to the same number.
    pub(crate) call_id: &'static str,
}

pub(crate) const ID: &str = "m1@a.example";

impl Post {
    pub(crate) fn new() -> Post {
        let host = |name: &str, class: Class| HostDeclaration {
            name: name.into(),
            class,
            address: IpAddr::from([192, 0, 2, 1]),
            external: false,
            number: None,
            protocols: Vec::new(),
            failure_notice: None,
            ta1: Vec::new(),
            ta3: Default::default(),
            habits: Default::default(),
        };
        let hosts =
            vec![host("alice", Class::Fax101), host("server", Class::MailServer), host("bob", Class::Fax101)];
        let declaration = Declaration {
            scenario: "post".into(),
            title: String::new(),
            seed: 1,
            world: "virtual".into(),
            epoch_s: 0,
            hosts,
            orders: Vec::new(),
            disturbed: false,
            contrast: None,
        };
        Post { declaration, trace: Trace::default(), now_us: 0, connections: 0, port: 25, call_id: "" }
    }

    pub(crate) fn enter(&mut self, what: What) -> usize {
        self.trace.entries.push(Entry { at_us: self.now_us, what });
        self.trace.entries.len() - 1
    }

    /// A rule of the scenario acted on the message at this position.
    pub(crate) fn tamper(&mut self, at: usize) {
        let what = What::Fault { host: "server".into(), text: "changed".into() };
        self.trace.entries.insert(at + 1, Entry { at_us: self.trace.entries[at].at_us, what });
    }

    fn unit(&mut self, from: &str, to: &str, from_client: bool, text: &[u8]) -> usize {
        let carrier = Carrier::Stream { connection: self.connections, from_client };
        let at = self.enter(What::Message {
            from: from.into(),
            to: to.into(),
            carrier,
            label: "unit".into(),
            bytes: Bytes::copy_from_slice(text),
            fate: Fate::Delivered { at_us: self.now_us + 5 },
        });
        self.now_us += 5;
        at
    }

    fn open(&mut self, client: &str, server: &str) {
        self.connections += 1;
        self.enter(What::Connection {
            id: self.connections,
            client: client.into(),
            server: server.into(),
            to: ([192, 0, 2, 1], self.port).into(),
            event: "opened".into(),
        });
    }

    /// A mail by SMTP; the position of the mail, and that of the 250.
    pub(crate) fn smtp(
        &mut self,
        from: &str,
        to: &str,
        (sender, recipient): (&str, &str),
        mail: &[u8],
    ) -> (usize, usize) {
        self.open(from, to);
        self.unit(to, from, false, b"220 hi\r\n");
        for (command, reply) in [
            (format!("MAIL FROM:<{sender}>\r\n"), "250 ok\r\n"),
            (format!("RCPT TO:<{recipient}>\r\n"), "250 ok\r\n"),
            ("DATA\r\n".to_owned(), "354 go\r\n"),
        ] {
            self.unit(from, to, true, command.as_bytes());
            self.unit(to, from, false, reply.as_bytes());
        }
        let sent = self.unit(from, to, true, &faxproof_wire::smtp::stuff(mail));
        (sent, self.unit(to, from, false, b"250 ok\r\n"))
    }

    /// A mail by POP3.
    pub(crate) fn pop3(&mut self, server: &str, client: &str, mail: &[u8]) -> usize {
        self.open(client, server);
        self.unit(server, client, false, b"+OK hi\r\n");
        self.unit(client, server, true, b"RETR 1\r\n");
        self.unit(server, client, false, b"+OK mail\r\n");
        self.unit(server, client, false, &faxproof_wire::smtp::stuff(mail))
    }

    fn folder(&mut self, folder: &str, put: bool) -> usize {
        let message_id = put.then(|| ID.into());
        self.enter(What::Mail {
            host: "server".into(),
            folder: folder.into(),
            name: "n".into(),
            put,
            message_id,
        })
    }

    /// Alice's mail comes to the server, which puts it away before it answers.
    fn taken_into(&mut self, folder: &str) {
        let (_, answer) = self.smtp("alice", "server", ("alice@a.example", "bob@b.example"), &mail());
        self.folder(folder, true);
        let put = self.trace.entries.pop().expect("just entered");
        self.trace.entries.insert(answer, put);
    }

    fn prints(&mut self) -> usize {
        let (host, document): (Host, _) = ("bob".into(), ID.into());
        self.enter(What::Printed { host, document, number: 1, of: 1, page: None, text: Some("hi".into()) })
    }

    /// Alice's mail reaches bob by way of the mailbox.
    fn delivered(mut self) -> Post {
        self.taken_into("mailbox bob");
        self.pop3("server", "bob", &on_the_way(&["Return-Path: <a>", "Received: by server"]));
        self
    }

    pub(crate) fn verdict(&self, rule: &str) -> Verdict {
        self.judged(rule).0
    }

    pub(crate) fn judged(&self, rule: &str) -> (Verdict, u32, Option<usize>) {
        let result = self.result(rule);
        let first = result.findings.first().and_then(|finding| finding.evidence.first().copied());
        (result.verdict, result.applied, first)
    }

    pub(crate) fn result(&self, rule: &str) -> RuleResult {
        let messages = evidence::read(&self.trace);
        let case = crate::Case::new(&self.declaration, &self.trace, &messages);
        let rule = rules::ALL.iter().find(|known| known.id == rule).expect("a rule");
        verdict_of(rule, &case)
    }
}

/// Alice's mail, which asks for a confirmation.
pub(crate) fn mail() -> Vec<u8> {
    let mail = Mail {
        from: "alice@a.example",
        to: "bob@b.example",
        subject: "x",
        date_unix_s: 0,
        message_id: ID,
        boundary: "b",
        text: Some("hi"),
        tiff: None,
        file_name: "f",
    };
    mail.to_bytes_with(&Extras { confirm_to: Some("alice@a.example"), ..Extras::default() }).to_vec()
}

pub(crate) fn on_the_way(fields: &[&str]) -> Vec<u8> {
    let top: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    [top.as_bytes(), &mail()].concat()
}

/// A report of bob's, without its facts.
pub(crate) fn report() -> Report<'static> {
    Report {
        from: "bob@b.example",
        to: "alice@a.example",
        subject: "x",
        date_unix_s: 0,
        message_id: "m2@b.example",
        boundary: "b",
        text: "hi",
        original: Original::Nothing,
    }
}

/// An MDN of bob's about this mail.
fn mdn(about: &str, failed: bool) -> Vec<u8> {
    let mut mdn = Mdn::automatic("bob@b.example", DispositionType::Dispatched);
    mdn.original_message_id = Some(about.to_owned());
    if failed {
        let modifiers = vec!["error".to_owned()];
        mdn.disposition = Disposition { kind: DispositionType::Processed, modifiers, ..mdn.disposition };
    }
    report().mdn(&mdn).to_vec()
}

#[test]
fn a_mail_on_its_whole_way_passes() {
    let mut run = Post::new().delivered();
    run.prints();
    run.smtp("bob", "alice", ("", "alice@a.example"), &mdn(ID, false));
    for rule in [
        "mail.kept",
        "mail.untouched",
        "mail.report-sender",
        "mail.confirmed-when-asked",
        "mail.confirmed-as-printed",
        "mail.printed-once",
    ] {
        assert_eq!(run.judged(rule), (Verdict::Pass, 1, None), "{rule}");
    }
}

#[test]
fn a_mail_that_was_put_nowhere_is_lost() {
    let mut run = Post::new();
    let (_, taken) = run.smtp("alice", "server", ("alice@a.example", "bob@b.example"), &mail());
    assert_eq!(run.judged("mail.kept"), (Verdict::Fail, 1, Some(taken)));
}

#[test]
fn a_mail_that_left_the_queue_without_being_handed_on_is_lost() {
    let mut run = Post::new();
    run.taken_into("queue");
    run.now_us += 500;
    let gone = run.folder("queue", false);
    assert_eq!(run.judged("mail.kept"), (Verdict::Fail, 1, Some(gone)));
}

#[test]
fn a_mail_that_waits_is_kept() {
    let mut run = Post::new();
    run.taken_into("queue");
    assert_eq!(run.judged("mail.kept"), (Verdict::Pass, 1, None));
}

#[test]
fn a_mail_of_which_the_sender_was_told_is_kept() {
    let mut run = Post::new();
    run.taken_into("queue");
    run.now_us += 500;
    run.folder("queue", false);
    run.folder("mailbox alice", true);
    assert_eq!(run.judged("mail.kept").0, Verdict::Pass);
}

#[test]
fn a_mail_whose_text_was_changed_is_a_breach() {
    let mut run = Post::new();
    run.smtp("alice", "server", ("alice@a.example", "bob@b.example"), &mail());
    let mut changed = on_the_way(&["Return-Path: <a>", "Received: by server"]);
    let at = changed.len() - 3;
    changed[at] ^= 1;
    let given = run.pop3("server", "bob", &changed);
    assert_eq!(run.judged("mail.untouched"), (Verdict::Fail, 1, Some(given)));
}

#[test]
fn a_server_that_leaves_no_trace_is_a_breach() {
    let mut run = Post::new();
    run.smtp("alice", "server", ("alice@a.example", "bob@b.example"), &mail());
    let (passed, _) = run.smtp("server", "bob", ("alice@a.example", "bob@b.example"), &mail());
    assert_eq!(run.judged("mail.untouched"), (Verdict::Fail, 1, Some(passed)));
}

#[test]
fn a_report_with_a_sender_is_a_breach() {
    let mut run = Post::new().delivered();
    let (sent, _) = run.smtp("bob", "alice", ("bob@b.example", "alice@a.example"), &mdn(ID, false));
    assert_eq!(run.judged("mail.report-sender"), (Verdict::Fail, 1, Some(sent)));
}

#[test]
fn a_confirmation_of_nothing_or_for_nobody_is_a_breach() {
    let mut run = Post::new().delivered();
    let (sent, _) = run.smtp("bob", "alice", ("", "alice@a.example"), &mdn("other@x", false));
    assert_eq!(run.judged("mail.confirmed-when-asked"), (Verdict::Fail, 1, Some(sent)));
    let mut run = Post::new().delivered();
    let (sent, _) = run.smtp("bob", "server", ("", "carol@c.example"), &mdn(ID, false));
    assert_eq!(run.judged("mail.confirmed-when-asked"), (Verdict::Fail, 1, Some(sent)));
}

#[test]
fn a_confirmation_that_is_not_true_is_a_breach() {
    let mut run = Post::new().delivered();
    let (sent, _) = run.smtp("bob", "alice", ("", "alice@a.example"), &mdn(ID, false));
    assert_eq!(run.judged("mail.confirmed-as-printed"), (Verdict::Fail, 1, Some(sent)));
    let mut run = Post::new().delivered();
    run.prints();
    let (sent, _) = run.smtp("bob", "alice", ("", "alice@a.example"), &mdn(ID, true));
    assert_eq!(run.judged("mail.confirmed-as-printed"), (Verdict::Fail, 1, Some(sent)));
}

#[test]
fn a_mail_that_was_collected_twice_is_printed_once() {
    let mut run = Post::new().delivered();
    let first = run.prints();
    run.pop3("server", "bob", &on_the_way(&["Return-Path: <a>", "Received: by server"]));
    assert_eq!(run.judged("mail.printed-once").0, Verdict::Pass);
    run.prints();
    assert_eq!(run.judged("mail.printed-once"), (Verdict::Fail, 1, Some(first)));
}

#[test]
fn the_folders_of_a_real_server_are_left_open() {
    let mut run = Post::new();
    run.declaration.hosts[1].external = true;
    run.smtp("alice", "server", ("alice@a.example", "bob@b.example"), &mail());
    assert_eq!(run.judged("mail.kept").0, Verdict::Inconclusive);
}
