//! Tests of HTTP, a file for each part.

mod body;
mod framer;
mod head;
mod response;
mod writing;
