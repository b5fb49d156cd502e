//! Tests of filters; one file per question.

use proptest::prelude::*;

use super::*;

mod ability;
mod choice;
mod normal;
mod reading;

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What a filter means, as text.
fn normal(text: &str) -> String {
    let normal = filter(text).normal().unwrap();
    let same = normal.to_filter().unwrap().map(|filter| filter.to_string());
    same.unwrap_or_else(|| if normal.is_empty() { "nothing" } else { "everything" }.to_owned())
}

fn word(text: &str) -> Value {
    Value::Word(Word::new(text).unwrap())
}

fn feature(tag: &str, value: impl Into<Value>) -> (Tag, Value) {
    (Tag::new(tag).unwrap(), value.into())
}

/// Few values, so that they meet often.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3_i64..4, 1_u64..3).prop_map(|(top, bottom)| Value::Number(Number::new(top, bottom).unwrap())),
        prop::sample::select(vec!["x", "Y", "TRUE", "1:1"]).prop_map(word),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let tag = || prop::sample::select(vec!["a", "B", "c"]).prop_map(|tag| Tag::new(tag).unwrap());
    let relation = prop::sample::select(vec![Relation::Equal, Relation::AtMost, Relation::AtLeast]);
    let entry = prop_oneof![
        any_value().prop_map(Entry::Value),
        (any_value(), any_value()).prop_map(|(low, high)| Entry::Range(low, high)),
    ];
    let item = prop_oneof![
        (tag(), relation, any_value()).prop_map(|(tag, relation, value)| Filter::is(tag, relation, value)),
        (tag(), prop::collection::vec(entry, 1..4)).prop_map(|(tag, entries)| Filter::one_of(tag, entries)),
    ];
    item.prop_recursive(4, 24, 4, |inner| {
        let quality = prop::option::of((0_u16..=1000).prop_map(|q| Quality::new(q).unwrap()));
        let list = || prop::collection::vec(inner.clone(), 1..4);
        let test = prop_oneof![
            list().prop_map(Filter::all),
            list().prop_map(Filter::any),
            inner.clone().prop_map(std::ops::Not::not),
        ];
        (test, quality).prop_map(|(filter, quality)| Filter { quality, ..filter })
    })
}
