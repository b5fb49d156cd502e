//! poplib of Python and mpop collect a mailbox of our mail server.

use std::fs;
use std::path::Path;
use std::process::Command;

use faxproof_reports::Trace;
use serde_json::json;

use super::program::{Ended, folder, run};
use super::stage::{breaches, bytes_of, under_traces};
use super::visited::{POP3, Visit, texts, visited};

/// Lines that begin with dots, an empty one at the end, a mail without text.
const MAILS: [&[u8]; 3] = [
    b"Subject: One\r\n\r\nfirst\r\n.\r\n..two\r\n...\r\nlast\r\n\r\n",
    b"Subject: Two\r\n\r\n.\r\n",
    b"Subject: Three\r\nX-Eight: K\xc3\xb6ln\r\n\r\n\xff\x80\r\n",
];

#[test]
fn poplib_collects_what_was_sent_and_nothing_is_left() {
    let place = folder("poplib");
    let (plan, trace, (seen, collected, left)) = visited("127.98.1", &place, |visit| {
        send(visit);
        (visit.collected("keep"), visit.collected("quit"), visit.collected("keep"))
    });

    assert_sent(&texts(&collected));
    // Who only looks leaves all as it was: the same mails by the same names (RFC 1939 §7).
    assert_eq!((&seen["mails"], &seen["uidl"]), (&collected["mails"], &collected["uidl"]));
    let mut names: Vec<&str> =
        seen["uidl"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), MAILS.len(), "{seen}");
    assert_eq!((&left["stat"], &left["mails"]), (&json!([0, 0]), &json!([])));
    assert_eq!(bytes_of(&trace, "DELE", "127.0.0.1", "server").len(), MAILS.len());
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn sizes_and_tops_are_those_of_the_mails() {
    let place = folder("poplib-top");
    let (plan, trace, found) = visited("127.98.2", &place, |visit| {
        send(visit);
        visit.collected("keep")
    });

    let mails = texts(&found);
    let sizes: Vec<usize> = mails.iter().map(Vec::len).collect();
    assert_eq!(found["sizes"], json!(sizes));
    assert_eq!(found["stat"], json!([sizes.len(), sizes.iter().sum::<usize>()]));
    // TOP 1: the header, the empty line and one line.
    let last_lines = ["\r\n\r\nfirst\r\n", "\r\n\r\n.\r\n", "\r\n\r\n\u{ff}\u{80}\r\n"];
    for ((top, mail), last) in found["tops"].as_array().unwrap().iter().zip(&mails).zip(last_lines) {
        let top = top.as_str().unwrap();
        assert!(super::visited::latin_1(mail).starts_with(top) && top.ends_with(last), "{top}");
    }
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn a_session_of_poplib_that_breaks_deletes_nothing() {
    let place = folder("poplib-breaks");
    let (plan, trace, (broken, found)) = visited("127.98.3", &place, |visit| {
        send(visit);
        (visit.collected("break"), visit.collected("keep"))
    });

    assert_eq!(broken["behind_dele"], json!([0, 0]), "they are marked");
    assert_sent(&texts(&found));
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn a_wrong_password_is_refused_and_opens_nothing() {
    let place = folder("pop-password");
    let (plan, trace, (poplib, unknown, mpop)) = visited("127.98.4", &place, |visit| {
        send(visit);
        (visit.poplib("bob", "wrong", "quit"), visit.poplib("carol", "secret", "quit"), mpop(visit, "wrong"))
    });

    for ended in [&poplib, &unknown] {
        assert_eq!(ended.exit_code, Some(1), "{}", ended.said);
        assert!(ended.said.contains("poplib.error_proto: b'-ERR "), "{}", ended.said);
    }
    // Who guesses does not learn which users there are.
    let why = |ended: &Ended| ended.said.lines().last().map(str::to_owned);
    assert_eq!(why(&poplib), why(&unknown));
    // EX_NOPERM of sysexits.h.
    assert_eq!(mpop.exit_code, Some(77), "{}", mpop.said);
    assert_eq!(delivered(&place), Vec::<Vec<u8>>::new());
    assert_eq!(retrieved(&trace), 0);
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

#[test]
fn mpop_collects_what_was_sent_and_nothing_is_left() {
    let place = folder("mpop");
    let (plan, trace, (first, second, left)) = visited("127.98.5", &place, |visit| {
        send(visit);
        (mpop(visit, "secret"), mpop(visit, "secret"), visit.collected("keep"))
    });

    assert_eq!((first.exit_code, second.exit_code), (Some(0), Some(0)), "{} {}", first.said, second.said);
    assert_sent(&delivered(&place));
    assert_eq!(left["mails"], json!([]));
    assert_eq!(retrieved(&trace), MAILS.len(), "each once");
    assert_eq!(breaches(&plan.declaration, &trace, &["server"]), []);
}

/// smtplib hands in the mails, one after the other.
fn send(visit: &Visit) {
    for mail in MAILS {
        let ended = visit.smtplib("bob@b.example", "BODY=8BITMIME", "", mail);
        assert_eq!(ended.exit_code, Some(0), "{}", ended.said);
    }
}

/// These are the mails that were sent, in their order, but for what the server put on top.
fn assert_sent(mails: &[Vec<u8>]) {
    let mails: Vec<_> = mails.iter().map(|mail| under_traces(mail)).collect();
    assert!(mails.iter().all(|(traces, _)| traces == &["Return-Path", "Received"]), "{mails:?}");
    let texts: Vec<_> = mails.iter().map(|(_, text)| text.escape_ascii().to_string()).collect();
    assert_eq!(texts, MAILS.map(|mail| mail.escape_ascii().to_string()));
}

/// A session of mpop, which delivers into a folder of files.
fn mpop(visit: &Visit, password: &str) -> Ended {
    let maildir = visit.place.join("Maildir");
    for folder in ["new", "cur", "tmp"] {
        fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    let mut mpop = Command::new("mpop");
    mpop.current_dir(visit.place).args(["--host", &visit.server, "--port", POP3, "--user", "bob"]);
    mpop.args(["--auth=user", "--tls=off", "--keep=off", "--received-header=off", "--timeout=5"]);
    mpop.arg(format!("--passwordeval=echo {password}"));
    mpop.arg(format!("--delivery=maildir,{}", maildir.display()));
    mpop.arg(format!("--uidls-file={}", visit.place.join("uidls").display()));
    run("mpop", "mpop", visit.place, &mut mpop)
}

/// The mails that mpop delivered, in their order, with the line ends that they had on the wire.
fn delivered(place: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(place.join("Maildir/new")).unwrap();
    let mut mails: Vec<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    let order = |mail: &Vec<u8>| {
        let found = |sent: &[u8]| mail.windows(12).any(|part| *part == sent[..12]);
        MAILS.iter().position(|sent| found(sent))
    };
    mails.sort_by_key(order);
    let wired =
        |mail: Vec<u8>| mail.split_inclusive(|octet| *octet == b'\n').map(crlf).collect::<Vec<_>>().concat();
    mails.into_iter().map(wired).collect()
}

fn crlf(line: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    [line.strip_suffix(b"\r").unwrap_or(line), b"\r\n"].concat()
}

/// How many mails were asked for.
fn retrieved(trace: &Trace) -> usize {
    bytes_of(trace, "RETR", "127.0.0.1", "server").len()
}
