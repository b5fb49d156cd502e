//! Session descriptions (SDP, RFC 8866) as offers and answers (RFC 3264) for TCP media (RFC 4145).
//!
//! A call here negotiates at most a few `m=application <port> TCP <format>` lines, so the model holds
//! just that. The line grammar is the crate `sdp-types`; what it lets pass in silence (a type letter
//! that nobody knows, a missing mandatory line) is refused in [`parse`].

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::net::IpAddr;

pub use read::{MAX_BYTES, SdpError, parse};

/// One session description, reduced to what negotiates a TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// User name of the `o=` line; `-` when there is none (RFC 8866 §5.2).
    pub origin_user: String,
    /// Session id of the `o=` line: digits, the same for the whole dialog.
    pub id: String,
    /// Session version of the `o=` line: rises by one with every changed description (RFC 3264 §8).
    pub version: u64,
    /// Address of the `o=` line as written; it identifies the session and is nothing to connect to.
    pub origin_address: String,
    /// Address of the session's own `c=` line, when it is a literal IP address.
    pub connection: Option<IpAddr>,
    /// Simple capability declaration: `a=sqn:` and `a=cdsc:` of the session (RFC 3407 §3). Empty: none.
    pub declared: Vec<Capability>,
    /// The media descriptions in their order: an answer keeps it (RFC 3264 §6).
    pub media: Vec<Media>,
}

/// One `a=cdsc:` line: what a terminal can do, without offering it (RFC 3407 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Media type, for example `application`.
    pub kind: String,
    /// Transport, for example `TCP`.
    pub proto: String,
    /// Formats in order of preference.
    pub formats: Vec<String>,
}

/// One media description: an `m=` line and the attributes of RFC 4145.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Media type, for example `application`.
    pub kind: String,
    /// Port of the passive side; 9 by custom at the active side; 0 refuses the media or, in a
    /// capability description, means that no connection is meant (RFC 3264 §6, §9).
    pub port: u16,
    /// Transport, for example `TCP` or `TCP/TLS`.
    pub proto: String,
    /// Formats in order of preference: with `TCP` they name the application protocol (RFC 4145 §3).
    pub formats: Vec<String>,
    /// `a=setup:`, when written.
    pub setup: Option<Setup>,
    /// `a=connection:`, when written.
    pub connection: Option<Reuse>,
    /// Address of the media's own `c=` line, when it is a literal IP address.
    pub address: Option<IpAddr>,
}

/// Who opens the TCP connection: the values of `a=setup:` (RFC 4145 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setup {
    /// The writer opens the connection.
    Active,
    /// The writer waits for the connection.
    Passive,
    /// The writer can do both and leaves the choice to the answer.
    ActPass,
    /// No connection for now.
    HoldConn,
}

/// Whether a new TCP connection is wanted: the values of `a=connection:` (RFC 4145 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reuse {
    /// Open a new connection.
    New,
    /// Go on with the one there is.
    Existing,
}

/// What is wrong with an answer, seen from its offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// The answer must have as many media lines as the offer (RFC 3264 §6).
    #[error("the offer has {offered} media lines, the answer {answered}")]
    MediaCount {
        /// Media lines of the offer.
        offered: usize,
        /// Media lines of the answer.
        answered: usize,
    },
    /// Media type and transport of a line must be those of the offer (RFC 3264 §6).
    #[error("media line {line} offers {offered} and is answered by {answered}")]
    MediaKind {
        /// Place of the media line, from 0.
        line: usize,
        /// Type and transport offered.
        offered: String,
        /// Type and transport answered.
        answered: String,
    },
    /// With `TCP`, a format names a protocol: one that was not offered cannot be spoken (RFC 4145 §3).
    #[error("media line {line} answers the format {format}, which was not offered")]
    FormatNotOffered {
        /// Place of the media line, from 0.
        line: usize,
        /// The format in question.
        format: String,
    },
    /// The two `a=setup:` values do not fit (RFC 4145 §4.1).
    #[error("media line {line} answers setup {answered:?} to {offered:?}")]
    Setup {
        /// Place of the media line, from 0.
        line: usize,
        /// Value of the offer, its default included.
        offered: Setup,
        /// Value of the answer, its default included.
        answered: Setup,
    },
    /// A new connection cannot be answered by an existing one (RFC 4145 §5.1).
    #[error("media line {line} answers connection:existing to connection:new")]
    Connection {
        /// Place of the media line, from 0.
        line: usize,
    },
}

impl Setup {
    const ALL: [(Setup, &'static str, &'static [Setup]); 4] = [
        (Setup::Active, "active", &[Setup::Passive, Setup::HoldConn]),
        (Setup::Passive, "passive", &[Setup::Active, Setup::HoldConn]),
        (Setup::ActPass, "actpass", &[Setup::Active, Setup::Passive, Setup::HoldConn]),
        (Setup::HoldConn, "holdconn", &[Setup::HoldConn]),
    ];

    /// The values that may answer this one (RFC 4145 §4.1).
    pub fn answers(self) -> &'static [Setup] {
        Self::ALL[self as usize].2
    }

    /// The value as written in `a=setup:`.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Reads a value of `a=setup:`; `None` for one that RFC 4145 does not know.
    pub fn from_token(token: &str) -> Option<Setup> {
        Self::ALL.iter().find(|(_, text, _)| text.eq_ignore_ascii_case(token)).map(|(setup, ..)| *setup)
    }
}

impl Reuse {
    /// The value as written in `a=connection:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reuse::New => "new",
            Reuse::Existing => "existing",
        }
    }

    /// Reads a value of `a=connection:`; `None` for one that RFC 4145 does not know.
    pub fn from_token(token: &str) -> Option<Reuse> {
        [Reuse::New, Reuse::Existing].into_iter().find(|reuse| reuse.as_str().eq_ignore_ascii_case(token))
    }
}

impl Media {
    /// Port 0: the other side refused this media, or only lists its formats (RFC 3264 §6, §9).
    pub fn is_refused(&self) -> bool {
        self.port == 0
    }

    /// Whether an application protocol over TCP is described, with TLS (RFC 8122) or without.
    pub fn is_application_over_tcp(&self) -> bool {
        is_application_over_tcp(&self.kind, &self.proto)
    }

    /// `a=setup:` of an offer, its default included (RFC 4145 §4.1).
    pub fn offered_setup(&self) -> Setup {
        self.setup.unwrap_or(Setup::Active)
    }

    /// `a=setup:` of an answer, its default included (RFC 4145 §4.1).
    pub fn answered_setup(&self) -> Setup {
        self.setup.unwrap_or(Setup::Passive)
    }
}

impl Description {
    /// The offer "let us talk, media will come": no media line at all (RFC 3264 §5). Also its answer.
    pub fn zero_media(addr: IpAddr, id: impl Into<String>, version: u64) -> Description {
        Description {
            origin_user: "-".into(),
            id: id.into(),
            version,
            origin_address: addr.to_string(),
            connection: Some(addr),
            declared: Vec::new(),
            media: Vec::new(),
        }
    }

    /// The same description with these application protocols over TCP as its simple capability
    /// declaration.
    #[must_use]
    pub fn declaring(mut self, formats: &[impl AsRef<str>]) -> Description {
        self.declared = vec![Capability {
            kind: "application".into(),
            proto: "TCP".into(),
            formats: formats.iter().map(|format| format.as_ref().to_owned()).collect(),
        }];
        self
    }

    /// The protocols of the simple capability declaration, each once, in lower case; `None` where
    /// there is no declaration.
    pub fn declared_protocols(&self) -> Option<Vec<String>> {
        let tcp = |one: &&Capability| is_application_over_tcp(&one.kind, &one.proto);
        let formats = self.declared.iter().filter(tcp).flat_map(|one| &one.formats);
        (!self.declared.is_empty()).then(|| each_once(formats))
    }

    /// One new TCP connection for the protocol `fmt`: see [`Description::adding`].
    pub fn offer_one(
        addr: IpAddr,
        id: impl Into<String>,
        version: u64,
        fmt: impl AsRef<str>,
        setup: Setup,
    ) -> Description {
        Description::zero_media(addr, id, version).adding(&[fmt], setup)
    }

    /// The same description with one more media line: a new TCP connection for one of the protocols
    /// `formats`. An active side writes port 9, since nobody connects to it (RFC 4145 §4.1); for the
    /// other values of `setup` write the port with [`Description::with_port`].
    #[must_use]
    pub fn adding(mut self, formats: &[impl AsRef<str>], setup: Setup) -> Description {
        self.media.push(Media {
            kind: "application".into(),
            port: DISCARD_PORT,
            proto: "TCP".into(),
            formats: formats.iter().map(|format| format.as_ref().to_owned()).collect(),
            setup: Some(setup),
            connection: Some(Reuse::New),
            address: None,
        });
        self
    }

    /// The same description with `port` in its first media line, where it has one.
    pub fn with_port(mut self, port: u16) -> Description {
        if let Some(first) = self.media.first_mut() {
            first.port = port;
        }
        self
    }

    /// What a terminal can speak, without meaning any connection: one media line with port 0 that
    /// lists all formats (RFC 3264 §9). `id` must differ from that of every other description sent.
    pub fn capabilities(
        addr: IpAddr,
        id: impl Into<String>,
        version: u64,
        formats: &[impl AsRef<str>],
    ) -> Description {
        let media = Media {
            kind: "application".into(),
            port: 0,
            proto: "TCP".into(),
            formats: formats.iter().map(|format| format.as_ref().to_owned()).collect(),
            setup: None,
            connection: None,
            address: None,
        };
        Description { media: vec![media], ..Description::zero_media(addr, id, version) }
    }

    /// The protocols that a capability description presents: the formats of all application media
    /// over TCP, each once, in lower case, in the order written. The port is not looked at: another
    /// than 0 is a fault of the presenter, no reason to overlook the list.
    pub fn presented(&self) -> Vec<String> {
        let media = self.media.iter().filter(|media| media.is_application_over_tcp());
        each_once(media.flat_map(|media| &media.formats))
    }

    /// The protocols of those media lines that are not refused: what an answer or an offer is ready for.
    pub fn ready_for(&self) -> Vec<String> {
        let ready = |media: &&Media| media.is_application_over_tcp() && !media.is_refused();
        each_once(self.media.iter().filter(ready).flat_map(|media| &media.formats))
    }

    /// Where to connect to for the media line at `index`: its own address or the session's, which
    /// counts when it has none (RFC 8866 §5.7). `None` when neither is a literal address.
    pub fn address_of(&self, index: usize) -> Option<IpAddr> {
        self.media.get(index)?.address.or(self.connection)
    }

    /// Whether every media line has port 0 and there is at least one: as an answer, a refusal.
    pub fn is_refusal(&self) -> bool {
        !self.media.is_empty() && self.media.iter().all(Media::is_refused)
    }
}

/// Checks an answer against its offer; `None` when it fits. A refused line (port 0) fits whatever
/// else it says, its formats being ignored (RFC 3264 §6): see [`Description::is_refusal`].
pub fn answer_problem(offer: &Description, answer: &Description) -> Option<AnswerProblem> {
    let (offered, answered) = (offer.media.len(), answer.media.len());
    if offered != answered {
        return Some(AnswerProblem::MediaCount { offered, answered });
    }
    offer.media.iter().zip(&answer.media).enumerate().find_map(|(line, (o, a))| line_problem(line, o, a))
}

/// The port that an active side writes: nobody connects to it (RFC 4145 §4.1).
pub const DISCARD_PORT: u16 = 9;

fn is_application_over_tcp(kind: &str, proto: &str) -> bool {
    kind.eq_ignore_ascii_case("application")
        && (proto.eq_ignore_ascii_case("TCP") || proto.eq_ignore_ascii_case("TCP/TLS"))
}

fn each_once<'f>(formats: impl Iterator<Item = &'f String>) -> Vec<String> {
    let mut once = Vec::new();
    for format in formats.map(|format| format.to_ascii_lowercase()) {
        if !once.contains(&format) {
            once.push(format);
        }
    }
    once
}

fn line_problem(line: usize, offer: &Media, answer: &Media) -> Option<AnswerProblem> {
    let same =
        offer.kind.eq_ignore_ascii_case(&answer.kind) && offer.proto.eq_ignore_ascii_case(&answer.proto);
    if !same {
        let name = |media: &Media| format!("{} {}", media.kind, media.proto);
        return Some(AnswerProblem::MediaKind { line, offered: name(offer), answered: name(answer) });
    }
    if answer.is_refused() {
        return None;
    }
    let offers = |format: &String| offer.formats.iter().any(|known| known.eq_ignore_ascii_case(format));
    if let Some(format) = answer.formats.iter().find(|format| !offers(format)) {
        return Some(AnswerProblem::FormatNotOffered { line, format: format.clone() });
    }
    let (offered, answered) = (offer.offered_setup(), answer.answered_setup());
    if !offered.answers().contains(&answered) {
        return Some(AnswerProblem::Setup { line, offered, answered });
    }
    let reuse = |media: &Media| media.connection.unwrap_or(Reuse::New);
    if reuse(offer) == Reuse::New && reuse(answer) == Reuse::Existing {
        return Some(AnswerProblem::Connection { line });
    }
    None
}
