//! The zone of a plan, and the names under which a server is known.

use std::collections::BTreeSet;
use std::net::IpAddr;

use faxproof_devices::core::{Exchange, Pointer, Service};

use super::Setting;
use super::address::SIP_PORT;
use crate::plan::{Records, Zone};
use crate::scenario::grammar::{Hosts, RecordsSpec};
use crate::scenario::value::At;

impl Setting<'_> {
    pub(super) fn zone(&self) -> Zone {
        let names = self.scenario.script.zone.iter();
        Zone(names.map(|(name, spec)| (name.value.clone(), self.records(spec))).collect())
    }

    /// The names of the zone that lead to this host: those with its address, those whose SRV records
    /// name one of these, and those whose NAPTR records lead there.
    pub(super) fn names_of(&self, host: &str) -> Vec<String> {
        let zone = &self.scenario.script.zone;
        let address = self.address(host);
        let mut known: BTreeSet<&str> = BTreeSet::from([host]);
        for (name, spec) in zone.iter() {
            if [&spec.a, &spec.aaaa].into_iter().any(|hosts| self.addresses(hosts).contains(&address)) {
                known.insert(&name.value);
            }
        }
        let offers =
            |spec: &RecordsSpec| spec.srv.iter().any(|srv| known.contains(srv.target.value.as_str()));
        let services: BTreeSet<&str> =
            zone.iter().filter(|(_, spec)| offers(spec)).map(|(name, _)| name.value.as_str()).collect();
        // `_sip._udp.example.net` offers what `example.net` is asked for (RFC 3263 §4.2).
        let domain = |service: &'_ str| service.splitn(3, '.').nth(2).map(str::to_owned);
        let pointed = |spec: &RecordsSpec| {
            spec.naptr.iter().any(|naptr| services.contains(naptr.replacement.value.as_str()))
        };
        let by_pointer = zone.iter().filter(|(_, spec)| pointed(spec)).map(|(name, _)| name.value.clone());
        let mut names: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
        names.extend(services.iter().filter_map(|service| domain(service)));
        names.extend(by_pointer);
        names.into_iter().collect()
    }

    fn records(&self, spec: &RecordsSpec) -> Records {
        let mut addresses = self.addresses(&spec.a);
        addresses.extend(self.addresses(&spec.aaaa));
        let services = spec.srv.iter().map(|srv| Service {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port.unwrap_or(SIP_PORT),
            target: srv.target.value.clone(),
        });
        let pointers = spec.naptr.iter().map(|naptr| Pointer {
            order: naptr.order,
            preference: naptr.preference,
            flags: naptr.flags.clone().unwrap_or_else(|| "s".to_owned()),
            service: naptr.service.value.clone(),
            replacement: naptr.replacement.value.clone(),
        });
        let exchanges =
            spec.mx.iter().map(|mx| Exchange { preference: mx.preference, host: mx.host.value.clone() });
        Records {
            silent: spec.silent,
            addresses,
            services: services.collect(),
            pointers: pointers.collect(),
            exchanges: exchanges.collect(),
        }
    }

    fn addresses(&self, hosts: &Option<At<Hosts>>) -> Vec<IpAddr> {
        let hosts = hosts.iter().flat_map(|hosts| &hosts.value.0);
        let address = |host: &String| match host.parse() {
            Ok(literal) => self.literal(literal),
            Err(_) => self.address(host),
        };
        hosts.map(address).collect()
    }
}
