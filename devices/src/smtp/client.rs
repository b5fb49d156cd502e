//! The SMTP client of one mail.

use bytes::Bytes;
use faxproof_wire::smtp::{Command, Param, Reply, ReplyReader, stuff};

use crate::core::Duration;

/// What is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM, without brackets.
    pub from: String,
    /// RCPT TO, without brackets.
    pub to: String,
    /// The mail, not dot-stuffed.
    pub message: Bytes,
}

/// What the client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 220.
    Greeting,
    /// The reply to EHLO.
    Ehlo,
    /// The reply to HELO.
    Helo,
    /// The reply to MAIL.
    Mail,
    /// The reply to RCPT.
    Rcpt,
    /// 354.
    Data,
    /// The reply to the final dot.
    Message,
    /// 221.
    Quit,
}

impl Stage {
    /// How long the client waits at least (RFC 5321 §4.5.3.2; for EHLO, HELO it names none: as for a
    /// command). After QUIT the outcome is known, and half a minute is patience enough.
    pub fn patience(self) -> Duration {
        match self {
            Stage::Greeting | Stage::Ehlo | Stage::Helo | Stage::Mail | Stage::Rcpt => Duration::secs(300),
            Stage::Data => Duration::secs(120),
            Stage::Message => Duration::secs(600),
            Stage::Quit => Duration::secs(30),
        }
    }
}

/// Why a mail was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server said no.
    #[error("{code} at {stage:?}: {text}")]
    Refused {
        /// When.
        stage: Stage,
        /// The reply code.
        code: u16,
        /// The reply's text.
        text: String,
    },
    /// The connection went away; after the final dot nobody knows whether the mail arrived.
    #[error("the connection was lost at {stage:?}")]
    Lost {
        /// When.
        stage: Stage,
    },
    /// No reply in time.
    #[error("no reply in time at {stage:?}")]
    TimedOut {
        /// When.
        stage: Stage,
    },
    /// What came was no reply.
    #[error("no SMTP reply at {stage:?}: {what}")]
    Nonsense {
        /// When.
        stage: Stage,
        /// What is wrong with it.
        what: String,
    },
}

impl Failure {
    /// Where the session stood.
    pub fn stage(&self) -> Stage {
        match self {
            Failure::Refused { stage, .. }
            | Failure::Lost { stage }
            | Failure::TimedOut { stage }
            | Failure::Nonsense { stage, .. } => *stage,
        }
    }
}

/// What follows from one event.
pub type Turn = crate::turn::Turn<Failure>;

/// A session.
#[derive(Clone, Debug)]
pub struct Client {
    name: String,
    envelope: Envelope,
    stage: Stage,
    replies: ReplyReader,
    sizes: bool,
    /// Whether it says HELO at once, without trying EHLO.
    plain: bool,
    /// 250 to EHLO or HELO has come.
    accepted: bool,
    outcome: Option<Result<(), Failure>>,
}

impl Client {
    /// A client that calls itself `name` and will wait for the greeting.
    pub fn new(name: impl Into<String>, envelope: Envelope) -> Self {
        Client {
            name: name.into(),
            envelope,
            stage: Stage::Greeting,
            replies: ReplyReader::new(),
            sizes: false,
            plain: false,
            accepted: false,
            outcome: None,
        }
    }

    /// The same, of the simple kind that says HELO at once (RFC 5321 §3.2 allows it).
    #[must_use]
    pub fn saying_helo(self) -> Self {
        Client { plain: true, ..self }
    }

    /// What it waits for.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether the server took the client: 250 to EHLO or HELO has come.
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// Bytes came from the server.
    pub fn bytes(&mut self, bytes: &[u8]) -> Turn {
        self.replies.feed(bytes);
        let mut turn = Turn::default();
        while turn.done.is_none() {
            match self.replies.next() {
                None => break,
                Some(Ok(reply)) => self.reply(&reply, &mut turn),
                Some(Err(error)) => {
                    turn.done = Some(Err(Failure::Nonsense { stage: self.stage, what: error.to_string() }));
                }
            }
        }
        turn
    }

    /// The connection ended. What came of the session.
    pub fn closed(&mut self) -> Result<(), Failure> {
        self.outcome.take().unwrap_or(Err(Failure::Lost { stage: self.stage }))
    }

    /// No reply came in time. What came of the session.
    pub fn timed_out(&mut self) -> Result<(), Failure> {
        self.outcome.take().unwrap_or(Err(Failure::TimedOut { stage: self.stage }))
    }

    /// RFC 5321 §4.3.2: the code decides, of an unknown one its first digit.
    fn reply(&mut self, reply: &Reply, turn: &mut Turn) {
        let class = reply.code / 100;
        match (self.stage, class) {
            (Stage::Quit, _) => turn.done = Some(self.closed()),
            (Stage::Greeting, 2) if self.plain => {
                self.say(Stage::Helo, Command::Helo(self.name.clone()), turn);
            }
            (Stage::Greeting, 2) => self.say(Stage::Ehlo, Command::Ehlo(self.name.clone()), turn),
            (Stage::Ehlo, 2) => {
                self.sizes = reply.lists("SIZE");
                self.mail(turn);
            }
            // §3.2: a server that does not know EHLO may know HELO. 421 says that it is going away.
            (Stage::Ehlo, 5) if reply.code != 554 => {
                self.say(Stage::Helo, Command::Helo(self.name.clone()), turn);
            }
            (Stage::Helo, 2) => self.mail(turn),
            (Stage::Mail, 2) => {
                let rcpt = Command::RcptTo { path: self.envelope.to.clone(), params: Vec::new() };
                self.say(Stage::Rcpt, rcpt, turn);
            }
            (Stage::Rcpt, 2) => self.say(Stage::Data, Command::Data, turn),
            (Stage::Data, 3) => {
                turn.send.push(stuff(&self.envelope.message).into());
                self.wait(Stage::Message, turn);
            }
            (Stage::Message, 2) => {
                self.outcome = Some(Ok(()));
                self.say(Stage::Quit, Command::Quit, turn);
            }
            _ => {
                let text = reply.lines.join(" ");
                self.outcome = Some(Err(Failure::Refused { stage: self.stage, code: reply.code, text }));
                self.say(Stage::Quit, Command::Quit, turn);
            }
        }
    }

    fn mail(&mut self, turn: &mut Turn) {
        self.accepted = true;
        let size = Param::new("SIZE", self.envelope.message.len().to_string());
        let params = if self.sizes { vec![size] } else { Vec::new() };
        self.say(Stage::Mail, Command::MailFrom { path: self.envelope.from.clone(), params }, turn);
    }

    fn say(&mut self, next: Stage, command: Command, turn: &mut Turn) {
        turn.send.push(command.to_line().into());
        self.wait(next, turn);
    }

    fn wait(&mut self, next: Stage, turn: &mut Turn) {
        self.stage = next;
        turn.patience = Some(next.patience());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        let message = Bytes::from_static(b"Subject: x\r\n\r\n.dot\r\n");
        Client::new("a.example", Envelope { from: "a@a.example".into(), to: "b@b.example".into(), message })
    }

    /// Feeds the replies one by one and returns all that the client said, and the outcome.
    fn talk(replies: &[&str]) -> (String, Option<Result<(), Failure>>) {
        let mut client = client();
        let (mut said, mut done) = (Vec::new(), None);
        for reply in replies {
            let turn = client.bytes(reply.as_bytes());
            turn.send.iter().for_each(|line| said.extend_from_slice(line));
            done = turn.done.or(done);
        }
        (String::from_utf8(said).expect("ASCII"), done)
    }

    #[test]
    fn a_mail_is_handed_over() {
        let replies = [
            "220 hi\r\n",
            "250-hi\r\n250 SIZE 9\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "354 go\r\n",
            "250 ok\r\n",
            "221 bye\r\n",
        ];
        let (said, done) = talk(&replies);
        assert_eq!(
            said,
            "EHLO a.example\r\nMAIL FROM:<a@a.example> SIZE=20\r\nRCPT TO:<b@b.example>\r\nDATA\r\n\
             Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
        );
        assert_eq!(done, Some(Ok(())));
    }

    #[test]
    fn a_server_without_ehlo_gets_helo() {
        let (said, _) = talk(&["220 hi\r\n", "502 what\r\n", "250 ok\r\n"]);
        assert_eq!(said, "EHLO a.example\r\nHELO a.example\r\nMAIL FROM:<a@a.example>\r\n");
    }

    #[test]
    fn a_refusal_at_any_stage_ends_with_quit_and_the_code() {
        let path = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"];
        let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Message];
        for (at, stage) in stages.into_iter().enumerate() {
            let mut replies = path[..at].to_vec();
            replies.extend(["451 later\r\n", "221 bye\r\n"]);
            let (said, done) = talk(&replies);
            assert!(said.ends_with("QUIT\r\n"), "{said}");
            assert_eq!(done, Some(Err(Failure::Refused { stage, code: 451, text: "later".into() })));
        }
    }

    #[test]
    fn a_connection_lost_after_the_dot_is_no_success() {
        let mut client = client();
        for reply in ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n"] {
            client.bytes(reply.as_bytes());
        }
        assert_eq!(client.closed(), Err(Failure::Lost { stage: Stage::Message }));
    }

    #[test]
    fn a_connection_closed_instead_of_221_is_a_success() {
        let mut client = client();
        for reply in ["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n", "354 a\r\n", "250 a\r\n"] {
            client.bytes(reply.as_bytes());
        }
        assert_eq!(client.closed(), Ok(()));
    }

    #[test]
    fn bytes_may_come_one_by_one() {
        let mut client = client();
        let turns: Vec<_> = b"220 hi\r\n".iter().map(|byte| client.bytes(&[*byte])).collect();
        assert_eq!(turns.iter().map(|turn| turn.send.len()).sum::<usize>(), 1);
        assert_eq!(client.stage(), Stage::Ehlo);
    }
}
