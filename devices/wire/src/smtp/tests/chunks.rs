use bytes::Bytes;

use crate::smtp::{ChunkReader, Seen, TooBig};

/// Chunks of one message, each in pieces of so many octets.
fn read(limit: usize, chunks: &[&[u8]], piece: usize) -> (Result<Bytes, TooBig>, Seen) {
    let mut reader = ChunkReader::new(limit);
    for chunk in chunks {
        reader.begin(chunk.len() as u64);
        for piece in chunk.chunks(piece) {
            assert_eq!(reader.feed(piece), piece.len());
        }
        assert_eq!(reader.left(), 0);
    }
    reader.end()
}

fn seen(chunks: &[&[u8]]) -> Seen {
    let whole = read(100, chunks, 100).1;
    assert_eq!(read(100, chunks, 1).1, whole, "octet by octet");
    whole
}

#[test]
fn chunks_are_put_together_as_they_are() {
    let chunks: [&[u8]; 4] = [b"a\r\n.\r", b"\n..b\0", b"", b"\r\n"];
    for piece in 1..8 {
        assert_eq!(read(100, &chunks, piece).0.unwrap(), "a\r\n.\r\n..b\0\r\n");
    }
}

#[test]
fn a_message_may_have_no_octets() {
    assert_eq!(read(0, &[b""], 1).0.unwrap(), "");
}

#[test]
fn what_follows_the_chunk_is_left() {
    let mut reader = ChunkReader::new(100);
    reader.begin(3);
    assert_eq!((reader.feed(b"ab"), reader.left()), (2, 1));
    assert_eq!((reader.feed(b"cQUIT\r\n"), reader.left()), (1, 0));
    assert_eq!(reader.feed(b"QUIT\r\n"), 0);
    assert_eq!(reader.end().0.unwrap(), "abc");
}

#[test]
fn a_message_of_just_the_limit_is_kept() {
    assert_eq!(read(4, &[b"ab", b"cd"], 9).0.unwrap(), "abcd");
}

#[test]
fn the_limit_is_that_of_all_chunks() {
    let mut reader = ChunkReader::new(4);
    reader.begin(3);
    reader.feed(b"abc");
    assert_eq!(reader.check(), Ok(()));
    reader.begin(2);
    assert_eq!(reader.check(), Err(TooBig { size: 5, limit: 4 }));
    assert_eq!(reader.feed(b"deQUIT"), 2);
    assert_eq!(reader.end().0, Err(TooBig { size: 5, limit: 4 }));
}

#[test]
fn a_chunk_beyond_the_limit_is_taken_and_not_kept() {
    let mut reader = ChunkReader::new(4);
    reader.begin(u64::MAX);
    reader.begin(u64::MAX);
    for _ in 0..100 {
        assert_eq!(reader.feed(&[b'x'; 1000]), 1000);
    }
    assert_eq!(reader.left(), u64::MAX - 100_000);
    assert_eq!(reader.end().0, Err(TooBig { size: usize::MAX, limit: 4 }));
}

#[test]
fn bare_line_ends_are_seen_wherever_they_stand() {
    let bare: [&[&[u8]]; 9] = [
        &[b"a\nb"],
        &[b"a\rb"],
        &[b"\n"],
        &[b"\r"],
        &[b"a\r", b"b"],
        &[b"a", b"\nb"],
        &[b"a\r\n", b"\n"],
        &[b"a\r\r\n"],
        &[b"a\r\n\r", b""],
    ];
    for chunks in bare {
        assert!(seen(chunks).bare_line_end, "{chunks:?}");
    }
}

#[test]
fn a_crlf_may_lie_across_two_chunks() {
    let whole: [&[&[u8]]; 4] = [&[b"a\r\n"], &[b"a\r", b"\nb"], &[b"a\r", b"", b"\n"], &[b"\r\n\r\n"]];
    for chunks in whole {
        assert!(!seen(chunks).bare_line_end, "{chunks:?}");
    }
}

#[test]
fn octets_above_127_are_seen() {
    assert!(seen(&[b"a", b"\x80"]).eight_bit);
    assert!(!seen(&[b"a", b"\x7f"]).eight_bit);
}
