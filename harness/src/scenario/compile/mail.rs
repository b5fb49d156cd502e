//! Mail faxes: their habits and their table.

use faxproof_devices::config::{MailHabits, PathReject, Unverified};
use faxproof_devices::core::Duration;
use faxproof_devices::ta2::{Key, Row, Source};
use faxproof_wire::mime::Form;

use crate::scenario::grammar::{
    GreetingSpec, MailSpec, PathRejectSpec, PlaceSpec, SourceSpec, Ta2KeySpec, Ta2RowSpec, UnverifiedSpec,
};
use crate::scenario::value::Span;

pub(super) fn habits(given: &MailSpec) -> MailHabits {
    let usual = MailHabits::default();
    MailHabits {
        greets_by_helo: given.greets_by.map_or(usual.greets_by_helo, |by| by == GreetingSpec::Helo),
        writes_number: given.writes_number.map_or(usual.writes_number, form),
        reads_number: match &given.reads_number {
            Some(places) => places.iter().copied().map(form).collect(),
            None => usual.reads_number,
        },
        asks_confirmation: given.asks_confirmation.unwrap_or(usual.asks_confirmation),
        confirmation_within: given
            .confirmation_within
            .map_or(usual.confirmation_within, |span| Duration(span.value.us)),
        confirms: given.confirms.unwrap_or(usual.confirms),
        on_path_reject: match given.on_path_reject {
            Some(PathRejectSpec::FallBack) => PathReject::FallBack,
            Some(PathRejectSpec::Notify) => PathReject::Notify,
            None => usual.on_path_reject,
        },
        unverified_number: match given.unverified_number {
            Some(UnverifiedSpec::Store) => Unverified::Store,
            Some(UnverifiedSpec::StoreFlagged) => Unverified::StoreFlagged,
            Some(UnverifiedSpec::Refuse) => Unverified::Refuse,
            None => usual.unverified_number,
        },
    }
}

fn form(place: PlaceSpec) -> Form {
    match place {
        PlaceSpec::DisplayName => Form::DisplayName,
        PlaceSpec::LocalPart => Form::LocalPart,
        PlaceSpec::FaxAddress => Form::FaxAddress,
        PlaceSpec::PatentLiteral => Form::PatentLiteral,
    }
}

fn place(form: &Form) -> &'static str {
    match form {
        Form::DisplayName => "display-name",
        Form::LocalPart => "local-part",
        Form::FaxAddress => "fax-address",
        Form::PatentLiteral => "patent-literal",
        Form::Field(_) | Form::EnvelopeLocalPart | Form::EnvelopeFaxAddress | Form::EnvelopeParam => "other",
    }
}

/// The habits in the words of the grammar.
pub(super) fn words(habits: &MailHabits) -> Vec<(&'static str, String)> {
    let greeting = if habits.greets_by_helo { "helo" } else { "ehlo" };
    let reject = match habits.on_path_reject {
        PathReject::Notify => "notify",
        PathReject::FallBack => "fall-back",
    };
    let unverified = match habits.unverified_number {
        Unverified::Store => "store",
        Unverified::StoreFlagged => "store-flagged",
        Unverified::Refuse => "refuse",
    };
    let reads: Vec<&str> = habits.reads_number.iter().map(place).collect();
    vec![
        ("mail.greets_by", greeting.to_owned()),
        ("mail.writes_number", place(&habits.writes_number).to_owned()),
        ("mail.reads_number", reads.join(" ")),
        ("mail.asks_confirmation", habits.asks_confirmation.to_string()),
        ("mail.confirmation_within", Span { us: habits.confirmation_within.0 }.to_string()),
        ("mail.confirms", habits.confirms.to_string()),
        ("mail.on_path_reject", reject.to_owned()),
        ("mail.unverified_number", unverified.to_owned()),
    ]
}

pub(crate) fn ta2_row(spec: &Ta2RowSpec) -> Row {
    Row {
        speed_dial: spec.speed_dial.as_ref().map(|dial| dial.value.clone()),
        destination: spec.destination.clone(),
        number: spec.number.as_ref().map(|number| number.value.clone()),
        address: spec.address.as_ref().map(|address| address.value.clone()),
        source: match spec.source {
            SourceSpec::Operator => Source::Operator,
            SourceSpec::Learned => Source::Learned,
            SourceSpec::Unverified => Source::Unverified,
        },
    }
}

pub(super) fn ta2_key(spec: &Ta2KeySpec) -> Key {
    match spec {
        Ta2KeySpec::SpeedDial(dial) => Key::SpeedDial(dial.value.clone()),
        Ta2KeySpec::Number(number) => Key::Number(number.value.clone()),
        Ta2KeySpec::Address(address) => Key::Address(address.value.clone()),
    }
}
