//! A mail server that forwards: whom it serves, whom it calls, and what it says in the sender's place.

mod number;

use std::collections::BTreeSet;

use faxproof_reports::{Class, HostDeclaration, Weight};
use faxproof_wire::smtp::from_literal;

use crate::evidence::{Case, Passage, digits};
use crate::{Evidence, Report, Rule};

pub(super) use number::DECLARED_NUMBER;

pub(super) const NO_OPEN_RELAY: Rule = Rule {
    id: "mail.no-open-relay",
    source: "RFC 5321 §3.6.2; RFC 6409 §3.3",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs],
    about: "A mail server takes mail for another domain only from whom it is declared to serve, on port 25 and in a call \
            alike. An open relay is at the service of every sender of unwanted mail.",
    check: no_open_relay,
};

pub(super) const NO_SELF_CALL: Rule = Rule {
    id: "forward.no-self-call",
    source: "patent paragraph 0143; RFC 5321 §6.3",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs],
    about: "A mail server never calls its own number. It would hand the mail to itself, over and over.",
    check: no_self_call,
};

pub(super) const ENVELOPE: Rule = Rule {
    id: "mail.envelope-kept",
    source: "RFC 5321 §3.6.1, §6.4; RFC 3461 §5.2.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A server passes a mail on with the sender and for the recipients with which it took it, whichever way it goes. \
            A recipient that is added gets what was not meant for it, and a sender that is changed hears of no failure.",
    check: envelope,
};

pub(super) const EACH_ONCE: Rule = Rule {
    id: "forward.each-once",
    source: "patent Figure 18, S402; RFC 5321 §4.5.3.2.6",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Each recipient of a mail is handed on once: by a call or by normal SMTP, and not again when the 250 has come. \
            Two ways at once are two copies.",
    check: each_once,
};

fn server<'a>(case: &Case<'a>, passage_host: &str) -> Option<&'a HostDeclaration> {
    case.declaration.host(passage_host).filter(|host| host.class == Class::MailServer)
}

fn no_open_relay(case: &Case<'_>, report: &mut Report) {
    for mail in case.mails.iter().filter(|mail| !mail.collected && mail.acknowledged.is_some()) {
        let Some(server) = server(case, mail.to) else { continue };
        let Some(client) = case.declaration.host(mail.from) else { continue };
        report.applies();
        let words = |key: &str| server.habits.get(key).map(String::as_str).unwrap_or_default();
        let serves = words("relays_for").split(' ').any(|address| address == client.address.to_string());
        let foreign = mail.recipients.iter().find(|path| !is_own(path, server));
        if let (Some(path), false) = (foreign, serves) {
            let text = format!("it took a mail for <{path}> from {}, whom it does not serve", mail.from);
            report.breach(mail.to, text, &[mail.at]);
        }
    }
}

/// Whether a path leads to a domain of this server (by equality, §2.3.11).
fn is_own(path: &str, server: &HostDeclaration) -> bool {
    let Some((_, domain)) = path.rsplit_once('@') else { return true };
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let named = ["domains", "name"].iter().filter_map(|key| server.habits.get(*key));
    let mut own = named.flat_map(|words| words.split(' '));
    own.any(|own| own.eq_ignore_ascii_case(&domain)) || from_literal(&domain) == Some(server.address)
}

fn no_self_call(case: &Case<'_>, report: &mut Report) {
    for call in case.calls.iter().filter(|call| call.caller.class == Class::MailServer) {
        report.applies();
        if call.caller.number.as_deref().is_some_and(|own| digits(own) == digits(&call.called)) {
            report.breach(&call.caller.name, "it called its own number", &[call.span.0]);
        }
    }
}

/// The mails that a server handed on, each with the copies of it that had come to the server before.
fn handed_on<'c, 'a>(case: &'c Case<'a>) -> Vec<(&'c Passage<'a>, Vec<&'c Passage<'a>>)> {
    let next = case.mails.iter().filter(|next| !next.collected && !next.tampered && next.id.is_some());
    next.filter(|next| server(case, next.from).is_some())
        .map(|next| {
            let came = |mail: &&Passage<'_>| mail.to == next.from && mail.at < next.at && mail.id == next.id;
            (next, case.mails.iter().filter(came).collect())
        })
        .collect()
}

fn envelope(case: &Case<'_>, report: &mut Report) {
    for (next, came) in handed_on(case) {
        if came.is_empty() || came.iter().any(|mail| mail.tampered || mail.collected) {
            continue;
        }
        report.applies();
        if !came.iter().any(|mail| mail.sender == next.sender) {
            let sender = next.sender.clone().unwrap_or_default();
            let text =
                format!("it passed a mail on with MAIL FROM:<{sender}>, and had taken it from another");
            report.breach(next.from, text, &[next.at, came[0].at]);
        }
        let known: BTreeSet<&String> = came.iter().flat_map(|mail| &mail.recipients).collect();
        if let Some(added) = next.recipients.iter().find(|path| !known.contains(path)) {
            let text = format!("it passed a mail on to <{added}>, for whom it had not taken it");
            report.breach(next.from, text, &[next.at, came[0].at]);
        }
    }
}

fn each_once(case: &Case<'_>, report: &mut Report) {
    let mut before: Vec<&Passage<'_>> = Vec::new();
    for (next, came) in handed_on(case) {
        if came.is_empty() {
            continue;
        }
        report.applies();
        let again = before.iter().find(|other| {
            let twice = |path: &String| other.recipients.contains(path);
            let copies = came.iter().filter(|mail| mail.acknowledged.is_some()).count();
            other.from == next.from
                && other.id == next.id
                && next.recipients.iter().any(twice)
                && heard(case, other).is_some_and(|at| at < next.at)
                && copies < 2
                && !case.lost_power_after(next.from, other.at)
        });
        if let Some(other) = again {
            let text = "it handed a mail on a second time, and had heard that the first was taken";
            report.breach(next.from, text, &[next.at, other.at]);
        }
        before.push(next);
    }
}

/// Where the 250 stands that reached who handed a mail over.
fn heard(case: &Case<'_>, mail: &Passage<'_>) -> Option<usize> {
    mail.acknowledged.filter(|at| heard_us(case, *at).is_some())
}

/// When the reply at this position reached who waited for it, in microseconds.
fn heard_us(case: &Case<'_>, at: usize) -> Option<u64> {
    let units = case.streams.iter().flat_map(|stream| &stream.units);
    units.filter(|unit| unit.at == at).find_map(|unit| unit.delivered_us)
}

#[cfg(test)]
mod tests {
    use super::super::mail::tests::{Post, mail, on_the_way};
    use crate::testing::Bench;
    use faxproof_reports::{Class, Verdict};

    fn passed_on(mut run: Post, sender: &str, recipient: &str) -> Post {
        run.smtp("server", "bob", (sender, recipient), &on_the_way(&["Received: by server"]));
        run
    }

    fn taken(relays_for: &str) -> Post {
        let mut run = Post::new();
        let habits = &mut run.declaration.hosts[1].habits;
        habits.insert("domains".into(), "s.example".into());
        habits.insert("relays_for".into(), relays_for.into());
        run.smtp("alice", "server", ("alice@a.example", "bob@b.example"), &mail());
        run
    }

    #[test]
    fn who_is_served_may_write_to_any_domain_and_nobody_else() {
        assert_eq!(taken("192.0.2.1").verdict("mail.no-open-relay"), Verdict::Pass);
        assert_eq!(taken("192.0.2.7").verdict("mail.no-open-relay"), Verdict::Fail);
    }

    #[test]
    fn an_envelope_that_is_changed_is_a_fault() {
        let run = |sender, recipient| passed_on(taken("192.0.2.1"), sender, recipient);
        assert_eq!(run("alice@a.example", "bob@b.example").verdict("mail.envelope-kept"), Verdict::Pass);
        assert_eq!(run("eve@a.example", "bob@b.example").verdict("mail.envelope-kept"), Verdict::Fail);
        assert_eq!(run("alice@a.example", "eve@b.example").verdict("mail.envelope-kept"), Verdict::Fail);
    }

    #[test]
    fn a_server_that_calls_its_own_number_is_in_breach() {
        let verdict = |own: &str| {
            let mut run = Bench::new().learning_call();
            run.declaration.hosts[0].class = Class::MailServer;
            run.declaration.hosts[0].number = Some(own.into());
            run.judged("forward.no-self-call").verdict
        };
        assert_eq!(verdict("050-0000-0201"), Verdict::Pass);
        assert_eq!(verdict("050-1234-5678"), Verdict::Fail);
    }

    #[test]
    fn what_was_taken_is_not_handed_on_again() {
        let once = passed_on(taken("192.0.2.1"), "alice@a.example", "bob@b.example");
        assert_eq!(once.verdict("forward.each-once"), Verdict::Pass);
        let twice = passed_on(once, "alice@a.example", "bob@b.example");
        assert_eq!(twice.verdict("forward.each-once"), Verdict::Fail);
    }
}
