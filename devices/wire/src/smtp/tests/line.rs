use crate::smtp::{LineReader, Overlong};

fn lines(reader: &mut LineReader, bytes: &[u8]) -> Vec<Result<String, Overlong>> {
    reader.feed(bytes);
    let text = |line: bytes::Bytes| String::from_utf8_lossy(&line).into_owned();
    reader.map(|line| line.map(text)).collect()
}

#[test]
fn only_crlf_ends_a_line() {
    let read = lines(&mut LineReader::new(100), b"a\nb\rc\n\rd\r\ne");
    assert_eq!(read, [Ok("a\nb\rc\n\rd".to_owned())]);
}

#[test]
fn a_crlf_may_come_in_two_chunks() {
    let mut reader = LineReader::new(100);
    assert_eq!(lines(&mut reader, b"NOOP\r"), []);
    assert_eq!(lines(&mut reader, b"\nQ"), [Ok("NOOP".to_owned())]);
}

#[test]
fn the_longest_line_is_read() {
    assert_eq!(lines(&mut LineReader::new(6), b"NOOP\r\n"), [Ok("NOOP".to_owned())]);
}

#[test]
fn a_line_that_is_too_long_is_an_error_and_the_next_is_read() {
    let read = lines(&mut LineReader::new(6), b"NOOP \r\nQUIT\r\n");
    assert_eq!(read, [Err(Overlong { limit: 6 }), Ok("QUIT".to_owned())]);
}

#[test]
fn an_overlong_line_in_many_chunks_is_one_error() {
    let mut reader = LineReader::new(6);
    let mut read = Vec::new();
    for octet in b"0123456789012345678901234567890\r\nQUIT\r\n" {
        read.extend(lines(&mut reader, &[*octet]));
        assert!(reader.clone().take_rest().len() <= 7);
    }
    assert_eq!(read, [Err(Overlong { limit: 6 }), Ok("QUIT".to_owned())]);
}

#[test]
fn the_rest_can_be_taken_out() {
    let mut reader = LineReader::new(100);
    reader.feed(b"DATA\r\nSubject");
    assert!(reader.next().is_some());
    assert_eq!(reader.take_rest(), "Subject");
    assert!(reader.is_empty());
}

#[test]
fn a_part_of_the_rest_can_be_passed_over_and_lines_go_on_behind_it() {
    let mut reader = LineReader::new(100);
    reader.feed(b"BDAT 3\r\na\r\nNOOP\r");
    assert_eq!(reader.next(), Some(Ok("BDAT 3".into())));
    assert_eq!(reader.waiting(), b"a\r\nNOOP\r");
    reader.pass_over(3);
    assert_eq!(lines(&mut reader, b"\n"), [Ok("NOOP".to_owned())]);
}
