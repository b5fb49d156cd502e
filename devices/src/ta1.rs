//! Table Ta1 (Figure 2): which protocol a destination can do.

use crate::core::{Durable, Outbox};
use crate::number;
use crate::table::{Columns, Record, Rows};

/// A row of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Column DESTINATION: a name.
    pub destination: String,
    /// Column IP TEL NO., as it was typed.
    pub number: String,
    /// Column COMMUNICATION PROTOCOL; `None` where it is empty.
    pub protocol: Option<String>,
}

impl Record for Row {
    const TABLE: &'static str = "Ta1";

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("destination", self.destination.clone()),
            ("number", self.number.clone()),
            ("protocol", self.protocol.clone().unwrap_or_default()),
        ]
    }

    fn of_columns(columns: &Columns<'_>) -> Self {
        Row {
            destination: columns.text("destination"),
            number: columns.text("number"),
            protocol: columns.filled("protocol"),
        }
    }
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ta1 {
    rows: Rows<Row>,
}

/// What step S5 finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// The number is not in the table.
    NumberUnknown,
    /// The number is there and its protocol column is empty.
    ProtocolUnknown,
    /// The protocol for it.
    Protocol(String),
}

impl Ta1 {
    /// A table of these rows.
    pub fn new(rows: Vec<Row>) -> Self {
        Ta1 { rows: Rows::new(rows) }
    }

    /// The table as it was before the power failed.
    pub fn restored(delivered: &[Row], committed: &[Durable]) -> Self {
        Ta1 { rows: Rows::restored(delivered, committed) }
    }

    /// All rows in order.
    pub fn rows(&self) -> &[Row] {
        self.rows.all()
    }

    /// Step S5: the first row with this number decides (of several with the same number).
    pub fn registered(&self, number: &str) -> Registered {
        match self.position(number).map(|at| &self.rows()[at].protocol) {
            None => Registered::NumberUnknown,
            Some(None) => Registered::ProtocolUnknown,
            Some(Some(protocol)) => Registered::Protocol(protocol.clone()),
        }
    }

    /// Step S16: stores the protocol in the number's record, or in a new one. Returns whether the record
    /// is new; `None` if the table is full.
    pub fn learn(&mut self, number: &str, protocol: &str, out: &mut Outbox) -> Option<bool> {
        let protocol = Some(protocol.to_owned());
        if let Some(at) = self.position(number) {
            self.rows.change(at, |row| row.protocol = protocol, out);
            return Some(false);
        }
        let row = Row { destination: String::new(), number: number.to_owned(), protocol };
        self.rows.add(row, out).then_some(true)
    }

    /// Adds a row; false if the table is full.
    pub fn add(&mut self, row: Row, out: &mut Outbox) -> bool {
        self.rows.add(row, out)
    }

    /// Replaces the first row with this number; false if there is none.
    pub fn edit(&mut self, number: &str, row: Row, out: &mut Outbox) -> bool {
        let found = self.position(number);
        found.inspect(|at| self.rows.change(*at, |old| *old = row, out)).is_some()
    }

    /// Deletes the first row with this number; false if there is none.
    pub fn delete(&mut self, number: &str, out: &mut Outbox) -> bool {
        let found = self.position(number);
        found.inspect(|at| self.rows.delete(*at, out)).is_some()
    }

    fn position(&self, number: &str) -> Option<usize> {
        let digits = number::digits(number);
        self.rows.position(|row| number::digits(&row.number) == digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Effect;

    fn row(number: &str, protocol: Option<&str>) -> Row {
        Row { destination: "efg CO.".into(), number: number.into(), protocol: protocol.map(str::to_owned) }
    }

    #[test]
    fn numbers_compare_by_their_digits() {
        let table = Ta1::new(vec![row("050-123456", Some("smtp"))]);
        assert_eq!(table.registered("050123456"), Registered::Protocol("smtp".into()));
        assert_eq!(table.registered("050-12345"), Registered::NumberUnknown);
    }

    #[test]
    fn learning_fills_the_record_and_leaves_the_name() {
        let mut table = Ta1::new(vec![row("050-1", None), row("050-2", None)]);
        assert_eq!(table.learn("0501", "smtp", &mut Outbox::new()), Some(false));
        assert_eq!(table.rows()[0], row("050-1", Some("smtp")));
        assert_eq!(table.registered("050-2"), Registered::ProtocolUnknown);
    }

    #[test]
    fn learning_an_unknown_number_makes_a_record() {
        let mut table = Ta1::default();
        assert_eq!(table.learn("050-9", "smtp", &mut Outbox::new()), Some(true));
        assert_eq!(table.rows().len(), 1);
    }

    #[test]
    fn of_two_rows_with_one_number_the_first_counts() {
        let mut table = Ta1::new(vec![row("050-1", Some("http")), row("050-1", Some("smtp"))]);
        assert_eq!(table.registered("050-1"), Registered::Protocol("http".into()));
        assert!(table.delete("050-1", &mut Outbox::new()));
        assert_eq!(table.registered("050-1"), Registered::Protocol("smtp".into()));
    }

    #[test]
    fn a_restored_table_holds_what_was_committed() {
        let delivered = [row("050-1", None), row("050-2", None)];
        let (mut table, mut out) = (Ta1::new(delivered.to_vec()), Outbox::new());
        table.learn("050-1", "smtp", &mut out);
        table.learn("050-3", "smtp", &mut out);
        table.delete("050-2", &mut out);
        table.edit("050-3", row("050-4", None), &mut out);
        let committed: Vec<Durable> = out
            .drain()
            .filter_map(|effect| match effect {
                Effect::Durable(change) => Some(change),
                _ => None,
            })
            .collect();
        assert_eq!(committed.len(), 4);
        assert_eq!(Ta1::restored(&delivered, &committed), table);
        assert_eq!(table.rows(), [row("050-1", Some("smtp")), row("050-4", None)]);
    }

    #[test]
    fn what_other_tables_committed_is_theirs() {
        let other = Durable::CommitRow { table: "Ta2", position: 0, added: true, row: Vec::new() };
        assert_eq!(Ta1::restored(&[], &[other]), Ta1::default());
    }

    #[test]
    fn a_full_table_takes_no_more() {
        let (mut table, mut out) = (Ta1::new(vec![Row::default(); Rows::<Row>::MOST]), Outbox::new());
        assert!(!table.add(row("050-1", None), &mut out));
        assert_eq!(table.learn("050-1", "smtp", &mut out), None);
        assert!(out.effects().is_empty());
    }
}
