//! The order of Figure 4 on the wire: T1 INVITE, R2, T2 ACK, T3 OPTIONS, R3, T4 re-INVITE, T5 the
//! connection, T6 its end, T7 BYE.

use faxproof_reports::Weight;

use crate::evidence::{Call, Case, Kind, Step, Stream};
use crate::{Evidence, Report, Rule};

/// The shortest wait for a reply, in microseconds, after which a caller may give a transfer up. RFC
/// 5321 §4.5.3.2 asks for minutes; a scenario may shorten them.
const SHORTEST_PATIENCE_US: u64 = 2_000_000;

pub(super) const SIGNALLING: Rule = Rule {
    id: "fig4.order",
    source: "patent 0078-0084; RFC 3261 §13.2.2.4, §14.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "After the answer comes ACK, after ACK the request for a presentation, after its response the \
            announcement, and never two open INVITEs. A destination that is asked out of turn may be in no state to answer.",
    check: signalling,
};

pub(super) const STREAM: Rule = Rule {
    id: "fig4.stream-after-announcement",
    source: "patent 0080; RFC 4145 §4.1, §6.1; RFC 5321 §4.3.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "The caller connects only when the answer to the announcement has named the port, and nobody sends a byte \
            before the announcement is complete. Earlier the destination has not said that it is ready.",
    check: stream,
};

pub(super) const HANG_UP: Rule = Rule {
    id: "fig4.bye-after-transfer",
    source: "patent 0075, 0082; RFC 5321 §3.8, §4.1.1.10; RFC 9112 §9.6",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A caller hangs up after QUIT, after the last response of HTTP, or after a failure, and sends nothing on the connection behind its BYE. \
            Hanging up in the middle of a transfer loses a document that was about to arrive.",
    check: hang_up,
};

fn signalling(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        report.applies();
        let name = &call.caller.name;
        let acknowledged = call.acknowledged().map(|(place, _)| place);
        if let Some((place, request)) = call.presentation_request()
            && acknowledged.is_none_or(|ack| place < ack)
        {
            let text = format!("it asked for a presentation ({}) before ACK", request.sip.cseq.1);
            report.breach(name, text, &[request.seen.at]);
        }
        let own_message = |step: &Step<'_>| step.sip.to_tag.is_some() && !step.sip.is_request("ACK");
        if let Some((place, announcement)) = call.announcement().filter(|(_, step)| own_message(step)) {
            let at = announcement.seen.at;
            if acknowledged.is_none_or(|ack| place < ack) {
                let text = format!("it announced a protocol ({}) before ACK", announcement.sip.cseq.1);
                report.breach(name, text, &[at]);
            }
            let asked = call.presentation_request();
            let told = call.presentation_response().map(|(place, _)| place);
            if let Some((_, request)) = asked.filter(|_| told.is_none_or(|told| place < told)) {
                let text = format!(
                    "it announced a protocol ({}) before the presentation that it had asked for",
                    announcement.sip.cseq.1
                );
                report.breach(name, text, &[at, request.seen.at]);
            }
        }
        overlapping_invites(call, report);
    }
}

/// No new INVITE while another is open (RFC 3261 §14.1).
fn overlapping_invites(call: &Call<'_>, report: &mut Report) {
    let mut open: Option<(u32, usize)> = None;
    for step in &call.view {
        let number = step.sip.cseq.0;
        if step.sent && step.sip.is_request("INVITE") {
            if let Some((_, first)) = open.filter(|(of, _)| *of != number) {
                let text = "it sent an INVITE while its last one had no final response";
                report.breach(&call.caller.name, text, &[step.seen.at, first]);
            }
            open = Some((number, step.seen.at));
        } else if step.sip.is_response("INVITE", 200..=699) && open.is_some_and(|(of, _)| of == number) {
            open = None;
        }
    }
}

fn stream(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        for stream in case.streams_of(call) {
            report.applies();
            connection_too_early(case, call, stream, report);
            bytes_too_early(case, call, stream, report);
        }
    }
}

fn connection_too_early(case: &Case<'_>, call: &Call<'_>, stream: &Stream<'_>, report: &mut Report) {
    if *stream.client != call.caller.name {
        return;
    }
    let Some((at, _)) = stream.events.first().copied() else { return };
    let Some(entry) = case.entry(at) else { return };
    let answer = call.accepted_answer().and_then(|(place, _)| call.view.get(place));
    match answer {
        Some(answer) if answer.at_us <= entry.at_us => {}
        Some(answer) => {
            let text = "it connected before the answer to its announcement had come";
            report.breach(&call.caller.name, text, &[at, answer.seen.at]);
        }
        None => report.breach(&call.caller.name, "it connected though no announcement was accepted", &[at]),
    }
}

fn bytes_too_early(case: &Case<'_>, call: &Call<'_>, stream: &Stream<'_>, report: &mut Report) {
    let Some(first) = stream.units.first() else { return };
    let complete_us = call.announced_us();
    let at_us = case.entry(first.at).map_or(0, |entry| entry.at_us);
    if complete_us.is_none_or(|complete_us| complete_us > at_us) {
        let text = "it sent on the connection before the announcement was complete (ACK)";
        report.breach(first.from, text, &[first.at]);
    }
    let client_first = matches!(first.kind, Kind::Command(_)) || *first.from == call.caller.name;
    if client_first && call.announced_protocol().as_deref() == Some("smtp") {
        report.breach(first.from, "it sent before the greeting 220 of SMTP", &[first.at]);
    }
}

fn hang_up(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        let Some((_, bye)) = call.bye_sent() else { continue };
        for stream in case.streams_of(call) {
            report.applies();
            let name = &call.caller.name;
            // What was cut off shows in the trace only when the connection ends.
            let mut whole = stream.units.iter().filter(|unit| unit.kind != Kind::Other);
            if let Some(late) = whole.find(|unit| unit.from == name && unit.at > bye.seen.at) {
                report.breach(name, "it sent on the connection after its BYE", &[late.at, bye.seen.at]);
            }
            if case.ordered_in(call, "hang-up") || call.bye_received().is_some() {
                continue;
            }
            if let Some((text, at)) = unfinished(case, call, stream, bye.seen.at) {
                report.breach(name, text, &[bye.seen.at, at]);
            }
        }
    }
}

/// What was still to be done on the connection when the caller hung up.
fn unfinished(
    case: &Case<'_>,
    call: &Call<'_>,
    stream: &Stream<'_>,
    bye: usize,
) -> Option<(&'static str, usize)> {
    let before = || stream.units.iter().take_while(|unit| unit.at < bye);
    if stream.is_over_before(bye) {
        return None;
    }
    let last = before().last()?;
    let bye_us = case.entry(bye)?.at_us;
    let waits = *last.from == call.caller.name && bye_us.saturating_sub(last.sent_us) < SHORTEST_PATIENCE_US;
    if waits {
        return Some(("it hung up while it waited for a reply", last.at));
    }
    let delivered = case.delivered(call).filter(|at| *at < bye)?;
    let quit = before().any(|unit| unit.kind == Kind::Command("QUIT".into()));
    let smtp = before().any(|unit| unit.kind == Kind::Mail);
    (smtp && !quit).then_some(("it hung up after the document without QUIT", delivered))
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use crate::testing::{Bench, Picture};

    #[test]
    fn the_order_of_figure_4_passes() {
        let run = Bench::new().learning_call();
        assert_eq!(run.judged("fig4.order"), Picture::passed(1));
        assert_eq!(run.judged("fig4.stream-after-announcement"), Picture::passed(1));
        assert_eq!(run.judged("fig4.bye-after-transfer"), Picture::passed(1));
    }

    #[test]
    fn a_presentation_asked_for_before_ack_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        run.answer();
        let asked = run.request("OPTIONS", 2);
        assert_eq!(run.judged("fig4.order"), Picture::breach("alice", asked));
    }

    #[test]
    fn an_announcement_before_its_presentation_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        run.answer();
        run.request("ACK", 1);
        run.request("OPTIONS", 2);
        let announced = run.announce(3, "smtp");
        assert_eq!(run.judged("fig4.order"), Picture::breach("alice", announced));
    }

    #[test]
    fn a_second_invite_while_one_is_open_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.announce(2, "smtp");
        let second = run.announce(3, "smtp");
        assert_eq!(run.judged("fig4.order"), Picture::breach("alice", second));
    }

    #[test]
    fn a_connection_before_the_answer_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.announce(2, "smtp");
        let opened = run.open();
        run.accept(2, "smtp");
        run.request("ACK", 2);
        assert_eq!(run.judged("fig4.stream-after-announcement"), Picture::breach("alice", opened));
    }

    #[test]
    fn a_byte_before_ack_of_the_announcement_is_a_breach_of_who_sent_it() {
        let mut run = Bench::new();
        run.connect_call();
        run.announce(2, "smtp");
        run.accept(2, "smtp");
        run.open();
        let greeting = run.reply("220 bob ESMTP");
        run.request("ACK", 2);
        assert_eq!(run.judged("fig4.stream-after-announcement"), Picture::breach("bob", greeting));
    }

    #[test]
    fn a_client_that_speaks_before_the_greeting_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        let ehlo = run.command("EHLO alice");
        assert_eq!(run.judged("fig4.stream-after-announcement"), Picture::breach("alice", ehlo));
    }

    #[test]
    fn hanging_up_without_quit_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.agree(2, "smtp");
        run.mail();
        let bye = run.request("BYE", 3);
        assert_eq!(run.judged("fig4.bye-after-transfer"), Picture::breach("alice", bye));
    }

    #[test]
    fn hanging_up_while_a_reply_is_due_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        run.reply("220 bob ESMTP");
        run.command("EHLO alice");
        let bye = run.request("BYE", 3);
        assert_eq!(run.judged("fig4.bye-after-transfer"), Picture::breach("alice", bye));
    }

    #[test]
    fn a_command_behind_bye_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.agree(2, "smtp");
        run.mail();
        run.quit();
        run.request("BYE", 3);
        let late = run.command("NOOP");
        assert_eq!(run.judged("fig4.bye-after-transfer"), Picture::breach("alice", late));
    }

    #[test]
    fn a_caller_whose_connection_was_reset_may_hang_up() {
        let mut run = Bench::new();
        run.connect_call();
        run.agree(2, "smtp");
        run.open();
        run.connection("server reset");
        run.request("BYE", 3);
        assert_eq!(run.judged("fig4.bye-after-transfer").verdict, Verdict::Pass);
    }
}
