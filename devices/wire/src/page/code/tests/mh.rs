//! MH: rows coded by themselves.

use super::*;

const MSB: Layout = Layout { coding: Coding::Mh, fill_order: FillOrder::MsbFirst, eol: Eol::Plain };

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
        assert_eq!(encode(&page(rows([runs])), MSB), coded, "{runs:?}");
        assert_eq!(decode(&coded, runs.iter().sum(), Some(1), MSB), Ok(rows([runs])), "{runs:?}");
    }
}

#[test]
fn fax_puts_the_first_bit_lowest() {
    let page = page(rows([&[1, 2, 3]]));
    let reversed: Vec<u8> = encode(&page, MSB).iter().map(|byte| byte.reverse_bits()).collect();
    assert_eq!(encode(&page, Layout::fax(Coding::Mh)), reversed);
}

#[test]
fn aligned_eols_end_on_byte_boundaries() {
    let bitmap = Bitmap::white(1728, 2);
    let aligned = Layout { eol: Eol::ByteAligned, ..MSB };
    let coded = encode(&page(bitmap.clone()), aligned);
    assert_eq!(coded, bytes("0000000000000001 01001101 10011010 1 0000000 00000001 01001101 10011010 1"));
    let (read, seen) = decode_noting(&coded, 1728, Some(2), aligned).unwrap();
    assert_eq!((read, seen), (bitmap, Seen { eols_aligned: true, fill: true, end_code: false }));
}

#[test]
fn an_rtc_after_the_last_row_is_read_over() {
    let coded = bytes(&format!("{EOL_BITS}000111 11 1000{}", EOL_BITS.repeat(6)));
    for known in [None, Some(1)] {
        let (read, seen) = decode_noting(&coded, 6, known, MSB).unwrap();
        assert_eq!((read, seen.end_code), (rows([&[1, 2, 3]]), true));
    }
}

#[test]
fn each_damage_is_named() {
    let long_row = format!("{EOL_BITS}000111 11 1000");
    let damaged = [
        ("000111 11 1000".to_owned(), 6, 0, 0, Fault::NoEol),
        (format!("{EOL_BITS}000111 11 10000"), 5, 0, 24, Fault::TooLong { painted: 6 }),
        (format!("{long_row}{EOL_BITS}"), 7, 0, 24, Fault::TooShort { painted: 6 }),
        (format!("{EOL_BITS}000111 000000001"), 6, 0, 18, Fault::NoCode { black: true, painted: 1 }),
        (long_row.clone(), 6, 1, 24, Fault::Ends),
        (format!("{long_row}000111"), 6, 1, 27, Fault::Trailing),
    ];
    for (bits, width, row, bit, fault) in damaged {
        let rows = if fault == Fault::Trailing { 1 } else { 2 };
        let error = decode(&bytes(&bits), width, Some(rows), MSB).unwrap_err();
        assert_eq!(error, CodeError { row, bit, fault }, "{bits}");
    }
}

#[test]
fn a_code_cut_off_by_the_end_is_not_completed_with_zeros() {
    let coded = bytes(&format!("{EOL_BITS}{}", "1011 011 1011 011 1011 00"));
    assert_eq!(coded.len(), 4);
    let error = decode(&coded[..3], 18, Some(1), MSB).unwrap_err();
    assert_eq!(error.fault, Fault::Ends);
}
