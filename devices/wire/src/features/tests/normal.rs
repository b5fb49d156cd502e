//! What filters mean. The worked examples are those of RFC 2533 §5, §7 and RFC 2879 §4.7.

use proptest::prelude::*;

use super::*;

#[test]
fn set_expressions_are_comparisons() {
    // RFC 2533 §5.3.
    assert_eq!(normal("(t=[1,b,5..7])"), normal("(| (t=1) (t=b) (& (t>=5) (t<=7)))"));
    assert_eq!(normal("(t=[a])"), "(t=a)");
    assert_eq!(normal("(& (t>=1) (t<=17/2))"), "(t=[1..17/2])");
}

#[test]
fn negations_move_inwards() {
    // RFC 2533 §5.4.
    assert_eq!(normal("(! (& (a=1) (b=x)))"), normal("(| (! (a=1)) (! (b=x)))"));
    assert_eq!(normal("(! (| (a=1) (b=x)))"), "(& (! (a=1)) (! (b=x)))");
    assert_eq!(normal("(! (! (a=x)))"), "(a=x)");
}

#[test]
fn negated_comparisons_exclude_what_they_compare_with() {
    // RFC 2533 §5.5. What is not at most 5 is greater, or has no order.
    assert_eq!(normal("(& (! (a<=5)) (a<=6))"), "(& (a=[5..6]) (! (a=5)))");
    assert_eq!(normal("(& (! (a<=5)) (a=b))"), "(a=b)");
    assert_eq!(normal("(| (! (a<=5)) (! (a>=5)))"), "(! (a=5))");
    assert_eq!(normal("(& (! (a<=5)) (! (a>=5)))"), "(! (| (a<=0) (a>=0)))", "any word");
}

#[test]
fn conjunctions_are_distributed() {
    // RFC 2533 §5.6.
    let spread = normal("(| (& (a1=1) (b=1)) (& (a2=1) (b=1)))");
    assert_eq!(normal("(& (| (a1=1) (a2=1)) (b=1))"), spread);
    assert_eq!(normal("(& (& (a1=1) (a2=1)) (b=1))"), "(& (a1=1) (a2=1) (b=1))");
    assert_eq!(normal("(| (| (a1=1) (a2=1)) (b=1))"), normal("(| (a1=1) (a2=1) (b=1))"));
}

#[test]
fn ordered_values_are_merged() {
    // The rules of RFC 2533 §5.8.1, in their order; NL is a negated <=, NG a negated >=.
    let rules = [
        ("(f<=1)", "(f<=2)", "(f<=1)"),
        ("(f<=1)", "(f>=2)", "nothing"),
        ("(f<=2)", "(f>=2)", "(f=2)"),
        ("(f<=1)", "(! (f<=1))", "nothing"),
        ("(f<=1)", "(! (f>=2))", "(f<=1)"),
        ("(f<=2)", "(! (f>=2))", "(& (f<=2) (! (f=2)))"),
        ("(f>=2)", "(f>=1)", "(f>=2)"),
        ("(f>=2)", "(! (f<=1))", "(f>=2)"),
        ("(f>=2)", "(! (f<=2))", "(& (f>=2) (! (f=2)))"),
        ("(f>=2)", "(! (f>=2))", "nothing"),
        ("(! (f<=2))", "(! (f<=1))", "(! (f<=2))"),
        ("(& (f>=0) (! (f<=2)))", "(! (f>=2))", "nothing"),
        ("(! (f>=1))", "(! (f>=2))", "(! (f>=1))"),
    ];
    for (one, other, merged) in rules {
        assert_eq!(normal(&format!("(& {one} {other})")), merged, "{one} {other}");
    }
}

#[test]
fn unordered_values_are_merged() {
    // The rules of RFC 2533 §5.8.2; the second as RFC 2738 §3 corrects it.
    let rules = [
        ("(f<=a)", "(f<=a)", "(f=a)"),
        ("(f<=a)", "(f<=b)", "nothing"),
        ("(f<=a)", "(f>=a)", "(f=a)"),
        ("(f<=a)", "(f>=b)", "nothing"),
        ("(f<=a)", "(! (f<=b))", "(f=a)"),
        ("(f<=a)", "(! (f<=a))", "nothing"),
        ("(f>=a)", "(! (f>=b))", "(f=a)"),
        ("(! (f<=a))", "(! (f>=a))", "(! (f=a))"),
        ("(! (f<=a))", "(! (f<=b))", "(! (f=[a,b]))"),
    ];
    for (one, other, merged) in rules {
        assert_eq!(normal(&format!("(& {one} {other})")), merged, "{one} {other}");
    }
}

#[test]
fn the_worked_example_of_rfc_2533() {
    // §7.1: a receiver, and a document in three forms.
    let receiver = "(& (dpi=[200,300]) (grey=2) (color=0) (image-coding=[MH,MR]))";
    let document = "(| (& (dpi=300) (grey=2) (image-coding=MR)) (& (dpi=200) (grey=2) (image-coding=[MH,MMR])) \
                    (& (dpi=300) (color<=256) (image-coding=JPEG)))";
    let result = "(| (& (color=0) (image-coding=MH) (dpi=200) (grey=2)) \
                  (& (color=0) (image-coding=MR) (dpi=300) (grey=2)))";
    assert_eq!(normal(&format!("(& {receiver} {document})")), result);
    assert_eq!(filter(receiver).meets(&filter(document)), Ok(true));
}

#[test]
fn the_flawed_example_of_rfc_2533() {
    // §7.2: a feature has one value, so the alternative with the other stripe size can never be.
    let flawed = "(& (& (MRC-mode=1) (stripe-size=256)) \
                  (| (& (image-coding=JBIG-2-LEVEL) (stripe-size=128)) (image-coding=[MH,MR,MMR])))";
    assert_eq!(normal(flawed), "(& (image-coding=[MH,MMR,MR]) (MRC-mode=1) (stripe-size=256))");
    let meant = flawed.replace("stripe-size=256", "MRC-stripe-size=256");
    let meant = meant.replace("(stripe-size=128)", "(JBIG-stripe-size=128)");
    let result = "(| (& (image-coding=jbig-2-level) (MRC-mode=1) (JBIG-stripe-size=128) (mrc-stripe-size=256)) \
                  (& (image-coding=[MH,MMR,MR]) (MRC-mode=1) (mrc-stripe-size=256)))";
    assert_eq!(normal(&meant), result);
}

#[test]
fn the_worked_example_of_rfc_2879() {
    // §4.7, its "dpi-xyatio" put right.
    let receiver = "(& (| (& (dpi=200) (dpi-xyratio=200/100)) (& (dpi=200) (dpi-xyratio=1)) \
         (& (dpi=300) (dpi-xyratio=1)) (& (dpi=400) (dpi-xyratio=1))) (color=Binary) \
         (| (& (paper-size=A4) (ua-media=[stationery,transparency])) (& (paper-size=B4) (ua-media=continuous))) \
         (image-coding=[MH,MR,JBIG]))";
    let document = "(| (& (dpi=300) (dpi-xyratio=1) (color=Binary) (paper-size=A4) (image-coding=[MMR,JBIG])) \
         (& (dpi=200) (dpi-xyratio=200/100) (color=Binary) (paper-size=B4) (image-coding=[MH,MR])) \
         (& (dpi=300) (dpi-xyratio=1) (color=Mapped) (color-levels=42) (paper-size=A4) (image-coding=JPEG)))";
    let result = "(| (& (color=Binary) (image-coding=JBIG) (dpi=300) (dpi-xyratio=1) (paper-size=A4) \
         (ua-media=[stationery,transparency])) (& (color=Binary) (image-coding=[MH,MR]) (dpi=200) \
         (dpi-xyratio=2) (paper-size=B4) (ua-media=continuous)))";
    assert_eq!(normal(&format!("(& {receiver} {document})")), result);
    assert_eq!(normal(&format!("(& {document} {receiver})")), result);
}

#[test]
fn the_set_of_all_features_and_the_empty_one_have_no_condition() {
    assert_eq!(normal("(| (a=1) (! (a=1)))"), "everything");
    assert_eq!(normal("(& (a=1) (a=2))"), "nothing");
    assert_eq!(normal("(& (a=1) (| (b=x) (! (b=x))))"), "(a=1)", "a tag that decides nothing is gone");
}

#[test]
fn filters_of_the_same_meaning_are_the_same() {
    let same = [
        "(| (& (paper-size=A4) (image-coding=[MH,MR])) (& (paper-size=B4) (image-coding=[MH,MR])))",
        "(& (image-coding=[mr,\"mh\"]) (! (& (! (paper-size=B4)) (! (Paper-Size=a4)))))",
        "(| (& (image-coding=MH) (paper-size=[A4,B4])) (& (image-coding=MR) (paper-size=[B4,A4])))",
        "(& (paper-size=[A4,B4]) (image-coding=[MH,MR]) (| (x=1) (! (x=2/2))))",
    ];
    for text in same {
        assert_eq!(filter(text).normal(), filter(same[0]).normal(), "{text}");
        assert_eq!(normal(text), "(& (image-coding=[MH,MR]) (paper-size=[A4,B4]))");
    }
    assert_ne!(filter("(a=[1..2])").normal(), filter("(a=[1,2])").normal());
}

#[test]
fn only_alternatives_have_a_quality() {
    // RFC 2533 §4.1: inside of a condition it is not recognised.
    assert_eq!(normal("(& (a=1);q=0.1 (b=1))"), "(& (a=1) (b=1))");
    assert_eq!(normal("(| (a=1);q=0.5 (a=2))"), "(| (a=1);q=0.5 (a=2))");
    let overlapping = "(| (a=[1..2]);q=0.25 (a=1);q=0.5);q=0.7";
    assert_eq!(normal(overlapping), "(| (a=1);q=0.5 (& (a=[1..2]) (! (a=1)));q=0.25)");
    assert_eq!(normal("(| (a=1) (a=2);q=0.3);q=0.7"), "(| (a=1);q=0.7 (a=2);q=0.3)");
    assert_eq!(normal("(a=1);q=0"), "(a=1);q=0", "0 ranks last and is no refusal");
}

#[test]
fn one_set_of_features_is_tried() {
    let said = filter("(| (& (paper-size=A4) (dpi<=300));q=0.5 (& (paper-size=B4) (! (odd=x))))");
    let quality = |thousandths| Quality::new(thousandths);
    for (features, wanted) in [
        (vec![feature("paper-size", word("A4")), feature("dpi", 204)], quality(500)),
        (vec![feature("paper-size", word("A4")), feature("dpi", 400)], None),
        (vec![feature("PAPER-SIZE", word("b4")), feature("dpi", 400)], quality(1000)),
        (vec![feature("paper-size", word("B4")), feature("odd", word("x"))], None),
        (vec![feature("dpi", 400)], quality(1000)),
        (vec![], quality(1000)),
    ] {
        assert_eq!(said.accepts(&features), wanted, "{features:?}");
        assert_eq!(said.normal().unwrap().accepts(&features), wanted, "{features:?}");
    }
    let odd = filter("(& (odd=1) (odd=2))");
    assert_eq!(odd.normal().unwrap().accepts(&[]), None, "no value of a feature that is not given will do");
}

#[test]
fn two_filters_meet_or_not() {
    for (one, other, meet) in [
        ("(a<=5)", "(a>=5)", true),
        ("(a<=5)", "(& (a>=5) (! (a=5)))", false),
        ("(paper-size=A4)", "(image-coding=MH)", true),
        ("(paper-size=A4)", "(paper-size=a3)", false),
        ("(& (a=1) (a=2))", "(a=1)", false),
        ("(a=1);q=0", "(a=1)", true),
    ] {
        assert_eq!(filter(one).meets(&filter(other)), Ok(meet), "{one} {other}");
    }
}

#[test]
fn an_explosion_is_an_error() {
    // Each pair names the same value, told only at the end: the cases double with each pair.
    let pairs = |count: usize| {
        let pair = |n| format!("(| (& (a{n}=1) (z{n}=1)) (& (a{n}=2) (z{n}=2)))");
        format!("(& {})", (10..10 + count).map(pair).collect::<String>())
    };
    assert!(filter(&pairs(8)).normal().is_ok());
    assert_eq!(filter(&pairs(24)).normal(), Err(TooComplicated));
    assert_eq!(filter(&pairs(24)).meets(&filter("(a=1)")), Err(TooComplicated));
    let tags = |count: usize| format!("(& {})", (0..count).map(|n| format!("(t{n}=1)")).collect::<String>());
    assert!(filter(&tags(64)).normal().is_ok());
    assert_eq!(filter(&tags(65)).normal(), Err(TooComplicated));
}

#[test]
fn a_small_meaning_can_be_too_long_to_write() {
    // A diagram of 60 questions, two for each pair, has 2 to the 30 conjunctions.
    let pairs: String = (10..40).map(|n| format!("(| (p{n}a=1) (p{n}b=1))")).collect();
    let normal = filter(&format!("(& {pairs})")).normal().unwrap();
    assert_eq!(normal.to_filter(), Err(TooComplicated));
    assert_eq!(normal.accepts(&[feature("p20a", 2), feature("p20b", 1)]), Some(Quality::FULL));
    assert_eq!(normal.accepts(&[feature("p20a", 2), feature("p20b", 2)]), None);
}

#[test]
fn the_longest_example_of_rfc_2879_is_worked_out() {
    // §4.6, its brackets balanced.
    let colour = filter(include_str!("mrc.txt"));
    let written = colour.normal().unwrap().to_filter().unwrap().unwrap();
    assert_eq!(written.normal(), colour.normal());
    for (text, meets) in [
        ("(& (color=Full) (image-coding=JPEG) (dpi=400) (paper-size=B4))", true),
        ("(& (color=Binary) (image-coding=JPEG))", false),
        ("(& (color=Grey) (dpi=204))", false),
        ("(& (color=Limited) (color-space=Device-CMYK) (color-levels=9))", true),
        ("(& (color=Limited) (color-space=Device-RGB) (color-levels=9))", false),
    ] {
        assert_eq!(colour.meets(&filter(text)), Ok(meets), "{text}");
    }
}

/// Features for each tag that `any_filter` names.
fn all_features() -> impl Strategy<Value = Vec<(Tag, Value)>> {
    let value = || super::any_value();
    (value(), value(), value()).prop_map(|(a, b, c)| {
        let tags = ["a", "b", "c"].map(|tag| Tag::new(tag).unwrap());
        tags.into_iter().zip([a, b, c]).collect()
    })
}

proptest! {
    #[test]
    fn the_normal_form_means_the_same(filter in super::any_filter(), features in all_features()) {
        let normal = filter.normal().unwrap();
        prop_assert_eq!(filter.accepts(&features), normal.accepts(&features));
        let known = &features[..1];
        prop_assert!(normal.accepts(known).is_none() || filter.accepts(known).is_some());
    }

    #[test]
    fn the_normal_form_is_its_own(filter in super::any_filter(), features in all_features()) {
        let normal = filter.normal().unwrap();
        if let Ok(Some(written)) = normal.to_filter() {
            prop_assert_eq!(written.normal().unwrap(), normal, "{}", written);
            prop_assert_eq!(super::filter(&written.to_string()), written.clone());
            prop_assert_eq!(written.accepts(&features), filter.accepts(&features));
        }
    }

    #[test]
    fn filters_meet_where_both_accept(
        one in super::any_filter(), other in super::any_filter(), features in all_features(),
    ) {
        let both = one.accepts(&features).is_some() && other.accepts(&features).is_some();
        let meet = one.meets(&other).unwrap();
        prop_assert!(meet || !both);
        prop_assert_eq!(meet, !Filter::all(vec![one, other]).normal().unwrap().is_empty());
    }

    #[test]
    fn the_order_of_the_terms_makes_no_difference(
        one in super::any_filter(), two in super::any_filter(), three in super::any_filter(),
    ) {
        let list = |filters: [&Filter; 3]| filters.map(Clone::clone).to_vec();
        let forms = [[&one, &two, &three], [&three, &one, &two]];
        let [all, again] = forms.map(|order| Filter::all(list(order)).normal());
        prop_assert_eq!(all, again);
        let [any, again] = forms.map(|order| Filter::any(list(order)).normal());
        prop_assert_eq!(any, again);
    }
}
