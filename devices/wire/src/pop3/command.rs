//! Commands (RFC 1939 §5-7; CAPA: RFC 2449 §5).

use crate::smtp::{LineReader, printable};

/// The longest command line that is read, in octets with its CRLF (RFC 2449 §4).
pub const MAX_COMMAND_LINE: usize = 255;

/// One command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Names the mailbox.
    User(String),
    /// Its password, which may hold spaces (§7).
    Pass(String),
    /// Names the mailbox, and proves the password without sending it.
    Apop {
        /// The mailbox.
        name: String,
        /// MD5 of the greeting's timestamp and the password, 32 hexadecimal digits in lower case.
        digest: String,
    },
    /// How many mails, and their octets.
    Stat,
    /// The octets of one mail, or of each.
    List(Option<u32>),
    /// A mail.
    Retr(u32),
    /// Marks a mail as deleted.
    Dele(u32),
    /// Does nothing.
    Noop,
    /// Takes all marks back.
    Rset,
    /// Ends the session, and deletes what is marked.
    Quit,
    /// The header of a mail and the first lines of its body.
    Top {
        /// Number of the mail.
        message: u32,
        /// Lines of the body.
        lines: u32,
    },
    /// A name that one mail, or each, has for ever.
    Uidl(Option<u32>),
    /// What the server can do.
    Capa,
    /// Another verb, in upper case: `-ERR` (§3).
    Unknown {
        /// The verb.
        verb: String,
    },
}

/// A line that is no command, in words fit for the text of an `-ERR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(pub &'static str);

impl Command {
    /// Reads one line, with or without its CRLF. Verbs are read in any case (§3); a mail's number is at
    /// least 1.
    ///
    /// # Errors
    /// [`CommandError`]: the line is no command, or has wrong arguments.
    pub fn parse(line: &[u8]) -> Result<Command, CommandError> {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let is_printable = line.iter().all(|octet| matches!(octet, b' '..=b'~'));
        let line = str::from_utf8(line).ok().filter(|line| is_printable && !line.is_empty());
        let line = line.ok_or(CommandError("a command is a line of printable ASCII"))?;
        let (verb, argument) = line.split_once(' ').map_or((line, None), |(verb, rest)| (verb, Some(rest)));
        let verb = verb.to_ascii_uppercase();
        // Some clients leave a space at the end of a verb without arguments.
        let argument = argument.filter(|text| !text.trim().is_empty());
        match verb.as_str() {
            // A password is taken to the letter, spaces at its ends too.
            "PASS" => text(argument).map(Command::Pass),
            "USER" => word(argument).map(Command::User),
            "APOP" => apop(argument),
            "STAT" => alone(argument, Command::Stat),
            "LIST" => argument.map(number).transpose().map(Command::List),
            "RETR" => needed(argument).and_then(number).map(Command::Retr),
            "DELE" => needed(argument).and_then(number).map(Command::Dele),
            "NOOP" => alone(argument, Command::Noop),
            "RSET" => alone(argument, Command::Rset),
            "QUIT" => alone(argument, Command::Quit),
            "TOP" => top(argument),
            "UIDL" => argument.map(number).transpose().map(Command::Uidl),
            "CAPA" => alone(argument, Command::Capa),
            _ if is_verb(&verb) => Ok(Command::Unknown { verb }),
            _ => Err(CommandError("this is no command")),
        }
    }

    /// The command as sent, with its CRLF. What is not printable ASCII is left out, so that no value can
    /// bring a line of its own; out of a name spaces are left too.
    pub fn to_line(&self) -> Vec<u8> {
        let mut out: Vec<u8> = printable(self.verb()).filter(|octet| *octet != b' ').collect();
        let mut add = |text: &str, with_spaces: bool| {
            out.push(b' ');
            out.extend(printable(text).filter(|octet| with_spaces || *octet != b' '));
        };
        match self {
            Command::User(name) => add(name, false),
            Command::Pass(password) => add(password, true),
            Command::Apop { name, digest } => {
                add(name, false);
                add(digest, false);
            }
            Command::List(Some(message))
            | Command::Uidl(Some(message))
            | Command::Retr(message)
            | Command::Dele(message) => add(&message.to_string(), false),
            Command::Top { message, lines } => add(&format!("{message} {lines}"), true),
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// The verb, in upper case.
    pub fn verb(&self) -> &str {
        match self {
            Command::User(_) => "USER",
            Command::Pass(_) => "PASS",
            Command::Apop { .. } => "APOP",
            Command::Stat => "STAT",
            Command::List(_) => "LIST",
            Command::Retr(_) => "RETR",
            Command::Dele(_) => "DELE",
            Command::Noop => "NOOP",
            Command::Rset => "RSET",
            Command::Quit => "QUIT",
            Command::Top { .. } => "TOP",
            Command::Uidl(_) => "UIDL",
            Command::Capa => "CAPA",
            Command::Unknown { verb } => verb,
        }
    }

    /// Whether a body follows when the reply is `+OK` (§5, §7).
    pub fn has_body(&self) -> bool {
        matches!(
            self,
            Command::List(None)
                | Command::Uidl(None)
                | Command::Retr(_)
                | Command::Top { .. }
                | Command::Capa
        )
    }
}

/// Reads the commands of a connection: feed it, then take the commands out as from an iterator. A line
/// that is too long gives one error.
#[derive(Debug, Clone)]
pub struct CommandReader {
    lines: LineReader,
}

impl Default for CommandReader {
    fn default() -> Self {
        CommandReader::new()
    }
}

impl CommandReader {
    /// A reader for lines of at most [`MAX_COMMAND_LINE`] octets.
    pub fn new() -> CommandReader {
        CommandReader { lines: LineReader::new(MAX_COMMAND_LINE) }
    }

    /// Appends octets as they came from the client.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
    }
}

impl Iterator for CommandReader {
    type Item = Result<Command, CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        let too_long = |_| CommandError("the line is too long");
        Some(self.lines.next()?.map_err(too_long).and_then(|line| Command::parse(&line)))
    }
}

/// A number in decimal digits that fits; zero counts as one only where `least` is zero.
pub(super) fn decimal(text: &str, least: u32) -> Option<u32> {
    let is_decimal = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|number| is_decimal && *number >= least)
}

/// §3: three or four characters; an extension may bring longer ones.
fn is_verb(word: &str) -> bool {
    (3..=12).contains(&word.len()) && word.bytes().all(|octet| octet.is_ascii_alphabetic())
}

fn needed(argument: Option<&str>) -> Result<&str, CommandError> {
    argument.ok_or(CommandError("an argument is missing"))
}

fn text(argument: Option<&str>) -> Result<String, CommandError> {
    needed(argument).map(str::to_owned)
}

fn word(argument: Option<&str>) -> Result<String, CommandError> {
    let word = needed(argument)?.trim();
    if word.contains(' ') { Err(CommandError("one argument is needed")) } else { Ok(word.to_owned()) }
}

fn alone(argument: Option<&str>, command: Command) -> Result<Command, CommandError> {
    if argument.is_none() { Ok(command) } else { Err(CommandError("this command has no argument")) }
}

fn number(argument: &str) -> Result<u32, CommandError> {
    decimal(argument.trim_end(), 1).ok_or(CommandError("a message number is needed"))
}

fn apop(argument: Option<&str>) -> Result<Command, CommandError> {
    let (name, digest) = needed(argument)?.trim_end().split_once(' ').unwrap_or_default();
    // §7 wants lower case; the proof is the same in upper case.
    let is_digest = digest.len() == 32 && digest.bytes().all(|octet| octet.is_ascii_hexdigit());
    if name.is_empty() || !is_digest {
        return Err(CommandError("a name and 32 hexadecimal digits are needed"));
    }
    Ok(Command::Apop { name: name.to_owned(), digest: digest.to_owned() })
}

fn top(argument: Option<&str>) -> Result<Command, CommandError> {
    let (message, lines) = needed(argument)?.trim_end().split_once(' ').unwrap_or_default();
    let lines = decimal(lines, 0).ok_or(CommandError("a number of lines is needed"))?;
    Ok(Command::Top { message: number(message)?, lines })
}
