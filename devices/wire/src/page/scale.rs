//! Scaling a picture: by other factors along a line and down the page, larger or smaller.

use std::ops::Range;

use super::bitmap::{Bitmap, Canvas, run_end, window};

/// Paints the picture onto a white canvas, `margin` dots from its left edge, in `width` x `height` dots.
///
/// Larger, a dot becomes the block that it covers. Smaller, every dot of the result stands for a block
/// of dots, its cell, and is black if one of them is; if the cell is more than two dots wide and more
/// than two high, it takes two. Strokes stay whole: a stroke one dot thin that rises more than it runs
/// has a dot in each of the three rows or more of such a cell, side by side at most, and three dots
/// cannot spread over more than two cells. If one dot decided everywhere, light grey would turn black.
pub(super) fn paint_scaled(canvas: &mut Canvas, margin: u32, bitmap: &Bitmap, (width, height): (u32, u32)) {
    let along = Side { from: bitmap.width, to: width };
    let down = Side { from: bitmap.height, to: height };
    let blocks = if along.shrinks() { Block::all(along) } else { Vec::new() };
    let mut columns = Columns::default();
    for y in 0..height {
        let rows = down.cell(y);
        columns.set(bitmap, &rows);
        if along.shrinks() {
            shrink(&columns, bitmap.width, &blocks, |dot, dots| canvas.paint_dots(y, margin + dot, dots));
        } else {
            enlarge(&columns, along, |dots| canvas.paint(y, margin + dots.start, margin + dots.end));
        }
    }
}

/// Paints, of a row of cells, every run of black columns as what it covers.
fn enlarge(columns: &Columns, along: Side, mut paint: impl FnMut(Range<u32>)) {
    let mut at = 0;
    while at < along.from {
        let from = run_end(&columns.once, along.from, at, false);
        at = run_end(&columns.once, along.from, from, true);
        paint(along.dots_of(from..at));
    }
}

/// Paints, of a row of cells, those of every block that has a black column.
fn shrink(columns: &Columns, width: u32, blocks: &[Block], mut paint: impl FnMut(u32, u64)) {
    let mut black = run_end(&columns.once, width, 0, false);
    for block in blocks {
        if black < block.columns.end {
            paint(block.dot, block.packed(block.black(columns)));
            black = run_end(&columns.once, width, block.columns.end, false);
        }
    }
}

/// A side of the picture and of the result, in dots.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Side {
    /// The dots of the picture that a dot of the result stands for: one at least.
    pub(super) fn cell(self, dot: u32) -> Range<u32> {
        if self.to >= self.from {
            let only = (u64::from(dot) * u64::from(self.from) / u64::from(self.to)) as u32;
            return only..only + 1;
        }
        let begin = |dot: u32| (u64::from(dot) * u64::from(self.from)).div_ceil(u64::from(self.to)) as u32;
        begin(dot)..begin(dot + 1)
    }

    /// The dots of a result no smaller that stand for some of these.
    fn dots_of(self, run: Range<u32>) -> Range<u32> {
        let begin = |dot: u32| (u64::from(dot) * u64::from(self.to)).div_ceil(u64::from(self.from)) as u32;
        begin(run.start)..begin(run.end)
    }

    fn shrinks(self) -> bool {
        self.to < self.from
    }
}

/// Of every column of a row of cells, whether it is black once and whether it is so twice.
#[derive(Default)]
struct Columns {
    once: Vec<u8>,
    twice: Vec<u8>,
    /// The cells are more than two rows high.
    high: bool,
}

impl Columns {
    fn set(&mut self, bitmap: &Bitmap, rows: &Range<u32>) {
        self.high = rows.len() > 2;
        self.once.clear();
        self.once.extend_from_slice(bitmap.row(rows.start));
        self.twice.clear();
        self.twice.resize(self.once.len(), 0);
        for y in rows.start + 1..rows.end {
            for ((once, twice), row) in self.once.iter_mut().zip(&mut self.twice).zip(bitmap.row(y)) {
                *twice |= *once & row;
                *once |= row;
            }
        }
    }
}

/// The dots of a row that are looked at once: at least so many of eight bytes, wherever in the first one they begin.
const AT_ONCE: u32 = 57;

/// The first column of a block.
const FIRST: u64 = 1 << 63;

/// Neighbouring cells of a line that gets shorter, as many as [`AT_ONCE`] columns hold but one at least: all are decided
/// together. Their columns are the bits of a word, the first one highest; a cell is named by its first column.
#[derive(Default)]
struct Block {
    columns: Range<u32>,
    /// The dot of the result that stands for the first cell.
    dot: u32,
    cells: u64,
    /// The columns of a cell, but for those that have one more.
    least: u32,
    /// The cells that have one more.
    longer: u64,
    /// The cells that one black dot turns black, however high they are.
    narrow: u64,
    /// What goes 1, 2, 4, 8, 16 and 32 columns to the left, one after the other, until the cells stand side by side.
    moves: [u64; 6],
}

impl Block {
    fn all(along: Side) -> Vec<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        for dot in 0..along.to {
            let cell = along.cell(dot);
            if blocks.last().is_none_or(|block| cell.end - block.columns.start > AT_ONCE) {
                let (columns, least) = (cell.start..cell.start, along.from / along.to);
                blocks.push(Self { columns, dot, least, ..Self::default() });
            }
            if let Some(block) = blocks.last_mut() {
                block.add(&cell);
            }
        }
        blocks
    }

    fn add(&mut self, cell: &Range<u32>) {
        let column = cell.start - self.columns.start;
        let way = column - self.cells.count_ones();
        for (step, moved) in self.moves.iter_mut().enumerate() {
            if way >> step & 1 == 1 {
                *moved |= FIRST >> (column - way % (1 << step));
            }
        }
        let first = FIRST >> column;
        self.cells |= first;
        self.longer |= if cell.len() as u32 > self.least { first } else { 0 };
        self.narrow |= if cell.len() > 2 { 0 } else { first };
        self.columns.end = cell.end;
    }

    /// The cells that are black.
    fn black(&self, columns: &Columns) -> u64 {
        let dots = |row: &[u8], right: u32| {
            let first = self.columns.start + right;
            window(row, first as usize / 8) << (first % 8)
        };
        let (mut once, mut twice) = (dots(&columns.once, 0), dots(&columns.twice, 0));
        for right in 1..=self.least {
            let cells = if right < self.least { self.cells } else { self.longer };
            let next = dots(&columns.once, right) & cells;
            twice |= once & next | dots(&columns.twice, right) & cells;
            once |= next;
        }
        let enough = if columns.high { once & self.narrow | twice } else { once };
        enough & self.cells
    }

    /// Cells side by side, the first one of the block highest.
    fn packed(&self, cells: u64) -> u64 {
        self.moves.iter().enumerate().fold(cells, |cells, (step, moved)| {
            let moved = cells & moved;
            cells ^ moved | moved << (1 << step)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(bitmap: &Bitmap, width: u32, height: u32) -> Bitmap {
        let mut canvas = Canvas::white(width, height);
        paint_scaled(&mut canvas, 0, bitmap, (width, height));
        canvas.finish(height)
    }

    /// By the words of the rule, dot by dot.
    fn by_rule(bitmap: &Bitmap, width: u32, height: u32) -> Bitmap {
        let (along, down) =
            (Side { from: bitmap.width, to: width }, Side { from: bitmap.height, to: height });
        Bitmap::from_fn(width, height, |x, y| {
            let (columns, rows) = (along.cell(x), down.cell(y));
            let needed = if columns.len() > 2 && rows.len() > 2 { 2 } else { 1 };
            let dots = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
            dots.filter(|(x, y)| bitmap.is_black(*x, *y)).count() >= needed
        })
    }

    #[test]
    fn every_dot_follows_the_rule() {
        for (index, (width, height)) in
            [(100, 60), (61, 12), (200, 9), (9, 200), (1, 1)].into_iter().enumerate()
        {
            for thinned in [2, 7, 23] {
                let black = |x: u32, y: u32| (x * 31 + y * 17 + x * y * index as u32).is_multiple_of(thinned);
                let picture = Bitmap::from_fn(width, height, black);
                for (to_width, to_height) in
                    [(100, 60), (50, 30), (43, 13), (33, 20), (20, 7), (150, 20), (3, 90), (7, 1)]
                {
                    let made = scaled(&picture, to_width, to_height);
                    let what = format!("{width} x {height} to {to_width} x {to_height}");
                    assert_eq!(made, by_rule(&picture, to_width, to_height), "{what}");
                }
            }
        }
    }

    #[test]
    fn a_margin_moves_every_dot() {
        let picture = Bitmap::from_fn(300, 40, |x, y| (x * x + y * 7).is_multiple_of(5));
        for (width, height) in [(301, 40), (300, 13), (107, 14), (20, 40)] {
            let unmoved = scaled(&picture, width, height);
            for margin in 1..9 {
                let mut canvas = Canvas::white(width + 2 * margin, height);
                paint_scaled(&mut canvas, margin, &picture, (width, height));
                let moved = |x: u32, y: u32| x.checked_sub(margin).is_some_and(|x| unmoved.is_black(x, y));
                assert_eq!(canvas.finish(height), Bitmap::from_fn(width + 2 * margin, height, moved));
            }
        }
    }

    #[test]
    fn a_thin_stroke_of_any_slope_is_nowhere_broken() {
        const SIZE: u32 = 240;
        for (width, height) in [(120, 120), (85, 85), (80, 80), (85, 43), (60, 30), (240, 80), (85, 240)] {
            for shift in 0..8 {
                for slope in (0..=SIZE).step_by(3) {
                    let shallow = |x: u32| (shift + x * slope / SIZE).min(SIZE - 1);
                    let picture = Bitmap::from_fn(SIZE, SIZE, |x, y| y == shallow(x));
                    let made = scaled(&picture, width, height);
                    let whole = (0..width).all(|x| (0..height).any(|y| made.is_black(x, y)));
                    assert!(whole, "shallow {slope}, {shift}: {width} x {height}");
                }
            }
        }
    }

    #[test]
    fn light_grey_stays_lighter_than_black() {
        let grey = Bitmap::from_fn(300, 300, |x, y| x % 4 == 0 && y % 4 == y / 4 % 4);
        let made = scaled(&grey, 107, 107);
        assert!(made.black_pixels() < 107 * 107 / 2, "{made:?}");
    }
}
