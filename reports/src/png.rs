//! A printed page as a picture: PNG, one bit a pixel, ink is black.

use std::io::Cursor;

use faxproof_wire::page::{Page, Resolution};
use png::{BitDepth, ColorType, Decoder, Encoder, Limits, PixelDimensions, Unit};

/// More than ten metres of the widest paper at the finest resolution that a fax knows; no PNG that
/// claims more is unpacked.
const MOST_PIXELS: u64 = 1 << 28;

/// The page as a person should see it.
///
/// A fax pixel is not square: at standard resolution it is twice as high as wide. Every row of such
/// a page is therefore written twice, which shows right in viewers that take pixels for squares;
/// the `pHYs` chunk tells the others the true size of what remains (204 x 196 dpi). A page without
/// area gives no bytes.
pub fn png(page: &Page) -> Vec<u8> {
    match page.resolution {
        Resolution::Standard => encode(page, 2),
        Resolution::Fine => encode(page, 1),
    }
}

/// The page with exactly its own rows.
pub(crate) fn exact(page: &Page) -> Vec<u8> {
    encode(page, 1)
}

/// Why bytes are not the picture of a page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PixelsError {
    /// More pixels than any page has.
    #[error("a page of {0} x {1} pixels is larger than any page")]
    TooLarge(u32, u32),
    /// Not a PNG.
    #[error("not a readable PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// A PNG, but not one bit of grey in the size that was written beside it.
    #[error("the PNG is not one of {0} x {1} pixels with one bit each")]
    Other(u32, u32),
}

/// The rows of what [`exact`] wrote, packed as in a bitmap.
pub(crate) fn pixels(bytes: &[u8], width: u32, height: u32) -> Result<Vec<u8>, PixelsError> {
    if width == 0 || height == 0 {
        return Ok(Vec::new());
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PixelsError::TooLarge(width, height));
    }
    let size = stride(width) * height as usize;
    let limits = Limits { bytes: size + (1 << 20) };
    let mut reader = Decoder::new_with_limits(Cursor::new(bytes), limits).read_info()?;
    let info = reader.info();
    let kind = (info.color_type, info.bit_depth, info.width, info.height);
    if kind != (ColorType::Grayscale, BitDepth::One, width, height) {
        return Err(PixelsError::Other(width, height));
    }
    let mut data = vec![0; size];
    reader.next_frame(&mut data)?;
    data.iter_mut().for_each(|byte| *byte = !*byte);
    Ok(data)
}

fn encode(page: &Page, copies: u32) -> Vec<u8> {
    // Writing into memory fails only for a picture without area.
    try_encode(page, copies).unwrap_or_default()
}

fn try_encode(page: &Page, copies: u32) -> Result<Vec<u8>, png::EncodingError> {
    let bitmap = &page.bitmap;
    let stride = stride(bitmap.width);
    let mut rows = Vec::with_capacity(stride * bitmap.height as usize * copies as usize);
    for row in bitmap.data.chunks_exact(stride.max(1)) {
        for _ in 0..copies {
            rows.extend(row.iter().map(|byte| !byte)); // in PNG 0 is black, in a fax 1
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

fn stride(width: u32) -> usize {
    width.div_ceil(8) as usize
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
    fn a_fine_page_keeps_its_rows() {
        let (width, height, dims) = shape(&png(&page(1728, 10, Resolution::Fine)));
        assert_eq!((width, height, dims.xppu, dims.yppu), (1728, 10, 8031, 7717));
    }

    #[test]
    fn a_standard_page_has_every_row_twice_and_the_size_of_a_fine_one() {
        let bytes = png(&page(8, 2, Resolution::Standard));
        let (width, height, dims) = shape(&bytes);
        assert_eq!((width, height, dims.xppu, dims.yppu), (8, 4, 8031, 7717));
        assert_eq!(pixels(&bytes, 8, 4).unwrap(), [0x80, 0x80, 0x40, 0x40]);
    }

    #[test]
    fn pixels_come_back_as_they_were() {
        for (width, height) in [(1, 1), (9, 5), (1728, 40)] {
            let page = page(width, height, Resolution::Standard);
            assert_eq!(pixels(&exact(&page), width, height).unwrap(), &page.bitmap.data[..], "{width}");
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
        assert!(matches!(pixels(&bytes, 16, 5), Err(PixelsError::Other(16, 5))));
    }

    #[test]
    fn a_size_beyond_any_page_is_refused_before_it_is_allocated() {
        assert!(matches!(pixels(b"", u32::MAX, u32::MAX), Err(PixelsError::TooLarge(..))));
    }

    #[test]
    fn bytes_that_are_no_png_are_refused() {
        assert!(matches!(pixels(b"GIF89a", 1, 1), Err(PixelsError::Png(_))));
    }
}
