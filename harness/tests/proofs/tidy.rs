//! The repository keeps its own rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use faxproof::catalogue;
use faxproof::scenario::set;
use faxproof_devices::chart;

use crate::bench::built_in;

const MOST_LINES: usize = 500;
const MOST_LINES_OF_A_FUNCTION: usize = 70;
const MOST_LINES_OF_A_LADDER: usize = 120;

/// All Rust files of the repository by path, with their text. What was built, and what is hidden, is not
/// of the repository.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let inside = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push((inside, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 100, "only {} files found", files.len());
    files
}

fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(part, "tests" | "tests.rs" | "testing.rs" | "testing" | "benches" | "samples.rs")
            || part.ends_with("_tests.rs")
    })
}

/// The text before the tests of the file: they stand last.
fn without_tests(text: &str) -> &str {
    let tests = text.find("#[cfg(test)]\nmod tests {").or_else(|| text.find("#[cfg(test)]\npub mod tests {"));
    &text[..tests.unwrap_or(text.len())]
}

#[test]
fn no_file_is_longer_than_can_be_read_at_once() {
    let long: Vec<_> = sources().into_iter().filter(|(_, text)| text.lines().count() > MOST_LINES).collect();
    let long: Vec<_> = long.iter().map(|(path, _)| path).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        long.extend(
            functions(&text)
                .into_iter()
                .filter(|(_, lines)| *lines >= MOST_LINES_OF_A_FUNCTION)
                .map(|(line, lines)| format!("{path}:{line} has {lines} lines")),
        );
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// First line and length of every function that rustfmt laid out: it ends at the first closing brace that
/// stands as far left as its `fn`.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let code = line.trim_start();
        let starts = ["fn ", "pub fn ", "const fn ", "async fn ", "pub const fn ", "pub async fn "];
        let is_function = starts.iter().any(|start| code.starts_with(start))
            || (code.starts_with("pub(") && code.contains(" fn "));
        if !is_function || code.ends_with(';') || code.ends_with('}') {
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[first..].iter().position(|line| *line == end) {
            functions.push((first + 1, length + 1));
        }
    }
    functions
}

#[test]
fn nothing_is_left_unfinished() {
    // In two parts, so that this file does not find itself.
    let words = [
        ("to", "do!("),
        ("unimple", "mented!("),
        ("#[ig", "nore"),
        ("db", "g!("),
        ("TO", "DO"),
        ("FIX", "ME"),
    ];
    let mut found = Vec::new();
    for (path, text) in sources() {
        for (start, end) in words {
            if text.contains(&format!("{start}{end}")) {
                found.push(format!("{path}: {start}{end}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_input_can_reach_an_unwrap() {
    let mut found = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test_file(path)) {
        for (at, line) in without_tests(&text).lines().enumerate() {
            let code = line.trim_start();
            if !code.starts_with("//") && (code.contains(".unwrap()") || code.contains(".expect(")) {
                found.push(format!("{path}:{}: {code}", at + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_arc_is_a_claim_of_one_module() {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let files = sources();
    let devices = files.iter().filter(|(path, _)| {
        path.starts_with("devices/src/") && !path.contains("/chart/") && !is_test_file(path)
    });
    for (path, text) in devices {
        for arc in chart::arcs() {
            if without_tests(text).contains(&format!("\"{}\"", arc.name)) {
                places.entry(arc.name).or_default().push(path.clone());
            }
        }
    }
    for arc in chart::arcs().map(|arc| arc.name) {
        let marked = places.get(arc).map_or(0, Vec::len);
        assert_eq!(marked, 1, "{arc} is marked in {:?}", places.get(arc));
    }
}

#[test]
fn every_arc_has_a_scenario_that_exists_for_it() {
    let scenarios = built_in();
    let covered = |arc: &&str| scenarios.iter().any(|(_, scenario)| scenario.covers().contains(arc));
    let missing = chart::arcs().map(|arc| arc.name).filter(|arc| !covered(arc));
    let missing: Vec<&str> = missing.collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_row_of_the_catalogue_is_shown_or_has_its_reason() {
    let known = catalogue::dispositions().unwrap();
    let scenarios = built_in();
    let shown = |id: &str| scenarios.iter().any(|(_, scenario)| scenario.shows().contains(&id));
    for (id, _) in catalogue::rows() {
        assert!(shown(id) != known.none.contains_key(*id), "{id} is shown and excused, or neither");
    }
    for (id, why) in known.none.iter().chain(&known.partly) {
        assert!(catalogue::rows().any(|(row, _)| row == id), "there is no {id}");
        assert!(!why.is_empty(), "{id} has no reason");
    }
    assert!(known.partly.keys().all(|id| shown(id)), "part of what nobody shows is left out");
}

#[test]
fn every_scenario_has_a_snapshot_that_can_be_read() {
    let set = set::built_in();
    assert!(set.orphans.is_empty(), "{:?}", set.orphans);
    // A cell of a matrix has none: nobody would read so many.
    for found in set.scenarios.into_iter().filter(|found| found.cell.is_none()) {
        let snapshot = found.snapshot.unwrap_or_else(|| panic!("{} has no snapshot", found.name));
        // The ladder stands behind a header of three lines.
        let lines = snapshot.lines().count().saturating_sub(3);
        assert!(lines <= MOST_LINES_OF_A_LADDER, "{}: {lines} lines", found.name);
        for place in ["/work", "/home", "/tmp"] {
            assert!(!snapshot.contains(place), "{} names {place}", found.name);
        }
        assert!(!has_date(&snapshot), "{} holds a date", found.name);
    }
}

/// A proposal (`.snap.new`) is for the person at whose place it was written.
#[test]
fn proposed_snapshots_stay_out_of_the_repository() {
    let ignored = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.gitignore")).unwrap();
    assert!(ignored.lines().any(|line| line == "*.snap.new"));
}

/// Whether something like `2003-11-18` stands in it.
fn has_date(text: &str) -> bool {
    text.as_bytes().windows(10).any(|ten| {
        ten.starts_with(b"20")
            && ten
                .iter()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() })
    })
}
