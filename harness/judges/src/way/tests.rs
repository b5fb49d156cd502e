use faxproof_reports::{Class, Fate, Medium, OrderDeclaration, Way, What};
use faxproof_wire::mime::{Action, DispositionType, Dsn, DsnRecipient, Mdn, Original, Report, Typed};

use crate::rules::{ID, Post, mail_of_alice as mail, report};
use crate::testing::Bench;
use crate::{evidence, way};

const BOB: &str = "bob@b.example";

/// Alice, a user of a mail client, wrote a mail; bob is a server, as the one between is.
fn written() -> Post {
    let mut run = ordered("write");
    run.declaration.hosts[0].class = Class::MailClient;
    run.declaration.hosts[2].class = Class::MailServer;
    run
}

/// Alice, a fax, sends to bob, a fax.
fn ordered(kind: &str) -> Post {
    let mut run = Post::new();
    run.declaration.contrast = Some("A mail".into());
    let (host, to) = ("alice".into(), None);
    let (document, pages, originals) = (None, 0, Default::default());
    let order =
        OrderDeclaration { step: 1, at_us: 100, host, kind: kind.into(), to, document, pages, originals };
    run.declaration.orders.push(order);
    run.now_us = 100;
    run.enter(What::Order { host: "alice".into(), step: 1, text: kind.into() });
    run
}

fn with_result(mut run: Post) -> Post {
    run.declaration.hosts[1].habits.insert("forwards.replies".into(), "with-result".into());
    run
}

/// The mail goes from one host to another: nine messages.
fn goes(run: &mut Post, from: &str, to: &str) {
    run.smtp(from, to, ("alice@a.example", BOB), &mail());
}

/// The last message, a reply, comes only when this has happened.
fn puts_off(run: &mut Post, happens: impl FnOnce(&mut Post)) {
    let entry = run.trace.entries.pop().unwrap();
    run.now_us = entry.at_us;
    let reply = entry.what;
    let What::Message { from, to, carrier, label, bytes, .. } = reply else { panic!("a reply") };
    happens(run);
    let fate = Fate::Delivered { at_us: run.now_us + 5 };
    run.enter(What::Message { from, to, carrier, label, bytes, fate });
    run.now_us += 5;
}

fn lies_in_a_mailbox(run: &mut Post) {
    let (host, folder, name) = ("bob".into(), "mailbox bob".into(), "n".into());
    run.enter(What::Mail { host, folder, name, put: true, message_id: Some(ID.into()) });
}

/// The last message is another reply.
fn says(run: &mut Post, text: &'static str) {
    let Some(What::Message { bytes, .. }) = run.trace.entries.last_mut().map(|entry| &mut entry.what) else {
        panic!("a reply")
    };
    *bytes = text.into();
}

fn dsn(about: &str, recipient: &str, action: Action) -> Vec<u8> {
    let dsn = Dsn {
        envelope_id: Some(about.into()),
        reporting_mta: Typed { kind: "dns".into(), value: "b.example".into() },
        extensions: Vec::new(),
        recipients: vec![DsnRecipient::new(recipient, action, (2, 1, 5))],
        has_missing_line: false,
    };
    report().dsn(&dsn).to_vec()
}

fn way_of(run: &Post) -> Way {
    let messages = evidence::read(&run.trace);
    way::way(&crate::Case::new(&run.declaration, &run.trace, &messages)).expect("a contrast")
}

fn known_us(run: &Post) -> Option<u64> {
    way_of(run).known_us
}

#[test]
fn a_sender_that_nobody_tells_never_knows_and_all_is_counted() {
    let mut run = written();
    goes(&mut run, "alice", "server");
    goes(&mut run, "server", "bob");
    lies_in_a_mailbox(&mut run);
    let way = way_of(&run);
    assert_eq!((way.known_us, way.messages, way.hops), (None, 18, 2));
    let bytes = |entry: &faxproof_reports::Entry| match &entry.what {
        What::Message { bytes, .. } => bytes.len() as u64,
        _ => 0,
    };
    assert_eq!(way.bytes, run.trace.entries.iter().map(bytes).sum::<u64>());
}

#[test]
fn what_goes_on_before_the_order_and_after_the_result_is_not_counted() {
    let mut run = with_result(written());
    run.trace.entries.clear();
    run.now_us = 0;
    run.smtp("bob", "server", ("", "carol@a.example"), b"Message-ID: <other@x>\r\n\r\nhi\r\n");
    run.now_us = 100;
    run.enter(What::Order { host: "alice".into(), step: 1, text: "write".into() });
    goes(&mut run, "alice", "server");
    puts_off(&mut run, |run| {
        goes(run, "server", "bob");
        lies_in_a_mailbox(run);
    });
    run.smtp("bob", "server", ("", "carol@a.example"), b"Message-ID: <other@x>\r\n\r\nhi\r\n");
    let way = way_of(&run);
    assert_eq!((way.known_us, way.messages, way.hops), (Some(90), 18, 2));
}

#[test]
fn the_reply_of_a_server_that_answers_with_the_result_is_the_result() {
    let directly = |mut run: Post| {
        goes(&mut run, "alice", "server");
        puts_off(&mut run, |run| {
            goes(run, "server", "bob");
            lies_in_a_mailbox(run);
        });
        known_us(&run)
    };
    // Nine messages, of which the last is put off by nine others.
    assert_eq!(directly(with_result(written())), Some(90));
    assert_eq!(directly(written()), None, "a server that answers at once");
}

#[test]
fn a_reply_before_the_mail_is_at_its_end_is_no_result() {
    let mut run = with_result(written());
    goes(&mut run, "alice", "server");
    goes(&mut run, "server", "bob");
    lies_in_a_mailbox(&mut run);
    assert_eq!(known_us(&run), None, "patience had run out");
    let mut run = with_result(written());
    goes(&mut run, "alice", "server");
    puts_off(&mut run, |run| goes(run, "server", "bob"));
    assert_eq!(known_us(&run), None, "it waits in a queue of bob");
}

#[test]
fn a_real_server_that_took_the_mail_is_its_end() {
    let mut run = with_result(written());
    run.declaration.hosts[2].external = true;
    goes(&mut run, "alice", "server");
    puts_off(&mut run, |run| goes(run, "server", "bob"));
    assert_eq!(known_us(&run), Some(90));
}

#[test]
fn a_refusal_for_good_is_a_result_and_one_for_now_only_of_who_answers_with_the_result() {
    let refused = |mut run: Post, reply| {
        goes(&mut run, "alice", "server");
        says(&mut run, reply);
        (known_us(&run), way_of(&run).hops)
    };
    assert_eq!(refused(written(), "550 no\r\n"), (Some(45), 0));
    assert_eq!(refused(written(), "450 later\r\n"), (None, 0));
    assert_eq!(refused(with_result(written()), "450 later\r\n"), (Some(45), 0));
}

#[test]
fn a_report_is_known_when_the_sender_has_it_and_not_when_it_lies_in_the_mailbox() {
    let mut run = written();
    goes(&mut run, "alice", "server");
    let dsn = dsn(ID, BOB, Action::Delivered);
    run.smtp("bob", "server", ("", "alice@a.example"), &dsn);
    assert_eq!(known_us(&run), None);
    run.now_us = 1_000;
    run.pop3("server", "alice", &dsn);
    let way = way_of(&run);
    // The mail itself is the fourth message of POP3, and needs 5 us.
    assert_eq!((way.known_us, way.messages, way.hops), (Some(920), 22, 1));
}

#[test]
fn a_report_about_another_mail_or_of_a_delay_tells_nothing() {
    for (about, action) in [("other", Action::Delivered), (ID, Action::Delayed), (ID, Action::Relayed)] {
        let mut run = written();
        goes(&mut run, "alice", "server");
        run.pop3("server", "alice", &dsn(about, BOB, action));
        assert_eq!(known_us(&run), None, "{about} {action:?}");
    }
}

#[test]
fn a_report_that_only_returns_the_header_is_about_the_mail_in_it() {
    let header = format!("Message-ID: <{ID}>\r\n");
    let facts = Dsn::read(&dsn("other", BOB, Action::Failed)).unwrap();
    let report = Report { original: Original::Header(header.as_bytes()), ..report() }.dsn(&facts);
    let mut run = written();
    goes(&mut run, "alice", "server");
    run.pop3("server", "alice", &report);
    assert_eq!(known_us(&run), Some(65));
}

#[test]
fn a_mail_to_two_is_known_when_both_are_told_of() {
    let mut run = written();
    run.smtp("alice", "server", ("alice@a.example", BOB), &mail());
    // RCPT once more, with its reply.
    let at = run.trace.entries.iter().rposition(|entry| is_text(&entry.what, "RCPT")).unwrap();
    let mut second: Vec<_> = run.trace.entries[at..at + 2].to_vec();
    if let What::Message { bytes, .. } = &mut second[0].what {
        *bytes = "RCPT TO:<carol@b.example>\r\n".into();
    }
    run.trace.entries.splice(at + 2..at + 2, second);
    run.pop3("server", "alice", &dsn(ID, BOB, Action::Delivered));
    assert_eq!(known_us(&run), None);
    run.pop3("server", "alice", &dsn(ID, "carol@b.example", Action::Failed));
    assert_eq!(known_us(&run), Some(85));
}

fn is_text(what: &What, start: &str) -> bool {
    matches!(what, What::Message { bytes, .. } if bytes.starts_with(start.as_bytes()))
}

#[test]
fn a_confirmation_that_the_mail_was_shown_is_a_result() {
    let mut mdn = Mdn::automatic(BOB, DispositionType::Displayed);
    mdn.original_message_id = Some(ID.into());
    let mut run = written();
    goes(&mut run, "alice", "server");
    run.smtp("server", "alice", ("", "alice@a.example"), &report().mdn(&mdn));
    assert_eq!(known_us(&run), Some(85));
}

#[test]
fn a_notice_about_the_order_tells_and_one_about_the_mailbox_does_not() {
    for (call, known) in [(7, Some(900)), (0, None)] {
        let mut run = written();
        run.now_us = 1_000;
        let (host, text) = ("alice".into(), "The mail was not sent".into());
        run.enter(What::Notice { host, call, medium: Medium::Display, text });
        assert_eq!(known_us(&run), known);
    }
}

#[test]
fn a_fax_knows_by_the_answer_of_the_fax_and_not_by_that_of_a_server() {
    for (to, known) in [("bob", Some(45)), ("server", None)] {
        let mut run = ordered("send");
        goes(&mut run, "alice", to);
        let way = way_of(&run);
        assert_eq!((way.known_us, way.hops), (known, 1), "{to}");
    }
}

#[test]
fn a_scenario_in_no_contrast_is_not_measured() {
    let mut run = written();
    run.declaration.contrast = None;
    let messages = evidence::read(&run.trace);
    assert_eq!(way::way(&crate::Case::new(&run.declaration, &run.trace, &messages)), None);
}

#[test]
fn a_mail_that_goes_on_after_the_reply_was_not_at_its_end() {
    let mut run = with_result(written());
    goes(&mut run, "alice", "server");
    // A copy of it, for somebody near, lies in a mailbox; the other one goes on.
    puts_off(&mut run, lies_in_a_mailbox);
    assert_eq!(known_us(&run), Some(45));
    goes(&mut run, "server", "bob");
    assert_eq!(known_us(&run), None);
}

#[test]
fn a_mail_that_its_recipient_collects_has_not_gone_on() {
    let mut run = with_result(written());
    goes(&mut run, "alice", "server");
    puts_off(&mut run, lies_in_a_mailbox);
    run.pop3("bob", "carol", &mail());
    let way = way_of(&run);
    assert_eq!((way.known_us, way.hops), (Some(45), 1));
}

#[test]
fn a_result_that_only_a_server_on_the_way_hears_is_not_known_to_the_sender() {
    let mut run = written();
    run.declaration.hosts[2].habits.insert("forwards.replies".into(), "with-result".into());
    goes(&mut run, "alice", "server");
    goes(&mut run, "server", "bob");
    puts_off(&mut run, lies_in_a_mailbox);
    assert_eq!(known_us(&run), None);
}

#[test]
fn a_report_names_the_mail_by_its_envelope() {
    let mut run = written();
    goes(&mut run, "alice", "server");
    let mail_from = run.trace.entries.iter_mut().find(|entry| is_text(&entry.what, "MAIL")).unwrap();
    if let What::Message { bytes, .. } = &mut mail_from.what {
        *bytes = "MAIL FROM:<alice@a.example> ENVID=e7\r\n".into();
    }
    run.pop3("server", "alice", &dsn("e7", BOB, Action::Delivered));
    assert_eq!(known_us(&run), Some(65));
}

#[test]
fn a_recipient_that_asks_for_something_better_has_told_no_result() {
    let mut mdn = Mdn::automatic(BOB, DispositionType::Deleted);
    mdn.original_message_id = Some(ID.into());
    mdn.disposition.modifiers = vec!["alternative-preferred".into()];
    assert!(mdn.disposition.prefers_alternative());
    let mut run = ordered("send");
    goes(&mut run, "alice", "server");
    run.smtp("server", "alice", ("", "alice@a.example"), &report().mdn(&mdn));
    assert_eq!(known_us(&run), None);
}

#[test]
fn a_document_by_http_makes_one_hop_and_its_201_is_the_result() {
    let mut run = Bench::new().http_call();
    run.declaration.contrast = Some("A page".into());
    let messages = evidence::read(&run.trace);
    let way = way::way(&crate::Case::new(&run.declaration, &run.trace, &messages)).expect("a contrast");
    let answer = run.last_starting("HTTP/1.1 201");
    assert_eq!(way.known_us, Some(run.trace.entries[answer].at_us + 5_000));
    assert_eq!(way.hops, 1);
}
