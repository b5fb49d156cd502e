//! Media feature filters.

use faxproof_wire::features::{Ability, Entry, Filter, MAX_OCTETS, Tag, Test, Value, Why, choose_as_told};
use faxproof_wire::page::{Coding, Form, Paper, Resolution};
use faxproof_wire::smtp::Reply;

/// A filter, and behind the octet 0x1E another one: what is read is written in a form that reads alike, in a
/// reply too; what it means, once worked out, accepts the same and is worked out to the same; two that accept
/// one thing meet, whichever is asked; a sender stays within its abilities and its original whatever it is
/// told.
pub fn features(bytes: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(bytes) else { return false };
    let (one, other) = input.split_once('\x1e').unwrap_or((input, "(a=1)"));
    chosen(one);
    let Ok(filter) = Filter::parse(one) else { return false };
    let mut thing = Vec::new();
    add_features(&filter, &mut thing);
    if let Ok(other) = Filter::parse(other) {
        add_features(&other, &mut thing);
        met(&filter, &other, &thing);
    }
    written(&filter);
    worked_out(&filter, &thing);
    true
}

fn chosen(told: &str) {
    let own = Ability {
        papers: [Paper::B4].into(),
        resolutions: Resolution::ALL.into(),
        codings: [Coding::Mmr].into(),
    };
    let original = Form { paper: Paper::A3, resolution: Resolution::Dpi300, coding: Coding::Mmr };
    let choice = choose_as_told(&own, original, Some(told));
    assert!(own.forms().any(|form| form == choice.form) && choice.form.resolution <= original.resolution);
    assert!(choice.sentence("C").starts_with(['C', 'w']), "{choice:?}");
    match choice.why {
        Why::Printed { .. } => {
            let told = Filter::parse(told).ok().and_then(|filter| Ability::told_by(&filter).ok());
            assert!(told.is_some_and(|told| told.forms().any(|form| form == choice.form)), "{choice:?}");
        }
        _ => assert_eq!(choice.form, Form::PROFILE_S),
    }
}

fn written(filter: &Filter) {
    let text = filter.to_string();
    // The spaces at which it can be folded may make it longer than it came.
    if text.len() <= MAX_OCTETS {
        assert_eq!(Filter::parse(&text).as_ref(), Ok(filter), "{text}");
        let reply = Reply::new(250, "ok").with_features(filter);
        let read = Reply::parse(&reply.to_bytes()).ok().and_then(|reply| reply.features());
        assert_eq!(read.as_ref().map(Result::as_ref), Some(Ok(filter)), "{text}");
    }
}

fn worked_out(filter: &Filter, thing: &[(Tag, Value)]) {
    let Ok(normal) = filter.normal() else { return };
    assert_eq!(filter.accepts(thing), normal.accepts(thing), "{filter}");
    // What one fax knows of another is never all of it.
    let known = &thing[..thing.len() / 2];
    assert!(filter.accepts(known) >= normal.accepts(known), "{filter}");
    assert_eq!(normal.accepts(&[]).is_none(), normal.is_empty(), "{filter}");
    if let Ok(Some(again)) = normal.to_filter() {
        assert_eq!(Filter::parse(&again.to_string()).as_ref(), Ok(&again), "{filter}");
        assert_eq!(again.normal().as_ref(), Ok(&normal), "{filter} {again}");
    }
}

fn met(one: &Filter, other: &Filter, thing: &[(Tag, Value)]) {
    let (Ok(meet), Ok(again)) = (one.meets(other), other.meets(one)) else { return };
    assert_eq!(meet, again, "{one} {other}");
    let accepted = one.accepts(thing).and(other.accepts(thing));
    assert!(meet || accepted.is_none(), "{one} {other}");
}

/// Something with each feature that the filter names, at one of its values.
fn add_features(filter: &Filter, thing: &mut Vec<(Tag, Value)>) {
    let (tag, value) = match &filter.test {
        Test::All(list) | Test::Any(list) => {
            return list.iter().for_each(|filter| add_features(filter, thing));
        }
        Test::Not(filter) => return add_features(filter, thing),
        Test::Is(tag, _, value) => (tag, value),
        Test::OneOf(tag, entries) => match entries.last() {
            Some(Entry::Value(value) | Entry::Range(value, _)) => (tag, value),
            None => return,
        },
    };
    if !thing.iter().any(|(known, _)| known == tag) {
        thing.push((tag.clone(), value.clone()));
    }
}
