//! Tables Ta3 and Ta3' (Figure 15): which IP telephone number belongs to a destination, by its mail address or
//! its domain (mail server 201), or by specific information in the mail (mail server 201A). Operators fill them.

use crate::number;
use crate::ta2::same_address;
use crate::table::{Columns, Record};

/// A row of table Ta3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Column DESTINATION ADDRESS, DOMAIN: a mail address, or a domain name.
    pub destination: String,
    /// Column IP TEL NO.
    pub number: String,
}

/// A row of table Ta3'.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecificRow {
    /// Column SPECIFIC INFORMATION.
    pub information: String,
    /// Column IP TEL NO.
    pub number: String,
}

impl Row {
    /// Whether the row is one of this mail address.
    pub fn is_of_address(&self, path: &str) -> bool {
        self.destination.contains('@') && same_address(&self.destination, path)
    }

    /// Whether the row is one of this domain: equality, without regard to case and a dot at the end.
    pub fn is_of_domain(&self, domain: &str) -> bool {
        let bare = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        !self.destination.contains('@') && bare(&self.destination) == bare(domain)
    }
}

impl Record for Row {
    const TABLE: &'static str = "Ta3";

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("destination", self.destination.clone()), ("number", self.number.clone())]
    }

    fn of_columns(columns: &Columns<'_>) -> Self {
        Row { destination: columns.text("destination"), number: columns.text("number") }
    }
}

impl Record for SpecificRow {
    const TABLE: &'static str = "Ta3'";

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("information", self.information.clone()), ("number", self.number.clone())]
    }

    fn of_columns(columns: &Columns<'_>) -> Self {
        SpecificRow { information: columns.text("information"), number: columns.text("number") }
    }
}

/// What an operator names a row by: the first that fits is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// What stands in its first column: an address, a domain, or specific information.
    First(String),
    /// Its IP telephone number.
    Number(String),
}

impl Key {
    /// Whether this row of Ta3 is meant.
    pub fn fits(&self, row: &Row) -> bool {
        match self {
            Key::First(text) => row.is_of_address(text) || row.is_of_domain(text),
            Key::Number(number) => number::digits(&row.number) == number::digits(number),
        }
    }

    /// Whether this row of Ta3' is meant.
    pub fn fits_specific(&self, row: &SpecificRow) -> bool {
        match self {
            Key::First(text) => row.information == *text,
            Key::Number(number) => number::digits(&row.number) == number::digits(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(destination: &str) -> Row {
        Row { destination: destination.to_owned(), number: "050-1234-5678".to_owned() }
    }

    #[test]
    fn an_address_fits_exactly_and_its_domain_without_regard_to_case() {
        assert!(row("abc@efg.com").is_of_address("abc@EFG.com"));
        assert!(!row("abc@efg.com").is_of_address("ABC@efg.com"));
        assert!(!row("efg.com").is_of_address("abc@efg.com"));
    }

    #[test]
    fn a_domain_fits_by_equality_and_no_address_is_a_domain() {
        assert!(row("efg.com").is_of_domain("EFG.com."));
        assert!(!row("efg.com").is_of_domain("sub.efg.com") && !row("efg.com").is_of_domain("xefg.com"));
        assert!(!row("abc@efg.com").is_of_domain("efg.com"));
    }

    #[test]
    fn a_row_is_named_by_its_first_column_or_its_number() {
        for key in [Key::First("EFG.com".into()), Key::Number("05012345678".into())] {
            assert!(key.fits(&row("efg.com")), "{key:?}");
        }
        let specific = SpecificRow { information: "KYOTO".into(), number: "050-1".into() };
        assert!(Key::First("KYOTO".into()).fits_specific(&specific));
        assert!(!Key::First("kyoto".into()).fits_specific(&specific));
    }
}
