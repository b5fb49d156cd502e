//! A call to bob in which a program of other people delivers on the connections that it negotiates.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use faxproof::plan::Plan;
use faxproof::world::World;
use faxproof_reports::Trace;
use faxproof_wire::page::tiff;

use super::program::Ended;
use super::stage::{Performance, pages, plan};
use super::stranger::Call;

/// A file of our pages.
pub(crate) const OURS: &str = "ours.tif";
/// The first half of it.
pub(crate) const BROKEN: &str = "broken.tif";

/// What is left of such a call.
pub(crate) struct Delivered {
    pub(crate) plan: Plan,
    pub(crate) trace: Trace,
    /// What became of each try.
    pub(crate) ended: [Ended; 3],
}

/// One call in which the program delivers three times, each on a connection that was announced for it:
/// to the server, from an address, to a destination, a file.
pub(crate) fn delivered(
    net: &str,
    place: &Path,
    protocol: &str,
    tries: [(&str, &str); 3],
    deliver: impl Fn(SocketAddr, IpAddr, &str, &str) -> Ended,
) -> Delivered {
    let ours = tiff::write(&pages());
    fs::write(place.join(OURS), &ours).unwrap();
    fs::write(place.join(BROKEN), &ours[..ours.len() / 2]).unwrap();
    let own: IpAddr = format!("{net}.9").parse().unwrap();
    let plan = plan(&scenario(net), place, World::Sockets);
    let mut performance = Performance::begin(&plan);
    performance.await_message("200 REGISTER", "bob");
    let mut call = Call::to("05012345678", format!("{net}.1:5060").parse().unwrap(), own);
    let ended = tries.map(|(destination, file)| deliver(call.announce(protocol), own, destination, file));
    call.hang_up();
    Delivered { plan, trace: performance.end(), ended }
}

fn scenario(net: &str) -> String {
    format!(
        "\
version: 1
title: A program delivers
hosts:
  bob:
    fax: 1
    number: 050-1234-5678
    address: {net}.1
    protocols: [smtp, http]
    habits: {{ answer_after: 50ms }}
  sip: {{ sip-server: {{}}, address: {net}.2 }}
ends_at: 8s
worlds: [sockets]
worlds_because: the program is on a real socket
"
    )
}
