//! Each kind of TIFF that users bring.

use super::super::*;
use super::*;
use crate::page::code::{Eol, FillOrder};

fn reads(tiff: &RawTiff) {
    assert_eq!(read(&tiff.build()), Ok(vec![small_page()]));
}

/// The page with black as 0.
fn negative() -> Page {
    let Page { bitmap, resolution } = small_page();
    let negative = Bitmap::from_fn(bitmap.width, bitmap.height, |x, y| !bitmap.is_black(x, y));
    Page { bitmap: negative, resolution }
}

fn mmr(page: &Page) -> Vec<u8> {
    let mut encoder = fax::encoder::Encoder::new(fax::VecWriter::new());
    for y in 0..page.bitmap.height {
        let colour = |x| if page.bitmap.is_black(x, y) { fax::Color::Black } else { fax::Color::White };
        encoder.encode_line((0..page.bitmap.width).map(colour), page.bitmap.width).unwrap();
    }
    encoder.finish().unwrap().finish()
}

#[test]
fn either_byte_order() {
    for big_endian in [false, true] {
        reads(&RawTiff { big_endian, ..RawTiff::mh(&small_page()) });
    }
}

#[test]
fn mh_in_either_bit_order() {
    for (number, fill_order) in [(1, FillOrder::MsbFirst), (2, FillOrder::LsbFirst)] {
        let strip = encode(&small_page(), Layout { fill_order, ..Layout::default() });
        let mut tiff = RawTiff::coded(&small_page(), 3, vec![strip]);
        tiff.set(Tag::FILL_ORDER, Kind::Short, &[number]);
        reads(&tiff);
    }
}

#[test]
fn mh_with_aligned_eols() {
    let layout = Layout { eol: Eol::ByteAligned, ..Layout::default() };
    let mut tiff = RawTiff::coded(&small_page(), 3, vec![encode(&small_page(), layout)]);
    tiff.set(Tag::T4_OPTIONS, Kind::Long, &[4]);
    reads(&tiff);
}

#[test]
fn mh_without_eol() {
    let layout = Layout { eol: Eol::Absent, ..Layout::default() };
    reads(&RawTiff::coded(&small_page(), 2, vec![encode(&small_page(), layout)]));
}

#[test]
fn mmr_with_and_without_its_end_code() {
    let whole = mmr(&small_page());
    reads(&RawTiff::coded(&small_page(), 4, vec![whole.clone()]));
    let cut = whole[..whole.len() - 3].to_vec();
    reads(&RawTiff::coded(&small_page(), 4, vec![cut]));
}

#[test]
fn mr_in_either_bit_order_with_any_eols() {
    for (number, fill_order) in [(1, FillOrder::MsbFirst), (2, FillOrder::LsbFirst)] {
        for (options, eol) in [(1, Eol::Plain), (5, Eol::ByteAligned), (1, Eol::ByteAligned), (5, Eol::Plain)]
        {
            let strip = encode(&small_page(), Layout { coding: Coding::Mr, fill_order, eol });
            let mut tiff = RawTiff::coded(&small_page(), 3, vec![strip]);
            tiff.set(Tag::FILL_ORDER, Kind::Short, &[number]);
            tiff.set(Tag::T4_OPTIONS, Kind::Long, &[options]);
            reads(&tiff);
        }
    }
}

#[test]
fn mmr_in_either_bit_order() {
    for (number, fill_order) in [(1, FillOrder::MsbFirst), (2, FillOrder::LsbFirst)] {
        let strip = encode(&small_page(), Layout { coding: Coding::Mmr, fill_order, eol: Eol::Absent });
        let mut tiff = RawTiff::coded(&small_page(), 4, vec![strip]);
        tiff.set(Tag::FILL_ORDER, Kind::Short, &[number]);
        tiff.set(Tag::T6_OPTIONS, Kind::Long, &[0]);
        reads(&tiff);
    }
}

#[test]
fn mmr_is_the_same_code_from_another_writer() {
    let ours = encode(&small_page(), Layout { coding: Coding::Mmr, ..Layout::default() });
    assert_eq!(ours, mmr(&small_page()));
}

#[test]
fn plain_dots() {
    reads(&RawTiff::coded(&small_page(), 1, vec![small_page().bitmap.data().to_vec()]));
}

#[test]
fn either_meaning_of_black() {
    for strip in [RawTiff::mh(&negative()), RawTiff::coded(&negative(), 4, vec![mmr(&negative())])] {
        let mut tiff = strip;
        tiff.set(Tag::PHOTOMETRIC, Kind::Short, &[1]);
        reads(&tiff);
    }
}

#[test]
fn several_strips_the_last_one_shorter() {
    let page = small_page();
    for (coding, compression, options) in [(Coding::Mh, 3, 0), (Coding::Mr, 3, 1), (Coding::Mmr, 4, 0)] {
        let strips = [(0, 5), (5, 10), (10, 12)].map(|(from, to)| {
            let part = Bitmap::from_fn(61, to - from, |x, y| page.bitmap.is_black(x, from + y));
            encode(
                &Page { bitmap: part, resolution: page.resolution },
                Layout { coding, ..Layout::default() },
            )
        });
        let mut tiff = RawTiff::coded(&page, compression, strips.to_vec());
        tiff.set(Tag::ROWS_PER_STRIP, Kind::Short, &[5]);
        tiff.set(Tag::T4_OPTIONS, Kind::Long, &[options]);
        reads(&tiff);
    }
}

#[test]
fn resolutions_are_taken_in_inches_or_centimetres() {
    let cases = [
        ([98, 1], 2, Resolution::Standard),
        ([385, 10], 3, Resolution::Standard),
        ([77, 1], 3, Resolution::Fine),
        ([600, 3], 2, Resolution::Fine),
        ([72, 1], 1, Resolution::Standard),
        ([u32::MAX, 1], 3, Resolution::Superfine),
    ];
    for (value, unit, resolution) in cases {
        let mut tiff = RawTiff::mh(&small_page());
        let along = if unit == 3 { [803, 10] } else { [204, 1] };
        tiff.set(Tag::X_RESOLUTION, Kind::Rational, &along);
        tiff.set(Tag::Y_RESOLUTION, Kind::Rational, &value);
        tiff.set(Tag::RESOLUTION_UNIT, Kind::Short, &[unit]);
        assert_eq!(read(&tiff.build()).unwrap()[0].resolution, resolution, "{value:?} unit {unit}");
    }
}

#[test]
fn a_preview_is_no_page() {
    let mut tiff = RawTiff::mh(&small_page());
    tiff.set(Tag::NEW_SUBFILE_TYPE, Kind::Long, &[1]);
    assert_eq!(read(&tiff.build()), Err(TiffError::NoPages));
}

#[test]
fn what_is_not_read_is_named() {
    let cases = [
        (Tag::T4_OPTIONS, 2, Unsupported::UncompressedMode(Tag::T4_OPTIONS)),
        (Tag::TILE_WIDTH, 64, Unsupported::Tiles),
        (Tag::TILE_OFFSETS, 8, Unsupported::Tiles),
        (Tag::IMAGE_LAYER, 1, Unsupported::Layers),
        (Tag::COMPRESSION, 5, Unsupported::Compression(5)),
        (Tag::BITS_PER_SAMPLE, 8, Unsupported::BitsPerSample(8)),
        (Tag::SAMPLES_PER_PIXEL, 3, Unsupported::SamplesPerPixel(3)),
        (Tag::PHOTOMETRIC, 2, Unsupported::Photometric(2)),
    ];
    for (tag, value, what) in cases {
        let mut tiff = RawTiff::mh(&small_page());
        tiff.set(tag, Kind::Short, &[value]);
        assert_eq!(read(&tiff.build()), Err(TiffError::Unsupported { page: 1, what }));
    }
}

#[test]
fn the_uncompressed_mode_of_mmr_is_not_read() {
    let mut tiff = RawTiff::coded(&small_page(), 4, vec![mmr(&small_page())]);
    tiff.set(Tag::T6_OPTIONS, Kind::Long, &[2]);
    let what = Unsupported::UncompressedMode(Tag::T6_OPTIONS);
    assert_eq!(read(&tiff.build()), Err(TiffError::Unsupported { page: 1, what }));
}
