//! Whether two runs of one scenario, in two worlds, said the same things.
//!
//! Times, addresses, ports and identifiers differ between worlds; who said what to whom, in which
//! order, must not. The order is kept between each two hosts and on each connection: what two
//! hosts send to a third at the same moment may arrive either way round.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::redact::Redactor;
use crate::trace::{Carrier, Host, Trace, What};

/// What was said in one place, for every place.
pub type Sequence = BTreeMap<Place, Vec<Said>>;

/// Where an order is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Datagrams from one host to another.
    Datagrams {
        /// Sender.
        from: Host,
        /// Addressee.
        to: Host,
    },
    /// A TCP connection.
    Connection {
        /// The side that connected.
        client: Host,
        /// The side that listened.
        server: Host,
        /// Which of their connections, from 1.
        ordinal: u32,
    },
}

/// One message, without its bytes; on a connection also how the attempt to open it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Sender.
    pub from: Host,
    /// Addressee.
    pub to: Host,
    /// Label of the message, or `(opened)`, `(refused)`, `(unreachable)`, `(timed out)`.
    pub label: Arc<str>,
}

/// What was said in a run, place by place. Copies of a message that was sent again all count;
/// hosts that do not exist are `stranger 1`, `stranger 2` ... in the order in which they appear.
pub fn sequence(trace: &Trace) -> Sequence {
    let mut sequence = Sequence::new();
    let mut places = Places::default();
    let mut redactor = Redactor::default();
    for entry in &trace.entries {
        match &redactor.redact(entry).what {
            What::Message { from, to, carrier, label, .. } => {
                let (from, to) = (places.host(from), places.host(to));
                let place = match carrier {
                    Carrier::Datagram { .. } => Place::Datagrams { from: from.clone(), to: to.clone() },
                    Carrier::Stream { connection, from_client: true } => {
                        places.connection(*connection, &from, &to)
                    }
                    Carrier::Stream { connection, from_client: false } => {
                        places.connection(*connection, &to, &from)
                    }
                };
                sequence.entry(place).or_default().push(Said { from, to, label: Arc::clone(label) });
            }
            What::Connection { id, client, server, event, .. } => {
                let (from, to) = (places.host(client), places.host(server));
                let place = places.connection(*id, &from, &to);
                let said = sequence.entry(place).or_default();
                // When each side closes is its own affair: only the outcome of the attempt counts.
                if matches!(&**event, "opened" | "refused" | "unreachable" | "timed out") {
                    said.push(Said { from, to, label: format!("({event})").into() });
                }
            }
            _ => {}
        }
    }
    sequence
}

/// The first difference between two runs, in words; `None` where they said the same.
pub fn parity_difference(a: &Trace, b: &Trace) -> Option<String> {
    let (mut a, mut b) = (sequence(a), sequence(b));
    let mut all: Vec<Place> = a.keys().chain(b.keys()).cloned().collect();
    all.sort();
    all.dedup();
    all.into_iter().find_map(|place| {
        let (a, b) = (a.remove(&place).unwrap_or_default(), b.remove(&place).unwrap_or_default());
        let at = (0..a.len().max(b.len())).find(|&at| a.get(at) != b.get(at))?;
        let words = |said: Option<&Said>| {
            said.map_or("nothing more".into(), |said| format!("`{}` from {}", said.label, said.from))
        };
        let (first, second) = (words(a.get(at)), words(b.get(at)));
        Some(format!("{place}, message {}: {first} in the first run, {second} in the second", at + 1))
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Datagrams { from, to } => write!(f, "datagrams from {from} to {to}"),
            Place::Connection { client, server, ordinal } => {
                write!(f, "connection {ordinal} from {client} to {server}")
            }
        }
    }
}

/// Numbers that mean the same in every world.
#[derive(Default)]
struct Places {
    strangers: Vec<Host>,
    connections: BTreeMap<u32, Place>,
    between: BTreeMap<(Host, Host), u32>,
}

impl Places {
    fn host(&mut self, host: &Host) -> Host {
        if host.parse::<SocketAddr>().is_err() && host.parse::<IpAddr>().is_err() {
            return host.clone();
        }
        let known = self.strangers.iter().position(|stranger| stranger == host);
        let position = known.unwrap_or_else(|| {
            self.strangers.push(host.clone());
            self.strangers.len() - 1
        });
        format!("stranger {}", position + 1).into()
    }

    fn connection(&mut self, id: u32, client: &Host, server: &Host) -> Place {
        let between = &mut self.between;
        let new = || {
            let ordinal = between.entry((client.clone(), server.clone())).or_default();
            *ordinal += 1;
            Place::Connection { client: client.clone(), server: server.clone(), ordinal: *ordinal }
        };
        self.connections.entry(id).or_insert_with(new).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{connection, datagram, every_kind, mark, message, stream_unit};
    use crate::trace::{Entry, Fate};

    fn difference(a: Vec<Entry>, b: Vec<Entry>) -> Option<String> {
        parity_difference(&Trace { entries: a }, &Trace { entries: b })
    }

    #[test]
    fn a_run_is_like_itself() {
        assert_eq!(parity_difference(&every_kind(), &every_kind()), None);
    }

    #[test]
    fn times_bytes_ports_and_claims_do_not_count() {
        let a = vec![
            datagram(0, "a", "b", "INVITE", "branch=1"),
            connection(9, 0, "a", "b", 40001, "opened"),
            connection(99, 0, "a", "b", 40001, "client closed"),
        ];
        let b = vec![
            mark(1, "a", "4.S2.answered"),
            datagram(3, "a", "b", "INVITE", "branch=2"),
            connection(8, 5, "a", "b", 25, "opened"),
        ];
        assert_eq!(difference(a, b), None);
    }

    #[test]
    fn senders_to_one_host_may_cross() {
        let (x, y) = (datagram(0, "a", "c", "BYE", ""), datagram(0, "b", "c", "BYE", ""));
        assert_eq!(difference(vec![x.clone(), y.clone()], vec![y, x]), None);
    }

    #[test]
    fn another_order_between_two_hosts_is_told() {
        let (x, y) = (datagram(0, "a", "b", "ACK", ""), datagram(1, "a", "b", "BYE", ""));
        assert_eq!(
            difference(vec![x.clone(), y.clone()], vec![y, x]).unwrap(),
            "datagrams from a to b, message 1: `ACK` from a in the first run, `BYE` from a in the second"
        );
    }

    #[test]
    fn a_copy_that_is_missing_is_told() {
        let x = datagram(0, "a", "b", "INVITE", "");
        assert_eq!(
            difference(vec![x.clone(), x.clone()], vec![x]).unwrap(),
            "datagrams from a to b, message 2: `INVITE` from a in the first run, nothing more in the second"
        );
    }

    #[test]
    fn the_outcome_of_a_connection_is_told() {
        let run = |event| vec![connection(0, 0, "a", "b", 40001, event)];
        assert_eq!(
            difference(run("opened"), run("refused")).unwrap(),
            "connection 1 from a to b, message 1: `(opened)` from a in the first run, \
             `(refused)` from a in the second"
        );
    }

    #[test]
    fn connections_are_numbered_between_their_hosts() {
        let trace = Trace {
            entries: vec![
                connection(0, 7, "a", "b", 40001, "opened"),
                connection(1, 3, "a", "b", 40002, "opened"),
                stream_unit(2, "b", "a", false, "220", ""),
            ],
        };
        let places: Vec<String> = sequence(&trace).keys().map(ToString::to_string).collect();
        assert_eq!(
            places,
            ["connection 1 from a to b", "connection 2 from a to b", "connection 3 from a to b"]
        );
    }

    #[test]
    fn strangers_are_numbered_as_they_appear() {
        let to = |address: &str| {
            let carrier = Carrier::Stream { connection: 0, from_client: true };
            vec![message(0, "a", address, carrier, "EHLO", "", Fate::Unreachable)]
        };
        assert_eq!(difference(to("10.9.9.9:2525"), to("127.0.0.9:31000")), None);
    }
}
