//! Reading the code of a page. Every row must come to exactly the width, and nothing but fill and
//! the code that ends a page may follow the last row: damage is told, never painted over.

use std::borrow::Cow;

use thiserror::Error;

use super::bits::BitReader;
use super::rows::{Changes, read_by_difference, read_by_itself};
use super::{Eol, FillOrder, Layout};
use crate::page::bitmap::{Bitmap, Canvas};
use crate::page::{Coding, MAX_ROWS, MAX_WIDTH};

/// The zeros that announce an EOL. Any number more may precede its final one: fill.
pub(super) const EOL_ZEROS: u32 = 11;

/// The EOL in a row that end a page on a telephone line: the RTC.
const RTC_EOLS: u32 = 6;

/// The EOL in a row that end a page of MMR: the EOFB.
const EOFB_EOLS: u32 = 2;

/// Where the code of a page is damaged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("row {row}, bit {bit} of the data: {fault}")]
pub struct CodeError {
    /// The row, counted from 0.
    pub row: u32,
    /// The place in the data, in bits from its beginning.
    pub bit: u64,
    /// The damage.
    pub fault: Fault,
}

/// What may be wrong with the code of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
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
    /// These bits do not tell how the row differs from the one above.
    #[error("no mode has this code, {painted} dots into the row")]
    NoMode {
        /// Dots of the row that were read.
        painted: u32,
    },
    /// A run would end where it begins, or before.
    #[error("a run goes backwards, {painted} dots into the row")]
    Backwards {
        /// Dots of the row that were read.
        painted: u32,
    },
    /// Dots without coding follow, which fax does not allow (RFC 3949 §4.5.1).
    #[error("uncompressed dots follow, {painted} dots into the row: fax does not allow them")]
    Uncompressed {
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
    /// Every EOL, in MR with the bit behind it, ended on a byte boundary.
    pub eols_aligned: bool,
    /// Zeros were inserted before an EOL.
    pub fill: bool,
    /// The page ended with the code for that: an RTC, in MMR an EOFB.
    pub end_code: bool,
}

/// Reads the code of rows `width` dots wide.
///
/// With `rows` there must be exactly so many; without, rows are read until the code that ends the
/// page or the end of the data. Fill before an EOL and an RTC after the last row are accepted in any
/// layout; so is MMR without its EOFB. What follows an EOFB does not count (RFC 3949 §4.5.6).
///
/// # Errors
/// When a row does not come to exactly `width`, or the page is larger than
/// [`MAX_WIDTH`] x [`MAX_ROWS`].
pub fn decode(data: &[u8], width: u32, rows: Option<u32>, layout: Layout) -> Result<Bitmap, CodeError> {
    decode_noting(data, width, rows, layout).map(|(bitmap, _)| bitmap)
}

/// As [`decode`]; tells also how the rows were separated.
///
/// # Errors
/// As [`decode`].
pub fn decode_noting(
    data: &[u8],
    width: u32,
    rows: Option<u32>,
    layout: Layout,
) -> Result<(Bitmap, Seen), CodeError> {
    // Turning the octets once is cheaper than turning every window.
    let data = match layout.fill_order {
        FillOrder::MsbFirst => Cow::Borrowed(data),
        FillOrder::LsbFirst => Cow::Owned(data.iter().map(|byte| byte.reverse_bits()).collect()),
    };
    let seen = Seen { eols_aligned: true, fill: false, end_code: false };
    let mut reader = Reader { line: BitReader { data: &data, bit: 0 }, layout, seen };
    let mut canvas = Canvas::white(width.min(MAX_WIDTH), 0);
    canvas.expect_rows(rows.unwrap_or(0));
    let (mut above, mut row) = (Changes::default(), Changes::default());
    let mut y = 0;
    let fail = |reader: &Reader, row, fault| CodeError { row, bit: reader.line.bit as u64, fault };
    if width > MAX_WIDTH || rows.is_some_and(|rows| rows > MAX_ROWS) {
        return Err(fail(&reader, 0, Fault::TooLarge));
    }
    while rows.is_none_or(|rows| y < rows) {
        if rows.is_none() && reader.page_ends() {
            break;
        }
        if y == MAX_ROWS {
            return Err(fail(&reader, y, Fault::TooLarge));
        }
        reader.row(&above, &mut row, width).map_err(|fault| fail(&reader, y, fault))?;
        canvas.add_row();
        row.paint(&mut canvas, y, width);
        std::mem::swap(&mut above, &mut row);
        y += 1;
    }
    reader.end_page().map_err(|fault| fail(&reader, y, fault))?;
    Ok((canvas.finish(y), reader.seen))
}

struct Reader<'a> {
    line: BitReader<'a>,
    layout: Layout,
    seen: Seen,
}

impl Reader<'_> {
    fn row(&mut self, above: &Changes, row: &mut Changes, width: u32) -> Result<(), Fault> {
        if self.begin_row()? {
            read_by_itself(&mut self.line, row, width)
        } else {
            read_by_difference(&mut self.line, above, row, width)
        }
    }

    /// Whether the row is coded by itself.
    fn begin_row(&mut self) -> Result<bool, Fault> {
        match (self.layout.coding, self.layout.eol) {
            (Coding::Mmr, _) if self.line.is_over() => Err(Fault::Ends),
            (Coding::Mmr, _) => Ok(false),
            (Coding::Mh, Eol::Absent) => {
                self.line.bit = self.line.bit.next_multiple_of(8);
                if self.line.is_over() { Err(Fault::Ends) } else { Ok(true) }
            }
            _ => self.separation(),
        }
    }

    /// An EOL, with the bit behind it in MR. Tells whether the row is coded by itself.
    fn separation(&mut self) -> Result<bool, Fault> {
        let before = self.line.bit;
        let zeros = self.line.skip_zeros();
        if self.line.is_over() {
            return Err(Fault::Ends);
        }
        if zeros < EOL_ZEROS as usize {
            self.line.bit = before;
            return Err(Fault::NoEol);
        }
        self.line.bit += 1;
        let by_itself = self.layout.coding == Coding::Mh || self.tag();
        self.seen.eols_aligned &= self.line.bit.is_multiple_of(8);
        self.seen.fill |= zeros > EOL_ZEROS as usize;
        Ok(by_itself)
    }

    /// The bit behind an EOL of MR.
    fn tag(&mut self) -> bool {
        let tag = self.line.window() >> 63 == 1;
        self.line.bit += 1;
        tag
    }

    /// Only fill and EOL may remain. Notes whether there were enough EOL to end a page.
    fn end_page(&mut self) -> Result<(), Fault> {
        let is_mmr = self.layout.coding == Coding::Mmr;
        let enough = if is_mmr { EOFB_EOLS } else { RTC_EOLS };
        let mut eols = 0;
        loop {
            let zeros = self.line.skip_zeros();
            if self.line.is_over() {
                break;
            }
            if zeros < EOL_ZEROS as usize
                || (self.layout.coding, self.layout.eol) == (Coding::Mh, Eol::Absent)
            {
                return Err(Fault::Trailing);
            }
            self.line.bit += 1;
            eols += 1;
            if is_mmr && eols == EOFB_EOLS {
                break;
            }
            if self.layout.coding == Coding::Mr {
                self.tag();
            }
        }
        self.seen.end_code = eols >= enough;
        Ok(())
    }

    /// Whether no further row follows: the data is over but for fill, or two EOL stand in a row, in
    /// MMR one.
    fn page_ends(&self) -> bool {
        let mut ahead = Self { ..*self };
        let zeros = ahead.line.skip_zeros();
        if ahead.line.is_over() {
            return true;
        }
        ahead.line.bit += 1;
        match (self.layout.coding, self.layout.eol) {
            (Coding::Mmr, _) => zeros >= EOL_ZEROS as usize,
            (Coding::Mh, Eol::Absent) => false,
            (Coding::Mr, _) if !ahead.tag() => false,
            _ => ahead.line.window().leading_zeros() >= EOL_ZEROS,
        }
    }
}
