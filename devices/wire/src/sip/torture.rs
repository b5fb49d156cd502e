//! Messages that are hard to read or wrong, after RFC 4475 and RFC 5118, with what becomes of each. For tests.

/// A message and its verdicts.
#[derive(Debug)]
pub struct Case {
    /// RFC, section and a short name: the file without `.sip`.
    pub name: &'static str,
    /// What is odd or wrong.
    pub fault: &'static str,
    /// `read`, or the kind of [`ParseError`](super::ParseError).
    pub parse: &'static str,
    /// `valid`, `-` where nothing was read, or the kind of fault that [`Message::validate`](super::Message::validate) finds.
    pub validate: &'static str,
    /// What a fax that is called does: the code of its first final answer, or `recorded`.
    pub fax: &'static str,
    /// What the SIP server does: as the fax; or `forwarded`; or `resolves`, `connects` on the way to that.
    pub server: &'static str,
    /// What the location server does.
    pub location: &'static str,
    /// The datagram.
    pub bytes: &'static [u8],
}

macro_rules! case {
    ($name:literal, $fault:literal, $parse:literal, $validate:literal, $fax:literal, $server:literal, $location:literal) => {
        Case {
            name: $name,
            fault: $fault,
            parse: $parse,
            validate: $validate,
            fax: $fax,
            server: $server,
            location: $location,
            bytes: include_bytes!(concat!("torture/", $name, ".sip")),
        }
    };
}

/// All of them. Columns: name, fault, parse, validate, fax, SIP server, location server.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    case!("4475-3.1.1.01-folding", "folded lines and odd white space", "read", "valid", "481", "408", "404"),
    case!("4475-3.1.1.02-characters", "a wide range of valid characters", "read", "valid", "501", "404", "501"),
    case!("4475-3.1.1.03-escapes", "percent escapes", "read", "valid", "404", "408", "404"),
    case!("4475-3.1.1.04-escaped-nul", "escaped NUL in URIs", "read", "valid", "405", "200", "200"),
    case!("4475-3.1.1.05-percent-no-escape", "a percent sign that is no escape", "read", "valid", "501", "resolves", "501"),
    case!("4475-3.1.1.06-no-space-before-uri", "no white space before <", "read", "valid", "200", "404", "404"),
    case!("4475-3.1.1.07-long-values", "long values", "read", "valid", "404", "404", "404"),
    case!("4475-3.1.1.08-surplus-bytes", "surplus bytes after the body", "read", "valid", "405", "200", "200"),
    case!("4475-3.1.1.09-semicolons-in-user", "semicolons in the user part", "read", "valid", "200", "404", "404"),
    case!("4475-3.1.1.10-transports", "known and unknown transports in Via", "read", "valid", "200", "404", "404"),
    case!("4475-3.1.1.11-multipart", "a body of two parts, one binary", "read", "valid", "405", "connects", "405"),
    case!("4475-3.1.1.12-unusual-reason", "an unusual reason phrase", "read", "valid", "recorded", "recorded", "recorded"),
    case!("4475-3.1.1.13-empty-reason", "an empty reason phrase", "read", "valid", "recorded", "recorded", "recorded"),
    case!("4475-3.1.2.01-separators", "surplus separators in Via and Contact", "read", "Syntax", "400", "400", "400"),
    case!("4475-3.1.2.02-length-too-large", "Content-Length above what is there", "BodyTooShort", "-", "400", "400", "400"),
    case!("4475-3.1.2.03-length-negative", "a negative Content-Length", "Syntax", "-", "400", "400", "400"),
    case!("4475-3.1.2.04-request-scalars", "numbers of a request beyond their range", "read", "Syntax", "400", "400", "400"),
    case!("4475-3.1.2.05-response-scalars", "numbers of a response beyond their range", "read", "Syntax", "recorded", "recorded", "recorded"),
    case!("4475-3.1.2.06-open-quote", "a quote in To that is not closed", "read", "Syntax", "400", "400", "400"),
    case!("4475-3.1.2.07-brackets", "Request-URI in angle brackets", "StartLine", "-", "400", "400", "400"),
    case!("4475-3.1.2.08-space-in-uri", "white space in the Request-URI", "StartLine", "-", "400", "400", "400"),
    case!("4475-3.1.2.09-two-spaces", "two spaces in the Request-Line", "StartLine", "-", "400", "400", "400"),
    case!("4475-3.1.2.10-spaces-at-end", "spaces after the SIP version", "StartLine", "-", "400", "400", "400"),
    case!("4475-3.1.2.11-headers-in-uri", "header components in the Request-URI", "read", "StartLine", "488", "400", "302"),
    case!("4475-3.1.2.12-date-zone", "a Date that is not in GMT", "read", "valid", "488", "forwarded", "302"),
    case!("4475-3.1.2.13-no-brackets", "Contact with header components, without angle brackets", "read", "Syntax", "405", "400", "400"),
    case!("4475-3.1.2.14-spaces-in-address", "spaces around the URI of To", "read", "Syntax", "200", "forwarded", "302"),
    case!("4475-3.1.2.15-display-name", "a comma in an unquoted display name", "read", "Syntax", "400", "400", "400"),
    case!("4475-3.1.2.16-version", "SIP version 8.0", "Version", "-", "505", "505", "505"),
    case!("4475-3.1.2.17-other-method", "CSeq names another known method", "read", "CSeqMethod", "400", "400", "400"),
    case!("4475-3.1.2.18-unknown-other-method", "an unknown method, and CSeq names another", "read", "CSeqMethod", "501", "501", "501"),
    case!("4475-3.1.2.19-big-code", "a status code beyond 699", "StartLine", "-", "recorded", "recorded", "recorded"),
    case!("4475-3.2.1-no-branch-id", "a branch that is only the magic cookie", "read", "valid", "200", "forwarded", "302"),
    case!("4475-3.3.01-missing-fields", "no From, To, Call-ID", "read", "Missing", "400", "400", "400"),
    case!("4475-3.3.02-unknown-scheme", "an unknown scheme in the Request-URI", "read", "valid", "416", "416", "416"),
    case!("4475-3.3.03-odd-scheme", "a known scheme of another protocol in the Request-URI", "read", "valid", "416", "416", "416"),
    case!("4475-3.3.04-schemes-in-fields", "unknown schemes in To, From and Contact", "read", "valid", "405", "400", "400"),
    case!("4475-3.3.05-require", "unknown extensions in Require and Proxy-Require", "read", "valid", "420", "420", "420"),
    case!("4475-3.3.06-content-type", "a body of unknown type", "read", "valid", "415", "forwarded", "302"),
    case!("4475-3.3.07-authorization", "an unknown Authorization scheme", "read", "valid", "405", "200", "200"),
    case!("4475-3.3.08-two-of-each", "two of each field that occurs once", "read", "Repeated", "400", "400", "400"),
    case!("4475-3.3.09-two-lengths", "two Content-Length fields", "Repeated", "-", "400", "400", "400"),
    case!("4475-3.3.10-broadcast-via", "a response to be forwarded to the broadcast address", "read", "valid", "recorded", "recorded", "recorded"),
    case!("4475-3.3.11-no-hops", "Max-Forwards of zero", "read", "valid", "200", "483", "302"),
    case!("4475-3.3.12-contact-parameter", "a parameter of Contact outside its URI", "read", "valid", "405", "200", "200"),
    case!("4475-3.3.13-uri-parameter", "a parameter of Contact within its URI", "read", "valid", "405", "200", "200"),
    case!("4475-3.3.14-contact-headers", "header components in the URI of Contact", "read", "valid", "405", "200", "200"),
    case!("4475-3.3.15-accept", "Accept without SDP", "read", "valid", "406", "forwarded", "302"),
    case!("4475-3.4.1-rfc2543", "an INVITE as of RFC 2543", "read", "Missing", "488", "forwarded", "302"),
    case!("5118-4.01-reference", "an IPv6 reference in Request-URI, Via and Contact", "read", "valid", "200", "forwarded", "404"),
    case!("5118-4.02-no-brackets", "an IPv6 address in the Request-URI without brackets", "read", "Syntax", "400", "400", "400"),
    case!("5118-4.03-port-within", "what was meant as the port within the brackets", "read", "valid", "200", "forwarded", "404"),
    case!("5118-4.04-port-outside", "ports behind the brackets", "read", "valid", "200", "forwarded", "404"),
    case!("5118-4.05-received-brackets", "received with brackets", "read", "valid", "481", "forwarded", "405"),
    case!("5118-4.05-received-plain", "received without brackets", "read", "valid", "200", "forwarded", "302"),
    case!("5118-4.06-sdp", "IPv6 addresses in the SDP", "read", "valid", "200", "forwarded", "302"),
    case!("5118-4.07-mixed-vias", "IPv4 and IPv6 in one list of Vias", "read", "valid", "481", "forwarded", "405"),
    case!("5118-4.08-mixed-sdp", "media at an IPv4 and at an IPv6 address", "read", "valid", "488", "forwarded", "302"),
    case!("5118-4.09-mapped", "IPv4-mapped IPv6 addresses in Via, Contact and SDP", "read", "valid", "200", "forwarded", "302"),
    case!("5118-4.10-three-colons", "a third colon before the IPv4 address within an IPv6 reference", "read", "valid", "200", "forwarded", "404"),
    case!("5118-4.10-two-colons", "an IPv4 address within an IPv6 reference", "read", "valid", "200", "forwarded", "404"),
];
