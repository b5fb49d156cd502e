//! Whether what a device tells of its way through its figure is what was seen.

use std::collections::BTreeMap;

use faxproof_reports::{Class, Host, Weight, What};

use crate::arcs::{ArcEvidence, FIGURE_4, FIGURE_18, MAIL, Sight};
use crate::evidence::{Call, Case, PATIENCE_US};
use crate::{Evidence, Report, Rule};

pub(super) const AGREE: Rule = Rule {
    id: "marks.agree",
    source: "patent Figures 4, 8 to 13, 18",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Inputs, Evidence::Paper, Evidence::Claim],
    about: "A simulated device marks every arc of its figure that the wire shows, and no other. Coverage is counted by \
            marks, so a mark that nothing bears out would count what never happened.",
    check: agree,
};

/// Marks of one call: the arc, and where it was first marked.
type Marks<'a> = BTreeMap<&'a str, usize>;

fn agree(case: &Case<'_>, report: &mut Report) {
    let marks = marks_by_call(case);
    for (index, call) in case.calls.iter().enumerate() {
        let host = &call.caller.name;
        let undecided = !call.is_over() && case.until_end_us(call.span.1) < PATIENCE_US;
        if !call.is_of_figure_4()
            || case.is_external(host)
            || undecided
            || case.lost_power_in(host, call)
            || case.ordered_in(call, "hang-up")
        {
            continue;
        }
        let marks = marks.get(&index);
        for arc in FIGURE_4 {
            let marked = marks.and_then(|marks| marks.get(arc.arc)).copied();
            let sight = (arc.sight)(case, call);
            if marked.is_some() || sight == Sight::Taken {
                report.applies();
            }
            match (marked, sight) {
                (Some(at), Sight::NotTaken) => {
                    let text = format!("it marked {} and nothing of the kind was seen", arc.arc);
                    report.breach(host, text, &[at, call.span.0]);
                }
                (None, Sight::Taken) => {
                    let text = format!("{} was seen and it did not mark it", arc.arc);
                    report.breach(host, text, &[call.span.1, call.span.0]);
                }
                _ => {}
            }
        }
        strangers(host, marks, report);
    }
    let lines = case.declaration.hosts.iter().filter(|host| host.has_line() && !host.external);
    for host in lines.filter(|host| host.class != Class::Fax1) {
        let arcs = if host.class == Class::MailServer { FIGURE_18 } else { MAIL };
        counted(case, &host.name, arcs, report);
    }
}

/// A mail fax marks by its orders and a mail server by its mails, not by calls, so that its marks are counted: as many as were seen, and
/// no more than may have been.
fn counted(case: &Case<'_>, host: &Host, arcs: &[ArcEvidence], report: &mut Report) {
    let calls: Vec<&Call<'_>> = case.calls.iter().filter(|call| call.caller.name == *host).collect();
    let unsure = |call: &&Call<'_>| {
        (!call.is_over() && case.until_end_us(call.span.1) < PATIENCE_US)
            || case.lost_power_in(host, call)
            || case.ordered_in(call, "hang-up")
    };
    if calls.iter().any(unsure) {
        return;
    }
    for arc in arcs {
        let sights: Vec<Sight> = calls.iter().map(|call| (arc.sight)(case, call)).collect();
        let count = |wanted: Sight| sights.iter().filter(|sight| **sight == wanted).count();
        let (taken, open) = (count(Sight::Taken), count(Sight::Open));
        if open == sights.len() {
            continue;
        }
        let marks: Vec<usize> = marked(case, host, arc.arc);
        if taken > 0 || !marks.is_empty() {
            report.applies();
        }
        if !(taken..=taken + open).contains(&marks.len()) {
            let text = format!("it marked {} {} times, and {taken} were seen", arc.arc, marks.len());
            let last = calls.last().map_or(0, |call| call.span.1);
            report.breach(host, text, &[marks.last().copied().unwrap_or(last)]);
        }
    }
}

/// Where this host marked the arc.
fn marked(case: &Case<'_>, host: &Host, wanted: &str) -> Vec<usize> {
    let entries = case.trace.entries.iter().enumerate();
    let marks = entries.filter(
        |(_, entry)| matches!(&entry.what, What::Mark { host: of, arc, .. } if of == host && &**arc == wanted),
    );
    marks.map(|(at, _)| at).collect()
}

/// Marks of Figure 4 that name no arc of it.
fn strangers(host: &faxproof_reports::Host, marks: Option<&Marks<'_>>, report: &mut Report) {
    for (name, at) in marks.into_iter().flatten() {
        if name.starts_with("4.") && !FIGURE_4.iter().any(|arc| arc.arc == *name) {
            report.breach(host, format!("it marked {name}, which is no arc of Figure 4"), &[*at]);
        }
    }
}

/// The marks of every call. A device numbers its calls in its own way, so its marks belong to the call
/// that it had begun last when the first of them was made.
fn marks_by_call<'a>(case: &Case<'a>) -> BTreeMap<usize, Marks<'a>> {
    let mut call_of: BTreeMap<(&str, u64), Option<usize>> = BTreeMap::new();
    let mut marks: BTreeMap<usize, Marks<'a>> = BTreeMap::new();
    for (at, entry) in case.trace.entries.iter().enumerate() {
        let What::Mark { host, call, arc } = &entry.what else { continue };
        let begun = |candidate: &Call<'_>| candidate.caller.name == *host && candidate.span.0 < at;
        let of = call_of.entry((host, *call)).or_insert_with(|| case.calls.iter().rposition(begun));
        if let Some(index) = of {
            marks.entry(*index).or_default().entry(arc).or_insert(at);
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use super::*;
    use crate::testing::{Bench, Picture};

    const LEARNING: [&str; 6] = [
        "4.S2.answered",
        "4.S5.number-unknown",
        "4.S13.selected",
        "4.S15.smtp",
        "4.S16.new-record",
        "4.S10.ended",
    ];

    fn marked(mut run: Bench, arcs: &[&str]) -> Bench {
        for arc in arcs {
            run.mark(arc);
        }
        run
    }

    #[test]
    fn a_learning_call_that_marks_its_arcs_passes() {
        let mut run = marked(Bench::new().learning_call(), &LEARNING);
        run.row("add", "smtp");
        assert_eq!(run.judged("marks.agree"), Picture::passed(6));
    }

    #[test]
    fn a_stored_call_that_marks_its_arcs_passes() {
        let arcs = ["4.S2.answered", "4.S5.registered", "4.S7.smtp", "4.S8.succeeded", "4.S10.ended"];
        let run = marked(Bench::new().registered("smtp").stored_call(), &arcs);
        assert_eq!(run.judged("marks.agree"), Picture::passed(5));
    }

    #[test]
    fn a_refused_call_that_marks_its_arcs_passes() {
        let mut run = marked(Bench::new().refused_call(), &["4.S2.refused", "4.S9.display"]);
        run.notice("Transmission of image failed");
        assert_eq!(run.judged("marks.agree"), Picture::passed(2));
    }

    #[test]
    fn an_answer_after_timer_b_and_its_bye_leave_the_call_silent() {
        let mut run = Bench::new();
        run.order();
        run.dial();
        run.wait_s(33);
        for arc in ["4.S2.silent", "4.S9.display"] {
            run.mark(arc);
        }
        run.notice("Transmission of image failed");
        run.answer();
        run.wait_s(33);
        assert_eq!(run.judged("marks.agree"), Picture::passed(2));
    }

    #[test]
    fn an_arc_that_was_seen_and_not_marked_is_a_breach() {
        let run = Bench::new().refused_call();
        let last = run.trace.entries.len() - 1;
        assert_eq!(run.judged("marks.agree"), Picture::breach("alice", last));
    }

    #[test]
    fn a_mark_that_nothing_bears_out_is_a_breach() {
        let mut run = marked(Bench::new().refused_call(), &["4.S2.refused"]);
        let at = run.mark("4.S10.ended");
        assert_eq!(run.judged("marks.agree"), Picture::breach("alice", at));
    }

    #[test]
    fn a_mark_that_is_no_arc_is_a_breach() {
        let mut run = marked(Bench::new().refused_call(), &["4.S2.refused"]);
        let at = run.mark("4.S2.engaged");
        assert_eq!(run.judged("marks.agree"), Picture::breach("alice", at));
    }

    #[test]
    fn a_real_device_marks_nothing() {
        let run = Bench::new().external("alice").refused_call();
        assert_eq!(run.judged("marks.agree"), Picture::passed(0));
    }

    #[test]
    fn who_lost_power_is_not_held_to_its_marks() {
        let mut run = Bench::new().refused_call();
        run.power_off("alice");
        assert_eq!(run.judged("marks.agree").verdict, Verdict::Pass);
    }

    /// Alice is a mail fax and hands a mail over in the call.
    fn mailing() -> Bench {
        let mut run = Bench::new();
        run.declaration.hosts[0].class = Class::Fax101;
        run.order();
        run.connect_call();
        run.agree(2, "smtp");
        run.mail();
        run.quit();
        run.request("BYE", 3);
        run.respond("BYE", 3, 200, None);
        run
    }

    const HANDED_OVER: [&str; 3] = ["8.S303.established", "8.S305.accepted", "8.S306.sent"];

    #[test]
    fn a_mail_fax_that_marks_what_its_call_shows_passes() {
        assert_eq!(marked(mailing(), &HANDED_OVER).judged("marks.agree"), Picture::passed(3));
    }

    #[test]
    fn a_mail_fax_that_leaves_a_mark_out_or_adds_one_is_in_breach() {
        for missing in HANDED_OVER {
            let others: Vec<&str> = HANDED_OVER.into_iter().filter(|arc| *arc != missing).collect();
            assert_eq!(marked(mailing(), &others).judged("marks.agree").verdict, Verdict::Fail, "{missing}");
        }
        for wrong in ["8.S303.failed", "8.S305.refused", "8.S305.silent", "10.S105.smtp"] {
            let run = marked(marked(mailing(), &HANDED_OVER), &[wrong]);
            assert_eq!(run.judged("marks.agree").verdict, Verdict::Fail, "{wrong}");
        }
    }

    #[test]
    fn every_arc_stands_once_in_the_table() {
        let names: std::collections::BTreeSet<_> = crate::arcs::all().map(|arc| arc.arc).collect();
        assert_eq!(names.len(), crate::arcs::all().count());
    }
}
