//! The operation unit 8: what the operator can do besides sending, and what the fax tells back.

use super::Fax1;
use crate::core::{Medium, Notice, Outbox};
use crate::order::{Action, Document};
use crate::ta1::Row;

impl Fax1 {
    /// Edits table Ta1 (paragraph 0065) or shows it.
    pub(super) fn table_order(&mut self, action: &Action, out: &mut Outbox) {
        let done = match action {
            Action::ListTable => {
                let rows: Vec<String> = self.ta1.rows().iter().map(line).collect();
                self.display(rows.join("\n"), out);
                true
            }
            Action::AddRow(row) => self.ta1.add(row.clone(), out),
            Action::EditRow { number, row } => self.ta1.edit(number, row.clone(), out),
            Action::DeleteRow { number } => self.ta1.delete(number, out),
            Action::Send { .. }
            | Action::Ta2(_)
            | Action::Ta3(_)
            | Action::Write(_)
            | Action::HangUp
            | Action::Inject(_) => {
                return out.unexpected("an order for another box", "an order for facsimile machine 1");
            }
        };
        if !done {
            self.display("The table has no such row, or no room".to_owned(), out);
        }
    }

    /// Step S16: stores the protocol for the number. Returns whether the record is new.
    pub(super) fn learn(&mut self, number: &str, protocol: &str, out: &mut Outbox) -> bool {
        self.ta1.learn(number, protocol, out).unwrap_or_else(|| {
            self.display("Table Ta1 is full".to_owned(), out);
            true
        })
    }

    /// Step S9: the words of paragraph 0081, and why. Marks the arc.
    pub(super) fn tell_failure(&self, call: u64, document: &Document, why: &str, out: &mut Outbox) {
        let words = match document {
            Document::Image { .. } => "Transmission of image failed",
            Document::Text(_) => "Transmission of e-mail failed",
        };
        let medium = self.config.failure_medium;
        let arc = match medium {
            Medium::Display => "4.S9.display",
            Medium::Printer => "4.S9.print",
            Medium::Buzzer => "4.S9.buzzer",
        };
        out.mark(call, arc); // S9
        out.notice(Notice { call, medium, text: format!("{words}: {why}") });
    }

    fn display(&self, text: String, out: &mut Outbox) {
        out.notice(Notice { call: 0, medium: Medium::Display, text });
    }
}

fn line(row: &Row) -> String {
    format!("{} | {} | {}", row.destination, row.number, row.protocol.as_deref().unwrap_or("-"))
}
