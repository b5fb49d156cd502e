//! The codings of T.4 and T.6, which pack a page for the telephone line.
//!
//! MH (Modified Huffman) writes every row as the lengths of its white and black runs in turn, white
//! first. MR (Modified READ) writes most rows by how they differ from the one above, every second or
//! fourth by itself, so that damage ends there. MMR does so with all rows and needs no end-of-line
//! codes: it is for ways that do not damage anything.

mod bits;
mod decode;
mod rows;
mod tables;
#[cfg(test)]
mod tests;

use bits::BitWriter;
pub use decode::{CodeError, Fault, Seen, decode, decode_noting};
use rows::{Changes, put_by_difference, put_by_itself};
use tables::Code;

use super::{Coding, Page, Resolution};

/// The end-of-line code: eleven zeros and a one. No other code can look like it.
const EOL: Code = Code { bits: 1, len: 12 };

/// The bit behind an EOL of MR when the next row is coded by itself.
const BY_ITSELF: Code = Code { bits: 1, len: 1 };

/// The bit behind an EOL of MR when the next row is coded by its difference to the one before.
const BY_DIFFERENCE: Code = Code { bits: 0, len: 1 };

/// Which bit of a byte comes first on the line (TIFF field FillOrder).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillOrder {
    /// FillOrder 1: the highest bit first. The rule in TIFF where nothing is said.
    #[default]
    MsbFirst,
    /// FillOrder 2: the lowest bit first, as modems send. The rule for fax (RFC 3949 §3.2.1).
    LsbFirst,
}

/// What stands before each row of MH and MR. MR cannot do without EOL, MMR has none: both take
/// [`Eol::Absent`] for what they always do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eol {
    /// An EOL anywhere (T4Options bit 2 is 0).
    #[default]
    Plain,
    /// An EOL that ends on a byte boundary, with zeros before it as needed (T4Options bit 2 is 1).
    /// In MR it is the bit behind the EOL that ends there (RFC 3949 §4.5.3).
    ByteAligned,
    /// No EOL, but every row begins with a new byte (TIFF Compression 2).
    Absent,
}

/// How the bits of a page are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How the rows are coded.
    pub coding: Coding,
    /// The order of the bits in a byte.
    pub fill_order: FillOrder,
    /// The separation of the rows.
    pub eol: Eol,
}

impl Layout {
    /// As faxes send it: lowest bit first, an EOL before each row where the coding has any, no padding.
    pub const fn fax(coding: Coding) -> Self {
        Self { coding, fill_order: FillOrder::LsbFirst, eol: Eol::Plain }
    }
}

/// The code of a page. No RTC (the six EOL that end MH and MR on a telephone line) is written: RFC
/// 3949 §4.5.5 advises against it in files. MMR ends with its EOFB, as §4.5.6 demands.
pub fn encode(page: &Page, layout: Layout) -> Vec<u8> {
    let bitmap = &page.bitmap;
    let rows_until_itself = parameter_k(page.resolution);
    let mut line = BitWriter::default();
    let (mut above, mut row) = (Changes::default(), Changes::default());
    for y in 0..bitmap.height {
        row.set(bitmap.row(y), bitmap.width);
        let by_itself = match layout.coding {
            Coding::Mh => true,
            Coding::Mr => y % rows_until_itself == 0,
            Coding::Mmr => false,
        };
        put_separation(&mut line, layout, by_itself);
        if by_itself {
            put_by_itself(&mut line, &row, bitmap.width);
        } else {
            put_by_difference(&mut line, &above, &row, bitmap.width);
        }
        std::mem::swap(&mut above, &mut row);
    }
    if layout.coding == Coding::Mmr {
        line.put(EOL);
        line.put(EOL);
    }
    let mut bytes = line.finish();
    if layout.fill_order == FillOrder::LsbFirst {
        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    }
    bytes
}

/// The parameter K of T.4 §4.2.1: each K-th row of MR at least is coded by itself.
fn parameter_k(resolution: Resolution) -> u32 {
    if resolution == Resolution::Standard { 2 } else { 4 }
}

fn put_separation(line: &mut BitWriter, layout: Layout, by_itself: bool) {
    let tag = if by_itself { BY_ITSELF } else { BY_DIFFERENCE };
    match (layout.coding, layout.eol) {
        (Coding::Mmr, _) => {}
        (Coding::Mh, Eol::Absent) => line.pad_to_byte(0),
        (coding, eol) => {
            let tag = (coding == Coding::Mr).then_some(tag);
            if eol == Eol::ByteAligned {
                line.pad_to_byte(u32::from(EOL.len + tag.map_or(0, |tag| tag.len)));
            }
            line.put(EOL);
            tag.into_iter().for_each(|tag| line.put(tag));
        }
    }
}
