//! A server of ours that finds no number hands mail to Postfix by normal SMTP (S408). It lies in a maildir then, out of
//! which Dovecot gives it.

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::Trace;

use super::daemon::{Daemon, foreign_folder};
use super::dovecot::{dovecot, in_maildir};
use super::postfix::postfix_with;
use super::program::as_root;
use super::stage::{Performance, breaches, bytes_of, mails, notices, passed, plan, under_traces};

/// The devices of ours.
const OURS: [&str; 4] = ["pc", "server", "bob", "sip"];
/// Bob's client looks into the mailbox at Dovecot.
const COLLECTS: &str = ", mailbox: { server: mail, user: bob, every: 1s }";

#[test]
fn without_a_number_the_mail_lies_in_the_maildir_of_postfix_unchanged() {
    let Run { postfix, dovecot, trace, plan } = performed("127.95.7", "bob@b.example", "");

    let [sent] = &mails(&trace, "pc", "server")[..] else { panic!("one mail: {:#?}", trace.entries) };
    let [file] = &in_maildir(&dovecot.place)[..] else { panic!("one file: {}", postfix.log()) };
    let lies = as_root("cat").arg(dovecot.place.join("mail/Maildir/new").join(file)).output().unwrap();
    let (traces, text) = under_traces(&lies.stdout);
    assert_eq!(traces, ["Return-Path", "X-Original-To", "Delivered-To", "Received", "Received"]);
    // In a file a line ends as Unix wants it.
    let sent = String::from_utf8_lossy(sent).replace("\r\n", "\n");
    assert_eq!(String::from_utf8_lossy(text), sent);
    assert_eq!(passed(&trace, "server", "sip"), ["REGISTER"], "no call was made");
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn without_a_number_the_mail_is_collected_from_dovecot_unchanged() {
    let Run { postfix, dovecot, trace, plan } = performed("127.95.8", "bob@b.example", COLLECTS);

    let [sent] = &mails(&trace, "pc", "server")[..] else { panic!("one mail: {:#?}", trace.entries) };
    let [collected] = &mails(&trace, "mail", "bob")[..] else { panic!("one mail: {}", postfix.log()) };
    assert!(under_traces(collected).1 == sent, "it was changed: {}", String::from_utf8_lossy(collected));
    assert_eq!(notices(&trace, "bob"), ["Mail from <pc@a.example>: Ten"]);
    assert_eq!(in_maildir(&dovecot.place), Vec::<String>::new(), "{}", dovecot.log());
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn whom_postfix_does_not_know_is_told_to_the_sender() {
    let Run { postfix, dovecot, trace, plan } = performed("127.95.9", "carol@b.example", COLLECTS);

    let log = postfix.log();
    assert!(log.contains("reject: RCPT from ") && log.contains("550 5.1.1 <carol@b.example>"), "{log}");
    let [dsn] = &mails(&trace, "server", "pc")[..] else { panic!("one report: {:#?}", trace.entries) };
    let dsn = String::from_utf8_lossy(dsn);
    assert!(dsn.contains("\r\nDiagnostic-Code: smtp; 550 5.1.1 <carol@b.example>"), "{dsn}");
    assert_eq!(notices(&trace, "pc"), ["Report: carol@b.example: failed (5.1.1)"]);
    assert_eq!(bytes_of(&trace, "DATA", "server", "mail").len(), 0);
    assert_eq!(in_maildir(&dovecot.place), Vec::<String>::new());
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

/// A run, and the servers as it left them.
struct Run {
    postfix: Daemon,
    dovecot: Daemon,
    trace: Trace,
    plan: Plan,
}

/// The run of one mail: from a client to our server, and to Postfix by the MX of its domain.
fn performed(net: &str, to: &str, mailbox: &str) -> Run {
    let dovecot = dovecot(net, &foreign_folder(&format!("dovecot-{net}")));
    let maildir = dovecot.place.join("mail");
    let postfix = postfix_with(net, &SETTINGS.replace("MAILDIR", maildir.to_str().unwrap()));
    let scenario = SCENARIO.replace("NET", net).replace("ADDRESSEE", to).replace("MAILBOX", mailbox);
    let plan = plan(&scenario, &postfix.place, World::Sockets);
    let trace = Performance::begin(&plan).end();
    Run { postfix, dovecot, trace, plan }
}

/// Bob has a mailbox at Postfix. His uid and gid are those of `mail` on every Debian.
const SETTINGS: &str = "
transport_maps =
virtual_mailbox_domains = b.example
virtual_mailbox_maps = inline:{ { bob@b.example = Maildir/ } }
virtual_mailbox_base = MAILDIR
virtual_minimum_uid = 8
virtual_uid_maps = static:8
virtual_gid_maps = static:8
";

const SCENARIO: &str = "\
version: 1
title: Our server hands mail to a real one
hosts:
  pc:
    mail-client: {}
    address: NET.1
    mail: pc@a.example
    mail_server: server
    mailbox: { server: server, user: pc, every: 1s }
  server:
    mail-server:
      domains: [a.example]
      mailboxes: { pc: { password: sesame } }
      relays_for: [pc]
      forwards: {}
    number: 050-0000-0201
    address: NET.3
  mail:
    mail-server: { mailboxes: { bob: { password: secret } } }
    external: { smtp: 'NET.2:25', pop3: 'NET.2:1110' }
  bob: { mail-client: {}, address: NET.6, mail: bob@b.exampleMAILBOX }
  sip: { sip-server: {}, address: NET.4 }
zone:
  b.example: { mx: [ { host: mail } ] }
steps:
  - at: 1s
    host: pc
    write: { to: [ADDRESSEE], subject: Ten, text: \"Um zehn in Köln.\\n.\\n..two\\nblanks  \\n\\nEnd\\n\" }
ends_at: 8s
worlds: [sockets]
";
