//! Reading TIFF, tolerant where RFC 3249 §5.2.3.1 asks for it and strict where a page could come
//! out wrong.

use std::collections::BTreeSet;

use super::directory::{Directory, File};
use super::ground::Ground;
use super::strip::{Storage, decode_strip};
use super::write::HEADER_LEN;
use super::{Part, Quantity, Tag, TiffError, Unsupported};
use crate::page::bitmap::Canvas;
use crate::page::code::{Eol, FillOrder, Layout};
use crate::page::{Coding, Page, Resolution};

/// The pages of a TIFF file, each as wide as the file has it (see
/// [`reform`](crate::page::reform)).
///
/// Accepted are both byte orders, directories anywhere and in any order, fields in any order and of
/// any whole-number type, several strips, either order of bits, either meaning of black; Compression
/// 1 (none), 2 (MH without EOL), 3 (MH and MR) and 4 (MMR). Pages come in the order of their PageNumber
/// where every page has another one, else in the order of the chain. Pictures marked as previews
/// (NewSubfileType bit 0) are left out.
///
/// # Errors
/// Each [`TiffError`] names the page, the field or the place, and what would help. Work and memory
/// are bounded by the length of the file and by the limits of this module.
pub fn read(bytes: &[u8]) -> Result<Vec<Page>, TiffError> {
    let (file, first) = File::open(bytes)?;
    let mut pages = Vec::new();
    let directories = file.directories(first)?;
    let mut spent = Spent { decoded_bytes: 0, ground: ground(&file, &directories) };
    for directory in directories {
        if directory.number(&file, Tag::NEW_SUBFILE_TYPE)?.unwrap_or(0) & 1 == 0 {
            let number = directory.number(&file, Tag::PAGE_NUMBER)?;
            pages.push((number, read_page(&file, &directory, &mut spent)?));
        }
    }
    if pages.is_empty() {
        return Err(TiffError::NoPages);
    }
    let mut numbers: Vec<_> = pages.iter().filter_map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() == pages.len() {
        pages.sort_by_key(|(number, _)| *number);
    }
    Ok(pages.into_iter().map(|(_, page)| page).collect())
}

/// The codings of the pages of a file, which say whether a printer can read it; a page without any coding has none.
///
/// # Errors
/// As [`read`], as far as the fields of the pages tell.
pub fn codings(bytes: &[u8]) -> Result<BTreeSet<Coding>, TiffError> {
    let (file, first) = File::open(bytes)?;
    let mut codings = BTreeSet::new();
    for directory in file.directories(first)? {
        if let Storage::Coded(layout) = storage(&file, &directory)? {
            codings.insert(layout.coding);
        }
    }
    Ok(codings)
}

/// What the pages read so far have cost.
struct Spent {
    decoded_bytes: u64,
    ground: Ground,
}

/// The bytes of the file that no strip may have: the header, the directories and the values of their fields.
fn ground(file: &File<'_>, directories: &[Directory]) -> Ground {
    let mut ground = Ground::default();
    ground.share(0..HEADER_LEN);
    for directory in directories {
        ground.share(directory.offset..directory.end());
        for field in &directory.fields {
            ground.share(directory.values_of(file, field).unwrap_or_default());
        }
    }
    ground
}

fn read_page(file: &File<'_>, directory: &Directory, spent: &mut Spent) -> Result<Page, TiffError> {
    let page = directory.page;
    let width = required(file, directory, Tag::IMAGE_WIDTH)?;
    let height = required(file, directory, Tag::IMAGE_LENGTH)?;
    if width == 0 {
        return Err(directory.invalid(Tag::IMAGE_WIDTH, "is 0"));
    }
    if height == 0 {
        return Err(directory.invalid(Tag::IMAGE_LENGTH, "is 0"));
    }
    Quantity::Width.check(page, width)?;
    Quantity::Rows.check(page, height)?;
    spent.decoded_bytes += width.div_ceil(8) * height;
    Quantity::DecodedBytes.check(page, spent.decoded_bytes)?;
    let (width, height) = (width as u32, height as u32);

    let storage = storage(file, directory)?;
    let inverted = meaning_of_black(file, directory)?;
    let resolution = resolution(file, directory)?;
    let mut canvas = Canvas::white(width, 0);
    for (index, strip) in strips(file, directory, height)?.into_iter().enumerate() {
        let bytes = file.part(page, Part::Strip(index), strip.offset, strip.len)?;
        if !spent.ground.take(strip.offset..strip.offset + strip.len) {
            return Err(TiffError::Overlap { page, strip: index, offset: strip.offset });
        }
        canvas.append(&decode_strip(bytes, (width, strip.rows), storage, (page, index))?);
    }
    if inverted {
        canvas.invert();
    }
    Ok(Page { bitmap: canvas.finish(height), resolution })
}

fn required(file: &File<'_>, directory: &Directory, tag: Tag) -> Result<u64, TiffError> {
    directory.number(file, tag)?.ok_or(TiffError::Missing { page: directory.page, tag })
}

fn storage(file: &File<'_>, directory: &Directory) -> Result<Storage, TiffError> {
    let number = |tag, default| directory.number(file, tag).map(|found| found.unwrap_or(default));
    let unsupported = |what| Err(TiffError::Unsupported { page: directory.page, what });
    for (tag, what) in [
        (Tag::TILE_WIDTH, Unsupported::Tiles),
        (Tag::TILE_OFFSETS, Unsupported::Tiles),
        (Tag::IMAGE_LAYER, Unsupported::Layers),
    ] {
        if directory.field(tag)?.is_some() {
            return unsupported(what);
        }
    }
    match number(Tag::BITS_PER_SAMPLE, 1)? {
        1 => {}
        bits => return unsupported(Unsupported::BitsPerSample(bits)),
    }
    match number(Tag::SAMPLES_PER_PIXEL, 1)? {
        1 => {}
        samples => return unsupported(Unsupported::SamplesPerPixel(samples)),
    }
    let fill_order = match number(Tag::FILL_ORDER, 1)? {
        1 => FillOrder::MsbFirst,
        2 => FillOrder::LsbFirst,
        _ => return Err(directory.invalid(Tag::FILL_ORDER, "is neither 1 nor 2")),
    };
    let (t4, t6) = (number(Tag::T4_OPTIONS, 0)?, number(Tag::T6_OPTIONS, 0)?);
    let (coding, eol) = match number(Tag::COMPRESSION, 1)? {
        1 => return Ok(Storage::Plain(fill_order)),
        2 => (Coding::Mh, Eol::Absent),
        3 if t4 & 2 != 0 => return unsupported(Unsupported::UncompressedMode(Tag::T4_OPTIONS)),
        3 if t4 & 1 != 0 => (Coding::Mr, Eol::Plain),
        3 => (Coding::Mh, Eol::Plain),
        4 if t6 & 2 != 0 => return unsupported(Unsupported::UncompressedMode(Tag::T6_OPTIONS)),
        4 => (Coding::Mmr, Eol::Absent),
        other => return unsupported(Unsupported::Compression(other)),
    };
    Ok(Storage::Coded(Layout { coding, fill_order, eol }))
}

/// Whether ones are white and zeros black.
fn meaning_of_black(file: &File<'_>, directory: &Directory) -> Result<bool, TiffError> {
    match required(file, directory, Tag::PHOTOMETRIC)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(TiffError::Unsupported { page: directory.page, what: Unsupported::Photometric(other) }),
    }
}

fn resolution(file: &File<'_>, directory: &Directory) -> Result<Resolution, TiffError> {
    let page = directory.page;
    // Hundredths of a unit, so that centimetres need no fractions: an inch is 254 of 100 cm.
    let hundredths = match directory.number(file, Tag::RESOLUTION_UNIT)?.unwrap_or(2) {
        3 => 254,
        1 | 2 => 100,
        _ => return Err(directory.invalid(Tag::RESOLUTION_UNIT, "is none of 1, 2 and 3")),
    };
    let per_inch = |tag| {
        let (dots, per) = directory.fraction(file, tag)?.ok_or(TiffError::Missing { page, tag })?;
        if per == 0 || dots == 0 {
            return Err(directory.invalid(tag, "is 0 or divided by 0"));
        }
        Ok(u32::try_from(dots * hundredths / (per * 100)).unwrap_or(u32::MAX))
    };
    Ok(Resolution::nearest(per_inch(Tag::X_RESOLUTION)?, per_inch(Tag::Y_RESOLUTION)?))
}

struct Strip {
    offset: u64,
    len: u64,
    rows: u32,
}

fn strips(file: &File<'_>, directory: &Directory, height: u32) -> Result<Vec<Strip>, TiffError> {
    let list = |tag| {
        let found = directory.numbers(file, tag, height)?;
        found.ok_or(TiffError::Missing { page: directory.page, tag })
    };
    let rows_per_strip = directory.number(file, Tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX);
    if rows_per_strip == 0 {
        return Err(directory.invalid(Tag::ROWS_PER_STRIP, "is 0"));
    }
    let rows_per_strip = rows_per_strip.min(u64::from(height)) as u32;
    let needed = height.div_ceil(rows_per_strip) as usize;
    let (offsets, lens) = (list(Tag::STRIP_OFFSETS)?, list(Tag::STRIP_BYTE_COUNTS)?);
    for (tag, found) in [(Tag::STRIP_OFFSETS, offsets.len()), (Tag::STRIP_BYTE_COUNTS, lens.len())] {
        if found < needed {
            return Err(directory.invalid(tag, "names fewer strips than the rows need"));
        }
    }
    let rows = (0..height).step_by(rows_per_strip as usize).map(|y| rows_per_strip.min(height - y));
    let places = offsets.into_iter().zip(lens);
    Ok(places.zip(rows).map(|((offset, len), rows)| Strip { offset, len, rows }).collect())
}
