#![no_main]
//! A mail: read as a fax, as a report, as a request for one, and for its sender.

use faxproof_wire::mime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = mime::read(data);
    let _ = mime::Mdn::read(data);
    let _ = mime::Dsn::read(data);
    let _ = mime::may_confirm(data, None, &[]);
    let _ = mime::Origin::read(data, &mime::Envelope::default(), &[mime::Form::DisplayName]);
});
