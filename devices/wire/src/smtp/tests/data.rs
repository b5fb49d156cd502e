use bytes::Bytes;

use crate::smtp::{DataEnd, DataReader, Seen, TooBig, stuff};

fn read(bytes: &[u8]) -> Option<DataEnd> {
    DataReader::new(10_000).feed(bytes)
}

fn message(bytes: &[u8]) -> Bytes {
    read(bytes).unwrap().message.unwrap()
}

#[test]
fn added_dots_are_removed() {
    assert_eq!(message(b"a\r\n..b\r\n...\r\n.c\r\n.\r\n"), "a\r\n.b\r\n..\r\nc\r\n");
}

#[test]
fn a_dot_at_once_ends_an_empty_message() {
    assert_eq!(message(b".\r\n"), "");
}

#[test]
fn what_follows_the_dot_is_handed_back() {
    assert_eq!(read(b"a\r\n.\r\nQUIT\r\n").unwrap().used, 6);
}

#[test]
fn only_crlf_dot_crlf_ends_the_data() {
    let fakes: [&[u8]; 10] = [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\r\n\0.\r\n",
        b"\r\n.\0\r\n",
        b"\r.\r\n",
        b"\r\n.\r\r\n",
        b"\n.\r",
    ];
    for fake in fakes {
        let smuggled = [b"text", fake, b"MAIL FROM:<x@example.com>\r\n"].concat();
        assert_eq!(read(&smuggled), None, "{fake:?}");
        let whole = [&smuggled[..], b".\r\n"].concat();
        assert!(message(&whole).ends_with(b"MAIL FROM:<x@example.com>\r\n"), "{fake:?}");
        let is_seen = fake.iter().all(|octet| *octet != 0);
        assert_eq!(read(&whole).unwrap().seen.bare_line_end, is_seen, "{fake:?}");
    }
}

#[test]
fn bare_line_ends_are_seen_wherever_they_stand() {
    let bare: [&[u8]; 9] = [
        b"\n\r\n.\r\n",
        b"\r\r\n.\r\n",
        b".\n\r\n.\r\n",
        b"a\nb\r\n.\r\n",
        b"a\rb\r\n.\r\n",
        b"a\r\n\n\r\n.\r\n",
        b"a\r\n\rb\r\n.\r\n",
        b"a\r\n.\rb\r\n.\r\n",
        b"a\n\r\r\n.\r\n",
    ];
    for data in bare {
        assert!(read(data).unwrap().seen.bare_line_end, "{}", data.escape_ascii());
    }
    let whole: [&[u8]; 5] =
        [b".\r\n", b"\r\n.\r\n", b"a\r\n\r\nb\r\n.\r\n", b"..\r\n.\r\n", b"a\r\n.b\r\n.\r\n"];
    for data in whole {
        assert!(!read(data).unwrap().seen.bare_line_end, "{}", data.escape_ascii());
    }
}

#[test]
fn octets_above_127_are_seen() {
    assert!(read(b"gr\xc3\xbcn\r\n.\r\n").unwrap().seen.eight_bit);
    assert!(!read(b"\x00\x7f\r\n.\r\n").unwrap().seen.eight_bit);
}

#[test]
fn what_was_seen_in_a_message_is_not_seen_in_the_next() {
    let mut reader = DataReader::new(100);
    let first = reader.feed(b"\xff\n\r\n.\r\n").unwrap();
    assert_eq!(first.seen, Seen { eight_bit: true, bare_line_end: true });
    assert_eq!(reader.feed(b"a\r\n.\r\n").unwrap().seen, Seen::default());
}

#[test]
fn every_chunking_reads_the_same() {
    let text = b"a\r\n..b\r\n.\rx\r\n.\n\r\r\n.\r\r\n\r\n.\r\nNOOP\r\n";
    let whole = read(text).unwrap();
    for first in 0..text.len() {
        for second in first..text.len() {
            let mut reader = DataReader::new(10_000);
            let chunks = [&text[..first], &text[first..second], &text[second..]];
            let mut before = 0;
            let mut ended = None;
            for chunk in chunks {
                if ended.is_none() {
                    ended = reader.feed(chunk).map(|end| DataEnd { used: before + end.used, ..end });
                    before += chunk.len();
                }
            }
            assert_eq!(ended.as_ref(), Some(&whole), "{first} {second}");
        }
    }
}

#[test]
fn a_message_of_just_the_limit_is_kept() {
    let end = DataReader::new(5).feed(b"..ab\r\n.\r\n").unwrap();
    assert_eq!(end.message.unwrap(), ".ab\r\n");
}

#[test]
fn a_message_beyond_the_limit_is_counted() {
    let end = DataReader::new(4).feed(b"..ab\r\n.\r\nQUIT\r\n").unwrap();
    assert_eq!(end.message, Err(TooBig { size: 5, limit: 4 }));
    assert_eq!(end.used, 9);
}

#[test]
fn the_reader_takes_the_next_message_too() {
    let mut reader = DataReader::new(4);
    assert!(reader.feed(b"too big\r\n.\r\n").unwrap().message.is_err());
    assert_eq!(reader.feed(b"b\r\n.\r\n").unwrap().message.unwrap(), "b\r\n");
}

#[test]
fn leading_dots_are_doubled() {
    assert_eq!(stuff(b".a\r\n..\r\nb.\r\n"), b"..a\r\n...\r\nb.\r\n.\r\n");
}

#[test]
fn an_unfinished_line_gets_its_end() {
    assert_eq!(stuff(b"a"), b"a\r\n.\r\n");
}

#[test]
fn an_empty_message_is_the_dot_alone() {
    assert_eq!(stuff(b""), b".\r\n");
}

#[test]
fn bare_line_ends_are_left_as_they_are() {
    assert_eq!(stuff(b"a\n.b\r.c"), b"a\n.b\r.c\r\n.\r\n");
}
