//! Responses as a client reads them.

use bytes::{Bytes, BytesMut};

use super::body::{BodyError, BodyReader, FramingError};
use super::head::{HeadError, HeadReader, ResponseHead};

/// The longest body of a response that is kept, in octets: a client reads it for its operator only.
const MAX_BODY: u64 = 64 * 1024;

/// A whole response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its head.
    pub head: ResponseHead,
    /// Its body, chunks undone.
    pub body: Bytes,
}

/// Why something from a server is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Its head cannot be read.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// It does not say where its body ends.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// Its body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Reads the responses to requests that are no HEAD and no CONNECT, from whatever chunks they come in.
#[derive(Debug, Clone, Default)]
pub struct ResponseReader {
    heads: HeadReader,
    open: Option<(ResponseHead, BodyReader, BytesMut)>,
}

impl ResponseReader {
    /// Appends octets as they came from the connection.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.heads.feed(bytes);
    }

    /// The next whole response; `None` where it is still incomplete.
    ///
    /// # Errors
    /// [`ResponseError`]; nothing behind it can be read any more.
    pub fn next_response(&mut self) -> Result<Option<Response>, ResponseError> {
        if self.open.is_none() {
            let Some(head) = self.heads.next_head()? else { return Ok(None) };
            let head = ResponseHead::parse(&head)?;
            let body = BodyReader::new(head.framing(false)?, MAX_BODY);
            self.open = Some((head, body, BytesMut::new()));
        }
        let Some((head, mut reader, mut body)) = self.open.take() else { return Ok(None) };
        let rest = self.heads.take_rest();
        let used = reader.feed(&rest, |content| body.extend_from_slice(content))?;
        self.heads.feed(&rest[used..]);
        if reader.is_done() {
            return Ok(Some(Response { head, body: body.freeze() }));
        }
        self.open = Some((head, reader, body));
        Ok(None)
    }

    /// The connection ended in order: a response whose body ends with it is whole now.
    pub fn at_end(&mut self) -> Option<Response> {
        let (head, _, body) = self.open.take()?;
        let to_close = head.framing(false) == Ok(super::Framing::ToClose);
        to_close.then(|| Response { head, body: body.freeze() })
    }
}
