//! Figure 4: what its arcs are seen by.

use faxproof_reports::{Medium, What};

use super::{ArcEvidence, Sight, arc, taken_if};
use crate::Evidence::{Claim, Inputs, Paper, Wire};
use crate::evidence::{Announcement, Call, Case, Opening, PATIENCE_US, Presentation, Registered};

/// All arcs of Figure 4 in the order of its steps.
pub const FIGURE_4: &[ArcEvidence] = &[
    arc("4.S2.answered", &[Wire], answered),
    arc("4.S2.refused", &[Wire], refused),
    arc("4.S2.unanswered", &[Wire], unanswered),
    arc("4.S2.silent", &[Wire], silent),
    arc("4.S5.registered", &[Wire, Inputs], |case, call| {
        s5(case, call, |is| matches!(is, Registered::Protocol(_)))
    }),
    arc("4.S5.number-unknown", &[Wire, Inputs], |case, call| {
        s5(case, call, |is| *is == Registered::NumberUnknown)
    }),
    arc("4.S5.protocol-unknown", &[Wire, Inputs], |case, call| {
        s5(case, call, |is| *is == Registered::ProtocolUnknown)
    }),
    arc("4.S6.unsupported-here", &[Wire, Inputs], |case, call| s5(case, call, |is| is_unsupported(call, is))),
    arc("4.S7.smtp", &[Wire, Inputs], |case, call| s7(case, call, "smtp")),
    arc("4.S7.http", &[Wire, Inputs], |case, call| s7(case, call, "http")),
    arc("4.S8.succeeded", &[Wire, Inputs], |case, call| {
        taken_if(stored(case, call) && case.delivered(call).is_some())
    }),
    arc("4.S8.declined", &[Wire, Inputs], declined),
    arc("4.S8.failed", &[Wire, Inputs], |case, call| {
        if stored(case, call) { broken(case, call) } else { Sight::NotTaken }
    }),
    arc("4.S9.display", &[Paper], |case, call| s9(case, call, Medium::Display)),
    arc("4.S9.print", &[Paper], |case, call| s9(case, call, Medium::Printer)),
    arc("4.S9.buzzer", &[Paper], |case, call| s9(case, call, Medium::Buzzer)),
    arc("4.S10.ended", &[Wire], ended),
    arc("4.S10.bye-unanswered", &[Wire], bye_unanswered),
    arc("4.S10.peer-hung-up", &[Wire], peer_hung_up),
    arc("4.S13.selected", &[Wire], selected),
    arc("4.S13.nothing-presented", &[Wire], nothing_presented),
    arc("4.S13.none-in-common", &[Wire], none_in_common),
    arc("4.S15.smtp", &[Wire], |case, call| s15(case, call, "smtp")),
    arc("4.S15.http", &[Wire], |case, call| s15(case, call, "http")),
    arc(
        "4.S15.failed",
        &[Wire],
        |case, call| if asked(case, call) { broken(case, call) } else { Sight::NotTaken },
    ),
    arc("4.S16.into-record", &[Claim], |case, call| s16(case, call, "change")),
    arc("4.S16.new-record", &[Claim], |case, call| s16(case, call, "add")),
];

// S2. A final response that crosses a CANCEL leaves the outcome to the device.

fn answered(_: &Case<'_>, call: &Call<'_>) -> Sight {
    match (call.answered(), call.cancelled()) {
        (Some(_), Some(_)) => Sight::Open,
        (answer, _) => taken_if(answer.is_some()),
    }
}

fn refused(_: &Case<'_>, call: &Call<'_>) -> Sight {
    match (call.refused(), call.cancelled()) {
        (Some(_), Some(_)) => Sight::Open,
        (None, _) if unreachable(call) && call.answered().is_none() => Sight::Open,
        (refusal, _) => taken_if(refusal.is_some()),
    }
}

fn unanswered(_: &Case<'_>, call: &Call<'_>) -> Sight {
    match (call.cancelled(), call.answered()) {
        (Some(_), Some(_)) => Sight::Open,
        (None, None) if call.refused().is_none() && call.received(|_| true).next().is_some() => Sight::Open,
        (cancel, _) => taken_if(cancel.is_some()),
    }
}

fn silent(_: &Case<'_>, call: &Call<'_>) -> Sight {
    if unreachable(call) && call.answered().is_none() {
        return Sight::Open;
    }
    let branch = call.last_try().map(|last| &last.sip.branch);
    taken_if(call.received(|sip| sip.code.is_some() && Some(&sip.branch) == branch).next().is_none())
}

/// Whether the network may have told the caller that nobody is there.
fn unreachable(call: &Call<'_>) -> bool {
    call.sent(|sip| sip.is_request("INVITE")).any(|(_, step)| step.seen.unreachable)
}

// S5 to S8.

fn s5(case: &Case<'_>, call: &Call<'_>, is: impl Fn(&Registered) -> bool) -> Sight {
    if call.acknowledged().is_none() {
        return Sight::NotTaken;
    }
    match case.registered(call) {
        Some(registered) if call.cancelled().is_none() => taken_if(is(&registered)),
        _ => Sight::Open,
    }
}

fn is_unsupported(call: &Call<'_>, registered: &Registered) -> bool {
    let Registered::Protocol(protocol) = registered else { return false };
    !call.caller.protocols.iter().any(|own| own.eq_ignore_ascii_case(protocol))
}

/// Whether the call used a protocol that was registered.
fn stored(case: &Case<'_>, call: &Call<'_>) -> bool {
    matches!(case.registered(call), Some(Registered::Protocol(_)))
}

fn s7(case: &Case<'_>, call: &Call<'_>, protocol: &str) -> Sight {
    let announced = call.announced_protocol().as_deref() == Some(protocol);
    if !stored(case, call) || !announced || call.announced() != Announcement::Accepted {
        return Sight::NotTaken;
    }
    // The destination was ready; whether the transfer had begun shows only by its first byte.
    let mut units = case.streams_of(call).flat_map(|stream| &stream.units);
    if units.any(|unit| *unit.from == call.caller.name) { Sight::Taken } else { Sight::Open }
}

fn declined(case: &Case<'_>, call: &Call<'_>) -> Sight {
    match call.announced() {
        // The peer offered, and its offer has no line for what is registered: the ACK takes none.
        Announcement::Unmade if call.opening() == Opening::Nothing && stored(case, call) => {
            let unsupported = case.registered(call).is_some_and(|it| is_unsupported(call, &it));
            if call.cancelled().is_some() { Sight::Open } else { taken_if(!unsupported) }
        }
        // 408 and 481 say that the dialog is gone, not that the protocol is unwanted (RFC 3261 §12.2.1.2).
        Announcement::Refused(408 | 481) | Announcement::Unanswered => Sight::Open,
        Announcement::Refused(_) if stored(case, call) => Sight::Taken,
        Announcement::Refused(_) => Sight::Open,
        Announcement::Accepted | Announcement::Unmade => Sight::NotTaken,
    }
}

/// Whether the transfer broke: the destination was ready and the document never acknowledged.
fn broken(case: &Case<'_>, call: &Call<'_>) -> Sight {
    match call.announced() {
        Announcement::Unmade if call.bye_received().is_some() => Sight::Open,
        Announcement::Unmade => Sight::NotTaken,
        Announcement::Refused(408 | 481) | Announcement::Unanswered => Sight::Open,
        Announcement::Refused(_) if asked(case, call) => Sight::Open,
        Announcement::Refused(_) => Sight::NotTaken,
        Announcement::Accepted if case.delivered(call).is_some() => Sight::NotTaken,
        Announcement::Accepted if call.bye_received().is_some() => Sight::Open,
        Announcement::Accepted => Sight::Taken,
    }
}

// S9 and S10.

fn s9(case: &Case<'_>, call: &Call<'_>, wanted: Medium) -> Sight {
    let host = &call.caller.name;
    let next = case.calls.iter().find(|next| next.caller.name == *host && next.span.0 > call.span.0);
    let until = next.map_or(usize::MAX, |next| next.span.0);
    let entries = case.trace.entries.iter().take(until).skip(call.span.0);
    let told = entries.filter_map(|entry| match &entry.what {
        What::Notice { host: who, medium, text, .. } if who == host && *medium == wanted => Some(text),
        _ => None,
    });
    let failures: Vec<bool> = told.map(|text| wanted == Medium::Buzzer || text.contains("failed")).collect();
    match failures.as_slice() {
        [] => Sight::NotTaken,
        told if told.contains(&true) => Sight::Taken,
        _ => Sight::Open,
    }
}

fn bye_response<'c>(call: &'c Call<'_>) -> Option<&'c crate::evidence::Step<'c>> {
    call.received(|sip| sip.is_response("BYE", 200..=699)).next().map(|(_, step)| step)
}

fn ended(_: &Case<'_>, call: &Call<'_>) -> Sight {
    match (call.bye_sent(), bye_response(call)) {
        (Some(_), Some(_)) if call.bye_received().is_some() => Sight::Open,
        (Some(_), Some(response)) if response.sip.is_response("BYE", 300..=699) => Sight::Open,
        (Some(_), Some(_)) => Sight::Taken,
        _ => Sight::NotTaken,
    }
}

fn bye_unanswered(case: &Case<'_>, call: &Call<'_>) -> Sight {
    let Some((_, bye)) = call.bye_sent() else { return Sight::NotTaken };
    let undecided =
        call.bye_received().is_some() || bye.seen.unreachable || case.until_end_us(bye.seen.at) < PATIENCE_US;
    match bye_response(call) {
        Some(_) => Sight::NotTaken,
        None if undecided => Sight::Open,
        None => Sight::Taken,
    }
}

fn peer_hung_up(_: &Case<'_>, call: &Call<'_>) -> Sight {
    match (call.bye_received(), call.bye_sent()) {
        (None, _) => Sight::NotTaken,
        // The BYE of a peer whose answer came too late for a dialog: 481.
        _ if call.answered().is_none() => Sight::NotTaken,
        (Some((theirs, _)), Some((ours, _))) if ours < theirs => Sight::Open,
        (Some(_), _) => Sight::Taken,
    }
}

// S13 to S16.

fn asked(case: &Case<'_>, call: &Call<'_>) -> bool {
    case.learned_at(call).is_some()
}

fn selected(case: &Case<'_>, call: &Call<'_>) -> Sight {
    if !asked(case, call) {
        return Sight::NotTaken;
    }
    match (call.in_common().is_empty(), call.announcement()) {
        (true, _) => Sight::NotTaken,
        (false, Some(_)) => Sight::Taken,
        (false, None) => Sight::Open,
    }
}

fn nothing_presented(case: &Case<'_>, call: &Call<'_>) -> Sight {
    let request = call.presentation_request().map_or(0, |(_, step)| step.seen.at);
    match call.presentation().filter(|_| asked(case, call)) {
        Some(Presentation::Nothing) => Sight::Taken,
        Some(Presentation::Silence)
            if call.bye_received().is_some() || case.until_end_us(request) < PATIENCE_US =>
        {
            Sight::Open
        }
        Some(Presentation::Silence) => Sight::Taken,
        Some(Presentation::Protocols(_)) | None => Sight::NotTaken,
    }
}

fn none_in_common(case: &Case<'_>, call: &Call<'_>) -> Sight {
    taken_if(
        asked(case, call)
            && matches!(call.presentation(), Some(Presentation::Protocols(_)))
            && call.in_common().is_empty(),
    )
}

fn s15(case: &Case<'_>, call: &Call<'_>, protocol: &str) -> Sight {
    let announced = call.announced_protocol().as_deref() == Some(protocol);
    taken_if(asked(case, call) && announced && case.delivered(call).is_some())
}

fn s16(case: &Case<'_>, call: &Call<'_>, change: &str) -> Sight {
    taken_if(asked(case, call) && case.ta1_changes(call).iter().any(|(_, made, _)| *made == change))
}
