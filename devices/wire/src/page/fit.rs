//! Making a picture as wide as a fax line.

use super::FAX_WIDTH;
use super::bitmap::{Bitmap, Canvas, run_end};

/// The picture with [`FAX_WIDTH`] dots in a row. A narrower one is centred on white; a wider one is
/// squeezed along the line: a dot is black if any of those it stands for is, so that thin strokes
/// survive. The rows stay as they are.
pub fn to_fax_width(bitmap: &Bitmap) -> Bitmap {
    if bitmap.width == FAX_WIDTH {
        return bitmap.clone();
    }
    let mut canvas = Canvas::white(FAX_WIDTH, bitmap.height);
    for y in 0..bitmap.height {
        for (from, to) in black_runs(bitmap.row(y), bitmap.width) {
            if bitmap.width < FAX_WIDTH {
                let margin = (FAX_WIDTH - bitmap.width) / 2;
                canvas.paint(y, margin + from, margin + to);
            } else {
                canvas.paint(y, squeezed(from, bitmap.width), squeezed(to - 1, bitmap.width) + 1);
            }
        }
    }
    canvas.finish(bitmap.height)
}

/// The dot of a fax line that stands for dot `x` of a line of `width`.
fn squeezed(x: u32, width: u32) -> u32 {
    (u64::from(x) * u64::from(FAX_WIDTH) / u64::from(width)) as u32
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

    #[test]
    fn a_narrow_picture_is_centred_on_white() {
        let fitted = to_fax_width(&Bitmap::from_fn(10, 1, |x, _| x == 0 || x == 9));
        assert_eq!(fitted, Bitmap::from_fn(FAX_WIDTH, 1, |x, _| x == 859 || x == 868));
    }

    #[test]
    fn a_thin_stroke_survives_squeezing() {
        for x in 0..2592 {
            let fitted = to_fax_width(&Bitmap::from_fn(2592, 1, |at, _| at == x));
            assert_eq!(fitted, Bitmap::from_fn(FAX_WIDTH, 1, |at, _| at == x * 2 / 3));
        }
    }

    #[test]
    fn a_fax_page_is_left_as_it_is() {
        let page = Bitmap::from_fn(FAX_WIDTH, 2, |x, y| x % 7 == y);
        assert_eq!(to_fax_width(&page), page);
    }
}
