//! Who calls whom on the bench, and what is sent.

use std::net::IpAddr;

use faxproof_reports::{Class, HostDeclaration, OrderDeclaration};
use faxproof_wire::page::{Chart, Page, chart};

use super::BOBS_NUMBER;

pub(super) fn fax(name: &str, address: IpAddr, number: &str) -> HostDeclaration {
    HostDeclaration {
        name: name.into(),
        class: Class::Fax1,
        address,
        external: false,
        number: Some(number.into()),
        protocols: vec!["smtp".into()],
        failure_notice: None,
        ta1: Vec::new(),
        ta3: Default::default(),
        habits: Default::default(),
    }
}

pub(super) fn send() -> OrderDeclaration {
    OrderDeclaration {
        step: 1,
        at_us: 0,
        host: "alice".into(),
        kind: "send".into(),
        to: Some(BOBS_NUMBER.into()),
        document: Some("image".into()),
        pages: 2,
        originals: [page(1), page(2)].into(),
    }
}

/// The page of this number.
pub(super) fn page(number: u32) -> Page {
    chart(Chart { height: 32, seed: number, ..Chart::default() })
}
