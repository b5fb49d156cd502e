//! Tests of the driver over both stacks.

mod in_turmoil;
mod on_sockets;
mod parity;

use faxproof_devices::core::{Event, Outbox, Time};
use faxproof_reports::{Trace, What};

use crate::world::testing::Memory;

/// What passed on the wire and what became of connections, without times.
fn passed(trace: &Trace) -> Vec<String> {
    let passed = trace.entries.iter().filter_map(|entry| match &entry.what {
        What::Message { from, to, label, .. } => Some(format!("{from} -> {to} {label}")),
        What::Connection { client, server, event, .. } => Some(format!("{client} {server} {event}")),
        _ => None,
    });
    passed.collect()
}

/// Panics when it gets power.
fn broken(_: &mut Memory, _: Time, _: &Event, _: &mut Outbox) {
    panic!("a device is broken");
}
