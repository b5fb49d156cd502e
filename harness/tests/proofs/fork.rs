//! A world can be cloned in the middle of a call, and no clone touches another.

use faxproof::world::{Options, Outcome, VirtualWorld};
use faxproof_devices::core::Time;
use faxproof_reports::{NullSink, Trace};

use crate::bench::{TWO_CALLS, plan, run};

/// Before the call, ringing, asking, announcing, in the session, learned, and in the second call.
const INSTANTS_US: [u64; 8] =
    [500_000, 1_072_000, 1_586_000, 1_606_000, 1_641_000, 1_671_000, 1_693_000, 1_000_590_000];

fn rest(mut world: VirtualWorld, mut trace: Trace) -> (Trace, Outcome) {
    let outcome = world.run(&mut trace);
    (trace, outcome)
}

fn disturbed() -> String {
    TWO_CALLS.replace("ends_at", "network: { loss: 20%, jitter: 3ms }\nends_at")
}

#[test]
fn a_clone_goes_on_as_the_original_does() {
    for yaml in [TWO_CALLS.to_owned(), disturbed()] {
        let plan = plan(&yaml);
        let whole = run(&plan, &Options::default());
        for instant in INSTANTS_US {
            let mut world = VirtualWorld::new(&plan, &Options::default()).unwrap();
            let mut trace = Trace::default();
            world.run_to(Time(instant), &mut trace);
            let clone = rest(world.clone(), trace.clone());
            assert!(clone == whole, "the clone of {instant} us went another way");
            assert!(rest(world, trace) == whole, "its clone changed the world of {instant} us");
        }
    }
}

#[test]
fn clones_of_every_event_leave_the_original_alone() {
    let plan = plan(TWO_CALLS);
    let whole = run(&plan, &Options::default());
    let mut world = VirtualWorld::new(&plan, &Options::default()).unwrap();
    let (mut trace, mut clones) = (Trace::default(), 0);
    loop {
        let mut clone = world.clone();
        clones += u32::from((0..10).all(|_| clone.step_one(&mut NullSink)));
        if !world.step_one(&mut trace) {
            break;
        }
    }
    assert!(clones > 100, "only {clones} clones could take ten steps");
    assert!(rest(world, trace) == whole);
}
