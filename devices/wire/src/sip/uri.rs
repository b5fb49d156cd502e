//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966); other schemes are kept as they are.

mod compare;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::scan::{self, Scanner};
use super::{Params, ParseError};

/// The scheme of a URI; schemes compare without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`: TLS all the way (RFC 5630).
    Sips,
    /// `tel` (RFC 3966).
    Tel,
    /// Any other, in lower case; what follows it is not looked into.
    Other(Box<str>),
}

impl Scheme {
    /// The scheme in lower case, without the colon.
    pub fn as_str(&self) -> &str {
        match self {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => "tel",
            Scheme::Other(name) => name,
        }
    }
}

/// A URI in its parts, each as spelled (escapes not undone). `==` compares the spelling;
/// [`Uri::equivalent`] compares the meaning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    /// Which kind of URI.
    pub scheme: Scheme,
    /// The user of a SIP URI, its own parameters included; the number of a tel URI; all that follows
    /// the colon of another scheme.
    pub user: Option<String>,
    /// The password of a SIP URI (its use is NOT RECOMMENDED, RFC 3261 §19.1.1).
    pub password: Option<String>,
    /// The host of a SIP URI, IPv6 in brackets; empty for other schemes.
    pub host: String,
    /// The port; without one the transport's default.
    pub port: Option<u16>,
    /// URI parameters, such as `transport`, `lr`, `user`, `phone-context`.
    pub params: Params,
    /// Header fields to put into a request made from the URI, in order.
    pub headers: Vec<(String, String)>,
}

impl Uri {
    /// Reads a URI.
    ///
    /// # Errors
    /// [`ParseError::Syntax`], offsets from the start of `text`.
    pub fn parse(text: &str) -> Result<Uri, ParseError> {
        let error = |expected, offset| Err(ParseError::Syntax { expected, offset });
        let Some((scheme, rest)) = text.split_once(':') else {
            return error("a URI scheme and a colon", 0);
        };
        let tail = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !scheme.bytes().all(tail) {
            return error("a URI scheme", 0);
        }
        let base = scheme.len() + 1;
        let uri = match scheme.to_ascii_lowercase().as_str() {
            "sip" => parse_sip(Scheme::Sip, rest),
            "sips" => parse_sip(Scheme::Sips, rest),
            "tel" => parse_tel(rest),
            _ if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return error("visible characters after the scheme", base);
            }
            other => Ok(Uri { user: Some(rest.to_owned()), ..Uri::empty(Scheme::Other(other.into())) }),
        };
        uri.map_err(|error| error.shifted(base))
    }

    /// The host as an address, if it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        host_ip(&self.host)
    }

    /// Whether the scheme is `sip` or `sips`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The URI as it may stand in a Request-Line: without `method` and without header fields (RFC 3261
    /// §19.1.1 table 1).
    pub fn as_target(&self) -> Uri {
        let mut target = self.clone();
        target.params.remove("method");
        target.headers.clear();
        target
    }

    fn empty(scheme: Scheme) -> Uri {
        let (params, headers) = (Params::new(), Vec::new());
        Uri { scheme, user: None, password: None, host: String::new(), port: None, params, headers }
    }
}

impl std::str::FromStr for Uri {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Uri, ParseError> {
        Uri::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.scheme.as_str(), self.user.as_deref().unwrap_or_default())?;
        if let Some(password) = &self.password {
            write!(out, ":{password}")?;
        }
        if self.is_sip() && self.user.is_some() {
            out.write_str("@")?;
        }
        out.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(out, ":{port}")?;
        }
        self.params.fmt(out)?;
        for (place, (name, value)) in self.headers.iter().enumerate() {
            write!(out, "{}{name}={value}", if place == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// A host name, an IPv4 address or an IPv6 address in brackets (RFC 3261 §25.1 `host`).
pub(super) fn scan_host<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, ParseError> {
    if scanner.peek() != Some(b'[') {
        return scanner.run(scan::HOST, "a host");
    }
    let start = scanner.clone();
    let mut open = scanner.clone();
    let length = open.take_while(|byte| byte != b']').len() + 1;
    let host = scan::ascii(scanner.take(length));
    if host_ip(host).is_some() { Ok(host) } else { Err(start.error("an IPv6 address in brackets")) }
}

/// A port, digits only.
pub(super) fn scan_port(scanner: &mut Scanner<'_>) -> Result<u16, ParseError> {
    let start = scanner.clone();
    let digits = scanner.take_while(|byte| byte.is_ascii_digit());
    let port = scan::number(digits).and_then(|port| u16::try_from(port).ok());
    port.ok_or_else(|| start.error("a port up to 65535"))
}

/// The address a host stands for, if it is not a name; IPv6 with or without brackets.
pub fn host_ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(rest) => ipv6(rest.strip_suffix(']')?).map(IpAddr::V6),
        None => host.parse().ok().or_else(|| ipv6(host).map(IpAddr::V6)),
    }
}

/// An IPv6 address. By its letter the grammar of RFC 3261 §25.1 wants a third colon between `::` and an
/// IPv4 address, which must be tolerated (RFC 5118 §4.10).
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let mended = || {
        let (before, after) = text.split_once(":::")?;
        after.parse::<Ipv4Addr>().ok()?;
        format!("{before}::{after}").parse().ok()
    };
    text.parse().ok().or_else(mended)
}

fn parse_sip(scheme: Scheme, rest: &str) -> Result<Uri, ParseError> {
    let mut uri = Uri::empty(scheme);
    let mut base = 0;
    if let Some((userinfo, _)) = rest.split_once('@') {
        let (user, password) = match userinfo.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (userinfo, None),
        };
        if user.is_empty() {
            return Err(ParseError::Syntax { expected: "a user before the @", offset: 0 });
        }
        escaped(user, scan::USER, "characters allowed in a user", 0)?;
        escaped(
            password.unwrap_or_default(),
            scan::PASSWORD,
            "characters allowed in a password",
            user.len(),
        )?;
        (uri.user, uri.password) = (Some(user.to_owned()), password.map(str::to_owned));
        base = userinfo.len() + 1;
    }
    let mut scanner = Scanner::new(&rest.as_bytes()[base..]);
    let at = |error: ParseError| error.shifted(base);
    uri.host = scan_host(&mut scanner).map_err(at)?.to_owned();
    if scanner.peek() == Some(b':') {
        scanner.take(1);
        uri.port = Some(scan_port(&mut scanner).map_err(at)?);
    }
    base += scanner.offset();
    let (params, headers) = match rest[base..].split_once('?') {
        Some((params, headers)) => (params, Some(headers)),
        None => (&rest[base..], None),
    };
    uri.params = parse_params(params, base)?;
    base += params.len() + 1;
    for header in headers.into_iter().flat_map(|headers| headers.split('&')) {
        let Some((name, value)) = header.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(ParseError::Syntax { expected: "a header name and value in the URI", offset: base });
        };
        escaped(name, scan::URI_HEADER, "characters allowed in a URI header", base)?;
        escaped(value, scan::URI_HEADER, "characters allowed in a URI header", base + name.len() + 1)?;
        uri.headers.push((name.to_owned(), value.to_owned()));
        base += header.len() + 1;
    }
    Ok(uri)
}

fn parse_tel(rest: &str) -> Result<Uri, ParseError> {
    let (number, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    let digits = number.strip_prefix('+').unwrap_or(number);
    let allowed = |byte: u8| byte.is_ascii_hexdigit() || b"-.()*#".contains(&byte);
    if !digits.bytes().all(allowed)
        || !digits.bytes().any(|byte| byte.is_ascii_hexdigit() || b"*#".contains(&byte))
    {
        return Err(ParseError::Syntax { expected: "a telephone number", offset: 0 });
    }
    let params = parse_params(params, number.len())?;
    Ok(Uri { user: Some(number.to_owned()), params, ..Uri::empty(Scheme::Tel) })
}

/// `;name=value;name`; the text is empty or begins with a semicolon.
fn parse_params(text: &str, mut base: usize) -> Result<Params, ParseError> {
    let mut params = Params::new();
    if text.is_empty() {
        return Ok(params);
    }
    let Some(list) = text.strip_prefix(';') else {
        return Err(ParseError::Syntax { expected: "a parameter or the end of the URI", offset: base });
    };
    for param in list.split(';') {
        base += 1;
        let (name, value) = match param.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (param, None),
        };
        if name.is_empty() {
            return Err(ParseError::Syntax { expected: "a URI parameter name", offset: base });
        }
        escaped(name, scan::URI_PARAM, "characters allowed in a URI parameter", base)?;
        let after_name = base + name.len() + 1;
        escaped(
            value.unwrap_or_default(),
            scan::URI_PARAM,
            "characters allowed in a URI parameter",
            after_name,
        )?;
        params.push(name, value);
        base += param.len();
    }
    Ok(params)
}

/// Checks that text consists of one class of bytes and of `%` escapes.
fn escaped(text: &str, class: u8, expected: &'static str, base: usize) -> Result<(), ParseError> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_hexdigit);
        at += match byte {
            b'%' if hex(at + 1) && hex(at + 2) => 3,
            byte if *byte != b'%' && scan::is(*byte, class) => 1,
            _ => return Err(ParseError::Syntax { expected, offset: base + at }),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests;
