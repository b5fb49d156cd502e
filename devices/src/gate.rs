//! Who may pass: challenges by digest and the answers to them (RFC 3261 §22, RFC 8760), as a registrar or a
//! proxy asks.

use std::collections::BTreeMap;

use faxproof_wire::sip::digest::{Challenge, Credentials};
use faxproof_wire::sip::{Builder, Message, Method, Name, Uri};

use crate::config::ChallengeConfig;
use crate::core::{Entropy, Time};
use crate::number;

/// Nonces in use; behind so many, old ones are looked for.
const MANY_NONCES: usize = 10_000;

/// The gate before a registrar or a proxy.
#[derive(Clone, Debug)]
pub struct Gate {
    config: ChallengeConfig,
    entropy: Entropy,
    /// The highest count for a nonce from each user that has used it rightly, so only who knows a password
    /// can make this grow.
    counted: BTreeMap<(u64, String), u32>,
}

/// Who asks: that decides by which status and header fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// 401, §22.2.
    Registrar,
    /// 407, §22.3.
    Proxy,
}

impl Asker {
    fn words(self) -> (u16, Name, Name) {
        match self {
            Asker::Registrar => (401, Name::WwwAuthenticate, Name::Authorization),
            Asker::Proxy => (407, Name::ProxyAuthenticate, Name::ProxyAuthorization),
        }
    }
}

impl Gate {
    /// A gate whose nonces are drawn from `entropy`.
    pub fn new(config: ChallengeConfig, entropy: Entropy) -> Self {
        Gate { config, entropy, counted: BTreeMap::new() }
    }

    /// The realm of its accounts.
    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// Lets a request pass that comes from the account of `subject`.
    ///
    /// # Errors
    /// The refusal: a challenge, 400 for credentials of another Request-URI, 403 for those of another
    /// account.
    pub fn admit(
        &mut self,
        now: Time,
        request: &Message,
        asker: Asker,
        subject: &Uri,
        respond: impl Fn(u16) -> Builder,
    ) -> Result<(), Message> {
        let (code, asks, carries) = asker.words();
        let challenged = |stale| {
            let challenges = self.challenges(now, stale);
            challenges.iter().fold(respond(code), |r, value| r.header(asks, value.to_string())).finish()
        };
        let given = request.values(carries).filter_map(|value| Credentials::parse(&value).ok());
        let given = given.into_iter().find(|given| given.realm == self.config.realm);
        let Some(given) = given.filter(|given| self.are_right(request, given)) else {
            return Err(challenged(false));
        };
        // RFC 7616 §3.4.6: what they were made for is what they come with.
        if request.request_uri() != Some(&given.uri) {
            return Err(respond(400).finish());
        }
        let key = self.born(&given.nonce).map(|born| (born, given.username.clone()));
        let fresh = key.filter(|(born, _)| now.0.saturating_sub(*born) < self.config.nonce_lifetime.0);
        let Some(key) = fresh else { return Err(challenged(true)) };
        // A count that was used is a replay (RFC 7616 §3.4). Whoever knows the password has no harm of it:
        // it may count anew.
        if self.counted.get(&key).is_some_and(|last| given.nc <= *last) {
            return Err(challenged(true));
        }
        self.count(now, key, given.nc);
        if subject.user.as_deref().map(number::sip_user) != Some(given.username) {
            return Err(respond(403).finish());
        }
        Ok(())
    }

    /// One per algorithm, the preferred first, with one nonce (RFC 8760 §2.3).
    fn challenges(&self, now: Time, stale: bool) -> Vec<Challenge> {
        let one = |algorithm| Challenge {
            realm: self.config.realm.clone(),
            nonce: self.nonce(now.0),
            opaque: None,
            algorithm: Some(algorithm),
            stale,
            auth: true,
        };
        self.config.algorithms.iter().map(|algorithm| one(*algorithm)).collect()
    }

    /// Only an algorithm that was offered counts, so that nobody chooses a weaker one.
    fn are_right(&self, request: &Message, given: &Credentials) -> bool {
        let method = request.method().map_or("", Method::as_str);
        let offered = given.algorithm.is_some_and(|algorithm| self.config.algorithms.contains(&algorithm));
        let password = self.config.accounts.get(&given.username);
        offered && password.is_some_and(|password| given.are_right(method, password))
    }

    /// A nonce tells its age and that it is ours: none need be remembered that nobody has used.
    fn nonce(&self, born: u64) -> String {
        format!("{born:x}.{}", self.entropy.key(("nonce", born)).token())
    }

    fn born(&self, nonce: &str) -> Option<u64> {
        let born = u64::from_str_radix(nonce.split('.').next()?, 16).ok()?;
        (self.nonce(born) == nonce).then_some(born)
    }

    fn count(&mut self, now: Time, key: (u64, String), nc: u32) {
        if self.counted.len() >= MANY_NONCES {
            let lifetime = self.config.nonce_lifetime.0;
            self.counted.retain(|(born, _), _| now.0.saturating_sub(*born) < lifetime);
        }
        self.counted.insert(key, nc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Duration;
    use bytes::Bytes;
    use faxproof_wire::sip::digest::Algorithm;
    use faxproof_wire::sip::reason_phrase;

    fn gate() -> Gate {
        let accounts = [("050".to_owned(), "open".to_owned()), ("051".to_owned(), "sesame".to_owned())];
        let config = ChallengeConfig {
            realm: "d.example".to_owned(),
            accounts: accounts.into(),
            algorithms: vec![Algorithm::Sha256],
            nonce_lifetime: Duration::secs(60),
        };
        Gate::new(config, Entropy::of_seed(1))
    }

    fn register(credentials: Option<&Credentials>) -> Message {
        let line = credentials.map(|given| format!("Authorization: {given}\r\n")).unwrap_or_default();
        let text = format!(
            "REGISTER sip:d.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
             From: <sip:050@d.example>;tag=1\r\nTo: <sip:050@d.example>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\
             {line}\r\n"
        );
        Message::parse(Bytes::from(text)).expect("a REGISTER")
    }

    /// The status with which the gate refuses, and its first challenge.
    fn refusal(gate: &mut Gate, at_s: u64, given: Option<&Credentials>) -> Option<(u16, Option<Challenge>)> {
        let request = register(given);
        let subject = Uri::parse("sip:050@d.example").expect("a URI");
        let respond = |code| Builder::reply_with_tag(&request, code, reason_phrase(code), "t");
        let now = Time(at_s * 1_000_000);
        let refused = gate.admit(now, &request, Asker::Registrar, &subject, respond).err()?;
        let challenge = refused.header(Name::WwwAuthenticate).map(|value| Challenge::parse(&value));
        Some((refused.code()?, challenge.and_then(Result::ok)))
    }

    fn given(gate: &mut Gate, user: &str, password: &str) -> Credentials {
        let challenge = refusal(gate, 0, None).and_then(|(_, challenge)| challenge).expect("a challenge");
        let given = Credentials {
            username: user.to_owned(),
            realm: challenge.realm,
            nonce: challenge.nonce,
            uri: "sip:d.example".to_owned(),
            algorithm: challenge.algorithm,
            cnonce: "c".to_owned(),
            nc: 1,
            opaque: None,
            response: String::new(),
        };
        given.signed("REGISTER", password)
    }

    #[test]
    fn the_right_password_passes_once_with_each_count() {
        let mut gate = gate();
        let mut first = given(&mut gate, "050", "open");
        assert_eq!(refusal(&mut gate, 0, Some(&first)), None);
        let (code, again) = refusal(&mut gate, 1, Some(&first)).expect("a replay is refused");
        assert_eq!((code, again.map(|again| again.stale)), (401, Some(true)));
        first.nc = 2;
        assert_eq!(refusal(&mut gate, 1, Some(&first.signed("REGISTER", "open"))), None);
    }

    #[test]
    fn an_old_nonce_is_stale_and_a_made_up_one_too() {
        let mut gate = gate();
        let mut old = given(&mut gate, "050", "open");
        let stale = |refusal: Option<(u16, Option<Challenge>)>| refusal.and_then(|(_, c)| Some(c?.stale));
        assert_eq!(stale(refusal(&mut gate, 60, Some(&old))), Some(true));
        old.nonce = "0.0123456789abcdef".to_owned();
        assert_eq!(stale(refusal(&mut gate, 0, Some(&old.signed("REGISTER", "open")))), Some(true));
    }

    #[test]
    fn a_wrong_password_is_challenged_anew_and_is_not_stale() {
        let mut gate = gate();
        let wrong = given(&mut gate, "050", "shut");
        let (code, challenge) = refusal(&mut gate, 0, Some(&wrong)).expect("a refusal");
        assert_eq!((code, challenge.map(|challenge| challenge.stale)), (401, Some(false)));
    }

    #[test]
    fn the_account_of_another_number_gets_403() {
        let mut gate = gate();
        let other = given(&mut gate, "051", "sesame");
        assert_eq!(refusal(&mut gate, 0, Some(&other)), Some((403, None)));
    }

    #[test]
    fn an_algorithm_that_was_not_offered_and_another_uri_do_not_pass() {
        let mut gate = gate();
        let mut weak = given(&mut gate, "050", "open");
        let mut elsewhere = weak.clone();
        weak.algorithm = Some(Algorithm::Md5);
        assert_eq!(refusal(&mut gate, 0, Some(&weak.signed("REGISTER", "open"))).map(|r| r.0), Some(401));
        elsewhere.uri = "sip:other.example".to_owned();
        assert_eq!(refusal(&mut gate, 0, Some(&elsewhere.signed("REGISTER", "open"))), Some((400, None)));
    }
}
