//! Duties of SIP's transport layer: by which carrier a message goes, and what it says of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use faxproof_reports::{Carrier, Weight, What};
use faxproof_wire::sip::Name;

use crate::evidence::{Case, Seen, Sip};
use crate::{Evidence, Report, Rule};

/// The largest request that goes in a datagram where nothing is known of the way, in octets.
pub(super) const LARGEST_DATAGRAM: usize = 1300;

pub(super) const LARGE_REQUEST: Rule = Rule {
    id: "sip.large-request",
    source: "RFC 3261 §18.1.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request of more than 1300 octets goes over TCP, and in a datagram only where TCP was refused. A datagram \
            that is cut into fragments is lost with any one of them, and many routers let no fragment pass.",
    check: large_request,
};

pub(super) const VIA_TRANSPORT: Rule = Rule {
    id: "sip.via-transport",
    source: "RFC 3261 §18.1.1, §20.42",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "The topmost Via of a request names the transport by which it goes. The responses come back by what it \
            says.",
    check: via_transport,
};

pub(super) const CONTENT_LENGTH: Rule = Rule {
    id: "sip.content-length",
    source: "RFC 3261 §18.3, §20.14",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A message on a stream has Content-Length. Without it nobody knows where the next message begins.",
    check: content_length,
};

pub(super) const NO_REPEAT_ON_STREAM: Rule = Rule {
    id: "sip.no-repeat-on-stream",
    source: "RFC 3261 §17.1.1.2, §17.1.2.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request is sent once on a connection. TCP delivers it or ends, and a copy is a second request to a peer \
            that has forgotten the first.",
    check: no_repeat_on_stream,
};

fn large_request(case: &Case<'_>, report: &mut Report) {
    for (seen, _, carrier) in requests(case).filter(|(seen, ..)| seen.bytes.len() > LARGEST_DATAGRAM) {
        report.applies();
        if let Carrier::Datagram { to, .. } = carrier
            && !was_refused(case, seen, *to)
        {
            let text = format!("it sent a request of {} octets in a datagram", seen.bytes.len());
            report.breach(&seen.from, &text, &[seen.at]);
        }
    }
}

/// Whether the sender had tried TCP there, and nobody took it.
fn was_refused(case: &Case<'_>, seen: &Seen, address: SocketAddr) -> bool {
    case.trace.entries.iter().take(seen.at).any(|entry| match &entry.what {
        What::Connection { client, to, event, .. } => {
            *client == seen.from && *to == address && matches!(&**event, "refused" | "unreachable")
        }
        _ => false,
    })
}

fn via_transport(case: &Case<'_>, report: &mut Report) {
    for (seen, sip, carrier) in requests(case) {
        let Ok(via) = sip.message.via() else { continue };
        report.applies();
        let own = if is_stream(carrier) { "TCP" } else { "UDP" };
        if !via.transport.eq_ignore_ascii_case(own) {
            let text = format!("its Via says {} in a request that goes over {own}", via.transport);
            report.breach(&seen.from, &text, &[seen.at]);
        }
    }
}

fn content_length(case: &Case<'_>, report: &mut Report) {
    for (seen, sip, _) in messages(case).filter(|(.., carrier)| is_stream(carrier)) {
        report.applies();
        if sip.message.header(Name::ContentLength).is_none() {
            report.breach(&seen.from, "it sent a message without Content-Length on a stream", &[seen.at]);
        }
    }
}

fn no_repeat_on_stream(case: &Case<'_>, report: &mut Report) {
    let mut first: BTreeMap<(u32, &str, Option<&str>), usize> = BTreeMap::new();
    for (seen, sip, carrier) in requests(case) {
        let Carrier::Stream { connection, .. } = carrier else { continue };
        let (method, branch) = (sip.method.as_deref().unwrap_or_default(), sip.branch.as_deref());
        // A copy of a 2xx is acknowledged with a copy of its ACK, whatever the transport (§13.2.2.4).
        if method == "ACK" || branch.is_none() {
            continue;
        }
        report.applies();
        match first.get(&(*connection, method, branch)) {
            Some(earlier) => {
                report.breach(&seen.from, "it repeated a request on a connection", &[seen.at, *earlier]);
            }
            None => drop(first.insert((*connection, method, branch), seen.at)),
        }
    }
}

/// The requests as their senders wrote them, with what carried them.
pub(super) fn requests<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a Seen, &'a Sip, &'a Carrier)> {
    messages(case).filter(|(_, sip, _)| sip.method.is_some())
}

/// The messages as their senders wrote them, with what carried them.
fn messages<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a Seen, &'a Sip, &'a Carrier)> {
    case.messages.iter().filter(|seen| !seen.tampered).filter_map(|seen| {
        let What::Message { carrier, .. } = &case.entry(seen.at)?.what else { return None };
        Some((seen, seen.sip()?, carrier))
    })
}

pub(super) fn is_stream(carrier: &Carrier) -> bool {
    matches!(carrier, Carrier::Stream { .. })
}

#[cfg(test)]
mod tests {
    use faxproof_reports::{Entry, Verdict, What};

    use crate::testing::{Bench, Picture};

    /// A request of alice, without the empty line.
    fn options(transport: &str, more: &str) -> String {
        format!(
            "OPTIONS sip:bob@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/{transport} 192.0.2.10:5060;branch=z9hG4bK1\r\n\
             From: <sip:a@d>;tag=a\r\nTo: <sip:b@d>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n{more}"
        )
    }

    fn large(transport: &str) -> String {
        options(transport, &format!("Subject: {}\r\nContent-Length: 0\r\n", "x".repeat(1300)))
    }

    fn in_datagram(run: &mut Bench, text: &str) -> usize {
        run.datagram("alice", "bob", format!("{text}\r\n"), true)
    }

    fn on_stream(text: &str) -> (Bench, usize) {
        let mut run = Bench::new();
        run.open();
        let at = run.command(text);
        (run, at)
    }

    #[test]
    fn a_large_request_in_a_datagram_is_a_breach() {
        let mut run = Bench::new();
        let at = in_datagram(&mut run, &large("UDP"));
        assert_eq!(run.judged("sip.large-request"), Picture::breach("alice", at));
    }

    #[test]
    fn a_large_request_in_a_datagram_passes_where_tcp_was_refused() {
        let mut run = Bench::new();
        let to = "192.0.2.20:5060".parse().expect("an address");
        let what = What::Connection {
            id: 0,
            client: "alice".into(),
            server: "bob".into(),
            to,
            event: "refused".into(),
        };
        run.trace.entries.push(Entry { at_us: 0, what });
        in_datagram(&mut run, &large("UDP"));
        assert_eq!(run.judged("sip.large-request"), Picture::passed(1));
    }

    #[test]
    fn a_large_request_on_a_stream_passes() {
        assert_eq!(on_stream(&large("TCP")).0.judged("sip.large-request"), Picture::passed(1));
    }

    #[test]
    fn a_via_that_names_another_transport_is_a_breach() {
        let (run, at) = on_stream(&options("UDP", "Content-Length: 0\r\n"));
        assert_eq!(run.judged("sip.via-transport"), Picture::breach("alice", at));
        let mut run = Bench::new();
        let at = in_datagram(&mut run, &options("TCP", "Content-Length: 0\r\n"));
        assert_eq!(run.judged("sip.via-transport"), Picture::breach("alice", at));
    }

    #[test]
    fn a_whole_call_in_datagrams_names_udp() {
        assert_eq!(Bench::new().learning_call().judged("sip.via-transport").verdict, Verdict::Pass);
    }

    #[test]
    fn a_message_on_a_stream_without_content_length_is_a_breach() {
        let (run, at) = on_stream(&options("TCP", ""));
        assert_eq!(run.judged("sip.content-length"), Picture::breach("alice", at));
    }

    #[test]
    fn content_length_on_a_stream_passes() {
        let (run, _) = on_stream(&options("TCP", "Content-Length: 0\r\n"));
        assert_eq!(run.judged("sip.content-length"), Picture::passed(1));
    }

    #[test]
    fn a_request_that_is_repeated_on_its_connection_is_a_breach() {
        let text = options("TCP", "Content-Length: 0\r\n");
        let (mut run, _) = on_stream(&text);
        let copy = run.command(&text);
        assert_eq!(run.judged("sip.no-repeat-on-stream"), Picture::breach("alice", copy));
    }

    #[test]
    fn a_request_that_is_repeated_on_a_new_connection_passes() {
        let text = options("TCP", "Content-Length: 0\r\n");
        let (mut run, _) = on_stream(&text);
        run.connection("server reset");
        run.open();
        run.command(&text);
        assert_eq!(run.judged("sip.no-repeat-on-stream"), Picture::passed(2));
    }
}
