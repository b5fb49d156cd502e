//! What a filter means, worked out: a decision diagram.
//!
//! RFC 2533 §5 brings a filter into a disjunction of conjunctions, by distributing one over the other. That
//! grows without bound, and what comes out depends on how the filter was written. Here each feature is
//! asked for once, in the order of the tags, and each answer leads on to the next question; where two
//! answers lead to the same, they are one. Filters of the same meaning have the same diagram, and the
//! disjunction is read off its paths.

use std::collections::{BTreeMap, BTreeSet};

use super::filter::{Filter, Test};
use super::normal::TooComplicated;
use super::split::Split;
use super::value::{Quality, Tag};

/// The most tags of a diagram, which is how deep it may be. All of RFC 2879 are 35.
pub(super) const MAX_TAGS: usize = 64;

/// The most pieces of splits that are made on the way. The longest example of RFC 2879 makes 2,400.
pub(super) const MAX_PIECES: usize = 50_000;

/// What is left to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Branch {
    /// Nothing: it is wanted so much, or not at all.
    End(Option<Quality>),
    /// The question with this number.
    Node(usize),
}

/// A question: what value has this feature? The answers stand first, because two questions of one tag are
/// told apart by them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) split: Split<Branch>,
    pub(super) tag: Tag,
}

pub(super) const NO: Branch = Branch::End(None);
pub(super) const YES: Branch = Branch::End(Some(Quality::FULL));

/// Diagrams in the making, which share their parts.
#[derive(Debug, Default)]
pub(super) struct Maker {
    nodes: Vec<Node>,
    numbers: BTreeMap<Node, usize>,
    joined: BTreeMap<(Join, Branch, Branch), Branch>,
    tags: BTreeSet<Tag>,
    pieces: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Join {
    /// Both hold; the smaller quality.
    And,
    /// One of them holds; the greater quality.
    Or,
    /// The first holds and the second does not.
    Except,
}

type Made<T> = Result<T, TooComplicated>;

impl Maker {
    /// The diagram of a filter. Its quality and those of its alternatives count, others do not (RFC 2533 §4.1).
    pub(super) fn make(&mut self, filter: &Filter) -> Made<Branch> {
        self.wanted(filter, Quality::FULL)
    }

    fn wanted(&mut self, filter: &Filter, otherwise: Quality) -> Made<Branch> {
        let quality = filter.quality.unwrap_or(otherwise);
        match &filter.test {
            Test::Any(list) => list.iter().try_fold(NO, |all, filter| {
                let one = self.wanted(filter, quality)?;
                self.join(Join::Or, all, one)
            }),
            _ => {
                let all = self.all_of(filter)?;
                self.join(Join::And, all, Branch::End(Some(quality)))
            }
        }
    }

    fn all_of(&mut self, filter: &Filter) -> Made<Branch> {
        match &filter.test {
            Test::All(list) => self.fold(Join::And, YES, list),
            Test::Any(list) => self.fold(Join::Or, NO, list),
            Test::Not(filter) => {
                let holds = self.all_of(filter)?;
                self.join(Join::Except, YES, holds)
            }
            Test::Is(tag, relation, value) => self.ask(tag, &Split::related(*relation, value)),
            Test::OneOf(tag, entries) => self.ask(tag, &Split::one_of(entries)),
        }
    }

    fn fold(&mut self, join: Join, first: Branch, list: &[Filter]) -> Made<Branch> {
        list.iter().try_fold(first, |all, filter| {
            let one = self.all_of(filter)?;
            self.join(join, all, one)
        })
    }

    fn ask(&mut self, tag: &Tag, split: &Split<bool>) -> Made<Branch> {
        self.tags.insert(tag.clone());
        if self.tags.len() > MAX_TAGS {
            return Err(TooComplicated);
        }
        let split = split.map(|is_so| Ok(if is_so { YES } else { NO }))?;
        self.node(tag.clone(), split)
    }

    /// Joins two diagrams. It goes down one tag with each call of itself, so no deeper than [`MAX_TAGS`].
    pub(super) fn join(&mut self, join: Join, one: Branch, two: Branch) -> Made<Branch> {
        if let Some(known) = join.at_once(one, two) {
            return Ok(known);
        }
        if let Some(known) = self.joined.get(&(join, one, two)) {
            return Ok(*known);
        }
        let Some(tag) = self.tag(one).into_iter().chain(self.tag(two)).min().cloned() else { return Ok(NO) };
        let (left, right) = (self.split(one, &tag), self.split(two, &tag));
        let split = left.join(&right, |one, two| self.join(join, one, two))?;
        let made = self.node(tag, split)?;
        self.joined.insert((join, one, two), made);
        Ok(made)
    }

    /// A question, unless all answers are the same.
    pub(super) fn node(&mut self, tag: Tag, split: Split<Branch>) -> Made<Branch> {
        self.pieces += split.size();
        if self.pieces > MAX_PIECES {
            return Err(TooComplicated);
        }
        let mut outcomes = split.outcomes();
        if let Some(first) = outcomes.next()
            && outcomes.all(|outcome| outcome == first)
        {
            return Ok(first);
        }
        drop(outcomes);
        let node = Node { tag, split };
        let number = self.numbers.get(&node).copied().unwrap_or_else(|| {
            self.nodes.push(node.clone());
            self.numbers.insert(node, self.nodes.len() - 1);
            self.nodes.len() - 1
        });
        Ok(Branch::Node(number))
    }

    fn tag(&self, branch: Branch) -> Option<&Tag> {
        match branch {
            Branch::Node(number) => Some(&self.nodes[number].tag),
            Branch::End(_) => None,
        }
    }

    fn split(&self, branch: Branch, tag: &Tag) -> Split<Branch> {
        match branch {
            Branch::Node(number) if self.nodes[number].tag == *tag => self.nodes[number].split.clone(),
            _ => Split::constant(branch),
        }
    }

    /// The nodes below `root`, renumbered in an order that its meaning alone decides: each behind all those that
    /// it leads to.
    pub(super) fn take(&self, root: Branch) -> (Vec<Node>, Branch) {
        let (mut nodes, mut numbers) = (Vec::new(), BTreeMap::new());
        let root = self.copy(root, &mut nodes, &mut numbers);
        (nodes, root)
    }

    fn copy(&self, branch: Branch, nodes: &mut Vec<Node>, numbers: &mut BTreeMap<usize, usize>) -> Branch {
        let Branch::Node(old) = branch else { return branch };
        if let Some(new) = numbers.get(&old) {
            return Branch::Node(*new);
        }
        let Node { tag, split } = &self.nodes[old];
        let copied = split.map(|branch| Ok::<_, std::convert::Infallible>(self.copy(branch, nodes, numbers)));
        let Ok(split) = copied;
        nodes.push(Node { tag: tag.clone(), split });
        numbers.insert(old, nodes.len() - 1);
        Branch::Node(nodes.len() - 1)
    }
}

impl Join {
    /// What needs no questions.
    fn at_once(self, one: Branch, two: Branch) -> Option<Branch> {
        match (self, one, two) {
            (Join::And, Branch::End(one), Branch::End(two)) => Some(Branch::End(one.min(two))),
            (Join::Or, Branch::End(one), Branch::End(two)) => Some(Branch::End(one.max(two))),
            (Join::And | Join::Except, NO, _) | (Join::And, _, NO) => Some(NO),
            (Join::Or | Join::Except, other, NO) | (Join::Or, NO, other) => Some(other),
            (Join::And, YES, other) | (Join::And, other, YES) => Some(other),
            (Join::Or, YES, _) | (Join::Or, _, YES) => Some(YES),
            (Join::And | Join::Or, one, two) => (one == two).then_some(one),
            (Join::Except, _, Branch::End(Some(_))) => Some(NO),
            (Join::Except, ..) => None,
        }
    }
}
