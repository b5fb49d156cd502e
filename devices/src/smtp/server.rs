//! The SMTP server of a box.

mod incoming;

use bytes::{Bytes, BytesMut};
use faxproof_wire::features::Filter;
use faxproof_wire::smtp::{
    CONNEG, ChunkReader, Command, CommandError, CommandReader, DataReader, MailDsn, NO_CONNEG, Param,
    RcptDsn, Reply,
};

use self::incoming::Incoming;
use super::{Body, Envelope, Recipient};
use crate::turn::ServerTurn;

/// Errors that a client may make before it is sent away with 421.
const MAX_ERRORS: u32 = 20;
/// Octets that a client may send ahead while it waits for the reply to its mail.
const MAX_AHEAD: usize = 65_536;
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

    /// Whether the 250 to a mail that it took waits until more is known of the mail: [`Server::decided`].
    fn replies_later(&self) -> bool {
        false
    }

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
    /// It lists 8BITMIME (RFC 6152).
    pub eight_bit: bool,
    /// It lists CHUNKING (RFC 3030).
    pub chunking: bool,
}

impl Offers {
    /// What a mail server can do: all but what is for printers alone.
    pub fn of_a_mail_server() -> Self {
        Offers { ehlo: true, dsn: true, conneg: false, eight_bit: true, chunking: true }
    }
}

impl Default for Offers {
    fn default() -> Self {
        Offers { ehlo: true, dsn: false, conneg: false, eight_bit: false, chunking: false }
    }
}

/// A session.
#[derive(Clone, Debug)]
pub struct Server {
    name: String,
    size_limit: u64,
    offers: Offers,
    /// Whether a message with a bare CR or LF is refused.
    refuses_bare_line_ends: bool,
    commands: CommandReader,
    incoming: Incoming,
    greeting: Option<Greeting>,
    /// The mail that is being taken, from MAIL on.
    mail: Option<Envelope>,
    /// Its message as far as it has come, from the first BDAT on.
    chunks: Option<ChunkReader>,
    errors: u32,
}

impl Server {
    /// A server that calls itself `name` and takes mails up to `size_limit` octets.
    pub fn new(name: impl Into<String>, size_limit: u64) -> Self {
        Server {
            name: name.into(),
            size_limit,
            offers: Offers::default(),
            refuses_bare_line_ends: false,
            commands: CommandReader::new(),
            incoming: Incoming::Commands,
            greeting: None,
            mail: None,
            chunks: None,
            errors: 0,
        }
    }

    /// The same server with other abilities.
    #[must_use]
    pub fn offering(self, offers: Offers) -> Self {
        Server { offers, ..self }
    }

    /// The same server, which takes no message with a CR or LF that stands alone (RFC 5321 §2.3.8). Whoever passes
    /// one on lets its author say commands to a next server that takes it for a line end.
    #[must_use]
    pub fn refusing_bare_line_ends(self) -> Self {
        Server { refuses_bare_line_ends: true, ..self }
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
        // Commands are put together in their reader, and what follows them waits there. A message that goes on takes its
        // octets as they come.
        let mut fresh = bytes;
        while !close {
            match std::mem::take(&mut self.incoming) {
                Incoming::Commands => {
                    self.commands.feed(std::mem::take(&mut fresh));
                    if !self.commands(office, &mut send, &mut close) {
                        break;
                    }
                }
                Incoming::Message(mut data) => {
                    let Some(end) = data.feed(self.octets(fresh)) else {
                        self.pass_over(&mut fresh, usize::MAX);
                        self.incoming = Incoming::Message(data);
                        break;
                    };
                    self.pass_over(&mut fresh, end.used);
                    let reply = self.message_ended(end.message, end.seen, office);
                    self.say_or_wait(reply, &mut send);
                }
                Incoming::Chunk(mut chunk) => {
                    let used = chunk.message.feed(self.octets(fresh));
                    self.pass_over(&mut fresh, used);
                    if chunk.message.left() > 0 {
                        self.incoming = Incoming::Chunk(chunk);
                        break;
                    }
                    close = self.chunk_ended(chunk, office, &mut send);
                }
                Incoming::Ahead => {
                    self.commands.feed(fresh);
                    self.incoming = Incoming::Ahead;
                    close = self.commands.waiting().len() > MAX_AHEAD;
                    if close {
                        let too_much = Reply::new(421, "too much ahead of the reply").with_enhanced(4, 3, 2);
                        self.say(too_much, &mut send);
                    }
                    break;
                }
            }
        }
        ServerTurn { send: send.freeze(), close, progress: true }
    }

    /// Whether the client waits for the reply to its mail.
    pub fn owes_reply(&self) -> bool {
        matches!(self.incoming, Incoming::Ahead)
    }

    /// More is known of the mail: this is the reply to it. What the client said meanwhile follows.
    pub fn decided(&mut self, reply: Reply, office: &mut dyn PostOffice) -> ServerTurn {
        if !self.owes_reply() {
            return ServerTurn::default();
        }
        self.incoming = Incoming::Commands;
        let mut send = BytesMut::new();
        self.say(reply, &mut send);
        let turn = self.bytes(&[], office);
        send.extend_from_slice(&turn.send);
        ServerTurn { send: send.freeze(), ..turn }
    }

    /// The octets that come next: what waits behind the commands, or what has just come.
    fn octets<'b>(&'b self, fresh: &'b [u8]) -> &'b [u8] {
        if fresh.is_empty() { self.commands.waiting() } else { fresh }
    }

    /// So many of them are used.
    fn pass_over(&mut self, fresh: &mut &[u8], used: usize) {
        if fresh.is_empty() {
            self.commands.pass_over(used);
        } else {
            *fresh = fresh.get(used..).unwrap_or_default();
        }
    }

    /// Answers the commands that are there. True behind one that brings a message.
    fn commands(&mut self, office: &dyn PostOffice, send: &mut BytesMut, close: &mut bool) -> bool {
        while let Some(command) = self.commands.next() {
            let (reply, quits) = match command {
                Ok(Command::Bdat { size, last }) if self.offers.chunking => {
                    self.incoming = Incoming::Chunk(self.chunk(size, last));
                    return true;
                }
                Ok(Command::Quit) => (Reply::new(221, "bye").with_enhanced(2, 0, 0), true),
                Ok(command) => (self.answer(command, office), false),
                Err(error) => (Reply::new(error.code, error.reason).with_enhanced(5, 5, 2), false),
            };
            let data = reply.code == 354;
            *close = self.is_fed_up_by(reply, send) || quits;
            if *close {
                return false;
            }
            if data {
                self.incoming = Incoming::Message(DataReader::new(self.most()));
                return true;
            }
        }
        false
    }

    /// Answers a command. True if the client has made too many errors.
    fn is_fed_up_by(&mut self, reply: Reply, send: &mut BytesMut) -> bool {
        self.errors += u32::from(reply.code >= 500);
        let fed_up = self.errors > MAX_ERRORS;
        self.say(reply, send);
        if fed_up {
            self.say(Reply::new(421, "too many errors").with_enhanced(4, 7, 0), send);
        }
        fed_up
    }

    /// The reply to a mail, where there is one yet.
    fn say_or_wait(&mut self, reply: Option<Reply>, send: &mut BytesMut) {
        match reply {
            Some(reply) => self.say(reply, send),
            None => self.incoming = Incoming::Ahead,
        }
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
                self.reset();
                Reply::new(250, self.name.clone())
            }
            Command::MailFrom { path, params } => {
                self.mail_from(path, &params).unwrap_or_else(|refusal| refusal)
            }
            Command::RcptTo { path, params } => {
                self.rcpt_to(path, &params, office).unwrap_or_else(|refusal| refusal)
            }
            Command::Data if self.chunks.is_some() => out_of_order("BDAT has begun the message"),
            Command::Data if self.mail.as_ref().is_none_or(|mail| mail.recipients.is_empty()) => {
                out_of_order("RCPT first")
            }
            Command::Data => Reply::new(354, "go"),
            Command::Rset => {
                self.reset();
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
        self.reset();
        let mut lines = vec![self.name.clone(), "ENHANCEDSTATUSCODES".to_owned(), "PIPELINING".to_owned()];
        // SIZE 0 would say that any size is taken (RFC 1870 §3).
        let most = Some(self.size_limit).filter(|most| *most > 0);
        lines.push(most.map_or("SIZE".to_owned(), |most| format!("SIZE {most}")));
        lines.extend(self.offers.dsn.then(|| "DSN".to_owned()));
        lines.extend(self.offers.conneg.then(|| CONNEG.to_owned()));
        lines.extend(self.offers.eight_bit.then(|| "8BITMIME".to_owned()));
        lines.extend(self.offers.chunking.then(|| "CHUNKING".to_owned()));
        Reply { code: 250, enhanced: None, lines }
    }

    /// The mail that was begun is none.
    fn reset(&mut self) {
        self.mail = None;
        self.chunks = None;
    }

    fn mail_from(&mut self, path: String, params: &[Param]) -> Result<Reply, Reply> {
        if self.greeting.is_none() {
            return Err(out_of_order("EHLO or HELO first"));
        }
        if self.mail.is_some() {
            return Err(out_of_order("one mail at a time"));
        }
        let Offers { ehlo, dsn, eight_bit, .. } = self.offers;
        all_known(params, &[("SIZE", ehlo), ("BODY", eight_bit), ("RET", dsn), ("ENVID", dsn)])?;
        let size = declared_size(params)?;
        let body = body(params)?;
        let dsn = MailDsn::from_params(params).map_err(malformed)?;
        if size > self.size_limit {
            return Err(Reply::new(552, "too big").with_enhanced(5, 3, 4));
        }
        self.mail = Some(Envelope { from: path, dsn, body, ..Envelope::default() });
        Ok(Reply::new(250, "sender ok").with_enhanced(2, 1, 0))
    }

    fn rcpt_to(&mut self, path: String, params: &[Param], office: &dyn PostOffice) -> Result<Reply, Reply> {
        if self.mail.is_none() {
            return Err(out_of_order("MAIL first"));
        }
        if self.chunks.is_some() {
            return Err(out_of_order("BDAT has begun the message"));
        }
        let asks = Param::asks_conneg(params).map_err(malformed)?;
        if asks && !self.offers.conneg {
            return Err(Reply::new(NO_CONNEG, "CONNEG is not known here").with_enhanced(5, 5, 4));
        }
        all_known(params, &[(CONNEG, true), ("NOTIFY", self.offers.dsn), ("ORCPT", self.offers.dsn)])?;
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
}

/// Parameters of extensions that are not listed are refused (RFC 5321 §4.1.1.11). `listed` says of each whether it
/// is known here.
fn all_known(params: &[Param], listed: &[(&str, bool)]) -> Result<(), Reply> {
    let known =
        |param: &Param| listed.iter().any(|(keyword, is_known)| *is_known && param.keyword == *keyword);
    if params.iter().all(known) {
        return Ok(());
    }
    Err(Reply::new(555, "unknown parameter").with_enhanced(5, 5, 4))
}

/// The size that MAIL declares, or 0: 1 to 20 digits (RFC 1870 §3), which can be more than any limit.
fn declared_size(params: &[Param]) -> Result<u64, Reply> {
    let Some(value) = Param::value_of(params, "SIZE").map_err(malformed)? else { return Ok(0) };
    if value.len() > 20 || !value.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Reply::new(501, "SIZE needs a number").with_enhanced(5, 5, 4));
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

/// What MAIL says of the octets of the message (RFC 6152 §3).
fn body(params: &[Param]) -> Result<Body, Reply> {
    match Param::value_of(params, "BODY").map_err(malformed)? {
        Some(word) if word.eq_ignore_ascii_case("8BITMIME") => Ok(Body::EightBit),
        Some(word) if !word.eq_ignore_ascii_case("7BIT") => {
            Err(Reply::new(501, "BODY is 7BIT or 8BITMIME").with_enhanced(5, 5, 4))
        }
        _ => Ok(Body::SevenBit),
    }
}

fn malformed(error: CommandError) -> Reply {
    Reply::new(error.code, error.reason).with_enhanced(5, 5, 4)
}

fn out_of_order(hint: &str) -> Reply {
    Reply::new(503, hint).with_enhanced(5, 5, 1)
}

#[cfg(test)]
mod tests;
