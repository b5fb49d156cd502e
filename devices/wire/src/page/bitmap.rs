//! Black and white dots, packed eight to the byte.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use thiserror::Error;

/// A black and white picture. Rows lie one after the other, each in whole bytes; the leftmost dot
/// is the most significant bit; 1 is black. The bits right of the last dot of a row are 0, so that
/// equal pictures are equal bytes. The bytes are shared: a clone costs a counter.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitmap {
    /// Dots in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    data: Bytes,
}

/// The bytes handed to [`Bitmap::new`] do not make a picture of the size told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a bitmap of {width} x {height} dots has {expected} bytes, not {found}")]
pub struct SizeMismatch {
    /// Dots in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes that such a picture has.
    pub expected: u64,
    /// Bytes handed in.
    pub found: u64,
}

impl Bitmap {
    /// A picture of these packed rows. What is set right of the last dot of a row is cleared.
    ///
    /// # Errors
    /// When `packed` is not exactly `height` rows of `width` dots in whole bytes.
    pub fn new(width: u32, height: u32, packed: Vec<u8>) -> Result<Self, SizeMismatch> {
        let expected = stride(width) as u64 * u64::from(height);
        let found = packed.len() as u64;
        if expected != found {
            return Err(SizeMismatch { width, height, expected, found });
        }
        let mut canvas = Canvas { width, stride: stride(width), packed };
        canvas.clear_right_of_rows();
        Ok(canvas.finish(height))
    }

    /// A picture whose dot at (`x`, `y`) is black where `black` says so.
    pub fn from_fn(width: u32, height: u32, black: impl Fn(u32, u32) -> bool) -> Self {
        let mut canvas = Canvas::white(width, height);
        for y in 0..height {
            for x in 0..width {
                if black(x, y) {
                    canvas.paint(y, x, x + 1);
                }
            }
        }
        canvas.finish(height)
    }

    /// An empty sheet.
    pub fn white(width: u32, height: u32) -> Self {
        Canvas::white(width, height).finish(height)
    }

    /// Bytes in a row.
    pub fn stride(&self) -> usize {
        stride(self.width)
    }

    /// Row `y`, counted from 0 at the top; empty below the last row.
    pub fn row(&self, y: u32) -> &[u8] {
        let from = self.stride().saturating_mul(y as usize);
        self.data.get(from..from.saturating_add(self.stride())).unwrap_or_default()
    }

    /// Whether the dot `x` from the left and `y` from the top is black. What lies outside is white.
    pub fn is_black(&self, x: u32, y: u32) -> bool {
        x < self.width && self.row(y).get(x as usize / 8).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// How many dots are black.
    pub fn black_pixels(&self) -> u64 {
        self.data.iter().map(|byte| u64::from(byte.count_ones())).sum()
    }

    /// All rows, top to bottom.
    pub fn data(&self) -> &Bytes {
        &self.data
    }
}

impl fmt::Debug for Bitmap {
    /// The size and how much is black: the dots themselves would fill the screen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bitmap({} x {}, {} black)", self.width, self.height, self.black_pixels())
    }
}

/// A picture being drawn. Rows are added below as needed.
pub(super) struct Canvas {
    width: u32,
    stride: usize,
    packed: Vec<u8>,
}

impl Canvas {
    pub(super) fn white(width: u32, height: u32) -> Self {
        let stride = stride(width);
        Self { width, stride, packed: vec![0; stride * height as usize] }
    }

    /// Makes room for so many rows at once, as far as that is little.
    pub(super) fn expect_rows(&mut self, rows: u32) {
        self.packed.reserve((self.stride * rows as usize).min(512 * 1024));
    }

    /// Adds a white row below.
    pub(super) fn add_row(&mut self) {
        self.packed.resize(self.packed.len() + self.stride, 0);
    }

    /// Blackens the dots `from..to` of row `y`. What lies outside of the picture is left out.
    pub(super) fn paint(&mut self, y: u32, from: u32, to: u32) {
        let (from, to) = (from as usize, to.min(self.width) as usize);
        let start = self.stride * y as usize;
        let Some(row) = self.packed.get_mut(start..start + self.stride) else { return };
        if from >= to {
            return;
        }
        let (first, last) = (from / 8, (to - 1) / 8);
        let left = 0xFFu8 >> (from % 8);
        let right = 0xFFu8 << (7 - (to - 1) % 8);
        if first == last {
            row[first] |= left & right;
            return;
        }
        row[first] |= left;
        row[first + 1..last].fill(0xFF);
        row[last] |= right;
    }

    /// Blackens those of the 57 dots of row `y` from `from` on that are set in `dots`, the first one highest. All of
    /// them lie in the picture. No more than 57 fit in eight bytes wherever in the first one they begin.
    pub(super) fn paint_dots(&mut self, y: u32, from: u32, dots: u64) {
        debug_assert!(dots == 0 || dots.trailing_zeros() >= 7.max((from + 64).saturating_sub(self.width)));
        let start = self.stride * y as usize;
        let Some(row) = self.packed.get_mut(start..start + self.stride) else { return };
        let bytes = (dots >> (from % 8)).to_be_bytes();
        row.iter_mut().skip(from as usize / 8).zip(bytes).for_each(|(byte, more)| *byte |= more);
    }

    /// Turns black to white and white to black.
    pub(super) fn invert(&mut self) {
        self.packed.iter_mut().for_each(|byte| *byte = !*byte);
        self.clear_right_of_rows();
    }

    /// The picture of the first `height` rows.
    pub(super) fn finish(mut self, height: u32) -> Bitmap {
        self.packed.resize(self.stride * height as usize, 0);
        Bitmap { width: self.width, height, data: self.packed.into() }
    }

    /// Appends the rows of another picture of the same width.
    pub(super) fn append(&mut self, below: &Bitmap) {
        debug_assert_eq!(self.width, below.width);
        self.packed.extend_from_slice(&below.data);
    }

    fn clear_right_of_rows(&mut self) {
        if self.width.is_multiple_of(8) {
            return;
        }
        let kept = !(0xFFu8 >> (self.width % 8));
        for last in self.packed.iter_mut().skip(self.stride - 1).step_by(self.stride) {
            *last &= kept;
        }
    }
}

/// The end of the run of one colour that starts at `from`: the first dot of the other colour, or
/// `width`. Looks at up to 64 dots at once.
pub(super) fn run_end(row: &[u8], width: u32, from: u32, black: bool) -> u32 {
    let mut at = from;
    while at < width {
        let mut dots = window(row, at as usize / 8);
        if black {
            dots = !dots;
        }
        let skipped = at % 8;
        let same = (dots << skipped).leading_zeros().min(64 - skipped);
        at += same;
        if same < 64 - skipped {
            break;
        }
    }
    at.min(width)
}

/// Eight bytes from this one on, the first one highest; zeros where there are no more.
pub(super) fn window(bytes: &[u8], from: usize) -> u64 {
    let rest = bytes.get(from..).unwrap_or_default();
    // Copying a known number of bytes is one instruction.
    let window = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
        let mut window = [0; 8];
        window[..rest.len()].copy_from_slice(rest);
        window
    });
    u64::from_be_bytes(window)
}

/// How many of these dots of a row are black.
pub(super) fn ones(row: &[u8], dots: &Range<u32>) -> u32 {
    let (first, last) = (dots.start / 8, (dots.end - 1) / 8);
    let mask = |byte: u32| {
        let left = if byte == first { 0xFF >> (dots.start % 8) } else { 0xFF };
        let right = if byte == last { 0xFF << (7 - (dots.end - 1) % 8) } else { 0xFF };
        left & right
    };
    (first..=last).map(|byte| (row.get(byte as usize).unwrap_or(&0) & mask(byte)).count_ones()).sum()
}

fn stride(width: u32) -> usize {
    width.div_ceil(8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_right_of_the_last_dot_do_not_count() {
        let clean = Bitmap::new(3, 2, vec![0b1010_0000, 0b0100_0000]).unwrap();
        let dirty = Bitmap::new(3, 2, vec![0b1011_1111, 0b0101_0101]).unwrap();
        assert_eq!(clean, dirty);
        assert_eq!(dirty.black_pixels(), 3);
    }

    #[test]
    fn a_wrong_number_of_bytes_is_refused() {
        let error = Bitmap::new(9, 2, vec![0; 3]).unwrap_err();
        assert_eq!(error.to_string(), "a bitmap of 9 x 2 dots has 4 bytes, not 3");
    }

    #[test]
    fn painting_blackens_exactly_the_dots_named() {
        for from in 0..40 {
            for to in 0..45 {
                let mut canvas = Canvas::white(37, 1);
                canvas.paint(0, from, to);
                let drawn = canvas.finish(1);
                assert_eq!(drawn, Bitmap::from_fn(37, 1, |x, _| from <= x && x < to), "{from}..{to}");
            }
        }
    }

    #[test]
    fn dots_are_painted_from_any_dot_on_beside_what_is_there() {
        const DOTS: u64 = 0xB5F0_0000_1234_0880;
        for from in 1..40 {
            let mut canvas = Canvas::white(from + 57, 1);
            canvas.paint(0, 0, 1);
            canvas.paint_dots(0, from, DOTS);
            let black = |x: u32| x.checked_sub(from).map_or(x == 0, |right| DOTS << right >> 63 == 1);
            assert_eq!(canvas.finish(1), Bitmap::from_fn(from + 57, 1, |x, _| black(x)), "from {from}");
        }
    }

    #[test]
    fn a_run_ends_at_the_first_dot_of_the_other_colour() {
        for end in 1..=150 {
            for from in 0..end {
                let row = Bitmap::from_fn(150, 1, |x, _| x < end);
                assert_eq!(run_end(row.row(0), 150, from, true), end);
                let row = Bitmap::from_fn(150, 1, |x, _| x >= end);
                assert_eq!(run_end(row.row(0), 150, from, false), end);
            }
        }
    }

    #[test]
    fn what_lies_outside_is_white() {
        let sheet = Bitmap::from_fn(4, 1, |_, _| true);
        assert!(!sheet.is_black(4, 0) && !sheet.is_black(0, 1) && sheet.is_black(3, 0));
        assert!(sheet.row(1).is_empty());
    }
}
