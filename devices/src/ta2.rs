//! Table Ta2 (Figure 6): which number and which mail address belong to a destination.
//!
//! Operators fill it, and mail that comes in teaches it (S353, S361, S311). What was learned is bounded, so
//! that a flood of mail cannot push out what an operator typed, nor grow the table.

use crate::core::{Durable, Outbox};
use crate::number;
use crate::table::{Columns, Record, Rows};

/// The most rows that are learned; a further one takes the place of the oldest.
pub const MOST_LEARNED: usize = 200;

/// A row of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Column SPEED DIAL NO.; `None` where it is empty.
    pub speed_dial: Option<String>,
    /// Column DESTINATION: a name.
    pub destination: String,
    /// Column IP TEL NO., as it was typed or learned.
    pub number: Option<String>,
    /// Column E-MAIL ADDRESS.
    pub address: Option<String>,
    /// Who says so.
    pub source: Source,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// An operator made it.
    #[default]
    Operator,
    /// Mail taught it.
    Learned,
    /// Mail taught it, and nothing vouches for its number (habit `unverified_number: store-flagged`).
    Unverified,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Source::Operator => "",
            Source::Learned => "learned",
            Source::Unverified => "unverified",
        }
    }

    fn of_word(word: &str) -> Source {
        let all = [Source::Learned, Source::Unverified];
        all.into_iter().find(|source| source.word() == word).unwrap_or_default()
    }
}

impl Record for Row {
    const TABLE: &'static str = "Ta2";

    fn columns(&self) -> Vec<(&'static str, String)> {
        let text = |column: &Option<String>| column.clone().unwrap_or_default();
        let mut columns = vec![
            ("speed_dial", text(&self.speed_dial)),
            ("destination", self.destination.clone()),
            ("number", text(&self.number)),
            ("address", text(&self.address)),
        ];
        if self.source != Source::Operator {
            columns.push(("source", self.source.word().to_owned()));
        }
        columns
    }

    fn of_columns(columns: &Columns<'_>) -> Self {
        Row {
            speed_dial: columns.filled("speed_dial"),
            destination: columns.text("destination"),
            number: columns.filled("number"),
            address: columns.filled("address"),
            source: Source::of_word(&columns.text("source")),
        }
    }
}

/// What an operator names a row by: the first that fits is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Its speed dial number.
    SpeedDial(String),
    /// Its IP telephone number.
    Number(String),
    /// Its mail address.
    Address(String),
}

impl Key {
    fn fits(&self, row: &Row) -> bool {
        match self {
            Key::SpeedDial(dialled) => row.speed_dial.as_ref() == Some(dialled),
            Key::Number(number) => {
                row.number.as_ref().is_some_and(|known| number::digits(known) == number::digits(number))
            }
            Key::Address(address) => row.address.as_ref().is_some_and(|known| same_address(known, address)),
        }
    }
}

/// What became of a number that mail taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learning {
    /// A new row.
    NewRecord,
    /// The number of a row that was there; it may have been the same before.
    UpdatedRecord,
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ta2 {
    rows: Rows<Row>,
}

impl Ta2 {
    /// A table of these rows.
    pub fn new(rows: Vec<Row>) -> Self {
        Ta2 { rows: Rows::new(rows) }
    }

    /// The table as it was before the power failed.
    pub fn restored(delivered: &[Row], committed: &[Durable]) -> Self {
        Ta2 { rows: Rows::restored(delivered, committed) }
    }

    /// All rows in order.
    pub fn rows(&self) -> &[Row] {
        self.rows.all()
    }

    /// The first row that fits.
    pub fn find(&self, key: &Key) -> Option<&Row> {
        self.rows().iter().find(|row| key.fits(row))
    }

    /// S353, S361, S311: the number belongs to this address. A row of that address gets it and keeps all
    /// else (name and speed dial number are the operator's); the same number with another address is another
    /// row. No pair ever stands twice.
    pub fn learn(&mut self, address: &str, number: &str, verified: bool, out: &mut Outbox) -> Learning {
        let source = if verified { Source::Learned } else { Source::Unverified };
        let known = Key::Address(address.to_owned());
        if let Some(at) = self.rows.position(|row| known.fits(row)) {
            let row = &self.rows()[at];
            let same = Key::Number(number.to_owned()).fits(row);
            // Who is vouched for now was perhaps not before.
            let vouched = row.source == Source::Unverified && verified;
            if !same || vouched {
                let change = |row: &mut Row| {
                    row.number = Some(number.to_owned());
                    if row.source != Source::Operator || !verified {
                        row.source = source;
                    }
                };
                self.rows.change(at, change, out);
            }
            return Learning::UpdatedRecord;
        }
        let learned = |row: &Row| row.source != Source::Operator;
        let full = self.rows().iter().filter(|row| learned(row)).count() >= MOST_LEARNED
            || self.rows().len() >= Rows::<Row>::MOST;
        if let Some(oldest) = self.rows.position(learned).filter(|_| full) {
            self.rows.delete(oldest, out);
        }
        let row = Row {
            number: Some(number.to_owned()),
            address: Some(address.to_owned()),
            source,
            ..Row::default()
        };
        self.rows.add(row, out);
        Learning::NewRecord
    }

    /// Adds a row; false if the table is full.
    pub fn add(&mut self, row: Row, out: &mut Outbox) -> bool {
        self.rows.add(row, out)
    }

    /// Replaces the first row that fits; false if there is none.
    pub fn edit(&mut self, key: &Key, row: Row, out: &mut Outbox) -> bool {
        let found = self.rows.position(|row| key.fits(row));
        found.inspect(|at| self.rows.change(*at, |old| *old = row, out)).is_some()
    }

    /// Deletes the first row that fits; false if there is none.
    pub fn delete(&mut self, key: &Key, out: &mut Outbox) -> bool {
        let found = self.rows.position(|row| key.fits(row));
        found.inspect(|at| self.rows.delete(*at, out)).is_some()
    }
}

/// Whether two addresses lead to one mailbox as far as a stranger may tell: domains without regard to case,
/// local parts exactly (RFC 5321 §2.4).
pub fn same_address(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, domain)), Some((other_local, other_domain))) => {
            local == other_local && domain.eq_ignore_ascii_case(other_domain)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(speed_dial: &str, number: &str, address: &str) -> Row {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Row {
            speed_dial: filled(speed_dial),
            destination: "efg CO.".to_owned(),
            number: filled(number),
            address: filled(address),
            source: Source::Operator,
        }
    }

    fn learn(table: &mut Ta2, address: &str, number: &str) -> (Learning, usize) {
        let mut out = Outbox::new();
        let learning = table.learn(address, number, true, &mut out);
        (learning, out.effects().len())
    }

    #[test]
    fn a_row_is_found_by_each_of_its_columns() {
        let table = Ta2::new(vec![row("002", "050-123456", "efg@xxx.com")]);
        for key in [
            Key::SpeedDial("002".into()),
            Key::Number("050123456".into()),
            Key::Address("efg@XXX.com".into()),
        ] {
            assert!(table.find(&key).is_some(), "{key:?}");
        }
        for key in
            [Key::SpeedDial("2".into()), Key::Number("050-12345".into()), Key::Address("EFG@xxx.com".into())]
        {
            assert!(table.find(&key).is_none(), "{key:?}");
        }
    }

    #[test]
    fn a_known_address_gets_the_number_and_keeps_its_name() {
        let mut table = Ta2::new(vec![row("002", "", "efg@xxx.com")]);
        assert_eq!(learn(&mut table, "efg@xxx.com", "050-1"), (Learning::UpdatedRecord, 1));
        assert_eq!(table.rows(), [row("002", "050-1", "efg@xxx.com")]);
    }

    #[test]
    fn what_is_known_already_changes_nothing() {
        let mut table = Ta2::default();
        assert_eq!(learn(&mut table, "a@x", "050-1234"), (Learning::NewRecord, 1));
        assert_eq!(learn(&mut table, "a@X", "0501234"), (Learning::UpdatedRecord, 0));
        assert_eq!(table.rows().len(), 1);
    }

    #[test]
    fn one_number_may_have_two_addresses() {
        let mut table = Ta2::default();
        learn(&mut table, "a@x", "050-1");
        assert_eq!(learn(&mut table, "b@x", "050-1").0, Learning::NewRecord);
        assert_eq!(table.rows().len(), 2);
    }

    #[test]
    fn a_flood_of_mail_pushes_out_what_mail_taught_and_nothing_else() {
        let mut table = Ta2::new(vec![row("001", "050-1", "boss@x")]);
        for n in 0..1000 {
            learn(&mut table, &format!("a{n}@x"), &format!("050-{n:04}"));
        }
        assert_eq!(table.rows().len(), 1 + MOST_LEARNED);
        assert_eq!(table.rows()[0], row("001", "050-1", "boss@x"));
        assert_eq!(table.rows()[1].address.as_deref(), Some("a800@x"));
    }

    #[test]
    fn what_nothing_vouches_for_is_flagged_until_something_does() {
        let (mut table, mut out) = (Ta2::default(), Outbox::new());
        table.learn("a@x", "050-1", false, &mut out);
        assert_eq!(table.rows()[0].source, Source::Unverified);
        table.learn("a@x", "050-1", true, &mut out);
        assert_eq!(table.rows()[0].source, Source::Learned);
    }

    #[test]
    fn a_restored_table_knows_what_was_learned() {
        let (mut table, mut out) = (Ta2::default(), Outbox::new());
        table.learn("a@x", "050-1", false, &mut out);
        let committed: Vec<Durable> = out
            .drain()
            .filter_map(|effect| match effect {
                crate::core::Effect::Durable(change) => Some(change),
                _ => None,
            })
            .collect();
        assert_eq!(Ta2::restored(&[], &committed), table);
    }
}
