//! A hundred thousand mutations of what is usual for each reader, and as many events for each device.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::step::{
    events_of_fax, events_of_forwarding, events_of_location, events_of_mail, events_of_server,
};

const MUTATIONS: usize = 100_000;
const EVENTS: usize = 100_000;
/// Octets of a script that nobody wrote.
const SCRIPT: usize = 400;

/// Checks the corpus as it is, and mutations of it; some of them must be taken and some refused, or they
/// test little.
fn mutations(target: &str, words: &[&str], check: fn(&[u8]) -> bool) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no corpus for {target}");
    let mut mutator = Mutator::new(0x5eed, &corpus, words);
    let drawn = (0..MUTATIONS).map(|_| mutator.draw());
    let inputs = corpus.iter().cloned().chain(drawn);
    let taken = inputs.filter(|bytes| shown(target, bytes, check)).count();
    assert!((MUTATIONS / 50..MUTATIONS).contains(&taken), "{taken} of {MUTATIONS} were taken");
}

/// Gives a device its events: by the scripts of the corpus, by mutations of them, and by what chance wrote.
fn events(target: &str, check: fn(&[u8]) -> usize) {
    let corpus = corpus(target);
    let mut mutator = Mutator::new(0x5eed, &corpus, &[]);
    let mut events = 0;
    for script in &corpus {
        events += shown(target, script, check);
    }
    while events < EVENTS {
        events += shown(target, &mutator.draw(), check);
        let script: Vec<u8> = (0..SCRIPT).map(|_| mutator.below(256) as u8).collect();
        events += shown(target, &script, check);
    }
}

/// A finding is shown with its octets.
fn shown<T>(target: &str, bytes: &[u8], check: fn(&[u8]) -> T) -> T {
    let found = |_| panic!("{target}, a file with these octets: \"{}\"", bytes.escape_ascii());
    catch_unwind(AssertUnwindSafe(|| check(bytes))).unwrap_or_else(found)
}

#[test]
fn a_fax_in_the_middle_of_its_calls() {
    events("step_fax", events_of_fax);
}

#[test]
fn a_sip_server_in_the_middle_of_calls() {
    events("step_server", events_of_server);
}

#[test]
fn a_location_server_in_the_middle_of_calls() {
    events("step_location", events_of_location);
}

#[test]
fn mail_faxes_and_their_mail_server_in_the_middle_of_mails() {
    events("step_mail", events_of_mail);
}

#[test]
fn mail_servers_that_forward_and_their_clients_in_the_middle_of_mails() {
    events("step_forward", events_of_forwarding);
}

#[test]
fn the_same_seed_draws_the_same_mutations() {
    let corpus = corpus("sip");
    let drawn = |seed| -> Vec<Vec<u8>> {
        let mut mutator = Mutator::new(seed, &corpus, &["x"]);
        (0..1000).map(|_| mutator.draw()).collect()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn the_corpora_are_small() {
    let targets = [
        "sip",
        "sdp",
        "smtp",
        "pop3",
        "http",
        "mime",
        "tiff",
        "streams",
        "vendor",
        "features",
        "step_fax",
        "step_server",
        "step_location",
        "step_mail",
        "step_forward",
    ];
    for target in targets {
        let corpus = corpus(target);
        let octets: usize = corpus.iter().map(Vec::len).sum();
        assert!((1..=200).contains(&corpus.len()) && octets <= 400_000, "{target}: {octets} octets");
    }
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
    let words = [
        "\r\n.\r\n",
        "MAIL FROM:<",
        "RCPT TO:<",
        "250-",
        "2.1.5 ",
        "\"",
        "@",
        "\r\n",
        "BDAT 3\r\n",
        "BDAT 2 LAST\r\n\r\n",
        " BODY=8BITMIME",
        "RSET\r\n",
    ];
    mutations("smtp", &words, smtp);
}

#[test]
fn pop3_commands_replies_and_listings() {
    let words = ["\r\n.\r\n", "+OK ", "-ERR ", "[IN-USE] ", "RETR ", "TOP 1 ", "UIDL\r\n", "<1@d>", "\r\n"];
    mutations("pop3", &words, pop3);
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
        "BDAT 3\r\n",
        "EHLO a\r\n",
        "250 CHUNKING\r\n",
        "+OK\r\n",
        "RETR 1\r\n",
    ];
    mutations("streams", &words, streams);
}

#[test]
fn media_features() {
    let words =
        ["(| ", "(& ", "(! ", "(a=1)", ")", "<=", ">=", "..", ";q=0.", "\"", "dpi", "A4", "\x1e", "/", ","];
    mutations("features", &words, features);
}

#[test]
fn profiles_of_vendors() {
    let words =
        ["{port}", "{address}", "{protocol}", "{protocols}", "{{", "}}", "\x1e", "192.0.2.1", "[::1]", ", "];
    mutations("vendor", &words, vendor);
}
