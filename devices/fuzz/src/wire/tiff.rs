//! Documents: TIFF files, and the codings of their pages.

use faxproof_wire::page::code::{Eol, FillOrder, Layout, decode, encode};
use faxproof_wire::page::tiff::{MAX_DECODED_BYTES, MAX_PAGES, is_profile_s, read, write, write_as};
use faxproof_wire::page::{Coding, FAX_WIDTH, Form, MAX_ROWS, MAX_WIDTH, Page, Resolution};

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
        for coding in Coding::ALL {
            assert_eq!(read(&write_as(&pages, coding)).as_ref(), Ok(&pages), "{coding:?}");
        }
        if pages.iter().all(is_simple) {
            assert_eq!(is_profile_s(&write(&pages)), Ok(()));
        }
    }
    true
}

/// Whether every fax prints it as it is.
fn is_simple(page: &Page) -> bool {
    page.bitmap.width == FAX_WIDTH && page.resolution <= Form::PROFILE_S.resolution
}

/// The code of a page in each layout, in rows as long as the first octet says.
fn coded(bytes: &[u8]) {
    let Some((width, code)) = bytes.split_first() else { return };
    let width = u32::from(*width) * 7;
    for coding in Coding::ALL {
        for fill_order in [FillOrder::MsbFirst, FillOrder::LsbFirst] {
            for eol in [Eol::Plain, Eol::ByteAligned, Eol::Absent] {
                let layout = Layout { coding, fill_order, eol };
                let Ok(bitmap) = decode(code, width, None, layout) else { continue };
                assert!(bitmap.height <= MAX_ROWS && bitmap.width == width);
                // A row takes a bit at least.
                assert!(u64::from(bitmap.height) <= 8 * code.len() as u64, "{bitmap:?}");
                let page = Page { bitmap, resolution: Resolution::Fine };
                let again = decode(&encode(&page, layout), width, Some(page.bitmap.height), layout);
                assert_eq!(again.as_ref(), Ok(&page.bitmap), "{layout:?}");
            }
        }
    }
}
