//! Mail servers that forward over SIP, and their mail clients.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::step_forward);
