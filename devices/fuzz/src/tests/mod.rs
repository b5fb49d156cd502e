//! A hundred thousand mutations of what is usual, for each reader.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

const MUTATIONS: usize = 100_000;

/// Checks the corpus as it is, and mutations of it; some of them must be taken and some refused, or they
/// test little. A finding is shown with its octets.
fn mutations(target: &str, words: &[&str], check: fn(&[u8]) -> bool) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no corpus for {target}");
    let mut mutator = Mutator::new(0x5eed, &corpus, words);
    let drawn = (0..MUTATIONS).map(|_| mutator.draw());
    let mut taken = 0;
    for (number, bytes) in corpus.iter().cloned().chain(drawn).enumerate() {
        match catch_unwind(AssertUnwindSafe(|| check(&bytes))) {
            Ok(is_taken) => taken += usize::from(is_taken),
            Err(_) => panic!("{target}, input {number}: \"{}\"", bytes.escape_ascii()),
        }
    }
    assert!((MUTATIONS / 20..MUTATIONS).contains(&taken), "{taken} of {MUTATIONS} were taken");
}

#[test]
fn sip_messages() {
    let words = [
        "z9hG4bK",
        ";lr",
        "\"",
        "<sip:",
        "Via: ",
        "Content-Length: ",
        "sips:",
        "tel:+",
        "SIP/2.0/TCP ",
        "%00",
    ];
    mutations("sip", &words, sip);
}

#[test]
fn session_descriptions() {
    let words = [
        "a=setup:",
        "active",
        "m=application 9 TCP ",
        "c=IN IP4 ",
        "IP6",
        "a=cdsc: 1 ",
        "::1",
        "a=connection:",
    ];
    mutations("sdp", &words, sdp);
}

#[test]
fn smtp_commands_replies_and_data() {
    mutations("smtp", &["\r\n.\r\n", "MAIL FROM:<", "RCPT TO:<", "250-", "2.1.5 ", "\"", "@", "\r\n"], smtp);
}

#[test]
fn http_heads_bodies_and_responses() {
    let words = [
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: ",
        "\r\n\r\n",
        "HTTP/1.1 200 ",
        "&#x",
        "<!--",
        ";",
    ];
    mutations("http", &words, http);
}

#[test]
fn mails() {
    let words = [
        "\r\n--x\r\n",
        "--x--",
        "boundary=",
        "multipart/digest",
        "base64",
        "quoted-printable",
        "=?utf-8?q?",
        "charset=",
    ];
    mutations("mime", &words, mime);
}

#[test]
fn documents() {
    mutations("tiff", &["\0\0\0\x01", "\x01\x01\x03\0", "\u{1}"], tiff);
}

#[test]
fn watched_connections() {
    let words = [
        "\x1e",
        "\r\n.\r\n",
        "354 go\r\n",
        "Content-Length: ",
        "\r\n\r\n",
        "HEAD / HTTP/1.1\r\n",
        "STARTTLS\r\n",
        "DATA\r\n",
    ];
    mutations("streams", &words, streams);
}
