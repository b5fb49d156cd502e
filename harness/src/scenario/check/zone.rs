//! The zone: names that are names, records that fit together and lead somewhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::grammar::{Hosts, MxSpec, NaptrSpec, RecordsSpec, SrvSpec};
use super::super::value::At;
use super::Checker;

/// The most names of a zone, and the most records of a name.
const MAX_NAMES: usize = 1000;
const MAX_RECORDS: usize = 100;

impl Checker<'_> {
    pub(super) fn zone(&mut self, addresses: &BTreeMap<String, IpAddr>) {
        let zone = &self.script.zone;
        for (name, records) in zone.iter().take(MAX_NAMES) {
            if !is_zone_name(&name.value) {
                self.refuse_saying(
                    name.place,
                    format!("`{}` cannot be a name of the zone", name.value),
                    "write small letters, digits, `-` and `_` with dots between them, such as `sip.example.net`",
                );
            }
            self.records(name, records);
            for (hosts, v6) in [(&records.a, false), (&records.aaaa, true)] {
                for host in hosts.iter().flat_map(|hosts| hosts.value.0.iter().map(move |host| (hosts, host)))
                {
                    self.address_record(host, v6, addresses);
                }
            }
            for record in records.srv.iter().take(MAX_RECORDS) {
                self.srv(record);
            }
            for record in records.naptr.iter().take(MAX_RECORDS) {
                self.naptr(record);
            }
            self.exchanges(&records.mx);
        }
        if let Some((name, _)) = zone.iter().nth(MAX_NAMES) {
            self.refuse(name.place, format!("a zone has at most {MAX_NAMES} names"));
        }
    }

    /// Whether this is a name that can be asked for: a host, one of the zone, or one under which something
    /// stands in the zone, such as `_sip._udp.NAME`.
    fn leads_somewhere(&self, name: &str) -> bool {
        let below = |known: &str| known.strip_suffix(name).is_some_and(|front| front.ends_with('.'));
        let zone = &self.script.zone;
        self.script.hosts.value.value(name).is_some()
            || zone.keys().any(|known| known == name || below(known))
    }

    /// Refuses a name that is neither of the zone nor of a host.
    pub(super) fn known_name(&mut self, name: &At<String>) {
        if !self.leads_somewhere(&name.value) {
            let known = self.script.hosts.value.keys().chain(self.script.zone.keys());
            let like = super::did_you_mean(&name.value, known).filter(|like| like.starts_with("did"));
            let add = || format!("add it to `zone`; a name that shall not exist: `{}: {{}}`", name.value);
            let remedy = like.unwrap_or_else(add);
            let message = format!("`{}` is neither a host nor a name of the zone", name.value);
            self.refuse_saying(name.place, message, remedy);
        }
    }

    fn records(&mut self, name: &At<String>, records: &RecordsSpec) {
        let of = |hosts: &Option<At<Hosts>>| hosts.as_ref().map_or(0, |hosts| hosts.value.0.len());
        let counts =
            [of(&records.a) + of(&records.aaaa), records.srv.len(), records.naptr.len(), records.mx.len()];
        if records.silent && counts.iter().any(|count| *count > 0) {
            let message = format!("nobody learns the records of `{}`: it is silent", name.value);
            self.refuse_saying(name.place, message, "take them out, or take `silent` out");
        }
        if counts.iter().any(|count| *count > MAX_RECORDS) {
            self.refuse(name.place, format!("a name has at most {MAX_RECORDS} records of a kind"));
        }
    }

    fn address_record(
        &mut self,
        (hosts, host): (&At<Hosts>, &String),
        v6: bool,
        addresses: &BTreeMap<String, IpAddr>,
    ) {
        let (key, kind) = if v6 { ("aaaa", "IPv6") } else { ("a", "IPv4") };
        let named = At { value: host.clone(), place: hosts.place };
        match host.parse().ok().or_else(|| addresses.get(host).copied()) {
            None => drop(self.host(&named)),
            Some(address) if address.is_ipv6() == v6 => {}
            Some(address) => self.refuse_saying(
                hosts.place,
                match host.parse::<IpAddr>() {
                    Ok(_) => format!("`{key}` holds {kind} addresses, and {address} is none"),
                    Err(_) => format!("`{key}` holds {kind} addresses, and `{host}` is at {address}"),
                },
                format!("write it under `{}`", if v6 { "a" } else { "aaaa" }),
            ),
        }
    }

    fn srv(&mut self, record: &SrvSpec) {
        if record.target.value != "." {
            self.known_name(&record.target);
        }
        if record.port == Some(0) {
            self.refuse_saying(
                record.target.place,
                "nothing runs on port 0",
                "write the port of the service",
            );
        }
    }

    fn exchanges(&mut self, records: &[MxSpec]) {
        for record in records.iter().take(MAX_RECORDS) {
            if record.host.value != "." {
                self.known_name(&record.host);
                self.takes_mail_of_servers(&record.host);
            } else if records.len() > 1 {
                let message = "a domain that takes no mail has no other MX record (RFC 7505 §3)";
                self.refuse_saying(record.host.place, message, "leave it alone, or take it out");
            }
        }
    }

    fn naptr(&mut self, record: &NaptrSpec) {
        self.known_name(&record.replacement);
        let legal = |c: char| c.is_ascii_alphanumeric() || "+:-".contains(c);
        if record.service.value.is_empty() || !record.service.value.chars().all(legal) {
            self.refuse_saying(
                record.service.place,
                format!("`{}` is no service of a NAPTR record", record.service.value),
                "write `SIP+D2U`, `SIP+D2T` or `SIPS+D2T`",
            );
        }
    }
}

/// Whether this can be asked for. A dot must be in it: names without one are hosts.
fn is_zone_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(legal);
    text.len() <= 253 && text.contains('.') && text.split('.').all(label) && text.parse::<IpAddr>().is_err()
}
