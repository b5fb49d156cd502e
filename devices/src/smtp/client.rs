//! The SMTP client of one mail.

use bytes::Bytes;
use faxproof_wire::smtp::{CONNEG, Command, Param, Reply, ReplyReader, stuff};

use super::Envelope;
use crate::core::Duration;

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
    #[error("{} at {stage:?}: {}", .no.code, .no.text)]
    Refused {
        /// When.
        stage: Stage,
        /// What it said.
        no: No,
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

/// A reply that refuses something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct No {
    /// The reply code, from 400 to 599 where the server keeps to the RFC.
    pub code: u16,
    /// The enhanced code, where it gave one (RFC 3463).
    pub status: Option<(u8, u16, u16)>,
    /// Its text.
    pub text: String,
}

impl No {
    fn of(reply: &Reply) -> No {
        No { code: reply.code, status: reply.enhanced, text: reply.lines.join(" ") }
    }

    /// Whether another try may end otherwise (RFC 5321 §4.2.1).
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }
}

/// What the recipient of a message that is to be formed said in reply to RCPT (RFC 4141 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it prints, as it was told; `None`: it did not say.
    pub told: Option<String>,
}

/// What follows from one event.
pub type Turn = crate::turn::Turn<Failure>;

/// A session.
#[derive(Clone, Debug)]
pub struct Client {
    name: String,
    envelope: Envelope,
    /// What it hands over instead to a server without extensions, if that is something else.
    plainly: Option<Envelope>,
    /// The extension that a server must list to count as one with extensions.
    needs: Option<&'static str>,
    /// The server has extensions.
    extended: bool,
    stage: Stage,
    replies: ReplyReader,
    /// The server listed SIZE.
    sizes: bool,
    /// The server listed DSN.
    notifies: bool,
    /// The message can be formed for what the recipient prints.
    forms: bool,
    /// And the server listed CONNEG: it is asked, and the message comes when it has answered.
    asks: bool,
    /// What the recipient said that it prints, until the message is given.
    question: Option<Question>,
    /// The recipient that RCPT names.
    recipient: usize,
    /// Recipients that the server did not take, by their place in the envelope.
    refused: Vec<(usize, No)>,
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
            plainly: None,
            needs: None,
            extended: false,
            stage: Stage::Greeting,
            replies: ReplyReader::new(),
            sizes: false,
            notifies: false,
            forms: false,
            asks: false,
            question: None,
            recipient: 0,
            refused: Vec::new(),
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

    /// The same, which hands another mail over to a server without extensions: one that does not know EHLO,
    /// or does not list what is needed.
    #[must_use]
    pub fn with_plain_mail(self, envelope: Envelope, needs: Option<&'static str>) -> Self {
        Client { plainly: Some(envelope), needs, ..self }
    }

    /// The same, whose message for a server with extensions can be formed for what its recipient prints.
    #[must_use]
    pub fn forming(self) -> Self {
        Client { forms: true, ..self }
    }

    /// What the recipient said that it prints, when the client waits to be given the message for it.
    pub fn question(&mut self) -> Option<Question> {
        self.question.take()
    }

    /// The message that was formed for the recipient.
    pub fn give(&mut self, message: Bytes) -> Turn {
        self.envelope.message = message;
        let mut turn = Turn::default();
        self.say(Stage::Data, Command::Data, &mut turn);
        turn
    }

    /// Whether the server has extensions; known once it is accepted.
    pub fn is_extended(&self) -> bool {
        self.extended
    }

    /// What it waits for.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether the server took the client: 250 to EHLO or HELO has come.
    pub fn is_accepted(&self) -> bool {
        self.accepted
    }

    /// Whether the server will keep the promises of RFC 3461: it listed DSN.
    pub fn is_notified(&self) -> bool {
        self.notifies
    }

    /// The recipients that the server did not take, by their place in the envelope. The mail went to the
    /// others, if it went at all.
    pub fn refused(&self) -> &[(usize, No)] {
        &self.refused
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
                self.extended = self.needs.is_none_or(|needed| reply.lists(needed));
                self.sizes = reply.lists("SIZE");
                self.notifies = reply.lists("DSN");
                self.asks = self.forms && self.extended && reply.lists(CONNEG);
                self.mail(turn);
            }
            // §3.2: a server that does not know EHLO may know HELO. 421 says that it is going away.
            (Stage::Ehlo, 5) if reply.code != 554 => {
                self.say(Stage::Helo, Command::Helo(self.name.clone()), turn);
            }
            (Stage::Helo, 2) => self.mail(turn),
            (Stage::Mail, 2) => self.rcpt(turn),
            (Stage::Rcpt, 2) if self.asks => {
                self.question = Some(Question { told: reply.told_features() });
            }
            (Stage::Rcpt, 2) => self.next_recipient(reply, turn),
            // 421 means all of the session, any other code this recipient alone.
            (Stage::Rcpt, 4 | 5) if reply.code != 421 => {
                self.refused.push((self.recipient, No::of(reply)));
                self.next_recipient(reply, turn);
            }
            (Stage::Data, 3) => {
                turn.send.push(stuff(&self.envelope.message).into());
                self.wait(Stage::Message, turn);
            }
            (Stage::Message, 2) => {
                self.outcome = Some(Ok(()));
                self.say(Stage::Quit, Command::Quit, turn);
            }
            _ => self.refuse(reply, turn),
        }
    }

    fn refuse(&mut self, reply: &Reply, turn: &mut Turn) {
        self.outcome = Some(Err(Failure::Refused { stage: self.stage, no: No::of(reply) }));
        self.say(Stage::Quit, Command::Quit, turn);
    }

    fn mail(&mut self, turn: &mut Turn) {
        self.accepted = true;
        if let Some(plain) = self.plainly.take().filter(|_| !self.extended) {
            self.envelope = plain;
        }
        let size = Param::new("SIZE", self.envelope.message.len().to_string());
        // What is to be formed yet has no size.
        let mut params = if self.sizes && !self.asks { vec![size] } else { Vec::new() };
        if self.notifies {
            params.extend(self.envelope.dsn.to_params());
        }
        self.say(Stage::Mail, Command::MailFrom { path: self.envelope.from.clone(), params }, turn);
    }

    fn rcpt(&mut self, turn: &mut Turn) {
        let recipient = &self.envelope.recipients[self.recipient];
        let mut params = if self.notifies { recipient.dsn.to_params() } else { Vec::new() };
        params.extend(self.asks.then(Param::conneg));
        self.say(Stage::Rcpt, Command::RcptTo { path: recipient.path.clone(), params }, turn);
    }

    /// The mail goes on if any recipient was taken (RFC 5321 §3.3).
    fn next_recipient(&mut self, reply: &Reply, turn: &mut Turn) {
        self.recipient += 1;
        if self.recipient < self.envelope.recipients.len() {
            self.rcpt(turn);
        } else if self.refused.len() < self.envelope.recipients.len() {
            self.say(Stage::Data, Command::Data, turn);
        } else {
            self.refuse(reply, turn);
        }
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
    use faxproof_wire::smtp::{MailDsn, Notify, RcptDsn};

    use super::super::Recipient;
    use super::*;

    fn client() -> Client {
        let message = Bytes::from_static(b"Subject: x\r\n\r\n.dot\r\n");
        Client::new("a.example", Envelope::new("a@a.example", "b@b.example", message))
    }

    /// The same mail to two recipients, with a notification wanted of each.
    fn to_two() -> Client {
        let mut client = client();
        let notify = Notify { success: true, ..Notify::default() };
        let dsn = RcptDsn { notify: Some(notify), orcpt: None };
        client.envelope.dsn = MailDsn { ret: None, envid: Some("e1".into()) };
        client.envelope.recipients = ["b@b.example", "c@b.example"]
            .map(|path| Recipient { path: path.into(), dsn: dsn.clone() })
            .into();
        client
    }

    /// Feeds the replies one by one and returns all that the client said, and the outcome.
    fn talk(replies: &[&str]) -> (String, Option<Result<(), Failure>>) {
        talk_of(&mut client(), replies)
    }

    fn talk_of(client: &mut Client, replies: &[&str]) -> (String, Option<Result<(), Failure>>) {
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
    fn a_server_without_extensions_gets_the_plain_mail() {
        let plain = Envelope::new("plain@a.example", "b@b.example", Bytes::new());
        let mut client = client().with_plain_mail(plain.clone(), None);
        let (said, _) = talk_of(&mut client, &["220 hi\r\n", "502 what\r\n", "250 ok\r\n"]);
        assert!(said.ends_with("MAIL FROM:<plain@a.example>\r\n") && !client.is_extended(), "{said}");
        let mut client = self::client().with_plain_mail(plain.clone(), None);
        let (said, _) = talk_of(&mut client, &["220 hi\r\n", "250 ok\r\n"]);
        assert!(said.ends_with("MAIL FROM:<a@a.example>\r\n") && client.is_extended(), "{said}");
        let mut client = self::client().with_plain_mail(plain, Some("DSN"));
        let (said, _) = talk_of(&mut client, &["220 hi\r\n", "250 ok\r\n"]);
        assert!(said.ends_with("MAIL FROM:<plain@a.example>\r\n") && !client.is_extended(), "{said}");
    }

    #[test]
    fn a_server_that_lists_conneg_is_asked_and_the_message_waits_for_its_answer() {
        let told = "250-ok\r\n250-CONNEG (& (paper-size=A4)\r\n250 CONNEG (image-coding=MH))\r\n";
        let mut client = client().forming();
        let (said, _) =
            talk_of(&mut client, &["220 a\r\n", "250-a\r\n250-SIZE 9\r\n250 CONNEG\r\n", "250 a\r\n", told]);
        assert!(said.ends_with("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example> CONNEG\r\n"), "{said}");
        let told = client.question().and_then(|question| question.told);
        assert_eq!(told.as_deref(), Some("(& (paper-size=A4) (image-coding=MH))"));
        assert_eq!(client.question(), None);
        let turn = client.give(Bytes::from_static(b"formed\r\n"));
        assert_eq!(turn.send, [&b"DATA\r\n"[..]]);
        let (said, _) = talk_of(&mut client, &["354 go\r\n"]);
        assert_eq!(said, "formed\r\n.\r\n");
    }

    #[test]
    fn who_does_not_list_conneg_is_not_asked() {
        let mut client = client().forming();
        let (said, _) = talk_of(&mut client, &["220 a\r\n", "250 a\r\n", "250 a\r\n", "250 a\r\n"]);
        assert!(said.ends_with("RCPT TO:<b@b.example>\r\nDATA\r\n"), "{said}");
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
            assert_eq!(done, Some(Err(Failure::Refused { stage, no: later() })));
        }
    }

    fn later() -> No {
        No { code: 451, status: None, text: "later".into() }
    }

    #[test]
    fn one_recipient_that_is_refused_does_not_keep_the_other_from_the_mail() {
        let mut client = to_two();
        let replies = ["220 a\r\n", "250 a\r\n", "250 a\r\n", "451 later\r\n", "250 a\r\n", "354 a\r\n"];
        let (said, _) = talk_of(&mut client, &replies);
        assert!(said.contains("RCPT TO:<c@b.example>\r\nDATA\r\n"), "{said}");
        assert_eq!(client.refused(), [(0, later())]);
    }

    #[test]
    fn what_is_asked_of_notifications_is_said_only_to_a_server_that_lists_them() {
        let (said, _) = talk_of(&mut to_two(), &["220 a\r\n", "250-a\r\n250 DSN\r\n", "250 a\r\n"]);
        assert!(said.ends_with("ENVID=e1\r\nRCPT TO:<b@b.example> NOTIFY=SUCCESS\r\n"), "{said}");
        let (said, _) = talk_of(&mut to_two(), &["220 a\r\n", "250 a\r\n", "250 a\r\n"]);
        assert!(said.ends_with("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n"), "{said}");
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
