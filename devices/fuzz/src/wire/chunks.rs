//! Streams as they come: in chunks that mean nothing.

use std::fmt::Debug;

/// Separates the turns of the two sides of a connection in an input.
const TURN: u8 = 0x1e;

/// An input that begins with a length of chunks, and the rest of it.
pub(crate) fn chunked(bytes: &[u8]) -> (usize, &[u8]) {
    bytes.split_first().map_or((1, bytes), |(length, rest)| (usize::from(*length).max(1), rest))
}

/// What the two sides say in turn; the client, who connected, begins.
pub(crate) fn turns(bytes: &[u8]) -> Vec<(bool, &[u8])> {
    bytes.split(|byte| *byte == TURN).enumerate().map(|(at, turn)| (at % 2 == 1, turn)).collect()
}

/// Whether a reader tells the same of the whole as of chunks of this length. What it tells is returned.
pub(crate) fn alike<T: PartialEq + Debug>(length: usize, read: impl Fn(usize) -> T) -> T {
    let (whole, in_chunks) = (read(usize::MAX), read(length));
    assert!(whole == in_chunks, "in chunks of {length}: {in_chunks:?}\nin one piece: {whole:?}");
    whole
}
