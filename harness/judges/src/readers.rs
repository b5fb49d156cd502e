//! A second opinion: rsip and smtp-proto read what our own parsers have read. They decide nothing,
//! but what they understand otherwise, other people's devices may understand otherwise too.

use std::fmt::Write as _;

use faxproof_wire::sip::Name;
use faxproof_wire::smtp::{Command, Reply};
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
    let own_vias = sip.message.values(Name::Via).count();
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

/// The first point on which smtp-proto reads a command line otherwise than we do. A line that we
/// refuse is a difference too: smtp-proto is content with LF for a line end, for example.
pub fn command_difference(line: &[u8]) -> Option<Difference> {
    let ours = match Command::parse(line) {
        Ok(command) => command,
        Err(error) => return Some(refused_by_us(error.to_string())),
    };
    let theirs = match Request::parse(&mut line.iter()) {
        Ok(request) => request,
        Err(error) => return Some(refused(format!("{error:?}"))),
    };
    if ours.verb() != theirs.name() {
        return Some(Difference {
            field: "verb",
            ours: ours.verb().to_owned(),
            theirs: theirs.name().to_owned(),
        });
    }
    let (ours, theirs) = match (ours, &theirs) {
        (Command::MailFrom { path, .. }, Request::Mail { from }) => (path, from.address.to_string()),
        (Command::RcptTo { path, .. }, Request::Rcpt { to }) => (path, to.address.to_string()),
        _ => return None,
    };
    (ours != theirs).then_some(Difference { field: "path", ours, theirs })
}

/// The first point on which smtp-proto reads a reply, of one line or more, otherwise than we do.
pub fn reply_difference(reply: &[u8]) -> Option<Difference> {
    let ours = match Reply::parse(reply) {
        Ok(reply) => reply.code.to_string(),
        Err(error) => return Some(refused_by_us(error.to_string())),
    };
    match ResponseReceiver::default().parse(&mut reply.iter()) {
        Ok(theirs) if theirs.code.to_string() == ours => None,
        Ok(theirs) => Some(Difference { field: "code", ours, theirs: theirs.code.to_string() }),
        Err(error) => Some(refused(format!("{error:?}"))),
    }
}

fn refused_by_us(why: String) -> Difference {
    Difference { field: "line", ours: why, theirs: "not asked".into() }
}

fn refused(why: String) -> Difference {
    Difference { field: "message", ours: "readable".into(), theirs: why }
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
