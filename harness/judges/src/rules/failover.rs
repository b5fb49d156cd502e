//! Servers found by name: who fails is followed by the next (RFC 3263 §4.3).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use faxproof_reports::{Answer, Host, ServiceRecord, Weight, What};
use faxproof_wire::sip::{Name, NameAddr, Uri};

use crate::evidence::{Case, PATIENCE_US, Seen, Sip};
use crate::{Evidence, Report, Rule};

pub(super) const FAIL_OVER: Rule = Rule {
    id: "sip.fail-over",
    source: "RFC 3263 §4.3; RFC 3261 §16.6 step 7; RFC 2782",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request that its server answers with 503, or not at all, goes to the next server of the name, the lowest \
            priority first. One dead server must not make the name useless.",
    check: fail_over,
};

pub(super) const NEW_TRY_NEW_BRANCH: Rule = Rule {
    id: "sip.new-try-new-branch",
    source: "RFC 3263 §4.3; RFC 3261 §8.1.1.7, §16.6 step 8",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A request that is sent to another server has another branch. With the old one the answers of the two could \
            not be told apart.",
    check: new_try_new_branch,
};

/// How long the next try may take after a failure: the name of the next server may have to be asked.
const NEXT_TRY_US: u64 = 15_000_000;

/// One request of one host, with all its tries.
struct Request<'a> {
    from: &'a Host,
    call_id: &'a str,
    tries: Vec<Try<'a>>,
}

/// What was sent to one server, its copies included.
struct Try<'a> {
    branch: Option<&'a str>,
    to: &'a Host,
    at: usize,
    sent_us: u64,
    unreachable: bool,
}

/// One server of a name.
struct Server {
    priority: u16,
    /// Empty where they are not known.
    addresses: Vec<IpAddr>,
    /// Its name was asked for and led nowhere.
    absent: bool,
}

fn fail_over(case: &Case<'_>, report: &mut Report) {
    for request in requests(case) {
        let Some(first) = request.tries.first() else { continue };
        let servers = servers(case, request.from, first);
        if servers.len() < 2 {
            continue;
        }
        let of = |attempt: &Try<'_>| {
            let ip = address(case, attempt.to);
            servers.iter().position(|server| ip.is_some_and(|ip| server.addresses.contains(&ip)))
        };
        let mut left: Vec<usize> = (0..servers.len()).filter(|&at| !servers[at].absent).collect();
        for (index, attempt) in request.tries.iter().enumerate() {
            let Some(chosen) = of(attempt) else { break };
            let rests = |at: &usize| {
                servers[*at].addresses.iter().any(|ip| rests_at(case, request.from, *ip, attempt.sent_us))
            };
            let best = left.iter().filter(|at| !rests(at)).map(|at| servers[*at].priority).min();
            if index > 0 {
                report.applies();
            }
            if best.is_some_and(|best| best < servers[chosen].priority) {
                let text = "it tried a server before one of lower priority";
                report.breach(request.from, text, &[attempt.at]);
            }
            left.retain(|&at| at != chosen && !rests(&at));
            let last = index + 1 == request.tries.len();
            if let (true, false, Some((failed_us, at))) = (last, left.is_empty(), failure(case, attempt))
                && case.end_us() > failed_us + NEXT_TRY_US
                && !gave_up(case, &request, failed_us)
            {
                report.applies();
                let text = "the server failed, and the request was not sent to the next one of its name";
                report.breach(request.from, text, &[at, attempt.at]);
            }
        }
    }
}

fn new_try_new_branch(case: &Case<'_>, report: &mut Report) {
    for request in requests(case) {
        for (index, attempt) in request.tries.iter().enumerate().skip(1) {
            let earlier = &request.tries[..index];
            if earlier.iter().all(|earlier| earlier.to == attempt.to) {
                continue;
            }
            report.applies();
            if let Some(same) = earlier.iter().find(|e| e.branch == attempt.branch && e.to != attempt.to) {
                let text = "it sent a request to a second server under the branch of the first try";
                report.breach(request.from, text, &[attempt.at, same.at]);
            }
        }
    }
}

/// The requests of all hosts. ACK and CANCEL go where their INVITE went and are no tries.
fn requests<'a>(case: &Case<'a>) -> Vec<Request<'a>> {
    type Key<'a> = (&'a Host, &'a str, u32, &'a str, Option<&'a str>, Option<&'a str>);
    let mut places: BTreeMap<Key<'a>, usize> = BTreeMap::new();
    let mut requests: Vec<Request<'a>> = Vec::new();
    for seen in case.messages.iter().filter(|seen| !seen.tampered) {
        let Some(sip) = seen.sip() else { continue };
        let Some(method) = sip.method.as_deref().filter(|method| !matches!(*method, "ACK" | "CANCEL")) else {
            continue;
        };
        if !goes_by_name(sip) {
            continue;
        }
        let tag = sip.from_tag.as_deref();
        let key = (&seen.from, sip.call_id.as_str(), sip.cseq.0, method, sip.message.request_uri(), tag);
        let at = *places.entry(key).or_insert_with(|| {
            requests.push(Request { from: &seen.from, call_id: &sip.call_id, tries: Vec::new() });
            requests.len() - 1
        });
        note(&mut requests[at].tries, seen, sip);
    }
    requests
}

/// Whether a name says where it goes: in the first Route, else in the Request-URI (RFC 3261 §8.1.2). What
/// goes to an address has no other server.
fn goes_by_name(sip: &Sip) -> bool {
    let route = sip.message.values(Name::Route).next();
    let uri = match route.map(|route| NameAddr::parse(&route)) {
        Some(route) => route.map(|route| route.uri),
        None => Uri::parse(sip.message.request_uri().unwrap_or_default()),
    };
    uri.is_ok_and(|uri| uri.is_sip() && uri.host_ip().is_none())
}

fn note<'a>(tries: &mut Vec<Try<'a>>, seen: &'a Seen, sip: &'a Sip) {
    let branch = sip.branch.as_deref();
    match tries.iter_mut().find(|known| known.branch == branch && *known.to == seen.to) {
        Some(known) => known.unreachable |= seen.unreachable,
        None => tries.push(Try {
            branch,
            to: &seen.to,
            at: seen.at,
            sent_us: seen.sent_us,
            unreachable: seen.unreachable,
        }),
    }
}

/// The servers of the name by which the first try found its way: the latest SRV answer with its
/// destination, else the latest addresses with it.
fn servers(case: &Case<'_>, host: &Host, first: &Try<'_>) -> Vec<Server> {
    let Some(ip) = address(case, first.to) else { return Vec::new() };
    let earlier = case.trace.entries.iter().take(first.at).rev().filter_map(|entry| match &entry.what {
        What::Resolved { host: who, answer, .. } if who == host => Some(answer),
        _ => None,
    });
    let lists = earlier.filter_map(|answer| match answer {
        Answer::Services(records) => {
            Some(records.iter().map(|record| offered(case, host, record)).collect::<Vec<_>>())
        }
        Answer::Addresses(all) if all.len() > 1 => {
            let server = |ip: &IpAddr| Server { priority: 0, addresses: vec![*ip], absent: false };
            Some(all.iter().map(server).collect())
        }
        _ => None,
    });
    let mut with_first = lists.filter(|list| list.iter().any(|server| server.addresses.contains(&ip)));
    with_first.next().unwrap_or_default()
}

fn offered(case: &Case<'_>, host: &Host, record: &ServiceRecord) -> Server {
    let literal: Vec<IpAddr> = record.target.parse().into_iter().collect();
    let mut server = Server { priority: record.priority, addresses: literal, absent: false };
    for entry in &case.trace.entries {
        match &entry.what {
            What::Resolved { host: who, name, answer: Answer::Addresses(all), .. }
                if who == host && name.eq_ignore_ascii_case(&record.target) =>
            {
                server.addresses.extend(all);
            }
            What::Resolved { host: who, kind, name, .. }
                if who == host && &**kind == "A/AAAA" && name.eq_ignore_ascii_case(&record.target) =>
            {
                server.absent = true;
            }
            _ => {}
        }
    }
    // Who refuses connections shows no request: it counts as tried.
    let refused = |ip: &IpAddr| {
        case.trace.entries.iter().any(|entry| {
            matches!(&entry.what, What::Connection { client, to, event, .. }
                if client == host && to.ip() == *ip && matches!(&**event, "refused" | "unreachable" | "timed out"))
        })
    };
    server.absent |= server.addresses.iter().any(refused);
    server
}

/// When a try failed, and where that shows; `None` where it was answered.
fn failure(case: &Case<'_>, attempt: &Try<'_>) -> Option<(u64, usize)> {
    if attempt.unreachable {
        return Some((attempt.sent_us, attempt.at));
    }
    let answers = case.messages.iter().filter_map(|seen| {
        let sip = seen.sip().filter(|sip| sip.code.is_some() && sip.branch.as_deref() == attempt.branch)?;
        Some((seen.delivered_us?, seen.at, sip.code?))
    });
    let answers: Vec<_> = answers.collect();
    match answers.iter().find(|(.., code)| *code >= 200) {
        Some((at_us, at, 503)) => Some((*at_us, *at)),
        Some(_) => None,
        None if answers.is_empty() => Some((attempt.sent_us + PATIENCE_US, attempt.at)),
        None => None,
    }
}

/// Whether this server had answered 503 with Retry-After before, and the time is not over.
fn rests_at(case: &Case<'_>, host: &Host, ip: IpAddr, now_us: u64) -> bool {
    case.messages.iter().any(|seen| {
        let refusal = seen.sip().filter(|sip| sip.code == Some(503) && seen.to == *host);
        let wait_s = refusal.and_then(|sip| sip.message.header(Name::RetryAfter)?.trim().parse::<u64>().ok());
        match (wait_s, seen.delivered_us) {
            (Some(wait_s), Some(at_us)) => {
                let until_us = at_us.saturating_add(wait_s.saturating_mul(1_000_000));
                address(case, &seen.from) == Some(ip) && (at_us..until_us).contains(&now_us)
            }
            _ => false,
        }
    })
}

/// Who hangs up, loses its power, has its own limit or is cancelled makes no further try.
fn gave_up(case: &Case<'_>, request: &Request<'_>, failed_us: u64) -> bool {
    let Some(first) = request.tries.first() else { return true };
    let cancelled = case
        .messages
        .iter()
        .filter_map(|seen| seen.sip())
        .any(|sip| sip.call_id == request.call_id && sip.is_request("CANCEL"));
    let call = case.calls.iter().find(|call| call.call_id == request.call_id);
    let of_caller = call.filter(|call| call.caller.name == *request.from);
    let stopped = of_caller.is_some_and(|call| case.ordered_in(call, "hang-up"));
    let limit_us =
        case.declaration.host(request.from).and_then(|host| span_us(host.habits.get("no_answer")?));
    let limited = of_caller.is_some() && limit_us.is_some_and(|limit| failed_us >= first.sent_us + limit);
    cancelled || stopped || limited || case.lost_power_after(request.from, first.at)
}

/// A declared span of time, in microseconds.
fn span_us(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit_us = match &text[digits..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit_us)
}

/// Where a host is; one that does not exist is named by its address.
fn address(case: &Case<'_>, host: &str) -> Option<IpAddr> {
    let declared = case.declaration.host(host).map(|host| host.address);
    let socket = || host.parse::<SocketAddr>().ok().map(|at| at.ip());
    declared.or_else(|| host.parse().ok()).or_else(socket)
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use super::*;
    use crate::testing::{Bench, Picture};

    const FIRST: &str = "192.0.2.51";
    const SECOND: &str = "192.0.2.52";

    /// Alice knows two servers of one name.
    fn located(priorities: [u16; 2]) -> Bench {
        let mut run = Bench::new();
        let record = |(priority, target): (u16, &str)| ServiceRecord {
            priority,
            weight: 0,
            port: 5060,
            target: target.to_owned(),
        };
        let records = priorities.into_iter().zip([FIRST, SECOND]).map(record).collect();
        run.resolved("SRV", "_sip._udp.example.net", Answer::Services(records));
        run
    }

    fn message(start: &str, branch: &str, more: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{branch}\r\nFrom: <sip:alice@example.net>;tag=a\r\n\
             To: <sip:bob@example.net>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
        )
    }

    fn attempt(run: &mut Bench, to: &str, branch: &str) -> usize {
        run.datagram("alice", to, message("INVITE sip:bob@example.net SIP/2.0", branch, ""), true)
    }

    fn answer(run: &mut Bench, from: &str, branch: &str, code: u16, more: &str) -> usize {
        run.datagram(from, "alice", message(&format!("SIP/2.0 {code} Reason"), branch, more), true)
    }

    #[test]
    fn the_next_server_after_503_passes() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        answer(&mut run, FIRST, "1", 503, "");
        attempt(&mut run, SECOND, "2");
        answer(&mut run, SECOND, "2", 486, "");
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over"), Picture::passed(1));
        assert_eq!(run.judged("sip.new-try-new-branch"), Picture::passed(1));
    }

    #[test]
    fn no_further_try_after_503_is_a_breach() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        let refusal = answer(&mut run, FIRST, "1", 503, "");
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over"), Picture::breach("alice", refusal));
    }

    #[test]
    fn no_further_try_after_silence_is_a_breach() {
        let mut run = located([1, 2]);
        let silent = attempt(&mut run, FIRST, "1");
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over"), Picture::breach("alice", silent));
    }

    #[test]
    fn any_other_answer_is_no_failure() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        answer(&mut run, FIRST, "1", 500, "");
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over"), Picture::passed(0));
    }

    #[test]
    fn the_higher_priority_first_is_a_breach() {
        let mut run = located([2, 1]);
        let wrong = attempt(&mut run, FIRST, "1");
        answer(&mut run, FIRST, "1", 486, "");
        assert_eq!(run.judged("sip.fail-over"), Picture::breach("alice", wrong));
    }

    #[test]
    fn a_server_that_asked_for_rest_may_be_passed_over() {
        let mut run = located([1, 2]);
        let rest = message("SIP/2.0 503 Reason", "0", "Retry-After: 60\r\n").replace("c1", "c0");
        run.datagram(FIRST, "alice", rest, true);
        attempt(&mut run, SECOND, "1");
        answer(&mut run, SECOND, "1", 486, "");
        assert_eq!(run.judged("sip.fail-over"), Picture::passed(0));
        run.wait_s(61);
        let text = message("INVITE sip:bob@example.net SIP/2.0", "9", "").replace("c1", "c2");
        let late = run.datagram("alice", SECOND, text, true);
        assert_eq!(run.judged("sip.fail-over"), Picture::breach("alice", late));
    }

    #[test]
    fn a_caller_that_gave_up_makes_no_further_try() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        run.power_off("alice");
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over").verdict, Verdict::Pass);
    }

    #[test]
    fn the_last_server_has_no_next() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        answer(&mut run, FIRST, "1", 503, "");
        attempt(&mut run, SECOND, "2");
        answer(&mut run, SECOND, "2", 503, "");
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over"), Picture::passed(1));
    }

    #[test]
    fn a_second_try_under_the_first_branch_is_a_breach() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        answer(&mut run, FIRST, "1", 503, "");
        let again = attempt(&mut run, SECOND, "1");
        assert_eq!(run.judged("sip.new-try-new-branch"), Picture::breach("alice", again));
    }

    #[test]
    fn what_goes_to_an_address_has_no_other_server() {
        let mut run = located([2, 1]);
        let text = message("INVITE sip:bob@192.0.2.51 SIP/2.0", "1", "");
        run.datagram("alice", FIRST, text, true);
        run.wait_s(60);
        assert_eq!(run.judged("sip.fail-over"), Picture::passed(0));
    }

    #[test]
    fn copies_to_one_server_keep_their_branch() {
        let mut run = located([1, 2]);
        attempt(&mut run, FIRST, "1");
        attempt(&mut run, FIRST, "1");
        assert_eq!(run.judged("sip.new-try-new-branch"), Picture::passed(0));
    }
}
