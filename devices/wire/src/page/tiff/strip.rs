//! The dots of one strip, in each coding that is read.

use std::convert::Infallible;

use fax::decoder::{DecodeStatus, Group4Decoder};

use super::TiffError;
use crate::page::bitmap::{Bitmap, Canvas};
use crate::page::mh::{self, Eol, FillOrder, Form};

/// How the dots of a page are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Compression 1: one bit for each dot, rows in whole bytes.
    Plain(FillOrder),
    /// Compression 2: MH without EOL, rows in whole bytes.
    MhWithoutEol(FillOrder),
    /// Compression 3 with T4Options 0 or 4: MH.
    Mh(FillOrder),
    /// Compression 4: MMR (T.6).
    Mmr(FillOrder),
}

/// Zeros put behind the last byte, so that the reader may look ahead of its last code.
const LOOK_AHEAD: [u8; 4] = [0; 4];

/// Exactly `rows` rows, ones as 1.
pub(super) fn decode_strip(
    bytes: &[u8],
    width: u32,
    rows: u32,
    coding: Coding,
    page: usize,
    strip: usize,
) -> Result<Bitmap, TiffError> {
    let mh_in = |form| {
        mh::decode(bytes, width, Some(rows), form).map_err(|source| TiffError::Coding { page, strip, source })
    };
    let damaged = |row| TiffError::Damaged { page, strip, row };
    match coding {
        Coding::Plain(order) => plain(bytes, width, rows, order).map_err(damaged),
        Coding::MhWithoutEol(fill_order) => mh_in(Form { fill_order, eol: Eol::Absent }),
        Coding::Mh(fill_order) => mh_in(Form { fill_order, eol: Eol::Plain }),
        Coding::Mmr(order) => mmr(bytes, width, rows, order).map_err(damaged),
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

/// The error is the row that is damaged. The crate takes runs beyond the width for the end of a
/// row, so less damage is found than in MH code.
fn mmr(bytes: &[u8], width: u32, rows: u32, order: FillOrder) -> Result<Bitmap, u32> {
    let line = bytes.iter().chain(&LOOK_AHEAD).map(|byte| Ok::<_, Infallible>(in_order(*byte, order)));
    let mut decoder = Group4Decoder::new(line, width).map_err(|_| 0u32)?;
    let mut canvas = Canvas::white(width, 0);
    for y in 0..rows {
        let Ok(DecodeStatus::Incomplete) = decoder.advance() else { return Err(y) };
        let changes = decoder.transition();
        if !changes.is_sorted() {
            return Err(y);
        }
        canvas.add_row();
        for black in changes.chunks(2) {
            canvas.paint(y, black[0], black.get(1).copied().unwrap_or(width));
        }
    }
    Ok(canvas.finish(rows))
}

fn in_order(byte: u8, order: FillOrder) -> u8 {
    match order {
        FillOrder::MsbFirst => byte,
        FillOrder::LsbFirst => byte.reverse_bits(),
    }
}
