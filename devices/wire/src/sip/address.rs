//! From, To, Contact, Route: a URI with a display name and parameters (RFC 3261 §20.10).

use std::fmt;

use super::params::{self, Params, unquoted};
use super::scan::{self, Scanner};
use super::{ParseError, Uri};

/// An address in either form: `"Name" <uri>;params`, or a bare `uri;params`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameAddr {
    /// The display name without quotes; `None` if there is none.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Parameters of the header field, such as `tag` or `expires`; those of the URI are in it.
    pub params: Params,
}

impl NameAddr {
    /// An address without display name and parameters.
    pub fn new(uri: Uri) -> NameAddr {
        NameAddr { display: None, uri, params: Params::new() }
    }

    /// Reads one value. Without angle brackets what follows a semicolon belongs to the header field,
    /// and the URI has neither comma nor question mark (RFC 3261 §20).
    ///
    /// # Errors
    /// [`ParseError::Syntax`], offsets from the start of `text`.
    pub fn parse(text: &str) -> Result<NameAddr, ParseError> {
        NameAddr::read(text.as_bytes())
    }

    /// The tag of a From or To (RFC 3261 §19.3); one without a value is none.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    pub(super) fn read(value: &[u8]) -> Result<NameAddr, ParseError> {
        let mut scanner = Scanner::new(value);
        let (display, uri, offset) = scan_address(&mut scanner)?;
        let params = Params::scan(&mut scanner)?;
        scanner.end("the end of the address")?;
        let Ok(uri) = std::str::from_utf8(uri) else {
            return Err(ParseError::Syntax { expected: "a URI", offset });
        };
        let uri = Uri::parse(uri).map_err(|error| error.shifted(offset))?;
        Ok(NameAddr { display: (!display.is_empty()).then(|| unquoted(display)), uri, params })
    }
}

/// Whether the parts of a raw From or To value can be told apart, so that its tag is known. The URI itself
/// is not looked into.
pub(super) fn check(value: &[u8]) -> Result<(), ParseError> {
    let mut scanner = Scanner::new(value);
    scan_address(&mut scanner)?;
    params::skip(&mut scanner)?;
    scanner.end("the end of the address")
}

/// The tag of a raw From or To value, without reading the rest of it into owned parts.
pub(super) fn tag(value: &[u8]) -> Option<&str> {
    let mut scanner = Scanner::new(value);
    scan_address(&mut scanner).ok()?;
    params::find(scanner, "tag")
}

impl fmt::Display for NameAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            out.write_str("\"")?;
            for letter in display.chars() {
                if matches!(letter, '"' | '\\' | '\0') {
                    out.write_str("\\")?;
                }
                write!(out, "{letter}")?;
            }
            out.write_str("\" ")?;
        }
        write!(out, "<{}>{}", self.uri, self.params)
    }
}

/// The display name as spelled (perhaps empty), the URI, and where the URI begins.
fn scan_address<'a>(scanner: &mut Scanner<'a>) -> Result<(&'a [u8], &'a [u8], usize), ParseError> {
    scanner.skip_lws();
    let display = if scanner.peek() == Some(b'"') {
        let quoted = scanner.quoted()?;
        scanner.skip_lws();
        quoted
    } else {
        let mut words = scanner.clone();
        let tokens = words.take_while(|byte| scan::is(byte, scan::TOKEN | scan::LWS));
        if words.peek() != Some(b'<') {
            return scan_bare_uri(scanner);
        }
        *scanner = words;
        scan::trim(tokens)
    };
    if scanner.peek() != Some(b'<') {
        return Err(scanner.error("an angle bracket before the URI"));
    }
    let offset = scanner.offset() + 1;
    let bracketed = scanner.take_while(|byte| byte != b'>');
    if scanner.peek().is_none() {
        return Err(scanner.error("an angle bracket after the URI"));
    }
    scanner.separator(b'>');
    Ok((display, &bracketed[1..], offset))
}

fn scan_bare_uri<'a>(scanner: &mut Scanner<'a>) -> Result<(&'a [u8], &'a [u8], usize), ParseError> {
    let offset = scanner.offset();
    let uri = scanner.take_while(|byte| !scan::is(byte, scan::LWS) && !b";,?<>\"".contains(&byte));
    if scanner.peek().is_some_and(|byte| b",?<>\"".contains(&byte)) {
        return Err(scanner.error("angle brackets around such a URI"));
    }
    Ok((b"", uri, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let bracketed = NameAddr::parse("\"A \\\"B\\\" <C>\" <sip:a@example.net;lr>;tag=1").unwrap();
        assert_eq!(bracketed.display.as_deref(), Some("A \"B\" <C>"));
        assert!(bracketed.uri.params.has("lr"));
        assert_eq!(bracketed.tag(), Some("1"));
        let bare = NameAddr::parse("sip:a@example.net;tag=2").unwrap();
        assert!(bare.uri.params.is_empty());
        assert_eq!(bare.tag(), Some("2"));
    }

    #[test]
    fn display_name_may_be_tokens() {
        let text = |value| NameAddr::parse(value).unwrap().display;
        assert_eq!(text("Fax  Room <sip:a@b>").as_deref(), Some("Fax  Room"));
        assert_eq!(text("caller<sip:a@b>").as_deref(), Some("caller"));
        assert_eq!(text("<sip:a@b>"), None);
    }

    #[test]
    fn refuses_what_the_grammar_does_not_have() {
        for bad in [
            "Bell, Alexander <sip:a@b>",
            "\"no end <sip:a@b>",
            "\"X\" < sip:a@b >",
            "<sip:a@b",
            "sip:a@b?Route=x",
            "\"X\" sip:a@b",
            "<sip:a@b>;;tag=1",
            "",
        ] {
            assert!(NameAddr::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn writing_and_reading_agree() {
        let mut address = NameAddr::new(Uri::parse("sips:+81312345678@example.net;user=phone").unwrap());
        address.display = Some("Fax \\ \"2\"".into());
        address.params.set("tag", Some("x1"));
        assert_eq!(NameAddr::parse(&address.to_string()), Ok(address));
    }
}
