//! What testers say.

use super::super::grammar::{EndingSpec, InjectSpec, PortSpec};
use super::super::value::{At, Place};
use super::Checker;
use crate::template::Template;

/// The most copies of one injection.
const MAX_TIMES: u32 = 1000;

impl Checker<'_> {
    /// A text with placeholders. `of` says whether there is a SIP message that it can be filled in from.
    pub(super) fn template(&mut self, text: &str, place: Place, of: bool) {
        match Template::parse(text) {
            Err(why) => {
                let (message, remedy) = why.split_once('\n').unwrap_or((&why, ""));
                self.refuse_saying(place, message, remedy);
            }
            Ok(template) => {
                for host in template.hosts() {
                    self.host(&At { value: host.to_owned(), place });
                }
                if !of && template.needs_message() {
                    let message = "a step has no message from which these placeholders could be filled in";
                    self.refuse_saying(place, message, "let a rule inject it: `on: { message: ... }`");
                }
            }
        }
    }

    /// What a tester says in a rule, or in a step.
    pub(super) fn inject(&mut self, inject: &InjectSpec, place: Place, in_rule: bool) {
        self.host(&inject.to);
        match (&inject.from, in_rule) {
            (Some(from), true) => self.tester(from),
            (None, true) => self.refuse_saying(place, "nobody is named who says it", "add `from: TESTER`"),
            (Some(from), false) => {
                self.refuse_saying(from.place, "the host of a step says it", "take `from` out");
            }
            (None, false) => {}
        }
        if let (Some(after), false) = (&inject.after, in_rule) {
            self.refuse_saying(after.place, "a step has its time in `at`", "take `after` out");
        }
        let text = match (&inject.sip, &inject.bytes) {
            (Some(text), None) | (None, Some(text)) => Some(text),
            (None, None) if inject.connect.is_some() => None,
            _ => {
                let remedy = "write exactly one of `sip` and `bytes`";
                return self.refuse_saying(place, "it is not clear what is said", remedy);
            }
        };
        if let Some(text) = text {
            self.template(&text.value, text.place, in_rule);
        }
        match (&inject.connect, &inject.then) {
            (None, Some(then)) => {
                self.refuse_saying(then.place, "a datagram has no end", "add `connect: PORT`");
            }
            (Some(connect), _) if connect.value == PortSpec::Media && !in_rule => {
                let message = "a step has no message with a media line";
                self.refuse_saying(connect.place, message, "write a number, or let a rule inject it");
            }
            (Some(connect), None | Some(At { value: EndingSpec::Keep, .. }))
                if inject.times.is_some_and(|n| n.value > 100) =>
            {
                let message = "more than 100 connections that stand";
                self.refuse_saying(connect.place, message, "write `then: close`, or fewer `times`");
            }
            _ => {}
        }
        if let Some(times) = inject.times.filter(|times| !(1..=MAX_TIMES).contains(&times.value)) {
            self.refuse_saying(
                times.place,
                format!("{} times", times.value),
                format!("write 1 to {MAX_TIMES}"),
            );
        }
        if let (Some(_), None) = (inject.every, inject.times) {
            self.refuse_saying(place, "`every` says how often, but not how many", "add `times: N`");
        }
    }

    pub(super) fn tester(&mut self, name: &At<String>) {
        if self.host(name).is_some_and(|host| host.tester.is_none()) {
            let message = format!("`{}` is no tester", name.value);
            self.refuse_saying(name.place, message, "only a host with `tester: {}` injects");
        }
    }
}
