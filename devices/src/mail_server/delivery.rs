//! One try to pass one mail on: find a host, connect, hand over.

use std::sync::Arc;

use faxproof_wire::mime::Action;

use super::notices::Fate;
use crate::core::{Conn, Duration, Effect, Entropy, NameAnswer, Outbox, Question, StreamEvent, Time, Timer};
use crate::smtp::{Client, Envelope, Failure, Next, No, Recipient, Route, Stage, Turn};

/// Runs while the other server owes a reply, or the name server an answer; its owner is the mail.
pub(super) const REPLY: &str = "reply";
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

    /// The question whose answer it waits for.
    pub(super) fn awaited(&self) -> Option<Question> {
        if self.conn.is_some() { None } else { self.route.awaited() }
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
                Some((host, no)) => Verdict::refused(&self.envelope, (DNS, &host), &no),
                None if why.status().0 == 5 => self.all(Action::Failed, why.status()),
                None => self.all(Action::Delayed, why.status()),
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
        if self.awaited().as_ref() != Some(question) {
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
        match outcome {
            Ok(()) => {
                let host = (DNS, self.host.as_str());
                Some(Verdict::handed_over(&self.envelope, host, client.refused(), client.is_notified()))
            }
            Err(Failure::Refused { stage: Stage::Rcpt, .. }) if client.refused_all() => {
                Some(Verdict::handed_over(&self.envelope, (DNS, &self.host), client.refused(), false))
            }
            Err(Failure::Refused { stage, no }) => {
                if matches!(stage, Stage::Greeting | Stage::Ehlo | Stage::Helo) || no.code == 421 {
                    self.turned_away = Some((self.host.clone(), no));
                    return self.go_on(now, out);
                }
                Some(Verdict::refused(&self.envelope, (DNS, &self.host), &no))
            }
            // Conversion is needed and not supported (RFC 3463 §3.7).
            Err(Failure::SevenBitsOnly) => Some(self.all(Action::Failed, (5, 6, 3))),
            // Behind the final dot nobody knows: another host would get a second copy at once, this one perhaps
            // in the next try, under the same Message-ID (RFC 5321 §4.5.3.2.6).
            Err(failure) if failure.stage() == Stage::Message => Some(self.all(Action::Delayed, (4, 4, 2))),
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

    fn all(&self, action: Action, status: (u8, u16, u16)) -> Verdict {
        Verdict::of_all(&self.envelope, |recipient| Fate::new(recipient, action, status))
    }
}

/// The kind of name that a host has (RFC 3464 §2.1.2).
const DNS: &str = "dns";
/// A server, as a notification names it: the kind of the name, and the name.
type Mta<'a> = (&'static str, &'a str);

impl Verdict {
    /// The host has the mail for all that it did not refuse. If it keeps the promises of RFC 3461, it will tell;
    /// otherwise we tell that nobody will (§5.2.2).
    pub(super) fn handed_over(
        envelope: &Envelope,
        host: Mta<'_>,
        refused: &[(usize, No)],
        notified: bool,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        for (at, recipient) in envelope.recipients.iter().enumerate() {
            match refused.iter().find(|(place, _)| *place == at) {
                Some((_, no)) => verdict.add(said(recipient.clone(), host, no), recipient),
                None if notified => {}
                None => verdict.fates.push(Fate::new(recipient.clone(), Action::Relayed, (2, 0, 0))),
            }
        }
        verdict
    }

    /// The host refused the mail as a whole.
    pub(super) fn refused(envelope: &Envelope, host: Mta<'_>, no: &No) -> Verdict {
        Verdict::of_all(envelope, |recipient| said(recipient, host, no))
    }

    /// The same for every recipient.
    pub(super) fn of_all(envelope: &Envelope, fate: impl Fn(Recipient) -> Fate) -> Verdict {
        let mut verdict = Verdict::default();
        envelope.recipients.iter().for_each(|recipient| verdict.add(fate(recipient.clone()), recipient));
        verdict
    }

    /// Whether it failed for some recipient.
    pub(super) fn is_failure(&self) -> bool {
        self.fates.iter().any(Fate::is_failure)
    }

    fn add(&mut self, fate: Fate, recipient: &Recipient) {
        if fate.is_final() { self.fates.push(fate) } else { self.later.push((recipient.clone(), fate)) }
    }
}

/// The fate of a recipient of whom a server said no.
fn said(recipient: Recipient, host: Mta<'_>, no: &No) -> Fate {
    let (action, status) =
        if no.is_transient() { (Action::Delayed, (4, 0, 0)) } else { (Action::Failed, (5, 0, 0)) };
    Fate::new(recipient, action, status).in_the_words_of(host, no)
}
