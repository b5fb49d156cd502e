//! The boxes of the system as pure state machines.
//!
//! A device takes one event at a time and answers with effects ([`core`]). Inside, it composes small
//! pure machines: SIP transactions, dialogs, SMTP and HTTP sessions. The flowcharts of the patent are data
//! ([`chart`]), and a device marks every arc that it takes.

pub mod chart;
pub(crate) mod collector;
pub mod config;
pub mod core;
pub mod fax1;
pub mod gate;
pub(crate) mod handover;
pub mod http;
pub(crate) mod line;
pub mod location_server;
pub mod mail_client;
pub mod mail_fax;
pub mod mail_server;
pub(crate) mod mailer;
pub mod number;
pub mod order;
pub(crate) mod paper;
pub mod pop3;
pub mod registrar;
pub mod sip;
pub mod sip_server;
pub mod smtp;
pub mod ta1;
pub mod ta2;
pub mod ta3;
pub mod table;
pub mod tester;
pub mod turn;

#[cfg(test)]
mod testing;
#[cfg(test)]
#[path = "tests/torture.rs"]
mod torture;
