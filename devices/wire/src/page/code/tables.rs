//! The codes of T.4, laid out for writing and for reading: those of run lengths (its tables 2, 3a and
//! 3b) and those that tell how a row differs from the one above (its table 4).
//!
//! A run is written as make-up codes (multiples of 64 dots) and one terminating code (0 to 63).

use std::sync::LazyLock;

use fax::maps;

/// The longest run that one make-up code writes, in dots.
pub(super) const LONGEST_MAKE_UP: u32 = 2560;

/// The longest code, in bits.
const LONGEST_CODE: u32 = 13;

/// The codes of one colour.
pub(super) struct Codes {
    /// By run length: 0 to 63, then 64, 128, ... 2560.
    write: Vec<Code>,
    /// By the next 13 bits of the line.
    read: Vec<Entry>,
}

/// A code as it goes on the line, first bit in the highest of its `len` bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u16,
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

    /// The terminating code of a run below 64 dots.
    pub(super) fn terminating(&self, run: u32) -> Code {
        self.write.get(run as usize).copied().unwrap_or_default()
    }

    /// The make-up code of a multiple of 64 dots, up to [`LONGEST_MAKE_UP`].
    pub(super) fn make_up(&self, run: u32) -> Code {
        self.write.get(63 + run as usize / 64).copied().unwrap_or_default()
    }

    /// The code at the head of `window`, whose first bit is the highest.
    pub(super) fn find(&self, window: u64) -> Entry {
        self.read.get((window >> (64 - LONGEST_CODE)) as usize).copied().unwrap_or_default()
    }

    fn laid_out(code_of: impl Fn(u16) -> Option<fax::Bits>) -> Self {
        let runs = (0..64).chain((64..=LONGEST_MAKE_UP as u16).step_by(64));
        let mut codes = Self { write: Vec::new(), read: vec![Entry::default(); 1 << LONGEST_CODE] };
        for run in runs {
            let Some(fax::Bits { data: bits, len }) = code_of(run) else { continue };
            codes.write.push(Code { bits, len });
            let free = LONGEST_CODE - u32::from(len);
            let from = usize::from(bits) << free;
            codes.read[from..from + (1 << free)].fill(Entry { run, len });
        }
        codes
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
    use super::*;

    #[test]
    fn both_colours_have_all_104_codes() {
        assert_eq!([true, false].map(|black| Codes::of(black).write.len()), [104, 104]);
    }

    #[test]
    fn every_code_is_found_again_whatever_follows() {
        for black in [true, false] {
            let codes = Codes::of(black);
            for (index, code) in codes.write.iter().enumerate() {
                let run = if index < 64 { index } else { (index - 63) * 64 };
                let head = u64::from(code.bits) << (64 - code.len);
                for window in [head, head | (u64::MAX >> code.len)] {
                    let entry = codes.find(window);
                    assert_eq!(
                        (usize::from(entry.run), entry.len),
                        (run, code.len),
                        "black {black} run {run}"
                    );
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
