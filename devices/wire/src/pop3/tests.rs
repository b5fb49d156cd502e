//! Tests of the codec; one file per reader below `tests/`.

mod command;
mod reply;
