//! Step S408: one try by normal SMTP. Recipients of one number may have several domains; the hosts of each have their
//! turn, one domain behind the other.

use std::collections::VecDeque;
use std::sync::Arc;

use super::delivery::{Delivery, Verdict};
use super::domain_of;
use super::notices::Fate;
use crate::config::MailServerConfig;
use crate::core::{Conn, Entropy, Outbox, Question, Time};
use crate::smtp::{Envelope, Recipient, Route};

/// A try.
#[derive(Clone, Debug)]
pub(super) struct Relaying {
    key: u64,
    config: Arc<MailServerConfig>,
    entropy: Entropy,
    /// The mail; its recipients are those of the domain whose turn it is.
    delivery: Delivery,
    /// The mail for each domain whose turn comes.
    others: VecDeque<Envelope>,
    /// Recipients for whom it is tried again, of domains that had their turn.
    later: Vec<(Recipient, Fate)>,
    /// Whether it failed for some recipient.
    failed: bool,
}

/// What came of the turn of one domain.
#[derive(Clone, Debug)]
pub(super) struct Turned {
    /// Recipients of which all is known.
    pub(super) fates: Vec<Fate>,
    /// Recipients of which not all is known: tried again, or of domains whose turn comes.
    pub(super) left: Vec<Recipient>,
    /// All domains had their turn.
    pub(super) over: Option<Over>,
}

/// What came of all.
#[derive(Clone, Debug)]
pub(super) struct Over {
    pub(super) later: Vec<(Recipient, Fate)>,
    /// Whether it failed for some recipient.
    pub(super) failed: bool,
}

impl Relaying {
    /// The try of this mail; [`Relaying::go_on`] with [`Delivery::go_on`] begins it.
    pub(super) fn new(
        key: u64,
        config: &Arc<MailServerConfig>,
        envelope: &Envelope,
        entropy: Entropy,
    ) -> Relaying {
        let mut mails: VecDeque<Envelope> = VecDeque::new();
        for recipient in &envelope.recipients {
            let same = |mail: &&mut Envelope| {
                let known = mail.recipients.first().map_or("", |first| domain_of(&first.path));
                config.relay.is_some() || known.eq_ignore_ascii_case(domain_of(&recipient.path))
            };
            match mails.iter_mut().find(same) {
                Some(mail) => mail.recipients.push(recipient.clone()),
                None => mails.push_back(Envelope { recipients: vec![recipient.clone()], ..envelope.clone() }),
            }
        }
        let first = mails.pop_front().unwrap_or_default();
        let delivery = delivery_of(key, config, first, entropy);
        let (config, later) = (config.clone(), Vec::new());
        Relaying { key, config, entropy, delivery, others: mails, later, failed: false }
    }

    /// Its connection, if it has one.
    pub(super) fn conn(&self) -> Option<Conn> {
        self.delivery.conn()
    }

    /// The question whose answer it waits for.
    pub(super) fn awaited(&self) -> Option<Question> {
        self.delivery.awaited()
    }

    /// Something happened to the domain whose turn it is. What follows is the end of its turn, and perhaps at once those
    /// of others.
    pub(super) fn go_on(
        &mut self,
        now: Time,
        event: impl FnOnce(&mut Delivery, &mut Outbox) -> Option<Verdict>,
        out: &mut Outbox,
    ) -> Vec<Turned> {
        let mut turns = Vec::new();
        let mut verdict = event(&mut self.delivery, out);
        while let Some(Verdict { fates, later }) = verdict {
            self.failed |= fates.iter().any(Fate::is_failure);
            self.later.extend(later);
            let later = self.later.iter().map(|(recipient, _)| recipient);
            let others = self.others.iter().flat_map(|mail| &mail.recipients);
            let left = later.chain(others).cloned().collect();
            verdict = None;
            let over = match self.others.pop_front() {
                Some(next) => {
                    let seed = self.entropy.part(self.others.len());
                    self.delivery = delivery_of(self.key, &self.config, next, seed);
                    verdict = self.delivery.go_on(now, out);
                    None
                }
                None => Some(Over { later: std::mem::take(&mut self.later), failed: self.failed }),
            };
            turns.push(Turned { fates, left, over });
        }
        turns
    }
}

fn delivery_of(key: u64, config: &MailServerConfig, envelope: Envelope, entropy: Entropy) -> Delivery {
    let first = envelope.recipients.first().map_or("", |recipient| recipient.path.as_str());
    let route = match &config.relay {
        Some(relay) => Route::through(relay, &config.names, entropy),
        None => Route::new(domain_of(first), &config.names, entropy),
    };
    Delivery::new(key, route, &config.name, Arc::new(envelope), entropy)
}
