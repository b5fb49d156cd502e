#![no_main]
//! A mail.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = faxproof_wire::mime::read(data);
});
