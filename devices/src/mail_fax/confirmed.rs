//! What follows a mail: S310 and S311 of Figure 8, S112 to S114 of Figures 12 and 13.

use faxproof_wire::features::{Ability, Filter};

use super::MailFax;
use super::arcs;
use super::letters::{self, Kind, Tells};
use super::reforming::{self, Pending};
use super::transmitter::{AWAITED, At, Awaited, Walk};
use crate::config::Machine;
use crate::core::{Outbox, Time, Timer};
use crate::handover::Letter;
use crate::order::Document;

/// Recipients whose ability is remembered; the first by name is forgotten for a further one.
const MOST_REMEMBERED: usize = 200;

impl MailFax {
    /// S310: M2 came. S311: whose number is it? `call`: the call by which it came, for what answers nothing.
    pub(super) fn confirmed(
        &mut self,
        now: Time,
        call: u64,
        m2: letters::Confirmation,
        by_call: bool,
        out: &mut Outbox,
    ) {
        let about = |awaited: &Awaited| Some(&awaited.walk.message_id) == m2.about.as_ref();
        let Some(at) = self.awaited.iter().position(about) else {
            let arcs = arcs::awaiting(self.config.machine, by_call);
            let (Some(by), Some(_)) = (arcs.came(by_call), arcs.learns) else {
                return out.unexpected("a confirmation of no mail of ours", "one of a mail of ours");
            };
            out.mark(call, by); // S310
            return out.mark(call, arcs::UNCORRELATED); // S311
        };
        let order = self.awaited[at].walk.order;
        if let Tells::UnderWay(why) = &m2.tells {
            // A server tells; the recipient itself may still confirm.
            return self.display(order, format!("The mail is on its way: {why}"), out);
        }
        let Awaited { walk, arcs, doubtful } = self.awaited.remove(at);
        out.disarm(Timer { owner: order, name: AWAITED });
        let can = if m2.capabilities.is_some() { arcs.capable } else { arcs.incapable };
        for arc in arcs.came(by_call).into_iter().chain(can).chain(arcs.confirmed) {
            out.mark(order, arc); // S310, S107, S112, S114
        }
        let address = walk.address.as_ref().map(|(address, _)| address.clone()).or(m2.address);
        match (arcs.learns, &m2.number, address) {
            (None, ..) => {}
            (Some(learns), Some(number), Some(address)) => {
                self.ta2.learn(&address, number, true, out);
                out.mark(order, learns.learned); // S311
            }
            (Some(learns), ..) => out.mark(order, learns.nothing_to_learn), // S311
        }
        let wants = match walk.pending {
            Pending::Nothing => false,
            Pending::Offered => m2.tells == Tells::WantsAnother,
            Pending::Pages => matches!(m2.tells, Tells::WantsAnother | Tells::Printed | Tells::Doubtful(_)),
        };
        if let (Some(told), false) = (&m2.capabilities, m2.tells == Tells::WantsAnother) {
            self.remember(&walk, told);
        }
        if wants {
            // S113 begins when the call is over that brought the wish: nobody has two lines.
            match by_call {
                true => self.wishes.entry(call).or_default().push((walk, m2.capabilities)),
                false => self.send_again(now, walk, m2.capabilities.as_deref(), out),
            }
            return;
        }
        let text = match &m2.tells {
            Tells::NotPrinted(why) => format!("The fax arrived and was not printed: {why}"),
            Tells::Doubtful(why) => format!("The fax arrived and was perhaps not printed: {why}"),
            Tells::NotDelivered(why) => format!("The mail could not be delivered: {why}"),
            Tells::WantsAnother => "The fax was not printed, and there is no other form of it".to_owned(),
            Tells::Printed if doubtful => "The fax arrived after all".to_owned(),
            Tells::Printed | Tells::UnderWay(_) => return,
        };
        self.display(order, text, out);
    }

    /// S310: nothing came in the time that the fax gives it.
    pub(super) fn never_confirmed(&mut self, now: Time, order: u64, out: &mut Outbox) {
        let Some(at) = self.awaited.iter().position(|awaited| awaited.walk.order == order) else { return };
        let awaited = self.awaited.remove(at);
        out.disarm(Timer { owner: order, name: AWAITED });
        awaited.arcs.never.into_iter().for_each(|arc| out.mark(order, arc)); // S310
        if awaited.walk.pending == Pending::Pages {
            return self.send_again(now, awaited.walk, None, out); // S113
        }
        self.display(order, "No confirmation of the reception came".to_owned(), out);
    }

    /// A call is over, and what was wished in it can be done.
    pub(super) fn grant_wishes(&mut self, now: Time, call: u64, out: &mut Outbox) {
        for (walk, told) in self.wishes.remove(&call).unwrap_or_default() {
            self.send_again(now, walk, told.as_deref(), out);
        }
    }

    /// S113: the pages that were kept go out in the form that the recipient prints, or in profile S where that is not
    /// known; by a call where the first mail went by one.
    fn send_again(&mut self, now: Time, first: Walk, told: Option<&str>, out: &mut Outbox) {
        let Document::Image { original, .. } = &first.document else { return };
        let in_call = matches!(first.at, At::Calling { .. });
        let sends = &self.config.mail_habits.sends;
        let reformed = reforming::reformed(original, sends, told, &first.peer(), out);
        let mut enclosed = reformed.enclosure;
        // RFC 3297 §3.3: it names the first, and offers nothing more.
        enclosed.original = Some(first.message_id.clone()).filter(|_| first.pending == Pending::Offered);
        let key = self.line.entropy().key(("again", first.order)).0;
        let mut walk = Walk {
            message_id: letters::message_id(&self.config, &self.line.entropy(), ("m1", key)),
            enclosed,
            pending: Pending::Nothing,
            again: Some(if in_call { &arcs::CONFIRMED_12 } else { &arcs::CONFIRMED_UNNAMED }),
            ..first
        };
        let Some(number) = walk.number.clone().filter(|_| in_call) else {
            return self.mail(now, key, walk, out);
        };
        out.mark(walk.order, reformed.arc); // S113
        let letter = Letter::Mail(self.m1(now, key, &walk, Kind::Plain));
        self.call_for(now, key, &mut walk, (&number, letter, false), &arcs::AGAIN, out);
        self.walks.insert(key, walk);
    }

    /// What a recipient said that it prints holds for the next fax too. A wish for another form does not count (RFC
    /// 3297 §6.2).
    pub(super) fn remember(&mut self, walk: &Walk, told: &str) {
        let config = &self.config;
        // What cannot be read would keep the recipient at profile S for good.
        let of_use = Filter::parse(told).is_ok_and(|filter| Ability::told_by(&filter).is_ok());
        if config.machine != Machine::Fax118 || !config.mail_habits.remembers_capabilities || !of_use {
            return;
        }
        if self.capabilities.len() >= MOST_REMEMBERED {
            self.capabilities.pop_first();
        }
        self.capabilities.insert(walk.peer(), told.to_owned());
    }
}
