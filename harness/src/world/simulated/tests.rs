//! Tests of the virtual world.

mod crash;
mod order;
mod streams;
