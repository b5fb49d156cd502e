//! Internet-fax mail: a message (RFC 5322) with a fax document as its attachment (RFC 2045, 3965), and
//! the mails that say what became of it.
//!
//! [`Mail`] writes what a fax sends, [`Extras`] what it may ask for beside the transfer; [`read`] takes
//! whatever a mail user sends to a fax.
//!
//! # Confirmation
//! A mail that was taken by a server was not read by anybody yet. Two kinds of mail can come back,
//! and both are a `multipart/report` (RFC 6522): a text for people and a part for machines.
//!
//! * An [`Mdn`] (RFC 8098) comes from the *recipient*: the mail was displayed, printed, deleted. The sender
//!   asks for it in the mail's header, with Disposition-Notification-To, and may never count on getting it.
//!   [`may_confirm`] decides whether a machine may send one: the address that asks must be the one
//!   that the mail came from, or an answer would hit whomever a stranger names. A fax says `dispatched`
//!   when it printed and `processed/error` when it could not (RFC 3249 §4.4.1.2).
//! * A [`Dsn`] (RFC 3464) comes from a *mail server*: delivered, delayed, given up. The sender asks for it in
//!   the SMTP session, with NOTIFY ([`smtp::RcptDsn`](crate::smtp::RcptDsn), RFC 3461), which only an extended
//!   session has. A success that nobody asked for is never reported.
//!
//! Both may say in Media-Accept-Features what the recipient can print (RFC 2530 §3), and both go out
//! with a null MAIL FROM, so that they are never answered themselves.
//!
//! # What the recipient can print
//! [`Mdn::accepts`] and [`DsnRecipient::accepts`] read Media-Accept-Features as a
//! [`Filter`](crate::features::Filter); [`Extras`] says in Content-features what a document needs, and in
//! Content-alternative what else there is. [`Alternative`] offers it, [`Mdn::alternative_preferred`] asks for it
//! (RFC 3297).
//!
//! # The number of the sender
//! A fax that was called learns whom to call back: the sender puts its IP telephone number into the mail
//! ([`Form`] lists the places) and [`Origin::read`] takes it out, strictly. An [`IpTelNumber`] has 3 to 15
//! digits; a [`FaxLocalPart`] is the form that RFC 3191 and RFC 3192 give a number in a mail address.

mod address;
mod alternative;
mod compose;
mod confirm;
mod dsn;
mod fields;
mod mdn;
mod number;
mod origin;
mod read;
mod report;
#[cfg(test)]
mod tests;
mod trace;

pub use address::{AddressError, Entry, Mailbox, addresses};
pub use alternative::{Alternative, Lifetime, is_addressed_to};
pub use compose::{Extras, Mail};
pub use confirm::{MdnOption, NoMdn, may_confirm, mdn_options, sender_path};
pub use dsn::{Action, Dsn, DsnRecipient, MAX_DSN_RECIPIENTS};
pub use fields::{Field, Fields, FieldsError, MAX_FIELDS, MAX_HEADER, MAX_HEADER_LINE};
pub use mdn::{Disposition, DispositionType, Mdn, Typed};
pub use number::{FaxLocalPart, IpTelNumber, MAX_LOCAL_PART, NumberError};
pub use origin::{Envelope, Form, NoNumber, Origin};
pub use read::{MAX_DEPTH, MAX_FILTERS, MAX_OCTETS, MAX_PARTS, MimeError, Problem, Received, read};
pub use report::{MAX_REPORT_PARTS, Original, Report, ReportError, is_report};
pub use trace::{Hop, date, header, hops, return_path};
