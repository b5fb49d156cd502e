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

#[test]
fn ipv6_is_excused() {
    let (difference, excuse) = read(&PLAIN.replace("192.0.2.10:5060;", "[2001:db8::1]:5060;"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.ipv6"));
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
fn tel_addresses_are_excused() {
    let (difference, excuse) = read(&PLAIN.replace("sip:bob@192.0.2.20", "tel:+81-50-1234-5678"));
    assert!(difference.is_some());
    assert_eq!(excuse, Some("rsip.tel"));
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
