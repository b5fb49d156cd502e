use crate::http::Framer;
use crate::stream::Unit;

const S: bool = true;
const C: bool = false;

const SESSION: [(bool, &str); 9] = [
    (C, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"),
    (S, "HTTP/1.1 100 Continue\r\n\r\n"),
    (C, "II*\0"),
    (S, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
    (C, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (C, "2\r\nhi\r\n0\r\n\r\n"),
    (S, "HTTP/1.1 415 x\r\nContent-Length: 2\r\n\r\nno"),
    (C, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (S, "HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n"),
];

fn run<'a>(framer: &mut Framer, session: impl IntoIterator<Item = (bool, &'a [u8])>) -> Vec<Unit> {
    session.into_iter().flat_map(|(from_server, bytes)| framer.push(from_server, bytes)).collect()
}

fn labels(session: &[(bool, &str)]) -> Vec<String> {
    let mut framer = Framer::new();
    let units = run(&mut framer, session.iter().map(|(side, text)| (*side, text.as_bytes())));
    let rest = [C, S].into_iter().filter_map(|side| framer.pending(side));
    units.into_iter().chain(rest).map(|unit| unit.label).collect()
}

#[test]
fn a_session_is_cut_into_its_units() {
    let expected = ["POST", "100", "body", "201", "POST", "body", "415", "HEAD", "200"];
    assert_eq!(labels(&SESSION), expected);
}

#[test]
fn each_unit_holds_its_octets_unchanged() {
    let units = run(&mut Framer::new(), SESSION.iter().map(|(side, text)| (*side, text.as_bytes())));
    let seen: Vec<_> = units.iter().map(|unit| (unit.from_server, &unit.bytes[..])).collect();
    assert_eq!(seen, SESSION.map(|(side, text)| (side, text.as_bytes())));
}

#[test]
fn every_chunking_gives_the_same_units() {
    let whole = run(&mut Framer::new(), SESSION.iter().map(|(side, text)| (*side, text.as_bytes())));
    for (line, (side, text)) in SESSION.iter().enumerate() {
        for at in 0..=text.len() {
            let mut framer = Framer::new();
            let (first, second) = text.as_bytes().split_at(at);
            let before = SESSION[..line].iter().map(|(side, text)| (*side, text.as_bytes()));
            let after = SESSION[line + 1..].iter().map(|(side, text)| (*side, text.as_bytes()));
            assert_eq!(run(&mut framer, before.chain([(*side, first), (*side, second)]).chain(after)), whole);
        }
    }
}

#[test]
fn octet_by_octet_gives_the_same_units() {
    let whole = run(&mut Framer::new(), SESSION.iter().map(|(side, text)| (*side, text.as_bytes())));
    let octets =
        SESSION.iter().flat_map(|(side, text)| text.as_bytes().chunks(1).map(|octet| (*side, octet)));
    assert_eq!(run(&mut Framer::new(), octets), whole);
}

#[test]
fn requests_sent_together_are_told_apart() {
    let two = "GET / HTTP/1.1\r\nHost: a\r\n\r\nPUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(labels(&[(C, two)]), ["GET", "PUT", "body"]);
}

#[test]
fn a_body_that_is_not_called_for_does_not_come() {
    let session = [SESSION[0], (S, "HTTP/1.1 417 x\r\nContent-Length: 0\r\n\r\n"), SESSION[4], SESSION[5]];
    assert_eq!(labels(&session), ["POST", "417", "POST", "body"]);
}

#[test]
fn a_response_may_end_with_the_connection() {
    assert_eq!(labels(&[(S, "HTTP/1.1 200 x\r\n\r\nsome words")]), ["200"]);
}

#[test]
fn what_is_cut_off_is_raw() {
    assert_eq!(labels(&[(C, "POST / HTTP/1.1\r\n")]), ["raw"]);
    assert_eq!(labels(&[SESSION[4], (C, "2\r\nh")]), ["POST", "raw"]);
    assert_eq!(labels(&[(S, "HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nab")]), ["raw"]);
}

#[test]
fn where_a_message_has_no_border_all_that_follows_is_raw() {
    let both =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(labels(&[(C, both), SESSION[7]]), ["raw", "raw"]);
    assert_eq!(labels(&[SESSION[4], (C, "zz\r\n"), SESSION[7]]), ["POST", "raw", "raw"]);
    assert_eq!(labels(&[(C, "POST / HTTP/1.1\nHost: a\n\n")]), ["raw"]);
}

#[test]
fn a_tunnel_is_raw() {
    let session =
        [(C, "CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n"), (S, "HTTP/1.1 200 x\r\n\r\n"), (C, "\x16\x03")];
    assert_eq!(labels(&session), ["CONNECT", "raw", "raw"]);
}
