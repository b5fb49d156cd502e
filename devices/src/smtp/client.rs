//! The SMTP client of one mail.

use bytes::Bytes;
use faxproof_wire::smtp::{CONNEG, Command, Param, Reply, ReplyReader, stuff};

use super::{Body, Envelope, Recipient};
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

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stage::Greeting => "the greeting",
            Stage::Ehlo => "EHLO",
            Stage::Helo => "HELO",
            Stage::Mail => "MAIL",
            Stage::Rcpt => "RCPT",
            Stage::Data => "DATA",
            Stage::Message => "the message",
            Stage::Quit => "QUIT",
        })
    }
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
    #[error("{} at {stage}: {}", .no.code, .no.text)]
    Refused {
        /// When.
        stage: Stage,
        /// What it said.
        no: No,
    },
    /// The connection went away; after the final dot nobody knows whether the mail arrived.
    #[error("the connection was lost at {stage}")]
    Lost {
        /// When.
        stage: Stage,
    },
    /// No reply in time.
    #[error("no reply in time at {stage}")]
    TimedOut {
        /// When.
        stage: Stage,
    },
    /// What came was no reply.
    #[error("no SMTP reply at {stage}: {what}")]
    Nonsense {
        /// When.
        stage: Stage,
        /// What is wrong with it.
        what: String,
    },
    /// The mail has octets above 127, and the server does not list 8BITMIME: it must not be given them (RFC 6152
    /// §3), now or later.
    #[error("the server takes mails of seven bits only")]
    SevenBitsOnly,
}

impl Failure {
    /// Where the session stood.
    pub fn stage(&self) -> Stage {
        match self {
            Failure::Refused { stage, .. }
            | Failure::Lost { stage }
            | Failure::TimedOut { stage }
            | Failure::Nonsense { stage, .. } => *stage,
            Failure::SevenBitsOnly => Stage::Mail,
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
    /// The server listed 8BITMIME.
    takes_eight_bits: bool,
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
            takes_eight_bits: false,
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

    /// What the recipient said that it prints, while the client waits to be given the message for it.
    pub fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// The message that was formed for the recipient.
    pub fn give(&mut self, message: Bytes) -> Turn {
        self.envelope.message = message;
        let mut turn = Turn::default();
        if self.question.take().is_some() {
            self.say(Stage::Data, Command::Data, &mut turn);
            // A server that did not wait for DATA has said something already.
            self.read(&mut turn);
        }
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

    /// The same recipients, and what the server said of each.
    pub fn refused_recipients(&self) -> impl Iterator<Item = (&Recipient, &No)> {
        self.refused.iter().filter_map(|(place, no)| Some((self.envelope.recipients.get(*place)?, no)))
    }

    /// Whether the server has the mail: 250 behind the final dot has come.
    pub fn has_handed_over(&self) -> bool {
        self.outcome == Some(Ok(()))
    }

    /// Whether it took none of them.
    pub fn refused_all(&self) -> bool {
        self.refused.len() == self.envelope.recipients.len()
    }

    /// Bytes came from the server.
    pub fn bytes(&mut self, bytes: &[u8]) -> Turn {
        self.replies.feed(bytes);
        let mut turn = Turn::default();
        self.read(&mut turn);
        turn
    }

    /// The replies that are here, up to the one behind which the message is due.
    fn read(&mut self, turn: &mut Turn) {
        while turn.done.is_none() && self.question.is_none() {
            match self.replies.next() {
                None => break,
                Some(Ok(reply)) => self.reply(&reply, turn),
                Some(Err(error)) => {
                    let nonsense = Failure::Nonsense { stage: self.stage, what: error.to_string() };
                    // Behind QUIT the outcome is known, whatever comes.
                    turn.done = Some(self.outcome.take().unwrap_or(Err(nonsense)));
                }
            }
        }
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
                self.takes_eight_bits = reply.lists("8BITMIME");
                self.asks = self.forms && self.extended && reply.lists(CONNEG);
                self.mail(turn);
            }
            // §3.2: a server that does not know EHLO may know HELO. 421 says that it is going away.
            (Stage::Ehlo, 5) if reply.code != 554 => {
                self.say(Stage::Helo, Command::Helo(self.name.clone()), turn);
            }
            (Stage::Helo, 2) => self.mail(turn),
            (Stage::Mail, 2) => self.rcpt(turn),
            // A message that is formed has one recipient.
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
        let has_eight_bits = self.envelope.body == Body::EightBit;
        // One that only might have had them goes everywhere.
        if has_eight_bits && !self.takes_eight_bits && !self.envelope.message.is_ascii() {
            self.outcome = Some(Err(Failure::SevenBitsOnly));
            return self.say(Stage::Quit, Command::Quit, turn);
        }
        let size = Param::new("SIZE", sent_size(&self.envelope.message).to_string());
        // What is to be formed yet has no size.
        let mut params = if self.sizes && !self.asks { vec![size] } else { Vec::new() };
        params.extend((has_eight_bits && self.takes_eight_bits).then(|| Param::new("BODY", "8BITMIME")));
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

/// The octets of a message as it is sent, without its final dot and the dots that are added (RFC 1870 §5).
fn sent_size(message: &[u8]) -> usize {
    let is_whole = message.is_empty() || message.ends_with(b"\r\n");
    if is_whole { message.len() } else { message.len() + b"\r\n".len() }
}

#[cfg(test)]
mod tests;
