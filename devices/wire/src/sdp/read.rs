//! Reading a session description.

use std::net::IpAddr;

use sdp_types::{Attribute, Connection, ParserError, Session};

use super::{Capability, Description, Media, Reuse, Setup};

/// The longest description that is read, in octets. It has room for a thousand media lines.
pub const MAX_BYTES: usize = 64 * 1024;

/// Why a session description was refused. Whoever wrote it is at fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`MAX_BYTES`].
    #[error("a description of {octets} octets is longer than the {MAX_BYTES} that are read")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// A line does not follow the grammar of RFC 8866 §9.
    #[error("{0}")]
    Grammar(ParserError),
    /// A line with a type letter that RFC 8866 does not know; §5 has the whole description refused.
    #[error("line {line} has the unknown type {letter:?}")]
    UnknownType {
        /// Number of the line, from 1.
        line: usize,
        /// The letter.
        letter: char,
    },
    /// `v=`, `o=`, `s=` and `t=` are mandatory (RFC 8866 §5).
    #[error("the mandatory line {0} is missing")]
    Missing(&'static str),
    /// A word of the origin or of a media line holds what no word may hold (RFC 8866 §9,
    /// `non-ws-string`): a blank that is no space, or a control character.
    #[error("the {what} {text:?} is no word")]
    NoWord {
        /// What it should be.
        what: &'static str,
        /// The text in its place.
        text: String,
    },
    /// A media line has no format (RFC 8866 §5.14).
    #[error("media line {line} names no format")]
    NoFormat {
        /// Place of the media line, from 0.
        line: usize,
    },
    /// `a=setup:` or `a=connection:` with a value that RFC 4145 does not define.
    #[error("media line {line} has the attribute {attribute}:{value}, which nobody defined")]
    UnknownValue {
        /// Place of the media line, from 0.
        line: usize,
        /// Name of the attribute.
        attribute: &'static str,
        /// Its value.
        value: String,
    },
}

/// Reads a session description. Attributes that nobody here understands are ignored (RFC 8866 §5.13),
/// unknown line types are not.
///
/// # Errors
/// [`SdpError`]: the description is too long or breaks RFC 8866 or RFC 4145.
pub fn parse(bytes: &[u8]) -> Result<Description, SdpError> {
    if bytes.len() > MAX_BYTES {
        return Err(SdpError::TooLong { octets: bytes.len() });
    }
    check_line_types(bytes)?;
    let session = Session::parse(bytes).map_err(SdpError::Grammar)?;
    let media = session.medias.iter().enumerate().map(|(line, media)| read_media(line, media));
    Ok(Description {
        media: media.collect::<Result<_, _>>()?,
        connection: session.connection.as_ref().and_then(address),
        declared: session.attributes.iter().filter_map(read_capability).collect(),
        origin_user: word("user", session.origin.username.as_deref().unwrap_or("-"))?,
        id: word("session id", &session.origin.sess_id)?,
        version: session.origin.sess_version,
        origin_address: word("address of the origin", &session.origin.unicast_address)?,
    })
}

/// `cdsc: 1 application TCP smtp http`: number of the first capability, media, transport, formats (RFC
/// 3407 §3.2). One that lacks a part declares nothing.
fn read_capability(attribute: &Attribute) -> Option<Capability> {
    let value = attribute.value.as_deref().filter(|_| attribute.attribute == "cdsc")?;
    let mut words = value.split_ascii_whitespace();
    words.next()?.parse::<u8>().ok()?;
    let (kind, proto) = (words.next()?.to_owned(), words.next()?.to_owned());
    let formats: Vec<String> = words.map(str::to_owned).collect();
    let legible = is_word(&kind) && is_word(&proto) && formats.iter().all(|format| is_word(format));
    (legible && !formats.is_empty()).then_some(Capability { kind, proto, formats })
}

/// The type letters of RFC 8866 §5.
const TYPES: &[u8] = b"vosiuepcbtrzkam";

/// `sdp-types` passes over unknown letters and invents a missing `s=` or `o=`: both are errors here.
fn check_line_types(bytes: &[u8]) -> Result<(), SdpError> {
    let lines = || bytes.split(|&octet| octet == b'\n');
    for (index, line) in lines().enumerate() {
        match line {
            [] | [b'\r'] => {}
            [letter, ..] if TYPES.contains(letter) => {}
            [letter, ..] => {
                return Err(SdpError::UnknownType { line: index + 1, letter: char::from(*letter) });
            }
        }
    }
    let missing = ["v=", "o=", "s=", "t="];
    let missing = missing.into_iter().find(|name| !lines().any(|line| line.starts_with(name.as_bytes())));
    missing.map_or(Ok(()), |name| Err(SdpError::Missing(name)))
}

fn read_media(line: usize, media: &sdp_types::Media) -> Result<Media, SdpError> {
    let formats = media.fmt.split_ascii_whitespace().map(|format| word("format", format));
    let formats = formats.collect::<Result<Vec<_>, _>>()?;
    if formats.is_empty() {
        return Err(SdpError::NoFormat { line });
    }
    let setup = value_of(line, &media.attributes, "setup", Setup::from_token)?;
    let connection = value_of(line, &media.attributes, "connection", Reuse::from_token)?;
    Ok(Media {
        kind: word("media type", &media.media)?,
        port: media.port,
        proto: word("transport", &media.proto)?,
        formats,
        setup,
        connection,
        address: media.connections.first().and_then(address),
    })
}

fn word(what: &'static str, text: &str) -> Result<String, SdpError> {
    if is_word(text) { Ok(text.to_owned()) } else { Err(SdpError::NoWord { what, text: text.to_owned() }) }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace())
}

fn value_of<T>(
    line: usize,
    attributes: &[Attribute],
    name: &'static str,
    from_token: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, SdpError> {
    let Some(attribute) = attributes.iter().find(|attribute| attribute.attribute == name) else {
        return Ok(None);
    };
    let value = attribute.value.as_deref().unwrap_or_default();
    let unknown = || SdpError::UnknownValue { line, attribute: name, value: value.to_owned() };
    from_token(value.trim()).map(Some).ok_or_else(unknown)
}

/// A host name or a foreign network type is no address that a TCP connection here can use.
fn address(connection: &Connection) -> Option<IpAddr> {
    connection.try_address().ok().map(|address| address.ip)
}
