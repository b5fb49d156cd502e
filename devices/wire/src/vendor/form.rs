//! What a message of the vendor's carries: header fields and a body, each a template.

use super::template::{Hole, Template, Values};
use crate::sip::{Builder, Message, Name};

/// Header fields and a body. What the holes of all of them say belongs together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Header fields by name.
    pub headers: Vec<(String, Template)>,
    /// The body and its media type; without it the message has no body.
    pub content: Option<(String, Template)>,
}

impl Form {
    /// Writes it into a message.
    pub fn write(&self, message: Builder, values: &Values) -> Builder {
        let headers = self.headers.iter();
        let message =
            headers.fold(message, |message, (name, value)| message.header_named(name, value.fill(values)));
        match &self.content {
            Some((kind, text)) => message.body(kind, text.fill(values)),
            None => message,
        }
    }

    /// What stands in its holes; `None` if the message does not carry this, letter for letter. Other header fields
    /// are nobody's business: servers on the way add some.
    pub fn read(&self, message: &Message) -> Option<Values> {
        let mut values = Values::default();
        for (name, template) in &self.headers {
            let value = message.header_named(name)?;
            template.read(&value, &mut values).then_some(())?;
        }
        let body = message.body();
        match &self.content {
            Some((kind, template)) => {
                let given = message.header(Name::ContentType)?;
                let text = std::str::from_utf8(&body).ok()?;
                // Media types compare without case (RFC 3261 §7.3.1).
                let fits = given.trim().eq_ignore_ascii_case(kind) && template.read(text, &mut values);
                fits.then_some(values)
            }
            None => body.is_empty().then_some(values),
        }
    }

    /// The Info Package that it belongs to (RFC 6086 §4.2.1): parameters of it are not part of its name.
    pub fn package(&self) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(INFO_PACKAGE))?;
        value.source().split(';').next().map(|package| package.trim().to_owned())
    }

    /// Its media type.
    pub fn content_type(&self) -> Option<&str> {
        self.content.as_ref().map(|(kind, _)| kind.as_str())
    }

    /// All holes, in header fields first.
    pub(super) fn holes(&self) -> Vec<Hole> {
        let headers = self.headers.iter().map(|(_, template)| template);
        let body = self.content.iter().map(|(_, template)| template);
        headers.chain(body).flat_map(Template::holes).collect()
    }
}

/// The header field that names an Info Package.
pub(super) const INFO_PACKAGE: &str = "Info-Package";
