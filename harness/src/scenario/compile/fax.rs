//! Faxes: what they are set up with, and what is declared of them.

use faxproof_devices::config::FaxConfig;
use faxproof_devices::core::Medium;
use faxproof_devices::ta1::Row;

use super::mail::machine;
use super::{Setting, line, mail, ta2_row};
use crate::scenario::grammar::{self, HostSpec, RowSpec};

impl Setting<'_> {
    pub(super) fn fax(&self, name: &str, spec: &HostSpec) -> FaxConfig {
        let machine = machine(spec);
        let mail = self.mail(name, spec);
        let smtp_name = mail.split_once('@').map_or("localhost", |(_, domain)| domain).to_owned();
        FaxConfig {
            line: self.line(name, spec, smtp_name, mail::offers_of(spec, machine)),
            mail,
            failure_medium: medium(spec),
            ta1: spec.ta1.iter().flat_map(|rows| &rows.value).map(row).collect(),
            ta2: spec.ta2.iter().flat_map(|rows| &rows.value).map(ta2_row).collect(),
            machine: machine.unwrap_or_default(),
            mail_server: self.outgoing_server(spec),
            mailbox: self.mailbox(spec),
            mail_habits: mail::habits(spec, machine),
            epoch_s: self.epoch_s(),
        }
    }

    pub(super) fn mail(&self, name: &str, spec: &HostSpec) -> String {
        let given = spec.mail.as_ref().map(|mail| mail.value.clone());
        given.unwrap_or_else(|| format!("{name}@{}", self.domain()))
    }
}

pub(crate) fn row(spec: &RowSpec) -> Row {
    Row {
        destination: spec.destination.clone(),
        number: spec.number.value.clone(),
        protocol: spec.protocol.as_ref().map(|protocol| protocol.value.clone()),
    }
}

fn medium(spec: &HostSpec) -> Medium {
    match spec.failure_notice.map(|medium| medium.value).unwrap_or_default() {
        grammar::Medium::Display => Medium::Display,
        grammar::Medium::Printer => Medium::Printer,
        grammar::Medium::Buzzer => Medium::Buzzer,
    }
}

/// Where a fax tells of a failure, in the word of the grammar.
pub(super) fn notice_word(spec: &HostSpec) -> &'static str {
    match medium(spec) {
        Medium::Display => "display",
        Medium::Printer => "printer",
        Medium::Buzzer => "buzzer",
    }
}

/// The mail address and the habits of the line, in the words of the grammar.
pub(super) fn words(config: &FaxConfig) -> Vec<(&'static str, String)> {
    let habits = &config.line.habits;
    let mut words = vec![
        ("mail", config.mail.clone()),
        ("store_on_transfer_failure", habits.store_on_transfer_failure.to_string()),
    ];
    words.extend(line::words(&config.line));
    words
}
