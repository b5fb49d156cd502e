//! Known defects of the independent readers. What they misread for one of these causes is no fault
//! of the message; every excuse is counted, and has a test that shows the defect.

use bytes::Bytes;
use faxproof_wire::sip::{Message, Scheme, Uri};

use crate::readers::Difference;

/// One defect of a reader.
#[derive(Debug)]
pub struct Excuse {
    /// Identifier: reader and defect.
    pub id: &'static str,
    /// What the reader gets wrong.
    pub about: &'static str,
    /// Whether this message and this difference come from the defect.
    matches: fn(&[u8], &Difference) -> bool,
}

/// All excuses for rsip.
pub const RSIP: &[Excuse] = &[
    Excuse {
        id: "rsip.folding",
        about: "refuses header lines that are folded (RFC 3261 §7.3.1)",
        matches: |bytes, difference| {
            refuses(difference)
                && difference.theirs.contains("Tokenizer error")
                && head(bytes).lines().any(|line| line.starts_with([' ', '\t']))
        },
    },
    Excuse {
        id: "rsip.ipv6",
        about: "takes what follows the first colon in the brackets of an IPv6 reference for a port (RFC 3261 §25.1)",
        matches: |bytes, difference| {
            takes_for_port(difference)
                && place(bytes, difference).is_some_and(|uri| uri.host.starts_with('['))
        },
    },
    Excuse {
        id: "rsip.received-ipv6",
        about: "sees no parameter of Via from a received on that is an IPv6 address (RFC 3261 §25.1, RFC 5118 §4.5)",
        matches: |bytes, difference| {
            difference.field == "branch" && difference.theirs.is_empty() && has_branch_behind_ipv6(bytes)
        },
    },
    Excuse {
        id: "rsip.unknown-method",
        about: "refuses methods that it does not know (RFC 3261 §7.1)",
        matches: |bytes, difference| {
            let known =
                rsip::Method::all().iter().any(|method| head(bytes).starts_with(&format!("{method} ")));
            refuses(difference) && difference.theirs.contains("invalid method") && !known
        },
    },
    Excuse {
        id: "rsip.compact-names",
        about: "does not know the one-letter header names (RFC 3261 §7.3.3)",
        matches: |bytes, difference| {
            let (field, theirs) = (difference.field, &difference.theirs);
            let letter = match field {
                "Call-ID" => 'i',
                "From tag" => 'f',
                "To tag" => 't',
                "branch" | "number of Via" => 'v',
                _ => return false,
            };
            (field == "number of Via" || theirs.contains("missing header")) && has_name(bytes, letter)
        },
    },
    Excuse {
        id: "rsip.tel",
        about: "takes the number of a tel: address for a port (RFC 3966)",
        matches: |bytes, difference| {
            takes_for_port(difference)
                && place(bytes, difference).is_some_and(|uri| uri.scheme == Scheme::Tel)
        },
    },
    Excuse {
        id: "rsip.vias-on-a-line",
        about: "sees only one Via on a line that lists several (RFC 3261 §7.3.1)",
        matches: |bytes, difference| {
            difference.field == "number of Via" && head(bytes).lines().any(lists_vias)
        },
    },
    Excuse {
        id: "rsip.surplus-octets",
        about: "takes everything behind the header for the body, whatever Content-Length says (RFC 3261 §18.3)",
        matches: |_, difference| {
            difference.field == "body"
                && difference.theirs.len() > difference.ours.len()
                && difference.theirs.starts_with(&difference.ours)
        },
    },
];

/// All excuses for smtp-proto.
pub const SMTP_PROTO: &[Excuse] = &[Excuse {
    id: "smtp-proto.private-parameters",
    about: "refuses parameters of MAIL and RCPT that begin with X (RFC 5321 §4.1.5)",
    matches: |bytes, difference| refuses(difference) && has_private_parameter(bytes),
}];

/// The defect that explains this difference, if one does.
pub fn excuse(table: &'static [Excuse], bytes: &[u8], difference: &Difference) -> Option<&'static Excuse> {
    table.iter().find(|excuse| (excuse.matches)(bytes, difference))
}

fn refuses(difference: &Difference) -> bool {
    difference.field == "message"
}

/// Whether rsip has found something behind a colon that is no port.
fn takes_for_port(difference: &Difference) -> bool {
    let why = ["invalid digit found in string", "number too large to fit in target type"];
    why.iter().any(|why| difference.theirs.ends_with(&format!("could not parse part: {why}")))
}

/// The URI that a difference is about; for a Via that of its host.
fn place(bytes: &[u8], difference: &Difference) -> Option<Uri> {
    let message = Message::parse(Bytes::copy_from_slice(bytes)).ok()?;
    match difference.field {
        "message" => Uri::parse(message.request_uri()?).ok(),
        "From tag" => Some(message.from_().ok()?.uri),
        "To tag" => Some(message.to().ok()?.uri),
        "branch" => Uri::parse(&format!("sip:{}", message.via().ok()?.host)).ok(),
        _ => None,
    }
}

/// Whether the topmost Via has a `received` that is an IPv6 address, and its branch behind that.
fn has_branch_behind_ipv6(bytes: &[u8]) -> bool {
    let via = Message::parse(Bytes::copy_from_slice(bytes)).ok().and_then(|message| message.via().ok());
    via.is_some_and(|via| {
        let place = |name: &str| via.params.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        via.received().is_some_and(|ip| ip.is_ipv6()) && place("received") < place("branch")
    })
}

/// Whether a line has this one-letter name.
fn has_name(bytes: &[u8], letter: char) -> bool {
    let named = |line: &str| {
        let name = line.split_once(':').map(|(name, _)| name.trim());
        name.is_some_and(|name| name.len() == 1 && name.eq_ignore_ascii_case(&letter.to_string()))
    };
    head(bytes).lines().any(named)
}

/// Start line and header of a SIP message.
fn head(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
}

fn lists_vias(line: &str) -> bool {
    let via = line.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("via"));
    via && line.contains(',')
}

fn has_private_parameter(bytes: &[u8]) -> bool {
    let line = String::from_utf8_lossy(bytes);
    line.split_once('>')
        .is_some_and(|(_, parameters)| parameters.split(' ').any(|word| word.starts_with(['X', 'x'])))
}

#[cfg(test)]
mod tests;
