//! MR and MMR: rows coded by their difference to the one above.

use super::*;

const PASS: &str = "0001";
const HORIZONTAL: &str = "001";

/// The code of one row below another in MMR, without what stands before and behind it.
fn below(above: &[u32], row: &[u32]) -> String {
    let bits = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:08b}")).collect::<String>();
    let one = bits(encode(&page(rows([above])), msb(Coding::Mmr)));
    let both = bits(encode(&page(rows([above, row])), msb(Coding::Mmr)));
    let end = EOL_BITS.repeat(2);
    let (one, _) = one.rsplit_once(&end).unwrap();
    both.strip_prefix(one).unwrap().rsplit_once(&end).unwrap().0.to_owned()
}

#[test]
fn each_mode_has_the_code_of_t4() {
    let known: [(&[u32], &[u32], String); 12] = [
        (&[9, 5, 6], &[9, 5, 6], "1 1 1".into()),
        (&[9, 5, 6], &[10, 3, 7], "011 010 1".into()),
        (&[9, 5, 6], &[11, 1, 8], "000011 000010 1".into()),
        (&[9, 5, 6], &[12, 5, 3], "0000011 0000011 1".into()),
        (&[9, 5, 6], &[6, 5, 9], "0000010 0000010 1".into()),
        (&[9, 5, 6], &[20], format!("{PASS} 1")),
        (&[9, 5, 6], &[3, 2, 15], format!("{HORIZONTAL} 1000 11 {PASS} 1")),
        (&[20], &[0, 20], format!("{HORIZONTAL} 00110101 00001101000")),
        (&[0, 20], &[0, 20], "1 1".into()),
        (&[0, 20], &[1, 19], "011 1".into()),
        (&[20], &[17, 3], "0000010 1".into()),
        (&[1, 1, 1, 1, 16], &[3, 1, 16], format!("{PASS} 1 1 1")),
    ];
    for (above, row, code) in known {
        assert_eq!(below(above, row), code.replace(' ', ""), "{above:?} {row:?}");
    }
}

#[test]
fn mmr_ends_with_its_eofb_and_what_follows_does_not_count() {
    let bitmap = rows([&[1, 2, 3]]);
    let coded = encode(&page(bitmap.clone()), msb(Coding::Mmr));
    let row = format!("{HORIZONTAL} 000111 11 1");
    assert_eq!(coded, bytes(&format!("{row}{}", EOL_BITS.repeat(2))));
    for known in [None, Some(1)] {
        let (read, seen) =
            decode_noting(&[&coded[..], b"more"].concat(), 6, known, msb(Coding::Mmr)).unwrap();
        assert_eq!((read, seen.end_code), (bitmap.clone(), true));
        let (read, seen) = decode_noting(&bytes(&row), 6, known, msb(Coding::Mmr)).unwrap();
        assert_eq!((read, seen.end_code), (bitmap.clone(), false), "an EOFB that is not there");
    }
}

#[test]
fn mr_codes_every_second_row_of_standard_and_every_fourth_of_finer_pages_by_itself() {
    for (resolution, by_itself) in [(Resolution::Standard, "10101"), (Resolution::Fine, "10001")] {
        let page = Page { bitmap: Bitmap::white(1728, 5), resolution };
        let rows: String = by_itself
            .chars()
            .map(|tag| format!("{EOL_BITS}{tag}{}", if tag == '1' { "01001101100110101" } else { "1" }))
            .collect();
        assert_eq!(encode(&page, msb(Coding::Mr)), bytes(&rows), "{resolution:?}");
    }
}

#[test]
fn aligned_eols_of_mr_end_with_their_tag() {
    let page = page(Bitmap::white(1728, 3));
    let aligned = Layout { eol: Eol::ByteAligned, ..msb(Coding::Mr) };
    let coded = encode(&page, aligned);
    assert_eq!(coded[..2], bytes("0000000000000011"));
    let (read, seen) = decode_noting(&coded, 1728, Some(3), aligned).unwrap();
    assert_eq!((read, seen), (page.bitmap, Seen { eols_aligned: true, fill: true, end_code: false }));
}

#[test]
fn an_rtc_of_mr_is_read_over_whatever_its_tags() {
    for tag in ["1", "0"] {
        let end = format!("{EOL_BITS}{tag}").repeat(6);
        let coded = bytes(&format!("{EOL_BITS}1 000111 11 1000 {EOL_BITS}0 111 {end}"));
        let (read, seen) = decode_noting(&coded, 6, Some(2), msb(Coding::Mr)).unwrap();
        assert_eq!((read, seen.end_code), (rows([&[1, 2, 3], &[1, 2, 3]]), true));
    }
    let coded = bytes(&format!("{EOL_BITS}1 000111 11 1000 {}", format!("{EOL_BITS}1").repeat(6)));
    assert_eq!(decode(&coded, 6, None, msb(Coding::Mr)), Ok(rows([&[1, 2, 3]])));
}

#[test]
fn runs_without_dots_part_nothing() {
    // White 2, black 0, white 4: a white row. The next one takes it for that.
    let coded =
        bytes(&format!("{HORIZONTAL} 0111 0000110111 {HORIZONTAL} 1011 0000110111 1 {}", EOL_BITS.repeat(2)));
    assert_eq!(decode(&coded, 6, Some(2), msb(Coding::Mmr)), Ok(Bitmap::white(6, 2)));
}

#[test]
fn each_damage_is_named() {
    let first = format!("{HORIZONTAL} 000111 11 1");
    let damaged = [
        ("0000001111".to_owned(), 0, 7, Fault::Uncompressed { painted: 0 }),
        (format!("{first} 1 000000001"), 1, 13, Fault::NoMode { painted: 1 }),
        (format!("{first} 1 0000010 0"), 1, 20, Fault::Backwards { painted: 1 }),
        ("0000011 111".to_owned(), 0, 7, Fault::TooLong { painted: 9 }),
        (format!("{HORIZONTAL} 0111 000100"), 0, 13, Fault::TooLong { painted: 11 }),
        (format!("{first} 1 {EOL_BITS}"), 1, 13, Fault::TooShort { painted: 1 }),
        (format!("{first} 1"), 1, 13, Fault::Ends),
        (format!("{first} 11 1 1 1"), 2, 15, Fault::Trailing),
    ];
    for (bits, row, bit, fault) in damaged {
        let error = decode(&bytes(&bits), 6, Some(2), msb(Coding::Mmr)).unwrap_err();
        assert_eq!(error, CodeError { row, bit, fault }, "{bits}");
    }
}
