//! The answers of a line to digest challenges (RFC 3261 §22, RFC 8760), and what it has been asked so far.

use std::collections::VecDeque;

use faxproof_wire::sip::digest::{Challenge, Credentials};
use faxproof_wire::sip::{Message, Method, Name};

use super::Line;
use super::phone::Phone;
use crate::core::{Medium, Notice, Outbox, Time};
use crate::number;

/// Challenges that are remembered, of the latest calls.
const MAX_LOGINS: usize = 64;

/// The challenges that have been answered: later requests of the same Call-ID answer them unasked (§22.3).
#[derive(Clone, Debug, Default)]
pub(super) struct Keyring(VecDeque<Login>);

#[derive(Clone, Debug)]
struct Login {
    call_id: String,
    /// 401 or 407.
    asked_by: u16,
    challenge: Challenge,
    /// Requests that have answered it.
    used: u32,
    /// It replaced one that had grown stale, and no request has passed since.
    renewed: bool,
}

impl Keyring {
    /// Forgets what was answered in a call.
    fn forget(&mut self, call_id: &str) {
        self.0.retain(|login| login.call_id != call_id);
    }

    /// A request of this call has passed.
    fn passed(&mut self, call_id: &str) {
        self.0.iter_mut().filter(|login| login.call_id == call_id).for_each(|login| login.renewed = false);
    }

    /// Takes up the challenges, or tells why they cannot be answered. Where a request was forked, one response
    /// may hold those of user agents and of proxies (§22.3).
    fn take(&mut self, request: &Message, response: &Message, realm: &str) -> Result<(), &'static str> {
        let mut why = Err("it asks for credentials that it does not have");
        for asked_by in [401, 407] {
            // A password is for its own realm; Basic, and what else is unknown, is passed over (RFC 8760 §2.4).
            let challenges = response.values(names(asked_by).0);
            let mut challenges = challenges.filter_map(|value| Challenge::parse(&value).ok());
            let fits = |asked: &Challenge| asked.realm == realm && asked.auth && asked.algorithm.is_some();
            if let Some(challenge) = challenges.find(fits) {
                self.take_one(request, asked_by, challenge)?;
                why = Ok(());
            }
        }
        why
    }

    fn take_one(
        &mut self,
        request: &Message,
        asked_by: u16,
        challenge: Challenge,
    ) -> Result<(), &'static str> {
        let call_id = request.call_id().unwrap_or_default();
        let login = self.0.iter().position(|login| login.call_id == call_id && login.asked_by == asked_by);
        let login = login.and_then(|at| self.0.remove(at));
        let refused = request.header(names(asked_by).1).is_some();
        // §22.1: what was refused is not tried again, unless only the nonce was too old; and that once.
        let why = match login {
            _ if refused && !challenge.stale => Some("the password was refused"),
            // RFC 7616 §3.3: stale says that the password is right.
            Some(login) if refused && login.renewed => Some("one nonce after the other was stale"),
            _ => None,
        };
        if let Some(why) = why {
            self.forget(call_id);
            return Err(why);
        }
        if self.0.len() >= MAX_LOGINS {
            self.0.pop_front();
        }
        let call_id = call_id.to_owned();
        self.0.push_back(Login { call_id, asked_by, challenge, used: 0, renewed: refused });
        Ok(())
    }
}

impl Phone {
    /// The request with credentials for every challenge of its call.
    pub(super) fn signed(&mut self, request: Message) -> Message {
        let (Some(password), Some(call_id)) = (&self.config.password, request.call_id()) else {
            return request;
        };
        let mut edit = request.edit();
        let mut asked = false;
        for login in self.keyring.0.iter_mut().filter(|login| login.call_id == call_id) {
            login.used += 1;
            asked = true;
            let challenge = &login.challenge;
            let credentials = Credentials {
                username: number::sip_user(&self.config.number),
                realm: challenge.realm.clone(),
                nonce: challenge.nonce.clone(),
                uri: request.request_uri().unwrap_or_default().to_owned(),
                algorithm: challenge.algorithm,
                cnonce: self.entropy.key(("cnonce", &challenge.nonce, login.used)).token(),
                nc: login.used,
                opaque: challenge.opaque.clone(),
                response: String::new(),
            };
            let method = request.method().map_or("", Method::as_str);
            edit.set(names(login.asked_by).1, credentials.signed(method, password).to_string());
        }
        if asked { edit.finish() } else { request }
    }

    /// The ACK for a 2xx repeats the credentials of its INVITE (§22.1).
    pub(super) fn with_credentials_of(&self, tx: u64, ack: Message) -> Message {
        let Some(invite) = self.courier.request_of(tx) else { return ack };
        let names = [Name::Authorization, Name::ProxyAuthorization];
        if names.iter().all(|name| invite.header(*name).is_none()) {
            return ack;
        }
        let mut edit = ack.edit();
        for name in names {
            for value in invite.values(name) {
                edit.append(name, value);
            }
        }
        edit.finish()
    }

    /// Answers 401 or 407: the request again, with credentials, the next CSeq number and another branch
    /// (§8.1.3.5).
    fn answer_challenge(
        &mut self,
        now: Time,
        tx: u64,
        response: &Message,
        out: &mut Outbox,
    ) -> Result<Message, &'static str> {
        let gone = "its request is gone";
        let request = self.courier.request_of(tx).cloned().ok_or(gone)?;
        if self.config.password.is_none() {
            return Err("it asks for a password, and this fax has none");
        }
        let realm = self.config.domain.clone();
        self.keyring.take(&request, response, &realm)?;
        let (number, method) = request.cseq().ok_or(gone)?;
        let mut via = request.via().map_err(|_| gone)?;
        let token = self.entropy.key(("challenged", request.branch(), number)).token();
        via.params.set("branch", Some(&format!("z9hG4bK{token}")));
        let mut edit = request.edit();
        edit.replace_first_value(Name::Via, via.to_string());
        edit.set(Name::CSeq, format!("{} {}", number.saturating_add(1), method.as_str()));
        let again = self.signed(edit.finish());
        if self.courier.send_again(now, tx, again.clone(), out) { Ok(again) } else { Err(gone) }
    }
}

impl Line {
    /// Answers a challenge to a request of ours, if that is what the response is and it can be answered.
    pub(super) fn challenged(&mut self, now: Time, tx: u64, response: &Message, out: &mut Outbox) -> bool {
        match response.code().unwrap_or_default() {
            ..200 => return false,
            401 | 407 if !self.is_cancelling(tx) => {}
            _ => {
                self.phone.keyring.passed(response.call_id().unwrap_or_default());
                return false;
            }
        }
        match self.phone.answer_challenge(now, tx, response, out) {
            Ok(request) if self.registration.owns(tx) => self.registration.sent_again(&request),
            Ok(request) => self.caller_sent_again(tx, &request),
            Err(why) => {
                let code = response.code().unwrap_or_default();
                let method = response.cseq_method();
                let method = method.as_ref().map_or("request", Method::as_str);
                let text = format!("{code} to {method}: {why}");
                out.notice(Notice { call: 0, medium: Medium::Display, text });
                return false;
            }
        }
        true
    }
}

/// The field with a challenge, and the field that answers it.
fn names(code: u16) -> (Name, Name) {
    match code {
        407 => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        _ => (Name::WwwAuthenticate, Name::Authorization),
    }
}
