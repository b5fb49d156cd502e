//! How bytes and pages are written in a record's JSON.

/// Bytes, as base64.
pub(crate) mod bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        STANDARD.decode(text.as_bytes()).map(Bytes::from).map_err(D::Error::custom)
    }
}

/// A printed page, as base64 of a PNG of its very pixels.
///
/// Not as TIFF: the record must keep what came out even when the fax coding, which the record is
/// evidence about, is wrong. A PNG is as small, and anybody can open it.
pub(crate) mod page {
    use bytes::Bytes;
    use faxproof_wire::page::{Page, Resolution};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::png;

    #[derive(Serialize, Deserialize)]
    pub(super) struct Written {
        width: u32,
        height: u32,
        resolution: String,
        #[serde(with = "super::bytes")]
        png: Bytes,
    }

    impl Written {
        pub(super) fn of(page: &Page) -> Written {
            Written {
                width: page.bitmap.width,
                height: page.bitmap.height,
                resolution: page.resolution.name().to_owned(),
                png: png::exact(page).into(),
            }
        }

        pub(super) fn page<E: Error>(self) -> Result<Page, E> {
            let bitmap = png::bitmap(&self.png, self.width, self.height).map_err(E::custom)?;
            let resolution = Resolution::of_name(&self.resolution)
                .ok_or_else(|| E::custom(format!("there is no resolution {}", self.resolution)))?;
            Ok(Page { bitmap, resolution })
        }
    }

    pub(crate) fn serialize<S: Serializer>(page: &Option<Page>, to: S) -> Result<S::Ok, S::Error> {
        page.as_ref().map(Written::of).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Page>, D::Error> {
        Option::<Written>::deserialize(from)?.map(Written::page).transpose()
    }
}

/// Several pages, likewise.
pub(crate) mod pages {
    use std::sync::Arc;

    use faxproof_wire::page::Page;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::page::Written;

    pub(crate) fn serialize<S: Serializer>(pages: &[Page], to: S) -> Result<S::Ok, S::Error> {
        pages.iter().map(Written::of).collect::<Vec<_>>().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<[Page]>, D::Error> {
        Vec::<Written>::deserialize(from)?.into_iter().map(Written::page).collect()
    }
}
