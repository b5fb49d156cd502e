//! What the network knows of each host: its power, its ports, its connections, and what it
//! committed. And the one place where a device's effects are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faxproof_devices::core::{Conn, Durable, Effect, Event, Time, Timer};
use faxproof_reports::What;

use super::CrashPoint;
use super::consequence::{Consequence, Due};
use super::network::Network;
use super::tap;

/// A host as the network sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presence {
    /// Whether it has power.
    pub(crate) on: bool,
    /// How often it has started.
    pub(crate) boots: u32,
    /// Ports on which it accepts connections.
    pub(crate) listening: BTreeSet<u16>,
    /// Its live connections: index into the table of all.
    pub(crate) conns: BTreeMap<Conn, u32>,
    /// The row changes that it committed.
    pub(crate) committed: Arc<Vec<Durable>>,
    /// How many durable effects it has had.
    pub(crate) durables: u32,
}

/// What is left to the world of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing.
    Nothing,
    /// Run this timer.
    Arm { timer: Timer, at: Time },
    /// Stop this timer.
    Disarm(Timer),
    /// Start to accept on a port, where the world has real ones.
    Listen(u16),
    /// No longer accept on a port.
    Unlisten(u16),
    /// The power of the host fails now: the rest of its effects does not happen.
    PowerFails { back_after_us: Option<u64> },
}

impl Network {
    /// Applies one effect of a host's device.
    pub(crate) fn apply(&mut self, now: Time, host: usize, effect: Effect, due: &mut Due) -> Left {
        let roster = self.roster.clone();
        let (name, ledger) = (roster.name(host), &mut self.ledger);
        match effect {
            Effect::Datagram { to, bytes } => {
                let before = due.len();
                let (from, to) = (self.party(roster.sip(host)), self.party(to));
                self.datagram(now, from, to, bytes, due);
                return fails_at_once(host, now, before, due);
            }
            Effect::Connect { conn, to } => self.connect(now, host, conn, to, due),
            Effect::Listen { port } => {
                self.hosts[host].listening.insert(port);
                return Left::Listen(port);
            }
            Effect::Unlisten { port } => {
                self.hosts[host].listening.remove(&port);
                return Left::Unlisten(port);
            }
            Effect::Send { conn, bytes } => {
                let before = due.len();
                self.send(now, host, conn, bytes, due);
                return fails_at_once(host, now, before, due);
            }
            Effect::ShutDown(conn) => self.shut_down(now, host, conn, due),
            Effect::Close(conn) => self.close(now, host, conn, due),
            Effect::Reset(conn) => self.reset(now, host, conn, due),
            Effect::Resolve(question) => self.ask(now, host, question, due),
            Effect::Arm { timer, at } => return Left::Arm { timer, at },
            Effect::Disarm(timer) => return Left::Disarm(timer),
            Effect::Durable(durable) => {
                tap::durable(ledger, now, name, &durable);
                return self.commit(now, host, durable);
            }
            Effect::Notice(notice) => tap::notice(ledger, now, name, notice),
            Effect::Mark { call, arc } => tap::mark(ledger, now, name, call, arc),
            Effect::Remark { text } => tap::remark(ledger, now, name, &text),
            Effect::Unexpected { what, awaited } => tap::unexpected(ledger, now, name, &what, awaited),
        }
        Left::Nothing
    }

    /// Gives power to a host. `None`: it has power already.
    pub(crate) fn power_on(&mut self, now: Time, host: usize) -> Option<Event> {
        let presence = &mut self.hosts[host];
        if presence.on {
            return None;
        }
        presence.on = true;
        presence.boots += 1;
        let (boots, committed) = (presence.boots, presence.committed.clone());
        self.ledger.enter(now, What::Power { host: self.roster.name(host).clone(), on: true, boots });
        Some(Event::PowerOn { boots, committed })
    }

    /// Takes the power from a host: its ports and connections vanish without a word. `false`: it had
    /// none.
    pub(crate) fn power_off(&mut self, now: Time, host: usize) -> bool {
        if !self.hosts[host].on {
            return false;
        }
        for connection in std::mem::take(&mut self.hosts[host].conns).into_values() {
            self.vanish(now, connection, host);
        }
        let presence = &mut self.hosts[host];
        presence.on = false;
        presence.listening.clear();
        let what = What::Power { host: self.roster.name(host).clone(), on: false, boots: presence.boots };
        self.ledger.enter(now, what);
        true
    }

    /// Keeps what one durable effect changes.
    fn commit(&mut self, now: Time, host: usize, durable: Durable) -> Left {
        let presence = &mut self.hosts[host];
        presence.durables += 1;
        durable.each().into_iter().for_each(|change| remember(&mut presence.committed, change));
        match self.crash_after_durable {
            Some(CrashPoint { place, after, back_after_us })
                if place == host && after == presence.durables =>
            {
                tap::fault(&mut self.ledger, now, self.roster.name(host), "crash after a durable effect");
                Left::PowerFails { back_after_us }
            }
            _ => Left::Nothing,
        }
    }
}

/// What is committed is there after a power failure. A mail that was put again or taken out leaves no trace of what it
/// was, and paper is no memory.
fn remember(committed: &mut Arc<Vec<Durable>>, durable: Durable) {
    if matches!(durable, Durable::Print(_)) {
        return;
    }
    let committed = Arc::make_mut(committed);
    match &durable {
        // In its old place: mails are restored in the order in which they came.
        Durable::PutMail { folder, name, .. } => {
            match committed.iter().position(|old| is_mail(old, folder, name)) {
                Some(at) => committed[at] = durable,
                None => committed.push(durable),
            }
        }
        Durable::TakeMail { folder, name } => committed.retain(|old| !is_mail(old, folder, name)),
        _ => committed.push(durable),
    }
}

fn is_mail(durable: &Durable, folder: &str, name: &str) -> bool {
    matches!(durable, Durable::PutMail { folder: of, name: known, .. } if **of == *folder && **known == *name)
}

/// A rule lets the sender's power fail as its message has left: that is now, not later.
fn fails_at_once(host: usize, now: Time, before: usize, due: &mut Due) -> Left {
    let crash = due.iter().skip(before).position(|(at, consequence)| {
        *at == now && matches!(consequence, Consequence::PowerOff { host: failing, .. } if *failing == host)
    });
    match crash.map(|index| due.remove(before + index)) {
        Some((_, Consequence::PowerOff { back_after_us, .. })) => Left::PowerFails { back_after_us },
        _ => Left::Nothing,
    }
}
