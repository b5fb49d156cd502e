//! Writing TIFF of the profiles S and F, in the order that RFC 3949 §3.5 lays down for S and §4.4.6
//! advises for F: for each page its directory, the two resolutions, its strip; then the next page.

use bytes::Bytes;

use super::{Tag, directory::Kind};
use crate::page::code::{self, Layout};
use crate::page::{Coding, Page};

/// The length of the header; the first directory follows it.
pub(super) const HEADER_LEN: u64 = 8;

/// The fields of a page.
const FIELDS: u32 = 16;

/// The bytes of a directory: a count, the fields, where the next one lies.
const DIRECTORY_LEN: u32 = 2 + FIELDS * 12 + 4;

/// The bytes of a RATIONAL.
const RATIONAL_LEN: u32 = 8;

/// The pages as a TIFF file in MH, which is of profile S if the pages are of its forms. See [`write_as`].
pub fn write(pages: &[Page]) -> Bytes {
    write_as(pages, Coding::Mh)
}

/// The pages as a TIFF file in this coding. Same pages, same bytes.
///
/// Pages as wide as a paper make a file of profile F; it is of profile S if the
/// [`Form`](crate::page::Form) of each is [within that](crate::page::Form::is_profile_s). Others are
/// written as they are, which no profile allows: see [`reform`](crate::page::reform). Strips are
/// padded to an even length, since a directory must begin at an even place.
pub fn write_as(pages: &[Page], coding: Coding) -> Bytes {
    let (compression, options_tag, options) = match coding {
        Coding::Mh => (3, Tag::T4_OPTIONS, 0),
        Coding::Mr => (3, Tag::T4_OPTIONS, 1),
        Coding::Mmr => (4, Tag::T6_OPTIONS, 0),
    };
    let mut file = b"II\x2A\0".to_vec();
    put_u32(&mut file, if pages.is_empty() { 0 } else { HEADER_LEN as u32 });
    for (index, page) in pages.iter().enumerate() {
        let strip = code::encode(page, Layout::fax(coding));
        let resolutions_at = file.len() as u32 + DIRECTORY_LEN;
        let strip_at = resolutions_at + 2 * RATIONAL_LEN;
        let end = strip_at + (strip.len() as u32).next_multiple_of(2);
        let numbers = u32::from(index as u16) | u32::from(pages.len() as u16) << 16;
        let fields: [(Tag, Kind, u32, u32); FIELDS as usize] = [
            (Tag::NEW_SUBFILE_TYPE, Kind::Long, 1, 2),
            (Tag::IMAGE_WIDTH, Kind::Long, 1, page.bitmap.width),
            (Tag::IMAGE_LENGTH, Kind::Long, 1, page.bitmap.height),
            (Tag::BITS_PER_SAMPLE, Kind::Short, 1, 1),
            (Tag::COMPRESSION, Kind::Short, 1, compression),
            (Tag::PHOTOMETRIC, Kind::Short, 1, 0),
            (Tag::FILL_ORDER, Kind::Short, 1, 2),
            (Tag::STRIP_OFFSETS, Kind::Long, 1, strip_at),
            (Tag::SAMPLES_PER_PIXEL, Kind::Short, 1, 1),
            (Tag::ROWS_PER_STRIP, Kind::Long, 1, page.bitmap.height),
            (Tag::STRIP_BYTE_COUNTS, Kind::Long, 1, strip.len() as u32),
            (Tag::X_RESOLUTION, Kind::Rational, 1, resolutions_at),
            (Tag::Y_RESOLUTION, Kind::Rational, 1, resolutions_at + RATIONAL_LEN),
            (options_tag, Kind::Long, 1, options),
            (Tag::RESOLUTION_UNIT, Kind::Short, 1, 2),
            (Tag::PAGE_NUMBER, Kind::Short, 2, numbers),
        ];
        put_u16(&mut file, FIELDS as u16);
        for (tag, kind, count, value) in fields {
            put_u16(&mut file, tag.0);
            put_u16(&mut file, kind as u16);
            put_u32(&mut file, count);
            put_u32(&mut file, value);
        }
        put_u32(&mut file, if index + 1 == pages.len() { 0 } else { end });
        for per_inch in [page.resolution.x_dpi(), page.resolution.y_dpi()] {
            put_u32(&mut file, per_inch);
            put_u32(&mut file, 1);
        }
        file.extend(strip);
        file.resize(end as usize, 0);
    }
    file.into()
}

fn put_u16(file: &mut Vec<u8>, value: u16) {
    file.extend(value.to_le_bytes());
}

fn put_u32(file: &mut Vec<u8>, value: u32) {
    file.extend(value.to_le_bytes());
}
