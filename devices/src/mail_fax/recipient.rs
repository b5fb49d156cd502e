//! The recipient: S351 to S355, S361 and S362 of Figures 8 and 9, S151 to S157 of Figures 11 to 13.

use bytes::Bytes;
use faxproof_wire::features::Filter;
use faxproof_wire::mime::{NoMdn, is_report, may_confirm};
use faxproof_wire::smtp::Reply;

use super::MailFax;
use super::arcs::{self, Recipient};
use super::letters::{self, Fate, Place};
use crate::config::{FaxConfig, Unverified};
use crate::core::{Conn, Outbox, Time};
use crate::handover::{Handover, Letter, Outcome, Step};
use crate::http::{Tray, Unprintable};
use crate::line::What;
use crate::number;
use crate::paper;
use crate::smtp::{Envelope, Greeting, PostOffice, no_such_mailbox};
use crate::ta2::Learning;

/// A mail that is here.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// MAIL FROM, where it is known.
    pub(super) path: Option<String>,
    pub(super) message: Bytes,
    /// What became of it.
    pub(super) fate: Fate,
}

/// A mail that was taken, to be confirmed when the call is over that brought it.
#[derive(Clone, Debug)]
pub(super) struct Due {
    arcs: &'static Recipient,
    /// Who asked for the confirmation, if somebody did and may.
    asked_by: Option<String>,
    /// The number that the mail gave.
    number: Option<String>,
    message_id: Option<String>,
    /// What became of the mail.
    fate: Fate,
}

/// M2 on its way to the number that M1 gave.
#[derive(Clone, Debug)]
pub(super) struct CallBack {
    /// The call that brought M1, or the mail itself: the marks belong to it.
    call: u64,
    due: Due,
    message_id: String,
    handover: Handover,
    mails_then: bool,
}

impl MailFax {
    /// What the client of the protocol sends is printed, or refused; what it says of its sender is learned.
    pub(super) fn serve(&mut self, now: Time, call: u64, conn: Conn, bytes: &Bytes, out: &mut Outbox) {
        let (config, entropy) = (self.config.clone(), self.line.entropy());
        let Some((server, documents)) = self.line.server(call, conn) else { return };
        let mut name = || {
            *documents += 1;
            format!("/documents/{}", entropy.key(("document", call, *documents)).token())
        };
        let mut desk = Desk { config: &config, name: &mut name, taken: Vec::new(), out };
        let turn = server.bytes(bytes, &mut desk);
        let taken = std::mem::take(&mut desk.taken);
        for Taken { from, message, extended, fate } in taken {
            let arcs = arcs::called(config.machine, extended);
            self.taken(now, call, arcs, Mail { path: Some(from), message, fate }, out);
        }
        self.line.served(now, call, conn, turn, out);
    }

    /// A mail came. A report runs S310 and S311, never S353 (it would teach the sender of every confirmation as
    /// if it had sent a fax).
    pub(super) fn taken(
        &mut self,
        now: Time,
        call: u64,
        arcs: &'static Recipient,
        mail: Mail,
        out: &mut Outbox,
    ) {
        let config = self.config.clone();
        let Mail { path, message, fate } = mail;
        let from = path.as_deref().unwrap_or_default();
        if is_report(&message) {
            match letters::read_m2(&config, from, &message) {
                Some(m2) => self.confirmed(now, call, m2, arcs.by_call, out),
                None => out.unexpected("a report that cannot be read", "an MDN or a DSN"),
            }
            return;
        }
        let origin = letters::origin_of(&config, from, &message);
        let number = origin.number.as_ref().ok().map(|number| number.to_string());
        if let Some(never) = number.as_deref().filter(|number| !config.mail_habits.may_call(number)) {
            out.unexpected(format!("the number {never}, which is never called"), "a number to call back");
        }
        let number = number.filter(|number| config.mail_habits.may_call(number));
        let caller = self.line.caller_number(call);
        let vouched = match (&number, &caller) {
            (Some(number), Some(caller)) => number::digits(number) == number::digits(caller),
            _ => false,
        };
        self.learn_from(call, arcs, (number.as_deref(), origin.address.as_deref()), vouched, out);
        let asked_by = may_confirm(&message, path.as_deref(), &letters::UNDERSTOOD);
        if let Err(why) = &asked_by
            && *why != NoMdn::NotAsked
        {
            out.unexpected(format!("no confirmation: {why}"), "Disposition-Notification-To of the sender");
        }
        let message_id = faxproof_wire::mime::read(&message).ok().and_then(|mail| mail.message_id);
        let due = Due { arcs, asked_by: asked_by.ok(), number, message_id, fate };
        self.due.entry(call).or_default().push(due);
    }

    /// S353, S361: the number and the address of the transmitter go into Ta2.
    fn learn_from(
        &mut self,
        call: u64,
        arcs: &Recipient,
        (number, address): (Option<&str>, Option<&str>),
        vouched: bool,
        out: &mut Outbox,
    ) {
        let habit = self.config.mail_habits.unverified_number;
        let arc = match (number, address) {
            (Some(number), Some(_)) if !vouched && habit == Unverified::Refuse => {
                self.display(call, format!("{number} was not stored: nothing vouches for it"), out);
                arcs.no_number
            }
            (Some(number), Some(address)) => {
                let verified = vouched || habit == Unverified::Store;
                match self.ta2.learn(address, number, verified, out) {
                    Learning::NewRecord => arcs.new_record,
                    Learning::UpdatedRecord => arcs.updated_record,
                }
            }
            _ => arcs.no_number,
        };
        arc.into_iter().for_each(|arc| out.mark(call, arc)); // S353, S361
    }

    /// S354: a call that we took is over. S355, S362: what came is confirmed.
    pub(super) fn confirm_all(&mut self, now: Time, call: u64, out: &mut Outbox) {
        for (n, due) in self.due.remove(&call).unwrap_or_default().into_iter().enumerate() {
            self.confirm(now, (call, n), due, out);
        }
    }

    fn confirm(&mut self, now: Time, (call, n): (u64, usize), due: Due, out: &mut Outbox) {
        let config = self.config.clone();
        if !config.mail_habits.confirms {
            return;
        }
        let Some(to) = due.asked_by.clone() else {
            return due.arcs.not_asked.into_iter().for_each(|arc| out.mark(call, arc)); // S355, S362
        };
        let key = self.line.entropy().key(("confirmation", call, n)).0;
        let message_id = letters::message_id(&config, &self.line.entropy(), ("m2", key));
        // Calling ourselves would end in a busy line, or in a circle.
        let own = number::digits(&config.line.number);
        let may_call = |number: &String| config.mail_habits.may_call(number) && number::digits(number) != own;
        let Some(number) = due.number.clone().filter(may_call) else {
            due.arcs.number_unknown.into_iter().for_each(|arc| out.mark(call, arc)); // S355, S362
            return self.mail_confirmation(now, key, &due, &message_id, out);
        };
        let envelope = self.m2(now, key, &to, &due, &message_id);
        let name = (config.mail_domain(), config.mail_habits.greets_by_helo);
        let handover =
            Handover::begin(now, &mut self.line, (key, &number), name, Letter::Mail(envelope), out); // S355, S362
        self.call_backs.insert(key, CallBack { call, due, message_id, handover, mails_then: false });
    }

    fn m2(&self, now: Time, key: u64, to: &str, due: &Due, message_id: &str) -> Envelope {
        let about = (due.message_id.as_deref(), &due.fate);
        letters::m2(&self.config, &self.line.entropy(), Place { now, key, message_id }, to, about)
    }

    /// The line tells of a call back.
    pub(super) fn call_back_on(&mut self, now: Time, key: u64, what: What, out: &mut Outbox) {
        let Some(mut back) = self.call_backs.remove(&key) else { return };
        for step in back.handover.hear(now, &mut self.line, what, out) {
            match step {
                Step::Established | Step::Accepted { .. } | Step::Asked { .. } => {}
                Step::Over(Outcome::Sent) => {
                    back.due.arcs.confirmed.into_iter().for_each(|arc| out.mark(back.call, arc)); // S355, S362
                }
                Step::Over(_) => {
                    back.due.arcs.call_back_failed.into_iter().for_each(|arc| out.mark(back.call, arc)); // S355, S362
                    back.mails_then = true;
                }
                Step::Ended => {
                    if back.mails_then {
                        self.mail_confirmation(now, key, &back.due, &back.message_id, out);
                    }
                    return;
                }
            }
        }
        self.call_backs.insert(key, back);
    }

    /// Where no call brings it, M2 goes by normal mail.
    fn mail_confirmation(&mut self, now: Time, key: u64, due: &Due, message_id: &str, out: &mut Outbox) {
        let Some(to) = &due.asked_by else { return };
        let envelope = self.m2(now, key, to, due, message_id);
        if let Err(why) = self.mailer.submit(key, envelope, out) {
            self.display(key, format!("A confirmation could not be mailed: {why}"), out);
        }
    }
}

/// A mail that a client handed over.
pub(super) struct Taken {
    pub(super) from: String,
    pub(super) message: Bytes,
    /// The client greeted by EHLO.
    pub(super) extended: bool,
    /// Whether it was printed.
    pub(super) fate: Fate,
}

/// What stands behind the servers of a mail fax: it prints, and keeps what is to be learned.
pub(super) struct Desk<'a> {
    pub(super) config: &'a FaxConfig,
    /// Draws the names of documents that come without one.
    pub(super) name: &'a mut dyn FnMut() -> String,
    pub(super) taken: Vec<Taken>,
    pub(super) out: &'a mut Outbox,
}

impl PostOffice for Desk<'_> {
    fn admits(&self, _: &str, to: &str) -> Result<(), Reply> {
        if self.config.is_own_address(to) { Ok(()) } else { Err(no_such_mailbox()) }
    }

    /// A report is for the machine; anything else is printed as a whole or refused (RFC 3249 §4.4.3.3), unless it is
    /// to come in a better form.
    fn take(&mut self, envelope: Envelope, greeting: &Greeting) -> Reply {
        let Envelope { from, message, .. } = envelope;
        let fate = settle(self.config, Some(&from), &message, self.out);
        if let Fate::Refused(why) = fate {
            return Reply::new(554, why).with_enhanced(5, 6, 1);
        }
        self.taken.push(Taken { from, message, extended: greeting.extended, fate });
        Reply::new(250, "accepted").with_enhanced(2, 0, 0)
    }

    fn prints(&self) -> Option<Filter> {
        Some(self.config.mail_habits.prints.filter())
    }
}

/// Prints a mail as a whole, or says why not. A report is none to print.
pub(super) fn settle(config: &FaxConfig, path: Option<&str>, message: &Bytes, out: &mut Outbox) -> Fate {
    if is_report(message) {
        return Fate::Printed;
    }
    if letters::puts_off(config, path, message) {
        return Fate::PutOff;
    }
    match paper::of_mail(message, Some(&config.mail_habits.prints)) {
        Ok(sheets) => {
            paper::print(sheets, out);
            Fate::Printed
        }
        Err(why) => Fate::Refused(why),
    }
}

impl Tray for Desk<'_> {
    fn take(&mut self, kind: &str, document: &Bytes) -> Result<String, Unprintable> {
        let (name, sheets) = paper::of_document(kind, document, || (self.name)())?;
        paper::print(sheets, self.out);
        Ok(name)
    }
}
