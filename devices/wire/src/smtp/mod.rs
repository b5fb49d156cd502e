//! SMTP on one connection (RFC 5321): commands, replies, mail data, and their borders in a stream.
//!
//! A chunk from TCP is never a message: every reader here is fed whatever arrived and hands out what
//! is complete. A line ends on CRLF and on nothing else. Whoever takes a bare LF for a line end can
//! be made to see commands inside a mail.

mod chunks;
mod command;
mod conneg;
mod data;
mod dsn;
mod framer;
mod line;
mod literal;
mod reply;
#[cfg(test)]
mod tests;

pub use crate::stream::Unit;
pub use chunks::ChunkReader;
pub(crate) use command::is_verb;
pub use command::{Command, CommandError, CommandReader, Param};
pub use conneg::{CONNEG, NO_CONNEG};
pub(crate) use data::EndOfData;
pub use data::{DataEnd, DataReader, Seen, TooBig, stuff};
pub use dsn::{MAX_ENVID, MAX_ORCPT, MailDsn, Notify, Orcpt, RcptDsn, Ret, from_xtext, to_xtext};
pub use framer::Framer;
pub use line::{LineReader, MAX_COMMAND_LINE, MAX_TEXT_LINE, Overlong};
pub(crate) use line::{end_of_line, printable};
pub use literal::{from_literal, to_literal};
pub use reply::{MAX_REPLY_LINES, Reply, ReplyError, ReplyReader};
