//! The operation unit 109: table Ta2, and what the fax tells.

use super::MailFax;
use super::transmitter::peer_of;
use crate::core::{Notice, Outbox};
use crate::order::{Action, Document, Ta2Action};
use crate::ta2::{Key, Row, Source};

impl MailFax {
    /// Edits table Ta2 (paragraph 0091) or shows it.
    pub(super) fn table_order(&mut self, action: Action, out: &mut Outbox) {
        let Action::Ta2(action) = action else {
            return out.unexpected("an order for another box", "an order for a mail fax");
        };
        let done = match action {
            Ta2Action::List => {
                let rows: Vec<String> = self.ta2.rows().iter().map(line).collect();
                self.display(0, rows.join("\n"), out);
                true
            }
            Ta2Action::Add(row) => self.ta2.add(row, out),
            Ta2Action::Edit(key, row) => {
                self.forget(&key);
                self.ta2.edit(&key, row, out)
            }
            Ta2Action::Delete(key) => {
                self.forget(&key);
                self.ta2.delete(&key, out)
            }
        };
        if !done {
            self.display(0, "The table has no such row, or no room".to_owned(), out);
        }
    }

    /// Whose row the operator changes is asked again what it prints (RFC 2532 §3).
    fn forget(&mut self, key: &Key) {
        if let Some(row) = self.ta2.find(key) {
            self.capabilities.remove(&peer_of(row.number.as_deref(), row.address.as_deref()));
        }
    }

    pub(super) fn tell_failure(&self, call: u64, document: &Document, why: &str, out: &mut Outbox) {
        let words = match document {
            Document::Image { .. } => "Transmission of image failed",
            Document::Text(_) => "Transmission of e-mail failed",
        };
        let medium = self.config.failure_medium;
        out.notice(Notice { call, medium, text: format!("{words}: {why}") });
    }

    pub(super) fn display(&self, call: u64, text: String, out: &mut Outbox) {
        out.notice(Notice { call, medium: crate::core::Medium::Display, text });
    }
}

fn line(row: &Row) -> String {
    let text = |column: &Option<String>| column.clone().unwrap_or_else(|| "-".to_owned());
    let source = match row.source {
        Source::Operator => "",
        Source::Learned => " (learned)",
        Source::Unverified => " (unverified)",
    };
    let (dial, number, address) = (text(&row.speed_dial), text(&row.number), text(&row.address));
    format!("{dial} | {} | {number} | {address}{source}", row.destination)
}
