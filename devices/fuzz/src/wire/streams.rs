//! Connections that somebody watches: cut into units, nothing lost, nothing made up.

use bytes::Bytes;
use faxproof_wire::sip::{Frame, Framer as SipFramer};
use faxproof_wire::{http, smtp, stream};

use super::chunks::{alike, chunked, turns};

/// Both directions of a connection, by turns, as every framer sees them.
pub fn streams(bytes: &[u8]) -> bool {
    let (length, bytes) = chunked(bytes);
    let turns = turns(bytes);
    let known = alike(length, |length| {
        let mut framer = stream::Framer::new();
        let units = cut(&turns, length, |side, bytes| framer.push(side, bytes));
        whole(&turns, units, |side| framer.pending(side))
    });
    alike(length, |length| {
        let mut framer = smtp::Framer::new();
        let units = cut(&turns, length, |side, bytes| framer.push(side, bytes));
        whole(&turns, units, |side| framer.pending(side))
    });
    alike(length, |length| {
        let mut framer = http::Framer::new();
        let units = cut(&turns, length, |side, bytes| framer.push(side, bytes));
        whole(&turns, units, |side| framer.pending(side))
    });
    alike(length, |length| frames(bytes, length));
    known.iter().any(|unit| unit.label != "raw")
}

fn cut(
    turns: &[(bool, &[u8])],
    length: usize,
    mut push: impl FnMut(bool, &[u8]) -> Vec<stream::Unit>,
) -> Vec<stream::Unit> {
    let chunks = turns.iter().flat_map(|(side, turn)| turn.chunks(length).map(|chunk| (*side, chunk)));
    chunks.flat_map(|(side, chunk)| push(side, chunk)).collect()
}

/// All units of a connection that has ended; the octets of each direction are its stream. What is raw
/// passes as it comes: of that only the sum counts.
fn whole(
    turns: &[(bool, &[u8])],
    mut units: Vec<stream::Unit>,
    pending: impl FnMut(bool) -> Option<stream::Unit>,
) -> Vec<stream::Unit> {
    units.extend([false, true].into_iter().filter_map(pending));
    for side in [false, true] {
        let own = turns.iter().filter(|(from_server, _)| *from_server == side);
        let sent: Vec<u8> = own.flat_map(|(_, turn)| turn.iter().copied()).collect();
        let seen = units.iter().filter(|unit| unit.from_server == side);
        let seen: Vec<u8> = seen.flat_map(|unit| unit.bytes.iter().copied()).collect();
        assert_eq!(Bytes::from(sent), Bytes::from(seen), "no octet is lost or made up");
    }
    let mut joined: Vec<stream::Unit> = Vec::new();
    for unit in units {
        match joined.iter_mut().rfind(|last| last.from_server == unit.from_server) {
            Some(last) if last.label == "raw" && unit.label == "raw" => {
                last.bytes = [&last.bytes[..], &unit.bytes].concat().into();
            }
            _ => joined.push(unit),
        }
    }
    // The order between the sides is that of their turns, which a raw unit may span.
    joined.sort_by_key(|unit| unit.from_server);
    joined
}

/// What a stream of SIP brings. Of one that is lost it does not count how much had come by then.
fn frames(bytes: &[u8], length: usize) -> Vec<Frame> {
    let mut framer = SipFramer::new();
    let mut frames = Vec::new();
    let mut octets = 0;
    for chunk in bytes.chunks(length) {
        for frame in framer.push(chunk) {
            octets += match &frame {
                Frame::Message(message) => message.len(),
                Frame::LineEnd => 2,
                Frame::Lost { octets, .. } => octets.len(),
            };
            frames.push(match frame {
                Frame::Lost { head, fault, .. } => Frame::Lost { octets: Bytes::new(), head, fault },
                frame => frame,
            });
        }
    }
    let lost = matches!(frames.last(), Some(Frame::Lost { .. }));
    assert!(lost || octets + framer.pending().len() == bytes.len());
    frames
}
