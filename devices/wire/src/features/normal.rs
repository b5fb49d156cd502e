//! The normal form of a filter (RFC 2533 §5), and what can be asked of it.

use std::collections::BTreeMap;

use super::diagram::{Branch, Join, MAX_PIECES, MAX_TAGS, Maker, NO, Node};
use super::filter::Filter;
use super::value::{Quality, Tag, Value};

/// What a filter means. Two are equal when they have the same members with the same qualities, however their
/// filters were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normal {
    /// Each behind all those that it leads to.
    pub(super) nodes: Vec<Node>,
    pub(super) root: Branch,
}

/// A filter is well formed, but working it out would take more room than is given to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the filter is too complicated: it has more than {MAX_TAGS} tags, or {MAX_PIECES} cases are not enough for it"
)]
pub struct TooComplicated;

impl Filter {
    /// What the filter means.
    ///
    /// # Errors
    /// [`TooComplicated`]: a small filter can stand for a very large disjunction.
    pub fn normal(&self) -> Result<Normal, TooComplicated> {
        let mut maker = Maker::default();
        let root = maker.make(self)?;
        Ok(Normal::taken(&maker, root))
    }

    /// Whether anything is in both sets (RFC 2533 §5.2).
    ///
    /// # Errors
    /// [`TooComplicated`], as [`normal`](Filter::normal).
    pub fn meets(&self, other: &Filter) -> Result<bool, TooComplicated> {
        let mut maker = Maker::default();
        let (one, two) = (maker.make(self)?, maker.make(other)?);
        Ok(maker.join(Join::And, one, two)? != Branch::End(None))
    }
}

impl Normal {
    /// Whether nothing at all is a member: the filter contradicts itself.
    pub fn is_empty(&self) -> bool {
        self.root == Branch::End(None)
    }

    /// The tags that decide something, in their order.
    pub fn tags(&self) -> Vec<&Tag> {
        let mut tags: Vec<&Tag> = self.nodes.iter().map(|node| &node.tag).collect();
        tags.sort();
        tags.dedup();
        tags
    }

    /// How much these features are wanted; `None` when they are no member. A feature that is not given may have
    /// any value, so it excludes nothing (RFC 2879 §3); of one that is given twice the first counts.
    pub fn accepts(&self, features: &[(Tag, Value)]) -> Option<Quality> {
        self.wanted(self.root, features, &mut BTreeMap::new())
    }

    /// Goes down one tag with each call of itself; `known` are the nodes that were asked already.
    fn wanted(
        &self,
        branch: Branch,
        features: &[(Tag, Value)],
        known: &mut BTreeMap<usize, Option<Quality>>,
    ) -> Option<Quality> {
        let number = match branch {
            Branch::End(quality) => return quality,
            Branch::Node(number) => number,
        };
        if let Some(known) = known.get(&number) {
            return *known;
        }
        let Node { tag, split } = &self.nodes[number];
        let best = match features.iter().find(|(given, _)| given == tag) {
            Some((_, value)) => self.wanted(split.of(value), features, known),
            None => split.outcomes().map(|branch| self.wanted(branch, features, known)).max().flatten(),
        };
        known.insert(number, best);
        best
    }

    /// What is said of these tags, where all others may be anything.
    ///
    /// # Errors
    /// [`TooComplicated`], as [`Filter::normal`].
    pub fn about(&self, tags: &[Tag]) -> Result<Normal, TooComplicated> {
        let mut maker = Maker::default();
        let mut made: Vec<Branch> = Vec::with_capacity(self.nodes.len());
        let follow = |made: &[Branch], branch: Branch| match branch {
            Branch::End(_) => branch,
            Branch::Node(number) => made[number],
        };
        for Node { tag, split } in &self.nodes {
            let split = split.map(|branch| Ok(follow(&made, branch)))?;
            let branch = if tags.contains(tag) {
                maker.node(tag.clone(), split)?
            } else {
                split.outcomes().try_fold(NO, |all, one| maker.join(Join::Or, all, one))?
            };
            made.push(branch);
        }
        Ok(Normal::taken(&maker, follow(&made, self.root)))
    }

    fn taken(maker: &Maker, root: Branch) -> Normal {
        let (nodes, root) = maker.take(root);
        Normal { nodes, root }
    }
}
