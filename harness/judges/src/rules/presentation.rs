//! Whether a presentation is asked for (T3), and that what is known is what is announced (T4).

use faxproof_reports::Weight;

use crate::evidence::{Call, Case, Registered};
use crate::{Evidence, Report, Rule};

pub(super) const NONE_WHEN_REGISTERED: Rule = Rule {
    id: "fig4.no-presentation-when-registered",
    source: "patent 0080, 0086, 0087",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Claim],
    about: "Where Ta1 holds a protocol for the number, no presentation is asked for (no T3). The round trip that \
            it saves is what the table is for.",
    check: none_when_registered,
};

pub(super) const ASKED_WHEN_UNKNOWN: Rule = Rule {
    id: "fig4.presentation-when-unknown",
    source: "patent 0083",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Claim],
    about: "Where Ta1 holds no protocol for the number, the caller asks for a presentation (T3) before it announces \
            anything. A guess would fail at every destination that speaks something else.",
    check: asked_when_unknown,
};

pub(super) const ANNOUNCES_WHAT_IS_KNOWN: Rule = Rule {
    id: "fig4.announces-what-is-known",
    source: "patent 0080, 0083",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Claim],
    about: "The announced protocol is the registered one, or one that was presented and that the caller can run. \
            Anything else is a protocol that nobody agreed to.",
    check: announces_what_is_known,
};

/// Calls whose S5 can be judged, with what Ta1 said then.
fn cases<'c, 'a>(case: &'c Case<'a>, report: &mut Report) -> Vec<(&'c Call<'a>, Registered)> {
    let mut cases = Vec::new();
    for call in case.calls.iter().filter(|call| call.is_of_figure_4() && call.cancelled().is_none()) {
        let Some(registered) = case.registered(call) else { continue };
        if case.ta1_is_claim(call) && report.lacks_claim(case, &call.caller.name, call.span.0) {
            continue;
        }
        cases.push((call, registered));
    }
    cases
}

fn none_when_registered(case: &Case<'_>, report: &mut Report) {
    for (call, registered) in cases(case, report) {
        let Registered::Protocol(protocol) = registered else { continue };
        report.applies();
        if let Some((_, request)) = call.presentation_request() {
            let text = format!(
                "it asked for a presentation ({}) though {protocol} was registered for the number",
                request.sip.cseq.1
            );
            report.breach(&call.caller.name, text, &[request.seen.at]);
        }
    }
}

fn asked_when_unknown(case: &Case<'_>, report: &mut Report) {
    for (call, registered) in cases(case, report) {
        if matches!(registered, Registered::Protocol(_)) {
            continue;
        }
        report.applies();
        let name = &call.caller.name;
        let asked = case.learned_at(call);
        match (asked, call.announcement()) {
            (Some((asked, _)), Some((announced, _))) if asked < announced => {}
            (_, Some((_, announcement))) => {
                let text = "it announced a protocol though none was registered and none had been presented";
                report.breach(name, text, &[announcement.seen.at]);
            }
            (Some(_), None) => {}
            (None, None) if stopped(case, call) => {}
            (None, None) => {
                let at = call.acknowledged().map_or(call.span.0, |(_, ack)| ack.seen.at);
                report.breach(name, "it never asked for a presentation after ACK", &[at]);
            }
        }
    }
}

/// Whether something other than the caller's own choice ended the call, or the run.
fn stopped(case: &Case<'_>, call: &Call<'_>) -> bool {
    let just_begun = case.until_end_us(call.span.1) < 1_000_000 && !call.is_over();
    call.bye_received().is_some()
        || case.ordered_in(call, "hang-up")
        || case.lost_power_in(&call.caller.name, call)
        || just_begun
}

fn announces_what_is_known(case: &Case<'_>, report: &mut Report) {
    for (call, registered) in cases(case, report) {
        let (Some((_, step)), Some(announced)) = (call.announcement(), call.announced_protocol()) else {
            continue;
        };
        report.applies();
        let at = step.seen.at;
        match registered {
            Registered::Protocol(protocol) if protocol != announced => {
                let text =
                    format!("it announced {announced} though {protocol} was registered for the number");
                report.breach(&call.caller.name, text, &[at]);
            }
            Registered::ProtocolUnknown | Registered::NumberUnknown
                if !call.in_common().contains(&announced) =>
            {
                let presented =
                    call.presentation_response().or(call.answered()).map(|(_, step)| step.seen.at);
                let text =
                    format!("it announced {announced}, which was not presented or which it cannot run");
                report.breach(
                    &call.caller.name,
                    text,
                    &[Some(at), presented].into_iter().flatten().collect::<Vec<_>>(),
                );
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;
    use faxproof_wire::sdp::{Description, Setup};

    use crate::testing::{ALICE, Bench, Picture};

    #[test]
    fn a_call_to_a_registered_number_asks_nothing() {
        let run = Bench::new().registered("smtp").stored_call();
        assert_eq!(run.judged("fig4.no-presentation-when-registered"), Picture::passed(1));
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::passed(0));
    }

    #[test]
    fn asking_though_registered_is_a_breach() {
        let mut run = Bench::new().registered("smtp");
        run.connect_call();
        let asked = run.request("OPTIONS", 2);
        assert_eq!(run.judged("fig4.no-presentation-when-registered"), Picture::breach("alice", asked));
    }

    #[test]
    fn a_row_committed_before_the_call_counts_as_registered() {
        let mut run = Bench::new();
        run.row("add", "smtp");
        run.connect_call();
        let asked = run.request("OPTIONS", 2);
        assert_eq!(run.judged("fig4.no-presentation-when-registered"), Picture::breach("alice", asked));
    }

    #[test]
    fn a_row_deleted_before_the_call_does_not_count() {
        let mut run = Bench::new().registered("smtp");
        run.row("delete", "smtp");
        run.connect_call();
        run.request("OPTIONS", 2);
        assert_eq!(run.judged("fig4.no-presentation-when-registered"), Picture::passed(0));
    }

    #[test]
    fn what_a_real_device_learned_is_left_open() {
        let mut run = Bench::new().external("alice");
        run.connect_call();
        run.request("OPTIONS", 2);
        run.second_call();
        run.request("OPTIONS", 2);
        assert_eq!(run.judged("fig4.presentation-when-unknown").verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_call_to_an_unknown_number_asks() {
        let run = Bench::new().learning_call();
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::passed(1));
    }

    #[test]
    fn announcing_a_guess_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        let announced = run.announce(2, "smtp");
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::breach("alice", announced));
    }

    #[test]
    fn hanging_up_instead_of_asking_is_a_breach() {
        let mut run = Bench::new();
        run.dial();
        run.answer();
        let ack = run.request("ACK", 1);
        run.request("BYE", 2);
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::breach("alice", ack));
    }

    #[test]
    fn announcing_another_protocol_than_the_registered_is_a_breach() {
        let mut run = Bench::new().registered("http");
        run.connect_call();
        let announced = run.announce(2, "smtp");
        assert_eq!(run.judged("fig4.announces-what-is-known"), Picture::breach("alice", announced));
    }

    #[test]
    fn announcing_what_was_not_presented_is_a_breach() {
        let mut run = Bench::new();
        run.connect_call();
        run.request("OPTIONS", 2);
        run.present(2, &["http"]);
        let announced = run.announce(3, "smtp");
        assert_eq!(run.judged("fig4.announces-what-is-known"), Picture::breach("alice", announced));
    }

    #[test]
    fn an_invite_that_announces_a_guess_is_a_breach() {
        let mut run = Bench::new();
        let guess = Description::offer_one(ALICE, "1", 1, "smtp", Setup::Active);
        let dialled = run.dial_with(&guess);
        run.accept(1, "smtp");
        run.request("ACK", 1);
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::breach("alice", dialled));
    }

    #[test]
    fn an_invite_that_announces_what_is_registered_passes() {
        let mut run = Bench::new().registered("smtp");
        run.dial_with(&Description::offer_one(ALICE, "1", 1, "smtp", Setup::Active));
        run.accept(1, "smtp");
        run.request("ACK", 1);
        assert_eq!(run.judged("fig4.announces-what-is-known"), Picture::passed(1));
        assert_eq!(run.judged("fig4.no-presentation-when-registered"), Picture::passed(1));
    }

    #[test]
    fn an_offer_in_the_answer_presents_without_being_asked() {
        let mut run = Bench::new();
        run.dial_without_offer();
        run.accept(1, "smtp");
        run.request_with("ACK", 1, &Description::offer_one(ALICE, "1", 1, "smtp", Setup::Active));
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::passed(1));
        assert_eq!(run.judged("fig4.announces-what-is-known"), Picture::passed(1));
    }

    #[test]
    fn choosing_another_line_than_the_registered_protocol_is_a_breach() {
        let mut run = Bench::new().registered("http");
        run.dial_without_offer();
        run.accept(1, "smtp");
        let ack = run.request_with("ACK", 1, &Description::offer_one(ALICE, "1", 1, "smtp", Setup::Active));
        assert_eq!(run.judged("fig4.announces-what-is-known"), Picture::breach("alice", ack));
    }
}
