//! Known defects of the independent readers. What they misread for one of these causes is no fault
//! of the message; every excuse is counted, and has a test that shows the defect.

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
            refuses(difference) && head(bytes).lines().any(|line| line.starts_with([' ', '\t']))
        },
    },
    Excuse {
        id: "rsip.ipv6",
        about: "misreads or refuses IPv6 references in brackets (RFC 3261 §25.1)",
        matches: |bytes, _| head(bytes).contains('['),
    },
    Excuse {
        id: "rsip.unknown-method",
        about: "refuses methods that it does not know (RFC 3261 §7.1)",
        matches: |bytes, difference| {
            let known =
                rsip::Method::all().iter().any(|method| head(bytes).starts_with(&format!("{method} ")));
            refuses(difference) && !known && !head(bytes).starts_with("SIP/2.0 ")
        },
    },
    Excuse {
        id: "rsip.compact-names",
        about: "does not know the one-letter header names (RFC 3261 §7.3.3)",
        matches: |bytes, difference| {
            !refuses(difference) && head(bytes).lines().any(|line| line.as_bytes().get(1) == Some(&b':'))
        },
    },
    Excuse {
        id: "rsip.tel",
        about: "misreads tel: addresses (RFC 3966)",
        matches: |bytes, _| head(bytes).contains("tel:"),
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
