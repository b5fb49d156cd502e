//! Lanes: how long a packet stands in front of a link that passes so many bits a second.
//!
//! Packets go in the order in which they were sent; those of one instant in the order of their events.
//! A router with fair queues is assumed: datagrams do not wait behind the streams, of which only the
//! window would stand there, and streams wait for both.

use std::collections::BTreeMap;

use faxproof_devices::core::{Duration, Time};

/// The queue of every direction that has a rate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes(BTreeMap<(Option<usize>, Option<usize>), Lane>);

/// When the last bit of what waits has gone.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    datagrams: Time,
    streams: Time,
}

/// A packet at the begin of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) from: Option<usize>,
    pub(crate) to: Option<usize>,
    /// With all headers.
    pub(crate) bytes: u64,
    pub(crate) rate_bps: u64,
}

impl Lanes {
    /// When the last bit of a datagram has gone. `None`: what waits already fills the queue.
    pub(crate) fn datagram(&mut self, now: Time, packet: Packet, queue_bytes: u64) -> Option<Time> {
        let lane = self.0.entry((packet.from, packet.to)).or_default();
        let waiting_bytes = (lane.datagrams - now).0.saturating_mul(packet.rate_bps) / 8_000_000;
        if waiting_bytes > 0 && waiting_bytes.saturating_add(packet.bytes) > queue_bytes {
            return None;
        }
        lane.datagrams = lane.datagrams.max(now) + packet.duration();
        Some(lane.datagrams)
    }

    /// When the last bit of a segment has gone. A stream does not overflow: its sender waits.
    pub(crate) fn segment(&mut self, now: Time, packet: Packet) -> Time {
        let lane = self.0.entry((packet.from, packet.to)).or_default();
        lane.streams = lane.streams.max(lane.datagrams).max(now) + packet.duration();
        lane.streams
    }
}

impl Packet {
    /// How long its bits take, to the next whole microsecond.
    fn duration(self) -> Duration {
        Duration(self.bytes.saturating_mul(8_000_000).div_ceil(self.rate_bps.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 8 kbit/s a byte takes a millisecond.
    fn packet(bytes: u64) -> Packet {
        Packet { from: Some(0), to: Some(1), bytes, rate_bps: 8_000 }
    }

    #[test]
    fn datagrams_go_one_after_the_other() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.datagram(Time(0), packet(100), 1_000), Some(Time(100_000)));
        assert_eq!(lanes.datagram(Time(0), packet(100), 1_000), Some(Time(200_000)));
        assert_eq!(lanes.datagram(Time(500_000), packet(100), 1_000), Some(Time(600_000)));
    }

    #[test]
    fn what_finds_the_queue_full_is_lost_until_there_is_room() {
        let mut lanes = Lanes::default();
        assert!(lanes.datagram(Time(0), packet(5_000), 1_000).is_some(), "an idle link takes anything");
        assert_eq!(lanes.datagram(Time(0), packet(1), 1_000), None);
        assert_eq!(lanes.datagram(Time(4_100_000), packet(100), 1_000), Some(Time(5_100_000)));
    }

    #[test]
    fn a_datagram_passes_the_stream_that_waits() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.segment(Time(0), packet(10_000)), Time(10_000_000));
        assert_eq!(lanes.datagram(Time(0), packet(100), 1_000), Some(Time(100_000)));
        assert_eq!(lanes.segment(Time(0), packet(100)), Time(10_100_000));
    }

    #[test]
    fn the_other_direction_has_a_queue_of_its_own() {
        let mut lanes = Lanes::default();
        lanes.segment(Time(0), packet(10_000));
        let back = Packet { from: Some(1), to: Some(0), ..packet(100) };
        assert_eq!(lanes.segment(Time(0), back), Time(100_000));
    }
}
