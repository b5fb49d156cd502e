//! In which worlds a scenario runs, and why not in the others.

use faxproof_devices::core::Time;

use super::Scenario;
use super::compile::network::is_chancy;
use crate::world::World;

/// turmoil lives through every tick: longer scenarios are left out unless they ask for it.
const LONGEST_IN_TURMOIL: Time = Time(120_000_000);
/// Sockets take real time: longer scenarios are left out unless they ask for it.
const LONGEST_ON_SOCKETS: Time = Time(40_000_000);

impl Scenario {
    /// Worlds in which it runs.
    pub fn worlds(&self) -> Vec<World> {
        World::ALL.into_iter().filter(|world| self.left_out(*world).is_none()).collect()
    }

    /// Why it does not run in this world; `None` if it does. What the scenario lists counts; where it lists
    /// nothing, it runs wherever its result is the same and comes in time.
    pub fn left_out(&self, world: World) -> Option<String> {
        if self.is_about_a_real_device() && world != World::Sockets {
            return Some("a real device takes part".to_owned());
        }
        if let Some(listed) = &self.script.worlds {
            let is_listed = listed.iter().any(|at| at.value.world() == world);
            let why = self.script.worlds_because.as_ref().map_or("it is not listed", |why| &why.value);
            return (!is_listed).then(|| why.to_owned());
        }
        let too_long = |most: Time| {
            let figures = (self.until().0 / 1_000_000, most.0 / 1_000_000);
            (self.until() > most).then(|| format!("it takes {} s, more than {} s", figures.0, figures.1))
        };
        match world {
            World::Virtual => None,
            World::Turmoil => too_long(LONGEST_IN_TURMOIL),
            // Chance is keyed by what is sent, addresses included.
            World::Sockets if is_chancy(&self.network()) => {
                Some("chance falls otherwise on other addresses".to_owned())
            }
            World::Sockets => too_long(LONGEST_ON_SOCKETS),
        }
    }

    /// Whether a host is outside the program.
    pub(super) fn is_about_a_real_device(&self) -> bool {
        self.script.hosts.value.iter().any(|(_, host)| host.external.is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::tests::{CALL, parsed};
    use crate::world::World;

    fn left_out(more: &str, world: World) -> Option<String> {
        parsed(&format!("{CALL}{more}")).left_out(world)
    }

    #[test]
    fn a_short_scenario_without_chance_runs_everywhere() {
        assert_eq!(parsed(&format!("{CALL}ends_at: 40s\n")).worlds(), World::ALL);
    }

    #[test]
    fn a_long_one_is_left_out_with_its_figure() {
        let why = |world| left_out("ends_at: 121s\n", world);
        assert_eq!(why(World::Virtual), None);
        assert_eq!(why(World::Turmoil).as_deref(), Some("it takes 121 s, more than 120 s"));
        assert_eq!(why(World::Sockets).as_deref(), Some("it takes 121 s, more than 40 s"));
    }

    #[test]
    fn chance_stays_off_real_addresses() {
        let why = |world| left_out("ends_at: 4s\nnetwork: { loss: 1% }\n", world);
        assert_eq!(why(World::Turmoil), None);
        assert_eq!(why(World::Sockets).as_deref(), Some("chance falls otherwise on other addresses"));
    }

    #[test]
    fn a_list_is_taken_as_it_stands() {
        let more = "ends_at: 300s\nworlds: [virtual, sockets]\nworlds_because: 5 min of ticks\n";
        assert_eq!(left_out(more, World::Sockets), None);
        assert_eq!(left_out(more, World::Turmoil).as_deref(), Some("5 min of ticks"));
    }
}
