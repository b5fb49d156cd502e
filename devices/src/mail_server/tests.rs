mod bench;
mod calls;
mod queue;
mod routing;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::mime::{Action, Dsn};

use super::*;
use crate::config::MailboxConfig;
use crate::core::{Duration, Exchange, NameAnswer, NameKind, StreamEvent};
use crate::smtp::Offers;

const CLIENT: Conn = Conn(Conn::ACCEPTED | 1);

fn config() -> MailServerConfig {
    MailServerConfig {
        address: IpAddr::from([10, 0, 0, 1]),
        name: "mx.b.example".into(),
        names: vec!["mx.b.example".into()],
        domains: vec!["b.example".into()],
        mailboxes: vec![MailboxConfig {
            user: "bob".into(),
            password: "secret".into(),
            addresses: vec!["bob".into(), "FAX=+815012345678".into()],
        }],
        relays_for: vec![IpAddr::from([10, 0, 0, 7])],
        relay: None,
        forwards: None,
        takes_bare_line_ends: false,
        offers: Offers::of_a_mail_server(),
        size_limit: 100_000,
        retries: vec![Duration::secs(1800), Duration::secs(3600)],
        gives_up_after: Duration::secs(7200),
        most_hops: 5,
        epoch_s: 0,
        entropy: Entropy::of_seed(1),
    }
}

/// A mail server with power, and what it has asked for.
struct Lab {
    server: MailServer,
    now: Time,
    effects: Vec<Effect>,
}

impl Lab {
    fn new() -> Lab {
        let mut lab = Lab { server: MailServer::new(config()), now: Time(0), effects: Vec::new() };
        lab.step(Event::PowerOn { boots: 1, committed: Arc::default() });
        lab
    }

    fn step(&mut self, event: Event) {
        let mut out = Outbox::new();
        self.server.step(self.now, event, &mut out);
        self.effects = out.drain().collect();
    }

    /// A client at this address says something on a connection of its own; what the server says to it.
    fn client(&mut self, last: u8, port: u16, says: &str) -> String {
        let peer = SocketAddr::from(([10, 0, 0, last], 40_000));
        self.step(Event::Stream(CLIENT, StreamEvent::Accepted { port, peer }));
        let mut said = self.said(CLIENT);
        self.step(Event::Stream(CLIENT, StreamEvent::Bytes(Bytes::from(says.to_owned()))));
        said += &self.said(CLIENT);
        let effects = std::mem::take(&mut self.effects);
        self.step(Event::Stream(CLIENT, StreamEvent::Reset));
        self.effects = effects;
        said
    }

    fn mail(&mut self, last: u8, from: &str, to: &str) -> String {
        let script = format!(
            "EHLO a.example\r\nMAIL FROM:<{from}>\r\nRCPT TO:{to}\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n"
        );
        self.client(last, 25, &script)
    }

    fn said(&self, conn: Conn) -> String {
        let sent = self.effects.iter().filter_map(|effect| match effect {
            Effect::Send { conn: on, bytes } if *on == conn => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => None,
        });
        sent.collect()
    }

    fn question(&self) -> Option<(NameKind, String)> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Resolve(question) => Some((question.kind, question.name.clone())),
            _ => None,
        })
    }

    fn answer(&mut self, answer: NameAnswer) {
        let (kind, name) = self.question().expect("a question");
        let question = crate::core::Question { kind, name };
        self.step(Event::Resolved { question, answer });
    }

    fn connect(&self) -> Option<(Conn, SocketAddr)> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Connect { conn, to } => Some((*conn, *to)),
            _ => None,
        })
    }

    /// The wait that was begun, and the server's time when it is over.
    fn wait(&mut self) -> Duration {
        let armed = self.effects.iter().find_map(|effect| match effect {
            Effect::Arm { timer, at } if timer.name == "retry" => Some((*timer, *at)),
            _ => None,
        });
        let (timer, at) = armed.expect("a wait");
        let waited = Duration(at.0 - self.now.0);
        self.now = at;
        self.step(Event::Timer(timer));
        waited
    }

    /// Leads the mail that is tried now to a host of this address; the connection to it.
    fn routed(&mut self, last: u8) -> Conn {
        self.answer(NameAnswer::Exchanges(vec![Exchange { preference: 1, host: "mx.c.example".into() }]));
        self.answer(NameAnswer::Addresses(vec![IpAddr::from([10, 0, 0, last])]));
        let (conn, to) = self.connect().expect("a connect");
        assert_eq!(to, SocketAddr::from(([10, 0, 0, last], 25)));
        self.step(Event::Stream(conn, StreamEvent::Opened));
        conn
    }

    fn says(&mut self, conn: Conn, replies: &[&str]) -> String {
        let mut said = String::new();
        for reply in replies {
            self.step(Event::Stream(conn, StreamEvent::Bytes(Bytes::from((*reply).to_owned()))));
            said += &self.said(conn);
        }
        said
    }

    /// The only mailbox's mails as POP3 gives them.
    fn collected(&mut self) -> String {
        self.client(7, 110, "USER bob\r\nPASS secret\r\nRETR 1\r\nQUIT\r\n")
    }
}

#[test]
fn mail_for_a_mailbox_is_there_for_its_user_with_the_trace_of_its_way() {
    let mut lab = Lab::new();
    let said = lab.mail(9, "a@a.example", "<Bob@B.example.>");
    assert!(said.contains("250 2.0.0 accepted"), "{said}");
    let mail = lab.collected();
    assert!(mail.contains("Return-Path: <a@a.example>\r\nReceived: from a.example ([10.0.0.9])"), "{mail}");
    assert!(mail.contains("Subject: x\r\n\r\nhi\r\n.\r\n"), "{mail}");
}

#[test]
fn domains_are_equal_or_foreign() {
    let mut lab = Lab::new();
    for foreign in ["<bob@sub.b.example>", "<bob@xb.example>", "<bob@b.example.evil>"] {
        assert!(lab.mail(9, "a@a.example", foreign).contains("550 5.7.1"), "{foreign}");
    }
    assert!(lab.mail(9, "a@a.example", "<carol@b.example>").contains("550 5.1.1"));
    assert!(lab.mail(9, "a@a.example", "<postmaster>").contains("250 2.0.0"));
}

#[test]
fn mail_for_others_is_taken_from_whom_it_serves_and_passed_on() {
    let mut lab = Lab::new();
    assert!(lab.mail(7, "a@b.example", "<c@c.example>").contains("250 2.0.0"));
    assert_eq!(lab.question(), Some((NameKind::Mx, "c.example".to_owned())));
    let conn = lab.routed(3);
    let said = lab.says(conn, &["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"]);
    assert!(
        said.contains("EHLO mx.b.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@c.example>\r\n"),
        "{said}"
    );
    assert_eq!(lab.server.holds().mails, 1);
    lab.says(conn, &["250 a\r\n", "221 a\r\n"]);
    assert_eq!(lab.server.holds(), Holdings::default());
}

#[test]
fn what_fails_for_now_is_tried_again_and_given_up_with_a_notification() {
    let mut lab = Lab::new();
    lab.mail(7, "bob@b.example", "<c@c.example>");
    for expected in [1800, 3600] {
        let conn = lab.routed(3);
        lab.says(conn, &["220 a\r\n", "250 a\r\n", "250 a\r\n", "451 4.7.1 later\r\n", "221 a\r\n"]);
        assert_eq!(lab.wait(), Duration::secs(expected));
    }
    let conn = lab.routed(3);
    lab.says(conn, &["220 a\r\n", "250 a\r\n", "250 a\r\n", "451 4.7.1 later\r\n", "221 a\r\n"]);
    assert_eq!(lab.server.holds().mails, 0);
    let notice = notification(&mut lab);
    assert_eq!((notice.recipients[0].action, notice.recipients[0].status), (Action::Failed, (4, 7, 1)));
}

/// The notification in the mailbox.
fn notification(lab: &mut Lab) -> Dsn {
    let said = lab.collected();
    let mail = said.split_once("octets\r\n").expect("a mail").1;
    Dsn::read(mail.as_bytes()).expect("a DSN")
}

#[test]
fn a_domain_without_hosts_comes_back_at_once() {
    let mut lab = Lab::new();
    lab.mail(7, "bob@b.example", "<c@c.example>");
    lab.answer(NameAnswer::Exchanges(vec![Exchange { preference: 0, host: ".".into() }]));
    let notice = notification(&mut lab);
    assert_eq!(notice.recipients[0].status, (5, 1, 10));
    assert_eq!(notice.recipients[0].final_recipient.value, "c@c.example");
}

#[test]
fn what_a_host_refuses_for_good_comes_back_in_its_words() {
    let mut lab = Lab::new();
    lab.mail(7, "bob@b.example", "<c@c.example>");
    let conn = lab.routed(3);
    lab.says(conn, &["220 a\r\n", "250 a\r\n", "250 a\r\n", "550 5.1.1 nobody\r\n", "221 a\r\n"]);
    let notice = notification(&mut lab);
    let said = notice.recipients[0].diagnostic_code.as_ref().expect("what it said");
    assert_eq!(said.value, "550 5.1.1 nobody");
    assert_eq!(lab.server.holds().mails, 0);
}

#[test]
fn a_mail_without_sender_is_never_answered() {
    let mut lab = Lab::new();
    lab.mail(7, "", "<c@c.example>");
    lab.answer(NameAnswer::NoSuchName);
    lab.answer(NameAnswer::NoSuchName);
    assert!(lab.effects.iter().any(|effect| matches!(effect, Effect::Unexpected { .. })));
    assert_eq!(lab.server.holds().mails, 0);
}

#[test]
fn success_is_told_to_who_wanted_to_know() {
    let mut lab = Lab::new();
    lab.mail(7, "bob@b.example", "<bob@b.example> NOTIFY=SUCCESS");
    let said = lab.client(7, 110, "USER bob\r\nPASS secret\r\nRETR 2\r\nQUIT\r\n");
    let mail = said.split_once("octets\r\n").expect("a mail").1;
    assert_eq!(Dsn::read(mail.as_bytes()).expect("a DSN").recipients[0].action, Action::Delivered);
}

#[test]
fn a_mail_that_goes_round_in_circles_is_stopped() {
    let mut lab = Lab::new();
    let hops = "Received: by nobody\r\n".repeat(5);
    let script =
        format!("EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\n{hops}\r\nhi\r\n.\r\n");
    assert!(lab.client(7, 25, &script).contains("554 5.4.6"));
}

#[test]
fn what_was_taken_survives_a_power_failure() {
    let mut lab = Lab::new();
    lab.mail(7, "bob@b.example", "<c@c.example>");
    let mut committed: Vec<Durable> = durable(&lab);
    lab.mail(9, "a@a.example", "<bob@b.example>");
    committed.extend(durable(&lab));
    lab.step(Event::PowerOn { boots: 2, committed: Arc::new(committed) });
    assert_eq!(lab.server.holds().mails, 1);
    assert_eq!(lab.question(), Some((NameKind::Mx, "c.example".to_owned())));
    assert!(lab.collected().contains("Return-Path: <a@a.example>"));
}

fn durable(lab: &Lab) -> Vec<Durable> {
    let durable = |effect: &Effect| match effect {
        Effect::Durable(durable) => Some(durable.clone()),
        _ => None,
    };
    lab.effects.iter().filter_map(durable).collect()
}

#[test]
fn the_next_host_is_tried_where_one_does_not_answer() {
    let mut lab = Lab::new();
    lab.mail(7, "bob@b.example", "<c@c.example>");
    let hosts = [(1, "mx1.c.example"), (2, "mx2.c.example")];
    let exchange = |(preference, host): (u16, &str)| Exchange { preference, host: host.into() };
    lab.answer(NameAnswer::Exchanges(hosts.map(exchange).into()));
    lab.answer(NameAnswer::Addresses(vec![IpAddr::from([10, 0, 0, 3])]));
    let (first, _) = lab.connect().expect("a connect");
    lab.step(Event::Stream(first, StreamEvent::Refused));
    assert_eq!(lab.question(), Some((NameKind::Address, "mx2.c.example".to_owned())));
}

/// A mail of eight bits for another host.
fn mail_of_eight_bits(lab: &mut Lab) {
    let script = "EHLO a.example\r\nMAIL FROM:<bob@b.example>\r\nRCPT TO:<c@c.example>\r\n\
                  DATA\r\nSubject: x\r\n\r\ngr\u{fc}n\r\n.\r\nQUIT\r\n";
    assert!(lab.client(7, 25, script).contains("250 2.0.0 accepted"));
}

#[test]
fn a_mail_of_eight_bits_is_passed_on_as_one() {
    let mut lab = Lab::new();
    mail_of_eight_bits(&mut lab);
    let conn = lab.routed(3);
    let said = lab.says(conn, &["220 a\r\n", "250-a\r\n250 8BITMIME\r\n"]);
    assert!(said.contains("MAIL FROM:<bob@b.example> BODY=8BITMIME\r\n"), "{said}");
}

#[test]
fn a_mail_of_eight_bits_comes_back_where_the_next_server_takes_seven() {
    let mut lab = Lab::new();
    mail_of_eight_bits(&mut lab);
    let conn = lab.routed(3);
    let said = lab.says(conn, &["220 a\r\n", "250 a\r\n", "221 a\r\n"]);
    assert!(!said.contains("MAIL") && said.ends_with("QUIT\r\n"), "{said}");
    assert_eq!(lab.server.holds().mails, 0);
    let notice = notification(&mut lab);
    assert_eq!((notice.recipients[0].action, notice.recipients[0].status), (Action::Failed, (5, 6, 3)));
}

#[test]
fn a_mail_of_eight_bits_is_still_one_behind_a_power_failure() {
    let mut lab = Lab::new();
    mail_of_eight_bits(&mut lab);
    let committed = durable(&lab);
    lab.step(Event::PowerOn { boots: 2, committed: Arc::new(committed) });
    let conn = lab.routed(3);
    let said = lab.says(conn, &["220 a\r\n", "250-a\r\n250 8BITMIME\r\n"]);
    assert!(said.contains("BODY=8BITMIME\r\n"), "{said}");
}

#[test]
fn the_same_mail_again_has_another_name_though_the_first_was_collected() {
    let mut lab = Lab::new();
    let mut name = || {
        lab.mail(9, "a@a.example", "<bob@b.example>");
        let said = lab.client(7, 110, "USER bob\r\nPASS secret\r\nUIDL\r\nDELE 1\r\nQUIT\r\n");
        said.lines().find_map(|line| line.strip_prefix("1 ").map(str::to_owned)).expect("a mail")
    };
    assert_ne!(name(), name());
}

#[test]
fn who_asks_for_the_whole_mail_back_gets_it_with_the_failure_and_else_its_header() {
    let (header, whole) = ("text/rfc822-headers", "message/rfc822");
    for (params, text, kind) in [
        ("", "green", header),
        (" RET=HDRS", "green", header),
        (" RET=FULL", "green", whole),
        (" RET=FULL", "gr\u{fc}n", header),
    ] {
        let mut lab = Lab::new();
        let script = format!(
            "EHLO a.example\r\nMAIL FROM:<bob@b.example>{params}\r\nRCPT TO:<c@c.example>\r\n\
             DATA\r\nSubject: x\r\n\r\n{text}\r\n.\r\nQUIT\r\n"
        );
        lab.client(7, 25, &script);
        lab.answer(NameAnswer::Exchanges(vec![Exchange { preference: 0, host: ".".into() }]));
        let said = lab.collected();
        assert!(said.contains(&format!("Content-Type: {kind}\r\n")), "{params}: {said}");
        assert!(said.contains("\r\nSubject: x\r\n"), "{params}: {said}");
        assert_eq!(said.contains(&format!("\r\n{text}\r\n")), kind == whole, "{params}: {said}");
        assert!(Dsn::read(said.split_once("octets\r\n").expect("a mail").1.as_bytes()).is_ok());
    }
}
