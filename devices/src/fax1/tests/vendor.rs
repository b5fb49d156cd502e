//! Variant V: texts that no box of ours writes, and what must not move.

use std::sync::Arc;

use faxproof_wire::vendor::Profile;

use super::*;
use crate::config::{LineConfig, Protocol, Variant};
use crate::core::Effect;

const CONTACT: &str = "Contact: <sip:b@10.0.0.2>\n";

fn acme() -> Habits {
    let words = [
        ("request.method", "INFO"),
        ("request.type", "text/x-acme"),
        ("request.body", "ASK"),
        ("presentation.type", "text/x-acme"),
        ("presentation.body", "CAN {protocols}"),
        ("announcement.method", "INFO"),
        ("announcement.type", "text/x-acme"),
        ("announcement.body", "USE {protocol}"),
        ("readiness.type", "text/x-acme"),
        ("readiness.body", "PORT {port}"),
    ];
    let profile = Profile::parse(words).expect("a profile");
    Habits { variant: Variant::Vendor, vendor: Some(Arc::new(profile)), ..Habits::default() }
}

/// A text of the vendor's in a message.
fn text(body: &str) -> String {
    format!("Content-Type: text/x-acme\nContent-Length: {}\n\n{body}", body.len())
}

fn said(request: &Message, more: &str, body: &str) -> String {
    answer(request, 200, "t", more).replace("Content-Length: 0\n\n", &text(body))
}

/// Sends, is answered, and asks; returns T3.
fn asked(fax: &mut Table<Fax1>) -> Message {
    let effects = fax.step(send_order());
    let invite = sent(&effects)[0].1.clone();
    let effects = fax.sip(SERVER, &answer(&invite, 200, "t", CONTACT));
    assert_eq!(labels(&effects), ["ACK", "INFO"]);
    sent(&effects)[1].1.clone()
}

fn connects(effects: &[Effect]) -> Option<std::net::SocketAddr> {
    effects.iter().find_map(|effect| match effect {
        Effect::Connect { to, .. } => Some(*to),
        _ => None,
    })
}

#[test]
fn an_answer_in_the_vendors_words_moves_no_contact() {
    let mut fax = fax(acme());
    let t3 = asked(&mut fax);
    assert_eq!(&t3.body()[..], b"ASK");
    let elsewhere = "Contact: <sip:b@10.0.0.9>\n";
    let effects = fax.sip(SERVER, &said(&t3, elsewhere, "CAN http,smtp"));
    let t4 = sent(&effects)[0].1.clone();
    assert_eq!((&t4.body()[..], t4.request_uri()), (&b"USE smtp"[..], Some("sip:b@10.0.0.2")));
    let effects = fax.sip(SERVER, &said(&t4, elsewhere, "PORT 40125"));
    assert_eq!(connects(&effects), Some(address("10.0.0.2:40125")));
}

#[test]
fn an_answer_that_is_not_in_the_profile_ends_the_call() {
    for body in ["CAN ", "can smtp", "CAN smtp\n", "CAN smtp http", ""] {
        let mut fax = fax(acme());
        let t3 = asked(&mut fax);
        assert_eq!(labels(&fax.sip(SERVER, &said(&t3, "", body))), ["BYE"], "{body:?}");
    }
    for body in ["PORT 0", "PORT 00", "PORT 65536", "PORT", "PORT 9 "] {
        let mut fax = fax(acme());
        let t3 = asked(&mut fax);
        let effects = fax.sip(SERVER, &said(&t3, "", "CAN smtp"));
        let t4 = sent(&effects)[0].1.clone();
        let effects = fax.sip(SERVER, &said(&t4, "", body));
        assert_eq!((labels(&effects), connects(&effects)), (vec!["BYE".to_owned()], None), "{body:?}");
    }
}

#[test]
fn a_callee_serves_the_texts_and_refuses_what_is_near_them() {
    let asks = |fax: &mut Table<Fax1>, tag: &str, cseq: u32, more: &str| {
        let effects = fax.sip(SERVER, &request("INFO", cseq, tag, more).replace("\n\n\n", "\n\n"));
        let (_, response) = sent(&effects).into_iter().next().expect("a response");
        let listens = effects.iter().any(|effect| matches!(effect, Effect::Listen { .. }));
        (response.code(), String::from_utf8_lossy(&response.body()).into_owned(), listens)
    };
    let usual = config(acme());
    let line = LineConfig { protocols: vec![Protocol::Smtp], ..usual.line };
    let mut fax = Table::new(Fax1::new(FaxConfig { line, ..usual }));
    let tag = answer_a_call(&mut fax);
    assert_eq!(asks(&mut fax, &tag, 2, &text("ASK")).1, "CAN smtp");
    assert_eq!(asks(&mut fax, &tag, 3, &text("ASK ")).0, Some(400));
    assert_eq!(asks(&mut fax, &tag, 4, &text("ASK").replace("acme", "best")).0, Some(415));
    assert_eq!(asks(&mut fax, &tag, 5, &format!("Info-Package: other\n{}", text("ASK"))).0, Some(200));
    assert_eq!(asks(&mut fax, &tag, 6, &format!("Info-Package: other\n{}", text("AKS"))).0, Some(469));
    assert_eq!(asks(&mut fax, &tag, 7, &text("USE http")), (Some(488), String::new(), false));
    let (code, body, listens) = asks(&mut fax, &tag, 8, &text("USE SMTP"));
    assert!(code == Some(200) && body.starts_with("PORT 4") && listens, "{body}");
    assert_eq!(asks(&mut fax, &tag, 9, &text("USE smtp")).0, Some(488), "one connection is enough");
}

#[test]
fn a_question_before_the_answer_is_put_off() {
    let mut fax = fax(acme());
    fax.sip(SERVER, &request("INVITE", 1, "", ""));
    let ringing = fax.wait_ms(60);
    let tag = sent(&ringing)[0].1.to_tag().expect("a tag").to_owned();
    let effects = fax.sip(SERVER, &request("INFO", 2, &tag, &text("ASK")));
    assert_eq!(labels(&effects), ["500 INFO"]);
}
