//! Power fails right after every durable effect, and comes back: nothing is half done.

use std::collections::BTreeSet;

use faxproof::plan::Plan;
use faxproof::world::{CrashAfterDurable, Options};
use faxproof_reports::{Host, Trace, What};

use crate::bench::{failures, plan, run};

/// Three calls, so that table rows and pages are committed before, between and after; and the table is
/// shown. A fax that waits for the reply to its mail waits 600 s, so that nothing overlaps.
const THREE_CALLS: &str = "\
version: 1
title: Three calls, and the table is shown
hosts:
  alice: { fax: 1, number: 050-0000-9999, ta1: [ { number: 050-7777-7777 } ] }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
  location: { location-server: {} }
documents:
  page: { chart: { pages: 3 } }
steps:
  - { at: 1s, host: alice, send: page, to: 050-1234-5678 }
  - { at: 700s, host: alice, ta1: { add: { destination: new, number: 050-2222-2222 } } }
  - { at: 701s, host: alice, ta1: { delete: 050-7777-7777 } }
  - { at: 710s, host: alice, send: page, to: 050-1234-5678 }
  - { at: 1400s, host: alice, send: page, to: 050-1234-5678 }
  - { at: 2100s, host: alice, ta1: list }
ends_at: 2200s
";

#[test]
fn a_power_failure_after_any_durable_effect_leaves_what_was_committed() {
    let plan = plan(THREE_CALLS);
    let crashes = crashed(&plan, &["alice", "bob"], |host, _, place, trace| {
        assert_eq!(powers(trace, host), [true, false, true], "{place}");
        assert_eq!(shown(trace), committed(trace), "{place}");
    });
    println!("{crashes} power failures");
}

/// Lets the power of each of these hosts fail after each of its durable effects. Nobody has anything against what follows;
/// `check` looks at it besides: host, number of the effect, place in words, trace. How many failures there were.
fn crashed(plan: &Plan, hosts: &[&str], mut check: impl FnMut(&Host, u32, &str, &Trace)) -> u32 {
    let (_, outcome) = run(plan, &Options::default());
    let mut crashes = 0;
    for (host, durables) in outcome.durables.iter().filter(|(host, _)| hosts.contains(&&**host)) {
        assert!(*durables > 0, "{host} commits nothing");
        for after in 1..=*durables {
            let crash = CrashAfterDurable { host: host.clone(), after, back_after_us: Some(5_000_000) };
            let options = Options { crash_after_durable: Some(crash), ..Options::default() };
            let (trace, _) = run(plan, &options);
            let place = format!("{host}, after durable effect {after}");
            let mut declaration = plan.declaration.clone();
            declaration.disturbed = true;
            let failures = failures(&declaration, &trace);
            assert!(failures.is_empty(), "{place}: {failures:#?}");
            check(host, after, &place, &trace);
            crashes += 1;
        }
    }
    crashes
}

/// Mail server 201 forwards over SIP what a client gave it; the destination keeps it for its POP client. Who waits for
/// the reply to a mail waits 600 s.
const FORWARDED: &str = "\
version: 1
title: A mail is forwarded over SIP
hosts:
  pc: { mail-client: {}, mail: pc@a.example, mail_server: server, mailbox: { server: server, user: pc, every: 300s } }
  server:
    mail-server:
      domains: [a.example]
      mailboxes: { pc: { password: sesame } }
      relays_for: [pc]
      forwards: {}
      retries: [30s]
    number: 050-0000-0201
    ta3: [ { destination: b.example, number: 050-1234-5678 } ]
  sip: { sip-server: {} }
  far:
    mail-server:
      domains: [b.example, c.example]
      mailboxes: { bob: { password: secret, addresses: [bob@b.example] }, carol: { password: secret, addresses: [carol@c.example] } }
      forwards: {}
    number: 050-1234-5678
  bob: { mail-client: {}, mail: bob@b.example, mailbox: { server: far, user: bob, every: 300s } }
  carol: { mail-client: {}, mail: carol@c.example, mailbox: { server: far, user: carol, every: 300s } }
zone:
  b.example: { mx: [ { host: far } ] }
  c.example: { mx: [ { host: far } ] }
steps:
  - { at: 1s, host: pc, write: { to: [bob@b.example], subject: Ten } }
  - { at: 800s, host: pc, write: { to: [bob@b.example, nobody@b.example], subject: Eleven } }
  - { at: 1600s, host: pc, write: { to: [pc@a.example, bob@b.example, carol@c.example], subject: Noon } }
ends_at: 2800s
";

/// The one place where a mail may come twice: the destination has it, and its power fails before the other side hears
/// of that (RFC 5321 §4.5.3.2.6). Everywhere else a mail that was taken arrives once, or its sender knows better. A mail
/// client commits nothing between the two: see
/// [`a_client_whose_power_fails_before_it_hears_250_sends_the_mail_again`].
#[test]
fn a_power_failure_after_any_durable_effect_of_forwarding_loses_no_mail() {
    let plan = plan(FORWARDED);
    let mut twice = Vec::new();
    let mut hosts = BTreeSet::new();
    let crashes = crashed(&plan, &["server", "far", "pc"], |host, _, place, trace| {
        hosts.insert(host.to_string());
        let copies_of_a_client = if &**host == "pc" { handed_in(trace).len() } else { MAILS };
        assert_eq!(copies_of_a_client, MAILS, "{place}: each mail was handed in once");
        let mails = [("bob", "Ten"), ("bob", "Eleven"), ("pc", "Noon"), ("bob", "Noon"), ("carol", "Noon")];
        for (user, subject) in mails {
            let read = told(trace, user).iter().filter(|text| text.ends_with(subject)).count();
            assert!(read > 0, "{place}: {subject} never reached {user}");
            twice.extend((read > 1).then(|| (place.to_owned(), was_stored(trace, host))));
        }
        // That nobody is at the other address is told to the sender.
        let reported =
            told(trace, "pc").iter().any(|text| text.starts_with("Report: nobody@b.example: failed"));
        assert!(reported, "{place}: nobody heard of the address that does not exist");
    });
    println!("{crashes} power failures of forwarding, {twice:?} twice");
    assert_eq!(hosts.len(), 3, "{hosts:?}");
    assert!(!twice.is_empty(), "the window in which nobody can know is there");
    assert!(twice.iter().all(|(_, in_mailbox)| *in_mailbox), "{twice:?}");
}

/// The mails that pc's user writes.
const MAILS: usize = 3;

/// The window in which a client cannot know: its server has the mail, and the 250 behind the final dot is under way when
/// the client's power fails. The mail is sent again under the same Message-ID, by which a reader knows it (RFC 5321
/// §4.5.3.2.6); when the 250 is there, it is not.
#[test]
fn a_client_whose_power_fails_before_it_hears_250_sends_the_mail_again() {
    // The fourth 250 of the first session is that behind the dot, 221 the reply to QUIT.
    for (on, copies) in [
        ("message: \"250\", from: server, to: pc, nth: 4", 2),
        ("message: \"221\", from: server, to: pc, nth: 1", 1),
    ] {
        let rule =
            format!("rules:\n  - {{ on: {{ {on} }}, do: {{ crash: {{ host: pc, back_after: 5s }} }} }}\n");
        let plan = plan(&FORWARDED.replace("steps:\n", &format!("{rule}steps:\n")));
        let (trace, _) = run(&plan, &Options::default());
        assert_eq!(powers(&trace, "pc"), [true, false, true], "{on}");
        let handed_in = handed_in(&trace);
        assert_eq!(handed_in.len(), MAILS - 1 + copies, "{on}: {handed_in:?}");
        assert_eq!(handed_in.iter().collect::<BTreeSet<_>>().len(), MAILS, "{on}: {handed_in:?}");
        assert_eq!(told(&trace, "bob").iter().filter(|text| text.ends_with("Ten")).count(), copies, "{on}");
    }
}

/// The Message-IDs of the mails that pc said to its server in full, in order.
fn handed_in(trace: &Trace) -> Vec<String> {
    let id = |what: &What| match what {
        What::Message { from, to, label, bytes, .. }
            if &**from == "pc" && &**to == "server" && &**label == "message" =>
        {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.lines().find_map(|line| line.strip_prefix("Message-ID: ").map(str::to_owned))
        }
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| id(&entry.what)).collect()
}

/// What this host's user read.
fn told<'t>(trace: &'t Trace, of: &str) -> Vec<&'t str> {
    let text = |what: &'t What| match what {
        What::Notice { host, text, .. } if &**host == of => Some(&**text),
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| text(&entry.what)).collect()
}

/// Whether the power of this host failed right behind a mail that was put into a mailbox.
fn was_stored(trace: &Trace, of: &str) -> bool {
    let fails = |what: &What| matches!(what, What::Fault { host, .. } if &**host == of);
    let at = trace.entries.iter().position(|entry| fails(&entry.what)).expect("a power failure");
    let mails = trace.entries[..at].iter().rev().map_while(|entry| match &entry.what {
        What::Mail { host, folder, put, .. } if &**host == of => Some(*put && folder.starts_with("mailbox")),
        _ => None,
    });
    mails.into_iter().any(|stored| stored)
}

fn powers(trace: &Trace, of: &str) -> Vec<bool> {
    let power = |what: &What| match what {
        What::Power { host, on, .. } if &**host == of => Some(*on),
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| power(&entry.what)).collect()
}

/// Numbers and protocols of alice's table as she showed it last.
fn shown(trace: &Trace) -> Vec<(String, String)> {
    let list = trace.entries.iter().rev().find_map(|entry| match &entry.what {
        What::Notice { host, call: 0, text, .. } if &**host == "alice" => Some(text.clone()),
        _ => None,
    });
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(" | ").collect();
        (columns[1].to_owned(), columns[2].replace('-', ""))
    };
    list.unwrap().lines().map(row).collect()
}

/// The table that follows from the rows that alice was seen to commit.
fn committed(trace: &Trace) -> Vec<(String, String)> {
    let mut table = vec![("050-7777-7777".to_owned(), String::new())];
    for entry in &trace.entries {
        let What::Row { host, change, row, .. } = &entry.what else { continue };
        assert_eq!(&**host, "alice");
        let column = |name: &str| {
            row.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.to_string()).unwrap()
        };
        let row = (column("number"), column("protocol"));
        match &**change {
            "add" => table.push(row),
            "delete" => table.retain(|known| known.0 != row.0),
            _ => table.iter_mut().filter(|known| known.0 == row.0).for_each(|known| *known = row.clone()),
        }
    }
    table
}
