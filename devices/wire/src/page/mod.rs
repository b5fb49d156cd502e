//! Fax pages: black and white dots, the coding that packs them for the telephone line (ITU-T T.4)
//! and the TIFF file that carries them by mail (RFC 3949).
//!
//! A page leaves as [`tiff::write`] makes it and arrives through [`tiff::read`]. [`chart`] draws
//! the page that is sent when nobody brings a document, [`to_fax_width`] makes any picture fit the
//! 1728 dots of a fax line.

mod bitmap;
mod chart;
mod fit;
pub mod mh;
pub mod tiff;

pub use bitmap::{Bitmap, SizeMismatch};
pub use chart::{Chart, chart};
pub use fit::to_fax_width;

/// Dots in a line of an ordinary fax page (ISO A4, North American Letter and Legal; RFC 3949 §3.2.1).
pub const FAX_WIDTH: u32 = 1728;

/// The widest line that is read, in dots: the widest of profile F (RFC 3949 §4.2.1), A3 at 400 dpi.
pub const MAX_WIDTH: u32 = 4864;

/// The longest page that is read, in rows: more than a metre even at 400 dpi.
pub const MAX_ROWS: u32 = 20_000;

/// One page of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its dots.
    pub bitmap: Bitmap,
    /// How closely the dots lie on paper.
    pub resolution: Resolution,
}

/// How closely the dots of a page lie on paper. A fax knows two resolutions in black and white; both
/// have 204 dots to the inch along a line.
///
/// The round values 200 x 100 and 200 x 200 are read as these (RFC 3949 §2.2.2 calls them
/// equivalent); any other resolution is read as the one whose line distance is nearer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// 204 x 98 dots per inch: a dot is about twice as high as wide.
    #[default]
    Standard,
    /// 204 x 196 dots per inch: a dot is nearly square.
    Fine,
}

impl Resolution {
    /// Dots per inch along a line.
    pub const fn x_dpi(self) -> u32 {
        204
    }

    /// Lines per inch down the page.
    pub const fn y_dpi(self) -> u32 {
        match self {
            Self::Standard => 98,
            Self::Fine => 196,
        }
    }

    /// The resolution whose lines lie nearest to `y_dpi` lines per inch. Halfway is fine.
    pub fn nearest(y_dpi: u32) -> Self {
        if y_dpi < 147 { Self::Standard } else { Self::Fine }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_resolutions_are_the_metric_ones() {
        let read: Vec<_> = [98, 100, 196, 200].map(Resolution::nearest).into();
        assert_eq!(read, [Resolution::Standard, Resolution::Standard, Resolution::Fine, Resolution::Fine]);
    }
}
