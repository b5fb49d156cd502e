//! The POP3 client of a box: collects all mails of a maildrop.

use std::collections::VecDeque;

use bytes::Bytes;
use faxproof_wire::pop3::{Command, Reply, ReplyReader, entries};

use crate::core::Duration;

/// What the client waits for; RFC 1939 names no time for clients, so it is that of an SMTP command.
const PATIENCE: Duration = Duration::secs(300);
/// Behind QUIT everything is done but the deleting.
const LAST_PATIENCE: Duration = Duration::secs(30);

/// Why a maildrop was not collected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server said no.
    #[error("the server refused {verb}: {text}")]
    Refused {
        /// What was refused.
        verb: String,
        /// In its words.
        text: String,
    },
    /// The connection went away.
    #[error("the connection was lost")]
    Lost,
    /// No reply in time.
    #[error("no reply in time")]
    TimedOut,
    /// What came was no reply, or no listing.
    #[error("no POP3 reply: {0}")]
    Nonsense(String),
}

/// What follows from one event.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// The session, as in every other protocol.
    pub turn: crate::turn::Turn<Failure>,
    /// A mail that came: its unique name, and the mail. It stays on the server until
    /// [`Client::taken`] is called.
    pub mail: Option<(String, Bytes)>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Client {
    user: String,
    password: String,
    replies: ReplyReader,
    /// The command that has no reply yet; `None`: the greeting is awaited, or nothing.
    asked: Option<Command>,
    /// Numbers and unique names of the mails that are left.
    left: VecDeque<(u32, String)>,
    /// Mails that were taken before, by their unique names: they are deleted and not fetched again.
    known: Vec<String>,
    done: Option<Result<(), Failure>>,
}

impl Client {
    /// A client of this user that keeps mails of at most `limit` octets. `known` are the unique names of
    /// mails that it has taken before.
    pub fn new(user: &str, password: &str, limit: usize, known: Vec<String>) -> Client {
        Client {
            user: user.to_owned(),
            password: password.to_owned(),
            replies: ReplyReader::new(limit),
            asked: None,
            left: VecDeque::new(),
            known,
            done: None,
        }
    }

    /// How long to wait for the greeting.
    pub fn patience() -> Duration {
        PATIENCE
    }

    /// Bytes came from the server. Call again without bytes after a mail: more may be waiting.
    pub fn bytes(&mut self, bytes: &[u8]) -> Turn {
        self.replies.feed(bytes);
        let mut turn = Turn::default();
        while turn.turn.done.is_none() && turn.mail.is_none() {
            let has_body = self.asked.as_ref().is_some_and(Command::has_body);
            match self.replies.take(has_body) {
                None => break,
                Some(Ok(reply)) => self.reply(&reply, &mut turn),
                Some(Err(error)) => turn.turn.done = Some(Err(Failure::Nonsense(error.to_string()))),
            }
        }
        turn
    }

    /// The mail that came last is safe here: the server may delete it.
    pub fn taken(&mut self) -> Turn {
        let mut turn = Turn::default();
        if let Some((number, name)) = self.left.front() {
            self.known.push(name.clone());
            self.say(Command::Dele(*number), &mut turn);
        }
        turn
    }

    /// The connection ended. What came of the session.
    pub fn closed(&mut self) -> Result<(), Failure> {
        self.done.take().unwrap_or(Err(Failure::Lost))
    }

    /// No reply came in time. What came of the session.
    pub fn timed_out(&mut self) -> Result<(), Failure> {
        self.done.take().unwrap_or(Err(Failure::TimedOut))
    }

    fn reply(&mut self, reply: &Reply, turn: &mut Turn) {
        let asked = self.asked.take();
        if !reply.status.is_ok {
            let verb = asked.as_ref().map_or("the greeting", Command::verb).to_owned();
            let failure = Failure::Refused { verb, text: reply.status.text.clone() };
            if asked == Some(Command::Quit) {
                // The server could not delete what is marked (§6); it will be there next time.
                turn.turn.done = Some(Err(failure));
                return;
            }
            self.done = Some(Err(failure));
            return self.say(Command::Quit, turn);
        }
        match asked {
            None => self.say(Command::User(self.user.clone()), turn),
            Some(Command::User(_)) => self.say(Command::Pass(self.password.clone()), turn),
            Some(Command::Pass(_)) => self.say(Command::Uidl(None), turn),
            Some(Command::Uidl(_)) => match reply.body.as_deref().and_then(entries) {
                Some(found) => {
                    self.left = found.into_iter().map(|entry| (entry.message, entry.value)).collect();
                    self.next(turn);
                }
                None => turn.turn.done = Some(Err(Failure::Nonsense("a listing of UIDL".to_owned()))),
            },
            Some(Command::Retr(_)) => {
                let name = self.left.front().map(|(_, name)| name.clone()).unwrap_or_default();
                turn.mail = Some((name, reply.body.clone().unwrap_or_default()));
            }
            Some(Command::Dele(_)) => {
                self.left.pop_front();
                self.next(turn);
            }
            _ => turn.turn.done = Some(self.done.take().unwrap_or(Ok(()))),
        }
    }

    fn next(&mut self, turn: &mut Turn) {
        let command = match self.left.front() {
            Some((number, name)) if self.known.contains(name) => Command::Dele(*number),
            Some((number, _)) => Command::Retr(*number),
            None => {
                self.done.get_or_insert(Ok(()));
                Command::Quit
            }
        };
        self.say(command, turn);
    }

    fn say(&mut self, command: Command, turn: &mut Turn) {
        let patience = if command == Command::Quit { LAST_PATIENCE } else { PATIENCE };
        turn.turn.send.push(command.to_line().into());
        turn.turn.patience = Some(patience);
        self.asked = Some(command);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Maildrops, Server, StoredMail};
    use super::*;
    use faxproof_wire::pop3::Status;

    struct Drop(Vec<StoredMail>);

    impl Maildrops for Drop {
        fn open(&mut self, _: &str, password: &str) -> Result<Vec<StoredMail>, Status> {
            if password == "secret" { Ok(self.0.clone()) } else { Err(Status::error("no")) }
        }

        fn delete(&mut self, _: &str, names: &[String]) {
            self.0.retain(|mail| !names.contains(&mail.name));
        }

        fn close(&mut self, _: &str) {}
    }

    fn drop_of(names: &[&str]) -> Drop {
        let mail = |name: &&str| StoredMail {
            name: (*name).to_owned(),
            message: Bytes::from(format!("Subject: {name}\r\n\r\n.x\r\n")),
        };
        Drop(names.iter().map(mail).collect())
    }

    /// Runs a session against our own server; what was collected and what came of it.
    fn collect(client: &mut Client, drop: &mut Drop) -> (Vec<String>, Result<(), Failure>) {
        let mut server = Server::new();
        let (mut collected, mut said) = (Vec::new(), server.greeting());
        for _ in 0..50 {
            let mut turn = client.bytes(&said);
            if let Some((_, message)) = turn.mail.take() {
                collected.push(String::from_utf8(message.to_vec()).expect("ASCII"));
                turn = client.taken();
            }
            if let Some(done) = turn.turn.done {
                return (collected, done);
            }
            said = server.bytes(&turn.turn.send.concat(), drop).send;
        }
        panic!("no end");
    }

    #[test]
    fn all_mails_are_collected_and_deleted() {
        let mut drop = drop_of(&["a", "b"]);
        let mut client = Client::new("bob", "secret", 1000, Vec::new());
        let (mails, done) = collect(&mut client, &mut drop);
        assert_eq!(mails, ["Subject: a\r\n\r\n.x\r\n", "Subject: b\r\n\r\n.x\r\n"]);
        assert_eq!(done, Ok(()));
        assert!(drop.0.is_empty());
    }

    #[test]
    fn what_was_taken_before_is_deleted_and_not_fetched_again() {
        let mut drop = drop_of(&["a", "b"]);
        let mut client = Client::new("bob", "secret", 1000, vec!["a".to_owned()]);
        assert_eq!(collect(&mut client, &mut drop).0.len(), 1);
        assert!(drop.0.is_empty());
    }

    #[test]
    fn a_wrong_password_is_told() {
        let mut client = Client::new("bob", "wrong", 1000, Vec::new());
        let (_, done) = collect(&mut client, &mut drop_of(&["a"]));
        assert_eq!(done, Err(Failure::Refused { verb: "PASS".to_owned(), text: "no".to_owned() }));
    }

    #[test]
    fn a_mail_larger_than_is_kept_ends_the_session() {
        let mut client = Client::new("bob", "secret", 5, Vec::new());
        assert!(matches!(collect(&mut client, &mut drop_of(&["a"])).1, Err(Failure::Nonsense(_))));
    }
}
