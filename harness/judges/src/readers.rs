//! A second opinion: rsip and smtp-proto read what our own parsers have read. They decide nothing,
//! but what they understand otherwise, other people's devices may understand otherwise too.

use std::fmt::Write as _;

use rsip::headers::{ToTypedHeader, UntypedHeader};
use rsip::message::{HasHeaders, HeadersExt};
use smtp_proto::Request;
use smtp_proto::response::parser::ResponseReceiver;

use crate::evidence::Sip;

/// A point on which two readers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was read: `start line`, `Call-ID`, …; `message` where the other reader refuses it whole.
    pub field: &'static str,
    /// How our parser reads it.
    pub ours: String,
    /// How the other reads it, or why it does not.
    pub theirs: String,
}

/// The first point on which rsip reads a SIP message otherwise than we do; `None` when both agree.
pub fn sip_difference(sip: &Sip, bytes: &[u8]) -> Option<Difference> {
    let theirs = match rsip::SipMessage::try_from(bytes) {
        Ok(message) => message,
        Err(error) => return Some(refused(error.to_string())),
    };
    let typed = |error: rsip::Error| format!("unreadable: {error}");
    let tag = |tag: Option<&rsip::common::uri::param::Tag>| {
        tag.map(|tag| tag.value().to_owned()).unwrap_or_default()
    };
    let cseq = theirs
        .cseq_header()
        .and_then(|cseq| cseq.typed())
        .map(|cseq| format!("{} {}", cseq.seq, cseq.method));
    let from = theirs.from_header().and_then(|from| from.typed()).map(|from| tag(from.tag()));
    let to = theirs.to_header().and_then(|to| to.typed()).map(|to| tag(to.tag()));
    let branch = theirs
        .transaction_id()
        .map(|branch| branch.map(|branch| branch.value().to_owned()).unwrap_or_default());
    let call_id = theirs.call_id_header().map(|call_id| call_id.value().to_owned());
    let vias = theirs.headers().iter().filter(|header| matches!(header, rsip::Header::Via(_))).count();
    let own_vias = sip.message.values(faxproof_wire::sip::Name::Via).count();
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    let pairs = [
        ("start line", own_start(sip), start_of(&theirs)),
        ("Call-ID", sip.call_id.clone(), call_id.unwrap_or_else(typed)),
        ("CSeq", format!("{} {}", sip.cseq.0, sip.cseq.1), cseq.unwrap_or_else(typed)),
        ("From tag", own(&sip.from_tag), from.unwrap_or_else(typed)),
        ("To tag", own(&sip.to_tag), to.unwrap_or_else(typed)),
        ("branch", own(&sip.branch), branch.unwrap_or_else(typed)),
        ("number of Via", own_vias.to_string(), vias.to_string()),
        ("body", hex(&sip.message.body()), hex(theirs.body())),
    ];
    let other = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs);
    other.map(|(field, ours, theirs)| Difference { field, ours, theirs })
}

/// The first point on which smtp-proto reads a command line otherwise than we do.
pub fn command_difference(line: &[u8]) -> Option<Difference> {
    if let Some(difference) = line_end_difference(line) {
        return Some(difference);
    }
    let theirs = match Request::parse(&mut line.iter()) {
        Ok(request) => request,
        Err(error) => return Some(refused(format!("{error:?}"))),
    };
    let text = String::from_utf8_lossy(line);
    let verb = text.trim_end().split(' ').next().unwrap_or_default().to_ascii_uppercase();
    if verb != theirs.name() {
        return Some(Difference { field: "verb", ours: verb, theirs: theirs.name().to_owned() });
    }
    let address = match &theirs {
        Request::Mail { from } => from.address.to_string(),
        Request::Rcpt { to } => to.address.to_string(),
        _ => return None,
    };
    let ours =
        text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path.to_owned());
    let ours = ours.unwrap_or_default();
    (ours != address).then_some(Difference { field: "address", ours, theirs: address })
}

/// The first point on which smtp-proto reads a reply, of one line or more, otherwise than we do.
pub fn reply_difference(reply: &[u8], code: u16) -> Option<Difference> {
    if let Some(difference) = line_end_difference(reply) {
        return Some(difference);
    }
    match ResponseReceiver::default().parse(&mut reply.iter()) {
        Ok(theirs) if theirs.code == code => None,
        Ok(theirs) => {
            Some(Difference { field: "code", ours: code.to_string(), theirs: theirs.code.to_string() })
        }
        Err(error) => Some(refused(format!("{error:?}"))),
    }
}

fn refused(why: String) -> Difference {
    Difference { field: "message", ours: "readable".into(), theirs: why }
}

/// A line ends with CRLF and with nothing else (RFC 5321 §2.3.8); smtp-proto is content with LF.
fn line_end_difference(line: &[u8]) -> Option<Difference> {
    let bare = line.iter().enumerate().any(|(at, byte)| {
        *byte == b'\n' && (at == 0 || line.get(at - 1) != Some(&b'\r'))
            || *byte == b'\r' && line.get(at + 1) != Some(&b'\n')
    });
    let whole = line.ends_with(b"\r\n") && !bare;
    (!whole).then(|| Difference { field: "line end", ours: "not CRLF".into(), theirs: "a line".into() })
}

fn own_start(sip: &Sip) -> String {
    match (&sip.method, sip.code) {
        (Some(method), _) => format!("{method} {}", sip.message.request_uri().unwrap_or_default()),
        (None, code) => code.unwrap_or_default().to_string(),
    }
}

fn start_of(message: &rsip::SipMessage) -> String {
    match message {
        rsip::SipMessage::Request(request) => format!("{} {}", request.method(), request.uri()),
        rsip::SipMessage::Response(response) => response.status_code().code().to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
