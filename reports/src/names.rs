//! Names in the place of what differs between two runs that mean the same: addresses, ports that
//! a host picked, and identifiers that it made up.

use std::net::{IpAddr, SocketAddr};

use crate::declaration::Declaration;

/// Markers after which an identifier follows (RFC 3261 §19.3, §8.1.1.7).
const IDENTIFIERS: [&str; 3] = ["z9hG4bK", "tag=", "branch="];

/// Knows which address is which host.
pub(crate) struct Names<'a> {
    declaration: &'a Declaration,
}

impl<'a> Names<'a> {
    pub(crate) fn new(declaration: &'a Declaration) -> Names<'a> {
        Names { declaration }
    }

    /// A host as a trace names it: by its name, or by its address where it does not exist.
    pub(crate) fn host(&self, host: &str) -> String {
        self.address_text(host).unwrap_or_else(|| one_line(host))
    }

    /// Words of a device or a rule, fit for a ladder.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        let mut call_id = false;
        for word in one_line(text).split(' ') {
            words.push(if call_id { "...".into() } else { self.word(word) });
            call_id = word.eq_ignore_ascii_case("call-id:");
        }
        words.join(" ")
    }

    fn word(&self, word: &str) -> String {
        let core = word.trim_matches(|c| "<>(),;\"'.".contains(c));
        if let Some(name) = self.address_text(core) {
            return word.replacen(core, &name, 1);
        }
        let mut word = word.to_string();
        for marker in IDENTIFIERS {
            if let Some(at) = word.find(marker) {
                let start = at + marker.len();
                let end =
                    word[start..].find([';', '>', ',', '"']).map_or(word.len(), |length| start + length);
                word.replace_range(start..end, "...");
            }
        }
        word
    }

    fn address_text(&self, text: &str) -> Option<String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Some(format!("{}{}", self.address(address.ip()), port(address.port())));
        }
        text.parse().ok().map(|address| self.address(address))
    }

    fn address(&self, address: IpAddr) -> String {
        let host = self.declaration.hosts.iter().find(|host| host.address == address);
        host.map_or_else(|| address.to_string(), |host| host.name.to_string())
    }
}

/// A port that has a meaning by its number; a port that was picked for a stream is just that.
pub(crate) fn port(port: u16) -> String {
    match port {
        0..1024 | 5060 | 5061 => format!(":{port}"),
        _ => ":stream".into(),
    }
}

/// The text with control characters escaped.
pub(crate) fn one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::declaration;

    fn text(text: &str) -> String {
        Names::new(&declaration(&["alice", "bob"])).text(text)
    }

    #[test]
    fn an_address_becomes_the_hosts_name_and_a_picked_port_a_word() {
        assert_eq!(text("no answer from (10.0.0.2:40125)."), "no answer from (bob:stream).");
    }

    #[test]
    fn a_well_known_port_stays() {
        assert_eq!(text("10.0.0.1:5060 and 10.0.0.2:25"), "alice:5060 and bob:25");
    }

    #[test]
    fn an_address_of_nobody_stays_an_address() {
        assert_eq!(text("to 192.0.2.7:9999"), "to 192.0.2.7:stream");
    }

    #[test]
    fn identifiers_are_cut() {
        let header = "Via: x;branch=z9hG4bK77;rport From: <sip:a>;tag=12 Call-ID: 3@h";
        assert_eq!(text(header), "Via: x;branch=...;rport From: <sip:a>;tag=... Call-ID: ...");
    }

    #[test]
    fn a_second_line_stays_in_the_first() {
        assert_eq!(text("a\r\nb\u{1b}"), "a\\r\\nb\\u{1b}");
    }
}
