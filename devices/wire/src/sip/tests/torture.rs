//! Valid but tortuous messages, after RFC 4475 §3.1.1 and RFC 5118: each holds what its section asks for.

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
fn both_rfcs_are_covered() {
    let sections = |rfc: &str| {
        let sections = CASES.iter().filter_map(|case| case.name.strip_prefix(rfc)?.split('-').nth(1));
        sections.collect::<std::collections::BTreeSet<&str>>().len()
    };
    assert_eq!(format!("RFC 4475: {} of 49", sections("4475")), "RFC 4475: 49 of 49");
    assert_eq!(format!("RFC 5118: {} of 10", sections("5118")), "RFC 5118: 10 of 10");
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

fn ipv6(name: &str) -> Message {
    let case = CASES.iter().find(|case| case.name.ends_with(name) && case.name.starts_with("5118-")).unwrap();
    parse(case.bytes)
}

fn place(message: &Message) -> (Option<std::net::IpAddr>, Option<u16>) {
    let uri = Uri::parse(message.request_uri().unwrap()).unwrap();
    (uri.host_ip(), uri.port)
}

#[test]
fn a_port_stands_behind_the_brackets() {
    assert_eq!(place(&ipv6("port-within")), ("2001:db8:7::10:5070".parse().ok(), None));
    assert_eq!(place(&ipv6("port-outside")), ("2001:db8:7::10".parse().ok(), Some(5070)));
    assert_eq!(ipv6("port-outside").via().unwrap().port, Some(5080));
}

#[test]
fn received_is_read_with_and_without_brackets() {
    for name in ["received-brackets", "received-plain"] {
        assert_eq!(ipv6(name).via().unwrap().received(), "2001:db8:7::fe".parse().ok(), "{name}");
    }
}

#[test]
fn vias_of_both_families() {
    let hosts = values(&ipv6("mixed-vias"), Name::Via);
    let hosts = hosts.iter().map(|via| host_ip(&Via::parse(via).unwrap().host).unwrap().is_ipv6());
    assert_eq!(hosts.collect::<Vec<_>>(), [true, false, true]);
}

/// The addresses in the description of a message: that of the session, those of its media.
fn described(name: &str) -> (Option<String>, Vec<String>) {
    let description = crate::sdp::parse(&ipv6(name).body()).unwrap();
    let media = description.media.iter().filter_map(|media| media.address);
    (description.connection.map(|ip| ip.to_string()), media.map(|ip| ip.to_string()).collect())
}

#[test]
fn descriptions_with_ipv6_addresses() {
    assert_eq!(described("4.06-sdp").0.as_deref(), Some("2001:db8:7::27"));
    assert_eq!(described("mapped").0.as_deref(), Some("::ffff:192.0.2.31"));
    assert_eq!(described("mixed-sdp"), (None, vec!["192.0.2.29".into(), "2001:db8:7::29".into()]));
}

#[test]
fn a_third_colon_before_an_ipv4_address_is_tolerated() {
    let (bug, right) = (ipv6("three-colons"), ipv6("two-colons"));
    assert_eq!(place(&bug), place(&right));
    let uri = |message: &Message| Uri::parse(message.request_uri().unwrap()).unwrap();
    assert!(uri(&bug).equivalent(&uri(&right)));
    for bad in ["[2001:db8:::1]", "[::::192.0.2.1]", "[1:::2:::192.0.2.1]"] {
        assert_eq!(host_ip(bad), None, "{bad}");
    }
}
