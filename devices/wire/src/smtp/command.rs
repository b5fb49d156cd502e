//! Commands (RFC 5321 §4.1.1).

use super::line::{LineReader, MAX_COMMAND_LINE, printable};

/// One command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Opens an extended session; a domain or an address literal.
    Ehlo(String),
    /// Opens a plain session; a domain.
    Helo(String),
    /// Names the sender and starts a mail.
    MailFrom {
        /// Mailbox to send failure notices to, without `<>`; empty for the null path (§4.5.5).
        path: String,
        /// Parameters of extensions.
        params: Vec<Param>,
    },
    /// Names one recipient.
    RcptTo {
        /// Mailbox, without `<>` and without a source route.
        path: String,
        /// Parameters of extensions.
        params: Vec<Param>,
    },
    /// Asks to send the message.
    Data,
    /// Brings the next octets of the message, and waits for no leave (RFC 3030 §2).
    Bdat {
        /// How many octets follow the command.
        size: u64,
        /// Whether the message ends with them.
        last: bool,
    },
    /// Gives up the current mail.
    Rset,
    /// Does nothing; its argument is ignored.
    Noop,
    /// Asks whether a mailbox exists.
    Vrfy(String),
    /// Ends the session.
    Quit,
    /// A verb that is not one of those above: reply 500 or 502.
    Unknown {
        /// The verb, in upper case.
        verb: String,
    },
}

/// A parameter of MAIL or RCPT that an extension defines (§4.1.2, `esmtp-param`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its keyword, in upper case.
    pub keyword: String,
    /// What follows the `=`.
    pub value: Option<String>,
}

/// A line that is no command, and the reply code that it deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code} {reason}")]
pub struct CommandError {
    /// 500 for a line that is no command at all, 501 for a command with wrong arguments.
    pub code: u16,
    /// What is wrong, in words fit for the text of the reply.
    pub reason: &'static str,
}

impl Param {
    /// A parameter with a value, for example `SIZE=48213`.
    pub fn new(keyword: impl Into<String>, value: impl Into<String>) -> Param {
        Param { keyword: keyword.into(), value: Some(value.into()) }
    }

    /// The value of the parameter of this name, where there is one; others are passed over.
    ///
    /// # Errors
    /// [`CommandError`] 501: it has no value, or is there twice.
    pub fn value_of<'a>(params: &'a [Param], keyword: &str) -> Result<Option<&'a str>, CommandError> {
        let mut named = params.iter().filter(|param| param.keyword.eq_ignore_ascii_case(keyword));
        let Some(param) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            return Err(wrong("a parameter is there twice"));
        }
        param.value.as_deref().map(Some).ok_or(wrong("a parameter has no value"))
    }
}

impl Command {
    /// Reads one line, with or without its CRLF. Trailing white space is tolerated (§4.1.1), white
    /// space at the colon of `MAIL FROM:` is not (§3.3).
    ///
    /// # Errors
    /// [`CommandError`] with the reply code for this line.
    pub fn parse(line: &[u8]) -> Result<Command, CommandError> {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let end = line.iter().rposition(|octet| !matches!(octet, b' ' | b'\t')).map_or(0, |last| last + 1);
        let line = str::from_utf8(&line[..end]).unwrap_or_default();
        if line.is_empty() || line.bytes().any(|octet| !(b' '..=b'~').contains(&octet)) {
            return Err(CommandError { code: 500, reason: "a command of printable ASCII is needed" });
        }
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => host(argument).map(Command::Ehlo),
            "HELO" => host(argument).map(Command::Helo),
            "MAIL" => {
                let (path, params) = path_and_params(argument, "FROM:")?;
                Ok(Command::MailFrom { path, params })
            }
            "RCPT" => match path_and_params(argument, "TO:")? {
                (path, _) if path.is_empty() => Err(wrong("a recipient must not be empty")),
                (path, params) => Ok(Command::RcptTo { path, params }),
            },
            "DATA" => alone(argument, Command::Data),
            "BDAT" => chunk(argument),
            "RSET" => alone(argument, Command::Rset),
            "QUIT" => alone(argument, Command::Quit),
            "NOOP" => Ok(Command::Noop),
            "VRFY" if argument.is_empty() => Err(wrong("a mailbox is missing")),
            "VRFY" => Ok(Command::Vrfy(argument.to_owned())),
            _ if is_verb(verb.as_bytes()) => Ok(Command::Unknown { verb }),
            _ => Err(CommandError { code: 500, reason: "this is no command" }),
        }
    }

    /// The command as sent, with its CRLF. What is not printable ASCII is left out, and what would end
    /// a path or start another parameter too, so that no value can bring anything of its own.
    pub fn to_line(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Command::Ehlo(text) | Command::Helo(text) | Command::Vrfy(text) => {
                out.extend_from_slice(self.verb().as_bytes());
                out.push(b' ');
                out.extend(printable(text));
            }
            Command::MailFrom { path, params } => write_mailbox(&mut out, "MAIL FROM:", path, params),
            Command::RcptTo { path, params } => write_mailbox(&mut out, "RCPT TO:", path, params),
            Command::Bdat { size, last } => {
                let marker = if *last { " LAST" } else { "" };
                out.extend_from_slice(format!("BDAT {size}{marker}").as_bytes());
            }
            Command::Data | Command::Rset | Command::Noop | Command::Quit | Command::Unknown { .. } => {
                out.extend(printable(self.verb()));
            }
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// The verb, in upper case.
    pub fn verb(&self) -> &str {
        match self {
            Command::Ehlo(_) => "EHLO",
            Command::Helo(_) => "HELO",
            Command::MailFrom { .. } => "MAIL",
            Command::RcptTo { .. } => "RCPT",
            Command::Data => "DATA",
            Command::Bdat { .. } => "BDAT",
            Command::Rset => "RSET",
            Command::Noop => "NOOP",
            Command::Vrfy(_) => "VRFY",
            Command::Quit => "QUIT",
            Command::Unknown { verb } => verb,
        }
    }
}

/// Reads the commands of a connection: feed it, then take the commands out as from an iterator. A
/// line that is too long gives one error with code 500.
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

    /// What no command has used yet: after DATA it is the start of the message, after BDAT that of its chunk.
    pub fn waiting(&self) -> &[u8] {
        self.lines.waiting()
    }

    /// Passes over so many octets of what is waiting. Commands go on behind them.
    pub fn pass_over(&mut self, octets: usize) {
        self.lines.pass_over(octets);
    }
}

impl Iterator for CommandReader {
    type Item = Result<Command, CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        let too_long = |_| CommandError { code: 500, reason: "the line is too long" };
        Some(self.lines.next()?.map_err(too_long).and_then(|line| Command::parse(&line)))
    }
}

/// Whether this can be the verb of some extension: a few letters.
pub(crate) fn is_verb(word: &[u8]) -> bool {
    (1..=12).contains(&word.len()) && word.iter().all(u8::is_ascii_alphabetic)
}

/// Limits of a local part, a domain and a path with its brackets, in octets (§4.5.3.1.1-3).
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;
const MAX_PATH: usize = 256;

fn wrong(reason: &'static str) -> CommandError {
    CommandError { code: 501, reason }
}

fn host(argument: &str) -> Result<String, CommandError> {
    let fits = !argument.is_empty() && argument.len() <= MAX_DOMAIN && !argument.contains(' ');
    fits.then(|| argument.to_owned()).ok_or(wrong("one host name is needed"))
}

fn alone(argument: &str, command: Command) -> Result<Command, CommandError> {
    if argument.is_empty() { Ok(command) } else { Err(wrong("this command has no argument")) }
}

/// RFC 3030 §2: digits, and LAST where it is the last chunk.
fn chunk(argument: &str) -> Result<Command, CommandError> {
    let (size, marker) = match argument.split_once(' ') {
        Some((size, marker)) => (size, Some(marker)),
        None => (argument, None),
    };
    let digits = size.bytes().all(|octet| octet.is_ascii_digit());
    let size = size.parse().ok().filter(|_| digits).ok_or(wrong("the size of the chunk is no number"))?;
    match marker {
        None => Ok(Command::Bdat { size, last: false }),
        Some(marker) if marker.eq_ignore_ascii_case("LAST") => Ok(Command::Bdat { size, last: true }),
        Some(_) => Err(wrong("only LAST may follow the size of the chunk")),
    }
}

fn path_and_params(argument: &str, keyword: &str) -> Result<(String, Vec<Param>), CommandError> {
    let head = argument.get(..keyword.len()).filter(|head| head.eq_ignore_ascii_case(keyword));
    let rest = head.and_then(|head| argument.get(head.len()..)).ok_or(wrong("FROM: or TO: is missing"))?;
    let rest = rest.strip_prefix('<').ok_or(wrong("a path in <> must follow the colon"))?;
    let end = unquoted(rest).find(|(_, octet)| *octet == b'>').ok_or(wrong("the path has no end"))?.0;
    let (path, params) = (&rest[..end], &rest[end + 1..]);
    let params = match params.strip_prefix(' ') {
        None if !params.is_empty() => return Err(wrong("a space must follow the path")),
        params => params.unwrap_or_default(),
    };
    let params = params.split_ascii_whitespace().map(param).collect::<Result<_, _>>()?;
    Ok((mailbox(path)?, params))
}

/// Checks a path and drops its source route, which means nothing any more (§4.1.1.3).
fn mailbox(path: &str) -> Result<String, CommandError> {
    if path.len() + 2 > MAX_PATH {
        return Err(wrong("the path is too long"));
    }
    let path = match path.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(wrong("the path is a route without a mailbox"))?.1,
        None => path,
    };
    if unquoted(path).any(|(_, octet)| matches!(octet, b' ' | b'<')) {
        return Err(wrong("the path holds a space or a bracket"));
    }
    let mut ats = unquoted(path).filter(|(_, octet)| *octet == b'@');
    let at = ats.next();
    // One that is not quoted ends the local part (§4.1.2).
    if ats.next().is_some() {
        return Err(wrong("the path has more than one @"));
    }
    let (local, domain) = at.map_or((path, None), |(at, _)| (&path[..at], Some(&path[at + 1..])));
    let domain_fits = match domain {
        Some(domain) => (1..=MAX_DOMAIN).contains(&domain.len()) && !local.is_empty(),
        // Without a domain there is only the null path and the postmaster of this very host.
        None => local.is_empty() || local.eq_ignore_ascii_case("postmaster"),
    };
    if local.len() > MAX_LOCAL || !domain_fits {
        return Err(wrong("the path is no mailbox"));
    }
    Ok(path.to_owned())
}

fn param(text: &str) -> Result<Param, CommandError> {
    let (keyword, value) =
        text.split_once('=').map_or((text, None), |(keyword, value)| (keyword, Some(value)));
    let named = keyword.starts_with(|first: char| first.is_ascii_alphanumeric())
        && keyword.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    if !named || value == Some("") {
        return Err(wrong("a parameter is malformed"));
    }
    Ok(Param { keyword: keyword.to_ascii_uppercase(), value: value.map(str::to_owned) })
}

/// The octets outside of quoted strings, with their places. A backslash quotes the next octet.
fn unquoted(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let (mut in_quotes, mut escaped) = (false, false);
    text.bytes().enumerate().filter(move |(_, octet)| {
        let quoted = in_quotes || escaped;
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_quotes = !in_quotes,
            _ => {}
        }
        !quoted
    })
}

fn write_mailbox(out: &mut Vec<u8>, head: &str, path: &str, params: &[Param]) {
    out.extend_from_slice(head.as_bytes());
    out.push(b'<');
    let path: String = printable(path).map(char::from).collect();
    let mut cut = path.clone().into_bytes();
    for (at, octet) in unquoted(&path) {
        if matches!(octet, b'<' | b'>' | b' ') {
            cut[at] = b'_';
        }
    }
    out.extend_from_slice(&cut);
    out.push(b'>');
    for param in params {
        out.push(b' ');
        out.extend(printable(&param.keyword).filter(|octet| *octet != b' '));
        if let Some(value) = &param.value {
            out.push(b'=');
            out.extend(printable(value).filter(|octet| *octet != b' '));
        }
    }
}
