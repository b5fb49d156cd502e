//! The operation unit 8: what the operator can do besides sending, and what the fax tells back.

use super::{Fax1, registration};
use crate::core::{Durable, Medium, Notice, Outbox};
use crate::order::{Action, Document};
use crate::ta1::Row;

const TA1: &str = "Ta1";

impl Fax1 {
    /// Edits table Ta1 (paragraph 0065) or shows it.
    pub(super) fn table_order(&mut self, action: &Action, out: &mut Outbox) {
        let refused = match action {
            Action::ListTable => {
                let rows: Vec<String> = self.ta1.rows().iter().map(line).collect();
                self.display(rows.join("\n"), out);
                false
            }
            Action::AddRow(row) => {
                let position = self.ta1.rows().len();
                let added = self.ta1.add(row.clone());
                if added {
                    commit(position, true, row, out);
                }
                !added
            }
            Action::EditRow { number, row } => match self.ta1.position(number) {
                Some(position) => {
                    self.ta1.replace(position, row.clone());
                    commit(position, false, row, out);
                    false
                }
                None => true,
            },
            Action::DeleteRow { number } => match self.ta1.position(number) {
                Some(position) => {
                    let row = self.ta1.remove(position).columns();
                    out.durable(Durable::DeleteRow { table: TA1, position, row });
                    false
                }
                None => true,
            },
            Action::Send { .. } | Action::HangUp => false,
        };
        if refused {
            self.display("The table has no such row, or no room".to_owned(), out);
        }
    }

    /// Step S16: stores the protocol for the number. Returns whether the record is new.
    pub(super) fn learn(&mut self, number: &str, protocol: &str, out: &mut Outbox) -> bool {
        match self.ta1.learn(number, protocol) {
            Some((position, added)) => {
                commit(position, added, &self.ta1.rows()[position], out);
                added
            }
            None => {
                self.display("Table Ta1 is full".to_owned(), out);
                true
            }
        }
    }

    /// Step S9: the words of paragraph 0081, and why. Marks the arc.
    pub(super) fn tell_failure(&self, call: u64, document: &Document, why: &str, out: &mut Outbox) {
        let words = match document {
            Document::Image { .. } => "Transmission of image failed",
            Document::Text(_) => "Transmission of e-mail failed",
        };
        let medium = self.phone.config.failure_medium;
        let arc = match medium {
            Medium::Display => "4.S9.display",
            Medium::Printer => "4.S9.print",
            Medium::Buzzer => "4.S9.buzzer",
        };
        out.mark(call, arc); // S9
        out.notice(Notice { call, medium, text: format!("{words}: {why}") });
    }

    /// Sends REGISTER, unless the operator has set the fax up not to.
    pub(super) fn register(&mut self, now: crate::core::Time, out: &mut Outbox) {
        if self.phone.config.habits.registers {
            self.registration.register(now, &mut self.phone, out);
        } else {
            out.disarm(registration::REFRESH);
        }
    }

    pub(super) fn display(&self, text: String, out: &mut Outbox) {
        out.notice(Notice { call: 0, medium: Medium::Display, text });
    }
}

fn line(row: &Row) -> String {
    format!("{} | {} | {}", row.destination, row.number, row.protocol.as_deref().unwrap_or("-"))
}

fn commit(position: usize, added: bool, row: &Row, out: &mut Outbox) {
    out.durable(Durable::CommitRow { table: TA1, position, added, row: row.columns() });
}
