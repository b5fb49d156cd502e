use proptest::prelude::*;

use super::*;
use crate::page::{MAX_ROWS, MAX_WIDTH};

const MSB: Form = Form { fill_order: FillOrder::MsbFirst, eol: Eol::Plain };
const EOL_BITS: &str = "000000000001";

/// Bits as a string of 0 and 1 (spaces ignored), as bytes with the first bit highest.
fn bytes(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().filter(|b| *b != b' ').map(|b| b - b'0').collect();
    bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0, |sum, (i, bit)| sum | bit << (7 - i))).collect()
}

/// A row of runs, white first.
fn row(runs: &[u32]) -> Bitmap {
    let width = runs.iter().sum();
    let colour_at = |x: u32| {
        let mut end = 0;
        runs.iter().take_while(|run| (end + **run <= x).then(|| end += **run).is_some()).count() % 2 == 1
    };
    Bitmap::from_fn(width, 1, |x, _| colour_at(x))
}

#[test]
fn known_rows_have_the_codes_of_t4() {
    let known: [(&[u32], &str); 7] = [
        (&[1728], "010011011 00110101"),
        (&[0, 1728], "00110101 0000001100101 0000110111"),
        (&[1, 2, 3], "000111 11 1000"),
        (&[63, 63], "00110100 000001100111"),
        (&[64, 64], "11011 00110101 0000001111 0000110111"),
        (&[2560], "000000011111 00110101"),
        (&[4864], "000000011111 000000010111 00110101"),
    ];
    for (runs, code) in known {
        let coded = bytes(&format!("{EOL_BITS}{code}"));
        assert_eq!(encode_in(&row(runs), MSB), coded, "{runs:?}");
        assert_eq!(decode(&coded, runs.iter().sum(), Some(1), MSB), Ok(row(runs)), "{runs:?}");
    }
}

#[test]
fn profile_s_puts_the_first_bit_lowest() {
    let msb = encode_in(&row(&[1, 2, 3]), MSB);
    let reversed: Vec<u8> = msb.iter().map(|byte| byte.reverse_bits()).collect();
    assert_eq!(encode(&row(&[1, 2, 3])), reversed);
}

#[test]
fn aligned_eols_end_on_byte_boundaries() {
    let page = Bitmap::white(1728, 2);
    let aligned = Form { eol: Eol::ByteAligned, ..MSB };
    let coded = encode_in(&page, aligned);
    assert_eq!(coded, bytes("0000000000000001 01001101 10011010 1 0000000 00000001 01001101 10011010 1"));
    let (read, seen) = decode_noting(&coded, 1728, Some(2), aligned).unwrap();
    assert_eq!((read, seen), (page, Seen { eols_aligned: true, fill: true, rtc: false }));
}

#[test]
fn an_rtc_after_the_last_row_is_read_over() {
    let coded = bytes(&format!("{EOL_BITS}000111 11 1000{}", EOL_BITS.repeat(6)));
    for rows in [None, Some(1)] {
        let (read, seen) = decode_noting(&coded, 6, rows, MSB).unwrap();
        assert_eq!((read, seen.rtc), (row(&[1, 2, 3]), true));
    }
}

#[test]
fn without_rows_the_end_of_the_data_ends_the_page() {
    let page = Bitmap::from_fn(50, 9, |x, y| (x + y) % 3 == 0);
    assert_eq!(decode(&encode(&page), 50, None, Form::PROFILE_S), Ok(page));
}

#[test]
fn each_damage_is_named() {
    let long_row = format!("{EOL_BITS}000111 11 1000");
    let damaged = [
        ("000111 11 1000".to_owned(), 6, 0, MhFault::NoEol),
        (format!("{EOL_BITS}000111 11 10000"), 5, 0, MhFault::TooLong { painted: 6 }),
        (format!("{long_row}{EOL_BITS}"), 7, 0, MhFault::TooShort { painted: 6 }),
        (format!("{EOL_BITS}000111 000000001"), 6, 0, MhFault::NoCode { black: true, painted: 1 }),
        (long_row.clone(), 6, 1, MhFault::Ends),
        (format!("{long_row}000111"), 6, 1, MhFault::Trailing),
    ];
    for (bits, width, line, fault) in damaged {
        let rows = if fault == MhFault::Trailing { 1 } else { 2 };
        let error = decode(&bytes(&bits), width, Some(rows), MSB).unwrap_err();
        assert_eq!((error.line, error.fault), (line, fault), "{bits}");
    }
}

#[test]
fn a_code_cut_off_by_the_end_is_not_completed_with_zeros() {
    let coded = bytes(&format!("{EOL_BITS}{}", "1011 011 1011 011 1011 00"));
    assert_eq!(coded.len(), 4);
    let error = decode(&coded[..3], 18, Some(1), MSB).unwrap_err();
    assert_eq!(error.fault, MhFault::Ends);
}

#[test]
fn sizes_are_bounded_before_memory_is_taken() {
    let endless = encode(&Bitmap::white(8, MAX_ROWS + 1));
    for (width, rows) in [(MAX_WIDTH + 1, Some(1)), (u32::MAX, None), (8, Some(u32::MAX)), (8, None)] {
        let error = decode(&endless, width, rows, Form::PROFILE_S).unwrap_err();
        assert_eq!(error.fault, MhFault::TooLarge, "{width} x {rows:?}");
    }
}

fn any_form() -> impl Strategy<Value = Form> {
    let orders = prop_oneof![Just(FillOrder::MsbFirst), Just(FillOrder::LsbFirst)];
    let eols = prop_oneof![Just(Eol::Plain), Just(Eol::ByteAligned), Just(Eol::Absent)];
    (orders, eols).prop_map(|(fill_order, eol)| Form { fill_order, eol })
}

proptest! {
    #[test]
    fn every_page_is_read_back(
        width in 1u32..300,
        noise in prop::collection::vec(any::<u8>(), 0..400),
        form in any_form(),
    ) {
        let stride = width.div_ceil(8) as usize;
        let height = noise.len() / stride;
        let page = Bitmap::new(width, height as u32, noise[..height * stride].to_vec()).unwrap();
        prop_assert_eq!(decode(&encode_in(&page, form), width, Some(height as u32), form), Ok(page));
    }

    #[test]
    fn long_runs_are_read_back(runs in prop::collection::vec(1u32..4000, 1..6), form in any_form()) {
        let fitting = if runs.iter().sum::<u32>() <= MAX_WIDTH { &runs[..] } else { &runs[..1] };
        let page = row(fitting);
        prop_assert_eq!(decode(&encode_in(&page, form), page.width, Some(1), form), Ok(page));
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200), width in 0u32..6000, form in any_form()) {
        let _ = decode(&noise, width, None, form);
        let _ = decode(&noise, width, Some(3), form);
    }
}
