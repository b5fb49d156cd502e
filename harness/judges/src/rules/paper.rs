//! What comes out of the printer, and what was acknowledged: the two must be the same.

use faxproof_reports::{Class, Host, OrderDeclaration, Weight, What};

use crate::evidence::{Case, Unit, bare_id};
use crate::{Evidence, Report, Rule};

pub(super) const PRINTED_WHAT_WAS_ACKNOWLEDGED: Rule = Rule {
    id: "fig4.printed",
    source: "RFC 5321 §4.2.5, §6.1; patent 0074",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Paper],
    about: "A document that the destination acknowledged comes out of its printer, every page once. With its 250 the \
            destination took charge, and the sender keeps no copy to send again.",
    check: printed_what_was_acknowledged,
};

pub(super) const PRINTED_ONLY_WHAT_WAS_ACKNOWLEDGED: Rule = Rule {
    id: "fig4.printed-nothing-else",
    source: "RFC 5321 §4.1.1.4, §6.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Paper],
    about: "Nothing is printed but documents that arrived whole and were acknowledged. Half a document on paper looks \
            like a whole one, and the sender believes that it failed.",
    check: printed_only_what_was_acknowledged,
};

/// A document that a host acknowledged.
struct Acknowledged<'a> {
    host: &'a Host,
    at: usize,
    message_id: Option<String>,
    /// The order behind it, where its call is known.
    order: Option<&'a OrderDeclaration>,
}

fn printed_what_was_acknowledged(case: &Case<'_>, report: &mut Report) {
    let documents = acknowledged(case);
    for document in &documents {
        let Some(order) = document.order else { continue };
        report.applies();
        let pages = pages(case, document);
        if case.lost_power_after(document.host, document.at) {
            continue;
        }
        // A sender that heard no answer sends again under the same Message-ID: then it is printed
        // once or more often.
        let same = |other: &&Acknowledged<'_>| {
            other.host == document.host && other.message_id == document.message_id
        };
        let copies = documents.iter().filter(same).count();
        let wanted = if order.document.as_deref() == Some("text") { None } else { Some(order.pages) };
        if let Some(text) = complaint(&pages, wanted, copies) {
            let evidence: Vec<usize> =
                std::iter::once(document.at).chain(pages.iter().map(|page| page.0)).collect();
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
fn pages(case: &Case<'_>, document: &Acknowledged<'_>) -> Vec<(usize, u32, u32)> {
    let printed = case.trace.entries.iter().enumerate().filter_map(|(at, entry)| match &entry.what {
        What::Printed { host, document: name, number, of, .. } if host == document.host => {
            let belongs = document.message_id.as_deref().is_none_or(|id| bare_id(name) == id);
            belongs.then_some((at, *number, *of))
        }
        _ => None,
    });
    printed.collect()
}

fn printed_only_what_was_acknowledged(case: &Case<'_>, report: &mut Report) {
    let documents = acknowledged(case);
    for (at, entry) in case.trace.entries.iter().enumerate() {
        let What::Printed { host, document, number, .. } = &entry.what else { continue };
        if case.declaration.host(host).is_none_or(|host| host.class != Class::Fax1) {
            continue;
        }
        report.applies();
        let known = |other: &Acknowledged<'_>| {
            other.host == host && other.message_id.as_deref().is_none_or(|id| id == bare_id(document))
        };
        if !documents.iter().any(known) {
            let text = format!("it printed page {number} of a document that it never acknowledged");
            report.breach(host, text, &[at]);
        }
    }
}

/// Every document that some host acknowledged, whether or not the sender heard of it.
fn acknowledged<'a>(case: &Case<'a>) -> Vec<Acknowledged<'a>> {
    let mut documents = Vec::new();
    for (index, stream) in case.streams.iter().enumerate() {
        let (Some(answer), Some(document)) = (stream.acknowledgement(), stream.document()) else { continue };
        let Some(host) = case.declaration.host(answer.from) else { continue };
        let call = case.calls.iter().find(|call| call.streams.contains(&index));
        documents.push(Acknowledged {
            host: &host.name,
            at: answer.at,
            message_id: Unit::message_id(document),
            order: call.and_then(|call| call.order).map(|(_, order)| order),
        });
    }
    documents
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
