//! HTTP/1.1 on one connection (RFC 9110, RFC 9112): heads, bodies, and their borders in a stream.
//!
//! The reader is strict where leniency lets two boxes see different messages in the same octets (RFC
//! 9112 §11.2): a line ends on CRLF and on nothing else, a field is not folded, and there is one way
//! at most to tell where a body ends.

mod body;
mod fields;
mod framer;
mod head;
mod html;
mod response;
#[cfg(test)]
mod tests;
mod write;

pub use body::{BodyError, BodyReader, Framing, FramingError};
pub use fields::Fields;
pub use framer::Framer;
pub use head::{HeadError, HeadReader, MAX_FIELDS, MAX_HEAD, RequestHead, ResponseHead};
pub use html::{from_text, to_text};
pub use response::{Response, ResponseError, ResponseReader};
pub use write::{reason_phrase, request, response};
