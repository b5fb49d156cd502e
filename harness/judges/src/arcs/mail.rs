//! Figures 8 to 13: what their arcs are seen by. What a call of a mail fax shows of them is judged call by call; the
//! rest shows in the table, on paper or in the mails, and rules of their own look there.

use faxproof_wire::mime::is_report;

use super::{ArcEvidence, Sight, arc, taken_if};
use crate::Evidence::{Claim, Inputs, Paper, Wire};
use crate::evidence::{Announcement, Call, Case, Kind, Passage};

/// All arcs of Figures 8 to 13 in the order of their steps.
pub const MAIL: &[ArcEvidence] = &[
    arc("8.S301.typed-number", &[Wire, Inputs], open),
    arc("8.S301.speed-dial", &[Wire, Inputs], open),
    arc("8.S301.address-in-table", &[Wire, Inputs], open),
    arc("8.S301.address-unknown", &[Wire, Inputs], open),
    arc("8.S301.address-without-number", &[Wire, Inputs], open),
    arc("8.S301.speed-dial-without-number", &[Wire, Inputs], open),
    arc("8.S301.speed-dial-unknown", &[Inputs, Paper], open),
    arc("8.S303.established", &[Wire], |case, call| of(case, call, 101, established)),
    arc("8.S303.failed", &[Wire], |case, call| of(case, call, 101, failed)),
    arc("8.S305.accepted", &[Wire], |case, call| {
        of(case, call, 101, |case, call| greeted(case, call, &[Greeted::Extended, Greeted::Plain]))
    }),
    arc("8.S305.refused", &[Wire], |case, call| {
        of(case, call, 101, |case, call| greeted(case, call, &[Greeted::Refused]))
    }),
    arc("8.S305.silent", &[Wire], |case, call| {
        of(case, call, 101, |case, call| greeted(case, call, &[Greeted::Silent]))
    }),
    arc("8.S306.sent", &[Wire], |case, call| of(case, call, 101, sent)),
    arc("8.S306.rejected", &[Wire], open),
    arc("8.S306.lost-before-dot", &[Wire], open),
    arc("8.S306.lost-after-dot", &[Wire], open),
    arc("8.S309.table-address", &[Wire, Inputs], open),
    arc("8.S309.typed-address", &[Wire, Inputs], open),
    arc("8.S309.no-address", &[Inputs, Paper], open),
    arc("8.S310.by-call", &[Wire], open),
    arc("8.S310.by-mail", &[Wire], open),
    arc("8.S310.never", &[Paper], open),
    arc("8.S311.learned", &[Claim], open),
    arc("8.S311.nothing-to-learn", &[Claim], open),
    arc("8.S311.uncorrelated", &[Wire, Claim], open),
    arc("8.S353.new-record", &[Claim], open),
    arc("8.S353.updated-record", &[Claim], open),
    arc("8.S353.no-number", &[Claim], open),
    arc("8.S355.confirmed", &[Wire], open),
    arc("8.S355.call-back-failed", &[Wire], open),
    arc("8.S355.not-asked", &[Wire], open),
    arc("8.S355.number-unknown", &[Wire], open),
    arc("8.S361.new-record", &[Claim], open),
    arc("8.S361.updated-record", &[Claim], open),
    arc("8.S361.no-number", &[Claim], open),
    arc("8.S362.confirmed", &[Wire], open),
    arc("8.S362.call-back-failed", &[Wire], open),
    arc("8.S362.not-asked", &[Wire], open),
    arc("8.S362.number-unknown", &[Wire], open),
    arc("10.S101.typed-number", &[Wire, Inputs], open),
    arc("10.S101.speed-dial", &[Wire, Inputs], open),
    arc("10.S101.address-in-table", &[Wire, Inputs], open),
    arc("10.S101.address-unknown", &[Wire, Inputs], open),
    arc("10.S101.address-without-number", &[Wire, Inputs], open),
    arc("10.S101.speed-dial-without-number", &[Wire, Inputs], open),
    arc("10.S101.speed-dial-unknown", &[Inputs, Paper], open),
    arc("10.S103.established", &[Wire], |case, call| of(case, call, 118, established)),
    arc("10.S103.failed", &[Wire], |case, call| of(case, call, 118, failed)),
    arc("10.S105.extension-smtp", &[Wire], |case, call| {
        of(case, call, 118, |case, call| by_ehlo(call, greeted(case, call, &[Greeted::Extended])))
    }),
    arc("10.S105.smtp", &[Wire], |case, call| {
        of(case, call, 118, |case, call| by_ehlo(call, greeted(case, call, &[Greeted::Plain])))
    }),
    arc("10.S105.failed", &[Wire], |case, call| {
        of(case, call, 118, |case, call| greeted(case, call, &[Greeted::Refused, Greeted::Silent]))
    }),
    arc("10.S107.full-mode", &[Wire], open),
    arc("10.S107.simple-no-mdn", &[Paper], open),
    arc("10.S107.simple-mdn-without-capabilities", &[Wire], open),
    arc("10.S107.no-address", &[Inputs, Paper], open),
    arc("11.S108.rejected", &[Wire], open),
    arc("11.S153.new-record", &[Claim], open),
    arc("11.S153.updated-record", &[Claim], open),
    arc("11.S153.no-number", &[Claim], open),
    arc("12.S110.rejected", &[Wire], open),
    arc("12.S113.reformed-smaller", &[Wire], open),
    arc("12.S113.sent-as-is", &[Wire], open),
    arc("12.S113.capabilities-unknown", &[Wire], open),
    arc("12.S113.call-failed", &[Wire], open),
    arc("12.S113.smtp-failed", &[Wire], open),
    arc("12.S114.confirmed", &[Wire], open),
    arc("12.S114.never-confirmed", &[Paper], open),
    arc("12.S155.new-record", &[Claim], open),
    arc("12.S155.updated-record", &[Claim], open),
    arc("12.S155.no-number", &[Claim], open),
    arc("13.S201.never-called", &[Paper], open),
    arc("13.S203.capabilities-received", &[Wire], open),
    arc("13.S203.no-capabilities", &[Wire], open),
    arc("13.S251.call-back-failed", &[Wire], open),
];

/// A single call does not show it.
fn open(_: &Case<'_>, _: &Call<'_>) -> Sight {
    Sight::Open
}

/// What a call shows that machine 101 or 118 made for an order of its operator.
fn of(
    case: &Case<'_>,
    call: &Call<'_>,
    machine: u32,
    sight: impl Fn(&Case<'_>, &Call<'_>) -> Sight,
) -> Sight {
    if call.caller.class.machine() != Some(machine) {
        return Sight::NotTaken;
    }
    match brings(case, call) {
        Some(Brings::Report) => Sight::NotTaken,
        Some(Brings::Document) => sight(case, call),
        // A call that came to nothing may have been a call back.
        None => match sight(case, call) {
            Sight::NotTaken => Sight::NotTaken,
            _ => Sight::Open,
        },
    }
}

/// What a call was made for.
enum Brings {
    Document,
    Report,
}

/// What the call was made for, as far as it shows: for an order of its operator where that came in the same instant,
/// or where the call was the first behind it and brought a document. A later one brings a second mail (S113).
fn brings(case: &Case<'_>, call: &Call<'_>) -> Option<Brings> {
    let mail = mail(case, call);
    if mail.is_some_and(|mail| is_report(&mail.message)) {
        return Some(Brings::Report);
    }
    let before = case.trace.entries.iter().enumerate().take(call.span.0).rev();
    let is_send = |entry| case.order_of(entry).is_some_and(|order| order.kind == "send");
    let (at, order) = before.into_iter().find(|(_, entry)| is_send(entry))?;
    if case.order_of(order)?.host != call.caller.name {
        return None;
    }
    let first = !case
        .calls
        .iter()
        .any(|other| other.caller.name == call.caller.name && (at..call.span.0).contains(&other.span.0));
    let at_once = call.view.first()?.at_us == order.at_us;
    (at_once || first && mail.is_some()).then_some(Brings::Document)
}

/// The mail that the caller sent in the call.
fn mail<'c>(case: &'c Case<'_>, call: &Call<'_>) -> Option<&'c Passage<'c>> {
    let in_call =
        |at: usize| case.streams_of(call).any(|stream| stream.units.iter().any(|unit| unit.at == at));
    case.mails.iter().find(|mail| *mail.from == call.caller.name && in_call(mail.at))
}

pub(super) fn established(_: &Case<'_>, call: &Call<'_>) -> Sight {
    if call.cancelled().is_some() { Sight::Open } else { taken_if(call.acknowledged().is_some()) }
}

pub(super) fn failed(_: &Case<'_>, call: &Call<'_>) -> Sight {
    match (call.acknowledged(), call.refused()) {
        (Some(_), _) => Sight::NotTaken,
        (None, Some(_)) if call.cancelled().is_none() => Sight::Taken,
        _ => Sight::Open,
    }
}

/// What came of the greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeted {
    /// 250 to EHLO.
    Extended,
    /// 250 to HELO.
    Plain,
    /// Another reply, or no SMTP at all.
    Refused,
    /// No reply.
    Silent,
}

fn greeted(case: &Case<'_>, call: &Call<'_>, wanted: &[Greeted]) -> Sight {
    if call.acknowledged().is_none() {
        return Sight::NotTaken;
    }
    match greeting(case, call) {
        Some(greeted) => taken_if(wanted.contains(&greeted)),
        None => Sight::Open,
    }
}

pub(super) fn greeting(case: &Case<'_>, call: &Call<'_>) -> Option<Greeted> {
    match call.announced() {
        Announcement::Accepted => {}
        Announcement::Refused(408 | 481) | Announcement::Unanswered | Announcement::Unmade => return None,
        Announcement::Refused(_) => return Some(Greeted::Refused),
    }
    let stream = case.streams_of(call).find(|stream| *stream.client == call.caller.name)?;
    if stream.units.iter().any(|unit| unit.tampered) {
        return None;
    }
    let mut greeting: Option<&str> = None;
    let mut last = Greeted::Silent;
    for unit in &stream.units {
        match (&unit.kind, greeting) {
            (Kind::Command(verb), _) if verb == "EHLO" || verb == "HELO" => greeting = Some(verb.as_str()),
            (Kind::Reply(_), _) if unit.delivered_us.is_none() => return None,
            (Kind::Reply(250), Some("EHLO")) => return Some(Greeted::Extended),
            (Kind::Reply(250), Some(_)) => return Some(Greeted::Plain),
            (Kind::Reply(220), None) => {}
            (Kind::Reply(_), _) => last = Greeted::Refused,
            _ => {}
        }
    }
    Some(last)
}

/// By a declared rule the caller may need more than a 250 to EHLO.
fn by_ehlo(call: &Call<'_>, sight: Sight) -> Sight {
    let rule = call.caller.habits.get("mail.extension_rule");
    if rule.is_none_or(|rule| rule == "ehlo") { sight } else { Sight::Open }
}

fn sent(case: &Case<'_>, call: &Call<'_>) -> Sight {
    match mail(case, call) {
        Some(mail) if mail.tampered => Sight::Open,
        Some(_) => taken_if(case.delivered(call).is_some()),
        None => Sight::NotTaken,
    }
}
