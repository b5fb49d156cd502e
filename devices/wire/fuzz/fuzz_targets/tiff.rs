#![no_main]
//! A TIFF file: what is read is written as profile S and read back alike.

use faxproof_wire::page::tiff;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(pages) = tiff::read(data) else { return };
    let dots: u64 = pages.iter().map(|page| u64::from(page.bitmap.width) * u64::from(page.bitmap.height)).sum();
    if dots < 4_000_000 {
        let again = tiff::read(&tiff::write(&pages));
        assert_eq!(again.map(|again| again.len()), Ok(pages.len()));
    }
});
