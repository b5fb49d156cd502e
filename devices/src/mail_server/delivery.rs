//! One try to pass one mail on: find a host, connect, hand over.

use std::sync::Arc;

use faxproof_wire::mime::Action;

use super::notices::Fate;
use crate::core::{Conn, Duration, Effect, Entropy, NameAnswer, Outbox, Question, StreamEvent, Time, Timer};
use crate::smtp::{Client, Envelope, Failure, Next, No, Recipient, Route, Stage, Turn};

/// Runs while the other server owes a reply, or the name server an answer; its owner is the mail.
const REPLY: &str = "reply";
/// The world answers in time that nobody knows a name; whoever does not is not waited for.
const NAME_PATIENCE: Duration = Duration::secs(60);

/// A try.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    key: u64,
    route: Route,
    /// Our own name.
    name: String,
    envelope: Arc<Envelope>,
    entropy: Entropy,
    /// Hosts that were tried.
    hosts: u32,
    /// The host that is being tried.
    host: String,
    conn: Option<Conn>,
    client: Option<Client>,
    /// What the last host said that would not have us at all.
    turned_away: Option<(String, No)>,
}

/// What came of a try.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    /// Recipients of which all is known.
    pub(super) fates: Vec<Fate>,
    /// Recipients for whom it is tried again, and what was said of them: told as a delay, or in the end.
    pub(super) later: Vec<(Recipient, Fate)>,
}

impl Delivery {
    pub(super) fn new(
        key: u64,
        route: Route,
        name: &str,
        envelope: Arc<Envelope>,
        entropy: Entropy,
    ) -> Delivery {
        Delivery {
            key,
            route,
            name: name.to_owned(),
            envelope,
            entropy,
            hosts: 0,
            host: String::new(),
            conn: None,
            client: None,
            turned_away: None,
        }
    }

    pub(super) fn conn(&self) -> Option<Conn> {
        self.conn
    }

    /// The next host, or the question that leads to it. A verdict if there is none.
    pub(super) fn go_on(&mut self, now: Time, out: &mut Outbox) -> Option<Verdict> {
        match self.route.next() {
            Next::Ask(question) => {
                out.arm(now, NAME_PATIENCE, Timer { owner: self.key, name: REPLY });
                out.resolve(question);
                None
            }
            Next::Connect { host, to } => {
                self.hosts += 1;
                let conn = Conn(self.entropy.key(("host", self.hosts)).0 & !Conn::ACCEPTED);
                self.host = host;
                self.conn = Some(conn);
                out.push(Effect::Connect { conn, to });
                None
            }
            Next::Exhausted(why) => Some(match self.turned_away.take() {
                Some((host, no)) => self.all(|recipient| said(recipient, &host, &no)),
                None if why.status().0 == 5 => {
                    self.all(|recipient| Fate::new(recipient, Action::Failed, why.status()))
                }
                None => self.all(|recipient| Fate::new(recipient, Action::Delayed, why.status())),
            }),
        }
    }

    pub(super) fn resolved(
        &mut self,
        now: Time,
        question: &Question,
        answer: &NameAnswer,
        out: &mut Outbox,
    ) -> Option<Verdict> {
        if self.conn.is_some() || self.route.awaited().as_ref() != Some(question) {
            return None;
        }
        out.disarm(Timer { owner: self.key, name: REPLY });
        self.route.answered(answer);
        self.go_on(now, out)
    }

    pub(super) fn stream(&mut self, now: Time, event: StreamEvent, out: &mut Outbox) -> Option<Verdict> {
        match event {
            StreamEvent::Opened => {
                let client = Client::new(self.name.clone(), (*self.envelope).clone());
                out.arm(now, client.stage().patience(), Timer { owner: self.key, name: REPLY });
                self.client = Some(client);
                None
            }
            StreamEvent::Bytes(bytes) => {
                let turn = self.client.as_mut()?.bytes(&bytes);
                self.turned(now, turn, out)
            }
            StreamEvent::Fin | StreamEvent::Reset => {
                let Some(client) = &mut self.client else { return self.next_host(now, out) };
                let outcome = client.closed();
                self.over(now, outcome, out)
            }
            StreamEvent::Refused | StreamEvent::Unreachable | StreamEvent::TimedOut => {
                self.next_host(now, out)
            }
            StreamEvent::Writable | StreamEvent::Secured | StreamEvent::Accepted { .. } => None,
        }
    }

    /// The other server owes a reply for too long, or the name server an answer.
    pub(super) fn timed_out(&mut self, now: Time, out: &mut Outbox) -> Option<Verdict> {
        match &mut self.client {
            Some(client) => {
                let outcome = client.timed_out();
                self.over(now, outcome, out)
            }
            None if self.conn.is_none() => {
                self.route.answered(&NameAnswer::TimedOut);
                self.go_on(now, out)
            }
            None => None,
        }
    }

    fn turned(&mut self, now: Time, turn: Turn, out: &mut Outbox) -> Option<Verdict> {
        let conn = self.conn?;
        turn.send.into_iter().for_each(|bytes| out.send(conn, bytes));
        if let Some(patience) = turn.patience {
            out.arm(now, patience, Timer { owner: self.key, name: REPLY });
        }
        self.over(now, turn.done?, out)
    }

    /// A session is over. Some of its ends say nothing of the mail: then another host may take it (RFC 5321
    /// §5.1).
    fn over(&mut self, now: Time, outcome: Result<(), Failure>, out: &mut Outbox) -> Option<Verdict> {
        let client = self.client.take()?;
        self.hang_up(out);
        let refused = client.refused().to_vec();
        match outcome {
            Ok(()) => Some(self.handed_over(&refused, client.is_notified())),
            Err(Failure::Refused { stage: Stage::Rcpt, .. })
                if refused.len() == self.envelope.recipients.len() =>
            {
                Some(self.handed_over(&refused, false))
            }
            Err(Failure::Refused { stage, no }) => {
                if matches!(stage, Stage::Greeting | Stage::Ehlo | Stage::Helo) || no.code == 421 {
                    self.turned_away = Some((self.host.clone(), no));
                    return self.go_on(now, out);
                }
                let host = self.host.clone();
                Some(self.all(|recipient| said(recipient, &host, &no)))
            }
            // Conversion is needed and not supported (RFC 3463 §3.7).
            Err(Failure::SevenBitsOnly) => {
                Some(self.all(|recipient| Fate::new(recipient, Action::Failed, (5, 6, 3))))
            }
            // Behind the final dot nobody knows: another host would get a second copy at once, this one perhaps
            // in the next try, under the same Message-ID (RFC 5321 §4.5.3.2.6).
            Err(failure) if failure.stage() == Stage::Message => {
                Some(self.all(|recipient| Fate::new(recipient, Action::Delayed, (4, 4, 2))))
            }
            Err(_) => self.go_on(now, out),
        }
    }

    /// The host cannot be talked to.
    fn next_host(&mut self, now: Time, out: &mut Outbox) -> Option<Verdict> {
        self.conn = None;
        self.go_on(now, out)
    }

    fn hang_up(&mut self, out: &mut Outbox) {
        out.disarm(Timer { owner: self.key, name: REPLY });
        if let Some(conn) = self.conn.take() {
            out.push(Effect::Close(conn));
        }
    }

    /// The host has the mail for all that it did not refuse. If it keeps the promises of RFC 3461, it will tell;
    /// otherwise we tell that nobody will (§5.2.2).
    fn handed_over(&self, refused: &[(usize, No)], notified: bool) -> Verdict {
        let mut verdict = Verdict::default();
        for (at, recipient) in self.envelope.recipients.iter().enumerate() {
            match refused.iter().find(|(place, _)| *place == at) {
                Some((_, no)) => verdict.add(said(recipient.clone(), &self.host, no), recipient),
                None if notified => {}
                None => {
                    verdict.fates.push(Fate::new(recipient.clone(), Action::Relayed, (2, 0, 0)));
                }
            }
        }
        verdict
    }

    fn all(&self, fate: impl Fn(Recipient) -> Fate) -> Verdict {
        let mut verdict = Verdict::default();
        self.envelope.recipients.iter().for_each(|recipient| verdict.add(fate(recipient.clone()), recipient));
        verdict
    }
}

impl Verdict {
    fn add(&mut self, fate: Fate, recipient: &Recipient) {
        if fate.is_final() { self.fates.push(fate) } else { self.later.push((recipient.clone(), fate)) }
    }
}

/// The fate of a recipient of whom a server said no.
fn said(recipient: Recipient, host: &str, no: &No) -> Fate {
    let (action, status) =
        if no.is_transient() { (Action::Delayed, (4, 0, 0)) } else { (Action::Failed, (5, 0, 0)) };
    Fate::new(recipient, action, status).in_the_words_of(host, no)
}
