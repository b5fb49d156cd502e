//! The wire variants of a fax: from the words of the grammar to those of the device, and back.

use faxproof_devices::config::{Forking, Habits, MediaAt, PresentedBy, Variant};
use faxproof_wire::sdp::Setup;

use crate::scenario::grammar;

pub(super) fn variant(word: grammar::Variant) -> Variant {
    match word {
        grammar::Variant::B => Variant::Base,
        grammar::Variant::E => Variant::Early,
        grammar::Variant::H => Variant::HoldConn,
        grammar::Variant::D => Variant::Delayed,
        grammar::Variant::S => Variant::Simple,
        grammar::Variant::U => Variant::Update,
    }
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
    let letters: Vec<&str> = habits.accepts.iter().map(|variant| variant.letter()).collect();
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
