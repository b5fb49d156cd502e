//! Whatever a recipient says, a page goes in some form that is the sender's own, and somebody can read why.

use super::*;
use crate::page::{Coding, Form, Paper, Resolution};

/// A sender of everything, with an original as good as there is.
fn sentence(told: &str) -> String {
    choose_as_told(&able(), best(), Some(told)).sentence("C")
}

fn able() -> Ability {
    Ability { papers: Paper::ALL.into(), resolutions: Resolution::ALL.into(), codings: Coding::ALL.into() }
}

fn best() -> Form {
    Form { paper: Paper::A3, resolution: Resolution::Dpi400, coding: Coding::Mmr }
}

/// A receiver with these besides what every fax says.
fn receiver(rest: &str) -> String {
    format!("(& (type=\"image/tiff\") (color=Binary) (MRC-mode=0) (ua-media=stationery) {rest})")
}

const RESOLUTIONS: &str = "(| (& (dpi=204) (dpi-xyratio=[204/98,204/196])) (& (dpi=400) (dpi-xyratio=1)))";

#[test]
fn the_best_that_is_printed_is_sent() {
    let cases = [
        (Ability::default().filter().to_string(), "C prints A4 at 204x196, MH: scaled from A3 at 408x391"),
        (able().filter().to_string(), "C prints A3 at 408x391, MMR"),
        // A receiver of RFC 2879 §4.2, its brackets balanced: A4 by its line, whatever paper it has.
        (
            receiver(
                "(image-file-structure=TIFF) (| (& (dpi=204) (dpi-xyratio=[204/98,204/196])) \
                 (& (dpi=200) (dpi-xyratio=[200/100,1])) (& (dpi=300) (dpi-xyratio=1))) \
                 (| (image-coding=[MH,MR,MMR]) (& (image-coding=JBIG) (image-coding-constraint=JBIG-T85) \
                 (JBIG-stripe-size=128))) (size-x<=2150/254) (paper-size=[letter,A4,B4])",
            ),
            "C prints A4 at 300x300, MMR: scaled from A3 at 408x391",
        ),
        // A larger paper goes before finer dots.
        (
            receiver(&format!(
                "(image-coding=MR) (| (& {RESOLUTIONS} (paper-size=A4)) (& (dpi=200) (dpi-xyratio=1) (paper-size=B4)))"
            )),
            "C prints B4 at 204x196, MR: scaled from A3 at 408x391",
        ),
        // What the recipient wants most goes before all.
        (
            receiver(&format!("(image-coding=MH) {RESOLUTIONS} (paper-size=[A4,A3])")).replacen(
                "(&",
                "(| (& (image-coding=MH) (dpi=200) (dpi-xyratio=2) (paper-size=A4)) (&",
                1,
            ) + ";q=0.5)",
            "C prints A4 at 204x98, MH: scaled from A3 at 408x391",
        ),
        // A tag that nobody knows excludes nothing, whatever is said of it.
        (
            receiver(&format!(
                "(image-coding=MMR) {RESOLUTIONS} (paper-size=A3) (x.glossy=TRUE) (! (duplex=FALSE))"
            )),
            "C prints A3 at 408x391, MMR",
        ),
        // Any case will do, and any white space.
        (
            receiver(&format!("(IMAGE-CODING = \"mmr\")\r\n\t{RESOLUTIONS} (Paper-Size=[a4 , a3])")),
            "C prints A3 at 408x391, MMR",
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(sentence(&told), expected, "{told}");
    }
}

#[test]
fn what_is_not_spoken_of_stays_as_in_profile_s() {
    let cases = [
        ("(color=Binary)", "C prints A4 at 204x196, MH"),
        ("(paper-size=[A4,A3])", "C prints A3 at 204x196, MH"),
        ("(size-x<=12)", "C prints A3 at 204x196, MH"),
        ("(image-coding=MMR)", "C prints A4 at 204x196, MMR"),
        ("(! (image-coding=JBIG))", "C prints A4 at 204x196, MH"),
        ("(dpi=400)", "C prints A4 at 408x391, MH"),
        ("(dpi>=300)", "C prints A4 at 408x391, MH"),
        ("(dpi=204)", "C prints A4 at 204x196, MH"),
        ("(dpi-xyratio=1)", "C prints A4 at 204x196, MH"),
        // Each alternative speaks of one thing only, so both together are not told.
        ("(| (image-coding=MMR) (paper-size=A3))", "C prints A3 at 204x196, MH"),
    ];
    for (told, expected) in cases {
        let sentence = sentence(told);
        assert_eq!(sentence.split(": scaled").next(), Some(expected), "{told}");
    }
}

#[test]
fn what_is_not_understood_ends_in_profile_s() {
    let bomb = format!(
        "(& {})",
        (10..34).map(|n| format!("(| (& (a{n}=1) (z{n}=1)) (& (a{n}=2) (z{n}=2)))")).collect::<String>()
    );
    let nested = "(!".repeat(1000) + "(a=1)" + &")".repeat(1000);
    let cases: [(&str, &str); 20] = [
        ("", "what C says it prints cannot be read (octet 0: a filter starts with (): profile S"),
        ("A4, 400 dpi", "what C says it prints cannot be read (octet 0: a filter starts with (): profile S"),
        (
            "(& (dpi=400) (paper-size=A3)",
            "what C says it prints cannot be read (octet 28: a filter ends with )): profile S",
        ),
        (
            "(paper-size=A3);q=high",
            "what C says it prints cannot be read (octet 18: a quality is 0 to 1, with up to three decimals): profile S",
        ),
        (
            &"(& (dpi=400)".repeat(9_000),
            "what C says it prints cannot be read (octet 16384: the filter is longer than is read): profile S",
        ),
        (
            &nested,
            "what C says it prints cannot be read (octet 65: filters stand in filters deeper than is read): profile S",
        ),
        (&bomb, "what C says it prints is too complicated: profile S"),
        ("(& (dpi=400) (dpi=200))", "what C says it prints contradicts itself: profile S"),
        ("(& (paper-size=A3) (x=1) (x=2))", "what C says it prints contradicts itself: profile S"),
        ("(! (| (a=1) (! (a=1))))", "what C says it prints contradicts itself: profile S"),
        ("(x.glossy=TRUE)", "C says nothing that this fax understands: profile S"),
        (
            "(& (pix-x<=640) (pix-y<=480) (ua-voice=\"low\"))",
            "C says nothing that this fax understands: profile S",
        ),
        ("(| (paper-size=A3) (! (paper-size=A3)))", "C says nothing that this fax understands: profile S"),
        ("(type=\"application/pdf\")", "C prints nothing that this fax can send: profile S"),
        ("(image-coding=JBIG)", "C prints nothing that this fax can send: profile S"),
        ("(& (color=Full) (image-coding=JPEG))", "C prints nothing that this fax can send: profile S"),
        ("(MRC-mode>=1)", "C prints nothing that this fax can send: profile S"),
        ("(paper-size=letter)", "C prints nothing that this fax can send: profile S"),
        ("(dpi=600)", "C prints nothing that this fax can send: profile S"),
        ("(image-file-structure=TIFF-MRC)", "C prints nothing that this fax can send: profile S"),
    ];
    for (told, expected) in cases {
        assert_eq!(sentence(told), expected);
        let choice = choose_as_told(&able(), best(), Some(told));
        assert_eq!(choice.form, Form::PROFILE_S, "{expected}");
    }
    let silent = choose_as_told(&able(), best(), None);
    assert_eq!(silent.sentence("C"), "C does not say what it prints: profile S");
    assert_eq!(silent.form, Form::PROFILE_S);
}

#[test]
fn a_sender_stays_within_its_own_abilities() {
    let told = able().filter();
    for own in [
        Ability::default(),
        Ability { papers: [Paper::A3].into(), ..Ability::default() },
        Ability { codings: [Coding::Mr].into(), ..Ability::default() },
    ] {
        let choice = choose(&own, best(), &told);
        assert_eq!(Some(choice.form), own.forms().last(), "{own:?}");
        assert_eq!(choice.why, Why::Printed { original: best() });
    }
    let lacking = filter(&receiver(&format!("(image-coding=MMR) {RESOLUTIONS} (paper-size=A3)")));
    let choice = choose(&Ability::default(), best(), &lacking);
    assert_eq!((choice.form, choice.why), (Form::PROFILE_S, Why::NothingFits));
}

#[test]
fn a_page_is_never_made_better_than_its_original() {
    for original in Form::all() {
        let choice = choose(&able(), original, &able().filter());
        assert_eq!((choice.form.paper, choice.form.resolution), (original.paper, original.resolution));
        assert_eq!(choice.form.coding, Coding::Mmr, "the coding is no matter of the original");
        assert!(!choice.sentence("C").contains("scaled"), "{}", choice.sentence("C"));
        let blind = choose_as_told(&able(), original, None).form;
        assert!(blind.is_profile_s() && blind.resolution <= original.resolution, "{blind} from {original}");
    }
}
