//! One set of features against a filter, as it stands.

use std::cmp::Ordering;

use super::filter::{Entry, Filter, Relation, Test};
use super::value::{Quality, Tag, Value};

/// Whether a condition holds, as far as the features tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    No,
    /// It is about a feature that was not given.
    Perhaps,
    Yes,
}

impl Filter {
    /// How much these features are wanted; `None` when they are no member. Of several alternatives that take
    /// them the best counts; one without a quality has that of the whole, or 1. A feature that is not given
    /// excludes nothing (RFC 2879 §3).
    ///
    /// It never fails, and where all features are given it says what [`Normal::accepts`](super::Normal::accepts)
    /// says. That one also finds a contradiction about a feature that is not given.
    pub fn accepts(&self, features: &[(Tag, Value)]) -> Option<Quality> {
        self.wanted(features, Quality::FULL)
    }

    fn wanted(&self, features: &[(Tag, Value)], otherwise: Quality) -> Option<Quality> {
        let quality = self.quality.unwrap_or(otherwise);
        match &self.test {
            Test::Any(list) => list.iter().filter_map(|filter| filter.wanted(features, quality)).max(),
            _ => (self.holds(features) != Holds::No).then_some(quality),
        }
    }

    fn holds(&self, features: &[(Tag, Value)]) -> Holds {
        match &self.test {
            Test::All(list) => list.iter().map(|filter| filter.holds(features)).min().unwrap_or(Holds::Yes),
            Test::Any(list) => list.iter().map(|filter| filter.holds(features)).max().unwrap_or(Holds::No),
            Test::Not(filter) => match filter.holds(features) {
                Holds::No => Holds::Yes,
                Holds::Perhaps => Holds::Perhaps,
                Holds::Yes => Holds::No,
            },
            Test::Is(tag, relation, value) => given(features, tag, |own| relation.holds(own, value)),
            Test::OneOf(tag, entries) => {
                given(features, tag, |own| entries.iter().any(|entry| entry.has(own)))
            }
        }
    }
}

impl Relation {
    fn holds(self, own: &Value, value: &Value) -> bool {
        match (self, own.compare(value)) {
            (_, None) => false,
            (Relation::Equal, Some(order)) => order == Ordering::Equal,
            (Relation::AtMost, Some(order)) => order != Ordering::Greater,
            (Relation::AtLeast, Some(order)) => order != Ordering::Less,
        }
    }
}

impl Entry {
    fn has(&self, own: &Value) -> bool {
        match self {
            Entry::Value(value) => Relation::Equal.holds(own, value),
            Entry::Range(low, high) => Relation::AtLeast.holds(own, low) && Relation::AtMost.holds(own, high),
        }
    }
}

fn given(features: &[(Tag, Value)], tag: &Tag, holds: impl Fn(&Value) -> bool) -> Holds {
    match features.iter().find(|(given, _)| given == tag) {
        None => Holds::Perhaps,
        Some((_, own)) if holds(own) => Holds::Yes,
        Some(_) => Holds::No,
    }
}
