#![no_main]
//! A session description: what parses is written in a form that parses to the same.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(described) = faxproof_wire::sdp::parse(data) else { return };
    let _ = (described.presented(), described.is_refusal(), described.address_of(0));
    let _ = faxproof_wire::sdp::parse(&described.to_bytes());
});
