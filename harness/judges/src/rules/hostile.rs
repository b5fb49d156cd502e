//! What hostile peers must not reach: a connection to a third party, a word in a call that is not theirs.

use std::collections::BTreeSet;

use faxproof_reports::{Class, Host, Weight};

use crate::evidence::{Case, Seen, Sip};
use crate::{Evidence, Report, Rule};

pub(super) const ONLY_TO_THE_PEER: Rule = Rule {
    id: "media.only-to-the-peer",
    source: "RFC 4145 §9",
    weight: Weight::Declared,
    evidence: &[Evidence::Wire, Evidence::Inputs],
    about: "A fax connects to the other party of a call and to its own mail servers, and to nobody else, unless it declares `media_at: anywhere`. \
            Whoever writes a session description could otherwise let it speak to any server within its reach.",
    check: only_to_the_peer,
};

pub(super) const FORGED_REQUEST: Rule = Rule {
    id: "sip.forged-request",
    source: "RFC 3261 §12, §12.2.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request that names a call and has not both of its tags is never answered 2xx. Otherwise who has \
            overheard a Call-ID could end the call, or lead it elsewhere.",
    check: forged_request,
};

/// Where mail servers take mail of each other.
const SMTP_PORT: u16 = 25;

fn only_to_the_peer(case: &Case<'_>, report: &mut Report) {
    for stream in &case.streams {
        let Some(fax) = case.declaration.host(stream.client).filter(|host| host.has_line()) else {
            continue;
        };
        if fax.habits.get("media_at").is_some_and(|at| at == "anywhere") {
            continue;
        }
        // Another mail server is found by the name of a domain.
        if fax.class == Class::MailServer && stream.to.port() == SMTP_PORT {
            continue;
        }
        report.applies();
        let server = case.declaration.host(stream.server).map(|host| host.address.to_string());
        let own = ["mail_server", "mailbox"].map(|name| fax.habits.get(name));
        if own.into_iter().flatten().any(|address| Some(address) == server.as_ref()) {
            continue;
        }
        let between = |one: &Host, other: &Host| {
            case.calls.iter().any(|call| call.caller.name == *one && call.callee == Some(other))
        };
        if !between(stream.client, stream.server) && !between(stream.server, stream.client) {
            let text = format!("it connected to {}, with whom it has no call", stream.server);
            report.breach(stream.client, text, &[stream.first()]);
        }
    }
}

fn forged_request(case: &Case<'_>, report: &mut Report) {
    for (seen, request) in requests_in_dialogs(case) {
        let host = &seen.to;
        let (own, peers) = tags(case, host, &request.call_id, seen.at);
        let tag = |tag: &Option<String>| tag.clone().unwrap_or_default();
        if own.is_empty() || (own.contains(&tag(&request.to_tag)) && peers.contains(&tag(&request.from_tag)))
        {
            continue;
        }
        report.applies();
        let answer = case.messages.iter().find(|other| {
            let answers = |sip: &Sip| {
                sip.branch == request.branch
                    && sip.cseq == request.cseq
                    && matches!(sip.code, Some(200..=299))
            };
            other.from == *host && other.at > seen.at && other.sip().is_some_and(answers)
        });
        if let Some(answer) = answer {
            report.breach(host, "it took a request that belongs to no call of it", &[answer.at, seen.at]);
        }
    }
}

/// Requests with a To tag that reached a fax. An ACK is never answered, and CANCEL has the tag of none.
fn requests_in_dialogs<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a Seen, &'a Sip)> {
    let fax = |host: &Host| case.declaration.host(host).is_some_and(|host| host.has_line());
    let reached = case.messages.iter().filter(move |seen| fax(&seen.to) && seen.delivered_us.is_some());
    reached.filter_map(|seen| Some((seen, seen.sip()?))).filter(|(_, sip)| {
        let answered = !sip.is_request("ACK") && !sip.is_request("CANCEL");
        sip.method.is_some() && sip.to_tag.is_some() && answered
    })
}

/// The tags of this fax and of its peers in a call, as far as its first INVITEs and the answers to them tell.
fn tags(case: &Case<'_>, host: &Host, call_id: &str, before: usize) -> (BTreeSet<String>, BTreeSet<String>) {
    let of_call = || {
        let earlier = case.messages.iter().take_while(|seen| seen.at < before);
        earlier.filter_map(|seen| Some((seen, seen.sip()?))).filter(|(_, sip)| sip.call_id == call_id)
    };
    let (mut own, mut peers) = (BTreeSet::new(), BTreeSet::new());
    for (first, invite) in of_call().filter(|(_, sip)| sip.is_request("INVITE") && sip.to_tag.is_none()) {
        let called = first.to == *host;
        if !called && first.from != *host {
            continue;
        }
        let (callers, callees) = if called { (&mut peers, &mut own) } else { (&mut own, &mut peers) };
        callers.extend(invite.from_tag.clone());
        let answers = of_call().filter(|(seen, sip)| {
            let party = if called { &seen.from } else { &seen.to };
            party == host && sip.code.is_some() && sip.branch == invite.branch
        });
        callees.extend(answers.filter_map(|(_, sip)| sip.to_tag.clone()));
    }
    (own, peers)
}

#[cfg(test)]
mod tests {
    use faxproof_reports::{Class, Entry, Verdict, What};

    use crate::testing::{Bench, Picture};

    fn connected_to(mut run: Bench, server: &str) -> (Bench, usize) {
        let to = "192.0.2.66:25".parse().expect("an address");
        let what = What::Connection {
            id: 9,
            client: "alice".into(),
            server: server.into(),
            to,
            event: "opened".into(),
        };
        run.trace.entries.push(Entry { at_us: 0, what });
        let at = run.trace.entries.len() - 1;
        (run, at)
    }

    #[test]
    fn a_connection_to_the_callee_passes() {
        assert_eq!(Bench::new().learning_call().judged("media.only-to-the-peer"), Picture::passed(1));
    }

    #[test]
    fn a_connection_to_a_third_party_is_a_breach() {
        let (run, at) = connected_to(Bench::new().learning_call(), "192.0.2.66");
        assert_eq!(run.judged("media.only-to-the-peer"), Picture::breach("alice", at));
    }

    #[test]
    fn a_mail_fax_connects_to_its_own_mail_server_and_to_no_other() {
        let bench = || {
            let mut run = Bench::new();
            run.declaration.hosts[0].class = Class::Fax101;
            run
        };
        let (run, at) = connected_to(bench(), "bob");
        assert_eq!(run.judged("media.only-to-the-peer"), Picture::breach("alice", at));
        let (mut run, _) = connected_to(bench(), "bob");
        let server = run.declaration.hosts[1].address;
        run.declaration.hosts[0].habits.insert("mail_server".into(), server.to_string());
        assert_eq!(run.judged("media.only-to-the-peer"), Picture::passed(1));
    }

    #[test]
    fn who_declares_to_go_anywhere_may() {
        let (mut run, _) = connected_to(Bench::new().learning_call(), "192.0.2.66");
        run.declaration.hosts[0].habits.insert("media_at".into(), "anywhere".into());
        assert_eq!(run.judged("media.only-to-the-peer").verdict, Verdict::Pass);
    }

    /// BYE with these tags within the call of the bench, and what bob answers.
    fn bye(run: &mut Bench, (from, to): (&str, &str), code: u16) -> usize {
        let fields = format!(
            "Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKforged\r\nFrom: <sip:a@d>;tag={from}\r\n\
             To: <sip:b@d>;tag={to}\r\nCall-ID: call-1@192.0.2.10\r\nCSeq: 9 BYE\r\nMax-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        );
        run.datagram("192.0.2.66", "bob", format!("BYE sip:b@192.0.2.20 SIP/2.0\r\n{fields}"), true);
        run.datagram("bob", "192.0.2.66", format!("SIP/2.0 {code} Reason\r\n{fields}"), true)
    }

    #[test]
    fn a_forged_bye_that_is_taken_is_a_breach() {
        for tags in [("guessed", "b"), ("a", "guessed")] {
            let mut run = Bench::new();
            run.connect_call();
            let answer = bye(&mut run, tags, 200);
            assert_eq!(run.judged("sip.forged-request"), Picture::breach("bob", answer));
        }
    }

    #[test]
    fn a_forged_bye_that_is_refused_passes() {
        let mut run = Bench::new();
        run.connect_call();
        bye(&mut run, ("guessed", "b"), 481);
        assert_eq!(run.judged("sip.forged-request"), Picture::passed(1));
    }

    #[test]
    fn who_knows_both_tags_belongs_to_the_call() {
        let mut run = Bench::new();
        run.connect_call();
        bye(&mut run, ("a", "b"), 200);
        assert_eq!(run.judged("sip.forged-request"), Picture::passed(0));
    }
}
