//! The transmitter: S301 to S311 of Figures 8 and 9, S101 to S112 of Figures 10 to 13. The steps beside the lines
//! are those of machine 101; `arcs.rs` says how machine 118 calls them.

use super::MailFax;
use super::arcs::{self, Awaiting, Session, Transmitter};
use super::letters::{self, Kind, Tells};
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
    document: Document,
    /// The IP telephone number, if S301 has one.
    number: Option<String>,
    /// The mail address, and whether it comes from the table.
    address: Option<(String, bool)>,
    /// Message-ID of M1, the same by whichever way it goes.
    message_id: String,
    at: At,
}

/// Where the flowchart waits.
#[derive(Clone, Debug)]
enum At {
    /// S302 to S306: one mail in a call. Whether S309 follows its end.
    Calling { handover: Handover, mails_then: bool, session: &'static Session },
    /// S309: for the outgoing server.
    Mailing,
}

/// S310: a mail that may still be confirmed.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    order: u64,
    message_id: String,
    /// The address that M1 was sent to, if it had one.
    address: Option<String>,
    arcs: &'static Awaiting,
    /// The operator was told that nobody knows whether it arrived.
    doubtful: bool,
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
        let message_id = letters::message_id(self.line.config(), &self.line.entropy(), ("m1", key));
        let mut walk = Walk { document, number, address, message_id, at: At::Mailing };
        let Some(number) = walk.number.clone() else {
            return self.mail(now, key, walk, out); // S309
        };
        let (letter, by_helo) = self.letter(now, key, &walk);
        let config = self.line.config().clone();
        let name = (config.mail_domain(), by_helo);
        let handover = Handover::begin(now, &mut self.line, (key, &number), name, letter, out); // S302
        let session = &self.transmitter().plain;
        walk.at = At::Calling { handover, mails_then: false, session };
        self.walks.insert(key, walk);
    }

    fn transmitter(&self) -> &'static Transmitter {
        arcs::transmitter(self.line.config().machine)
    }

    /// What is handed over in the call, and whether the fax greets by HELO. Machine 118 has a mail for each
    /// kind of peer, and must try EHLO to tell them apart (S104).
    fn letter(&self, now: Time, key: u64, walk: &Walk) -> (Letter, bool) {
        let habits = &self.line.config().habits.mail;
        let plain = self.m1(now, key, walk, Kind::Plain);
        match (self.line.config().machine, habits.extension_rule) {
            (Machine::Fax101, _) => (Letter::Mail(plain), habits.greets_by_helo),
            (Machine::Fax118, rule) => {
                let extended = self.m1(now, key, walk, Kind::Extended);
                let needs = match rule {
                    ExtensionRule::Ehlo => None,
                    ExtensionRule::Lists(keyword) => Some(keyword),
                };
                (Letter::ByPeer { extended, plain, needs }, false)
            }
        }
    }

    /// Does the fax have the number of the destination? The arc, the number and the address.
    fn look_up(&self, to: &Destination) -> Result<Found, Refused> {
        let arcs = self.transmitter();
        let habits = &self.line.config().habits.mail;
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
        let steps = handover.hear(now, &mut self.line, what, out);
        for step in steps {
            match step {
                Step::Established => out.mark(key, self.transmitter().established), // S303
                Step::Accepted { extended } => {
                    let arcs = self.transmitter();
                    let kind = if extended { &arcs.extended } else { &arcs.plain };
                    if let At::Calling { session, .. } = &mut walk.at {
                        *session = kind;
                    }
                    out.mark(key, kind.accepted); // S305
                }
                Step::Over(outcome) => self.handed_over(now, key, &mut walk, outcome, out),
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

    /// S303, S305, S306: what became of the mail on the connection.
    fn handed_over(&mut self, now: Time, key: u64, walk: &mut Walk, outcome: Outcome, out: &mut Outbox) {
        let falls_back = self.line.config().habits.mail.on_path_reject == PathReject::FallBack;
        let arcs = self.transmitter();
        let session = if let At::Calling { session, .. } = &walk.at { session } else { &arcs.plain };
        // With extensions the 250 is the receipt, and nobody is asked for another (Figure 11).
        let awaits = self.line.config().machine == Machine::Fax101 || std::ptr::eq(session, &arcs.plain);
        let (arc, why, mails) = match outcome {
            Outcome::Sent => {
                session.sent.into_iter().for_each(|arc| out.mark(key, arc)); // S306
                if awaits {
                    self.await_confirmation(now, key, walk, false, out);
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
                    self.await_confirmation(now, key, walk, true, out);
                }
                (session.lost_after_dot, why, false)
            }
        };
        out.mark(key, arc);
        if let At::Calling { mails_then, .. } = &mut walk.at {
            *mails_then = mails;
        }
        if !mails {
            self.tell_failure(key, &walk.document, &why, out);
        }
    }

    /// Step S309: the same mail by normal SMTP.
    fn mail(&mut self, now: Time, key: u64, mut walk: Walk, out: &mut Outbox) {
        let arcs = self.transmitter();
        let arc = match &walk.address {
            Some((_, true)) => arcs.table_address,
            Some((_, false)) => arcs.typed_address,
            None => {
                out.mark(key, arcs.no_address); // S309
                return self.tell_failure(key, &walk.document, "no mail address is known", out);
            }
        };
        arc.into_iter().for_each(|arc| out.mark(key, arc)); // S309
        walk.at = At::Mailing;
        let envelope = self.m1(now, key, &walk, Kind::Plain);
        match self.mailer.submit(key, envelope, out) {
            Ok(()) => drop(self.walks.insert(key, walk)),
            Err(why) => self.tell_failure(key, &walk.document, &why, out),
        }
    }

    /// The first mail server has M1, or will not get it.
    pub(super) fn m1_mailed(&mut self, now: Time, key: u64, outcome: Result<(), String>, out: &mut Outbox) {
        let Some(walk) = self.walks.remove(&key) else { return };
        match outcome {
            Ok(()) => self.await_confirmation(now, key, &walk, false, out),
            Err(why) => self.tell_failure(key, &walk.document, &why, out),
        }
    }

    /// S310: M2 may come, by a call or by mail, or never.
    fn await_confirmation(&mut self, now: Time, key: u64, walk: &Walk, doubtful: bool, out: &mut Outbox) {
        let habits = &self.line.config().habits.mail;
        if !habits.asks_confirmation {
            return;
        }
        out.arm(now, habits.confirmation_within, Timer { owner: key, name: AWAITED });
        if self.awaited.len() >= MOST_AWAITED {
            let oldest = self.awaited[0].order;
            self.never_confirmed(oldest, out);
        }
        let address = walk.address.as_ref().map(|(address, _)| address.clone());
        let arcs = arcs::awaiting(self.line.config().machine, matches!(walk.at, At::Calling { .. }));
        let message_id = walk.message_id.clone();
        self.awaited.push(Awaited { order: key, message_id, address, arcs, doubtful });
    }

    /// S310: nothing came in the time that the fax gives it.
    pub(super) fn never_confirmed(&mut self, order: u64, out: &mut Outbox) {
        let Some(at) = self.awaited.iter().position(|awaited| awaited.order == order) else { return };
        let awaited = self.awaited.remove(at);
        out.disarm(Timer { owner: order, name: AWAITED });
        out.mark(order, awaited.arcs.never); // S310
        self.display(order, "No confirmation of the reception came".to_owned(), out);
    }

    /// S310: M2 came. S311: whose number is it? `call`: the call by which it came, for what answers nothing.
    pub(super) fn confirmed(
        &mut self,
        call: u64,
        m2: &letters::Confirmation,
        by_call: bool,
        out: &mut Outbox,
    ) {
        let about = |awaited: &Awaited| Some(&awaited.message_id) == m2.about.as_ref();
        let Some(at) = self.awaited.iter().position(about) else {
            let arcs = arcs::awaiting(self.line.config().machine, by_call);
            let (Some(by), Some(_)) = (arcs.came(by_call), arcs.learns) else {
                return out.unexpected("a confirmation of no mail of ours", "one of a mail of ours");
            };
            out.mark(call, by); // S310
            return out.mark(call, arcs::UNCORRELATED); // S311
        };
        if let Tells::UnderWay(why) = &m2.tells {
            // A server tells; the recipient itself may still confirm.
            let text = format!("The mail is on its way: {why}");
            return self.display(self.awaited[at].order, text, out);
        }
        let awaited = self.awaited.remove(at);
        out.disarm(Timer { owner: awaited.order, name: AWAITED });
        let arcs = awaited.arcs;
        let can = if m2.capabilities.is_some() { arcs.capable } else { arcs.incapable };
        for arc in arcs.came(by_call).into_iter().chain(can) {
            out.mark(awaited.order, arc); // S310, S107, S112
        }
        match (arcs.learns, &m2.number, awaited.address.or(m2.address.clone())) {
            (None, ..) => {}
            (Some(learns), Some(number), Some(address)) => {
                self.ta2.learn(&address, number, true, out);
                out.mark(awaited.order, learns.learned); // S311
            }
            (Some(learns), ..) => out.mark(awaited.order, learns.nothing_to_learn), // S311
        }
        let text = match &m2.tells {
            Tells::NotPrinted(why) => format!("The fax arrived and was not printed: {why}"),
            Tells::Doubtful(why) => format!("The fax arrived and was perhaps not printed: {why}"),
            Tells::NotDelivered(why) => format!("The mail could not be delivered: {why}"),
            Tells::Printed if awaited.doubtful => "The fax arrived after all".to_owned(),
            Tells::Printed | Tells::UnderWay(_) => return,
        };
        self.display(awaited.order, text, out);
    }

    fn m1(&self, now: Time, key: u64, walk: &Walk, kind: Kind) -> crate::smtp::Envelope {
        let to = walk.address.as_ref().map(|(address, _)| address.as_str());
        let number = walk.number.as_deref();
        let place = letters::Place { now, key, message_id: &walk.message_id };
        letters::m1(self.line.config(), &self.line.entropy(), place, (to, number), (&walk.document, kind))
    }
}

/// The arc of S301, the number and the address.
type Found = (&'static str, Option<String>, Option<(String, bool)>);

/// What the panel does not take.
enum Refused {
    SpeedDial,
    /// Why not.
    Typed(&'static str),
}
