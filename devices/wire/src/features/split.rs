//! All values that one feature can have, cut into pieces.

use std::collections::BTreeMap;

use super::filter::{Entry, Relation};
use super::value::{Number, Value, Word};

/// What holds for each value of one feature. Numbers lie on a line, which is cut where something changes; words
/// have no order, so each counts for itself, and all that are not named count alike (RFC 2533 §5.5).
///
/// Once [`tidy`](Split::tidy), two splits that say the same are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Split<T> {
    /// From the smallest number to the first cut.
    lowest: T,
    other_words: T,
    /// From each cut to the next one.
    cuts: Vec<(Cut, T)>,
    words: BTreeMap<Word, T>,
}

/// Where the line is cut: beside a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    pub(super) at: Number,
    /// The number lies above the cut, or below it.
    pub(super) side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Below,
    Above,
}

/// A piece of the line: from one cut to another, or without an end.
pub(super) type Piece = (Option<Cut>, Option<Cut>);

impl<T: Copy + Eq> Split<T> {
    /// The same for all values.
    pub(super) fn constant(all: T) -> Split<T> {
        Split { lowest: all, cuts: Vec::new(), words: BTreeMap::new(), other_words: all }
    }

    /// What holds for a value.
    pub(super) fn of(&self, value: &Value) -> T {
        match value {
            Value::Word(word) => self.of_word(word),
            Value::Number(number) => {
                let below = |cut: &Cut| *cut <= Cut { at: *number, side: Side::Below };
                let passed = self.cuts.partition_point(|(cut, _)| below(cut));
                passed.checked_sub(1).map_or(self.lowest, |last| self.cuts[last].1)
            }
        }
    }

    fn of_word(&self, word: &Word) -> T {
        self.words.get(word).copied().unwrap_or(self.other_words)
    }

    /// How many pieces there are, a measure of the work that it makes.
    pub(super) fn size(&self) -> usize {
        2 + self.cuts.len() + self.words.len()
    }

    /// Everything that it says for some value, in the order of the values.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = T> + '_ {
        let line = std::iter::once(self.lowest).chain(self.cuts.iter().map(|(_, outcome)| *outcome));
        line.chain(self.words.values().copied()).chain([self.other_words])
    }

    /// Both at once, value by value.
    pub(super) fn join<V: Copy + Eq, E>(
        &self,
        other: &Split<T>,
        mut join: impl FnMut(T, T) -> Result<V, E>,
    ) -> Result<Split<V>, E> {
        let mut joined = Split::constant(join(self.other_words, other.other_words)?);
        joined.lowest = join(self.lowest, other.lowest)?;
        let (mut own, mut its) = (self.lowest, other.lowest);
        let (mut own_cuts, mut its_cuts) = (self.cuts.iter().peekable(), other.cuts.iter().peekable());
        while let Some(cut) = own_cuts.peek().into_iter().chain(its_cuts.peek()).map(|(cut, _)| *cut).min() {
            own = own_cuts.next_if(|(next, _)| *next == cut).map_or(own, |(_, outcome)| *outcome);
            its = its_cuts.next_if(|(next, _)| *next == cut).map_or(its, |(_, outcome)| *outcome);
            joined.cuts.push((cut, join(own, its)?));
        }
        for word in self.words.keys().chain(other.words.keys()) {
            if !joined.words.contains_key(word) {
                joined.words.insert(word.clone(), join(self.of_word(word), other.of_word(word))?);
            }
        }
        joined.tidy();
        Ok(joined)
    }

    /// The values for which it says this.
    pub(super) fn chosen(&self, outcome: T) -> Split<bool> {
        let chosen = self.map(|other| Ok::<_, std::convert::Infallible>(other == outcome));
        let Ok(chosen) = chosen;
        chosen
    }

    /// Another outcome in the place of each.
    pub(super) fn map<V: Copy + Eq, E>(&self, mut map: impl FnMut(T) -> Result<V, E>) -> Result<Split<V>, E> {
        self.join(self, |outcome, _| map(outcome))
    }

    /// Takes out what changes nothing.
    fn tidy(&mut self) {
        let mut last = self.lowest;
        self.cuts.retain(|(_, outcome)| std::mem::replace(&mut last, *outcome) != *outcome);
        self.words.retain(|_, outcome| *outcome != self.other_words);
    }
}

impl Split<bool> {
    /// The values that stand so to this one.
    pub(super) fn related(relation: Relation, value: &Value) -> Split<bool> {
        let mut split = Split::constant(false);
        match value {
            Value::Word(word) => {
                split.words.insert(word.clone(), true);
            }
            Value::Number(at) => {
                split.lowest = relation == Relation::AtMost;
                let cut = |side| Cut { at: *at, side };
                match relation {
                    Relation::AtMost => split.cuts.push((cut(Side::Above), false)),
                    Relation::AtLeast => split.cuts.push((cut(Side::Below), true)),
                    Relation::Equal => {
                        split.cuts.extend([(cut(Side::Below), true), (cut(Side::Above), false)])
                    }
                }
            }
        }
        split
    }

    /// The values of a set (RFC 2533 §4.2.5).
    pub(super) fn one_of(entries: &[Entry]) -> Split<bool> {
        let split = |entry: &Entry| match entry {
            Entry::Value(value) => Split::related(Relation::Equal, value),
            Entry::Range(low, high) => Split::related(Relation::AtLeast, low)
                .with(&Split::related(Relation::AtMost, high), |own, other| own && other),
        };
        let none = Split::constant(false);
        entries.iter().map(split).fold(none, |all, one| all.with(&one, |own, other| own || other))
    }

    /// Whether most of it is so: all words but some.
    pub(super) fn is_of_most_words(&self) -> bool {
        self.other_words
    }

    /// The opposite.
    pub(super) fn not(&self) -> Split<bool> {
        self.with(&Split::constant(true), |own, _| !own)
    }

    /// The pieces of the line that are so, in their order.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let starts = std::iter::once((None, self.lowest));
        for (cut, is_so) in starts.chain(self.cuts.iter().map(|(cut, is_so)| (Some(*cut), *is_so))) {
            if is_so {
                pieces.push((cut, None));
            } else if let Some(last) = pieces.last_mut() {
                // A tidy split changes at each cut, so this is where the last piece ends.
                last.1 = cut;
            }
        }
        pieces
    }

    /// The words that are named and are so, in their order.
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().filter(|(_, is_so)| **is_so).map(|(word, _)| word)
    }

    fn with(&self, other: &Split<bool>, join: impl Fn(bool, bool) -> bool) -> Split<bool> {
        let joined = self.join(other, |own, other| Ok::<_, std::convert::Infallible>(join(own, other)));
        let Ok(joined) = joined;
        joined
    }
}
