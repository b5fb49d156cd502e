//! One direction of an HTTP connection.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::http);
