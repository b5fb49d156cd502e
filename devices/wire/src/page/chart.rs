//! The test chart: the page that is sent when nobody brings a document. A person sees at a glance
//! which page it is and whether it arrived whole.

use super::bitmap::{Bitmap, Canvas};
use super::{FAX_WIDTH, MAX_ROWS, Page, Paper, Resolution};

/// What is drawn on a test chart. Charts that differ in any value differ in their dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Rows of the page; fewer than 32 are drawn as 32, more than [`MAX_ROWS`] as that.
    pub height: u32,
    /// How closely the dots lie; figures are drawn so that they look the same in all.
    pub resolution: Resolution,
    /// The paper whose lines it fills.
    pub paper: Paper,
    /// The number of the page, counted from 1.
    pub page_no: u16,
    /// The number of pages.
    pub of: u16,
    /// Marks the document: each of its 32 bits is a box, black for 1.
    pub seed: u32,
}

impl Default for Chart {
    /// A small page, one of one.
    fn default() -> Self {
        Self { height: 96, resolution: Resolution::Standard, paper: Paper::A4, page_no: 1, of: 1, seed: 0 }
    }
}

const LEAST_HEIGHT: u32 = 32;

/// The fields of the chart, in dots from the left edge of a sheet of [`FAX_WIDTH`]; wider ones stretch it: figures, diagonals, checker, boxes.
const FIGURES: (u32, u32) = (40, 760);
const DIAGONALS: (u32, u32) = (800, 1120);
const CHECKER: (u32, u32) = (1160, 1408);
const BOXES: (u32, u32) = (1444, 1700);

/// Draws the chart: a frame, a ruler, the number of the page, two diagonals, a checker board and
/// the boxes of the seed.
pub fn chart(spec: Chart) -> Page {
    let height = spec.height.clamp(LEAST_HEIGHT, MAX_ROWS);
    let width = spec.paper.width(spec.resolution);
    let mut sheet = Sheet { canvas: Canvas::white(width, height), width };
    let ruler = (height / 12).clamp(3, 24);
    // From the ruler to the frame, one row of white at least on both sides.
    let (top, bottom) = (2 + ruler + (height / 24).clamp(1, 24), height - 2 - (height / 24).clamp(1, 24));
    sheet.frame((0, FAX_WIDTH), (0, height), 8, 2);
    sheet.ruler(2, ruler);
    sheet.figures((top, bottom), &format!("{}/{}", spec.page_no, spec.of), spec.resolution.square(width));
    sheet.diagonals((top, bottom));
    sheet.checker((top, bottom));
    sheet.boxes((top, bottom), spec.seed);
    Page { bitmap: sheet.finish(height), resolution: spec.resolution }
}

struct Sheet {
    canvas: Canvas,
    /// Dots in a line. All places along it are told as if it had [`FAX_WIDTH`].
    width: u32,
}

impl Sheet {
    fn fill(&mut self, x: (u32, u32), y: (u32, u32)) {
        let (from, to) = (self.place(x.0), self.place(x.1));
        (y.0..y.1).for_each(|row| self.canvas.paint(row, from, to));
    }

    fn place(&self, x: u32) -> u32 {
        x * self.width / FAX_WIDTH
    }

    fn frame(&mut self, x: (u32, u32), y: (u32, u32), dots: u32, rows: u32) {
        self.fill(x, (y.0, y.0 + rows));
        self.fill(x, (y.1 - rows, y.1));
        self.fill((x.0, x.0 + dots), y);
        self.fill((x.1 - dots, x.1), y);
    }

    /// A bar every 16 dots, each fifth one full height.
    fn ruler(&mut self, top: u32, rows: u32) {
        for bar in 1..FAX_WIDTH / 16 {
            let rows = if bar % 5 == 0 { rows } else { rows / 2 };
            self.fill((bar * 16, bar * 16 + 4), (top, top + rows));
        }
    }

    /// The text in letters of 5 x 7 blocks, as large as the field allows.
    fn figures(&mut self, y: (u32, u32), text: &str, (wide, high): (u32, u32)) {
        let letters = text.len() as u32;
        let rows = ((y.1 - y.0) / 7).min((FIGURES.1 - FIGURES.0) * high / (letters * 6 * wide)).max(1);
        let dots = (rows * wide / high).max(1);
        let left = FIGURES.0 + (FIGURES.1 - FIGURES.0 - (letters * 6 - 1) * dots) / 2;
        let top = y.0 + (y.1 - y.0 - 7 * rows) / 2;
        for (place, letter) in (0..).zip(text.bytes()) {
            for (line, blocks) in (0..).zip(glyph(letter)) {
                for column in (0..5).filter(|column| blocks & (0b10000 >> column) != 0) {
                    let x = left + (place * 6 + column) * dots;
                    let y = top + line * rows;
                    self.fill((x, x + dots), (y, y + rows));
                }
            }
        }
    }

    fn diagonals(&mut self, y: (u32, u32)) {
        self.frame(DIAGONALS, y, 4, 1);
        let (width, height) = (DIAGONALS.1 - DIAGONALS.0, y.1 - y.0);
        let slope = width.div_ceil(height).max(4);
        for row in 0..height {
            let x = row * (width - slope) / (height - 1);
            let y = (y.0 + row, y.0 + row + 1);
            self.fill((DIAGONALS.0 + x, DIAGONALS.0 + x + slope), y);
            self.fill((DIAGONALS.1 - x - slope, DIAGONALS.1 - x), y);
        }
    }

    /// Eight by four fields.
    fn checker(&mut self, y: (u32, u32)) {
        for index in (0..32).filter(|index| (index + index / 8) % 2 == 0) {
            let (x, y) = cell(CHECKER, y, index);
            self.fill(x, y);
        }
    }

    /// The highest bit of the seed is the first box of the first row.
    fn boxes(&mut self, y: (u32, u32), seed: u32) {
        for index in 0..32 {
            let (x, y) = cell(BOXES, y, index);
            let (x, y) = ((x.0, x.1 - 6), (y.0, y.1 - 1));
            self.frame(x, y, 2, 1);
            if seed & (1 << (31 - index)) != 0 {
                self.fill(x, y);
            }
        }
    }

    fn finish(self, height: u32) -> Bitmap {
        self.canvas.finish(height)
    }
}

impl Resolution {
    /// How wide, in dots of a sheet of [`FAX_WIDTH`], and how many rows high a block is that looks square.
    fn square(self, width: u32) -> (u32, u32) {
        let round = |dpi: u32| (dpi + 5) / 100;
        (round(self.x_dpi()) * FAX_WIDTH, round(self.y_dpi()) * width)
    }
}

/// The place of one of eight by four cells that share the field.
fn cell(x: (u32, u32), y: (u32, u32), index: u32) -> ((u32, u32), (u32, u32)) {
    let edge = |(from, to): (u32, u32), part, parts| from + (to - from) * part / parts;
    let (column, line) = (index % 8, index / 8);
    ((edge(x, column, 8), edge(x, column + 1, 8)), (edge(y, line, 4), edge(y, line + 1, 4)))
}

/// The blocks of a figure or the stroke, seven lines of five.
fn glyph(letter: u8) -> [u8; 7] {
    match letter {
        b'0' => [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
        b'1' => [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        b'2' => [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
        b'3' => [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
        b'4' => [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        b'5' => [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        b'6' => [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        b'7' => [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        b'8' => [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        b'9' => [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
        _ => [0b00001, 0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b10000],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_height_from_32_rows_is_drawn_whole() {
        for (resolution, paper) in
            Resolution::ALL.into_iter().flat_map(|it| Paper::ALL.map(|paper| (it, paper)))
        {
            for height in (32..100).chain([1100, 2200, 6500]) {
                let page = chart(Chart { height, resolution, paper, ..Chart::default() });
                let width = paper.width(resolution);
                assert_eq!((page.bitmap.width, page.bitmap.height), (width, height));
                assert!(page.bitmap.is_black(width - 1, height - 1), "the frame reaches the last corner");
            }
        }
    }

    #[test]
    fn a_sheet_too_low_or_too_high_is_drawn_at_the_limit() {
        let height = |height| chart(Chart { height, ..Chart::default() }).bitmap.height;
        assert_eq!((height(0), height(u32::MAX)), (LEAST_HEIGHT, MAX_ROWS));
    }

    #[test]
    fn pages_differ_even_with_the_longest_numbers() {
        let page = |page_no, of| chart(Chart { height: 32, page_no, of, ..Chart::default() });
        assert_ne!(page(65_534, 65_535), page(65_535, 65_535));
        assert_ne!(page(1, 2), page(1, 3));
    }

    #[test]
    fn every_bit_of_the_seed_shows() {
        let page = |seed| chart(Chart { height: 32, seed, ..Chart::default() }).bitmap;
        for bit in 0..32 {
            assert!(page(1 << bit).black_pixels() > page(0).black_pixels(), "bit {bit}");
        }
    }
}
