//! The SMTP server of a box.

use bytes::{Bytes, BytesMut};
use faxproof_wire::smtp::{Command, CommandReader, DataReader, Param, Reply};

use crate::turn::ServerTurn;

/// Errors that a client may make before it is sent away with 421.
const MAX_ERRORS: u32 = 20;
/// Recipients of one mail (RFC 5321 §4.5.3.1.8 wants at least 100).
const MAX_RECIPIENTS: usize = 100;

/// What stands behind the server.
pub trait PostOffice {
    /// Whether mail for this path is taken (anything else would be an open relay).
    fn knows(&self, path: &str) -> bool;

    /// Takes a mail; the reply goes to the client. A 250 takes responsibility (RFC 5321 §6.1).
    fn take(&mut self, from: &str, message: &Bytes) -> Reply;
}

/// A session.
#[derive(Clone, Debug)]
pub struct Server {
    name: String,
    size_limit: u64,
    commands: CommandReader,
    data: Option<DataReader>,
    greeted: bool,
    from: Option<String>,
    recipients: usize,
    errors: u32,
}

impl Server {
    /// A server that calls itself `name` and takes mails up to `size_limit` octets.
    pub fn new(name: impl Into<String>, size_limit: u64) -> Self {
        Server {
            name: name.into(),
            size_limit,
            commands: CommandReader::new(),
            data: None,
            greeted: false,
            from: None,
            recipients: 0,
            errors: 0,
        }
    }

    /// The greeting, to be sent as soon as the connection stands (RFC 5321 §4.3.1).
    pub fn greeting(&self) -> Bytes {
        Reply::new(220, format!("{} ESMTP ready", self.name)).to_bytes().into()
    }

    /// Whether a mail has been begun and not finished.
    pub fn in_mail(&self) -> bool {
        self.from.is_some()
    }

    /// Bytes came from the client.
    pub fn bytes(&mut self, bytes: &[u8], office: &mut dyn PostOffice) -> ServerTurn {
        let (mut send, mut close) = (BytesMut::new(), false);
        let mut rest;
        let mut feed = bytes;
        loop {
            if let Some(data) = &mut self.data {
                let Some(end) = data.feed(feed) else { break };
                self.data = None;
                let reply = match &end.message {
                    Ok(message) => office.take(self.from.as_deref().unwrap_or_default(), message),
                    Err(too_big) => Reply::new(552, too_big.to_string()).with_enhanced(5, 3, 4),
                };
                send.extend_from_slice(&reply.to_bytes());
                self.forget_mail();
                rest = end.rest;
            } else {
                self.commands.feed(feed);
                if self.commands(office, &mut send, &mut close) {
                    rest = self.commands.take_rest();
                } else {
                    break;
                }
            }
            feed = &rest;
        }
        ServerTurn { send: send.freeze(), close, progress: true }
    }

    /// Answers the commands that are there. True if DATA was one: what follows it is a message.
    fn commands(&mut self, office: &dyn PostOffice, send: &mut BytesMut, close: &mut bool) -> bool {
        while let Some(command) = self.commands.next() {
            let (reply, quits) = match command {
                Ok(Command::Quit) => (Reply::new(221, "bye").with_enhanced(2, 0, 0), true),
                Ok(command) => (self.answer(command, office), false),
                Err(error) => (Reply::new(error.code, error.reason).with_enhanced(5, 5, 2), false),
            };
            self.errors += u32::from(reply.code >= 500);
            let fed_up = self.errors > MAX_ERRORS;
            send.extend_from_slice(&reply.to_bytes());
            if fed_up {
                send.extend_from_slice(&Reply::new(421, "too many errors").with_enhanced(4, 7, 0).to_bytes());
            }
            if quits || fed_up {
                *close = true;
                return false;
            }
            if reply.code == 354 {
                self.data = Some(DataReader::new(usize::try_from(self.size_limit).unwrap_or(usize::MAX)));
                return true;
            }
        }
        false
    }

    fn answer(&mut self, command: Command, office: &dyn PostOffice) -> Reply {
        match command {
            Command::Ehlo(_) => self.ehlo(),
            Command::Helo(_) => {
                self.greeted = true;
                self.forget_mail();
                Reply::new(250, self.name.clone())
            }
            Command::MailFrom { path, params } => self.mail_from(path, &params),
            Command::RcptTo { .. } if self.from.is_none() => out_of_order("MAIL first"),
            Command::RcptTo { params, .. } if !params.is_empty() => unknown_parameter(),
            Command::RcptTo { .. } if self.recipients >= MAX_RECIPIENTS => {
                Reply::new(452, "too many recipients").with_enhanced(4, 5, 3)
            }
            Command::RcptTo { path, .. } if !office.knows(&path) => {
                Reply::new(550, "no such mailbox here").with_enhanced(5, 1, 1)
            }
            Command::RcptTo { .. } => {
                self.recipients += 1;
                Reply::new(250, "recipient ok").with_enhanced(2, 1, 5)
            }
            Command::Data if self.recipients == 0 => out_of_order("RCPT first"),
            Command::Data => Reply::new(354, "go"),
            Command::Rset => {
                self.forget_mail();
                Reply::new(250, "reset").with_enhanced(2, 0, 0)
            }
            Command::Noop => Reply::new(250, "ok").with_enhanced(2, 0, 0),
            Command::Vrfy(_) => Reply::new(252, "send some mail, I'll try my best").with_enhanced(2, 5, 2),
            Command::Quit => Reply::new(221, "bye").with_enhanced(2, 0, 0),
            Command::Unknown { .. } => Reply::new(500, "unknown command").with_enhanced(5, 5, 1),
        }
    }

    fn ehlo(&mut self) -> Reply {
        self.greeted = true;
        self.forget_mail();
        let lines = vec![
            self.name.clone(),
            "ENHANCEDSTATUSCODES".to_owned(),
            "PIPELINING".to_owned(),
            format!("SIZE {}", self.size_limit),
        ];
        Reply { code: 250, enhanced: None, lines }
    }

    fn mail_from(&mut self, path: String, params: &[Param]) -> Reply {
        if !self.greeted {
            return out_of_order("EHLO or HELO first");
        }
        if self.from.is_some() {
            return out_of_order("one mail at a time");
        }
        for param in params {
            let size = param.value.as_deref().and_then(|value| value.parse::<u64>().ok());
            match (param.keyword.as_str(), size) {
                ("SIZE", Some(size)) if size > self.size_limit => {
                    return Reply::new(552, "too big").with_enhanced(5, 3, 4);
                }
                ("SIZE", Some(_)) => {}
                ("SIZE", None) => return Reply::new(501, "SIZE needs a number").with_enhanced(5, 5, 4),
                _ => return unknown_parameter(),
            }
        }
        self.from = Some(path);
        Reply::new(250, "sender ok").with_enhanced(2, 1, 0)
    }

    fn forget_mail(&mut self) {
        self.from = None;
        self.recipients = 0;
    }
}

fn out_of_order(hint: &str) -> Reply {
    Reply::new(503, hint).with_enhanced(5, 5, 1)
}

fn unknown_parameter() -> Reply {
    Reply::new(555, "unknown parameter").with_enhanced(5, 5, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Office {
        mails: Vec<(String, Bytes)>,
    }

    impl PostOffice for Office {
        fn knows(&self, path: &str) -> bool {
            path == "b@b.example"
        }

        fn take(&mut self, from: &str, message: &Bytes) -> Reply {
            self.mails.push((from.to_owned(), message.clone()));
            Reply::new(250, "accepted").with_enhanced(2, 0, 0)
        }
    }

    fn codes(script: &str) -> (Vec<String>, Office, bool) {
        let (mut server, mut office) = (Server::new("b.example", 100), Office::default());
        let turn = server.bytes(script.as_bytes(), &mut office);
        let text = String::from_utf8(turn.send.to_vec()).expect("ASCII");
        let last_lines = text.lines().filter(|line| line.as_bytes()[3] == b' ');
        (last_lines.map(|line| line[..3].to_owned()).collect(), office, turn.close)
    }

    #[test]
    fn a_pipelined_session_delivers_its_mail() {
        let (codes, office, close) =
            codes("EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nhi\r\n..\r\n.\r\nQUIT\r\n");
        assert_eq!(codes, ["250", "250", "250", "354", "250", "221"]);
        assert_eq!(office.mails, [("a@a".to_owned(), Bytes::from_static(b"hi\r\n.\r\n"))]);
        assert!(close);
    }

    #[test]
    fn commands_out_of_order_get_503() {
        assert_eq!(codes("MAIL FROM:<a@a>\r\n").0, ["503"]);
        assert_eq!(codes("HELO a\r\nRCPT TO:<b@b.example>\r\n").0, ["250", "503"]);
        assert_eq!(codes("HELO a\r\nMAIL FROM:<a@a>\r\nDATA\r\n").0, ["250", "250", "503"]);
    }

    #[test]
    fn the_server_is_no_open_relay() {
        assert_eq!(codes("HELO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<c@c.example>\r\n").0[2], "550");
    }

    #[test]
    fn what_is_too_big_is_refused_by_its_announcement_and_by_its_size() {
        assert_eq!(codes("EHLO a\r\nMAIL FROM:<a@a> SIZE=101\r\n").0[1], "552");
        let big = "x".repeat(101);
        let script = format!("EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n{big}\r\n.\r\n");
        let (codes, office, _) = codes(&script);
        assert_eq!(codes[4], "552");
        assert!(office.mails.is_empty());
    }

    #[test]
    fn an_unknown_parameter_gets_555() {
        assert_eq!(codes("EHLO a\r\nMAIL FROM:<a@a> XIPTELNUM=1\r\n").0[1], "555");
    }

    #[test]
    fn a_client_that_talks_nonsense_is_sent_away() {
        let (codes, _, close) = codes(&"XYZZY\r\n".repeat(30));
        assert_eq!(codes.len(), 22);
        assert_eq!(codes.last().map(String::as_str), Some("421"));
        assert!(close);
    }

    #[test]
    fn a_lone_linefeed_around_a_dot_ends_nothing() {
        let (codes, office, _) = codes(
            "EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nx\n.\nMAIL FROM:<evil@a>\r\n.\r\n",
        );
        assert_eq!(codes, ["250", "250", "250", "354", "250"]);
        assert_eq!(office.mails.len(), 1);
    }
}
