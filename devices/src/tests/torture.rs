//! What the boxes do with messages that are hard to read or wrong (RFC 4475, RFC 5118).

use bytes::Bytes;
use faxproof_wire::sip::torture::{CASES, Case};
use faxproof_wire::sip::{Message, Method, Name, NameAddr};

use crate::config::{
    FaxConfig, Forking, Habits, LineConfig, Location, LocationServerConfig, RegistrarConfig, SipServerConfig,
};
use crate::core::{Device, Duration, Effect, Entropy, Event, NameAnswer, Question};
use crate::fax1::Fax1;
use crate::location_server::LocationServer;
use crate::sip_server::SipServer;
use crate::testing::{Table, address, fax_config, labels, sent};

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

fn called_fax() -> Table<Fax1> {
    let usual = fax_config(Habits::default());
    let line = LineConfig {
        number: "050-2222-0000".to_owned(),
        domain: "example.net".to_owned(),
        sip_server: crate::sip::address::uri(address(PEER)),
        ..usual.line
    };
    Table::new(Fax1::new(FaxConfig { line, ..usual }))
}

#[test]
fn a_fax_that_is_called() {
    found(called_fax(), "200", |case| case.fax);
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

fn sip_server() -> Table<SipServer> {
    Table::new(SipServer::new(SipServerConfig {
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
    }))
}

#[test]
fn a_sip_server() {
    found(sip_server(), "forwarded", |case| case.server);
}

fn location_server() -> Table<LocationServer> {
    Table::new(LocationServer::new(LocationServerConfig {
        address: "10.0.0.6".parse().expect("an address"),
        registrar: registrar(),
        listens_tcp: true,
        entropy: Entropy::of_seed(1),
    }))
}

#[test]
fn a_location_server() {
    found(location_server(), "302", |case| case.location);
}

/// The first answer of a box to this message.
fn answered<D: Device>(table: &mut Table<D>, name: &str) -> Message {
    let case = CASES.iter().find(|case| case.name == name).expect("a case");
    let effects = table.step(Event::Datagram { from: address(PEER), bytes: Bytes::from_static(case.bytes) });
    sent(&effects).into_iter().next().expect("an answer").1
}

#[test]
fn a_refusal_repeats_what_the_request_has_and_is_the_same_for_its_copy() {
    let name = "4475-3.1.2.07-brackets";
    let refusal = answered(&mut called_fax(), name);
    assert_eq!(refusal, answered(&mut called_fax(), name), "RFC 3261 §8.2.7");
    assert_eq!(
        (refusal.call_id(), refusal.branch()),
        (Some("brackets@192.0.2.27"), Some("z9hG4bK-brackets"))
    );
    assert_eq!((refusal.from_tag(), refusal.cseq()), (Some("left7"), Some((7, Method::Invite))));
    assert!(refusal.to_tag().is_some(), "RFC 3261 §8.2.6.2");
}

#[test]
fn what_is_demanded_is_named() {
    let unsupported = |message: Message| message.header(Name::Unsupported).map(|tags| tags.into_owned());
    let name = "4475-3.3.05-require";
    let own = Some("wax-seal, carbon-copy".to_owned());
    assert_eq!(unsupported(answered(&mut called_fax(), name)), own);
    assert_eq!(unsupported(answered(&mut location_server(), name)), own);
    let proxys = Some("pigeon, second-pigeon".to_owned());
    assert_eq!(unsupported(answered(&mut sip_server(), name)), proxys);
}

#[test]
fn a_call_that_wants_no_session_description_gets_none() {
    let refusal = answered(&mut called_fax(), "4475-3.3.15-accept");
    assert!(refusal.header(Name::Warning).is_some_and(|warning| warning.starts_with("399 10.0.0.1 ")));
    assert!(refusal.body().is_empty());
}

#[test]
fn capabilities_go_only_to_who_reads_them() {
    let told = |accept: &str| {
        let effects = called_fax().sip(PEER, &options(1).replace("CSeq:", &format!("{accept}CSeq:")));
        !sent(&effects)[0].1.body().is_empty()
    };
    assert!(told("") && told("Accept: text/plain, application/sdp;level=1\n") && told("Accept: */*;q=0.1\n"));
    assert!(!told("Accept: text/plain\n") && !told("Accept: \n") && !told("Accept: application/sdp;q=0\n"));
}

/// RFC 4475 §3.2.1: they have nothing in common but a branch that says nothing.
#[test]
fn two_requests_with_the_bare_cookie_are_two() {
    let mut fax = called_fax();
    for n in 1..3 {
        let request = options(n).replace(&format!("z9hG4bKok{n}"), "z9hG4bK");
        let answers = sent(&fax.sip(PEER, &request));
        assert_eq!(answers[0].1.call_id(), Some(format!("ok{n}").as_str()));
    }
}

/// RFC 4475 §3.1.1.4, §3.3.12 to §3.3.14: what a registrar makes of parameters and header components.
#[test]
fn contacts_are_kept_as_they_were_meant() {
    let contact = |name| answered(&mut location_server(), name).addresses(Name::Contact).expect("addresses");
    let own = |contacts: Vec<NameAddr>| contacts.into_iter().find(|one| one.uri.port.is_none());
    let outside = own(contact("4475-3.3.12-contact-parameter")).expect("the binding");
    assert!(outside.params.has("papersize") && !outside.uri.params.has("papersize"));
    let inside = own(contact("4475-3.3.13-uri-parameter")).expect("the binding");
    assert!(inside.uri.params.has("papersize"));
    let headers = own(contact("4475-3.3.14-contact-headers")).expect("the binding").uri.headers;
    assert_eq!(headers, [("Subject".to_owned(), "fax%20of%20today".to_owned())]);
    assert_eq!(contact("4475-3.1.1.04-escaped-nul").len(), 2);
}

/// RFC 3261 §16.6 step 2: they may stand in a Contact, and in no Request-URI.
#[test]
fn header_components_of_a_contact_are_not_sent_on() {
    let mut server = sip_server();
    answered(&mut server, "4475-3.3.14-contact-headers");
    let invite = CASES.iter().find(|case| case.name == "5118-4.06-sdp").expect("a case");
    let effects =
        server.step(Event::Datagram { from: address(PEER), bytes: Bytes::from_static(invite.bytes) });
    let sent = sent(&effects);
    let uris: Vec<&str> = sent.iter().filter_map(|(_, message)| message.request_uri()).collect();
    assert_eq!(uris, ["sip:05022220000@192.0.2.54"]);
}

/// RFC 5118 §4.5: whoever notes an IPv6 address there writes no brackets.
#[test]
fn received_has_no_brackets() {
    let from = address("[2001:db8:7::77]:5060");
    let request = options(1).replace("10.0.0.9:5060", "left.example.net").replace('\n', "\r\n");
    let effects = called_fax().step(Event::Datagram { from, bytes: Bytes::from(request) });
    let via = sent(&effects)[0].1.via().expect("a Via");
    assert_eq!(via.params.get("received"), Some("2001:db8:7::77"));
}
