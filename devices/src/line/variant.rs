//! The wire variants of a call as data: what T1 carries, where R3 is read, what carries T4.
//!
//! The walk through a flowchart is the same in all of them. Only variant E must know the protocol before it
//! writes the INVITE.

use faxproof_wire::sdp::{Description, Setup};

use crate::config::{Habits, PresentedBy, Variant};

/// How the calls of a fax stand on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// S1: what T1 carries.
    pub(super) opening: Opening,
    /// S11, S12: where R3 is read.
    pub(super) presentation: Presented,
    /// S6, S14: what carries T4, unless T1 or T2 does.
    pub(super) announcement: Announcement,
}

/// What the INVITE carries (T1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A description without media lines (RFC 3264 §5).
    NoMedia,
    /// An offer of the protocol, if it is known, which is T4 too; otherwise as [`Opening::NoMedia`].
    Known,
    /// All protocols in one line with `setup:holdconn` (RFC 4145 §4).
    AllOnHold,
    /// No media lines, and our capabilities (RFC 3407).
    Capabilities,
    /// No description: the peer offers (RFC 3261 §13.2.1), and T4 rides in T2.
    Nothing,
}

/// Where the caller reads what the peer supports (R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// In the 200 to OPTIONS (T3).
    Options,
    /// In the media lines of the 200 to INVITE.
    MediaLines,
    /// In the capabilities of the 200 to INVITE; where it has none, T3 asks.
    Capabilities,
    /// In the 200 to the vendor's own request.
    Vendor,
}

/// The request that announces a protocol (T4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announcement {
    /// A re-INVITE (RFC 3261 §14).
    Reinvite,
    /// UPDATE where the peer allows it (RFC 3311 §5.1), else a re-INVITE.
    Update,
    /// The vendor's own request.
    Vendor,
}

impl Shape {
    /// The shape of the calls of a fax with these habits.
    pub(super) fn of(habits: &Habits) -> Shape {
        let variant = match habits.variant {
            // Without a profile there is nothing of a vendor's to say.
            Variant::Vendor if habits.vendor.is_none() => Variant::Base,
            variant => variant,
        };
        let (opening, presentation, announcement) = match (variant, habits.presentation) {
            (Variant::Base, _) => (Opening::NoMedia, Presented::Options, Announcement::Reinvite),
            (Variant::Early, _) => (Opening::Known, Presented::Options, Announcement::Reinvite),
            (Variant::HoldConn, PresentedBy::Options) => {
                (Opening::AllOnHold, Presented::Options, Announcement::Reinvite)
            }
            (Variant::HoldConn, PresentedBy::Answer) => {
                (Opening::AllOnHold, Presented::MediaLines, Announcement::Reinvite)
            }
            (Variant::Delayed, _) => (Opening::Nothing, Presented::MediaLines, Announcement::Reinvite),
            (Variant::Simple, _) => (Opening::Capabilities, Presented::Capabilities, Announcement::Reinvite),
            (Variant::Update, _) => (Opening::NoMedia, Presented::Options, Announcement::Update),
            (Variant::Vendor, _) => (Opening::NoMedia, Presented::Vendor, Announcement::Vendor),
        };
        Shape { opening, presentation, announcement }
    }

    /// Whether T1 can be T4 too.
    pub(super) fn announces_early(self) -> bool {
        self.opening == Opening::Known
    }

    /// R3, where the 200 to INVITE carries it: `None` where T3 has to ask. What cannot be read presents
    /// nothing.
    pub(super) fn presented_in(self, answer: Option<&Description>) -> Option<Vec<String>> {
        match self.presentation {
            Presented::Options | Presented::Vendor => None,
            Presented::MediaLines => Some(answer.map(Description::ready_for).unwrap_or_default()),
            Presented::Capabilities => answer.and_then(Description::declared_protocols),
        }
    }
}

/// Whether a fax with these habits understands a call that opens so: by what the INVITE carries.
pub(super) fn understands(habits: &Habits, offer: Option<&Description>) -> bool {
    let opened = of_opening(offer);
    // A call by a vendor's profile begins as one of the base does.
    habits.accepts.contains(&opened) || (opened == Variant::Base && habits.vendor_as_called().is_some())
}

fn of_opening(offer: Option<&Description>) -> Variant {
    let Some(offer) = offer else { return Variant::Delayed };
    match offer.media.iter().find(|media| media.is_application_over_tcp()) {
        // The capabilities of variant S are an addition that nobody has to understand.
        None if offer.media.is_empty() => Variant::Base,
        Some(media) if media.offered_setup() == Setup::HoldConn => Variant::HoldConn,
        _ => Variant::Early,
    }
}
