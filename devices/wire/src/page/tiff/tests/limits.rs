//! Files that would cost more than they may.

use super::super::*;
use super::*;

fn bent(bend: impl FnOnce(&mut RawTiff)) -> Result<Vec<Page>, TiffError> {
    let mut tiff = RawTiff::mh(&small_page());
    bend(&mut tiff);
    read(&tiff.build())
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
    let bomb = write_as(&vec![page; 6], Coding::Mmr);
    assert!(bomb.len() < 20_000, "{} bytes for 73 million", bomb.len());
    let error = read(&bomb).unwrap_err();
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
