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
    struct Written {
        width: u32,
        height: u32,
        resolution: String,
        #[serde(with = "super::bytes")]
        png: Bytes,
    }

    pub(crate) fn serialize<S: Serializer>(page: &Option<Page>, to: S) -> Result<S::Ok, S::Error> {
        let written = page.as_ref().map(|page| Written {
            width: page.bitmap.width,
            height: page.bitmap.height,
            resolution: page.resolution.name().to_owned(),
            png: png::exact(page).into(),
        });
        written.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Page>, D::Error> {
        let Some(written) = Option::<Written>::deserialize(from)? else { return Ok(None) };
        let Written { width, height, .. } = written;
        let bitmap = png::bitmap(&written.png, width, height).map_err(D::Error::custom)?;
        let resolution = Resolution::of_name(&written.resolution)
            .ok_or_else(|| D::Error::custom(format!("there is no resolution {}", written.resolution)))?;
        Ok(Some(Page { bitmap, resolution }))
    }
}
