//! Documents: TIFF files, and the codings of their pages.

use faxproof_wire::page::mh::{self, Eol, FillOrder, Form};
use faxproof_wire::page::tiff::{MAX_DECODED_BYTES, MAX_PAGES, is_profile_s, read, write};
use faxproof_wire::page::{FAX_WIDTH, MAX_ROWS, MAX_WIDTH, Page};

/// Dots beyond which a page is only read: writing it takes long and shows nothing new.
const MOST_DOTS: u64 = 4_000_000;

/// A file, and the same octets as the code of a page.
pub fn tiff(bytes: &[u8]) -> bool {
    coded(bytes);
    let _ = is_profile_s(bytes);
    let Ok(pages) = read(bytes) else { return false };
    assert!((1..=MAX_PAGES).contains(&pages.len()));
    for page in &pages {
        assert!((1..=MAX_WIDTH).contains(&page.bitmap.width) && (1..=MAX_ROWS).contains(&page.bitmap.height));
    }
    let octets: u64 = pages.iter().map(|page| page.bitmap.data().len() as u64).sum();
    assert!(octets <= MAX_DECODED_BYTES);
    if octets * 8 <= MOST_DOTS {
        let written = write(&pages);
        assert_eq!(read(&written).as_ref(), Ok(&pages));
        if pages.iter().all(|page: &Page| page.bitmap.width == FAX_WIDTH) {
            assert_eq!(is_profile_s(&written), Ok(()));
        }
    }
    true
}

/// The code of a page in each form, in rows as long as the first octet says.
fn coded(bytes: &[u8]) {
    let Some((width, code)) = bytes.split_first() else { return };
    let width = u32::from(*width) * 7;
    for fill_order in [FillOrder::MsbFirst, FillOrder::LsbFirst] {
        for eol in [Eol::Plain, Eol::ByteAligned, Eol::Absent] {
            let form = Form { fill_order, eol };
            let Ok(bitmap) = mh::decode(code, width, None, form) else { continue };
            assert!(bitmap.height <= MAX_ROWS && bitmap.width == width);
            // A row takes a code at least, of two bits.
            assert!(u64::from(bitmap.height) <= 4 * code.len() as u64 + 1, "{bitmap:?}");
            let again = mh::decode(&mh::encode_in(&bitmap, form), width, Some(bitmap.height), form);
            assert_eq!(again.as_ref(), Ok(&bitmap), "{form:?}");
        }
    }
}
