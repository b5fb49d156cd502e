//! Reading and writing.

use proptest::prelude::*;

use super::*;

/// RFC 2879 §4.1, for a simple mode Internet fax.
pub(super) const SIMPLE: &str = r"(& (image-file-structure=TIFF-minimal)
         (MRC-mode=0)
         (color=Binary)
         (image-coding=MH) (MRC-mode=0)
         (| (& (dpi=204) (dpi-xyratio=[204/98,204/196]) )
            (& (dpi=200) (dpi-xyratio=[200/100,1]) ) )
         (size-x<=2150/254)
         (paper-size=A4)
         (ua-media=stationery) )";

fn fault(text: &str) -> (usize, &'static str) {
    let error = Filter::parse(text).unwrap_err();
    (error.at, error.reason)
}

#[test]
fn white_space_means_nothing() {
    let tight = SIMPLE.split_ascii_whitespace().collect::<String>();
    assert_eq!(filter(SIMPLE), filter(&tight));
    let wide = tight.replace('(', "\r\n ( \t").replace(')', " )").replace('=', " = ").replace("< =", " <=");
    let wide = wide.replace('/', " / ").replace(',', " , ").replace('[', " [ ").replace(']', " ] ");
    assert_eq!(filter(SIMPLE), filter(&wide));
}

#[test]
fn a_filter_is_written_so_that_it_can_be_folded() {
    let written = filter(SIMPLE).to_string();
    assert_eq!(
        written,
        "(& (image-file-structure=TIFF-minimal) (MRC-mode=0) (color=Binary) (image-coding=MH) (MRC-mode=0) \
         (| (& (dpi=204) (dpi-xyratio=[204/98,204/196])) (& (dpi=200) (dpi-xyratio=[200/100,1]))) \
         (size-x<=2150/254) (paper-size=A4) (ua-media=stationery))"
    );
    let long = format!("(a=[{}])", (0..200).map(|word| format!("w{word}")).collect::<Vec<_>>().join(","));
    let widest = filter(&long).to_string().split(' ').map(str::len).max();
    assert!(widest < Some(20));
}

#[test]
fn what_is_written_reads_alike() {
    for text in [
        SIMPLE,
        r#"(& (type="image/tiff") (color-subsampling=["1:1:1","4:1:1"]))"#,
        "(! (x=[1,2..5/2,word,-7/3..+8]))",
        "(| (a<=1);q=0.25 (b>=1) ;q=0 (c=TRUE);q=1.000 ;ext-a=b;odd=\"x y\";t=1.5);q=0.",
        "(u.http://x.example/%41:b.c-d=\"\")",
    ] {
        let read = filter(text);
        assert_eq!(filter(&read.to_string()), read, "{text}");
    }
}

#[test]
fn numbers_are_equal_by_what_they_are_worth() {
    // RFC 2533 §4.2.4.2.
    for texts in [["3/2", "+15/10"], ["3/2", "600/400"], ["+5", "+50/10"], ["-2", "-4/2"]] {
        let [one, other] = texts.map(|text| filter(&format!("(a={text})")));
        assert_eq!(one, other, "{texts:?}");
    }
    assert_ne!(filter("(a=204/98)"), filter("(a=2)"));
    assert_eq!(filter("(a=+204/98)").to_string(), "(a=204/98)", "a number is written as it came");
}

#[test]
fn words_are_equal_in_any_case_and_dress() {
    for (one, other) in [("A4", "a4"), ("A4", "\"A4\""), ("TRUE", "true"), ("image-x", "Image-X")] {
        assert_eq!(filter(&format!("(Tag={one})")), filter(&format!("(TAG={other})")));
    }
}

#[test]
fn each_kind_of_entry_of_a_set_is_read() {
    let Test::OneOf(_, entries) = filter("( width=[3,4,6..17/2] )").test else { panic!("RFC 2533 §4.2.5") };
    let half = Value::Number(Number::new(17, 2).unwrap());
    assert_eq!(
        entries,
        [Entry::Value(3.into()), Entry::Value(4.into()), Entry::Range(6.into(), half)],
        "as RFC 2738 §2 corrects it"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        ("", 0, "a filter starts with ("),
        ("  x", 2, "a filter starts with ("),
        ("()", 1, "a tag, or one of & | ! is missing"),
        ("(&)", 2, "a filter starts with ("),
        ("(! (a=1) (b=2))", 9, "a filter ends with )"),
        ("(a=1", 4, "a filter ends with )"),
        ("(a=1) (b=2)", 6, "something follows the filter"),
        ("(color-space-CIELAB)", 19, "=, <= or >= is missing; named predicates are not understood"),
        ("(Res Res-x Res-y)", 5, "=, <= or >= is missing; named predicates are not understood"),
        ("(a=1) where (Res x) :- (x=1) end", 6, "auxiliary predicates are not understood"),
        ("(a<1)", 3, "< and > are followed by ="),
        ("(a=)", 3, "a value is missing"),
        ("(a=3/+2)", 5, "a digit is missing"),
        ("(a=15/-10)", 6, "a digit is missing"),
        ("(a=1/0)", 6, "a number is divided by nothing"),
        ("(a=1000000000000000000)", 22, "a number has more digits than are read"),
        ("(a=72dpi)", 5, "a number has no unit here"),
        ("(a=1.5)", 4, "a filter ends with )"),
        ("(a=[])", 4, "a value is missing"),
        ("(a=[1.5])", 5, "a range has two dots"),
        ("(a=[1..])", 7, "a value is missing"),
        ("(a=[1,2)", 7, "a set ends with ]"),
        ("(a=\"b)", 6, "a string holds printable ASCII and ends with a quote"),
        ("(a=\"\u{fc}\")", 4, "a string holds printable ASCII and ends with a quote"),
        ("(a=1);q", 7, "a parameter has a value behind ="),
        ("(a=1);=1", 6, "a parameter has a name"),
        ("(a=1);q=0.1;Q=0.2", 17, "a filter has one quality"),
    ];
    for (text, at, reason) in cases {
        assert_eq!(fault(text), (at, reason), "{text}");
    }
}

#[test]
fn a_quality_has_three_decimals() {
    for (text, written) in [("0", "0"), ("0.", "0"), ("0.9", "0.9"), ("0.125", "0.125"), ("1.000", "1")] {
        assert_eq!(filter(&format!("(a=1);q={text}")).to_string(), format!("(a=1);q={written}"));
    }
    for garbage in ["", "2", "1.001", "0.1234", "0.1.2", ".5", "-1", "0,5", "00", "high"] {
        let reason = fault(&format!("(a=1);q={garbage}")).1;
        let expected = ["a quality is 0 to 1, with up to three decimals", "something follows the filter"];
        assert!(expected.contains(&reason), "{garbage}: {reason}");
    }
}

#[test]
fn a_bomb_is_refused_at_its_limit() {
    let longest = format!("(a=1){}", " ".repeat(MAX_OCTETS - 5));
    assert!(Filter::parse(&longest).is_ok());
    assert_eq!(fault(&format!("{longest} ")), (MAX_OCTETS, "the filter is longer than is read"));
    assert_eq!(fault(&"(& (a=1)".repeat(13_000)).1, "the filter is longer than is read");

    let nested = |depth: usize| format!("{}(a=1){}", "(! ".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert_eq!(
        fault(&nested(MAX_DEPTH)),
        (3 * MAX_DEPTH + 1, "filters stand in filters deeper than is read")
    );
    assert_eq!(fault(&nested(1000)), (3 * MAX_DEPTH + 1, "filters stand in filters deeper than is read"));

    let set = |entries: usize| format!("(a=[{}1])", "1,".repeat(entries - 1));
    assert!(Filter::parse(&set(MAX_TERMS - 1)).is_ok());
    assert_eq!(fault(&set(MAX_TERMS)).1, "the filter has more terms than are read");
    let list = |terms: usize| format!("(&{})", "(a=1)".repeat(terms));
    assert!(Filter::parse(&list(MAX_TERMS - 1)).is_ok());
    assert_eq!(fault(&list(MAX_TERMS)).1, "the filter has more terms than are read");
    assert_eq!(fault(&format!("(a=1){}", ";x=y".repeat(600))).1, "the filter has more terms than are read");

    let word = |length: usize| format!("({0}=\"{0}\")", "a".repeat(length));
    assert!(Filter::parse(&word(MAX_WORD)).is_ok());
    assert_eq!(fault(&word(MAX_WORD + 1)).1, "a word is longer than is read");
}

#[test]
fn the_registered_words_are_words() {
    // What the program names itself is not checked when it runs.
    for text in registered::TAGS {
        assert!(Tag::new(text).is_some() && text != text.to_ascii_lowercase(), "{text}");
    }
    for text in registered::WORDS {
        assert!(Word::new(text).is_some() && text != text.to_ascii_lowercase(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_inside_of_it(text in "[(&|!)a=<>\\[\\],.0-9/;q\" é-]{0,60}") {
        match Filter::parse(&text) {
            Ok(read) => prop_assert_eq!(filter(&read.to_string()), read),
            Err(error) => prop_assert!(error.at <= text.len()),
        }
    }

    #[test]
    fn any_filter_reads_back(read in super::any_filter()) {
        prop_assert_eq!(filter(&read.to_string()), read);
    }
}
