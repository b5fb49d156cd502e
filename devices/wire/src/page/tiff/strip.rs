//! The dots of one strip, in each coding that is read.

use super::TiffError;
use crate::page::bitmap::Bitmap;
use crate::page::code::{self, FillOrder, Layout};

/// How the dots of a page are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Compression 1: one bit for each dot, rows in whole bytes.
    Plain(FillOrder),
    /// Compression 2, 3 or 4: in one of the fax codings.
    Coded(Layout),
}

/// Exactly `rows` rows, ones as 1.
pub(super) fn decode_strip(
    bytes: &[u8],
    (width, rows): (u32, u32),
    storage: Storage,
    (page, strip): (usize, usize),
) -> Result<Bitmap, TiffError> {
    match storage {
        Storage::Plain(order) => {
            plain(bytes, width, rows, order).map_err(|row| TiffError::Short { page, strip, row })
        }
        Storage::Coded(layout) => code::decode(bytes, width, Some(rows), layout)
            .map_err(|source| TiffError::Coding { page, strip, source }),
    }
}

/// The error is the row that is not there.
fn plain(bytes: &[u8], width: u32, rows: u32, order: FillOrder) -> Result<Bitmap, u32> {
    let stride = width.div_ceil(8) as usize;
    let len = stride * rows as usize;
    let whole_rows = (bytes.len() / stride.max(1)) as u32;
    let packed = bytes.get(..len).ok_or(whole_rows)?.iter().map(|byte| in_order(*byte, order)).collect();
    Bitmap::new(width, rows, packed).map_err(|_| whole_rows)
}

fn in_order(byte: u8, order: FillOrder) -> u8 {
    match order {
        FillOrder::MsbFirst => byte,
        FillOrder::LsbFirst => byte.reverse_bits(),
    }
}
