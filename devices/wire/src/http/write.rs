//! Writing heads.

use crate::smtp::printable;

/// The head of a request. What could bring a line or a word of its own is left out of every part.
pub fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let word = |text: &str| text.chars().filter(char::is_ascii_graphic).collect::<String>();
    head(&format!("{} {} HTTP/1.1", word(method), word(target)), fields)
}

/// The head of a response, with the usual reason phrase.
pub fn response(code: u16, fields: &[(&str, &str)]) -> Vec<u8> {
    head(&format!("HTTP/1.1 {code:03} {}", reason_phrase(code)), fields)
}

fn head(start: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut head = start.as_bytes().to_vec();
    head.extend_from_slice(b"\r\n");
    for (name, value) in fields {
        head.extend(printable(name).filter(|octet| !matches!(octet, b' ' | b':')));
        head.extend_from_slice(b": ");
        head.extend(printable(value));
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The usual reason phrase (RFC 9110 §15), empty for a code that is not in use here.
pub fn reason_phrase(code: u16) -> &'static str {
    match code {
        100 => "Continue",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
