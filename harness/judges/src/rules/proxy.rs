//! What a SIP server owes to those who ask it.

use std::collections::BTreeMap;

use faxproof_reports::{Class, Host, Weight};

use crate::evidence::{Case, Seen, Sip};
use crate::{Evidence, Report, Rule};

pub(super) const ONE_FINAL_RESPONSE: Rule = Rule {
    id: "sip.one-final-response",
    source: "RFC 3261 §16.7 step 5",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A SIP server that has passed a final response on passes on nothing else for that request, but for further \
            2xx to an INVITE. A second answer would tell the caller two things about one call.",
    check: one_final_response,
};

/// A request as its sender knows it: whom it was for, its branch, CSeq and Call-ID, and who sent it.
type Key<'a> = (&'a Host, &'a Host, &'a Option<String>, &'a (u32, String), &'a str);

fn one_final_response(case: &Case<'_>, report: &mut Report) {
    let mut finals: BTreeMap<Key<'_>, (&Seen, &Sip)> = BTreeMap::new();
    for seen in case.messages.iter().filter(|seen| !seen.tampered) {
        let is_server = case.declaration.host(&seen.from).is_some_and(|host| host.class == Class::SipServer);
        let Some((sip, code)) = seen.sip().and_then(|sip| Some((sip, sip.code?))).filter(|_| is_server)
        else {
            continue;
        };
        let key = (&seen.from, &seen.to, &sip.branch, &sip.cseq, sip.call_id.as_str());
        let Some((first, said)) = finals.get(&key).copied() else {
            if code >= 200 {
                report.applies();
                finals.insert(key, (seen, sip));
            }
            continue;
        };
        let copy = said.code == sip.code && said.to_tag == sip.to_tag;
        let allowed = copy || sip.is_response("INVITE", 200..=299);
        // Who has lost its memory answers a copy of the request anew.
        if !allowed && !case.lost_power_after(&seen.from, first.at) {
            report.breach(
                &seen.from,
                "it passed on another response behind a final one",
                &[seen.at, first.at],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, Picture};

    fn server() -> Bench {
        let mut run = Bench::new().sip_server("bob");
        run.dial();
        run.ring();
        run
    }

    #[test]
    fn copies_and_further_2xx_pass() {
        let mut run = server();
        run.answer();
        run.answer();
        let other = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@d.example>;tag=a\r\n\
                     To: <sip:b@d.example>;tag=c\r\nCall-ID: c\r\nCSeq: 9 INVITE\r\nContent-Length: 0\r\n\r\n";
        run.datagram("bob", "alice", other, true);
        run.datagram("bob", "alice", other.replace("tag=c", "tag=d"), true);
        assert_eq!(run.judged("sip.one-final-response"), Picture::passed(2));
    }

    #[test]
    fn a_refusal_behind_an_answer_is_a_breach() {
        let mut run = server();
        run.answer();
        let second = run.refuse(486);
        assert_eq!(run.judged("sip.one-final-response"), Picture::breach("bob", second));
    }

    #[test]
    fn ringing_behind_a_refusal_is_a_breach() {
        let mut run = server();
        run.refuse(486);
        let late = run.ring();
        assert_eq!(run.judged("sip.one-final-response"), Picture::breach("bob", late));
    }
}
