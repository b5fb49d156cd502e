//! The index of a trace that all rules read: messages, connections, and calls as their callers saw
//! them.

mod call;
mod mail;
mod message;
pub mod search;
mod stream;
mod table;
pub mod vendor;

use std::collections::BTreeMap;

use faxproof_reports::{Class, Declaration, Entry, Host, OrderDeclaration, Trace, What};
use faxproof_wire::sip::Name;

pub use call::{Announcement, Call, Opening, Presentation, Step};
pub use mail::Passage;
use mail::passages;
pub use message::{Seen, Sip, looks_like_sip, read};
pub use stream::{Kind, Stream, Unit, bare_id, streams};
pub use table::{Registered, ta1_row};

/// 64*T1: as long as a message may still be on its way (RFC 3261 §17.1.1.1), in microseconds.
pub const PATIENCE_US: u64 = 32_000_000;

/// A run, prepared for judging.
pub struct Case<'a> {
    /// What was fixed before the run.
    pub declaration: &'a Declaration,
    /// What was seen.
    pub trace: &'a Trace,
    /// Every SIP message, in the order of the trace.
    pub messages: &'a [Seen],
    /// Every connection that does not carry SIP.
    pub streams: Vec<Stream<'a>>,
    /// Every mail that passed from one host to another.
    pub mails: Vec<Passage<'a>>,
    /// Every call that a fax or a mail server made, in the order in which they began.
    pub calls: Vec<Call<'a>>,
}

impl<'a> Case<'a> {
    /// Builds the index over messages that [`read`] took from the same trace.
    pub fn new(declaration: &'a Declaration, trace: &'a Trace, messages: &'a [Seen]) -> Case<'a> {
        let streams = streams(trace);
        let mails = passages(&streams);
        let mut case = Case { declaration, trace, messages, streams, mails, calls: Vec::new() };
        case.calls = calls(declaration, messages);
        case.assign_orders();
        case.assign_streams();
        case
    }

    /// Whether a real device stands in for this host.
    pub fn is_external(&self, host: &str) -> bool {
        self.declaration.host(host).is_some_and(|host| host.external)
    }

    /// Whether our own devices play this host.
    pub fn is_simulated(&self, host: &str) -> bool {
        self.declaration.host(host).is_some_and(|host| !host.external)
    }

    /// The hosts that say what the scenario writes.
    pub fn testers(&self) -> Vec<Host> {
        let testers = self.declaration.hosts.iter().filter(|host| host.class == Class::Tester);
        testers.map(|host| host.name.clone()).collect()
    }

    /// The entry at this position.
    pub fn entry(&self, at: usize) -> Option<&'a Entry> {
        self.trace.entries.get(at)
    }

    /// When the last thing was seen, in microseconds.
    pub fn end_us(&self) -> u64 {
        self.trace.entries.iter().map(|entry| entry.at_us).max().unwrap_or(0)
    }

    /// How long before the end of the run this position lies, in microseconds.
    pub fn until_end_us(&self, at: usize) -> u64 {
        let at_us = self.entry(at).map_or(0, |entry| entry.at_us);
        self.end_us().saturating_sub(at_us)
    }

    /// Whether this host lost its power at or after this position.
    pub fn lost_power_after(&self, host: &str, at: usize) -> bool {
        self.trace.entries.iter().skip(at).any(|entry| is_power_loss(entry, host))
    }

    /// Whether this host lost its power while the call ran, or in the silence behind it.
    pub fn lost_power_in(&self, host: &str, call: &Call<'_>) -> bool {
        let (first, last) = call.span;
        let until = self.entry(last).map_or(0, |entry| entry.at_us).saturating_add(PATIENCE_US);
        let mut during = self.trace.entries.iter().skip(first).take_while(|entry| entry.at_us <= until);
        during.any(|entry| is_power_loss(entry, host))
    }

    /// Whether the operator of the caller did something of this kind during the call.
    pub fn ordered_in(&self, call: &Call<'_>, kind: &str) -> bool {
        let entries = self.trace.entries.iter().enumerate().skip(call.span.0);
        let mut during = entries.take_while(|(at, _)| *at <= call.span.1);
        during.any(|(_, entry)| {
            self.order_of(entry).is_some_and(|order| order.host == call.caller.name && order.kind == kind)
        })
    }

    /// The declared step that this entry carries out.
    pub fn order_of(&self, entry: &Entry) -> Option<&'a OrderDeclaration> {
        let What::Order { host, step, .. } = &entry.what else { return None };
        self.declaration.orders.iter().find(|order| order.step == *step && order.host == *host)
    }

    /// The connections of a call.
    pub fn streams_of(&self, call: &Call<'_>) -> impl Iterator<Item = &Stream<'a>> {
        call.streams.iter().filter_map(|index| self.streams.get(*index))
    }

    /// Position of the acknowledgement of the document that reached the caller; `None` where the
    /// document was not delivered as far as the caller knows.
    pub fn delivered(&self, call: &Call<'_>) -> Option<usize> {
        let mut answers = self.streams_of(call).filter_map(|stream| stream.acknowledgement());
        answers
            .find(|answer| *answer.from != call.caller.name && answer.delivered_us.is_some())
            .map(|answer| answer.at)
    }

    /// Every `send` order that an operator of facsimile machine 1 carried out: position, order, and the call
    /// that it made.
    pub fn sends(&self) -> Vec<(usize, &'a OrderDeclaration, Option<&Call<'a>>)> {
        let entries = self.trace.entries.iter().enumerate();
        let orders = entries.filter_map(|(at, entry)| self.order_of(entry).map(|order| (at, order)));
        let fax1 = |host: &Host| self.declaration.host(host).is_some_and(|host| host.class == Class::Fax1);
        let sends = orders.filter(|(_, order)| order.kind == "send" && fax1(&order.host));
        sends
            .map(|(at, order)| {
                (at, order, self.calls.iter().find(|call| call.order.is_some_and(|(of, _)| of == at)))
            })
            .collect()
    }

    /// Gives every call the earliest order of its caller that dialled its number and has no call yet.
    fn assign_orders(&mut self) {
        let sends: Vec<_> = self.sends().into_iter().map(|(at, order, _)| (at, order)).collect();
        let mut taken = vec![false; sends.len()];
        for call in &mut self.calls {
            let open = |(index, (at, order)): &(usize, &(usize, &OrderDeclaration))| {
                !taken[*index] && *at < call.span.0 && order.host == call.caller.name
            };
            let dialled = |order: &OrderDeclaration| {
                order.to.as_deref().is_some_and(|to| same_number(to, &call.called))
            };
            let mut candidates = sends.iter().enumerate().filter(open).peekable();
            let first = candidates.peek().map(|(index, _)| *index);
            let chosen = candidates.find(|(_, (_, order))| dialled(order)).map(|(index, _)| index).or(first);
            if let Some(index) = chosen {
                taken[index] = true;
                call.order = Some(sends[index]);
            }
        }
    }

    /// Gives every connection to the call that it was made for: the one whose answer named its port,
    /// else the latest that its caller had begun. Those of normal mail belong to no call: of the connections of a mail
    /// server only those that a call named do.
    fn assign_streams(&mut self) {
        let mail_server =
            |host: &Host| self.declaration.host(host).is_some_and(|host| host.class == Class::MailServer);
        for (index, stream) in self.streams.iter().enumerate() {
            let of_mail = mail_server(stream.client) || mail_server(stream.server);
            let first = stream.first();
            let begun = |call: &&mut Call<'_>| {
                let name = &call.caller.name;
                call.span.0 < first && (stream.client == name || stream.server == name)
            };
            let mut candidates: Vec<_> = self.calls.iter_mut().filter(begun).collect();
            let port = stream.to.port();
            let named = candidates
                .iter()
                .rposition(|call| call.accepted_answer().is_some_and(|(_, ports)| ports.contains(&port)));
            let latest = if of_mail { None } else { candidates.len().checked_sub(1) };
            let Some(chosen) = named.or(latest) else { continue };
            let call = &mut candidates[chosen];
            call.streams.push(index);
            call.span.1 = call.span.1.max(stream.last());
        }
    }
}

/// The digits of a number: visual separators never count (RFC 3966 §3).
pub fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Whether two ways of writing may mean the same telephone: alike from the right, whatever country
/// code or trunk zero stands before.
pub fn same_number(one: &str, other: &str) -> bool {
    let (one, other) = (digits(one), digits(other));
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    !one.is_empty() && !other.is_empty() && (one.ends_with(other) || other.ends_with(one))
}

fn is_power_loss(entry: &Entry, host: &str) -> bool {
    matches!(&entry.what, What::Power { host: name, on: false, .. } if &**name == host)
}

/// What stands between the scheme and the `@` of the address in a From or To header.
fn user_part(header: &str) -> String {
    let address = header.split_once('<').map_or(header, |(_, rest)| rest);
    let user = address.split_once(':').map_or(address, |(_, rest)| rest);
    user.split(['@', ';', '>']).next().unwrap_or_default().to_owned()
}

/// The calls of all boxes that have a line: every Call-ID under which one of them sent an INVITE that forms a dialog.
fn calls<'a>(declaration: &'a Declaration, messages: &'a [Seen]) -> Vec<Call<'a>> {
    let mut by_call_id: BTreeMap<&str, Vec<(&'a Seen, &'a Sip)>> = BTreeMap::new();
    let mut begun: Vec<(&'a Host, &'a str)> = Vec::new();
    for seen in messages {
        let Some(sip) = seen.sip() else { continue };
        let same_call = by_call_id.entry(&sip.call_id).or_default();
        let forms_dialog = sip.is_request("INVITE") && sip.to_tag.is_none();
        // A server passes the INVITE on under the same Call-ID; the caller is who sent it first.
        if forms_dialog && !same_call.iter().any(|(_, known)| known.is_request("INVITE")) {
            begun.push((&seen.from, &sip.call_id));
        }
        same_call.push((seen, sip));
    }
    let fax = |(host, call_id): (&'a Host, &'a str)| {
        let caller = declaration.host(host).filter(|host| host.has_line())?;
        let messages = by_call_id.get(call_id)?;
        let view = view(host, messages);
        let span = (messages.first()?.0.at, messages.last()?.0.at);
        let to = messages
            .iter()
            .find(|(_, sip)| sip.is_request("INVITE"))
            .and_then(|(_, sip)| sip.message.header(Name::To));
        let called = to.map(|to| user_part(&to)).unwrap_or_default();
        let callee = callee(host, messages);
        let vendor = vendor::as_caller(caller);
        Some(Call { caller, callee, call_id, view, vendor, called, order: None, streams: Vec::new(), span })
    };
    begun.into_iter().filter_map(fax).collect()
}

/// What `host` sent and got, in the order of its own clock.
fn view<'a>(host: &Host, messages: &[(&'a Seen, &'a Sip)]) -> Vec<Step<'a>> {
    let step = |(seen, sip): &(&'a Seen, &'a Sip)| {
        if seen.from == *host {
            return Some(Step { at_us: seen.sent_us, sent: true, seen, sip });
        }
        let at_us = seen.delivered_us.filter(|_| seen.to == *host)?;
        Some(Step { at_us, sent: false, seen, sip })
    };
    let mut view: Vec<_> = messages.iter().filter_map(step).collect();
    // Something that was sent in answer stands behind what it answers, also within one microsecond.
    view.sort_by_key(|step| (step.at_us, step.seen.at));
    drop_strays(&mut view);
    drop_forged(&mut view);
    view
}

/// Takes out the responses that came when their transaction had been given up for silence: they match
/// nothing any more and are dropped (RFC 6026 §8.9).
fn drop_strays(view: &mut Vec<Step<'_>>) {
    // When each request was first sent, while silence can still end its transaction.
    let mut waiting_us: BTreeMap<(Option<&str>, u32, &str), u64> = BTreeMap::new();
    view.retain(|step| {
        let (number, method) = &step.sip.cseq;
        let transaction = (step.sip.branch.as_deref(), *number, method.as_str());
        if step.sent {
            waiting_us.entry(transaction).or_insert(step.at_us);
            return true;
        }
        let in_time = waiting_us.get(&transaction).is_none_or(|sent_us| step.at_us <= sent_us + PATIENCE_US);
        // Any response stops Timer B (RFC 3261 §17.1.1.2), none but a final one stops Timer F (§17.1.2.2).
        if in_time && method == "INVITE" {
            waiting_us.remove(&transaction);
        }
        in_time
    });
}

/// Takes out the requests that name the call and do not belong to it: a dialog is the Call-ID and both tags
/// (RFC 3261 §12). Who guesses them is answered 481 and has changed nothing.
fn drop_forged(view: &mut Vec<Step<'_>>) {
    let own: Option<String> = view.iter().find(|step| step.sent).and_then(|step| step.sip.from_tag.clone());
    let peers: Vec<Option<String>> = view
        .iter()
        .filter(|step| !step.sent && step.sip.code.is_some())
        .map(|step| step.sip.to_tag.clone())
        .collect();
    view.retain(|step| {
        let forged = !peers.contains(&step.sip.from_tag) || step.sip.to_tag != own;
        step.sent || step.sip.method.is_none() || !forged
    });
}

/// Who answered: the first that sent a 2xx to the INVITE, else the first that rang, else the last that got it.
fn callee<'a>(caller: &Host, messages: &[(&'a Seen, &'a Sip)]) -> Option<&'a Host> {
    let sent = |codes: std::ops::RangeInclusive<u16>| {
        messages.iter().find(move |(_, sip)| sip.is_response("INVITE", codes.clone()))
    };
    let answered = sent(200..=299).or_else(|| sent(180..=180));
    let called =
        messages.iter().rev().find(|(seen, sip)| sip.is_request("INVITE") && seen.delivered_us.is_some());
    let host = answered.map(|(seen, _)| &seen.from).or(called.map(|(seen, _)| &seen.to));
    host.filter(|host| *host != caller)
}

#[cfg(test)]
mod tests;
