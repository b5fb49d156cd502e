//! Secrets are taken out of whatever is written or hashed.
//!
//! Three things carry a secret in the protocols a fax speaks: the answer to a SIP or HTTP challenge
//! (`Authorization`, `Proxy-Authorization`: RFC 3261 §20.7, §20.28), the argument of `AUTH`, `PASS`
//! and `APOP` (RFC 4954 §4, RFC 1939 §7), and the lines with which a client answers a `334` or `+ `
//! challenge. The last can only be told from what came before on the same connection, so a
//! [`Redactor`] is fed the entries of a run in order. Besides, passwords in URIs, values of parameters
//! that are named like secrets, and keys in SDP are taken out wherever they stand, in words too.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::declaration::Declaration;
use crate::trace::{Carrier, Entry, Trace, What};

mod inside;

/// What stands in the place of a secret.
pub const REDACTED: &str = "redacted";

const SECRET_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];
const SECRET_COMMANDS: [&str; 3] = ["AUTH", "PASS", "APOP"];

/// Takes secrets out of entries, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Connections on which the server's last word was a challenge.
    challenged: BTreeSet<u32>,
}

impl Redactor {
    /// The entry as it may be written. Redacting twice changes nothing more.
    pub fn redact<'a>(&mut self, entry: &'a Entry) -> Cow<'a, Entry> {
        if let What::Connection { id, event, .. } = &entry.what
            && &**event != "opened"
        {
            self.challenged.remove(id);
        }
        let What::Message { from, to, carrier, label, bytes, fate } = &entry.what else {
            return words(entry);
        };
        let (label, bytes) = if self.answers_challenge(*carrier, bytes) {
            (REDACTED.into(), answer(bytes))
        } else {
            let lines = without_secrets(bytes, *carrier, label);
            match inside::hidden(lines.as_ref().unwrap_or(bytes)).map(Bytes::from).or(lines) {
                Some(bytes) => (Arc::clone(label), bytes),
                None => return Cow::Borrowed(entry),
            }
        };
        let (from, to) = (Arc::clone(from), Arc::clone(to));
        let what = What::Message { from, to, carrier: *carrier, label, bytes, fate: fate.clone() };
        Cow::Owned(Entry { at_us: entry.at_us, what })
    }

    fn answers_challenge(&mut self, carrier: Carrier, bytes: &[u8]) -> bool {
        match carrier {
            Carrier::Datagram { .. } => false,
            Carrier::Stream { connection, from_client: true } => self.challenged.contains(&connection),
            Carrier::Stream { connection, from_client: false } => {
                if bytes.starts_with(b"334") || bytes.starts_with(b"+ ") {
                    self.challenged.insert(connection);
                } else {
                    self.challenged.remove(&connection);
                }
                false
            }
        }
    }
}

impl Trace {
    /// The trace without secrets; what it has in common with this one is shared, not copied.
    #[must_use]
    pub fn redacted(&self) -> Trace {
        let mut redactor = Redactor::default();
        Trace { entries: self.entries.iter().map(|entry| redactor.redact(entry).into_owned()).collect() }
    }
}

impl Declaration {
    /// The declaration without secrets: those that a host's choices name or hold.
    #[must_use]
    pub fn redacted(&self) -> Declaration {
        let mut declaration = self.clone();
        for (name, value) in declaration.hosts.iter_mut().flat_map(|host| &mut host.habits) {
            let is_secret = ["password", "secret", "key", "token"].iter().any(|word| name.contains(word));
            *value = if is_secret { REDACTED.to_owned() } else { redacted(value) };
        }
        declaration
    }
}

/// Words without secrets.
pub fn redacted(words: &str) -> String {
    inside::hidden_in_words(words).unwrap_or_else(|| words.to_owned())
}

/// An entry that is no message, without the secrets in its words.
fn words(entry: &Entry) -> Cow<'_, Entry> {
    let mut entry_ = Cow::Borrowed(entry);
    let hide = |text: &Arc<str>| inside::hidden_in_words(text).map(Arc::<str>::from);
    match &entry.what {
        What::Notice { text, .. }
        | What::Order { text, .. }
        | What::Remark { text, .. }
        | What::Fault { text, .. } => {
            if let Some(hidden) = hide(text)
                && let What::Notice { text, .. }
                | What::Order { text, .. }
                | What::Remark { text, .. }
                | What::Fault { text, .. } = &mut entry_.to_mut().what
            {
                *text = hidden;
            }
        }
        What::Unexpected { what: came, .. } => {
            if let Some(hidden) = hide(came)
                && let What::Unexpected { what, .. } = &mut entry_.to_mut().what
            {
                *what = hidden;
            }
        }
        What::Printed { text: Some(text), .. } => {
            if let Some(hidden) = hide(text)
                && let What::Printed { text, .. } = &mut entry_.to_mut().what
            {
                *text = Some(hidden);
            }
        }
        What::Row { row, .. } if row.iter().any(|(_, value)| hide(value).is_some()) => {
            if let What::Row { row, .. } = &mut entry_.to_mut().what {
                for (_, value) in row {
                    *value = hide(value).unwrap_or_else(|| Arc::clone(value));
                }
            }
        }
        _ => {}
    }
    entry_
}

fn answer(bytes: &[u8]) -> Bytes {
    Bytes::from([REDACTED.as_bytes(), line_end(bytes)].concat())
}

/// The bytes with every secret line redacted; `None` where there is none.
fn without_secrets(bytes: &[u8], carrier: Carrier, label: &str) -> Option<Bytes> {
    // What could not be framed may hold a secret anywhere; otherwise secrets are in the head.
    let (head, rest) = if label == "raw" { (bytes, &b""[..]) } else { split_head(bytes) };
    // A mail may say `PASS` in its text: only a unit that is a command can be one.
    let of_a_mail = ["message", "chunk"].contains(&label);
    let commands = matches!(carrier, Carrier::Stream { from_client: true, .. }) && !of_a_mail;
    let open = |line: &[u8]| open_length(line, commands);
    if !lines(head).any(|line| open(line).is_some()) {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut in_secret = false;
    for line in lines(head) {
        if in_secret && (line.starts_with(b" ") || line.starts_with(b"\t")) {
            continue; // a folded header's next line
        }
        in_secret = false;
        if let Some(length) = open(line) {
            in_secret = true;
            out.extend_from_slice(&line[..length]);
            out.push(b' ');
            out.extend_from_slice(REDACTED.as_bytes());
            out.extend_from_slice(line_end(line));
        } else {
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(rest);
    Some(out.into())
}

/// How much of a line that holds a secret may stay; `None` where it holds none.
fn open_length(line: &[u8], commands: bool) -> Option<usize> {
    let is = |word: &[u8], secret: &[&str]| secret.iter().any(|s| word.eq_ignore_ascii_case(s.as_bytes()));
    if let Some(colon) = line.iter().position(|&byte| byte == b':')
        && is(line[..colon].trim_ascii_end(), &SECRET_HEADERS)
    {
        return Some(colon + 1);
    }
    let space = line.iter().position(|&byte| byte == b' ').filter(|_| commands)?;
    if !is(&line[..space], &SECRET_COMMANDS) {
        return None;
    }
    let argument = &line[space + 1..];
    let mechanism = argument.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(argument.len());
    if line[..space].eq_ignore_ascii_case(b"AUTH") && is_mechanism(&argument[..mechanism]) {
        let bare = argument[mechanism..].trim_ascii().is_empty();
        return (!bare).then_some(space + 1 + mechanism); // `AUTH LOGIN` alone tells nothing
    }
    Some(space)
}

/// RFC 4422 §3.1: 1 to 20 capitals, digits, hyphens and underscores.
fn is_mechanism(word: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_');
    (1..=20).contains(&word.len()) && word.iter().all(allowed)
}

fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in lines(bytes) {
        end += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    bytes.split_at(end)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n')
}

fn line_end(line: &[u8]) -> &[u8] {
    let kept = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
    &line[kept.len()..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{datagram, stream_unit};

    fn redacted(entries: &[Entry]) -> Vec<String> {
        let trace = Trace { entries: entries.to_vec() }.redacted();
        let bytes = |entry: &Entry| match &entry.what {
            What::Message { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
            other => panic!("not a message: {other:?}"),
        };
        trace.entries.iter().map(bytes).collect()
    }

    #[test]
    fn the_answer_to_a_sip_challenge_is_redacted_with_its_folded_lines() {
        let sip = "INVITE sip:a@b SIP/2.0\r\nauthorization : Digest username=\"a\",\r\n response=\"5ec\"\r\n\
                   Proxy-Authorization: Digest x\r\nTo: <sip:a@b>\r\n\r\nAuthorization: body";
        let got = redacted(&[datagram(0, "alice", "bob", "INVITE", sip)]);
        assert_eq!(
            got,
            ["INVITE sip:a@b SIP/2.0\r\nauthorization : redacted\r\nProxy-Authorization: redacted\r\n\
              To: <sip:a@b>\r\n\r\nAuthorization: body"]
        );
    }

    #[test]
    fn the_initial_response_of_auth_is_redacted_and_the_mechanism_stays() {
        let got = redacted(&[stream_unit(0, "alice", "bob", true, "AUTH", "AUTH PLAIN AGEAYg==\r\n")]);
        assert_eq!(got, ["AUTH PLAIN redacted\r\n"]);
    }

    #[test]
    fn a_password_is_never_taken_for_a_mechanism() {
        let got = redacted(&[stream_unit(0, "alice", "bob", true, "PASS", "PASS SECRET\r\n")]);
        assert_eq!(got, ["PASS redacted\r\n"]);
    }

    #[test]
    fn answers_to_a_334_are_redacted_until_the_server_says_otherwise() {
        let got = redacted(&[
            stream_unit(0, "alice", "bob", true, "AUTH", "AUTH LOGIN\r\n"),
            stream_unit(1, "bob", "alice", false, "334", "334 VXNlcm5hbWU6\r\n"),
            stream_unit(2, "alice", "bob", true, "YWxpY2U=", "YWxpY2U=\r\n"),
            stream_unit(3, "bob", "alice", false, "235", "235 done\r\n"),
            stream_unit(4, "alice", "bob", true, "NOOP", "NOOP\r\n"),
        ]);
        assert_eq!(
            got,
            ["AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "redacted\r\n", "235 done\r\n", "NOOP\r\n"]
        );
    }

    #[test]
    fn a_label_that_is_a_secret_is_redacted() {
        let entries = [
            stream_unit(1, "bob", "alice", false, "334", "334 \r\n"),
            stream_unit(2, "alice", "bob", true, "c2VjcmV0", "c2VjcmV0\r\n"),
        ];
        let trace = Trace { entries: entries.to_vec() }.redacted();
        assert!(matches!(&trace.entries[1].what, What::Message { label, .. } if &**label == "redacted"));
    }

    #[test]
    fn bytes_without_framing_are_searched_to_their_end() {
        let raw = "EHLO a\r\n\r\nAUTH PLAIN AGEAYg==\r\n";
        let got = redacted(&[stream_unit(0, "alice", "bob", true, "raw", raw)]);
        assert_eq!(got, ["EHLO a\r\n\r\nAUTH PLAIN redacted\r\n"]);
    }

    #[test]
    fn the_text_of_a_mail_is_left_alone() {
        let mail = "PASS the salt\r\n";
        for label in ["message", "chunk"] {
            assert_eq!(redacted(&[stream_unit(0, "alice", "bob", true, label, mail)]), [mail]);
        }
    }

    #[test]
    fn redacting_twice_changes_nothing_more() {
        let sip = "REGISTER sip:b SIP/2.0\r\nAuthorization: Digest x\r\n\r\n";
        let once = Trace { entries: vec![datagram(0, "alice", "bob", "REGISTER", sip)] }.redacted();
        let twice = once.redacted();
        assert_eq!(once, twice);
    }
}
