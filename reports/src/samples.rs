//! Entries for the tests of this crate.

use std::net::SocketAddr;

use bytes::Bytes;
use faxproof_wire::page::{Bitmap, Page, Resolution};

use crate::{Answer, Carrier, Class, Declaration, Entry, Fate, HostDeclaration, Medium, Trace, What};

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn entry(at_ms: u64, what: What) -> Entry {
    Entry { at_us: at_ms * 1_000, what }
}

/// A datagram that arrives 5 ms later.
pub(crate) fn datagram(at_ms: u64, from: &str, to: &str, label: &str, bytes: &str) -> Entry {
    let fate = Fate::Delivered { at_us: (at_ms + 5) * 1_000 };
    datagram_with(at_ms, from, to, label, bytes, fate)
}

pub(crate) fn datagram_with(at_ms: u64, from: &str, to: &str, label: &str, bytes: &str, fate: Fate) -> Entry {
    let carrier = Carrier::Datagram { from: address("10.0.0.1:5060"), to: address("10.0.0.2:5060") };
    message(at_ms, from, to, carrier, label, bytes, fate)
}

/// A unit on connection 0 that arrives 5 ms later.
pub(crate) fn stream_unit(
    at_ms: u64,
    from: &str,
    to: &str,
    from_client: bool,
    label: &str,
    bytes: &str,
) -> Entry {
    let carrier = Carrier::Stream { connection: 0, from_client };
    message(at_ms, from, to, carrier, label, bytes, Fate::Delivered { at_us: (at_ms + 5) * 1_000 })
}

pub(crate) fn message(
    at_ms: u64,
    from: &str,
    to: &str,
    carrier: Carrier,
    label: &str,
    bytes: &str,
    fate: Fate,
) -> Entry {
    let bytes = Bytes::copy_from_slice(bytes.as_bytes());
    entry(
        at_ms,
        What::Message { from: from.into(), to: to.into(), carrier, label: label.into(), bytes, fate },
    )
}

pub(crate) fn connection(at_ms: u64, id: u32, client: &str, server: &str, port: u16, event: &str) -> Entry {
    let to = SocketAddr::new([10, 0, 0, 4].into(), port);
    let (client, server) = (client.into(), server.into());
    entry(at_ms, What::Connection { id, client, server, to, event: event.into() })
}

pub(crate) fn mark(at_ms: u64, host: &str, arc: &str) -> Entry {
    entry(at_ms, What::Mark { host: host.into(), call: 1, arc: arc.into() })
}

pub(crate) fn order(at_ms: u64, host: &str, step: u32, text: &str) -> Entry {
    entry(at_ms, What::Order { host: host.into(), step, text: text.into() })
}

pub(crate) fn power(at_ms: u64, host: &str, on: bool) -> Entry {
    entry(at_ms, What::Power { host: host.into(), on, boots: 1 })
}

pub(crate) fn resolved(at_ms: u64, host: &str, name: &str, answer: Answer) -> Entry {
    entry(at_ms, What::Resolved { host: host.into(), kind: "A/AAAA".into(), name: name.into(), answer })
}

/// A page with a slope of black from the upper left corner.
pub(crate) fn page(width: u32, height: u32, resolution: Resolution) -> Page {
    Page { bitmap: Bitmap::from_fn(width, height, |x, y| x == y), resolution }
}

pub(crate) fn printed_page(at_ms: u64, host: &str, page: Option<Page>, text: Option<&str>) -> Entry {
    let (host, document) = (host.into(), "<1@alice>".into());
    entry(at_ms, What::Printed { host, document, number: 1, of: 2, page, text: text.map(Into::into) })
}

/// One entry of every kind, with every fate, carrier and medium.
pub(crate) fn every_kind() -> Trace {
    let notice = |medium| What::Notice {
        host: "alice".into(),
        call: 0x8000_0000_0000_0001,
        medium,
        text: "The other side \"does not answer\".".into(),
    };
    let row = vec![("DESTINATION".into(), "Bob".into()), ("COMMUNICATION PROTOCOL".into(), "SMTP".into())];
    Trace {
        entries: vec![
            power(0, "alice", true),
            order(1, "alice", 1, "send image (1 page) to 050-1234-5678"),
            datagram(2, "alice", "sip", "INVITE", "INVITE sip:b\r\n"),
            datagram_with(3, "alice", "sip", "INVITE", "again", Fate::Lost),
            datagram_with(4, "alice", "sip", "INVITE", "third", Fate::Dropped),
            datagram_with(5, "alice", "10.9.9.9:40000", "raw", "\u{1}\u{2}é", Fate::Unreachable),
            connection(6, 0, "alice", "bob", 40125, "opened"),
            stream_unit(7, "bob", "alice", false, "220", "220 bob ready"),
            mark(8, "alice", "4.S13.selected"),
            entry(9, notice(Medium::Display)),
            entry(9, notice(Medium::Printer)),
            entry(9, notice(Medium::Buzzer)),
            printed_page(10, "bob", Some(page(1728, 4, Resolution::Fine)), None),
            printed_page(11, "bob", None, Some("A letter")),
            entry(
                12,
                What::Row {
                    host: "alice".into(),
                    table: "Ta1".into(),
                    change: "add".into(),
                    position: 0,
                    row,
                },
            ),
            entry(
                13,
                What::Unexpected { host: "bob".into(), what: "BYE".into(), awaited: "re-INVITE".into() },
            ),
            entry(14, What::Remark { host: "bob".into(), text: "A prints A4 at 204x98, MH".into() }),
            entry(14, What::Fault { host: "sip".into(), text: "dropped 200 INVITE".into() }),
            power(15, "alice", false),
            resolved(16, "alice", "sip.example.net", Answer::Addresses(vec![address("10.0.0.5:0").ip()])),
            entry(
                17,
                What::Mail {
                    host: "sip".into(),
                    folder: "queue".into(),
                    name: "0123456789abcdef".into(),
                    put: true,
                    message_id: Some("m1@a.example".into()),
                },
            ),
        ],
    }
}

pub(crate) fn declaration(hosts: &[&str]) -> Declaration {
    let host = |(index, name): (usize, &&str)| HostDeclaration {
        name: (*name).into(),
        class: Class::Fax1,
        address: [10, 0, 0, index as u8 + 1].into(),
        external: false,
        number: Some("050-1234-5678".into()),
        protocols: vec!["smtp".into()],
        failure_notice: Some("display".into()),
        ta1: Vec::new(),
        ta3: Default::default(),
        habits: [("location".to_string(), "own-host".to_string())].into(),
    };
    Declaration {
        scenario: "fig04/learned".into(),
        title: "The first call learns the protocol".into(),
        seed: 7,
        world: "virtual".into(),
        epoch_s: 1_000_000_000,
        hosts: hosts.iter().enumerate().map(host).collect(),
        orders: Vec::new(),
        disturbed: false,
        contrast: None,
    }
}
