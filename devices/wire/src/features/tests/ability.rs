//! What a fax can print, and what a page needs.

use super::*;
use crate::page::{Coding, Form, Paper, Resolution};

fn better() -> Ability {
    Ability {
        papers: [Paper::B4].into(),
        resolutions: [Resolution::Dpi400].into(),
        codings: [Coding::Mr, Coding::Mmr].into(),
    }
}

fn all() -> Ability {
    Ability { papers: Paper::ALL.into(), resolutions: Resolution::ALL.into(), codings: Coding::ALL.into() }
}

#[test]
fn profile_s_is_told_as_rfc_2879_does() {
    let told = Ability::default().filter();
    assert_eq!(
        told.to_string(),
        "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF-minimal) (image-coding=MH) (MRC-mode=0) \
         (| (& (dpi=204) (dpi-xyratio=[204/98,204/196])) (& (dpi=200) (dpi-xyratio=[200/100,1]))) \
         (size-x<=2150/254) (paper-size=A4) (ua-media=stationery))"
    );
    let example = filter(super::reading::SIMPLE);
    let with_type = Filter::all(vec![example, filter("(type=\"image/tiff\")")]);
    assert_eq!(told.normal(), with_type.normal(), "RFC 2879 §4.1, and what RFC 3297 §7 adds");
}

#[test]
fn a_better_fax_tells_profile_s_like_the_rest() {
    assert_eq!(
        better().filter().to_string(),
        "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=[TIFF-minimal,TIFF-limited,TIFF]) \
         (image-coding=[MH,MR,MMR]) (MRC-mode=0) (| (& (dpi=204) (dpi-xyratio=[204/98,204/196])) \
         (& (dpi=200) (dpi-xyratio=[200/100,1])) (& (dpi=408) (dpi-xyratio=408/391)) \
         (& (dpi=400) (dpi-xyratio=1))) (size-x<=2550/254) (paper-size=[A4,B4]) (ua-media=stationery))"
    );
    let baseline = Ability::default();
    for ability in [baseline.clone(), better(), all()] {
        for form in baseline.forms() {
            assert_eq!(ability.filter().meets(&described(form)), Ok(true), "{form}");
        }
    }
}

#[test]
fn an_ability_has_the_forms_that_its_filter_accepts() {
    for ability in [Ability::default(), better(), all()] {
        let accepted = |form: &Form| ability.filter().meets(&described(*form)).unwrap();
        let forms: Vec<Form> = ability.forms().collect();
        assert_eq!(forms, Form::all().filter(accepted).collect::<Vec<_>>());
    }
    assert_eq!((Ability::default().forms().count(), all().forms().count()), (2, 45));
}

#[test]
fn an_ability_is_told_and_understood() {
    let named = Ability { papers: [Paper::A4].into(), ..Ability::default() };
    assert_eq!(named.filter(), Ability::default().filter(), "profile S need not be named");
    for (told, understood) in [(named, Ability::default()), (better(), better())] {
        assert_eq!(Ability::told_by(&told.filter()), Ok(understood));
    }
    let understood = Ability::told_by(&all().filter()).unwrap();
    assert_eq!(understood.forms().count(), 45);
    // RFC 3297 §8.1, its receiver: no superfine, no 300, and what it knows besides is passed over.
    let receiver = "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF) \
        (| (& (dpi=200) (dpi-xyratio=200/100)) (& (dpi=200) (dpi-xyratio=1)) (& (dpi=400) (dpi-xyratio=1))) \
        (| (image-coding=[MH,MR,MMR]) (& (image-coding=JBIG) (image-coding-constraint=JBIG-T85) \
        (JBIG-stripe-size=128))) (MRC-mode=0) (paper-size=[A4,B4]) (ua-media=stationery))";
    assert_eq!(Ability::told_by(&filter(receiver)), Ok(better()));
}

#[test]
fn a_page_is_described_as_the_examples_do() {
    // RFC 2912 §4.2 and RFC 3297 §8.1.
    assert_eq!(
        described(Form::PROFILE_S).to_string(),
        "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF-minimal) (image-coding=MH) (MRC-mode=0) \
         (dpi=204) (dpi-xyratio=204/196) (paper-size=A4) (ua-media=stationery))"
    );
    let best = Form { paper: Paper::A3, resolution: Resolution::Dpi400, coding: Coding::Mmr };
    assert_eq!(
        described(best).to_string(),
        "(& (type=\"image/tiff\") (color=Binary) (image-file-structure=TIFF-limited) (image-coding=MMR) (MRC-mode=0) \
         (dpi=408) (dpi-xyratio=408/391) (paper-size=A3) (ua-media=stationery))"
    );
}

#[test]
fn the_forms_of_a_fax_are_told_apart_from_those_of_no_other() {
    // What the program names itself is not checked when it runs.
    for form in Form::all() {
        let text = described(form).to_string();
        assert_eq!(filter(&text), described(form));
        assert_eq!(Form::all().filter(|other| described(*other).to_string() == text).count(), 1);
    }
}
