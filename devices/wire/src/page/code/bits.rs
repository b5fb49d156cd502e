//! Bits in the order of the line, the first of an octet in its highest place.

use super::tables::Code;
use crate::page::bitmap::window;

/// Bits being written.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// The last `pending_len` bits are not in `bytes` yet. Always fewer than 32 between calls.
    pending: u64,
    pending_len: u32,
}

impl BitWriter {
    pub(super) fn put(&mut self, code: Code) {
        self.pending = self.pending << code.len | u64::from(code.bits);
        self.pending_len += u32::from(code.len);
        if self.pending_len >= 32 {
            self.pending_len -= 32;
            self.bytes.extend(((self.pending >> self.pending_len) as u32).to_be_bytes());
        }
    }

    /// Puts zeros until a byte would be full after `more` further bits.
    pub(super) fn pad_to_byte(&mut self, more: u32) {
        let over = (self.pending_len + more) % 8;
        if over != 0 {
            self.put(Code { bits: 0, len: (8 - over) as u8 });
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.pad_to_byte(0);
        while self.pending_len > 0 {
            self.pending_len -= 8;
            self.bytes.push((self.pending >> self.pending_len) as u8);
        }
        self.bytes
    }
}

/// Bits being read.
#[derive(Clone, Copy)]
pub(super) struct BitReader<'a> {
    pub(super) data: &'a [u8],
    /// The bits read.
    pub(super) bit: usize,
}

impl BitReader<'_> {
    pub(super) fn is_over(&self) -> bool {
        self.left() == 0
    }

    /// Whether more was read than is there.
    pub(super) fn is_overrun(&self) -> bool {
        self.bit > self.data.len() * 8
    }

    /// The bits not read yet.
    pub(super) fn left(&self) -> usize {
        (self.data.len() * 8).saturating_sub(self.bit)
    }

    /// The next bits, first one highest: 57 at least, zeros where the data is over.
    pub(super) fn window(&self) -> u64 {
        window(self.data, self.bit / 8) << (self.bit % 8)
    }

    /// Goes to the next one, or to the end of the data. Returns the zeros skipped.
    pub(super) fn skip_zeros(&mut self) -> usize {
        let before = self.bit;
        while !self.is_over() {
            let window = self.window();
            if window != 0 {
                self.bit += window.leading_zeros() as usize;
                break;
            }
            self.bit += self.left().min(57);
        }
        self.bit - before
    }
}
