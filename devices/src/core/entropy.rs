//! Chance, keyed by what it decides.
//!
//! A value is a keyed hash of the thing it is for: (seed, host, boots) and then, say, ("tag", call,
//! CSeq). Nothing is drawn from a running stream, so a call that is added to a scenario changes no
//! identifier of another call.

use std::hash::{Hash, Hasher};

use siphasher::sip128::{Hasher128, SipHasher24};

/// A source of keyed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entropy {
    seed: (u64, u64),
}

/// One keyed value of 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub u64, pub u64);

impl Entropy {
    /// Entropy of a whole world.
    pub fn of_seed(seed: u64) -> Self {
        Entropy { seed: (seed, 0x6661_7870_726f_6f66) }
    }

    /// Entropy that belongs to a part: a host, a boot, a call.
    #[must_use]
    pub fn part(&self, name: impl Hash) -> Entropy {
        let key = self.key(("part", name));
        Entropy { seed: (key.0, key.1) }
    }

    /// The value for this thing, always the same.
    pub fn key(&self, what: impl Hash) -> Key {
        let mut hasher = SipHasher24::new_with_keys(self.seed.0, self.seed.1);
        what.hash(&mut StableHasher(&mut hasher));
        let hash = hasher.finish128();
        Key(hash.h1, hash.h2)
    }
}

impl Key {
    /// The value as a token of 16 hexadecimal digits (64 bits: twice what RFC 3261 §19.3 asks of a tag).
    pub fn token(self) -> String {
        let digit = |at: u32| char::from(b"0123456789abcdef"[(self.0 >> (60 - 4 * at)) as usize & 15]);
        (0..16).map(digit).collect()
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(self, bound: u64) -> u64 {
        // The high half of a product spreads evenly without a division.
        ((u128::from(self.0) * u128::from(bound)) >> 64) as u64
    }
}

/// Feeds numbers in one byte order and one width, whatever the machine.
struct StableHasher<'a>(&'a mut SipHasher24);

impl Hasher for StableHasher<'_> {
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn write_u16(&mut self, n: u16) {
        self.0.write(&n.to_le_bytes());
    }

    fn write_u32(&mut self, n: u32) {
        self.0.write(&n.to_le_bytes());
    }

    fn write_u64(&mut self, n: u64) {
        self.0.write(&n.to_le_bytes());
    }

    fn write_usize(&mut self, n: usize) {
        self.0.write(&(n as u64).to_le_bytes());
    }

    fn write_isize(&mut self, n: isize) {
        self.0.write(&(n as i64).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_depends_on_seed_part_and_name_only() {
        let host = Entropy::of_seed(7).part("alice");
        assert_eq!(host.key(("tag", 1)), Entropy::of_seed(7).part("alice").key(("tag", 1)));
        assert_ne!(host.key(("tag", 1)), host.key(("tag", 2)));
        assert_ne!(host.key(("tag", 1)), Entropy::of_seed(7).part("bob").key(("tag", 1)));
        assert_ne!(host.key(("tag", 1)), Entropy::of_seed(8).part("alice").key(("tag", 1)));
    }

    #[test]
    fn values_are_the_same_on_every_machine() {
        assert_eq!(Entropy::of_seed(1).key(("tag", 2_u32, "x")).token(), "a995113ea2288373");
    }

    #[test]
    fn below_stays_below() {
        let entropy = Entropy::of_seed(3);
        assert!((0..1000_u32).all(|n| entropy.key(n).below(10) < 10));
        assert_eq!(entropy.key(1).below(0), 0);
    }
}
