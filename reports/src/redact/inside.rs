//! Secrets inside other text: passwords in URIs, values of parameters that are named like secrets, keys in
//! SDP, and credentials that somebody quotes.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::REDACTED;

/// Schemes whose URIs may hold `user:password@` (RFC 3261 §19.1.1, RFC 3986 §3.2.1).
const SCHEMES: [&str; 10] =
    ["sip:", "sips:", "http:", "https:", "smtp:", "smtps:", "imap:", "pop:", "pops:", "ftp:"];

/// Parameters whose value is a secret, in small letters.
const NAMES: [&str; 13] = [
    "key",
    "api_key",
    "api-key",
    "apikey",
    "password",
    "passwd",
    "pwd",
    "pass",
    "secret",
    "token",
    "access_token",
    "cnonce",
    "response",
];

/// Names that mean something else outside a challenge's answer, where their value stands in quotes.
const ONLY_QUOTED: [&str; 2] = ["cnonce", "response"];

/// Bytes without the secrets inside them; `None` where there are none.
pub(super) fn hidden(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut ranges = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'@' => ranges.extend(password(bytes, at)),
            b'=' => ranges.extend(value(bytes, at)),
            b':' => ranges.extend(inline_key(bytes, at)),
            _ => {}
        }
    }
    without(bytes, ranges)
}

/// The same for words of a person or a device, which may quote a header or credentials too.
pub(super) fn hidden_in_words(text: &str) -> Option<String> {
    let small = text.to_ascii_lowercase();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, found) in small.match_indices("authorization:") {
        let start = at + found.len();
        let end = text[start..].find(['\r', '\n', '`']).map_or(text.len(), |length| start + length);
        let space = text[start..end].len() - text[start..end].trim_start().len();
        ranges.push(start + space..end);
    }
    for (at, found) in small.match_indices("basic ") {
        let start = at + found.len();
        let end =
            text[start..].find([' ', ',', '`', '"', '\r', '\n']).map_or(text.len(), |length| start + length);
        let is_pair = STANDARD.decode(&text[start..end]).is_ok_and(|pair| pair.contains(&b':'));
        ranges.extend(is_pair.then_some(start..end));
    }
    let outer = without(text.as_bytes(), ranges);
    let bytes = outer.as_deref().unwrap_or(text.as_bytes());
    let inner = hidden(bytes).or(outer)?;
    String::from_utf8(inner).ok()
}

fn without(bytes: &[u8], mut ranges: Vec<Range<usize>>) -> Option<Vec<u8>> {
    ranges.retain(|range| !range.is_empty() && &bytes[range.clone()] != REDACTED.as_bytes());
    ranges.sort_by_key(|range| range.start);
    if ranges.is_empty() {
        return None;
    }
    let (mut out, mut done) = (Vec::with_capacity(bytes.len()), 0);
    for range in ranges {
        if range.start < done {
            continue; // inside the one before it
        }
        out.extend_from_slice(&bytes[done..range.start]);
        out.extend_from_slice(REDACTED.as_bytes());
        done = range.end;
    }
    out.extend_from_slice(&bytes[done..]);
    Some(out)
}

/// The password of the URI whose `@` stands here.
fn password(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    // No URI is that long; a mail without a space would otherwise be read again for every `@`.
    let nearest = at.saturating_sub(512);
    let ends =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'"' | b'\'' | b'`' | b'@');
    let start = bytes[nearest..at].iter().rposition(ends).map_or(nearest, |end| nearest + end + 1);
    let token = bytes[start..at].to_ascii_lowercase();
    let behind = SCHEMES
        .iter()
        .filter_map(|scheme| find(&token, scheme.as_bytes()).map(|at| at + scheme.len()))
        .min()?;
    let slashes = if token[behind..].starts_with(b"//") { 2 } else { 0 };
    let colon = token[behind + slashes..].iter().position(|&byte| byte == b':')?;
    Some(start + behind + slashes + colon + 1..at)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|part| part == word)
}

/// The value of the parameter whose `=` stands here, if its name is that of a secret; the rest of the line
/// where it is the key of a session description (RFC 4566 §5.12).
fn value(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let nearest = at.saturating_sub(16);
    let start =
        bytes[nearest..at].iter().rposition(|byte| !in_name(byte)).map_or(nearest, |end| nearest + end + 1);
    let name = bytes[start..at].to_ascii_lowercase();
    let end_of = |ends: &[u8]| {
        let length = bytes[at + 1..].iter().position(|byte| ends.contains(byte));
        length.map_or(bytes.len(), |length| at + 1 + length)
    };
    if name == b"k" && start > 0 && bytes[start - 1] == b'\n' {
        return Some(at + 1..end_of(b"\r\n"));
    }
    if !NAMES.iter().any(|known| known.as_bytes() == name) {
        return None;
    }
    if bytes.get(at + 1) == Some(&b'"') {
        let length = bytes[at + 2..].iter().position(|&byte| byte == b'"')?;
        return Some(at + 2..at + 2 + length);
    }
    let plain = !ONLY_QUOTED.iter().any(|known| known.as_bytes() == name);
    plain.then(|| at + 1..end_of(b"&;, \t\r\n\"'<>`)"))
}

/// The key behind `inline:` in an attribute of SDP (RFC 4568 §6.1).
fn inline_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !bytes[..at].ends_with(b"inline") {
        return None;
    }
    let length = bytes[at + 1..].iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'|');
    Some(at + 1..length.map_or(bytes.len(), |length| at + 1 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        hidden_in_words(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn the_password_of_a_uri_is_hidden_and_its_user_is_not() {
        assert_eq!(shown("<sip:alice:pw1@10.0.0.1:5060;x>"), "<sip:alice:redacted@10.0.0.1:5060;x>");
        assert_eq!(shown("see https://u:p%40@h/x"), "see https://u:redacted@h/x");
    }

    #[test]
    fn an_address_without_a_password_stays() {
        for text in
            ["<sip:050@sip.example.net>", "<1:2@alice>", "mail a@b, c:d", "sip:a@b;tag=x", "10.0.0.1:25"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn parameters_that_are_named_like_secrets_are_hidden() {
        assert_eq!(shown("GET /p?key=abc&x=1"), "GET /p?key=redacted&x=1");
        assert_eq!(shown("sip:a@b;token=\"s e\";q=1"), "sip:a@b;token=\"redacted\";q=1");
        assert_eq!(shown("monkey=abc"), "monkey=abc");
    }

    #[test]
    fn keys_of_a_session_description_are_hidden() {
        let sdp = "v=0\r\nk=clear:abc\r\na=crypto:1 AES inline:xyz|2\r\n";
        assert_eq!(shown(sdp), "v=0\r\nk=redacted\r\na=crypto:1 AES inline:redacted|2\r\n");
    }

    #[test]
    fn a_quoted_header_is_hidden_to_its_end() {
        assert_eq!(
            shown("it sent `Authorization: Digest x, y` twice"),
            "it sent `Authorization: redacted` twice"
        );
    }

    #[test]
    fn credentials_in_base64_are_hidden_and_the_word_basic_is_not() {
        assert_eq!(shown("Basic dXNlcjpwYXNz was refused"), "Basic redacted was refused");
        assert_eq!(shown("Basic rules apply"), "Basic rules apply");
    }
}
