//! A registrar: which number is where (RFC 3261 §10.3). Part of the location server, or of a SIP server
//! that keeps its locations itself.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use faxproof_wire::sip::{Builder, Message, Name, NameAddr, Uri, reason_phrase};

use crate::config::RegistrarConfig;
use crate::core::{Duration, Entropy, Time};
use crate::gate::{Asker, Gate};
use crate::number;
use crate::sip::{address, extensions};

/// Bindings of one number; a REGISTER with more is refused.
const MAX_BINDINGS: usize = 10;
/// Numbers that have bindings.
const MAX_RECORDS: usize = 100_000;

/// The bindings of a domain.
#[derive(Clone, Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    gate: Option<Gate>,
    records: BTreeMap<String, Vec<Binding>>,
}

/// One contact of an address of record.
#[derive(Clone, Debug)]
struct Binding {
    contact: NameAddr,
    call_id: String,
    cseq: u32,
    expires_at: Option<Time>,
}

impl Registrar {
    /// A registrar that knows the fixed bindings of its configuration.
    pub fn new(config: RegistrarConfig, entropy: Entropy) -> Self {
        let mut records: BTreeMap<String, Vec<Binding>> = BTreeMap::new();
        for (number, at) in &config.fixed {
            let uri = format!("sip:{}@{}:{}", number::sip_user(number), address::host(at.ip()), at.port());
            if let Ok(uri) = Uri::parse(&uri) {
                let contact = NameAddr::new(uri);
                let binding = Binding { contact, call_id: String::new(), cseq: 0, expires_at: None };
                records.entry(number::sip_user(number)).or_default().push(binding);
            }
        }
        let gate = config.challenges.clone().map(|challenges| Gate::new(challenges, entropy));
        Registrar { config, gate, records }
    }

    /// The domain that it serves.
    pub fn domain(&self) -> &str {
        &self.config.domain
    }

    /// Contacts of the user of this URI that have not expired: the most preferred first, and among equals the
    /// latest registered.
    pub fn lookup(&self, now: Time, uri: &Uri) -> Vec<NameAddr> {
        let bindings = self.records.get(&record_of(uri)).map_or(&[][..], Vec::as_slice);
        let live = bindings.iter().filter(|binding| binding.lives(now));
        let mut contacts: Vec<NameAddr> = live.rev().map(Binding::offered).collect();
        contacts.sort_by_key(|contact| Reverse(address::quality(contact)));
        contacts
    }

    /// Answers a REGISTER in the order of §10.3: domain, Require, who it is from and whether that one may,
    /// address of record, `*`, expiry, then all changes or none.
    pub fn register(&mut self, now: Time, request: &Message, tag: &str) -> Message {
        let respond = |code: u16| Builder::reply_with_tag(request, code, reason_phrase(code), tag);
        if let Err(refusal) = self.admit(now, request, &respond) {
            return refusal;
        }
        match self.changed(now, request) {
            Ok((record, bindings)) => {
                let ok = bindings.iter().fold(respond(200), |ok, binding| {
                    let mut contact = binding.contact.clone();
                    let left = binding.expires_at.map_or(Duration::secs(3600), |at| at - now);
                    contact.params.set("expires", Some(&(left.0 / 1_000_000).to_string()));
                    ok.header(Name::Contact, contact.to_string())
                });
                if bindings.is_empty() {
                    self.records.remove(&record);
                } else {
                    self.records.insert(record, bindings);
                }
                ok.finish()
            }
            Err(423) => {
                let least = self.config.min_expiry.0 / 1_000_000;
                respond(423).header(Name::MinExpires, least.to_string()).finish()
            }
            Err(code) => respond(code).finish(),
        }
    }

    /// §10.3 steps 1 to 4.
    fn admit(
        &mut self,
        now: Time,
        request: &Message,
        respond: &impl Fn(u16) -> Builder,
    ) -> Result<(), Message> {
        let domain = Uri::parse(request.request_uri().unwrap_or_default());
        let domain = domain.map_err(|_| respond(400).finish())?;
        if !self.is_here(&domain) {
            return Err(respond(404).finish());
        }
        if let Some(tags) = extensions::demanded(request, Name::Require) {
            return Err(respond(420).header(Name::Unsupported, tags).finish());
        }
        let to = request.to().map_err(|_| respond(400).finish())?.uri;
        match &mut self.gate {
            Some(gate) => gate.admit(now, request, Asker::Registrar, &to, respond),
            None => Ok(()),
        }
    }

    fn is_here(&self, uri: &Uri) -> bool {
        uri.host.eq_ignore_ascii_case(&self.config.domain)
    }

    /// The address of record and its bindings as the request wants them.
    fn changed(&self, now: Time, request: &Message) -> Result<(String, Vec<Binding>), u16> {
        let to = request.to().map_err(|_| 400_u16)?.uri;
        // An address of record is a SIP or SIPS URI (§10.2, RFC 4475 §3.3.4).
        if !to.is_sip() {
            return Err(400);
        }
        if !self.is_here(&to) || to.user.is_none() {
            return Err(404);
        }
        let record = record_of(&to);
        if !self.records.contains_key(&record) && self.records.len() >= MAX_RECORDS {
            return Err(503);
        }
        let old = self.records.get(&record).map_or(&[][..], Vec::as_slice);
        let mut bindings: Vec<Binding> = old.iter().filter(|binding| binding.lives(now)).cloned().collect();
        let (call_id, cseq) = (request.call_id().unwrap_or_default(), request.cseq().ok_or(400_u16)?.0);
        let contacts: Vec<_> = request.values(Name::Contact).collect();
        if contacts.iter().any(|contact| contact.trim() == "*") {
            if contacts.len() > 1 || request.expires() != Some(0) {
                return Err(400);
            }
            // §10.3 step 6: all of them, or the request fails.
            if bindings.iter().any(|binding| binding.call_id == call_id && binding.cseq >= cseq) {
                return Err(500);
            }
            return Ok((record, Vec::new()));
        }
        for contact in contacts {
            let contact = NameAddr::parse(&contact).map_err(|_| 400_u16)?;
            let lifetime = self.lifetime(&contact, request)?;
            self.bind(&mut bindings, now, contact, lifetime, (call_id, cseq))?;
        }
        Ok((record, bindings))
    }

    /// §10.3 step 7: the Contact's own expiry, else that of the request, else the default; a wish that is
    /// too short (and under an hour) is refused with 423.
    fn lifetime(&self, contact: &NameAddr, request: &Message) -> Result<Duration, u16> {
        let own = contact.params.get("expires").map(|value| value.parse::<u32>().unwrap_or(3600));
        let wish = own.or(request.expires()).map(|seconds| Duration::secs(u64::from(seconds)));
        let lifetime = wish.unwrap_or(self.config.default_expiry);
        let short = lifetime < self.config.min_expiry && lifetime < Duration::secs(3600);
        if lifetime.0 > 0 && short { Err(423) } else { Ok(lifetime) }
    }

    /// An equal contact is replaced, so that a refresh leaves no ghost behind.
    fn bind(
        &self,
        bindings: &mut Vec<Binding>,
        now: Time,
        mut contact: NameAddr,
        lifetime: Duration,
        (call_id, cseq): (&str, u32),
    ) -> Result<(), u16> {
        let known = bindings.iter().position(|binding| binding.contact.uri.equivalent(&contact.uri));
        if let Some(at) = known {
            if bindings[at].call_id == call_id && bindings[at].cseq >= cseq {
                return Err(500);
            }
            bindings.remove(at);
        }
        if lifetime.0 == 0 {
            return Ok(());
        }
        if bindings.len() >= MAX_BINDINGS {
            return Err(403);
        }
        contact.params.remove("expires");
        let expires_at = Some(now + lifetime);
        bindings.push(Binding { contact, call_id: call_id.to_owned(), cseq, expires_at });
        Ok(())
    }
}

impl Binding {
    fn lives(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }

    /// The contact as others are told of it: with its preference, if it has one.
    fn offered(&self) -> NameAddr {
        let mut contact = NameAddr::new(self.contact.uri.clone());
        if let Some(q) = self.contact.params.get("q") {
            contact.params.set("q", Some(q));
        }
        contact
    }
}

/// A number with separators is the same user as without.
fn record_of(uri: &Uri) -> String {
    let user = uri.user.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
    if number::is_dialable(user) { number::sip_user(user) } else { user.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn registrar() -> Registrar {
        let domain = "d.example".to_owned();
        let (default_expiry, min_expiry) = (Duration::secs(3600), Duration::secs(60));
        let config =
            RegistrarConfig { domain, default_expiry, min_expiry, challenges: None, fixed: Vec::new() };
        Registrar::new(config, Entropy::of_seed(1))
    }

    fn request(cseq: u32, lines: &str) -> Message {
        let text = format!(
            "REGISTER sip:d.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:050@d.example>;tag=1\r\nTo: <sip:050@d.example>\r\nCall-ID: c\r\nCSeq: {cseq} REGISTER\r\n\
             {lines}\r\n"
        );
        Message::parse(Bytes::from(text)).expect("a REGISTER")
    }

    fn contacts(registrar: &Registrar, at_s: u64) -> Vec<String> {
        let uri = Uri::parse("sip:050@d.example").expect("a URI");
        let found = registrar.lookup(Time(at_s * 1_000_000), &uri);
        found.iter().map(|contact| contact.uri.to_string()).collect()
    }

    #[test]
    fn a_binding_lives_until_it_expires() {
        let mut registrar = registrar();
        let ok = registrar.register(Time(0), &request(1, "Contact: <sip:050@10.0.0.1>;expires=60\r\n"), "t");
        assert_eq!(ok.code(), Some(200));
        assert_eq!(contacts(&registrar, 59), ["sip:050@10.0.0.1"]);
        assert_eq!(contacts(&registrar, 60), [""; 0]);
    }

    #[test]
    fn the_most_preferred_contact_comes_first_with_its_preference() {
        let mut registrar = registrar();
        for (cseq, contact) in
            [(1, "<sip:050@10.0.0.1>"), (2, "<sip:050@10.0.0.2>;q=0.5"), (3, "<sip:050@10.0.0.3>")]
        {
            registrar.register(Time(0), &request(cseq, &format!("Contact: {contact}\r\n")), "t");
        }
        let uri = Uri::parse("sip:050@d.example").expect("a URI");
        let told: Vec<String> = registrar.lookup(Time(0), &uri).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["<sip:050@10.0.0.3>", "<sip:050@10.0.0.1>", "<sip:050@10.0.0.2>;q=0.5"]);
    }

    #[test]
    fn a_refresh_leaves_one_binding() {
        let mut registrar = registrar();
        for cseq in 1..4 {
            registrar.register(Time(0), &request(cseq, "Contact: <sip:050@10.0.0.1>\r\n"), "t");
        }
        assert_eq!(contacts(&registrar, 0).len(), 1);
    }

    #[test]
    fn too_short_a_lifetime_gets_423() {
        let answer =
            registrar().register(Time(0), &request(1, "Contact: <sip:050@10.0.0.1>;expires=5\r\n"), "t");
        assert_eq!((answer.code(), answer.header(Name::MinExpires).as_deref()), (Some(423), Some("60")));
    }

    #[test]
    fn a_star_removes_all_and_only_with_expires_0() {
        let mut registrar = registrar();
        registrar.register(Time(0), &request(1, "Contact: <sip:050@10.0.0.1>\r\n"), "t");
        assert_eq!(registrar.register(Time(0), &request(2, "Contact: *\r\n"), "t").code(), Some(400));
        assert_eq!(contacts(&registrar, 0).len(), 1);
        registrar.register(Time(0), &request(3, "Contact: *\r\nExpires: 0\r\n"), "t");
        assert_eq!(contacts(&registrar, 0).len(), 0);
    }

    #[test]
    fn an_old_request_changes_nothing() {
        let mut registrar = registrar();
        registrar.register(Time(0), &request(5, "Contact: <sip:050@10.0.0.1>\r\n"), "t");
        let late = registrar.register(Time(0), &request(4, "Contact: <sip:050@10.0.0.1>;expires=0\r\n"), "t");
        assert_eq!(late.code(), Some(500));
        assert_eq!(contacts(&registrar, 0).len(), 1);
    }

    #[test]
    fn an_old_star_removes_nothing_at_all() {
        let mut registrar = registrar();
        registrar.register(Time(0), &request(5, "Contact: <sip:050@10.0.0.1>\r\n"), "t");
        let late = registrar.register(Time(0), &request(4, "Contact: *\r\nExpires: 0\r\n"), "t");
        assert_eq!((late.code(), contacts(&registrar, 0).len()), (Some(500), 1));
    }

    #[test]
    fn an_extension_that_is_required_is_refused_by_name() {
        let answer = registrar().register(Time(0), &request(1, "Require: telepathy\r\n"), "t");
        let named = answer.header(Name::Unsupported).map(|tags| tags.into_owned());
        assert_eq!((answer.code(), named.as_deref()), (Some(420), Some("telepathy")));
    }

    #[test]
    fn one_bad_contact_leaves_the_record_as_it_was() {
        let mut registrar = registrar();
        let lines = "Contact: <sip:050@10.0.0.1>\r\nContact: <sip:050@10.0.0.2>;expires=5\r\n";
        assert_eq!(registrar.register(Time(0), &request(1, lines), "t").code(), Some(423));
        assert_eq!(contacts(&registrar, 0).len(), 0);
    }
}
