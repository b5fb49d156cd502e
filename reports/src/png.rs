//! A printed page as a picture: PNG, one bit a pixel, ink is black.

use std::io::Cursor;

use faxproof_wire::page::{Bitmap, Form, MAX_ROWS, MAX_WIDTH, Page, Resolution, SizeMismatch, reform};
use png::{BitDepth, ColorType, Decoder, Encoder, Limits, PixelDimensions, Unit};

/// The page as a person should see it.
///
/// A fax pixel is not square: at standard resolution it is twice as high as wide. Every row of such
/// a page is therefore written twice, and every column where it is half as high as wide (204 x 391), which shows right in
/// viewers that take pixels for squares; the `pHYs` chunk tells the others the true size of what remains (204 x 196
/// dpi). A page without area gives no bytes.
pub fn png(page: &Page) -> Vec<u8> {
    match page.resolution {
        Resolution::Standard => encode(page, 2),
        Resolution::Superfine => {
            encode(&reform(page, Form { resolution: Resolution::Dpi400, ..page.form() }), 1)
        }
        Resolution::Fine | Resolution::Dpi300 | Resolution::Dpi400 => encode(page, 1),
    }
}

/// The page with exactly its own rows.
pub(crate) fn exact(page: &Page) -> Vec<u8> {
    encode(page, 1)
}

/// Why bytes are not the picture of a page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// Larger than a page that could have been read.
    #[error("{0} x {1} dots are more than any page has")]
    TooLarge(u32, u32),
    /// Not a PNG.
    #[error("not a readable PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// A PNG, but not one bit of grey in the size that was written beside it.
    #[error("the PNG is not one of {0} x {1} dots with one bit each")]
    Other(u32, u32),
    /// Not as many bytes as the size needs.
    #[error(transparent)]
    Size(#[from] SizeMismatch),
}

/// The dots of what [`exact`] wrote.
pub(crate) fn bitmap(bytes: &[u8], width: u32, height: u32) -> Result<Bitmap, PictureError> {
    if width > MAX_WIDTH || height > MAX_ROWS {
        return Err(PictureError::TooLarge(width, height));
    }
    let mut packed = vec![0; width.div_ceil(8) as usize * height as usize];
    if !packed.is_empty() {
        let limits = Limits { bytes: packed.len() + (1 << 20) };
        let mut reader = Decoder::new_with_limits(Cursor::new(bytes), limits).read_info()?;
        let info = reader.info();
        let kind = (info.color_type, info.bit_depth, info.width, info.height);
        if kind != (ColorType::Grayscale, BitDepth::One, width, height) {
            return Err(PictureError::Other(width, height));
        }
        reader.next_frame(&mut packed)?;
        packed.iter_mut().for_each(|byte| *byte = !*byte);
    }
    Ok(Bitmap::new(width, height, packed)?)
}

fn encode(page: &Page, copies: u32) -> Vec<u8> {
    // Writing into memory fails only for a picture without area.
    try_encode(page, copies).unwrap_or_default()
}

fn try_encode(page: &Page, copies: u32) -> Result<Vec<u8>, png::EncodingError> {
    let bitmap = &page.bitmap;
    let mut rows = Vec::with_capacity(bitmap.data().len() * copies as usize);
    for y in 0..bitmap.height {
        for _ in 0..copies {
            rows.extend(bitmap.row(y).iter().map(|byte| !byte)); // in PNG 0 is black, in a fax 1
        }
    }
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, bitmap.width, bitmap.height.saturating_mul(copies));
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let (x, y) = (page.resolution.x_dpi(), page.resolution.y_dpi() * copies);
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_metre(x),
        yppu: per_metre(y),
        unit: Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rows)?;
    writer.finish()?;
    Ok(out)
}

/// Dots per inch as dots per metre, rounded; an inch is 0.0254 m.
fn per_metre(dpi: u32) -> u32 {
    (dpi * 10_000 + 127) / 254
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::page;

    fn shape(bytes: &[u8]) -> (u32, u32, PixelDimensions) {
        let reader = Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        (reader.info().width, reader.info().height, reader.info().pixel_dims.unwrap())
    }

    #[test]
    fn ink_is_black() {
        let bytes = png(&page(16, 1, Resolution::Fine));
        let mut reader = Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        let mut row = [0; 2];
        reader.next_frame(&mut row).unwrap();
        assert_eq!(row, [0b0111_1111, 0xff]);
    }

    #[test]
    fn a_superfine_page_gets_every_column_twice() {
        let (width, height, _) = shape(&png(&page(1728, 10, Resolution::Superfine)));
        assert_eq!((width, height), (3456, 10));
    }

    #[test]
    fn a_fine_page_keeps_its_rows() {
        let (width, height, dims) = shape(&png(&page(1728, 10, Resolution::Fine)));
        assert_eq!((width, height, dims.xppu, dims.yppu), (1728, 10, 8031, 7717));
    }

    #[test]
    fn a_standard_page_has_every_row_twice_and_the_size_of_a_fine_one() {
        let bytes = png(&page(8, 2, Resolution::Standard));
        let (width, height, dims) = shape(&bytes);
        assert_eq!((width, height, dims.xppu, dims.yppu), (8, 4, 8031, 7717));
        assert_eq!(&bitmap(&bytes, 8, 4).unwrap().data()[..], [0x80, 0x80, 0x40, 0x40]);
    }

    #[test]
    fn dots_come_back_as_they_were() {
        for (width, height) in [(1, 1), (9, 5), (1728, 40)] {
            let page = page(width, height, Resolution::Standard);
            assert_eq!(bitmap(&exact(&page), width, height).unwrap(), page.bitmap);
        }
    }

    #[test]
    fn a_page_without_area_gives_no_bytes() {
        assert_eq!(png(&page(8, 0, Resolution::Fine)), b"");
        assert_eq!(png(&page(0, 8, Resolution::Fine)), b"");
    }

    #[test]
    fn a_size_that_is_not_the_pictures_is_refused() {
        let bytes = exact(&page(16, 4, Resolution::Fine));
        assert!(matches!(bitmap(&bytes, 16, 5), Err(PictureError::Other(16, 5))));
    }

    #[test]
    fn a_size_beyond_any_page_is_refused_before_it_is_allocated() {
        assert!(matches!(bitmap(b"", u32::MAX, u32::MAX), Err(PictureError::TooLarge(..))));
    }

    #[test]
    fn bytes_that_are_no_png_are_refused() {
        assert!(matches!(bitmap(b"GIF89a", 1, 1), Err(PictureError::Png(_))));
    }
}
