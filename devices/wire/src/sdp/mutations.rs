//! Seeded mutations for the tests of the text formats in this crate.

/// Calls `check` with `count` seeded mutations of `seed`: octets replaced, cut out and doubled.
pub(crate) fn each_mutation(seed: &[u8], count: u64, mut check: impl FnMut(&[u8])) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    for _ in 0..count {
        let mut bytes = seed.to_vec();
        for _ in 0..=next(4) {
            let (at, len) = (next(bytes.len()), next(12));
            let end = (at + len).min(bytes.len());
            match next(4) {
                0 => bytes.insert(at, next(256) as u8),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.extend_from_within(at..end),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|octet| *octet = next(256) as u8),
            }
        }
        check(&bytes);
    }
}
