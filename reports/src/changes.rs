//! Which messages of a run differ from those of an earlier one, and in which headers.
//!
//! A ladder shows that a message was sent, not what was in it. Two records tell the rest: messages are
//! laid side by side by who sent what to whom, and those with other bytes are told line by line.

use std::fmt;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::trace::{Carrier, Trace, What};

/// Longest piece of a line that is shown, in characters.
const SHOWN: usize = 160;

/// A message that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was sent in the later run, in microseconds.
    pub at_us: u64,
    /// `INVITE alice>sip`.
    pub message: String,
    /// What is other in it.
    pub parts: Vec<Part>,
}

/// A header, a line or a body that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Name of the header, `m=` for a line of SDP, `line 1` for a start line, a command or a reply.
    pub name: String,
    /// As it was; `None` where it is new.
    pub was: Option<String>,
    /// As it is; `None` where it is gone.
    pub now: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06} {}", self.at_us / 1_000_000, self.at_us % 1_000_000, self.message)?;
        for part in &self.parts {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "(not there)".to_owned());
            write!(
                f,
                "\n    {}: {}\n    {:>width$}  {}",
                part.name,
                side(&part.was),
                "->",
                side(&part.now),
                width = part.name.len().max(2)
            )?;
        }
        Ok(())
    }
}

/// The messages of `new` that were sent in `old` too, with other bytes. Identifiers follow from the seed, so
/// that they are the same in both unless something about the call changed.
pub fn changes(old: &Trace, new: &Trace) -> Vec<Change> {
    let (old, new) = (messages(old), messages(new));
    let names =
        |messages: &[Message<'_>]| messages.iter().map(|message| message.name.clone()).collect::<Vec<_>>();
    let mut changes = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &names(&old), &names(&new)) {
        let (tag, was, now) = operation.as_tag_tuple();
        if tag != DiffTag::Equal {
            continue; // what was not sent in both runs is in the ladders
        }
        for (was, now) in old[was].iter().zip(&new[now]) {
            if was.bytes != now.bytes {
                let parts = parts(was.bytes, now.bytes);
                changes.push(Change { at_us: now.at_us, message: now.name.clone(), parts });
            }
        }
    }
    changes
}

struct Message<'a> {
    at_us: u64,
    name: String,
    bytes: &'a [u8],
}

fn messages(trace: &Trace) -> Vec<Message<'_>> {
    let entries = trace.entries.iter();
    let message = entries.filter_map(|entry| match &entry.what {
        What::Message { from, to, carrier, label, bytes, .. } => {
            let way = if matches!(carrier, Carrier::Stream { .. }) { "=" } else { "" };
            Some(Message { at_us: entry.at_us, name: format!("{label} {from}{way}>{to}"), bytes })
        }
        _ => None,
    });
    message.collect()
}

/// A line with the name under which it is compared.
type Named = (String, String);

fn parts(was: &[u8], now: &[u8]) -> Vec<Part> {
    let (mut old, mut new) = (named(was), named(now));
    // What is the same in both, wherever it stands, is no change.
    old.retain(|line| match new.iter().position(|other| other == line) {
        Some(at) => {
            new.remove(at);
            false
        }
        None => true,
    });
    let mut parts = Vec::new();
    for (name, text) in old {
        let now = new.iter().position(|(other, _)| *other == name).map(|at| new.remove(at).1);
        parts.push(Part { name, was: Some(text), now });
    }
    parts.extend(new.into_iter().map(|(name, text)| Part { name, was: None, now: Some(text) }));
    if parts.is_empty() {
        let (was, now) = (format!("{} bytes", was.len()), format!("{} bytes, in another order", now.len()));
        parts.push(Part { name: "lines".to_owned(), was: Some(was), now: Some(now) });
    }
    parts
}

/// The start line, the headers with their folded lines, and the body: its lines where it is SDP.
fn named(bytes: &[u8]) -> Vec<Named> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines: Vec<Named> = Vec::new();
    for (number, line) in head.lines().enumerate() {
        let folded = line.starts_with([' ', '\t']);
        match lines.last_mut() {
            Some((_, last)) if folded => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => lines.push(header(number, line)),
        }
    }
    if body.starts_with("v=0") {
        lines.extend(
            body.lines().map(|line| (line.chars().take(2).collect(), shown(line.get(2..).unwrap_or("")))),
        );
    } else if !body.is_empty() {
        let digest = crate::digest::short_digest(body.as_bytes(), 8);
        lines.push(("body".to_owned(), format!("{} bytes, {digest}", body.len())));
    }
    lines
}

fn header(number: usize, line: &str) -> Named {
    match line.split_once(':') {
        Some((name, value)) if !name.is_empty() && name.bytes().all(is_of_a_name) => {
            (name.to_owned(), shown(value.trim()))
        }
        _ => (format!("line {}", number + 1), shown(line)),
    }
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let short: String = text.chars().take(SHOWN).map(clean).collect();
    if text.chars().count() > SHOWN { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{datagram, stream_unit};

    const INVITE: &str = "INVITE sip:b SIP/2.0\r\nContact: <sip:a@10.0.0.1>\r\nMax-Forwards: 70\r\n\r\nv=0\r\nm=application 9 TCP smtp\r\n";

    fn told(old: &str, new: &str) -> Vec<String> {
        let trace = |at_ms, text| Trace { entries: vec![datagram(at_ms, "alice", "sip", "INVITE", text)] };
        changes(&trace(1000, old), &trace(2000, new)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_message_later_has_not_changed() {
        assert_eq!(told(INVITE, INVITE), [""; 0]);
    }

    #[test]
    fn a_header_that_changed_is_named_with_both_values() {
        let got = told(INVITE, &INVITE.replace("Max-Forwards: 70", "Max-Forwards: 69"));
        assert_eq!(got, ["2.000000 INVITE alice>sip\n    Max-Forwards: 70\n              ->  69"]);
    }

    #[test]
    fn a_line_of_sdp_is_named_by_its_letter() {
        let got = told(INVITE, &INVITE.replace("TCP smtp", "TCP http"));
        assert!(got[0].contains("m=: application 9 TCP smtp"), "{got:?}");
    }

    #[test]
    fn a_header_that_is_gone_is_told_so() {
        let got = told(INVITE, &INVITE.replace("Max-Forwards: 70\r\n", ""));
        assert!(got[0].contains("Max-Forwards: 70") && got[0].contains("->  (not there)"), "{got:?}");
    }

    #[test]
    fn the_argument_of_a_command_is_shown() {
        let trace = |text| Trace { entries: vec![stream_unit(0, "alice", "bob", true, "MAIL", text)] };
        let got = changes(&trace("MAIL FROM:<a@x>\r\n"), &trace("MAIL FROM:<b@x>\r\n"));
        assert_eq!(got[0].message, "MAIL alice=>bob");
        assert_eq!(got[0].parts[0].was.as_deref(), Some("MAIL FROM:<a@x>"));
    }

    #[test]
    fn a_message_that_only_one_run_has_is_left_to_the_ladders() {
        let old = Trace { entries: vec![datagram(1, "alice", "sip", "BYE", "BYE")] };
        assert_eq!(changes(&old, &Trace::default()), []);
    }
}
