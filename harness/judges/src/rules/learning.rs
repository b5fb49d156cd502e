//! What a call writes into table Ta1 (S16), and what it must leave alone.

use faxproof_reports::Weight;

use crate::evidence::{Announcement, Call, Case};
use crate::{Evidence, Report, Rule};

pub(super) const LEARNED_ROW: Rule = Rule {
    id: "fig4.learned-row",
    source: "patent 0084",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Claim],
    about: "A protocol that was presented, chosen and used with success is stored for the number: in its row where there \
            is one, else in a new one. The next call to the number then needs no presentation.",
    check: learned_row,
};

pub(super) const TABLE_UNTOUCHED: Rule = Rule {
    id: "fig4.table-untouched",
    source: "patent 0081, 0084, 0087",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Claim],
    about: "A call changes nothing in Ta1 but the protocol of the number that it called, and that only when it learned \
            one. The table is the operator's, and a row lost is a destination that must be learned again.",
    check: table_untouched,
};

fn learned_row(case: &Case<'_>, report: &mut Report) {
    for call in case.calls.iter().filter(|call| call.is_of_figure_4()) {
        let (Some(delivered), Some(asked)) = (case.delivered(call), case.learned_at(call)) else {
            continue;
        };
        let host = &call.caller.name;
        if report.lacks_claim(case, host, asked.1.seen.at) || case.lost_power_in(host, call) {
            continue;
        }
        let Some(protocol) = call.announced_protocol() else { continue };
        report.applies();
        let changes = case.ta1_changes(call);
        let own = changes.iter().find(|(_, _, row)| call.went_to(&row.number));
        let Some((at, change, row)) = own else {
            report.breach(
                host,
                format!("it learned {protocol} for the number and stored no row"),
                &[delivered],
            );
            continue;
        };
        if !row.protocol.as_deref().is_some_and(|stored| stored.eq_ignore_ascii_case(&protocol)) {
            let text =
                format!("it used {protocol} and stored {:?}", row.protocol.as_deref().unwrap_or_default());
            report.breach(host, text, &[*at, delivered]);
        }
        // The operator may have deleted or added the row while the call ran.
        let known = case.ta1_before(host, *at).iter().any(|row| call.went_to(&row.number));
        let wanted = if known { "change" } else { "add" };
        if *change != wanted {
            let text = format!("the row must come by {wanted:?}, it came by {change:?}");
            report.breach(host, text, &[*at]);
        }
    }
}

fn table_untouched(case: &Case<'_>, report: &mut Report) {
    for call in case.calls.iter().filter(|call| call.is_of_figure_4()) {
        let host = &call.caller.name;
        if case.is_external(host) {
            continue;
        }
        report.applies();
        let before = case.ta1_before(host, call.span.0);
        for (at, change, row) in case.ta1_changes(call) {
            if !call.went_to(&row.number) {
                report.breach(
                    host,
                    format!("the call made a {change:?} of the row of another number"),
                    &[at],
                );
            } else if !may_store(case, call, change) {
                report.breach(
                    host,
                    format!("the call made a {change:?} of its row without having learned anything"),
                    &[at],
                );
            } else if let Some(known) = before.iter().find(|known| call.went_to(&known.number))
                && change == "change"
                && (known.destination != row.destination || known.number != row.number)
            {
                report.breach(host, "the call changed more of the row than its protocol", &[at]);
            }
        }
    }
}

/// Whether this call could write its own row: it had asked for a presentation and the destination was
/// ready for what it chose. Whether a transfer that then fails is stored is the device's choice, and
/// so is whether a registered protocol that fails is dropped, where it declares that.
fn may_store(case: &Case<'_>, call: &Call<'_>, change: &str) -> bool {
    let habit = |name: &str| call.caller.habits.get(name).map(String::as_str);
    let tried = case.learned_at(call).is_some() && call.announced() == Announcement::Accepted;
    let delivered = case.delivered(call).is_some();
    let drops = change == "delete" && habit("delete_on_failure") == Some("true") && !delivered;
    let stores = tried && (delivered || habit("store_on_transfer_failure") != Some("false"));
    drops || (stores && change != "delete")
}

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use crate::testing::{Bench, Picture};

    #[test]
    fn a_new_number_that_is_stored_passes() {
        let mut run = Bench::new().learning_call();
        run.row("add", "smtp");
        assert_eq!(run.judged("fig4.learned-row"), Picture::passed(1));
        assert_eq!(run.judged("fig4.table-untouched"), Picture::passed(1));
    }

    #[test]
    fn a_row_that_the_operator_deletes_in_the_call_comes_anew() {
        let mut run = Bench::new().registered("").edits_at_step_2();
        run.order();
        run.connect_call();
        run.order_step(2);
        run.row("delete", "");
        run.request("OPTIONS", 2);
        run.present(2, &["smtp"]);
        run.agree(3, "smtp");
        run.mail();
        run.quit();
        run.request("BYE", 4);
        run.row("add", "smtp");
        assert_eq!(run.judged("fig4.learned-row"), Picture::passed(1));
    }

    #[test]
    fn a_protocol_that_is_not_stored_is_a_breach() {
        let run = Bench::new().learning_call();
        assert_eq!(run.judged("fig4.learned-row"), Picture::breach("alice", run.acknowledgement()));
    }

    #[test]
    fn another_protocol_than_the_one_used_is_a_breach() {
        let mut run = Bench::new().learning_call();
        let row = run.row("add", "http");
        assert_eq!(run.judged("fig4.learned-row"), Picture::breach("alice", row));
    }

    #[test]
    fn what_a_real_device_stores_is_left_open() {
        let run = Bench::new().external("alice").learning_call();
        assert_eq!(run.judged("fig4.learned-row").verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_failed_call_that_stores_is_a_breach() {
        let mut run = Bench::new().refused_call();
        let row = run.row("add", "smtp");
        assert_eq!(run.judged("fig4.table-untouched"), Picture::breach("alice", row));
    }

    #[test]
    fn the_row_of_another_number_stays_as_it_is() {
        let mut run = Bench::new().learning_call();
        let row = run.row_of("050999999", "change", "smtp");
        assert_eq!(run.judged("fig4.table-untouched"), Picture::breach("alice", row));
    }

    #[test]
    fn an_edit_at_the_panel_during_the_call_is_the_operators() {
        let mut run = Bench::new().edits_at_step_2();
        run.order();
        run.connect_call();
        run.order_step(2);
        run.row_of("050999999", "change", "smtp");
        assert_eq!(run.judged("fig4.table-untouched"), Picture::passed(1));
    }
}
