//! A fax that calls, and one that is called.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::step_fax);
