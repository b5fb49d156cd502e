//! Texts with placeholders: what a scenario writes into messages, filled in when the message is at hand.

use std::fmt::Write as _;
use std::net::IpAddr;

use bytes::Bytes;
use faxproof_wire::mime::Fields;
use faxproof_wire::sdp;
use faxproof_wire::sip::Message;

/// The most bytes that a text becomes: as many as a datagram has (RFC 768).
const MOST_BYTES: usize = 65_507;
/// The placeholders, for those who wrote another one.
const KNOWN: &str = "write `{ip HOST}`, `{header NAME}`, `{call-id}`, `{from-tag}`, `{to-tag}`, `{cseq}`, `{cseq+N}`, \
                     `{branch}`, `{contact}`, `{uri}`, `{media-port}`, `{copy}`, `{length}` or `{repeat N TEXT}`, and `{{` for a brace";

/// A text with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Address of a host.
    Ip(String),
    /// Value of a header of the message, SIP or mail.
    Header(String),
    FromTag,
    ToTag,
    /// Number of CSeq, and so much more.
    CSeq(u32),
    Branch,
    Contact,
    Uri,
    MediaPort,
    /// Number of the copy, from 1.
    Copy,
    /// How many bytes follow the first empty line.
    Length,
    Repeat(usize, String),
}

/// From what a text is filled in.
pub struct Context<'a> {
    /// The message on which something is done, if there is one.
    pub message: Option<&'a Bytes>,
    /// Where a host is.
    pub address: &'a dyn Fn(&str) -> Option<IpAddr>,
    /// Which copy it is, from 1.
    pub copy: u32,
}

impl Template {
    /// A text without placeholders; braces are nothing special in it.
    pub fn plain(text: impl Into<String>) -> Template {
        Template { parts: vec![Part::Text(text.into())] }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Which placeholder is none, and what can be written, in two lines.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let behind = &rest[at + 1..];
            if let Some(behind) = behind.strip_prefix(brace) {
                plain.push_str(brace);
                rest = behind;
                continue;
            }
            let Some((inside, behind)) = behind.split_once('}').filter(|_| brace == "{") else {
                return Err(format!("a `{brace}` without its other half\n{KNOWN}"));
            };
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(
                placeholder(inside).ok_or_else(|| format!("unknown placeholder `{{{inside}}}`\n{KNOWN}"))?,
            );
            rest = behind;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Template { parts })
    }

    /// The hosts whose addresses it names.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Ip(host) => Some(host.as_str()),
            _ => None,
        })
    }

    /// Whether it can only be filled in from a message.
    pub fn needs_message(&self) -> bool {
        let free = |part: &Part| {
            matches!(part, Part::Text(_) | Part::Ip(_) | Part::Copy | Part::Length | Part::Repeat(..))
        };
        !self.parts.iter().all(free)
    }

    /// The text, filled in.
    ///
    /// # Errors
    /// What the message does not have.
    pub fn fill(&self, context: &Context<'_>) -> Result<String, String> {
        let message = match context.message.filter(|_| self.needs_message()) {
            Some(bytes) => Some(Read::new(bytes)?),
            None => None,
        };
        let mut text = String::new();
        let mut length_at = None;
        for part in &self.parts {
            if *part == Part::Length {
                length_at = Some(text.len());
            } else {
                part.fill(context, message.as_ref(), &mut text)?;
            }
            if text.len() > MOST_BYTES {
                return Err(format!("more than {MOST_BYTES} bytes"));
            }
        }
        if let Some(at) = length_at {
            let length = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
            text.insert_str(at, &length.to_string());
        }
        Ok(text)
    }
}

impl Part {
    fn fill(&self, context: &Context<'_>, message: Option<&Read>, text: &mut String) -> Result<(), String> {
        let read = || message.ok_or("there is no message");
        let of_message = || read()?.sip();
        let lacks = |what: &str| format!("it has no {what}");
        match self {
            Part::Text(plain) => text.push_str(plain),
            Part::Ip(host) => {
                let ip = (context.address)(host).ok_or_else(|| format!("no host is called `{host}`"))?;
                let _ = write!(text, "{ip}");
            }
            Part::Header(name) => {
                text.push_str(&read()?.header(name).ok_or_else(|| lacks(name))?);
            }
            Part::FromTag => text.push_str(of_message()?.from_tag().ok_or_else(|| lacks("From tag"))?),
            Part::ToTag => text.push_str(of_message()?.to_tag().ok_or_else(|| lacks("To tag"))?),
            Part::CSeq(more) => {
                let (number, _) = of_message()?.cseq().ok_or_else(|| lacks("CSeq"))?;
                let _ = write!(text, "{}", number.saturating_add(*more));
            }
            Part::Branch => text.push_str(of_message()?.branch().ok_or_else(|| lacks("branch"))?),
            Part::Contact => {
                let contact = of_message()?.contact().map_err(|_| lacks("Contact"))?;
                let _ = write!(text, "{}", contact.uri);
            }
            Part::Uri => text.push_str(of_message()?.request_uri().ok_or_else(|| lacks("Request-URI"))?),
            Part::MediaPort => {
                let described = sdp::parse(&of_message()?.body()).ok();
                let port = described.and_then(|described| described.media.first().map(|media| media.port));
                let _ = write!(text, "{}", port.ok_or_else(|| lacks("media line"))?);
            }
            Part::Copy => {
                let _ = write!(text, "{}", context.copy);
            }
            Part::Length => {}
            Part::Repeat(times, plain) => text.push_str(&plain.repeat(*times)),
        }
        Ok(())
    }
}

/// The message on which something is done.
enum Read {
    Sip(Message),
    /// The header of a mail: it is all that a text can name.
    Mail(Fields),
}

impl Read {
    fn new(bytes: &Bytes) -> Result<Read, String> {
        match Message::parse(bytes.clone()) {
            Ok(message) => Ok(Read::Sip(message)),
            Err(_) => Fields::read(bytes).map(Read::Mail).map_err(|error| error.to_string()),
        }
    }

    fn sip(&self) -> Result<&Message, &'static str> {
        match self {
            Read::Sip(message) => Ok(message),
            Read::Mail(_) => Err("it is no SIP message"),
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        match self {
            Read::Sip(message) => message.header_named(name).map(|value| value.to_string()),
            Read::Mail(fields) => fields.text(name),
        }
    }
}

fn placeholder(inside: &str) -> Option<Part> {
    let (word, rest) = inside.split_once(' ').unwrap_or((inside, ""));
    Some(match (word, rest) {
        ("ip", host) if !host.is_empty() => Part::Ip(host.to_owned()),
        ("header", name) if !name.is_empty() => Part::Header(name.to_owned()),
        ("repeat", rest) => {
            let (times, text) = rest.split_once(' ')?;
            let times = times.parse().ok()?;
            text.len().checked_mul(times).filter(|bytes| (1..=MOST_BYTES).contains(bytes))?;
            Part::Repeat(times, text.to_owned())
        }
        (_, "") => match inside {
            "call-id" => Part::Header("Call-ID".to_owned()),
            "from-tag" => Part::FromTag,
            "to-tag" => Part::ToTag,
            "cseq" => Part::CSeq(0),
            "branch" => Part::Branch,
            "contact" => Part::Contact,
            "uri" => Part::Uri,
            "media-port" => Part::MediaPort,
            "copy" => Part::Copy,
            "length" => Part::Length,
            _ => Part::CSeq(inside.strip_prefix("cseq+")?.parse().ok()?),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYE: &str = "BYE sip:b@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
                       From: <sip:a@d>;tag=one\r\nTo: <sip:b@d>;tag=two\r\nCall-ID: c1\r\nCSeq: 7 BYE\r\n\
                       Contact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";

    fn filled(text: &str) -> Result<String, String> {
        filled_from(BYE, text)
    }

    fn filled_from(message: &'static str, text: &str) -> Result<String, String> {
        let message = Bytes::from_static(message.as_bytes());
        let address = |host: &str| (host == "bob").then(|| IpAddr::from([192, 0, 2, 9]));
        Template::parse(text)?.fill(&Context { message: Some(&message), address: &address, copy: 3 })
    }

    #[test]
    fn a_text_is_filled_in_from_the_message() {
        let text = "{call-id} {from-tag} {to-tag} {cseq} {cseq+2} {branch} {contact} {uri} {header from}";
        let expected = "c1 one two 7 9 z9hG4bKx sip:a@192.0.2.1 sip:b@192.0.2.2 <sip:a@d>;tag=one";
        assert_eq!(filled(text).as_deref(), Ok(expected));
    }

    #[test]
    fn the_header_of_a_mail_can_be_named() {
        let mail = "Message-ID: <1@a>\r\nSubject: a\r\n b\r\n\r\nSubject: c\r\n.\r\n";
        assert_eq!(filled_from(mail, "{header message-id} {header Subject}").as_deref(), Ok("<1@a> a b"));
        assert_eq!(filled_from(mail, "{header To}").unwrap_err(), "it has no To");
        assert_eq!(filled_from(mail, "{cseq}").unwrap_err(), "it is no SIP message");
    }

    #[test]
    fn hosts_copies_and_repetitions_need_no_message() {
        let text = "{ip bob} {copy} {repeat 3 ab}{{x}}";
        assert_eq!(filled(text).as_deref(), Ok("192.0.2.9 3 ababab{x}"));
        assert!(!Template::parse(text).unwrap().needs_message());
    }

    #[test]
    fn the_length_is_that_of_what_follows_the_empty_line() {
        assert_eq!(filled("l: {length}\r\n\r\nab\r\n").as_deref(), Ok("l: 4\r\n\r\nab\r\n"));
    }

    #[test]
    fn what_the_message_lacks_is_told() {
        assert_eq!(filled("{media-port}").unwrap_err(), "it has no media line");
        assert_eq!(filled("{header X-No}").unwrap_err(), "it has no X-No");
        assert_eq!(filled("{ip nobody}").unwrap_err(), "no host is called `nobody`");
    }

    #[test]
    fn what_is_no_placeholder_is_refused() {
        for bad in ["{", "}", "{x}", "{ip}", "{repeat 99999999 abc}", "{cseq+}", "{length 1}", "{é}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }
}
