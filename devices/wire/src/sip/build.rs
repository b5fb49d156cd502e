//! New messages.

use bytes::Bytes;

use super::address;
use super::write::{Digits, Writer, decimal};
use super::{Message, Method, Name};

/// Writes a request or a response, line by line in the order of the calls.
///
/// Building cannot fail and cannot be tricked into another line: CR, LF and NUL in a value become
/// spaces, a byte of a name or method that no token may hold becomes `_`, a byte of a Request-URI that
/// is not visible ASCII becomes an escape, a status code is kept within 100 to 699. Content-Length is
/// always written and always right; setting it by hand has no effect.
#[derive(Clone)]
pub struct Builder {
    writer: Writer,
    body: Bytes,
    content_type: Option<String>,
}

impl Builder {
    /// A request without header fields.
    pub fn request(method: Method, uri: &str) -> Builder {
        Builder::new(Writer::request(&method, uri))
    }

    /// A response without header fields; see [`reason_phrase`](super::reason_phrase).
    pub fn response(code: u16, reason: &str) -> Builder {
        Builder::new(Writer::response(code, reason))
    }

    /// A response to a request: every Via in its order, From, To, Call-ID and CSeq are copied (RFC 3261
    /// §8.2.6.2). Record-Route, where it must be copied (§12.1.1), is up to the caller.
    pub fn reply_to(request: &Message, code: u16, reason: &str) -> Builder {
        Builder::reply(request, code, reason, None)
    }

    /// As [`Builder::reply_to`], with a tag of ours on To if the request had none, as every response but
    /// 100 has (RFC 3261 §8.2.6.2).
    pub fn reply_with_tag(request: &Message, code: u16, reason: &str, tag: &str) -> Builder {
        Builder::reply(request, code, reason, Some(tag))
    }

    /// Adds a header line. For a name that [`Name`] does not know use [`Builder::header_named`].
    pub fn header(mut self, name: Name, value: impl AsRef<str>) -> Builder {
        match name {
            Name::ContentLength => {}
            Name::Other => self.writer.line("", value.as_ref().as_bytes()),
            known => self.writer.known(known, value.as_ref().as_bytes()),
        }
        self
    }

    /// Adds a header line under any name.
    pub fn header_named(mut self, name: &str, value: impl AsRef<str>) -> Builder {
        if Name::parse(name.as_bytes()) != Name::ContentLength {
            self.writer.line(name, value.as_ref().as_bytes());
        }
        self
    }

    /// Copies all lines of that name from another message, byte for byte.
    pub fn copy(mut self, message: &Message, name: Name) -> Builder {
        if name != Name::ContentLength {
            message.lines(name).for_each(|header| self.writer.copied(&header));
        }
        self
    }

    /// Sets the body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Builder {
        (self.content_type, self.body) = (Some(content_type.to_owned()), body.into());
        self
    }

    /// Writes Content-Type, Content-Length and the body.
    pub fn finish(mut self) -> Message {
        if let Some(content_type) = &self.content_type {
            self.writer.known(Name::ContentType, content_type.as_bytes());
        }
        let mut digits = Digits::default();
        self.writer.known(Name::ContentLength, decimal(self.body.len(), &mut digits).as_bytes());
        self.writer.finish(&self.body)
    }

    fn new(writer: Writer) -> Builder {
        Builder { writer, body: Bytes::new(), content_type: None }
    }

    fn reply(request: &Message, code: u16, reason: &str, tag: Option<&str>) -> Builder {
        let mut builder = Builder::response(code, reason).copy(request, Name::Via).copy(request, Name::From);
        for to in request.lines(Name::To) {
            match tag {
                Some(tag) if address::tag(to.value).is_none() => builder.writer.tagged(&to, tag),
                _ => builder.writer.copied(&to),
            }
        }
        builder.copy(request, Name::CallId).copy(request, Name::CSeq)
    }
}
