//! The chain of directories of a TIFF and the values of their fields, in either byte order.

use std::ops::Range;

use super::{Part, Quantity, Tag, TiffError};

/// The types of values that fax fields have (TIFF 6.0 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A byte.
    Byte = 1,
    /// Two bytes.
    Short = 3,
    /// Four bytes.
    Long = 4,
    /// Two times four bytes: a fraction.
    Rational = 5,
    /// A fraction with a sign, which resolutions sometimes are by mistake.
    SignedRational = 10,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Byte, Self::Short, Self::Long, Self::Rational, Self::SignedRational];

    pub(super) fn of(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u16 == number)
    }

    fn len(self) -> u64 {
        match self {
            Self::Byte => 1,
            Self::Short => 2,
            Self::Long => 4,
            Self::Rational | Self::SignedRational => 8,
        }
    }
}

/// A file and its byte order.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) bytes: &'a [u8],
    big_endian: bool,
}

/// A field of a directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) tag: Tag,
    /// The number of its type, whether known or not.
    pub(super) kind: u16,
    pub(super) count: u32,
    /// Where the four bytes lie that hold the values or tell where they lie.
    value_at: u64,
}

/// A directory: one page.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// The page, counted from 1.
    pub(super) page: usize,
    /// Where it lies in the file.
    pub(super) offset: u64,
    /// Its fields, in the order of the file.
    pub(super) fields: Vec<Field>,
}

impl<'a> File<'a> {
    /// Reads the header. Returns also where the first directory lies (0: there is none).
    pub(super) fn open(bytes: &'a [u8]) -> Result<(Self, u64), TiffError> {
        let big_endian = match bytes.first_chunk() {
            Some(b"II\x2A\0") => false,
            Some(b"MM\0\x2A") => true,
            _ => return Err(TiffError::NotTiff),
        };
        let file = Self { bytes, big_endian };
        let first = file.u32_at(4).ok_or(TiffError::NotTiff)?;
        Ok((file, u64::from(first)))
    }

    /// Whether the highest byte of a number comes first.
    pub(super) fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// All directories, in the order of the chain.
    pub(super) fn directories(&self, first: u64) -> Result<Vec<Directory>, TiffError> {
        let mut found: Vec<Directory> = Vec::new();
        let mut offset = first;
        while offset != 0 {
            if found.iter().any(|before| before.offset == offset) {
                return Err(TiffError::Loop { page: found.len(), offset });
            }
            let page = found.len() + 1;
            Quantity::Pages.check(page, page as u64)?;
            let (directory, next) = self.directory(page, offset)?;
            found.push(directory);
            offset = next;
        }
        Ok(found)
    }

    fn directory(&self, page: usize, offset: u64) -> Result<(Directory, u64), TiffError> {
        let outside = |len| self.outside(page, Part::Directory, offset, len);
        let count = u64::from(self.u16_at(offset).ok_or_else(|| outside(2))?);
        Quantity::Fields.check(page, count)?;
        let end = offset + 2 + count * 12;
        let next = self.u32_at(end).ok_or_else(|| outside(2 + count * 12 + 4))?;
        let fields = (0..count).filter_map(|index| self.field(offset + 2 + index * 12)).collect();
        Ok((Directory { page, offset, fields }, u64::from(next)))
    }

    fn field(&self, at: u64) -> Option<Field> {
        let tag = Tag(self.u16_at(at)?);
        Some(Field { tag, kind: self.u16_at(at + 2)?, count: self.u32_at(at + 4)?, value_at: at + 8 })
    }

    /// The bytes of a part of the file.
    pub(super) fn part(&self, page: usize, what: Part, offset: u64, len: u64) -> Result<&'a [u8], TiffError> {
        let end = offset.saturating_add(len);
        let bytes = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
        bytes
            .and_then(|(from, to)| self.bytes.get(from..to))
            .ok_or_else(|| self.outside(page, what, offset, len))
    }

    pub(super) fn outside(&self, page: usize, what: Part, offset: u64, len: u64) -> TiffError {
        TiffError::Outside { page, what, offset, len, file: self.bytes.len() as u64 }
    }

    fn u16_at(&self, at: u64) -> Option<u16> {
        let bytes = *self.bytes.get(usize::try_from(at).ok()?..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32_at(&self, at: u64) -> Option<u32> {
        let bytes = *self.bytes.get(usize::try_from(at).ok()?..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

impl Directory {
    /// The field with this tag.
    ///
    /// # Errors
    /// When it is there twice.
    pub(super) fn field(&self, tag: Tag) -> Result<Option<&Field>, TiffError> {
        let mut found = self.fields.iter().filter(|field| field.tag == tag);
        let first = found.next();
        if found.next().is_some() {
            return Err(TiffError::Duplicate { page: self.page, tag });
        }
        Ok(first)
    }

    /// The whole numbers of a field, at most `most` of them: BYTE, SHORT or LONG alike, whatever the
    /// field should have (RFC 3249 §5.2.3.1 d). `None` when the field is not there.
    pub(super) fn numbers(
        &self,
        file: &File<'_>,
        tag: Tag,
        most: u32,
    ) -> Result<Option<Vec<u64>>, TiffError> {
        let Some(field) = self.field(tag)? else { return Ok(None) };
        let kind = Kind::of(field.kind).filter(|kind| kind.len() <= 4);
        let Some(kind) = kind else { return Err(self.invalid(tag, "is not a whole number")) };
        let at = self.values_at(file, field, kind)?;
        let numbers = (0..u64::from(field.count.min(most))).map_while(|index| match kind {
            Kind::Byte => file.bytes.get((at + index) as usize).map(|byte| u64::from(*byte)),
            Kind::Short => file.u16_at(at + index * 2).map(u64::from),
            _ => file.u32_at(at + index * 4).map(u64::from),
        });
        Ok(Some(numbers.collect()))
    }

    /// The first whole number of a field.
    pub(super) fn number(&self, file: &File<'_>, tag: Tag) -> Result<Option<u64>, TiffError> {
        Ok(self.numbers(file, tag, 1)?.and_then(|numbers| numbers.first().copied()))
    }

    /// The first fraction of a field, as numerator and denominator. A whole number is one over 1.
    pub(super) fn fraction(&self, file: &File<'_>, tag: Tag) -> Result<Option<(u64, u64)>, TiffError> {
        let Some(field) = self.field(tag)? else { return Ok(None) };
        let Some(kind @ (Kind::Rational | Kind::SignedRational)) = Kind::of(field.kind) else {
            return Ok(self.number(file, tag)?.map(|whole| (whole, 1)));
        };
        let at = self.values_at(file, field, kind)?;
        let parts = file.u32_at(at).zip(file.u32_at(at + 4));
        Ok(parts.map(|(numerator, denominator)| (u64::from(numerator), u64::from(denominator))))
    }

    /// Where the values of a field lie, all of them inside of the file.
    pub(super) fn values_at(&self, file: &File<'_>, field: &Field, kind: Kind) -> Result<u64, TiffError> {
        if field.count == 0 {
            return Err(self.invalid(field.tag, "has no value (its count is 0)"));
        }
        let len = u64::from(field.count) * kind.len();
        if len <= 4 {
            return Ok(field.value_at);
        }
        let part = Part::Values(field.tag);
        let at = file.u32_at(field.value_at).map_or(u64::MAX, u64::from);
        file.part(self.page, part, at, len)?;
        Ok(at)
    }

    /// The bytes that the values of a field take outside of the directory, if they do.
    pub(super) fn values_of(&self, file: &File<'_>, field: &Field) -> Option<Range<u64>> {
        let kind = Kind::of(field.kind)?;
        let at = self.values_at(file, field, kind).ok()?;
        (at != field.value_at).then(|| at..at + u64::from(field.count) * kind.len())
    }

    /// Where the directory ends.
    pub(super) fn end(&self) -> u64 {
        self.offset + 2 + self.fields.len() as u64 * 12 + 4
    }

    pub(super) fn invalid(&self, tag: Tag, why: &'static str) -> TiffError {
        TiffError::Invalid { page: self.page, tag, why }
    }
}
