//! The path of a dialog, as the SIP servers in it record it.

use faxproof_reports::{Carrier, Class, Weight};
use faxproof_wire::sip::{Name, NameAddr, Via};

use super::transport::{LARGEST_DATAGRAM, is_stream, requests};
use crate::evidence::{Case, Seen, Sip};
use crate::{Evidence, Report, Rule};

pub(super) const EACH_SIDE: Rule = Rule {
    id: "sip.record-route-each-side",
    source: "RFC 5658",
    weight: Weight::Should,
    evidence: &[Evidence::Wire],
    about: "A SIP server that stays in the path of a dialog and changes its transport records a place for each side. One \
            place for both would have one of them send by the transport of the other, which it may not have.",
    check: each_side,
};

fn each_side(case: &Case<'_>, report: &mut Report) {
    // What is larger goes over TCP whatever the way is (RFC 3261 §18.1.1).
    let small = requests(case).filter(|(seen, sip, _)| {
        sip.is_request("INVITE") && seen.bytes.len() <= LARGEST_DATAGRAM && is_server(case, seen)
    });
    for (seen, sip, goes) in small {
        let Some((before, came)) = as_it_came(case, seen, sip) else { continue };
        let places: Vec<_> = sip.message.values(Name::RecordRoute).collect();
        let added = places.len().saturating_sub(before.message.values(Name::RecordRoute).count());
        if added == 0 || is_stream(goes) == is_stream(came) {
            continue;
        }
        report.applies();
        let named = |place: usize| transport_of(&places[place]);
        if named(0).as_deref() != Some(word(goes)) || named(added - 1).as_deref() != Some(word(came)) {
            let text = format!(
                "its Record-Route does not say {} to one side and {} to the other",
                word(came),
                word(goes)
            );
            report.breach(&seen.from, &text, &[seen.at]);
        }
    }
}

fn is_server(case: &Case<'_>, seen: &Seen) -> bool {
    case.declaration.host(&seen.from).is_some_and(|host| host.class == Class::SipServer)
}

/// The INVITE that the server forwards here, and what carried it: its branch is that of the second Via.
fn as_it_came<'a>(case: &'a Case<'_>, seen: &Seen, sip: &Sip) -> Option<(&'a Sip, &'a Carrier)> {
    let via = Via::parse(&sip.message.values(Name::Via).nth(1)?).ok()?;
    let came = requests(case).take_while(|(other, ..)| other.at < seen.at).find(|(other, before, _)| {
        other.to == seen.from && before.is_request("INVITE") && before.branch.as_deref() == via.branch()
    });
    came.map(|(_, before, carrier)| (before, carrier))
}

/// What a place says of its transport; UDP where it says nothing.
fn transport_of(place: &str) -> Option<String> {
    let uri = NameAddr::parse(place).ok()?.uri;
    Some(uri.params.get("transport").map_or_else(|| "udp".to_owned(), str::to_ascii_lowercase))
}

fn word(carrier: &Carrier) -> &'static str {
    if is_stream(carrier) { "tcp" } else { "udp" }
}

#[cfg(test)]
mod tests {
    use super::EACH_SIDE;
    use crate::testing::{Bench, Picture};

    fn invite(vias: &str, places: &str) -> String {
        format!(
            "INVITE sip:b@d SIP/2.0\r\n{vias}From: <sip:a@d>;tag=a\r\nTo: <sip:b@d>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
             Max-Forwards: 70\r\n{places}Content-Length: 0\r\n\r\n"
        )
    }

    /// Bob, a SIP server, gets an INVITE over TCP and sends it on in a datagram with these places.
    fn forwarded(places: &str) -> (Bench, usize) {
        let mut run = Bench::new().sip_server("bob");
        run.open();
        let below = "Via: SIP/2.0/TCP h;branch=z9hG4bK1\r\n";
        let text = invite(below, "");
        run.command(text.strip_suffix("\r\n").unwrap_or(&text));
        let at = run.datagram(
            "bob",
            "alice",
            invite(&format!("Via: SIP/2.0/UDP s;branch=z9hG4bK2\r\n{below}"), places),
            true,
        );
        (run, at)
    }

    #[test]
    fn a_place_for_each_side_passes() {
        let (run, _) =
            forwarded("Record-Route: <sip:s;transport=udp;lr>\r\nRecord-Route: <sip:s;transport=TCP;lr>\r\n");
        assert_eq!(run.judged(EACH_SIDE.id), Picture::passed(1));
        let (run, _) = forwarded("Record-Route: <sip:s;lr>, <sip:s;transport=tcp;lr>\r\n");
        assert_eq!(run.judged(EACH_SIDE.id), Picture::passed(1));
    }

    #[test]
    fn who_does_not_stay_in_the_path_need_not_say_anything() {
        assert_eq!(forwarded("").0.judged(EACH_SIDE.id), Picture::passed(0));
    }

    #[test]
    fn one_place_for_both_and_the_wrong_order_are_told() {
        for places in ["<sip:s;lr>", "<sip:s;transport=tcp;lr>", "<sip:s;transport=tcp;lr>, <sip:s;lr>"] {
            let (run, at) = forwarded(&format!("Record-Route: {places}\r\n"));
            assert_eq!(run.judged(EACH_SIDE.id), Picture::told("bob", at), "{places}");
        }
    }
}
