//! Trace fields: what a mail server puts above a mail that it takes (RFC 5321 §4.4).

use std::net::IpAddr;

use mail_builder::headers::date::Date;

use super::compose::LAST_SECOND_OF_9999;
use super::fields::Fields;
use crate::smtp::to_literal;

/// What a server knows of a mail that it takes.
#[derive(Debug, Clone, Copy)]
pub struct Hop<'a> {
    /// The name that the client gave itself.
    pub from: &'a str,
    /// Where the client is.
    pub address: IpAddr,
    /// The server's own name.
    pub by: &'a str,
    /// Whether the client greeted by EHLO (`ESMTP`) or by HELO (`SMTP`).
    pub extended: bool,
    /// The server's name for the mail.
    pub id: &'a str,
    /// When, in seconds since 1970 (UTC).
    pub date_unix_s: i64,
}

impl Hop<'_> {
    /// The field with its CRLF. Of the client's name only what can stand in a domain remains: nothing that
    /// it says can bring a field of its own.
    pub fn to_field(&self) -> String {
        let with = if self.extended { "ESMTP" } else { "SMTP" };
        let name: String =
            self.from.chars().filter(|c| c.is_ascii_alphanumeric() || "-._[]:".contains(*c)).collect();
        let name = if name.is_empty() { "unknown" } else { &name };
        let literal = to_literal(self.address);
        let date = date(self.date_unix_s);
        let Hop { by, id, .. } = self;
        format!("Received: from {name} ({literal})\r\n\tby {by} with {with} id {id};\r\n\t{date}\r\n")
    }
}

/// A date as header fields write it (RFC 5322 §3.3), of seconds since 1970 (UTC).
pub fn date(unix_s: i64) -> String {
    Date::new(unix_s.clamp(0, LAST_SECOND_OF_9999)).to_rfc822()
}

/// The field that final delivery adds: MAIL FROM as it came.
pub fn return_path(path: &str) -> String {
    let path: String = path.chars().filter(|c| c.is_ascii_graphic() && !"<>".contains(*c)).collect();
    format!("Return-Path: <{path}>\r\n")
}

/// How many servers a mail has passed (RFC 5321 §6.3). A header that cannot be read counts as endless.
pub fn hops(raw: &[u8]) -> usize {
    Fields::read(raw).map_or(usize::MAX, |fields| fields.named("Received").count())
}

/// The header of a mail, without the empty line.
pub fn header(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|octets| octets == b"\r\n\r\n").map_or(raw.len(), |at| at + 2);
    &raw[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(from: &str) -> String {
        let address = IpAddr::from([10, 0, 0, 1]);
        let date_unix_s = 1_069_117_200;
        Hop { from, address, by: "mx.b.example", extended: true, id: "q1", date_unix_s }.to_field()
    }

    #[test]
    fn a_server_says_from_whom_and_when_it_took_a_mail() {
        assert_eq!(
            received("a.example"),
            "Received: from a.example ([10.0.0.1])\r\n\tby mx.b.example with ESMTP id q1;\r\n\tTue, 18 Nov 2003 01:00:00 +0000\r\n"
        );
    }

    #[test]
    fn nothing_that_a_client_calls_itself_makes_a_field() {
        assert!(received("x\r\nFrom: evil@x").starts_with("Received: from xFrom:evilx ("));
        assert!(received("()").starts_with("Received: from unknown ("));
        assert_eq!(return_path("a@b>\r\nX: <y"), "Return-Path: <a@bX:y>\r\n");
    }

    #[test]
    fn every_server_is_a_hop() {
        let mail = format!("{}{}Subject: x\r\n\r\nReceived: by nobody\r\n", received("a"), received("b"));
        assert_eq!(hops(mail.as_bytes()), 2);
        assert!(header(mail.as_bytes()).ends_with(b"Subject: x\r\n"));
    }
}
