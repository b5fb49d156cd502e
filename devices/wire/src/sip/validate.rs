//! What a message must carry beyond being readable.

use super::{Message, Name, NameAddr, ParseError, Uri, Via, address, via};

/// The header fields of every message that occur once (RFC 3261 §8.1.1, §8.2.6.2).
const ONCE: [Name; 4] = [Name::To, Name::From, Name::CSeq, Name::CallId];

/// NUL stands nowhere but behind a backslash in quotes (RFC 3261 §25.1, quoted-pair).
fn has_bare_nul(value: &[u8]) -> bool {
    let bare = |at: &usize| at.checked_sub(1).is_none_or(|before| value[before] != b'\\');
    value.iter().enumerate().filter(|(_, byte)| **byte == 0).any(|(at, _)| bare(&at))
}

impl Message {
    /// Checks what every request (RFC 3261 §8.1.1) or response (§8.2.6.2) must carry: one To, From, CSeq
    /// and Call-ID, at least one Via, in requests one Max-Forwards up to 255 and a CSeq that names the
    /// method; and that these, the Request-URI and Contact are what their grammar says.
    ///
    /// # Errors
    /// The first fault found; [`ParseError::status`] tells how to answer it.
    pub fn validate(&self) -> Result<(), ParseError> {
        self.complete()?;
        for (value, offset) in self.lines(Name::Via).flat_map(|header| header.raw_values()) {
            Via::read(value).map_err(|error| error.shifted(offset))?;
        }
        self.from_()?;
        self.to()?;
        for (value, offset) in self.lines(Name::Contact).flat_map(|header| header.raw_values()) {
            if value != b"*" {
                NameAddr::read(value).map_err(|error| error.shifted(offset))?;
            }
        }
        if self.is_request() { self.validate_request_only() } else { Ok(()) }
    }

    /// Checks only what an element needs in order to process a message: To, From, CSeq and Call-ID once
    /// each, a Via, a CSeq that names the method; and that the topmost Via, From and To can be read, for
    /// branch and tags tell where the message belongs. Whatever else is malformed, the URIs of From and To
    /// among it, is ignored by who does not use it (RFC 3261 §16.3 step 1).
    ///
    /// # Errors
    /// The first fault found.
    pub fn complete(&self) -> Result<(), ParseError> {
        for name in ONCE {
            self.once(name)?;
        }
        if self.values(Name::Via).next().is_none() {
            return Err(ParseError::Missing { name: Name::Via });
        }
        for name in ONCE.into_iter().chain([Name::Via]) {
            if self.lines(name).any(|header| has_bare_nul(header.value)) {
                return Err(self.syntax(name, "a value without NUL"));
            }
        }
        self.validate_cseq()?;
        if self.call_id().is_none() {
            return Err(self.syntax(Name::CallId, "a Call-ID"));
        }
        let (via, offset) = self.first_value(Name::Via)?;
        via::check(via).map_err(|error| error.shifted(offset))?;
        for name in [Name::From, Name::To] {
            let (value, offset) = self.first_value(name)?;
            address::check(value).map_err(|error| error.shifted(offset))?;
        }
        Ok(())
    }

    /// As [`Message::validate`], and it must be a request.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate_request(&self) -> Result<(), ParseError> {
        if !self.is_request() {
            return Err(ParseError::StartLine { what: "a response where a request is due", offset: 0 });
        }
        self.validate()
    }

    /// Number below 2^31 and the method of the request (RFC 3261 §8.1.1.5).
    fn validate_cseq(&self) -> Result<(), ParseError> {
        let Some((_, method)) = self.cseq().filter(|(number, _)| *number < 1 << 31) else {
            return Err(self.syntax(Name::CSeq, "a number below 2^31 and a method"));
        };
        match self.method() {
            Some(own) if *own != method => Err(ParseError::CSeqMethod {
                offset: self.first(Name::CSeq).map_or(0, |header| header.offset),
            }),
            _ => Ok(()),
        }
    }

    fn validate_request_only(&self) -> Result<(), ParseError> {
        self.once(Name::MaxForwards)?;
        if self.max_forwards().is_none_or(|hops| hops > 255) {
            return Err(self.syntax(Name::MaxForwards, "a number up to 255"));
        }
        let text = self.request_uri().unwrap_or_default();
        let offset = (text.as_ptr() as usize).saturating_sub(self.raw().as_ptr() as usize);
        let uri = Uri::parse(text).map_err(|error| error.shifted(offset))?;
        // RFC 3261 §19.1.1 table 1: no headers and no method parameter in a Request-URI.
        if uri.headers.is_empty() {
            Ok(())
        } else {
            Err(ParseError::StartLine { what: "the Request-URI has header components", offset })
        }
    }

    fn once(&self, name: Name) -> Result<(), ParseError> {
        let mut lines = self.lines(name);
        if lines.next().is_none() {
            return Err(ParseError::Missing { name });
        }
        match lines.next() {
            Some(second) => Err(ParseError::Repeated { name, offset: second.offset }),
            None => Ok(()),
        }
    }

    fn syntax(&self, name: Name, expected: &'static str) -> ParseError {
        ParseError::Syntax { expected, offset: self.first(name).map_or(0, |header| header.offset) }
    }
}
