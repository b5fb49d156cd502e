//! Cutting a watched POP3 connection into the units that a reader of a trace wants to see.

use std::collections::VecDeque;

use super::{Command, Status};
use crate::direction::{Direction, MAX_LINES, MAX_MESSAGE, verb_of};
use crate::smtp::EndOfData;
use crate::stream::Unit;

/// Watches both directions of one connection that carries POP3, from its first octet: the greeting of the
/// server, which is the side that was connected to.
///
/// Units of the client are its commands, named by their verbs. Those of the server are status lines, `+OK` and
/// `-ERR`, and behind them what a command asked for: a mail is a `message`, anything else a `list`.
#[derive(Debug, Clone)]
pub struct Framer {
    client: Direction,
    server: Direction,
    /// What will follow an `+OK` to each command that has no reply yet, the oldest first.
    asked: VecDeque<Option<&'static str>>,
    /// The greeting has come.
    greeted: bool,
    /// The body whose end is searched, and its name.
    body: Option<(EndOfData, &'static str)>,
}

/// The most commands without a reply that are remembered.
const MAX_ASKED: usize = 10_000;

impl Default for Framer {
    fn default() -> Self {
        Framer::new()
    }
}

impl Framer {
    /// A framer at the start of a connection.
    pub fn new() -> Framer {
        Framer {
            client: Direction::new(false),
            server: Direction::new(true),
            asked: VecDeque::new(),
            greeted: false,
            body: None,
        }
    }

    /// Takes octets of one direction, in the order in which they passed, and returns the units that they
    /// complete.
    pub fn push(&mut self, from_server: bool, bytes: &[u8]) -> Vec<Unit> {
        let mut units = Vec::new();
        if from_server {
            self.server.buffer.extend_from_slice(bytes);
            self.cut_replies(&mut units);
        } else {
            self.client.buffer.extend_from_slice(bytes);
            self.cut_commands(&mut units);
        }
        units
    }

    /// The incomplete rest of one direction, as `raw`, when the connection has ended.
    pub fn pending(&mut self, from_server: bool) -> Option<Unit> {
        let direction = if from_server { &mut self.server } else { &mut self.client };
        let all = direction.buffer.len();
        (all > 0).then(|| direction.cut(all, "raw"))
    }

    fn cut_commands(&mut self, units: &mut Vec<Unit>) {
        while !self.client.raw {
            let Some(end) = self.client.line_end() else { break };
            let line = &self.client.buffer[..end];
            let body = match Command::parse(line) {
                Ok(Command::Retr(_)) => Some("message"),
                Ok(command) if command.has_body() => Some("list"),
                _ => None,
            };
            if self.asked.len() < MAX_ASKED {
                self.asked.push_back(body);
            }
            let verb = verb_of(line);
            units.push(self.client.cut(end, &verb));
        }
        self.client.give_up_beyond(MAX_LINES, units);
    }

    fn cut_replies(&mut self, units: &mut Vec<Unit>) {
        let mut limit = MAX_LINES;
        while !self.server.raw {
            if let Some((end_of_data, name)) = &mut self.body {
                let fresh = &self.server.buffer[self.server.scanned..];
                let Some(used) = end_of_data.scan(fresh, |_| {}) else {
                    self.server.scanned = self.server.buffer.len();
                    limit = MAX_MESSAGE;
                    break;
                };
                let name = *name;
                self.body = None;
                units.push(self.server.cut(self.server.scanned + used, name));
                continue;
            }
            let Some(end) = self.server.line_end() else { break };
            let status = Status::parse(&self.server.buffer[..end - 2]);
            let label = match &status {
                Some(status) if status.is_ok => "+OK",
                Some(_) => "-ERR",
                None => "raw",
            };
            units.push(self.server.cut(end, label));
            // The greeting answers nothing; what is no status line answers nothing either.
            if status.is_some() && std::mem::replace(&mut self.greeted, true) {
                let body = self.asked.pop_front().flatten();
                self.body = body.filter(|_| label == "+OK").map(|name| (EndOfData::default(), name));
            }
        }
        self.server.give_up_beyond(limit, units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &[u8] = b"USER bob\r\nPASS x\r\nUIDL\r\nRETR 1\r\nRETR 2\r\nDELE 1\r\nQUIT\r\n";
    const SERVER: &[u8] =
        b"+OK hi\r\n+OK\r\n+OK\r\n+OK\r\n1 a\r\n.\r\n+OK\r\nA: b\r\n\r\n..x\r\n+OK\r\n.\r\n\
        -ERR no\r\n+OK\r\n+OK bye\r\n";
    const UNITS: [&str; 10] = ["+OK", "+OK", "+OK", "+OK", "list", "+OK", "message", "-ERR", "+OK", "+OK"];

    fn labels(framer: &mut Framer, from_server: bool, bytes: &[u8]) -> Vec<String> {
        framer.push(from_server, bytes).into_iter().map(|unit| unit.label).collect()
    }

    #[test]
    fn commands_status_lines_lists_and_mails_are_units_wherever_the_stream_is_split() {
        for split in 0..SERVER.len() {
            let mut framer = Framer::new();
            let commands = labels(&mut framer, false, CLIENT);
            assert_eq!(commands, ["USER", "PASS", "UIDL", "RETR", "RETR", "DELE", "QUIT"]);
            let mut found = labels(&mut framer, true, &SERVER[..split]);
            found.extend(labels(&mut framer, true, &SERVER[split..]));
            assert_eq!(found, UNITS, "split at {split}");
            assert_eq!(framer.pending(true), None);
        }
    }

    #[test]
    fn an_error_has_no_body_and_what_is_no_status_answers_nothing() {
        let mut framer = Framer::new();
        labels(&mut framer, true, b"+OK\r\n");
        labels(&mut framer, false, b"LIST\r\nRETR 1\r\n");
        assert_eq!(
            labels(&mut framer, true, b"-ERR\r\nwhat\r\n+OK\r\nhi\r\n.\r\n"),
            ["-ERR", "raw", "+OK", "message"]
        );
    }
}
