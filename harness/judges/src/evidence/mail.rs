//! Every mail that passed from one host to another, by SMTP or by POP3.

use faxproof_reports::Host;
use faxproof_wire::smtp::{Command, DataReader, MailDsn};

use super::stream::{Kind, Stream, Unit, bare_id, message_id};

/// A mail on one part of its way.
#[derive(Debug)]
pub struct Passage<'a> {
    /// Who handed it over.
    pub from: &'a Host,
    /// Who got it.
    pub to: &'a Host,
    /// Its position in the trace.
    pub at: usize,
    /// When it arrived, in microseconds; `None`: it did not.
    pub delivered_us: Option<u64>,
    /// Position of the 250 that took charge of it, unless a rule of the scenario wrote that.
    pub acknowledged: Option<usize>,
    /// Position and code of the 4yz or 5yz that refused it.
    pub refused: Option<(usize, u16)>,
    /// Whether a POP3 server gave it.
    pub collected: bool,
    /// MAIL FROM; `None` by POP3.
    pub sender: Option<String>,
    /// ENVID of MAIL FROM, by which a DSN names the mail (RFC 3461 §4.4).
    pub envid: Option<String>,
    /// RCPT TO, of the recipients that were taken.
    pub recipients: Vec<String>,
    /// The mail as it was meant, its dots undone.
    pub message: Vec<u8>,
    /// Its Message-ID, without brackets.
    pub id: Option<String>,
    /// A rule of the scenario changed it.
    pub tampered: bool,
}

/// The mails of all connections, in the order of the trace.
pub(super) fn passages<'a>(streams: &[Stream<'a>]) -> Vec<Passage<'a>> {
    let mut passages: Vec<Passage<'a>> = streams.iter().flat_map(of_stream).collect();
    passages.sort_by_key(|passage| passage.at);
    passages
}

fn of_stream<'a>(stream: &Stream<'a>) -> Vec<Passage<'a>> {
    let mut passages = Vec::new();
    let (mut sender, mut recipients): (Option<String>, Vec<String>) = (None, Vec::new());
    let (mut envid, mut chunks) = (None, Vec::new());
    for (index, unit) in stream.units.iter().enumerate() {
        let message = match &unit.kind {
            Kind::Command(_) => match Command::parse(unit.bytes) {
                Ok(Command::MailFrom { path, params }) => {
                    sender = Some(path);
                    envid = MailDsn::from_params(&params).ok().and_then(|dsn| dsn.envid);
                    recipients.clear();
                    chunks.clear();
                    None
                }
                // Whether it was taken says the reply that has come since, where commands wait for theirs.
                Ok(Command::RcptTo { path, .. }) if !refused(stream, index) => {
                    recipients.push(path);
                    None
                }
                Ok(Command::Bdat { size: 0, last: true }) => Some(std::mem::take(&mut chunks)),
                _ => None,
            },
            Kind::Chunk { last } => {
                chunks.extend_from_slice(unit.bytes);
                last.then(|| std::mem::take(&mut chunks))
            }
            Kind::Mail | Kind::Collected => Some(undone(unit)),
            _ => None,
        };
        let Some(message) = message else { continue };
        let is_whole = matches!(unit.kind, Kind::Mail | Kind::Collected);
        let id = if is_whole { unit.message_id() } else { message_id(&message) };
        passages.push(Passage {
            from: unit.from,
            to: if unit.from == stream.client { stream.server } else { stream.client },
            at: unit.at,
            delivered_us: unit.delivered_us,
            acknowledged: acknowledgement(stream, index),
            refused: refusal(stream, index),
            collected: unit.kind == Kind::Collected,
            sender: sender.take(),
            envid: envid.take(),
            recipients: std::mem::take(&mut recipients),
            message,
            id: id.map(|id| bare_id(&id).to_owned()),
            tampered: unit.tampered,
        });
    }
    passages
}

/// Whether the next thing that the other side says is a refusal.
fn refused(stream: &Stream<'_>, index: usize) -> bool {
    let from = stream.units[index].from;
    let next = stream.units[index + 1..].iter().find(|unit| unit.from != from);
    next.is_some_and(|unit| matches!(unit.kind, Kind::Reply(400..)))
}

fn answer<'c, 'a>(stream: &'c Stream<'a>, index: usize) -> Option<&'c Unit<'a>> {
    let from = stream.units[index].from;
    stream.units[index + 1..].iter().find(|unit| unit.from != from && unit.is_answer())
}

fn refusal(stream: &Stream<'_>, index: usize) -> Option<(usize, u16)> {
    let answer = answer(stream, index)?;
    match answer.kind {
        Kind::Reply(code @ 400..) => Some((answer.at, code)),
        _ => None,
    }
}

fn acknowledgement(stream: &Stream<'_>, index: usize) -> Option<usize> {
    let answer = answer(stream, index)?;
    (matches!(answer.kind, Kind::Reply(200..=299)) && !answer.tampered).then_some(answer.at)
}

fn undone(unit: &Unit<'_>) -> Vec<u8> {
    let mut reader = DataReader::new(usize::MAX);
    reader
        .feed(unit.bytes)
        .and_then(|end| end.message.ok())
        .map(|message| message.to_vec())
        .unwrap_or_default()
}
