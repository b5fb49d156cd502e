//! Rules: "on this message do that". They act at the sender's side, before the link.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::roster::Roster;
use super::{WorldError, sip};
use crate::plan::{Act, Rule};

/// The rules of a plan, each with its count of occurrences.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    rules: Arc<[Compiled]>,
    seen: Vec<u32>,
}

#[derive(Debug)]
struct Compiled {
    rule: Rule,
    from: Option<usize>,
    to: Option<usize>,
    crash: Option<usize>,
}

/// What the rules make of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handling {
    /// The bytes that really leave.
    pub(crate) bytes: Bytes,
    /// It never arrives; a stream stalls.
    pub(crate) dropped: bool,
    pub(crate) delay_us: u64,
    /// A copy of the datagram follows so much later.
    pub(crate) copy_after_us: Option<u64>,
    /// In place of the unit the stream ends.
    pub(crate) ends: Option<StreamEnd>,
    /// Whose power fails, and after which time it returns.
    pub(crate) crashes: Vec<(usize, Option<u64>)>,
    /// What was done, in words.
    pub(crate) faults: Vec<String>,
}

/// How a rule ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    Fin,
    Reset,
}

impl Rules {
    pub(crate) fn of(rules: &[Rule], roster: &Roster) -> Result<Rules, WorldError> {
        let place = |name: &Option<_>| name.as_deref().map(|name| roster.named(name)).transpose();
        let compiled = rules.iter().map(|rule| {
            let crash = match &rule.act {
                Act::Crash { host, .. } => Some(roster.named(host)?),
                _ => None,
            };
            Ok(Compiled { from: place(&rule.on.from)?, to: place(&rule.on.to)?, crash, rule: rule.clone() })
        });
        let rules = compiled.collect::<Result<Vec<_>, WorldError>>()?;
        Ok(Rules { seen: vec![0; rules.len()], rules: rules.into() })
    }

    /// Whether a rule could mean a message between these two.
    pub(crate) fn concern(&self, from: Option<usize>, to: Option<usize>) -> bool {
        self.rules.iter().any(|rule| rule.concerns(from, to))
    }

    /// Lets the rules act on a datagram or a unit of a stream. All rules that fit count it, and they
    /// act in their order. `None`: no rule acts.
    pub(crate) fn handle(
        &mut self,
        from: Option<usize>,
        to: Option<usize>,
        label: &str,
        bytes: &Bytes,
    ) -> Option<Handling> {
        let mut handling = None;
        for (compiled, seen) in self.rules.iter().zip(&mut self.seen) {
            let on = &compiled.rule.on;
            if !compiled.concerns(from, to) || on.label.as_deref().is_some_and(|wanted| wanted != label) {
                continue;
            }
            *seen = seen.saturating_add(1);
            if on.nth.is_empty() || on.nth.contains(seen) {
                handling.get_or_insert_with(|| Handling::untouched(bytes)).apply(compiled, label);
            }
        }
        handling
    }
}

impl Compiled {
    fn concerns(&self, from: Option<usize>, to: Option<usize>) -> bool {
        (self.from.is_none() || self.from == from) && (self.to.is_none() || self.to == to)
    }
}

impl Handling {
    fn untouched(bytes: &Bytes) -> Handling {
        Handling {
            bytes: bytes.clone(),
            dropped: false,
            delay_us: 0,
            copy_after_us: None,
            ends: None,
            crashes: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn apply(&mut self, compiled: &Compiled, label: &str) {
        let done = match &compiled.rule.act {
            Act::Drop => {
                self.dropped = true;
                format!("dropped {label}")
            }
            Act::Delay { by_us } => {
                self.delay_us = self.delay_us.saturating_add(*by_us);
                format!("delayed {label} by {} ms", by_us / 1_000)
            }
            Act::Duplicate { after_us } => {
                self.copy_after_us = Some(*after_us);
                format!("duplicated {label}")
            }
            Act::Corrupt { at, xor } => self.corrupt(*at, *xor, label),
            Act::Replace { bytes } => {
                self.bytes = Bytes::copy_from_slice(bytes);
                format!("replaced {label}")
            }
            Act::ResetConnection => {
                self.ends = Some(StreamEnd::Reset);
                format!("reset the connection before {label}")
            }
            Act::CloseConnection => {
                self.ends = Some(StreamEnd::Fin);
                format!("closed the connection before {label}")
            }
            Act::Crash { back_after_us, .. } => {
                self.crashes.extend(compiled.crash.map(|host| (host, *back_after_us)));
                format!("crash at {label}")
            }
            act @ (Act::SetCode { .. }
            | Act::SetHeader { .. }
            | Act::RemoveHeader { .. }
            | Act::SetBody { .. }) => self.edit(act, label),
        };
        self.faults.push(done);
    }

    fn corrupt(&mut self, at: i64, xor: u8, label: &str) -> String {
        let len = self.bytes.len() as i64;
        let position = if at < 0 { len.saturating_add(at) } else { at };
        let mut bytes = BytesMut::from(&self.bytes[..]);
        let byte = usize::try_from(position).ok().and_then(|position| bytes.get_mut(position));
        let Some(byte) = byte else { return format!("found no byte {at} in {label}") };
        *byte ^= xor;
        self.bytes = bytes.freeze();
        format!("corrupted byte {at} of {label}")
    }

    fn edit(&mut self, act: &Act, label: &str) -> String {
        match sip::edit(&self.bytes, act) {
            Ok((bytes, done)) => {
                self.bytes = bytes;
                format!("{done} {label}")
            }
            Err(why) => format!("could not edit {label}: {why}"),
        }
    }
}
