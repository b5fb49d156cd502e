//! Steps S402 to S404: which way each recipient of a mail goes. Each goes exactly one.

use std::collections::BTreeSet;

use faxproof_wire::mime::Action;
use faxproof_wire::smtp::from_literal;

use super::queue::Way;
use super::receiving::accepted;
use super::search::{Found, Searched};
use super::{MailServer, domain_of, drops, notices};
use crate::config::MailServerConfig;
use crate::core::{Conn, Outbox, Time};
use crate::number;
use crate::smtp::{Envelope, Recipient};

/// Where a mail came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// From a client: no server has passed it on, and it came by no call.
    Client,
    /// From another server.
    Server,
    /// It is a notice of the server's own.
    Own,
}

/// The recipients of a mail that go one way, and the arc of S404 that led there.
struct Part {
    way: Way,
    recipients: Vec<Recipient>,
    arc: &'static str,
}

/// Where the copy of one recipient goes.
enum Goes {
    /// To the mailbox of this user.
    Own(String),
    /// Its domain is our own, and nobody here is called so.
    Nowhere,
    /// On, by the arc of S404.
    Elsewhere(Way, &'static str),
}

impl MailServer {
    /// The server has a mail: each mailbox here gets it once, each recipient elsewhere by way of the queue. The client that
    /// `waits` for the reply hears the result of a mail that goes one way and no other.
    pub(super) fn deliver(
        &mut self,
        now: Time,
        (came, waits): (Came, Option<Conn>),
        envelope: Envelope,
        out: &mut Outbox,
    ) {
        let begins = self.first_arcs(came, &envelope);
        let mut elsewhere: Vec<Part> = Vec::new();
        let mut stored = Vec::new();
        let mut served = BTreeSet::new();
        for (recipient, goes) in envelope.recipients.iter().zip(self.routes(&envelope)) {
            match goes {
                Goes::Own(user) if !served.insert(user.clone()) => {}
                Goes::Own(user) => stored.push(self.store(now, &user, (&envelope, recipient), &begins, out)),
                Goes::Nowhere => {
                    stored.push(notices::Fate::new(recipient.clone(), Action::Failed, (5, 1, 1)));
                }
                Goes::Elsewhere(way, arc) => match elsewhere.iter_mut().find(|part| part.way == way) {
                    Some(part) => part.recipients.push(recipient.clone()),
                    None => elsewhere.push(Part { way, recipients: vec![recipient.clone()], arc }),
                },
            }
        }
        self.tell(now, &envelope, &stored, out);
        let mut keys = Vec::new();
        for Part { way, recipients, arc } in elsewhere {
            let part = Envelope { recipients, ..envelope.clone() };
            let mut arcs = begins.clone();
            if self.config.forwards.is_some() {
                arcs.extend(["18.S402.forward", arc]);
            }
            keys.push(self.queue.put(now, way, part, &arcs, out));
        }
        match (waits, &keys[..]) {
            (Some(client), [key]) if stored.is_empty() => drop(self.awaited.insert(*key, client)),
            (Some(client), _) => self.decided.push_back((client, accepted())),
            (None, _) => {}
        }
        for key in keys {
            let settled = self.queue.attempt(now, key, self.line.as_mut(), out);
            self.settle(now, settled, out);
        }
    }

    /// The arcs of S401 and of the first decision, for a server that walks Figure 18.
    fn first_arcs(&self, came: Came, envelope: &Envelope) -> Vec<&'static str> {
        if self.config.forwards.is_none() {
            return Vec::new();
        }
        let split = (envelope.recipients.len() > 1).then_some("18.S402.split");
        match came {
            Came::Own => Vec::new(),
            Came::Client => std::iter::once("18.S401.from-client").chain(split).collect(),
            Came::Server => std::iter::once("18.S401.from-server").chain(split).collect(),
        }
    }

    /// Step S403.
    fn store(
        &mut self,
        now: Time,
        user: &str,
        (envelope, recipient): (&Envelope, &Recipient),
        begins: &[&'static str],
        out: &mut Outbox,
    ) -> notices::Fate {
        let own = self.config.forwards.as_ref().map(|_| "18.S402.own");
        let arcs: Vec<&'static str> = begins.iter().copied().chain(own).collect();
        let (action, status) = match self.drops.put(now, user, envelope, &arcs, out) {
            true => (Action::Delivered, (2, 1, 5)),
            false => (Action::Failed, (5, 2, 2)),
        };
        notices::Fate::new(recipient.clone(), action, status)
    }

    /// Where each recipient's copy goes (S402, S404).
    fn routes(&self, envelope: &Envelope) -> Vec<Goes> {
        let tables = (self.ta3.all(), self.ta3_prime.all());
        let forwards = self.config.forwards.as_ref();
        let searched = forwards.map(|forwards| Searched::new(forwards, tables, &envelope.message));
        let recipients = envelope.recipients.iter().map(|recipient| &recipient.path);
        let goes = recipients.map(|path| match self.config.local(path) {
            Some(user) => Goes::Own(user),
            None if self.config.is_own_domain(path) => Goes::Nowhere,
            None => {
                let (way, arc) = self.way_to(path, searched.as_ref());
                Goes::Elsewhere(way, arc)
            }
        });
        goes.collect()
    }

    /// Step S404. A server without a line knows one way.
    fn way_to(&self, recipient: &str, searched: Option<&Searched<'_>>) -> (Way, &'static str) {
        let domain = || Way::Domain(domain_of(recipient).to_ascii_lowercase());
        let own = self.config.forwards.as_ref().map(|forwards| number::digits(&forwards.line.number));
        match searched.and_then(|searched| searched.number_for(recipient)) {
            None => (domain(), "18.S404.none"),
            Some(Found { number, .. }) if Some(number::digits(&number)) == own => {
                (domain(), "18.S404.own-number")
            }
            Some(Found { number, arc }) => (Way::Number(number::sip_user(&number)), arc),
        }
    }
}

impl MailServerConfig {
    /// Whether the domain of this path is its own: equality, without regard to case and a dot at the end.
    /// `sub.own.example` and `xown.example` are foreign. A path without domain is its own (RFC 5321 §4.5.1).
    pub(super) fn is_own_domain(&self, path: &str) -> bool {
        let Some((_, domain)) = path.rsplit_once('@') else { return true };
        let domain = domain.trim_end_matches('.');
        let mut own = self.domains.iter().map(String::as_str).chain([self.name.as_str()]);
        own.any(|own| own.eq_ignore_ascii_case(domain)) || from_literal(domain) == Some(self.address)
    }

    /// The user to whose mailbox a path leads.
    pub(super) fn local(&self, path: &str) -> Option<String> {
        if !self.is_own_domain(path) {
            return None;
        }
        let local = path.rsplit_once('@').map_or(path, |(local, _)| local);
        // A server may treat the local parts of its own domains as it likes (RFC 5321 §2.4).
        let leads = |address: &String| match address.rsplit_once('@') {
            Some((known, domain)) => {
                let at = domain_of(path).trim_end_matches('.');
                known.eq_ignore_ascii_case(local) && domain.eq_ignore_ascii_case(at)
            }
            None => address.eq_ignore_ascii_case(local),
        };
        let found = self.mailboxes.iter().find(|mailbox| mailbox.addresses.iter().any(leads));
        let postmaster = local.eq_ignore_ascii_case(drops::POSTMASTER);
        found.map(|mailbox| mailbox.user.clone()).or(postmaster.then(|| drops::POSTMASTER.to_owned()))
    }
}
