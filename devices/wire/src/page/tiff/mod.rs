//! TIFF as faxes use it (RFC 3949). Written: profile S, the one every fax reads (§3), and profile F
//! for wider, finer or better packed pages (§4). Read: every black and white picture that a user may
//! bring, plain or in one of the fax codings.
//!
//! A TIFF is a header and a chain of directories (IFD), one for each page. A directory is a list of
//! fields; a field is a number (its tag), a type, a count and the values or where they lie.

mod directory;
mod ground;
mod profile;
mod read;
mod strip;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

pub use profile::{ProfileProblem, Weight, is_profile_s};
pub use read::{codings, read};
use thiserror::Error;
pub use write::{write, write_as};

use super::code::CodeError;
use super::{MAX_ROWS, MAX_WIDTH};

/// The most pages that are read.
pub const MAX_PAGES: usize = 500;

/// The most fields of a directory that are read. Fax uses 16, all of TIFF knows some hundred.
pub const MAX_FIELDS: usize = 512;

/// The most bytes that all pages of a file may take, eight dots to the byte.
pub const MAX_DECODED_BYTES: u64 = 64 * 1024 * 1024;

/// The tag of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(pub u16);

/// Names each tag once: the constant, the name in messages.
macro_rules! tags {
    ($($constant:ident $name:literal $number:literal),* $(,)?) => {
        impl Tag {
            $(#[doc = concat!("The field ", $name, ".")] pub const $constant: Self = Self($number);)*

            /// The name of the field, for those that fax knows.
            pub fn name(self) -> Option<&'static str> {
                match self { $(Self::$constant => Some($name),)* _ => None }
            }
        }
    };
}

tags! {
    NEW_SUBFILE_TYPE "NewSubfileType" 254,
    IMAGE_WIDTH "ImageWidth" 256,
    IMAGE_LENGTH "ImageLength" 257,
    BITS_PER_SAMPLE "BitsPerSample" 258,
    COMPRESSION "Compression" 259,
    PHOTOMETRIC "PhotometricInterpretation" 262,
    FILL_ORDER "FillOrder" 266,
    STRIP_OFFSETS "StripOffsets" 273,
    SAMPLES_PER_PIXEL "SamplesPerPixel" 277,
    ROWS_PER_STRIP "RowsPerStrip" 278,
    STRIP_BYTE_COUNTS "StripByteCounts" 279,
    X_RESOLUTION "XResolution" 282,
    Y_RESOLUTION "YResolution" 283,
    T4_OPTIONS "T4Options" 292,
    T6_OPTIONS "T6Options" 293,
    RESOLUTION_UNIT "ResolutionUnit" 296,
    PAGE_NUMBER "PageNumber" 297,
    TILE_WIDTH "TileWidth" 322,
    TILE_OFFSETS "TileOffsets" 324,
    IMAGE_LAYER "ImageLayer" 34732,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "field {}", self.0),
        }
    }
}

/// Why a file is not read. Pages are counted from 1, as a person would.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TiffError {
    /// The header is not that of a TIFF.
    #[error("not a TIFF: it must begin with II or MM and the number 42; send the document as image/tiff")]
    NotTiff,
    /// Something that the file refers to lies outside of it.
    #[error(
        "{what} of page {page} would take {len} bytes from byte {offset}, but the file has {file}: \
         it was cut off or damaged on its way, send it again"
    )]
    Outside {
        /// The page.
        page: usize,
        /// What is missing.
        what: Part,
        /// Where it should begin.
        offset: u64,
        /// Its length in bytes.
        len: u64,
        /// The length of the file in bytes.
        file: u64,
    },
    /// The chain of directories comes back to itself.
    #[error(
        "after page {page} the file returns to the directory at byte {offset}: the last one must end with 0"
    )]
    Loop {
        /// The page whose directory refers back.
        page: usize,
        /// The directory that it refers to.
        offset: u64,
    },
    /// There is no page in the file.
    #[error("the file has no page: the header must tell where the first directory lies")]
    NoPages,
    /// The file is larger than a fax ever is.
    #[error("{what} of page {page}: {found} is more than the {limit} that are read; split the document")]
    TooLarge {
        /// The page.
        page: usize,
        /// What is too large.
        what: Quantity,
        /// How large it is.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// A field that has no default is not there.
    #[error("page {page} lacks {tag}, which every fax page must have (RFC 3949 \u{a7}2.2)")]
    Missing {
        /// The page.
        page: usize,
        /// The field.
        tag: Tag,
    },
    /// A field is there twice, and it is anybody's guess which one holds.
    #[error("page {page} has {tag} twice: keep one of them")]
    Duplicate {
        /// The page.
        page: usize,
        /// The field.
        tag: Tag,
    },
    /// A field has a type, a count or a value that makes no sense.
    #[error("{tag} of page {page} {why}")]
    Invalid {
        /// The page.
        page: usize,
        /// The field.
        tag: Tag,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Correct TIFF, but of a kind that is not read here.
    #[error(
        "page {page} has {what}, which is not read: convert it to black and white with MH coding (Compression 3, T4Options 0)"
    )]
    Unsupported {
        /// The page.
        page: usize,
        /// The feature.
        what: Unsupported,
    },
    /// The code of a strip is damaged.
    #[error("strip {strip} of page {page}, {source}: the file was damaged on its way, send it again")]
    Coding {
        /// The page.
        page: usize,
        /// The strip, counted from 0.
        strip: usize,
        /// The damage. The row is counted within the strip.
        source: CodeError,
    },
    /// A strip of plain dots is too short.
    #[error("strip {strip} of page {page} ends in row {row} of the strip: it was cut off, send it again")]
    Short {
        /// The page.
        page: usize,
        /// The strip, counted from 0.
        strip: usize,
        /// The row, counted from 0 within the strip.
        row: u32,
    },
    /// A strip lies where something else lies, so that one of them must be wrong.
    #[error(
        "strip {strip} of page {page}, at byte {offset}, overlaps other parts of the file (RFC 3249 \u{a7}5.2.3.2)"
    )]
    Overlap {
        /// The page.
        page: usize,
        /// The strip, counted from 0.
        strip: usize,
        /// Where it begins.
        offset: u64,
    },
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The list of fields.
    Directory,
    /// The values of a field.
    Values(Tag),
    /// The dots of some rows.
    Strip(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory => f.write_str("the directory"),
            Self::Values(tag) => write!(f, "{tag}"),
            Self::Strip(strip) => write!(f, "strip {strip}"),
        }
    }
}

/// What is limited in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Pages: at most [`MAX_PAGES`].
    Pages,
    /// Fields of a directory: at most [`MAX_FIELDS`].
    Fields,
    /// Dots in a row: at most [`MAX_WIDTH`].
    Width,
    /// Rows: at most [`MAX_ROWS`].
    Rows,
    /// Bytes of all pages: at most [`MAX_DECODED_BYTES`].
    DecodedBytes,
}

impl Quantity {
    /// The limit.
    pub const fn limit(self) -> u64 {
        match self {
            Self::Pages => MAX_PAGES as u64,
            Self::Fields => MAX_FIELDS as u64,
            Self::Width => MAX_WIDTH as u64,
            Self::Rows => MAX_ROWS as u64,
            Self::DecodedBytes => MAX_DECODED_BYTES,
        }
    }

    fn check(self, page: usize, found: u64) -> Result<(), TiffError> {
        let limit = self.limit();
        if found <= limit { Ok(()) } else { Err(TiffError::TooLarge { page, what: self, found, limit }) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pages => "pages, counted to that",
            Self::Fields => "number of fields",
            Self::Width => "width in dots",
            Self::Rows => "number of rows",
            Self::DecodedBytes => "bytes of all pages, counted to that",
        })
    }
}

/// A kind of TIFF that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unsupported {
    /// T4Options bit 1 or T6Options bit 1: rows stored without coding in between.
    #[error("uncompressed mode ({0} bit 1)")]
    UncompressedMode(Tag),
    /// Tiles in place of strips.
    #[error("tiles in place of strips")]
    Tiles,
    /// A layer of a page of profile M: the others would be missing from the print.
    #[error("layers of mixed content (profile M)")]
    Layers,
    /// Any other coding.
    #[error("Compression {0}")]
    Compression(u64),
    /// Grey or colour.
    #[error("{0} bits for a dot")]
    BitsPerSample(u64),
    /// Colour.
    #[error("{0} samples for a dot")]
    SamplesPerPixel(u64),
    /// Colour, masks and the like.
    #[error("PhotometricInterpretation {0}")]
    Photometric(u64),
}
