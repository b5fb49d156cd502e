//! SMTP: commands, replies and mail data.

use bytes::Bytes;
use faxproof_wire::smtp::{Command, CommandReader, DataReader, MAX_REPLY_LINES, Reply, ReplyReader, stuff};

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
        let mut rest = Bytes::copy_from_slice(chunk);
        while let Some(end) = reader.feed(&rest) {
            read.push(end.message.map_err(|too_big| too_big.size));
            rest = end.rest;
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
    let arrived = DataReader::new(usize::MAX).feed(&stuff(bytes));
    let arrived = arrived.map(|end| (end.message.unwrap_or_default(), end.rest.len()));
    assert_eq!(arrived, Some((Bytes::from(sent), 0)));
}
