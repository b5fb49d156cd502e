//! The tags and words of Internet fax as they are registered (RFC 2879 §3). Neither case nor order makes a
//! difference to a reader; who writes a filter out of its meaning needs one of each.

/// The tags that divide the documents, in the order in which they are asked for: asked first, they keep
/// what is said of one kind of document apart from what is said of another. All others come behind, by name.
pub(super) const ORDER: [&str; 12] = [
    "type",
    "color",
    "image-file-structure",
    "image-coding",
    "image-coding-constraint",
    "MRC-mode",
    "dpi",
    "dpi-xyratio",
    "paper-size",
    "size-x",
    "size-y",
    "ua-media",
];

/// The tags that are not in lower case throughout.
pub(super) const TAGS: [&str; 12] = [
    "CIELAB-a-depth",
    "CIELAB-a-max",
    "CIELAB-a-min",
    "CIELAB-b-depth",
    "CIELAB-b-max",
    "CIELAB-b-min",
    "CIELAB-L-depth",
    "CIELAB-L-max",
    "CIELAB-L-min",
    "JBIG-stripe-size",
    "MRC-max-stripe-size",
    "MRC-mode",
];

/// The values that are not.
pub(super) const WORDS: [&str; 37] = [
    "A3",
    "A4",
    "B4",
    "Binary",
    "CIELAB",
    "D50",
    "D65",
    "D75",
    "Device-CMY",
    "Device-CMYK",
    "Device-RGB",
    "F11",
    "F2",
    "F7",
    "FALSE",
    "Full",
    "Grey",
    "JBIG",
    "JBIG-T43",
    "JBIG-T85",
    "JPEG",
    "JPEG-T4E",
    "Limited",
    "Mapped",
    "MH",
    "MMR",
    "MR",
    "Plane",
    "SA",
    "SC",
    "Stripe",
    "TIFF",
    "TIFF-limited",
    "TIFF-minimal",
    "TIFF-MRC",
    "TIFF-MRC-limited",
    "TRUE",
];
