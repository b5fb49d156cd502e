//! A judge of paper: what came out of a printer against the best that could have come out.

use std::fmt;
use std::ops::Range;

use super::bitmap::{Bitmap, ones};
use super::reform::{grid, reform};
use super::scale::Side;
use super::{Page, Resolution};

/// What is wrong with a printed page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The sheet is white, though something is drawn on the page.
    Blank,
    /// Black is white and white is black: the meaning of black (PhotometricInterpretation) was not heeded.
    Inverted,
    /// Rows are missing, or are white where something is drawn.
    LostRows {
        /// The first of them, counted from 0 at the top of the page as it should be.
        first: u32,
        /// How many.
        rows: u32,
    },
    /// What is drawn is stretched or squeezed: dots were taken for squares, or for others than they are.
    Aspect {
        /// Its height in percent of what it should be for its width.
        height_percent: u32,
    },
    /// The sheet, or what is drawn on it, has another size.
    Size {
        /// Width and height of what should be there, in millimetres.
        best_mm: (u32, u32),
        /// Width and height of what is there.
        found_mm: (u32, u32),
    },
    /// There are fewer dots to the inch than could be.
    Coarser {
        /// What could be.
        best: Resolution,
        /// What is.
        found: Resolution,
    },
    /// Something else is drawn.
    OtherDots {
        /// The first row of the page found that differs, counted from 0 at the top.
        first: u32,
        /// How many rows differ.
        rows: u32,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("the page is blank"),
            Self::Inverted => f.write_str("black and white are exchanged"),
            Self::LostRows { first, rows } => write!(f, "{} lost from row {first} on", counted(*rows)),
            Self::Aspect { height_percent } => {
                write!(f, "wrong aspect: for its width the drawing has {height_percent} % of its height")
            }
            Self::Size { best_mm: (width, height), found_mm } => {
                write!(f, "wrong size: {} x {} mm in place of {width} x {height} mm", found_mm.0, found_mm.1)
            }
            Self::Coarser { best, found } => write!(f, "printed at {found} where {best} was possible"),
            Self::OtherDots { first, rows } => {
                write!(f, "other dots in {}, the first of them row {first}", counted(*rows))
            }
        }
    }
}

fn counted(rows: u32) -> String {
    format!("{rows} row{}", if rows == 1 { "" } else { "s" })
}

/// What is wrong with the page found, against the best that could have come out; nothing if the two
/// are the same.
///
/// Drawings are the same for this judge if their ink is spread alike over the box that holds it: a page
/// may have been scaled by any rule. Sizes may differ by a fiftieth, aspects by a twentieth, as the
/// resolutions that RFC 3949 §2.2.2 calls equivalent do.
pub fn compare(best: &Page, found: &Page) -> Vec<Difference> {
    if best == found {
        return Vec::new();
    }
    let (Some(best_ink), Some(found_ink)) = (Ink::of(&best.bitmap), Ink::of(&found.bitmap)) else {
        return of_blank(best, found);
    };
    if let Some(lost) = lost_rows(best, found) {
        return vec![lost];
    }
    let upright = best_ink.distance(&found_ink);
    if upright > ALIKE {
        let negative = Page { bitmap: negative(&found.bitmap), resolution: found.resolution };
        let is_alike = || Ink::of(&negative.bitmap).is_some_and(|ink| best_ink.distance(&ink) <= ALIKE);
        if lost_rows(best, &negative).is_some() || is_alike() {
            let mut differences = vec![Difference::Inverted];
            differences.extend(compare(best, &negative));
            return differences;
        }
    }
    let mut differences: Vec<Difference> = coarser(best, found).into_iter().collect();
    if upright <= ALIKE {
        differences.extend(of_drawings(best, &best_ink, found, &found_ink));
    } else {
        differences.extend(of_sheets(best, found));
    }
    if upright > ALIKE || (differences.is_empty() && best.resolution == found.resolution) {
        differences.extend(other_dots(best, found));
    }
    differences
}

/// How far two drawings may be apart and still count as the same one; 1 is as far as can be.
const ALIKE: f64 = 0.2;

/// The parts in which the ink of a drawing is weighed: few along a line, many down the page, where
/// lines of text lie.
const PARTS: (u32, u32) = (32, 200);

/// A drawing: the box that holds all ink, and how the ink is spread over it.
struct Ink {
    columns: Range<u32>,
    rows: Range<u32>,
    /// What each part has of all ink. The sum is 1.
    shares: Vec<f64>,
}

impl Ink {
    /// `None`: there is none.
    fn of(bitmap: &Bitmap) -> Option<Self> {
        let rows = ends((0..bitmap.height).filter(|y| bitmap.row(*y).iter().any(|byte| *byte != 0)))?;
        let mut columns = vec![0; bitmap.stride()];
        for y in rows.clone() {
            columns.iter_mut().zip(bitmap.row(y)).for_each(|(all, byte)| *all |= byte);
        }
        let columns = ends((0..bitmap.width).filter(|x| ones(&columns, &(*x..x + 1)) > 0))?;
        let along = Side { from: columns.end - columns.start, to: PARTS.0 };
        let down = Side { from: rows.end - rows.start, to: PARTS.1 };
        let mut shares = Vec::new();
        for part in 0..PARTS.1 {
            let part = shifted(&down.cell(part), rows.start);
            for cell in (0..PARTS.0).map(|cell| shifted(&along.cell(cell), columns.start)) {
                let black: u32 = part.clone().map(|y| ones(bitmap.row(y), &cell)).sum();
                shares.push(f64::from(black) / (cell.len() * part.len()) as f64);
            }
        }
        let all: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= all);
        Some(Self { columns, rows, shares })
    }

    /// How much of the ink lies elsewhere, from 0 to 1.
    fn distance(&self, other: &Self) -> f64 {
        self.shares.iter().zip(&other.shares).map(|(one, other)| (one - other).abs()).sum::<f64>() / 2.0
    }

    /// Width and height of the box in inches.
    fn inches(&self, resolution: Resolution) -> (f64, f64) {
        inches((self.columns.end - self.columns.start, self.rows.end - self.rows.start), resolution)
    }
}

fn ends(mut places: impl DoubleEndedIterator<Item = u32>) -> Option<Range<u32>> {
    let first = places.next()?;
    Some(first..places.next_back().unwrap_or(first) + 1)
}

fn shifted(range: &Range<u32>, by: u32) -> Range<u32> {
    range.start + by..range.end + by
}

fn negative(bitmap: &Bitmap) -> Bitmap {
    let packed = bitmap.data().iter().map(|byte| !byte).collect();
    Bitmap::new(bitmap.width, bitmap.height, packed).unwrap_or_else(|_| bitmap.clone())
}

fn of_blank(best: &Page, found: &Page) -> Vec<Difference> {
    match (best.bitmap.black_pixels(), found.bitmap.black_pixels()) {
        (0, 0) => coarser(best, found).into_iter().chain(of_sheets(best, found)).collect(),
        (_, 0) => vec![Difference::Blank],
        _ => of_sheets(best, found).into_iter().chain(other_dots(best, found)).collect(),
    }
}

/// Whether all that is wrong is that rows are missing or white.
fn lost_rows(best: &Page, found: &Page) -> Option<Difference> {
    let (should, is) = (&best.bitmap, &found.bitmap);
    if best.resolution != found.resolution || should.width != is.width {
        return None;
    }
    let is_white = |y| is.row(y).iter().all(|byte| *byte == 0);
    let mut lost: Vec<u32> = Vec::new();
    let mut next = 0;
    for y in 0..should.height {
        if next < is.height && should.row(y) == is.row(next) {
            next += 1;
        } else {
            lost.push(y);
            // A page that kept its length has a white row in place of the lost one.
            next += u32::from(should.height == is.height && is_white(next));
        }
    }
    let first = *lost.first()?;
    (next == is.height).then_some(Difference::LostRows { first, rows: lost.len() as u32 })
}

fn coarser(best: &Page, found: &Page) -> Option<Difference> {
    let (best, found) = (best.resolution, found.resolution);
    let fewer = found.x_dpi() < best.x_dpi() || found.y_dpi() < best.y_dpi();
    fewer.then_some(Difference::Coarser { best, found })
}

/// The same drawing: in another size, in another aspect, on another sheet?
fn of_drawings(best: &Page, best_ink: &Ink, found: &Page, found_ink: &Ink) -> Option<Difference> {
    let (best_in, found_in) = (best_ink.inches(best.resolution), found_ink.inches(found.resolution));
    let (wider, higher) = (found_in.0 / best_in.0, found_in.1 / best_in.1);
    let aspect = higher / wider;
    if (aspect - 1.0).abs() > 0.05 {
        return Some(Difference::Aspect { height_percent: (aspect * 100.0).round() as u32 });
    }
    if (wider - 1.0).abs() > 0.02 {
        return Some(size(best_in, found_in));
    }
    of_sheets(best, found)
}

fn of_sheets(best: &Page, found: &Page) -> Option<Difference> {
    let sheet = |page: &Page| inches((page.bitmap.width, page.bitmap.height), page.resolution);
    let (best, found) = (sheet(best), sheet(found));
    let differ = |one: f64, other: f64| (one - other).abs() > 0.02 * one.max(other);
    (differ(best.0, found.0) || differ(best.1, found.1)).then(|| size(best, found))
}

fn inches((dots, rows): (u32, u32), resolution: Resolution) -> (f64, f64) {
    let (x, y) = grid(resolution);
    (f64::from(dots) / f64::from(x), f64::from(rows) / f64::from(y))
}

fn size(best_in: (f64, f64), found_in: (f64, f64)) -> Difference {
    let mm = |(width, height): (f64, f64)| ((width * 25.4).round() as u32, (height * 25.4).round() as u32);
    Difference::Size { best_mm: mm(best_in), found_mm: mm(found_in) }
}

/// Row by row, what is beyond the shorter page counting as different.
fn other_dots(best: &Page, found: &Page) -> Option<Difference> {
    let best = if best.resolution == found.resolution { best.clone() } else { reform(best, found.form()) };
    let rows = best.bitmap.height.max(found.bitmap.height);
    let mut differing = (0..rows).filter(|y| best.bitmap.row(*y) != found.bitmap.row(*y));
    let first = differing.next()?;
    Some(Difference::OtherDots { first, rows: 1 + differing.count() as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Chart, Form, Paper, chart, reform};

    const ROWS: u32 = 400;

    /// A page of printed lines, each of words: 20 rows and 10 rows of space, at 204 x 98.
    fn text() -> Page {
        let inked = |x: u32, y: u32| {
            let (word, line) = (x / 90, y / 30);
            let is_letter = !(word * 7 + line * 3).is_multiple_of(5) && x % 90 < 70;
            (100..1600).contains(&x)
                && (60..380).contains(&y)
                && y % 30 < 20
                && is_letter
                && (x * 5 + y) % 7 < 3
        };
        Page { bitmap: Bitmap::from_fn(1728, ROWS, inked), resolution: Resolution::Standard }
    }

    fn drawn() -> [Page; 2] {
        [text(), chart(Chart { height: ROWS, seed: 0x1234_5678, ..Chart::default() })]
    }

    fn changed(page: &Page, height: u32, black: impl Fn(u32, u32) -> bool) -> Page {
        Page { bitmap: Bitmap::from_fn(page.bitmap.width, height, black), resolution: page.resolution }
    }

    fn said(best: &Page, found: &Page) -> Vec<String> {
        compare(best, found).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_page_is_as_it_should_be() {
        for page in drawn() {
            assert_eq!(compare(&page, &page), []);
        }
    }

    #[test]
    fn a_page_at_finer_dots_is_as_it_should_be() {
        for page in drawn() {
            for resolution in Resolution::ALL {
                let finer = reform(&page, Form { resolution, ..page.form() });
                assert_eq!(compare(&page, &finer), [], "{resolution}");
            }
        }
    }

    #[test]
    fn a_white_sheet_is_blank() {
        for page in drawn() {
            assert_eq!(said(&page, &changed(&page, ROWS, |_, _| false)), ["the page is blank"]);
            assert_eq!(said(&page, &changed(&page, 0, |_, _| false)), ["the page is blank"]);
        }
    }

    #[test]
    fn a_white_page_may_be_white() {
        let white = changed(&text(), ROWS, |_, _| false);
        assert_eq!(said(&white, &changed(&white, ROWS, |_, _| false)), [""; 0]);
        assert_eq!(
            said(&white, &changed(&white, 200, |_, _| false)),
            ["wrong size: 219 x 51 mm in place of 219 x 102 mm"]
        );
        assert_eq!(
            said(&white, &changed(&white, ROWS, |x, y| x == 7 && y > 397)),
            ["other dots in 2 rows, the first of them row 398"]
        );
    }

    #[test]
    fn an_inverted_page_is_named() {
        for page in drawn() {
            let inverted = changed(&page, ROWS, |x, y| !page.bitmap.is_black(x, y));
            assert_eq!(said(&page, &inverted), ["black and white are exchanged"]);
        }
    }

    #[test]
    fn an_inverted_page_may_have_other_faults() {
        let page = text();
        let short = changed(&page, 300, |x, y| !page.bitmap.is_black(x, y));
        assert_eq!(said(&page, &short), ["black and white are exchanged", "100 rows lost from row 300 on"]);
    }

    #[test]
    fn lost_rows_are_counted() {
        for page in drawn() {
            let black = |x, y| page.bitmap.is_black(x, y);
            let bottom = changed(&page, 370, black);
            assert_eq!(said(&page, &bottom), ["30 rows lost from row 370 on"]);
            let middle = changed(&page, 392, |x, y| black(x, if y < 107 { y } else { y + 8 }));
            let Difference::LostRows { first, rows: 8 } = compare(&page, &middle)[0] else {
                panic!("{:?}", said(&page, &middle))
            };
            assert!((107..115).contains(&first), "rows like their neighbours may stand for them: {first}");
        }
    }

    #[test]
    fn rows_that_came_out_white_are_lost() {
        let page = text();
        let white = changed(&page, ROWS, |x, y| y < 371 && page.bitmap.is_black(x, y));
        assert_eq!(said(&page, &white), ["9 rows lost from row 371 on"]);
    }

    #[test]
    fn dots_taken_for_squares_have_the_wrong_aspect() {
        for page in drawn() {
            let squeezed = Page { resolution: Resolution::Fine, ..page.clone() };
            assert_eq!(
                said(&page, &squeezed),
                ["wrong aspect: for its width the drawing has 50 % of its height"]
            );
            let stretched = changed(&page, 2 * ROWS, |x, y| page.bitmap.is_black(x, y / 2));
            assert_eq!(
                said(&page, &stretched),
                ["wrong aspect: for its width the drawing has 200 % of its height"]
            );
        }
        let superfine = reform(&text(), Form { resolution: Resolution::Superfine, ..Form::PROFILE_S });
        let squares = Page { resolution: Resolution::Fine, ..superfine.clone() };
        assert_eq!(
            said(&superfine, &squares),
            [
                "printed at 204x196 where 204x391 was possible",
                "wrong aspect: for its width the drawing has 200 % of its height"
            ]
        );
    }

    #[test]
    fn a_drawing_squeezed_on_a_whole_sheet_has_the_wrong_aspect() {
        let page = text();
        let squeezed = changed(&page, ROWS, |x, y| page.bitmap.is_black(x, y * 2));
        assert_eq!(
            said(&page, &squeezed),
            ["wrong aspect: for its width the drawing has 50 % of its height"]
        );
    }

    #[test]
    fn a_page_on_other_paper_has_the_wrong_size() {
        for page in drawn() {
            let (paper, resolution) = (Paper::A3, Resolution::Fine);
            let best = reform(
                &Page { resolution: Resolution::Superfine, ..page },
                Form { paper, resolution, ..Form::PROFILE_S },
            );
            let small = Page { resolution: Resolution::Dpi400, ..best.clone() };
            assert!(said(&best, &small)[0].starts_with("wrong size: "), "{:?}", said(&best, &small));
        }
    }

    #[test]
    fn coarser_dots_than_possible_are_named() {
        for page in drawn() {
            let best = reform(&page, Form { resolution: Resolution::Dpi400, ..page.form() });
            let coarse = reform(&best, Form { resolution: Resolution::Standard, ..page.form() });
            assert_eq!(said(&best, &coarse), ["printed at 204x98 where 408x391 was possible"]);
        }
    }

    #[test]
    fn another_page_differs_in_its_dots() {
        let [text, chart] = drawn();
        assert!(said(&text, &chart)[0].starts_with("other dots in 400 rows"), "{:?}", said(&text, &chart));
        let spot = changed(&text, ROWS, |x, y| text.bitmap.is_black(x, y) || (x, y) == (9, 80));
        assert_eq!(said(&text, &spot), ["other dots in 1 row, the first of them row 80"]);
    }
}
