//! Postfix as the mail server of two mail faxes: what it relays is printed and confirmed, what it cannot
//! deliver is told to the operator.

use std::fs;

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::{Entry, Trace, What};
use faxproof_wire::page::tiff;

use super::daemon::{Daemon, foreign_folder, set_up};
use super::reports::{envid, message_id};
use super::stage::{Performance, breaches, bytes_of, mails, notices, pages, plan, printed};

#[test]
fn postfix_relays_a_fax_and_its_confirmation() {
    let (postfix, trace, plan) = performed(
        "127.95.1",
        &faxes("127.95.1", &["{ at: 1s, host: alice, send: file, to: bob@b.example }"]),
    );

    // Nobody takes Bob's call back, so the confirmation goes by mail too.
    assert_eq!((printed(&trace, "bob"), printed(&trace, "alice")), (pages(), vec![]));
    assert_eq!((notices(&trace, "alice"), notices(&trace, "bob")), (vec![], vec![]));
    let ways = [("alice", "bob", "bob@b.example"), ("bob", "alice", "alice@a.example")];
    for (sender, addressee, address) in ways {
        let ([sent], [relayed]) = (&mails(&trace, sender, "mail")[..], &mails(&trace, "mail", addressee)[..])
        else {
            panic!("one mail from {sender} to {addressee}: {:#?}", trace.entries)
        };
        assert_relayed(&postfix, sent, relayed, address);
    }
    let learned = |entry: &Entry| {
        matches!(&entry.what, What::Mark { host, arc, .. }
        if &**host == "alice" && &**arc == "8.S311.learned")
    };
    assert_eq!(trace.entries.iter().filter(|entry| learned(entry)).count(), 1);
    assert_eq!(breaches(&plan.declaration, &trace, &["alice", "bob", "sip"]), []);
}

#[test]
fn what_postfix_cannot_deliver_is_told_to_the_operator() {
    let steps = [
        "{ at: 1s, host: alice, send: file, to: carol@b.example }",
        "{ at: 3s, host: alice, send: file, to: dave@nowhere.example }",
    ];
    let (postfix, trace, plan) = performed("127.95.2", &faxes("127.95.2", &steps));

    // Postfix took the mail to Carol, whom Bob does not know, and sends a DSN; it did not take the other.
    let [bounce] = &mails(&trace, "mail", "alice")[..] else { panic!("one bounce: {}", postfix.log()) };
    let (envelope, bounce) = (&bytes_of(&trace, "MAIL", "alice", "mail")[0], String::from_utf8_lossy(bounce));
    let envelope_id = envid(envelope);
    assert!(bounce.contains("\r\nReporting-MTA: dns; mx.example.net\r\n"), "{bounce}");
    assert!(bounce.contains(&format!("\r\nOriginal-Envelope-Id: {envelope_id}\r\n")), "{bounce}");
    let [carol, dave] = notices(&trace, "alice")[..] else { panic!("{:?}", notices(&trace, "alice")) };
    assert_eq!(carol, "The mail could not be delivered: 550 5.1.1 no such mailbox here");
    assert!(dave.contains("failed: 550 ") && dave.contains("there is no such place"), "{dave}");
    assert_eq!(printed(&trace, "bob"), []);
    assert_eq!(breaches(&plan.declaration, &trace, &["alice", "bob", "sip"]), []);
}

#[test]
fn mail_passes_our_server_then_postfix_then_our_server() {
    let net = "127.95.3";
    let (postfix, trace, plan) = performed(net, &SERVERS.replace("NET", net));

    assert_eq!((printed(&trace, "bob"), notices(&trace, "alice")), (pages(), vec![]));
    let ([sent], [relayed]) = (&mails(&trace, "mail-a", "mail")[..], &mails(&trace, "mail", "mail-b")[..])
    else {
        panic!("one mail: {:#?}", trace.entries)
    };
    assert_relayed(&postfix, sent, relayed, "bob@b.example");
    let collected = String::from_utf8(mails(&trace, "mail-b", "bob").swap_remove(0)).unwrap();
    let by = |field: &str| field.split_once("by ").unwrap().1.split_whitespace().next().unwrap().to_owned();
    let trail: Vec<String> = collected.split("Received: ").skip(1).map(by).collect();
    assert_eq!(trail, ["mail-b.b.example", "mx.example.net", "mail-a"]);
    // Postfix hands on what the envelope is called, so a DSN from behind it would name it too.
    let hops = [("alice", "mail-a"), ("mail-a", "mail"), ("mail", "mail-b")];
    let ids = hops.map(|(from, to)| envid(&bytes_of(&trace, "MAIL", from, to)[0]));
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(breaches(&plan.declaration, &trace, &["alice", "bob", "sip", "mail-a", "mail-b"]), []);
}

/// The run of a scenario with Postfix as `mail`.
fn performed(net: &str, scenario: &str) -> (Daemon, Trace, Plan) {
    let postfix = postfix(net);
    fs::write(postfix.place.join("ours.tif"), tiff::write(&pages())).unwrap();
    let plan = plan(scenario, &postfix.place, World::Sockets);
    let trace = Performance::begin(&plan).end();
    (postfix, trace, plan)
}

/// A fax hands its mail to a server of ours, and collects it from another; between them is Postfix.
const SERVERS: &str = "\
version: 1
title: A real mail server between two of ours
hosts:
  alice:
    fax: 101
    number: 050-0000-9999
    address: NET.1
    mail: alice@a.example
    mail_server: mail-a
    habits: { mail: { greets_by: ehlo, asks_confirmation: false } }
  mail-a: { mail-server: { relays_for: [alice], relay: mail }, address: NET.5 }
  mail: { mail-server: {}, external: { smtp: 'NET.2:25' } }
  mail-b:
    mail-server: { domains: [b.example], mailboxes: { bob: { password: secret } } }
    address: NET.3
  bob:
    fax: 101
    number: 050-1234-5678
    address: NET.6
    mail: bob@b.example
    mailbox: { server: mail-b, user: bob, every: 1s }
  sip: { sip-server: {}, address: NET.4 }
documents:
  file: { tiff: ours.tif }
steps:
  - { at: 1s, host: alice, send: file, to: bob@b.example }
ends_at: 8s
worlds: [sockets]
";

/// A mail fax at either end; Postfix brings mail straight to them.
fn faxes(net: &str, steps: &[&str]) -> String {
    format!(
        "\
version: 1
title: A real mail server
hosts:
  alice:
    fax: 101
    number: 050-0000-9999
    address: {net}.1
    mail: alice@a.example
    mail_server: mail
    habits: {{ refuse_calls: 480, mail: {{ greets_by: ehlo, listens: true }} }}
  bob:
    fax: 101
    number: 050-1234-5678
    address: {net}.3
    mail: bob@b.example
    mail_server: mail
    habits: {{ mail: {{ listens: true }} }}
  sip: {{ sip-server: {{}}, address: {net}.4 }}
  mail: {{ mail-server: {{}}, external: {{ smtp: '{net}.2:25' }} }}
documents:
  file: {{ tiff: ours.tif }}
steps:
  - {}
ends_at: 8s
worlds: [sockets]
",
        steps.join("\n  - ")
    )
}

/// Postfix with a configuration and a queue of its own.
fn postfix(net: &str) -> Daemon {
    postfix_with(net, "")
}

/// The same with further settings: a later one counts.
pub(crate) fn postfix_with(net: &str, settings: &str) -> Daemon {
    let place = foreign_folder(&format!("postfix-{net}"));
    for folder in ["conf", "queue"] {
        fs::create_dir(place.join(folder)).unwrap();
    }
    set_up(&place, net, "postfix-main.cf", "conf/main.cf");
    set_up(&place, net, "postfix-master.cf", "conf/master.cf");
    let main = place.join("conf/main.cf");
    let settings = settings.replace("NET", net).replace("PLACE", place.to_str().unwrap());
    fs::write(&main, fs::read_to_string(&main).unwrap() + &settings).unwrap();
    Daemon::start("postfix", "postfix", place, "conf", &["start"])
}

/// A mail passed it under a queue id, which stands in its log and in the trace field that it added.
fn assert_relayed(postfix: &Daemon, sent: &[u8], relayed: &[u8], to: &str) {
    let log = postfix.log();
    let id = message_id(sent);
    assert_eq!(message_id(relayed), id);
    let taken = log.lines().find_map(|line| line.strip_suffix(&format!(": message-id={id}")));
    let taken = taken.unwrap_or_else(|| panic!("{id} is not in its log: {log}"));
    let queue_id = taken.rsplit(' ').next().unwrap();
    let delivery = format!(": {queue_id}: to=<{to}>, ");
    let delivered = log.lines().any(|line| line.contains(&delivery) && line.contains(" status=sent (250 "));
    assert!(delivered, "{queue_id} was not delivered: {log}");
    let added = relayed.len() - sent.len();
    let (trace_field, rest) = relayed.split_at(added);
    let trace_field = String::from_utf8_lossy(trace_field);
    assert!(trace_field.starts_with("Received: from "), "{trace_field}");
    assert!(trace_field.contains("by mx.example.net (Postfix) with "), "{trace_field}");
    assert!(trace_field.contains(&format!(" id {queue_id}")), "{queue_id}: {trace_field}");
    assert!(rest == sent, "Postfix changed the mail: {}", String::from_utf8_lossy(rest));
}
