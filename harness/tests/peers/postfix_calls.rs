//! Postfix brings mail to a server of ours that forwards it over SIP (Figure 18).

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::{Trace, What};

use super::daemon::Daemon;
use super::postfix::postfix_with;
use super::reports::envid;
use super::stage::{Performance, breaches, bytes_of, mails, notices, passed, plan, under_traces};

/// The devices of ours.
const OURS: [&str; 5] = ["pc", "server", "far", "bob", "sip"];

#[test]
fn what_postfix_brings_is_forwarded_by_a_call_and_collected_unchanged() {
    let (postfix, trace, plan) = performed("127.95.4", "bob@b.example");

    let [sent] = &mails(&trace, "pc", "mail")[..] else { panic!("one mail: {:#?}", trace.entries) };
    let [collected] = &mails(&trace, "far", "bob")[..] else { panic!("one mail: {}", postfix.log()) };
    let (traces, text) = under_traces(collected);
    assert_eq!(traces, ["Return-Path", "Received", "Received", "Received"]);
    assert!(text == sent, "it was changed: {}", String::from_utf8_lossy(text));
    let by = |field: &str| field.split_once("by ").unwrap().1.split_whitespace().next().unwrap().to_owned();
    let head = String::from_utf8_lossy(&collected[..collected.len() - text.len()]).into_owned();
    let trail: Vec<String> = head.split("Received: ").skip(1).map(by).collect();
    assert_eq!(trail, ["far.b.example", "server.a.example", "mx.example.net"]);
    assert_eq!(notices(&trace, "bob"), ["Mail from <pc@a.example>: Ten"]);
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn a_mail_of_postfix_is_handed_over_in_one_call_and_keeps_its_envelope() {
    let (_postfix, trace, plan) = performed("127.95.5", "bob@b.example");

    let walked = [
        "18.S401.from-server",
        "18.S402.forward",
        "18.S404.table-domain",
        "18.S405.established",
        "18.S406.delivered",
    ];
    assert_eq!(arcs(&trace, "server"), walked);
    // The call is the only way that was taken: no name was asked for, and no mail came to Postfix again.
    assert_eq!(passed(&trace, "server", "mail").iter().filter(|label| **label == "MAIL").count(), 0);
    let hops = [("pc", "mail"), ("mail", "server"), ("server", "far")];
    let envelopes = hops.map(|(from, to)| bytes_of(&trace, "MAIL", from, to));
    assert!(envelopes.iter().all(|mails| mails.len() == 1), "{envelopes:?}");
    let ids = envelopes.each_ref().map(|mails| envid(&mails[0]));
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // Eight bits are told on every hop (RFC 6152): Postfix saw that our server takes them.
    let told = |mails: &Vec<Vec<u8>>| String::from_utf8_lossy(&mails[0]).contains(" BODY=8BITMIME");
    assert!(envelopes.iter().all(told), "{envelopes:?}");
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

#[test]
fn what_is_refused_in_the_call_is_told_to_the_sender_by_way_of_postfix() {
    let (postfix, trace, plan) = performed("127.95.6", "nobody@b.example");

    // Postfix got 250 and is out of it: who took the mail tells its sender.
    let log = postfix.log();
    assert!(
        log.contains("to=<nobody@b.example>, ") && log.contains(" status=sent (250 2.0.0 accepted)"),
        "{log}"
    );
    let walked = arcs(&trace, "server");
    assert!(walked.contains(&"18.S405.established") && walked.contains(&"18.S406.rejected"), "{walked:?}");
    let [dsn] = &mails(&trace, "server", "pc")[..] else { panic!("one report: {:#?}", trace.entries) };
    let original = envid(&bytes_of(&trace, "MAIL", "pc", "mail")[0]);
    let dsn = String::from_utf8_lossy(dsn);
    assert!(dsn.contains(&format!("\r\nOriginal-Envelope-Id: {original}\r\n")), "{dsn}");
    assert_eq!(notices(&trace, "pc"), ["Report: nobody@b.example: failed (5.1.1)"]);
    assert_eq!((notices(&trace, "bob"), mails(&trace, "far", "bob")), (vec![], vec![]));
    assert_eq!(breaches(&plan.declaration, &trace, &OURS), []);
}

/// The run of one mail: from a client to Postfix, to our server, by a call to the destination server.
fn performed(net: &str, to: &str) -> (Daemon, Trace, Plan) {
    let postfix = postfix_with(net, "");
    let plan = plan(&SCENARIO.replace("NET", net).replace("ADDRESSEE", to), &postfix.place, World::Sockets);
    let trace = Performance::begin(&plan).end();
    (postfix, trace, plan)
}

/// The set-up of Postfix brings mail for b.example to NET.3. The text has what a server could mangle: eight bits,
/// lines that begin with dots, blanks at the end of one.
const SCENARIO: &str = "\
version: 1
title: A real mail server brings mail to be forwarded
hosts:
  pc:
    mail-client: {}
    address: NET.1
    mail: pc@a.example
    mail_server: mail
    mailbox: { server: server, user: pc, every: 1s }
  mail: { mail-server: {}, external: { smtp: 'NET.2:25' } }
  server:
    mail-server:
      domains: [a.example]
      mailboxes: { pc: { password: sesame } }
      relays_for: [mail]
      forwards: {}
    number: 050-0000-0201
    ta3: [ { destination: b.example, number: 050-1234-5678 } ]
    address: NET.3
  far:
    mail-server: { domains: [b.example], mailboxes: { bob: { password: secret } }, forwards: {} }
    number: 050-1234-5678
    address: NET.5
  bob: { mail-client: {}, address: NET.6, mail: bob@b.example, mailbox: { server: far, user: bob, every: 1s } }
  sip: { sip-server: {}, address: NET.4 }
steps:
  - at: 1s
    host: pc
    write:
      to: [ADDRESSEE]
      subject: Ten
      text: \"Um zehn in Köln.\\n.\\n..two\\n.MAIL FROM:<x@a.example>\\nblanks  \\n\\nEnd\\n\"
      notify: [failure]
ends_at: 8s
worlds: [sockets]
";

/// The arcs that a host walked.
fn arcs<'t>(trace: &'t Trace, at: &str) -> Vec<&'t str> {
    let arc = |what: &'t What| match what {
        What::Mark { host, arc, .. } if &**host == at => Some(&**arc),
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| arc(&entry.what)).collect()
}
