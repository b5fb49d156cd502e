//! The one-dimensional coding of T.4, called MH (Modified Huffman): every row is written as the
//! lengths of its white and black runs in turn, white first, after an end-of-line code.

mod codes;
mod decode;
#[cfg(test)]
mod tests;

use codes::{Code, Codes, LONGEST_MAKE_UP};
pub use decode::{MhError, MhFault, Seen, decode, decode_noting};

use super::bitmap::{Bitmap, run_end};

/// The end-of-line code: eleven zeros and a one. No run-length code can look like it.
const EOL: Code = Code { bits: 1, len: 12 };

/// Which bit of a byte comes first on the line (TIFF field FillOrder).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillOrder {
    /// FillOrder 1: the highest bit first. The rule in TIFF where nothing is said.
    #[default]
    MsbFirst,
    /// FillOrder 2: the lowest bit first, as modems send. The rule for fax (RFC 3949 §3.2.1).
    LsbFirst,
}

/// What stands before each row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eol {
    /// An EOL anywhere (T4Options bit 2 is 0).
    #[default]
    Plain,
    /// An EOL that ends on a byte boundary, with zeros before it as needed (T4Options bit 2 is 1).
    ByteAligned,
    /// No EOL, but every row begins with a new byte (TIFF Compression 2).
    Absent,
}

/// How the bits of a page are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The order of the bits in a byte.
    pub fill_order: FillOrder,
    /// The separation of the rows.
    pub eol: Eol,
}

impl Form {
    /// The form that every fax reads: lowest bit first, an EOL before each row, no padding.
    pub const PROFILE_S: Self = Self { fill_order: FillOrder::LsbFirst, eol: Eol::Plain };
}

/// The page as MH code in the form [`Form::PROFILE_S`]. No RTC (the six EOL that end a page on a
/// telephone line) is written: RFC 3949 §3.4.1 advises against it in files.
pub fn encode(bitmap: &Bitmap) -> Vec<u8> {
    encode_in(bitmap, Form::PROFILE_S)
}

/// The page as MH code in another form, without RTC.
pub fn encode_in(bitmap: &Bitmap, form: Form) -> Vec<u8> {
    let mut line = BitWriter::default();
    for y in 0..bitmap.height {
        match form.eol {
            Eol::Plain => line.put(EOL),
            Eol::ByteAligned => {
                line.pad_to_byte(u32::from(EOL.len));
                line.put(EOL);
            }
            Eol::Absent => line.pad_to_byte(0),
        }
        put_row(&mut line, bitmap.row(y), bitmap.width);
    }
    let mut bytes = line.finish();
    if form.fill_order == FillOrder::LsbFirst {
        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    }
    bytes
}

fn put_row(line: &mut BitWriter, row: &[u8], width: u32) {
    let (mut at, mut black) = (0, false);
    loop {
        let end = run_end(row, width, at, black);
        put_run(line, Codes::of(black), end - at);
        (at, black) = (end, !black);
        if at == width {
            break;
        }
    }
}

fn put_run(line: &mut BitWriter, codes: &Codes, mut run: u32) {
    while run >= LONGEST_MAKE_UP {
        line.put(codes.make_up(LONGEST_MAKE_UP));
        run -= LONGEST_MAKE_UP;
    }
    if run >= 64 {
        line.put(codes.make_up(run / 64 * 64));
    }
    line.put(codes.terminating(run % 64));
}

/// Bits, first one highest.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    /// The last `pending_len` bits are not in `bytes` yet. Always fewer than 8 between calls.
    pending: u32,
    pending_len: u32,
}

impl BitWriter {
    fn put(&mut self, code: Code) {
        self.pending = self.pending << code.len | u32::from(code.bits);
        self.pending_len += u32::from(code.len);
        while self.pending_len >= 8 {
            self.pending_len -= 8;
            self.bytes.push((self.pending >> self.pending_len) as u8);
        }
    }

    /// Puts zeros until a byte would be full after `more` further bits.
    fn pad_to_byte(&mut self, more: u32) {
        let over = (self.pending_len + more) % 8;
        if over != 0 {
            self.put(Code { bits: 0, len: (8 - over) as u8 });
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.pad_to_byte(0);
        self.bytes
    }
}
