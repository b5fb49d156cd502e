//! One bit of a mail flips on the way: no page comes out other than it was sent without anybody noticing
//! at the bytes that carry the picture.

use std::collections::BTreeMap;

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
    /// The coded TIFF.
    Picture,
    /// The dot that ends the mail, and the line ends beside it.
    End,
}

#[test]
fn no_flipped_bit_of_the_picture_goes_unnoticed() {
    let plan = one_call();
    let (plain, _) = run(&plan, &Options::default());
    let (mail, sheets) = (mail(&plain), printed(&plain));
    let picture = picture(&mail);
    let mut counts: BTreeMap<(Part, Seen), u32> = BTreeMap::new();
    let positions = (0..mail.len()).filter(|at| at % EVERY == 0 || *at + LAST >= mail.len());
    for at in positions {
        let mut plan = plan.clone();
        let on = Match { label: Some("message".into()), ..Match::default() };
        plan.rules.push(Rule { on, act: Act::Corrupt { at: at as i64, xor: 1 << (at % 8) } });
        let (trace, _) = run(&plan, &Options::default());
        let seen = seen(&trace, &sheets);
        let part = part(at, &mail, &picture);
        *counts.entry((part, seen)).or_default() += 1;
        let around = String::from_utf8_lossy(&mail[at.saturating_sub(20)..(at + 20).min(mail.len())]);
        let place = format!("bit {} of byte {at} of {}, {around:?}", at % 8, mail.len());
        assert_ne!(seen, Seen::Silence, "{place}");
        assert!(part != Part::Picture || seen != Seen::Nothing, "{place} goes unnoticed");
    }
    println!("a mail of {} bytes, picture at {picture:?}: {counts:#?}", mail.len());
}

fn one_call() -> Plan {
    let second = TWO_CALLS.lines().filter(|line| !line.contains("send: second"));
    plan(&second.map(|line| format!("{line}\n")).collect::<String>())
}

/// The mail as alice sent it, with its final dot.
fn mail(trace: &Trace) -> Vec<u8> {
    let mail = trace.entries.iter().find_map(|entry| match &entry.what {
        What::Message { label, bytes, .. } if &**label == "message" => Some(bytes.to_vec()),
        _ => None,
    });
    mail.unwrap()
}

/// Where the lines of base64 are.
fn picture(mail: &[u8]) -> std::ops::Range<usize> {
    let text = std::str::from_utf8(mail).unwrap();
    let header = text.to_ascii_lowercase().find("content-transfer-encoding: base64").unwrap();
    let start = header + text[header..].find("\r\n\r\n").unwrap() + 4;
    let end = text[start..].find("\r\n--").or_else(|| text[start..].find("\r\n.\r\n")).unwrap();
    start..start + end
}

fn part(at: usize, mail: &[u8], picture: &std::ops::Range<usize>) -> Part {
    // A line end inside the coded lines carries nothing.
    if picture.contains(&at) && !mail[at].is_ascii_whitespace() {
        Part::Picture
    } else if at + 5 >= mail.len() {
        Part::End
    } else {
        Part::Frame
    }
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
