#![no_main]
//! A SIP datagram: whatever parses can be asked everything, and an edit that changes nothing keeps the bytes.

use bytes::Bytes;
use faxproof_wire::sip::{Message, Name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(Bytes::copy_from_slice(data)) else { return };
    let _ = (message.label(), message.cseq(), message.via(), message.from_(), message.to(), message.contact());
    let _ = (message.validate(), message.body(), message.values(Name::Route).count());
    let again = message.edit().finish();
    assert_eq!(Message::parse(again.raw().clone()).map(|m| m.label()), Ok(message.label()));
});
