//! What a request must say so that any HTTP server understands it, and that it is made once.

use faxproof_reports::Weight;
use faxproof_wire::http::{Framing, RequestHead};

use crate::evidence::{Call, Case, Kind, Stream, Unit};
use crate::{Evidence, Report, Rule};

pub(super) const HOST: Rule = Rule {
    id: "http.host",
    source: "RFC 9112 §3.2; RFC 9110 §7.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request carries exactly one Host, and it is the authority of the side that accepted the connection. \
            A server answers 400 to anything else, and one with several names would not know which is meant.",
    check: host,
};

pub(super) const LENGTH: Rule = Rule {
    id: "http.length",
    source: "RFC 9112 §6.1-6.3, §11.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request with a document says in exactly one way how long it is, and so long it is. Where two readers find \
            two ends, one of them takes a part of the document for the next request.",
    check: length,
};

pub(super) const ONCE: Rule = Rule {
    id: "http.once",
    source: "RFC 9110 §9.2.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A document that went out whole by POST is not sent again within the call, whether or not an answer came. \
            The destination may have printed it, and would print it twice.",
    check: once,
};

/// Heads that say what their sender wrote, with the call and the connection that they belong to.
fn heads<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = (&'c Call<'a>, &'c Stream<'a>, &'c Unit<'a>)> {
    let of_call = |call: &'c Call<'a>| case.streams_of(call).map(move |stream| (call, stream));
    let is_head = |unit: &&Unit<'_>| matches!(unit.kind, Kind::HttpRequest(_)) && !unit.tampered;
    let streams = case.calls.iter().flat_map(of_call);
    streams.flat_map(move |(call, stream)| {
        stream.units.iter().filter(is_head).map(move |unit| (call, stream, unit))
    })
}

fn host(case: &Case<'_>, report: &mut Report) {
    for (_, stream, unit) in heads(case) {
        report.applies();
        let Ok(head) = RequestHead::parse(unit.bytes) else {
            report.breach(unit.from, "the head of its request cannot be read", &[unit.at]);
            continue;
        };
        let wanted = stream.to.to_string();
        match head.host() {
            Ok(Some(host)) if host.eq_ignore_ascii_case(&wanted) => {}
            Ok(Some(host)) => {
                let text = format!("its Host is {host:?}, and it is connected to {wanted:?}");
                report.breach(unit.from, text, &[unit.at]);
            }
            Ok(None) | Err(_) => report.breach(unit.from, "its request has not exactly one Host", &[unit.at]),
        }
    }
}

fn length(case: &Case<'_>, report: &mut Report) {
    for (_, stream, unit) in heads(case) {
        report.applies();
        let framing = RequestHead::parse(unit.bytes).ok().map(|head| head.framing());
        match framing {
            Some(Ok(framing)) => {
                if let Some(at) = misfit(stream, unit, framing) {
                    report.breach(unit.from, "its document is not as long as it says", &[at, unit.at]);
                }
            }
            Some(Err(why)) => {
                report.breach(unit.from, format!("its request has no clear end: {why}"), &[unit.at])
            }
            None => {}
        }
    }
}

/// What the sender of this head sent behind it that is neither its body nor another head.
fn misfit(stream: &Stream<'_>, head: &Unit<'_>, framing: Framing) -> Option<usize> {
    let own = |unit: &&Unit<'_>| unit.at > head.at && unit.from == head.from;
    let bodies = usize::from(framing != Framing::None);
    let behind: Vec<_> = stream.units.iter().filter(own).take(1 + bodies).collect();
    let odd = behind.iter().find(|unit| unit.kind == Kind::Other && !unit.tampered)?;
    // What somebody else cut off stands before the end of the connection, and is not the sender's.
    let end = stream.events.iter().find(|(at, event)| *at > odd.at && *event != "opened");
    let own_end = if *head.from == *stream.client { "client closed" } else { "server closed" };
    end.is_none_or(|(_, event)| *event == own_end).then_some(odd.at)
}

fn once(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        let mut sent: Option<&Unit<'_>> = None;
        for stream in case.streams_of(call) {
            for (head, body) in stream
                .units
                .iter()
                .filter(|unit| unit.from == &call.caller.name)
                .zip(stream.units.iter().filter(|unit| unit.from == &call.caller.name).skip(1))
            {
                if head.kind != Kind::HttpRequest("POST".into()) || body.kind != Kind::HttpBody {
                    continue;
                }
                report.applies();
                if let Some(first) = sent {
                    let text = "it sent its document by POST a second time";
                    report.breach(&call.caller.name, text, &[head.at, first.at]);
                }
                sent = Some(head);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, Picture};

    #[test]
    fn a_document_by_http_passes() {
        let run = Bench::new().http_call();
        for rule in ["http.host", "http.length", "http.once"] {
            assert_eq!(run.judged(rule), Picture::passed(1), "{rule}");
        }
    }

    #[test]
    fn a_request_without_host_is_a_breach() {
        let mut run = Bench::new().http_connected();
        let at = run.post("Content-Length: 2\r\n", "hi");
        assert_eq!(run.judged("http.host"), Picture::breach("alice", at));
    }

    #[test]
    fn two_hosts_are_a_breach() {
        let mut run = Bench::new().http_connected();
        let at = run.post("Host: 192.0.2.20:40125\r\nHost: 192.0.2.20:40125\r\nContent-Length: 2\r\n", "hi");
        assert_eq!(run.judged("http.host"), Picture::breach("alice", at));
    }

    #[test]
    fn the_host_of_somebody_else_is_a_breach() {
        let mut run = Bench::new().http_connected();
        let at = run.post("Host: sip.example.net\r\nContent-Length: 2\r\n", "hi");
        assert_eq!(run.judged("http.host"), Picture::breach("alice", at));
    }

    #[test]
    fn a_document_shorter_than_it_says_is_a_breach() {
        let mut run = Bench::new().http_connected();
        let head = run.post("Host: 192.0.2.20:40125\r\nContent-Length: 3\r\n", "hi");
        run.wait_s(3);
        assert_eq!(run.judged("http.length"), Picture::breach("alice", head + 1));
    }

    #[test]
    fn two_lengths_are_a_breach() {
        let mut run = Bench::new().http_connected();
        let both = "Host: 192.0.2.20:40125\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n";
        let at = run.post(both, "hi");
        assert_eq!(run.judged("http.length"), Picture::breach("alice", at));
    }

    #[test]
    fn a_second_post_after_a_lost_connection_is_a_breach() {
        let mut run = Bench::new().http_connected();
        run.post("Host: 192.0.2.20:40125\r\nContent-Length: 2\r\n", "hi");
        run.connection("server reset");
        run.open();
        let again = run.post("Host: 192.0.2.20:40125\r\nContent-Length: 2\r\n", "hi");
        assert_eq!(run.judged("http.once"), Picture::breach("alice", again));
    }

    #[test]
    fn a_request_before_ack_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.announce(2, "http");
        run.accept(2, "http");
        run.open();
        let head = run.post("Host: 192.0.2.20:40125\r\nContent-Length: 2\r\n", "hi");
        run.request("ACK", 2);
        assert_eq!(run.judged("fig4.stream-after-announcement"), Picture::breach("alice", head));
    }

    #[test]
    fn hanging_up_before_the_response_is_a_breach() {
        let mut run = Bench::new().http_connected();
        run.post("Host: 192.0.2.20:40125\r\nContent-Length: 2\r\n", "hi");
        let bye = run.request("BYE", 3);
        assert_eq!(run.judged("fig4.bye-after-transfer"), Picture::breach("alice", bye));
    }

    #[test]
    fn what_is_printed_is_known_by_its_location() {
        let mut run = Bench::new().http_call();
        run.printed("/documents/1", 1, 2);
        run.printed("/documents/1", 2, 2);
        for (rule, applied) in [("fig4.printed", 1), ("paper.as-sent", 2), ("fig4.printed-nothing-else", 2)] {
            assert_eq!(run.judged(rule), Picture::passed(applied), "{rule}");
        }
        let at = run.printed("/documents/2", 1, 2);
        assert_eq!(run.judged("fig4.printed-nothing-else"), Picture::breach("bob", at));
    }

    #[test]
    fn an_acknowledged_document_that_is_not_printed_is_a_breach() {
        let run = Bench::new().http_call();
        let response = run.last_starting("HTTP/1.1 201");
        assert_eq!(run.judged("fig4.printed"), Picture::breach("bob", response));
    }
}
