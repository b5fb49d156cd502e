//! One bit of a document flips on the way. Nothing between SIP and paper carries a checksum, so a flip may
//! reach the paper; but it never passes in silence: the paper shows it, or the sender is told. Only where
//! a byte says nothing about the picture may the page come out as it was sent.

use std::collections::BTreeMap;
use std::ops::Range;

use faxproof::plan::{Act, Match, Plan, Rule};
use faxproof::world::Options;
use faxproof_reports::{Trace, What};

use crate::bench::{TWO_CALLS, notices, plan, run};

/// Every so many bytes, and each of the last [`LAST`].
const EVERY: usize = 7;
const LAST: usize = 200;

/// What came of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// Nothing was printed, and the sender was told.
    Told,
    /// Another picture was printed.
    Printed,
    /// Both.
    PrintedAndTold,
    /// The page came out as it was sent.
    Nothing,
    /// No page, and no notice: must never be.
    Silence,
}

/// Where it fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The header of the mail, and headers and boundaries of its parts.
    Frame,
    /// Header and tags of the TIFF: some of their bytes say nothing, such as the unused half of a value.
    Tags,
    /// The coded picture itself.
    Picture,
    /// The dot that ends the mail, and the line ends beside it.
    End,
}

#[test]
fn no_flipped_bit_of_the_picture_goes_unnoticed_in_a_mail() {
    flip_each("message", &one_call("smtp"), |mail| {
        let coded = coded(mail);
        let strip = strip(&decoded(&mail[coded.clone()]));
        (0..mail.len()).map(|at| part_of_mail(at, mail, &coded, &strip)).collect()
    });
}

/// In HTTP the TIFF travels as it is.
#[test]
fn no_flipped_bit_of_the_picture_goes_unnoticed_in_http() {
    flip_each("body", &one_call("http"), |body| {
        let strip = strip(body);
        let part = |at| if strip.contains(&at) { Part::Picture } else { Part::Tags };
        (0..body.len()).map(part).collect()
    });
}

/// `parts` says of each byte where it lies.
fn flip_each(label: &str, plan: &Plan, parts: impl FnOnce(&[u8]) -> Vec<Part>) {
    let (plain, _) = run(plan, &Options::default());
    let (mail, sheets) = (unit(&plain, label), printed(&plain));
    let parts = parts(&mail);
    let mut counts: BTreeMap<(Part, Seen), u32> = BTreeMap::new();
    let mut unnoticed = Vec::new();
    let positions = (0..mail.len()).filter(|at| at % EVERY == 0 || *at + LAST >= mail.len());
    for at in positions {
        let mut plan = plan.clone();
        let on = Match { label: Some(label.into()), ..Match::default() };
        plan.rules.push(Rule { on, act: Act::Corrupt { at: at as i64, xor: 1 << (at % 8) } });
        let (trace, _) = run(&plan, &Options::default());
        let seen = seen(&trace, &sheets);
        let part = parts[at];
        *counts.entry((part, seen)).or_default() += 1;
        let around = String::from_utf8_lossy(&mail[at.saturating_sub(20)..(at + 20).min(mail.len())]);
        let place = format!("bit {} of byte {at} of {}, {around:?}", at % 8, mail.len());
        assert_ne!(seen, Seen::Silence, "{place}");
        if part == Part::Picture && seen == Seen::Nothing {
            unnoticed.push(place);
        }
    }
    println!("a {label} of {} bytes: {counts:#?}", mail.len());
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

fn one_call(protocol: &str) -> Plan {
    let second = TWO_CALLS.lines().filter(|line| !line.contains("send: second"));
    let fax = format!("fax: 1, protocols: [{protocol}],");
    plan(&second.map(|line| format!("{}\n", line.replace("fax: 1,", &fax))).collect::<String>())
}

/// The document as alice sent it: a mail with its final dot, or the body of a request.
fn unit(trace: &Trace, wanted: &str) -> Vec<u8> {
    let found = trace.entries.iter().find_map(|entry| match &entry.what {
        What::Message { label, bytes, .. } if &**label == wanted => Some(bytes.to_vec()),
        _ => None,
    });
    found.unwrap()
}

/// Where the lines of base64 are.
fn coded(mail: &[u8]) -> Range<usize> {
    let text = std::str::from_utf8(mail).unwrap();
    let header = text.to_ascii_lowercase().find("content-transfer-encoding: base64").unwrap();
    let start = header + text[header..].find("\r\n\r\n").unwrap() + 4;
    let end = text[start..].find("\r\n--").or_else(|| text[start..].find("\r\n.\r\n")).unwrap();
    start..start + end
}

fn part_of_mail(at: usize, mail: &[u8], coded: &Range<usize>, strip: &Range<usize>) -> Part {
    // A line end inside the coded lines carries nothing.
    if coded.contains(&at) && !mail[at].is_ascii_whitespace() {
        let digits = mail[coded.start..at].iter().filter(|byte| !byte.is_ascii_whitespace()).count();
        // Four digits of base64 are three bytes.
        if strip.contains(&(digits * 3 / 4)) { Part::Picture } else { Part::Tags }
    } else if at + 5 >= mail.len() {
        Part::End
    } else {
        Part::Frame
    }
}

/// What the lines of base64 say.
fn decoded(coded: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = coded.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let value = |digit: &u8| match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => 0,
    };
    let bits = |four: &[u8]| four.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(value(digit)));
    digits.chunks(4).flat_map(|four| bits(four).to_be_bytes()[1..].to_vec()).collect()
}

/// Where the strip of the one page lies in a little-endian TIFF, which is read here without our reader:
/// tags 273 (offset) and 279 (length) of its directory.
fn strip(tiff: &[u8]) -> Range<usize> {
    assert_eq!(&tiff[..4], b"II*\0");
    let number = |at: usize, bytes: usize| {
        tiff[at..at + bytes].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let directory = number(4, 4);
    let entries = (0..number(directory, 2)).map(|index| directory + 2 + 12 * index);
    let tag = |wanted: usize| {
        let entry = entries.clone().find(|entry| number(*entry, 2) == wanted).unwrap();
        number(entry + 8, if number(entry + 2, 2) == 3 { 2 } else { 4 })
    };
    tag(273)..tag(273) + tag(279)
}

fn seen(trace: &Trace, sent: &[String]) -> Seen {
    let (printed, told) = (printed(trace), notices(trace, "alice").next().is_some());
    match (printed.is_empty(), told) {
        (true, true) => Seen::Told,
        (true, false) => Seen::Silence,
        (false, true) => Seen::PrintedAndTold,
        (false, false) if printed == sent => Seen::Nothing,
        (false, false) => Seen::Printed,
    }
}

/// What came out of bob's printer.
fn printed(trace: &Trace) -> Vec<String> {
    let sheet = |what: &What| match what {
        What::Printed { page, text, .. } => Some(format!("{page:?} {text:?}")),
        _ => None,
    };
    trace.entries.iter().filter_map(|entry| sheet(&entry.what)).collect()
}
