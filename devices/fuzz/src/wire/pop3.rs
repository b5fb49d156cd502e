//! POP3: commands, status lines, listings and mails.

use faxproof_wire::pop3::{
    Command, CommandReader, MAX_ENTRIES, MAX_STATUS_LINE, Reply, ReplyReader, Status, entries, lists,
    multi_line,
};

use super::chunks::{alike, chunked};

/// The most that is taken of a body here.
const MOST: usize = 1000;

/// One direction of a connection, read as each thing that it can be.
pub fn pop3(bytes: &[u8]) -> bool {
    let (length, bytes) = chunked(bytes);
    let commands = alike(length, |length| commands(bytes, length));
    commands.iter().flatten().for_each(|command| {
        assert_eq!(Command::parse(&command.to_line()).as_ref(), Ok(command));
    });
    let mut is_reply = false;
    for has_body in [false, true] {
        let (replies, _) = alike(length, |length| replies(bytes, length, has_body));
        replies.iter().flatten().for_each(rewritten);
        is_reply |= replies.iter().any(Result::is_ok);
    }
    listed(bytes);
    is_reply || commands.iter().any(Result::is_ok)
}

fn commands(bytes: &[u8], length: usize) -> Vec<Result<Command, String>> {
    let mut reader = CommandReader::new();
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        reader.feed(chunk);
        read.extend(reader.by_ref().map(|command| command.map_err(|error| error.to_string())));
    }
    read
}

/// Replies to commands all of which ask for a body, or none; and whether nothing incomplete is left.
fn replies(bytes: &[u8], length: usize, has_body: bool) -> (Vec<Result<Reply, String>>, bool) {
    let mut reader = ReplyReader::new(MOST);
    let mut read = Vec::new();
    for chunk in bytes.chunks(length) {
        reader.feed(chunk);
        while let Some(reply) = reader.take(has_body) {
            read.push(reply.map_err(|error| error.to_string()));
        }
    }
    (read, reader.is_idle())
}

/// A writer of status lines leaves out what a reader of them tolerates; all else reads back alike.
fn rewritten(reply: &Reply) {
    let Reply { status, body } = reply;
    let line = status.to_line();
    assert!(line.len() <= MAX_STATUS_LINE && Status::parse(&line).is_some_and(|s| s.is_ok == status.is_ok));
    let _ = (status.numbers(), status.timestamp());
    let is_whole =
        line.len() < MAX_STATUS_LINE && status.text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_whole {
        assert_eq!(Status::parse(&line).as_ref(), Some(status));
    }
    let Some(body) = body else { return };
    assert!(body.len() <= MOST);
    let (again, is_idle) = replies(&multi_line(status, body), usize::MAX, true);
    let bodies: Vec<_> = again.iter().map(|reply| reply.as_ref().ok()?.body.as_ref()).collect();
    assert_eq!((bodies, is_idle), (vec![Some(body)], true));
    listed(body);
}

/// A listing that is read says the same when it is written.
fn listed(body: &[u8]) {
    let _ = lists(body, "UIDL");
    let Some(entries_of_it) = entries(body) else { return };
    assert!(entries_of_it.len() <= MAX_ENTRIES);
    let lines = entries_of_it.iter().map(|entry| format!("{} {}\r\n", entry.message, entry.value));
    assert_eq!(entries(lines.collect::<String>().as_bytes()), Some(entries_of_it));
}
