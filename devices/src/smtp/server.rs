//! The SMTP server of a box.

use bytes::{Bytes, BytesMut};
use faxproof_wire::features::Filter;
use faxproof_wire::smtp::{
    CONNEG, Command, CommandError, CommandReader, DataReader, MailDsn, NO_CONNEG, Param, RcptDsn, Reply,
};

use super::{Envelope, Recipient};
use crate::turn::ServerTurn;

/// Errors that a client may make before it is sent away with 421.
const MAX_ERRORS: u32 = 20;
/// Recipients of one mail (RFC 5321 §4.5.3.1.8 wants at least 100).
const MAX_RECIPIENTS: usize = 100;

/// What stands behind the server.
pub trait PostOffice {
    /// Whether mail from this path for that one is taken (to take all would be an open relay).
    ///
    /// # Errors
    /// The reply that refuses the recipient.
    fn admits(&self, from: &str, to: &str) -> Result<(), Reply>;

    /// Takes a mail; the reply goes to the client. A 250 takes responsibility (RFC 5321 §6.1).
    fn take(&mut self, envelope: Envelope, greeting: &Greeting) -> Reply;

    /// What the printer behind it can do, where there is one (RFC 4141 §5.2).
    fn prints(&self) -> Option<Filter> {
        None
    }
}

/// The reply that refuses a recipient which nobody here has heard of.
pub(crate) fn no_such_mailbox() -> Reply {
    Reply::new(550, "no such mailbox here").with_enhanced(5, 1, 1)
}

/// How the client greeted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// The name that it gave itself.
    pub name: String,
    /// Whether it was EHLO.
    pub extended: bool,
}

/// What a server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// It knows EHLO. A server that does not gives no enhanced codes either: they came later.
    pub ehlo: bool,
    /// It lists DSN (RFC 3461).
    pub dsn: bool,
    /// It lists CONNEG (RFC 4141), and says what it prints to whoever asks in RCPT.
    pub conneg: bool,
}

impl Default for Offers {
    fn default() -> Self {
        Offers { ehlo: true, dsn: false, conneg: false }
    }
}

/// A session.
#[derive(Clone, Debug)]
pub struct Server {
    name: String,
    size_limit: u64,
    offers: Offers,
    commands: CommandReader,
    data: Option<DataReader>,
    greeting: Option<Greeting>,
    /// The mail that is being taken, from MAIL on.
    mail: Option<Envelope>,
    errors: u32,
}

impl Server {
    /// A server that calls itself `name` and takes mails up to `size_limit` octets.
    pub fn new(name: impl Into<String>, size_limit: u64) -> Self {
        Server {
            name: name.into(),
            size_limit,
            offers: Offers::default(),
            commands: CommandReader::new(),
            data: None,
            greeting: None,
            mail: None,
            errors: 0,
        }
    }

    /// The same server with other abilities.
    #[must_use]
    pub fn offering(self, offers: Offers) -> Self {
        Server { offers, ..self }
    }

    /// The greeting, to be sent as soon as the connection stands (RFC 5321 §4.3.1).
    pub fn greeting(&self) -> Bytes {
        Reply::new(220, format!("{} ESMTP ready", self.name)).to_bytes().into()
    }

    /// Whether a mail has been begun and not finished.
    pub fn in_mail(&self) -> bool {
        self.mail.is_some()
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
                let mail = self.mail.take().unwrap_or_default();
                let reply = match end.message {
                    Ok(message) => {
                        let greeting = self.greeting.clone().unwrap_or_default();
                        office.take(Envelope { message, ..mail }, &greeting)
                    }
                    Err(too_big) => Reply::new(552, too_big.to_string()).with_enhanced(5, 3, 4),
                };
                self.say(reply, &mut send);
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
            let data = reply.code == 354;
            self.say(reply, send);
            if fed_up {
                self.say(Reply::new(421, "too many errors").with_enhanced(4, 7, 0), send);
            }
            if quits || fed_up {
                *close = true;
                return false;
            }
            if data {
                self.data = Some(DataReader::new(usize::try_from(self.size_limit).unwrap_or(usize::MAX)));
                return true;
            }
        }
        false
    }

    fn say(&self, reply: Reply, send: &mut BytesMut) {
        let enhanced = reply.enhanced.filter(|_| self.offers.ehlo);
        send.extend_from_slice(&Reply { enhanced, ..reply }.to_bytes());
    }

    fn answer(&mut self, command: Command, office: &dyn PostOffice) -> Reply {
        match command {
            Command::Ehlo(_) if !self.offers.ehlo => Reply::new(502, "command not implemented"),
            Command::Ehlo(name) => self.ehlo(name),
            Command::Helo(name) => {
                self.greeting = Some(Greeting { name, extended: false });
                self.mail = None;
                Reply::new(250, self.name.clone())
            }
            Command::MailFrom { path, params } => {
                self.mail_from(path, &params).unwrap_or_else(|refusal| refusal)
            }
            Command::RcptTo { path, params } => {
                self.rcpt_to(path, &params, office).unwrap_or_else(|refusal| refusal)
            }
            Command::Data if self.mail.as_ref().is_none_or(|mail| mail.recipients.is_empty()) => {
                out_of_order("RCPT first")
            }
            Command::Data => Reply::new(354, "go"),
            Command::Rset => {
                self.mail = None;
                Reply::new(250, "reset").with_enhanced(2, 0, 0)
            }
            Command::Noop => Reply::new(250, "ok").with_enhanced(2, 0, 0),
            Command::Vrfy(_) => Reply::new(252, "send some mail, I'll try my best").with_enhanced(2, 5, 2),
            Command::Quit => Reply::new(221, "bye").with_enhanced(2, 0, 0),
            Command::Bdat { .. } | Command::Unknown { .. } => {
                Reply::new(500, "unknown command").with_enhanced(5, 5, 1)
            }
        }
    }

    fn ehlo(&mut self, name: String) -> Reply {
        self.greeting = Some(Greeting { name, extended: true });
        self.mail = None;
        let mut lines = vec![self.name.clone(), "ENHANCEDSTATUSCODES".to_owned(), "PIPELINING".to_owned()];
        lines.push(format!("SIZE {}", self.size_limit));
        lines.extend(self.offers.dsn.then(|| "DSN".to_owned()));
        lines.extend(self.offers.conneg.then(|| CONNEG.to_owned()));
        Reply { code: 250, enhanced: None, lines }
    }

    fn mail_from(&mut self, path: String, params: &[Param]) -> Result<Reply, Reply> {
        if self.greeting.is_none() {
            return Err(out_of_order("EHLO or HELO first"));
        }
        if self.mail.is_some() {
            return Err(out_of_order("one mail at a time"));
        }
        self.all_known(params, &["SIZE"], &["RET", "ENVID"])?;
        for param in params.iter().filter(|param| param.keyword == "SIZE") {
            match param.value.as_deref().and_then(|value| value.parse::<u64>().ok()) {
                Some(size) if size > self.size_limit => {
                    return Err(Reply::new(552, "too big").with_enhanced(5, 3, 4));
                }
                Some(_) => {}
                None => return Err(Reply::new(501, "SIZE needs a number").with_enhanced(5, 5, 4)),
            }
        }
        let dsn = MailDsn::from_params(params).map_err(malformed)?;
        self.mail = Some(Envelope { from: path, dsn, ..Envelope::default() });
        Ok(Reply::new(250, "sender ok").with_enhanced(2, 1, 0))
    }

    fn rcpt_to(&mut self, path: String, params: &[Param], office: &dyn PostOffice) -> Result<Reply, Reply> {
        if self.mail.is_none() {
            return Err(out_of_order("MAIL first"));
        }
        let asks = Param::asks_conneg(params).map_err(malformed)?;
        if asks && !self.offers.conneg {
            return Err(Reply::new(NO_CONNEG, "CONNEG is not known here").with_enhanced(5, 5, 4));
        }
        self.all_known(params, &[CONNEG], &["NOTIFY", "ORCPT"])?;
        let dsn = RcptDsn::from_params(params).map_err(malformed)?;
        let Some(mail) = &mut self.mail else { return Err(out_of_order("MAIL first")) };
        if mail.recipients.len() >= MAX_RECIPIENTS {
            return Err(Reply::new(452, "too many recipients").with_enhanced(4, 5, 3));
        }
        office.admits(&mail.from, &path)?;
        mail.recipients.push(Recipient { path, dsn });
        let reply = Reply::new(250, "recipient ok").with_enhanced(2, 1, 5);
        Ok(match office.prints().filter(|_| asks) {
            Some(filter) => reply.with_features(&filter),
            None => reply,
        })
    }

    /// Parameters of extensions that are not listed are refused (RFC 5321 §4.1.1.11).
    fn all_known(&self, params: &[Param], always: &[&str], with_dsn: &[&str]) -> Result<(), Reply> {
        let known =
            |keyword: &str| always.contains(&keyword) || self.offers.dsn && with_dsn.contains(&keyword);
        let unknown = params.iter().any(|param| !known(&param.keyword));
        if unknown { Err(Reply::new(555, "unknown parameter").with_enhanced(5, 5, 4)) } else { Ok(()) }
    }
}

fn malformed(error: CommandError) -> Reply {
    Reply::new(error.code, error.reason).with_enhanced(5, 5, 4)
}

fn out_of_order(hint: &str) -> Reply {
    Reply::new(503, hint).with_enhanced(5, 5, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Office {
        mails: Vec<Envelope>,
    }

    impl PostOffice for Office {
        fn admits(&self, _: &str, to: &str) -> Result<(), Reply> {
            if to.ends_with("@b.example") { Ok(()) } else { Err(no_such_mailbox()) }
        }

        fn take(&mut self, envelope: Envelope, _: &Greeting) -> Reply {
            self.mails.push(envelope);
            Reply::new(250, "accepted").with_enhanced(2, 0, 0)
        }

        fn prints(&self) -> Option<Filter> {
            Filter::parse("(& (paper-size=A4) (image-coding=MH))").ok()
        }
    }

    fn codes(script: &str) -> (Vec<String>, Office, bool) {
        codes_of(Offers::default(), script)
    }

    fn codes_of(offers: Offers, script: &str) -> (Vec<String>, Office, bool) {
        let (mut server, mut office) = (Server::new("b.example", 100).offering(offers), Office::default());
        let turn = server.bytes(script.as_bytes(), &mut office);
        let text = String::from_utf8(turn.send.to_vec()).expect("ASCII");
        let last_lines = text.lines().filter(|line| line.as_bytes()[3] == b' ');
        (last_lines.map(|line| line[..3].to_owned()).collect(), office, turn.close)
    }

    #[test]
    fn what_is_printed_is_told_to_who_asks_for_it_and_only_where_it_is_offered() {
        let script = "EHLO a\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example> CONNEG\r\n\
                      RCPT TO:<b@b.example> CONNEG=1\r\nRCPT TO:<b@b.example>\r\n";
        let offers = |conneg| Offers { ehlo: true, dsn: false, conneg };
        let talk = |conneg| {
            let mut server = Server::new("b.example", 1000).offering(offers(conneg));
            let turn = server.bytes(script.as_bytes(), &mut Office::default());
            String::from_utf8(turn.send.to_vec()).unwrap()
        };
        let (with, without) = (talk(true), talk(false));
        assert!(with.contains("250 CONNEG\r\n"), "{with}");
        assert!(with.contains("250 2.1.5 CONNEG (& (paper-size=A4) (image-coding=MH))\r\n501 "), "{with}");
        assert!(with.ends_with("250 2.1.5 recipient ok\r\n"), "{with}");
        assert!(without.contains("504 5.5.4") && !without.contains("CONNEG\r\n"), "{without}");
    }

    #[test]
    fn a_pipelined_session_delivers_its_mail() {
        let (codes, office, close) =
            codes("EHLO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nhi\r\n..\r\n.\r\nQUIT\r\n");
        assert_eq!(codes, ["250", "250", "250", "354", "250", "221"]);
        let message = Bytes::from_static(b"hi\r\n.\r\n");
        assert_eq!(office.mails, [Envelope::new("a@a", "b@b.example", message)]);
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
    fn what_is_asked_of_notifications_is_taken_where_it_is_offered() {
        let script = "EHLO a\r\nMAIL FROM:<a@a> ENVID=e+2B1\r\nRCPT TO:<b@b.example> NOTIFY=NEVER\r\n\
                      RCPT TO:<c@b.example> NOTIFY=OFTEN\r\nDATA\r\nhi\r\n.\r\n";
        let (taken, office, _) = codes_of(Offers { ehlo: true, dsn: true, conneg: false }, script);
        assert_eq!(taken, ["250", "250", "250", "501", "354", "250"]);
        assert_eq!(office.mails[0].dsn.envid.as_deref(), Some("e+1"));
        assert_eq!(office.mails[0].recipients[0].dsn.notify, Some(Default::default()));
        assert_eq!(codes(script).0[1], "555");
    }

    #[test]
    fn a_server_that_knows_no_ehlo_takes_mail_by_helo() {
        let script = "EHLO a\r\nHELO a\r\nMAIL FROM:<a@a>\r\nRCPT TO:<b@b.example>\r\n";
        let (codes, _, _) = codes_of(Offers { ehlo: false, dsn: false, conneg: false }, script);
        assert_eq!(codes, ["502", "250", "250", "250"]);
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
