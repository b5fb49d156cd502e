//! The wire profile of a vendor: what is wrong with it, letter by letter, and who needs one.

use faxproof_wire::vendor::Profile;

use super::super::grammar::{HostSpec, Variant, VendorSpec};
use super::super::value::Place;
use super::Checker;

const REMEDY: &str =
    "write `vendor: { request: .., presentation: .., announcement: .., readiness: .. }` at the host";

impl Checker<'_> {
    /// A profile that is not used is no mistake: a host may have it from a part or from defaults.
    pub(super) fn vendor(&mut self, name: &str, host: &HostSpec) {
        if let Some(vendor) = &host.vendor {
            return self.profile(&vendor.value, vendor.place);
        }
        let Some(habits) = &host.habits else { return };
        if let Some(variant) = habits.value.variant.filter(|variant| variant.value == Variant::V) {
            let message = format!("variant V follows the profile of a vendor, and `{name}` has none");
            self.refuse_saying(variant.place, message, REMEDY);
        }
        if let Some(accepts) =
            habits.value.accepts.as_ref().filter(|listed| listed.value.contains(&Variant::V))
        {
            let message =
                format!("to accept variant V is to know the profile of a vendor, and `{name}` has none");
            self.refuse_saying(accepts.place, message, REMEDY);
        }
    }

    fn profile(&mut self, vendor: &VendorSpec, whole: Place) {
        let words = vendor.words();
        let texts = words.iter().map(|(key, text, _)| (key.as_str(), text.as_str()));
        for flaw in Profile::parse(texts).err().into_iter().flatten() {
            let word = words.iter().find(|(key, ..)| *key == flaw.key).map(|(.., place)| *place);
            let place = word.or_else(|| vendor.place_of(&flaw.key)).unwrap_or(whole);
            let problem = self.source.problem_within(place, flaw.at, flaw.message, Some(flaw.remedy));
            self.problems.push(problem);
        }
    }
}
