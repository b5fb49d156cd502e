//! A normal form written as a filter: a disjunction of conjunctions (RFC 2533 §5).

use super::diagram::{Branch, Node};
use super::filter::{Entry, Filter, Relation, Test};
use super::normal::{Normal, TooComplicated};
use super::parse::{MAX_OCTETS, MAX_TERMS};
use super::split::{Cut, Piece, Side, Split};
use super::value::{Number, Quality, Tag, Value};

impl Normal {
    /// The same as a filter again: a disjunction of conjunctions, in each of them one condition for a tag,
    /// words spelt as registered. Filters of the same meaning come out as the same text. `None` where there
    /// is no condition: everything is a member, or nothing.
    ///
    /// # Errors
    /// [`TooComplicated`]: it would be larger than is read again.
    pub fn to_filter(&self) -> Result<Option<Filter>, TooComplicated> {
        if matches!(self.root, Branch::End(_)) {
            return Ok(None);
        }
        let mut paths = Paths { nodes: &self.nodes, terms: 0, found: Vec::new() };
        paths.follow(self.root, &mut Vec::new())?;
        let filter = Filter::any(paths.found);
        if filter.to_string().len() > MAX_OCTETS { Err(TooComplicated) } else { Ok(Some(filter)) }
    }
}

/// The ways through a diagram that end well.
struct Paths<'a> {
    nodes: &'a [Node],
    terms: usize,
    found: Vec<Filter>,
}

impl Paths<'_> {
    /// Goes down one tag with each call of itself.
    fn follow(&mut self, branch: Branch, conditions: &mut Vec<Filter>) -> Result<(), TooComplicated> {
        match branch {
            Branch::End(None) => Ok(()),
            Branch::End(Some(quality)) => {
                self.terms += 1 + conditions.iter().map(terms).sum::<usize>();
                if self.terms >= MAX_TERMS {
                    return Err(TooComplicated);
                }
                let found = Filter::all(conditions.clone());
                let is_full = quality == Quality::FULL;
                self.found.push(if is_full { found } else { found.with_quality(quality) });
                Ok(())
            }
            Branch::Node(number) => {
                let Node { tag, split } = &self.nodes[number];
                for (place, next) in split.outcomes().enumerate() {
                    if next == Branch::End(None) || split.outcomes().take(place).any(|other| other == next) {
                        continue;
                    }
                    conditions.push(condition(tag, &split.chosen(next)));
                    self.follow(next, conditions)?;
                    conditions.pop();
                }
                Ok(())
            }
        }
    }
}

/// How many terms the reader of a filter counts in it.
fn terms(filter: &Filter) -> usize {
    1 + match &filter.test {
        Test::All(list) | Test::Any(list) => list.iter().map(terms).sum(),
        Test::Not(filter) => terms(filter),
        Test::Is(..) => 0,
        Test::OneOf(_, entries) => entries.len(),
    }
}

/// A feature has one of these values.
fn condition(tag: &Tag, values: &Split<bool>) -> Filter {
    // All words but some can only be told by what they are not.
    if values.is_of_most_words() { !positive(tag, &values.not()) } else { positive(tag, values) }
}

fn positive(tag: &Tag, values: &Split<bool>) -> Filter {
    let tag = tag.spelt();
    let (closed, open): (Vec<Piece>, Vec<Piece>) = values.pieces().into_iter().partition(is_closed);
    let numbers = closed.into_iter().filter_map(|piece| match piece {
        (Some(low), Some(high)) if low.at == high.at => Some(Entry::Value(number(low.at))),
        (Some(low), Some(high)) => Some(Entry::Range(number(low.at), number(high.at))),
        _ => None,
    });
    let words = values.words().map(|word| Entry::Value(Value::Word(word.spelt())));
    let entries: Vec<Entry> = numbers.chain(words).collect();
    let set = (!entries.is_empty()).then(|| Filter::one_of(tag.clone(), entries));
    Filter::any(set.into_iter().chain(open.iter().flat_map(|piece| ray(&tag, *piece))).collect())
}

fn is_closed(piece: &Piece) -> bool {
    matches!(piece, (Some(Cut { side: Side::Below, .. }), Some(Cut { side: Side::Above, .. })))
}

/// A piece of the line without an end, or without the number at its end.
fn ray(tag: &Tag, (low, high): Piece) -> Vec<Filter> {
    let is = |relation, at| Filter::is(tag.clone(), relation, number(at));
    let zero = Number::whole(0);
    let (Some(first), from_low) = (low.or(high), low.is_some()) else {
        return vec![is(Relation::AtMost, zero), is(Relation::AtLeast, zero)];
    };
    let whole = match (low, high) {
        (Some(low), Some(high)) => {
            Filter::one_of(tag.clone(), vec![Entry::Range(number(low.at), number(high.at))])
        }
        _ => is(if from_low { Relation::AtLeast } else { Relation::AtMost }, first.at),
    };
    let missing = [low.filter(|cut| cut.side == Side::Above), high.filter(|cut| cut.side == Side::Below)];
    let missing: Vec<Entry> = missing.iter().flatten().map(|cut| Entry::Value(number(cut.at))).collect();
    if missing.is_empty() {
        return vec![whole];
    }
    vec![Filter::all(vec![whole, !Filter::one_of(tag.clone(), missing)])]
}

fn number(number: Number) -> Value {
    Value::Number(number.reduced())
}
