//! The wire profile of a vendor.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::value::{At, Named, Place};

/// The literal messages by which a vendor's boxes ask, present and announce within a call (variant V). In their
/// texts stand `{address}`, `{port}`, `{protocol}` and `{protocols}` for what differs from call to call.
///
/// Nothing is required here, since parts and defaults may have the rest; what is missing in the end is told by
/// who reads the profile.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorSpec {
    /// What stands between the names in `{protocols}`; `,` unless given.
    pub separator: Option<At<String>>,
    /// T3: the request for a presentation.
    pub request: Option<At<AskingSpec>>,
    /// R3: what its 200 carries; it says `{protocols}`.
    pub presentation: Option<At<FormSpec>>,
    /// T4: the request that announces a `{protocol}`.
    pub announcement: Option<At<AskingSpec>>,
    /// What its 200 carries; it says `{port}`, and `{address}` where that need not be the peer's. Port 0 declines.
    pub readiness: Option<At<FormSpec>>,
    /// How a protocol is declined; as `habits` say under `refusal` unless given.
    pub refusal: Option<At<DecliningSpec>>,
}

/// A request of the vendor's within the dialog.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskingSpec {
    /// `INFO`, `MESSAGE`, or a method of the vendor's own.
    pub method: Option<At<String>>,
    /// Header fields that it has, besides the usual ones.
    #[serde(default)]
    pub headers: Named<At<String>>,
    /// Media type of its body.
    #[serde(rename = "type")]
    pub kind: Option<At<String>>,
    /// Its body, to the letter; it has none unless given.
    pub body: Option<At<String>>,
}

/// What a response carries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormSpec {
    /// Header fields that it has, besides the usual ones.
    #[serde(default)]
    pub headers: Named<At<String>>,
    /// Media type of its body.
    #[serde(rename = "type")]
    pub kind: Option<At<String>>,
    /// Its body, to the letter; it has none unless given.
    pub body: Option<At<String>>,
}

/// A response that declines.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecliningSpec {
    /// Its status code; 488 unless given.
    pub code: Option<At<u16>>,
    /// Header fields that it has, besides the usual ones.
    #[serde(default)]
    pub headers: Named<At<String>>,
    /// Media type of its body.
    #[serde(rename = "type")]
    pub kind: Option<At<String>>,
    /// Its body, to the letter; it has none unless given.
    pub body: Option<At<String>>,
}

/// A word of a profile: its key, its text, and where that stands.
pub type Word = (String, String, Place);

impl VendorSpec {
    /// The profile as words.
    pub fn words(&self) -> Vec<Word> {
        let mut words: Vec<Word> = self.separator.iter().map(|text| word("separator", text)).collect();
        for (section, asking) in [("request", &self.request), ("announcement", &self.announcement)] {
            let Some(At { value: AskingSpec { method, headers, kind, body }, .. }) = asking else { continue };
            words.extend(method.as_ref().map(|text| word(&format!("{section}.method"), text)));
            form(&mut words, section, headers, kind, body);
        }
        for (section, answer) in [("presentation", &self.presentation), ("readiness", &self.readiness)] {
            let Some(At { value: FormSpec { headers, kind, body }, .. }) = answer else { continue };
            form(&mut words, section, headers, kind, body);
        }
        if let Some(At { value: DecliningSpec { code, headers, kind, body }, place }) = &self.refusal {
            let (code, place) = code.map_or((488, *place), |code| (code.value, code.place));
            words.push(("refusal.code".to_owned(), code.to_string(), place));
            form(&mut words, "refusal", headers, kind, body);
        }
        words
    }

    /// The methods of its requests.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        let askings = [&self.request, &self.announcement].into_iter().flatten();
        askings.filter_map(|asking| Some(asking.value.method.as_ref()?.value.as_str()))
    }

    /// Where a part of the profile stands that is no word.
    pub fn place_of(&self, section: &str) -> Option<Place> {
        match section {
            "request" => self.request.as_ref().map(|at| at.place),
            "presentation" => self.presentation.as_ref().map(|at| at.place),
            "announcement" => self.announcement.as_ref().map(|at| at.place),
            "readiness" => self.readiness.as_ref().map(|at| at.place),
            "refusal" => self.refusal.as_ref().map(|at| at.place),
            _ => None,
        }
    }
}

fn word(key: &str, text: &At<String>) -> Word {
    (key.to_owned(), text.value.clone(), text.place)
}

fn form(
    words: &mut Vec<Word>,
    section: &str,
    headers: &Named<At<String>>,
    kind: &Option<At<String>>,
    body: &Option<At<String>>,
) {
    let named = headers.iter().map(|(name, text)| word(&format!("{section}.headers.{}", name.value), text));
    words.extend(named);
    words.extend(kind.as_ref().map(|text| word(&format!("{section}.type"), text)));
    words.extend(body.as_ref().map(|text| word(&format!("{section}.body"), text)));
}
