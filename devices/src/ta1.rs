//! Table Ta1 (Figure 2): which protocol a destination can do.

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

    /// Step S16: stores the protocol in the number's record, or in a new one. Returns the row and whether it is new.
    pub fn learn(&mut self, number: &str, protocol: &str) -> Option<(Row, bool)> {
        if let Some(at) = self.position(number) {
            self.rows[at].protocol = Some(protocol.to_owned());
            return Some((self.rows[at].clone(), false));
        }
        let row = Row {
            destination: String::new(),
            number: number.to_owned(),
            protocol: Some(protocol.to_owned()),
        };
        self.add(row.clone()).then_some((row, true))
    }

    /// Adds a row; false if the table is full.
    pub fn add(&mut self, row: Row) -> bool {
        let room = self.rows.len() < Self::MAX_ROWS;
        if room {
            self.rows.push(row);
        }
        room
    }

    /// Replaces the first row with this number; false if there is none.
    pub fn edit(&mut self, number: &str, row: Row) -> bool {
        let found = self.position(number);
        if let Some(at) = found {
            self.rows[at] = row;
        }
        found.is_some()
    }

    /// Deletes the first row with this number and returns it.
    pub fn delete(&mut self, number: &str) -> Option<Row> {
        self.position(number).map(|at| self.rows.remove(at))
    }

    fn position(&self, number: &str) -> Option<usize> {
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
        let (learned, new) = table.learn("0501", "smtp").expect("room");
        assert_eq!((learned, new), (row("050-1", Some("smtp")), false));
        assert_eq!(table.registered("050-2"), Registered::ProtocolUnknown);
    }

    #[test]
    fn learning_an_unknown_number_makes_a_record() {
        let mut table = Ta1::default();
        assert!(table.learn("050-9", "smtp").is_some_and(|(_, new)| new));
        assert_eq!(table.rows().len(), 1);
    }

    #[test]
    fn of_two_rows_with_one_number_the_first_counts() {
        let mut table = Ta1::new(vec![row("050-1", Some("http")), row("050-1", Some("smtp"))]);
        assert_eq!(table.registered("050-1"), Registered::Protocol("http".into()));
        table.delete("050-1");
        assert_eq!(table.registered("050-1"), Registered::Protocol("smtp".into()));
    }

    #[test]
    fn a_full_table_takes_no_more() {
        let mut table = Ta1::new(vec![Row::default(); Ta1::MAX_ROWS]);
        assert!(!table.add(row("050-1", None)));
        assert_eq!(table.learn("050-1", "smtp"), None);
    }
}
