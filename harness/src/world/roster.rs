//! Who stands where: the hosts of a plan in the order of their names.
//!
//! A world knows a host by its place in this order. So what happens at the same time is ordered by
//! names, and a host that joins moves no other host past a third one.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use faxproof_reports::Host;

use super::WorldError;
use crate::plan::{Plan, PlannedBox};

/// The port on which every host with power takes SIP datagrams.
pub(crate) const SIP_PORT: u16 = 5060;

/// The hosts, sorted by name.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    names: Vec<Host>,
    sip: Vec<SocketAddr>,
    external: Vec<bool>,
    by_address: BTreeMap<IpAddr, usize>,
    /// For each host of the plan, in the plan's order, its place here.
    places: Vec<usize>,
}

impl Roster {
    pub(crate) fn of(plan: &Plan) -> Result<Roster, WorldError> {
        let mut order: Vec<usize> = (0..plan.hosts.len()).collect();
        order.sort_by(|&a, &b| plan.hosts[a].name.cmp(&plan.hosts[b].name));
        if order.len() > usize::from(u16::MAX) {
            return Err(WorldError::TooManyHosts(order.len()));
        }
        let mut roster = Roster {
            names: Vec::new(),
            sip: Vec::new(),
            external: Vec::new(),
            by_address: BTreeMap::new(),
            places: vec![0; order.len()],
        };
        for (place, &index) in order.iter().enumerate() {
            let host = &plan.hosts[index];
            let (sip, external) = match &host.box_ {
                PlannedBox::Virtual(_) => (None, false),
                PlannedBox::External { sip } => (*sip, true),
            };
            let sip = sip.unwrap_or(SocketAddr::new(host.address, SIP_PORT));
            if roster.names.last() == Some(&host.name) {
                return Err(WorldError::TwoOfThatName(host.name.clone()));
            }
            if let Some(other) = roster.by_address.insert(sip.ip(), place) {
                return Err(WorldError::SameAddress(
                    roster.names[other].clone(),
                    host.name.clone(),
                    sip.ip(),
                ));
            }
            roster.names.push(host.name.clone());
            roster.sip.push(sip);
            roster.external.push(external);
            roster.places[index] = place;
        }
        Ok(roster)
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn name(&self, place: usize) -> &Host {
        &self.names[place]
    }

    /// Its SIP address: where its datagrams come from and go to.
    pub(crate) fn sip(&self, place: usize) -> SocketAddr {
        self.sip[place]
    }

    pub(crate) fn is_external(&self, place: usize) -> bool {
        self.external[place]
    }

    /// The first host that is a real device, if any.
    pub(crate) fn first_external(&self) -> Option<&Host> {
        self.external.iter().position(|external| *external).map(|place| self.name(place))
    }

    pub(crate) fn at(&self, address: IpAddr) -> Option<usize> {
        self.by_address.get(&address).copied()
    }

    /// The place of the plan's host with this index.
    pub(crate) fn place(&self, index: usize) -> Result<usize, WorldError> {
        self.places.get(index).copied().ok_or(WorldError::NoHostOfIndex(index))
    }

    pub(crate) fn named(&self, name: &str) -> Result<usize, WorldError> {
        self.names
            .binary_search_by(|host| (**host).cmp(name))
            .map_err(|_| WorldError::UnknownHost(Host::from(name)))
    }
}
