//! Seeded mutations of octets, by one who knows lines, words and numbers.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Bytes that mean something to a reader of some text.
const TELLING: &[u8] = b"\r\n \t:;,.<>\"\\@=%[]()/?*-+0\0\x1e\x7f\xc3\xff";

/// Numbers at which something overflows, ends or changes its sign.
const EDGES: &[&str] = &[
    "0",
    "-1",
    "1",
    "00",
    "99",
    "127",
    "128",
    "255",
    "256",
    "699",
    "700",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "1e9",
    "0x10",
    "ffffffffffffffff",
];

/// The longest of the usual runs, and of the rare ones.
const USUAL_RUN: usize = 300;
const RARE_RUN: usize = 20_000;

/// Draws mutations of a corpus. The same seed, the same mutations.
#[derive(Debug)]
pub struct Mutator<'a> {
    random: ChaCha8Rng,
    corpus: &'a [Vec<u8>],
    words: &'a [&'a str],
}

impl<'a> Mutator<'a> {
    /// A mutator for these inputs; `words` mean something in them and are put in now and then.
    pub fn new(seed: u64, corpus: &'a [Vec<u8>], words: &'a [&'a str]) -> Self {
        Mutator { random: ChaCha8Rng::seed_from_u64(seed), corpus, words }
    }

    /// One to four mutations of some input.
    pub fn draw(&mut self) -> Vec<u8> {
        let mut bytes = self.some_input().to_vec();
        for _ in 0..=self.below(4) {
            self.mutate(&mut bytes);
        }
        bytes
    }

    /// One mutation.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let (at, to) = self.stretch(bytes, 16);
        match self.below(16) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << self.below(8)),
            1 => drop(bytes.splice(at..(at + 1).min(bytes.len()), [self.telling()])),
            2 => bytes.insert(at, self.telling()),
            3 => drop(bytes.drain(at..to)),
            4 => bytes.truncate(at),
            5 => self.put_word(bytes, at),
            6 => self.put_number(bytes, at),
            7 => self.put_run(bytes, at),
            8 => self.splice(bytes, at),
            9 => self.move_piece(bytes, line(bytes, at), false),
            10 => self.move_piece(bytes, line(bytes, at), true),
            11 => drop(bytes.drain(line(bytes, at))),
            12 => self.move_piece(bytes, word(bytes, at), false),
            13 => self.move_piece(bytes, word(bytes, at), true),
            14 => drop(bytes.drain(word(bytes, at))),
            _ => self.move_piece(bytes, at..to, true),
        }
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.random.next_u64()) * bound as u128) >> 64) as usize
    }

    fn some_input(&mut self) -> &'a [u8] {
        let which = self.below(self.corpus.len());
        self.corpus.get(which).map_or(&[], Vec::as_slice)
    }

    fn stretch(&mut self, bytes: &[u8], longest: usize) -> (usize, usize) {
        let at = self.below(bytes.len() + 1);
        (at, (at + self.below(longest)).min(bytes.len()))
    }

    fn telling(&mut self) -> u8 {
        TELLING[self.below(TELLING.len())]
    }

    fn put_word(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let which = self.below(self.words.len());
        let Some(put) = self.words.get(which) else { return };
        let place = if self.below(2) == 0 { at..at } else { word(bytes, at) };
        bytes.splice(place, put.bytes());
    }

    /// A number in place of the next one.
    fn put_number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let digit = |byte: &u8| byte.is_ascii_digit();
        let from = bytes[at..].iter().position(digit).map_or(at, |found| at + found);
        let to = bytes[from..].iter().position(|byte| !digit(byte)).map_or(bytes.len(), |end| from + end);
        bytes.splice(from..to, EDGES[self.below(EDGES.len())].bytes());
    }

    /// The same again and again.
    fn put_run(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let longest = if self.below(64) == 0 { RARE_RUN } else { USUAL_RUN };
        let piece = word(bytes, at);
        let piece = if piece.is_empty() { vec![self.telling()] } else { bytes[piece].to_vec() };
        let times = self.below(longest) / piece.len();
        bytes.splice(at..at, piece.repeat(times));
    }

    /// Goes on as another input does.
    fn splice(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let other = self.some_input();
        let from = self.below(other.len() + 1);
        let (at, from) =
            if self.below(2) == 0 { (at, from) } else { (line(bytes, at).start, line(other, from).start) };
        bytes.truncate(at);
        bytes.extend_from_slice(&other[from..]);
    }

    /// A piece is put somewhere else, and perhaps stays where it was.
    fn move_piece(&mut self, bytes: &mut Vec<u8>, piece: std::ops::Range<usize>, stays: bool) {
        let moved = bytes[piece.clone()].to_vec();
        if !stays {
            bytes.drain(piece);
        }
        let near = self.below(bytes.len() + 1);
        let place = if moved.ends_with(b"\n") { line(bytes, near).start } else { near };
        bytes.splice(place..place, moved);
    }
}

/// The line around a place, with its end.
fn line(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let from = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let to = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end + 1);
    from..to
}

/// The word around a place: letters and digits.
fn word(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let outside = |byte: &u8| !byte.is_ascii_alphanumeric();
    let from = bytes[..at].iter().rposition(outside).map_or(0, |end| end + 1);
    let to = bytes[at..].iter().position(outside).map_or(bytes.len(), |end| at + end);
    from..to
}
