//! faxproof
