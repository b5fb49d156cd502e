//! Worlds: what devices live in.
//!
//! The network between the devices (links, rules, connections, the tap) is the same in every world.
//! The virtual world moves everything itself; the two others let the bytes pass through sockets,
//! simulated ones or the kernel's.

mod consequence;
mod driver;
mod lanes;
mod ledger;
mod links;
mod names;
mod network;
mod opening;
mod outside;
mod presence;
mod queue;
mod roster;
mod rules;
mod segments;
mod sending;
mod simulated;
mod sip;
mod tap;
mod tcp;
#[cfg(test)]
mod testing;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use faxproof_devices::core::Time;
use faxproof_reports::{Host, Sink};

use self::roster::Roster;
pub use self::simulated::{LeftOver, VirtualWorld};
use crate::plan::Plan;

/// The worlds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum World {
    /// Our own event heap; no runtime.
    #[default]
    Virtual,
    /// A turmoil simulation: simulated UDP and TCP.
    Turmoil,
    /// The kernel's sockets on real addresses.
    Sockets,
}

/// What can be asked of a run beyond its plan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Let the power of a host fail between two durable effects.
    pub crash_after_durable: Option<CrashAfterDurable>,
    /// Deliver bytes of streams in chunks of at most so many.
    pub chunk_bytes: Option<usize>,
    /// The tick of the turmoil world, at least 1 ms.
    pub turmoil_tick_ms: u64,
    /// How long the sockets world waits for addresses that another run holds.
    pub wait_for_addresses: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            crash_after_durable: None,
            chunk_bytes: None,
            turmoil_tick_ms: 1,
            wait_for_addresses: Duration::from_secs(60),
        }
    }
}

/// A power failure right after a durable effect: the rest of the step does not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashAfterDurable {
    /// Which host.
    pub host: Host,
    /// After which of its durable effects, counted from 1 over the whole run.
    pub after: u32,
    /// When the power comes back, microseconds after; `None`: never.
    pub back_after_us: Option<u64>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How many events happened.
    pub events: u64,
    /// When the last one happened.
    pub ended_at: Time,
    /// How many durable effects each host had, by name: the places where a crash can fall.
    pub durables: Vec<(Host, u32)>,
}

/// Why a world cannot run a plan. The plan is at fault, but for [`WorldError::Sockets`].
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Only the sockets world reaches a real device.
    #[error("host `{0}` is a real device: only the sockets world can reach it")]
    External(Host),
    /// A name that no host has.
    #[error("no host is called `{0}`")]
    UnknownHost(Host),
    /// Two hosts of one name.
    #[error("two hosts are called `{0}`")]
    TwoOfThatName(Host),
    /// Two hosts at one address.
    #[error("hosts `{0}` and `{1}` have the same address {2}")]
    SameAddress(Host, Host, IpAddr),
    /// An action for a host that is not in the plan.
    #[error("the plan has no host with index {0}")]
    NoHostOfIndex(usize),
    /// More hosts than a world takes (65,535).
    #[error("{0} hosts are more than a world takes")]
    TooManyHosts(usize),
    /// There is no world of that name.
    #[error("there is no world `{0}`: virtual, turmoil or sockets")]
    UnknownWorld(String),
    /// The sockets did not do what was asked of them.
    #[error("sockets: {0}")]
    Sockets(#[from] std::io::Error),
}

/// Runs a plan from its beginning to its end.
///
/// # Errors
/// [`WorldError`]: the plan contradicts itself or does not fit the world.
pub fn run(plan: &Plan, world: World, sink: &mut dyn Sink) -> Result<Outcome, WorldError> {
    run_with(plan, world, &Options::default(), sink)
}

/// Runs a plan with options.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    plan: &Plan,
    world: World,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Outcome, WorldError> {
    match world {
        World::Virtual => Ok(VirtualWorld::new(plan, options)?.run(sink)),
        World::Turmoil => driver::run_turmoil(plan, options, sink),
        World::Sockets => driver::run_sockets(plan, options, sink),
    }
}

/// A [`CrashAfterDurable`] with the host's place.
#[derive(Clone, Copy, Debug)]
struct CrashPoint {
    place: usize,
    after: u32,
    back_after_us: Option<u64>,
}

impl CrashPoint {
    fn of(options: &Options, roster: &Roster) -> Result<Option<CrashPoint>, WorldError> {
        let Some(crash) = &options.crash_after_durable else { return Ok(None) };
        let (after, back_after_us) = (crash.after, crash.back_after_us);
        Ok(Some(CrashPoint { place: roster.named(&crash.host)?, after, back_after_us }))
    }
}

impl World {
    /// All worlds.
    pub const ALL: [World; 3] = [World::Virtual, World::Turmoil, World::Sockets];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            World::Virtual => "virtual",
            World::Turmoil => "turmoil",
            World::Sockets => "sockets",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for World {
    type Err = WorldError;

    fn from_str(text: &str) -> Result<World, WorldError> {
        let world = World::ALL.into_iter().find(|world| world.as_str() == text);
        world.ok_or_else(|| WorldError::UnknownWorld(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_worlds_are_read_back() {
        assert!(
            World::ALL.into_iter().all(|world| world.to_string().parse::<World>().is_ok_and(|w| w == world))
        );
        assert!("moon".parse::<World>().is_err());
    }

    #[test]
    fn a_world_can_be_handed_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<VirtualWorld>();
    }
}
