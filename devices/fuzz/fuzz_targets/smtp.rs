//! One direction of an SMTP connection.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::smtp);
