//! Session descriptions in a call: offers and answers (RFC 3264), TCP connections (RFC 4145), and
//! whether UPDATE may be used (RFC 3311).

use std::collections::BTreeMap;

use faxproof_reports::{Host, Weight};
use faxproof_wire::sdp::{DISCARD_PORT, Description, Setup, answer_problem};
use faxproof_wire::sip::Name;

use crate::evidence::{Case, Seen, Sip};
use crate::{Evidence, Report, Rule};

pub(super) const VERSION: Rule = Rule {
    id: "sdp.version",
    source: "RFC 3264 §8",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Every changed description of a session has the version of its o= line one higher, and the same version is the \
            same description. A peer that compares versions would overlook the change.",
    check: version,
};

pub(super) const LINES_STAY: Rule = Rule {
    id: "sdp.lines-stay",
    source: "RFC 3264 §8",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "The media lines of a session never become fewer. Lines are matched by their place, so a missing one \
            gives every later line another meaning.",
    check: lines_stay,
};

pub(super) const ANSWER: Rule = Rule {
    id: "sdp.answer",
    source: "RFC 3264 §6; RFC 4145 §4.1, §5.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "An answer has the lines of its offer: as many, of the same kind, with formats that were offered, and with \
            setup and connection values that answer those of the offer. Otherwise the two sides mean different connections.",
    check: answer,
};

pub(super) const ANSWERED: Rule = Rule {
    id: "sdp.offer-answered",
    source: "RFC 3261 §13.2.1, §13.2.2.4",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "An offer in a 200 is answered in its ACK, also where nothing of it is wanted: then every port is 0. \
            Without an answer the peer keeps its ports open for nobody.",
    check: answered,
};

pub(super) const ACTIVE_PORT: Rule = Rule {
    id: "sdp.active-port",
    source: "RFC 4145 §4.1",
    weight: Weight::Should,
    evidence: &[Evidence::Wire],
    about: "The side that connects writes port 9 in its media line. Nobody connects to it, and another number \
            invites somebody to try.",
    check: active_port,
};

pub(super) const NOT_TO_ACTIVE: Rule = Rule {
    id: "sdp.no-connection-to-active",
    source: "RFC 4145 §4.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "Nobody connects to the port that the active side wrote. It is a placeholder: whoever listens there is a stranger.",
    check: not_to_active,
};

pub(super) const CAPABILITIES: Rule = Rule {
    id: "sdp.capabilities-port-0",
    source: "RFC 3264 §9",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "A description that only lists capabilities, in a 200 to OPTIONS, a 488 or a 606, has port 0 in every line. \
            Another port would offer a connection that nobody awaits.",
    check: capabilities,
};

pub(super) const UPDATE_ALLOWED: Rule = Rule {
    id: "sip.update-allowed",
    source: "RFC 3311 §4, §5.1",
    weight: Weight::Must,
    evidence: &[Evidence::Wire],
    about: "UPDATE goes only to a peer that listed it in Allow. Others answer 405, and the call is lost for a \
            request that a re-INVITE could have replaced.",
    check: update_allowed,
};

pub(super) const ALLOW_AS_DECLARED: Rule = Rule {
    id: "sip.allow-as-declared",
    source: "RFC 3311 §4",
    weight: Weight::Declared,
    evidence: &[Evidence::Wire, Evidence::Inputs],
    about: "UPDATE stands in Allow where the fax declares that it takes it, and only there: as a caller with \
            variant U, as a callee that accepts U. A peer chooses how to announce by this list.",
    check: allow_as_declared,
};

/// A fax wrote this message itself; a server only passes messages on.
pub(super) fn written_by_a_fax<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a Seen, &'a Sip)> {
    let fax = |host: &Host| case.declaration.host(host).is_some_and(|host| host.has_line());
    case.messages
        .iter()
        .filter(move |seen| !seen.tampered && fax(&seen.from))
        .filter_map(|seen| Some((seen, seen.sip()?)))
}

/// A description that only tells what its writer can do.
fn lists_capabilities(sip: &Sip) -> bool {
    sip.is_response("OPTIONS", 200..=299) || matches!(sip.code, Some(488 | 606))
}

/// The descriptions that each fax sent of the session of each call, in their order, without copies.
fn sessions<'a>(case: &'a Case<'_>) -> BTreeMap<(&'a str, &'a Host), Vec<(&'a Seen, Description)>> {
    let mut sessions: BTreeMap<_, Vec<(&Seen, Description)>> = BTreeMap::new();
    for (seen, sip) in written_by_a_fax(case).filter(|(_, sip)| !lists_capabilities(sip)) {
        let Some(description) = sip.description() else { continue };
        let told = sessions.entry((sip.call_id.as_str(), &seen.from)).or_default();
        if !told.iter().any(|(_, known)| *known == description) {
            told.push((seen, description));
        }
    }
    sessions
}

fn version(case: &Case<'_>, report: &mut Report) {
    for ((_, host), told) in sessions(case) {
        report.applies();
        for pair in told.windows(2) {
            let [(before, old), (now, new)] = pair else { continue };
            let evidence = [now.at, before.at];
            if new.id != old.id {
                let text = format!("its session {} became {}", old.id, new.id);
                report.breach(host, text, &evidence);
            } else if new.version != old.version + 1 {
                let text =
                    format!("a changed description went from version {} to {}", old.version, new.version);
                report.breach(host, text, &evidence);
            }
        }
    }
}

fn lines_stay(case: &Case<'_>, report: &mut Report) {
    for ((_, host), told) in sessions(case) {
        report.applies();
        for pair in told.windows(2) {
            let [(before, old), (now, new)] = pair else { continue };
            if new.media.len() < old.media.len() {
                let text = format!("{} media lines became {}", old.media.len(), new.media.len());
                report.breach(host, text, &[now.at, before.at]);
            }
        }
    }
}

/// Every offer that was answered: who answered, and both descriptions.
fn exchanges<'a>(case: &'a Case<'_>) -> Vec<(&'a Seen, Description, &'a Seen, Description)> {
    let written: Vec<_> = written_by_a_fax(case).collect();
    let mut exchanges: Vec<(&Seen, Description, &Seen, Description)> = Vec::new();
    for (seen, sip) in &written {
        // An answer stands in the 2xx to a request that offered, or in the ACK for a 2xx that did.
        let (answers_request, acknowledges) = (
            sip.is_response("INVITE", 200..=299) || sip.is_response("UPDATE", 200..=299),
            sip.is_request("ACK"),
        );
        if !answers_request && !acknowledges {
            continue;
        }
        let offered = written.iter().find(|(other, offer)| {
            let same = offer.call_id == sip.call_id && offer.cseq.0 == sip.cseq.0 && other.from != seen.from;
            let is_offer = if acknowledges {
                offer.is_response("INVITE", 200..=299)
            } else {
                offer.is_request(&sip.cseq.1)
            };
            same && is_offer
        });
        let offer = offered.and_then(|(other, offer)| Some((*other, offer.description()?)));
        if let (Some((other, offer)), Some(answer)) = (offer, sip.description())
            && !exchanges.iter().any(|(_, _, _, known)| *known == answer)
        {
            exchanges.push((other, offer, seen, answer));
        }
    }
    exchanges
}

fn answer(case: &Case<'_>, report: &mut Report) {
    for (offered, offer, answered, answer) in exchanges(case) {
        report.applies();
        if let Some(problem) = answer_problem(&offer, &answer) {
            report.breach(&answered.from, problem.to_string(), &[answered.at, offered.at]);
        }
    }
}

fn answered(case: &Case<'_>, report: &mut Report) {
    for call in &case.calls {
        let (Some((_, answer)), Some((_, ack))) = (call.answered(), call.acknowledged()) else { continue };
        let invite = call.invite().is_some_and(|step| step.sip.message.body().is_empty());
        if !invite || answer.sip.description().is_none() {
            continue;
        }
        report.applies();
        if ack.sip.description().is_none() && !ack.seen.tampered {
            let text = "its ACK does not answer the offer in the 200";
            report.breach(&call.caller.name, text, &[ack.seen.at, answer.seen.at]);
        }
    }
}

fn active_port(case: &Case<'_>, report: &mut Report) {
    for ((_, host), told) in sessions(case) {
        for (seen, description) in told {
            for media in &description.media {
                if media.setup != Some(Setup::Active) || media.is_refused() {
                    continue;
                }
                report.applies();
                if media.port != DISCARD_PORT {
                    let text = format!("the active side wrote port {} in place of 9", media.port);
                    report.breach(host, text, &[seen.at]);
                }
            }
        }
    }
}

fn not_to_active(case: &Case<'_>, report: &mut Report) {
    let written: Vec<_> = sessions(case).into_values().flatten().collect();
    for stream in &case.streams {
        report.applies();
        let mut lines = written.iter().flat_map(|(seen, description)| {
            description.media.iter().enumerate().map(move |(line, media)| (*seen, description, line, media))
        });
        let active =
            |(_, description, line, media): &(&Seen, &Description, usize, &faxproof_wire::sdp::Media)| {
                media.setup == Some(Setup::Active)
                    && media.port == stream.to.port()
                    && description.address_of(*line) == Some(stream.to.ip())
            };
        if let Some((seen, ..)) = lines.find(active) {
            let text = "it connected to the port of the active side";
            report.breach(stream.client, text, &[stream.first(), seen.at]);
        }
    }
}

fn capabilities(case: &Case<'_>, report: &mut Report) {
    for (seen, sip) in written_by_a_fax(case).filter(|(_, sip)| lists_capabilities(sip)) {
        let Some(description) = sip.description() else { continue };
        report.applies();
        if let Some(media) = description.media.iter().find(|media| media.port != 0) {
            let text = format!("it lists what it supports with port {}", media.port);
            report.breach(&seen.from, text, &[seen.at]);
        }
    }
}

/// Whether a message lists UPDATE; `None` where it lists nothing.
fn allows_update(sip: &Sip) -> Option<bool> {
    let mut listed = sip.message.values(Name::Allow).peekable();
    listed.peek()?;
    Some(listed.any(|method| method.trim() == "UPDATE"))
}

fn update_allowed(case: &Case<'_>, report: &mut Report) {
    for (seen, sip) in written_by_a_fax(case).filter(|(_, sip)| sip.is_request("UPDATE")) {
        report.applies();
        let heard =
            |other: &&Seen| other.at < seen.at && other.to == seen.from && other.delivered_us.is_some();
        let mut said = case.messages.iter().filter(heard).filter_map(|other| {
            let other = other.sip().filter(|other| other.call_id == sip.call_id)?;
            allows_update(other)
        });
        if said.next_back() != Some(true) {
            report.breach(&seen.from, "it sent UPDATE to a peer that did not list it in Allow", &[seen.at]);
        }
    }
}

fn allow_as_declared(case: &Case<'_>, report: &mut Report) {
    for (seen, sip) in written_by_a_fax(case) {
        let habits = case.declaration.host(&seen.from).map(|host| &host.habits);
        let habit = |name: &str| habits.and_then(|habits| habits.get(name));
        let (Some(listed), Some(variant), Some(accepts)) =
            (allows_update(sip), habit("variant"), habit("accepts"))
        else {
            continue;
        };
        report.applies();
        let as_caller = sip.method.is_some();
        let declared =
            if as_caller { variant == "U" } else { accepts.split(' ').any(|letter| letter == "U") };
        if listed != declared {
            let text = if listed { "it lists UPDATE in Allow" } else { "it does not list UPDATE in Allow" };
            report.breach(&seen.from, format!("{text}, against its declaration"), &[seen.at]);
        }
    }
}

#[cfg(test)]
mod tests;
