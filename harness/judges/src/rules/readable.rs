//! Whether what was sent can be read: by our own parsers, and alike by those of other people.

use std::collections::BTreeMap;

use faxproof_reports::{Class, Weight};
use faxproof_wire::sip::Name;

use crate::evidence::{Case, Kind, Seen, Sip};
use crate::excuses::{self, Excuse};
use crate::readers::{self, Difference};
use crate::{Evidence, Report, Rule};

pub(super) const SIP_VALID: Rule = Rule {
    id: "wire.sip-valid",
    source: "RFC 3261 §7, §8.1.1, §8.2.6.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Every SIP message that a device sends can be parsed and carries what the standard demands. Others drop it \
            or answer 400.",
    check: sip_valid,
};

pub(super) const SIP_ECHOED: Rule = Rule {
    id: "wire.sip-echoed",
    source: "RFC 3261 §8.2.6.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A response repeats From, To, Call-ID and CSeq of a request that reached its sender. By these the caller \
            knows what was answered.",
    check: sip_echoed,
};

pub(super) const SIP_READ_ALIKE: Rule = Rule {
    id: "wire.sip-readable",
    source: "RFC 3261 §7; independent reader rsip",
    weight: Weight::Should,
    evidence: &[Evidence::Wire],
    about: "An independent SIP stack reads every message as we do. Where it does not, other devices in the field may \
            not either.",
    check: sip_read_alike,
};

pub(super) const SMTP_READ_ALIKE: Rule = Rule {
    id: "wire.smtp-readable",
    source: "RFC 5321 §4.1, §4.2; independent reader smtp-proto",
    weight: Weight::Should,
    evidence: &[Evidence::Wire],
    about: "An independent SMTP stack reads every command and reply as we do. Where it does not, other mail servers in \
            the field may not either.",
    check: smtp_read_alike,
};

/// Messages that say what their sender wrote: no rule of the scenario acted on them.
fn own<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c Seen> {
    let own = |seen: &&Seen| !seen.tampered && case.declaration.host(&seen.from).is_some();
    case.messages.iter().filter(own).filter(|seen| !provoked(case, seen))
}

/// Whether it answers a request of a tester that is out of order itself: such an answer repeats the fault.
fn provoked(case: &Case<'_>, seen: &Seen) -> bool {
    let is_tester = case.declaration.host(&seen.to).is_some_and(|host| host.class == Class::Tester);
    let asked = |other: &&Seen| other.from == seen.to && other.to == seen.from && other.at < seen.at;
    is_tester
        && case.messages.iter().filter(asked).any(|other| {
            let faulty = other.sip().is_none_or(|sip| sip.message.validate().is_err());
            let branch = seen.sip().and_then(|sip| sip.branch.as_deref());
            faulty && branch.is_none_or(|branch| String::from_utf8_lossy(&other.bytes).contains(branch))
        })
}

fn sip_valid(case: &Case<'_>, report: &mut Report) {
    for seen in own(case) {
        report.applies();
        match &seen.read {
            Err(why) => {
                report.breach(&seen.from, format!("it sent a message that is no SIP: {why}"), &[seen.at])
            }
            Ok(sip) => {
                if let Err(why) = sip.message.validate() {
                    report.breach(
                        &seen.from,
                        format!("it sent a SIP message that lacks something: {why}"),
                        &[seen.at],
                    );
                }
            }
        }
    }
}

fn sip_echoed(case: &Case<'_>, report: &mut Report) {
    let mut requests: BTreeMap<(&str, &str), Vec<(&Seen, &Sip)>> = BTreeMap::new();
    for seen in case.messages {
        let Some(sip) = seen.sip().filter(|sip| sip.method.is_some()) else { continue };
        if let Some(branch) = &sip.branch {
            requests.entry((branch, &sip.cseq.1)).or_default().push((seen, sip));
        }
    }
    for seen in own(case) {
        let Some(sip) = seen.sip().filter(|sip| sip.code.is_some()) else { continue };
        let Some(branch) = &sip.branch else { continue };
        report.applies();
        let reached = |request: &&(&Seen, &Sip)| {
            request.0.to == seen.from && request.0.delivered_us.is_some_and(|at_us| at_us <= seen.sent_us)
        };
        let candidates = requests.get(&(branch.as_str(), sip.cseq.1.as_str()));
        let Some((request, asked)) = candidates.and_then(|known| known.iter().find(reached)) else {
            report.breach(&seen.from, "it answered a request that never reached it", &[seen.at]);
            continue;
        };
        if let Some(field) = changed(asked, sip) {
            report.breach(
                &seen.from,
                format!("its response does not repeat the request's {field}"),
                &[seen.at, request.at],
            );
        }
    }
}

/// The first field that a response does not repeat as it must. To may gain a tag.
fn changed(asked: &Sip, answered: &Sip) -> Option<&'static str> {
    let text = |sip: &Sip, name| sip.message.header(name).map(|value| value.into_owned()).unwrap_or_default();
    let untagged = |value: String| value.split(";tag=").next().unwrap_or_default().to_owned();
    let to = (text(asked, Name::To), text(answered, Name::To));
    let to_kept = if asked.to_tag.is_some() { to.0 == to.1 } else { to.0 == untagged(to.1) };
    let checks = [
        ("Call-ID", asked.call_id == answered.call_id),
        ("CSeq", asked.cseq == answered.cseq),
        ("From", text(asked, Name::From) == text(answered, Name::From)),
        ("To", to_kept),
    ];
    checks.into_iter().find(|(_, kept)| !kept).map(|(field, _)| field)
}

fn sip_read_alike(case: &Case<'_>, report: &mut Report) {
    let mut excused = Excused::default();
    for seen in own(case) {
        let Some(sip) = seen.sip() else { continue };
        report.applies();
        if let Some(difference) = readers::sip_difference(sip, &seen.bytes) {
            match excuses::excuse(excuses::RSIP, &seen.bytes, &difference) {
                Some(excuse) => excused.count(excuse, seen.at, &seen.from),
                None => report.breach(&seen.from, words("rsip", &difference), &[seen.at]),
            }
        }
    }
    excused.tell(report);
}

fn smtp_read_alike(case: &Case<'_>, report: &mut Report) {
    let mut excused = Excused::default();
    for unit in case.streams.iter().flat_map(|stream| &stream.units).filter(|unit| !unit.tampered) {
        let difference = match &unit.kind {
            Kind::Command(_) => readers::command_difference(unit.bytes),
            Kind::Reply(_) => readers::reply_difference(unit.bytes),
            Kind::Mail | Kind::Chunk { .. } | Kind::Asked(_) | Kind::Status(_) | Kind::Collected => continue,
            Kind::HttpRequest(_) | Kind::HttpBody | Kind::HttpResponse(_) | Kind::Other => continue,
        };
        report.applies();
        if let Some(difference) = difference {
            match excuses::excuse(excuses::SMTP_PROTO, unit.bytes, &difference) {
                Some(excuse) => excused.count(excuse, unit.at, unit.from),
                None => report.breach(unit.from, words("smtp-proto", &difference), &[unit.at]),
            }
        }
    }
    excused.tell(report);
}

fn words(reader: &str, difference: &Difference) -> String {
    let Difference { field, ours, theirs } = difference;
    format!(
        "a third-party stack reads this otherwise: {field} is {ours:?} for us and {theirs:?} for {reader}"
    )
}

/// How often each excuse was needed, and where first.
#[derive(Default)]
struct Excused<'a>(BTreeMap<&'static str, (&'static Excuse, u32, usize, Option<&'a faxproof_reports::Host>)>);

impl<'a> Excused<'a> {
    fn count(&mut self, excuse: &'static Excuse, at: usize, from: &'a faxproof_reports::Host) {
        self.0.entry(excuse.id).or_insert((excuse, 0, at, Some(from))).1 += 1;
    }

    fn tell(self, report: &mut Report) {
        for (excuse, count, at, from) in self.0.into_values() {
            let Some(from) = from else { continue };
            report.remark(from, format!("excused {count} times: {} {}", excuse.id, excuse.about), &[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use crate::testing::{Bench, Picture};

    fn options(from: &str) -> String {
        format!(
            "OPTIONS sip:bob@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n\
             {from}To: <sip:bob@example.net>\r\nCall-ID: x@192.0.2.10\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
    }

    #[test]
    fn a_whole_call_is_readable_by_everyone() {
        let run = Bench::new().learning_call();
        for rule in ["wire.sip-valid", "wire.sip-echoed", "wire.sip-readable", "wire.smtp-readable"] {
            let result = run.result(rule);
            assert!(result.applied > 0 && result.findings.is_empty(), "{rule}: {:?}", result.findings);
        }
    }

    #[test]
    fn what_is_no_sip_is_a_breach() {
        let mut run = Bench::new();
        let at = run.datagram("alice", "bob", "OPTIONS sip:bob\r\n\r\n", true);
        assert_eq!(run.judged("wire.sip-valid"), Picture::breach("alice", at));
    }

    /// RFC 4475: the rule breaks on exactly those that are not valid, and rsip survives all.
    #[test]
    fn tortuous_messages_are_breaches_where_they_are_invalid() {
        for case in faxproof_wire::sip::torture::CASES {
            let mut run = Bench::new();
            let at = run.datagram("alice", "bob", case.bytes, true);
            let valid = (case.parse, case.validate) == ("read", "valid");
            let expected = if valid { Picture::passed(1) } else { Picture::breach("alice", at) };
            assert_eq!(run.judged("wire.sip-valid"), expected, "{}", case.name);
            assert!(run.result("wire.sip-readable").applied > 0 || !valid, "{}", case.name);
            // Nor does rsip panic on what we do not show it.
            let _ = rsip::SipMessage::try_from(case.bytes);
        }
    }

    #[test]
    fn a_message_without_from_is_a_breach() {
        let mut run = Bench::new();
        let at = run.datagram("alice", "bob", options(""), true);
        assert_eq!(run.judged("wire.sip-valid"), Picture::breach("alice", at));
    }

    #[test]
    fn what_the_scenario_spoiled_is_not_its_senders_fault() {
        let mut run = Bench::new();
        run.datagram("alice", "bob", options(""), true);
        run.fault("edited OPTIONS");
        assert_eq!(run.judged("wire.sip-valid"), Picture::passed(0));
    }

    #[test]
    fn a_response_to_nothing_is_a_breach() {
        let mut run = Bench::new();
        let at = run.answer();
        assert_eq!(run.judged("wire.sip-echoed"), Picture::breach("bob", at));
    }

    #[test]
    fn a_response_with_another_from_is_a_breach() {
        let mut run = Bench::new();
        run.datagram("alice", "bob", options("From: <sip:alice@example.net>;tag=a\r\n"), true);
        let response = options("From: <sip:alice@example.net>;tag=z\r\n")
            .replace("OPTIONS sip:bob@192.0.2.20 SIP/2.0", "SIP/2.0 200 OK");
        let at = run.datagram("bob", "alice", response, true);
        assert_eq!(run.judged("wire.sip-echoed"), Picture::breach("bob", at));
    }

    #[test]
    fn a_known_defect_of_rsip_is_counted_and_does_not_fail() {
        let mut run = Bench::new();
        let compact = options("From: <sip:alice@example.net>;tag=a\r\n").replace("Call-ID:", "i:");
        let at = run.datagram("alice", "bob", compact, true);
        assert_eq!(run.judged("wire.sip-readable"), Picture::told("alice", at));
        assert!(
            run.result("wire.sip-readable").findings[0]
                .text
                .starts_with("excused 1 times: rsip.compact-names")
        );
    }

    #[test]
    fn a_line_that_ends_on_bare_lf_is_told() {
        let mut run = Bench::new();
        run.open();
        run.reply("220 bob");
        let at = run.command("EHLO alice\nNOOP");
        assert_eq!(run.judged("wire.smtp-readable"), Picture::told("alice", at));
    }

    #[test]
    fn an_unknown_command_is_told() {
        let mut run = Bench::new();
        run.open();
        run.reply("220 bob");
        let at = run.command("FROBNICATE");
        assert_eq!(run.judged("wire.smtp-readable"), Picture::told("alice", at));
        assert_eq!(run.result("wire.smtp-readable").verdict, Verdict::Pass);
    }
}
