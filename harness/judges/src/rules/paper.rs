//! What comes out of the printer must be what arrived, and what was acknowledged must come out.

use faxproof_reports::{Host, OrderDeclaration, Weight, What};

use crate::evidence::{Case, Kind, bare_id};
use crate::{Evidence, Report, Rule};

pub(super) const PRINTED_WHAT_WAS_ACKNOWLEDGED: Rule = Rule {
    id: "fig4.printed",
    source: "RFC 5321 §4.2.5, §6.1; RFC 9110 §15.3; patent 0074",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Paper],
    about: "A document that the destination acknowledged comes out of its printer, every page once. With its 250 or 2xx \
            the destination took charge, and the sender keeps no copy to send again.",
    check: printed_what_was_acknowledged,
};

pub(super) const PRINTED_ONLY_WHAT_ARRIVED: Rule = Rule {
    id: "fig4.printed-nothing-else",
    source: "RFC 5321 §4.1.1.4, §6.1; RFC 9112 §6.3, §8",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Paper],
    about: "Nothing is printed but documents that arrived whole and were not refused. Half a document on paper looks \
            like a whole one, and the sender believes that it failed.",
    check: printed_only_what_arrived,
};

/// A document that reached a host whole.
struct Document<'a> {
    host: &'a Host,
    /// Position of its acknowledgement.
    acknowledged: Option<usize>,
    /// Position of the answer that refused it.
    refused: Option<usize>,
    /// Its name: Message-ID of a mail, Location of the response to an HTTP request.
    name: Option<String>,
    /// The order behind it, where its call is known.
    order: Option<&'a OrderDeclaration>,
}

fn printed_what_was_acknowledged(case: &Case<'_>, report: &mut Report) {
    let documents = arrived(case);
    for document in &documents {
        let (Some(order), Some(acknowledged)) = (document.order, document.acknowledged) else { continue };
        if report.lacks_claim(case, document.host, acknowledged) {
            continue;
        }
        report.applies();
        if case.lost_power_after(document.host, acknowledged) {
            continue;
        }
        let pages = pages(case, document);
        // A sender that heard no answer sends again under the same Message-ID: then it is printed
        // once or more often.
        let same = |other: &&Document<'_>| other.host == document.host && other.name == document.name;
        let copies = documents.iter().filter(same).count();
        let wanted = if order.document.as_deref() == Some("text") { None } else { Some(order.pages) };
        if let Some(text) = complaint(&pages, wanted, copies) {
            let evidence: Vec<usize> =
                std::iter::once(acknowledged).chain(pages.iter().map(|page| page.0)).collect();
            report.breach(document.host, text, &evidence);
        }
    }
}

/// What is wrong with these pages (position, number, count); `wanted` is `None` where the document
/// is text, whose pages nobody counted before.
fn complaint(pages: &[(usize, u32, u32)], wanted: Option<u32>, copies: usize) -> Option<String> {
    let of = wanted.or(pages.first().map(|page| page.2)).unwrap_or(1).max(1);
    if let Some((_, number, told)) = pages.iter().find(|(_, _, told)| *told != of) {
        return Some(format!("page {number} says it is one of {told}, the document had {of}"));
    }
    for number in 1..=of {
        let printed = pages.iter().filter(|page| page.1 == number).count();
        if printed == 0 {
            return Some(format!("it acknowledged the document and did not print page {number} of {of}"));
        }
        if printed > copies {
            return Some(format!("it printed page {number} {printed} times"));
        }
    }
    None
}

/// The pages printed of a document: position, number, count.
fn pages(case: &Case<'_>, document: &Document<'_>) -> Vec<(usize, u32, u32)> {
    let printed = case.trace.entries.iter().enumerate().filter_map(|(at, entry)| match &entry.what {
        What::Printed { host, document: name, number, of, .. } if host == document.host => {
            let belongs = document.name.as_deref().is_none_or(|id| bare_id(name) == id);
            belongs.then_some((at, *number, *of))
        }
        _ => None,
    });
    printed.collect()
}

fn printed_only_what_arrived(case: &Case<'_>, report: &mut Report) {
    let documents = arrived(case);
    for (at, entry) in case.trace.entries.iter().enumerate() {
        let What::Printed { host, document, number, .. } = &entry.what else { continue };
        if case.declaration.host(host).is_none_or(|host| !host.class.is_fax()) {
            continue;
        }
        report.applies();
        let known = |other: &&Document<'_>| {
            other.host == host && other.name.as_deref().is_none_or(|id| id == bare_id(document))
        };
        match documents.iter().find(known) {
            None => {
                let text = format!("it printed page {number} of a document that never arrived whole");
                report.breach(host, text, &[at]);
            }
            Some(document) => {
                if let Some(refusal) = document.refused {
                    let text = format!("it printed page {number} of a document that it had refused");
                    report.breach(host, text, &[at, refusal]);
                }
            }
        }
    }
}

/// Every document that reached a host whole, whether or not the sender heard of it. One that was sent
/// again and then acknowledged stands before the refusal of its first copy.
fn arrived<'a>(case: &Case<'a>) -> Vec<Document<'a>> {
    let mut documents = Vec::new();
    for (index, stream) in case.streams.iter().enumerate() {
        let Some(unit) = stream.document() else { continue };
        let receiver = if unit.from == stream.client { stream.server } else { stream.client };
        let acknowledgement = stream.acknowledgement();
        let Some(host) = case.declaration.host(receiver).filter(|_| unit.delivered_us.is_some()) else {
            continue;
        };
        // A refusal that a rule of the scenario wrote is not the receiver's.
        let answer = stream.units.iter().find(|answer| answer.at > unit.at && answer.is_answer());
        let refusal = answer.filter(|answer| acknowledgement.is_none() && !answer.tampered);
        let call = case.calls.iter().find(|call| call.streams.contains(&index));
        documents.push(Document {
            host: &host.name,
            acknowledged: acknowledgement.filter(|answer| !answer.tampered).map(|answer| answer.at),
            refused: refusal.map(|answer| answer.at),
            name: match unit.kind {
                Kind::Mail => unit.message_id(),
                _ => answer.and_then(|answer| answer.location()),
            },
            order: call.and_then(|call| call.order).map(|(_, order)| order),
        });
    }
    documents.extend(collected(case));
    documents.sort_by_key(|document| document.refused.is_some());
    documents
}

/// The mails that a host collected: nobody acknowledges them.
fn collected<'a>(case: &Case<'a>) -> impl Iterator<Item = Document<'a>> {
    let units = case.streams.iter().flat_map(|stream| stream.units.iter().map(move |unit| (stream, unit)));
    let mails = units.filter(|(_, unit)| unit.kind == Kind::Collected && unit.delivered_us.is_some());
    mails.map(|(stream, unit)| Document {
        host: stream.client,
        acknowledged: None,
        refused: None,
        name: unit.message_id(),
        order: None,
    })
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use crate::testing::{Bench, Picture};

    #[test]
    fn an_acknowledged_document_on_paper_passes() {
        let mut run = Bench::new().learning_call();
        run.printed("a1@alice", 1, 2);
        run.printed("a1@alice", 2, 2);
        assert_eq!(run.judged("fig4.printed"), Picture::passed(1));
        assert_eq!(run.judged("fig4.printed-nothing-else"), Picture::passed(2));
    }

    #[test]
    fn a_missing_page_is_a_breach() {
        let mut run = Bench::new().learning_call();
        run.printed("a1@alice", 1, 2);
        assert_eq!(run.judged("fig4.printed"), Picture::breach("bob", run.acknowledgement()));
    }

    #[test]
    fn the_paper_of_a_real_device_is_left_open() {
        let run = Bench::new().external("bob").learning_call();
        assert_eq!(run.judged("fig4.printed").verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_page_printed_twice_is_a_breach() {
        let mut run = Bench::new().learning_call();
        for number in [1, 2, 2] {
            run.printed("a1@alice", number, 2);
        }
        assert_eq!(run.judged("fig4.printed"), Picture::breach("bob", run.acknowledgement()));
    }

    #[test]
    fn a_destination_without_power_prints_nothing() {
        let mut run = Bench::new().learning_call();
        run.power_off("bob");
        assert_eq!(run.judged("fig4.printed").verdict, Verdict::Pass);
    }

    #[test]
    fn a_refused_document_on_paper_is_a_breach() {
        let mut run = Bench::new();
        run.order();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        run.reply("220 bob ESMTP");
        run.command("DATA");
        run.reply("354 go");
        run.command("Message-ID: <a1@alice>\r\n\r\ntext\r\n.");
        run.reply("451 4.3.0 no paper");
        let page = run.printed("a1@alice", 1, 2);
        assert_eq!(run.judged("fig4.printed-nothing-else"), Picture::breach("bob", page));
    }

    #[test]
    fn half_a_document_on_paper_is_a_breach() {
        let mut run = Bench::new();
        run.order();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        run.reply("220 bob ESMTP");
        run.connection("client reset");
        let page = run.printed("a1@alice", 1, 2);
        assert_eq!(run.judged("fig4.printed-nothing-else"), Picture::breach("bob", page));
    }
}
