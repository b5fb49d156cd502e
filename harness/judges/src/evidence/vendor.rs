//! Calls by the wire profile of a vendor: where T3 and T4 are, in place of OPTIONS and re-INVITE.

use faxproof_reports::{HostDeclaration, VENDOR};
use faxproof_wire::vendor::{Asked, Profile};

use super::message::Sip;

/// The profile that its own calls follow.
pub fn as_caller(host: &HostDeclaration) -> Option<Profile> {
    let follows = host.habits.get("variant").is_some_and(|variant| variant == "V");
    follows.then(|| profile(host)).flatten()
}

/// The profile that it takes when it is called.
pub fn as_called(host: &HostDeclaration) -> Option<Profile> {
    let takes = |letters: &String| letters.split(' ').any(|letter| letter == "V");
    host.habits.get("accepts").is_some_and(takes).then(|| profile(host)).flatten()
}

fn profile(host: &HostDeclaration) -> Option<Profile> {
    let words = host.habits.iter().filter_map(|(key, text)| Some((key.strip_prefix(VENDOR)?, text.as_str())));
    Profile::parse(words).ok()
}

/// Whether a request is T4. One method may serve for both; then what does not read as T4 is T3, however it is
/// spelled: the spelling has a rule of its own.
pub fn announces(profile: &Profile, sip: &Sip) -> bool {
    let other = profile.request.method != profile.announcement.method;
    is_of(&profile.announcement.method, sip)
        && (other || matches!(profile.asked(&sip.message), Some(Asked::Announcement(_))))
}

/// Whether a request is T3.
pub fn asks(profile: &Profile, sip: &Sip) -> bool {
    is_of(&profile.request.method, sip) && !announces(profile, sip)
}

fn is_of(method: &faxproof_wire::sip::Method, sip: &Sip) -> bool {
    sip.is_request(method.as_str()) && sip.to_tag.is_some()
}
