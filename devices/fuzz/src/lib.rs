//! What nobody sent yet, and what must hold all the same.
//!
//! Each function here takes octets, does with them what a box on the network would do, and panics where
//! one of its promises is broken. Three callers feed them: the tests of this crate with seeded
//! [mutations](Mutator), `cargo fuzz` with what its coverage tells it, and the targets themselves, built
//! without a fuzzer, with the files named on their command line: so a finding is seen again.

mod corpus;
mod mutation;
mod step;
mod target;
mod wire;

pub use corpus::corpus;
pub use mutation::Mutator;
pub use step::{step_fax, step_forward, step_location, step_mail, step_server};
pub use target::repeat;
pub use wire::features::features;
pub use wire::http::http;
pub use wire::mime::mime;
pub use wire::pop3::pop3;
pub use wire::sdp::sdp;
pub use wire::sip::sip;
pub use wire::smtp::smtp;
pub use wire::streams::streams;
pub use wire::tiff::tiff;
pub use wire::vendor::vendor;

#[cfg(test)]
mod tests;
