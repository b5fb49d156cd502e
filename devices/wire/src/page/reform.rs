//! Making a page fit the paper and the dots of a recipient.

use super::bitmap::Canvas;
use super::scale::paint_scaled;
use super::{Coding, Form, MAX_ROWS, Page, Paper, Resolution};

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
/// down the page as along a line. Dots need not be square, on either side. Nothing is ever cut off: a page that would
/// have more than [`MAX_ROWS`] shrinks as well.
///
/// Where dots become fewer, each stands for a block of dots. It is black if one of them is; if the block is more than
/// two dots wide and more than two high, it takes two. So the thinnest stroke stays whole, whatever its slope, while
/// grey made of dots does not turn black.
pub fn reform(page: &Page, form: Form) -> Page {
    let width = form.paper.width(form.resolution);
    let bitmap = &page.bitmap;
    if bitmap.width == width && page.resolution == form.resolution {
        return page.clone();
    }
    let (line, height) = size(page, form);
    let mut canvas = Canvas::white(width, height);
    paint_scaled(&mut canvas, (width - line) / 2, bitmap, (line, height));
    Page { bitmap: canvas.finish(height), resolution: form.resolution }
}

/// Dots along a line and rows that the page has in this form, without its margins.
fn size(page: &Page, form: Form) -> (u32, u32) {
    let [(x_from, y_from), (x_to, y_to)] =
        [page.resolution, form.resolution].map(|it| (u64::from(grid(it).0), u64::from(grid(it).1)));
    let (width, height) = (u64::from(page.bitmap.width), u64::from(page.bitmap.height));
    // Along a line: as many dots as the same length has there, or as many as there are.
    let natural = (width * x_to).div_ceil(x_from);
    let line = natural.min(form.paper.width(form.resolution).into());
    // Down the page: the grids, shrunk as far as the line was.
    let rows = (height * y_to * line * x_from).div_ceil((y_from * width * x_to).max(1));
    let most = u64::from(MAX_ROWS);
    let line = if rows > most { (line * most / rows).max(1) } else { line };
    (line as u32, rows.min(most) as u32)
}

/// Dots and lines to the inch on the round grid. Only there lines of all resolutions have the same length (RFC 3949
/// §2.2.2, §4.2.1): 1728 at 200, 2592 at 300, 3456 at 400.
pub(super) fn grid(resolution: Resolution) -> (u32, u32) {
    match resolution {
        Resolution::Standard => (200, 100),
        Resolution::Fine => (200, 200),
        Resolution::Superfine => (200, 400),
        Resolution::Dpi300 => (300, 300),
        Resolution::Dpi400 => (400, 400),
    }
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

    #[test]
    fn a_page_too_long_for_its_rows_shrinks_and_is_not_cut() {
        let long = page(1728, MAX_ROWS, Resolution::Standard, |x, y| x == 0 || y == MAX_ROWS - 1);
        let made = reform(&long, form(Paper::A4, Resolution::Superfine)).bitmap;
        assert_eq!((made.width, made.height), (1728, MAX_ROWS));
        // A quarter of the lines there are: of the dots of a line as well.
        assert_eq!(extent(&made), (1, MAX_ROWS));
        assert!(made.is_black(648, 0) && made.is_black(648 + 431, MAX_ROWS - 1), "{made:?}");
    }
}
