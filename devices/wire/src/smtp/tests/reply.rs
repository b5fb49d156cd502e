use smtp_proto::response::parser::ResponseReceiver;

use crate::smtp::{MAX_REPLY_LINES, Reply, ReplyError, ReplyReader};

const EHLO: &str = "250-fax-b.example.net\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 20000000\r\n";

fn lines(code: u16, lines: &[&str]) -> Reply {
    Reply { code, enhanced: None, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
}

fn samples() -> Vec<Reply> {
    vec![
        Reply::new(220, "fax-b.example.net ESMTP ready"),
        lines(250, &["fax-b.example.net", "DSN", "ENHANCEDSTATUSCODES", "SIZE 20000000"]),
        Reply::new(250, "ok").with_enhanced(2, 1, 5),
        Reply::new(354, "go"),
        lines(552, &["too big", "at most 20000000"]).with_enhanced(5, 3, 4),
        Reply::new(221, "bye").with_enhanced(2, 0, 0),
    ]
}

#[test]
fn a_reply_of_many_lines_is_one_reply() {
    assert_eq!(Reply::parse(EHLO.as_bytes()), Ok(samples()[1].clone()));
}

#[test]
fn what_is_written_reads_back() {
    for reply in samples() {
        assert_eq!(Reply::parse(&reply.to_bytes()), Ok(reply));
    }
}

#[test]
fn an_independent_reader_reads_the_same() {
    for reply in samples() {
        let read = ResponseReceiver::default().parse(&mut reply.to_bytes().iter()).unwrap();
        let (class, subject, detail) = reply.enhanced.unwrap_or_default();
        assert_eq!(read.code, reply.code);
        assert_eq!(read.esc.map(u16::from), [u16::from(class), subject, detail]);
        assert_eq!(
            read.message.split_ascii_whitespace().collect::<String>(),
            reply.lines.concat().replace(' ', "")
        );
    }
}

#[test]
fn an_enhanced_code_is_read_from_every_line() {
    let reply = Reply::parse(b"550-5.7.1 no\r\n550 5.7.1 never\r\n").unwrap();
    assert_eq!((reply.enhanced, reply.lines), (Some((5, 7, 1)), vec!["no".into(), "never".into()]));
}

#[test]
fn an_enhanced_code_of_another_class_is_text() {
    let reply = Reply::parse(b"250 5.1.1 odd\r\n").unwrap();
    assert_eq!((reply.enhanced, reply.lines), (None, vec!["5.1.1 odd".into()]));
}

#[test]
fn a_bare_code_is_a_reply() {
    assert_eq!(Reply::parse(b"250\r\n"), Ok(Reply::new(250, "")));
}

#[test]
fn a_reply_lists_its_extensions() {
    let reply = Reply::parse(EHLO.as_bytes()).unwrap();
    assert!(reply.lists("dsn") && reply.lists("SIZE"));
    assert!(!reply.lists("fax-b.example.net") && !reply.lists("20000000"));
}

#[test]
fn text_cannot_bring_a_line_of_its_own() {
    let reply = Reply::new(250, "ok\r\n221 bye\0");
    assert_eq!(reply.to_bytes(), b"250 ok221 bye\r\n");
}

#[test]
fn a_changed_code_is_an_error() {
    let error = ReplyError::CodeChanged { first: 250, then: 550 };
    assert_eq!(Reply::parse(b"250-a\r\n550 b\r\n"), Err(error));
}

#[test]
fn a_line_without_a_code_is_an_error_and_the_next_reply_is_read() {
    let mut reader = ReplyReader::new();
    reader.feed(b"hello\r\n250 ok\r\n");
    assert_eq!(reader.next(), Some(Err(ReplyError::Malformed { line: "hello".into() })));
    assert_eq!(reader.next(), Some(Ok(Reply::new(250, "ok"))));
}

#[test]
fn codes_out_of_range_are_malformed() {
    for line in ["199 a\r\n", "600 a\r\n", "25 a\r\n", "+25 a\r\n", "2500 a\r\n", "250_a\r\n"] {
        assert!(matches!(Reply::parse(line.as_bytes()), Err(ReplyError::Malformed { .. })), "{line}");
    }
}

#[test]
fn an_incomplete_reply_is_not_one() {
    assert_eq!(Reply::parse(b"250-a\r\n"), Err(ReplyError::NotOne));
}

#[test]
fn two_replies_are_not_one() {
    assert_eq!(Reply::parse(b"250 a\r\n250 b\r\n"), Err(ReplyError::NotOne));
}

#[test]
fn a_reply_without_end_is_stopped() {
    let text = "250-a\r\n".repeat(MAX_REPLY_LINES + 1);
    assert_eq!(Reply::parse(text.as_bytes()), Err(ReplyError::TooManyLines));
}

#[test]
fn every_chunking_reads_the_same() {
    let stream = samples().iter().flat_map(Reply::to_bytes).collect::<Vec<_>>();
    for at in 0..=stream.len() {
        let mut reader = ReplyReader::new();
        let mut read = Vec::new();
        for chunk in [&stream[..at], &stream[at..]] {
            reader.feed(chunk);
            read.extend(reader.by_ref().map(Result::unwrap));
        }
        assert_eq!(read, samples());
    }
}
