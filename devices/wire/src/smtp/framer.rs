//! Cutting a watched SMTP connection into the units that a reader of a trace wants to see.

use super::command::Command;
use super::data::EndOfData;
use super::reply::{Reply, reply_line};
use crate::direction::{Direction, MAX_LINES, MAX_MESSAGE, verb_of};
use crate::stream::Unit;

/// Watches both directions of one connection that carries SMTP, from its first octet.
///
/// Whether the octets behind a DATA are a message depends on the reply, so they are kept back until
/// it came. Without a 354 they are commands. Those behind a BDAT are its chunk, unless the server has
/// answered EHLO and did not list CHUNKING: then it takes them for commands (RFC 3030 §2).
#[derive(Debug, Clone)]
pub struct Framer {
    client: Direction,
    server: Direction,
    mode: Mode,
    /// Replies that the server owes, the greeting included.
    owed: usize,
    /// Code of the incomplete reply at the start of the server's stream, and where its lines end.
    reply: Option<(u16, usize)>,
    /// Replies up to that to the last EHLO, while it is owed.
    ehlo: Option<usize>,
    /// Whether the server knows BDAT, as far as it said.
    chunking: bool,
    /// Whether the SMTP server is the side that connected; `None` before the first octet.
    reversed: Option<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Commands,
    /// The last command was DATA: its reply decides.
    AfterData,
    /// The last command was STARTTLS: its reply decides.
    AfterStartTls,
    Message(EndOfData),
    /// So many octets behind BDAT are a chunk.
    Chunk(u64),
}

impl Default for Framer {
    fn default() -> Self {
        Framer::new()
    }
}

impl Framer {
    /// A framer at the start of a connection, the server's greeting still to come.
    pub fn new() -> Framer {
        let (client, server) = (Direction::new(false), Direction::new(true));
        Framer {
            client,
            server,
            mode: Mode::Commands,
            owed: 1,
            reply: None,
            ehlo: None,
            chunking: true,
            reversed: None,
        }
    }

    /// Takes octets of one direction, in the order in which they passed, and returns the units that
    /// they complete. A reply to DATA can complete units of the client too.
    ///
    /// `from_server` says who accepted the connection. Where its other side speaks first, and in
    /// digits, that one is the SMTP server: `a=setup:passive` (RFC 4145 §4) turns the roles round.
    pub fn push(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        let greets = || !from_server && bytes.first().is_some_and(u8::is_ascii_digit);
        let reversed = match self.reversed {
            None if bytes.is_empty() => false,
            _ => *self.reversed.get_or_insert_with(greets),
        };
        let mut units = self.push_as(from_server != reversed, bytes);
        units.iter_mut().for_each(|unit| unit.from_server ^= reversed);
        units
    }

    fn push_as(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        let stream = if from_server { &mut self.server } else { &mut self.client };
        stream.buffer.extend_from_slice(bytes);
        let mut units = Vec::new();
        // A reply lets commands go on before the next reply is looked at, whether that came with it or not.
        while self.cut_reply(&mut units) {
            self.cut_commands(&mut units);
        }
        self.cut_commands(&mut units);
        units
    }

    /// The incomplete rest of one direction, as `raw`, when the connection has ended.
    pub fn pending(&mut self, from_server: bool) -> Option<Unit> {
        let reversed = self.reversed.unwrap_or_default();
        let mut rest = self.pending_as(from_server != reversed)?;
        rest.from_server ^= reversed;
        Some(rest)
    }

    fn pending_as(&mut self, from_server: bool) -> Option<Unit> {
        if from_server {
            self.reply = None;
        }
        let stream = if from_server { &mut self.server } else { &mut self.client };
        let all = stream.buffer.len();
        (all > 0).then(|| stream.cut(all, "raw"))
    }

    fn cut_commands(&mut self, units: &mut Vec<Unit>) {
        let mut limit = MAX_LINES;
        while !self.client.raw {
            match &mut self.mode {
                Mode::Commands => {
                    let Some(end) = self.client.line_end() else { break };
                    let unit = self.client.cut(end, &verb_of(&self.client.buffer[..end]));
                    self.asked(&unit);
                    units.push(unit);
                }
                Mode::Message(end_of_data) => {
                    let fresh = &self.client.buffer[self.client.scanned..];
                    let Some(used) = end_of_data.scan(fresh, |_| {}) else {
                        self.client.scanned = self.client.buffer.len();
                        limit = MAX_MESSAGE;
                        break;
                    };
                    self.mode = Mode::Commands;
                    self.owed += 1;
                    units.push(self.client.cut(self.client.scanned + used, "message"));
                }
                Mode::Chunk(size) => {
                    let end = usize::try_from(*size).ok().filter(|end| *end <= self.client.buffer.len());
                    let Some(end) = end else {
                        limit = MAX_MESSAGE;
                        break;
                    };
                    self.mode = Mode::Commands;
                    self.owed += 1;
                    units.push(self.client.cut(end, "chunk"));
                }
                Mode::AfterData => {
                    limit = MAX_MESSAGE;
                    break;
                }
                Mode::AfterStartTls => break,
            }
        }
        self.client.give_up_beyond(limit, units);
    }

    /// A command came; it decides what follows it, and whether its reply follows that or the command.
    fn asked(&mut self, unit: &Unit) {
        self.mode = match unit.label.as_str() {
            "DATA" => Mode::AfterData,
            "STARTTLS" => Mode::AfterStartTls,
            "BDAT" if self.chunking => match Command::parse(&unit.bytes) {
                Ok(Command::Bdat { size: size @ 1.., last: _ }) => Mode::Chunk(size),
                _ => Mode::Commands,
            },
            _ => Mode::Commands,
        };
        self.owed += usize::from(!matches!(self.mode, Mode::Chunk(_)));
        if unit.label == "EHLO" {
            self.ehlo = Some(self.owed);
        }
    }

    /// Whether a whole reply was there, which may change what the client's octets are.
    fn cut_reply(&mut self, units: &mut Vec<Unit>) -> bool {
        while !self.server.raw {
            let Some(end) = self.server.line_end() else { break };
            let gathered = self.reply.map(|(_, end)| end).unwrap_or_default();
            let line = &self.server.buffer[gathered..end];
            let parsed =
                reply_line(line.strip_suffix(b"\r\n").unwrap_or(line)).map(|(code, last, _)| (code, last));
            let goes_on = match (self.reply, parsed) {
                (Some((first, _)), Some((code, _))) => first == code,
                (Some(_), None) => false,
                (None, _) => true,
            };
            if !goes_on {
                // The lines before this one are no reply; look at this one again on its own.
                self.reply = None;
                units.push(self.server.cut(gathered, "raw"));
                continue;
            }
            match parsed {
                None => units.push(self.server.cut(end, "raw")),
                Some((code, false)) => {
                    self.reply = Some((code, end));
                    self.server.scanned = end;
                }
                Some((code, true)) => {
                    self.reply = None;
                    let unit = self.server.cut(end, &code.to_string());
                    self.answered(code, &unit);
                    units.push(unit);
                    return true;
                }
            }
        }
        self.server.give_up_beyond(MAX_LINES, units);
        false
    }

    /// A reply came; when it is the one that the client waits for, it decides how to go on.
    fn answered(&mut self, code: u16, unit: &Unit) {
        self.owed = self.owed.saturating_sub(1);
        self.ehlo = self.ehlo.map(|left| left - 1);
        if self.ehlo == Some(0) {
            self.ehlo = None;
            let lists = |reply: Reply| code == 250 && reply.lists("CHUNKING");
            self.chunking = Reply::parse(&unit.bytes).is_ok_and(lists);
        }
        self.mode = match self.mode {
            Mode::AfterData if code == 354 => Mode::Message(EndOfData::default()),
            Mode::AfterStartTls if code == 220 && self.owed == 0 => {
                // What follows is ciphertext.
                (self.client.raw, self.server.raw) = (true, true);
                Mode::Commands
            }
            Mode::AfterData | Mode::AfterStartTls if self.owed == 0 => Mode::Commands,
            unchanged => unchanged,
        };
    }
}
