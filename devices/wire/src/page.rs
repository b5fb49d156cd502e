//! Pages (under construction).
use bytes::Bytes;
/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Packed rows.
    pub data: Bytes,
}
/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its picture.
    pub bitmap: Bitmap,
}
/// TIFF.
pub mod tiff {
    use bytes::Bytes;
    /// Writes.
    pub fn write(_pages: &[super::Page]) -> Bytes {
        Bytes::new()
    }
}
