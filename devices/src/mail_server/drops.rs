//! The mailboxes of a mail server, and what a POP3 session does with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use faxproof_wire::mime::return_path;
use faxproof_wire::pop3::Status;

use crate::config::MailServerConfig;
use crate::core::{Durable, Entropy, Outbox, Time};
use crate::pop3::{Maildrops, StoredMail};
use crate::smtp::Envelope;

/// Everybody's contact (RFC 5321 §4.5.1). Its mailbox is always there, and nobody collects it by POP3 unless
/// it is set up.
pub(super) const POSTMASTER: &str = "postmaster";
/// Mails in a mailbox.
const MOST_MAILS: usize = 10_000;

/// All mailboxes, by their users.
#[derive(Clone, Debug)]
pub(super) struct Drops {
    boxes: BTreeMap<String, MailDrop>,
    entropy: Entropy,
}

#[derive(Clone, Debug, Default)]
struct MailDrop {
    /// `None`: nobody can open it.
    password: Option<String>,
    mails: Vec<StoredMail>,
    /// The second in which it got a mail last, and the names that it gave in that. The same octets can come again in it,
    /// since a server's trace tells seconds; and who collected the first would take the second for it.
    given: (u64, BTreeSet<String>),
    /// A session has it open (RFC 1939 §4: exclusively).
    locked: bool,
}

impl Drops {
    pub(super) fn new(config: &MailServerConfig) -> Drops {
        let mut boxes = BTreeMap::from([(POSTMASTER.to_owned(), MailDrop::default())]);
        boxes.extend(config.mailboxes.iter().map(|mailbox| {
            let password = Some(mailbox.password.clone());
            (mailbox.user.clone(), MailDrop { password, ..MailDrop::default() })
        }));
        // The names of mails are the same after every start.
        Drops { boxes, entropy: config.entropy.part("mailboxes") }
    }

    /// Final delivery: the mail gets its Return-Path (RFC 5321 §4.4); `arcs` led here. False if the mailbox is full or
    /// unknown.
    pub(super) fn put(
        &mut self,
        now: Time,
        user: &str,
        envelope: &Envelope,
        arcs: &[&'static str],
        out: &mut Outbox,
    ) -> bool {
        let Some(drop) = self.boxes.get_mut(user).filter(|drop| drop.mails.len() < MOST_MAILS) else {
            return false;
        };
        let path = return_path(&envelope.from);
        let mut message = BytesMut::with_capacity(path.len() + envelope.message.len());
        message.put_slice(path.as_bytes());
        message.put_slice(&envelope.message);
        let message = message.freeze();
        if drop.given.0 != now.whole_seconds() {
            drop.given = (now.whole_seconds(), BTreeSet::new());
        }
        let mut copy = 0;
        let name = loop {
            let name = self.entropy.key((user, &message[..], copy)).token();
            if drop.mails.iter().all(|mail| mail.name != name) && !drop.given.1.contains(&name) {
                break name;
            }
            copy += 1;
        };
        drop.given.1.insert(name.clone());
        let stored = Envelope { message: message.clone(), ..envelope.clone() };
        let walk = self.entropy.key(("walk", &name)).0;
        arcs.iter().for_each(|arc| out.mark(walk, arc));
        out.durable(Durable::PutMail {
            folder: folder(user),
            name: name.as_str().into(),
            envelope: Arc::new(stored),
            since: now,
        });
        drop.mails.push(StoredMail { name, message });
        true
    }

    /// What was there before the power failed.
    pub(super) fn restore(&mut self, folder: &str, name: &str, envelope: &Envelope) {
        if let Some(drop) = self.of_folder(folder) {
            let message: Bytes = envelope.message.clone();
            drop.mails.push(StoredMail { name: name.to_owned(), message });
        }
    }

    /// What was taken out before the power failed.
    pub(super) fn forget(&mut self, folder: &str, name: &str) {
        if let Some(drop) = self.of_folder(folder) {
            drop.mails.retain(|mail| mail.name != name);
        }
    }

    fn of_folder(&mut self, folder: &str) -> Option<&mut MailDrop> {
        self.boxes.get_mut(folder.strip_prefix("mailbox ")?)
    }
}

fn folder(user: &str) -> Arc<str> {
    format!("mailbox {user}").into()
}

/// Where mail is handed out.
pub(super) struct Desk<'a> {
    pub(super) drops: &'a mut Drops,
    /// Whether the server walks Figure 18.
    pub(super) marks: bool,
    pub(super) out: &'a mut Outbox,
}

impl Maildrops for Desk<'_> {
    fn open(&mut self, user: &str, password: &str) -> Result<Vec<StoredMail>, Status> {
        let known = self.drops.boxes.get_mut(user).filter(|drop| drop.password.as_deref() == Some(password));
        let drop = known.ok_or_else(|| Status::error("wrong user or password").with_code("AUTH"))?;
        if std::mem::replace(&mut drop.locked, true) {
            return Err(Status::error("another session has it open").with_code("IN-USE"));
        }
        Ok(drop.mails.clone())
    }

    fn delete(&mut self, user: &str, names: &[String]) {
        let Some(drop) = self.drops.boxes.get_mut(user) else { return };
        for name in names {
            drop.mails.retain(|mail| mail.name != *name);
            if self.marks {
                let walk = self.drops.entropy.key(("walk", name)).0;
                self.out.mark(walk, "18.S403.stored-and-popped");
            }
            self.out.durable(Durable::TakeMail { folder: folder(user), name: name.as_str().into() });
        }
    }

    fn close(&mut self, user: &str) {
        if let Some(drop) = self.drops.boxes.get_mut(user) {
            drop.locked = false;
        }
    }
}
