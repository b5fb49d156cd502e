//! The HTTP server of a box: one resource, to which documents are sent.

use bytes::{Bytes, BytesMut};
use faxproof_wire::http::{self, BodyError, BodyReader, Framing, HeadReader, RequestHead};

use crate::turn::ServerTurn;

/// Requests on one connection; with the last the server says that it closes.
const MAX_REQUESTS: u32 = 100;
/// Methods of RFC 9110 §9 that other servers know: 405, where an unknown one gets 501.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];
/// What can be printed.
const ACCEPT: &str = "image/tiff, text/plain, text/html";

/// What stands behind the server.
pub trait Tray {
    /// Takes a document of this Content-Type, the whole of it or nothing, and returns the path under
    /// which it is known from now on. A 2xx takes responsibility.
    ///
    /// # Errors
    /// [`Unprintable`].
    fn take(&mut self, kind: &str, document: &Bytes) -> Result<String, Unprintable>;
}

/// Why a document was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unprintable {
    /// Of a type that cannot be printed: 415.
    Kind,
    /// Damaged: 422, and why.
    Damaged(String),
}

/// How the server is set up.
#[derive(Clone, Debug)]
pub struct ServerHabits {
    /// The one method that it takes documents by.
    pub method: String,
    /// Its one resource.
    pub target: String,
    /// Its own authority, as it stands in an absolute-form target.
    pub authority: String,
    /// The longest document, in octets.
    pub size_limit: u64,
    /// The final response to a document: of 2xx it is printed, else it is turned away unread.
    pub answers_with: u16,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Server {
    habits: ServerHabits,
    heads: HeadReader,
    body: Option<OpenBody>,
    requests: u32,
    /// It has said that it closes: what still comes is thrown away.
    closing: bool,
}

/// A document that is coming.
#[derive(Clone, Debug)]
struct OpenBody {
    kind: String,
    persists: bool,
    reader: BodyReader,
    content: BytesMut,
}

/// An answer without a document.
struct Refusal {
    code: u16,
    text: String,
    field: Option<(&'static str, String)>,
    /// Where the request ends is not known, or it is long: nothing can follow on the connection.
    closes: bool,
}

impl Server {
    /// A server that waits for its first request.
    pub fn new(habits: ServerHabits) -> Self {
        Server { habits, heads: HeadReader::default(), body: None, requests: 0, closing: false }
    }

    /// Whether a request has begun and has not been answered.
    pub fn in_document(&self) -> bool {
        !self.closing && (self.body.is_some() || !self.heads.is_empty())
    }

    /// Bytes came from the client.
    pub fn bytes(&mut self, bytes: &[u8], tray: &mut dyn Tray) -> ServerTurn {
        let mut send = BytesMut::new();
        let was_closing = self.closing;
        let mut progress = !was_closing && !self.in_document();
        let mut feed = Bytes::copy_from_slice(bytes);
        while !self.closing {
            feed = match self.body.take() {
                Some(body) => match self.read_body(body, &feed, tray, &mut send) {
                    Some(rest) => rest,
                    None => break,
                },
                None => {
                    self.heads.feed(&feed);
                    match self.heads.next_head() {
                        Ok(None) => break,
                        Ok(Some(head)) => self.request(&head, &mut send),
                        Err(error) => self.refuse(Refusal::closing(error.code(), &error), false, &mut send),
                    }
                    self.heads.take_rest()
                }
            };
            progress = true;
        }
        ServerTurn { send: send.freeze(), close: self.closing && !was_closing, progress }
    }

    /// A request took too long: 408, and the connection closes (RFC 9110 §15.5.9).
    pub fn timed_out(&mut self) -> Bytes {
        let mut send = BytesMut::new();
        if self.in_document() {
            self.refuse(Refusal::closing(408, "the request did not come to its end"), false, &mut send);
        }
        send.freeze()
    }

    /// What follows the body; `None` where it is not complete.
    fn read_body(
        &mut self,
        mut body: OpenBody,
        bytes: &Bytes,
        tray: &mut dyn Tray,
        send: &mut BytesMut,
    ) -> Option<Bytes> {
        let content = &mut body.content;
        match body.reader.feed(bytes, |octets| content.extend_from_slice(octets)) {
            Ok(used) if body.reader.is_done() => {
                self.taken(body, tray, send);
                Some(bytes.slice(used..))
            }
            Ok(_) => {
                self.body = Some(body);
                None
            }
            Err(error) => {
                let code = if matches!(error, BodyError::TooLarge { .. }) { 413 } else { 400 };
                self.refuse(Refusal::closing(code, error), false, send);
                None
            }
        }
    }

    /// The whole document is there: it is printed before the answer says so.
    fn taken(&mut self, body: OpenBody, tray: &mut dyn Tray, send: &mut BytesMut) {
        let code = self.habits.answers_with;
        let refusal = |code, text: &str| Refusal { code, text: text.to_owned(), field: None, closes: false };
        if !(200..300).contains(&code) {
            return self.refuse(refusal(code, "no documents are taken now"), body.persists, send);
        }
        match tray.take(&body.kind, &body.content.freeze()) {
            Ok(path) => self.answer(code, &[("Location", &path)], "", body.persists, send),
            Err(Unprintable::Kind) => self.refuse(unsupported(false), body.persists, send),
            Err(Unprintable::Damaged(why)) => self.refuse(refusal(422, &why), body.persists, send),
        }
    }

    fn request(&mut self, head: &[u8], send: &mut BytesMut) {
        self.requests += 1;
        let head = match RequestHead::parse(head) {
            Ok(head) => head,
            Err(error) => return self.refuse(Refusal::closing(error.code(), &error), false, send),
        };
        let persists = head.persists() && self.requests < MAX_REQUESTS;
        match self.admit(&head) {
            // RFC 9110 §9.3.2: a response to HEAD has no body.
            Err(refusal) if head.method == "HEAD" => {
                self.refuse(Refusal { text: String::new(), ..refusal }, persists, send);
            }
            Err(refusal) => self.refuse(refusal, persists, send),
            Ok(framing) => {
                if head.expects_continue() {
                    send.extend_from_slice(&http::response(100, &[]));
                }
                let kind = head.fields.first("Content-Type").unwrap_or_default().to_owned();
                let reader = BodyReader::new(framing, self.habits.size_limit);
                self.body = Some(OpenBody { kind, persists, reader, content: BytesMut::new() });
            }
        }
    }

    /// Whether the body of this request may come.
    fn admit(&self, head: &RequestHead) -> Result<Framing, Refusal> {
        let framing = head.framing().map_err(|error| Refusal::closing(error.code(), &error))?;
        // The body behind a refused head is not waited for, so nothing can follow it; but one that its
        // client holds back until a 100 does not come at all.
        let closes = framing != Framing::None && !head.fields.lists("Expect", "100-continue");
        let refuse = |code, text: &str| {
            Err(Refusal { code, text: text.to_owned(), field: None, closes: closes || code == 413 })
        };
        if !METHODS.contains(&&*head.method) {
            return refuse(501, "the method is not known here");
        }
        if head.host().is_err() {
            return Err(Refusal::closing(400, "there must be one Host"));
        }
        let Some(path) = self.path(&head.target) else {
            return refuse(421, "the target is on another host");
        };
        if path.is_empty() {
            return refuse(400, "the target is no path");
        }
        if path != self.habits.target {
            return refuse(404, "there is nothing at this path");
        }
        if head.method != self.habits.method {
            let allow = Some(("Allow", self.habits.method.clone()));
            let text = "documents do not come by this method".to_owned();
            return Err(Refusal { code: 405, text, field: allow, closes });
        }
        let other = head.fields.elements("Expect").find(|it| !it.eq_ignore_ascii_case("100-continue"));
        if other.is_some() {
            // Whoever expects something waits before it sends the body (RFC 9110 §10.1.1).
            let text = "only 100-continue can be expected".to_owned();
            return Err(Refusal { code: 417, text, field: None, closes: false });
        }
        if !is_printable(head.fields.first("Content-Type").unwrap_or_default()) {
            return Err(unsupported(closes));
        }
        match framing {
            Framing::None => refuse(411, "a document needs its length"),
            Framing::Length(length) if length > self.habits.size_limit => {
                refuse(413, &format!("more than {} octets", self.habits.size_limit))
            }
            framing => Ok(framing),
        }
    }

    /// The path of a target, without its query: empty where it is none, `None` on another host.
    fn path<'t>(&self, target: &'t str) -> Option<&'t str> {
        let scheme = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let path = match scheme {
            None => target,
            Some(_) => {
                let (authority, _) = target[7..].split_once(['/', '?']).unwrap_or((&target[7..], ""));
                if !authority.eq_ignore_ascii_case(&self.habits.authority) {
                    return None;
                }
                let path = &target[7 + authority.len()..];
                if path.starts_with('/') { path } else { "/" }
            }
        };
        let path = path.split('?').next().unwrap_or_default();
        Some(if path.starts_with('/') { path } else { "" })
    }

    fn refuse(&mut self, refusal: Refusal, persists: bool, send: &mut BytesMut) {
        let Refusal { code, text, field, closes } = refusal;
        let fields: Vec<(&str, &str)> = field.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.answer(code, &fields, &text, persists && !closes, send);
    }

    fn answer(&mut self, code: u16, more: &[(&str, &str)], text: &str, persists: bool, send: &mut BytesMut) {
        let length = text.len().to_string();
        let mut fields = more.to_vec();
        if !text.is_empty() {
            fields.push(("Content-Type", "text/plain; charset=utf-8"));
        }
        // RFC 9110 §8.6: never in a 204.
        if code != 204 {
            fields.push(("Content-Length", &length));
        }
        if !persists {
            fields.push(("Connection", "close"));
        }
        send.extend_from_slice(&http::response(code, &fields));
        send.extend_from_slice(text.as_bytes());
        self.closing = !persists;
    }
}

impl Refusal {
    fn closing(code: u16, why: impl ToString) -> Refusal {
        Refusal { code, text: why.to_string(), field: None, closes: true }
    }
}

fn unsupported(closes: bool) -> Refusal {
    let text = "this cannot be printed".to_owned();
    Refusal { code: 415, text, field: Some(("Accept", ACCEPT.to_owned())), closes }
}

fn is_printable(kind: &str) -> bool {
    let name = kind.split(';').next().unwrap_or_default().trim();
    ACCEPT.split(", ").any(|known| known.eq_ignore_ascii_case(name))
}
