//! The fields of a head.

/// Fields in their order, names as written, values without the blanks around them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of(headers: &[httparse::Header<'_>]) -> Fields {
        // A value may hold octets of any charset (RFC 9110 §5.5); nothing that we ask for does.
        let text = |value: &[u8]| String::from_utf8_lossy(value.trim_ascii()).into_owned();
        Fields(headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect())
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The values of all fields of this name, in any case of letters.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The value of the first field of this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Whether the field, a list, has this element, in any case of letters (RFC 9110 §5.6.1).
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.elements(name).any(|known| known.eq_ignore_ascii_case(element))
    }

    /// The elements of all fields of this name, each a list.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(|value| value.split(',')).map(str::trim).filter(|element| !element.is_empty())
    }
}
