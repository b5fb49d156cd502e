//! Header field names, long and compact.

macro_rules! names {
    ($($variant:ident $long:literal $compact:literal $kind:ident;)*) => {
        /// A header field this crate knows by name. Names compare without case and a compact form is
        /// the same name (RFC 3261 §7.3.1, §7.3.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is the header field of that name")]
        pub enum Name {
            $($variant,)*
            /// Any other name; the message has its spelling.
            Other,
        }

        /// The names in the order of the enum: sorted by length, so that a look-up only meets names as
        /// long as the one it looks for.
        const TABLE: &[Row] = &[
            $(Row { name: Name::$variant, long: $long, compact: $compact, kind: Kind::$kind },)*
        ];
    };
}

struct Row {
    name: Name,
    long: &'static str,
    /// The compact form, a space if there is none.
    compact: char,
    kind: Kind,
}

/// Whether commas separate the values of a line (RFC 3261 §7.3.1).
#[derive(PartialEq)]
enum Kind {
    One,
    List,
}

names! {
    To "To" 't' One;
    Via "Via" 'v' List;
    From "From" 'f' One;
    Date "Date" ' ' One;
    CSeq "CSeq" ' ' One;
    RAck "RAck" ' ' One;
    RSeq "RSeq" ' ' One;
    Path "Path" ' ' List;
    Join "Join" ' ' One;
    Allow "Allow" ' ' List;
    Event "Event" 'o' One;
    Route "Route" ' ' List;
    MinSE "Min-SE" ' ' One;
    Accept "Accept" ' ' List;
    Reason "Reason" ' ' List;
    Server "Server" ' ' One;
    CallId "Call-ID" 'i' One;
    Contact "Contact" 'm' List;
    Expires "Expires" ' ' One;
    Require "Require" ' ' List;
    Subject "Subject" 's' One;
    Warning "Warning" ' ' List;
    Privacy "Privacy" ' ' One;
    ReferTo "Refer-To" 'r' One;
    ReplyTo "Reply-To" ' ' One;
    Replaces "Replaces" ' ' One;
    Priority "Priority" ' ' One;
    Identity "Identity" 'y' One;
    SipEtag "SIP-ETag" ' ' One;
    CallInfo "Call-Info" ' ' List;
    Supported "Supported" 'k' List;
    Timestamp "Timestamp" ' ' One;
    Diversion "Diversion" ' ' List;
    UserAgent "User-Agent" ' ' One;
    AlertInfo "Alert-Info" ' ' List;
    ErrorInfo "Error-Info" ' ' List;
    InReplyTo "In-Reply-To" ' ' List;
    MinExpires "Min-Expires" ' ' One;
    ReferredBy "Referred-By" 'b' One;
    RetryAfter "Retry-After" ' ' One;
    Unsupported "Unsupported" ' ' List;
    MaxBreadth "Max-Breadth" ' ' One;
    MaxForwards "Max-Forwards" ' ' One;
    RecordRoute "Record-Route" ' ' List;
    ContentType "Content-Type" 'c' One;
    MimeVersion "MIME-Version" ' ' One;
    Organization "Organization" ' ' One;
    AllowEvents "Allow-Events" 'u' List;
    HistoryInfo "History-Info" ' ' List;
    SipIfMatch "SIP-If-Match" ' ' One;
    ServiceRoute "Service-Route" ' ' List;
    ProxyRequire "Proxy-Require" ' ' List;
    Authorization "Authorization" ' ' One;
    AcceptContact "Accept-Contact" 'a' List;
    RejectContact "Reject-Contact" 'j' List;
    ContentLength "Content-Length" 'l' One;
    AcceptEncoding "Accept-Encoding" ' ' List;
    AcceptLanguage "Accept-Language" ' ' List;
    SessionExpires "Session-Expires" 'x' One;
    ContentEncoding "Content-Encoding" 'e' List;
    ContentLanguage "Content-Language" ' ' List;
    WwwAuthenticate "WWW-Authenticate" ' ' One;
    ProxyAuthenticate "Proxy-Authenticate" ' ' One;
    SubscriptionState "Subscription-State" ' ' One;
    AuthenticationInfo "Authentication-Info" ' ' One;
    PAssertedIdentity "P-Asserted-Identity" ' ' List;
    ContentDisposition "Content-Disposition" ' ' One;
    RequestDisposition "Request-Disposition" 'd' List;
    ProxyAuthorization "Proxy-Authorization" ' ' One;
    PPreferredIdentity "P-Preferred-Identity" ' ' List;
}

impl Name {
    /// The name a spelling stands for, long or compact, in any case.
    pub fn parse(spelled: &[u8]) -> Name {
        if let [letter] = spelled {
            let compact = COMPACT.get(usize::from(letter.to_ascii_lowercase().wrapping_sub(b'a')));
            return compact.copied().unwrap_or(Name::Other);
        }
        let [first, ..] = spelled else { return Name::Other };
        let length = spelled.len().min(LONGEST + 1);
        TABLE[OF_LENGTH[length]..OF_LENGTH[length + 1]]
            .iter()
            .find(|row| {
                row.long.as_bytes()[0].eq_ignore_ascii_case(first)
                    && row.long.as_bytes().eq_ignore_ascii_case(spelled)
            })
            .map_or(Name::Other, |row| row.name)
    }

    /// The long spelling; empty for [`Name::Other`].
    pub fn as_str(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |row| row.long)
    }

    /// Whether one line may hold several values with commas between them.
    pub fn is_list(self) -> bool {
        TABLE.get(self as usize).is_some_and(|row| row.kind == Kind::List)
    }
}

/// Bytes of the longest name.
const LONGEST: usize = TABLE[TABLE.len() - 1].long.len();

/// Where in the table the names of each length begin.
static OF_LENGTH: [usize; LONGEST + 3] = of_length();

const fn of_length() -> [usize; LONGEST + 3] {
    let mut starts = [TABLE.len(); LONGEST + 3];
    let mut row = TABLE.len();
    let mut length = LONGEST + 1;
    while length > 0 {
        length -= 1;
        while row > 0 && TABLE[row - 1].long.len() >= length {
            row -= 1;
        }
        starts[length] = row;
    }
    starts
}

/// The names of the compact forms a to z.
static COMPACT: [Name; 26] = compact();

const fn compact() -> [Name; 26] {
    let mut letters = [Name::Other; 26];
    let mut row = 0;
    while row < TABLE.len() {
        if TABLE[row].compact != ' ' {
            letters[TABLE[row].compact as usize - 'a' as usize] = TABLE[row].name;
        }
        row += 1;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_by_length() {
        assert!(TABLE.is_sorted_by_key(|row| row.long.len()));
    }

    #[test]
    fn every_name_is_found_in_any_case() {
        for row in TABLE {
            assert_eq!(Name::parse(row.long.as_bytes()), row.name);
            assert_eq!(Name::parse(row.long.to_ascii_uppercase().as_bytes()), row.name);
            assert_eq!(row.name.as_str(), row.long);
        }
    }

    #[test]
    fn every_compact_form_is_found() {
        for row in TABLE.iter().filter(|row| row.compact != ' ') {
            let upper = row.compact.to_ascii_uppercase();
            assert_eq!(Name::parse(row.compact.to_string().as_bytes()), row.name);
            assert_eq!(Name::parse(upper.to_string().as_bytes()), row.name);
        }
    }

    #[test]
    fn other_names_are_other() {
        for spelled in ["", "Q", "{", "Vias", "C%6Fntact", "X-Fax", "Proxy-Authorization-And-Much-More"] {
            assert_eq!(Name::parse(spelled.as_bytes()), Name::Other, "{spelled}");
        }
    }
}
