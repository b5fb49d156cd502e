//! Normal SMTP (S309): hands mails to the outgoing server of a box, over connections of its own. Nothing else
//! of the box waits for it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::core::{Conn, Effect, Entropy, Outbox, StreamEvent, Time, Timer};
use crate::smtp::{Client, Envelope, Failure, Stage};
use crate::turn::Turn;

/// Mails that may be on their way at one time.
const MOST: usize = 100;
/// Runs while the server owes the next reply; its owner is the mail.
const TIMER: &str = "mail";

/// The mails on their way.
#[derive(Clone, Debug)]
pub(crate) struct Mailer {
    server: Option<SocketAddr>,
    /// By what name it greets.
    name: String,
    entropy: Entropy,
    jobs: BTreeMap<u64, Job>,
}

#[derive(Clone, Debug)]
struct Job {
    conn: Conn,
    client: Client,
}

/// A mail that is under way no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) key: u64,
    /// What came of it.
    pub(crate) outcome: Result<(), String>,
    /// It failed behind the final dot: nobody knows whether the server has it (RFC 5321 §4.5.3.2.6).
    pub(crate) in_doubt: bool,
    /// Recipients that the server did not take.
    pub(crate) refused: Vec<Refused>,
}

/// A recipient that the server did not take, and why.
pub(crate) type Refused = (String, String);

impl Mailer {
    /// A mailer for this outgoing server, if there is one.
    pub(crate) fn new(server: Option<SocketAddr>, name: &str, entropy: Entropy) -> Mailer {
        Mailer { server, name: name.to_owned(), entropy, jobs: BTreeMap::new() }
    }

    /// How many connections it holds.
    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Begins to hand a mail over.
    ///
    /// # Errors
    /// Why that cannot even begin.
    pub(crate) fn submit(&mut self, key: u64, envelope: Envelope, out: &mut Outbox) -> Result<(), String> {
        let to = self.server_for_one_more()?;
        let conn = Conn(self.entropy.key(("mail", key)).0 & !Conn::ACCEPTED);
        out.push(Effect::Connect { conn, to });
        self.jobs.insert(key, Job { conn, client: Client::new(self.name.clone(), envelope) });
        Ok(())
    }

    /// The server to which a mail can be handed now.
    ///
    /// # Errors
    /// Why that cannot even begin.
    pub(crate) fn server_for_one_more(&self) -> Result<SocketAddr, String> {
        if self.jobs.len() >= MOST {
            return Err("too many mails are on their way".to_owned());
        }
        self.server.ok_or_else(|| "no outgoing mail server is set up".to_owned())
    }

    /// The mail on this connection and whom the server did not take, where the server has it: 250 behind the final dot
    /// has come. The session may go on.
    pub(crate) fn handed_over(&self, conn: Conn) -> Option<(u64, Vec<Refused>)> {
        let (key, job) = self.jobs.iter().find(|(_, job)| job.conn == conn)?;
        job.client.has_handed_over().then(|| (*key, job.refused()))
    }

    /// Whether this connection is one of its own.
    pub(crate) fn has(&self, conn: Conn) -> bool {
        self.jobs.values().any(|job| job.conn == conn)
    }

    /// Whether this timer is one of its own.
    pub(crate) fn owns(&self, timer: Timer) -> bool {
        timer.name == TIMER && self.jobs.contains_key(&timer.owner)
    }

    /// Something happened on a connection of its own.
    pub(crate) fn stream(
        &mut self,
        now: Time,
        conn: Conn,
        event: StreamEvent,
        out: &mut Outbox,
    ) -> Option<Done> {
        let key = self.jobs.iter().find(|(_, job)| job.conn == conn).map(|(key, _)| *key)?;
        let job = self.jobs.get_mut(&key)?;
        let failed = |why: &str| Some(Err(why.to_owned()));
        let done = match event {
            StreamEvent::Opened => {
                out.arm(now, job.client.stage().patience(), Timer { owner: key, name: TIMER });
                None
            }
            StreamEvent::Bytes(bytes) => {
                let turn = job.client.bytes(&bytes);
                turned(now, key, job, turn, out)
            }
            StreamEvent::Fin | StreamEvent::Reset => {
                Some(job.client.closed().map_err(|failure| failure.to_string()))
            }
            StreamEvent::Refused => failed("the mail server refused the connection"),
            StreamEvent::Unreachable => failed("the mail server cannot be reached"),
            StreamEvent::TimedOut => failed("the mail server does not answer"),
            StreamEvent::Writable | StreamEvent::Secured | StreamEvent::Accepted { .. } => None,
        };
        self.over(key, done?, out)
    }

    /// A timer of its own ran out.
    pub(crate) fn fires(&mut self, timer: Timer, out: &mut Outbox) -> Option<Done> {
        let job = self.jobs.get_mut(&timer.owner)?;
        let outcome = job.client.timed_out().map_err(|failure| failure.to_string());
        self.over(timer.owner, outcome, out)
    }

    fn over(&mut self, key: u64, outcome: Result<(), String>, out: &mut Outbox) -> Option<Done> {
        let job = self.jobs.remove(&key)?;
        out.disarm(Timer { owner: key, name: TIMER });
        out.push(Effect::Close(job.conn));
        let in_doubt = outcome.is_err() && job.client.stage() == Stage::Message;
        Some(Done { key, outcome, in_doubt, refused: job.refused() })
    }
}

impl Job {
    fn refused(&self) -> Vec<Refused> {
        let refused = self.client.refused_recipients();
        refused.map(|(to, no)| (to.path.clone(), format!("{} {}", no.code, no.text))).collect()
    }
}

fn turned(
    now: Time,
    key: u64,
    job: &mut Job,
    turn: Turn<Failure>,
    out: &mut Outbox,
) -> Option<Result<(), String>> {
    turn.send.into_iter().for_each(|bytes| out.send(job.conn, bytes));
    if let Some(patience) = turn.patience {
        out.arm(now, patience, Timer { owner: key, name: TIMER });
    }
    turn.done.map(|done| done.map_err(|failure| failure.to_string()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const KEY: u64 = 7;

    /// A mailer that has one mail under way, and its connection.
    fn submitted() -> (Mailer, Conn) {
        let server = "10.0.0.8:25".parse().ok();
        let mut mailer = Mailer::new(server, "a.example", Entropy::of_seed(1));
        let message = Bytes::from_static(b"Subject: x\r\n\r\nhi\r\n");
        let envelope = Envelope::new("a@a.example", "b@b.example", message);
        let mut out = Outbox::new();
        mailer.submit(KEY, envelope, &mut out).expect("a server");
        match out.effects() {
            [Effect::Connect { conn, to }] if Some(*to) == server => (mailer, *conn),
            other => panic!("{other:?}"),
        }
    }

    fn done(outcome: Result<(), &str>) -> Done {
        let outcome = outcome.map_err(str::to_owned);
        Done { key: KEY, outcome, in_doubt: false, refused: Vec::new() }
    }

    fn says(mailer: &mut Mailer, conn: Conn, reply: &'static str, out: &mut Outbox) -> Option<Done> {
        mailer.stream(Time(0), conn, StreamEvent::Bytes(Bytes::from_static(reply.as_bytes())), out)
    }

    #[test]
    fn a_mail_is_handed_to_the_outgoing_server() {
        let (mut mailer, conn) = submitted();
        let mut out = Outbox::new();
        assert_eq!(mailer.stream(Time(0), conn, StreamEvent::Opened, &mut out), None);
        for reply in ["220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"] {
            assert_eq!(says(&mut mailer, conn, reply, &mut out), None, "{reply}");
        }
        assert_eq!(says(&mut mailer, conn, "221 bye\r\n", &mut out), Some(done(Ok(()))));
        assert_eq!(mailer.len(), 0);
    }

    #[test]
    fn what_the_server_does_not_take_is_told() {
        let (mut mailer, conn) = submitted();
        let mut out = Outbox::new();
        let refused = mailer.stream(Time(0), conn, StreamEvent::Refused, &mut out);
        assert_eq!(refused, Some(done(Err("the mail server refused the connection"))));
        let (mut mailer, _) = submitted();
        let timer = Timer { owner: KEY, name: TIMER };
        assert!(
            mailer.owns(timer) && mailer.fires(timer, &mut out).is_some_and(|done| done.outcome.is_err())
        );
    }

    #[test]
    fn without_a_server_nothing_begins() {
        let mut mailer = Mailer::new(None, "a.example", Entropy::of_seed(1));
        let envelope = Envelope::default();
        let mut out = Outbox::new();
        assert!(mailer.submit(KEY, envelope, &mut out).is_err() && out.effects().is_empty());
    }
}
