//! The header fields of a mail, for readers that must not be deceived: who sent it, and may it be
//! answered? Two readers that disagree about where a field ends can be told two different senders, so
//! what is not plain is marked here, and the readers built on this refuse it.

/// The largest header that is read, in octets.
pub const MAX_HEADER: usize = 256 * 1024;

/// The most fields of a header that are read.
pub const MAX_FIELDS: usize = 1_000;

/// The longest line of a header, in octets without its CRLF (RFC 5322 §2.1.1).
pub const MAX_HEADER_LINE: usize = 998;

/// Why a header was not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// More than [`MAX_HEADER`].
    #[error("the header is larger than the {MAX_HEADER} octets that are read")]
    TooLarge,
    /// More than [`MAX_FIELDS`].
    #[error("the header has more than {MAX_FIELDS} fields")]
    TooMany,
}

/// The fields of one header, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    list: Vec<Field>,
    /// How many lines are neither a field nor the continuation of one. Some readers end the header
    /// at such a line and some pass over it.
    pub strays: usize,
}

/// One header field, unfolded (RFC 5322 §2.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name as it was written.
    pub name: String,
    value: Vec<u8>,
    /// It came on lines that end on CRLF and are short enough, with no space before its colon.
    is_regular: bool,
}

impl Fields {
    /// Reads a header up to its empty line, or to the end of `raw`.
    ///
    /// # Errors
    /// [`FieldsError`] when there is more than this reads.
    pub fn read(raw: &[u8]) -> Result<Fields, FieldsError> {
        let mut fields = Fields::default();
        let mut octets = 0;
        for line in raw.split_inclusive(|octet| *octet == b'\n') {
            let (text, ends_on_crlf) = without_end(line);
            if text.is_empty() {
                break;
            }
            octets += line.len();
            if octets > MAX_HEADER {
                return Err(FieldsError::TooLarge);
            }
            let is_regular = ends_on_crlf && text.len() <= MAX_HEADER_LINE;
            if matches!(text, [b' ' | b'\t', ..]) {
                fields.go_on(text, is_regular);
            } else if let Some(field) = Field::read(text, is_regular) {
                if fields.list.len() == MAX_FIELDS {
                    return Err(FieldsError::TooMany);
                }
                fields.list.push(field);
            } else {
                fields.strays += 1;
            }
        }
        Ok(fields)
    }

    /// The fields of this name, in any case, in their order.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> + 'a {
        self.list.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first field of this name, whatever could not be read replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.named(name).next().map(Field::text)
    }

    /// All fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.list.iter()
    }

    fn go_on(&mut self, text: &[u8], is_regular: bool) {
        match self.list.last_mut() {
            Some(field) => {
                field.value.extend_from_slice(text);
                field.is_regular &= is_regular;
            }
            None => self.strays += 1,
        }
    }
}

impl Field {
    /// The value when nothing about it can be read in two ways: printable ASCII and white space, on
    /// regular lines. Otherwise `None`.
    pub fn plain(&self) -> Option<&str> {
        let is_plain = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t');
        let text = (self.is_regular && self.value.iter().all(is_plain)).then_some(&self.value[..])?;
        Some(str::from_utf8(text).ok()?.trim_matches(WSP))
    }

    /// The value for a person or a lenient reader: control characters are left out, and what is not
    /// UTF-8 is replaced.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.value).replace('\t', " ");
        text.chars().filter(|letter| !letter.is_control()).collect::<String>().trim_matches(WSP).to_owned()
    }

    fn read(line: &[u8], is_regular: bool) -> Option<Field> {
        let colon = line.iter().position(|octet| *octet == b':')?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        let tight = name.trim_ascii_end();
        let is_name = !tight.is_empty() && tight.iter().all(u8::is_ascii_graphic);
        // White space before the colon is obsolete (RFC 5322 §4.5), and not every reader still knows it.
        let is_regular = is_regular && tight.len() == name.len();
        is_name.then(|| Field {
            name: String::from_utf8_lossy(tight).into_owned(),
            value: value.to_vec(),
            is_regular,
        })
    }
}

const WSP: [char; 2] = [' ', '\t'];

/// The line without its end, and whether that is a CRLF. The last line may lack its end.
fn without_end(line: &[u8]) -> (&[u8], bool) {
    match line {
        [text @ .., b'\r', b'\n'] => (text, true),
        [text @ .., b'\n'] => (text, false),
        text => (text, true),
    }
}
