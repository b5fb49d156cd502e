//! What a mail server tells the senders of mails: delivery status notifications (RFC 3464), as they were
//! wanted (RFC 3461).

use std::collections::BTreeMap;

use faxproof_wire::mime::{Action, Dsn, DsnRecipient, Original, Report, Typed, header};

use faxproof_wire::smtp::{Reply, Ret};

use super::drops::POSTMASTER;
use crate::config::MailServerConfig;
use crate::core::{Entropy, Outbox, Time};
use crate::smtp::{Envelope, No, Recipient};

/// What became of a mail for one recipient.
#[derive(Clone, Debug)]
pub(super) struct Fate {
    recipient: Recipient,
    action: Action,
    /// The enhanced status code (RFC 3463).
    status: (u8, u16, u16),
    /// What another server said, its name and the kind of that.
    said: Option<(Typed, No)>,
}

impl Fate {
    pub(super) fn new(recipient: Recipient, action: Action, status: (u8, u16, u16)) -> Fate {
        Fate { recipient, action, status, said: None }
    }

    /// The same, because another server said so.
    pub(super) fn in_the_words_of(mut self, (kind, host): (&str, &str), no: &No) -> Fate {
        self.status = no.status.unwrap_or(self.status);
        self.said = Some((Typed { kind: kind.to_owned(), value: host.to_owned() }, no.clone()));
        self
    }

    /// Whether it is one of failure.
    pub(super) fn is_failure(&self) -> bool {
        self.action == Action::Failed
    }

    /// Whether it is settled.
    pub(super) fn is_final(&self) -> bool {
        self.action != Action::Delayed
    }

    /// What was to be tried again is not.
    pub(super) fn given_up(mut self) -> Fate {
        self.action = Action::Failed;
        self
    }

    /// Whether the sender wants to know (RFC 3461 §4.1). A sender that says nothing wants to know of failures.
    fn is_wanted(&self) -> bool {
        let notify = self.recipient.dsn.notify;
        match self.action {
            Action::Failed => notify.is_none_or(|notify| notify.failure),
            Action::Delayed => notify.is_some_and(|notify| notify.delay),
            Action::Delivered | Action::Relayed | Action::Expanded => {
                notify.is_some_and(|notify| notify.success)
            }
        }
    }

    fn to_facts(&self) -> DsnRecipient {
        let orcpt = self.recipient.dsn.orcpt.as_ref();
        let typed = |kind: &str, value: String| Typed { kind: kind.to_owned(), value };
        DsnRecipient {
            original_recipient: orcpt.map(|orcpt| typed(&orcpt.kind, orcpt.address.clone())),
            remote_mta: self.said.as_ref().map(|(host, _)| host.clone()),
            diagnostic_code: self.said.as_ref().map(|(_, no)| typed("smtp", spoken(no))),
            ..DsnRecipient::new(&self.recipient.path, self.action, self.status)
        }
    }
}

fn spoken(no: &No) -> String {
    match no.status {
        Some((class, subject, detail)) => format!("{} {class}.{subject}.{detail} {}", no.code, no.text),
        None => format!("{} {}", no.code, no.text),
    }
}

/// The reply to the client that still has the mail, if that failed for everybody; in the words of the server that refused
/// it.
pub(super) fn refusal(envelope: &Envelope, fates: &[Fate]) -> Option<Reply> {
    if fates.len() < envelope.recipients.len() || !fates.iter().all(Fate::is_failure) {
        return None;
    }
    let fate = fates.first()?;
    let (code, text) = match &fate.said {
        Some((host, no)) => (no.code, format!("{} said: {}", host.value, no.text)),
        None => (550, meaning(fate.status).to_owned()),
    };
    let (class, subject, detail) = fate.status;
    Some(Reply::new(code, text).with_enhanced(class, subject, detail))
}

/// What an enhanced status code says (RFC 3463 §3, RFC 7505 §3).
fn meaning(status: (u8, u16, u16)) -> &'static str {
    match status {
        (5, 1, 1) => "no such mailbox",
        (5, 1, 2) => "no such domain",
        (5, 1, 10) => "the domain takes no mail",
        (_, 4, 1) => "no answer from its host",
        (_, 4, 3) => "no answer from the name server",
        (_, 4, 6) => "it would go round in circles",
        (5, 6, 3) => "it has octets that the next server does not take",
        _ => "it cannot be delivered",
    }
}

/// The notifications about a mail: one for each kind of fate. A mail without sender gets none, ever
/// (RFC 5321 §6.1); that one was given up stands in the record.
pub(super) fn of(
    config: &MailServerConfig,
    entropy: &Entropy,
    now: Time,
    envelope: &Envelope,
    fates: &[Fate],
    out: &mut Outbox,
) -> Vec<Envelope> {
    let mut by_action: BTreeMap<&str, Vec<&Fate>> = BTreeMap::new();
    for fate in fates {
        if envelope.from.is_empty() {
            if fate.action == Action::Failed {
                let text = format!("a notification for {} cannot be delivered", fate.recipient.path);
                out.unexpected(text, "a mailbox that takes it");
            }
        } else if fate.is_wanted() {
            by_action.entry(fate.action.name()).or_default().push(fate);
        }
    }
    by_action.into_values().map(|fates| notification(config, entropy, now, envelope, &fates)).collect()
}

fn notification(
    config: &MailServerConfig,
    entropy: &Entropy,
    now: Time,
    envelope: &Envelope,
    fates: &[&Fate],
) -> Envelope {
    let action = fates[0].action;
    let paths: Vec<&str> = fates.iter().map(|fate| fate.recipient.path.as_str()).collect();
    let name = entropy.key(("notification", &envelope.message[..], action.name(), &paths, now.0)).token();
    let (subject, text) = match action {
        Action::Failed => ("Undelivered (DSN)", "could not be delivered to"),
        Action::Delayed => {
            ("Delayed (DSN)", "has not reached everybody yet; it is tried again. Still missing:")
        }
        Action::Delivered => ("Delivered (DSN)", "reached the mailbox of"),
        Action::Relayed => ("Relayed (DSN)", "was given to a server that tells no more, for"),
        Action::Expanded => ("Expanded (DSN)", "was sent on to the members of"),
    };
    let said: String = fates
        .iter()
        .filter_map(|fate| fate.said.as_ref())
        .map(|(host, no)| format!("{} said: {}\n", host.value, spoken(no)))
        .collect();
    let report = Report {
        from: &format!("{POSTMASTER}@{}", config.name),
        to: &envelope.from,
        subject,
        date_unix_s: config.epoch_s.saturating_add_unsigned(now.whole_seconds()),
        message_id: &format!("{name}@{}", config.name),
        boundary: &format!("dsn-{name}"),
        text: &format!("Your mail {text} {}.\n{said}", paths.join(", ")),
        original: match envelope.dsn.ret {
            Some(Ret::Full) if action == Action::Failed => Original::Mail(&envelope.message),
            _ => Original::Header(header(&envelope.message)),
        },
    };
    let dsn = Dsn {
        envelope_id: envelope.dsn.envid.clone(),
        reporting_mta: Typed { kind: "dns".to_owned(), value: config.name.clone() },
        extensions: Vec::new(),
        recipients: fates.iter().map(|fate| fate.to_facts()).collect(),
        has_missing_line: false,
    };
    Envelope::new("", &envelope.from, report.dsn(&dsn))
}
