//! The advice of RFC 3249 §5.2.3 to readers: what to live with (.1) and what to reject (.2).

use super::super::*;
use super::*;

fn bent(bend: impl FnOnce(&mut RawTiff)) -> Result<Vec<Page>, TiffError> {
    let mut tiff = RawTiff::mh(&small_page());
    bend(&mut tiff);
    read(&tiff.build())
}

fn accepted(bend: impl FnOnce(&mut RawTiff)) {
    assert_eq!(bent(bend), Ok(vec![small_page()]));
}

#[test]
fn a_directory_beyond_the_end_is_an_error() {
    let mut file = RawTiff::mh(&small_page()).build();
    file[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = read(&file).unwrap_err();
    assert!(matches!(error, TiffError::Outside { page: 1, what: Part::Directory, .. }), "{error}");
}

#[test]
fn a_next_directory_beyond_the_end_is_an_error() {
    let error = bent(|tiff| tiff.next = 0x00FF_FFFF).unwrap_err();
    assert!(matches!(error, TiffError::Outside { page: 2, what: Part::Directory, .. }), "{error}");
}

#[test]
fn a_directory_at_an_odd_place_is_read() {
    accepted(|tiff| tiff.odd = true);
}

#[test]
fn directories_in_any_order_come_out_in_page_order() {
    let first = small_page();
    let second = Page { resolution: Resolution::Fine, ..small_page() };
    let mut file = write(&[second.clone(), first.clone()]).to_vec();
    let last_at = u32::from_le_bytes(*file[202..].first_chunk().unwrap()) as usize;
    for (at, number) in [(8, 1), (last_at, 0)] {
        file[at + 2 + 15 * 12 + 8] = number;
    }
    assert_eq!(read(&file), Ok(vec![first, second]));
}

#[test]
fn pages_with_the_same_number_keep_the_order_of_the_file() {
    let second = Page { resolution: Resolution::Fine, ..small_page() };
    let mut file = write(&[second.clone(), small_page()]).to_vec();
    file[8 + 2 + 15 * 12 + 8] = 1;
    assert_eq!(read(&file), Ok(vec![second, small_page()]));
}

#[test]
fn fields_in_any_order_are_read() {
    accepted(|tiff| tiff.fields.reverse());
}

#[test]
fn whole_numbers_of_any_size_are_read() {
    for kind in [Kind::Byte, Kind::Short, Kind::Long] {
        accepted(|tiff| {
            tiff.set(Tag::IMAGE_WIDTH, kind, &[61]);
            tiff.set(Tag::COMPRESSION, kind, &[3]);
            tiff.set(Tag::Y_RESOLUTION, kind, &[98]);
        });
    }
}

#[test]
fn a_signed_resolution_is_read() {
    accepted(|tiff| tiff.field_mut(Tag::Y_RESOLUTION).kind = Kind::SignedRational as u16);
}

#[test]
fn the_first_of_too_many_values_is_read() {
    accepted(|tiff| tiff.set(Tag::COMPRESSION, Kind::Short, &[3, 0]));
}

#[test]
fn a_count_of_zero_is_an_error() {
    let error = bent(|tiff| tiff.field_mut(Tag::IMAGE_WIDTH).count = 0).unwrap_err();
    assert!(matches!(error, TiffError::Invalid { tag: Tag::IMAGE_WIDTH, .. }), "{error}");
}

#[test]
fn the_largest_count_is_an_error() {
    let error = bent(|tiff| tiff.field_mut(Tag::STRIP_OFFSETS).count = u32::MAX).unwrap_err();
    assert!(matches!(error, TiffError::Outside { what: Part::Values(Tag::STRIP_OFFSETS), .. }), "{error}");
}

#[test]
fn a_text_for_a_number_is_an_error() {
    let error = bent(|tiff| tiff.field_mut(Tag::IMAGE_LENGTH).kind = 2).unwrap_err();
    assert!(matches!(error, TiffError::Invalid { tag: Tag::IMAGE_LENGTH, .. }), "{error}");
}

#[test]
fn only_42_is_a_tiff() {
    let mut file = RawTiff::mh(&small_page()).build();
    for magic in [0, 41, 43, 0x55] {
        file[2] = magic;
        assert_eq!(read(&file), Err(TiffError::NotTiff));
    }
}

#[test]
fn each_required_field_is_missed() {
    let required = [
        Tag::IMAGE_WIDTH,
        Tag::IMAGE_LENGTH,
        Tag::PHOTOMETRIC,
        Tag::STRIP_OFFSETS,
        Tag::STRIP_BYTE_COUNTS,
        Tag::X_RESOLUTION,
        Tag::Y_RESOLUTION,
    ];
    for tag in required {
        assert_eq!(bent(|tiff| tiff.remove(tag)), Err(TiffError::Missing { page: 1, tag }));
    }
}

#[test]
fn a_field_given_twice_is_an_error() {
    let twice = bent(|tiff| tiff.fields.push(tiff.fields[0].clone()));
    assert_eq!(twice, Err(TiffError::Duplicate { page: 1, tag: Tag::IMAGE_WIDTH }));
}

#[test]
fn a_strip_outside_of_the_file_is_an_error() {
    for (tag, value) in [(Tag::STRIP_OFFSETS, 0xFFFF_FF00), (Tag::STRIP_BYTE_COUNTS, u32::MAX)] {
        let error = bent(|tiff| tiff.field_mut(tag).value = Value::Raw(value)).unwrap_err();
        assert!(matches!(error, TiffError::Outside { what: Part::Strip(0), .. }), "{error}");
    }
}

#[test]
fn strips_that_share_their_bytes_are_an_error() {
    let row = Page { bitmap: Bitmap::white(4864, 1), resolution: Resolution::Fine };
    let page = Page { bitmap: Bitmap::white(4864, 400), resolution: Resolution::Fine };
    let mut tiff =
        RawTiff::coded(&page, 3, vec![[encode(&row, Layout::default()), vec![0; 9000]].concat(); 2]);
    tiff.set(Tag::ROWS_PER_STRIP, Kind::Long, &[1]);
    tiff.set(Tag::STRIP_OFFSETS, Kind::Long, &[8; 400]);
    tiff.set(Tag::STRIP_BYTE_COUNTS, Kind::Long, &[9000; 400]);
    assert_eq!(read(&tiff.build()), Err(TiffError::Overlap { page: 1, strip: 1, offset: 8 }));
}

#[test]
fn a_chain_that_comes_back_is_an_error() {
    let mut file = write(&[small_page(), small_page()]).to_vec();
    let second = u32::from_le_bytes(*file[202..].first_chunk().unwrap()) as usize;
    for back_to in [8, second as u32] {
        file[second + 194..second + 198].copy_from_slice(&back_to.to_le_bytes());
        assert_eq!(read(&file), Err(TiffError::Loop { page: 2, offset: u64::from(back_to) }));
    }
}

#[test]
fn sizes_beyond_the_limits_are_errors() {
    let cases = [
        (Tag::IMAGE_WIDTH, 65_535, Quantity::Width),
        (Tag::IMAGE_LENGTH, u32::MAX, Quantity::Rows),
        (Tag::IMAGE_LENGTH, 20_001, Quantity::Rows),
    ];
    for (tag, found, what) in cases {
        let limit = what.limit();
        let error = bent(|tiff| tiff.set(tag, Kind::Long, &[found])).unwrap_err();
        assert_eq!(error, TiffError::TooLarge { page: 1, what, found: u64::from(found), limit });
    }
}

#[test]
fn many_large_pages_are_refused_before_their_memory_is_taken() {
    let page = Page { bitmap: Bitmap::white(4864, 20_000), resolution: Resolution::Fine };
    let error = read(&write(&vec![page; 6])).unwrap_err();
    assert!(matches!(error, TiffError::TooLarge { page: 6, what: Quantity::DecodedBytes, .. }), "{error}");
}

#[test]
fn a_width_or_a_length_of_zero_is_an_error() {
    for tag in [Tag::IMAGE_WIDTH, Tag::IMAGE_LENGTH, Tag::ROWS_PER_STRIP] {
        assert_eq!(
            bent(|tiff| tiff.set(tag, Kind::Long, &[0])),
            Err(TiffError::Invalid { page: 1, tag, why: "is 0" })
        );
    }
}
