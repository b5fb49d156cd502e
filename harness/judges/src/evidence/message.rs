//! SIP messages as they stand in the trace, each parsed once.

use bytes::Bytes;
use faxproof_reports::{Carrier, Fate, Host, Trace, What};
use faxproof_wire::sdp::{self, Description};
use faxproof_wire::sip::Message;

/// A SIP message in the trace.
#[derive(Debug)]
pub struct Seen {
    /// Position in the trace.
    pub at: usize,
    /// Who sent it.
    pub from: Host,
    /// Whom it was for.
    pub to: Host,
    /// When it was sent, in microseconds.
    pub sent_us: u64,
    /// When it arrived, in microseconds; `None` where it never did.
    pub delivered_us: Option<u64>,
    /// Nobody was there, and the sender may have been told.
    pub unreachable: bool,
    /// A rule of the scenario acted on it: its sender need not have written what is seen.
    pub tampered: bool,
    /// As sent.
    pub bytes: Bytes,
    /// What it says, or why our parser refuses it.
    pub read: Result<Sip, String>,
}

/// What the rules ask of a SIP message.
#[derive(Debug)]
pub struct Sip {
    /// The message itself.
    pub message: Message,
    /// Method of a request.
    pub method: Option<String>,
    /// Status code of a response.
    pub code: Option<u16>,
    /// Number and method of CSeq.
    pub cseq: (u32, String),
    /// Call-ID.
    pub call_id: String,
    /// Tag of From.
    pub from_tag: Option<String>,
    /// Tag of To.
    pub to_tag: Option<String>,
    /// Branch of the topmost Via.
    pub branch: Option<String>,
}

impl Seen {
    /// The message, where it can be read.
    pub fn sip(&self) -> Option<&Sip> {
        self.read.as_ref().ok()
    }
}

impl Sip {
    /// Whether this is a request of this method.
    pub fn is_request(&self, method: &str) -> bool {
        self.method.as_deref() == Some(method)
    }

    /// Whether this is a response to `method` whose code lies in `codes`.
    pub fn is_response(&self, method: &str, codes: std::ops::RangeInclusive<u16>) -> bool {
        self.cseq.1 == method && self.code.is_some_and(|code| codes.contains(&code))
    }

    /// The session description in the body; `None` where there is none or it cannot be read.
    pub fn description(&self) -> Option<Description> {
        let body = self.message.body();
        if body.is_empty() { None } else { sdp::parse(&body).ok() }
    }

    fn new(message: Message) -> Result<Sip, String> {
        let (number, method) = message.cseq().ok_or("its CSeq cannot be read")?;
        let call_id = message.call_id().ok_or("it has no Call-ID")?.to_string();
        Ok(Sip {
            method: message.method().map(|method| method.to_string()),
            code: message.code(),
            cseq: (number, method.to_string()),
            call_id,
            from_tag: message.from_tag().map(|tag| tag.to_string()),
            to_tag: message.to_tag().map(|tag| tag.to_string()),
            branch: message.branch().map(str::to_owned),
            message,
        })
    }
}

/// All SIP messages of the trace in its order: datagrams, and stream units that look like SIP.
pub fn read(trace: &Trace) -> Vec<Seen> {
    let mut seen = Vec::new();
    for (at, entry) in trace.entries.iter().enumerate() {
        let What::Message { from, to, carrier, bytes, fate, .. } = &entry.what else { continue };
        // Empty lines keep a way open and say nothing (RFC 3261 §7.5).
        let empty = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if empty || (matches!(carrier, Carrier::Stream { .. }) && !looks_like_sip(bytes)) {
            continue;
        }
        seen.push(Seen {
            at,
            from: from.clone(),
            to: to.clone(),
            sent_us: entry.at_us,
            delivered_us: delivery(fate),
            unreachable: *fate == Fate::Unreachable,
            tampered: tampered(trace, at),
            bytes: bytes.clone(),
            read: Message::parse(bytes.clone()).map_err(|error| error.to_string()).and_then(Sip::new),
        });
    }
    seen
}

/// Whether the first line ends or begins with the version of SIP (RFC 3261 §7.1, §7.2).
pub fn looks_like_sip(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0")
}

/// When a message arrived, in microseconds.
pub(crate) fn delivery(fate: &Fate) -> Option<u64> {
    match fate {
        Fate::Delivered { at_us } => Some(*at_us),
        Fate::Lost | Fate::Dropped | Fate::Unreachable => None,
    }
}

/// Whether a rule of the scenario acted on the message at this position: the fault stands behind it.
pub(crate) fn tampered(trace: &Trace, at: usize) -> bool {
    matches!(trace.entries.get(at + 1).map(|entry| &entry.what), Some(What::Fault { .. }))
}
