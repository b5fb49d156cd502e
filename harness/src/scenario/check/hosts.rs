//! The hosts: what each must have and may not have, and where it is.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use faxproof_devices::number::is_dialable;

use super::super::compile::address;
use super::super::grammar::{
    ChallengeSpec, FixedContact, Habits, HostSpec, LocationSpec, RowSpec, SipServerSpec, SipTransport,
    Ta2RowSpec, Variant,
};
use super::super::value::{At, Named, Place, Span};
use super::{Checker, is_domain};

/// The most hosts of a scenario.
const MAX_HOSTS: usize = 10_000;

impl Checker<'_> {
    pub(super) fn hosts(&mut self) -> BTreeMap<String, IpAddr> {
        let hosts = &self.script.hosts;
        if hosts.value.0.is_empty() || hosts.value.0.len() > MAX_HOSTS {
            self.refuse(hosts.place, format!("a scenario has 1 to {MAX_HOSTS} hosts"));
        }
        for (name, host) in hosts.value.iter() {
            self.name("host", name);
            self.kind(name, host);
            self.external(name, host);
            if host.fax.is_some() {
                self.fax_host(name, host);
            }
            if let Some(server) = &host.sip_server {
                self.sip_server(&server.value, server.place);
                self.challenges(&server.value.challenges);
            }
            if let Some(server) = &host.mail_server {
                self.mail_server(&server.value, host.external.is_some());
                if let Some(forwards) = &server.value.forwards {
                    self.forwards(name, host, forwards);
                }
            }
            if host.mail_client.is_some() {
                self.mail_client(host);
            }
            if let Some(server) = &host.location_server {
                let server = &server.value;
                self.challenges(&server.challenges);
                self.registrar(&server.min_expiry, &server.default_expiry, &server.fixed);
            }
        }
        self.addresses()
    }

    /// Accounts have telephone numbers for names, and there is something to offer.
    fn challenges(&mut self, challenges: &Option<At<ChallengeSpec>>) {
        let Some(challenges) = challenges else { return };
        for (number, _) in challenges.value.accounts.iter() {
            self.dialable(number);
        }
        if let Some(offered) = &challenges.value.algorithms {
            let listed = &offered.value;
            if listed.is_empty() || listed.iter().enumerate().any(|(at, one)| listed[..at].contains(one)) {
                let message = "`algorithms` names each algorithm once, and one at least";
                self.refuse_saying(offered.place, message, "write `[SHA-256, MD5]`, or leave it out");
            }
        }
    }

    fn kind(&mut self, name: &At<String>, host: &HostSpec) {
        let kinds = [
            host.fax.is_some(),
            host.sip_server.is_some(),
            host.location_server.is_some(),
            host.mail_server.is_some(),
            host.mail_client.is_some(),
            host.tester.is_some(),
        ];
        if kinds.iter().filter(|is| **is).count() != 1 {
            self.refuse_saying(
                name.place,
                format!("it is not clear what host `{}` is", name.value),
                "write exactly one of `fax: 1`, `sip-server: {}`, `location-server: {}`, `mail-server: {}`, `mail-client: {}` and `tester: {}`",
            );
            return;
        }
        let (line, mailing) = ("a fax, or for a mail server that forwards", "a fax or a mail client");
        let server = "a mail server that forwards";
        let is_fax = host.fax.is_some();
        let mail_habits = host.habits.as_ref().and_then(|habits| habits.value.mail.as_ref());
        let keys = [
            ("number", host.number.as_ref().map(|at| at.place), host.has_line(), line),
            ("sip_server", host.outbound.as_ref().map(|at| at.place), host.has_line(), line),
            ("password", host.password.as_ref().map(|at| at.place), host.has_line(), line),
            ("habits", host.habits.as_ref().map(|at| at.place), host.has_line(), line),
            ("habits: { mail: .. }", mail_habits.map(|at| at.place), is_fax, "a fax"),
            ("protocols", host.protocols.as_ref().map(|at| at.place), is_fax, "a fax"),
            ("failure_notice", host.failure_notice.as_ref().map(|at| at.place), is_fax, "a fax"),
            ("ta1", host.ta1.as_ref().map(|at| at.place), is_fax, "a fax"),
            ("ta2", host.ta2.as_ref().map(|at| at.place), is_fax, "a fax"),
            ("vendor", host.vendor.as_ref().map(|at| at.place), is_fax, "a fax"),
            ("mail", host.mail.as_ref().map(|at| at.place), is_fax || host.mail_client.is_some(), mailing),
            (
                "mail_server",
                host.outgoing.as_ref().map(|at| at.place),
                is_fax || host.mail_client.is_some(),
                mailing,
            ),
            (
                "mailbox",
                host.mailbox.as_ref().map(|at| at.place),
                is_fax || host.mail_client.is_some(),
                mailing,
            ),
            ("ta3", host.ta3.as_ref().map(|at| at.place), host.forwards(), server),
            ("ta3_prime", host.ta3_prime.as_ref().map(|at| at.place), host.forwards(), server),
        ];
        for (key, place, fits, who) in keys {
            if let (Some(place), false) = (place, fits) {
                let message = format!("`{key}` is for {who}, and `{}` is none", name.value);
                self.refuse_saying(place, message, "take it out");
            }
        }
    }

    fn fax_host(&mut self, name: &At<String>, host: &HostSpec) {
        if let Some(fax) = host.fax.filter(|fax| ![1, 101, 118].contains(&fax.value)) {
            self.refuse_saying(
                fax.place,
                format!("there is no facsimile machine {}", fax.value),
                "write `fax: 1`, or for a mail fax `fax: 101` or `fax: 118`",
            );
        }
        let is_mail_fax = host.fax.is_some_and(|fax| [101, 118].contains(&fax.value));
        if let (Some(ta1), true) = (&host.ta1, is_mail_fax) {
            self.refuse_saying(ta1.place, "a mail fax has no table Ta1", "write `ta2`");
        }
        if let (Some(ta2), false) = (&host.ta2, is_mail_fax) {
            self.refuse_saying(ta2.place, "only a mail fax has table Ta2", "write `fax: 101`, or `ta1`");
        }
        self.outgoing_and_mailbox(host, is_mail_fax);
        for row in host.ta2.iter().flat_map(|rows| &rows.value) {
            self.ta2_row(row);
        }
        match &host.number {
            Some(number) => self.dialable(number),
            None => self.refuse_saying(
                name.place,
                format!("fax `{}` has no number", name.value),
                "add `number: 050-1234-5678`",
            ),
        }
        self.outbound(name, host);
        self.own_mail(host);
        if let Some(protocols) = &host.protocols {
            let listed = &protocols.value;
            if listed.iter().enumerate().any(|(at, protocol)| listed[..at].contains(protocol)) {
                self.refuse(protocols.place, "a protocol stands twice in `protocols`");
            }
        }
        for row in host.ta1.iter().flat_map(|rows| &rows.value) {
            self.dialable(&row.number);
            self.row(row);
        }
        if let Some(habits) = &host.habits {
            self.habits(&habits.value);
        }
        self.vendor(&name.value, host);
    }

    pub(super) fn own_mail(&mut self, host: &HostSpec) {
        if let Some(mail) = host.mail.as_ref().filter(|mail| !is_mail(&mail.value)) {
            let message = format!("`{}` is no mail address", mail.value);
            self.refuse_saying(mail.place, message, "write one such as `alice@fax.example.net`");
        }
    }

    /// A row of Ta1: its protocol is one word, of a protocol that this fax may not know.
    pub(super) fn row(&mut self, row: &RowSpec) {
        if let Some(protocol) = &row.protocol {
            self.token(protocol);
        }
    }

    /// A row of Ta2: a number that can be dialled, an address that can be written to.
    pub(super) fn ta2_row(&mut self, row: &Ta2RowSpec) {
        if let Some(number) = &row.number {
            self.dialable(number);
        }
        if let Some(address) = row.address.as_ref().filter(|address| !is_mail(&address.value)) {
            let message = format!("`{}` is no mail address", address.value);
            self.refuse_saying(address.place, message, "write one such as `bob@fax.example.net`");
        }
    }

    fn token(&mut self, word: &At<String>) {
        let legal = |c: char| c.is_ascii_alphanumeric() || "-.+_/".contains(c);
        if word.value.is_empty() || word.value.len() > 64 || !word.value.chars().all(legal) {
            self.refuse_saying(
                word.place,
                format!("`{}` is no name of a protocol", word.value),
                "write one word, such as `smtp`; leave `protocol` out for an empty column",
            );
        }
    }

    pub(super) fn habits(&mut self, habits: &Habits) {
        if let Some(code) = habits.refuse_calls.filter(|code| !(300..=699).contains(&code.value)) {
            let message = format!("{} does not refuse a call", code.value);
            self.refuse_saying(code.place, message, "write a final response from 300 to 699, such as 603");
        }
        if let Some(lines) = habits.lines.filter(|lines| !(1..=100).contains(&lines.value)) {
            self.refuse_saying(lines.place, format!("a fax with {} lines", lines.value), "write 1 to 100");
        }
        if let Some(after) = &habits.answer_after
            && after.value != "never"
            && after.value.parse::<Span>().is_err()
        {
            let message = format!("`{}` is neither a span of time nor `never`", after.value);
            self.refuse_saying(after.place, message, "write a time such as `500ms`, or `never`");
        }
        for word in habits.presents.iter().flatten() {
            self.token(word);
        }
        self.whole_seconds(&habits.register_for);
        self.preference(&habits.contact_q);
        self.wire(habits);
        for (name, _) in habits.extra_headers.iter().flat_map(Named::iter) {
            self.header(&name.value, name.place);
        }
        if let Some(every) = habits.keep_alive.filter(|every| every.value.us < 1_000_000) {
            let message = "pings that come so fast keep nothing but the network busy";
            self.refuse_saying(every.place, message, "write `1s` or more");
        }
        let tcp = habits.sip_transport == Some(SipTransport::Tcp);
        if let Some(deaf) = habits.listens_tcp.filter(|listens| !listens.value && tcp) {
            let message = "a fax with `sip_transport: tcp` is called over TCP, and this one would refuse it";
            self.refuse_saying(deaf.place, message, "take `listens_tcp: false` out");
        }
        if let Some(target) = habits.http.target.as_ref().filter(|target| !is_path(&target.value)) {
            let message = format!("`{}` is no path", target.value);
            self.refuse_saying(target.place, message, "write one such as `/fax`");
        }
        if let Some(code) = habits.http.answers_with.filter(|code| !(200..=599).contains(&code.value)) {
            let message = format!("{} is no final response", code.value);
            self.refuse_saying(code.place, message, "write one from 200 to 599, such as 202 or 503");
        }
    }

    /// A preference has at most three decimals (RFC 3261 §25.1).
    fn preference(&mut self, q: &Option<At<f64>>) {
        let legal = |q: f64| (0.0..=1.0).contains(&q) && (q * 1000.0 - (q * 1000.0).round()).abs() < 1e-6;
        if let Some(q) = q.filter(|q| !legal(q.value)) {
            let message = format!("{} is no preference", q.value);
            self.refuse_saying(
                q.place,
                message,
                "write a number from 0 to 1 with at most three decimals, such as 0.5",
            );
        }
    }

    /// The wire variants.
    fn wire(&mut self, habits: &Habits) {
        if let Some(accepts) = &habits.accepts {
            let listed = &accepts.value;
            if listed.is_empty() {
                let remedy = "name at least one, or leave `accepts` out: then it understands all";
                self.refuse_saying(accepts.place, "a fax that understands no call at all", remedy);
            }
            if listed.iter().enumerate().any(|(at, variant)| listed[..at].contains(variant)) {
                self.refuse(accepts.place, "a variant stands twice in `accepts`");
            }
        }
        if let (Some(presentation), false) =
            (habits.presentation, habits.variant.is_some_and(|variant| variant.value == Variant::H))
        {
            self.refuse_saying(
                presentation.place,
                "only a caller of variant H can read the presentation in two places",
                "write `variant: H` beside it, or take it out",
            );
        }
    }

    fn sip_server(&mut self, server: &SipServerSpec, place: Place) {
        let hosts = &self.script.hosts.value;
        let others: Vec<&str> = hosts
            .iter()
            .filter(|(_, host)| host.location_server.is_some())
            .map(|(name, _)| name.value.as_str())
            .collect();
        let internal = match server.location {
            Some(location) => location.value == LocationSpec::Internal,
            None => others.is_empty(),
        };
        self.registrar(&server.min_expiry, &server.default_expiry, &server.fixed);
        let own = [
            server.min_expiry.map(|at| at.place),
            server.default_expiry.map(|at| at.place),
            server.fixed.as_ref().map(|at| at.place),
        ];
        if let (false, Some(place)) = (internal, own.into_iter().flatten().next()) {
            let remedy = "write it there, or `location: internal` here";
            self.refuse_saying(place, "the locations are kept on a location server", remedy);
        }
        match (&server.location_server, internal) {
            (Some(named), true) => {
                self.refuse_saying(
                    named.place,
                    "this SIP server keeps the locations itself",
                    "take this out",
                );
            }
            (Some(named), false) => self.location_server(named),
            (None, false) if others.is_empty() => self.refuse_saying(
                place,
                "the SIP server asks a location server, and there is none",
                "add a host `location: { location-server: {} }`, or write `location: internal`",
            ),
            (None, false) if others.len() > 1 => self.refuse_saying(
                place,
                "there are several location servers",
                "name one: `location_server: NAME`",
            ),
            _ => {}
        }
    }

    fn location_server(&mut self, named: &At<String>) {
        if self.host(named).is_some_and(|host| host.location_server.is_none()) {
            self.refuse_saying(
                named.place,
                format!("`{}` is not a location server", named.value),
                "name one",
            );
        }
    }

    fn registrar(
        &mut self,
        min: &Option<At<Span>>,
        default: &Option<At<Span>>,
        fixed: &Option<At<Named<FixedContact>>>,
    ) {
        self.whole_seconds(min);
        self.whole_seconds(default);
        for (number, contact) in fixed.iter().flat_map(|fixed| fixed.value.iter()) {
            self.dialable(number);
            let contact = &contact.0;
            if contact.value.parse::<SocketAddr>().is_err() {
                self.host(contact);
            }
        }
    }

    /// SIP counts lifetimes in seconds (RFC 3261 §20.19).
    fn whole_seconds(&mut self, span: &Option<At<Span>>) {
        if let Some(span) = span.filter(|span| span.value.us % 1_000_000 != 0 || span.value.us == 0) {
            self.refuse_saying(
                span.place,
                "a lifetime is counted in whole seconds",
                "write one such as `60s`",
            );
        }
    }

    pub(super) fn dialable(&mut self, number: &At<String>) {
        if !is_dialable(&number.value) {
            self.refuse_saying(
                number.place,
                format!("`{}` cannot be dialled", number.value),
                "write 3 to 15 digits, with `-`, `.`, `(` and `)` between them and a `+` in front if need be",
            );
        }
    }

    /// Where a fax sends its requests.
    pub(super) fn outbound(&mut self, name: &At<String>, fax: &HostSpec) {
        let hosts = &self.script.hosts.value;
        let servers: Vec<&str> = hosts
            .iter()
            .filter(|(_, host)| host.sip_server.is_some())
            .map(|(name, _)| name.value.as_str())
            .collect();
        match (&fax.outbound, &servers[..]) {
            (Some(named), _) => {
                self.known_name(named);
                if hosts.value(&named.value).is_some_and(|host| host.sip_server.is_none()) {
                    let message = format!("`{}` is not a SIP server", named.value);
                    self.refuse_saying(named.place, message, "name one, or a name of the zone");
                }
            }
            (None, []) => {
                let message = format!("fax `{}` has no SIP server to send its requests to", name.value);
                self.refuse_saying(name.place, message, "add a host `sip: { sip-server: {} }`");
            }
            (None, [_]) => {}
            (None, [first, ..]) => {
                let message = format!("there are several SIP servers, and fax `{}` names none", name.value);
                self.refuse_saying(name.place, message, format!("add `sip_server: {first}`"));
            }
        }
    }

    fn addresses(&mut self) -> BTreeMap<String, IpAddr> {
        let mut owners: BTreeMap<IpAddr, &str> = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for (name, host) in self.script.hosts.value.iter() {
            let external = host.external.as_ref();
            let outside = external.and_then(|external| Some((external.value.address()?, external.place)));
            let (address, place) = match (outside, &host.address) {
                (Some(outside), _) => outside,
                (None, Some(address)) => (address.value, address.place),
                (None, None) => (address::of_name(&name.value), name.place),
            };
            if address.is_unspecified() || address.is_multicast() {
                self.refuse(place, format!("{address} is not the address of one host"));
            }
            if let Some(other) = owners.insert(address, &name.value) {
                let message = format!("`{}` has the address {address} of `{other}`", name.value);
                self.refuse_saying(place, message, "give it another: `address: 10.1.2.3`");
            }
            addresses.insert(name.value.clone(), address);
        }
        addresses
    }
}

/// Whether this is a path of a URI without query (RFC 3986 §3.3), with no segment that leads upwards.
fn is_path(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@/".contains(c);
    text.starts_with('/') && text.chars().all(legal) && !text.split('/').any(|segment| segment == "..")
}

/// Whether this is a plain mail address: a dot-string and a domain (RFC 5321 §4.1.2).
pub(super) fn is_mail(text: &str) -> bool {
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    text.split_once('@').is_some_and(|(local, domain)| {
        local.len() <= 64
            && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
            && is_domain(domain)
    })
}
