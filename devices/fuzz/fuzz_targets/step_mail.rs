//! Mail faxes and their mail server.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::step_mail);
