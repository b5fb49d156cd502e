use bytes::Bytes;
use proptest::prelude::*;

use crate::pop3::{
    Entry, MAX_STATUS_LINE, Reply, ReplyError, ReplyReader, Status, entries, lists, multi_line,
};

fn one_line(status: Status) -> Option<Result<Reply, ReplyError>> {
    Some(Ok(Reply { status, body: None }))
}

#[test]
fn status_lines_are_written_to_the_octet_and_read_back() {
    for (status, line) in [
        (Status::ok(""), "+OK\r\n"),
        (Status::ok("2 320"), "+OK 2 320\r\n"),
        (Status::error("no such message"), "-ERR no such message\r\n"),
        (Status::error("busy").with_code("in-use"), "-ERR [IN-USE] busy\r\n"),
        (Status::error("").with_code("AUTH"), "-ERR [AUTH]\r\n"),
        (Status::error("").with_code("SYS/TEMP"), "-ERR [SYS/TEMP]\r\n"),
    ] {
        assert_eq!(status.to_line(), line.as_bytes());
        assert_eq!(Status::parse(line.as_bytes()), Some(status));
    }
}

#[test]
fn what_is_no_status_line_is_refused() {
    for line in ["+ok", "-err", "OK", "+OKAY", "-ERROR", "", " +OK", "250 ok"] {
        assert_eq!(Status::parse(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn the_text_tells_numbers_and_the_timestamp() {
    assert_eq!(Status::ok("2 320 and more").numbers(), Some((2, 320)));
    assert_eq!(Status::ok("0 0").numbers(), Some((0, 0)));
    for text in ["", "2", "2 x", "-1 2", "2 +3", "x 2", "2  3"] {
        assert_eq!(Status::ok(text).numbers(), None, "{text}");
    }
    let greeting = Status::ok("POP3 ready <1896.697170952@mx.example.net>");
    assert_eq!(greeting.timestamp(), Some("<1896.697170952@mx.example.net>"));
    assert_eq!(Status::ok("ready <no at>").timestamp(), None);
    assert_eq!(Status::ok("ready > <x@y").timestamp(), None);
}

#[test]
fn a_reply_is_read_wherever_the_stream_is_split() {
    let mail = b"From: a@b.example\r\n\r\n.dot\r\n..\r\n.\r\nnext\r\n";
    let stream = [&multi_line(&Status::ok("81 octets"), mail)[..], b"-ERR gone\r\n+OK\r\n"].concat();
    for split in 0..=stream.len() {
        let mut reader = ReplyReader::new(1_000);
        let mut replies = Vec::new();
        for chunk in [&stream[..split], &stream[split..]] {
            reader.feed(chunk);
            while let Some(reply) = reader.take(replies.len() < 2) {
                replies.push(reply.unwrap());
            }
        }
        let expected = [
            Reply { status: Status::ok("81 octets"), body: Some(Bytes::from_static(mail)) },
            Reply { status: Status::error("gone"), body: None },
            Reply { status: Status::ok(""), body: None },
        ];
        assert_eq!(replies, expected, "split at {split}");
        assert!(reader.is_idle());
    }
}

#[test]
fn an_empty_listing_is_a_body_too() {
    let mut reader = ReplyReader::new(100);
    reader.feed(b"+OK none\r\n.\r\n");
    let reply = reader.take(true).unwrap().unwrap();
    assert_eq!(reply.body, Some(Bytes::new()));
    assert_eq!(entries(&reply.body.unwrap()), Some(vec![]));
}

#[test]
fn a_body_that_is_too_big_is_passed_over() {
    let mut reader = ReplyReader::new(10);
    reader.feed(&multi_line(&Status::ok(""), &[b'x'; 100_000]));
    reader.feed(b"+OK\r\n");
    assert!(matches!(reader.take(true), Some(Err(ReplyError::TooBig(_)))));
    assert_eq!(reader.take(false), one_line(Status::ok("")));
}

#[test]
fn a_status_line_that_is_too_long_is_an_error() {
    let mut reader = ReplyReader::new(10);
    reader.feed(format!("+OK {}\r\nhello\r\n+OK\r\n", "x".repeat(MAX_STATUS_LINE)).as_bytes());
    assert!(matches!(reader.take(false), Some(Err(ReplyError::Overlong(_)))));
    assert!(matches!(reader.take(false), Some(Err(ReplyError::Malformed { .. }))));
    assert_eq!(reader.take(false), one_line(Status::ok("")));
    let status = Status::error(format!("{}\r\n+OK", "x".repeat(1_000)));
    assert_eq!(status.to_line().len(), MAX_STATUS_LINE);
}

#[test]
fn listings_are_read_strictly() {
    let entry = |message, value: &str| Entry { message, value: value.into() };
    assert_eq!(entries(b"1 120\r\n2 200 more\r\n"), Some(vec![entry(1, "120"), entry(2, "200")]));
    assert_eq!(entries(b"7 QhdPYR:00WBw1Ph7x7\r\n"), Some(vec![entry(7, "QhdPYR:00WBw1Ph7x7")]));
    for body in ["x 1\r\n", "0 1\r\n", "1\r\n", "1 \r\n", "\r\n", "99999999999 1\r\n"] {
        assert_eq!(entries(body.as_bytes()), None, "{body}");
    }
    assert!(lists(b"TOP\r\nUIDL\r\nsasl PLAIN\r\n", "SASL") && !lists(b"TOPS\r\n", "TOP"));
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8), has_body in any::<bool>()) {
        let mut reader = ReplyReader::new(64);
        for chunk in &chunks {
            reader.feed(chunk);
            while reader.take(has_body).is_some() {}
        }
    }

    #[test]
    fn any_mail_comes_back_as_it_went(lines in proptest::collection::vec("[.]{0,3}[ -~]{0,20}", 0..20)) {
        let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let mut reader = ReplyReader::new(10_000);
        reader.feed(&multi_line(&Status::ok("x"), body.as_bytes()));
        prop_assert_eq!(reader.take(true).unwrap().unwrap().body.unwrap(), body.as_bytes());
        prop_assert!(reader.is_idle());
    }
}
