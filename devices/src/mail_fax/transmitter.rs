//! The transmitter: S301 to S311 of Figures 8 and 9, S101 to S112 of Figures 10 to 13. The steps beside the lines
//! are those of machine 101; `arcs.rs` says how machine 118 calls them.

use std::collections::VecDeque;

use super::MailFax;
use super::arcs::{self, Awaiting, Call, Session, Transmitter};
use super::letters::{self, Kind};
use super::reforming::{self, Enclosure, Pending};
use crate::config::{ExtensionRule, Machine, PathReject};
use crate::core::{Outbox, Time, Timer};
use crate::handover::{Handover, Letter, Outcome, Step};
use crate::line::What;
use crate::number;
use crate::order::{Destination, Document};
use crate::ta2::{Key, Row};

/// Runs while the confirmation of a mail is awaited; its owner is the order.
pub(super) const AWAITED: &str = "confirmation";
/// Mails whose confirmation is awaited at one time; the oldest is given up for a further one.
const MOST_AWAITED: usize = 200;

/// An order to send.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) order: u64,
    pub(super) document: Document,
    /// The IP telephone number, if S301 has one.
    pub(super) number: Option<String>,
    /// The mail address, and whether it comes from the table.
    pub(super) address: Option<(String, bool)>,
    /// Message-ID of M1, the same by whichever way it goes.
    pub(super) message_id: String,
    /// What the mail carries where no extensions were agreed upon, and what is still to come.
    pub(super) enclosed: Enclosure,
    pub(super) pending: Pending,
    /// The mail is the second one of the order (S113): what may follow it.
    pub(super) again: Option<&'static Awaiting>,
    pub(super) at: At,
}

/// Where the flowchart waits.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// S302 to S306: one mail in a call. Whether S309 follows its end.
    Calling { handover: Handover, mails_then: bool, arcs: &'static Call, session: &'static Session },
    /// S309: for the outgoing server.
    Mailing,
}

/// S310: a mail that may still be confirmed.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) walk: Walk,
    pub(super) arcs: &'static Awaiting,
    /// The operator was told that nobody knows whether it arrived.
    pub(super) doubtful: bool,
}

impl MailFax {
    /// The start key was pressed: step S301.
    pub(super) fn send(
        &mut self,
        now: Time,
        key: u64,
        to: Destination,
        document: Document,
        out: &mut Outbox,
    ) {
        let (arc, number, address) = match self.look_up(&to) {
            Ok(found) => found,
            Err(Refused::SpeedDial) => {
                out.mark(key, self.transmitter().speed_dial_unknown); // S301
                return self.display(
                    key,
                    "This speed dial number is not in use; nothing was sent".to_owned(),
                    out,
                );
            }
            Err(Refused::Typed(why)) => {
                return self.display(key, format!("This {why}; nothing was sent"), out);
            }
        };
        out.mark(key, arc); // S301
        let message_id = letters::message_id(&self.config, &self.line.entropy(), ("m1", key));
        let (enclosed, pending) = self.first_enclosure(&document, number.as_deref(), address.as_ref(), out);
        let mut walk = Walk {
            order: key,
            document,
            number,
            address,
            message_id,
            enclosed,
            pending,
            again: None,
            at: At::Mailing,
        };
        let Some(number) = walk.number.clone() else {
            return self.mail(now, key, walk, out); // S309
        };
        let (letter, by_helo) = self.letter(now, key, &walk);
        self.call_for(now, key, &mut walk, (&number, letter, by_helo), &self.transmitter().call, out);
        self.walks.insert(key, walk);
    }

    /// S302, S102: calls for the sake of a mail.
    pub(super) fn call_for(
        &mut self,
        now: Time,
        key: u64,
        walk: &mut Walk,
        (number, letter, by_helo): (&str, Letter, bool),
        arcs: &'static Call,
        out: &mut Outbox,
    ) {
        let config = self.config.clone();
        let name = (config.mail_domain(), by_helo);
        let handover = Handover::begin(now, &mut self.line, (key, number), name, letter, out);
        walk.at = At::Calling { handover, mails_then: false, arcs, session: &arcs.plain };
    }

    /// What the first mail carries: machine 118 may know what the recipient prints, or ask for it.
    fn first_enclosure(
        &self,
        document: &Document,
        number: Option<&str>,
        address: Option<&(String, bool)>,
        out: &mut Outbox,
    ) -> (Enclosure, Pending) {
        let config = &self.config;
        let habits = &config.mail_habits;
        if config.machine == Machine::Fax101 {
            return (reforming::plain(document), Pending::Nothing);
        }
        let peer = peer_of(number, address.map(|(address, _)| address.as_str()));
        match (document, self.capabilities.get(&peer)) {
            (Document::Image { original, .. }, Some(told)) => {
                let reformed = reforming::reformed(original, &habits.sends, Some(told), &peer, out);
                (reformed.enclosure, Pending::Nothing)
            }
            _ => reforming::first(document, habits),
        }
    }

    fn transmitter(&self) -> &'static Transmitter {
        arcs::transmitter(self.config.machine)
    }

    /// What is handed over in the call, and whether the fax greets by HELO. Machine 118 has a mail for each
    /// kind of peer, and must try EHLO to tell them apart (S104).
    fn letter(&self, now: Time, key: u64, walk: &Walk) -> (Letter, bool) {
        let habits = &self.config.mail_habits;
        let plain = self.m1(now, key, walk, Kind::Plain);
        match (self.config.machine, habits.extension_rule) {
            (Machine::Fax101, _) => (Letter::Mail(plain), habits.greets_by_helo),
            (Machine::Fax118, rule) => {
                let extended = self.m1(now, key, walk, Kind::Extended);
                let needs = match rule {
                    ExtensionRule::Ehlo => None,
                    ExtensionRule::Lists(keyword) => Some(keyword),
                };
                let forms = walk.pending != Pending::Nothing;
                (Letter::ByPeer { extended, plain, needs, forms }, false)
            }
        }
    }

    /// Does the fax have the number of the destination? The arc, the number and the address.
    fn look_up(&self, to: &Destination) -> Result<Found, Refused> {
        let arcs = self.transmitter();
        let habits = &self.config.mail_habits;
        let of = |row: &Row| {
            let number = row.number.clone().filter(|number| habits.may_call(number));
            (number, row.address.clone().map(|address| (address, true)))
        };
        match to {
            Destination::SpeedDial(dialled) => {
                let row = self.ta2.find(&Key::SpeedDial(dialled.clone())).ok_or(Refused::SpeedDial)?;
                let (number, address) = of(row);
                let arc = if number.is_some() { arcs.speed_dial } else { arcs.speed_dial_without_number };
                Ok((arc, number, address))
            }
            Destination::Typed(text) if letters::is_address(text) => {
                match self.ta2.find(&Key::Address(text.clone())).map(of) {
                    Some((Some(number), address)) => Ok((arcs.address_in_table, Some(number), address)),
                    Some((None, address)) => Ok((arcs.address_without_number, None, address)),
                    None => Ok((arcs.address_unknown, None, Some((text.clone(), false)))),
                }
            }
            Destination::Typed(text) if number::is_dialable(text) && !habits.may_call(text) => {
                Err(Refused::Typed("fax never calls this number"))
            }
            Destination::Typed(text) if number::is_dialable(text) => {
                let row = self.ta2.find(&Key::Number(text.clone()));
                Ok((arcs.typed_number, Some(text.clone()), row.and_then(|row| of(row).1)))
            }
            Destination::Typed(_) => Err(Refused::Typed("is neither a number nor a mail address")),
        }
    }

    /// The line tells of the call of an order.
    pub(super) fn walk_on(&mut self, now: Time, key: u64, what: What, out: &mut Outbox) {
        let Some(mut walk) = self.walks.remove(&key) else { return };
        let At::Calling { handover, .. } = &mut walk.at else {
            self.walks.insert(key, walk);
            return;
        };
        let order = walk.order;
        let mut steps: VecDeque<Step> = handover.hear(now, &mut self.line, what, out).into();
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Established => {
                    if let At::Calling { arcs, .. } = &walk.at {
                        arcs.established.into_iter().for_each(|arc| out.mark(order, arc)); // S303
                    }
                }
                Step::Accepted { extended } => {
                    if let At::Calling { arcs, session, .. } = &mut walk.at {
                        *session = if extended { &arcs.extended } else { &arcs.plain };
                        session.accepted.into_iter().for_each(|arc| out.mark(order, arc)); // S305
                    }
                }
                Step::Asked { told } => {
                    steps.extend(self.form_for(now, key, &mut walk, told.as_deref(), out));
                }
                Step::Over(outcome) => self.handed_over(now, &mut walk, outcome, out),
                Step::Ended => {
                    // S307, S308
                    if let At::Calling { mails_then: true, .. } = walk.at {
                        self.mail(now, key, walk, out); // S309
                    }
                    return;
                }
            }
        }
        self.walks.insert(key, walk);
    }

    /// S108 with a peer that said in the session what it prints (RFC 4141): the pages go in that form.
    fn form_for(
        &mut self,
        now: Time,
        key: u64,
        walk: &mut Walk,
        told: Option<&str>,
        out: &mut Outbox,
    ) -> Vec<Step> {
        let Document::Image { original, .. } = &walk.document else { return Vec::new() };
        let sends = &self.config.mail_habits.sends;
        let reformed = reforming::reformed(original, sends, told, &walk.peer(), out);
        (walk.enclosed, walk.pending) = (reformed.enclosure, Pending::Nothing);
        if let Some(told) = told {
            self.remember(walk, told);
        }
        let message = self.m1(now, key, walk, Kind::Extended).message;
        match &mut walk.at {
            At::Calling { handover, .. } => handover.give(now, &mut self.line, message, out),
            At::Mailing => Vec::new(),
        }
    }

    /// S303, S305, S306: what became of the mail on the connection.
    fn handed_over(&mut self, now: Time, walk: &mut Walk, outcome: Outcome, out: &mut Outbox) {
        let At::Calling { arcs, session, .. } = &walk.at else { return };
        let (arcs, session) = (*arcs, *session);
        // What is known of the recipient is never thrown away: a second mail goes the other way too.
        let falls_back =
            walk.again.is_some() || self.config.mail_habits.on_path_reject == PathReject::FallBack;
        // With extensions the 250 is the receipt, and nobody is asked for another (Figure 11).
        let awaits = walk.again.is_some()
            || self.config.machine == Machine::Fax101
            || std::ptr::eq(session, &arcs.plain);
        let (arc, why, mails) = match outcome {
            Outcome::Sent => {
                session.sent.into_iter().for_each(|arc| out.mark(walk.order, arc)); // S306
                if awaits {
                    self.await_confirmation(now, walk.clone(), false, out);
                }
                return;
            }
            Outcome::NoCall(why) => (arcs.no_call, why, true),
            Outcome::NoSmtp(why) => (arcs.refused, why, true),
            Outcome::Silence(why) => (arcs.silent, why, true),
            Outcome::Rejected(why) => (session.rejected, why, falls_back),
            Outcome::LostBeforeDot(why) => (session.lost_before_dot, why, falls_back),
            // The mail may have arrived: a second copy could print it twice (RFC 5321 §4.5.3.2.6).
            Outcome::LostAfterDot(why) => {
                if awaits {
                    self.await_confirmation(now, walk.clone(), true, out);
                }
                (session.lost_after_dot, why, false)
            }
        };
        out.mark(walk.order, arc);
        if let At::Calling { mails_then, .. } = &mut walk.at {
            *mails_then = mails;
        }
        if !mails {
            self.tell_failure(walk.order, &walk.document, &why, out);
        }
    }

    /// Step S309: the same mail by normal SMTP.
    pub(super) fn mail(&mut self, now: Time, key: u64, mut walk: Walk, out: &mut Outbox) {
        let arcs = self.transmitter();
        let arc = match &walk.address {
            Some(_) if walk.again.is_some() => None,
            Some((_, true)) => arcs.table_address,
            Some((_, false)) => arcs.typed_address,
            None => {
                out.mark(walk.order, arcs.no_address); // S309
                return self.tell_failure(walk.order, &walk.document, "no mail address is known", out);
            }
        };
        arc.into_iter().for_each(|arc| out.mark(walk.order, arc)); // S309
        walk.at = At::Mailing;
        if walk.pending == Pending::Pages {
            // Mail may take days, and a cover that nobody answers would be all that ever came of it.
            let habits = &self.config.mail_habits;
            (walk.enclosed, walk.pending) = reforming::offered(&walk.document, habits);
        }
        let envelope = self.m1(now, key, &walk, Kind::Plain);
        match self.mailer.submit(key, envelope, out) {
            Ok(()) => drop(self.walks.insert(key, walk)),
            Err(why) => self.tell_failure(walk.order, &walk.document, &why, out),
        }
    }

    /// The first mail server has M1, or will not get it.
    pub(super) fn m1_mailed(&mut self, now: Time, key: u64, outcome: Result<(), String>, out: &mut Outbox) {
        let Some(walk) = self.walks.remove(&key) else { return };
        match outcome {
            Ok(()) => self.await_confirmation(now, walk, false, out),
            Err(why) => self.tell_failure(walk.order, &walk.document, &why, out),
        }
    }

    /// S310: M2 may come, by a call or by mail, or never.
    fn await_confirmation(&mut self, now: Time, walk: Walk, doubtful: bool, out: &mut Outbox) {
        let habits = &self.config.mail_habits;
        if !habits.asks_confirmation {
            return;
        }
        out.arm(now, habits.confirmation_within, Timer { owner: walk.order, name: AWAITED });
        if self.awaited.len() >= MOST_AWAITED {
            let oldest = self.awaited[0].walk.order;
            self.never_confirmed(now, oldest, out);
        }
        let in_call = matches!(walk.at, At::Calling { .. });
        let machine = self.config.machine;
        let arcs = walk.again.unwrap_or_else(|| arcs::awaiting(machine, in_call));
        self.awaited.push(Awaited { walk, arcs, doubtful });
    }

    /// The mail for a peer of this kind. With extensions nothing follows it, so the pages are in it.
    pub(super) fn m1(&self, now: Time, key: u64, walk: &Walk, kind: Kind) -> crate::smtp::Envelope {
        let to = walk.address.as_ref().map(|(address, _)| address.as_str());
        let number = walk.number.as_deref();
        let place = letters::Place { now, key, message_id: &walk.message_id };
        let whole = (kind == Kind::Extended && walk.pending != Pending::Nothing)
            .then(|| reforming::plain(&walk.document));
        let enclosed = whole.as_ref().unwrap_or(&walk.enclosed);
        letters::m1(&self.config, &self.line.entropy(), place, (to, number), (enclosed, kind))
    }
}

impl Walk {
    /// By what its recipient is remembered.
    pub(super) fn peer(&self) -> String {
        peer_of(self.number.as_deref(), self.address.as_ref().map(|(address, _)| address.as_str()))
    }
}

/// By what a recipient is remembered: its address, or else its number.
pub(super) fn peer_of(number: Option<&str>, address: Option<&str>) -> String {
    address.map(str::to_ascii_lowercase).unwrap_or_else(|| number::digits(number.unwrap_or_default()))
}

/// The arc of S301, the number and the address.
type Found = (&'static str, Option<String>, Option<(String, bool)>);

/// What the panel does not take.
enum Refused {
    SpeedDial,
    /// Why not.
    Typed(&'static str),
}
