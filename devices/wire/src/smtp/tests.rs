//! Tests of the codec; one file per reader below `tests/`.

mod chunks;
mod command;
mod conneg;
mod data;
mod dsn;
mod framer;
mod line;
mod reply;
