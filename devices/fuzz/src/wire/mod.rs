//! What the readers and writers of `faxproof-wire` promise.

pub(crate) mod chunks;
pub(crate) mod features;
pub(crate) mod http;
pub(crate) mod mime;
pub(crate) mod pop3;
pub(crate) mod sdp;
pub(crate) mod sip;
pub(crate) mod smtp;
pub(crate) mod streams;
pub(crate) mod tiff;
pub(crate) mod vendor;
