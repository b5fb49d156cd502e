//! Figures 8 and 9 as the recipient walks them: S351 to S355, S361 and S362.

use bytes::Bytes;
use faxproof_wire::mime::{is_report, may_confirm};
use faxproof_wire::smtp::Reply;

use super::Fax101;
use super::letters::{self, Place};
use crate::config::{FaxConfig, Unverified};
use crate::core::{Conn, Outbox, Time};
use crate::handover::{Handover, Outcome, Step};
use crate::http::{Tray, Unprintable};
use crate::line::What;
use crate::number;
use crate::paper;
use crate::smtp::PostOffice;
use crate::ta2::Learning;

/// A mail that was taken on a call, to be confirmed when that is over.
#[derive(Clone, Debug)]
pub(super) struct Due {
    /// Who asked for the confirmation, if somebody did and may.
    asked_by: Option<String>,
    /// The number that the mail gave.
    number: Option<String>,
    message_id: Option<String>,
}

/// M2 on its way to the number that M1 gave.
#[derive(Clone, Debug)]
pub(super) struct CallBack {
    /// The call on which M1 came: the marks belong to it.
    call: u64,
    due: Due,
    message_id: String,
    handover: Handover,
    mails_then: bool,
}

impl Fax101 {
    /// What the client of the protocol sends is printed, or refused; what it says of its sender is learned.
    pub(super) fn serve(&mut self, now: Time, call: u64, conn: Conn, bytes: &Bytes, out: &mut Outbox) {
        let (config, entropy) = (self.line.config().clone(), self.line.entropy());
        let Some((server, documents)) = self.line.server(call, conn) else { return };
        let mut name = || {
            *documents += 1;
            format!("/documents/{}", entropy.key(("document", call, *documents)).token())
        };
        let mut desk = Desk { config: &config, name: &mut name, taken: Vec::new(), out };
        let turn = server.bytes(bytes, &mut desk);
        let taken = std::mem::take(&mut desk.taken);
        for (from, message) in taken {
            self.taken(call, &from, &message, out);
        }
        self.line.served(now, call, conn, turn, out);
    }

    /// A mail that came on a call. A report runs S310 and S311, never S353 (it would teach the sender of every
    /// confirmation as if it had sent a fax).
    fn taken(&mut self, call: u64, from: &str, message: &Bytes, out: &mut Outbox) {
        let config = self.line.config().clone();
        if is_report(message) {
            match letters::read_m2(&config, from, message) {
                Some(m2) => self.confirmed(call, &m2, "8.S310.by-call", out),
                None => out.unexpected("a report that cannot be read", "an MDN"),
            }
            return;
        }
        let origin = letters::origin_of(&config, from, message);
        let number = origin.number.as_ref().ok().map(|number| number.to_string());
        let caller = self.line.caller_number(call);
        let vouched = match (&number, &caller) {
            (Some(number), Some(caller)) => number::digits(number) == number::digits(caller),
            _ => false,
        };
        self.learn_from(call, (number.as_deref(), origin.address.as_deref()), vouched, out);
        let asked_by = may_confirm(message, Some(from), &[]);
        if let Err(why) = &asked_by {
            out.unexpected(format!("no confirmation: {why}"), "Disposition-Notification-To of the sender");
        }
        let message_id = faxproof_wire::mime::read(message).ok().and_then(|mail| mail.message_id);
        self.due.entry(call).or_default().push(Due { asked_by: asked_by.ok(), number, message_id });
    }

    /// S353: the number and the address of the transmitter go into Ta2.
    fn learn_from(
        &mut self,
        call: u64,
        (number, address): (Option<&str>, Option<&str>),
        vouched: bool,
        out: &mut Outbox,
    ) {
        let habit = self.line.config().habits.mail.unverified_number;
        let arc = match (number, address) {
            (Some(number), Some(_)) if !vouched && habit == Unverified::Refuse => {
                self.display(call, format!("{number} was not stored: nothing vouches for it"), out);
                "8.S353.no-number"
            }
            (Some(number), Some(address)) => {
                let verified = vouched || habit == Unverified::Store;
                match self.ta2.learn(address, number, verified, out) {
                    Learning::NewRecord => "8.S353.new-record",
                    Learning::UpdatedRecord => "8.S353.updated-record",
                }
            }
            _ => "8.S353.no-number",
        };
        out.mark(call, arc); // S353
    }

    /// S354: a call that we took is over. S355: what came on it is confirmed.
    pub(super) fn call_over(&mut self, now: Time, call: u64, out: &mut Outbox) {
        for (n, due) in self.due.remove(&call).unwrap_or_default().into_iter().enumerate() {
            self.confirm(now, (call, n), due, out);
        }
    }

    fn confirm(&mut self, now: Time, (call, n): (u64, usize), due: Due, out: &mut Outbox) {
        let config = self.line.config().clone();
        if !config.habits.mail.confirms {
            return;
        }
        let Some(to) = due.asked_by.clone() else {
            return out.mark(call, "8.S355.not-asked"); // S355
        };
        let key = self.line.entropy().key(("confirmation", call, n)).0;
        let message_id = letters::message_id(&config, &self.line.entropy(), ("m2", key));
        // Calling ourselves would end in a busy line, or in a circle.
        let own = number::digits(&config.number);
        let Some(number) = due.number.clone().filter(|number| number::digits(number) != own) else {
            out.mark(call, "8.S355.number-unknown"); // S355
            return self.mail_confirmation(now, key, &due, &message_id, out);
        };
        let place = Place { now, key, message_id: &message_id };
        let envelope = letters::m2(&config, &self.line.entropy(), place, &to, due.message_id.as_deref());
        let name = (config.mail_domain(), config.habits.mail.greets_by_helo);
        let handover = Handover::begin(now, &mut self.line, (key, &number), name, envelope, out); // S355
        self.call_backs.insert(key, CallBack { call, due, message_id, handover, mails_then: false });
    }

    /// The line tells of a call back.
    pub(super) fn call_back_on(&mut self, now: Time, key: u64, what: What, out: &mut Outbox) {
        let Some(mut back) = self.call_backs.remove(&key) else { return };
        for step in back.handover.hear(now, &mut self.line, what, out) {
            match step {
                Step::Established | Step::Accepted => {}
                Step::Over(Outcome::Sent) => out.mark(back.call, "8.S355.confirmed"), // S355
                Step::Over(_) => {
                    out.mark(back.call, "8.S355.call-back-failed"); // S355
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
        let (config, entropy) = (self.line.config().clone(), self.line.entropy());
        let Some(to) = &due.asked_by else { return };
        let place = Place { now, key, message_id };
        let envelope = letters::m2(&config, &entropy, place, to, due.message_id.as_deref());
        if let Err(why) = self.mailer.submit(key, envelope, out) {
            self.display(key, format!("A confirmation could not be mailed: {why}"), out);
        }
    }
}

/// What stands behind the servers of a mail fax: it prints, and keeps what is to be learned.
struct Desk<'a> {
    config: &'a FaxConfig,
    /// Draws the names of documents that come without one.
    name: &'a mut dyn FnMut() -> String,
    taken: Vec<(String, Bytes)>,
    out: &'a mut Outbox,
}

impl PostOffice for Desk<'_> {
    fn knows(&self, path: &str) -> bool {
        self.config.is_own_address(path)
    }

    /// A report is for the machine; anything else is printed as a whole or refused (RFC 3249 §4.4.3.3).
    fn take(&mut self, from: &str, message: &Bytes) -> Reply {
        if !is_report(message) {
            match paper::of_mail(message) {
                Ok(sheets) => paper::print(sheets, self.out),
                Err(why) => return Reply::new(554, why).with_enhanced(5, 6, 1),
            }
        }
        self.taken.push((from.to_owned(), message.clone()));
        Reply::new(250, "accepted").with_enhanced(2, 0, 0)
    }
}

impl Tray for Desk<'_> {
    fn take(&mut self, kind: &str, document: &Bytes) -> Result<String, Unprintable> {
        let (name, sheets) = paper::of_document(kind, document, || (self.name)())?;
        paper::print(sheets, self.out);
        Ok(name)
    }
}
