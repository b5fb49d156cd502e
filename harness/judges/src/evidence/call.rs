//! A call as its caller sees it: what it sent, and what reached it, in the order of its own clock.

use faxproof_reports::{Class, Host, HostDeclaration, OrderDeclaration};
use faxproof_wire::sdp::Setup;
use faxproof_wire::vendor::{Answered, Asked, Profile};

use super::message::{Seen, Sip};
use super::{digits, same_number, vendor};

/// A call of a fax, by the Call-ID of the INVITE that it sent.
#[derive(Debug)]
pub struct Call<'a> {
    /// The fax that called.
    pub caller: &'a HostDeclaration,
    /// The host that answered, or to which the INVITE came.
    pub callee: Option<&'a Host>,
    /// Call-ID.
    pub call_id: &'a str,
    /// What the caller sent and what reached it.
    pub view: Vec<Step<'a>>,
    /// The wire profile of a vendor, where the caller's calls follow one.
    pub vendor: Option<Profile>,
    /// The number in To of the first INVITE, as written.
    pub called: String,
    /// The operator's order behind the call, and its position in the trace.
    pub order: Option<(usize, &'a OrderDeclaration)>,
    /// The connections that were made for it: positions in [`Case::streams`](super::Case::streams).
    pub streams: Vec<usize>,
    /// First and last position in the trace that belong to it.
    pub span: (usize, usize),
}

/// One message at the caller's side.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// When the caller sent or got it, in microseconds.
    pub at_us: u64,
    /// Whether the caller sent it.
    pub sent: bool,
    /// The message.
    pub seen: &'a Seen,
    /// What it says.
    pub sip: &'a Sip,
}

/// What the first INVITE carries (T1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A description without application media: variants B, S and U.
    NoMedia,
    /// The announcement itself: variant E.
    Announcement,
    /// The caller's protocols, with no connection for now: variant H.
    AllOnHold,
    /// No description: variant D.
    Nothing,
    /// A description that nobody can read.
    Unreadable,
}

/// What the destination said to the request for a presentation (T3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presentation {
    /// It listed these protocols (R3).
    Protocols(Vec<String>),
    /// It answered without any: another code than 2xx, or no description.
    Nothing,
    /// It did not answer.
    Silence,
}

/// What became of the announcement (T4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// It was never made.
    Unmade,
    /// No final response came.
    Unanswered,
    /// A final response other than 2xx, or every media line with port 0.
    Refused(u16),
    /// The destination is ready.
    Accepted,
}

impl<'a> Call<'a> {
    /// Whether its caller walks Figure 4, with table Ta1.
    pub fn is_of_figure_4(&self) -> bool {
        self.caller.class == Class::Fax1
    }

    /// Whether the call went to this number. What the operator dialled decides; the form on the wire,
    /// which may carry a country code, does only where no order is known.
    pub fn went_to(&self, number: &str) -> bool {
        match self.order.and_then(|(_, order)| order.to.as_deref()) {
            Some(dialled) => digits(dialled) == digits(number),
            None => same_number(&self.called, number),
        }
    }

    /// Steps sent by the caller that satisfy this, with their places.
    pub fn sent(&self, wanted: impl Fn(&Sip) -> bool) -> impl Iterator<Item = (usize, &Step<'a>)> {
        self.view.iter().enumerate().filter(move |(_, step)| step.sent && wanted(step.sip))
    }

    /// Steps that reached the caller and satisfy this, with their places.
    pub fn received(&self, wanted: impl Fn(&Sip) -> bool) -> impl Iterator<Item = (usize, &Step<'a>)> {
        self.view.iter().enumerate().filter(move |(_, step)| !step.sent && wanted(step.sip))
    }

    /// Numbers of CSeq of the INVITEs that form the dialog (several after a challenge or redirect).
    pub fn forming(&self) -> Vec<u32> {
        self.sent(|sip| sip.is_request("INVITE") && sip.to_tag.is_none())
            .map(|(_, step)| step.sip.cseq.0)
            .collect()
    }

    /// T1: the first INVITE.
    pub fn invite(&self) -> Option<&Step<'a>> {
        self.sent(|sip| sip.is_request("INVITE")).next().map(|(_, step)| step)
    }

    /// The last INVITE that could form the dialog. After 503, silence or ICMP the same request goes to the
    /// next server under another branch (RFC 3263 §4.3), and what became of that try counts.
    pub fn last_try(&self) -> Option<&Step<'a>> {
        self.sent(|sip| sip.is_request("INVITE") && sip.to_tag.is_none()).last().map(|(_, step)| step)
    }

    /// What T1 carries: where T3, R3 and T4 are to be looked for follows from it.
    pub fn opening(&self) -> Opening {
        let Some(invite) = self.invite() else { return Opening::Unreadable };
        if invite.sip.message.body().is_empty() {
            return Opening::Nothing;
        }
        let Some(offer) = invite.sip.description() else { return Opening::Unreadable };
        match offer.media.iter().find(|media| media.is_application_over_tcp()) {
            None => Opening::NoMedia,
            Some(media) if media.offered_setup() == Setup::HoldConn => Opening::AllOnHold,
            Some(_) => Opening::Announcement,
        }
    }

    /// Whether R3 rides in R2: the peer's offer, its formats, or its capabilities (RFC 3407).
    pub fn presents_in_answer(&self) -> bool {
        let Some((_, answer)) = self.answered() else { return false };
        if let Some(profile) = &self.vendor {
            // A peer that takes no INFO of the package has said that it presents nothing.
            return !profile.is_taken_by(&answer.sip.message);
        }
        let declares = |step: &Step<'_>| {
            step.sip.description().is_some_and(|description| description.declared_protocols().is_some())
        };
        match self.opening() {
            Opening::Nothing => true,
            Opening::AllOnHold => self.caller.habits.get("presentation").is_some_and(|by| by == "answer"),
            Opening::NoMedia => declares(answer) && self.invite().is_some_and(declares),
            Opening::Announcement | Opening::Unreadable => false,
        }
    }

    /// R2: the first 2xx to the INVITE that reached the caller, with its place.
    pub fn answered(&self) -> Option<(usize, &Step<'a>)> {
        let forming = self.forming();
        self.received(|sip| sip.is_response("INVITE", 200..=299) && forming.contains(&sip.cseq.0)).next()
    }

    /// The final response that ended the attempt; `None` where it was answered or still open.
    pub fn refused(&self) -> Option<&Step<'a>> {
        let branch = &self.last_try()?.sip.branch;
        let refusal =
            self.received(|sip| sip.is_response("INVITE", 300..=699) && sip.branch == *branch).next();
        refusal.filter(|_| self.answered().is_none()).map(|(_, step)| step)
    }

    /// T2: the first ACK to R2, with its place.
    pub fn acknowledged(&self) -> Option<(usize, &Step<'a>)> {
        let (answered, answer) = self.answered()?;
        let number = answer.sip.cseq.0;
        self.sent(|sip| sip.is_request("ACK") && sip.cseq.0 == number).find(|(place, _)| *place > answered)
    }

    /// T3: the first OPTIONS of the call, or what its vendor has for that, with its place.
    pub fn presentation_request(&self) -> Option<(usize, &Step<'a>)> {
        match &self.vendor {
            Some(profile) => self.sent(|sip| vendor::asks(profile, sip)).next(),
            None => self.sent(|sip| sip.is_request("OPTIONS")).next(),
        }
    }

    /// R3: the final response to T3, with its place. What comes behind a BYE comes too late to count.
    pub fn presentation_response(&self) -> Option<(usize, &Step<'a>)> {
        let (_, request) = self.presentation_request()?;
        let (number, method) = &request.sip.cseq;
        // A vendor may have one method for two questions.
        let own = |sip: &Sip| self.vendor.is_none() || sip.cseq.0 == *number;
        self.received(|sip| sip.is_response(method, 200..=699) && own(sip))
            .next()
            .filter(|(place, _)| self.runs_at(*place))
    }

    /// What R3 says; `None` where T3 was never sent, and R2 said nothing in its place.
    pub fn presentation(&self) -> Option<Presentation> {
        if self.presentation_request().is_none() {
            let (_, answer) = self.answered().filter(|_| self.presents_in_answer())?;
            let description = answer.sip.description();
            let listed = description.map(|description| match self.opening() {
                Opening::NoMedia => description.declared_protocols().unwrap_or_default(),
                _ => description.ready_for(),
            });
            return Some(presentation_of(listed));
        }
        let Some((_, response)) = self.presentation_response() else { return Some(Presentation::Silence) };
        if let Some(profile) = &self.vendor {
            return Some(presentation_of(profile.presented(&response.sip.message).map(in_lower_case)));
        }
        let description =
            response.sip.description().filter(|_| response.sip.is_response("OPTIONS", 200..=299));
        Some(presentation_of(description.map(|description| description.presented())))
    }

    /// The presented protocols that the caller can run too.
    pub fn in_common(&self) -> Vec<String> {
        let Some(Presentation::Protocols(presented)) = self.presentation() else { return Vec::new() };
        let ours = |name: &String| self.caller.protocols.iter().any(|own| own.eq_ignore_ascii_case(name));
        presented.into_iter().filter(ours).collect()
    }

    /// T4 with its place: the first INVITE that offers a protocol, the ACK that chooses one, the first
    /// re-INVITE or UPDATE, or what its vendor has for that.
    pub fn announcement(&self) -> Option<(usize, &Step<'a>)> {
        match self.opening() {
            Opening::Announcement => self.sent(|sip| sip.is_request("INVITE")).next(),
            Opening::Nothing => {
                let chooses = |step: &Step<'_>| {
                    step.sip.description().is_some_and(|answer| !answer.ready_for().is_empty())
                };
                self.acknowledged().filter(|(_, ack)| chooses(ack))
            }
            Opening::NoMedia | Opening::AllOnHold | Opening::Unreadable => self.attempts().next(),
        }
    }

    /// Requests within the dialog that announce: more than one where the first was put off.
    fn attempts(&self) -> impl Iterator<Item = (usize, &Step<'a>)> {
        let announces = |sip: &Sip| match &self.vendor {
            Some(profile) => vendor::announces(profile, sip),
            None => sip.is_request("INVITE") || sip.is_request("UPDATE"),
        };
        self.sent(move |sip| announces(sip) && sip.to_tag.is_some())
    }

    /// The protocol that T4 announces, in lower case.
    pub fn announced_protocol(&self) -> Option<String> {
        let (_, step) = self.announcement()?;
        if let Some(profile) = &self.vendor {
            let Some(Asked::Announcement(protocol)) = profile.asked(&step.sip.message) else { return None };
            return Some(protocol.to_ascii_lowercase());
        }
        let description = step.sip.description()?;
        // An answer names the lines that it refuses too.
        let listed =
            if step.sip.is_request("ACK") { description.ready_for() } else { description.presented() };
        listed.into_iter().next()
    }

    /// The final response to T4, with its place: to its last attempt, where it was put off. What comes
    /// behind a BYE comes too late to count. The peer that made the offer has said all in R2.
    pub fn announcement_response(&self) -> Option<(usize, &Step<'a>)> {
        let (_, request) = self.announcement()?;
        if request.sip.is_request("ACK") {
            return self.answered();
        }
        let last = match self.opening() {
            Opening::Announcement => self.forming().last().copied(),
            _ => self.attempts().last().map(|(_, step)| step.sip.cseq.0),
        };
        let methods = match &self.vendor {
            Some(profile) => vec![profile.announcement.method.as_str()],
            None => vec!["INVITE", "UPDATE"],
        };
        let finals = |sip: &Sip| methods.iter().any(|method| sip.is_response(method, 200..=699));
        let found = self.received(|sip| finals(sip) && Some(sip.cseq.0) == last).next();
        found.filter(|(place, _)| self.runs_at(*place))
    }

    /// When T4 was complete, in microseconds: with its ACK; with the 200 where T4 was no INVITE.
    pub fn announced_us(&self) -> Option<u64> {
        let (_, response) = self.announcement_response()?;
        if response.sip.cseq.1 != "INVITE" {
            return Some(response.seen.sent_us);
        }
        let number = response.sip.cseq.0;
        self.sent(|sip| sip.is_request("ACK") && sip.cseq.0 == number).next().map(|(_, ack)| ack.at_us)
    }

    /// What became of T4.
    pub fn announced(&self) -> Announcement {
        if self.announcement().is_none() {
            return Announcement::Unmade;
        }
        let Some((_, response)) = self.announcement_response() else { return Announcement::Unanswered };
        let code = response.sip.code.unwrap_or_default();
        if let Some(profile) = &self.vendor {
            // What is no answer of the profile refuses nothing either.
            let said = profile.answered(&response.sip.message);
            let declines = matches!(said, Some(Answered::PortZero | Answered::Declined));
            return if declines { Announcement::Refused(code) } else { Announcement::Accepted };
        }
        // An answer without lines, or none at all, refuses nothing: it is a fault (RFC 3264 §6).
        let refused = response.sip.description().is_some_and(|answer| answer.is_refusal());
        match code {
            200..=299 if !refused => Announcement::Accepted,
            code => Announcement::Refused(code),
        }
    }

    /// Where the destination accepted T4: the place of its answer, and the ports that this names.
    pub fn accepted_answer(&self) -> Option<(usize, Vec<u16>)> {
        let (place, response) = self.announcement_response()?;
        if self.announced() != Announcement::Accepted {
            return None;
        }
        let ports = match &self.vendor {
            Some(profile) => match profile.answered(&response.sip.message)? {
                Answered::Ready(values) => values.port.into_iter().collect(),
                Answered::PortZero | Answered::Declined => Vec::new(),
            },
            None => response.sip.description()?.media.iter().map(|media| media.port).collect(),
        };
        Some((place, ports))
    }

    /// Every 2xx that made a dialog, the first of each: several where a proxy has forked the INVITE.
    pub fn dialogs(&self) -> Vec<&Step<'a>> {
        let forming = self.forming();
        let makes = |sip: &Sip| sip.is_response("INVITE", 200..=299) && forming.contains(&sip.cseq.0);
        let mut dialogs: Vec<&Step<'a>> = Vec::new();
        for (_, step) in self.received(makes) {
            if dialogs.iter().all(|known| known.sip.to_tag != step.sip.to_tag) {
                dialogs.push(step);
            }
        }
        dialogs
    }

    /// Whether a peer with this tag is the one of the call, and not of a fork that was ended at once.
    fn is_peer(&self, tag: &Option<String>) -> bool {
        let dialogs = self.dialogs();
        let forks = dialogs.iter().skip(1);
        !forks.into_iter().any(|fork| fork.sip.to_tag == *tag)
    }

    /// The first BYE that the caller sent, with its place.
    pub fn bye_sent(&self) -> Option<(usize, &Step<'a>)> {
        self.sent(|sip| sip.is_request("BYE") && self.is_peer(&sip.to_tag)).next()
    }

    /// The first BYE that reached the caller, with its place.
    pub fn bye_received(&self) -> Option<(usize, &Step<'a>)> {
        self.received(|sip| sip.is_request("BYE") && self.is_peer(&sip.from_tag)).next()
    }

    /// Whether nobody had hung up yet.
    fn runs_at(&self, place: usize) -> bool {
        let ends = [self.bye_sent(), self.bye_received()];
        ends.into_iter().flatten().all(|(end, _)| place < end)
    }

    /// The first CANCEL that the caller sent, with its place.
    pub fn cancelled(&self) -> Option<(usize, &Step<'a>)> {
        self.sent(|sip| sip.is_request("CANCEL")).next()
    }

    /// Whether nothing more is to be expected of it: refused, or hung up by one of the two.
    pub fn is_over(&self) -> bool {
        self.refused().is_some() || self.bye_sent().is_some() || self.bye_received().is_some()
    }
}

fn in_lower_case(names: Vec<String>) -> Vec<String> {
    names.into_iter().map(|name| name.to_ascii_lowercase()).collect()
}

fn presentation_of(listed: Option<Vec<String>>) -> Presentation {
    match listed {
        Some(protocols) if !protocols.is_empty() => Presentation::Protocols(protocols),
        _ => Presentation::Nothing,
    }
}
