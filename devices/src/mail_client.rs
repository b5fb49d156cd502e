//! Mail client 210 (paragraph 0130), and 213a of the destination (paragraph 0133): a personal computer with a mailer. It
//! hands what its user writes to its mail server, collects its mailbox, and shows its user what came.
//!
//! What its user wrote lies in the outbox until the server has it or the user knows that it was not sent: a power failure
//! in between loses nothing, and the mail is sent when power comes back. Where the server had it and the 250 did not
//! arrive before the failure, nobody can know, and the server gets it again under the same Message-ID (RFC 5321
//! §4.5.3.2.6).

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use faxproof_wire::mime::{Dsn, Fields, date};
use faxproof_wire::smtp::{MailDsn, RcptDsn};

use crate::collector::{Collected, Collector};
use crate::config::MailClientConfig;
use crate::core::{
    Conn, Device, Durable, Entropy, Event, Holdings, Medium, Notice, Outbox, StreamEvent, Time,
};
use crate::mailer::{Done, Mailer, Refused};
use crate::order::{Action, Order, Writing};
use crate::smtp::{Body, Envelope, Recipient};

/// The folder of mails that the server does not have yet. Each is named by its order.
const OUTBOX: &str = "outbox";

/// The mail client.
#[derive(Clone, Debug)]
pub struct MailClient {
    config: Arc<MailClientConfig>,
    entropy: Entropy,
    mailer: Mailer,
    collector: Collector,
    /// The names of the mails in the outbox, by their orders.
    outbox: BTreeMap<u64, Arc<str>>,
}

impl MailClient {
    /// A client before its first power-on.
    pub fn new(config: MailClientConfig) -> Self {
        MailClient::booted(Arc::new(config), 0)
    }

    fn booted(config: Arc<MailClientConfig>, boots: u32) -> Self {
        let entropy = config.entropy.part(("boot", boots));
        let domain = config.mail.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let mailer = Mailer::new(config.mail_server, domain, entropy);
        let collector = Collector::new(config.mailbox.clone(), entropy);
        MailClient { config, entropy, mailer, collector, outbox: BTreeMap::new() }
    }

    /// Power came on: what lay in the outbox is sent again.
    fn power_on(&mut self, now: Time, committed: &[Durable], out: &mut Outbox) {
        let mut left: Vec<(&Arc<str>, &Arc<Envelope>)> = Vec::new();
        for change in committed {
            match change {
                Durable::PutMail { folder, name, envelope, .. } if **folder == *OUTBOX => {
                    left.push((name, envelope));
                }
                Durable::TakeMail { folder, name } if **folder == *OUTBOX => {
                    left.retain(|(known, _)| *known != name);
                }
                _ => {}
            }
        }
        self.collector.power_on(now, out);
        for (name, envelope) in left {
            let Ok(key) = u64::from_str_radix(name, 16) else { continue };
            self.outbox.insert(key, name.clone());
            self.submit(key, envelope, out);
        }
    }

    /// Its user wrote a mail.
    fn send(&mut self, now: Time, key: u64, writing: &Writing, out: &mut Outbox) {
        let envelope = Arc::new(self.envelope(now, key, writing));
        if self.mailer.server_for_one_more().is_ok() {
            let (folder, name): (_, Arc<str>) = (OUTBOX.into(), format!("{key:016x}").into());
            let envelope = envelope.clone();
            out.durable(Durable::PutMail { folder, name: name.clone(), envelope, since: now });
            self.outbox.insert(key, name);
        }
        self.submit(key, &envelope, out);
    }

    fn submit(&mut self, key: u64, envelope: &Envelope, out: &mut Outbox) {
        if let Err(why) = self.mailer.submit(key, envelope.clone(), out) {
            self.was_not_sent(key, &why, out);
        }
    }

    fn envelope(&self, now: Time, key: u64, writing: &Writing) -> Envelope {
        let Writing { from, to, header, text, notify } = writing;
        let own = &self.config.mail;
        let id = self.entropy.key(("message-id", key)).token();
        let domain = own.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let given = |name: &str| header.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let usual = [
            ("From", format!("<{own}>")),
            ("To", to.iter().map(|to| format!("<{to}>")).collect::<Vec<_>>().join(", ")),
            ("Date", date(self.config.epoch_s.saturating_add_unsigned(now.whole_seconds()))),
            ("Message-ID", format!("<{id}@{domain}>")),
        ];
        let usual = usual.iter().filter(|(name, _)| !given(name)).map(|(name, value)| (*name, value));
        let own_words = header.iter().map(|(name, value)| (name.as_str(), value));
        let fields: String =
            usual.chain(own_words).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines: String = text.lines().map(|line| format!("{line}\r\n")).collect();
        let recipient = |path: &String| {
            let orcpt = None;
            Recipient { path: path.clone(), dsn: RcptDsn { notify: *notify, orcpt } }
        };
        let message = Bytes::from(format!("{fields}\r\n{lines}"));
        Envelope {
            body: Body::of(&message),
            from: from.clone().unwrap_or_else(|| own.clone()),
            dsn: MailDsn { envid: notify.map(|_| id), ..MailDsn::default() },
            recipients: to.iter().map(recipient).collect(),
            message,
        }
    }

    /// Something happened to a mail that is on its way.
    fn sending(&mut self, now: Time, conn: Conn, event: StreamEvent, out: &mut Outbox) {
        let done = self.mailer.stream(now, conn, event, out);
        // The session goes on to its QUIT, for which the outbox does not wait.
        if let Some((key, refused)) = self.mailer.handed_over(conn) {
            self.was_sent(key, &refused, out);
        }
        self.sent_or_not(done, out);
    }

    /// A mail is under way no more.
    fn sent_or_not(&mut self, done: Option<Done>, out: &mut Outbox) {
        match done {
            Some(Done { key, outcome: Ok(()), refused, .. }) => self.was_sent(key, &refused, out),
            Some(Done { key, outcome: Err(why), in_doubt: true, .. }) => {
                self.is_settled(key, &format!("Nobody knows whether the mail was sent: {why}"), out);
            }
            Some(Done { key, outcome: Err(why), .. }) => self.was_not_sent(key, &why, out),
            None => {}
        }
    }

    /// The server has the mail, but not for those whom it refused. It may be told that more than once.
    fn was_sent(&mut self, key: u64, refused: &[Refused], out: &mut Outbox) {
        let Some(name) = self.outbox.remove(&key) else { return };
        for (to, why) in refused {
            show(key, format!("The mail was not sent to {to}: {why}"), out);
        }
        out.durable(Durable::TakeMail { folder: OUTBOX.into(), name });
    }

    /// The server will not get the mail.
    fn was_not_sent(&mut self, key: u64, why: &str, out: &mut Outbox) {
        self.is_settled(key, &format!("The mail was not sent: {why}"), out);
    }

    /// Only when its user knows that a mail was not sent, or that nobody knows, it is kept no longer.
    fn is_settled(&mut self, key: u64, told: &str, out: &mut Outbox) {
        show(key, told.to_owned(), out);
        if let Some(name) = self.outbox.remove(&key) {
            out.durable(Durable::TakeMail { folder: OUTBOX.into(), name });
        }
    }

    /// The mailbox gave a mail, or cannot be collected.
    fn collected(&mut self, now: Time, collected: Option<Collected>, out: &mut Outbox) {
        let mut next = collected;
        while let Some(collected) = next.take() {
            match collected {
                Collected::Trouble(why) => show(0, format!("The mailbox cannot be collected: {why}"), out),
                Collected::Mail(name, message) => {
                    show(0, told(&message), out);
                    next = self.collector.taken(now, name, out);
                }
            }
        }
    }
}

/// What its user reads of a mail: a report in its own words, of any other who wrote it and about what.
fn told(message: &[u8]) -> String {
    if let Ok(dsn) = Dsn::read(message) {
        let fates = dsn.recipients.iter().map(|recipient| {
            let (class, subject, detail) = recipient.status;
            let to = &recipient.final_recipient.value;
            format!("{to}: {} ({class}.{subject}.{detail})", recipient.action.name())
        });
        return format!("Report: {}", fates.collect::<Vec<_>>().join(", "));
    }
    let fields = Fields::read(message).unwrap_or_default();
    let text = |name: &str| fields.text(name).unwrap_or_default();
    format!("Mail from {}: {}", text("From"), text("Subject"))
}

fn show(call: u64, text: String, out: &mut Outbox) {
    out.notice(Notice { call, medium: Medium::Display, text });
}

impl Device for MailClient {
    fn step(&mut self, now: Time, event: Event, out: &mut Outbox) {
        match event {
            Event::PowerOn { boots, committed } => {
                *self = MailClient::booted(self.config.clone(), boots);
                self.power_on(now, &committed, out);
            }
            Event::Order(Order { key, action: Action::Write(writing) }) => self.send(now, key, &writing, out),
            Event::Order(_) => out.unexpected("an order for another box", "a mail that its user wrote"),
            Event::Stream(conn, event) if self.mailer.has(conn) => {
                self.sending(now, conn, event, out);
            }
            Event::Stream(conn, event) if self.collector.has(conn) => {
                let collected = self.collector.stream(now, event, out);
                self.collected(now, collected, out);
            }
            Event::Timer(timer) if self.mailer.owns(timer) => {
                let done = self.mailer.fires(timer, out);
                self.sent_or_not(done, out);
            }
            Event::Timer(timer) if self.collector.owns(timer) => {
                let collected = self.collector.fires(now, timer, out);
                self.collected(now, collected, out);
            }
            Event::Datagram { .. } => out.unexpected("a datagram", "nothing: a mail client has no telephone"),
            Event::Stream(..) | Event::Timer(_) | Event::Resolved { .. } | Event::Unreachable { .. } => {}
        }
    }

    fn holds(&self) -> Holdings {
        let connections = self.mailer.len() + self.collector.len();
        Holdings { connections, mails: self.outbox.len(), ..Holdings::default() }
    }

    fn fork(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
