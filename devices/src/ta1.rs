//! Table Ta1 (Figure 2): which protocol a destination can do.

use crate::core::Durable;

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

impl Row {
    /// Column names and values.
    pub fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("destination", self.destination.clone()),
            ("number", self.number.clone()),
            ("protocol", self.protocol.clone().unwrap_or_default()),
        ]
    }

    fn of_columns(columns: &[(&'static str, String)]) -> Self {
        let column =
            |name: &str| columns.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        Row {
            destination: column("destination").unwrap_or_default(),
            number: column("number").unwrap_or_default(),
            protocol: column("protocol").filter(|protocol| !protocol.is_empty()),
        }
    }
}

/// The table. Rows keep the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ta1 {
    rows: Vec<Row>,
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
    /// The most rows a table takes; the operator is told when it is full.
    pub const MAX_ROWS: usize = 1000;

    /// A table of these rows.
    pub fn new(rows: Vec<Row>) -> Self {
        Ta1 { rows }
    }

    /// All rows in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Step S5: the first row with this number decides (of several with the same number).
    pub fn registered(&self, number: &str) -> Registered {
        match self.position(number).map(|at| &self.rows[at].protocol) {
            None => Registered::NumberUnknown,
            Some(None) => Registered::ProtocolUnknown,
            Some(Some(protocol)) => Registered::Protocol(protocol.clone()),
        }
    }

    /// The table as it was before the power failed: as delivered, and then what was committed.
    pub fn restored(delivered: &[Row], committed: &[Durable]) -> Self {
        let mut table = Ta1::new(delivered.to_vec());
        for change in committed {
            match change {
                Durable::CommitRow { position, added: true, row, .. } => {
                    let position = (*position).min(table.rows.len());
                    table.rows.insert(position, Row::of_columns(row));
                }
                Durable::CommitRow { position, row, .. } => table.replace(*position, Row::of_columns(row)),
                Durable::DeleteRow { position, .. } if *position < table.rows.len() => {
                    table.rows.remove(*position);
                }
                Durable::DeleteRow { .. } | Durable::Print(_) => {}
            }
        }
        table
    }

    /// Step S16: stores the protocol in the number's record, or in a new one. Returns where, and whether
    /// the record is new; `None` if the table is full.
    pub fn learn(&mut self, number: &str, protocol: &str) -> Option<(usize, bool)> {
        if let Some(at) = self.position(number) {
            self.rows[at].protocol = Some(protocol.to_owned());
            return Some((at, false));
        }
        let row = Row {
            destination: String::new(),
            number: number.to_owned(),
            protocol: Some(protocol.to_owned()),
        };
        self.add(row).then(|| (self.rows.len() - 1, true))
    }

    /// Adds a row; false if the table is full.
    pub fn add(&mut self, row: Row) -> bool {
        let room = self.rows.len() < Self::MAX_ROWS;
        if room {
            self.rows.push(row);
        }
        room
    }

    /// Replaces the row at this position, if there is one.
    pub fn replace(&mut self, position: usize, row: Row) {
        if let Some(old) = self.rows.get_mut(position) {
            *old = row;
        }
    }

    /// Takes the row at this position out. The position must come from [`Ta1::position`].
    pub fn remove(&mut self, position: usize) -> Row {
        self.rows.remove(position)
    }

    /// Where the first row with this number is.
    pub fn position(&self, number: &str) -> Option<usize> {
        let digits = crate::number::digits(number);
        self.rows.iter().position(|row| crate::number::digits(&row.number) == digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(table.learn("0501", "smtp"), Some((0, false)));
        assert_eq!(table.rows()[0], row("050-1", Some("smtp")));
        assert_eq!(table.registered("050-2"), Registered::ProtocolUnknown);
    }

    #[test]
    fn learning_an_unknown_number_makes_a_record() {
        let mut table = Ta1::default();
        assert_eq!(table.learn("050-9", "smtp"), Some((0, true)));
        assert_eq!(table.rows().len(), 1);
    }

    #[test]
    fn of_two_rows_with_one_number_the_first_counts() {
        let mut table = Ta1::new(vec![row("050-1", Some("http")), row("050-1", Some("smtp"))]);
        assert_eq!(table.registered("050-1"), Registered::Protocol("http".into()));
        table.remove(0);
        assert_eq!(table.registered("050-1"), Registered::Protocol("smtp".into()));
    }

    #[test]
    fn a_restored_table_holds_what_was_committed() {
        let delivered = [row("050-1", None), row("050-2", None)];
        let commit = |position, added, row: Row| Durable::CommitRow {
            table: "Ta1",
            position,
            added,
            row: row.columns(),
        };
        let log = [
            commit(0, false, row("050-1", Some("smtp"))),
            commit(2, true, row("050-3", Some("smtp"))),
            Durable::DeleteRow { table: "Ta1", position: 1, row: Vec::new() },
        ];
        let table = Ta1::restored(&delivered, &log);
        assert_eq!(table.rows(), [row("050-1", Some("smtp")), row("050-3", Some("smtp"))]);
    }

    #[test]
    fn a_full_table_takes_no_more() {
        let mut table = Ta1::new(vec![Row::default(); Ta1::MAX_ROWS]);
        assert!(!table.add(row("050-1", None)));
        assert_eq!(table.learn("050-1", "smtp"), None);
    }
}
