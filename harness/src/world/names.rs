//! The name server: answers from the plan's zone, and knows the hosts by their names.

use faxproof_devices::core::{Duration, NameAnswer, NameKind, Question, Time};
use faxproof_reports::{Answer, ExchangeRecord, PointerRecord, ServiceRecord, What};

use super::consequence::{Consequence, Due};
use super::network::Network;
use crate::plan::Records;

/// After this time a host believes that the name server will not answer: two tries of 5 s, as resolvers
/// make them.
const PATIENCE: Duration = Duration::secs(10);

impl Network {
    /// A host asks for a name. The name server is a round trip of the network away.
    pub(super) fn ask(&mut self, now: Time, host: usize, question: Question, due: &mut Due) {
        let silent = self.records(&question.name).is_some_and(|records| records.silent);
        let after = if silent { PATIENCE } else { self.links.round_trip(Some(host), None) };
        let boots = self.hosts[host].boots;
        due.push((now + after, Consequence::Resolved { host, boots, question }));
    }

    /// The answer reaches the host that asked in this life of its; `None`: it lives no more.
    pub(crate) fn answer(
        &mut self,
        now: Time,
        (host, boots): (usize, u32),
        question: &Question,
    ) -> Option<NameAnswer> {
        if !self.hosts[host].on || self.hosts[host].boots != boots {
            return None;
        }
        let answer = self.resolve(question);
        let what = What::Resolved {
            host: self.roster.name(host).clone(),
            kind: question.kind.as_str().into(),
            name: question.name.as_str().into(),
            answer: recorded(&answer),
        };
        self.ledger.enter(now, what);
        Some(answer)
    }

    /// What the zone says; of a name that it does not have, the address in it or of the host so called.
    fn resolve(&self, question: &Question) -> NameAnswer {
        let name = question.name.as_str();
        let answer = match (self.records(name), question.kind) {
            (Some(records), _) if records.silent => Some(NameAnswer::TimedOut),
            (Some(records), NameKind::Address) => some(&records.addresses).map(NameAnswer::Addresses),
            (Some(records), NameKind::Srv) => some(&records.services).map(NameAnswer::Services),
            (Some(records), NameKind::Naptr) => some(&records.pointers).map(NameAnswer::Pointers),
            (Some(records), NameKind::Mx) => some(&records.exchanges).map(NameAnswer::Exchanges),
            (None, NameKind::Address) => {
                let literal = name.trim_matches(['[', ']']).parse().ok();
                let host = || self.roster.named(name).ok().map(|place| self.roster.sip(place).ip());
                literal.or_else(host).map(|address| NameAnswer::Addresses(vec![address]))
            }
            (None, _) => None,
        };
        answer.unwrap_or(NameAnswer::NoSuchName)
    }

    /// Names compare without case, and a dot at the end says nothing (RFC 1035 §2.3.3, §3.1).
    fn records(&self, name: &str) -> Option<&Records> {
        self.zone.0.get(&name.trim_end_matches('.').to_ascii_lowercase())
    }
}

fn some<T: Clone>(records: &[T]) -> Option<Vec<T>> {
    (!records.is_empty()).then(|| records.to_vec())
}

fn recorded(answer: &NameAnswer) -> Answer {
    match answer.clone() {
        NameAnswer::Addresses(addresses) => Answer::Addresses(addresses),
        NameAnswer::Services(services) => {
            let record = |service: faxproof_devices::core::Service| ServiceRecord {
                priority: service.priority,
                weight: service.weight,
                port: service.port,
                target: service.target,
            };
            Answer::Services(services.into_iter().map(record).collect())
        }
        NameAnswer::Pointers(pointers) => {
            let record = |pointer: faxproof_devices::core::Pointer| PointerRecord {
                order: pointer.order,
                preference: pointer.preference,
                flags: pointer.flags,
                service: pointer.service,
                replacement: pointer.replacement,
            };
            Answer::Pointers(pointers.into_iter().map(record).collect())
        }
        NameAnswer::Exchanges(exchanges) => {
            let record = |exchange: faxproof_devices::core::Exchange| ExchangeRecord {
                preference: exchange.preference,
                host: exchange.host,
            };
            Answer::Exchanges(exchanges.into_iter().map(record).collect())
        }
        NameAnswer::NoSuchName => Answer::NoSuchName,
        NameAnswer::TimedOut => Answer::TimedOut,
    }
}

#[cfg(test)]
mod tests {
    use faxproof_devices::core::{Effect, Event, Outbox};

    use super::*;
    use crate::plan::Zone;
    use crate::world::testing::{Memory, address, host, learnt, plan, run_virtual, tick};

    const NAMES: [&str; 4] = ["Sip1.Example.Net.", "silent.example.net", "gone.example.net", "b"];

    /// Asks for the addresses of all names after a second.
    fn asker(_: &mut Memory, now: Time, event: &Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { .. } => tick(now, out, Duration::secs(1)),
            Event::Timer(_) => NAMES.iter().for_each(|name| {
                let question = Question { kind: NameKind::Address, name: (*name).to_owned() };
                out.push(Effect::Resolve(question));
            }),
            _ => {}
        }
    }

    #[test]
    fn names_are_answered_from_the_zone_and_the_roster_each_in_its_time() {
        let mut plan = plan(vec![host("a", 1, (2, 5060), asker), host("b", 2, (1, 5060), asker)]);
        let known = Records { addresses: vec![address(9)], ..Records::default() };
        let silent = Records { silent: true, ..Records::default() };
        plan.zone =
            Zone([("sip1.example.net".to_owned(), known), ("silent.example.net".to_owned(), silent)].into());
        let (trace, _) = run_virtual(&plan);
        let answers = trace.entries.iter().filter_map(|entry| match &entry.what {
            What::Resolved { host, name, answer, .. } if &**host == "a" => {
                Some((entry.at_us, &**name, answer.clone()))
            }
            _ => None,
        });
        let told = Answer::Addresses;
        assert_eq!(
            answers.collect::<Vec<_>>(),
            [
                (1_010_000, NAMES[0], told(vec![address(9)])),
                (1_010_000, NAMES[2], Answer::NoSuchName),
                (1_010_000, NAMES[3], told(vec![address(2)])),
                (11_000_000, NAMES[1], Answer::TimedOut),
            ]
        );
        assert_eq!(learnt(&trace, "a").iter().filter(|text| text.starts_with("resolved")).count(), 4);
    }

    #[test]
    fn a_host_that_lost_its_power_learns_no_answer() {
        let mut plan = plan(vec![host("a", 1, (2, 5060), asker)]);
        plan.actions = [crate::plan::PlannedAction {
            at: Time(1_005_000),
            host: 0,
            step: 1,
            text: "power off".into(),
            what: crate::plan::PlannedWhat::PowerOff,
        }]
        .into();
        let (trace, _) = run_virtual(&plan);
        assert!(!trace.entries.iter().any(|entry| matches!(entry.what, What::Resolved { .. })));
    }
}
