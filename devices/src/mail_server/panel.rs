//! The input unit 206 and the display unit 205: tables Ta3 and Ta3' (paragraphs 0131, 0148).

use super::MailServer;
use crate::core::{Medium, Notice, Outbox, Time};
use crate::order::{Action, Order, Ta3Action, TableChange};
use crate::table::{Record, Rows};

impl MailServer {
    /// An order of the operator.
    pub(super) fn order(&mut self, now: Time, order: Order, out: &mut Outbox) {
        let forwards = self.config.forwards.is_some();
        let done = match order.action {
            Action::Ta3(Ta3Action::Destinations(change)) if forwards => {
                apply(&mut self.ta3, change, |key, row| key.fits(row), out)
            }
            Action::Ta3(Ta3Action::Specific(change)) if forwards => {
                apply(&mut self.ta3_prime, change, |key, row| key.fits_specific(row), out)
            }
            Action::HangUp if forwards => {
                self.line.iter_mut().for_each(|line| line.stop(now, out));
                None
            }
            _ => return out.unexpected("an order for another box", "an order for a mail server"),
        };
        if let Some(text) = done {
            out.notice(Notice { call: 0, medium: Medium::Display, text });
        }
    }
}

/// Changes a table or shows it; what is to be displayed.
fn apply<R: Record, K>(
    table: &mut Rows<R>,
    change: TableChange<K, R>,
    fits: impl Fn(&K, &R) -> bool,
    out: &mut Outbox,
) -> Option<String> {
    let done = match change {
        TableChange::List => {
            let line = |row: &R| {
                row.columns().into_iter().map(|(_, value)| value).collect::<Vec<String>>().join(" | ")
            };
            return Some(table.all().iter().map(line).collect::<Vec<String>>().join("\n"));
        }
        TableChange::Add(row) => table.add(row, out),
        TableChange::Edit(key, row) => {
            let found = table.position(|row| fits(&key, row));
            found.inspect(|at| table.change(*at, |old| *old = row, out)).is_some()
        }
        TableChange::Delete(key) => {
            let found = table.position(|row| fits(&key, row));
            found.inspect(|at| table.delete(*at, out)).is_some()
        }
    };
    (!done).then(|| "The table has no such row, or no room".to_owned())
}
