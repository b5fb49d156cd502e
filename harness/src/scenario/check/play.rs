//! Operator steps and expectations.

use faxproof_devices::chart;

use super::super::expect::MessageKey;
use super::super::grammar::{HostSpec, Step, Ta2Step, TableStep};
use super::super::value::{At, Place};
use super::Checker;

/// The most steps of a scenario.
const MAX_STEPS: usize = 10_000;
/// The longest number that can be typed, in characters.
const MAX_TYPED: usize = 100;

impl Checker<'_> {
    pub(super) fn steps(&mut self) {
        let end = self.script.ends_at;
        for step in self.script.steps.iter().take(MAX_STEPS) {
            self.step(step);
            let at = step.value.at;
            if let Some(end) = end.filter(|end| at.value >= end.value) {
                let message = format!("this step comes when the world has ended, at {}", end.value);
                self.refuse_saying(at.place, message, "write a later `ends_at`");
            }
        }
        if let Some(extra) = self.script.steps.get(MAX_STEPS) {
            self.refuse(extra.place, format!("a scenario has at most {MAX_STEPS} steps"));
        }
    }

    fn step(&mut self, step: &At<Step>) {
        let Step { host, ta1, power, hang_up, inject, .. } = &step.value;
        let Step { ta2, ta3, ta3_prime, write, .. } = &step.value;
        let tables = [ta1.is_some(), ta2.is_some(), ta3.is_some(), ta3_prime.is_some()];
        let others = [
            step.value.send.is_some(),
            write.is_some(),
            power.is_some(),
            hang_up.is_some(),
            inject.is_some(),
        ];
        if tables.into_iter().chain(others).filter(|is| *is).count() != 1 {
            self.refuse_saying(
                step.place,
                "it is not clear what this step does",
                "write exactly one of `send` (with `to`), `write`, `ta1`, `ta2`, `ta3`, `ta3_prime`, `power`, \
                 `hang_up: true` and `inject`",
            );
        }
        if power.is_some() {
            self.host(host);
        } else if let Some(inject) = inject {
            self.tester(host);
            self.inject(&inject.value, inject.place, false);
        } else if write.is_some() || tables[2..].contains(&true) {
            self.host(host);
            self.mail_step(&step.value);
        } else if hang_up.is_some() {
            self.telling(host, "only who has a line can hang up");
        } else {
            self.fax(host, "only a fax has a panel; any host has `power`");
        }
        self.sending(&step.value);
        if let Some(false) = hang_up.map(|hang_up| hang_up.value) {
            self.refuse_saying(step.place, "`hang_up: false` does nothing", "write `hang_up: true`");
        }
        match ta1.as_ref().map(|ta1| &ta1.value) {
            Some(TableStep::Add(row)) => {
                self.typed(&row.number);
                self.row(row);
            }
            Some(TableStep::Edit(edit)) => {
                self.typed(&edit.number);
                self.typed(&edit.row.number);
                self.row(&edit.row);
            }
            Some(TableStep::Delete(number)) => self.typed(number),
            Some(TableStep::List) | None => {}
        }
        if let Some(ta2) = &step.value.ta2 {
            self.mail_fax(host, "only a mail fax (`fax: 101` or `fax: 118`) has table Ta2");
            match &ta2.value {
                Ta2Step::Add(row) => self.ta2_row(row),
                Ta2Step::Edit(edit) => self.ta2_row(&edit.row),
                Ta2Step::List | Ta2Step::Delete(_) => {}
            }
        }
    }

    /// What is sent, and where to.
    fn sending(&mut self, step: &Step) {
        let Step { host, send, to, speed_dial, .. } = step;
        let Some(document) = send else {
            for (key, place) in [("to", to), ("speed_dial", speed_dial)] {
                if let Some(at) = place {
                    self.refuse_saying(at.place, format!("`{key}` belongs to `send`"), "take it out");
                }
            }
            return;
        };
        if self.script.documents.value(&document.value).is_none() {
            self.unknown("document", document, self.script.documents.keys());
        }
        match (to, speed_dial) {
            (Some(to), None) => self.typed(to),
            (None, Some(dial)) => {
                self.typed(dial);
                self.mail_fax(host, "only a mail fax (`fax: 101` or `fax: 118`) has speed dial numbers");
            }
            (None, None) => {
                self.refuse_saying(document.place, "`send` without a number", "add `to: NUMBER`");
            }
            (Some(_), Some(dial)) => {
                self.refuse_saying(dial.place, "`send` to two places", "take `to` or `speed_dial` out");
            }
        }
    }

    /// Who walks a flowchart, or tells an operator something.
    fn telling(&mut self, name: &At<String>, why: &str) {
        let tells = |host: &HostSpec| host.has_line() || host.mail_client.is_some();
        if self.host(name).is_some_and(|host| !tells(host)) {
            self.refuse_saying(name.place, format!("`{}` is not a fax", name.value), why);
        }
    }

    fn mail_fax(&mut self, host: &At<String>, why: &str) {
        let spec = self.script.hosts.value.value(&host.value);
        if spec.is_some_and(|spec| spec.fax.is_none_or(|fax| ![101, 118].contains(&fax.value))) {
            self.refuse_saying(host.place, format!("`{}` is no mail fax", host.value), why);
        }
    }

    /// What is typed at a panel may be wrong; the panel refuses it. Only its length is bounded here.
    fn typed(&mut self, number: &At<String>) {
        if number.value.chars().count() > MAX_TYPED {
            self.refuse(number.place, format!("more than {MAX_TYPED} characters are typed as a number"));
        }
    }

    pub(super) fn expectations(&mut self) {
        let expect = &self.script.expect;
        let why = "only a fax can be expected to do this";
        let tellers = [
            expect.arcs.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            expect.calls.iter().map(|(name, _)| name).collect(),
            expect.notices.iter().map(|(name, _)| name).collect(),
            expect.remarks.iter().map(|(name, _)| name).collect(),
            expect.ta3.iter().map(|(name, _)| name).collect(),
            expect.ta3_prime.iter().map(|(name, _)| name).collect(),
        ];
        for name in tellers.into_iter().flatten() {
            self.telling(name, "only a fax, a mail client or a mail server that forwards does this");
        }
        let faxes = [
            expect.printed.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            expect.ta1.iter().map(|(name, _)| name).collect(),
            expect.ta2.iter().map(|(name, _)| name).collect(),
        ];
        for name in faxes.into_iter().flatten() {
            self.fax(name, why);
        }
        for arc in expect.arcs.iter().flat_map(|(_, arcs)| arcs) {
            self.arc(arc);
        }
        for call in expect.calls.iter().flat_map(|(_, calls)| calls) {
            self.walk(call);
        }
        for row in expect.ta1.iter().flat_map(|(_, rows)| rows) {
            self.row(row);
        }
        for row in expect.ta2.iter().flat_map(|(_, rows)| rows) {
            self.ta2_row(row);
        }
        expect.ta3.iter().flat_map(|(_, rows)| rows).for_each(|row| self.ta3_row(row));
        expect.ta3_prime.iter().flat_map(|(_, rows)| rows).for_each(|row| self.specific_row(row));
        let counted = expect.messages.iter().map(|(key, _)| key);
        for key in counted.chain(expect.contents.iter().map(|(key, _)| key)) {
            self.message_key(key);
        }
    }

    /// The arcs of one call: a walk of the flowcharts.
    fn walk(&mut self, call: &At<Vec<At<String>>>) {
        let before = self.problems.len();
        for arc in &call.value {
            self.arc(arc);
        }
        if call.value.is_empty() {
            return self.refuse_saying(call.place, "a call without arcs", "take it out");
        }
        if self.problems.len() > before {
            return;
        }
        let marks: Vec<&str> = call.value.iter().map(|arc| arc.value.as_str()).collect();
        if let Err(why) = chart::check_walk(&marks) {
            self.refuse_saying(call.place, "no call can take these arcs", why);
        }
    }

    fn message_key(&mut self, key: &At<String>) {
        let Some(MessageKey { label, from, to }) = MessageKey::parse(&key.value) else {
            let message = format!("`{}` does not say which messages", key.value);
            return self.refuse_saying(
                key.place,
                message,
                "write `LABEL FROM>TO`, such as `200 INVITE sip>alice`",
            );
        };
        let inside = |text: &str| At { value: text.to_owned(), place: Place { ..key.place } };
        self.label(&inside(label));
        self.host(&inside(from));
        self.host(&inside(to));
    }
}
