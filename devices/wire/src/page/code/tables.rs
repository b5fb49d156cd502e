//! The codes of T.4, laid out for writing and for reading: those of run lengths (its tables 2, 3a and
//! 3b) and those that tell how a row differs from the one above (its table 4).
//!
//! A run is written as make-up codes (multiples of 64 dots) and one terminating code (0 to 63).

use std::sync::LazyLock;

use fax::maps;

use super::bits::BitWriter;

/// The longest run that one make-up code writes, in dots.
pub(super) const LONGEST_MAKE_UP: u32 = 2560;

/// The longest code, in bits.
const LONGEST_CODE: u32 = 13;

/// The codes of one colour.
pub(super) struct Codes {
    /// By run length, up to [`LONGEST_MAKE_UP`]: its make-up code and its terminating one as one.
    write: Vec<Code>,
    /// The make-up code of [`LONGEST_MAKE_UP`] dots.
    longest: Code,
    /// By the next 13 bits of the line.
    read: Vec<Entry>,
}

/// A code, or two in a row, as it goes on the line, first bit in the highest of its `len` bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u32,
    pub(super) len: u8,
}

/// What the next bits mean. `len` 0: they begin no code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) run: u16,
    pub(super) len: u8,
}

impl Codes {
    /// The codes of black or of white runs.
    pub(super) fn of(black: bool) -> &'static Self {
        static BLACK: LazyLock<Codes> = LazyLock::new(|| Codes::laid_out(maps::black::encode));
        static WHITE: LazyLock<Codes> = LazyLock::new(|| Codes::laid_out(maps::white::encode));
        if black { &BLACK } else { &WHITE }
    }

    /// The code of a run, as it goes on the line.
    pub(super) fn put(&self, line: &mut BitWriter, mut run: u32) {
        while run > LONGEST_MAKE_UP {
            line.put(self.longest);
            run -= LONGEST_MAKE_UP;
        }
        line.put(self.write.get(run as usize).copied().unwrap_or_default());
    }

    /// The code at the head of `window`, whose first bit is the highest.
    pub(super) fn find(&self, window: u64) -> Entry {
        self.read.get((window >> (64 - LONGEST_CODE)) as usize).copied().unwrap_or_default()
    }

    fn laid_out(code_of: impl Fn(u16) -> Option<fax::Bits>) -> Self {
        let code = |run: u32| {
            code_of(run as u16).map_or(Code::default(), |it| Code { bits: it.data.into(), len: it.len })
        };
        let mut read = vec![Entry::default(); 1 << LONGEST_CODE];
        for run in (0..64).chain((64..=LONGEST_MAKE_UP).step_by(64)) {
            let Code { bits, len } = code(run);
            let free = LONGEST_CODE - u32::from(len);
            let from = (bits as usize) << free;
            read[from..from + (1 << free)].fill(Entry { run: run as u16, len });
        }
        let write = (0..=LONGEST_MAKE_UP).map(|run| match run / 64 * 64 {
            0 => code(run),
            make_up => code(make_up).then(code(run % 64)),
        });
        Self { write: write.collect(), longest: code(LONGEST_MAKE_UP), read }
    }
}

impl Code {
    fn then(self, next: Self) -> Self {
        Self { bits: self.bits << next.len | next.bits, len: self.len + next.len }
    }
}

/// How a row goes on, seen from the row above (T.4 table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The run goes on beyond b2.
    Pass,
    /// The lengths of two runs follow.
    Horizontal,
    /// The run ends so many dots right of b1: from -3 to 3.
    Vertical(i8),
    /// Something else follows: uncompressed dots, which fax does not allow.
    Extension,
}

/// The modes, each with its code.
const MODES: [(Mode, Code); 10] = [
    (Mode::Pass, Code { bits: 0b0001, len: 4 }),
    (Mode::Horizontal, Code { bits: 0b001, len: 3 }),
    (Mode::Vertical(-3), Code { bits: 0b000_0010, len: 7 }),
    (Mode::Vertical(-2), Code { bits: 0b00_0010, len: 6 }),
    (Mode::Vertical(-1), Code { bits: 0b010, len: 3 }),
    (Mode::Vertical(0), Code { bits: 0b1, len: 1 }),
    (Mode::Vertical(1), Code { bits: 0b011, len: 3 }),
    (Mode::Vertical(2), Code { bits: 0b00_0011, len: 6 }),
    (Mode::Vertical(3), Code { bits: 0b000_0011, len: 7 }),
    (Mode::Extension, Code { bits: 0b000_0001, len: 7 }),
];

/// Where the vertical mode of distance 0 stands in [`MODES`].
const VERTICAL_0: usize = 5;

impl Mode {
    /// The mode of a run that ends at `a1`, if that is near enough to `b1`.
    pub(super) fn vertical(a1: u32, b1: u32) -> Option<Self> {
        let right = i64::from(a1) - i64::from(b1);
        (-3..=3).contains(&right).then_some(Self::Vertical(right as i8))
    }

    /// Its code.
    pub(super) fn code(self) -> Code {
        let place = match self {
            Self::Pass => 0,
            Self::Horizontal => 1,
            Self::Vertical(right) => VERTICAL_0.saturating_add_signed(right.into()),
            Self::Extension => MODES.len() - 1,
        };
        MODES[place].1
    }
}

/// The mode at the head of `window`, whose first bit is the highest, and the bits of its code.
pub(super) fn mode_at(window: u64) -> Option<(Mode, u8)> {
    // As the codes differ in their zeros first, the commonest is found at once.
    if window >> 63 == 1 {
        return Some((Mode::Vertical(0), 1));
    }
    MODES
        .iter()
        .find(|(_, code)| window >> (64 - u32::from(code.len)) == u64::from(code.bits))
        .map(|(mode, code)| (*mode, code.len))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn both_colours_have_all_104_codes() {
        for black in [true, false] {
            let runs: HashSet<u16> =
                Codes::of(black).read.iter().filter(|entry| entry.len > 0).map(|entry| entry.run).collect();
            assert_eq!(runs.len(), 104, "black {black}");
        }
    }

    #[test]
    fn every_run_is_found_again_whatever_follows() {
        for black in [true, false] {
            let codes = Codes::of(black);
            for (run, code) in codes.write.iter().enumerate() {
                let head = u64::from(code.bits) << (64 - code.len);
                for window in [head, head | (u64::MAX >> code.len)] {
                    let first = codes.find(window);
                    let then = if run < 64 { Entry::default() } else { codes.find(window << first.len) };
                    let found = (usize::from(first.run + then.run), first.len + then.len);
                    assert_eq!(found, (run, code.len), "black {black} run {run}");
                }
            }
        }
    }

    #[test]
    fn no_code_begins_with_eight_zeros() {
        for black in [true, false] {
            assert!((0..32).all(|bits: u64| Codes::of(black).find(bits << 51).len == 0));
        }
    }

    #[test]
    fn every_mode_is_found_again_whatever_follows() {
        for (mode, code) in MODES {
            assert_eq!(mode.code(), code, "{mode:?}");
            let head = u64::from(code.bits) << (64 - code.len);
            for window in [head, head | (u64::MAX >> code.len)] {
                assert_eq!(mode_at(window), Some((mode, code.len)), "{window:b}");
            }
        }
        assert_eq!(mode_at(1 << 56), None, "seven zeros begin an EOL only");
    }
}
