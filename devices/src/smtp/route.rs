//! Which hosts take the mail of a domain, in which order (RFC 5321 §5.1, RFC 7505).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use faxproof_wire::smtp::from_literal;

use super::SMTP_PORT;
use crate::core::{Entropy, NameAnswer, NameKind, Question};

/// Hosts of one domain that are tried.
const MOST_HOSTS: usize = 20;

/// The search for a host that takes the mail of one domain: ask it what is next, tell it the answers.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    domain: String,
    /// Our own names: a host so called is ourselves, and hosts behind it would send the mail back.
    own: Vec<String>,
    entropy: Entropy,
    at: At,
    /// Hosts whose addresses are not known yet, the next one first.
    hosts: VecDeque<String>,
    /// Addresses to try, the next one first.
    addresses: VecDeque<(String, IpAddr)>,
    /// What was wrong with the hosts that could not be tried; the last of them.
    trouble: NoRoute,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// The domain is to be asked for.
    Domain,
    /// The hosts are known.
    Hosts,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for a name.
    Ask(Question),
    /// Connect to this host.
    Connect { host: String, to: SocketAddr },
    /// No host is left.
    Exhausted(NoRoute),
}

/// Why there is no host to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRoute {
    /// The only MX record is `.`.
    #[error("the domain takes no mail")]
    NullMx,
    /// The domain does not exist, or has neither MX nor address.
    #[error("there is no such domain")]
    NoSuchDomain,
    /// It is ourselves who should take the mail, and we do not.
    #[error("mail for the domain would come back to this server")]
    Loop,
    /// The name server said nothing.
    #[error("the name server does not answer")]
    Unresolved,
    /// All hosts were tried.
    #[error("no host of the domain answers")]
    NoAnswer,
}

impl NoRoute {
    /// Its enhanced status code (RFC 3463, RFC 7505 §3).
    pub(crate) fn status(self) -> (u8, u16, u16) {
        match self {
            NoRoute::NullMx => (5, 1, 10),
            NoRoute::NoSuchDomain => (5, 1, 2),
            NoRoute::Loop => (5, 4, 6),
            NoRoute::Unresolved => (4, 4, 3),
            NoRoute::NoAnswer => (4, 4, 1),
        }
    }
}

impl Route {
    /// The search for the hosts of `domain`, made by a host with the names `own`. An address literal is its own host.
    pub(crate) fn new(domain: &str, own: &[String], entropy: Entropy) -> Route {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        let mut route = Route {
            own: own.to_vec(),
            entropy,
            at: At::Domain,
            hosts: VecDeque::new(),
            addresses: VecDeque::new(),
            trouble: NoRoute::NoAnswer,
            domain,
        };
        if let Some(address) = from_literal(&route.domain) {
            route.at = At::Hosts;
            route.addresses.push_back((route.domain.clone(), address));
        }
        route
    }

    /// The search that leads to one host and no other, by its name.
    pub(crate) fn through(host: &str, own: &[String], entropy: Entropy) -> Route {
        let mut route = Route::new(host, own, entropy);
        if route.at == At::Domain {
            route.at = At::Hosts;
            route.hosts.push_back(route.domain.clone());
        }
        route
    }

    /// What to do next. A connection that failed is told by asking again.
    pub(crate) fn next(&mut self) -> Next {
        if let Some((host, address)) = self.addresses.pop_front() {
            return Next::Connect { host, to: SocketAddr::new(address, SMTP_PORT) };
        }
        match self.awaited() {
            Some(question) => Next::Ask(question),
            None => Next::Exhausted(self.trouble),
        }
    }

    /// The question whose answer is awaited while there is nothing to connect to.
    pub(crate) fn awaited(&self) -> Option<Question> {
        match self.at {
            At::Domain => Some(Question { kind: NameKind::Mx, name: self.domain.clone() }),
            At::Hosts => {
                let host = self.hosts.front()?;
                Some(Question { kind: NameKind::Address, name: host.clone() })
            }
        }
    }

    /// The answer to the question that was awaited.
    pub(crate) fn answered(&mut self, answer: &NameAnswer) {
        match (&self.at, answer) {
            (At::Domain, NameAnswer::Exchanges(found)) => {
                self.at = At::Hosts;
                let mut found: Vec<_> =
                    found.iter().map(|exchange| (exchange.preference, exchange.host.as_str())).collect();
                // Hosts of one preference share the load (§5.1).
                found.sort_by_key(|(preference, host)| (*preference, self.entropy.key(("mx", *host)).0));
                if found.iter().all(|(_, host)| *host == ".") {
                    self.trouble = NoRoute::NullMx;
                    return;
                }
                // Those at our own preference and behind it would give the mail back to us.
                let ours =
                    found.iter().find(|(_, host)| self.own.iter().any(|own| own.eq_ignore_ascii_case(host)));
                let before = ours.map_or(u32::MAX, |(preference, _)| u32::from(*preference));
                let usable = found.iter().filter(|(preference, _)| u32::from(*preference) < before);
                self.hosts = usable.map(|(_, host)| (*host).to_owned()).take(MOST_HOSTS).collect();
                if self.hosts.is_empty() {
                    self.trouble = NoRoute::Loop;
                }
            }
            // Without MX the domain is its own host.
            (At::Domain, NameAnswer::NoSuchName) => {
                self.at = At::Hosts;
                self.trouble = NoRoute::NoSuchDomain;
                self.hosts.push_back(self.domain.clone());
            }
            (At::Domain, _) => {
                self.at = At::Hosts;
                self.trouble = NoRoute::Unresolved;
            }
            (At::Hosts, NameAnswer::Addresses(addresses)) => {
                let Some(host) = self.hosts.pop_front() else { return };
                self.trouble = NoRoute::NoAnswer;
                self.addresses.extend(addresses.iter().map(|address| (host.clone(), *address)));
            }
            (At::Hosts, answer) => {
                self.hosts.pop_front();
                if *answer == NameAnswer::TimedOut {
                    self.trouble = NoRoute::Unresolved;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Exchange;

    fn of(domain: &str, own: &str) -> Route {
        Route::new(domain, &[own.to_owned()], Entropy::of_seed(1))
    }

    fn route() -> Route {
        of("B.example.", "mx.a.example")
    }

    fn exchanges(list: &[(u16, &str)]) -> NameAnswer {
        let exchange =
            |(preference, host): &(u16, &str)| Exchange { preference: *preference, host: (*host).to_owned() };
        NameAnswer::Exchanges(list.iter().map(exchange).collect())
    }

    fn at(last: u8) -> NameAnswer {
        NameAnswer::Addresses(vec![IpAddr::from([10, 0, 0, last])])
    }

    fn ask(kind: NameKind, name: &str) -> Next {
        Next::Ask(Question { kind, name: name.to_owned() })
    }

    fn connect(host: &str, last: u8) -> Next {
        Next::Connect { host: host.to_owned(), to: SocketAddr::from(([10, 0, 0, last], 25)) }
    }

    #[test]
    fn hosts_are_tried_by_their_preference() {
        let mut route = route();
        assert_eq!(route.next(), ask(NameKind::Mx, "b.example"));
        route.answered(&exchanges(&[(20, "mx2.b.example"), (10, "mx1.b.example")]));
        assert_eq!(route.next(), ask(NameKind::Address, "mx1.b.example"));
        route.answered(&at(1));
        assert_eq!(route.next(), connect("mx1.b.example", 1));
        assert_eq!(route.next(), ask(NameKind::Address, "mx2.b.example"));
        route.answered(&at(2));
        assert_eq!(route.next(), connect("mx2.b.example", 2));
        assert_eq!(route.next(), Next::Exhausted(NoRoute::NoAnswer));
    }

    #[test]
    fn without_mx_the_domain_is_its_own_host() {
        let mut route = route();
        route.answered(&NameAnswer::NoSuchName);
        assert_eq!(route.next(), ask(NameKind::Address, "b.example"));
        route.answered(&at(3));
        assert_eq!(route.next(), connect("b.example", 3));
    }

    #[test]
    fn a_domain_that_does_not_exist_takes_nothing_now_or_later() {
        let mut route = route();
        route.answered(&NameAnswer::NoSuchName);
        route.answered(&NameAnswer::NoSuchName);
        assert_eq!(route.next(), Next::Exhausted(NoRoute::NoSuchDomain));
        assert_eq!(NoRoute::NoSuchDomain.status().0, 5);
    }

    #[test]
    fn a_null_mx_is_never_tried() {
        let mut route = route();
        route.answered(&exchanges(&[(0, ".")]));
        assert_eq!(route.next(), Next::Exhausted(NoRoute::NullMx));
    }

    #[test]
    fn hosts_behind_ourselves_would_send_the_mail_back() {
        let mut route = route();
        route.answered(&exchanges(&[(10, "mx1.b.example"), (20, "MX.a.example"), (30, "mx3.b.example")]));
        route.answered(&at(1));
        assert_eq!(route.next(), connect("mx1.b.example", 1));
        assert_eq!(route.next(), Next::Exhausted(NoRoute::NoAnswer));
        let mut alone = of("b.example", "mx.b.example");
        alone.answered(&exchanges(&[(10, "mx.b.example")]));
        assert_eq!(alone.next(), Next::Exhausted(NoRoute::Loop));
    }

    #[test]
    fn a_silent_name_server_is_asked_again_later() {
        let mut route = route();
        route.answered(&NameAnswer::TimedOut);
        assert_eq!(route.next(), Next::Exhausted(NoRoute::Unresolved));
        assert_eq!(NoRoute::Unresolved.status().0, 4);
    }

    #[test]
    fn an_address_literal_needs_no_question() {
        let mut route = of("[10.0.0.4]", "mx.a.example");
        assert_eq!(route.next(), connect("[10.0.0.4]", 4));
    }
}
