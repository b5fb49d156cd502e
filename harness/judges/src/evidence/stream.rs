//! What travelled on each TCP connection, command by command.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_reports::{Carrier, Host, Trace, What};
use faxproof_wire::http::{BodyReader, Framing, RequestHead, ResponseHead};
use faxproof_wire::smtp::Command;

use super::message::{delivery, looks_like_sip, tampered};

/// The port of SIP (RFC 3261 §19.1.2).
const SIP_PORT: u16 = 5060;

/// One TCP connection and what it carried.
#[derive(Debug)]
pub struct Stream<'a> {
    /// Number of the connection within the trace.
    pub id: u32,
    /// The side that connected.
    pub client: &'a Host,
    /// The side that listened, or should have.
    pub server: &'a Host,
    /// Where to.
    pub to: SocketAddr,
    /// Position and word of every event in its life.
    pub events: Vec<(usize, &'a str)>,
    /// What it carried, in order.
    pub units: Vec<Unit<'a>>,
}

/// One command, reply or mail.
#[derive(Debug)]
pub struct Unit<'a> {
    /// Position in the trace.
    pub at: usize,
    /// When it was sent, in microseconds.
    pub sent_us: u64,
    /// When it arrived, in microseconds.
    pub delivered_us: Option<u64>,
    /// Who sent it.
    pub from: &'a Host,
    /// The bytes.
    pub bytes: &'a Bytes,
    /// A rule of the scenario acted on it.
    pub tampered: bool,
    /// What it is, judged by the conversation and not by the tap's label.
    pub kind: Kind,
}

/// What a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An SMTP command: its verb in capitals.
    Command(String),
    /// An SMTP reply.
    Reply(u16),
    /// A whole mail, up to and with the final dot.
    Mail,
    /// What a BDAT brings of a mail (RFC 3030 §2), and whether it is the last of it.
    Chunk {
        /// The mail ends with it.
        last: bool,
    },
    /// A POP3 command: its verb in capitals.
    Asked(String),
    /// A status line of POP3, and whether it says `+OK`.
    Status(bool),
    /// A whole mail that a POP3 server gave.
    Collected,
    /// The head of an HTTP request: its method.
    HttpRequest(String),
    /// The whole body of an HTTP request.
    HttpBody,
    /// An HTTP response.
    HttpResponse(u16),
    /// Nothing of these, such as a mail that was cut off.
    Other,
}

impl<'a> Stream<'a> {
    /// Position in the trace at which it first shows.
    pub fn first(&self) -> usize {
        let unit = self.units.first().map(|unit| unit.at);
        let event = self.events.first().map(|(at, _)| *at);
        unit.into_iter().chain(event).min().unwrap_or(usize::MAX)
    }

    /// Position in the trace at which it last shows.
    pub fn last(&self) -> usize {
        let unit = self.units.last().map(|unit| unit.at);
        let event = self.events.last().map(|(at, _)| *at);
        unit.into_iter().chain(event).max().unwrap_or(0)
    }

    /// Position of the event of this name.
    pub fn event(&self, name: &str) -> Option<usize> {
        self.events.iter().find(|(_, event)| *event == name).map(|(at, _)| *at)
    }

    /// Whether one side closed or reset it before this position.
    pub fn is_over_before(&self, at: usize) -> bool {
        self.events.iter().any(|(event_at, event)| *event_at < at && *event != "opened")
    }

    /// The answer by which the receiver took charge of the document: 250 to the final dot (RFC 5321
    /// §4.2.5), or an HTTP 2xx.
    pub fn acknowledgement(&self) -> Option<&Unit<'a>> {
        let document = self.document_position()?;
        let answer = self.units.get(document + 1..)?.iter().find(|unit| unit.is_answer())?;
        matches!(answer.kind, Kind::Reply(200..=299) | Kind::HttpResponse(200..=299)).then_some(answer)
    }

    /// The unit that holds the document.
    pub fn document(&self) -> Option<&Unit<'a>> {
        self.units.get(self.document_position()?)
    }

    fn document_position(&self) -> Option<usize> {
        self.units.iter().position(|unit| matches!(unit.kind, Kind::Mail | Kind::HttpBody))
    }
}

impl Unit<'_> {
    /// Whether it answers something for good: 1xx of HTTP does not (RFC 9110 §15.2).
    pub fn is_answer(&self) -> bool {
        matches!(self.kind, Kind::Reply(_) | Kind::HttpResponse(200..))
    }

    /// The Location of a response: the path under which its server knows the document (RFC 9110 §9.3.3).
    pub fn location(&self) -> Option<String> {
        let Kind::HttpResponse(200..=299) = self.kind else { return None };
        let end = head_end(self.bytes)?;
        ResponseHead::parse(&self.bytes[..end]).ok()?.fields.first("Location").map(str::to_owned)
    }

    /// Message-ID of a mail, without its angle brackets.
    pub fn message_id(&self) -> Option<String> {
        message_id(self.bytes)
    }
}

/// Message-ID of these octets of a mail, without its angle brackets.
pub(super) fn message_id(mail: &[u8]) -> Option<String> {
    let head_end = mail.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(mail.len());
    let head = String::from_utf8_lossy(mail.get(..head_end)?);
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("message-id").then_some(value)
    })?;
    Some(bare_id(line).to_owned())
}

/// A Message-ID without blanks and angle brackets.
pub fn bare_id(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

/// All connections of the trace that do not carry SIP, by number.
pub fn streams(trace: &Trace) -> Vec<Stream<'_>> {
    let mut streams: Vec<Stream<'_>> = Vec::new();
    let mut index_of: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, entry) in trace.entries.iter().enumerate() {
        match &entry.what {
            What::Connection { id, client, server, to, event } => {
                let index = *index_of.entry(*id).or_insert_with(|| {
                    let (events, units) = (Vec::new(), Vec::new());
                    streams.push(Stream { id: *id, client, server, to: *to, events, units });
                    streams.len() - 1
                });
                streams[index].events.push((at, event));
            }
            What::Message { from, carrier: Carrier::Stream { connection, .. }, bytes, fate, .. } => {
                let Some(stream) = index_of.get(connection).and_then(|index| streams.get_mut(*index)) else {
                    continue;
                };
                let kind = kind(&stream.units, from, bytes);
                stream.units.push(Unit {
                    at,
                    sent_us: entry.at_us,
                    delivered_us: delivery(fate),
                    from,
                    bytes,
                    tampered: tampered(trace, at),
                    kind,
                });
            }
            _ => {}
        }
    }
    streams.retain(|stream| !carries_sip(stream));
    streams
}

/// Told by its first message; a connection without one by its port, which nobody negotiates for a document.
fn carries_sip(stream: &Stream<'_>) -> bool {
    let line_end = |octet: &u8| matches!(octet, b'\r' | b'\n');
    let first = stream.units.iter().find(|unit| !unit.bytes.iter().all(line_end));
    first.map_or(stream.to.port() == SIP_PORT, |unit| looks_like_sip(unit.bytes))
}

/// What the next unit is. In SMTP the server speaks first, so whoever sent the first reply replies.
fn kind(before: &[Unit<'_>], from: &Host, bytes: &[u8]) -> Kind {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let own_last = before.iter().rev().find(|unit| unit.from == from);
    if let Some(last) = own_last.and_then(|bdat| ends_by_chunk(bdat, bytes)) {
        return Kind::Chunk { last };
    }
    if line.starts_with("HTTP/1.") {
        return response_code(bytes).map_or(Kind::Other, Kind::HttpResponse);
    }
    if let Some(kind) = pop3(before, own_last, from, (&line, bytes)) {
        return kind;
    }
    if let Some(head) = own_last.filter(|unit| matches!(unit.kind, Kind::HttpRequest(_))) {
        let body = is_whole_body(head.bytes, bytes);
        // Without the 100 that it waited for, a client may come back with another head.
        if body || !is_request_line(&line) {
            return if body { Kind::HttpBody } else { Kind::Other };
        }
    }
    if is_request_line(&line) {
        return Kind::HttpRequest(line.split(' ').next().unwrap_or_default().to_owned());
    }
    let replier = before.iter().find(|unit| matches!(unit.kind, Kind::Reply(_))).map(|unit| unit.from);
    if replier.is_none_or(|replier| replier == from) {
        return reply_code(&line).map_or(Kind::Other, Kind::Reply);
    }
    let last_reply = before.iter().rposition(|unit| matches!(unit.kind, Kind::Reply(_)));
    let mail_sent = before.iter().rposition(|unit| unit.kind == Kind::Mail);
    if last_reply.is_some_and(|at| before[at].kind == Kind::Reply(354)) && mail_sent < last_reply {
        return if is_whole_mail(bytes) { Kind::Mail } else { Kind::Other };
    }
    let verb = line.split(' ').next().unwrap_or_default();
    Kind::Command(verb.to_ascii_uppercase())
}

/// Whether a mail ends with these octets; `None` where the unit before them announces no such chunk.
fn ends_by_chunk(before: &Unit<'_>, bytes: &[u8]) -> Option<bool> {
    if !matches!(before.kind, Kind::Command(_)) {
        return None;
    }
    match Command::parse(before.bytes) {
        Ok(Command::Bdat { size, last }) if size == bytes.len() as u64 => Some(last),
        _ => None,
    }
}

/// What the next unit is in POP3; `None` where no POP3 server has greeted.
fn pop3(
    before: &[Unit<'_>],
    own_last: Option<&Unit<'_>>,
    from: &Host,
    (line, bytes): (&str, &[u8]),
) -> Option<Kind> {
    let status = || {
        let word = line.split(' ').next().unwrap_or_default();
        ["+OK", "-ERR"].contains(&word).then(|| Kind::Status(word == "+OK"))
    };
    let Some(first) = before.first() else { return status() };
    if !matches!(first.kind, Kind::Status(_)) {
        return None;
    }
    if from != first.from {
        let verb = line.split(' ').next().unwrap_or_default();
        return Some(Kind::Asked(verb.to_ascii_uppercase()));
    }
    // Behind an `+OK` to RETR comes the mail, whatever its first line says (RFC 1939 §5).
    let asked = before.iter().rev().find(|unit| unit.from != from);
    let retr = asked.is_some_and(|unit| unit.kind == Kind::Asked("RETR".to_owned()));
    let given = own_last.is_some_and(|unit| unit.kind == Kind::Status(true));
    if retr && given && is_whole_mail(bytes) {
        return Some(Kind::Collected);
    }
    Some(status().unwrap_or(Kind::Other))
}

fn is_request_line(line: &str) -> bool {
    line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")
}

/// Whether these octets are the body that this head announces, all of it and nothing more (RFC 9112 §6.3).
fn is_whole_body(head: &[u8], body: &[u8]) -> bool {
    let framing = RequestHead::parse(head).ok().and_then(|head| head.framing().ok());
    let mut reader = BodyReader::new(framing.unwrap_or(Framing::None), u64::MAX);
    let empty = reader.is_done();
    !empty && reader.feed(body, |_| {}) == Ok(body.len()) && reader.is_done()
}

/// The code of a whole response: one that was cut off says nothing (RFC 9112 §8). One without length ends
/// with its connection.
fn response_code(bytes: &[u8]) -> Option<u16> {
    let end = head_end(bytes)?;
    let head = ResponseHead::parse(&bytes[..end]).ok()?;
    let framing = head.framing(false).ok()?;
    let mut reader = BodyReader::new(framing, u64::MAX);
    let used = reader.feed(&bytes[end..], |_| {});
    (framing == Framing::ToClose || reader.is_done() && used == Ok(bytes.len() - end)).then_some(head.code)
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether the final dot came (RFC 5321 §4.1.1.4).
fn is_whole_mail(bytes: &[u8]) -> bool {
    bytes == b".\r\n" || bytes.ends_with(b"\r\n.\r\n")
}

fn reply_code(line: &str) -> Option<u16> {
    let digits = line.get(..3)?;
    let separated = matches!(line.as_bytes().get(3), None | Some(b' ' | b'-'));
    (separated && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}
