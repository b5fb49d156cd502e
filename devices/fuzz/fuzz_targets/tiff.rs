//! A document.
#![cfg_attr(fuzzing, no_main)]

faxproof_fuzz::target!(faxproof_fuzz::tiff);
