//! A TIFF built field by field, to test what no good writer makes.

mod damage;
mod facts;
mod kinds;
mod limits;
mod structure;

use super::{Tag, directory::Kind};
use crate::page::code::{Layout, encode};
use crate::page::{Bitmap, Coding, Page, Resolution};

/// A field as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct RawField {
    pub(super) tag: Tag,
    pub(super) kind: u16,
    pub(super) count: u32,
    pub(super) value: Value,
}

/// Where the values of a field are.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Numbers of the type of the field, stored where TIFF puts them.
    Numbers(Vec<u32>),
    /// The offset of the strip with this index, filled in when the file is built.
    Strips,
    /// The four bytes of the value, as a number.
    Raw(u32),
}

/// A file of one page, to be bent.
#[derive(Clone, Debug)]
pub(super) struct RawTiff {
    pub(super) big_endian: bool,
    pub(super) fields: Vec<RawField>,
    pub(super) strips: Vec<Vec<u8>>,
    /// Where the directory lies, behind everything else, beyond an even place.
    pub(super) odd: bool,
    pub(super) next: u32,
}

impl RawTiff {
    /// The page in MH, highest bit first, one strip.
    pub(super) fn mh(page: &Page) -> Self {
        Self::coded(page, 3, vec![encode(page, Layout::default())])
    }

    pub(super) fn coded(page: &Page, compression: u32, strips: Vec<Vec<u8>>) -> Self {
        let lens = strips.iter().map(|strip| strip.len() as u32).collect::<Vec<_>>();
        let rows = page.bitmap.height.div_ceil(strips.len() as u32);
        let mut tiff = Self { big_endian: false, fields: Vec::new(), strips, odd: false, next: 0 };
        tiff.set(Tag::IMAGE_WIDTH, Kind::Long, &[page.bitmap.width]);
        tiff.set(Tag::IMAGE_LENGTH, Kind::Long, &[page.bitmap.height]);
        tiff.set(Tag::COMPRESSION, Kind::Short, &[compression]);
        tiff.set(Tag::PHOTOMETRIC, Kind::Short, &[0]);
        let count = lens.len() as u32;
        tiff.put(RawField { tag: Tag::STRIP_OFFSETS, kind: Kind::Long as u16, count, value: Value::Strips });
        tiff.set(Tag::ROWS_PER_STRIP, Kind::Long, &[rows]);
        tiff.set(Tag::STRIP_BYTE_COUNTS, Kind::Long, &lens);
        tiff.set(Tag::X_RESOLUTION, Kind::Rational, &[204, 1]);
        tiff.set(Tag::Y_RESOLUTION, Kind::Rational, &[page.resolution.y_dpi(), 1]);
        tiff
    }

    pub(super) fn set(&mut self, tag: Tag, kind: Kind, numbers: &[u32]) {
        let count = numbers.len() as u32 / if kind == Kind::Rational { 2 } else { 1 };
        self.put(RawField { tag, kind: kind as u16, count, value: Value::Numbers(numbers.to_vec()) });
    }

    pub(super) fn put(&mut self, field: RawField) {
        self.remove(field.tag);
        self.fields.push(field);
        self.fields.sort_by_key(|field| field.tag);
    }

    pub(super) fn remove(&mut self, tag: Tag) {
        self.fields.retain(|field| field.tag != tag);
    }

    pub(super) fn field_mut(&mut self, tag: Tag) -> &mut RawField {
        self.fields.iter_mut().find(|field| field.tag == tag).unwrap()
    }

    /// Header, strips, long values, directory.
    pub(super) fn build(&self) -> Vec<u8> {
        let mut file = if self.big_endian { b"MM\0\x2A".to_vec() } else { b"II\x2A\0".to_vec() };
        self.put_u32(&mut file, 0);
        let mut offsets = Vec::new();
        for strip in &self.strips {
            offsets.push(file.len() as u32);
            file.extend(strip);
        }
        let mut directory = Vec::new();
        self.put_u16(&mut directory, self.fields.len() as u16);
        for field in &self.fields {
            self.put_u16(&mut directory, field.tag.0);
            self.put_u16(&mut directory, field.kind);
            self.put_u32(&mut directory, field.count);
            let mut value = match &field.value {
                Value::Numbers(numbers) => self.values(field.kind, numbers),
                Value::Strips => self.values(field.kind, &offsets),
                Value::Raw(raw) => self.values(Kind::Long as u16, &[*raw]),
            };
            if value.len() > 4 {
                let at = file.len() as u32;
                file.extend(value);
                value = self.values(Kind::Long as u16, &[at]);
            }
            value.resize(4, 0);
            directory.extend(value);
        }
        self.put_u32(&mut directory, self.next);
        file.resize(file.len().next_multiple_of(2) + usize::from(self.odd), 0);
        let at = self.values(Kind::Long as u16, &[file.len() as u32]);
        file[4..8].copy_from_slice(&at);
        file.extend(directory);
        file
    }

    fn values(&self, kind: u16, numbers: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in numbers {
            match kind {
                1 => bytes.push(*number as u8),
                3 => self.put_u16(&mut bytes, *number as u16),
                _ => self.put_u32(&mut bytes, *number),
            }
        }
        bytes
    }

    fn put_u16(&self, bytes: &mut Vec<u8>, value: u16) {
        bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn put_u32(&self, bytes: &mut Vec<u8>, value: u32) {
        bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }
}

/// A small page with a bit of everything.
pub(super) fn small_page() -> Page {
    let bitmap = Bitmap::from_fn(61, 12, |x, y| (x * y) % 7 < 3 || x == y * 4);
    Page { bitmap, resolution: Resolution::Standard }
}
