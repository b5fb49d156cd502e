//! Answers to challenges (RFC 3261 §22).

use faxproof_reports::Weight;
use faxproof_wire::sip::digest::{Challenge, Credentials};
use faxproof_wire::sip::{Message, Name};

use crate::evidence::{Case, Seen, Sip};
use crate::{Evidence, Report, Rule};

pub(super) const ASKED_FOR: Rule = Rule {
    id: "sip.credentials-asked-for",
    source: "RFC 3261 §22.1, §22.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Credentials go out by digest alone, never by Basic, and only for a realm that has asked for them. Whoever \
            listens would otherwise learn a password, or somebody who never asked would get an answer to try.",
    check: asked_for,
};

pub(super) const RETRY_IS_NEW: Rule = Rule {
    id: "sip.retry-is-new",
    source: "RFC 3261 §8.1.3.5, §22.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "The request that answers a challenge has a CSeq one higher and another branch. With the old ones it would be \
            taken for a copy of the request that was refused.",
    check: retry_is_new,
};

pub(super) const REFUSED_ONCE: Rule = Rule {
    id: "sip.refused-credentials-end",
    source: "RFC 3261 §22.2",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Credentials that were refused are not sent again, unless the challenge says that only the nonce was stale, \
            and no nonce is answered twice. Otherwise two machines would argue for ever about a mistyped password.",
    check: refused_once,
};

const ANSWERS: [Name; 2] = [Name::Authorization, Name::ProxyAuthorization];
const CHALLENGES: [Name; 2] = [Name::WwwAuthenticate, Name::ProxyAuthenticate];

/// A request that carries credentials, and the last challenge to a request of the same kind before it.
struct Retry<'a> {
    seen: &'a Seen,
    sip: &'a Sip,
    refused: &'a Sip,
    challenge: &'a Seen,
    /// What the refusal asks for.
    asked: Vec<Challenge>,
}

fn asked_for(case: &Case<'_>, report: &mut Report) {
    for (seen, sip) in with_credentials(case) {
        report.applies();
        let values: Vec<String> = values(&sip.message, ANSWERS).collect();
        if values.iter().any(|value| is_basic(value)) {
            report.breach(&seen.from, "it sent its password by Basic", &[seen.at]);
        }
        for given in credentials(&sip.message) {
            let mut earlier = challenges_to(case, seen).map(|(_, sip)| challenges(&sip.message));
            if !earlier.any(|asked| asked.iter().any(|challenge| challenge.realm == given.realm)) {
                let text = format!("it sent credentials for {}, which had not asked for any", given.realm);
                report.breach(&seen.from, text, &[seen.at]);
            }
        }
    }
}

fn retry_is_new(case: &Case<'_>, report: &mut Report) {
    for retry in retries(case) {
        report.applies();
        if retry.sip.cseq.0 != retry.refused.cseq.0 + 1 || retry.sip.branch == retry.refused.branch {
            let text = "its answer to a challenge has not a CSeq one higher and another branch";
            report.breach(&retry.seen.from, text, &[retry.seen.at, retry.challenge.at]);
        }
    }
}

fn refused_once(case: &Case<'_>, report: &mut Report) {
    for retry in retries(case) {
        let old = credentials(&retry.refused.message);
        for new in credentials(&retry.sip.message) {
            let Some(old) = old.iter().find(|old| old.realm == new.realm) else { continue };
            report.applies();
            let stale = retry.asked.iter().any(|asked| asked.realm == new.realm && asked.stale);
            if !stale || old.nonce == new.nonce {
                let text = "it sent credentials again that had been refused";
                report.breach(&retry.seen.from, text, &[retry.seen.at, retry.challenge.at]);
            }
        }
    }
}

/// The first request with credentials behind every 401 and 407, of the same call and method.
fn retries<'a>(case: &'a Case<'_>) -> Vec<Retry<'a>> {
    let mut retries = Vec::new();
    let mut known: Vec<usize> = Vec::new();
    for (seen, sip) in with_credentials(case) {
        let same = |other: &Sip| {
            other.call_id == sip.call_id && other.cseq.1 == sip.cseq.1 && other.from_tag == sip.from_tag
        };
        let Some((challenge, refusal)) = challenges_to(case, seen).filter(|(_, other)| same(other)).last()
        else {
            continue;
        };
        if known.contains(&challenge.at) {
            continue;
        }
        known.push(challenge.at);
        let refused = case.messages.iter().take_while(|other| other.at < challenge.at).find_map(|other| {
            let sip = other.sip().filter(|_| other.from == seen.from && !other.tampered)?;
            let is_it = sip.method.is_some() && same(sip) && sip.cseq == refusal.cseq;
            (is_it && sip.branch == refusal.branch).then_some(sip)
        });
        let asked = challenges(&refusal.message);
        retries.extend(refused.map(|refused| Retry { seen, sip, refused, challenge, asked }));
    }
    retries
}

/// Requests with credentials, but for ACK and CANCEL, which repeat what their INVITE had.
fn with_credentials<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a Seen, &'a Sip)> {
    let testers = case.testers();
    let sent = case.messages.iter().filter(move |seen| !seen.tampered && !testers.contains(&seen.from));
    let sent = sent.filter_map(|seen| Some((seen, seen.sip()?)));
    sent.filter(|(_, sip)| {
        let repeats = sip.is_request("ACK") || sip.is_request("CANCEL");
        sip.method.is_some() && !repeats && values(&sip.message, ANSWERS).next().is_some()
    })
}

/// 401 and 407 that had reached the sender when it sent this.
fn challenges_to<'a>(case: &'a Case<'_>, seen: &'a Seen) -> impl Iterator<Item = (&'a Seen, &'a Sip)> {
    let arrived =
        |other: &&Seen| other.to == seen.from && other.delivered_us.is_some_and(|at| at <= seen.sent_us);
    let earlier = case.messages.iter().take_while(|other| other.at < seen.at).filter(arrived);
    let earlier = earlier.filter_map(|other| Some((other, other.sip()?)));
    earlier.filter(|(_, sip)| matches!(sip.code, Some(401 | 407)))
}

fn values(message: &Message, names: [Name; 2]) -> impl Iterator<Item = String> {
    names.into_iter().flat_map(|name| message.values(name).map(|value| value.into_owned()))
}

fn is_basic(value: &str) -> bool {
    value.split_whitespace().next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("Basic"))
}

/// What can be read of them: a saved record no longer says what they were.
fn credentials(message: &Message) -> Vec<Credentials> {
    values(message, ANSWERS).filter_map(|value| Credentials::parse(&value).ok()).collect()
}

fn challenges(message: &Message) -> Vec<Challenge> {
    values(message, CHALLENGES).filter_map(|value| Challenge::parse(&value).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, Picture};

    fn answer_to(realm: &str, nonce: &str) -> String {
        let given = Credentials {
            username: "alice".to_owned(),
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            uri: "sip:b@d.example".to_owned(),
            algorithm: None,
            cnonce: "c".to_owned(),
            nc: 1,
            opaque: None,
            response: String::new(),
        };
        given.signed("INVITE", "secret").to_string()
    }

    /// Alice sends an INVITE.
    fn invite(run: &mut Bench, cseq: u32, branch: &str, credentials: Option<&str>) -> usize {
        let line = credentials.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let start = "INVITE sip:b@d.example SIP/2.0\r\n";
        run.datagram("alice", "bob", message(start, cseq, branch, &line), true)
    }

    /// Bob asks who she is.
    fn challenge(run: &mut Bench, cseq: u32, branch: &str, nonce: &str, more: &str) {
        let line =
            format!("Proxy-Authenticate: Digest realm=\"d\", nonce=\"{nonce}\", qop=\"auth\"{more}\r\n");
        run.datagram("bob", "alice", message("SIP/2.0 407 Who\r\n", cseq, branch, &line), true);
        run.at_arrival();
    }

    fn message(start: &str, cseq: u32, branch: &str, more: &str) -> String {
        format!(
            "{start}Via: SIP/2.0/UDP h;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\nFrom: <sip:a@d.example>;tag=a\r\n\
             To: <sip:b@d.example>\r\nCall-ID: c\r\nCSeq: {cseq} INVITE\r\n{more}Content-Length: 0\r\n\r\n"
        )
    }

    /// An INVITE, its challenge, and the answer to that.
    fn answered(cseq: u32, branch: &str) -> (Bench, usize) {
        let mut run = Bench::new();
        invite(&mut run, 1, "1", None);
        challenge(&mut run, 1, "1", "n1", "");
        let retry = invite(&mut run, cseq, branch, Some(&answer_to("d", "n1")));
        (run, retry)
    }

    #[test]
    fn an_answer_to_a_challenge_passes() {
        let (run, _) = answered(2, "2");
        assert_eq!(run.judged("sip.credentials-asked-for"), Picture::passed(1));
        assert_eq!(run.judged("sip.retry-is-new"), Picture::passed(1));
        assert_eq!(run.judged("sip.refused-credentials-end"), Picture::passed(0));
    }

    #[test]
    fn basic_is_a_breach() {
        let mut run = Bench::new();
        invite(&mut run, 1, "1", None);
        let told = invite(&mut run, 2, "2", Some("Basic YWxpY2U6c2VjcmV0"));
        assert_eq!(run.judged("sip.credentials-asked-for"), Picture::breach("alice", told));
    }

    #[test]
    fn credentials_for_a_realm_that_never_asked_are_a_breach() {
        let mut run = Bench::new();
        invite(&mut run, 1, "1", None);
        challenge(&mut run, 1, "1", "n1", "");
        let told = invite(&mut run, 2, "2", Some(&answer_to("elsewhere", "n1")));
        assert_eq!(run.judged("sip.credentials-asked-for"), Picture::breach("alice", told));
    }

    #[test]
    fn a_retry_with_an_old_cseq_or_branch_is_a_breach() {
        for (cseq, branch) in [(1, "2"), (2, "1"), (3, "2")] {
            let (run, retry) = answered(cseq, branch);
            assert_eq!(run.judged("sip.retry-is-new"), Picture::breach("alice", retry), "{cseq} {branch}");
        }
    }

    #[test]
    fn refused_credentials_may_follow_a_stale_nonce_alone() {
        for (more, nonce, good) in
            [(", stale=true", "n2", true), ("", "n2", false), (", stale=true", "n1", false)]
        {
            let (mut run, _) = answered(2, "2");
            challenge(&mut run, 2, "2", nonce, more);
            let again = invite(&mut run, 3, "3", Some(&answer_to("d", nonce)));
            let expected = if good { Picture::passed(1) } else { Picture::breach("alice", again) };
            assert_eq!(run.judged("sip.refused-credentials-end"), expected, "{more} {nonce}");
        }
    }
}
