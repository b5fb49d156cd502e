//! Telephone lines: what they are set up with, and what is declared of them.

use std::net::IpAddr;

use faxproof_devices::config::{
    Habits, HttpHabits, HttpMethod, LineConfig, MediaAt, Protocol, Refusal, TextType,
};
use faxproof_devices::core::{Duration, Entropy};
use faxproof_devices::sip::address::{preference, uri};
use faxproof_devices::sip::transport::Transport;
use faxproof_devices::smtp::Offers;
use faxproof_wire::sip::Uri;

use super::address::sip;
use super::{Setting, wire};
use crate::scenario::grammar::{self, HostSpec};
use crate::scenario::value::{At, Named, Span};

impl Setting<'_> {
    /// The line of a box whose SMTP calls itself so.
    pub(super) fn line(&self, name: &str, spec: &HostSpec, smtp_name: String, offers: Offers) -> LineConfig {
        LineConfig {
            address: self.address(name),
            number: spec.number.as_ref().map(|number| number.value.clone()).unwrap_or_default(),
            domain: self.domain().to_owned(),
            sip_server: self.outbound(spec),
            password: spec.password.as_ref().map(|password| password.value.clone()),
            protocols: protocols(spec),
            smtp_name,
            habits: habits(spec, offers),
            entropy: Entropy::of_seed(self.seed).part(name),
        }
    }

    /// The SIP server of a fax: a host by its address, a name of the zone as it stands.
    fn outbound(&self, fax: &HostSpec) -> Uri {
        let hosts = &self.scenario.script.hosts.value;
        let only = || hosts.iter().find(|(_, host)| host.sip_server.is_some()).map(|(name, _)| &name.value);
        // The check refuses a fax that has no SIP server.
        let name = fax.outbound.as_ref().map(|named| &named.value).or_else(only).map_or("", String::as_str);
        match hosts.value(name) {
            Some(_) => uri(self.sip_of(name)),
            None => Uri { host: name.to_owned(), port: None, ..uri(sip(IpAddr::from([0, 0, 0, 0]))) },
        }
    }
}

pub(super) fn protocols(spec: &HostSpec) -> Vec<Protocol> {
    let Some(listed) = &spec.protocols else { return vec![Protocol::Smtp] };
    let known = |protocol: &grammar::Protocol| match protocol {
        grammar::Protocol::Smtp => Protocol::Smtp,
        grammar::Protocol::Http => Protocol::Http,
    };
    listed.value.iter().map(known).collect()
}

/// What a line does, where its scenario says so; its SMTP server can do what is given.
fn habits(spec: &HostSpec, offers: Offers) -> Habits {
    let usual = Habits { offers, vendor: wire::vendor(&spec.vendor), ..Habits::default() };
    let Some(given) = spec.habits.as_ref().map(|habits| &habits.value) else { return usual };
    let span = |span: Option<Span>, usual: Duration| span.map_or(usual, |span| Duration(span.us));
    let answer = |text: &str| text.parse::<Span>().ok().map(|span| Duration(span.us));
    Habits {
        no_answer: span(given.no_answer, usual.no_answer),
        ring_after: span(given.ring_after, usual.ring_after),
        answer_after: given.answer_after.as_ref().map_or(usual.answer_after, |after| answer(&after.value)),
        refuse_calls: given.refuse_calls.map(|code| code.value),
        lines: given.lines.map_or(usual.lines, |lines| lines.value),
        refusal: match given.refusal.map(|refusal| refusal.value) {
            Some(grammar::Refusal::PortZero) => Refusal::PortZero,
            Some(grammar::Refusal::NotAcceptable) => Refusal::NotAcceptable,
            None => usual.refusal,
        },
        presents: given.presents.as_ref().map(|words| words.iter().map(|word| word.value.clone()).collect()),
        store_on_transfer_failure: given.store_on_transfer_failure.unwrap_or(usual.store_on_transfer_failure),
        registers: given.registers.unwrap_or(usual.registers),
        contact_q: given.contact_q.map(|q| wire::thousandths(q.value)),
        register_for: span(given.register_for.map(|span| span.value), usual.register_for),
        size_limit: given.size_limit.unwrap_or(usual.size_limit),
        sip_transport: match given.sip_transport.unwrap_or_default() {
            grammar::SipTransport::Udp => Transport::Udp,
            grammar::SipTransport::Tcp => Transport::Tcp,
        },
        rport: given.rport.unwrap_or(usual.rport),
        extra_headers: given.extra_headers.iter().flat_map(Named::iter).map(header).collect(),
        keep_alive: given.keep_alive.map(|every| Duration(every.value.us)),
        listens_tcp: given.listens_tcp.map_or(usual.listens_tcp, |listens| listens.value),
        variant: given.variant.map_or(usual.variant, |variant| wire::variant(variant.value)),
        accepts: match &given.accepts {
            Some(listed) => listed.value.iter().copied().map(wire::variant).collect(),
            None => usual.accepts,
        },
        vendor: usual.vendor,
        presentation: given.presentation.map_or(usual.presentation, |by| wire::presentation(by.value)),
        setup_offer: given.setup_offer.map_or(usual.setup_offer, wire::setup),
        media_at: given.media_at.map_or(usual.media_at, wire::media_at),
        refuses_foreign: given.refuses_foreign.unwrap_or(usual.refuses_foreign),
        http: http_habits(&given.http),
        offers: usual.offers,
        refuses_bare_line_ends: usual.refuses_bare_line_ends,
    }
}

fn http_habits(given: &grammar::HttpSpec) -> HttpHabits {
    let usual = HttpHabits::default();
    HttpHabits {
        target: given.target.as_ref().map_or(usual.target, |target| target.value.clone()),
        method: match given.method {
            Some(grammar::HttpMethod::Put) => HttpMethod::Put,
            Some(grammar::HttpMethod::Post) => HttpMethod::Post,
            None => usual.method,
        },
        text_type: match given.text_type {
            Some(grammar::TextType::Html) => TextType::Html,
            Some(grammar::TextType::Plain) => TextType::Plain,
            None => usual.text_type,
        },
        expect_continue: given.expect_continue.unwrap_or(usual.expect_continue),
        answers_with: given.answers_with.map_or(usual.answers_with, |code| code.value),
    }
}

fn header((name, value): (&At<String>, &String)) -> (String, String) {
    (name.value.clone(), value.clone())
}

/// Habits in the words of the grammar.
pub(super) fn words(config: &LineConfig) -> Vec<(&'static str, String)> {
    let habits = &config.habits;
    let span = |span: Duration| Span { us: span.0 }.to_string();
    let mut words = vec![
        ("no_answer", span(habits.no_answer)),
        ("ring_after", span(habits.ring_after)),
        ("answer_after", habits.answer_after.map_or("never".to_owned(), span)),
        ("lines", habits.lines.to_string()),
        (
            "refusal",
            match habits.refusal {
                Refusal::NotAcceptable => "488".to_owned(),
                Refusal::PortZero => "port-0".to_owned(),
            },
        ),
        ("registers", habits.registers.to_string()),
        ("register_for", span(habits.register_for)),
        ("size_limit", habits.size_limit.to_string()),
    ];
    words.extend(wire::words(habits));
    if config.protocols.contains(&Protocol::Http) {
        words.push(("http.target", habits.http.target.clone()));
        words.push(("http.method", habits.http.method.as_str().to_owned()));
        words.push(("http.text_type", text_type(habits.http.text_type).to_owned()));
        words.push(("http.expect_continue", habits.http.expect_continue.to_string()));
        words.push(("http.answers_with", habits.http.answers_with.to_string()));
    }
    if let Some(q) = habits.contact_q {
        words.push(("contact_q", preference(q)));
    }
    if let Some(code) = habits.refuse_calls {
        words.push(("refuse_calls", code.to_string()));
    }
    if let Some(presents) = &habits.presents {
        words.push(("presents", presents.join(" ")));
    }
    if habits.sip_transport == Transport::Tcp {
        words.push(("sip_transport", "tcp".to_owned()));
    }
    if habits.rport {
        words.push(("rport", "true".to_owned()));
    }
    if !habits.extra_headers.is_empty() {
        let names = habits.extra_headers.iter().map(|(name, _)| name.as_str());
        words.push(("extra_headers", names.collect::<Vec<_>>().join(" ")));
    }
    if let Some(every) = habits.keep_alive {
        words.push(("keep_alive", span(every)));
    }
    if habits.media_at == MediaAt::Anywhere {
        words.push(("media_at", "anywhere".to_owned()));
    }
    if habits.refuses_foreign {
        words.push(("refuses_foreign", "true".to_owned()));
    }
    if !habits.listens_tcp {
        words.push(("listens_tcp", "false".to_owned()));
    }
    words
}

fn text_type(kind: TextType) -> &'static str {
    match kind {
        TextType::Plain => "text/plain",
        TextType::Html => "text/html",
    }
}
