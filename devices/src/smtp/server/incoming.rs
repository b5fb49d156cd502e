//! What comes between the commands: messages behind DATA, and chunks of them behind BDAT.

use bytes::{Bytes, BytesMut};
use faxproof_wire::smtp::{ChunkReader, DataReader, Reply, Seen, TooBig};

use super::{PostOffice, Server, out_of_order};
use crate::smtp::{Body, Envelope};

/// What the next octets of the client are.
#[derive(Clone, Debug, Default)]
pub(super) enum Incoming {
    #[default]
    Commands,
    /// The message behind DATA.
    Message(DataReader),
    /// The chunk behind BDAT.
    Chunk(Chunk),
    /// What the client sends before it has the reply to its mail. It waits.
    Ahead,
}

#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The message that it is a part of.
    pub(super) message: ChunkReader,
    size: u64,
    /// Whether the message ends with it.
    last: bool,
    /// It is a part of none, and this is answered.
    refusal: Option<Reply>,
}

impl Server {
    /// The chunk that a BDAT announces. It is taken out of the stream whatever is answered (RFC 3030 §2).
    pub(super) fn chunk(&mut self, size: u64, last: bool) -> Chunk {
        let in_order = self.mail.as_ref().is_some_and(|mail| !mail.recipients.is_empty());
        let (mut message, refusal) = match self.chunks.take() {
            Some(chunks) => (chunks, None),
            None if in_order => (ChunkReader::new(self.most()), None),
            None => (ChunkReader::new(0), Some(out_of_order("RCPT first"))),
        };
        message.begin(size);
        Chunk { message, size, last, refusal }
    }

    /// All octets of a chunk have come. True if the client is sent away.
    pub(super) fn chunk_ended(
        &mut self,
        chunk: Chunk,
        office: &mut dyn PostOffice,
        send: &mut BytesMut,
    ) -> bool {
        let Chunk { message, size, last, refusal } = chunk;
        let reply = match (refusal, message.check()) {
            (Some(refusal), _) => return self.is_fed_up_by(refusal, send),
            (None, _) if last => {
                let (message, seen) = message.end();
                self.message_ended(message, seen, office)
            }
            (None, kept) => {
                // Of one that is too big further chunks may be under way; it ends by LAST or by RSET.
                self.chunks = Some(message);
                let taken = |()| Reply::new(250, format!("{size} octets received")).with_enhanced(2, 0, 0);
                Some(kept.map_or_else(too_big, taken))
            }
        };
        self.say_or_wait(reply, send);
        false
    }

    /// The message has come to its end, and with it the mail. `None`: the reply comes later.
    pub(super) fn message_ended(
        &mut self,
        message: Result<Bytes, TooBig>,
        seen: Seen,
        office: &mut dyn PostOffice,
    ) -> Option<Reply> {
        let mail = self.mail.take().unwrap_or_default();
        match message {
            Err(size) => Some(too_big(size)),
            Ok(_) if seen.bare_line_end && self.refuses_bare_line_ends => {
                Some(Reply::new(554, "a CR or LF stands alone in the message").with_enhanced(5, 6, 0))
            }
            Ok(message) => {
                let body = if seen.eight_bit { Body::EightBit } else { mail.body };
                let greeting = self.greeting.clone().unwrap_or_default();
                let reply = office.take(Envelope { message, body, ..mail }, &greeting);
                (reply.code >= 300 || !office.replies_later()).then_some(reply)
            }
        }
    }

    /// The largest message that is kept.
    pub(super) fn most(&self) -> usize {
        usize::try_from(self.size_limit).unwrap_or(usize::MAX)
    }
}

fn too_big(size: TooBig) -> Reply {
    Reply::new(552, size.to_string()).with_enhanced(5, 3, 4)
}
