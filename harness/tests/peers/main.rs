//! Tests against programs that other people wrote: Kamailio as the SIP server, SIPp as caller and
//! callee, swaks and Python as mail clients, mpop and Python as collectors and Python as a reader of mail, aiosmtpd and
//! Postfix as mail servers, Dovecot as the server of a mailbox, curl as an HTTP client, libtiff and Ghostscript for documents. They need
//! these programs, so they run only when asked for: `cargo test -p faxproof --features peers --test peers`. A program that is missing is a failure.

#![allow(clippy::unwrap_used)]

mod curl;
mod daemon;
mod delivery;
mod dovecot;
mod ghostscript;
mod kamailio;
mod libtiff;
mod mail;
mod mailbox;
mod postfix;
mod postfix_calls;
mod postfix_mailbox;
mod postfix_smuggling;
mod program;
mod reports;
mod sipp;
mod smtplib;
mod stage;
mod stranger;
mod swaks;
mod visited;
