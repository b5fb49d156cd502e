#![no_main]
//! Both directions of an SMTP connection, split where the first byte says.

use faxproof_wire::smtp::{CommandReader, DataReader, Framer, ReplyReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((split, data)) = data.split_first() else { return };
    let (mut commands, mut replies) = (CommandReader::new(), ReplyReader::new());
    let (mut mail, mut framer) = (DataReader::new(1000), Framer::new());
    let mut framed = 0;
    for (at, chunk) in data.chunks(usize::from(*split).max(1)).enumerate() {
        commands.feed(chunk);
        while commands.next().is_some() {}
        replies.feed(chunk);
        while replies.next().is_some() {}
        let _ = mail.feed(chunk);
        framed += framer.push(at % 2 == 0, chunk).iter().map(|unit| unit.bytes.len()).sum::<usize>();
    }
    let rest = [true, false].into_iter().filter_map(|server| framer.pending(server));
    framed += rest.map(|unit| unit.bytes.len()).sum::<usize>();
    assert!(framed <= data.len(), "a framer makes no bytes");
});
