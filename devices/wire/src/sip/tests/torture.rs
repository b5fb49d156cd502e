//! Valid but tortuous messages, after RFC 4475 §3.1.1: each holds what its section asks for.

use super::*;

use crate::sip::torture::{CASES, Case};

macro_rules! message {
    ($name:literal) => {
        parse(include_bytes!(concat!("../torture/4475-3.1.1.", $name, ".sip")))
    };
}

/// The valid ones of them, for tests over many messages.
pub(super) fn all() -> Vec<Message> {
    CASES.iter().filter(|case| case.name.starts_with("4475-3.1.1.")).map(|case| parse(case.bytes)).collect()
}

/// The kind of a fault: the name of its variant.
fn kind(fault: &ParseError) -> String {
    let text = format!("{fault:?}");
    text.split([' ', '{']).next().unwrap().to_owned()
}

#[test]
fn each_is_read_and_judged_as_its_row_says() {
    let verdict = |case: &Case| match Message::parse(Bytes::from_static(case.bytes)) {
        Err(fault) => (kind(&fault), "-".into()),
        Ok(message) => {
            ("read".into(), message.validate().map_or_else(|fault| kind(&fault), |()| "valid".into()))
        }
    };
    let found: Vec<_> = CASES.iter().map(|case| (case.name, verdict(case))).collect();
    let told: Vec<_> =
        CASES.iter().map(|case| (case.name, (case.parse.to_owned(), case.validate.to_owned()))).collect();
    assert_eq!(found, told);
}

#[test]
fn each_file_has_a_row() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sip/torture");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".sip").map(str::to_owned))
        .collect();
    files.sort();
    assert_eq!(files, CASES.iter().map(|case| case.name).collect::<Vec<_>>());
}

#[test]
fn rfc_4475_is_covered() {
    let sections = CASES.iter().filter_map(|case| case.name.strip_prefix("4475-")?.split('-').next());
    let sections: std::collections::BTreeSet<&str> = sections.collect();
    assert_eq!(format!("RFC 4475: {} of 49", sections.len()), "RFC 4475: 49 of 49");
}

#[test]
fn all_are_valid() {
    for message in all() {
        assert_eq!(message.validate(), Ok(()), "{message:?}");
    }
}

#[test]
fn unchanged_edits_are_identical() {
    for message in all() {
        let surplus = message.call_id().unwrap().starts_with("surplus");
        let same = message.edit().finish();
        assert!(message.raw().starts_with(same.raw()));
        assert_eq!(message.raw().len() > same.raw().len(), surplus);
    }
}

#[test]
fn folding() {
    let message = message!("01-folding");
    assert_eq!(message.cseq(), Some((9, Method::Invite)));
    assert_eq!(message.max_forwards(), Some(68));
    assert_eq!(message.to_tag(), Some("1918181833n"));
    assert_eq!(message.from_().unwrap().display.as_deref(), Some("T Tamura \\\""));
    assert_eq!(message.header(Name::Subject).as_deref(), Some(""));
    assert_eq!(message.header_named("newheader").as_deref(), Some("a new value goes on here"));
    assert_eq!(message.header_named("HeaderOfStrangeValue").as_deref(), Some(";;,,;;,;"));
    let branches: Vec<String> =
        message.values(Name::Via).map(|via| Via::parse(&via).unwrap().branch().unwrap().into()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    let contact = message.contact().unwrap();
    assert_eq!(contact.display.as_deref(), Some("Quoted text \"\""));
    assert_eq!(contact.params.get("q"), Some("0.33"));
    assert!(message.addresses(Name::Route).unwrap()[0].uri.params.has("unknown-no-value"));
}

#[test]
fn characters() {
    let message = message!("02-characters");
    let method = "!odd-Method0123456789_*+`.%indeed'~";
    assert_eq!(message.method(), Some(&Method::Other(method.into())));
    assert_eq!(message.to().unwrap().display.as_deref(), Some("BEL:\x07 NUL:\0 DEL:\x7f"));
    assert_eq!(message.from_tag(), Some("_token~1'+`*%!-."));
    assert_eq!(message.from_().unwrap().params.text("fromParam''~+*_!.-%").as_deref(), Some("ファクス"));
    assert_eq!(message.call_id(), Some("characters.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
    let uri = Uri::parse(message.request_uri().unwrap()).unwrap();
    assert_eq!(uri.user.as_deref(), Some("1_odd.URI~(to-be!sure)&isn't+it$/mad?,/;;*"));
    assert_eq!(uri.password.as_deref(), Some("&it+has=1,odd!*pas$wo~d_too.(does-it)"));
    assert_eq!(message.header_named("extensionHeader-!.%*+_`'~").as_deref(), Some("ファクス送信"));
}

#[test]
fn escapes() {
    let message = message!("03-escapes");
    assert_eq!(message.to().unwrap().uri.aor(), "sip:user@example.net");
    assert_eq!(message.from_().unwrap().uri.aor(), "sip:I have spaces@example.org");
    let contact = message.contact().unwrap().uri;
    assert!(contact.equivalent(&Uri::parse("sip:sender@host5.example.org;lr;name=value%2541").unwrap()));
    assert!(!contact.equivalent(&Uri::parse("sip:sender@host5.example.org;lr;name=valueA").unwrap()));
}

#[test]
fn escaped_nul() {
    let message = message!("04-escaped-nul");
    assert_eq!(message.to().unwrap().uri.aor(), "sip:null-\0-null@example.net");
    let contacts = message.addresses(Name::Contact).unwrap();
    assert!(!contacts[0].uri.equivalent(&contacts[1].uri));
}

#[test]
fn percent_no_escape() {
    let message = message!("05-percent-no-escape");
    assert_ne!(message.method(), Some(&Method::Register));
    assert_eq!(message.to().unwrap().display.as_deref(), Some("%Z%45"));
    assert_eq!(values(&message, Name::Contact).len(), 2);
}

#[test]
fn no_space_before_uri() {
    let from = message!("06-no-space-before-uri").from_().unwrap();
    assert_eq!((from.display.as_deref(), from.tag()), (Some("caller"), Some("323")));
}

#[test]
fn long_values() {
    let message = message!("07-long-values");
    assert_eq!(values(&message, Name::Via).len(), 34);
    assert_eq!(message.from_tag().unwrap().len(), 155);
    let last = values(&message, Name::Via).pop().unwrap();
    assert_eq!(Via::parse(&last).unwrap().branch().unwrap().len(), 215);
}

#[test]
fn surplus_bytes() {
    let message = message!("08-surplus-bytes");
    assert_eq!(message.method(), Some(&Method::Register));
    assert!(message.body().is_empty());
}

#[test]
fn semicolons_in_user() {
    let message = message!("09-semicolons-in-user");
    let uri = Uri::parse(message.request_uri().unwrap()).unwrap();
    assert_eq!(uri.user.as_deref(), Some("user;par=u%40example.org"));
    assert_eq!(values(&message, Name::Accept).len(), 6);
}

#[test]
fn transports() {
    let message = message!("10-transports");
    let transports: Vec<String> =
        message.values(Name::Via).map(|via| Via::parse(&via).unwrap().transport).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

#[test]
fn multipart() {
    let message = message!("11-multipart");
    let body = message.body();
    assert!(body.contains(&0) && std::str::from_utf8(&body).is_err());
    assert!(body.ends_with(b"--7a9cbec02ceef655--\r\n"));
    assert_eq!(message.via().unwrap().rport(), Some(None));
}

#[test]
fn unusual_reason() {
    let message = message!("12-unusual-reason");
    assert_eq!(message.reason().as_deref(), Some("= 2**3 * 5**2 ファクスは届きました"));
}

#[test]
fn empty_reason() {
    let message = message!("13-empty-reason");
    assert_eq!((message.code(), message.reason().as_deref()), (Some(100), Some("")));
}
