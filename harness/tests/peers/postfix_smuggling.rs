//! Somebody hides a second mail behind an end of the first that not every server takes for one (SMTP smuggling). Postfix
//! here is an old one in most tests: it takes a bare line feed for a line end, and passes a bare carriage return on. In
//! one it is as Postfix is by itself since 3.9, and each attempt is one mail to it and to us.
//!
//! What was seen with Postfix 3.7.11: a hidden mail behind bare line feeds is a mail of its own to the old Postfix itself,
//! before it says a word to us; it brings both, each well-formed and in a transaction of its own, and nothing in them
//! tells us. Behind bare carriage returns there is one mail to Postfix, and it is one to us, which we refuse. In the
//! other direction, from us to Postfix, all that could take it in is refused at our door.

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::Trace;

use super::daemon::Daemon;
use super::postfix::postfix_with;
use super::stage::{Performance, breaches, bytes_of, mails, notices, passed, plan};
use super::visited::{SMTP, talk};

/// Ends that an old Postfix takes for one.
const LINE_FEEDS: [&str; 3] = ["\n.\r\n", "\r\n.\n", "\n.\n"];
/// Such as some other servers have taken for one.
const CARRIAGE_RETURNS: [&str; 4] = ["\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r"];
/// The devices of ours.
const OURS: [&str; 4] = ["server", "far", "bob", "sip"];
/// What our server says behind the end of such a mail.
const REFUSAL: &str = "554 5.6.0 a CR or LF stands alone in the message";

#[test]
fn a_mail_hidden_behind_carriage_returns_is_part_of_one_that_is_refused() {
    let Run { postfix, trace, plan, replies } =
        performed("127.99.1", OLD, ("2", "25"), "false", &CARRIAGE_RETURNS);

    for (replies, form) in replies.iter().zip(CARRIAGE_RETURNS) {
        assert_eq!(queued(replies), 1, "Postfix takes {form:?} for no end: {replies:?}");
    }
    // Each came to us whole, with what was hidden in it, and was refused; nothing of it went on.
    let came = mails(&trace, "mail", "server");
    let hides = |mail: &Vec<u8>| String::from_utf8_lossy(mail).contains("MAIL FROM:<evil@a.example>\r\n");
    assert!(came.len() == CARRIAGE_RETURNS.len() && came.iter().all(hides), "{came:?}");
    assert_eq!(bytes_of(&trace, "MAIL", "mail", "server").len(), CARRIAGE_RETURNS.len());
    let refusals = bytes_of(&trace, "554", "server", "mail");
    assert_eq!(refusals, vec![format!("{REFUSAL}\r\n").into_bytes(); CARRIAGE_RETURNS.len()]);
    assert_eq!((passed(&trace, "server", "sip"), notices(&trace, "bob")), (vec!["REGISTER"], vec![]));
    let bounced = format!(" said: {REFUSAL} (in reply to end of DATA command))");
    let log = postfix.log();
    assert_eq!(log.lines().filter(|line| line.ends_with(&bounced)).count(), CARRIAGE_RETURNS.len(), "{log}");
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn what_line_feeds_make_two_mails_of_in_postfix_are_two_before_they_reach_us_and_no_more() {
    let Run { postfix, trace, plan, replies } = performed("127.99.2", OLD, ("2", "25"), "false", &LINE_FEEDS);

    for (replies, form) in replies.iter().zip(LINE_FEEDS) {
        assert_eq!(queued(replies), 2, "an old Postfix is taken in by {form:?}: {replies:?}");
    }
    // It brings each by a MAIL of its own, with its own trace field, and with whole line ends.
    let came = mails(&trace, "mail", "server");
    let is_whole = |mail: &Vec<u8>| {
        let text = String::from_utf8_lossy(mail).replace("\r\n", "");
        !text.contains(['\r', '\n']) && text.matches("by mx.example.net (Postfix)").count() == 1
    };
    assert!(came.iter().all(is_whole), "{came:?}");
    let mails_of = |from: &str, to: &str| bytes_of(&trace, "MAIL", from, to).len();
    let count = 2 * LINE_FEEDS.len();
    assert_eq!((came.len(), mails_of("mail", "server"), mails_of("server", "far")), (count, count, count));
    assert_eq!(notices(&trace, "bob").len(), count, "{}", postfix.log());
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn through_a_postfix_of_today_each_attempt_is_one_mail() {
    let forms = [&LINE_FEEDS[..], &CARRIAGE_RETURNS].concat();
    let Run { postfix, trace, plan, replies } = performed("127.99.5", NEW, ("2", "25"), "false", &forms);

    for (replies, form) in replies.iter().zip(&forms) {
        assert_eq!(queued(replies), 1, "Postfix takes {form:?} for no end: {replies:?}");
    }
    // What is hidden is text, and comes to bob as such.
    let came = mails(&trace, "mail", "server");
    let hides = |mail: &Vec<u8>| String::from_utf8_lossy(mail).contains("MAIL FROM:<evil@a.example>\r\n");
    assert!(came.len() == forms.len() && came.iter().all(hides), "{came:?}");
    let mails_of = |from: &str, to: &str| bytes_of(&trace, "MAIL", from, to).len();
    assert_eq!((mails_of("mail", "server"), mails_of("server", "far")), (forms.len(), forms.len()));
    assert_eq!(notices(&trace, "bob").len(), forms.len(), "{}", postfix.log());
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn through_our_server_nothing_is_smuggled_into_postfix() {
    let forms = [&LINE_FEEDS[..], &CARRIAGE_RETURNS].concat();
    let Run { postfix, trace, plan, replies } = performed("127.99.3", OLD, ("3", SMTP), "false", &forms);

    // One reply behind all that came, to one mail: what is hidden in it is no command to us.
    for (replies, form) in replies.iter().zip(&forms) {
        assert_eq!(replies[replies.len() - 2..], [REFUSAL, "221 2.0.0 bye"], "{form:?}: {replies:?}");
    }
    assert_eq!(mails(&trace, "client", "server").len(), forms.len());
    assert_eq!(taken(&postfix, "127.99.3.3"), 0, "{}", postfix.log());
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn a_server_that_takes_bare_line_ends_would_let_a_mail_through_to_postfix() {
    let Run { postfix, trace, replies, .. } = performed("127.99.4", OLD, ("3", SMTP), "true", &LINE_FEEDS);

    // The habit shows what the refusal is for: one mail to us each time, and two to the old Postfix behind us.
    for (replies, form) in replies.iter().zip(LINE_FEEDS) {
        let last = &replies[replies.len() - 2..];
        assert_eq!(last, ["250 2.0.0 accepted", "221 2.0.0 bye"], "{form:?}: {replies:?}");
    }
    assert_eq!(bytes_of(&trace, "MAIL", "server", "mail").len(), LINE_FEEDS.len());
    // But for `CRLF . LF`: that dot begins a line to us too, so we send two, and Postfix sees no end.
    let (log, smuggled) = (postfix.log(), LINE_FEEDS.len() - 1);
    assert_eq!(taken(&postfix, "127.99.4.3"), LINE_FEEDS.len() + smuggled, "{log}");
    assert_eq!(log.matches(": from=<evil@a.example>, ").count(), smuggled, "{log}");
}

/// A run, and Postfix as it was left.
struct Run {
    postfix: Daemon,
    trace: Trace,
    plan: Plan,
    /// What was answered to each attempt.
    replies: Vec<Vec<String>>,
}

/// The run of attempts at the server with this last number, one for each end that is none.
fn performed(net: &str, setup: &str, (server, port): (&str, &str), takes_bare: &str, forms: &[&str]) -> Run {
    // Bob's domain is behind our server for what Postfix relays, and behind Postfix for what our server relays.
    let to = if port == SMTP { "carol@c.example" } else { "bob@b.example" };
    let postfix = postfix_with(net, setup);
    let scenario = SCENARIO.replace("NET", net).replace("TAKES_BARE", takes_bare);
    let plan = plan(&scenario, &postfix.place, World::Sockets);
    let mut performance = Performance::begin(&plan);
    performance.await_message("200 REGISTER", "server");
    let (server, own) = (format!("{net}.{server}"), format!("{net}.9"));
    let attempt = |form: &&str| talk(&postfix.place, (&server, port), &own, &session(to, form));
    let replies = forms.iter().map(attempt).collect();
    let trace = performance.end();
    Run { postfix, trace, plan, replies }
}

/// A session with one mail, and one that is hidden in it.
fn session(to: &str, form: &str) -> [String; 6] {
    let hidden =
        format!("MAIL FROM:<evil@a.example>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: Hidden\r\n\r\nEvil");
    [
        "EHLO peer.example.net\r\n".to_owned(),
        "MAIL FROM:<mallory@peer.example.net>\r\n".to_owned(),
        format!("RCPT TO:<{to}>\r\n"),
        "DATA\r\n".to_owned(),
        format!("Subject: Shown\r\n\r\nGood{form}{hidden}\r\n.\r\n"),
        "QUIT\r\n".to_owned(),
    ]
}

/// How many mails Postfix said that it has.
fn queued(replies: &[String]) -> usize {
    replies.iter().filter(|reply| reply.starts_with("250 2.0.0 Ok: queued as ")).count()
}

/// How many mails Postfix has taken from this address.
fn taken(postfix: &Daemon, from: &str) -> usize {
    let end = format!(": client=unknown[{from}]");
    postfix.log().lines().filter(|line| line.ends_with(&end)).count()
}

/// What Postfix before 3.9 does unless told otherwise, and before the correction of its older lines at all. It takes mail
/// for c.example and keeps it, for nobody listens there.
const OLD: &str = "
transport_maps = inline:{ { b.example = smtp:[NET.3]:20025 }, { c.example = smtp:[NET.8]:20025 } }
smtpd_forbid_bare_newline = no
smtpd_forbid_unauth_pipelining = no
cleanup_replace_stray_cr_lf = no
";

/// What Postfix does by itself since 3.9; with those of its own network, too, to which this client belongs.
const NEW: &str = "
transport_maps = inline:{ { b.example = smtp:[NET.3]:20025 } }
smtpd_forbid_bare_newline = normalize
smtpd_forbid_bare_newline_exclusions =
smtpd_forbid_unauth_pipelining = yes
cleanup_replace_stray_cr_lf = yes
";

/// The set-up of Postfix brings mail for b.example to NET.3.
const SCENARIO: &str = "\
version: 1
title: Somebody smuggles a mail past a real mail server
hosts:
  client: { mail-server: {}, external: { smtp: 'NET.9:25' } }
  mail: { mail-server: {}, external: { smtp: 'NET.2:25' } }
  server:
    mail-server:
      domains: [a.example]
      relays_for: [client, mail]
      forwards: {}
      takes_bare_line_ends: TAKES_BARE
    number: 050-0000-0201
    ta3: [ { destination: b.example, number: 050-1234-5678 } ]
    address: NET.3
  far:
    mail-server: { domains: [b.example], mailboxes: { bob: { password: secret } }, forwards: {} }
    number: 050-1234-5678
    address: NET.5
  bob: { mail-client: {}, address: NET.6, mail: bob@b.example, mailbox: { server: far, user: bob, every: 1s } }
  sip: { sip-server: {}, address: NET.4 }
zone:
  c.example: { mx: [ { host: mail } ] }
ends_at: 9s
worlds: [sockets]
worlds_because: a client of the real server is outside the plan
";
