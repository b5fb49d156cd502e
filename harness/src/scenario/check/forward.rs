//! Mail servers that forward over SIP, and mail clients with what their users write.

use faxproof_devices::number::MAX_DIGITS;

use super::super::compile::forward::can_search;
use super::super::grammar::{BySpec, ChangeSpec, ForwardSpec, HostSpec, RowKeySpec, SpecificRowSpec, Step};
use super::super::grammar::{Ta3RowSpec, WriteSpec};
use super::super::value::{At, Place};
use super::hosts::is_mail;
use super::{Checker, is_domain};

/// The most recipients of one mail (RFC 5321 §4.5.3.1.8 has servers take 100).
const MOST_RECIPIENTS: usize = 100;
/// The most calls of a mail server at one time.
const MOST_CALLS: u32 = 1000;

impl Checker<'_> {
    pub(super) fn forwards(&mut self, name: &At<String>, host: &HostSpec, spec: &At<ForwardSpec>) {
        match &host.number {
            Some(number) => self.dialable(number),
            None => self.refuse_saying(
                spec.place,
                format!("`{}` forwards over SIP and has no number", name.value),
                "add `number: 050-1234-5678` to the host",
            ),
        }
        self.outbound(name, host);
        if let Some(habits) = &host.habits {
            self.habits(&habits.value);
        }
        let ForwardSpec { by, searches, systematic, digits, most_calls, .. } = &spec.value;
        let by = by.map_or(BySpec::Numbers, |by| by.value);
        if let Some(listed) = searches {
            let twice = listed
                .value
                .iter()
                .enumerate()
                .any(|(at, place)| listed.value[..at].iter().any(|other| other.value == place.value));
            if listed.value.is_empty() || twice {
                let message = "`searches` names each place once, and one at least";
                self.refuse_saying(listed.place, message, "leave it out for the usual ones");
            }
            for place in listed.value.iter().filter(|place| !can_search(by, place.value)) {
                let remedy = match by {
                    BySpec::Numbers => "write before-at, after-at, header, body, address or domain",
                    BySpec::SpecificInformation => "write rcpt, header or body",
                };
                self.refuse_saying(place.place, "this server does not look there", remedy);
            }
        }
        for beginning in systematic.iter().flat_map(|listed| &listed.value) {
            let legal = beginning.value.starts_with(|c: char| c.is_ascii_digit())
                && beginning.value.chars().all(|c| c.is_ascii_digit() || c == '-');
            if !legal {
                let message = format!("no number begins with `{}`", beginning.value);
                self.refuse_saying(beginning.place, message, "write \"050-\", in quotes");
            }
        }
        if let Some(digits) = digits.filter(|digits| !(1..=MAX_DIGITS as u32).contains(&digits.value)) {
            let message = format!("{} digits behind the beginning of a number", digits.value);
            self.refuse_saying(digits.place, message, format!("write 1 to {MAX_DIGITS}"));
        }
        if let Some(most) = most_calls.filter(|most| !(1..=MOST_CALLS).contains(&most.value)) {
            let message = format!("{} calls at one time", most.value);
            self.refuse_saying(most.place, message, format!("write 1 to {MOST_CALLS}"));
        }
        let other = match by {
            BySpec::Numbers => host.ta3_prime.as_ref().map(|at| at.place),
            BySpec::SpecificInformation => host.ta3.as_ref().map(|at| at.place),
        };
        if let Some(place) = other {
            let message = "this server does not look into this table";
            self.refuse_saying(
                place,
                message,
                "`by: numbers` goes with `ta3`, `by: specific-information` with `ta3_prime`",
            );
        }
        host.ta3.iter().flat_map(|rows| &rows.value).for_each(|row| self.ta3_row(row));
        host.ta3_prime.iter().flat_map(|rows| &rows.value).for_each(|row| self.specific_row(row));
    }

    pub(super) fn ta3_row(&mut self, row: &Ta3RowSpec) {
        let destination = &row.destination;
        if !is_mail(&destination.value) && !is_domain(&destination.value) {
            let message = format!("`{}` is neither a mail address nor a domain", destination.value);
            self.refuse_saying(destination.place, message, "write `abc@efg.com`, or `efg.com`");
        }
        self.dialable(&row.number);
    }

    pub(super) fn specific_row(&mut self, row: &SpecificRowSpec) {
        let text = &row.information;
        if text.value.is_empty() || !text.value.bytes().all(|octet| (b' '..=b'~').contains(&octet)) {
            let message = "specific information is a text of printable ASCII";
            self.refuse_saying(text.place, message, "write one such as `KYOTOBRANCHOFFICE`");
        }
        self.dialable(&row.number);
    }

    /// A client without a mail server sends nothing, and one without a mailbox reads nothing: both are allowed.
    pub(super) fn mail_client(&mut self, host: &HostSpec) {
        self.outgoing_and_mailbox(host, true);
        self.own_mail(host);
    }

    /// What is done at a mail server or at a mail client.
    pub(super) fn mail_step(&mut self, step: &Step) {
        let host = self.script.hosts.value.value(&step.host.value);
        if let (Some(write), Some(host)) = (&step.write, host) {
            if host.mail_client.is_none() {
                let message = format!("`{}` is no mail client", step.host.value);
                self.refuse_saying(step.host.place, message, "only the user of a `mail-client` writes mail");
            }
            self.writing(write);
        }
        let tables = [step.ta3.as_ref().map(|at| at.place), step.ta3_prime.as_ref().map(|at| at.place)];
        let forwards = host.is_none_or(HostSpec::forwards);
        for place in tables.into_iter().flatten().filter(|_| !forwards) {
            self.refuse_saying(place, "only a mail server that `forwards` has this table", "take it out");
        }
        if let Some(change) = &step.ta3 {
            self.change(change, |checker, row| checker.ta3_row(row), "information");
        }
        if let Some(change) = &step.ta3_prime {
            self.change(change, |checker, row| checker.specific_row(row), "destination");
        }
    }

    fn change<R>(&mut self, change: &At<ChangeSpec<R>>, row: impl Fn(&mut Self, &R), no_column: &str) {
        let key = match &change.value {
            ChangeSpec::List => return,
            ChangeSpec::Add(added) => return row(self, added),
            ChangeSpec::Edit(edit) => {
                row(self, &edit.row);
                &edit.which
            }
            ChangeSpec::Delete(which) => which,
        };
        let column = match key {
            RowKeySpec::Destination(_) => "destination",
            RowKeySpec::Information(_) => "information",
            RowKeySpec::Number(_) => "number",
        };
        if column == no_column {
            let message = format!("this table has no column `{column}`");
            self.refuse_saying(change.place, message, "Ta3 has `destination`, Ta3' has `information`");
        }
    }

    fn writing(&mut self, write: &At<WriteSpec>) {
        let WriteSpec { to, from, subject, header, text, .. } = &write.value;
        if to.is_empty() || to.len() > MOST_RECIPIENTS {
            self.refuse(write.place, format!("a mail has 1 to {MOST_RECIPIENTS} recipients"));
        }
        for path in to {
            self.path(path);
        }
        if let Some(from) = from.as_ref().filter(|from| !from.value.is_empty()) {
            self.path(from);
        }
        if let Some(subject) = subject {
            self.line(&subject.value, subject.place);
        }
        for (name, value) in header.iter().map(|(name, value): (&At<String>, &String)| (name, value)) {
            self.header(&name.value, name.place);
            self.line(value, name.place);
        }
        let longest = text.lines().map(str::len).max().unwrap_or_default();
        if longest > 998 {
            self.refuse(write.place, "a line of a mail has at most 998 octets (RFC 5322 §2.1.1)");
        }
    }

    fn path(&mut self, path: &At<String>) {
        let legal = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>');
        if path.value.is_empty() || path.value.len() > 256 || !path.value.chars().all(legal) {
            let message = format!("`{}` is no address", path.value);
            self.refuse_saying(path.place, message, "write one such as `bob@b.example`");
        }
    }

    fn line(&mut self, text: &str, place: Place) {
        if text.chars().any(char::is_control) {
            self.refuse(place, "a field of the header is one line");
        }
    }
}

impl HostSpec {
    /// Whether it is a mail server that forwards over SIP.
    pub(crate) fn forwards(&self) -> bool {
        self.mail_server.as_ref().is_some_and(|server| server.value.forwards.is_some())
    }

    /// Whether it has a telephone line.
    pub(crate) fn has_line(&self) -> bool {
        self.fax.is_some() || self.forwards()
    }
}
