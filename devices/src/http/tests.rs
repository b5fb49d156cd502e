//! What the server answers.

use bytes::Bytes;

use super::{Server, ServerHabits, Tray, Unprintable};
use crate::turn::ServerTurn;

#[derive(Default)]
struct Office {
    documents: Vec<(String, Bytes)>,
}

impl Tray for Office {
    fn take(&mut self, kind: &str, document: &Bytes) -> Result<String, Unprintable> {
        if document.starts_with(b"bad") {
            return Err(Unprintable::Damaged("no page".to_owned()));
        }
        self.documents.push((kind.to_owned(), document.clone()));
        Ok("/documents/1".to_owned())
    }
}

fn habits() -> ServerHabits {
    let (method, target, authority) = ("POST".to_owned(), "/".to_owned(), "b:1".to_owned());
    ServerHabits { method, target, authority, size_limit: 100, answers_with: 201 }
}

fn talk(habits: ServerHabits, script: &str) -> (String, Office, ServerTurn) {
    let (mut server, mut office) = (Server::new(habits), Office::default());
    let turn = server.bytes(script.as_bytes(), &mut office);
    (String::from_utf8(turn.send.to_vec()).expect("ASCII"), office, turn)
}

/// Codes of all responses.
fn codes(script: &str) -> Vec<String> {
    let (text, ..) = talk(habits(), script);
    text.match_indices("HTTP/1.1 ").map(|(at, _)| text[at + 9..at + 12].to_owned()).collect()
}

fn post(fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nHost: b:1\r\nContent-Type: image/tiff\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
    )
}

#[test]
fn a_document_is_taken_before_the_answer_says_so() {
    let (text, office, turn) = talk(habits(), &post("", "II*"));
    assert_eq!(text, "HTTP/1.1 201 Created\r\nLocation: /documents/1\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(office.documents, [("image/tiff".to_owned(), Bytes::from_static(b"II*"))]);
    assert!(!turn.close, "connections persist");
}

#[test]
fn documents_may_follow_each_other_on_a_connection() {
    assert_eq!(codes(&format!("{}{}", post("", "a"), post("", "b"))), ["201", "201"]);
    let (_, office, turn) =
        talk(habits(), &format!("{}{}", post("Connection: close\r\n", "a"), post("", "b")));
    assert_eq!(office.documents.len(), 1);
    assert!(turn.close);
}

#[test]
fn a_chunked_document_is_taken() {
    let chunked = "POST / HTTP/1.1\r\nHost: b:1\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n\
                   2\r\nhi\r\n0\r\n\r\n";
    let (_, office, _) = talk(habits(), chunked);
    assert_eq!(office.documents[0].1, "hi");
}

#[test]
fn the_answer_is_the_same_in_any_chunks() {
    let script = format!("{}{}", post("Expect: 100-continue\r\n", "abc"), post("", "bad"));
    let (whole, ..) = talk(habits(), &script);
    for at in 0..=script.len() {
        let (mut server, mut office) = (Server::new(habits()), Office::default());
        let (first, second) = script.as_bytes().split_at(at);
        let mut said = server.bytes(first, &mut office).send.to_vec();
        said.extend_from_slice(&server.bytes(second, &mut office).send);
        assert_eq!(String::from_utf8_lossy(&said), whole, "{at}");
    }
}

#[test]
fn an_incomplete_body_is_never_taken() {
    let whole = post("", "0123456789");
    let (text, office, turn) = talk(habits(), &whole[..whole.len() - 1]);
    assert_eq!((text.as_str(), office.documents.len(), turn.close), ("", 0, false));
}

#[test]
fn a_hundred_is_answered_at_once() {
    let head = post("Expect: 100-continue\r\n", "abc");
    assert_eq!(codes(&head[..head.len() - 3]), ["100"]);
}

#[test]
fn what_cannot_be_printed_is_refused_and_nothing_is_taken() {
    let (text, office, turn) = talk(habits(), &post("", "bad"));
    assert!(text.starts_with("HTTP/1.1 422 ") && text.ends_with("\r\n\r\nno page"), "{text}");
    assert!(office.documents.is_empty() && !turn.close);
}

#[test]
fn every_refusal_has_its_code() {
    let line =
        |line: &str| format!("{line}\r\nHost: b:1\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\nx");
    let field = |field: &str| post(field, "x");
    let no_length = "POST / HTTP/1.1\r\nHost: b:1\r\nContent-Type: text/plain\r\n\r\n".to_owned();
    let cases = [
        ("404", line("POST /other HTTP/1.1")),
        ("404", line("POST /../etc HTTP/1.1")),
        ("404", line("POST /%2e%2e/ HTTP/1.1")),
        ("405", line("GET / HTTP/1.1")),
        ("405", line("PUT / HTTP/1.1")),
        ("501", line("CONNECT b:1 HTTP/1.1")),
        ("501", line("BREW / HTTP/1.1")),
        ("505", line("POST / HTTP/3.0")),
        ("421", line("POST http://evil:1/ HTTP/1.1")),
        ("201", line("POST http://B:1/ HTTP/1.1")),
        ("201", line("POST /?a=b HTTP/1.1")),
        ("400", line("POST * HTTP/1.1")),
        ("400", field("Host: b:1\r\n")),
        ("400", field("Content-Length: 1\r\n")),
        ("400", field("Transfer-Encoding: chunked\r\n")),
        ("400", field("A : b\r\n")),
        ("400", field("A: b\r\n c\r\n")),
        ("400", field("A: b\rc\r\n")),
        ("417", field("Expect: tea\r\n")),
        ("431", field(&"A: b\r\n".repeat(65))),
        ("411", no_length),
        ("413", post("", &"x".repeat(101))),
        ("415", line("POST / HTTP/1.1").replace("text/plain", "application/pdf")),
        ("501", line("POST / HTTP/1.1").replace("Content-Length: 1", "Transfer-Encoding: gzip")),
        ("400", line("POST / HTTP/1.1").replace("Host: b:1\r\n", "")),
    ];
    for (code, script) in cases {
        assert_eq!(codes(&script)[0], code, "{script}");
    }
}

#[test]
fn refusals_say_what_would_be_taken() {
    assert!(talk(habits(), "PUT / HTTP/1.1\r\nHost: b:1\r\n\r\n").0.contains("\r\nAllow: POST\r\n"));
    let pdf = post("", "x").replace("image/tiff", "application/pdf");
    assert!(talk(habits(), &pdf).0.contains("\r\nAccept: image/tiff, text/plain, text/html\r\n"));
}

#[test]
fn a_refused_body_is_not_taken_for_a_request() {
    let smuggled = post("", "x");
    let script =
        format!("POST /other HTTP/1.1\r\nHost: b:1\r\nContent-Length: {}\r\n\r\n{smuggled}", smuggled.len());
    let (text, office, turn) = talk(habits(), &script);
    assert!(text.contains("Connection: close") && office.documents.is_empty() && turn.close);
}

#[test]
fn a_refused_expectation_leaves_room_for_the_request_without_it() {
    let head = post("Expect: tea\r\n", "");
    assert_eq!(codes(&format!("{head}{}", post("", "x"))), ["417", "201"]);
}

#[test]
fn chunks_beyond_the_limit_are_413() {
    let head =
        "POST / HTTP/1.1\r\nHost: b:1\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(codes(&format!("{head}65\r\n")), ["413"]);
    assert_eq!(codes(&format!("{head}ffffffffffffffffff\r\n")), ["400"]);
}

#[test]
fn a_head_has_no_body_in_its_answer() {
    let (text, ..) = talk(habits(), "HEAD / HTTP/1.1\r\nHost: b:1\r\n\r\n");
    assert!(text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn a_box_that_takes_nothing_prints_nothing() {
    let (text, office, _) = talk(ServerHabits { answers_with: 503, ..habits() }, &post("", "II*"));
    assert!(text.starts_with("HTTP/1.1 503 ") && office.documents.is_empty());
}

#[test]
fn a_204_has_no_length() {
    let (text, office, _) = talk(ServerHabits { answers_with: 204, ..habits() }, &post("", "II*"));
    assert!(!text.contains("Content-Length") && office.documents.len() == 1, "{text}");
}

#[test]
fn a_request_that_takes_too_long_gets_408() {
    let (mut server, mut office) = (Server::new(habits()), Office::default());
    assert!(server.timed_out().is_empty(), "nothing was begun");
    assert!(server.bytes(b"POST / HT", &mut office).progress);
    assert!(!server.bytes(b"TP/1.1\r\n", &mut office).progress, "slow octets win no time");
    assert!(server.timed_out().starts_with(b"HTTP/1.1 408 "));
    let turn = server.bytes(b"more", &mut office);
    assert_eq!(turn, ServerTurn::default(), "what comes behind is thrown away");
}

#[test]
fn a_connection_does_not_last_for_ever() {
    let (text, office, turn) = talk(habits(), &post("", "a").repeat(101));
    assert_eq!(office.documents.len(), 100);
    assert!(text.ends_with("Connection: close\r\n\r\n") && turn.close);
}
