//! What a sender's first order cost on its way: how long until its result was known, and what went over the wire for
//! that. Scenarios that declare the same `contrast` are put side by side by it (Figure 19).

use std::collections::BTreeSet;

use faxproof_reports::{Fate, OrderDeclaration, Way, What};
use faxproof_wire::mime::{Action, Dsn, Mdn};

use crate::evidence::{Case, Passage, bare_id};
use crate::truth::{self, Taken};

#[cfg(test)]
mod tests;

/// The habit by which a server's reply to the final dot says what became of the mail.
const REPLIES: (&str, &str) = ("forwards.replies", "with-result");

/// The way of the first document or mail that somebody sent; `None` where the scenario is in no contrast, or nobody
/// sent anything.
pub fn way(case: &Case<'_>) -> Option<Way> {
    case.declaration.contrast.as_ref()?;
    let entries = case.trace.entries.iter().enumerate();
    let orders = entries.filter_map(|(at, entry)| case.order_of(entry).map(|order| (at, order)));
    let (at, order) = orders.into_iter().find(|(_, order)| matches!(&*order.kind, "send" | "write"))?;
    let written_us = case.entry(at)?.at_us;
    let sent = Sent::of(case, at, order);
    let known_us = sent.known_us();
    let until_us = known_us.unwrap_or(u64::MAX);
    let mut way = Way { hops: sent.hops(), ..Way::default() };
    for entry in case.trace.entries[at..].iter().take_while(|entry| entry.at_us < until_us) {
        if let What::Message { bytes, .. } = &entry.what {
            way.messages += 1;
            way.bytes += bytes.len() as u64;
        }
    }
    way.known_us = known_us.map(|known_us| known_us.saturating_sub(written_us));
    Some(way)
}

/// What was sent first.
struct Sent<'c, 'a> {
    case: &'c Case<'a>,
    at: usize,
    order: &'a OrderDeclaration,
    /// Its Message-ID, or its Location where it travelled by HTTP. Of several mails the last one is the whole fax.
    id: Option<String>,
}

impl<'c, 'a> Sent<'c, 'a> {
    fn of(case: &'c Case<'a>, at: usize, order: &'a OrderDeclaration) -> Self {
        let id = truth::documents(case, at, order, &mut Taken::default()).pop();
        Sent { case, at, order, id }
    }

    /// The passages of the mail from host to host; what was collected from a mailbox has come to its end before.
    fn passages(&self) -> impl Iterator<Item = &'c Passage<'a>> {
        let own = |mail: &&Passage<'_>| mail.id.is_some() && mail.id == self.id && !mail.collected;
        self.case.mails.iter().filter(own)
    }

    /// How often somebody took it over. HTTP makes one hop, from fax to fax.
    fn hops(&self) -> u32 {
        let taken = self.passages().filter(|mail| mail.acknowledged.is_some()).count();
        let by_http = || usize::from(self.by_call().next().is_some());
        u32::try_from(if taken == 0 { by_http() } else { taken }).unwrap_or(u32::MAX)
    }

    /// When the sender knew what became of it, in microseconds of the run.
    fn known_us(&self) -> Option<u64> {
        let notice = truth::failed_us(
            self.case,
            (self.at, self.order),
            &self.moments_of_reports(),
            &mut Taken::default(),
        );
        let replies = self.passages().filter_map(|mail| self.result_in_reply(mail)).chain(self.by_call());
        let replies = replies.filter_map(|at| self.arrived_us(at));
        replies.chain(self.by_report()).chain(notice).min()
    }

    /// Positions of the answers by which another fax took the document over in the calls of the order.
    fn by_call(&self) -> impl Iterator<Item = usize> {
        let own = self.case.calls.iter().filter(|call| call.order.is_some_and(|(at, _)| at == self.at));
        own.filter_map(|call| self.case.delivered(call))
    }

    /// Position of the reply to the sender's final dot, where that is the result: a refusal for good; a fax that has it;
    /// or a server that answers with the result, and not sooner (it may have to: several ways, or no patience left).
    fn result_in_reply(&self, mail: &Passage<'a>) -> Option<usize> {
        if *mail.from != self.order.host {
            return None;
        }
        let taker = self.case.declaration.host(mail.to)?;
        let with_result = taker.habits.get(REPLIES.0).is_some_and(|word| word == REPLIES.1);
        match (mail.acknowledged, mail.refused) {
            (_, Some((at, code))) => (code >= 500 || with_result).then_some(at),
            (Some(at), None) if taker.class.is_fax() && self.order.kind == "send" => Some(at),
            (Some(at), None) => (with_result && self.is_at_its_end(at)).then_some(at),
            (None, None) => None,
        }
    }

    /// Whether the mail lay in a mailbox or came out of a printer before this position, and nobody hands it on
    /// afterwards. A real device that has taken it tells no more than that.
    fn is_at_its_end(&self, before: usize) -> bool {
        let is_it = |id: &str| Some(bare_id(id)) == self.id.as_deref();
        let arrived = self.case.trace.entries[..before].iter().any(|entry| match &entry.what {
            What::Mail { folder, put: true, message_id: Some(id), .. } => {
                folder.starts_with("mailbox") && is_it(id)
            }
            What::Printed { document, .. } => is_it(document),
            _ => false,
        });
        let outside = || {
            let taken = |mail: &Passage<'_>| mail.acknowledged.is_some_and(|at| at < before);
            self.passages().any(|mail| self.case.is_external(mail.to) && taken(mail))
        };
        self.passages().all(|mail| mail.at < before) && (arrived || outside())
    }

    /// When reports had come to the sender that tell the fate of as many recipients as the mail has.
    fn by_report(&self) -> Option<u64> {
        let wanted = self.passages().map(|mail| mail.recipients.len()).next().unwrap_or_default().max(1);
        let mut told = BTreeSet::new();
        self.reports().find_map(|(came_us, recipients)| {
            told.extend(recipients);
            (told.len() >= wanted).then_some(came_us)
        })
    }

    fn moments_of_reports(&self) -> BTreeSet<u64> {
        self.reports().map(|(came_us, _)| came_us).collect()
    }

    /// The reports about the mail that came to the sender, by SMTP or out of its mailbox: when, and whose fate they
    /// tell.
    fn reports(&self) -> impl Iterator<Item = (u64, Vec<String>)> {
        let envid = self.passages().find_map(|mail| mail.envid.clone());
        let mails = self.case.mails.iter().filter(|mail| *mail.to == self.order.host && mail.at > self.at);
        mails.filter_map(move |mail| {
            let came_us = mail.delivered_us?;
            let id = self.id.as_deref()?;
            Some((came_us, fates(&mail.message, id, envid.as_deref())?))
        })
    }

    fn arrived_us(&self, at: usize) -> Option<u64> {
        match &self.case.entry(at)?.what {
            What::Message { fate: Fate::Delivered { at_us }, .. } => Some(*at_us),
            _ => None,
        }
    }
}

/// The recipients whose fate this report tells; `None`: it is none, is about another mail, or puts off.
fn fates(report: &[u8], id: &str, envid: Option<&str>) -> Option<Vec<String>> {
    if let Ok(mdn) = Mdn::read(report) {
        let tells = mdn.original_message_id.as_deref() == Some(id) && !mdn.disposition.prefers_alternative();
        return tells.then(|| vec![mdn.final_recipient.value]);
    }
    let dsn = Dsn::read(report).ok()?;
    let named = envid.is_some() && dsn.envelope_id.as_deref() == envid;
    if !named && dsn.envelope_id.as_deref() != Some(id) && !returns(report, id) {
        return None;
    }
    // Behind `relayed` and `expanded` nobody tells more, and the sender knows nothing.
    let settled = dsn
        .recipients
        .into_iter()
        .filter(|recipient| matches!(recipient.action, Action::Delivered | Action::Failed));
    Some(settled.map(|recipient| recipient.final_recipient.value).collect())
}

/// Whether the mail of this Message-ID, or its header, is in the last part of a DSN (RFC 3464 §2).
fn returns(report: &[u8], id: &str) -> bool {
    let text = String::from_utf8_lossy(report);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    body.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| name.eq_ignore_ascii_case("message-id") && bare_id(value) == id)
}
