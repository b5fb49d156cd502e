//! POP3 on one connection (RFC 1939): how a device fetches the mails of a mailbox that a mail server keeps.
//!
//! The server greets with `+OK`. The client logs in (USER and PASS, or APOP), asks what is there (STAT,
//! LIST, UIDL), fetches mails (RETR, TOP) and marks them deleted (DELE). They are deleted by QUIT and by
//! nothing else (§6): a connection that breaks deletes no mail. A reply is one line, or such a line
//! and a body that ends on a line with only a dot, the dots at the start of its other lines doubled (§3).
//! Only the command tells which of both it is, so a [`ReplyReader`] has to be told.

mod command;
mod framer;
mod reply;
#[cfg(test)]
mod tests;

pub use command::{Command, CommandError, CommandReader, MAX_COMMAND_LINE};
pub use framer::Framer;
pub use reply::{
    Entry, MAX_ENTRIES, MAX_STATUS_LINE, Reply, ReplyError, ReplyReader, Status, entries, lists, multi_line,
};
