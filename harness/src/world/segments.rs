//! Segments: how the bytes of a unit go over a link that does more than take its time, and how a
//! connection ends in the middle of them.

use bytes::Bytes;
use faxproof_devices::core::{Duration, StreamEvent, Time};
use faxproof_reports::Fate;
use faxproof_wire::stream::Unit;

use super::consequence::{Due, Load};
use super::links::{SEGMENT_HEADERS, Way};
use super::network::Network;
use super::opening::stream;
use super::rules::ended;
use super::sending::{fate, kind};
use crate::plan::StreamEnd;

/// RST comes so much behind bytes that are to arrive before it: where they pass through sockets, it goes
/// another way than they do.
const RESET_BEHIND: Duration = Duration::millis(5);

/// A segment, the bytes sent before it, and when which of its tries arrives.
type Sent = (Bytes, u64, (Option<Time>, u32));

impl Network {
    /// Sends bytes of one direction that complete these units.
    pub(crate) fn transmit(
        &mut self,
        (now, delay): (Time, Duration),
        (id, client): (u32, bool),
        mut bytes: Bytes,
        units: Vec<Unit>,
        due: &mut Due,
    ) {
        let connection = self.connections.of(id);
        let (end, other) = (connection.end(client), connection.end(!client));
        let link = self.links.link(end.party.place, other.party.place);
        if link.is_even || end.stalled || end.fin {
            let offset = end.sent;
            let arrival = self.arrival(now, id, client, delay);
            let slots = self.enter_units(now, id, client, units, fate(arrival.0));
            return self.pass(now, id, client, (Load::Bytes(bytes), offset, slots), arrival, due);
        }
        if let Some((limit, by)) = link.plan.stream.cut_after
            && end.sent.saturating_add(bytes.len() as u64) > limit
        {
            bytes.truncate(limit.saturating_sub(end.sent) as usize);
            let party = end.party;
            self.send_segments((now, delay), (id, client), bytes, Vec::new(), due);
            self.enter_units(now, id, client, units, Fate::Dropped);
            self.enter_fault(now, party, &format!("{} after {limit} bytes", ended(by)));
            return self.end_stream(now, id, client, by, due);
        }
        self.send_segments((now, delay), (id, client), bytes, units, due);
    }

    /// Ends a connection as something between its ends would, in this direction of it.
    pub(crate) fn end_stream(&mut self, now: Time, id: u32, client: bool, by: StreamEnd, due: &mut Due) {
        match by {
            StreamEnd::Stall => {}
            StreamEnd::HalfClose => self.finish(now, id, client, due),
            StreamEnd::Close => {
                self.finish(now, id, client, due);
                self.finish(now, id, !client, due);
                self.connections.of_mut(id).end_mut(!client).stalled = true;
            }
            StreamEnd::Reset => {
                let end = self.connections.of_mut(id).end_mut(client);
                if end.in_flight > 0 {
                    end.last_arrival = end.last_arrival.max(now) + RESET_BEHIND;
                }
                self.abort(now, id, client, due);
                due.push((now, stream(id, client, StreamEvent::Reset)));
            }
        }
        // What the sender still says in this direction goes nowhere.
        self.connections.of_mut(id).end_mut(client).stalled = true;
    }

    /// How many bytes an end of a connection gets at a time at most, where its link hands over chunks.
    pub(crate) fn read_room(&self, id: u32, client: bool) -> usize {
        let connection = self.connections.of(id);
        let (end, other) = (connection.end(client).party.place, connection.end(!client).party.place);
        self.links.link(other, end).plan.stream.chunk_bytes.map_or(usize::MAX, |chunk| chunk as usize)
    }

    /// Whether the receiver of this direction looks only from time to time.
    pub(crate) fn joins(&self, id: u32, client: bool) -> bool {
        let connection = self.connections.of(id);
        let (end, other) = (connection.end(client).party.place, connection.end(!client).party.place);
        self.links.link(end, other).plan.stream.joins_us.is_some()
    }

    fn send_segments(
        &mut self,
        (now, delay): (Time, Duration),
        (id, client): (u32, bool),
        bytes: Bytes,
        units: Vec<Unit>,
        due: &mut Due,
    ) {
        let segments = self.segments((now, delay), (id, client), bytes);
        let foreseen = segments.last().and_then(|(_, _, (at, _))| *at);
        let slots = self.enter_units(now, id, client, units, fate(foreseen));
        let last = segments.len().saturating_sub(1);
        for (n, (bytes, offset, arrival)) in segments.into_iter().enumerate() {
            // The units have arrived when the last of their segments has.
            let slots = if n == last { slots.clone() } else { slots.end..slots.end };
            self.pass(now, id, client, (Load::Bytes(bytes), offset, slots), arrival, due);
        }
    }

    /// Cuts bytes into segments no larger than the link takes or its receiver gets, and finds out
    /// when each arrives. Behind one that never does there is nothing more to send.
    fn segments(
        &mut self,
        (now, delay): (Time, Duration),
        (id, client): (u32, bool),
        mut bytes: Bytes,
    ) -> Vec<Sent> {
        let connection = self.connections.of(id);
        let (end, other) = (connection.end(client), connection.end(!client));
        let (mut offset, mut before) = (end.sent, end.last_arrival);
        let (from, to, connection) = (end.party.place, other.party.place, connection.key);
        let plan = &self.links.link(from, to).plan;
        let (stream, mss) = (plan.stream, plan.mtu_bytes.saturating_sub(SEGMENT_HEADERS).max(1));
        let most = stream.chunk_bytes.map_or(mss, |chunk| chunk.clamp(1, mss)) as usize;
        let mut segments = Vec::new();
        while !bytes.is_empty() {
            let segment = bytes.split_to(most.min(bytes.len()));
            let way = Way { from, to, connection, kind: kind(client), offset };
            let arrival = self.links.stream_segment((now, delay), way, segment.len());
            let len = segment.len() as u64;
            let arrival = match arrival {
                Some((at, attempt)) => {
                    let reading_us =
                        stream.reads_bytes_per_s.map_or(0, |pace| (len * 1_000_000).div_ceil(pace.max(1)));
                    before = looked_at(at.max(before) + Duration(reading_us), stream.joins_us);
                    (Some(before), attempt)
                }
                None => (None, 0),
            };
            segments.push((segment, offset, arrival));
            offset += len;
            if arrival.0.is_none() {
                break;
            }
        }
        segments
    }
}

/// When the receiver looks: at once, or at the next of the instants at which it does.
fn looked_at(arrival: Time, every_us: Option<u64>) -> Time {
    every_us.map_or(arrival, |every| Time(arrival.0.div_ceil(every.max(1)) * every.max(1)))
}
