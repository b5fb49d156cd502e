//! Whom a mail server calls for the mails that it has: whom its declared search gives (S404 of Figure 18), nobody else.

use faxproof_reports::{Answer, HostDeclaration, Weight, What};

use super::{heard_us, is_own};
use crate::evidence::search::{Found, History, Search, dialled};
use crate::evidence::{Call, Case, Kind, Passage};
use crate::{Evidence, Report, Rule};

/// The port of SIP (RFC 3261 §19.1.2).
const SIP_PORT: u16 = 5060;

pub(in crate::rules) const DECLARED_NUMBER: Rule = Rule {
    id: "forward.declared-number",
    source: "patent Figure 18, S404, S405, S408; paragraphs 0142, 0144, 0149 to 0151",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs],
    about: "A mail server calls for each recipient the number that its declared search gives in the mail and in the tables \
            of its operator, and no other; where it gives none, the mail goes by normal SMTP without a call. Another \
            number is another company, and who forgets to call keeps the sender from knowing at once. It is noted where \
            header or text of a mail decided whom a server called.",
    check: declared_number,
};

fn declared_number(case: &Case<'_>, report: &mut Report) {
    for host in &case.declaration.hosts {
        let Some(search) = Search::of(host) else { continue };
        let server = Server::new(case, host, search);
        let Some(first) = server.had.first() else { continue };
        // What an operator changed in the tables of a real server is seen by nobody.
        let edits = |kind: &str| kind.starts_with("ta3-") && kind != "ta3-list";
        let edited =
            case.declaration.orders.iter().any(|order| order.host == host.name && edits(&order.kind));
        if edited && report.lacks_claim(case, &host.name, first.mail.at) {
            continue;
        }
        server.judge(report);
    }
}

/// A server that forwards, and what it had to do.
struct Server<'c, 'a> {
    case: &'c Case<'a>,
    host: &'c HostDeclaration,
    search: Search<'c>,
    tables: History,
    /// Mails that came to it, and its own notices where they were seen.
    had: Vec<Letter<'c, 'a>>,
    calls: Vec<Outgoing<'c, 'a>>,
}

/// A mail that a server had.
struct Letter<'c, 'a> {
    mail: &'c Passage<'a>,
    /// From when on, in microseconds. When it wrote a notice of its own nobody knows.
    since_us: u64,
}

/// A call that it made, with the mails that it handed over in it.
struct Outgoing<'c, 'a> {
    call: &'c Call<'a>,
    at_us: u64,
    number: String,
    carried: Vec<&'c Passage<'a>>,
}

impl<'c, 'a> Server<'c, 'a> {
    fn new(case: &'c Case<'a>, host: &'c HostDeclaration, search: Search<'c>) -> Self {
        let came =
            |id: &Option<String>| case.mails.iter().any(|mail| *mail.to == host.name && mail.id == *id);
        let is_notice = |mail: &&Passage<'_>| {
            *mail.from == host.name && mail.sender.as_deref() == Some("") && !mail.tampered && !came(&mail.id)
        };
        let taken = case.mails.iter().filter(|mail| *mail.to == host.name && !is_refused(case, mail));
        let taken = taken.filter_map(|mail| Some(Letter { mail, since_us: mail.delivered_us? }));
        let notices = case.mails.iter().filter(is_notice).map(|mail| Letter { mail, since_us: 0 });
        let own = case.calls.iter().filter(|call| call.caller.name == host.name);
        let calls = own.map(|call| {
            let carries =
                |at: usize| case.streams_of(call).any(|stream| stream.units.iter().any(|unit| unit.at == at));
            let carried = |mail: &&Passage<'_>| *mail.from == host.name && carries(mail.at);
            Outgoing {
                call,
                at_us: sent_us(case, call.span.0),
                number: dialled(&call.called),
                carried: case.mails.iter().filter(carried).collect(),
            }
        });
        let (had, calls) = (taken.chain(notices).collect(), calls.collect());
        Server { case, host, search, tables: case.ta3_history(host), had, calls }
    }

    fn judge(&self, report: &mut Report) {
        let mut noted = false;
        for call in self.calls.iter().filter(|call| !call.is_tampered() && !self.is_own_number(&call.number))
        {
            let reasons = self.reasons(call);
            if reasons.is_empty() {
                self.without_reason(call, report);
                continue;
            }
            report.applies();
            call.carried.iter().for_each(|mail| self.carried(call, mail, report));
            let steered = reasons.iter().all(|(_, found)| found.place.is_content());
            if let Some((letter, found)) = reasons.first().filter(|_| steered && !noted) {
                noted = true;
                let text = format!(
                    "the {} of a mail decided that it called {}: whoever writes there steers the mail, and a relay does \
                     not interpret it (RFC 5321 §2.3.11, §6.4)",
                    found.place.word(),
                    found.number,
                );
                report.note(&self.host.name, text, &[call.call.span.0, letter.mail.at]);
            }
        }
        let by_smtp = |mail: &&Passage<'_>| {
            let in_call = self.calls.iter().any(|call| call.carried.iter().any(|other| other.at == mail.at));
            *mail.from == self.host.name && !mail.collected && !mail.tampered && !in_call
        };
        self.case.mails.iter().filter(by_smtp).for_each(|mail| self.passed_on(mail, report));
    }

    /// Every answer that the search may give for a recipient of this mail up to this time.
    fn answers(&self, letter: &Letter<'_, '_>, path: &str, until_us: u64) -> Vec<Option<Found>> {
        self.search_in(&letter.mail.message, letter.since_us, path, until_us)
    }

    fn search_in(&self, message: &[u8], since_us: u64, path: &str, until_us: u64) -> Vec<Option<Found>> {
        // S402: what is for this server is not searched.
        if is_own(path, self.host) {
            return vec![None];
        }
        let tables = self.tables.during(since_us..=until_us.max(since_us));
        tables.flat_map(|tables| self.search.answers(tables, path, message)).collect()
    }

    /// The mails that it had when it made this call, and what the search found in them of the number.
    fn reasons(&self, call: &Outgoing<'_, '_>) -> Vec<(&Letter<'c, 'a>, Found)> {
        let mut reasons = Vec::new();
        for letter in self.had.iter().filter(|letter| letter.since_us <= call.at_us) {
            for path in letter.mail.recipients.iter().filter(|path| !self.is_gone(letter, path, call.at_us)) {
                let found = self.answers(letter, path, call.at_us).into_iter().flatten();
                reasons
                    .extend(found.filter(|found| found.number == call.number).map(|found| (letter, found)));
            }
        }
        reasons
    }

    /// Whether somebody else has it for this recipient, as far as the server had heard.
    fn is_gone(&self, letter: &Letter<'_, '_>, path: &String, at_us: u64) -> bool {
        let same = |mail: &&Passage<'_>| mail.id.is_some() && mail.id == letter.mail.id;
        let copies = self.case.mails.iter().filter(same).filter(|mail| *mail.to == self.host.name).count();
        let taken = |mail: &&Passage<'_>| {
            let heard_us = mail.acknowledged.and_then(|at| heard_us(self.case, at));
            *mail.from == self.host.name
                && mail.recipients.contains(path)
                && heard_us.is_some_and(|heard_us| heard_us <= at_us)
                && !self.case.lost_power_after(&self.host.name, mail.at)
        };
        self.case.mails.iter().filter(same).filter(taken).count() >= copies.max(1)
    }

    /// It called a number that no mail gives which was seen. There may have been one that was not: a notice of its own
    /// that it never handed over, to who had sent a mail; or a mail that a rule of the scenario changed on its way.
    fn without_reason(&self, call: &Outgoing<'_, '_>, report: &mut Report) {
        let (at, name) = (call.call.span.0, &self.host.name);
        let before = || self.had.iter().filter(|letter| letter.since_us <= call.at_us);
        if before().any(|letter| letter.mail.tampered) {
            return;
        }
        if self.has_hidden_notice(at) {
            let senders = |letter: &Letter<'_, '_>| {
                let sender = letter.mail.sender.as_ref().filter(|sender| !sender.is_empty());
                let answers = sender.map(|sender| self.search_in(b"", 0, sender, call.at_us));
                answers.into_iter().flatten().flatten().any(|found| found.number == call.number)
            };
            if before().any(senders) {
                return report.applies();
            }
            if self.search.reads_content() {
                let text = "nobody saw the notice of its own for which it may have called";
                return report.unclear(name, text, &[at]);
            }
        }
        report.applies();
        let number = &call.number;
        let text =
            format!("it called {number}, which its search gives for no recipient of a mail that it had");
        report.breach(name, text, &[at]);
    }

    /// Whether it may have written a notice, before this position, that was never handed over.
    fn has_hidden_notice(&self, at: usize) -> bool {
        if self.host.external {
            return true;
        }
        let seen = |id: &str| self.had.iter().any(|letter| letter.mail.id.as_deref() == Some(id));
        self.case.trace.entries[..at].iter().any(|entry| match &entry.what {
            What::Mail { host, put: true, message_id: Some(id), .. } => *host == self.host.name && !seen(id),
            _ => false,
        })
    }

    /// The mails that came to it of which this one is a copy, or the notice itself. Nothing is certain where a rule of
    /// the scenario changed one.
    fn copies_of(&self, next: &Passage<'_>) -> Vec<&Letter<'c, 'a>> {
        let is_copy = |letter: &&Letter<'_, '_>| {
            let mail = letter.mail;
            let same = match &next.id {
                Some(_) => mail.id == next.id,
                None => next.message.ends_with(&mail.message),
            };
            mail.at == next.at || same && mail.at < next.at && *mail.to == self.host.name
        };
        let copies: Vec<_> = self.had.iter().filter(is_copy).collect();
        if next.tampered || copies.iter().any(|letter| letter.mail.tampered) { Vec::new() } else { copies }
    }

    /// What it handed over in a call is for whom it called.
    fn carried(&self, call: &Outgoing<'_, '_>, next: &Passage<'_>, report: &mut Report) {
        let copies = self.copies_of(next);
        let until_us = sent_us(self.case, next.at);
        for path in &next.recipients {
            let copies: Vec<_> =
                copies.iter().filter(|letter| letter.mail.recipients.contains(path)).collect();
            let answers: Vec<_> =
                copies.iter().flat_map(|letter| self.answers(letter, path, until_us)).collect();
            if answers.is_empty() || answers.iter().flatten().any(|found| found.number == call.number) {
                continue;
            }
            let gives = answers[0].as_ref().map_or("none", |found| found.number.as_str());
            let number = &call.number;
            let text =
                format!("it handed a mail for <{path}> over in a call to {number}; its search gives {gives}");
            report.breach(&self.host.name, text, &[next.at, copies[0].mail.at, call.call.span.0]);
        }
    }

    /// What went by normal SMTP has no number, or its call came to nothing before.
    fn passed_on(&self, next: &Passage<'_>, report: &mut Report) {
        let copies = self.copies_of(next);
        let until_us = sent_us(self.case, next.at);
        if copies.is_empty() {
            return;
        }
        report.applies();
        for path in &next.recipients {
            let copies: Vec<_> =
                copies.iter().filter(|letter| letter.mail.recipients.contains(path)).collect();
            let answers: Vec<_> =
                copies.iter().flat_map(|letter| self.answers(letter, path, until_us)).collect();
            let may_be_relayed = answers
                .iter()
                .any(|answer| answer.as_ref().is_none_or(|found| self.is_own_number(&found.number)));
            let (Some(Some(found)), false) = (answers.first(), may_be_relayed) else { continue };
            let since_us = copies.iter().map(|letter| letter.since_us).min().unwrap_or(0);
            let was_called = self.calls.iter().any(|call| {
                let of_another =
                    !call.carried.is_empty() && call.carried.iter().all(|mail| mail.id != next.id);
                let fits = answers.iter().flatten().any(|found| found.number == call.number);
                call.call.span.0 < next.at
                    && call.at_us >= since_us
                    && (fits && !of_another || call.is_tampered())
            });
            if !was_called && !self.may_not_reach_sip(next.at) {
                let number = &found.number;
                let text = format!(
                    "it passed a mail for <{path}> on by normal SMTP; its search gives {number}, which it had not called"
                );
                report.breach(&self.host.name, text, &[next.at, copies[0].mail.at]);
            }
        }
    }

    /// Whether a call may have failed before its INVITE was seen: the name of the SIP server was not found, no connection
    /// to it came about, or it had asked to be left alone (503, RFC 3261 §21.5.4).
    fn may_not_reach_sip(&self, at: usize) -> bool {
        let name = &self.host.name;
        let entries = &self.case.trace.entries[..at];
        let failed = entries.iter().any(|entry| match &entry.what {
            What::Resolved { host, kind, answer, .. } => {
                let nothing = matches!(answer, Answer::NoSuchName | Answer::TimedOut);
                host == name && &**kind != "MX" && nothing
            }
            What::Connection { client, to, event, .. } => {
                client == name
                    && to.port() == SIP_PORT
                    && matches!(&**event, "refused" | "unreachable" | "timed out")
            }
            _ => false,
        });
        let put_off = self
            .case
            .messages
            .iter()
            .take_while(|seen| seen.at < at)
            .any(|seen| seen.to == *name && seen.sip().is_some_and(|sip| sip.code == Some(503)));
        failed || put_off
    }

    fn is_own_number(&self, number: &str) -> bool {
        self.host.number.as_deref().is_some_and(|own| dialled(own) == number)
    }
}

impl Outgoing<'_, '_> {
    /// Whether a rule of the scenario acted on the INVITE: it need not name whom the server called.
    fn is_tampered(&self) -> bool {
        self.call.view.first().is_some_and(|step| step.seen.tampered)
    }
}

fn sent_us(case: &Case<'_>, at: usize) -> u64 {
    case.entry(at).map_or(0, |entry| entry.at_us)
}

/// Whether the server that a mail came to would not have it.
fn is_refused(case: &Case<'_>, mail: &Passage<'_>) -> bool {
    let units = case.streams.iter().map(|stream| &stream.units);
    units.filter(|units| units.iter().any(|unit| unit.at == mail.at)).any(|units| {
        let answer = units.iter().find(|unit| unit.at > mail.at && unit.from == mail.to && unit.is_answer());
        answer.is_some_and(|unit| matches!(unit.kind, Kind::Reply(400..)) && !unit.tampered)
    })
}

#[cfg(test)]
mod tests;
