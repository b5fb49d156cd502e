//! What the operators of the senders were told, against what came out of the printers.
//!
//! A fax has two ways to lie: it says that a document arrived, and nothing was printed; or it says that a
//! document failed, and somebody holds it in his hands.

use std::collections::{BTreeMap, BTreeSet};

use faxproof_reports::{Class, Host, OrderDeclaration, Paper, Sent, Told, What};
use faxproof_wire::mime::{Action, Dsn, Fields, Mailbox, Mdn, is_report};

use crate::evidence::{Case, Kind, Passage, bare_id};

/// Every order to send of a run, in the order of the trace.
pub fn sends(case: &Case<'_>) -> Vec<Sent> {
    let entries = case.trace.entries.iter().enumerate();
    let orders = entries.filter_map(|(at, entry)| case.order_of(entry).map(|order| (at, order)));
    let mut taken = Taken::default();
    orders
        .filter(|(_, order)| order.kind == "send" && !case.is_external(&order.host))
        .map(|(at, order)| {
            let documents = documents(case, at, order, &mut taken);
            // Of several mails the last one is the whole fax.
            let told = told(case, (at, order), documents.last().map(String::as_str), &mut taken);
            let papers = documents.iter().map(|id| paper(case, order, id));
            let paper = papers.min().unwrap_or(Paper::Nothing);
            Sent { host: order.host.clone(), step: order.step, told, paper }
        })
        .collect()
}

/// A document on its way: the order that sent it, and the names under which it travelled.
pub(crate) struct Travelled<'a> {
    pub(crate) order: &'a OrderDeclaration,
    pub(crate) ids: Vec<String>,
}

/// The documents of all orders to send, in the order of the trace.
pub(crate) fn travelled<'a>(case: &Case<'a>) -> Vec<Travelled<'a>> {
    let entries = case.trace.entries.iter().enumerate();
    let orders = entries.filter_map(|(at, entry)| case.order_of(entry).map(|order| (at, order)));
    let mut taken = Taken::default();
    let sends = orders.filter(|(_, order)| order.kind == "send");
    sends.map(|(at, order)| Travelled { order, ids: documents(case, at, order, &mut taken) }).collect()
}

/// What belongs to an order already.
#[derive(Default)]
pub(crate) struct Taken {
    documents: BTreeSet<String>,
    calls: BTreeSet<(Host, u64)>,
}

/// The names under which the document of an order travelled: the Message-ID of a mail, or the Location that HTTP
/// gave it. The call of facsimile machine 1 is known; of a mail fax the mails count that went to whom the order says,
/// before the next order for the same: a second one where the page was formed anew (S113).
pub(crate) fn documents(
    case: &Case<'_>,
    at: usize,
    order: &OrderDeclaration,
    taken: &mut Taken,
) -> Vec<String> {
    let is_mail_fax = case.declaration.host(&order.host).is_some_and(|host| host.class != Class::Fax1);
    let ids =
        if is_mail_fax { mailed(case, at, order, taken) } else { called(case, at).into_iter().collect() };
    taken.documents.extend(ids.iter().cloned());
    ids
}

fn called(case: &Case<'_>, at: usize) -> Option<String> {
    let calls = case.calls.iter().filter(|call| call.order.is_some_and(|(of, _)| of == at));
    calls.flat_map(|call| case.streams_of(call)).find_map(|stream| {
        let document = stream.document()?;
        let place = || stream.units.iter().find_map(|unit| unit.location());
        if document.kind == Kind::Mail { document.message_id() } else { place() }
    })
}

fn mailed(case: &Case<'_>, at: usize, order: &OrderDeclaration, taken: &Taken) -> Vec<String> {
    let later = case.trace.entries.iter().enumerate().skip(at + 1);
    let same =
        |other: &OrderDeclaration| other.kind == "send" && other.host == order.host && other.to == order.to;
    let next =
        later.filter_map(|(at, entry)| case.order_of(entry).filter(|next| same(next)).map(|_| at)).next();
    let wanted = order.to.as_deref().unwrap_or_default();
    let addressed = |mail: &&Passage<'_>| {
        // Whatever has no `@` may lead to an address that only table Ta2 tells.
        !wanted.contains('@') || addressee(&mail.message).is_some_and(|to| to.eq_ignore_ascii_case(wanted))
    };
    let mails = case.mails.iter().filter(|mail| {
        mail.from == &order.host
            && (at..next.unwrap_or(usize::MAX)).contains(&mail.at)
            && !mail.collected
            && !is_report(&mail.message)
    });
    let mut own: Vec<&Passage<'_>> = Vec::new();
    for mail in mails.filter(addressed).filter(|mail| mail.id.is_some()) {
        let fresh = !mail.id.as_ref().is_some_and(|id| taken.documents.contains(id));
        let follows = own.last().is_none_or(|first| is_second(case, order, first, mail));
        if fresh && follows && own.iter().all(|known| known.id != mail.id) {
            own.push(mail);
        }
    }
    own.into_iter().filter_map(|mail| mail.id.clone()).collect()
}

/// Whether this mail is the second one of an order whose first was that: the sender had heard of the first, or had
/// waited for it in vain.
fn is_second(case: &Case<'_>, order: &OrderDeclaration, first: &Passage<'_>, mail: &Passage<'_>) -> bool {
    let mut between = case.trace.entries[first.at..mail.at].iter();
    let settled = |what: &What| match what {
        What::Mark { host, arc, .. } if *host == order.host => {
            arc.starts_with("13.S20") || arc.starts_with("10.S107.")
        }
        _ => false,
    };
    between.any(|entry| settled(&entry.what))
}

fn addressee(message: &[u8]) -> Option<String> {
    let to = Fields::read(message).ok()?.text("To")?;
    Mailbox::parse(&to).ok().map(|mailbox| mailbox.address())
}

/// What the operator knew in the end. A report that came tells most; otherwise a notice tells of a failure.
fn told(
    case: &Case<'_>,
    (at, order): (usize, &OrderDeclaration),
    document: Option<&str>,
    taken: &mut Taken,
) -> Told {
    let reports = case.mails.iter().filter(|mail| mail.to == &order.host && mail.delivered_us.is_some());
    let mut moments = BTreeSet::new();
    let mut last = None;
    for report in reports.filter(|mail| mail.at > at) {
        let Some(says) = document.and_then(|id| says(report, id)) else { continue };
        moments.extend(report.delivered_us);
        last = says.or(last);
    }
    if let Some(told) = last {
        return told;
    }
    let failed = failed_us(case, (at, order), &moments, taken).is_some();
    if failed { Told::Failed } else { Told::Nothing }
}

/// When the operator was told of a failure, in microseconds: by a notice about the call of the order, that is the first
/// one behind it. What a report says, which came at one of these moments, tells the report.
pub(crate) fn failed_us(
    case: &Case<'_>,
    (at, order): (usize, &OrderDeclaration),
    moments: &BTreeSet<u64>,
    taken: &mut Taken,
) -> Option<u64> {
    let mut call = None;
    let mut never = BTreeSet::new();
    for entry in &case.trace.entries[at..] {
        let (host, of) = match &entry.what {
            What::Mark { host, call, .. } | What::Notice { host, call, .. } => (host, *call),
            _ => continue,
        };
        if *host != order.host || of == 0 || call.is_some_and(|call| call != of) {
            continue;
        }
        if call.is_none() && !taken.calls.insert((host.clone(), of)) {
            continue;
        }
        call = Some(of);
        match &entry.what {
            // That nobody confirms in time says nothing of the fax.
            What::Mark { arc, .. } if NEVER.contains(&&**arc) => drop(never.insert(entry.at_us)),
            What::Notice { .. } if !never.contains(&entry.at_us) && !moments.contains(&entry.at_us) => {
                return Some(entry.at_us);
            }
            _ => {}
        }
    }
    None
}

/// The arcs of a sender that waited for a confirmation in vain.
const NEVER: [&str; 4] =
    ["8.S310.never", "10.S107.simple-no-mdn", "13.S201.never-called", "12.S114.never-confirmed"];

/// What a report says of this document; `None`: it is about another one. A report that says that more may come
/// says nothing.
fn says(report: &Passage<'_>, id: &str) -> Option<Option<Told>> {
    if let Ok(mdn) = Mdn::read(&report.message) {
        let told = match &mdn.disposition {
            // The fax is still to come.
            disposition if disposition.prefers_alternative() => None,
            disposition if disposition.is_failure() => Some(Told::Failed),
            _ => Some(Told::Confirmed),
        };
        return (mdn.original_message_id.as_deref() == Some(id)).then_some(told);
    }
    let dsn = Dsn::read(&report.message).ok()?;
    let failed = dsn.recipients.iter().any(|recipient| recipient.action == Action::Failed);
    (dsn.envelope_id.as_deref() == Some(id)).then_some(failed.then_some(Told::Failed))
}

/// How much of a document came out of a printer that is not the sender's.
fn paper(case: &Case<'_>, order: &OrderDeclaration, id: &str) -> Paper {
    let mut pages: BTreeMap<&Host, BTreeSet<u32>> = BTreeMap::new();
    let mut most = order.pages.max(1);
    for entry in &case.trace.entries {
        let image = order.document.as_deref() != Some("text");
        if let What::Printed { host, document, number, of, page, .. } = &entry.what
            && bare_id(document) == id
            // The text of a cover is no page of the fax.
            && (!image || page.is_some())
        {
            pages.entry(host).or_default().insert(*number);
            most = if order.document.as_deref() == Some("text") { *of } else { most };
        }
    }
    match pages.values().map(|pages| pages.len()).max() {
        None => Paper::Nothing,
        Some(count) if count < most as usize => Paper::Part,
        Some(_) => Paper::All,
    }
}
