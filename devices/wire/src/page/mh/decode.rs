//! Reading MH code. Every row must come to exactly the width, and nothing but fill and an RTC may
//! follow the last row: damage is told, never painted over.

use std::borrow::Cow;

use thiserror::Error;

use super::codes::Codes;
use super::{Eol, FillOrder, Form};
use crate::page::bitmap::{Bitmap, Canvas};
use crate::page::{MAX_ROWS, MAX_WIDTH};

/// The zeros that announce an EOL. Any number more may precede its final one: fill.
const EOL_ZEROS: u32 = 11;

/// The EOL in a row that end a page on a telephone line: the RTC.
const RTC_EOLS: u32 = 6;

/// Where the code of a page is damaged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("row {line}, bit {bit} of the data: {fault}")]
pub struct MhError {
    /// The row, counted from 0.
    pub line: u32,
    /// The place in the data, in bits from its beginning.
    pub bit: u64,
    /// The damage.
    pub fault: MhFault,
}

/// What may be wrong with MH code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MhFault {
    /// The row is not introduced by an end-of-line code.
    #[error("no end-of-line code (EOL) stands before the row")]
    NoEol,
    /// These bits are no run-length code.
    #[error("no {} run has this code, {painted} dots into the row", if *black { "black" } else { "white" })]
    NoCode {
        /// The colour of the run that should follow.
        black: bool,
        /// Dots of the row that were read.
        painted: u32,
    },
    /// The runs come to more than the width.
    #[error("the runs come to {painted} dots or more, wider than the page")]
    TooLong {
        /// Dots so far.
        painted: u32,
    },
    /// The next EOL comes before the runs reach the width.
    #[error("the row ends after {painted} dots, short of the width of the page")]
    TooShort {
        /// Dots of the row.
        painted: u32,
    },
    /// The data is over before all rows were read.
    #[error("the data ends before the last row of the page")]
    Ends,
    /// Something other than fill and EOL follows the last row.
    #[error("something other than fill follows the last row")]
    Trailing,
    /// More rows or wider rows than are ever read.
    #[error("larger than {MAX_WIDTH} x {MAX_ROWS} dots")]
    TooLarge,
}

/// How the rows were found to be separated, for a judge of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Every EOL ended on a byte boundary.
    pub eols_aligned: bool,
    /// Zeros were inserted before an EOL.
    pub fill: bool,
    /// The page ended with an RTC.
    pub rtc: bool,
}

/// Reads MH code of rows `width` dots wide.
///
/// With `rows` there must be exactly so many; without, rows are read until an RTC or the end of
/// the data. Fill before an EOL and an RTC after the last row are accepted in any form.
///
/// # Errors
/// When a row does not come to exactly `width`, or the page is larger than
/// [`MAX_WIDTH`] x [`MAX_ROWS`].
pub fn decode(data: &[u8], width: u32, rows: Option<u32>, form: Form) -> Result<Bitmap, MhError> {
    decode_noting(data, width, rows, form).map(|(bitmap, _)| bitmap)
}

/// As [`decode`]; tells also how the rows were separated.
///
/// # Errors
/// As [`decode`].
pub fn decode_noting(
    data: &[u8],
    width: u32,
    rows: Option<u32>,
    form: Form,
) -> Result<(Bitmap, Seen), MhError> {
    // Turning the octets once is cheaper than turning every window.
    let data = match form.fill_order {
        FillOrder::MsbFirst => Cow::Borrowed(data),
        FillOrder::LsbFirst => Cow::Owned(data.iter().map(|byte| byte.reverse_bits()).collect()),
    };
    let mut line = BitReader { data: &data, bit: 0 };
    let mut canvas = Canvas::white(width.min(MAX_WIDTH), 0);
    canvas.expect_rows(rows.unwrap_or(0));
    let mut seen = Seen { eols_aligned: true, fill: false, rtc: false };
    let mut y = 0;
    let fail = |line: &BitReader, y, fault| MhError { line: y, bit: line.bit as u64, fault };
    if width > MAX_WIDTH || rows.is_some_and(|rows| rows > MAX_ROWS) {
        return Err(fail(&line, 0, MhFault::TooLarge));
    }
    while rows.is_none_or(|rows| y < rows) {
        if rows.is_none() && line.page_ends(form.eol) {
            break;
        }
        if y == MAX_ROWS {
            return Err(fail(&line, y, MhFault::TooLarge));
        }
        begin_row(&mut line, form.eol, &mut seen).map_err(|fault| fail(&line, y, fault))?;
        canvas.add_row();
        read_row(&mut line, &mut canvas, y, width).map_err(|fault| fail(&line, y, fault))?;
        y += 1;
    }
    seen.rtc = end_page(&mut line, form.eol).map_err(|fault| fail(&line, y, fault))?;
    Ok((canvas.finish(y), seen))
}

fn begin_row(line: &mut BitReader, eol: Eol, seen: &mut Seen) -> Result<(), MhFault> {
    if eol == Eol::Absent {
        line.bit = line.bit.next_multiple_of(8);
        return if line.is_over() { Err(MhFault::Ends) } else { Ok(()) };
    }
    let before = line.bit;
    let zeros = line.skip_zeros();
    if line.is_over() {
        return Err(MhFault::Ends);
    }
    if zeros < EOL_ZEROS as usize {
        line.bit = before;
        return Err(MhFault::NoEol);
    }
    line.bit += 1;
    seen.eols_aligned &= line.bit.is_multiple_of(8);
    seen.fill |= zeros > EOL_ZEROS as usize;
    Ok(())
}

fn read_row(line: &mut BitReader, canvas: &mut Canvas, y: u32, width: u32) -> Result<(), MhFault> {
    let (mut painted, mut black) = (0, false);
    let (white_codes, black_codes) = (Codes::of(false), Codes::of(true));
    loop {
        let from = painted;
        let codes = if black { black_codes } else { white_codes };
        loop {
            let window = line.window();
            let code = codes.find(window);
            if code.len == 0 {
                return Err(no_code(line, window, black, painted));
            }
            line.bit += usize::from(code.len);
            painted += u32::from(code.run);
            if painted > width {
                return Err(MhFault::TooLong { painted });
            }
            if code.run < 64 {
                break;
            }
        }
        if black {
            canvas.paint(y, from, painted);
        }
        if painted == width {
            return if line.bit > line.len() { Err(MhFault::Ends) } else { Ok(()) };
        }
        black = !black;
    }
}

fn no_code(line: &BitReader, window: u64, black: bool, painted: u32) -> MhFault {
    if line.len().saturating_sub(line.bit) < EOL_ZEROS as usize {
        MhFault::Ends
    } else if window.leading_zeros() >= EOL_ZEROS {
        MhFault::TooShort { painted }
    } else {
        MhFault::NoCode { black, painted }
    }
}

/// Only fill and EOL may remain. Tells whether there were enough EOL to make an RTC.
fn end_page(line: &mut BitReader, eol: Eol) -> Result<bool, MhFault> {
    let mut eols = 0;
    loop {
        let zeros = line.skip_zeros();
        if line.is_over() {
            return Ok(eols >= RTC_EOLS);
        }
        if zeros < EOL_ZEROS as usize || eol == Eol::Absent {
            return Err(MhFault::Trailing);
        }
        line.bit += 1;
        eols += 1;
    }
}

/// Bits in the order of the line, the first of an octet in its highest place.
struct BitReader<'a> {
    data: &'a [u8],
    /// The bits read.
    bit: usize,
}

impl BitReader<'_> {
    fn len(&self) -> usize {
        self.data.len() * 8
    }

    fn is_over(&self) -> bool {
        self.bit >= self.len()
    }

    /// The next bits, first one highest: 57 at least, zeros where the data is over.
    fn window(&self) -> u64 {
        let rest = self.data.get(self.bit / 8..).unwrap_or_default();
        let bytes = match rest.first_chunk::<8>() {
            Some(bytes) => *bytes,
            None => {
                let mut bytes = [0; 8];
                bytes[..rest.len()].copy_from_slice(rest);
                bytes
            }
        };
        u64::from_be_bytes(bytes) << (self.bit % 8)
    }

    /// Goes to the next one, or to the end of the data. Returns the zeros skipped.
    fn skip_zeros(&mut self) -> usize {
        let before = self.bit;
        while !self.is_over() {
            let window = self.window();
            if window != 0 {
                self.bit += window.leading_zeros() as usize;
                break;
            }
            self.bit = (self.bit + 57).min(self.len());
        }
        self.bit - before
    }

    /// Whether no further row follows: the data is over but for fill, or two EOL stand in a row.
    fn page_ends(&self, eol: Eol) -> bool {
        let mut ahead = Self { ..*self };
        ahead.skip_zeros();
        if ahead.is_over() {
            return true;
        }
        ahead.bit += 1;
        eol != Eol::Absent && ahead.window().leading_zeros() >= EOL_ZEROS
    }
}
