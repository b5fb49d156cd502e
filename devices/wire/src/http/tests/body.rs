use crate::http::{BodyError, BodyReader, Framing, FramingError, RequestHead, ResponseHead};

fn framing(fields: &str) -> Result<Framing, FramingError> {
    RequestHead::parse(format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes()).unwrap().framing()
}

/// The content, and the octets behind the body.
fn read(framing: Framing, bytes: &str) -> Result<Option<(String, String)>, BodyError> {
    let (mut reader, mut content) = (BodyReader::new(framing, 100), Vec::new());
    let used = reader.feed(bytes.as_bytes(), |octets| content.extend_from_slice(octets))?;
    let rest = bytes[used..].to_owned();
    Ok(reader.is_done().then(|| (String::from_utf8(content).unwrap(), rest)))
}

const CHUNKED: &str = "4;x=\"y\"\r\nWiki\r\n00A\r\n0123456789\r\n0\r\nTrailer: a\r\n\r\n";

#[test]
fn the_length_is_told_in_one_way() {
    assert_eq!(framing(""), Ok(Framing::None));
    assert_eq!(framing("Content-Length: 7\r\n"), Ok(Framing::Length(7)));
    assert_eq!(framing("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
    assert_eq!(framing("Transfer-Encoding: chunked\r\nContent-Length: 7\r\n"), Err(FramingError::Both));
}

#[test]
fn a_length_is_one_number() {
    let bad = ["+7", "-7", "7 7", "7, 7", "0x7", "", "7a", "18446744073709551616"];
    for value in bad {
        assert_eq!(framing(&format!("Content-Length: {value}\r\n")), Err(FramingError::Length), "{value:?}");
    }
    for two in ["Content-Length: 7\r\nContent-Length: 7\r\n", "Content-Length: 7\r\nContent-Length: 8\r\n"] {
        assert_eq!(framing(two), Err(FramingError::Length), "{two:?}");
    }
}

#[test]
fn an_unknown_coding_is_501_and_a_misused_one_400() {
    for (value, code) in [("gzip", 501), ("gzip, chunked", 501), ("chunked, chunked", 400), ("", 400)] {
        let error = framing(&format!("Transfer-Encoding: {value}\r\n")).unwrap_err();
        assert_eq!(error.code(), code, "{value:?}");
    }
    let old = RequestHead::parse(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    assert_eq!(old.framing(), Err(FramingError::Misused));
}

#[test]
fn responses_without_body_are_known_by_their_code() {
    let head = |code: u16| {
        ResponseHead::parse(format!("HTTP/1.1 {code} x\r\nContent-Length: 3\r\n\r\n").as_bytes()).unwrap()
    };
    for code in [100, 199, 204, 304] {
        assert_eq!(head(code).framing(false), Ok(Framing::None), "{code}");
    }
    assert_eq!(head(200).framing(false), Ok(Framing::Length(3)));
    assert_eq!(head(200).framing(true), Ok(Framing::None));
    let open = ResponseHead::parse(b"HTTP/1.1 200 x\r\n\r\n").unwrap();
    assert_eq!(open.framing(false), Ok(Framing::ToClose));
}

#[test]
fn a_body_of_a_length_ends_there() {
    assert_eq!(read(Framing::Length(2), "hiGET"), Ok(Some(("hi".into(), "GET".into()))));
    assert_eq!(read(Framing::Length(3), "hi"), Ok(None));
}

#[test]
fn chunks_are_undone() {
    let rest = format!("{CHUNKED}GET");
    assert_eq!(read(Framing::Chunked, &rest), Ok(Some(("Wiki0123456789".into(), "GET".into()))));
}

#[test]
fn chunks_are_undone_in_any_pieces() {
    for at in 0..=CHUNKED.len() {
        let (mut reader, mut content) = (BodyReader::new(Framing::Chunked, 100), Vec::new());
        for piece in [&CHUNKED[..at], &CHUNKED[at..]] {
            assert_eq!(
                reader.feed(piece.as_bytes(), |octets| content.extend_from_slice(octets)),
                Ok(piece.len())
            );
        }
        assert!(reader.is_done());
        assert_eq!(content, b"Wiki0123456789", "{at}");
    }
}

#[test]
fn a_chunked_body_cut_off_anywhere_is_not_done() {
    for end in 0..CHUNKED.len() {
        assert_eq!(read(Framing::Chunked, &CHUNKED[..end]), Ok(None), "{end}");
    }
}

#[test]
fn bad_chunks_are_refused() {
    let bad = [
        ("g\r\n", BodyError::ChunkSize),
        ("\r\n", BodyError::ChunkSize),
        ("-1\r\n", BodyError::ChunkSize),
        ("0x1\r\n", BodyError::ChunkSize),
        ("1 2\r\n", BodyError::ChunkSize),
        ("10000000000000000\r\n", BodyError::ChunkSize),
        ("ffffffffffffffff\r\n", BodyError::TooLarge { limit: 100 }),
        ("1\r\nab\r\n", BodyError::ChunkEnd),
        ("1\nab", BodyError::Line),
        ("1\rab", BodyError::Line),
        ("0\r\nno field\r\n\r\n", BodyError::Line),
    ];
    for (bytes, error) in bad {
        assert_eq!(read(Framing::Chunked, bytes), Err(error), "{bytes:?}");
    }
}

#[test]
fn endless_extensions_and_trailers_are_refused() {
    let extension = format!("1;{}", "x".repeat(5000));
    assert_eq!(read(Framing::Chunked, &extension), Err(BodyError::Line));
    let trailer = format!("0\r\n{}", "A: b\r\n".repeat(1000));
    assert_eq!(read(Framing::Chunked, &trailer), Err(BodyError::Line));
}

#[test]
fn a_body_is_bounded_whatever_tells_its_end() {
    let long = "x".repeat(101);
    for framing in [Framing::Length(101), Framing::ToClose] {
        assert_eq!(read(framing, &long), Err(BodyError::TooLarge { limit: 100 }), "{framing:?}");
    }
    let chunks = "32\r\n".to_owned() + &"x".repeat(50) + "\r\n33\r\n";
    assert_eq!(read(Framing::Chunked, &chunks), Err(BodyError::TooLarge { limit: 100 }));
}
