//! Media features: what a device can print, and what a document needs, as sets that can be compared.
//!
//! A fax that tells another one what it can do writes a [`Filter`] (RFC 2533): a test that a document passes
//! when it can be printed. The tags and values are those of RFC 2879: `(& (paper-size=[A4,B4])
//! (image-coding=MH))`. It travels in Media-Accept-Features of an MDN or a DSN (RFC 2530), in Content-features
//! and Content-alternative of a mail (RFC 2912, RFC 3297), and in the replies to RCPT (RFC 4141).
//!
//! * [`Filter::parse`] reads one, `to_string` writes it. Whatever a peer sends is bounded: octets, depth,
//!   terms. A tag that nobody knows is kept and counts like the others (RFC 2533 §4.2.3).
//! * [`Filter::accepts`] asks whether one document may be sent, and how much it is wanted.
//! * [`Filter::normal`] works out what it means: two filters that say the same have the same [`Normal`] form,
//!   one that contradicts itself an empty one. [`Filter::meets`] asks whether two have anything in common.
//! * [`Ability`] is what a fax can print as data, to a filter and back; [`described`] is what a page needs. [`choose`]
//!   picks the form of a page for a recipient, and tells why.

mod ability;
mod accept;
mod choice;
mod diagram;
mod disjunction;
mod filter;
mod normal;
mod parse;
mod registered;
mod split;
#[cfg(test)]
mod tests;
mod value;

pub use ability::{Ability, described};
pub use choice::{Choice, Why, choose, choose_as_told};
pub use filter::{Entry, Filter, Relation, Test};
pub use normal::{Normal, TooComplicated};
pub use parse::{FilterError, MAX_DEPTH, MAX_OCTETS, MAX_TERMS};
pub use value::{MAX_WORD, Number, Quality, Tag, Value, Word};
