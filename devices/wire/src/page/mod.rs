//! Fax pages: black and white dots, the codings that pack them for the telephone line (ITU-T T.4 and
//! T.6) and the TIFF file that carries them by mail (RFC 3949).
//!
//! A page leaves as [`tiff::write`] or [`tiff::write_as`] makes it and arrives through [`tiff::read`].
//! [`chart`] draws the page that is sent when nobody brings a document, [`reform`] makes any page fit
//! the paper and the dots of a recipient.

mod bitmap;
mod chart;
pub mod code;
mod compare;
mod form;
mod reform;
mod scale;
pub mod tiff;

pub use bitmap::{Bitmap, SizeMismatch};
pub use chart::{Chart, chart};
pub use compare::{Difference, compare};
pub use form::{Coding, Form, Paper, Resolution};
pub use reform::reform;

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
