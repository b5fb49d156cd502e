use bytes::Bytes;
use faxproof_reports::{Carrier, Entry, Fate, Trace, What};

use super::*;
use crate::evidence;
use crate::readers::{command_difference, sip_difference};

const PLAIN: &str = "OPTIONS sip:bob@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: <sip:alice@example.net>;tag=a\r\nTo: <sip:bob@example.net>\r\nCall-ID: 1@192.0.2.10\r\n\
    CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/// How rsip differs from us on this message, and the excuse for it.
fn read(text: &str) -> (Option<Difference>, Option<&'static str>) {
    let address = "192.0.2.10:5060".parse().unwrap();
    let what = What::Message {
        from: "alice".into(),
        to: "bob".into(),
        carrier: Carrier::Datagram { from: address, to: address },
        label: "OPTIONS".into(),
        bytes: Bytes::copy_from_slice(text.as_bytes()),
        fate: Fate::Lost,
    };
    let seen = evidence::read(&Trace { entries: vec![Entry { at_us: 0, what }] });
    let sip = seen[0].sip().expect("our parser reads it");
    let difference = sip_difference(sip, text.as_bytes());
    let id = difference
        .as_ref()
        .and_then(|difference| excuse(RSIP, text.as_bytes(), difference))
        .map(|excuse| excuse.id);
    (difference, id)
}

#[test]
fn a_plain_message_is_read_alike() {
    assert_eq!(read(PLAIN), (None, None));
}

#[test]
fn folding_is_excused() {
    let (difference, excuse) = read(&PLAIN.replace("Call-ID: 1@", "Call-ID:\r\n 1@"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.folding"));
}

/// The excuse for what rsip reads otherwise in the message with `part` replaced.
fn excused(part: &str, by: &str) -> Option<&'static str> {
    let (difference, excuse) = read(&PLAIN.replace(part, by));
    assert!(difference.is_some(), "{by} is read alike");
    excuse
}

#[test]
fn ipv6_is_excused_where_a_host_stands() {
    assert_eq!(excused("192.0.2.10:5060;", "[2001:db8::1]:5060;"), Some("rsip.ipv6"));
    assert_eq!(excused("sip:bob@192.0.2.20", "sip:bob@[2001:db8::2]:5070"), Some("rsip.ipv6"));
    assert_eq!(excused("sip:alice@example.net", "sip:alice@[::ffff:192.0.2.1]"), Some("rsip.ipv6"));
    assert_eq!(excused("<sip:bob@example.net>", "<sip:bob@[2001:db8:::192.0.2.2]>"), Some("rsip.ipv6"));
}

#[test]
fn ipv6_excuses_nothing_elsewhere() {
    let with_ipv6 = PLAIN.replace("1@192.0.2.10", "1@[2001:db8::1]");
    let other = with_ipv6.replace("sip:bob@192.0.2.20", "gopher://192.0.2.9:70/");
    let (difference, excuse) = read(&other);
    assert!(difference.is_some());
    assert_eq!(excuse, None);
    assert_eq!(excused("192.0.2.10:5060;", "[2001:123456::1]:5060;"), None, "no IPv6 address");
    let lost = Difference { field: "From tag", ours: "a".into(), theirs: String::new() };
    let from = PLAIN.replace("sip:alice@example.net", "sip:alice@[2001:db8::1]");
    assert!(super::excuse(RSIP, from.as_bytes(), &lost).is_none(), "a lost tag is no port");
}

#[test]
fn received_ipv6_is_excused_with_and_without_brackets() {
    assert_eq!(excused(";branch", ";received=2001:db8::1;branch"), Some("rsip.received-ipv6"));
    assert_eq!(excused(";branch", ";received=[2001:db8::1];branch"), Some("rsip.received-ipv6"));
}

#[test]
fn received_ipv6_behind_the_branch_is_read_alike_and_excuses_nothing() {
    let behind = PLAIN.replace("z9hG4bK1", "z9hG4bK1;received=2001:db8::1");
    assert_eq!(read(&behind), (None, None));
    let lost = Difference { field: "branch", ours: "z9hG4bK1".into(), theirs: String::new() };
    assert!(super::excuse(RSIP, behind.as_bytes(), &lost).is_none());
}

#[test]
fn an_unknown_method_is_excused() {
    let (difference, excuse) = read(&PLAIN.replace("OPTIONS", "FAXNOW"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.unknown-method"));
}

#[test]
fn compact_names_are_excused() {
    let (difference, excuse) = read(&PLAIN.replace("Call-ID:", "i:"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.compact-names"));
}

#[test]
fn tel_addresses_are_excused_where_they_stand() {
    assert_eq!(excused("sip:bob@192.0.2.20", "tel:+81-50-1234-5678"), Some("rsip.tel"));
    assert_eq!(excused("sip:alice@example.net", "tel:+815012345678"), Some("rsip.tel"));
    assert_eq!(excused("<sip:bob@example.net>", "<tel:*99>"), Some("rsip.tel"));
}

#[test]
fn tel_addresses_excuse_nothing_elsewhere() {
    let with_tel = PLAIN.replace("CSeq:", "Contact: <tel:+815012345678>\r\nCSeq:");
    assert_eq!(read(&with_tel), (None, None));
    let (difference, excuse) = read(&with_tel.replace("sip:bob@192.0.2.20", "gopher://192.0.2.9:70/"));
    assert!(difference.is_some());
    assert_eq!(excuse, None);
}

#[test]
fn a_compact_name_excuses_only_its_own_field() {
    let lost = Difference { field: "To tag", ours: "b".into(), theirs: "missing header: To".into() };
    let compact = PLAIN.replace("Call-ID:", "i:");
    assert!(super::excuse(RSIP, compact.as_bytes(), &lost).is_none());
}

#[test]
fn several_vias_on_a_line_are_excused() {
    let (difference, excuse) =
        read(&PLAIN.replace("z9hG4bK1", "z9hG4bK1, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.vias-on-a-line"));
}

#[test]
fn surplus_octets_are_excused() {
    let (difference, excuse) = read(&format!("{PLAIN}surplus"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.surplus-octets"));
}

#[test]
fn a_private_parameter_of_mail_is_excused() {
    let line = b"MAIL FROM:<a@example.net> XNUMBER=050\r\n";
    let difference = command_difference(line).expect("smtp-proto refuses it");
    assert_eq!(
        excuse(SMTP_PROTO, line, &difference).map(|excuse| excuse.id),
        Some("smtp-proto.private-parameters")
    );
}

#[test]
fn a_command_that_is_none_is_not_excused() {
    let line = b"FROBNICATE\r\n";
    let difference = command_difference(line).expect("smtp-proto refuses it");
    assert!(excuse(SMTP_PROTO, line, &difference).is_none());
}

#[test]
fn a_difference_without_a_known_cause_is_not_excused() {
    let difference = Difference { field: "CSeq", ours: "1 OPTIONS".into(), theirs: "2 OPTIONS".into() };
    assert!(excuse(RSIP, PLAIN.as_bytes(), &difference).is_none());
}
