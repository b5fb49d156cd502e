//! The fax makes itself known: REGISTER at power-on, refreshed before it expires (RFC 3261 §10.2).

use faxproof_wire::sip::{Builder, Message, Method, Name};

use super::phone::Phone;
use crate::core::{Duration, Outbox, Time, Timer};
use crate::number;
use crate::sip::address;

/// When to try again after a failure.
const RETRY: Duration = Duration::secs(60);
/// Names the registration among the owners of timers and the keys of calls.
const KEY: u64 = 1;
/// Runs until the next REGISTER.
pub(super) const REFRESH: Timer = Timer { owner: KEY, name: "register" };

/// State of the registration.
#[derive(Clone, Debug, Default)]
pub(super) struct Registration {
    /// The REGISTER that waits for its answer; there is at most one (§10.2).
    waiting: Option<u64>,
    cseq: u32,
    /// The lifetime to ask for, where the registrar wants a longer one than ours (423).
    at_least: Option<Duration>,
}

impl Registration {
    /// Whether this transaction is ours.
    pub(super) fn owns(&self, tx: u64) -> bool {
        self.waiting == Some(tx)
    }

    /// Sends REGISTER.
    pub(super) fn register(&mut self, now: Time, phone: &mut Phone, out: &mut Outbox) {
        if self.waiting.is_some() {
            return;
        }
        self.cseq += 1;
        let wanted = phone.config.habits.register_for;
        let lifetime = self.at_least.map_or(wanted, |least| least.max(wanted)).0 / 1_000_000;
        let record = phone.record_of(&phone.config.number);
        let tag = phone.entropy.key("register tag").token();
        let call_id = phone.entropy.key("register call-id").token();
        let q = phone
            .config
            .habits
            .contact_q
            .map(|q| format!(";q={}", address::preference(q)))
            .unwrap_or_default();
        let request = Builder::request(Method::Register, &format!("sip:{}", phone.config.domain))
            .header(Name::Via, phone.via(KEY, self.cseq, "REGISTER"))
            .header(Name::MaxForwards, "70")
            .header(Name::From, format!("<{record}>;tag={tag}"))
            .header(Name::To, format!("<{record}>"))
            .header(Name::CallId, format!("{call_id}@{}", address::host(phone.config.address)))
            .header(Name::CSeq, format!("{} REGISTER", self.cseq))
            .header(Name::Contact, format!("{}{q};expires={lifetime}", phone.contact()));
        let request = phone.with_extras(request).finish();
        let server = phone.server();
        self.waiting = Some(phone.send(now, request, &server, out));
    }

    /// The REGISTER was sent again, with credentials.
    pub(super) fn sent_again(&mut self, request: &Message) {
        self.cseq = request.cseq().map_or(self.cseq, |cseq| cseq.0);
    }

    /// The registrar answered.
    pub(super) fn answered(&mut self, now: Time, phone: &mut Phone, response: &Message, out: &mut Outbox) {
        let code = response.code().unwrap_or_default();
        if code < 200 {
            return;
        }
        self.waiting = None;
        match code {
            200..300 => {
                let granted = granted(phone, response).unwrap_or(phone.config.habits.register_for);
                out.arm(now, Duration(granted.0 / 2), REFRESH);
            }
            423 if self.at_least.is_none() => {
                let least = response.header(Name::MinExpires).and_then(|value| value.trim().parse().ok());
                self.at_least = least.map(|seconds: u32| Duration::secs(u64::from(seconds)));
                self.register(now, phone, out);
            }
            // §22.1: what was refused is not tried again. The operator has been told.
            401 | 407 => {}
            _ => out.arm(now, RETRY, REFRESH),
        }
    }

    /// The registrar did not answer.
    pub(super) fn unanswered(&mut self, now: Time, out: &mut Outbox) {
        self.waiting = None;
        out.arm(now, RETRY, REFRESH);
    }
}

/// Lifetime of our own binding among all that the 200 lists; others may be of other devices (§10.2.4).
fn granted(phone: &Phone, response: &Message) -> Option<Duration> {
    let user = number::sip_user(&phone.config.number);
    let own = response.addresses(Name::Contact).ok()?.into_iter().find(|contact| {
        contact.uri.host_ip() == Some(phone.config.address) && contact.uri.user.as_deref() == Some(&user)
    })?;
    let seconds =
        own.params.get("expires").and_then(|value| value.parse::<u32>().ok()).or(response.expires());
    seconds.map(|seconds| Duration::secs(u64::from(seconds.max(1))))
}
