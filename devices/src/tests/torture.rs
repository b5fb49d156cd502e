//! What the boxes do with messages that are hard to read or wrong (RFC 4475).

use bytes::Bytes;
use faxproof_wire::sip::Message;
use faxproof_wire::sip::torture::{CASES, Case};

use crate::config::{
    FaxConfig, Forking, Habits, Location, LocationServerConfig, RegistrarConfig, SipServerConfig,
};
use crate::core::{Device, Duration, Effect, Entropy, Event, NameAnswer, Question};
use crate::fax1::Fax1;
use crate::location_server::LocationServer;
use crate::sip_server::SipServer;
use crate::testing::{Table, address, fax_config, labels};

const PEER: &str = "10.0.0.9:5060";

/// The code of the first final or only answer, or what else became of it.
fn verdict(effects: &[Effect]) -> String {
    let sent: Vec<Message> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Datagram { bytes, .. } => Some(Message::parse(bytes.clone()).expect("own message")),
            _ => None,
        })
        .collect();
    let final_code = sent.iter().filter_map(Message::code).find(|code| *code >= 200);
    match final_code.or_else(|| sent.iter().find_map(Message::code)) {
        Some(100) | None if sent.iter().any(Message::is_request) => "forwarded".into(),
        Some(code) => code.to_string(),
        None if effects.iter().any(|effect| matches!(effect, Effect::Unexpected { .. })) => "recorded".into(),
        None if effects.iter().any(|effect| matches!(effect, Effect::Resolve(..))) => "resolves".into(),
        None if effects.iter().any(|effect| matches!(effect, Effect::Connect { .. })) => "connects".into(),
        None => "silent".into(),
    }
}

fn asked(effects: &[Effect]) -> Vec<Question> {
    let questions = effects.iter().filter_map(|effect| match effect {
        Effect::Resolve(question) => Some(question.clone()),
        _ => None,
    });
    questions.collect()
}

/// A well-formed OPTIONS.
fn options(n: usize) -> String {
    format!(
        "OPTIONS sip:05022220000@example.net SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKok{n}\n\
         Max-Forwards: 70\nFrom: <sip:b@example.net>;tag=o\nTo: <sip:05022220000@example.net>\nCall-ID: ok{n}\n\
         CSeq: 1 OPTIONS\n\n"
    )
}

fn found<D: Device>(mut table: Table<D>, alive: &str, told: fn(&Case) -> &'static str) {
    let mut differs = Vec::new();
    for (n, case) in CASES.iter().enumerate() {
        let bytes = Bytes::from_static(case.bytes);
        let mut effects = table.step(Event::Datagram { from: address(PEER), bytes });
        // No name is known here.
        let mut questions = asked(&effects);
        while let Some(question) = questions.pop() {
            let more = table.step(Event::Resolved { question, answer: NameAnswer::NoSuchName });
            questions.extend(asked(&more));
            effects.extend(more);
        }
        effects.extend(table.wait_ms(600));
        if verdict(&effects) != told(case) {
            differs.push(format!("{}: {} {:?}", case.name, verdict(&effects), labels(&effects)));
        }
        assert_eq!(verdict(&table.sip(PEER, &options(n))), alive, "after {}", case.name);
        // Beyond Timer C of a proxy (RFC 3261 §16.6 step 11), which waits for a silent callee.
        table.wait_ms(400_000);
        assert_eq!(table.device.holds(), Default::default(), "after {}", case.name);
    }
    assert!(differs.is_empty(), "{differs:#?}");
}

#[test]
fn a_fax_that_is_called() {
    let usual = fax_config(Habits::default());
    let fax = Fax1::new(FaxConfig {
        number: "050-2222-0000".to_owned(),
        domain: "example.net".to_owned(),
        sip_server: crate::sip::address::uri(address(PEER)),
        ..usual
    });
    found(Table::new(fax), "200", |case| case.fax);
}

fn registrar() -> RegistrarConfig {
    RegistrarConfig {
        domain: "example.net".to_owned(),
        default_expiry: Duration::secs(3600),
        min_expiry: Duration::secs(60),
        challenges: None,
        fixed: vec![("050-2222-0000".to_owned(), address("10.0.0.1:5060"))],
    }
}

#[test]
fn a_sip_server() {
    let server = SipServer::new(SipServerConfig {
        address: "10.0.0.5".parse().expect("an address"),
        domain: "example.net".to_owned(),
        names: vec!["sip.example.net".to_owned()],
        location: Location::Internal(registrar()),
        record_route: true,
        challenges: None,
        forking: Forking::default(),
        listens_tcp: true,
        follows_redirects: false,
        entropy: Entropy::of_seed(1),
    });
    found(Table::new(server), "forwarded", |case| case.server);
}

#[test]
fn a_location_server() {
    let server = LocationServer::new(LocationServerConfig {
        address: "10.0.0.6".parse().expect("an address"),
        registrar: registrar(),
        listens_tcp: true,
        entropy: Entropy::of_seed(1),
    });
    found(Table::new(server), "302", |case| case.location);
}
