//! The program as scripts use it: exit codes and output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use faxproof::scenario::set;
use faxproof_wire::page::{self, Chart, tiff};
use serde_json::Value;

use crate::bench::TWO_CALLS;

fn faxproof(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faxproof")).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_slice(&faxproof(arguments).stdout).unwrap()
}

/// An empty folder of this test; what an earlier run left there is gone.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with one scenario in it, whose ladder is accepted.
fn accepted(test: &str, yaml: &str) -> String {
    let folder = folder(test);
    fs::write(folder.join("calls.yaml"), yaml).unwrap();
    let path = folder.to_str().unwrap().to_owned();
    let _ = faxproof(&["run", "--update", &path]);
    path
}

#[test]
fn the_built_in_set_passes() {
    let output = faxproof(&["run"]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
}

#[test]
fn a_wrong_expectation_fails_with_1_and_is_named() {
    let path = accepted("expectation", &format!("{TWO_CALLS}expect: {{ printed: {{ bob: 3 }} }}\n"));
    let output = faxproof(&["run", &path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("expect.printed"), "{}", out(&output));
}

#[test]
fn bad_yaml_is_refused_with_2_and_its_place() {
    let folder = folder("bad");
    let file = folder.join("bad.yaml");
    fs::write(&file, TWO_CALLS.replace("send: first", "sned: first")).unwrap();
    let output = faxproof(&["run", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let line = TWO_CALLS.lines().position(|line| line.contains("send: first")).unwrap() + 1;
    assert!(err(&output).contains(&format!("bad.yaml:{line}:")), "{}", err(&output));
}

/// A folder as a vendor has it beside the built-in set: a profile, a document, and a scenario in a folder of its
/// own that uses both.
fn of_a_vendor(test: &str, readiness: &str) -> PathBuf {
    let folder = folder(test);
    fs::create_dir_all(folder.join("calls")).unwrap();
    let profile = format!(
        "hosts:\n  ours: {{ fax: 1, number: 03-5555-0100 }}\n  peer: {{ fax: 1, number: 03-5555-0200 }}\n  \
         sip: {{ sip-server: {{}} }}\ndefaults:\n  fax:\n    vendor:\n      request: {{ method: INFO, type: text/x-acme, body: ask }}\n      \
         presentation: {{ type: text/x-acme, body: \"can {{protocols}}\" }}\n      \
         announcement: {{ method: INFO, type: text/x-acme, body: \"use {{protocol}}\" }}\n      \
         readiness: {{ type: text/x-acme, body: \"{readiness}\" }}\n"
    );
    fs::write(folder.join("acme.part.yaml"), profile).unwrap();
    fs::write(folder.join("calls/letter.tif"), tiff::write(&[page::chart(Chart::default())])).unwrap();
    let scenario = "version: 1\ntitle: Our boxes by our profile\ninclude: ../acme.part.yaml\nhosts:\n  \
                    ours: { habits: { variant: V } }\ndocuments:\n  letter: { tiff: letter.tif }\nsteps:\n  \
                    - { at: 1s, host: ours, send: letter, to: 03-5555-0200 }\nexpect:\n  printed: { peer: 1 }\n  \
                    messages: { INFO ours>sip: 2 }\n";
    fs::write(folder.join("calls/first.yaml"), scenario).unwrap();
    folder
}

fn faxproof_in(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faxproof")).current_dir(place).args(arguments).output().unwrap()
}

#[test]
fn a_vendors_own_folder_runs_from_anywhere() {
    let folder = of_a_vendor("vendor", "port {port}");
    let path = folder.to_str().unwrap();
    let accepted = faxproof_in(&folder.join("calls"), &["run", "--update", "first.yaml"]);
    assert_eq!(accepted.status.code(), Some(0), "{}{}", out(&accepted), err(&accepted));
    let elsewhere = std::env::temp_dir();
    let places: [(&Path, &str); 4] =
        [(&folder, "."), (&folder, "calls/first.yaml"), (&folder.join("calls"), ".."), (&elsewhere, path)];
    for (place, named) in places {
        let output = faxproof_in(place, &["run", named]);
        assert_eq!(output.status.code(), Some(0), "{named}: {}{}", out(&output), err(&output));
    }
}

#[test]
fn a_flaw_in_a_profile_is_refused_with_2_and_its_place_in_the_part() {
    let folder = of_a_vendor("vendor-flaw", "port {prot}");
    let output = faxproof_in(&std::env::temp_dir(), &["run", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let told = err(&output);
    assert!(told.contains("there is no hole `{prot}`") && told.contains("acme.part.yaml:11:51"), "{told}");
    assert_eq!(told.matches("there is no hole").count(), 1, "two hosts have it from one place: {told}");
}

#[test]
fn a_call_by_a_vendors_profile_is_said_to_claim_nothing() {
    let folder = of_a_vendor("vendor-claim", "port {port}");
    let output = faxproof_in(&folder, &["run", "--update", "--out", "left", "calls"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("vendor wire profile: no claim of interoperability"), "{}", out(&output));
}

#[test]
fn bad_usage_is_refused_with_2() {
    let cases: [&[&str]; 8] = [
        &["run", "--faster"],
        &["run", "no/such/path.yaml"],
        &["run", "--world", "moon"],
        &["run", "--shard", "3/2"],
        &["run", "--arc", "4.S99.nowhere"],
        &["run", "--update"],
        &["explain", "nothing-of-that-name"],
        &["dance"],
    ];
    for arguments in cases {
        let output = faxproof(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
        assert!(!err(&output).is_empty() && out(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_missing_snapshot_fails_and_update_accepts_it() {
    let path = accepted("missing", TWO_CALLS);
    assert_eq!(faxproof(&["run", &path]).status.code(), Some(0));
    fs::remove_file(Path::new(&path).join("calls.snap")).unwrap();
    let output = faxproof(&["run", &path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("calls") && out(&output).contains("no snapshot"), "{}", out(&output));
}

#[test]
fn a_ladder_that_differs_fails_and_shows_the_difference() {
    let path = accepted("different", TWO_CALLS);
    fs::write(Path::new(&path).join("calls.yaml"), TWO_CALLS.replace("at: 1s", "at: 2s")).unwrap();
    let output = faxproof(&["run", &path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("2.000000 | order 1"), "{}", out(&output));
}

#[test]
fn an_orphan_fails_and_is_named() {
    let path = accepted("orphan", TWO_CALLS);
    fs::write(Path::new(&path).join("gone.snap"), "---\n---\n").unwrap();
    let output = faxproof(&["run", &path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("gone.snap"), "{}", out(&output));
}

#[test]
fn json_is_the_same_every_time_and_for_any_number_of_jobs() {
    let one = faxproof(&["run", "--json", "--jobs", "1"]);
    assert_eq!(one.stdout, faxproof(&["run", "--json", "--jobs", "2"]).stdout);
    let report: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!((&report["format"], &report["verdict"]), (&"faxproof-run/1".into(), &"pass".into()));
    assert_eq!(report["scenarios"].as_array().unwrap().len(), set::built_in().scenarios.len());
}

#[test]
fn shards_together_are_the_whole() {
    let folder = folder("shards");
    for name in ["a", "b", "c"] {
        fs::write(folder.join(format!("{name}.yaml")), TWO_CALLS).unwrap();
    }
    let path = folder.to_str().unwrap();
    let names = |shard: &[&str]| -> Vec<String> {
        let report = json(&[&["run", "--json", path], shard].concat());
        let name = |line: &Value| line["scenario"].as_str().unwrap().to_owned();
        report["scenarios"].as_array().unwrap().iter().map(name).collect()
    };
    let mut parts = names(&["--shard", "1/2"]);
    parts.extend(names(&["--shard", "2/2"]));
    parts.sort();
    assert_eq!(parts, names(&[]));
}

#[test]
fn a_record_and_pages_are_left_where_asked() {
    let (path, folder) = (accepted("out", TWO_CALLS), folder("out-files"));
    let output = faxproof(&["run", &path, "--out", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let record = faxproof_reports::Record::read(&folder.join("calls/record.json")).unwrap();
    assert_eq!(record.verdict, faxproof_reports::Verdict::Pass);
    assert!(fs::read(folder.join("calls/bob-page-002.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn the_schema_takes_every_scenario_and_refuses_a_slip() {
    let schema = jsonschema::validator_for(&json(&["schema"])).unwrap();
    // As editors read YAML: `off` is a word.
    let mut options = serde_yaml::Options::default();
    options.strict_booleans = true;
    let value = |yaml: &str| serde_yaml::from_str_with_options::<Value>(yaml, options.clone()).unwrap();
    for found in set::built_in().scenarios {
        let errors: Vec<_> = schema.iter_errors(&value(&found.yaml)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", found.name);
    }
    assert!(!schema.is_valid(&value(&TWO_CALLS.replace("hosts:", "hots:"))));
}

#[test]
fn lists_name_what_explain_explains() {
    for what in ["scenarios", "arcs", "rules", "classes", "abuse", "facts"] {
        let listed = json(&["list", what, "--json"]);
        let ids: Vec<&str> =
            listed.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert!(!ids.is_empty(), "{what}");
        let plain = out(&faxproof(&["list", what]));
        assert_eq!(plain.lines().count(), ids.len(), "{what}");
        for id in [ids[0], ids[ids.len() - 1]] {
            let output = faxproof(&["explain", id]);
            assert_eq!(output.status.code(), Some(0), "{id}");
            assert!(out(&output).contains(id), "{id}: {}", out(&output));
        }
    }
}
