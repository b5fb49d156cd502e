//! The boxes: two faxes, the SIP server, and the location server or a mail server, set up as an input wants them; or two
//! mail clients, the SIP server, and two mail servers (`forwarders.rs`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use faxproof_devices::config::{
    CollectionConfig, FaxConfig, FirstMail, Forking, Habits, HttpHabits, LineConfig, Location,
    LocationServerConfig, Machine, MailHabits, MailServerConfig, MailboxConfig, PathReject, PresentedBy,
    Protocol, Refusal, RegistrarConfig, SipServerConfig, TextType, Variant,
};
use faxproof_devices::core::{Device, Duration, Entropy, Medium};
use faxproof_devices::fax1::Fax1;
use faxproof_devices::location_server::LocationServer;
use faxproof_devices::mail_fax::MailFax;
use faxproof_devices::mail_server::MailServer;
use faxproof_devices::pop3::POP3_PORT;
use faxproof_devices::sip::SIP_PORT;
use faxproof_devices::sip::transport::Transport;
use faxproof_devices::sip_server::SipServer;
use faxproof_devices::smtp::{Offers, SMTP_PORT};
use faxproof_wire::features::Ability;
use faxproof_wire::sdp::Setup;
use faxproof_wire::sip::Uri;
use faxproof_wire::vendor::Profile;

use super::forwarders;
use super::script::Script;

/// Which box. The numbers are their places.
pub(super) const ALICE: usize = 0;
pub(super) const BOB: usize = 1;
pub(super) const SERVER: usize = 2;
pub(super) const LOCATION: usize = 3;
/// Alice's mail server, 201; bob's, 201A.
pub(super) const NEAR: usize = LOCATION;
pub(super) const FAR: usize = 4;

pub(super) const DOMAIN: &str = "sip.example.net";
pub(super) const NUMBERS: [&str; 2] = ["050-0000-9999", "050-1234-5678"];

/// Which boxes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cast {
    /// Facsimile machines 1, and a location server.
    Calls,
    /// Mail faxes, and a mail server in the place of the location server: alice collects a mailbox of its, and
    /// bob takes mail himself.
    Mail,
    /// Mail clients in the places of the faxes, each with a mail server of its own, which forwards over SIP: alice's in
    /// the place of the location server, bob's behind it.
    Forwarding,
}

/// Where mail for the two faxes goes.
pub(super) const ADDRESSES: [&str; 2] = ["alice@a.example", "bob@b.example"];

/// Where a box is.
pub(super) fn address(seat: usize) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, seat as u8 + 1).into()
}

/// The box at an address.
pub(super) fn seat_at(address_of_it: IpAddr) -> Option<usize> {
    (ALICE..=FAR).find(|seat| address(*seat) == address_of_it)
}

/// The boxes in their order. What a call needs is there whatever the script says: both faxes register,
/// answer, and have a protocol in common.
pub(super) fn devices(cast: Cast, script: &mut Script<'_>) -> Vec<Box<dyn Device>> {
    let seed = script.byte();
    let entropy = Entropy::of_seed(u64::from(seed));
    let registrar = RegistrarConfig {
        domain: DOMAIN.to_owned(),
        default_expiry: Duration::secs(3600),
        min_expiry: Duration::secs(60),
        fixed: Vec::new(),
        challenges: None,
    };
    let own_host = Location::OwnHost(SocketAddr::new(address(LOCATION), SIP_PORT));
    let internal = script.chance(4) || cast != Cast::Calls;
    let location = if internal { Location::Internal(registrar.clone()) } else { own_host };
    let server = SipServerConfig {
        address: address(SERVER),
        domain: DOMAIN.to_owned(),
        names: vec![DOMAIN.to_owned()],
        location,
        record_route: !script.chance(4),
        challenges: None,
        follows_redirects: script.chance(4),
        forking: if seed.is_multiple_of(2) { Forking::Serial } else { Forking::Parallel },
        listens_tcp: true,
        entropy: entropy.part("sip"),
    };
    let location = LocationServerConfig {
        address: address(LOCATION),
        registrar,
        listens_tcp: true,
        entropy: entropy.part("location"),
    };
    let alice = fax(ALICE, entropy.part("alice"), script);
    let bob = fax(BOB, entropy.part("bob"), script);
    match cast {
        Cast::Calls => vec![
            Box::new(Fax1::new(alice)),
            Box::new(Fax1::new(bob)),
            Box::new(SipServer::new(server)),
            Box::new(LocationServer::new(location)),
        ],
        Cast::Mail => vec![
            Box::new(MailFax::new(mailing(alice, script))),
            Box::new(MailFax::new(mailing(bob, script))),
            Box::new(SipServer::new(server)),
            Box::new(MailServer::new(mail_server(entropy.part("mail")))),
        ],
        Cast::Forwarding => {
            let lines = [alice.line, bob.line];
            let [near, far, pc, other] = forwarders::devices(lines, entropy, script);
            vec![pc, other, Box::new(SipServer::new(server)), near, far]
        }
    }
}

/// The same fax as a mail fax.
fn mailing(config: FaxConfig, script: &mut Script<'_>) -> FaxConfig {
    let alice = config.line.address == address(ALICE);
    let offers = [
        Offers { dsn: true, ..Offers::default() },
        Offers { conneg: true, ..Offers::default() },
        Offers { ehlo: false, ..Offers::default() },
    ];
    let offers = offers[script.below(3)];
    let mail_habits = MailHabits {
        greets_by_helo: script.chance(2),
        listens: !alice,
        on_path_reject: if script.chance(2) { PathReject::FallBack } else { PathReject::Notify },
        states_capabilities: script.chance(2),
        prints: if script.chance(2) { Ability::all() } else { Ability::default() },
        first_mail: if script.chance(2) { FirstMail::Cover } else { FirstMail::Alternative },
        ..MailHabits::default()
    };
    FaxConfig {
        mail: ADDRESSES[usize::from(!alice)].to_owned(),
        machine: if script.chance(2) { Machine::Fax118 } else { Machine::Fax101 },
        mail_server: Some(SocketAddr::new(address(LOCATION), SMTP_PORT)),
        mailbox: alice.then(|| CollectionConfig {
            server: SocketAddr::new(address(LOCATION), POP3_PORT),
            user: "alice".to_owned(),
            password: "sesame".to_owned(),
            every: Duration::secs(20),
        }),
        mail_habits,
        line: LineConfig { habits: Habits { offers, ..config.line.habits }, ..config.line },
        ..config
    }
}

pub(super) fn mail_server(entropy: Entropy) -> MailServerConfig {
    let mailbox = MailboxConfig {
        user: "alice".to_owned(),
        password: "sesame".to_owned(),
        addresses: vec!["alice".to_owned()],
    };
    MailServerConfig {
        address: address(LOCATION),
        name: "mx.a.example".to_owned(),
        names: vec!["mx.a.example".to_owned()],
        domains: vec!["a.example".to_owned()],
        mailboxes: vec![mailbox],
        relays_for: vec![address(ALICE), address(BOB)],
        relay: None,
        forwards: None,
        takes_bare_line_ends: false,
        offers: Offers::of_a_mail_server(),
        size_limit: 1_000_000,
        retries: vec![Duration::secs(30)],
        gives_up_after: Duration::secs(300),
        most_hops: 100,
        epoch_s: 1_069_117_200,
        entropy,
    }
}

fn fax(seat: usize, entropy: Entropy, script: &mut Script<'_>) -> FaxConfig {
    let by_name = script.chance(4);
    let server = if by_name { DOMAIN.to_owned() } else { format!("{}:{SIP_PORT}", address(SERVER)) };
    let protocols = match script.below(3) {
        0 => vec![Protocol::Smtp],
        1 => vec![Protocol::Smtp, Protocol::Http],
        _ => vec![Protocol::Http, Protocol::Smtp],
    };
    // A host, by name or address, makes a URI.
    let sip_server = Uri::parse(&format!("sip:{server}")).unwrap_or_else(|error| panic!("{server}: {error}"));
    let line = LineConfig {
        address: address(seat),
        password: None,
        number: NUMBERS[seat].to_owned(),
        domain: DOMAIN.to_owned(),
        sip_server,
        protocols,
        smtp_name: "example.net".to_owned(),
        habits: habits(script),
        entropy,
    };
    FaxConfig {
        line,
        mail: format!("fax-{seat}@example.net"),
        failure_medium: Medium::Display,
        ta2: Vec::new(),
        mail_server: None,
        mailbox: None,
        machine: Default::default(),
        ta1: Vec::new(),
        mail_habits: MailHabits::default(),
        epoch_s: 1_069_117_200,
    }
}

/// The wire profile of a vendor: both faxes have it.
const ACME: &[(&str, &str)] = &[
    ("request.method", "INFO"),
    ("request.type", "text/x-acme"),
    ("request.body", "ASK"),
    ("presentation.type", "text/x-acme"),
    ("presentation.body", "CAN {protocols}"),
    ("announcement.method", "INFO"),
    ("announcement.type", "text/x-acme"),
    ("announcement.body", "USE {protocol}"),
    ("readiness.type", "text/x-acme"),
    ("readiness.body", "READY {address}:{port}"),
];

fn habits(script: &mut Script<'_>) -> Habits {
    let answer_after = Duration::millis(if script.chance(4) { 5 } else { 500 });
    let usual = script.chance(2);
    let variant = Variant::ALL[script.below(Variant::ALL.len())];
    Habits {
        answer_after: Some(answer_after),
        refusal: if script.chance(4) { Refusal::PortZero } else { Refusal::NotAcceptable },
        sip_transport: if script.chance(3) { Transport::Tcp } else { Transport::Udp },
        rport: script.chance(4),
        keep_alive: script.chance(8).then_some(Duration::secs(30)),
        lines: 1 + script.below(3) as u32,
        variant: if usual { Variant::Base } else { variant },
        vendor: Profile::parse(ACME.iter().copied()).ok().map(Arc::new),
        presentation: if script.chance(4) { PresentedBy::Answer } else { PresentedBy::Options },
        setup_offer: [Setup::Active, Setup::Active, Setup::Passive, Setup::ActPass][script.below(4)],
        http: HttpHabits {
            text_type: if script.chance(4) { TextType::Html } else { TextType::Plain },
            expect_continue: script.chance(4),
            ..HttpHabits::default()
        },
        ..Habits::default()
    }
}
