//! SMTP: commands, replies, mail data, chunks, and what a server makes of them.

use bytes::Bytes;
use faxproof_devices::smtp::{Body, Envelope, Greeting, Offers, PostOffice, Server};
use faxproof_wire::smtp::{
    ChunkReader, Command, CommandReader, DataReader, MAX_REPLY_LINES, Reply, ReplyReader, Seen, stuff,
};

use super::chunks::{alike, chunked};

/// The most that is taken of mail data here.
const MOST: usize = 1000;

/// One direction of a connection, read as each thing that it can be.
pub fn smtp(bytes: &[u8]) -> bool {
    let (length, bytes) = chunked(bytes);
    let commands = alike(length, |length| commands(bytes, length));
    commands.iter().flatten().for_each(|command| {
        assert_eq!(Command::parse(&command.to_line()).as_ref(), Ok(command));
    });
    let replies = alike(length, |length| replies(bytes, length));
    replies.iter().flatten().for_each(rewritten);
    if let Ok(reply) = Reply::parse(bytes) {
        assert_eq!(replies, [Ok(reply)]);
    }
    let taken = alike(length, |length| mails(bytes, length));
    for mail in taken.iter().flatten() {
        assert!(mail.len() <= MOST);
        assert_eq!(mails(&stuff(mail), usize::MAX), [Ok(mail.clone())]);
    }
    stuffed(bytes);
    in_chunks(bytes, length);
    for refuses in [false, true] {
        let (said, taken) = alike(length, |length| served(bytes, length, refuses));
        assert!(said.split_inclusive(|octet| *octet == b'\n').all(|line| line.ends_with(b"\r\n")));
        taken.iter().for_each(|mail| deliverable(mail, refuses));
    }
    commands.iter().any(Result::is_ok) || replies.iter().any(Result::is_ok)
}

fn commands(bytes: &[u8], length: usize) -> Vec<Result<Command, u16>> {
    let mut reader = CommandReader::new();
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        reader.feed(chunk);
        read.extend(reader.by_ref().map(|command| command.map_err(|error| error.code)));
    }
    read
}

fn replies(bytes: &[u8], length: usize) -> Vec<Result<Reply, String>> {
    let mut reader = ReplyReader::new();
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        reader.feed(chunk);
        read.extend(reader.by_ref().map(|reply| reply.map_err(|error| error.to_string())));
    }
    read
}

/// A writer of replies leaves out what a reader of them tolerates; all else reads back alike.
fn rewritten(reply: &Reply) {
    let _ = reply.features();
    assert!((1..=MAX_REPLY_LINES).contains(&reply.lines.len()));
    let again = Reply::parse(&reply.to_bytes());
    assert_eq!(
        again.as_ref().map(|again| (again.code, again.lines.len())),
        Ok((reply.code, reply.lines.len()))
    );
    if reply.lines.iter().all(|line| line.bytes().all(|byte| (b' '..=b'~').contains(&byte))) {
        assert_eq!(again.as_ref(), Ok(reply));
    }
}

fn mails(bytes: &[u8], length: usize) -> Vec<Result<Bytes, usize>> {
    let mut reader = DataReader::new(MOST);
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        let mut rest = chunk;
        while let Some(end) = reader.feed(rest) {
            if let Ok(message) = &end.message {
                assert_eq!(end.seen, seen_in(message));
            }
            read.push(end.message.map_err(|too_big| too_big.size));
            rest = &rest[end.used..];
        }
    }
    read
}

/// Whatever is sent as mail data arrives, ended as a line.
fn stuffed(bytes: &[u8]) {
    let mut sent = bytes.to_vec();
    if !(sent.is_empty() || sent.ends_with(b"\r\n")) {
        sent.extend_from_slice(b"\r\n");
    }
    let written = stuff(bytes);
    let arrived = DataReader::new(usize::MAX).feed(&written);
    let arrived = arrived.map(|end| (end.message.unwrap_or_default(), end.used));
    assert_eq!(arrived, Some((Bytes::from(sent), written.len())));
}

/// Whatever is sent in chunks arrives as it is.
fn in_chunks(bytes: &[u8], length: usize) {
    let mut reader = ChunkReader::new(MOST);
    for chunk in bytes.chunks(length) {
        reader.begin(chunk.len() as u64);
        let (first, second) = chunk.split_at(chunk.len() / 2);
        assert_eq!(reader.feed(first), first.len());
        // What follows the chunk is not its own.
        assert_eq!(reader.feed(&[second, b"QUIT\r\n"].concat()), second.len());
        assert_eq!(reader.left(), 0);
    }
    let (message, seen) = reader.end();
    match message {
        Ok(message) => assert_eq!((&message[..], seen), (bytes, seen_in(bytes))),
        Err(too_big) => assert!(too_big.size == bytes.len() && bytes.len() > MOST),
    }
}

fn seen_in(message: &[u8]) -> Seen {
    let is_bare = |at: usize| match message[at] {
        b'\r' => message.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || message[at - 1] != b'\r',
        _ => false,
    };
    Seen { eight_bit: !message.is_ascii(), bare_line_end: (0..message.len()).any(is_bare) }
}

/// Takes every mail.
#[derive(Default)]
struct Office {
    taken: Vec<Envelope>,
}

impl PostOffice for Office {
    fn admits(&self, _: &str, _: &str) -> Result<(), Reply> {
        Ok(())
    }

    fn take(&mut self, envelope: Envelope, _: &Greeting) -> Reply {
        self.taken.push(envelope);
        Reply::new(250, "accepted")
    }
}

/// What a server says to a client, and the mails that it takes.
fn served(bytes: &[u8], length: usize, refuses: bool) -> (Vec<u8>, Vec<Envelope>) {
    let server = Server::new("b.example", MOST as u64).offering(Offers::of_a_mail_server());
    let mut server = if refuses { server.refusing_bare_line_ends() } else { server };
    let (mut said, mut office) = (Vec::new(), Office::default());
    for chunk in bytes.chunks(length) {
        let turn = server.bytes(chunk, &mut office);
        said.extend_from_slice(&turn.send);
        if turn.close {
            break;
        }
    }
    (said, office.taken)
}

/// A mail that was taken can be passed on for what it is.
fn deliverable(mail: &Envelope, refuses: bool) {
    assert!(mail.message.len() <= MOST && !mail.recipients.is_empty());
    let Seen { eight_bit, bare_line_end } = seen_in(&mail.message);
    assert!(!eight_bit || mail.body == Body::EightBit);
    assert!(!(refuses && bare_line_end));
}
