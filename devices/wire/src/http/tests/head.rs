use crate::http::{HeadError, HeadReader, MAX_FIELDS, MAX_HEAD, RequestHead, ResponseHead};

fn request(lines: &[&str]) -> Result<RequestHead, HeadError> {
    RequestHead::parse(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes())
}

fn code(lines: &[&str]) -> u16 {
    request(lines).map_or_else(|error| error.code(), |_| 0)
}

const POST: &str = "POST /a?b HTTP/1.1";

#[test]
fn a_head_is_read() {
    let head = request(&[POST, "hOsT:  b:1 ", "A: 1", "a: 2, 3"]).unwrap();
    assert_eq!((&*head.method, &*head.target, head.is_1_1), ("POST", "/a?b", true));
    assert_eq!(head.host(), Ok(Some("b:1")));
    assert_eq!(head.fields.elements("a").collect::<Vec<_>>(), ["1", "2", "3"]);
}

#[test]
fn empty_lines_before_a_request_are_passed_over() {
    assert!(RequestHead::parse(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
}

#[test]
fn empty_lines_before_a_response_are_not() {
    assert!(ResponseHead::parse(b"\r\nHTTP/1.1 200 OK\r\n\r\n").is_err());
}

#[test]
fn a_line_ends_on_crlf_and_nothing_else() {
    for bare in [
        "POST / HTTP/1.1\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nA: b\rc\r\n\r\n",
        "POST / HTTP/1.1\r\nA: b\n\r\n",
    ] {
        assert_eq!(RequestHead::parse(bare.as_bytes()), Err(HeadError::BareLineEnd), "{bare:?}");
        let mut reader = HeadReader::default();
        reader.feed(bare.as_bytes());
        assert_eq!(reader.next_head(), Err(HeadError::BareLineEnd), "{bare:?}");
    }
}

#[test]
fn a_folded_field_is_refused() {
    assert_eq!(request(&[POST, "A: b", " c"]), Err(HeadError::Folded));
    assert_eq!(request(&[POST, "A: b", "\tc"]), Err(HeadError::Folded));
}

#[test]
fn bad_syntax_is_400() {
    let bad: [&[&str]; 8] = [
        &[POST, "Host : a"],
        &[POST, "Host"],
        &[POST, ": a"],
        &[POST, "A: b\0"],
        &["POST  / HTTP/1.1"],
        &["POST /\u{e4} HTTP/1.1"],
        &["PO@ST / HTTP/1.1"],
        &["POST /"],
    ];
    for lines in bad {
        assert_eq!(code(lines), 400, "{lines:?}");
    }
}

#[test]
fn another_version_is_505() {
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3"] {
        assert_eq!(code(&[&format!("POST / {version}")]), 505, "{version}");
    }
}

#[test]
fn there_must_be_one_host() {
    for hosts in [
        &["A: b"][..],
        &["Host: a", "Host: a"],
        &["Host: a", "Host: b"],
        &["Host:"],
        &["Host: a b"],
        &["Host: a@b"],
        &["Host: a/b"],
    ] {
        let head = request(&[&[POST], hosts].concat()).unwrap();
        assert_eq!(head.host(), Err(HeadError::Host), "{hosts:?}");
    }
    assert_eq!(request(&["GET / HTTP/1.0"]).unwrap().host(), Ok(None));
    assert_eq!(
        request(&[POST, "Host: [2001:db8::1]:40000"]).unwrap().host(),
        Ok(Some("[2001:db8::1]:40000"))
    );
}

#[test]
fn a_head_is_bounded() {
    let fields = |count: usize| [vec![POST], vec!["A: b"; count]].concat();
    assert!(request(&fields(MAX_FIELDS)).is_ok());
    assert_eq!(request(&fields(MAX_FIELDS + 1)), Err(HeadError::TooManyFields));
    let mut reader = HeadReader::default();
    reader.feed(&vec![b'a'; MAX_HEAD]);
    assert_eq!(reader.next_head(), Ok(None));
    reader.feed(b"a");
    assert_eq!(reader.next_head(), Err(HeadError::TooLong));
}

#[test]
fn a_reader_gives_the_same_heads_in_any_chunks() {
    let all = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\n\r\nrest";
    for at in 0..=all.len() {
        let mut reader = HeadReader::default();
        let mut heads = Vec::new();
        for chunk in [&all[..at], &all[at..]] {
            reader.feed(chunk);
            while let Some(head) = reader.next_head().unwrap() {
                heads.push(head);
            }
        }
        assert_eq!(heads.iter().map(|head| head.len()).collect::<Vec<_>>(), [27, 19], "{at}");
        assert_eq!(reader.take_rest(), "rest");
    }
}

#[test]
fn a_status_code_has_a_class() {
    assert_eq!(ResponseHead::parse(b"HTTP/1.1 599 \r\n\r\n").unwrap().code, 599);
    for code in ["099", "600", "000"] {
        assert!(ResponseHead::parse(format!("HTTP/1.1 {code} x\r\n\r\n").as_bytes()).is_err(), "{code}");
    }
}

#[test]
fn what_stands_behind_the_longest_head_is_not_looked_at() {
    let long = [&vec![b'a'; MAX_HEAD][..], b"\n"].concat();
    for chunk in [1, long.len()] {
        let mut reader = HeadReader::default();
        let mut read = Ok(None);
        for octets in long.chunks(chunk) {
            reader.feed(octets);
            read = read.and_then(|_| reader.next_head());
        }
        assert_eq!(read, Err(HeadError::TooLong), "in chunks of {chunk}");
    }
}
