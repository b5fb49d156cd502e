//! Calls by the wire profile of a vendor: the letters of the profile, and the RFCs that its methods come from.

use faxproof_reports::{HostDeclaration, Weight};
use faxproof_wire::sip::{Message, Name};
use faxproof_wire::vendor::{Asked, Profile};

use super::session::written_by_a_fax;
use crate::evidence::{Case, Seen, Sip, vendor};
use crate::{Evidence, Report, Rule};

pub(super) const PROFILE: Rule = Rule {
    id: "wire.vendor-profile",
    source: "patent 0078, 0079, 0083 (T3, R3, T4), of which no standard says how they look on the wire",
    weight: Weight::Declared,
    evidence: &[Evidence::Wire, Evidence::Inputs],
    about: "What a fax sends by the wire profile of its vendor is in that profile, letter for letter, and Allow lists its \
            methods. A vendor wire profile makes no claim of interoperability: only boxes with the same profile understand it.",
    check: profile,
};

pub(super) const RECV_INFO: Rule = Rule {
    id: "sip.info-package",
    source: "RFC 6086 §4.2.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "INFO of a package goes only to a peer that listed the package in Recv-Info. To others it means nothing, and \
            they answer 469.",
    check: info_package,
};

/// What is said of every fax that speaks by such a profile.
const NO_CLAIM: &str = "vendor wire profile: no claim of interoperability";

fn profile(case: &Case<'_>, report: &mut Report) {
    let mut speaks: Vec<(&Seen, &HostDeclaration)> = Vec::new();
    for (seen, sip) in written_by_a_fax(case) {
        let Some(host) = case.declaration.host(&seen.from) else { continue };
        let wrong = match sip.code {
            None => vendor::as_caller(host).filter(|it| is_asking(it, sip)).map(|it| {
                let known = it.asked(&sip.message).is_some();
                (!known).then(|| format!("its {} is not in the profile of its vendor", sip.cseq.1))
            }),
            Some(_) => vendor::as_called(host).and_then(|it| answer(case, host, &it, seen, sip)),
        };
        let Some(wrong) = wrong else { continue };
        report.applies();
        if let Some(text) = wrong {
            report.breach(&seen.from, text, &[seen.at]);
        }
        if !speaks.iter().any(|(_, known)| known.name == host.name) {
            speaks.push((seen, host));
        }
    }
    for (seen, host) in speaks {
        report.note(&host.name, NO_CLAIM, &[seen.at]);
    }
}

fn is_asking(profile: &Profile, sip: &Sip) -> bool {
    sip.to_tag.is_some() && profile.methods().iter().any(|method| sip.is_request(method.as_str()))
}

/// Whether a response is of the profile, and what is wrong with it.
fn answer(
    case: &Case<'_>,
    host: &HostDeclaration,
    profile: &Profile,
    seen: &Seen,
    sip: &Sip,
) -> Option<Option<String>> {
    if sip.is_response("INVITE", 200..=299) {
        let listed: Vec<String> = sip.message.values(Name::Allow).map(|it| it.trim().to_owned()).collect();
        let missing = profile.methods().into_iter().find(|it| !listed.iter().any(|one| one == it.as_str()));
        return Some(missing.map(|method| format!("it takes {method} and does not list it in Allow")));
    }
    let (number, method) = &sip.cseq;
    let success = sip.is_response(method, 200..=299);
    let heard = |other: &&Seen| {
        let same = |of: &Sip| of.call_id == sip.call_id && of.cseq.0 == *number && is_asking(profile, of);
        other.to == seen.from && other.delivered_us.is_some() && other.sip().is_some_and(same)
    };
    // As it arrived: it may have been tampered with on its way.
    let asked = case.messages.iter().rfind(heard)?.sip()?;
    let is_in = match profile.asked(&asked.message) {
        Some(Asked::Presentation) => {
            let silent = host.habits.get("presents").is_some_and(String::is_empty);
            !success || silent || profile.presented(&sip.message).is_some()
        }
        Some(Asked::Announcement(_)) => profile.answered(&sip.message).is_some(),
        None => !success,
    };
    Some((!is_in).then(|| {
        format!("its {} {method} is not in the profile of its vendor", sip.code.unwrap_or_default())
    }))
}

fn info_package(case: &Case<'_>, report: &mut Report) {
    let package = |message: &Message| {
        let value = message.header_named("Info-Package")?;
        value.split(';').next().map(|name| name.trim().to_owned())
    };
    for (seen, sip) in written_by_a_fax(case).filter(|(_, sip)| sip.is_request("INFO")) {
        let Some(package) = package(&sip.message) else { continue };
        report.applies();
        let lists = |other: &Sip| {
            let listed = other.message.header_named("Recv-Info")?;
            Some(listed.split(',').any(|name| name.trim() == package))
        };
        let heard =
            |other: &&Seen| other.at < seen.at && other.to == seen.from && other.delivered_us.is_some();
        let same = |other: &Seen| other.sip().filter(|other| other.call_id == sip.call_id).and_then(lists);
        let said = case.messages.iter().filter(heard).filter_map(same).next_back();
        if said != Some(true) {
            let text =
                format!("it sent INFO of the package {package} to a peer that did not list it in Recv-Info");
            report.breach(&seen.from, text, &[seen.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, Picture};

    /// A call by the profile up to the given answers to T3 and T4.
    fn call(asked: &'static str, presented: &'static str, ready: &'static str) -> (Bench, [usize; 4]) {
        let mut run = Bench::new().of_one_vendor();
        run.connect_call();
        let at = [
            run.ask_by_vendor(2, asked),
            run.answer_by_vendor(2, 200, presented),
            run.ask_by_vendor(3, "USE smtp"),
            run.answer_by_vendor(3, 200, ready),
        ];
        (run, at)
    }

    #[test]
    fn a_call_by_the_profile_passes_and_claims_nothing() {
        let (run, _) = call("ASK", "CAN smtp,http", "PORT 40125");
        // Bob's 200 to the INVITE, with his methods in Allow, comes first.
        assert_eq!(run.judged("wire.vendor-profile"), Picture::told("bob", 1));
        for rule in ["fig4.presentation-when-unknown", "fig4.announces-what-is-known", "fig4.order"] {
            assert_eq!(run.judged(rule), Picture::passed(1), "{rule}");
        }
    }

    #[test]
    fn a_letter_too_much_is_a_breach_of_who_wrote_it() {
        let (run, at) = call("ASK ", "CAN smtp", "PORT 40125");
        assert_eq!(run.judged("wire.vendor-profile"), Picture::breach("alice", at[0]));
        let (run, at) = call("ASK", "CAN smtp,", "PORT 40125");
        assert_eq!(run.judged("wire.vendor-profile"), Picture::breach("bob", at[1]));
        let (run, at) = call("ASK", "CAN smtp", "PORT 040125");
        assert_eq!(run.judged("wire.vendor-profile"), Picture::breach("bob", at[3]));
    }

    #[test]
    fn announcing_what_was_not_presented_is_a_breach_here_too() {
        let (run, at) = call("ASK", "CAN http", "PORT 40125");
        assert_eq!(run.judged("fig4.announces-what-is-known"), Picture::breach("alice", at[2]));
    }

    #[test]
    fn a_method_that_is_not_listed_is_a_breach() {
        let mut run = Bench::new().of_one_vendor().allowing("INVITE, ACK, CANCEL, BYE, OPTIONS");
        run.dial();
        let answered = run.answer();
        assert_eq!(run.judged("wire.vendor-profile"), Picture::breach("bob", answered));
    }

    #[test]
    fn what_fits_no_form_is_refused_and_never_taken() {
        let mut run = Bench::new().of_one_vendor();
        run.connect_call();
        run.ask_by_vendor(2, "ASK?");
        run.answer_by_vendor(2, 400, "");
        assert_eq!(run.judged("fig4.presentation-when-unknown"), Picture::passed(1));
        let taken = run.answer_by_vendor(2, 200, "CAN smtp");
        let judged = run.judged("wire.vendor-profile");
        assert_eq!(judged.verdict, faxproof_reports::Verdict::Fail);
        assert!(judged.at.is_some_and(|at| at < taken), "alice's own text comes first");
    }

    #[test]
    fn a_package_goes_to_who_lists_it() {
        for (listed, right) in [("x-acme, other", true), ("other", false)] {
            let mut run = Bench::new();
            run.dial();
            run.answer_listing(listed);
            run.request("ACK", 1);
            let asked = run.ask_of_package(2, "x-acme");
            let expected = if right { Picture::passed(1) } else { Picture::breach("alice", asked) };
            assert_eq!(run.judged("sip.info-package"), expected, "{listed}");
        }
    }
}
