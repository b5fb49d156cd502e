//! S402 to S404: each recipient goes one way, and only one.

use super::bench::{Bench, NUMBER, asked, connected, forwarding, forwarding_by, said};
use super::*;
use crate::order::{Ta3Action, TableChange};
use crate::ta3::Key;

/// The folders into which mails were put, in order.
fn folders(bench: &Bench) -> Vec<String> {
    let folders = bench.durable().into_iter().filter_map(|change| match change {
        Durable::PutMail { folder, .. } => Some(folder.to_string()),
        _ => None,
    });
    folders.collect()
}

fn number_of(destination: &str, number: &str) -> Row {
    Row { destination: destination.to_owned(), number: number.to_owned() }
}

#[test]
fn a_mailbox_that_has_two_names_gets_one_copy() {
    let mut bench = Bench::new(forwarding());
    bench.mail("a@b.example", &["bob@b.example", "FAX=+815012345678@b.example", "BOB@B.EXAMPLE"]);
    assert_eq!(folders(&bench), ["mailbox bob"]);
}

#[test]
fn an_unknown_user_of_its_own_is_refused_and_goes_nowhere() {
    let mut lab = Lab { server: MailServer::new(forwarding()), now: Time(0), effects: Vec::new() };
    lab.step(Event::PowerOn { boots: 1, committed: Arc::default() });
    // The domain is of a number in the table, too: it is the server's own all the same.
    let row = number_of("b.example", NUMBER);
    let action = crate::order::Action::Ta3(Ta3Action::Destinations(TableChange::Add(row)));
    lab.step(Event::Order(crate::order::Order { key: 1, action }));
    assert!(lab.mail(7, "bob@b.example", "<nobody@b.example>").contains("550 5.1.1"));
    assert_eq!(lab.server.holds(), Holdings::default());
}

#[test]
fn a_report_for_an_unknown_user_of_its_own_is_recorded_and_goes_nowhere() {
    let mut bench = Bench::new(forwarding());
    bench.mail("nobody@b.example", &["c@nowhere.example"]);
    let question = asked(&bench.seen).remove(0);
    bench.resolves(&question, NameAnswer::Exchanges(vec![Exchange { preference: 0, host: ".".into() }]));
    assert_eq!(bench.unexpected(), ["a notification for nobody@b.example cannot be delivered"]);
    assert_eq!((bench.queued().len(), bench.table.device.holds()), (0, Holdings::default()));
}

#[test]
fn recipients_of_one_number_share_one_call() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["c@c.example", "d@d.example"]);
    assert_eq!(bench.called(), ["05012345678"]);
    let call = bench.opens(&bench.calls()[0]);
    let said = said(&bench.says(call.conn, &["220 a", "250 a", "250 a", "250 a", "250 a"]));
    assert!(said.ends_with("RCPT TO:<c@c.example>\r\nRCPT TO:<d@d.example>\r\nDATA\r\n"), "{said}");
}

#[test]
fn recipients_of_two_numbers_have_a_call_each() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["c@c.example", "e@e.example"]);
    assert_eq!(bench.called(), ["05012345678", "05022222222"]);
    let call = bench.opens(&bench.calls()[1]);
    let said = said(&bench.says(call.conn, &["220 a", "250 a", "250 a", "250 a"]));
    assert!(said.ends_with("MAIL FROM:<bob@b.example>\r\nRCPT TO:<e@e.example>\r\nDATA\r\n"), "{said}");
}

#[test]
fn of_several_recipients_each_goes_its_own_way_once() {
    let mut bench = Bench::new(forwarding());
    bench.mail("a@b.example", &["c@c.example", "bob@b.example", "f@f.example", "g@F.Example", "d@d.example"]);
    let mut queued: Vec<_> = bench.queued().into_values().collect();
    queued.sort();
    let to = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<String>>();
    let by_domain = ("queue".to_owned(), to(&["f@f.example", "g@F.Example"]));
    let by_call = ("queue 05012345678".to_owned(), to(&["c@c.example", "d@d.example"]));
    assert_eq!(queued, [by_domain, by_call]);
    assert_eq!(folders(&bench).iter().filter(|folder| *folder == "mailbox bob").count(), 1);
}

#[test]
fn a_server_never_calls_its_own_number() {
    let own = number_of("f.example", "05000009999");
    let mut bench = Bench::new(forwarding_by(|forwards| forwards.ta3.push(own)));
    let effects = bench.mail("bob@b.example", &["f@f.example"]);
    assert_eq!(bench.called(), [""; 0]);
    assert_eq!(asked(&effects).len(), 1, "it goes to the hosts of its domain: S408");
    assert_eq!(bench.arcs(), ["18.S401.from-client", "18.S402.forward", "18.S404.own-number"]);
}

#[test]
fn a_mail_without_sender_has_none_in_its_call() {
    let mut bench = Bench::new(forwarding());
    bench.mail("", &["c@c.example"]);
    let call = bench.opens(&bench.calls()[0]);
    let said = said(&bench.says(call.conn, &["220 a", "250 a", "250 a"]));
    assert!(said.contains("MAIL FROM:<>\r\nRCPT TO:<c@c.example>\r\n"), "{said}");
}

#[test]
fn a_mail_without_sender_that_is_refused_in_its_call_is_answered_to_nobody() {
    let mut bench = Bench::new(forwarding());
    bench.mail("", &["c@c.example"]);
    let call = bench.opens(&bench.calls()[0]);
    bench.says(call.conn, &["220 a", "250 a", "250 a", "550 nobody", "221 a"]);
    assert_eq!(bench.unexpected(), ["a notification for c@c.example cannot be delivered"]);
    assert_eq!((folders(&bench).len(), bench.queued().len()), (1, 0));
}

#[test]
fn a_mail_that_waits_keeps_its_number_when_the_table_is_edited() {
    let mut bench = Bench::new(forwarding_by(|forwards| forwards.most_calls = 1));
    bench.mail("bob@b.example", &["c@c.example"]);
    bench.mail("bob@b.example", &["c@c.example"]);
    let key = Key::First("c.example".to_owned());
    let row = number_of("c.example", "050-3333-3333");
    bench.ta3(Ta3Action::Destinations(TableChange::Edit(key, row)));
    bench.mail("bob@b.example", &["c@c.example"]);
    // S404 was decided when each of them came.
    for nth in 0..3 {
        bench.answers(&bench.calls()[nth].clone(), 486, "");
    }
    assert_eq!(bench.called(), ["05012345678", "05012345678", "05033333333"]);
}

#[test]
fn a_row_that_is_deleted_sends_the_next_mail_by_normal_smtp() {
    let mut bench = Bench::new(forwarding());
    bench.ta3(Ta3Action::Destinations(TableChange::Delete(Key::Number(NUMBER.to_owned()))));
    let effects = bench.mail("bob@b.example", &["c@c.example"]);
    assert_eq!((bench.called().len(), asked(&effects).len()), (0, 1));
}

#[test]
fn a_row_that_is_added_is_there_behind_a_power_failure() {
    let mut bench = Bench::new(forwarding());
    bench.ta3(Ta3Action::Destinations(TableChange::Add(number_of("f.example", "050-4444-4444"))));
    bench.restart();
    bench.mail("bob@b.example", &["f@f.example"]);
    assert_eq!(bench.called(), ["05044444444"]);
}

#[test]
fn what_goes_by_normal_smtp_is_no_call_when_the_table_gets_its_number_later() {
    let mut bench = Bench::new(forwarding());
    bench.mail("bob@b.example", &["f@f.example"]);
    bench.ta3(Ta3Action::Destinations(TableChange::Add(number_of("f.example", "050-4444-4444"))));
    let question = asked(&bench.seen).remove(0);
    bench.resolves(&question, NameAnswer::TimedOut);
    let effects = bench.wait_ms(1_800_000);
    assert_eq!((bench.called().len(), asked(&effects).len()), (0, 1));
    assert_eq!(connected(&bench.seen), None);
}
