//! Which bytes of a file belong to what: no strip may lie where something else lies (RFC 3249
//! §5.2.3.2 e). As no byte is decoded twice, a small file cannot cost the work of a large one.

use std::collections::BTreeMap;
use std::ops::Range;

/// Ranges of bytes, apart from one another.
#[derive(Default)]
pub(super) struct Ground {
    /// By where it begins, where each range ends.
    taken: BTreeMap<u64, u64>,
}

impl Ground {
    /// Takes bytes that may be taken already, in part or all.
    pub(super) fn share(&mut self, range: Range<u64>) {
        let Range { mut start, mut end } = range;
        while let Some((from, to)) = self.overlapping(start..end) {
            self.taken.remove(&from);
            (start, end) = (start.min(from), end.max(to));
        }
        if start < end {
            self.taken.insert(start, end);
        }
    }

    /// Takes bytes for one part alone. Tells whether they were free.
    pub(super) fn take(&mut self, range: Range<u64>) -> bool {
        let free = self.overlapping(range.clone()).is_none();
        if free && !range.is_empty() {
            self.taken.insert(range.start, range.end);
        }
        free
    }

    fn overlapping(&self, range: Range<u64>) -> Option<(u64, u64)> {
        // Of ranges that are apart, the last one to begin before the end is the last one to end.
        let (from, to) = self.taken.range(..range.end).next_back()?;
        (*to > range.start && !range.is_empty()).then_some((*from, *to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_free() {
        let mut ground = Ground::default();
        ground.share(10..20);
        ground.share(15..30);
        ground.share(5..40);
        for (range, free) in [(0..5, true), (4..6, false), (12..13, false), (40..50, true), (39..60, false)] {
            assert_eq!(ground.take(range.clone()), free, "{range:?}");
        }
        assert!(!ground.take(45..46) && ground.take(7..7) && ground.take(50..60));
    }

    #[test]
    fn ranges_that_join_others_become_one() {
        let mut ground = Ground::default();
        for range in [0..2, 4..6, 8..10, 1..9] {
            ground.share(range);
        }
        assert_eq!(ground.taken, BTreeMap::from([(0, 10)]));
    }
}
