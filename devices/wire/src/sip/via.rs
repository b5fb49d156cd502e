//! Via: the path a request took and its responses take back (RFC 3261 §20.42).

use std::fmt;
use std::net::IpAddr;

use super::scan::{self, Scanner};
use super::uri::{host_ip, scan_host, scan_port};
use super::{Params, ParseError};

/// One Via value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS` or any other token, as spelled.
    pub transport: String,
    /// Host of sent-by: a name or an address, IPv6 in brackets.
    pub host: String,
    /// Port of sent-by; without one it is the transport's default (5060, TLS 5061).
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, `maddr`, `ttl` and others.
    pub params: Params,
}

impl Via {
    /// A value to put into a request: `SIP/2.0/<transport> <host>:<port>;branch=<branch>`.
    pub fn new(transport: &str, host: &str, port: Option<u16>, branch: &str) -> Via {
        let mut params = Params::new();
        params.set("branch", Some(branch));
        Via { transport: transport.to_owned(), host: host.to_owned(), port, params }
    }

    /// Reads one value (no commas outside quotes).
    ///
    /// # Errors
    /// [`ParseError::Syntax`], offsets from the start of `text`.
    pub fn parse(text: &str) -> Result<Via, ParseError> {
        Via::read(text.as_bytes())
    }

    /// The transaction's identifier (RFC 3261 §8.1.1.7); one without a value is none.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The address the request came from, if the next hop noted it (RFC 3261 §18.2.1).
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received").and_then(host_ip)
    }

    /// RFC 3581 §3: `None` without the parameter, `Some(None)` where it only asks, `Some(Some(port))`
    /// where a server filled in the source port.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|port| port.parse().ok())
    }

    pub(super) fn read(value: &[u8]) -> Result<Via, ParseError> {
        let mut scanner = Scanner::new(value);
        let head = scan_head(&mut scanner)?;
        let params = Params::scan(&mut scanner)?;
        scanner.end("the end of the Via value")?;
        Ok(Via { transport: head.0.to_owned(), host: head.1.to_owned(), port: head.2, params })
    }
}

/// Whether a raw value can be read, without reading it into owned parts.
pub(super) fn check(value: &[u8]) -> Result<(), ParseError> {
    let mut scanner = Scanner::new(value);
    scan_head(&mut scanner)?;
    super::params::skip(&mut scanner)?;
    scanner.end("the end of the Via value")
}

/// The branch of a raw Via value, without reading the rest of it into owned parts.
pub(super) fn branch(value: &[u8]) -> Option<&str> {
    let mut scanner = Scanner::new(value);
    scan_head(&mut scanner).ok()?;
    super::params::find(scanner, "branch")
}

impl fmt::Display for Via {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(out, ":{port}")?;
        }
        self.params.fmt(out)
    }
}

/// Transport, host and port; white space may stand around slashes and the colon.
fn scan_head<'a>(scanner: &mut Scanner<'a>) -> Result<(&'a str, &'a str, Option<u16>), ParseError> {
    scanner.skip_lws();
    let start = scanner.clone();
    let protocol = scanner.token("a protocol name")?;
    scanner.expect_separator(b'/', "a slash after the protocol name")?;
    let version = scanner.token("a protocol version")?;
    if !protocol.eq_ignore_ascii_case("SIP") || version != "2.0" {
        return Err(start.error("SIP/2.0"));
    }
    scanner.expect_separator(b'/', "a slash after the protocol version")?;
    let transport = scanner.token("a transport")?;
    if !scanner.peek().is_some_and(|byte| scan::is(byte, scan::LWS)) {
        return Err(scanner.error("white space after the transport"));
    }
    scanner.skip_lws();
    let host = scan_host(scanner)?;
    let port = if scanner.separator(b':') { Some(scan_port(scanner)?) } else { None };
    Ok((transport, host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let text = "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK-1;received=192.0.2.7;rport=1024";
        let via = Via::parse(text).unwrap();
        assert_eq!((via.host.as_str(), via.port), ("[2001:db8::9]", Some(5070)));
        assert_eq!(via.received(), Some([192, 0, 2, 7].into()));
        assert_eq!(via.to_string(), text);
    }

    #[test]
    fn rport_asks_or_tells() {
        let rport = |text| Via::parse(text).unwrap().rport();
        assert_eq!(rport("SIP/2.0/UDP a;branch=z"), None);
        assert_eq!(rport("SIP/2.0/UDP a;branch=z;rport"), Some(None));
        assert_eq!(rport("SIP/2.0/UDP a;branch=z;RPORT=9"), Some(Some(9)));
    }

    #[test]
    fn white_space_may_stand_around_separators() {
        let via = Via::parse("SIP  / 2.0\r\n /  UDP \t a.example : 5062 ;\r\n branch = z9hG4bK2").unwrap();
        assert_eq!(via.to_string(), "SIP/2.0/UDP a.example:5062;branch=z9hG4bK2");
    }

    #[test]
    fn errors_tell_the_byte() {
        let offset = |text| match Via::parse(text) {
            Err(ParseError::Syntax { offset, .. }) => offset,
            other => panic!("{other:?}"),
        };
        assert_eq!(offset("SIP/2.0/UDP 192.0.2.15;;branch=z"), 23);
        assert_eq!(offset("SIP/3.0/UDP a"), 0);
        assert_eq!(offset("SIP/2.0/UDP a:70000"), 14);
        assert_eq!(offset("SIP/2.0/UDP a b"), 14);
    }
}
