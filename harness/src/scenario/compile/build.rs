//! From the set-up of a box to the box.

use faxproof_devices::config::{FaxConfig, LocationServerConfig, SipServerConfig};
use faxproof_devices::core::{Device, Event, Outbox, Time};

/// The set-up of a virtual box.
#[derive(Clone, Debug)]
pub(super) enum Config {
    Fax1(FaxConfig),
    SipServer(SipServerConfig),
    LocationServer(LocationServerConfig),
}

/// The virtual box with this set-up, before its first power-on. Until the three boxes are merged here,
/// one that takes every event and does nothing: a scenario that expects anything then fails.
pub(super) fn build(config: Config) -> Box<dyn Device> {
    Box::new(Idle(config))
}

/// A box that does nothing.
#[derive(Clone, Debug)]
struct Idle(#[expect(dead_code, reason = "shown by Debug only")] Config);

impl Device for Idle {
    fn step(&mut self, _now: Time, _event: Event, _out: &mut Outbox) {}

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
