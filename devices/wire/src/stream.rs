//! Cutting a watched TCP connection into units, whichever protocol it turns out to carry.
//!
//! Who watches a connection does not know what was agreed on it. The first octets tell: in SMTP the
//! server speaks first and begins with digits, in POP3 with `+OK` or `-ERR`; in SIP and HTTP a start line ends with its version.

use bytes::{Bytes, BytesMut};

use crate::{http, pop3, sip, smtp};

/// One message, command or reply, exactly as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Whether the server sent it.
    pub from_server: bool,
    /// All of its octets, line ends included. The units of one direction, joined, are its stream.
    pub bytes: Bytes,
    /// SIP: as [`sip::Message::label`], and `ping` and `pong` for the line ends between messages. SMTP:
    /// the verb of a command, the code of a reply, `message` for mail data with its final dot, `chunk` for the
    /// octets behind a BDAT. HTTP: the method of a request's head, `body` for its body, the code of a response.
    /// POP3: the verb of a command, `+OK`, `-ERR`, `message` for a mail, `list` for other bodies. `raw` for what
    /// is none of these.
    pub label: String,
}

/// Watches both directions of one connection from its first octet.
#[derive(Debug, Clone, Default)]
pub struct Framer {
    protocol: Protocol,
}

/// What the connection carries.
#[derive(Debug, Clone)]
enum Protocol {
    Undecided(Undecided),
    Smtp(smtp::Framer),
    Http(http::Framer),
    Pop3(pop3::Framer),
    Sip(Box<[SipStream; 2]>),
}

/// Not known yet.
#[derive(Debug, Clone, Default)]
struct Undecided {
    /// What has passed, in its order.
    passed: Vec<(bool, BytesMut)>,
    /// The same of the client and of the server alone.
    starts: [BytesMut; 2],
}

/// The longest start line that is waited for.
const MAX_START_LINE: usize = 8 * 1024;

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol::Undecided(Undecided::default())
    }
}

impl Framer {
    /// A framer at the start of a connection.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes octets of one direction, in the order in which they passed, and returns the units that
    /// they complete, of either direction.
    pub fn push(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        match &mut self.protocol {
            Protocol::Undecided(_) if bytes.is_empty() => Vec::new(),
            Protocol::Undecided(undecided) => {
                undecided.pass(from_server, bytes);
                let start = &undecided.starts[usize::from(from_server)];
                let Some(protocol) = Protocol::told_by_start(start, from_server) else { return Vec::new() };
                let passed = std::mem::take(&mut undecided.passed);
                self.protocol = protocol;
                passed.iter().flat_map(|(from_server, bytes)| self.push(*from_server, bytes)).collect()
            }
            Protocol::Smtp(framer) => framer.push(from_server, bytes),
            Protocol::Http(framer) => framer.push(from_server, bytes),
            Protocol::Pop3(framer) => framer.push(from_server, bytes),
            Protocol::Sip(streams) => streams[usize::from(from_server)].push(from_server, bytes),
        }
    }

    /// The incomplete rest of one direction, as `raw`, when the connection has ended.
    pub fn pending(&mut self, from_server: bool) -> Option<Unit> {
        let bytes = match &mut self.protocol {
            Protocol::Smtp(framer) => return framer.pending(from_server),
            Protocol::Http(framer) => return framer.pending(from_server),
            Protocol::Pop3(framer) => return framer.pending(from_server),
            Protocol::Undecided(Undecided { passed, starts }) => {
                passed.retain(|(other, _)| *other != from_server);
                std::mem::take(&mut starts[usize::from(from_server)])
            }
            Protocol::Sip(streams) => streams[usize::from(from_server)].rest(),
        };
        (!bytes.is_empty()).then(|| Unit { from_server, bytes: bytes.freeze(), label: "raw".to_owned() })
    }
}

impl Undecided {
    fn pass(&mut self, from_server: bool, bytes: &[u8]) {
        self.starts[usize::from(from_server)].extend_from_slice(bytes);
        match self.passed.last_mut() {
            Some((side, passed)) if *side == from_server => passed.extend_from_slice(bytes),
            _ => self.passed.push((from_server, BytesMut::from(bytes))),
        }
    }
}

impl Protocol {
    /// The protocol that one direction begins with; `None` while it may be any.
    fn told_by_start(octets: &[u8], from_server: bool) -> Option<Protocol> {
        let smtp = || Some(Protocol::Smtp(smtp::Framer::new()));
        let sip = || Some(Protocol::Sip(Box::default()));
        match octets {
            [] | [b'\r'] => return None,
            // Line ends stand between messages of SIP, and keep its connections alive.
            [b'\r', b'\n', ..] => return sip(),
            [b'0'..=b'9', ..] if from_server => return smtp(),
            _ => {}
        }
        // However much comes at a time, a line is not longer for it.
        let Some(end) = memchr::memmem::find(&octets[..octets.len().min(MAX_START_LINE)], b"\r\n") else {
            return if octets.len() > MAX_START_LINE { smtp() } else { None };
        };
        let line = &octets[..end];
        match () {
            () if line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0") => sip(),
            () if from_server && pop3::Status::parse(line).is_some() => {
                Some(Protocol::Pop3(pop3::Framer::new()))
            }
            () if is_http_request_line(line) => Some(Protocol::Http(http::Framer::new())),
            // What speaks no protocol that we know is cut into lines as SMTP is.
            () => smtp(),
        }
    }
}

/// Whether the last word is a version of HTTP (RFC 9112 §3), even one that we do not speak.
fn is_http_request_line(line: &[u8]) -> bool {
    line.rsplit(|octet| *octet == b' ').next().is_some_and(|word| word.starts_with(b"HTTP/"))
}

/// One direction of a connection that carries SIP.
#[derive(Debug, Clone, Default)]
struct SipStream {
    framer: sip::Framer,
    /// A CRLF of the client: a second one makes it a ping.
    half_ping: bool,
    /// The stream could not be cut any more: its octets pass as they come.
    lost: bool,
}

impl SipStream {
    fn push(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        if self.lost {
            return vec![Unit { from_server, bytes: Bytes::copy_from_slice(bytes), label: "raw".to_owned() }];
        }
        let mut units = Vec::new();
        let mut unit =
            |bytes: Bytes, label: &str| units.push(Unit { from_server, bytes, label: label.to_owned() });
        let line_end = || Bytes::from_static(b"\r\n");
        for frame in self.framer.push(bytes) {
            let half_ping = std::mem::take(&mut self.half_ping);
            match frame {
                sip::Frame::LineEnd if half_ping => unit(Bytes::from_static(b"\r\n\r\n"), "ping"),
                // The server's single line end is its answer (RFC 5626 §4.4.1).
                sip::Frame::LineEnd if from_server => unit(line_end(), "pong"),
                sip::Frame::LineEnd => self.half_ping = true,
                sip::Frame::Message(bytes) => {
                    if half_ping {
                        unit(line_end(), "raw");
                    }
                    let label = sip::glance(&bytes)
                        .or_else(|| sip::Message::parse(bytes.clone()).ok().map(|message| message.label()));
                    unit(bytes, label.as_deref().unwrap_or("raw"));
                }
                sip::Frame::Lost { octets, .. } => {
                    if half_ping {
                        unit(line_end(), "raw");
                    }
                    self.lost = true;
                    unit(octets, "raw");
                }
            }
        }
        units
    }

    fn rest(&mut self) -> BytesMut {
        let mut rest = BytesMut::new();
        if std::mem::take(&mut self.half_ping) {
            rest.extend_from_slice(b"\r\n");
        }
        rest.extend_from_slice(&self.framer.take_pending());
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &[u8] = b"INVITE sip:b@d SIP/2.0\r\nCSeq: 1 INVITE\r\nContent-Length: 2\r\n\r\nhi";
    const OK: &[u8] = b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

    fn labels(chunks: &[(bool, &[u8])]) -> Vec<(bool, String)> {
        let mut framer = Framer::new();
        let mut units: Vec<Unit> =
            chunks.iter().flat_map(|(from_server, bytes)| framer.push(*from_server, bytes)).collect();
        units.extend([false, true].into_iter().filter_map(|side| framer.pending(side)));
        for side in [false, true] {
            let sent: Vec<u8> =
                chunks.iter().filter(|(own, _)| *own == side).flat_map(|(_, b)| b.to_vec()).collect();
            let cut: Vec<u8> =
                units.iter().filter(|u| u.from_server == side).flat_map(|u| u.bytes.to_vec()).collect();
            assert_eq!(sent, cut, "no octet is lost or made up");
        }
        units.into_iter().map(|unit| (unit.from_server, unit.label)).collect()
    }

    fn named(labels: &[(bool, &str)]) -> Vec<(bool, String)> {
        labels.iter().map(|(side, label)| (*side, (*label).to_owned())).collect()
    }

    #[test]
    fn a_greeting_makes_it_smtp() {
        let session: [(bool, &[u8]); 3] =
            [(true, b"220 b\r\n"), (false, b"EHLO a\r\n"), (true, b"250 b\r\n")];
        assert_eq!(labels(&session), named(&[(true, "220"), (false, "EHLO"), (true, "250")]));
    }

    #[test]
    fn a_status_line_of_the_server_makes_it_pop3() {
        let session: [(bool, &[u8]); 3] =
            [(true, b"+OK hi\r\n"), (false, b"USER a\r\n"), (true, b"-ERR no\r\n")];
        assert_eq!(labels(&session), named(&[(true, "+OK"), (false, "USER"), (true, "-ERR")]));
    }

    #[test]
    fn a_start_line_makes_it_sip_wherever_the_stream_is_split() {
        for split in 1..INVITE.len() {
            let chunks = [(false, &INVITE[..split]), (false, &INVITE[split..]), (true, OK)];
            assert_eq!(
                labels(&chunks),
                named(&[(false, "INVITE"), (true, "200 INVITE")]),
                "split at {split}"
            );
        }
    }

    #[test]
    fn a_request_line_makes_it_http_wherever_the_stream_is_split() {
        let post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        for split in 1..post.len() {
            let created: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
            let chunks = [(false, &post[..split]), (false, &post[split..]), (true, created)];
            let expected = named(&[(false, "POST"), (false, "body"), (true, "201")]);
            assert_eq!(labels(&chunks), expected, "split at {split}");
        }
    }

    #[test]
    fn a_response_on_a_connection_of_its_own_makes_it_sip() {
        assert_eq!(labels(&[(false, OK)]), named(&[(false, "200 INVITE")]));
    }

    #[test]
    fn line_ends_are_pings_of_the_client_and_pongs_of_the_server() {
        let chunks: [(bool, &[u8]); 4] =
            [(false, b"\r"), (false, b"\n\r\n"), (true, b"\r\n"), (false, INVITE)];
        assert_eq!(labels(&chunks), named(&[(false, "ping"), (true, "pong"), (false, "INVITE")]));
    }

    #[test]
    fn what_cannot_be_cut_is_raw() {
        let chunks: [(bool, &[u8]); 3] =
            [(false, INVITE), (false, b"BYE sip:b SIP/2.0\r\n\r\nrest"), (false, b"more")];
        assert_eq!(labels(&chunks), named(&[(false, "INVITE"), (false, "raw"), (false, "raw")]));
    }

    #[test]
    fn what_ends_before_it_is_known_is_raw() {
        assert_eq!(labels(&[(false, b"INV"), (true, b"x")]), named(&[(false, "raw"), (true, "raw")]));
        assert_eq!(labels(&[(false, b"INVITE sip:b SIP/2.0\r\nA: b")]), named(&[(false, "raw")]));
    }

    #[test]
    fn a_start_line_without_end_is_not_kept() {
        let long = vec![b'x'; MAX_START_LINE + 1];
        let mut framer = Framer::new();
        framer.push(false, &long);
        assert!(matches!(framer.protocol, Protocol::Smtp(_)));
    }

    #[test]
    fn the_longest_start_line_is_as_long_however_it_comes() {
        let long = [&vec![b'x'; MAX_START_LINE][..], b" SIP/2.0\r\nl: 0\r\n\r\n"].concat();
        for length in [1, 1000, long.len()] {
            let mut framer = Framer::new();
            long.chunks(length).for_each(|chunk| drop(framer.push(false, chunk)));
            assert!(matches!(framer.protocol, Protocol::Smtp(_)), "in chunks of {length}");
        }
    }
}
