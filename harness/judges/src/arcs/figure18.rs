//! Figure 18: what its arcs are seen by. What a call of a mail server shows of them is judged call by call; which way a
//! recipient went and why shows in the mails and in what the operator had put into the tables.

use super::mail::{Greeted, established, failed, greeting};
use super::{ArcEvidence, Sight, arc};
use crate::Evidence::{Claim, Inputs, Wire};
use crate::evidence::{Announcement, Call, Case, Kind, Presentation};
use faxproof_reports::Class;

/// All arcs of Figure 18 in the order of their steps.
pub const FIGURE_18: &[ArcEvidence] = &[
    arc("18.S401.from-client", &[Wire], open),
    arc("18.S401.from-server", &[Wire], open),
    arc("18.S402.split", &[Wire], open),
    arc("18.S402.own", &[Wire, Inputs], open),
    arc("18.S402.forward", &[Wire, Inputs], open),
    arc("18.S403.stored-and-popped", &[Wire], open),
    arc("18.S404.number-before-at", &[Wire, Inputs], open),
    arc("18.S404.number-after-at", &[Wire, Inputs], open),
    arc("18.S404.number-in-header", &[Wire, Inputs], open),
    arc("18.S404.number-in-body", &[Wire, Inputs], open),
    arc("18.S404.table-address", &[Wire, Inputs], open),
    arc("18.S404.table-domain", &[Wire, Inputs], open),
    arc("18.S404.specific-in-rcpt", &[Wire, Inputs], open),
    arc("18.S404.specific-in-header", &[Wire, Inputs], open),
    arc("18.S404.specific-in-body", &[Wire, Inputs], open),
    arc("18.S404.none", &[Wire, Inputs], open),
    arc("18.S404.own-number", &[Wire, Inputs], open),
    arc("18.S405.established", &[Wire], |case, call| of(case, call, established)),
    arc("18.S405.failed", &[Wire], |case, call| of(case, call, failed)),
    arc("18.S406.delivered", &[Wire], |case, call| of(case, call, delivered)),
    arc("18.S406.smtp-not-presented", &[Wire], |case, call| of(case, call, not_presented)),
    arc("18.S406.rejected", &[Wire], |case, call| {
        of(case, call, |case, call| refused(case, call, 500..=599))
    }),
    arc("18.S406.deferred", &[Wire], |case, call| {
        of(case, call, |case, call| refused(case, call, 400..=499))
    }),
    arc("18.S406.lost-before-dot", &[Wire], open),
    arc("18.S406.lost-after-dot", &[Wire, Claim], open),
    arc("18.S408.relayed", &[Wire], open),
    arc("18.S408.deferred", &[Wire], open),
    arc("18.S408.bounced", &[Wire], open),
];

/// A single call does not show it.
fn open(_: &Case<'_>, _: &Call<'_>) -> Sight {
    Sight::Open
}

/// What a call of a mail server shows.
fn of(case: &Case<'_>, call: &Call<'_>, sight: impl Fn(&Case<'_>, &Call<'_>) -> Sight) -> Sight {
    if call.caller.class == Class::MailServer { sight(case, call) } else { Sight::NotTaken }
}

fn not_presented(case: &Case<'_>, call: &Call<'_>) -> Sight {
    if call.acknowledged().is_none() {
        return Sight::NotTaken;
    }
    let smtp = |protocols: &[String]| protocols.iter().any(|one| one == "smtp");
    match (call.presentation(), call.announced()) {
        (_, Announcement::Accepted) => match greeting(case, call) {
            Some(Greeted::Refused) => Sight::Taken,
            Some(Greeted::Extended | Greeted::Plain) => Sight::NotTaken,
            Some(Greeted::Silent) | None => Sight::Open,
        },
        (Some(Presentation::Protocols(protocols)), Announcement::Unmade) if !smtp(&protocols) => Sight::Taken,
        (Some(Presentation::Nothing), Announcement::Unmade) => Sight::Taken,
        _ => Sight::Open,
    }
}

/// The replies that refused the mail or one of its recipients.
fn refusals(case: &Case<'_>, call: &Call<'_>) -> Vec<u16> {
    let mut codes = Vec::new();
    for stream in case.streams_of(call) {
        let mut mailing = false;
        for unit in &stream.units {
            match &unit.kind {
                Kind::Command(verb) => mailing |= verb == "MAIL",
                Kind::Reply(code @ 400..) if mailing => codes.push(*code),
                _ => {}
            }
        }
    }
    codes
}

fn delivered(case: &Case<'_>, call: &Call<'_>) -> Sight {
    match (case.delivered(call), refusals(case, call).is_empty()) {
        (Some(_), true) => Sight::Taken,
        (Some(_), false) => Sight::Open,
        (None, _) => Sight::NotTaken,
    }
}

fn refused(case: &Case<'_>, call: &Call<'_>, codes: std::ops::RangeInclusive<u16>) -> Sight {
    let refusals = refusals(case, call);
    match refusals.iter().filter(|code| codes.contains(code)).count() {
        // What the next server cannot take in eight bits is not even sent.
        0 if case.delivered(call).is_none() => Sight::Open,
        0 => Sight::NotTaken,
        // Of several recipients one may have been put off and another refused.
        found => {
            if found == refusals.len() && case.delivered(call).is_none() {
                Sight::Taken
            } else {
                Sight::Open
            }
        }
    }
}
