//! Wire profiles of vendors.

use std::net::Ipv4Addr;

use faxproof_wire::vendor::{Hole, Stands, Template, Values};

/// A template, and behind the octet 0x1E a text: what a template writes it reads, and what it reads it would
/// write again.
pub fn vendor(bytes: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(bytes) else { return false };
    let (source, text) = input.split_once('\x1e').unwrap_or((input, ""));
    let Ok(template) = Template::parse(source, ", ", Stands::InBody) else { return false };
    let mut found = Values::default();
    if template.read(text, &mut found) && says_all_once(&template) {
        let again = template.fill(&found);
        // An address of IPv6 can be written in several ways.
        assert!(again == text || text.contains('['), "{text:?} {again:?}");
        assert!(template.read(&again, &mut Values::default()), "{again:?}");
    }
    let values = Values {
        address: Some(Ipv4Addr::LOCALHOST.into()),
        port: Some(0),
        protocols: vec!["smtp".to_owned()],
    };
    // With a hole for protocols again and again they would be more than are read; no profile has that.
    if says_all_once(&template) {
        assert!(template.read(&template.fill(&values), &mut Values::default()), "{source:?}");
    }
    true
}

/// Each hole once, and protocols in one of them: a profile sees to that.
fn says_all_once(template: &Template) -> bool {
    let kinds: Vec<Hole> = template.holes().map(|hole| hole.min(Hole::Protocol)).collect();
    kinds.iter().enumerate().all(|(at, kind)| !kinds[..at].contains(kind))
}
