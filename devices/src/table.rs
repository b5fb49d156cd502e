//! What is the same in every table of the patent: rows in order, that survive a power failure.

use crate::core::{Durable, Outbox};

/// A row of a table.
pub trait Record: Clone {
    /// The table's name, as in the patent: `Ta1`.
    const TABLE: &'static str;

    /// Column names and values.
    fn columns(&self) -> Vec<(&'static str, String)>;

    /// The row of these columns; what is missing is empty.
    fn of_columns(columns: &Columns<'_>) -> Self;
}

/// Columns by name.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a>(&'a [(&'static str, String)]);

impl Columns<'_> {
    /// The value of a column; empty if it is not there.
    pub fn text(&self, name: &str) -> String {
        self.filled(name).unwrap_or_default()
    }

    /// The value of a column, unless it is empty.
    pub fn filled(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        found.filter(|value| !value.is_empty())
    }
}

/// The rows of a table, in the order in which they were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<R>(Vec<R>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Rows(Vec::new())
    }
}

impl<R: Record> Rows<R> {
    /// The most rows a table takes; the operator is told when it is full.
    pub const MOST: usize = 1000;

    /// A table as delivered.
    pub fn new(rows: Vec<R>) -> Self {
        Rows(rows)
    }

    /// The table as it was before the power failed: as delivered, and then what was committed.
    pub fn restored(delivered: &[R], committed: &[Durable]) -> Self {
        let mut rows = delivered.to_vec();
        for change in committed {
            match change {
                Durable::CommitRow { table, position, added, row } if *table == R::TABLE => {
                    let row = R::of_columns(&Columns(row));
                    match rows.get_mut(*position) {
                        Some(old) if !added => *old = row,
                        _ if *added => rows.insert((*position).min(rows.len()), row),
                        _ => {}
                    }
                }
                Durable::DeleteRow { table, position, .. }
                    if *table == R::TABLE && *position < rows.len() =>
                {
                    rows.remove(*position);
                }
                _ => {}
            }
        }
        Rows(rows)
    }

    /// All rows in order.
    pub fn all(&self) -> &[R] {
        &self.0
    }

    /// Where the first row is of which this is true.
    pub fn position(&self, is: impl Fn(&R) -> bool) -> Option<usize> {
        self.0.iter().position(is)
    }

    /// Adds a row and commits it; false if the table is full.
    pub fn add(&mut self, row: R, out: &mut Outbox) -> bool {
        let room = self.0.len() < Self::MOST;
        if room {
            self.0.push(row);
            self.commit(self.0.len() - 1, true, out);
        }
        room
    }

    /// Changes the row at this position, which must be there, and commits it.
    pub fn change(&mut self, position: usize, change: impl FnOnce(&mut R), out: &mut Outbox) {
        if let Some(row) = self.0.get_mut(position) {
            change(row);
            self.commit(position, false, out);
        }
    }

    /// Takes the row at this position out, which must be there, for good.
    pub fn delete(&mut self, position: usize, out: &mut Outbox) {
        if position < self.0.len() {
            let row = self.0.remove(position).columns();
            out.durable(Durable::DeleteRow { table: R::TABLE, position, row });
        }
    }

    fn commit(&self, position: usize, added: bool, out: &mut Outbox) {
        let row = self.0[position].columns();
        out.durable(Durable::CommitRow { table: R::TABLE, position, added, row });
    }
}
