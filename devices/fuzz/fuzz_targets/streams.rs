//! A connection that somebody watches.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::streams);
