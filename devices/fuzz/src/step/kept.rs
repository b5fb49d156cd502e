//! What is checked of every step of a box that keeps mails: it loses none, and says nothing that is not so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faxproof_devices::core::{Durable, Effect};
use faxproof_devices::smtp::Envelope;
use faxproof_wire::smtp::stuff;

/// How a server says that it is responsible for a mail now.
const ACCEPTED: &str = "250 2.0.0 accepted\r\n";

/// The mails that a box keeps until somebody else has them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What lies in its queue or its outbox, by folder and name.
    waiting: BTreeMap<(Arc<str>, Arc<str>), Arc<Envelope>>,
    /// How often it could have said that it has a mail, and has not. Where it answers with the result of a try, it says so
    /// in a later step.
    unsaid: usize,
    /// Mails that it has said, as they were said.
    said: BTreeSet<Vec<u8>>,
}

impl Kept {
    /// A step had these effects, and the box says that it keeps so many mails.
    pub(super) fn check(&mut self, effects: &[Effect], mails: usize) {
        let durable = effects.iter().filter(|effect| matches!(effect, Effect::Durable(_))).count();
        assert!(durable <= 1, "what one step changes is one change: {effects:?}");
        let changes: Vec<Durable> = effects.iter().flat_map(changes_of).collect();
        let (mut accepted, mut told, mut refused) = (0, 0, false);
        for effect in effects {
            match effect {
                Effect::Send { bytes, .. } if bytes.ends_with(b"\r\n.\r\n") => {
                    self.said.insert(bytes.to_vec());
                }
                Effect::Send { bytes, .. } if !bytes.starts_with(b"+") => {
                    let said = String::from_utf8_lossy(bytes);
                    accepted += said.matches(ACCEPTED).count();
                    // A client that is refused its mail has it still.
                    refused |= said.starts_with('5');
                }
                Effect::Notice(_) | Effect::Unexpected { .. } => told += 1,
                _ => {}
            }
        }
        let put = changes.iter().filter(|change| matches!(change, Durable::PutMail { .. })).count();
        let unsaid = (self.unsaid + put + told).checked_sub(accepted);
        self.unsaid =
            unsaid.unwrap_or_else(|| panic!("more mails were accepted than were kept: {effects:?}"));
        let reported = told > 0 || refused || changes.iter().any(is_report);
        for change in changes {
            self.changes(change, reported);
        }
        assert_eq!(mails, self.waiting.len(), "what it says that it keeps, and what it committed");
    }

    fn changes(&mut self, change: Durable, reported: bool) {
        match change {
            Durable::PutMail { folder, name, envelope, .. } if waits(&folder) => {
                if let Some(before) = self.waiting.insert((folder, name), envelope.clone()) {
                    self.leaves(&before, &envelope, reported);
                }
            }
            Durable::TakeMail { folder, name } if waits(&folder) => {
                let before = self.waiting.remove(&(folder, name)).unwrap_or_else(|| panic!("no such mail"));
                self.leaves(&before, &Envelope::default(), reported);
            }
            _ => {}
        }
    }

    /// Recipients are taken off a mail: somebody else was given it, or its sender was told, or wants to hear nothing.
    fn leaves(&self, before: &Envelope, after: &Envelope, reported: bool) {
        let gone = before.recipients.iter().filter(|recipient| !after.recipients.contains(recipient));
        let is_due = |notify: Option<faxproof_wire::smtp::Notify>| notify.is_none_or(|notify| notify.failure);
        let wanted = gone.into_iter().any(|recipient| is_due(recipient.dsn.notify));
        let given = self.said.contains(&stuff(&before.message));
        assert!(given || reported || !wanted, "a mail is gone, and nobody heard of it: {before:?}");
    }
}

fn changes_of(effect: &Effect) -> Vec<Durable> {
    match effect {
        Effect::Durable(durable) => durable.clone().each(),
        _ => Vec::new(),
    }
}

/// Whether mails of this folder are to go on.
fn waits(folder: &str) -> bool {
    folder.starts_with("queue") || folder == "outbox"
}

/// Whether it is a mail without sender: a report.
fn is_report(change: &Durable) -> bool {
    matches!(change, Durable::PutMail { envelope, .. } if envelope.from.is_empty())
}
