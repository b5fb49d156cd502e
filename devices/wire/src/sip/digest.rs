//! Digest access authentication (RFC 3261 §22, RFC 8760): challenges and credentials, read and written.
//!
//! Basic is not known here: RFC 3261 §22 forbids it. Of the qualities of protection only `auth` is known;
//! RFC 8760 §2.6 has every server name one.

use std::fmt;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::ParseError;
use super::params::unquoted;
use super::scan::Scanner;

/// What this scheme is called in a header field.
const SCHEME: &str = "Digest";
/// Parameters of one value; nobody needs more.
const MAX_PARAMS: usize = 32;

/// A hash of this scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RFC 1321; weak, and still the only one of many boxes.
    Md5,
    /// FIPS 180-4 with 256 bits.
    Sha256,
}

impl Algorithm {
    /// Its token (RFC 7616 §6.1).
    pub fn token(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// The algorithm of this name. The `-sess` forms are others.
    pub fn of(token: &str) -> Option<Algorithm> {
        [Algorithm::Md5, Algorithm::Sha256]
            .into_iter()
            .find(|known| known.token().eq_ignore_ascii_case(token))
    }

    /// The hash in small hexadecimal digits.
    fn hash(self, text: &str) -> String {
        let bytes = match self {
            Algorithm::Md5 => Md5::digest(text).to_vec(),
            Algorithm::Sha256 => Sha256::digest(text).to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A challenge: value of WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// For whose realm credentials are wanted.
    pub realm: String,
    /// To be hashed with the password.
    pub nonce: String,
    /// To be sent back as it is.
    pub opaque: Option<String>,
    /// The algorithm, if we know it; MD5 where none is named.
    pub algorithm: Option<Algorithm>,
    /// Whether the credentials were right, and only their nonce too old.
    pub stale: bool,
    /// Whether `auth` is among the qualities offered.
    pub auth: bool,
}

impl Challenge {
    /// Reads a challenge of this scheme.
    ///
    /// # Errors
    /// Where in the value something else stood: another scheme, say.
    pub fn parse(value: &str) -> Result<Challenge, ParseError> {
        let params = Fields::parse(value)?;
        let algorithm = params.text("algorithm");
        let qualities = params.text("qop").unwrap_or_default();
        Ok(Challenge {
            realm: params.needed("realm")?,
            nonce: params.needed("nonce")?,
            opaque: params.text("opaque"),
            algorithm: algorithm.map_or(Some(Algorithm::Md5), |token| Algorithm::of(&token)),
            stale: params.text("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            auth: qualities.split(',').any(|quality| quality.trim().eq_ignore_ascii_case("auth")),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{SCHEME} realm={}, nonce={}", quoted(&self.realm), quoted(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(out, ", opaque={}", quoted(opaque))?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(out, ", algorithm={}", algorithm.token())?;
        }
        out.write_str(if self.auth { ", qop=\"auth\"" } else { "" })?;
        out.write_str(if self.stale { ", stale=true" } else { "" })
    }
}

/// Credentials: value of Authorization or Proxy-Authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Whose they are.
    pub username: String,
    /// As in the challenge.
    pub realm: String,
    /// As in the challenge.
    pub nonce: String,
    /// The Request-URI as it was sent.
    pub uri: String,
    /// The algorithm, if we know it.
    pub algorithm: Option<Algorithm>,
    /// A value of the client's.
    pub cnonce: String,
    /// How many requests the client has sent with this nonce.
    pub nc: u32,
    /// As in the challenge.
    pub opaque: Option<String>,
    /// The proof that the client knows the password.
    pub response: String,
}

impl Credentials {
    /// Reads credentials of this scheme with `qop=auth`.
    ///
    /// # Errors
    /// Where in the value something else stood.
    pub fn parse(value: &str) -> Result<Credentials, ParseError> {
        let params = Fields::parse(value)?;
        let algorithm = params.text("algorithm");
        let nc = params.needed("nc")?;
        let wrong = |expected| ParseError::Syntax { expected, offset: 0 };
        if !params.needed("qop")?.eq_ignore_ascii_case("auth") {
            return Err(wrong("qop=auth"));
        }
        let counted = nc.len() == 8 && nc.bytes().all(|digit| digit.is_ascii_hexdigit());
        let nc = u32::from_str_radix(&nc, 16).ok().filter(|_| counted);
        Ok(Credentials {
            username: params.needed("username")?,
            realm: params.needed("realm")?,
            nonce: params.needed("nonce")?,
            uri: params.needed("uri")?,
            algorithm: algorithm.map_or(Some(Algorithm::Md5), |token| Algorithm::of(&token)),
            cnonce: params.needed("cnonce")?,
            nc: nc.ok_or_else(|| wrong("nc of 8 hexadecimal digits"))?,
            opaque: params.text("opaque"),
            response: params.needed("response")?,
        })
    }

    /// The same with the response that this password makes for a request of this method.
    #[must_use]
    pub fn signed(mut self, method: &str, password: &str) -> Credentials {
        self.response = self.expected(method, password).unwrap_or_default();
        self
    }

    /// Whether whoever wrote them knew the password.
    pub fn are_right(&self, method: &str, password: &str) -> bool {
        self.expected(method, password).is_some_and(|right| right.eq_ignore_ascii_case(&self.response))
    }

    /// RFC 7616 §3.4.1 with `qop=auth`.
    fn expected(&self, method: &str, password: &str) -> Option<String> {
        let algorithm = self.algorithm?;
        let who = algorithm.hash(&format!("{}:{}:{password}", self.username, self.realm));
        let what = algorithm.hash(&format!("{method}:{}", self.uri));
        let (nonce, nc, cnonce) = (&self.nonce, self.nc, &self.cnonce);
        Some(algorithm.hash(&format!("{who}:{nonce}:{nc:08x}:{cnonce}:auth:{what}")))
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (username, realm) = (quoted(&self.username), quoted(&self.realm));
        write!(out, "{SCHEME} username={username}, realm={realm}, nonce={}", quoted(&self.nonce))?;
        write!(out, ", uri={}, response={}", quoted(&self.uri), quoted(&self.response))?;
        if let Some(algorithm) = self.algorithm {
            write!(out, ", algorithm={}", algorithm.token())?;
        }
        write!(out, ", cnonce={}", quoted(&self.cnonce))?;
        if let Some(opaque) = &self.opaque {
            write!(out, ", opaque={}", quoted(opaque))?;
        }
        // RFC 7616 §3.4: qop and nc stand without quotes here.
        write!(out, ", qop=auth, nc={:08x}", self.nc)
    }
}

/// The parameters behind the name of the scheme, by name.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(value: &str) -> Result<Fields, ParseError> {
        let mut scanner = Scanner::new(value.as_bytes());
        scanner.skip_lws();
        if !scanner.token("a scheme")?.eq_ignore_ascii_case(SCHEME) {
            return Err(scanner.error("the scheme Digest"));
        }
        let mut fields = Fields(Vec::new());
        scanner.skip_lws();
        loop {
            let name = scanner.token("the name of a parameter")?.to_ascii_lowercase();
            scanner.expect_separator(b'=', "`=`")?;
            let text = match scanner.peek() {
                Some(b'"') => unquoted(scanner.quoted()?),
                _ => scanner.token("the value of a parameter")?.to_owned(),
            };
            // Two values of one name leave open which was meant.
            if fields.text(&name).is_some() || fields.0.len() >= MAX_PARAMS {
                return Err(scanner.error("a parameter once"));
            }
            fields.0.push((name, text));
            if !scanner.separator(b',') {
                scanner.end("the end of the value")?;
                return Ok(fields);
            }
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
    }

    fn needed(&self, name: &'static str) -> Result<String, ParseError> {
        self.text(name).ok_or(ParseError::Syntax { expected: name, offset: 0 })
    }
}

/// A quoted string (§25.1): quotes and backslashes in it are escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(algorithm: Algorithm) -> Credentials {
        Credentials {
            username: "+815000009999".to_owned(),
            realm: "sip.example.net".to_owned(),
            nonce: "dcd98b7102dd2f0e".to_owned(),
            uri: "sip:+815012345678@sip.example.net;user=phone".to_owned(),
            algorithm: Some(algorithm),
            cnonce: "0a4f113b".to_owned(),
            nc: 1,
            opaque: None,
            response: String::new(),
        }
    }

    #[test]
    fn responses_are_those_that_the_formulas_give() {
        let md5 = "15582f404ac000210dde76489046ad85";
        let sha256 = "6765aff7ae968fa9d3beda2e6fb5c934bea396016ab03d161502fcc2035ed610";
        for (algorithm, response) in [(Algorithm::Md5, md5), (Algorithm::Sha256, sha256)] {
            let signed = credentials(algorithm).signed("INVITE", "secret");
            assert_eq!(signed.response, response);
            assert!(signed.are_right("INVITE", "secret"));
            assert!(!signed.are_right("INVITE", "Secret"));
            assert!(!signed.are_right("BYE", "secret"), "the method is part of it");
        }
    }

    #[test]
    fn credentials_are_read_as_they_were_written() {
        let mut written = credentials(Algorithm::Sha256).signed("INVITE", "secret");
        written.realm = "a \"quoted\" \\ realm, with commas".to_owned();
        written.opaque = Some(String::new());
        assert_eq!(Credentials::parse(&written.to_string()), Ok(written));
    }

    #[test]
    fn challenges_are_read_as_they_were_written() {
        let written = Challenge {
            realm: "x=\"y\", z".to_owned(),
            nonce: "n".to_owned(),
            opaque: Some("o\\".to_owned()),
            algorithm: Some(Algorithm::Sha256),
            stale: true,
            auth: true,
        };
        assert_eq!(Challenge::parse(&written.to_string()), Ok(written));
    }

    #[test]
    fn a_challenge_without_algorithm_means_md5_and_one_with_a_strange_one_is_not_known() {
        let plain = Challenge::parse("digest realm=\"r\", nonce=\"n\",qop=\"auth-int , AUTH\"").expect("one");
        assert_eq!((plain.algorithm, plain.auth, plain.stale), (Some(Algorithm::Md5), true, false));
        let strange = "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256, STALE=\"TRUE\"";
        let strange = Challenge::parse(strange).expect("one");
        assert_eq!((strange.algorithm, strange.auth, strange.stale), (None, false, true));
        let session = Challenge::parse("Digest realm=r, nonce=n, algorithm=MD5-sess").expect("one");
        assert_eq!(session.algorithm, None);
    }

    #[test]
    fn what_is_no_challenge_is_refused() {
        for value in [
            "",
            "Basic realm=\"r\"",
            "Digest",
            "Digest realm=\"r\"",
            "Digest realm=\"r, nonce=\"n\"",
            "Digest realm=\"r\" nonce=\"n\"",
            "Digest realm=\"r\", nonce=\"n\",",
            "Digest realm=\"r\", realm=\"s\", nonce=\"n\"",
        ] {
            assert!(Challenge::parse(value).is_err(), "{value}");
        }
    }

    #[test]
    fn credentials_with_a_count_of_another_form_are_refused() {
        let good = credentials(Algorithm::Md5).to_string();
        assert!(Credentials::parse(&good).is_ok());
        for bad in ["nc=1", "nc=+0000001", "nc=zzzzzzzz"] {
            assert!(Credentials::parse(&good.replace("nc=00000001", bad)).is_err(), "{bad}");
        }
        assert!(Credentials::parse(&good.replace("qop=auth", "qop=auth-int")).is_err());
    }
}
