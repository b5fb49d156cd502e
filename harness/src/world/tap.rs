//! The tap: turns what devices say and what they send into entries of the trace.

use std::sync::Arc;

use faxproof_devices::core::{self, Durable, Notice, Print, Time};
use faxproof_reports::{Host, Medium, What};
use faxproof_wire::mime::Fields;

use super::ledger::Ledger;

/// Enters an arc that a device says it took.
pub(crate) fn mark(ledger: &mut Ledger, now: Time, host: &Host, call: u64, arc: &str) {
    ledger.enter(now, What::Mark { host: host.clone(), call, arc: arc.into() });
}

/// Enters a message to the operator.
pub(crate) fn notice(ledger: &mut Ledger, now: Time, host: &Host, notice: Notice) {
    let medium = match notice.medium {
        core::Medium::Display => Medium::Display,
        core::Medium::Printer => Medium::Printer,
        core::Medium::Buzzer => Medium::Buzzer,
    };
    let (host, call, text) = (host.clone(), notice.call, notice.text.into());
    ledger.enter(now, What::Notice { host, call, medium, text });
}

/// Enters why a device decided as it did.
pub(crate) fn remark(ledger: &mut Ledger, now: Time, host: &Host, text: &str) {
    ledger.enter(now, What::Remark { host: host.clone(), text: text.into() });
}

/// Enters what a device's state did not foresee.
pub(crate) fn unexpected(ledger: &mut Ledger, now: Time, host: &Host, what: &str, awaited: &str) {
    ledger.enter(now, What::Unexpected { host: host.clone(), what: what.into(), awaited: awaited.into() });
}

/// Enters a fault that a rule, or the power, brought about.
pub(crate) fn fault(ledger: &mut Ledger, now: Time, host: &Host, text: &str) {
    ledger.enter(now, What::Fault { host: host.clone(), text: text.into() });
}

/// Enters something that outlives a power failure.
pub(crate) fn durable(ledger: &mut Ledger, now: Time, host: &Host, durable: &Durable) {
    let host = host.clone();
    let entry = match durable {
        Durable::Together(changes) => {
            return changes.iter().for_each(|change| self::durable(ledger, now, &host, change));
        }
        Durable::CommitRow { table, position, added, row } => {
            committed(host, table, if *added { "add" } else { "change" }, *position, row)
        }
        Durable::DeleteRow { table, position, row } => committed(host, table, "delete", *position, row),
        Durable::Print(Print { document, number, of, page, text }) => What::Printed {
            host,
            document: document.clone(),
            number: *number,
            of: *of,
            page: page.clone(),
            text: text.clone(),
        },
        Durable::PutMail { folder, name, envelope, .. } => What::Mail {
            host,
            folder: folder.clone(),
            name: name.clone(),
            put: true,
            message_id: Fields::read(&envelope.message)
                .ok()
                .and_then(|fields| fields.text("Message-ID"))
                .map(|id| id.trim().trim_start_matches('<').trim_end_matches('>').into()),
        },
        Durable::TakeMail { folder, name } => {
            What::Mail { host, folder: folder.clone(), name: name.clone(), put: false, message_id: None }
        }
    };
    ledger.enter(now, entry);
}

fn committed(host: Host, table: &str, change: &str, position: usize, row: &[(&'static str, String)]) -> What {
    let position = u32::try_from(position).unwrap_or(u32::MAX);
    What::Row { host, table: table.into(), change: change.into(), position, row: shared(row) }
}

fn shared(row: &[(&'static str, String)]) -> Vec<(Arc<str>, Arc<str>)> {
    row.iter().map(|(column, value)| (Arc::from(*column), Arc::from(value.as_str()))).collect()
}
