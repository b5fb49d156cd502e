//! One row: by itself (T.4 §4.1) or by its difference to the row above (T.4 §4.2, T.6 §2.2).
//!
//! The names a0, a1, a2, b1 and b2 are those of the recommendations. On the row being coded, a0 is
//! the place reached, a1 the next change of colour and a2 the one after; b1 is the first change on
//! the row above, right of a0, to the colour that a1 changes to, and b2 the one after.

use super::bits::{BitReader, BitWriter};
use super::decode::{EOL_ZEROS, Fault};
use super::tables::{Codes, Mode, mode_at};
use crate::page::bitmap::{Canvas, window};

/// A row as the places where its colour changes, from left to right: to black, to white, and so on.
/// A change at its very end is none.
#[derive(Default)]
pub(super) struct Changes {
    at: Vec<u32>,
}

impl Changes {
    /// Becomes the changes of these dots.
    pub(super) fn set(&mut self, row: &[u8], width: u32) {
        self.at.clear();
        let mut left = 0;
        for first in (0..width).step_by(64) {
            let dots = window(row, first as usize / 8);
            // Those that differ from their left neighbour; left of the row is white.
            let mut changed = dots ^ (dots >> 1 | left << 63);
            left = dots & 1;
            while changed != 0 {
                let right = changed.leading_zeros();
                self.at.push(first + right);
                changed ^= 1 << 63 >> right;
            }
        }
        // Right of the row is white as well.
        self.end_at(width);
    }

    /// Blackens row `y` of a white canvas.
    pub(super) fn paint(&self, canvas: &mut Canvas, y: u32, width: u32) {
        for black in self.at.chunks(2) {
            canvas.paint(y, black[0], black.get(1).copied().unwrap_or(width));
        }
    }

    /// Adds a change. Two at one place are none: a run without dots parts nothing.
    fn push(&mut self, at: u32) {
        if self.at.last() == Some(&at) {
            self.at.pop();
        } else {
            self.at.push(at);
        }
    }

    fn end_at(&mut self, width: u32) {
        if self.at.last() == Some(&width) {
            self.at.pop();
        }
    }

    fn at(&self, index: usize, width: u32) -> u32 {
        self.at.get(index).copied().unwrap_or(width)
    }
}

/// Looks along the row above while a row is coded from left to right.
struct Above<'a> {
    changes: &'a Changes,
    width: u32,
    /// The first change that is not left of the place asked for last.
    next: usize,
}

impl Above<'_> {
    /// b1 and b2 for runs of this colour, b1 not left of `from`.
    fn b1_b2(&mut self, from: u32, black: bool) -> (u32, u32) {
        while self.changes.at.get(self.next).is_some_and(|at| *at < from) {
            self.next += 1;
        }
        // Even changes are those to black, which end a white run.
        let b1 = if (self.next % 2 == 1) == black { self.next } else { self.next + 1 };
        (self.changes.at(b1, self.width), self.changes.at(b1 + 1, self.width))
    }
}

pub(super) fn put_by_itself(line: &mut BitWriter, row: &Changes, width: u32) {
    let (mut at, mut black) = (0, false);
    for end in row.at.iter().copied().chain([width]) {
        Codes::of(black).put(line, end - at);
        (at, black) = (end, !black);
    }
}

pub(super) fn put_by_difference(line: &mut BitWriter, above: &Changes, row: &Changes, width: u32) {
    let mut above = Above { changes: above, width, next: 0 };
    // Before the first dot stands an imaginary white one: b1 may lie on the first dot.
    let (mut a0, mut from, mut black, mut next) = (0, 0, false, 0);
    loop {
        let (b1, b2) = above.b1_b2(from, black);
        let (a1, a2) = (row.at(next, width), row.at(next + 1, width));
        if b2 < a1 {
            line.put(Mode::Pass.code());
            a0 = b2;
        } else if let Some(mode) = Mode::vertical(a1, b1) {
            line.put(mode.code());
            (a0, black, next) = (a1, !black, next + 1);
        } else {
            line.put(Mode::Horizontal.code());
            Codes::of(black).put(line, a1 - a0);
            Codes::of(!black).put(line, a2 - a1);
            (a0, next) = (a2, next + 2);
        }
        if a0 == width {
            break;
        }
        from = a0 + 1;
    }
}

/// Reads a row of exactly `width` dots into `row`.
pub(super) fn read_by_itself(line: &mut BitReader<'_>, row: &mut Changes, width: u32) -> Result<(), Fault> {
    row.at.clear();
    let (mut at, mut black) = (0, false);
    loop {
        at = read_run(line, black, at, width)?;
        row.push(at);
        if at == width {
            return end_row(line, row, width);
        }
        black = !black;
    }
}

/// As [`read_by_itself`], from the difference to the row above.
pub(super) fn read_by_difference(
    line: &mut BitReader<'_>,
    above: &Changes,
    row: &mut Changes,
    width: u32,
) -> Result<(), Fault> {
    row.at.clear();
    let mut above = Above { changes: above, width, next: 0 };
    let (mut a0, mut from, mut black) = (0, 0, false);
    loop {
        let (b1, b2) = above.b1_b2(from, black);
        let window = line.window();
        let (mode, len) =
            mode_at(window).ok_or_else(|| no_code(line, window, Fault::NoMode { painted: a0 }, a0))?;
        line.bit += usize::from(len);
        match mode {
            Mode::Pass => a0 = b2,
            Mode::Vertical(right) => {
                let a1 = b1.saturating_add_signed(right.into());
                // A run without dots cannot be told from a step back.
                if a1 < from || b1.checked_add_signed(right.into()).is_none() {
                    return Err(Fault::Backwards { painted: a0 });
                }
                if a1 > width {
                    return Err(Fault::TooLong { painted: a1 });
                }
                row.push(a1);
                (a0, black) = (a1, !black);
            }
            Mode::Horizontal => {
                let a1 = read_run(line, black, a0, width)?;
                row.push(a1);
                a0 = read_run(line, !black, a1, width)?;
                row.push(a0);
            }
            Mode::Extension => return Err(Fault::Uncompressed { painted: a0 }),
        }
        if a0 == width {
            return end_row(line, row, width);
        }
        from = a0 + 1;
    }
}

fn end_row(line: &BitReader<'_>, row: &mut Changes, width: u32) -> Result<(), Fault> {
    row.end_at(width);
    if line.is_overrun() { Err(Fault::Ends) } else { Ok(()) }
}

/// Reads the length of a run that begins at `at`. Returns where it ends.
fn read_run(line: &mut BitReader<'_>, black: bool, mut at: u32, width: u32) -> Result<u32, Fault> {
    let codes = Codes::of(black);
    loop {
        let window = line.window();
        let code = codes.find(window);
        if code.len == 0 {
            return Err(no_code(line, window, Fault::NoCode { black, painted: at }, at));
        }
        line.bit += usize::from(code.len);
        at += u32::from(code.run);
        if at > width {
            return Err(Fault::TooLong { painted: at });
        }
        if code.run < 64 {
            return Ok(at);
        }
    }
}

fn no_code(line: &BitReader<'_>, window: u64, fault: Fault, painted: u32) -> Fault {
    if line.left() < EOL_ZEROS as usize {
        Fault::Ends
    } else if window.leading_zeros() >= EOL_ZEROS {
        Fault::TooShort { painted }
    } else {
        fault
    }
}
