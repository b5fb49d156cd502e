//! Mail faxes: their habits, their mailbox and their table; and mail servers.

use std::net::SocketAddr;

use faxproof_devices::config::{
    CollectionConfig, ExtensionRule, FaxConfig, FirstMail, Machine, MailHabits, MailServerConfig,
    MailboxConfig, NumberPattern, PathReject, Unverified,
};
use faxproof_devices::core::{Duration, Entropy};
use faxproof_devices::pop3::POP3_PORT;
use faxproof_devices::smtp::{Offers, SMTP_PORT};
use faxproof_devices::ta2::{Key, Row, Source};
use faxproof_wire::features::Ability;
use faxproof_wire::mime::Form;
use faxproof_wire::page::Coding;

use super::Setting;
use crate::scenario::grammar::{
    AbilitySpec, CodingSpec, ExtensionRuleSpec, FirstMailSpec, GreetingSpec, HostSpec, MailExtension,
    MailServerSpec, PathRejectSpec, PlaceSpec, SourceSpec, Ta2KeySpec, Ta2RowSpec, UnverifiedSpec,
};
use crate::scenario::value::{At, Span};

/// How often a mailbox is looked into.
const EVERY: Duration = Duration::secs(60);
/// Waits between the tries of a mail server (RFC 5321 §4.5.4.1: half an hour at least, two tries in the first
/// hour), and when it gives up.
const RETRIES: [Duration; 3] = [Duration::secs(1800), Duration::secs(1800), Duration::secs(3 * 3600)];
const GIVES_UP_AFTER: Duration = Duration::secs(120 * 3600);
/// A mail that has passed so many servers is in a loop (RFC 5321 §6.3).
const MOST_HOPS: u32 = 100;

impl Setting<'_> {
    pub(super) fn outgoing_server(&self, spec: &HostSpec) -> Option<SocketAddr> {
        let server = &spec.outgoing.as_ref()?.value;
        let outside = self.service(server, |external| external.smtp);
        Some(outside.unwrap_or_else(|| SocketAddr::new(self.address(server), SMTP_PORT)))
    }

    /// The mailbox of a fax; its password is the one that the server has for the user.
    pub(super) fn mailbox(&self, spec: &HostSpec) -> Option<CollectionConfig> {
        let mailbox = &spec.mailbox.as_ref()?.value;
        let name = &mailbox.server.value;
        let server = self.scenario.script.hosts.value.value(name)?.mail_server.as_ref()?;
        let outside = self.service(name, |external| external.pop3);
        Some(CollectionConfig {
            server: outside.unwrap_or_else(|| SocketAddr::new(self.address(name), POP3_PORT)),
            user: mailbox.user.value.clone(),
            password: server.value.mailboxes.value(&mailbox.user.value)?.password.clone(),
            every: mailbox.every.map_or(EVERY, |every| Duration(every.value.us)),
        })
    }

    pub(super) fn mail_server(&self, host: &str, box_: &HostSpec, spec: &MailServerSpec) -> MailServerConfig {
        let domains: Vec<String> = spec.domains.iter().map(|domain| domain.value.clone()).collect();
        let usual = match domains.first() {
            Some(domain) => format!("{host}.{domain}"),
            None => host.to_owned(),
        };
        let name = spec.name.as_ref().map_or(usual, |name| name.value.clone());
        let mailboxes = spec.mailboxes.iter().map(|(user, mailbox)| MailboxConfig {
            user: user.value.clone(),
            password: mailbox.password.clone(),
            addresses: match &mailbox.addresses {
                Some(listed) => listed.iter().map(|address| address.value.clone()).collect(),
                None => vec![user.value.clone()],
            },
        });
        let retries = spec.retries.as_ref();
        let forwards =
            spec.forwards.as_ref().map(|forwards| self.forwards(host, box_, &name, &forwards.value));
        MailServerConfig {
            forwards,
            takes_bare_line_ends: spec.takes_bare_line_ends.unwrap_or(false),
            address: self.address(host),
            names: self.names_of(host).into_iter().chain([name.clone()]).collect(),
            name,
            domains,
            mailboxes: mailboxes.collect(),
            relays_for: spec.relays_for.iter().map(|host| self.address(&host.value)).collect(),
            relay: spec.relay.as_ref().map(|relay| relay.value.clone()),
            offers: spec.offers.as_ref().map_or(Offers::of_a_mail_server(), |at| offers(&at.value)),
            size_limit: spec.size_limit.unwrap_or(20_000_000),
            retries: retries
                .map_or(RETRIES.to_vec(), |waits| waits.value.iter().map(|wait| Duration(wait.us)).collect()),
            gives_up_after: spec.gives_up_after.map_or(GIVES_UP_AFTER, |span| Duration(span.us)),
            most_hops: spec.most_hops.map_or(MOST_HOPS, |most: At<u32>| most.value) as usize,
            epoch_s: self.epoch_s(),
            entropy: Entropy::of_seed(self.seed).part(host),
        }
    }
}

pub(super) fn offers(listed: &[MailExtension]) -> Offers {
    let ehlo = listed.contains(&MailExtension::Ehlo);
    let lists = |extension| ehlo && listed.contains(&extension);
    Offers {
        ehlo,
        dsn: lists(MailExtension::Dsn),
        conneg: lists(MailExtension::Conneg),
        eight_bit: lists(MailExtension::EightBit),
        chunking: lists(MailExtension::Chunking),
    }
}

fn offered(offers: Offers) -> String {
    let words = [
        (offers.ehlo, "ehlo"),
        (offers.dsn, "dsn"),
        (offers.conneg, "conneg"),
        (offers.eight_bit, "8bitmime"),
        (offers.chunking, "chunking"),
    ];
    words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
}

/// What is declared of a mail server, in the words of the grammar, and never the passwords.
pub(super) fn server_words(config: &MailServerConfig) -> Vec<(&'static str, String)> {
    let users: Vec<&str> = config.mailboxes.iter().map(|mailbox| mailbox.user.as_str()).collect();
    let waits: Vec<String> = config.retries.iter().map(|wait| Span { us: wait.0 }.to_string()).collect();
    let relays_for: Vec<String> = config.relays_for.iter().map(ToString::to_string).collect();
    let mut words = vec![
        ("name", config.name.clone()),
        ("domains", config.domains.join(" ")),
        ("mailboxes", users.join(" ")),
        ("relays_for", relays_for.join(" ")),
        ("offers", offered(config.offers)),
        ("size_limit", config.size_limit.to_string()),
        ("retries", waits.join(" ")),
        ("gives_up_after", Span { us: config.gives_up_after.0 }.to_string()),
        ("most_hops", config.most_hops.to_string()),
    ];
    words.extend(config.takes_bare_line_ends.then(|| ("takes_bare_line_ends", "true".to_owned())));
    words.extend(config.relay.clone().map(|relay| ("relay", relay)));
    words
}

/// Which mail fax a host is, if it is one.
pub(super) fn machine(spec: &HostSpec) -> Option<Machine> {
    match spec.fax?.value {
        101 => Some(Machine::Fax101),
        118 => Some(Machine::Fax118),
        _ => None,
    }
}

/// What a machine does unless its scenario says otherwise.
fn usual(machine: Option<Machine>) -> MailHabits {
    match machine {
        Some(Machine::Fax118) => MailHabits {
            greets_by_helo: false,
            reads_number: vec![Form::EnvelopeFaxAddress, Form::EnvelopeLocalPart, Form::DisplayName],
            states_capabilities: true,
            prints: Ability::default(),
            ..MailHabits::default()
        },
        _ => MailHabits::default(),
    }
}

/// What the SMTP server of a fax can do.
pub(super) fn offers_of(spec: &HostSpec, machine: Option<Machine>) -> Offers {
    let usual = Offers { dsn: machine == Some(Machine::Fax118), ..Offers::default() };
    let given = spec.habits.as_ref().and_then(|habits| habits.value.mail.as_ref());
    let given = given.and_then(|mail| mail.value.offers.as_deref());
    given.map_or(usual, offers)
}

pub(super) fn habits(spec: &HostSpec, machine: Option<Machine>) -> MailHabits {
    let usual = usual(machine);
    let given = spec.habits.as_ref().and_then(|habits| habits.value.mail.as_ref());
    let Some(given) = given.map(|at| &at.value) else { return usual };
    MailHabits {
        greets_by_helo: given.greets_by.map_or(usual.greets_by_helo, |by| by == GreetingSpec::Helo),
        calls: given.calls.unwrap_or(usual.calls),
        never_calls: match &given.never_calls {
            Some(written) => written.iter().map(|number| NumberPattern::new(&number.value)).collect(),
            None => usual.never_calls,
        },
        writes_number: given
            .writes_number
            .and_then(|place| forms(place).pop())
            .unwrap_or(usual.writes_number),
        reads_number: match &given.reads_number {
            Some(places) => places.iter().flat_map(|place| forms(*place)).collect(),
            None => usual.reads_number,
        },
        asks_confirmation: given.asks_confirmation.unwrap_or(usual.asks_confirmation),
        confirmation_within: given
            .confirmation_within
            .map_or(usual.confirmation_within, |span| Duration(span.value.us)),
        confirms: given.confirms.unwrap_or(usual.confirms),
        on_path_reject: match given.on_path_reject {
            Some(PathRejectSpec::FallBack) => PathReject::FallBack,
            Some(PathRejectSpec::Notify) => PathReject::Notify,
            None => usual.on_path_reject,
        },
        unverified_number: match given.unverified_number {
            Some(UnverifiedSpec::Store) => Unverified::Store,
            Some(UnverifiedSpec::StoreFlagged) => Unverified::StoreFlagged,
            Some(UnverifiedSpec::Refuse) => Unverified::Refuse,
            None => usual.unverified_number,
        },
        listens: given.listens.unwrap_or(usual.listens),
        extension_rule: match given.extension_rule {
            Some(ExtensionRuleSpec::EhloDsn) => ExtensionRule::Lists("DSN"),
            Some(ExtensionRuleSpec::EhloConneg) => ExtensionRule::Lists("CONNEG"),
            Some(ExtensionRuleSpec::Ehlo) => ExtensionRule::Ehlo,
            None => usual.extension_rule,
        },
        states_capabilities: given.states_capabilities.unwrap_or(usual.states_capabilities),
        states: given.states.clone(),
        prints: given.prints.as_ref().map_or(usual.prints, ability),
        sends: given.sends.as_ref().map_or(usual.sends, ability),
        first_mail: match given.first_mail {
            Some(FirstMailSpec::Cover) => FirstMail::Cover,
            Some(FirstMailSpec::Alternative) => FirstMail::Alternative,
            None => usual.first_mail,
        },
        prefers_alternative: given.prefers_alternative.unwrap_or(usual.prefers_alternative),
        remembers_capabilities: given.remembers_capabilities.unwrap_or(usual.remembers_capabilities),
    }
}

fn ability(spec: &AbilitySpec) -> Ability {
    Ability {
        papers: spec.papers.iter().map(|paper| (*paper).into()).collect(),
        resolutions: spec.resolutions.iter().map(|resolution| (*resolution).into()).collect(),
        codings: spec
            .codings
            .iter()
            .map(|coding| match coding {
                CodingSpec::Mh => Coding::Mh,
                CodingSpec::Mr => Coding::Mr,
                CodingSpec::Mmr => Coding::Mmr,
            })
            .collect(),
    }
}

/// The words of an ability: papers, resolutions and codings.
fn able(ability: &Ability) -> String {
    let papers = ability.papers.iter().map(|paper| paper.name());
    let resolutions = ability.resolutions.iter().map(|resolution| resolution.name());
    let codings = ability.codings.iter().map(|coding| coding.name());
    papers.chain(resolutions).chain(codings).collect::<Vec<_>>().join(" ")
}

/// The forms of a place.
fn forms(place: PlaceSpec) -> Vec<Form> {
    match place {
        PlaceSpec::DisplayName => vec![Form::DisplayName],
        PlaceSpec::LocalPart => vec![Form::LocalPart],
        PlaceSpec::FaxAddress => vec![Form::FaxAddress],
        PlaceSpec::PatentLiteral => vec![Form::PatentLiteral],
        PlaceSpec::MailFrom => vec![Form::EnvelopeFaxAddress, Form::EnvelopeLocalPart],
    }
}

fn place(form: &Form) -> &'static str {
    match form {
        Form::DisplayName => "display-name",
        Form::LocalPart => "local-part",
        Form::FaxAddress => "fax-address",
        Form::PatentLiteral => "patent-literal",
        Form::EnvelopeFaxAddress | Form::EnvelopeLocalPart => "mail-from",
        Form::Field(_) | Form::EnvelopeParam => "other",
    }
}

/// The servers of a mail fax by their addresses, and its habits in the words of the grammar.
pub(super) fn words(config: &FaxConfig) -> Vec<(&'static str, String)> {
    let habits = &config.mail_habits;
    let greeting = if habits.greets_by_helo { "helo" } else { "ehlo" };
    let reject = match habits.on_path_reject {
        PathReject::Notify => "notify",
        PathReject::FallBack => "fall-back",
    };
    let unverified = match habits.unverified_number {
        Unverified::Store => "store",
        Unverified::StoreFlagged => "store-flagged",
        Unverified::Refuse => "refuse",
    };
    let mut reads: Vec<&str> = habits.reads_number.iter().map(place).collect();
    reads.dedup();
    let rule = match habits.extension_rule {
        ExtensionRule::Ehlo => "ehlo".to_owned(),
        ExtensionRule::Lists(keyword) => format!("ehlo-{}", keyword.to_ascii_lowercase()),
    };
    let first_mail = match habits.first_mail {
        FirstMail::Alternative => "alternative",
        FirstMail::Cover => "cover",
    };
    let never: Vec<String> = habits.never_calls.iter().map(ToString::to_string).collect();
    let servers = [
        ("mail_server", config.mail_server),
        ("mailbox", config.mailbox.as_ref().map(|mailbox| mailbox.server)),
    ];
    let servers = servers.into_iter().filter_map(|(key, at)| Some((key, at?.ip().to_string())));
    let words = [
        ("mail.greets_by", greeting.to_owned()),
        ("mail.calls", habits.calls.to_string()),
        ("mail.never_calls", never.join(" ")),
        ("mail.writes_number", place(&habits.writes_number).to_owned()),
        ("mail.reads_number", reads.join(" ")),
        ("mail.asks_confirmation", habits.asks_confirmation.to_string()),
        ("mail.confirmation_within", Span { us: habits.confirmation_within.0 }.to_string()),
        ("mail.confirms", habits.confirms.to_string()),
        ("mail.on_path_reject", reject.to_owned()),
        ("mail.unverified_number", unverified.to_owned()),
        ("mail.listens", habits.listens.to_string()),
        ("mail.offers", offered(config.line.habits.offers)),
        ("mail.extension_rule", rule),
        ("mail.states_capabilities", habits.states_capabilities.to_string()),
        ("mail.states", habits.states.clone().unwrap_or_default()),
        ("mail.prints", able(&habits.prints)),
        ("mail.sends", able(&habits.sends)),
        ("mail.first_mail", first_mail.to_owned()),
        ("mail.prefers_alternative", habits.prefers_alternative.to_string()),
        ("mail.remembers_capabilities", habits.remembers_capabilities.to_string()),
    ];
    servers.chain(words).collect()
}

pub(crate) fn ta2_row(spec: &Ta2RowSpec) -> Row {
    Row {
        speed_dial: spec.speed_dial.as_ref().map(|dial| dial.value.clone()),
        destination: spec.destination.clone(),
        number: spec.number.as_ref().map(|number| number.value.clone()),
        address: spec.address.as_ref().map(|address| address.value.clone()),
        source: match spec.source {
            SourceSpec::Operator => Source::Operator,
            SourceSpec::Learned => Source::Learned,
            SourceSpec::Unverified => Source::Unverified,
        },
    }
}

pub(super) fn ta2_key(spec: &Ta2KeySpec) -> Key {
    match spec {
        Ta2KeySpec::SpeedDial(dial) => Key::SpeedDial(dial.value.clone()),
        Ta2KeySpec::Number(number) => Key::Number(number.value.clone()),
        Ta2KeySpec::Address(address) => Key::Address(address.value.clone()),
    }
}
