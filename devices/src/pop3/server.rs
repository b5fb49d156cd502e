//! The POP3 server of a mail server.

use bytes::{Bytes, BytesMut};
use faxproof_wire::pop3::{Command, CommandReader, Status, multi_line};

use crate::turn::ServerTurn;

/// Errors that a client may make before its connection is closed.
const MAX_ERRORS: u32 = 20;

/// A mail in a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMail {
    /// The name that it has for ever (UIDL, RFC 1939 §7).
    pub name: String,
    /// The mail.
    pub message: Bytes,
}

/// What stands behind the server.
pub trait Maildrops {
    /// Opens and locks the maildrop of this user. Its mails in the order in which they came.
    ///
    /// # Errors
    /// The reply: wrong password, or the maildrop is in use.
    fn open(&mut self, user: &str, password: &str) -> Result<Vec<StoredMail>, Status>;

    /// Deletes these mails: the session reached the UPDATE state (§6).
    fn delete(&mut self, user: &str, names: &[String]);

    /// Unlocks the maildrop.
    fn close(&mut self, user: &str);
}

/// A session.
#[derive(Clone, Debug)]
pub struct Server {
    commands: CommandReader,
    state: State,
    errors: u32,
}

#[derive(Clone, Debug)]
enum State {
    /// AUTHORIZATION; the name that USER gave.
    Authorization(Option<String>),
    /// TRANSACTION.
    Transaction { user: String, mails: Vec<Listed> },
}

#[derive(Clone, Debug)]
struct Listed {
    mail: StoredMail,
    deleted: bool,
}

impl Default for Server {
    fn default() -> Self {
        Server::new()
    }
}

impl Server {
    /// A session at its start.
    pub fn new() -> Self {
        Server { commands: CommandReader::new(), state: State::Authorization(None), errors: 0 }
    }

    /// The greeting, to be sent as soon as the connection stands (§4).
    pub fn greeting(&self) -> Bytes {
        Status::ok("POP3 ready").to_line().into()
    }

    /// Bytes came from the client.
    pub fn bytes(&mut self, bytes: &[u8], drops: &mut dyn Maildrops) -> ServerTurn {
        self.commands.feed(bytes);
        let mut send = BytesMut::new();
        while let Some(command) = self.commands.next() {
            let quits = matches!(command, Ok(Command::Quit));
            let reply = match command {
                Ok(command) => self.answer(command, drops),
                Err(error) => Err(Status::error(error.0)),
            };
            let reply = reply.unwrap_or_else(|refusal| {
                self.errors += 1;
                refusal.to_line()
            });
            send.extend_from_slice(&reply);
            if quits || self.errors > MAX_ERRORS {
                self.ended(drops);
                return ServerTurn { send: send.freeze(), close: true, progress: true };
            }
        }
        ServerTurn { send: send.freeze(), close: false, progress: true }
    }

    /// The connection is over. Without QUIT nothing is deleted (§6).
    pub fn ended(&mut self, drops: &mut dyn Maildrops) {
        if let State::Transaction { user, .. } = &self.state {
            drops.close(user);
        }
        self.state = State::Authorization(None);
    }

    fn answer(&mut self, command: Command, drops: &mut dyn Maildrops) -> Result<Vec<u8>, Status> {
        match (&mut self.state, command) {
            (_, Command::Capa) => Ok(multi_line(&Status::ok("what I can do"), b"USER\r\nUIDL\r\nTOP\r\n")),
            (State::Authorization(name), Command::User(user)) => {
                *name = Some(user);
                Ok(Status::ok("and the password?").to_line())
            }
            (State::Authorization(name), Command::Pass(password)) => {
                let user = name.take().ok_or_else(|| Status::error("USER first"))?;
                let mails = drops.open(&user, &password)?;
                let reply = Status::ok(format!("{} mails", mails.len())).to_line();
                let mails = mails.into_iter().map(|mail| Listed { mail, deleted: false }).collect();
                self.state = State::Transaction { user, mails };
                Ok(reply)
            }
            (State::Transaction { user, mails }, Command::Quit) => {
                let deleted = mails.iter().filter(|listed| listed.deleted);
                let names: Vec<String> = deleted.map(|listed| listed.mail.name.clone()).collect();
                drops.delete(user, &names);
                Ok(Status::ok("bye").to_line())
            }
            (_, Command::Quit) => Ok(Status::ok("bye").to_line()),
            (State::Transaction { mails, .. }, command) => transaction(mails, command),
            (State::Authorization(_), _) => Err(Status::error("log in first")),
        }
    }
}

fn transaction(mails: &mut [Listed], command: Command) -> Result<Vec<u8>, Status> {
    match command {
        Command::Stat => {
            let here = mails.iter().filter(|listed| !listed.deleted);
            let (count, octets) =
                here.fold((0, 0), |(count, octets), listed| (count + 1, octets + listed.octets()));
            Ok(Status::ok(format!("{count} {octets}")).to_line())
        }
        Command::List(None) => Ok(listing(mails, |listed| listed.octets().to_string())),
        Command::Uidl(None) => Ok(listing(mails, |listed| listed.mail.name.clone())),
        Command::List(Some(number)) => {
            let octets = of(mails, number)?.octets();
            Ok(Status::ok(format!("{number} {octets}")).to_line())
        }
        Command::Uidl(Some(number)) => {
            let name = &of(mails, number)?.mail.name;
            Ok(Status::ok(format!("{number} {name}")).to_line())
        }
        Command::Retr(number) => {
            let listed = of(mails, number)?;
            let status = Status::ok(format!("{} octets", listed.octets()));
            Ok(multi_line(&status, &listed.mail.message))
        }
        Command::Top { message, lines } => {
            let top = top(&of(mails, message)?.mail.message, lines);
            Ok(multi_line(&Status::ok("the top"), top))
        }
        Command::Dele(number) => {
            of(mails, number)?.deleted = true;
            Ok(Status::ok("marked").to_line())
        }
        Command::Rset => {
            mails.iter_mut().for_each(|listed| listed.deleted = false);
            Ok(Status::ok("nothing is marked").to_line())
        }
        Command::Noop => Ok(Status::ok("").to_line()),
        Command::User(_) | Command::Pass(_) | Command::Apop { .. } => Err(Status::error("you are logged in")),
        _ => Err(Status::error("unknown command")),
    }
}

impl Listed {
    /// Every octet counts, added dots do not (§11).
    fn octets(&self) -> u64 {
        self.mail.message.len() as u64
    }
}

/// The mail of this number, if it is there and not marked (§5).
fn of(mails: &mut [Listed], number: u32) -> Result<&mut Listed, Status> {
    let at = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
    let listed = mails.get_mut(at).filter(|listed| !listed.deleted);
    listed.ok_or_else(|| Status::error("no such mail"))
}

fn listing(mails: &[Listed], value: impl Fn(&Listed) -> String) -> Vec<u8> {
    let here = mails.iter().enumerate().filter(|(_, listed)| !listed.deleted);
    let lines: String = here.map(|(at, listed)| format!("{} {}\r\n", at + 1, value(listed))).collect();
    multi_line(&Status::ok("the list"), lines.as_bytes())
}

/// The header, the empty line, and so many lines of the body.
fn top(message: &[u8], lines: u32) -> &[u8] {
    let mut end = 0;
    let mut left = None;
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        match &mut left {
            Some(0) => break,
            Some(lines) => *lines -= 1,
            None if line == b"\r\n" => left = Some(lines),
            None => {}
        }
        end += line.len();
    }
    &message[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Drops {
        mails: Vec<StoredMail>,
        open: bool,
    }

    impl Maildrops for Drops {
        fn open(&mut self, user: &str, password: &str) -> Result<Vec<StoredMail>, Status> {
            if (user, password) != ("bob", "secret") {
                return Err(Status::error("no").with_code("AUTH"));
            }
            self.open = true;
            Ok(self.mails.clone())
        }

        fn delete(&mut self, _: &str, names: &[String]) {
            self.mails.retain(|mail| !names.contains(&mail.name));
        }

        fn close(&mut self, _: &str) {
            self.open = false;
        }
    }

    fn drops() -> Drops {
        let mail = |name: &str, text: &'static str| StoredMail {
            name: name.to_owned(),
            message: Bytes::from_static(text.as_bytes()),
        };
        let mails = vec![mail("u1", "A: b\r\n\r\none\r\ntwo\r\n"), mail("u2", "C: d\r\n\r\n.dot\r\n")];
        Drops { mails, open: false }
    }

    fn talk(drops: &mut Drops, script: &str) -> (String, bool) {
        let mut server = Server::new();
        let turn = server.bytes(script.as_bytes(), drops);
        (String::from_utf8(turn.send.to_vec()).expect("ASCII"), turn.close)
    }

    const LOGIN: &str = "USER bob\r\nPASS secret\r\n";

    #[test]
    fn a_mail_is_listed_taken_and_deleted() {
        let mut drops = drops();
        let (said, close) = talk(&mut drops, &format!("{LOGIN}STAT\r\nUIDL\r\nRETR 2\r\nDELE 2\r\nQUIT\r\n"));
        assert!(said.contains("+OK 2 32\r\n"), "{said}");
        assert!(said.contains("1 u1\r\n2 u2\r\n.\r\n") && said.contains("\r\n..dot\r\n.\r\n"), "{said}");
        assert!(close && !drops.open);
        assert_eq!(drops.mails.len(), 1);
    }

    #[test]
    fn without_quit_nothing_is_deleted() {
        let mut drops = drops();
        let mut server = Server::new();
        server.bytes(format!("{LOGIN}DELE 1\r\n").as_bytes(), &mut drops);
        assert!(drops.open);
        server.ended(&mut drops);
        assert!(!drops.open);
        assert_eq!(drops.mails.len(), 2);
    }

    #[test]
    fn a_wrong_password_opens_nothing() {
        let mut drops = drops();
        let (said, _) = talk(&mut drops, "STAT\r\nUSER bob\r\nPASS wrong\r\nRETR 1\r\n");
        assert!(said.contains("-ERR [AUTH]") && said.matches("-ERR").count() == 3, "{said}");
    }

    #[test]
    fn what_is_marked_or_not_there_is_not_given() {
        let mut drops = drops();
        let (said, _) = talk(&mut drops, &format!("{LOGIN}DELE 1\r\nRETR 1\r\nRETR 9\r\nRSET\r\nLIST 1\r\n"));
        assert_eq!(said.matches("-ERR").count(), 2, "{said}");
        assert!(said.ends_with("+OK 1 18\r\n"), "{said}");
    }

    #[test]
    fn top_gives_the_header_and_some_lines() {
        let mut drops = drops();
        let (said, _) = talk(&mut drops, &format!("{LOGIN}TOP 1 1\r\n"));
        assert!(said.ends_with("A: b\r\n\r\none\r\n.\r\n"), "{said}");
    }

    #[test]
    fn a_client_that_guesses_is_sent_away() {
        let (said, close) = talk(&mut drops(), &"USER bob\r\nPASS x\r\n".repeat(30));
        assert!(close);
        assert_eq!(said.matches("-ERR").count(), 21);
    }
}
