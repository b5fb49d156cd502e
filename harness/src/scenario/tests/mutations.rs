//! Spoiled scenarios never bring the reader down, and what is wrong is always located.

use faxproof_devices::core::Entropy;

use super::{CALL, examples, parse};

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\n",
    "  ",
    "- ",
    "~",
    "&a ",
    "*a",
    "<<",
    "!!str ",
    "\"",
    "'",
    "|",
    ">",
    "#",
    "-1",
    "99999999999999999999",
    "1e999",
    ".nan",
    "on",
    "é",
    "\u{0}",
    "\u{feff}",
    "\t",
    "---",
    "5s",
    "20%",
];

/// One spoiled copy: a stretch is deleted, doubled, moved or replaced, a few times over.
fn spoiled(text: &str, n: u32) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let entropy = Entropy::of_seed(u64::from(n));
    for round in 0..=entropy.key("rounds").below(4) {
        let chance = |what: &str, bound: usize| entropy.key((what, round)).below(bound as u64) as usize;
        let from = chance("from", chars.len());
        let to = (from + chance("length", 12)).min(chars.len());
        let piece: Vec<char> = PIECES[chance("piece", PIECES.len())].chars().collect();
        match chance("kind", 4) {
            0 => drop(chars.drain(from..to)),
            1 => drop(chars.splice(from..to, piece)),
            2 => drop(chars.splice(from..from, piece)),
            _ => {
                let stretch = chars[from..to].to_vec();
                let place = chance("place", chars.len());
                drop(chars.splice(place..place, stretch));
            }
        }
        if chars.is_empty() {
            chars.push(' ');
        }
    }
    chars.into_iter().collect()
}

#[test]
fn spoiled_scenarios_are_taken_or_refused_at_a_place() {
    let mut texts = examples();
    texts.push(CALL);
    let (mut taken, mut refused) = (0, 0);
    for n in 0..3000 {
        let text = spoiled(texts[n as usize % texts.len()], n);
        match parse(&text) {
            Ok(scenario) => {
                for world in scenario.worlds() {
                    scenario.compile("spoiled", world, None).expect("what is taken can be compiled");
                }
                taken += 1;
            }
            Err(error) => {
                assert!(!error.problems.is_empty());
                for problem in &error.problems {
                    let lines = text.lines().count().max(1) as u32 + 1;
                    assert!((1..=lines).contains(&problem.place.line), "{n}: {error}");
                    assert!(problem.place.column >= 1 && !problem.message.is_empty(), "{n}: {error}");
                }
                refused += 1;
            }
        }
    }
    assert!(taken > 100 && refused > 1000, "{taken} taken, {refused} refused");
}

#[test]
fn brackets_without_end_are_refused() {
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&"{a: ".repeat(50_000)).is_err());
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let text = format!("{CALL}# {}", "x".repeat(super::super::MAX_BYTES));
    assert!(parse(&text).is_err_and(|error| error.to_string().contains("at most")));
}
