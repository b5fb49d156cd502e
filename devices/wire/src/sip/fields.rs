//! Typed views of the header fields that every element needs. Each reads the value when asked.

use super::scan::{self, Scanner};
use super::{Edit, Message, Method, Name, NameAddr, ParseError, Via, address, via};

impl Message {
    /// Sequence number and method of CSeq; `None` if it is missing or malformed.
    pub fn cseq(&self) -> Option<(u32, Method)> {
        let mut scanner = Scanner::new(self.first(Name::CSeq)?.value);
        let number = scan::number(scanner.take_while(|byte| byte.is_ascii_digit()))?;
        if !scan::is(scanner.peek()?, scan::LWS) {
            return None;
        }
        scanner.skip_lws();
        let method = Method::from(scanner.token("a method").ok()?);
        scanner.end("the end of CSeq").ok()?;
        Some((number, method))
    }

    /// The method of CSeq: that of the request, in responses too.
    pub fn cseq_method(&self) -> Option<Method> {
        self.cseq().map(|(_, method)| method)
    }

    /// The Call-ID, to be compared byte by byte (RFC 3261 §8.1.1.4); `None` if missing, empty or not
    /// UTF-8.
    pub fn call_id(&self) -> Option<&str> {
        let value = self.first(Name::CallId)?.value;
        std::str::from_utf8(value).ok().filter(|value| !value.is_empty())
    }

    /// The topmost Via value.
    ///
    /// # Errors
    /// [`ParseError::Missing`], or [`ParseError::Syntax`] with its offset in the message.
    pub fn via(&self) -> Result<Via, ParseError> {
        let (value, offset) = self.first_value(Name::Via)?;
        Via::read(value).map_err(|error| error.shifted(offset))
    }

    /// The branch of the topmost Via, without reading all of it.
    pub fn branch(&self) -> Option<&str> {
        via::branch(self.first_value(Name::Via).ok()?.0)
    }

    /// The From value.
    ///
    /// # Errors
    /// As [`Message::via`].
    pub fn from_(&self) -> Result<NameAddr, ParseError> {
        self.address(Name::From)
    }

    /// The To value.
    ///
    /// # Errors
    /// As [`Message::via`].
    pub fn to(&self) -> Result<NameAddr, ParseError> {
        self.address(Name::To)
    }

    /// The first Contact value.
    ///
    /// # Errors
    /// As [`Message::via`]; `*` (RFC 3261 §10.2.2) is no address.
    pub fn contact(&self) -> Result<NameAddr, ParseError> {
        self.address(Name::Contact)
    }

    /// All values of a field that holds addresses: Contact, Route, Record-Route.
    ///
    /// # Errors
    /// [`ParseError::Syntax`] with its offset in the message, for the first that is none.
    pub fn addresses(&self, name: Name) -> Result<Vec<NameAddr>, ParseError> {
        let values = self.lines(name).flat_map(|header| header.raw_values());
        values.map(|(value, offset)| NameAddr::read(value).map_err(|error| error.shifted(offset))).collect()
    }

    /// The From tag.
    pub fn from_tag(&self) -> Option<&str> {
        address::tag(self.first(Name::From)?.value)
    }

    /// The To tag.
    pub fn to_tag(&self) -> Option<&str> {
        address::tag(self.first(Name::To)?.value)
    }

    /// Max-Forwards, hops; `None` if missing or no 32-bit number.
    pub fn max_forwards(&self) -> Option<u32> {
        scan::number(self.first(Name::MaxForwards)?.value)
    }

    /// Expires, seconds; `None` if missing or no 32-bit number.
    pub fn expires(&self) -> Option<u32> {
        scan::number(self.first(Name::Expires)?.value)
    }

    /// Starts a changed copy.
    pub fn edit(&self) -> Edit {
        Edit::new(self)
    }

    fn address(&self, name: Name) -> Result<NameAddr, ParseError> {
        let (value, offset) = self.first_value(name)?;
        NameAddr::read(value).map_err(|error| error.shifted(offset))
    }

    pub(super) fn first_value(&self, name: Name) -> Result<(&[u8], usize), ParseError> {
        let header = self.first(name).ok_or(ParseError::Missing { name })?;
        Ok(header.raw_values().next().unwrap_or((header.value, header.offset)))
    }
}
