//! From a checked scenario to a plan.

pub(crate) mod address;
mod build;
mod fax;
pub(crate) mod forward;
mod hosts;
mod inject;
mod line;
mod mail;
pub(super) use fax::row;
pub(super) use forward::{specific_row, ta3_row};
pub(super) use mail::ta2_row;
pub(super) mod network;
mod steps;
mod wire;
mod zone;

use faxproof_devices::core::{Duration, Time};
use faxproof_reports::Declaration;

use super::{Scenario, ScenarioError};
use crate::plan::{Plan, PlannedWhat};
use crate::world::World;

/// Wall time at the start unless the scenario gives it: 2003-11-18T01:00:00Z.
const EPOCH_S: i64 = 1_069_117_200;
/// The SIP domain unless the scenario gives it.
const DOMAIN: &str = "sip.example.net";
/// The world goes on for so long after the last step, unless the scenario says when it ends: Timer B
/// of a call that nobody answers takes 32 s (RFC 3261 §17.1.1.2).
const AFTERWARDS: Duration = Duration::secs(40);

impl Scenario {
    /// A plan of this scenario for one world. `name` is its name in its set, `seed` replaces that of
    /// the file.
    ///
    /// # Errors
    /// If it may not run in this world.
    pub fn compile(&self, name: &str, world: World, seed: Option<u64>) -> Result<Plan, ScenarioError> {
        if let Some(reason) = self.left_out(world) {
            let message = format!("this scenario does not run in the world `{}`: {reason}", world.as_str());
            let listed: Vec<&str> = self.worlds().iter().map(|world| world.as_str()).collect();
            let remedy = format!("it runs in: {}", listed.join(", "));
            let place =
                self.script.worlds.iter().flatten().next().map_or(self.script.version.place, |at| at.place);
            return Err(self.source.error(self.source.problem(place, message, Some(remedy))));
        }
        let script = &self.script;
        let seed = seed.or(script.seed).unwrap_or(1);
        let setting = Setting { scenario: self, name, world, seed };
        let (actions, orders) = setting.steps();
        let network = setting.network();
        let rules = setting.rules();
        let power_fails = actions.iter().any(|action| matches!(action.what, PlannedWhat::PowerOff));
        let declaration = Declaration {
            scenario: name.to_owned(),
            title: script.title.value.clone(),
            seed,
            world: world.as_str().to_owned(),
            epoch_s: setting.epoch_s(),
            hosts: setting.host_declarations(),
            orders,
            disturbed: power_fails || !rules.is_empty() || network::disturbs(&network),
            contrast: script.contrast.as_ref().map(|text| text.value.clone()),
        };
        let until = self.until();
        let (hosts, zone) = (setting.planned_hosts(), setting.zone());
        Ok(Plan { declaration, hosts, network, zone, rules, actions: actions.into(), until })
    }
}

impl Scenario {
    /// When the world stops.
    pub(super) fn until(&self) -> Time {
        let last = self.script.steps.iter().map(|step| step.value.at.value.us).max();
        let quiet = Time(last.unwrap_or_default()) + AFTERWARDS;
        self.script.ends_at.map_or(quiet, |end| Time(end.value.us))
    }
}

/// A scenario in one world with one seed.
struct Setting<'a> {
    scenario: &'a Scenario,
    name: &'a str,
    world: World,
    seed: u64,
}

impl Setting<'_> {
    fn domain(&self) -> &str {
        self.scenario.script.domain.as_ref().map_or(DOMAIN, |domain| &domain.value)
    }

    fn epoch_s(&self) -> i64 {
        self.scenario.script.epoch.map_or(EPOCH_S, |epoch| epoch.s)
    }
}
