//! Python brings mail to port 25 of our mail server with the parameters of every extension: by smtplib, and in chunks
//! (which smtplib does not know) by a bare socket.

use super::program::folder;
use super::stage::{breaches, bytes_of, under_traces};
use super::visited::{MOST, latin_1, texts, visited};

const MAIL: &[u8] = b"Subject: Ten\r\n\r\nAt ten.\r\n.\r\n..two\r\nEnd\r\n";
/// One with eight bits: UTF-8, and octets that are no UTF-8.
const EIGHT_BITS: &[u8] = b"Subject: Zehn\r\n\r\nUm zehn in K\xc3\xb6ln: \xff\xfe\x80\r\n";
/// Behind which chunks come.
const BEGIN: [&[u8]; 3] = [
    b"EHLO peer.example.net\r\n",
    b"MAIL FROM:<python@peer.example.net>\r\n",
    b"RCPT TO:<bob@b.example>\r\n",
];

#[test]
fn a_declared_size_above_the_limit_is_refused_at_once() {
    let place = folder("smtplib-size");
    let (plan, trace, (above, at)) = visited("127.97.5", &place, |visit| {
        let declaring = |size: usize| visit.smtplib("bob@b.example", &format!("SIZE={size}"), "", MAIL);
        (declaring(MOST + 1), declaring(MOST))
    });

    assert_eq!((above.exit_code, at.exit_code), (Some(1), Some(0)), "{above:?} {at:?}");
    assert!(above.said.contains(&format!("size={MOST}")), "{}", above.said);
    assert!(above.said.ends_with("\n552 5.3.4 too big\n"), "{}", above.said);
    assert_eq!(bytes_of(&trace, "RCPT", "127.97.5.9", "server").len(), 1, "none behind the refusal");
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn eight_bits_that_smtplib_declares_arrive_unchanged() {
    let place = folder("smtplib-8bitmime");
    let (plan, trace, (ended, found)) = visited("127.97.6", &place, |visit| {
        (visit.smtplib("bob@b.example", "BODY=8BITMIME", "", EIGHT_BITS), visit.collected("quit"))
    });

    assert_eq!(ended.exit_code, Some(0), "{}", ended.said);
    assert!(ended.said.contains("8bitmime"), "{}", ended.said);
    let [collected] = &texts(&found)[..] else { panic!("one mail: {found}") };
    assert_eq!(latin_1(under_traces(collected).1), latin_1(EIGHT_BITS));
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn what_smtplib_asks_of_notifications_stands_in_the_report() {
    let place = folder("smtplib-dsn");
    let (plan, trace, (ended, found)) = visited("127.97.7", &place, |visit| {
        let rcpt_options = "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Robert+2Bten@old.example";
        let from = "python@b.example";
        let ended = visit.smtplib_from(from, "bob@b.example", "RET=HDRS ENVID=ten+2B1", rcpt_options, MAIL);
        (ended, visit.collected_by("python", "sesame", "quit"))
    });

    assert_eq!(ended.exit_code, Some(0), "{}", ended.said);
    assert!(ended.said.lines().next().unwrap().contains(" dsn"), "{}", ended.said);
    let [report] = &texts(&found)[..] else { panic!("one report: {found}") };
    let report = latin_1(report);
    // RFC 3464 §2.2.1 and §2.3.1: the envelope's name without xtext, the address as it was first written.
    for field in [
        "Return-Path: <>",
        "Original-Envelope-Id: ten+1",
        "Original-Recipient: rfc822; Robert+ten@old.example",
        "Final-Recipient: rfc822; bob@b.example",
        "Action: delivered",
        "Status: 2.1.5",
        "Subject: Ten",
    ] {
        assert!(report.lines().any(|line| line == field), "no {field}: {report}");
    }
    assert!(!report.contains("At ten."), "RET=HDRS brings the header alone: {report}");
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn parameters_that_are_malformed_or_unknown_are_refused() {
    let place = folder("smtplib-parameters");
    let cases = [
        ("BODY=BINARYMIME", "", "501 5.5.4"),
        ("SIZE=ten", "", "501 5.5.4"),
        ("RET=ALL", "", "501 5.5.4"),
        ("AUTH=<>", "", "555 5.5.4"),
        ("", "NOTIFY=NEVER,SUCCESS", "501 5.5.4"),
        ("", "ORCPT=bob", "501 5.5.4"),
        ("", "BY=60;R", "555 5.5.4"),
    ];
    let (plan, trace, (ended, found)) = visited("127.97.8", &place, |visit| {
        let ended = cases.map(|(mail, rcpt, _)| visit.smtplib("bob@b.example", mail, rcpt, MAIL));
        (ended, visit.collected("keep"))
    });

    for (ended, (mail, rcpt, refusal)) in ended.iter().zip(cases) {
        let last = ended.said.lines().last().unwrap_or_default();
        assert!(ended.exit_code == Some(1) && last.starts_with(refusal), "{mail} {rcpt}: {}", ended.said);
    }
    assert_eq!(texts(&found), Vec::<Vec<u8>>::new());
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn chunks_of_a_bare_socket_arrive_as_one_mail() {
    let place = folder("bdat");
    // The first chunk ends within a line; the second looks like the end of DATA, and like commands.
    let chunks: [&[u8]; 3] =
        [b"BDAT 21\r\nSubject: Ten\r\n\r\nAt te", b"BDAT 13\r\nn.\r\n.\r\nQUIT\r\n", b"BDAT 0 LAST\r\n"];
    let pieces = [&BEGIN[..], &chunks[..], &[b"QUIT\r\n"]].concat();
    let (plan, trace, (replies, found)) =
        visited("127.97.9", &place, |visit| (visit.talk(&pieces), visit.collected("quit")));

    assert!(replies.iter().any(|reply| reply.ends_with("CHUNKING")), "{replies:?}");
    let behind_rcpt =
        &replies[replies.iter().position(|reply| reply.starts_with("250 2.1.5")).unwrap() + 1..];
    let expected = [
        "250 2.0.0 21 octets received",
        "250 2.0.0 13 octets received",
        "250 2.0.0 accepted",
        "221 2.0.0 bye",
    ];
    assert_eq!(behind_rcpt, expected);
    let [collected] = &texts(&found)[..] else { panic!("one mail: {found}") };
    assert_eq!(latin_1(under_traces(collected).1), "Subject: Ten\r\n\r\nAt ten.\r\n.\r\nQUIT\r\n");
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn chunks_above_the_limit_are_refused_and_leave_the_session_in_step() {
    let place = folder("bdat-too-big");
    let big = [format!("BDAT {} LAST\r\n", MOST + 1).as_bytes(), &vec![b'x'; MOST + 1]].concat();
    let pieces = [&BEGIN[..], &[&big, b"NOOP\r\n", b"QUIT\r\n"]].concat();
    let (plan, trace, (replies, found)) =
        visited("127.97.10", &place, |visit| (visit.talk(&pieces), visit.collected("quit")));

    let [.., refusal, noop, quit] = &replies[..] else { panic!("{replies:?}") };
    let begins = [(refusal, "552 5.3.4 "), (noop, "250 2.0.0 "), (quit, "221 2.0.0 ")];
    assert!(begins.iter().all(|(reply, begin)| reply.starts_with(begin)), "{replies:?}");
    assert_eq!(texts(&found), Vec::<Vec<u8>>::new());
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}
