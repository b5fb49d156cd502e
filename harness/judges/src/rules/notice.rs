//! What the operator is told of a failure (S9), and that nothing is told after a success.

use faxproof_reports::{Host, Medium, OrderDeclaration, Weight, What};

use crate::evidence::{Call, Case, PATIENCE_US, digits};
use crate::{Evidence, Report, Rule};

pub(super) const NOTICE_ON_FAILURE: Rule = Rule {
    id: "fig4.notice-on-failure",
    source: "patent 0081, 0085",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Paper],
    about: "A document that was not acknowledged yields exactly one notice at the sender, in the words for an image or \
            for an e-mail, where the device declares to tell it. The operator has no other way to learn that it never arrived.",
    check: notice_on_failure,
};

pub(super) const NO_NOTICE_ON_SUCCESS: Rule = Rule {
    id: "fig4.no-notice-on-success",
    source: "patent 0082; RFC 5321 §4.2.5",
    weight: Weight::Must,
    evidence: &[Evidence::Wire, Evidence::Paper],
    about: "Once the destination has acknowledged the document, no failure is told. An operator who believes it sends \
            the document twice.",
    check: no_notice_on_success,
};

/// A notice of a failure: where it stands in the trace, where it appeared, and its words.
struct Notice<'a> {
    at: usize,
    medium: Medium,
    text: &'a str,
}

/// An order to send, its call, and the notices of failure that belong to it.
struct Send<'c, 'a> {
    at: usize,
    order: &'a OrderDeclaration,
    call: Option<&'c Call<'a>>,
    notices: Vec<Notice<'a>>,
}

fn notice_on_failure(case: &Case<'_>, report: &mut Report) {
    for send in sends(case) {
        let delivered = send.call.and_then(|call| case.delivered(call));
        if delivered.is_some() || excused(case, &send) {
            continue;
        }
        report.applies();
        let host = &send.order.host;
        let last = send.call.map_or(send.at, |call| call.span.1);
        match send.notices.as_slice() {
            [] if case.until_end_us(last) < PATIENCE_US && !send.call.is_some_and(Call::is_over) => {
                report.unclear(host, "the run ended before the outcome of the call was known", &[last]);
            }
            [] => {
                let text = "the document was not acknowledged and the operator was not told";
                report.breach(host, text, &[last, send.at]);
            }
            [notice] => check_words(case, &send, notice, report),
            [_, second, ..] => {
                report.breach(
                    host,
                    "the operator was told of one failure more than once",
                    &[second.at, send.at],
                );
            }
        }
    }
}

fn no_notice_on_success(case: &Case<'_>, report: &mut Report) {
    for send in sends(case) {
        let Some(delivered) = send.call.and_then(|call| case.delivered(call)) else { continue };
        report.applies();
        if let Some(notice) = send.notices.first() {
            let text = "the operator was told of a failure though the document was acknowledged";
            report.breach(&send.order.host, text, &[notice.at, delivered]);
        }
    }
}

/// Whether the words fit the document, and the medium fits the declaration.
fn check_words(case: &Case<'_>, send: &Send<'_, '_>, notice: &Notice<'_>, report: &mut Report) {
    let host = &send.order.host;
    let (wanted, other) = match send.order.document.as_deref() {
        Some("text") => (EMAIL_FAILED, IMAGE_FAILED),
        _ => (IMAGE_FAILED, EMAIL_FAILED),
    };
    // A buzzer has no words.
    let silent = notice.medium == Medium::Buzzer;
    if !silent && (!notice.text.contains(wanted) || notice.text.contains(other)) {
        let text = format!("the notice of failure must say {wanted:?}");
        report.breach(host, text, &[notice.at, send.at]);
    }
    let declared = case.declaration.host(host).and_then(|host| host.failure_notice.as_deref());
    if let Some(declared) = declared.filter(|declared| *declared != notice.medium.as_str()) {
        let text =
            format!("the failure was told by {}, not by {declared} as declared", notice.medium.as_str());
        report.breach(host, text, &[notice.at]);
    }
}

/// Without power nobody is told anything; who hangs up by hand knows what became of the call; and what
/// is no telephone number is refused at the panel, where no call begins.
fn excused(case: &Case<'_>, send: &Send<'_, '_>) -> bool {
    let host = &send.order.host;
    match send.call {
        Some(call) => case.lost_power_in(host, call) || case.ordered_in(call, "hang-up"),
        None => {
            !send.order.to.as_deref().is_none_or(is_number)
                || is_off(case, host, send.at)
                || case.lost_power_after(host, send.at)
        }
    }
}

/// 3 to 15 digits, and nothing but visual separators between them (E.164, RFC 3966 §3).
fn is_number(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '(' | ')' | ' ');
    text.chars().all(legal) && (3..=15).contains(&digits(text).len())
}

fn is_off(case: &Case<'_>, host: &Host, at: usize) -> bool {
    let before = case.trace.entries.iter().take(at).rev();
    let mut switches = before.filter_map(|entry| match &entry.what {
        What::Power { host: name, on, .. } if name == host => Some(*on),
        _ => None,
    });
    switches.next() == Some(false)
}

/// All orders to send, with their notices. A notice belongs to the order whose call had begun last at
/// its host; before any call, to the latest order.
fn sends<'c, 'a>(case: &'c Case<'a>) -> Vec<Send<'c, 'a>> {
    let of_order = |(at, order, call)| Send { at, order, call, notices: Vec::new() };
    let mut sends: Vec<Send<'c, 'a>> = case.sends().into_iter().map(of_order).collect();
    for (at, entry) in case.trace.entries.iter().enumerate() {
        let What::Notice { host, medium, text, .. } = &entry.what else { continue };
        let (medium, text): (Medium, &str) = (*medium, text);
        if medium != Medium::Buzzer
            && !text.contains(IMAGE_FAILED)
            && !text.contains(EMAIL_FAILED)
            && !tells_failure(text)
        {
            continue;
        }
        let here = |send: &Send<'_, '_>| send.order.host == *host && send.at < at;
        let begun = |send: &Send<'_, '_>| here(send) && send.call.is_some_and(|call| call.span.0 < at);
        let uncalled = |send: &Send<'_, '_>| here(send) && send.call.is_none();
        let place = sends.iter().rposition(begun).max(sends.iter().rposition(uncalled));
        if let Some(send) = place.and_then(|place| sends.get_mut(place)) {
            send.notices.push(Notice { at, medium, text });
        }
    }
    sends
}

/// Whether a text that lacks the patent's words still tells of a failure.
fn tells_failure(text: &str) -> bool {
    text.to_ascii_lowercase().contains("fail")
}

/// The words of paragraph 0081 for an image, and for a text.
const IMAGE_FAILED: &str = "Transmission of image failed";
const EMAIL_FAILED: &str = "Transmission of e-mail failed";

#[cfg(test)]
mod tests {
    use faxproof_reports::Verdict;

    use super::*;
    use crate::testing::{Bench, Picture};

    #[test]
    fn a_refused_call_with_one_notice_passes() {
        let mut run = Bench::new().refused_call();
        run.notice(IMAGE_FAILED);
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::passed(1));
    }

    #[test]
    fn a_failure_that_is_not_told_is_a_breach() {
        let mut run = Bench::new();
        run.order();
        run.dial();
        run.refuse(486);
        let ack = run.request("ACK", 1);
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::breach("alice", ack));
    }

    #[test]
    fn what_is_no_number_needs_no_words_of_failure() {
        let mut run = Bench::new().dials("12");
        run.order();
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::passed(0));
    }

    #[test]
    fn a_failure_told_twice_is_a_breach() {
        let mut run = Bench::new().refused_call();
        run.notice(IMAGE_FAILED);
        let second = run.notice(IMAGE_FAILED);
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::breach("alice", second));
    }

    #[test]
    fn words_for_an_email_do_not_fit_an_image() {
        let mut run = Bench::new().refused_call();
        let notice = run.notice(EMAIL_FAILED);
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::breach("alice", notice));
    }

    #[test]
    fn another_medium_than_declared_is_a_breach() {
        let mut run = Bench::new().tells_by("printer").refused_call();
        let notice = run.notice(IMAGE_FAILED);
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::breach("alice", notice));
    }

    #[test]
    fn who_lost_power_tells_nothing() {
        let mut run = Bench::new().refused_call();
        run.power_off("alice");
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::passed(0));
    }

    #[test]
    fn a_run_that_ends_in_the_call_leaves_the_notice_open() {
        let mut run = Bench::new();
        run.order();
        run.connect_call();
        assert_eq!(run.judged("fig4.notice-on-failure").verdict, Verdict::Inconclusive);
    }

    #[test]
    fn an_acknowledged_document_needs_no_notice() {
        let run = Bench::new().learning_call();
        assert_eq!(run.judged("fig4.no-notice-on-success"), Picture::passed(1));
        assert_eq!(run.judged("fig4.notice-on-failure"), Picture::passed(0));
    }

    #[test]
    fn a_failure_told_after_the_acknowledgement_is_a_breach() {
        let mut run = Bench::new().learning_call();
        let notice = run.notice(IMAGE_FAILED);
        assert_eq!(run.judged("fig4.no-notice-on-success"), Picture::breach("alice", notice));
    }
}
