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

/// The virtual box with this set-up, before its first power-on.
pub(super) fn build(config: Config) -> Box<dyn Device> {
    Box::new(config)
}

impl Device for Config {
    fn step(&mut self, _now: Time, _event: Event, _out: &mut Outbox) {}
    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}
