//! Profiles as a whole.

use super::*;
use crate::sip::Builder;

const ACME: &[(&str, &str)] = &[
    ("request.method", "INFO"),
    ("request.type", "application/x-acme"),
    ("request.body", "ACME/1 QUERY\r\n"),
    ("presentation.type", "application/x-acme"),
    ("presentation.body", "ACME/1 CAN {protocols}\r\n"),
    ("announcement.method", "INFO"),
    ("announcement.type", "application/x-acme"),
    ("announcement.body", "ACME/1 USE {protocol}\r\n"),
    ("readiness.type", "application/x-acme"),
    ("readiness.body", "ACME/1 READY {address}:{port}\r\n"),
];

/// The profile with some words more, or others in their place; an empty value takes a word out.
fn acme(changes: &[(&'static str, &'static str)]) -> Result<Profile, Vec<Flaw>> {
    let mut words: BTreeMap<&str, &str> = ACME.iter().copied().collect();
    words.extend(changes.iter().copied());
    words.retain(|_, value| !value.is_empty());
    Profile::parse(words)
}

/// The flaws: key, characters before it, message.
fn flaws(changes: &[(&'static str, &'static str)]) -> Vec<(String, usize, String)> {
    let flaws = acme(changes).expect_err("flaws").into_iter();
    flaws.map(|flaw| (flaw.key, flaw.at, flaw.message)).collect()
}

fn request(form: &Asking, values: &Values) -> Message {
    form.form.write(Builder::request(form.method.clone(), "sip:b@d"), values).finish()
}

fn response(code: u16, form: &Form, values: &Values) -> Message {
    form.write(Builder::response(code, "-"), values).finish()
}

#[test]
fn what_a_profile_writes_it_reads() {
    let acme = acme(&[]).expect("a profile");
    let values = Values {
        address: Some([192, 0, 2, 7].into()),
        port: Some(4096),
        protocols: vec!["smtp".to_owned(), "http".to_owned()],
    };
    assert_eq!(acme.asked(&request(&acme.request, &values)), Some(Asked::Presentation));
    let announced = acme.asked(&request(&acme.announcement, &values));
    assert_eq!(announced, Some(Asked::Announcement("smtp".to_owned())));
    let presented = acme.presented(&response(200, &acme.presentation, &values));
    assert_eq!(presented.as_deref(), Some(&values.protocols[..]));
    let ready = Values { protocols: Vec::new(), ..values };
    let answered = acme.answered(&response(200, &acme.readiness, &ready));
    assert_eq!(answered, Some(Answered::Ready(ready)));
}

#[test]
fn port_0_an_error_and_the_form_of_a_refusal_decline() {
    let acme = acme(&[("refusal.code", "200"), ("refusal.headers.X-Acme", "no")]).expect("a profile");
    let refused = Values { address: Some([192, 0, 2, 7].into()), port: Some(0), ..Values::default() };
    let refusal = acme.refusal.clone().expect("a refusal");
    assert_eq!(acme.answered(&response(200, &acme.readiness, &refused)), Some(Answered::PortZero));
    assert_eq!(acme.answered(&response(488, &Form::default(), &refused)), Some(Answered::Declined));
    assert_eq!(acme.answered(&response(200, &refusal.form, &refused)), Some(Answered::Declined));
    assert_eq!(acme.answered(&response(200, &Form::default(), &refused)), None);
}

#[test]
fn what_differs_in_a_letter_is_none_of_its_messages() {
    let acme = acme(&[]).expect("a profile");
    let sent = |method: &str, kind: &str, body: &'static str| {
        let request = Builder::request(Method::from(method), "sip:b@d").body(kind, body).finish();
        acme.asked(&request)
    };
    assert!(sent("INFO", "application/x-acme", "ACME/1 QUERY\r\n").is_some());
    assert!(sent("INFO", "Application/X-Acme", "ACME/1 QUERY\r\n").is_some());
    assert!(sent("MESSAGE", "application/x-acme", "ACME/1 QUERY\r\n").is_none());
    assert!(sent("INFO", "text/plain", "ACME/1 QUERY\r\n").is_none());
    assert!(sent("INFO", "application/x-acme", "ACME/1 QUERY").is_none());
    assert!(sent("INFO", "application/x-acme", "ACME/1 USE fax machine\r\n").is_none());
}

#[test]
fn a_flaw_is_told_with_key_and_place() {
    let told = flaws(&[
        ("separator", "a"),
        ("request.method", "INVITE"),
        ("request.headers.Via", "SIP/2.0/UDP x"),
        ("announcement.body", "ACME/1 USE {protocl}"),
        ("presentation.type", "acme"),
        ("readiness.body", "{address}{port}"),
        ("refusal.code", "100"),
    ]);
    let expected = [
        ("separator", 0, "this does not keep names of protocols apart"),
        ("request.method", 0, "`INVITE` is no method that a vendor may give a meaning"),
        ("request.headers.Via", 0, "`Via` is no header field that a vendor may write"),
        ("presentation.type", 0, "`acme` is no media type"),
        ("announcement.body", 11, "there is no hole `{protocl}`"),
        ("readiness.body", 9, "nothing stands between `{address}` and `{port}`"),
        ("refusal.code", 0, "this is no final response"),
    ];
    assert_eq!(told, expected.map(|(key, at, text)| (key.to_owned(), at, text.to_owned())));
}

#[test]
fn each_hole_that_is_needed_stands_there_once() {
    let missing = flaws(&[("readiness.body", "ready at {address}")]);
    assert_eq!(missing[0], ("readiness".to_owned(), 0, "`readiness` does not say `{port}`".to_owned()));
    let strange = flaws(&[("request.body", "ask {port}")]);
    assert_eq!(strange[0], ("request.body".to_owned(), 4, "`{port}` means nothing in `request`".to_owned()));
    let twice = flaws(&[("readiness.headers.X-Port", "{port}")]);
    assert_eq!(twice[0].2, "`{port}` stands twice in `readiness`");
}

#[test]
fn a_header_is_one_line() {
    let injected = flaws(&[("request.headers.X-Acme", "a\r\nVia: b")]);
    assert_eq!((injected[0].0.as_str(), injected[0].1), ("request.headers.X-Acme", 1));
}

#[test]
fn an_answer_carries_what_its_method_lets_it_carry() {
    let message = flaws(&[("request.method", "MESSAGE")]);
    assert_eq!(message[0].2, "a 2xx to MESSAGE has no body (RFC 3428 §7)");
    let disposition = ("request.headers.Content-Disposition", "Info-Package");
    let package = flaws(&[("request.headers.Info-Package", "acme"), disposition]);
    assert_eq!(package[0].2, "a response to INFO of a package has no body of it (RFC 6086 §4.3.2)");
    let bare = flaws(&[("request.headers.Info-Package", "acme")]);
    assert_eq!(bare[0].2, "the body of an Info Package says that it belongs to it (RFC 6086 §4.3.1)");
}

#[test]
fn messages_that_mean_different_things_differ() {
    let alike = flaws(&[("request.body", "ACME/1 USE what\r\n")]);
    assert_eq!(alike[0].2, "the request for a presentation reads as an announcement");
}

#[test]
fn methods_packages_and_types_are_listed_once() {
    let acme = acme(&[
        ("request.headers.Info-Package", "acme"),
        ("request.headers.Content-Disposition", "Info-Package"),
        ("presentation.type", ""),
        ("presentation.body", ""),
        ("presentation.headers.X-Acme", "{protocols}"),
    ])
    .expect("a profile");
    assert_eq!(acme.methods(), [&Method::Info]);
    assert_eq!(acme.packages(), ["acme"]);
    let answer = |list: &str| Builder::response(200, "OK").header_named(RECV_INFO, list).finish();
    assert!(acme.is_taken_by(&answer("other, acme")));
    assert!(!acme.is_taken_by(&answer("acmes")) && !acme.is_taken_by(&answer("")));
    assert_eq!(acme.types_of(&Method::Info), ["application/x-acme"]);
}
