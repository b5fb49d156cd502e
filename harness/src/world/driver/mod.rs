//! The driver: devices over a network stack that is not ours. One task for each host; the bytes
//! pass through sockets, and when they do is decided by the same network as in the virtual world.

mod arrivals;
mod net;
mod pump;
mod simulation;
mod sockets;
mod station;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use faxproof_devices::core::Time;
use faxproof_reports::{Sink, Trace};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinSet, LocalSet};

use self::net::Net;
use self::simulation::Simulation;
use self::sockets::Kernel;
use self::station::{Ground, Setup, Station, surface};
use super::network::Network;
use super::roster::Roster;
use super::{CrashPoint, Options, Outcome, WorldError};
use crate::plan::{Plan, PlannedBox};

/// How often what was seen is given out while a run on real sockets goes on.
const GIVE_EVERY: Duration = Duration::from_millis(50);
/// Connections and datagrams that may wait in turmoil, which panics beyond.
const CAPACITY: usize = 4_096;

type Shared<N> = Rc<RefCell<Ground<<N as Net>::Stream>>>;

/// Runs a plan inside turmoil.
pub(super) fn run_turmoil(
    plan: &Plan,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Outcome, WorldError> {
    run_turmoil_with(plan, options, sink, |_, _| {})
}

/// Runs a plan inside turmoil; `meddle` sees the simulation and the time before each of its ticks.
fn run_turmoil_with(
    plan: &Plan,
    options: &Options,
    sink: &mut dyn Sink,
    mut meddle: impl FnMut(&turmoil::Sim<'_>, Time),
) -> Result<Outcome, WorldError> {
    let tick = Duration::from_millis(options.turmoil_tick_ms.max(1));
    let net = Simulation { tick_us: tick.as_micros() as u64 };
    let (ground, stations) = stations(plan, options, &net)?;
    if let Some(external) = ground.borrow().network.roster.first_external() {
        return Err(WorldError::External(external.clone()));
    }
    let seconds_1970 = Duration::from_secs(plan.declaration.epoch_s.unsigned_abs());
    let mut sim = turmoil::Builder::new()
        .tick_duration(tick)
        .min_message_latency(Duration::ZERO)
        .max_message_latency(Duration::ZERO)
        .simulation_duration(Duration::from_micros(plan.until.0) + 10 * tick)
        .epoch(SystemTime::UNIX_EPOCH + seconds_1970)
        .rng_seed(plan.declaration.seed)
        .tcp_capacity(CAPACITY)
        .udp_capacity(CAPACITY)
        .build();
    for station in stations {
        let address = ground.borrow().network.roster.sip(station.host).ip();
        sim.client(address, async move { Ok(station.run().await?) });
    }
    loop {
        meddle(&sim, Time(sim.elapsed().as_micros() as u64));
        let ended =
            sim.step().map_err(|error| WorldError::Sockets(std::io::Error::other(error.to_string())))?;
        if ended {
            break;
        }
    }
    drop(sim);
    // Within a tick the hosts run one after the other.
    let mut trace = Trace::default();
    let outcome = finish::<Simulation>(&ground, plan.until, &mut trace);
    trace.entries.sort_by_key(|entry| entry.at_us);
    trace.entries.into_iter().for_each(|entry| sink.take(entry));
    Ok(outcome)
}

/// Runs a plan on the kernel's sockets, in real time.
pub(super) fn run_sockets(
    plan: &Plan,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Outcome, WorldError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(LocalSet::new().run_until(async {
        let roster = Roster::of(plan)?;
        let ours = (0..roster.len()).filter(|&place| !roster.is_external(place));
        let net = Kernel::at(ours.map(|place| roster.sip(place)), options.wait_for_addresses)?;
        let (ground, stations) = stations(plan, options, &net)?;
        let mut tasks = JoinSet::new();
        for station in stations {
            tasks.spawn_local(station.run());
        }
        loop {
            tokio::select! {
                biased;
                ended = tasks.join_next() => match ended {
                    Some(ended) => surface(ended)?,
                    None => break,
                },
                () = tokio::time::sleep(GIVE_EVERY) => ground.borrow_mut().network.ledger.give(sink),
            }
        }
        Ok(finish::<Kernel>(&ground, plan.until, sink))
    }))
}

fn finish<N: Net>(ground: &Shared<N>, until: Time, sink: &mut dyn Sink) -> Outcome {
    let mut ground = ground.borrow_mut();
    let (events, ended_at) = (ground.events, ground.ended_at.min(until));
    ground.network.enter_rests(ended_at);
    ground.network.ledger.give_all(sink);
    Outcome { events, ended_at, durables: ground.network.durables() }
}

fn stations<N: Net>(
    plan: &Plan,
    options: &Options,
    net: &N,
) -> Result<(Shared<N>, Vec<Station<N>>), WorldError> {
    let mut network = Network::of(plan, N::OPEN)?;
    network.crash_after_durable = CrashPoint::of(options, &network.roster)?;
    network.switch_on_externals();
    let roster = network.roster.clone();
    let ground = Ground { network, inboxes: BTreeMap::new(), events: 0, ended_at: Time::default() };
    let ground = Rc::new(RefCell::new(ground));
    let actions = plan.actions.clone();
    let mut setups = Vec::new();
    for (index, planned) in plan.hosts.iter().enumerate() {
        let PlannedBox::Virtual(device) = &planned.box_ else { continue };
        let own_actions = (0..actions.len()).filter(|&action| actions[action].host == index).collect();
        setups.push(Setup {
            host: roster.place(index)?,
            device: device.fork(),
            power_on: planned.power_on,
            actions: actions.clone(),
            own_actions,
            until: plan.until,
            chunk_bytes: options.chunk_bytes,
        });
    }
    // turmoil lets the hosts run in this order.
    setups.sort_by_key(|setup| setup.host);
    let stations = setups.into_iter().map(|setup| {
        let (inbox, posts) = unbounded_channel();
        ground.borrow_mut().inboxes.insert(setup.host, inbox);
        Station::new(setup, net.clone(), ground.clone(), posts)
    });
    let stations = stations.collect();
    Ok((ground, stations))
}
