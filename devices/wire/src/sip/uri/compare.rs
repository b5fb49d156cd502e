//! What URIs mean: equivalence, the address-of-record, the telephone number.

use std::borrow::Cow;

use super::{Scheme, Uri, host_ip};

/// Parameters that make two URIs differ even if only one has them (RFC 3261 §19.1.4; `transport` by
/// that section's examples).
const DISTINGUISHING: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

impl Uri {
    /// Whether two URIs are equivalent (RFC 3261 §19.1.4, for tel RFC 3966 §4). Other schemes compare
    /// byte by byte.
    pub fn equivalent(&self, other: &Uri) -> bool {
        let same_head = self.scheme == other.scheme && self.port == other.port;
        match self.scheme {
            Scheme::Other(_) => self == other,
            Scheme::Tel => same_head && same_number(self, other) && same_params(self, other, true),
            Scheme::Sip | Scheme::Sips => {
                same_head
                    && same_text(self.user.as_deref(), other.user.as_deref())
                    && same_text(self.password.as_deref(), other.password.as_deref())
                    && same_host(&self.host, &other.host)
                    && same_params(self, other, false)
                    && same_headers(self, other)
            }
        }
    }

    /// The canonical form under which a registrar keeps bindings (RFC 3261 §10.3 step 5): scheme, user,
    /// host and port without parameters and headers, the host in lower case, escapes undone. The escape
    /// of `%` itself, and of bytes that are not UTF-8, stays, so that two users never become one.
    pub fn aor(&self) -> String {
        let mut aor = format!("{}:", self.scheme.as_str());
        match self.scheme {
            Scheme::Tel => {
                aor.push_str(&self.number_digits().or_else(|| self.user.clone()).unwrap_or_default())
            }
            Scheme::Other(_) => aor.push_str(self.user.as_deref().unwrap_or_default()),
            Scheme::Sip | Scheme::Sips => {
                for (part, end) in [(&self.user, ""), (&self.password, ":")] {
                    let Some(part) = part else { continue };
                    aor.push_str(end);
                    match decoded(part) {
                        Some(plain) => aor.push_str(&plain.replace('%', "%25")),
                        None => aor.push_str(part),
                    }
                }
                aor.push_str(if self.user.is_some() { "@" } else { "" });
            }
        }
        aor.push_str(&self.host.to_ascii_lowercase());
        if let Some(port) = self.port {
            aor.push_str(&format!(":{port}"));
        }
        aor
    }

    /// The telephone number a URI stands for: that of a tel URI, or a SIP user of digits (with or
    /// without `user=phone`). Visual separators (RFC 3966 §5.1.1) are removed, a leading `+` stays;
    /// `None` if there are no digits or anything else.
    pub fn number_digits(&self) -> Option<String> {
        if matches!(self.scheme, Scheme::Other(_)) {
            return None;
        }
        let user = unescaped(self.user.as_deref()?);
        let number = user.split(';').next().unwrap_or_default();
        let digits: String = number.chars().filter(|letter| !"-.()".contains(*letter)).collect();
        let bare = digits.strip_prefix('+').unwrap_or(&digits);
        let numeric = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        numeric.then_some(digits)
    }
}

fn same_number(one: &Uri, other: &Uri) -> bool {
    let plain = |uri: &Uri| {
        let number = uri.user.as_deref().unwrap_or_default();
        number.chars().filter(|letter| !"-.()".contains(*letter)).collect::<String>().to_ascii_lowercase()
    };
    plain(one) == plain(other)
}

/// Names and addresses compare without case, an IPv6 address by its value.
fn same_host(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || host_ip(one).is_some_and(|address| host_ip(other) == Some(address))
}

fn same_text(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => unescaped(one) == unescaped(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Parameters both have must agree; those only one has matter if they are `DISTINGUISHING`, or always.
fn same_params(one: &Uri, other: &Uri, always: bool) -> bool {
    let text = |value: Option<&str>| unescaped(value.unwrap_or_default()).to_ascii_lowercase();
    let covers = |one: &Uri, other: &Uri| {
        one.params.iter().all(|(name, value)| {
            let name = unescaped(name);
            let is_twin = |twin: &str| unescaped(twin).eq_ignore_ascii_case(&name);
            let mut twins = other.params.iter().filter(|(twin, _)| is_twin(twin)).peekable();
            match twins.peek() {
                Some(_) => twins.any(|(_, twin)| text(twin) == text(value)),
                None => !always && !DISTINGUISHING.iter().any(|known| known.eq_ignore_ascii_case(&name)),
            }
        })
    };
    covers(one, other) && covers(other, one)
}

/// Header components are never ignored; their order is.
fn same_headers(one: &Uri, other: &Uri) -> bool {
    let sorted = |uri: &Uri| {
        let plain = |(name, value): &(String, String)| {
            (unescaped(name).to_ascii_lowercase(), unescaped(value).into_owned())
        };
        let mut headers: Vec<(String, String)> = uri.headers.iter().map(plain).collect();
        headers.sort();
        headers
    };
    sorted(one) == sorted(other)
}

/// The text with its `%` escapes undone, once; as spelled if they do not give UTF-8.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    decoded(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, left) = if *first == b'%' { escape(tail) } else { None }.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8(bytes).ok()
}

/// The byte that two hexadecimal digits stand for, and what follows them.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    let hex = |digit: u8| char::from(digit).to_digit(16);
    let byte = hex(digits[0])? << 4 | hex(digits[1])?;
    Some((u8::try_from(byte).ok()?, rest))
}
