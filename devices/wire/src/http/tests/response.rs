use crate::http::{ResponseError, ResponseReader};

const TWO: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 x\r\nContent-Length: 4\r\n\r\nwhy?";

#[test]
fn responses_are_read_in_any_chunks() {
    for at in 0..=TWO.len() {
        let (mut reader, mut seen) = (ResponseReader::default(), Vec::new());
        for chunk in [&TWO[..at], &TWO[at..]] {
            reader.feed(chunk.as_bytes());
            while let Some(response) = reader.next_response().unwrap() {
                seen.push((response.head.code, response.body));
            }
        }
        assert_eq!(seen, [(100, "".into()), (422, "why?".into())], "{at}");
    }
}

#[test]
fn a_body_may_end_with_the_connection() {
    let mut reader = ResponseReader::default();
    reader.feed(b"HTTP/1.1 200 x\r\n\r\nab");
    assert_eq!(reader.next_response(), Ok(None));
    assert_eq!(reader.at_end().unwrap().body, "ab");
}

#[test]
fn a_body_cut_off_is_no_response() {
    let mut reader = ResponseReader::default();
    reader.feed(b"HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nab");
    assert_eq!(reader.next_response(), Ok(None));
    assert_eq!(reader.at_end(), None);
}

#[test]
fn an_endless_body_is_an_error() {
    let mut reader = ResponseReader::default();
    reader.feed(b"HTTP/1.1 200 x\r\n\r\n");
    reader.feed(&vec![b'x'; 70_000]);
    assert!(matches!(reader.next_response(), Err(ResponseError::Body(_))));
}
