//! Making a page fit the paper and the dots of a recipient.

use super::bitmap::{Canvas, run_end};
use super::{Coding, Form, Page, Paper, Resolution};

impl Page {
    /// The least form that holds all of the page: the narrowest paper that its lines fit on, its own resolution, and
    /// the coding that packs best.
    pub fn form(&self) -> Form {
        let holds = |paper: &Paper| self.bitmap.width <= paper.width(self.resolution);
        let paper = Paper::ALL.into_iter().find(holds).unwrap_or(Paper::A3);
        Form { paper, resolution: self.resolution, coding: Coding::Mmr }
    }
}

/// The page on this paper at this resolution, whatever its coding.
///
/// It keeps its size where it fits, centred between white margins; otherwise it shrinks until its lines do, as much
/// down the page as along a line. Dots need not be square, on either side. Nothing is cut off. A dot is black where any
/// dot that it stands for is, so that the thinnest line survives; grey made of dots comes out darker for it.
pub fn reform(page: &Page, form: Form) -> Page {
    let width = form.paper.width(form.resolution);
    let bitmap = &page.bitmap;
    if bitmap.width == width && page.resolution == form.resolution {
        return page.clone();
    }
    let ((x_from, y_from), (x_to, y_to)) = (grid(page.resolution), grid(form.resolution));
    // Along a line: as many dots as the same length has there, or as many as there are.
    let natural = (u64::from(bitmap.width) * x_to).div_ceil(x_from);
    let line = natural.min(u64::from(width));
    let along = Scale { from: u64::from(bitmap.width).max(1), to: line };
    // Down the page: the grids, shrunk as far as the line was.
    let down = Scale { from: y_from * along.from * x_to, to: y_to * line * x_from };
    let height = down.end(bitmap.height).min(super::MAX_ROWS);
    let margin = (width - line as u32) / 2;
    let mut canvas = Canvas::white(width, height);
    for y in 0..bitmap.height {
        let rows = down.begin(y)..down.end(y + 1).min(height);
        for (from, to) in black_runs(bitmap.row(y), bitmap.width) {
            let (from, to) = (margin + along.begin(from), margin + along.end(to));
            rows.clone().for_each(|row| canvas.paint(row, from, to));
        }
    }
    Page { bitmap: canvas.finish(height), resolution: form.resolution }
}

/// Dots and lines to the inch on the round grid. Only there lines of all resolutions have the same length (RFC 3949
/// §2.2.2, §4.2.1): 1728 at 200, 2592 at 300, 3456 at 400.
fn grid(resolution: Resolution) -> (u64, u64) {
    match resolution {
        Resolution::Standard => (200, 100),
        Resolution::Fine => (200, 200),
        Resolution::Superfine => (200, 400),
        Resolution::Dpi300 => (300, 300),
        Resolution::Dpi400 => (400, 400),
    }
}

/// Places of one side in places of the other.
#[derive(Clone, Copy)]
struct Scale {
    from: u64,
    to: u64,
}

impl Scale {
    /// Where what begins at a place begins.
    fn begin(self, place: u32) -> u32 {
        (u64::from(place) * self.to / self.from) as u32
    }

    /// Where what ends at a place ends.
    fn end(self, place: u32) -> u32 {
        (u64::from(place) * self.to).div_ceil(self.from) as u32
    }
}

fn black_runs(row: &[u8], width: u32) -> impl Iterator<Item = (u32, u32)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let from = run_end(row, width, at, false);
        at = run_end(row, width, from, true);
        (from < at).then_some((from, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Bitmap, Chart, FAX_WIDTH, chart};

    fn page(width: u32, height: u32, resolution: Resolution, black: impl Fn(u32, u32) -> bool) -> Page {
        Page { bitmap: Bitmap::from_fn(width, height, black), resolution }
    }

    fn form(paper: Paper, resolution: Resolution) -> Form {
        Form { paper, resolution, coding: Coding::Mh }
    }

    #[test]
    fn a_narrow_page_is_centred_on_white() {
        let narrow = page(10, 1, Resolution::Fine, |x, _| x == 0 || x == 9);
        let fitted = reform(&narrow, Form::PROFILE_S);
        assert_eq!(fitted, page(FAX_WIDTH, 1, Resolution::Fine, |x, _| x == 859 || x == 868));
    }

    #[test]
    fn a_thin_line_survives_wherever_it_is() {
        for x in (0..4864).step_by(7) {
            let fine = page(4864, 3, Resolution::Dpi400, |at, _| at == x);
            let coarse = reform(&fine, Form::PROFILE_S).bitmap;
            assert!(coarse.is_black(x * 1728 / 4864, 0), "column {x}");
        }
        for y in 0..60 {
            let fine = page(4864, 60, Resolution::Dpi400, |_, at| at == y);
            let coarse = reform(&fine, form(Paper::A4, Resolution::Standard)).bitmap;
            assert!((0..coarse.height).any(|row| coarse.is_black(864, row)), "row {y}");
        }
    }

    #[test]
    fn a_page_that_fits_is_left_as_it_is() {
        let fits = page(FAX_WIDTH, 2, Resolution::Fine, |x, y| x % 7 == y);
        assert_eq!(reform(&fits, Form::PROFILE_S), fits);
    }

    /// A square of an inch, far from the edges, keeps its sides alike: in all forms, from all forms.
    #[test]
    fn a_square_stays_square() {
        for original in Form::all().filter(|form| form.coding == Coding::Mh) {
            let (x, y) = grid(original.resolution);
            let (x, y) = (x as u32, y as u32);
            let square =
                page(original.paper.width(original.resolution), 3 * y, original.resolution, |at, row| {
                    (2 * x..3 * x).contains(&at) && (y..2 * y).contains(&row)
                });
            for wanted in Form::all().filter(|form| form.coding == Coding::Mh) {
                let made = reform(&square, wanted);
                let (along, down) = extent(&made.bitmap);
                let (x, y) = grid(wanted.resolution);
                let ratio = f64::from(along) / x as f64 / (f64::from(down) / y as f64);
                assert!((0.95..1.05).contains(&ratio), "{original} as {wanted}: {along} x {down}");
                let shrinks = wanted.paper < original.paper;
                let whole = (f64::from(along) - x as f64).abs() < 3.0;
                assert!(whole != shrinks, "{original} as {wanted}: {along} dots for {x}");
            }
        }
    }

    /// Width and height of what is black.
    fn extent(bitmap: &Bitmap) -> (u32, u32) {
        let rows: Vec<u32> =
            (0..bitmap.height).filter(|y| bitmap.row(*y).iter().any(|byte| *byte != 0)).collect();
        let (top, bottom) = (rows[0], rows[rows.len() - 1]);
        let columns: Vec<u32> = (0..bitmap.width).filter(|x| bitmap.is_black(*x, top)).collect();
        (columns[columns.len() - 1] - columns[0] + 1, bottom - top + 1)
    }

    #[test]
    fn an_a3_chart_becomes_an_a4_one_of_the_right_length() {
        let (paper, resolution) = (Paper::A3, Resolution::Dpi400);
        let original = chart(Chart { height: paper.rows(resolution), paper, resolution, ..Chart::default() });
        let made = reform(&original, Form::PROFILE_S);
        assert_eq!(made.bitmap.width, 1728);
        // 420 mm shrink by 2432 to 1728, on the round grid.
        assert_eq!(made.bitmap.height, (6465_u32 * 200 * 1728).div_ceil(400 * 2432));
    }

    #[test]
    fn nothing_is_too_small_or_too_large() {
        for (width, height) in [(0, 0), (0, 5), (1, 0), (1, 1), (9999, 1), (3, 20_000)] {
            for wanted in Form::all() {
                let made = reform(&page(width, height, Resolution::Standard, |_, _| true), wanted).bitmap;
                assert_eq!(made.width, wanted.paper.width(wanted.resolution));
                assert_eq!(made.black_pixels() > 0, width * height > 0);
            }
        }
    }
}
