//! The wire variants of a fax: from the words of the grammar to those of the device, and back.

use std::sync::Arc;

use faxproof_devices::config::{Forking, Habits, MediaAt, PresentedBy, Variant};
use faxproof_reports::VENDOR;
use faxproof_wire::sdp::Setup;
use faxproof_wire::vendor::Profile;

use crate::scenario::grammar;
use crate::scenario::value::At;

pub(super) fn variant(word: grammar::Variant) -> Variant {
    match word {
        grammar::Variant::B => Variant::Base,
        grammar::Variant::E => Variant::Early,
        grammar::Variant::H => Variant::HoldConn,
        grammar::Variant::D => Variant::Delayed,
        grammar::Variant::S => Variant::Simple,
        grammar::Variant::U => Variant::Update,
        grammar::Variant::V => Variant::Vendor,
    }
}

/// The profile of a vendor; the checks have seen to it that it can be read.
pub(super) fn vendor(spec: &Option<At<grammar::VendorSpec>>) -> Option<Arc<Profile>> {
    let words = spec.as_ref()?.value.words();
    Profile::parse(words.iter().map(|(key, text, _)| (key.as_str(), text.as_str()))).ok().map(Arc::new)
}

/// What is declared of it: its words, so that a judge reads the same profile.
pub(super) fn vendor_words(spec: &grammar::HostSpec) -> Vec<(String, String)> {
    let words = spec.vendor.iter().flat_map(|vendor| vendor.value.words());
    words.map(|(key, text, _)| (format!("{VENDOR}{key}"), text)).collect()
}

pub(super) fn presentation(word: grammar::PresentedBy) -> PresentedBy {
    match word {
        grammar::PresentedBy::Options => PresentedBy::Options,
        grammar::PresentedBy::Answer => PresentedBy::Answer,
    }
}

pub(super) fn setup(word: grammar::SetupOffer) -> Setup {
    match word {
        grammar::SetupOffer::Active => Setup::Active,
        grammar::SetupOffer::Passive => Setup::Passive,
        grammar::SetupOffer::ActPass => Setup::ActPass,
    }
}

pub(super) fn media_at(word: grammar::MediaAt) -> MediaAt {
    match word {
        grammar::MediaAt::Peer => MediaAt::Peer,
        grammar::MediaAt::Anywhere => MediaAt::Anywhere,
    }
}

pub(super) fn forking(word: Option<grammar::Forking>) -> Forking {
    match word {
        Some(grammar::Forking::Parallel) => Forking::Parallel,
        Some(grammar::Forking::Serial) => Forking::Serial,
        None => Forking::default(),
    }
}

/// A preference in thousandths; the checks have seen to it that it lies between 0 and 1.
pub(super) fn thousandths(q: f64) -> u16 {
    (q * 1000.0).round() as u16
}

/// What is declared of them.
pub(super) fn words(habits: &Habits) -> Vec<(&'static str, String)> {
    let taken = |variant: &&Variant| **variant != Variant::Vendor || habits.vendor.is_some();
    let letters: Vec<&str> = habits.accepts.iter().filter(taken).map(|variant| variant.letter()).collect();
    let mut words = vec![
        ("variant", habits.variant.letter().to_owned()),
        ("accepts", letters.join(" ")),
        ("setup_offer", habits.setup_offer.as_str().to_owned()),
    ];
    if habits.variant == Variant::HoldConn {
        let by = match habits.presentation {
            PresentedBy::Options => "options",
            PresentedBy::Answer => "answer",
        };
        words.push(("presentation", by.to_owned()));
    }
    words
}
