//! Spoiled scenarios never bring the reader down, and what is wrong is always located.

use faxproof_fuzz::Mutator;

use super::{CALL, examples, parse};

const SPOILED: usize = 20_000;

/// What means something in YAML, or in a scenario.
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

#[test]
fn spoiled_scenarios_are_taken_or_refused_at_a_place() {
    let texts = examples().into_iter().chain([CALL]).map(|text| text.as_bytes().to_vec());
    let texts: Vec<Vec<u8>> = texts.collect();
    let mut mutator = Mutator::new(0x5eed, &texts, PIECES);
    let (mut taken, mut refused) = (0, 0);
    for n in 0..SPOILED {
        let text = String::from_utf8_lossy(&mutator.draw()).into_owned();
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
                    // To YAML a lone CR ends a line too (YAML 1.2 §5.4).
                    let lines = text.matches(['\n', '\r']).count() as u32 + 2;
                    assert!((1..=lines).contains(&problem.place.line), "{n}: {error}\n{text:?}");
                    assert!(problem.place.column >= 1 && !problem.message.is_empty(), "{n}: {error}");
                }
                refused += 1;
            }
        }
    }
    assert!(taken > SPOILED / 50 && refused > SPOILED / 3, "{taken} taken, {refused} refused");
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
