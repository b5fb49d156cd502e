//! Duties of a SIP user agent that a call of Figure 4 depends on.

use std::collections::BTreeMap;

use faxproof_reports::Weight;

use crate::evidence::{Call, Case, PATIENCE_US, Sip, Step};
use crate::{Evidence, Report, Rule};

pub(super) const ACK_FOR_2XX: Rule = Rule {
    id: "sip.ack-for-2xx",
    source: "RFC 3261 §13.2.2.4",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Every 2xx to INVITE that reaches the caller is acknowledged, every further copy too. Without ACK the \
            destination repeats its answer for 32 s and then hangs up.",
    check: ack_for_2xx,
};

pub(super) const BYE_FOR_DIALOG: Rule = Rule {
    id: "sip.bye-for-dialog",
    source: "RFC 3261 §15; patent 0075, 0081, 0082",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Every dialog that came up is ended with BYE by one of the two, each of a forked INVITE too. A dialog that is left standing keeps the \
            destination busy.",
    check: bye_for_dialog,
};

pub(super) const NO_BYE_WITHOUT_DIALOG: Rule = Rule {
    id: "sip.no-bye-without-dialog",
    source: "RFC 3261 §15; patent 0081",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A caller whose INVITE was never answered by 2xx sends no BYE. There is no dialog that it could end.",
    check: no_bye_without_dialog,
};

pub(super) const CANCEL_AFTER_PROVISIONAL: Rule = Rule {
    id: "sip.cancel-after-provisional",
    source: "RFC 3261 §9.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "CANCEL is sent only when a provisional response to the INVITE has arrived, and not after a final one. \
            Before it the CANCEL may overtake the INVITE, and then cancels nothing.",
    check: cancel_after_provisional,
};

fn ack_for_2xx(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        for waiting in unacknowledged(call, report) {
            if !case.lost_power_in(&call.caller.name, call) {
                let text = "it got a 2xx to INVITE, or a copy of one, and sent no ACK for it";
                report.breach(&call.caller.name, text, &[waiting.seen.at]);
            }
        }
    }
}

/// The 2xx to INVITE that no ACK followed: every ACK settles the oldest copy that waits for one.
fn unacknowledged<'a>(call: &Call<'a>, report: &mut Report) -> Vec<Step<'a>> {
    type Answer<'a> = (u32, &'a Option<String>);
    let mut first_us: BTreeMap<Answer<'a>, u64> = BTreeMap::new();
    let mut waiting: Vec<Step<'a>> = Vec::new();
    for step in &call.view {
        let answer = (step.sip.cseq.0, &step.sip.to_tag);
        if !step.sent && step.sip.is_response("INVITE", 200..=299) {
            let first_us = *first_us.entry(answer).or_insert(step.at_us);
            // Behind Timer M nobody is there any more to acknowledge a late copy (RFC 6026 §8.4).
            if step.at_us.saturating_sub(first_us) <= PATIENCE_US {
                report.applies();
                waiting.push(*step);
            }
        } else if step.sent && step.sip.is_request("ACK") {
            let settled = waiting.iter().position(|wait| (wait.sip.cseq.0, &wait.sip.to_tag) == answer);
            settled.map(|index| waiting.remove(index));
        }
    }
    waiting
}

fn bye_for_dialog(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        let excused =
            case.lost_power_in(&call.caller.name, call) || case.until_end_us(call.span.1) < PATIENCE_US;
        for answer in call.dialogs() {
            report.applies();
            if !ended(case, call, &answer.sip.to_tag) && !excused {
                let text = "the dialog came up and nobody ended it with BYE";
                report.breach(&call.caller.name, text, &[answer.seen.at, call.span.1]);
            }
        }
    }
}

/// Whether either side of the dialog with this tag of the peer sent a BYE, or told that it knows nothing of
/// it (481).
fn ended(case: &Case<'_>, call: &Call<'_>, peer: &Option<String>) -> bool {
    let gone = call.received(|sip| sip.code == Some(481)).next().is_some();
    let of_call = case.messages.iter().skip_while(|seen| seen.at < call.span.0).filter_map(|seen| seen.sip());
    let of_dialog = |sip: &&Sip| sip.call_id == call.call_id && [&sip.to_tag, &sip.from_tag].contains(&peer);
    gone || of_call.filter(of_dialog).any(|sip| sip.is_request("BYE"))
}

fn no_bye_without_dialog(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        let answered = call.answered().map(|(place, _)| place);
        if answered.is_none() {
            report.applies();
        }
        if let Some((_, bye)) =
            call.bye_sent().filter(|(place, _)| answered.is_none_or(|answered| *place < answered))
        {
            report.breach(&call.caller.name, "it sent BYE though no 2xx had made a dialog", &[bye.seen.at]);
        }
    }
}

fn cancel_after_provisional(case: &Case<'_>, report: &mut Report) {
    for seen in case.messages {
        let Some(cancel) = seen.sip().filter(|sip| sip.is_request("CANCEL")) else { continue };
        if seen.tampered {
            continue;
        }
        report.applies();
        // The CANCEL carries the branch of the INVITE that it cancels (RFC 3261 §9.1).
        // A provisional response that arrives in the same microsecond may have been the reason; a final
        // one may have come just too late.
        let responses = || {
            let before = case.messages.iter().take_while(|other| other.at < seen.at);
            let arrived = before.filter(|other| {
                other.to == seen.from && other.delivered_us.is_some_and(|at| at <= seen.sent_us)
            });
            let sip = arrived.filter_map(|other| other.sip().map(|sip| (other, sip)));
            sip.filter(|(_, sip)| sip.branch == cancel.branch && sip.call_id == cancel.call_id)
        };
        if !responses().any(|(_, sip)| sip.is_response("INVITE", 100..=699)) {
            report.breach(&seen.from, "it sent CANCEL before any provisional response", &[seen.at]);
        }
        let earlier = |other: &crate::evidence::Seen| other.delivered_us.is_some_and(|at| at < seen.sent_us);
        let last = responses()
            .find(|(other, sip)| sip.is_response("INVITE", 200..=699) && earlier(other))
            .map(|(other, _)| other.at);
        let repeated = |other: &&crate::evidence::Seen| {
            other.from == seen.from
                && other.sip().is_some_and(|sip| sip.is_request("CANCEL") && sip.branch == cancel.branch)
        };
        let first = case.messages.iter().find(repeated).map_or(seen.at, |first| first.at);
        if let Some(last) = last.filter(|_| first == seen.at) {
            report.breach(&seen.from, "it sent CANCEL after the final response", &[seen.at, last]);
        }
    }
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use crate::testing::{Bench, Picture};

    #[test]
    fn a_whole_call_keeps_the_duties_of_a_user_agent() {
        let run = Bench::new().learning_call();
        assert_eq!(run.judged("sip.ack-for-2xx"), Picture::passed(2));
        assert_eq!(run.judged("sip.bye-for-dialog"), Picture::passed(1));
        assert_eq!(run.judged("sip.no-bye-without-dialog"), Picture::passed(0));
        assert_eq!(run.judged("sip.cancel-after-provisional"), Picture::passed(0));
    }

    #[test]
    fn a_2xx_without_ack_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        let answer = run.answer();
        assert_eq!(run.judged("sip.ack-for-2xx"), Picture::breach("alice", answer));
    }

    #[test]
    fn a_copy_of_a_2xx_needs_its_own_ack() {
        let mut run = Bench::new();
        run.dial();
        run.answer();
        run.request("ACK", 1);
        let copy = run.answer();
        assert_eq!(run.judged("sip.ack-for-2xx"), Picture::breach("alice", copy));
    }

    #[test]
    fn who_lost_power_need_not_acknowledge() {
        let mut run = Bench::new();
        run.dial();
        run.answer();
        run.power_off("alice");
        assert_eq!(run.judged("sip.ack-for-2xx").verdict, Verdict::Pass);
    }

    #[test]
    fn a_2xx_that_was_lost_needs_no_ack() {
        let mut run = Bench::new();
        run.dial();
        run.lost_answer();
        assert_eq!(run.judged("sip.ack-for-2xx"), Picture::passed(0));
    }

    #[test]
    fn a_2xx_after_timer_b_needs_no_ack() {
        let mut run = Bench::new();
        run.dial();
        run.wait_s(33);
        run.answer();
        assert_eq!(run.judged("sip.ack-for-2xx"), Picture::passed(0));
    }

    #[test]
    fn a_2xx_after_long_ringing_needs_an_ack() {
        let mut run = Bench::new();
        run.dial();
        run.ring();
        run.wait_s(33);
        let answer = run.answer();
        assert_eq!(run.judged("sip.ack-for-2xx"), Picture::breach("alice", answer));
    }

    #[test]
    fn a_dialog_left_standing_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        let answer = run.answer();
        run.request("ACK", 1);
        run.wait_s(40);
        assert_eq!(run.judged("sip.bye-for-dialog"), Picture::breach("alice", answer));
    }

    #[test]
    fn a_second_dialog_of_a_fork_needs_a_bye_of_its_own() {
        let mut run = Bench::new();
        run.connect_call();
        let fork = run.fork();
        run.request("BYE", 2);
        run.wait_s(40);
        assert_eq!(run.judged("sip.bye-for-dialog"), Picture::breach("alice", fork));
    }

    #[test]
    fn a_run_that_ends_soon_leaves_the_dialog_unjudged() {
        let mut run = Bench::new();
        run.connect_call();
        run.wait_s(10);
        assert_eq!(run.judged("sip.bye-for-dialog").verdict, Verdict::Pass);
    }

    #[test]
    fn bye_after_a_refusal_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        run.refuse(486);
        run.request("ACK", 1);
        let bye = run.request("BYE", 2);
        assert_eq!(run.judged("sip.no-bye-without-dialog"), Picture::breach("alice", bye));
    }

    #[test]
    fn cancel_before_a_provisional_response_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        let cancel = run.request("CANCEL", 1);
        assert_eq!(run.judged("sip.cancel-after-provisional"), Picture::breach("alice", cancel));
    }

    #[test]
    fn cancel_after_ringing_passes() {
        let mut run = Bench::new();
        run.dial();
        run.ring();
        run.request("CANCEL", 1);
        assert_eq!(run.judged("sip.cancel-after-provisional"), Picture::passed(1));
    }

    #[test]
    fn cancel_in_the_instant_of_the_answer_passes() {
        let mut run = Bench::new();
        run.dial();
        run.ring();
        run.answer();
        run.at_arrival();
        run.request("CANCEL", 1);
        assert_eq!(run.judged("sip.cancel-after-provisional"), Picture::passed(1));
    }

    #[test]
    fn cancel_after_the_answer_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        run.ring();
        run.answer();
        let cancel = run.request("CANCEL", 1);
        assert_eq!(run.judged("sip.cancel-after-provisional"), Picture::breach("alice", cancel));
    }
}
