//! Rules: "on this message do that". They act at the sender's side, before the link.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use faxproof_devices::core::{Duration, Entropy};
use faxproof_devices::order::{Action, Injection, Order};
use faxproof_reports::Host;

use super::roster::{Roster, SIP_PORT};
use super::{WorldError, sip};
use crate::plan::{Act, Injected, InjectedPort, Rule, StreamEnd};
use crate::template::{Context, Template};

/// What a rule calls a connect. Only a rule that names it means it: there are no bytes to change.
pub(crate) const CONNECT: &str = "connect";

/// The rules of a plan, each with its count of occurrences.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    rules: Arc<[Compiled]>,
    seen: Vec<u32>,
    roster: Arc<Roster>,
}

/// How often one rule lets a tester speak: what a tester says may be the message of the same rule.
const MOST_INJECTED: u32 = 1_000;

#[derive(Debug)]
struct Compiled {
    rule: Rule,
    from: Option<usize>,
    to: Option<usize>,
    /// Whose power fails, or who is to speak.
    other: Option<usize>,
}

/// What a rule has a tester say.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) host: usize,
    pub(crate) after_us: u64,
    pub(crate) text: Arc<str>,
    pub(crate) order: Order,
}

/// What the rules make of one message.
#[derive(Clone, Debug)]
pub(crate) struct Handling {
    /// The bytes that really leave.
    pub(crate) bytes: Bytes,
    /// It never arrives; a stream stalls.
    pub(crate) dropped: bool,
    pub(crate) delay_us: u64,
    /// A copy of the datagram follows so much later.
    pub(crate) copy_after_us: Option<u64>,
    /// A connect is answered with RST.
    pub(crate) refused: bool,
    /// A router answers that there is no way.
    pub(crate) unreachable: bool,
    /// After so many bytes of the unit the stream ends.
    pub(crate) ends: Option<(u64, StreamEnd)>,
    /// Whose power fails, and after which time it returns.
    pub(crate) crashes: Vec<(usize, Option<u64>)>,
    /// What testers are to say.
    pub(crate) told: Vec<Told>,
    /// What was done, in words.
    pub(crate) faults: Vec<String>,
}

impl Rules {
    pub(crate) fn of(rules: &[Rule], roster: &Roster) -> Result<Rules, WorldError> {
        let place = |name: &Option<_>| name.as_deref().map(|name| roster.named(name)).transpose();
        let compiled = rules.iter().map(|rule| {
            let other = match &rule.act {
                Act::Crash { host, .. } | Act::Inject { from: host, .. } => Some(roster.named(host)?),
                _ => None,
            };
            Ok(Compiled { from: place(&rule.on.from)?, to: place(&rule.on.to)?, other, rule: rule.clone() })
        });
        let rules = compiled.collect::<Result<Vec<_>, WorldError>>()?;
        Ok(Rules { seen: vec![0; rules.len()], rules: rules.into(), roster: Arc::new(roster.clone()) })
    }

    /// Whether a rule could mean a unit of a stream between these two.
    pub(crate) fn concern(&self, from: Option<usize>, to: Option<usize>) -> bool {
        self.rules.iter().any(|rule| !rule.means_connect() && rule.concerns(from, to))
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
        let roster = self.roster.clone();
        let address = |host: &str| roster.named(host).ok().map(|place| roster.sip(place).ip());
        let context = Context { message: Some(bytes), address: &address, copy: 1 };
        for (index, (compiled, seen)) in self.rules.iter().zip(&mut self.seen).enumerate() {
            let on = &compiled.rule.on;
            let fits = match &on.label {
                Some(wanted) => wanted == label,
                None => label != CONNECT,
            };
            if !fits || !compiled.concerns(from, to) {
                continue;
            }
            *seen = seen.saturating_add(1);
            if on.nth.is_empty() || on.nth.contains(seen) {
                let handling = handling.get_or_insert_with(|| Handling::untouched(bytes));
                match &compiled.rule.act {
                    Act::Inject { .. } if *seen > MOST_INJECTED => {}
                    Act::Inject { from, after_us, what } => {
                        let key = Entropy::of_seed(0).key(("inject", index, *seen)).0;
                        let told = what.order(key, from, &context).map(|(text, order)| Told {
                            host: compiled.other.unwrap_or_default(),
                            after_us: *after_us,
                            text,
                            order,
                        });
                        match told {
                            Ok(told) => handling.told.push(told),
                            Err(why) => handling.faults.push(format!("could not inject at {label}: {why}")),
                        }
                    }
                    _ => handling.apply(compiled, label, &context),
                }
            }
        }
        handling
    }
}

impl Compiled {
    fn means_connect(&self) -> bool {
        self.rule.on.label.as_deref() == Some(CONNECT)
    }

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
            refused: false,
            unreachable: false,
            ends: None,
            crashes: Vec::new(),
            told: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn apply(&mut self, compiled: &Compiled, label: &str, context: &Context<'_>) {
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
            Act::Replace { text } => match text.fill(context) {
                Ok(text) => {
                    self.bytes = text.into();
                    format!("replaced {label}")
                }
                Err(why) => format!("could not replace {label}: {why}"),
            },
            Act::Cut { after_bytes, by } => {
                self.ends = Some((*after_bytes, *by));
                match after_bytes {
                    0 => format!("{} before {label}", ended(*by)),
                    after if *after >= self.bytes.len() as u64 => format!("{} behind {label}", ended(*by)),
                    after => format!("{} after {after} bytes of {label}", ended(*by)),
                }
            }
            Act::Refuse => {
                self.refused = true;
                format!("refused {label}")
            }
            Act::Unreachable => {
                self.unreachable = true;
                format!("answered {label} with host unreachable")
            }
            Act::Crash { back_after_us, .. } => {
                self.crashes.extend(compiled.other.map(|host| (host, *back_after_us)));
                format!("crash at {label}")
            }
            act @ (Act::SetCode { .. }
            | Act::SetHeader { .. }
            | Act::RemoveHeader { .. }
            | Act::SetBody { .. }) => self.edit(act, label, context),
            Act::Inject { .. } => return,
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

    fn edit(&mut self, act: &Act, label: &str, context: &Context<'_>) -> String {
        match sip::edit(&self.bytes, act, context) {
            Ok((bytes, done)) => {
                self.bytes = bytes;
                format!("{done} {label}")
            }
            Err(why) => format!("could not edit {label}: {why}"),
        }
    }
}

impl Injected {
    /// What the tester is to do, in words and for it.
    ///
    /// # Errors
    /// What cannot be filled in.
    pub(crate) fn order(
        &self,
        key: u64,
        from: &Host,
        context: &Context<'_>,
    ) -> Result<(Arc<str>, Order), String> {
        let injection = self.filled(context)?;
        let first = injection.copies.first().cloned().unwrap_or_default();
        let what = match (&injection.stream, first.is_empty()) {
            (Some(_), true) => "a connection".to_owned(),
            (Some(_), false) => "a connection with bytes".to_owned(),
            (None, _) => sip::label(&first).to_string(),
        };
        let times =
            if injection.copies.len() > 1 { format!(" x{}", injection.copies.len()) } else { String::new() };
        let text = format!("{from} injects {what}{times} to {}", self.to);
        Ok((text.into(), Order { key, action: Action::Inject(injection) }))
    }

    fn filled(&self, context: &Context<'_>) -> Result<Injection, String> {
        let ip = (context.address)(&self.to).ok_or_else(|| format!("no host is called `{}`", self.to))?;
        let port = match self.connect {
            None => SIP_PORT,
            Some(InjectedPort::Number(port)) => port,
            Some(InjectedPort::Media) => {
                let port = Template::parse("{media-port}")?.fill(context)?;
                port.parse().map_err(|_| "it has no media port")?
            }
        };
        let copy = |copy: u32| Ok(self.text.fill(&Context { copy, ..*context })?.into());
        Ok(Injection {
            to: SocketAddr::new(ip, port),
            copies: (1..=self.times).map(copy).collect::<Result<_, String>>()?,
            every: Duration(self.every_us),
            stream: self.connect.map(|_| self.ending),
        })
    }
}

/// In words, how a connection was ended.
pub(crate) fn ended(by: StreamEnd) -> &'static str {
    match by {
        StreamEnd::Reset => "reset the connection",
        StreamEnd::Close => "closed the connection",
        StreamEnd::HalfClose => "closed one direction",
        StreamEnd::Stall => "stalled the connection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Match;
    use crate::world::testing::{pings, request};

    fn handled(rules: Vec<Rule>, times: usize) -> Vec<Option<Handling>> {
        let roster = Roster::of(&pings()).unwrap();
        let mut rules = Rules::of(&rules, &roster).unwrap();
        let bytes = request("ping", 1, 1);
        (0..times).map(|_| rules.handle(Some(1), Some(0), "OPTIONS", &bytes)).collect()
    }

    fn rule(label: &str, nth: &[u32], act: Act) -> Rule {
        Rule { on: Match { label: Some(label.into()), nth: nth.into(), ..Match::default() }, act }
    }

    #[test]
    fn only_the_occurrences_named_are_meant() {
        let handled = handled(vec![rule("OPTIONS", &[2, 4], Act::Drop)], 5);
        let meant: Vec<bool> = handled.iter().map(Option::is_some).collect();
        assert_eq!(meant, [false, true, false, true, false]);
    }

    #[test]
    fn another_label_is_not_meant() {
        assert!(handled(vec![rule("INVITE", &[], Act::Drop)], 1)[0].is_none());
    }

    #[test]
    fn a_direction_is_meant_only_if_it_fits() {
        let act = Act::Delay { by_us: 1 };
        let on = Match { from: Some("echo".into()), ..Match::default() };
        assert!(handled(vec![Rule { on, act: act.clone() }], 1)[0].is_none());
        let on = Match { from: Some("ping".into()), to: Some("echo".into()), ..Match::default() };
        assert!(handled(vec![Rule { on, act }], 1)[0].is_some());
    }

    #[test]
    fn acts_add_up_in_their_order() {
        let header =
            |name: &str, value: &str| Act::SetHeader { name: name.into(), value: Template::plain(value) };
        let rules = vec![
            rule("OPTIONS", &[], header("Max-Forwards", "0")),
            rule("OPTIONS", &[], Act::RemoveHeader { name: "To".into() }),
            rule(
                "OPTIONS",
                &[],
                Act::SetBody { content_type: "text/plain".into(), body: Template::plain("x") },
            ),
        ];
        let Some(handling) = handled(rules, 1).remove(0) else { panic!("not handled") };
        let text = String::from_utf8_lossy(&handling.bytes).into_owned();
        assert!(text.contains("Max-Forwards: 0\r\n") && !text.contains("\r\nTo:"));
        assert!(text.contains("Content-Length: 1\r\n") && text.ends_with("\r\n\r\nx"));
        assert_eq!(handling.faults.len(), 3);
    }

    #[test]
    fn a_byte_is_counted_from_either_end() {
        let corrupt = |at| rule("OPTIONS", &[], Act::Corrupt { at, xor: 1 });
        let Some(handling) = handled(vec![corrupt(0), corrupt(-1)], 1).remove(0) else {
            panic!("not handled")
        };
        assert_eq!((handling.bytes[0], handling.bytes.last()), (b'O' ^ 1, Some(&(b'\n' ^ 1))));
    }

    #[test]
    fn a_rule_that_cannot_act_says_so() {
        let handled = handled(vec![rule("OPTIONS", &[], Act::SetCode { code: 486 })], 1);
        let faults = handled[0].as_ref().map(|handling| handling.faults.join(""));
        assert_eq!(faults.as_deref(), Some("could not edit OPTIONS: a request has no status code"));
    }

    #[test]
    fn a_rule_for_an_unknown_host_is_refused() {
        let on = Match { from: Some("nobody".into()), ..Match::default() };
        let rules = Rules::of(&[Rule { on, act: Act::Drop }], &Roster::of(&pings()).unwrap());
        assert!(matches!(rules, Err(WorldError::UnknownHost(name)) if &*name == "nobody"));
    }
}
