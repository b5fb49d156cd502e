//! Cutting a watched TCP connection into units, whatever it carries.

use bytes::BytesMut;

pub use crate::smtp::Unit;
use crate::{http, smtp};

/// The longest first line that is waited for, in octets.
const MAX_FIRST_LINE: usize = 16 * 1024;

/// Watches both directions of one connection, from its first octet. What it carries is told by its
/// first line, and until then the octets are kept.
#[derive(Debug, Clone)]
pub enum Framer {
    /// The first line is not there yet.
    Undecided {
        /// What the client sent.
        client: BytesMut,
        /// What the server sent.
        server: BytesMut,
    },
    /// SMTP, or something that nobody knows.
    Smtp(smtp::Framer),
    /// HTTP.
    Http(http::Framer),
}

impl Default for Framer {
    fn default() -> Self {
        Framer::new()
    }
}

impl Framer {
    /// A framer at the start of a connection.
    pub fn new() -> Framer {
        Framer::Undecided { client: BytesMut::new(), server: BytesMut::new() }
    }

    /// Takes octets of one direction, in the order in which they passed, and returns the units that
    /// they complete.
    pub fn push(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        let (client, server) = match self {
            Framer::Smtp(framer) => return framer.push(from_server, bytes),
            Framer::Http(framer) => return framer.push(from_server, bytes),
            Framer::Undecided { client, server } => (client, server),
        };
        (if from_server { &mut *server } else { &mut *client }).extend_from_slice(bytes);
        let Some(mut framer) = decided(client, server) else { return Vec::new() };
        let kept = [(true, server.split()), (false, client.split())];
        let units = kept.into_iter().flat_map(|(from, bytes)| framer.push(from, &bytes)).collect();
        *self = framer;
        units
    }

    /// The incomplete rest of one direction when the connection has ended.
    pub fn pending(&mut self, from_server: bool) -> Option<Unit> {
        let kept = match self {
            Framer::Smtp(framer) => return framer.pending(from_server),
            Framer::Http(framer) => return framer.pending(from_server),
            Framer::Undecided { client, server } => {
                if from_server {
                    server
                } else {
                    client
                }
            }
        };
        let (bytes, label) = (kept.split().freeze(), "raw".to_owned());
        (!bytes.is_empty()).then_some(Unit { from_server, bytes, label })
    }
}

/// The framer for what is to be seen of the first line. In SMTP the server speaks first (RFC 5321 §3.1),
/// in HTTP the client, whose line ends with the version (RFC 9112 §3).
fn decided(client: &[u8], server: &[u8]) -> Option<Framer> {
    if !server.is_empty() {
        return Some(Framer::Smtp(smtp::Framer::new()));
    }
    let start = client.iter().position(|octet| !matches!(octet, b'\r' | b'\n'))?;
    let line = &client[start..];
    let end = memchr::memchr2(b'\r', b'\n', line);
    if end.is_none() && line.len() <= MAX_FIRST_LINE && line[0].is_ascii_alphabetic() {
        return None;
    }
    let line = &line[..end.unwrap_or(line.len())];
    let version = line.rsplit(|octet| *octet == b' ').next().unwrap_or_default();
    let is_http = end.is_some() && version.starts_with(b"HTTP/");
    Some(if is_http { Framer::Http(http::Framer::new()) } else { Framer::Smtp(smtp::Framer::new()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(session: &[(bool, &str)]) -> Vec<String> {
        let mut framer = Framer::new();
        let units = session.iter().flat_map(|(from, text)| framer.push(*from, text.as_bytes()));
        let mut labels: Vec<String> = units.map(|unit| unit.label).collect();
        labels
            .extend([false, true].into_iter().filter_map(|from| framer.pending(from)).map(|unit| unit.label));
        labels
    }

    #[test]
    fn a_greeting_tells_smtp() {
        assert_eq!(labels(&[(true, "220 a\r\n"), (false, "EHLO b\r\n")]), ["220", "EHLO"]);
    }

    #[test]
    fn a_request_line_tells_http() {
        let session =
            [(false, "POS"), (false, "T / HTTP/1.1\r\nHost: a\r\n\r\n"), (true, "HTTP/1.1 411 x\r\n\r\n")];
        assert_eq!(labels(&session), ["POST", "411"]);
    }

    #[test]
    fn a_client_that_does_not_wait_for_the_greeting_speaks_smtp() {
        assert_eq!(labels(&[(false, "EHLO b\r\n"), (true, "220 a\r\n")]), ["EHLO", "220"]);
    }

    #[test]
    fn what_is_neither_is_raw() {
        assert_eq!(labels(&[(false, "\x16\x03\x01")]), ["raw"]);
        assert_eq!(labels(&[(false, "PO")]), ["raw"]);
    }
}
