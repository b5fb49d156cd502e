//! HTTP: heads, bodies, whole responses, and HTML.

use faxproof_wire::http::{
    BodyError, BodyReader, Framing, HeadReader, RequestHead, Response, ResponseHead, ResponseReader,
    from_text, request, response, to_text,
};

use super::chunks::{alike, chunked};

/// The most that is taken of a body here.
const MOST: u64 = 1000;

/// One direction of a connection, read as requests, as responses and as a body.
pub fn http(bytes: &[u8]) -> bool {
    let (length, bytes) = chunked(bytes);
    let requests = alike(length, |length| requests(bytes, length));
    requests.iter().flatten().for_each(|(head, body)| {
        assert!(body.len() as u64 <= MOST);
        rewritten(head);
    });
    let responses = alike(length, |length| responses(bytes, length));
    responses.iter().flatten().for_each(answered);
    for framing in [Framing::Chunked, Framing::Length(bytes.len() as u64 / 2), Framing::ToClose] {
        let _ = alike(length, |length| body(bytes, length, framing));
    }
    hypertext(&String::from_utf8_lossy(bytes));
    requests.iter().any(Result::is_ok) || responses.iter().any(Result::is_ok)
}

/// Requests as a server takes them.
fn requests(bytes: &[u8], length: usize) -> Vec<Result<(RequestHead, Vec<u8>), String>> {
    let mut heads = HeadReader::default();
    let mut open: Option<(RequestHead, BodyReader, Vec<u8>)> = None;
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        heads.feed(chunk);
        loop {
            if open.is_none() {
                let begun = heads.next_head().map_err(|error| error.to_string()).and_then(|head| {
                    let Some(head) = head else { return Ok(None) };
                    let head = RequestHead::parse(&head).map_err(|error| error.to_string())?;
                    let framing = head.framing().map_err(|error| error.to_string())?;
                    Ok(Some((head, BodyReader::new(framing, MOST), Vec::new())))
                });
                match begun {
                    Ok(None) => break,
                    Ok(begun) => open = begun,
                    Err(error) => {
                        read.push(Err(error));
                        return read;
                    }
                }
            }
            let Some((head, mut reader, mut content)) = open.take() else { break };
            let rest = heads.take_rest();
            match reader.feed(&rest, |octets| content.extend_from_slice(octets)) {
                Ok(used) => heads.feed(&rest[used..]),
                Err(error) => {
                    read.push(Err(error.to_string()));
                    return read;
                }
            }
            if !reader.is_done() {
                open = Some((head, reader, content));
                break;
            }
            read.push(Ok((head, content)));
        }
    }
    read
}

/// A head that is read is written in a form that reads alike; our writer has but one version.
fn rewritten(head: &RequestHead) {
    let _ = (head.host(), head.framing(), head.persists(), head.expects_continue());
    let fields: Vec<(&str, &str)> = head.fields.iter().collect();
    let again = RequestHead::parse(&request(&head.method, &head.target, &fields));
    if printable(&fields) {
        assert_eq!(again, Ok(RequestHead { is_1_1: true, ..head.clone() }));
    }
}

fn responses(bytes: &[u8], length: usize) -> Vec<Result<Response, String>> {
    let mut reader = ResponseReader::default();
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        reader.feed(chunk);
        loop {
            match reader.next_response() {
                Ok(None) => break,
                Ok(Some(response)) => read.push(Ok(response)),
                Err(error) => {
                    read.push(Err(error.to_string()));
                    return read;
                }
            }
        }
    }
    read.extend(reader.at_end().map(Ok));
    read
}

fn answered(answer: &Response) {
    let head = &answer.head;
    let fields: Vec<(&str, &str)> = head.fields.iter().collect();
    let again = ResponseHead::parse(&response(head.code, &fields));
    if printable(&fields) {
        assert_eq!(again, Ok(ResponseHead { is_1_1: true, ..head.clone() }));
    }
}

fn printable(fields: &[(&str, &str)]) -> bool {
    fields.iter().all(|(_, value)| value.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
}

/// Content, whether it is whole, and how much is left behind it; or what is wrong.
fn body(bytes: &[u8], length: usize, framing: Framing) -> Result<(Vec<u8>, bool, usize), BodyError> {
    let mut reader = BodyReader::new(framing, MOST);
    let (mut content, mut used) = (Vec::new(), 0);
    for chunk in bytes.chunks(length) {
        used += reader.feed(chunk, |octets| content.extend_from_slice(octets))?;
    }
    assert!(content.len() as u64 <= MOST && content.len() <= bytes.len());
    assert!(!reader.is_done() || reader.feed(b"more", |_| {}) == Ok(0));
    Ok((content, reader.is_done(), bytes.len() - used))
}

/// Text comes back out of HTML, and nothing grows.
fn hypertext(text: &str) {
    assert!(to_text(text).len() <= text.len());
    let back = to_text(&from_text("title", text));
    assert_eq!(back, text.trim(), "{text:?}");
}
