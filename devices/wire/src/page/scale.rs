//! Scaling a picture: by other factors along a line and down the page, larger or smaller.

use std::ops::Range;

use super::bitmap::{Bitmap, Canvas, ones, run_end};

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
    let cell_of: Vec<Range<u32>> = (0..width).map(|dot| along.cell(dot)).collect();
    // Smaller, each dot of the picture is in one cell: looked up, since a page of grey has millions of runs.
    let shrinks = along.to < along.from;
    let in_cells = cell_of.iter().zip(0_u32..).filter(|_| shrinks);
    let dot_of: Vec<u32> = in_cells.flat_map(|(cell, dot)| cell.clone().map(move |_| dot)).collect();
    let mut cells = Cells::default();
    for y in 0..height {
        let rows = down.cell(y);
        cells.set(bitmap, &rows);
        let two_needed = rows.len() > 2;
        let mut at = 0;
        loop {
            let from = run_end(&cells.once, bitmap.width, at, false);
            let to = run_end(&cells.once, bitmap.width, from, true);
            if from == to {
                break;
            }
            let Range { mut start, mut end } = match (dot_of.get(from as usize), dot_of.get(to as usize - 1))
            {
                (Some(first), Some(last)) => *first..*last + 1,
                _ => along.dots_of(from..to),
            };
            // The last dot is decided with this run, whatever else its cell holds.
            at = to.max(cell_of[end as usize - 1].end);
            if two_needed {
                // All cells between the first and the last are black from end to end.
                start += u32::from(!cells.is_black(&cell_of[start as usize]));
                end -= u32::from(start < end && !cells.is_black(&cell_of[end as usize - 1]));
            }
            canvas.paint(y, margin + start, margin + end);
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
            let only = self.scaled(dot, self.from, self.to);
            return only..only + 1;
        }
        let begin = |dot: u32| (u64::from(dot) * u64::from(self.from)).div_ceil(u64::from(self.to)) as u32;
        begin(dot)..begin(dot + 1)
    }

    /// The dots of the result that stand for some of these.
    fn dots_of(self, run: Range<u32>) -> Range<u32> {
        if self.to >= self.from {
            let begin =
                |dot: u32| (u64::from(dot) * u64::from(self.to)).div_ceil(u64::from(self.from)) as u32;
            return begin(run.start)..begin(run.end);
        }
        self.scaled(run.start, self.to, self.from)..self.scaled(run.end - 1, self.to, self.from) + 1
    }

    fn scaled(self, dot: u32, to: u32, from: u32) -> u32 {
        (u64::from(dot) * u64::from(to) / u64::from(from)) as u32
    }
}

/// A row of cells: of every column of the picture, whether it is black once and whether it is so twice.
#[derive(Default)]
struct Cells {
    once: Vec<u8>,
    twice: Vec<u8>,
}

impl Cells {
    fn set(&mut self, bitmap: &Bitmap, rows: &Range<u32>) {
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

    /// Whether enough of a cell is black that is more than two rows high.
    fn is_black(&self, cell: &Range<u32>) -> bool {
        let needed = if cell.len() > 2 { 2 } else { 1 };
        ones(&self.once, cell) >= needed || ones(&self.twice, cell) > 0
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
                    [(100, 60), (50, 30), (33, 20), (20, 7), (150, 20), (3, 90), (7, 1)]
                {
                    let made = scaled(&picture, to_width, to_height);
                    let what = format!("{width} x {height} to {to_width} x {to_height}");
                    assert_eq!(made, by_rule(&picture, to_width, to_height), "{what}");
                }
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
