//! Devices under everything that can happen to them: in the middle of calls that go on, messages are
//! damaged, lost, doubled and made up, timers fire that nobody armed, power fails.
//!
//! Whatever comes, a step does not panic, asks for a bounded number of things, and remembers no more than
//! what came. When it is over and the operators have hung up, nothing is left; and after power-on a call goes
//! through.

mod forwarders;
mod hosts;
mod kept;
mod lab;
mod script;
mod trouble;

use std::sync::Arc;

use faxproof_devices::core::{Duration, Event, Holdings};
use faxproof_devices::order::{Action, Destination, Document, Order, Ta2Action};
use faxproof_devices::ta2::Key;
use faxproof_wire::page::{Bitmap, Page, Resolution};

use self::hosts::{ADDRESSES, ALICE, BOB, Cast, FAR, LOCATION, NEAR, NUMBERS, SERVER};
use self::lab::Lab;
use self::script::Script;

/// The most events that one input brings about at the device in question, so that none takes long.
const MOST_EVENTS: usize = 600;
/// After so long every transaction and every call that nobody goes on with is over.
const PATIENCE: Duration = Duration::secs(1000);
const MOMENT: Duration = Duration::secs(10);

/// A fax that calls, or one that is called.
pub fn step_fax(bytes: &[u8]) -> bool {
    events_of_fax(bytes) > 0
}

/// The SIP server.
pub fn step_server(bytes: &[u8]) -> bool {
    events_of_server(bytes) > 0
}

/// The location server.
pub fn step_location(bytes: &[u8]) -> bool {
    events_of_location(bytes) > 0
}

/// A mail fax that sends, or one that receives; or their mail server.
pub fn step_mail(bytes: &[u8]) -> bool {
    events_of_mail(bytes) > 0
}

/// A mail server that forwards over SIP, or a mail client.
pub fn step_forward(bytes: &[u8]) -> bool {
    events_of_forwarding(bytes) > 0
}

/// As [`step_fax`]; returns how many events the fax had.
pub(crate) fn events_of_fax(bytes: &[u8]) -> usize {
    let mut script = Script::new(bytes);
    let target = if script.chance(2) { BOB } else { ALICE };
    trouble(Cast::Calls, target, script)
}

/// As [`step_server`]; returns how many events the server had.
pub(crate) fn events_of_server(bytes: &[u8]) -> usize {
    trouble(Cast::Calls, SERVER, Script::new(bytes))
}

/// As [`step_location`]; returns how many events the server had.
pub(crate) fn events_of_location(bytes: &[u8]) -> usize {
    trouble(Cast::Calls, LOCATION, Script::new(bytes))
}

/// As [`step_mail`]; returns how many events the device had.
pub(crate) fn events_of_mail(bytes: &[u8]) -> usize {
    let mut script = Script::new(bytes);
    let target = [ALICE, BOB, LOCATION, LOCATION][script.below(4)];
    trouble(Cast::Mail, target, script)
}

/// As [`step_forward`]; returns how many events the device had.
pub(crate) fn events_of_forwarding(bytes: &[u8]) -> usize {
    let mut script = Script::new(bytes);
    let target = [NEAR, FAR, NEAR, FAR, ALICE, BOB][script.below(6)];
    trouble(Cast::Forwarding, target, script)
}

/// Returns how many events the device had.
fn trouble(cast: Cast, target: usize, mut script: Script<'_>) -> usize {
    let mut lab = Lab::new(cast, hosts::devices(cast, &mut script));
    lab.wait(Duration::secs(1));
    send(&mut lab, ALICE, 1, &mut script);
    let before = lab.seats[target].events;
    let mut orders = 1;
    while !script.is_over() && lab.seats[target].events < before + MOST_EVENTS {
        trouble::one(&mut lab, target, &mut orders, &mut script);
    }
    let events = lab.seats[target].events - before;
    let panels = if cast == Cast::Forwarding { [NEAR, FAR] } else { [ALICE, BOB] };
    for seat in panels {
        orders += 1;
        lab.step(seat, Event::Order(Order { key: orders, action: Action::HangUp }));
    }
    calm_down(&mut lab, target);
    match cast {
        Cast::Forwarding => forwarders::mail_after_power_on(&mut lab, orders),
        Cast::Calls | Cast::Mail => call_after_power_on(&mut lab, orders),
    }
    events
}

/// Nobody wants anything any more: sooner or later the device remembers nothing of what was. Faxes go on to
/// register, so that this is so between two of their requests.
fn calm_down(lab: &mut Lab, target: usize) {
    lab.wait(PATIENCE);
    for _ in 0..100 {
        if lab.seats[target].device.holds() == Holdings::default() {
            return;
        }
        lab.wait(MOMENT);
    }
    panic!("{:?} in {:?}", lab.seats[target].device.holds(), lab.seats[target].device);
}

/// The operator of a fax dials the other, or a number that leads nowhere; the user of a mail client writes.
fn send(lab: &mut Lab, seat: usize, key: u64, script: &mut Script<'_>) {
    if lab.cast == Cast::Forwarding {
        return forwarders::write(lab, seat, key, script);
    }
    let number = match (lab.cast, script.below(8)) {
        (_, 7) => "050-7777-7777",
        (Cast::Mail, 6) => "nobody@b.example",
        (Cast::Mail, 5) => "nobody@nowhere.example",
        (Cast::Mail, 0..=2) => ADDRESSES[1 - seat],
        _ => NUMBERS[1 - seat],
    };
    let document = match script.below(3) {
        0 => Document::Text(Arc::from("Meeting moved to ten.")),
        // More than every fax prints: machine 118 forms it anew.
        1 if lab.cast == Cast::Mail => Document::of_pages(vec![page(4864, Resolution::Dpi400)]),
        _ => document(),
    };
    lab.step(
        seat,
        Event::Order(Order {
            key,
            action: Action::Send { to: Destination::Typed(number.to_owned()), document },
        }),
    );
}

/// A small page.
fn document() -> Document {
    Document::of_pages(vec![page(1728, Resolution::Standard)])
}

fn page(width: u32, resolution: Resolution) -> Page {
    Page { bitmap: Bitmap::from_fn(width, 2, |x, y| x == y), resolution }
}

/// Nothing that happened before keeps a call from going through, once the operator has cleared from the table
/// what was learned in it.
fn call_after_power_on(lab: &mut Lab, orders: u64) {
    for seat in [SERVER, LOCATION, ALICE, BOB] {
        lab.power_on(seat);
    }
    lab.wait(Duration::secs(5));
    let (number, address) = (NUMBERS[BOB].to_owned(), ADDRESSES[BOB].to_owned());
    for key in 0..=orders {
        let action = match lab.cast {
            Cast::Calls => Action::DeleteRow { number: number.clone() },
            Cast::Mail | Cast::Forwarding => Action::Ta2(Ta2Action::Delete(Key::Address(address.clone()))),
        };
        lab.step(ALICE, Event::Order(Order { key: u64::MAX - 1 - key, action }));
    }
    let before = lab.seats[BOB].pages;
    let to = Destination::Typed(if lab.cast == Cast::Calls { number } else { address });
    lab.step(ALICE, Event::Order(Order { key: u64::MAX, action: Action::Send { to, document: document() } }));
    lab.wait(Duration::secs(40));
    let printed = lab.seats[BOB].pages - before;
    // A mail that had waited for its next try may come now, too.
    let enough = if lab.cast == Cast::Calls { printed == 1 } else { printed >= 1 };
    assert!(enough, "what is sent after power-on is printed: {printed} pages");
}
