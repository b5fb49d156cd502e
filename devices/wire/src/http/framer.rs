//! Cutting a watched HTTP connection into the units that a reader of a trace wants to see.

use std::collections::VecDeque;

use bytes::BytesMut;

use super::body::{BodyReader, Framing};
use super::head::{HeadScan, MAX_HEAD, RequestHead, ResponseHead};
use crate::stream::Unit;

/// The most octets that are kept of a body.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// The most requests that may wait for their responses.
const MAX_WAITING: usize = 1024;

/// Watches both directions of one connection that carries HTTP, from its first octet.
///
/// A unit is the head of a request, labelled with its method; the body of a request, `body`; or a
/// whole response, labelled with its code. What is none of these is `raw`, and with it the direction
/// is lost: where one message does not say where it ends, the next has no start.
#[derive(Debug, Clone)]
pub struct Framer {
    client: Stream,
    server: Stream,
    /// Requests without final response.
    asked: VecDeque<Asked>,
}

#[derive(Debug, Clone)]
struct Asked {
    method: String,
    /// Its body waits for a 100.
    expects: bool,
}

#[derive(Debug, Clone)]
struct Stream {
    from_server: bool,
    buffer: BytesMut,
    scan: HeadScan,
    body: Option<Body>,
    /// The stream cannot be framed any more.
    raw: bool,
}

/// A body that is not complete.
#[derive(Debug, Clone)]
struct Body {
    reader: BodyReader,
    /// Octets at the start of the buffer that were looked at: of a response its head is among them.
    seen: usize,
    label: String,
    to_close: bool,
}

impl Default for Framer {
    fn default() -> Self {
        Framer::new()
    }
}

impl Framer {
    /// A framer at the start of a connection, the first request still to come.
    pub fn new() -> Framer {
        Framer { client: Stream::new(false), server: Stream::new(true), asked: VecDeque::new() }
    }

    /// Takes octets of one direction, in the order in which they passed, and returns the units that
    /// they complete.
    pub fn push(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        let mut units = Vec::new();
        if from_server {
            self.server.buffer.extend_from_slice(bytes);
            self.cut_responses(&mut units);
        } else {
            self.client.buffer.extend_from_slice(bytes);
            self.cut_requests(&mut units);
        }
        units
    }

    /// The rest of one direction when the connection has ended: a response whose body ends with the
    /// connection, else `raw`.
    pub fn pending(&mut self, from_server: bool) -> Option<Unit> {
        let stream = if from_server { &mut self.server } else { &mut self.client };
        let label = stream.body.take().filter(|body| body.to_close).map(|body| body.label);
        let all = stream.buffer.len();
        (all > 0).then(|| stream.cut(all, label.as_deref().unwrap_or("raw")))
    }

    fn cut_requests(&mut self, units: &mut Vec<Unit>) {
        let stream = &mut self.client;
        while !stream.raw {
            if stream.body.is_some() {
                let Some(unit) = stream.cut_body() else { break };
                units.push(unit);
                continue;
            }
            let Some(end) = stream.head_end() else { break };
            let read = RequestHead::parse(&stream.buffer[..end]).ok();
            let framed = read.and_then(|head| Some((head.framing().ok()?, head)));
            let Some((framing, head)) = framed.filter(|_| self.asked.len() < MAX_WAITING) else {
                stream.raw = true;
                break;
            };
            units.push(stream.cut(end, &head.method));
            let expects = head.expects_continue();
            self.asked.push_back(Asked { method: head.method, expects });
            stream.body = Body::of(framing, "body", 0);
        }
        stream.pass_raw(units);
    }

    fn cut_responses(&mut self, units: &mut Vec<Unit>) {
        while !self.server.raw {
            if self.server.body.is_some() {
                let Some(unit) = self.server.cut_body() else { break };
                units.push(unit);
                continue;
            }
            let Some(end) = self.server.head_end() else { break };
            let to_head = self.asked.front().is_some_and(|asked| asked.method == "HEAD");
            let read = ResponseHead::parse(&self.server.buffer[..end]).ok();
            let framed = read.and_then(|head| Some((head.framing(to_head).ok()?, head)));
            let Some((framing, head)) = framed else {
                self.server.raw = true;
                break;
            };
            self.answered(head.code);
            let label = head.code.to_string();
            self.server.body = Body::of(framing, &label, end);
            if self.server.body.is_none() {
                units.push(self.server.cut(end, &label));
            }
        }
        self.server.pass_raw(units);
    }

    fn answered(&mut self, code: u16) {
        if (100..200).contains(&code) && code != 101 {
            if let Some(asked) = self.asked.front_mut() {
                asked.expects = false;
            }
            return;
        }
        let asked = self.asked.pop_front();
        // A final response in place of the 100: the body that was held back does not come any more.
        let held_back = asked.as_ref().is_some_and(|asked| asked.expects) && self.asked.is_empty();
        if held_back && self.client.buffer.is_empty() {
            self.client.body = None;
        }
        let tunnel = asked.is_some_and(|asked| asked.method == "CONNECT") && (200..300).contains(&code);
        (self.client.raw, self.server.raw) =
            (self.client.raw || tunnel || code == 101, self.server.raw || tunnel || code == 101);
    }
}

impl Body {
    /// `None` where there is no body.
    fn of(framing: Framing, label: &str, seen: usize) -> Option<Body> {
        let reader = BodyReader::new(framing, u64::MAX);
        let to_close = framing == Framing::ToClose;
        (!reader.is_done()).then(|| Body { reader, seen, label: label.to_owned(), to_close })
    }
}

impl Stream {
    fn new(from_server: bool) -> Stream {
        let (buffer, scan) = (BytesMut::new(), HeadScan::default());
        Stream { from_server, buffer, scan, body: None, raw: false }
    }

    fn head_end(&mut self) -> Option<usize> {
        let end = self.scan.end(&self.buffer);
        self.raw |= end.is_err() || (end == Ok(None) && self.buffer.len() > MAX_HEAD);
        end.ok().flatten()
    }

    /// The body, as soon as it is whole.
    fn cut_body(&mut self) -> Option<Unit> {
        let body = self.body.as_mut()?;
        match body.reader.feed(&self.buffer[body.seen..], |_| {}) {
            Ok(used) => body.seen += used,
            Err(_) => self.raw = true,
        }
        self.raw |= self.buffer.len() > MAX_BODY && !body.reader.is_done();
        if self.raw || !body.reader.is_done() {
            return None;
        }
        let body = self.body.take()?;
        Some(self.cut(body.seen, &body.label))
    }

    fn cut(&mut self, end: usize, label: &str) -> Unit {
        self.scan = HeadScan::default();
        let bytes = self.buffer.split_to(end).freeze();
        Unit { from_server: self.from_server, bytes, label: label.to_owned() }
    }

    /// What cannot be framed passes as it comes.
    fn pass_raw(&mut self, units: &mut Vec<Unit>) {
        if self.raw {
            self.body = None;
            if !self.buffer.is_empty() {
                units.push(self.cut(self.buffer.len(), "raw"));
            }
        }
    }
}
