//! What travels between the boxes, read and written without loss: SIP, SDP, SMTP, POP3, HTTP, MIME, TIFF,
//! the fax coding of the pages and what a fax says it prints. Nothing here knows a clock, a socket or a device.

mod direction;
pub mod features;
pub mod http;
pub mod mime;
pub mod page;
pub mod pop3;
pub mod sdp;
pub mod sip;
pub mod smtp;
pub mod stream;
pub mod vendor;
