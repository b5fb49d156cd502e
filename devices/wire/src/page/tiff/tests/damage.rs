//! Files damaged on their way: nothing goes unnoticed, nothing panics.

use super::super::*;
use super::*;
use crate::page::{Chart, chart};

/// A reproducible stream of numbers (xorshift).
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn every_flipped_bit_of_a_strip_is_noticed() {
    let pages = [chart(Chart { height: 32, ..Chart::default() })];
    let file = write(&pages).to_vec();
    let (mut refused, mut different) = (0, 0);
    // A zero may follow the strip so that the file has an even length; it belongs to no page.
    let strip_len = encode(&pages[0], Layout::fax(Coding::Mh)).len();
    for bit in 222 * 8..(222 + strip_len) * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match read(&flipped) {
            Err(TiffError::Coding { page: 1, strip: 0, .. }) => refused += 1,
            Ok(read) if read != pages => different += 1,
            other => panic!("bit {bit}: {other:?}"),
        }
    }
    assert_eq!((refused, different), (9591, 1), "one flip makes another valid row; none makes the same page");
}

#[test]
fn mutations_of_a_file_never_panic() {
    let seeds = [
        write(&[small_page(), small_page()]).to_vec(),
        RawTiff { big_endian: true, ..RawTiff::mh(&small_page()) }.build(),
        RawTiff::coded(&small_page(), 4, vec![small_page().bitmap.data().to_vec()]).build(),
    ];
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    let (mut read_ok, mut refused) = (0u32, 0u32);
    for round in 0..200_000 {
        let mut file = seeds[round % seeds.len()].clone();
        for _ in 0..=noise.below(4) {
            let at = noise.below(file.len());
            match noise.below(4) {
                0 => file[at] ^= 1 << noise.below(8),
                1 => file[at] = [0, 1, 0x7F, 0x80, 0xFF][noise.below(5)],
                2 => file.truncate(at.max(8)),
                _ => file[at] = noise.below(256) as u8,
            }
        }
        match read(&file) {
            Ok(_) => read_ok += 1,
            Err(_) => refused += 1,
        }
        if round % 8 == 0 {
            let _ = is_profile_s(&file);
        }
    }
    assert!(read_ok > 1000 && refused > 1000, "{read_ok} read, {refused} refused: one side is not tested");
}
