//! Mail between servers: nothing is lost, nothing is changed, and reports answer what asked for them.

use std::collections::BTreeMap;

use faxproof_reports::{Class, Host, Weight, What};
use faxproof_wire::mime::{Mailbox, Mdn, is_report};

use crate::evidence::{Case, Passage};
use crate::{Evidence, Report, Rule};

pub(super) const KEPT: Rule = Rule {
    id: "mail.kept",
    source: "RFC 5321 §4.2.5, §6.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Claim],
    about: "A mail that a server answered with 250 lies in a mailbox, waits in the queue, was handed on, or was reported \
            to its sender. With the 250 the server took charge: nobody else has the mail any more.",
    check: kept,
};

pub(super) const UNTOUCHED: Rule = Rule {
    id: "mail.untouched",
    source: "RFC 5321 §3.6.3, §4.4, §6.4",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A server passes a mail on as it came, with one Received field more, and at its end with a Return-Path. What is \
            changed on the way is found by nobody but the one who needed it.",
    check: untouched,
};

pub(super) const REPORTS_WITHOUT_SENDER: Rule = Rule {
    id: "mail.report-sender",
    source: "RFC 8098 §3; RFC 3464 §2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "MDN and DSN go out with a null MAIL FROM. A report that could be answered by a report begins a loop.",
    check: reports_without_sender,
};

pub(super) const CONFIRMED_WHEN_ASKED: Rule = Rule {
    id: "mail.confirmed-when-asked",
    source: "RFC 8098 §2.1; RFC 2532 §2.2.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "An MDN answers a mail that came and asked for it, goes to the address that asked, and never answers a report. \
            Anything else is unsolicited.",
    check: confirmed_when_asked,
};

pub(super) const CONFIRMED_AS_PRINTED: Rule = Rule {
    id: "mail.confirmed-as-printed",
    source: "RFC 3249 §4.4.1.2; RFC 3965 §2.3.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Paper],
    about: "A fax confirms `dispatched` what it printed, and an error what it did not. A sender that was told of success \
            keeps no copy.",
    check: confirmed_as_printed,
};

pub(super) const PRINTED_ONCE: Rule = Rule {
    id: "mail.printed-once",
    source: "RFC 5321 §4.5.3.2.6; RFC 1939 §6",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Paper],
    about: "A mail is printed once, however often its mailbox was collected; a second time only if it was handed over a \
            second time by SMTP, because an answer was lost. Two copies of a fax read as two orders.",
    check: printed_once,
};

fn class(case: &Case<'_>, host: &Host) -> Option<Class> {
    case.declaration.host(host).map(|host| host.class)
}

fn kept(case: &Case<'_>, report: &mut Report) {
    for passage in &case.mails {
        let (Some(Class::MailServer), Some(taken)) = (class(case, passage.to), passage.acknowledged) else {
            continue;
        };
        if report.lacks_claim(case, passage.to, taken) {
            continue;
        }
        report.applies();
        let meanwhile = passage.at..taken;
        let puts: Vec<Folded<'_>> = folders(case, passage.to)
            .filter(|folded| {
                meanwhile.contains(&folded.at) && folded.put && folded.id == passage.id.as_deref()
            })
            .collect();
        if puts.is_empty() {
            let text = "it took a mail and put it nowhere: neither in a mailbox nor in its queue";
            report.breach(passage.to, text, &[taken, passage.at]);
        }
        for put in puts.into_iter().filter(|put| put.folder.starts_with("queue")) {
            let gone = folders(case, passage.to).find(|take| {
                take.at > put.at && !take.put && (take.folder, take.name) == (put.folder, put.name)
            });
            let Some(Folded { at: gone, .. }) = gone else { continue };
            let handed_on = case.mails.iter().any(|next| {
                next.from == passage.to
                    && next.id == passage.id
                    && next.acknowledged.is_some_and(|at| at < gone)
            });
            if !handed_on && !was_told(case, passage.to, gone) {
                let text = "it took a mail out of its queue that it neither handed on nor reported";
                report.breach(passage.to, text, &[gone, put.at]);
            }
        }
    }
}

/// Something that a server did with a folder.
struct Folded<'a> {
    at: usize,
    put: bool,
    folder: &'a str,
    name: &'a str,
    id: Option<&'a str>,
}

fn folders<'a>(case: &Case<'a>, server: &Host) -> impl Iterator<Item = Folded<'a>> {
    case.trace.entries.iter().enumerate().filter_map(move |(at, entry)| match &entry.what {
        What::Mail { host, folder, name, put, message_id } if host == server => {
            Some(Folded { at, put: *put, folder, name, id: message_id.as_deref() })
        }
        _ => None,
    })
}

/// Whether a server wrote a report, or told that nobody wants one, at the moment in which it gave a mail up.
fn was_told(case: &Case<'_>, server: &Host, gone: usize) -> bool {
    let Some(moment) = case.entry(gone).map(|entry| entry.at_us) else { return false };
    case.trace.entries.iter().filter(|entry| entry.at_us == moment).any(|entry| match &entry.what {
        What::Mail { host, put: true, .. } | What::Unexpected { host, .. } => host == server,
        _ => false,
    })
}

fn untouched(case: &Case<'_>, report: &mut Report) {
    for next in
        case.mails.iter().filter(|next| !next.tampered && class(case, next.from) == Some(Class::MailServer))
    {
        let before = case.mails.iter().rev().find(|before| {
            before.to == next.from && before.at < next.at && before.id.is_some() && before.id == next.id
        });
        let Some(before) = before.filter(|before| before.acknowledged.is_some()) else { continue };
        report.applies();
        let added = next.message.strip_suffix(&before.message[..]);
        let Some(added) = added else {
            let text = "what it passed on does not end with what it had taken";
            report.breach(next.from, text, &[next.at, before.at]);
            continue;
        };
        let names = field_names(added);
        let wanted: &[&str] = if next.collected { &["return-path", "received"] } else { &["received"] };
        if names != wanted {
            let text = format!("it put {names:?} on top of the mail, and {wanted:?} was due");
            report.breach(next.from, text, &[next.at, before.at]);
        }
    }
}

/// The names of header fields, in small letters.
fn field_names(header: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(header);
    let starts = text.split("\r\n").filter(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
    starts.map(|line| line.split(':').next().unwrap_or_default().to_ascii_lowercase()).collect()
}

fn reports_without_sender(case: &Case<'_>, report: &mut Report) {
    for passage in &case.mails {
        let Some(sender) = passage.sender.as_ref().filter(|_| is_report(&passage.message)) else { continue };
        report.applies();
        if !sender.is_empty() {
            let text = format!("a report went out with MAIL FROM:<{sender}>");
            report.breach(passage.from, text, &[passage.at]);
        }
    }
}

/// The MDNs that faxes themselves sent: by whom, about which mail.
fn confirmations<'c, 'a>(case: &'c Case<'a>) -> Vec<(&'c Passage<'a>, Mdn)> {
    let sent = case.mails.iter().filter(|passage| {
        class(case, passage.from).is_some_and(Class::is_fax) && !passage.tampered && !passage.collected
    });
    sent.filter_map(|passage| Some((passage, Mdn::read(&passage.message).ok()?))).collect()
}

fn confirmed_when_asked(case: &Case<'_>, report: &mut Report) {
    for (confirmation, mdn) in confirmations(case) {
        report.applies();
        let about = case.mails.iter().find(|mail| {
            mail.to == confirmation.from && mail.at < confirmation.at && mail.id == mdn.original_message_id
        });
        let complaint = match about {
            None => Some("it confirmed a mail that never came to it"),
            Some(mail) if is_report(&mail.message) => Some("it confirmed a report"),
            Some(mail) if !asked(&mail.message, &confirmation.recipients) => {
                Some("it confirmed a mail to somebody who had not asked")
            }
            Some(_) => None,
        };
        if let Some(text) = complaint {
            let evidence: Vec<usize> =
                std::iter::once(confirmation.at).chain(about.map(|mail| mail.at)).collect();
            report.breach(confirmation.from, text, &evidence);
        }
    }
}

/// Whether each of the recipients asked for a confirmation.
fn asked(mail: &[u8], recipients: &[String]) -> bool {
    let fields = faxproof_wire::mime::Fields::read(mail).unwrap_or_default();
    let asking = fields.text("Disposition-Notification-To").and_then(|text| Mailbox::parse(&text).ok());
    asking.is_some_and(|asking| recipients.iter().all(|recipient| *recipient == asking.address()))
}

fn confirmed_as_printed(case: &Case<'_>, report: &mut Report) {
    for (confirmation, mdn) in confirmations(case) {
        let Some(about) = &mdn.original_message_id else { continue };
        if case.is_external(confirmation.from) {
            continue;
        }
        report.applies();
        let printed = case.trace.entries[..confirmation.at].iter().any(|entry| match &entry.what {
            What::Printed { host, document, .. } => {
                host == confirmation.from && crate::evidence::bare_id(document) == about
            }
            _ => false,
        });
        let put_off = mdn.disposition.prefers_alternative();
        if printed == (mdn.disposition.is_failure() || put_off) {
            let text = match (printed, put_off) {
                (true, true) => "it printed the mail and asked for another form of it",
                (true, false) => "it printed the mail and told its sender of an error",
                (false, _) => "it told the sender that the mail was printed, and it was not",
            };
            report.breach(confirmation.from, text, &[confirmation.at]);
        }
    }
}

fn printed_once(case: &Case<'_>, report: &mut Report) {
    let mut printed: BTreeMap<(&Host, &str, u32), Vec<usize>> = BTreeMap::new();
    for (at, entry) in case.trace.entries.iter().enumerate() {
        if let What::Printed { host, document, number, .. } = &entry.what {
            let document = crate::evidence::bare_id(document);
            printed.entry((host, document, *number)).or_default().push(at);
        }
    }
    for ((host, document, number), at) in printed {
        let came =
            || case.mails.iter().filter(|mail| mail.to == host && mail.id.as_deref() == Some(document));
        if came().next().is_none() {
            continue;
        }
        report.applies();
        let by_smtp = came().filter(|mail| !mail.collected && mail.delivered_us.is_some()).count();
        let most = by_smtp + usize::from(came().any(|mail| mail.collected));
        if at.len() > most.max(1) {
            let text = format!("it printed page {number} of one mail {} times", at.len());
            report.breach(host, text, &at);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
