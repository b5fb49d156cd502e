mod mh;
mod two_dimensional;

use proptest::prelude::*;

use super::*;
use crate::page::{Bitmap, MAX_ROWS, MAX_WIDTH, Paper};

const EOL_BITS: &str = "000000000001";

/// Highest bit first, where nothing else is said.
fn msb(coding: Coding) -> Layout {
    Layout { coding, ..Layout::default() }
}

/// Bits as a string of 0 and 1 (spaces ignored), as bytes with the first bit highest.
fn bytes(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().filter(|b| *b != b' ').map(|b| b - b'0').collect();
    bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0, |sum, (i, bit)| sum | bit << (7 - i))).collect()
}

/// A page of standard resolution.
fn page(bitmap: Bitmap) -> Page {
    Page { bitmap, resolution: Resolution::Standard }
}

/// Rows of runs, white first.
fn rows<const N: usize>(rows: [&[u32]; N]) -> Bitmap {
    let colour_at = |runs: &[u32], x: u32| {
        let mut end = 0;
        runs.iter().take_while(|run| (end + **run <= x).then(|| end += **run).is_some()).count() % 2 == 1
    };
    Bitmap::from_fn(rows[0].iter().sum(), N as u32, |x, y| colour_at(rows[y as usize], x))
}

/// A reproducible stream of numbers (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    /// Up to eight rows of what pages are made of: blank paper, strokes that go on from the row
    /// above with a little shift, the same row again, noise.
    fn page(&mut self, width: u32) -> Page {
        let stride = width.div_ceil(8) as usize;
        let height = 1 + self.below(8);
        let mut packed: Vec<u8> = Vec::new();
        for _ in 0..height {
            let above = packed.len().checked_sub(stride).map(|at| packed[at..].to_vec());
            let above = above.unwrap_or_else(|| vec![0; stride]);
            match self.below(5) {
                0 => packed.resize(packed.len() + stride, [0, 0xFF][self.below(2) as usize]),
                1 => packed.extend((0..stride).map(|_| self.next() as u8)),
                2 => packed.extend(&above),
                3 => packed.extend(above.iter().map(|byte| byte >> 1 | byte << 2)),
                _ => packed.extend((0..stride).map(|at| if at % 9 == 0 { self.next() as u8 } else { 0 })),
            }
        }
        let resolution = Resolution::ALL[self.below(5) as usize];
        Page { bitmap: Bitmap::new(width, height, packed).unwrap(), resolution }
    }
}

/// The nine widths of fax, and some that no fax has.
fn widths() -> Vec<u32> {
    let fax = [Resolution::Fine, Resolution::Dpi300, Resolution::Dpi400]
        .map(|resolution| Paper::ALL.map(|paper| paper.width(resolution)));
    fax.concat().into_iter().chain([1, 7, 8, 9, 61, 1729]).collect()
}

#[test]
fn five_hundred_pages_of_every_width_come_back_in_every_layout() {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for width in widths() {
        for _ in 0..500 {
            let page = noise.page(width);
            let fill_order = [FillOrder::MsbFirst, FillOrder::LsbFirst][noise.below(2) as usize];
            let eol = [Eol::Plain, Eol::ByteAligned, Eol::Absent][noise.below(3) as usize];
            for coding in Coding::ALL {
                let layout = Layout { coding, fill_order, eol };
                let code = encode(&page, layout);
                let rows = (noise.below(2) == 0).then_some(page.bitmap.height);
                assert_eq!(decode(&code, width, rows, layout), Ok(page.bitmap.clone()), "{layout:?}");
            }
        }
    }
}

#[test]
fn flipped_bits_never_panic_and_seldom_pass() {
    let mut noise = Noise(42);
    for coding in Coding::ALL {
        let layout = Layout::fax(coding);
        let (mut same, mut other, mut refused) = (0, 0, 0);
        for _ in 0..300 {
            let page = noise.page(1728);
            let mut code = encode(&page, layout);
            let at = noise.below(code.len() as u32 * 8);
            code[at as usize / 8] ^= 1 << (at % 8);
            match decode(&code, 1728, Some(page.bitmap.height), layout) {
                Ok(read) if read == page.bitmap => same += 1,
                Ok(_) => other += 1,
                Err(error) => {
                    assert!(error.row <= page.bitmap.height && error.bit <= code.len() as u64 * 8 + 16);
                    refused += 1;
                }
            }
        }
        assert!(refused > 5 * (same + other), "{coding:?}: {same} same, {other} other, {refused} refused");
    }
}

#[test]
fn sizes_are_bounded_before_memory_is_taken() {
    for coding in Coding::ALL {
        let endless = encode(&page(Bitmap::white(8, MAX_ROWS + 1)), Layout::fax(coding));
        for (width, rows) in [(MAX_WIDTH + 1, Some(1)), (u32::MAX, None), (8, Some(u32::MAX)), (8, None)] {
            let error = decode(&endless, width, rows, Layout::fax(coding)).unwrap_err();
            assert_eq!(error.fault, Fault::TooLarge, "{width} x {rows:?}");
        }
    }
}

fn any_layout() -> impl Strategy<Value = Layout> {
    let orders = prop_oneof![Just(FillOrder::MsbFirst), Just(FillOrder::LsbFirst)];
    let eols = prop_oneof![Just(Eol::Plain), Just(Eol::ByteAligned), Just(Eol::Absent)];
    let codings = prop::sample::select(Coding::ALL.to_vec());
    (codings, orders, eols).prop_map(|(coding, fill_order, eol)| Layout { coding, fill_order, eol })
}

proptest! {
    #[test]
    fn every_page_is_read_back(
        width in 1u32..300,
        noise in prop::collection::vec(any::<u8>(), 0..400),
        layout in any_layout(),
    ) {
        let stride = width.div_ceil(8) as usize;
        let height = (noise.len() / stride) as u32;
        let bitmap = Bitmap::new(width, height, noise[..height as usize * stride].to_vec()).unwrap();
        let code = encode(&page(bitmap.clone()), layout);
        prop_assert_eq!(decode(&code, width, Some(height), layout), Ok(bitmap));
    }

    #[test]
    fn long_runs_are_read_back(runs in prop::collection::vec(1u32..4000, 1..6), layout in any_layout()) {
        let fitting = if runs.iter().sum::<u32>() <= MAX_WIDTH { &runs[..] } else { &runs[..1] };
        let bitmap = rows([fitting]);
        let code = encode(&page(bitmap.clone()), layout);
        prop_assert_eq!(decode(&code, bitmap.width, Some(1), layout), Ok(bitmap));
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200), width in 0u32..6000, layout in any_layout()) {
        let _ = decode(&noise, width, None, layout);
        let _ = decode(&noise, width, Some(3), layout);
    }
}
