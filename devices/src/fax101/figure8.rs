//! Figures 8 and 9 as the transmitter walks them: S301 to S311.

use super::Fax101;
use super::letters::{self, Tells};
use crate::config::PathReject;
use crate::core::{Outbox, Time, Timer};
use crate::handover::{Handover, Outcome, Step};
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
    Calling { handover: Handover, mails_then: bool },
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
    /// The operator was told that nobody knows whether it arrived.
    doubtful: bool,
}

impl Fax101 {
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
                out.mark(key, "8.S301.speed-dial-unknown"); // S301
                return self.display(
                    key,
                    "This speed dial number is not in use; nothing was sent".to_owned(),
                    out,
                );
            }
            Err(Refused::Typed) => {
                let text = "This is neither a number nor a mail address; nothing was sent".to_owned();
                return self.display(key, text, out);
            }
        };
        out.mark(key, arc); // S301
        let message_id = letters::message_id(self.line.config(), &self.line.entropy(), ("m1", key));
        let mut walk = Walk { document, number, address, message_id, at: At::Mailing };
        let Some(number) = walk.number.clone() else {
            return self.mail(now, key, walk, out); // S309
        };
        let envelope = self.m1(now, key, &walk);
        let config = self.line.config().clone();
        let name = (config.mail_domain(), config.habits.mail.greets_by_helo);
        let handover = Handover::begin(now, &mut self.line, (key, &number), name, envelope, out); // S302
        walk.at = At::Calling { handover, mails_then: false };
        self.walks.insert(key, walk);
    }

    /// Does the fax have the number of the destination? The arc, the number and the address.
    fn look_up(&self, to: &Destination) -> Result<Found, Refused> {
        let of = |row: &Row| (row.number.clone(), row.address.clone().map(|address| (address, true)));
        match to {
            Destination::SpeedDial(dialled) => {
                let row = self.ta2.find(&Key::SpeedDial(dialled.clone())).ok_or(Refused::SpeedDial)?;
                let (number, address) = of(row);
                let arc =
                    if number.is_some() { "8.S301.speed-dial" } else { "8.S301.speed-dial-without-number" };
                Ok((arc, number, address))
            }
            Destination::Typed(text) if letters::is_address(text) => {
                match self.ta2.find(&Key::Address(text.clone())).map(of) {
                    Some((Some(number), address)) => Ok(("8.S301.address-in-table", Some(number), address)),
                    Some((None, address)) => Ok(("8.S301.address-without-number", None, address)),
                    None => Ok(("8.S301.address-unknown", None, Some((text.clone(), false)))),
                }
            }
            Destination::Typed(text) if number::is_dialable(text) => {
                let row = self.ta2.find(&Key::Number(text.clone()));
                Ok(("8.S301.typed-number", Some(text.clone()), row.and_then(|row| of(row).1)))
            }
            Destination::Typed(_) => Err(Refused::Typed),
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
                Step::Established => out.mark(key, "8.S303.established"), // S303
                Step::Accepted => out.mark(key, "8.S305.accepted"),       // S305
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
        let (arc, why, mails) = match outcome {
            Outcome::Sent => {
                out.mark(key, "8.S306.sent"); // S306
                return self.await_confirmation(now, key, walk, false, out);
            }
            Outcome::NoCall(why) => ("8.S303.failed", why, true),
            Outcome::NoSmtp(why) => ("8.S305.refused", why, true),
            Outcome::Silence(why) => ("8.S305.silent", why, true),
            Outcome::Rejected(why) => ("8.S306.rejected", why, falls_back),
            Outcome::LostBeforeDot(why) => ("8.S306.lost-before-dot", why, falls_back),
            // The mail may have arrived: a second copy could print it twice (RFC 5321 §4.5.3.2.6).
            Outcome::LostAfterDot(why) => {
                self.await_confirmation(now, key, walk, true, out);
                ("8.S306.lost-after-dot", why, false)
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
        let arc = match &walk.address {
            Some((_, true)) => "8.S309.table-address",
            Some((_, false)) => "8.S309.typed-address",
            None => {
                out.mark(key, "8.S309.no-address"); // S309
                return self.tell_failure(key, &walk.document, "no mail address is known", out);
            }
        };
        out.mark(key, arc); // S309
        walk.at = At::Mailing;
        let envelope = self.m1(now, key, &walk);
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
        self.awaited.push(Awaited { order: key, message_id: walk.message_id.clone(), address, doubtful });
    }

    /// S310: nothing came in the time that the fax gives it.
    pub(super) fn never_confirmed(&mut self, order: u64, out: &mut Outbox) {
        let Some(at) = self.awaited.iter().position(|awaited| awaited.order == order) else { return };
        self.awaited.remove(at);
        out.disarm(Timer { owner: order, name: AWAITED });
        out.mark(order, "8.S310.never"); // S310
        self.display(order, "No confirmation of the reception came".to_owned(), out);
    }

    /// S310: M2 came. S311: whose number is it? `call`: the call by which it came, for what answers nothing.
    pub(super) fn confirmed(
        &mut self,
        call: u64,
        m2: &letters::Confirmation,
        by: &'static str,
        out: &mut Outbox,
    ) {
        let about = |awaited: &Awaited| Some(&awaited.message_id) == m2.about.as_ref();
        let Some(at) = self.awaited.iter().position(about) else {
            out.mark(call, by); // S310
            return out.mark(call, "8.S311.uncorrelated"); // S311
        };
        if let Tells::UnderWay(why) = &m2.tells {
            // A server tells; the recipient itself may still confirm.
            let text = format!("The mail is on its way: {why}");
            return self.display(self.awaited[at].order, text, out);
        }
        let awaited = self.awaited.remove(at);
        out.disarm(Timer { owner: awaited.order, name: AWAITED });
        out.mark(awaited.order, by); // S310
        match (&m2.number, awaited.address.or(m2.address.clone())) {
            (Some(number), Some(address)) => {
                self.ta2.learn(&address, number, true, out);
                out.mark(awaited.order, "8.S311.learned"); // S311
            }
            _ => out.mark(awaited.order, "8.S311.nothing-to-learn"), // S311
        }
        let text = match &m2.tells {
            Tells::NotPrinted(why) => format!("The fax arrived and was not printed: {why}"),
            Tells::NotDelivered(why) => format!("The mail could not be delivered: {why}"),
            Tells::Printed if awaited.doubtful => "The fax arrived after all".to_owned(),
            Tells::Printed | Tells::UnderWay(_) => return,
        };
        self.display(awaited.order, text, out);
    }

    fn m1(&self, now: Time, key: u64, walk: &Walk) -> crate::smtp::Envelope {
        let to = walk.address.as_ref().map(|(address, _)| address.as_str());
        let number = walk.number.as_deref();
        let place = letters::Place { now, key, message_id: &walk.message_id };
        letters::m1(self.line.config(), &self.line.entropy(), place, (to, number), &walk.document)
    }
}

/// The arc of S301, the number and the address.
type Found = (&'static str, Option<String>, Option<(String, bool)>);

/// What the panel does not take.
enum Refused {
    SpeedDial,
    Typed,
}
