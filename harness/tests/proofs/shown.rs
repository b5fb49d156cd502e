//! What a run leaves and shows: proposals for snapshots, comparisons with an earlier run, JUnit, and no secrets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use faxproof_reports::{Entry, What};
use serde_json::Value;

use crate::bench::TWO_CALLS;

/// The program in an environment without what CI systems set.
fn faxproof(arguments: &[&str]) -> Output {
    faxproof_in(arguments, &[])
}

fn faxproof_in(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxproof"));
    command.args(arguments).env_remove("CI").env_remove("INSTA_UPDATE").env_remove("NO_COLOR");
    command.envs(variables.iter().copied()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shown").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with one scenario, whose ladder is accepted.
fn accepted(test: &str) -> (PathBuf, String) {
    let folder = folder(test);
    fs::write(folder.join("calls.yaml"), TWO_CALLS).unwrap();
    let path = folder.to_str().unwrap().to_owned();
    faxproof(&["run", "--update", &path]);
    assert_eq!(faxproof(&["run", &path]).status.code(), Some(0));
    (folder, path)
}

fn change(folder: &Path, from: &str, to: &str) {
    assert!(TWO_CALLS.contains(from));
    fs::write(folder.join("calls.yaml"), TWO_CALLS.replace(from, to)).unwrap();
}

#[test]
fn a_ladder_that_differs_is_proposed_until_it_is_accepted() {
    let (folder, path) = accepted("proposed");
    let proposal = folder.join("calls.snap.new");
    change(&folder, "at: 1s", "at: 2s");
    assert_eq!(faxproof(&["run", &path]).status.code(), Some(1));
    let proposed = fs::read_to_string(&proposal).unwrap();
    assert!(proposed.starts_with("---\nsource: calls.yaml\n---\n# Two calls\n"), "{proposed}");
    // What the tool does that accepts it.
    fs::rename(&proposal, folder.join("calls.snap")).unwrap();
    assert_eq!(faxproof(&["run", &path]).status.code(), Some(0));
}

#[test]
fn a_proposal_goes_away_when_the_ladder_is_as_accepted_again() {
    let (folder, path) = accepted("stale");
    change(&folder, "at: 1s", "at: 2s");
    faxproof(&["run", &path]);
    change(&folder, "at: 1s", "at: 1s");
    assert_eq!(faxproof(&["run", &path]).status.code(), Some(0));
    assert!(!folder.join("calls.snap.new").exists());
}

#[test]
fn nothing_is_proposed_in_ci_or_where_insta_is_told_so() {
    let (folder, path) = accepted("ci");
    change(&folder, "at: 1s", "at: 2s");
    for variables in [[("CI", "true")], [("INSTA_UPDATE", "no")]] {
        assert_eq!(faxproof_in(&["run", &path], &variables).status.code(), Some(1));
        assert!(!folder.join("calls.snap.new").exists(), "{variables:?}");
    }
}

#[test]
fn no_colour_is_written_to_what_is_no_terminal() {
    let (folder, path) = accepted("colour");
    change(&folder, "at: 1s", "at: 2s");
    let shown = out(&faxproof(&["run", &path]));
    assert!(shown.contains(" s later from here on") && !shown.contains('\x1b'), "{shown}");
}

#[test]
fn against_an_earlier_run_the_headers_that_changed_are_named() {
    let (folder, path) = accepted("against");
    let earlier = folder.join("earlier");
    faxproof(&["run", &path, "--out", earlier.to_str().unwrap()]);
    let (same, dir) = (["run", &path, "--against"], earlier.to_str().unwrap().to_owned());
    assert!(!out(&faxproof(&[&same[..], &[&dir]].concat())).contains("differ from the earlier run"));
    change(
        &folder,
        "ends_at",
        "rules: [{ on: { message: INVITE, from: alice, nth: 1 }, do: { set_header: { Subject: hello } } }]\nends_at",
    );
    for record in [dir.clone(), format!("{dir}/calls/record.json")] {
        let shown = out(&faxproof(&["run", &path, "--against", &record]));
        assert!(shown.contains("1.000000 INVITE alice>sip\n"), "{shown}");
        assert!(shown.contains("Subject: (not there)") && shown.contains("->  hello"), "{shown}");
    }
    assert_eq!(faxproof(&["run", &path, "--against", "nowhere"]).status.code(), Some(2));
}

#[test]
fn junit_has_a_case_for_every_scenario_and_the_same_bytes_every_time() {
    let (folder, path) = accepted("junit");
    change(&folder, "at: 1s", "at: 2s");
    let file = folder.join("one.xml");
    faxproof(&["run", &path, "--junit", file.to_str().unwrap()]);
    faxproof(&["run", &path, "--out", folder.join("out").to_str().unwrap()]);
    let xml = fs::read_to_string(&file).unwrap();
    assert_eq!(xml, fs::read_to_string(folder.join("out/junit.xml")).unwrap());
    assert!(xml.contains("<testcase name=\"calls\" classname=\"faxproof\""), "{xml}");
    assert!(xml.contains("failures=\"1\"") && xml.contains("s later from here on"), "{xml}");
    assert!(!xml.contains("timestamp="), "{xml}");
}

#[test]
fn a_dry_run_lists_and_runs_nothing() {
    let (folder, path) = accepted("dry");
    change(&folder, "at: 1s", "at: 2s");
    let output = faxproof(&["run", &path, "--dry-run"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("calls  seed 1\n") && !folder.join("calls.snap.new").exists());
    let output = faxproof(&["run", &path, "--dry-run", "--world", "sockets", "--json"]);
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(plan["skipped"][0]["why"].as_str().unwrap().contains("40 s"), "{plan}");
    change(&folder, "hosts:", "hots:");
    assert_eq!(faxproof(&["run", &path, "--dry-run"]).status.code(), Some(2));
}

#[test]
fn fail_fast_says_the_same_for_any_number_of_jobs() {
    let folder = folder("fail-fast");
    for (name, printed) in [("a", 2), ("b", 9), ("c", 2), ("d", 9), ("e", 2)] {
        let text = format!("{TWO_CALLS}expect: {{ printed: {{ bob: {printed} }} }}\n");
        fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
    }
    let path = folder.to_str().unwrap();
    faxproof(&["run", "--update", path]);
    let run = |jobs| out(&faxproof(&["run", path, "--fail-fast", "--jobs", jobs]));
    let one = run("1");
    assert_eq!(one.matches("not run").count(), 3, "{one}");
    for _ in 0..3 {
        assert_eq!(run("2"), one);
    }
}

#[test]
fn several_arcs_select_what_exists_for_any_of_them() {
    let count = |arcs: &[&str]| {
        let report: Value =
            serde_json::from_slice(&faxproof(&[&["run", "--json"], arcs].concat()).stdout).unwrap();
        report["scenarios"].as_array().unwrap().len()
    };
    let (one, other) = (["--arc", "4.S16.into-record"], ["--arc", "4.S9.buzzer"]);
    let both = count(&[one, other].concat());
    assert!(count(&one) > 0 && count(&other) > 0);
    assert_eq!(both, count(&one) + count(&other));
}

#[test]
fn one_rule_alone_does_not_answer_for_the_others() {
    let folder = folder("rule");
    let broken = "rules: [{ on: { message: ACK, from: alice, to: sip, nth: 1 }, do: { set_header: { CSeq: 7 ACK } } }]\nends_at";
    fs::write(folder.join("calls.yaml"), TWO_CALLS.replace("ends_at", broken)).unwrap();
    let path = folder.to_str().unwrap();
    faxproof(&["run", "--update", path]);
    let all: Value = serde_json::from_slice(&faxproof(&["run", "--json", path]).stdout).unwrap();
    let findings = all["scenarios"][0]["findings"].as_array().unwrap();
    assert!(!findings.is_empty(), "{all}");
    let one: Value =
        serde_json::from_slice(&faxproof(&["run", "--json", "--rule", "fig4.printed", path]).stdout)
            .unwrap_or_default();
    let other = one["scenarios"][0]["findings"].as_array().map_or(0, Vec::len);
    assert!(other < findings.len(), "{one}");
}

/// The notes of this scenario of the built-in set, as a script and as a person sees them.
fn notes(scenario: &str) -> (Vec<String>, usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(scenario);
    let path = path.to_str().unwrap();
    let report: Value = serde_json::from_slice(&faxproof(&["run", "--json", path]).stdout).unwrap();
    assert_eq!(report["verdict"], "pass", "{report}");
    let listed = report["scenarios"][0]["notes"].as_array().cloned().unwrap_or_default();
    let shown = out(&faxproof(&["run", path])).matches("    note: ").count();
    (listed.iter().map(|note| note.as_str().unwrap().to_owned()).collect(), shown)
}

#[test]
fn a_server_that_the_text_of_a_mail_steered_is_noted() {
    let (listed, shown) = notes("fig18/number-in-body.yaml");
    let [note] = &listed[..] else { panic!("one note: {listed:?}") };
    assert!(note.starts_with("forward.declared-number (server): the body of a mail decided"), "{note}");
    assert_eq!(shown, 1);
}

#[test]
fn a_server_that_the_recipient_steered_is_not_noted() {
    assert_eq!(notes("fig18/number-before-at.yaml"), (Vec::new(), 0));
}

#[test]
fn calls_in_the_words_of_a_vendor_are_noted() {
    let (listed, shown) = notes("variants/vendor-info.yaml");
    assert!(!listed.is_empty() && listed.iter().all(|note| note.contains("no claim of interoperability")));
    assert_eq!(shown, listed.len());
}

/// The path of the ways of Figure 19.
fn fig19() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/fig19").to_str().unwrap().to_owned()
}

#[test]
fn the_contrast_of_figure_19_is_shown_as_the_readme_shows_it() {
    let shown = out(&faxproof(&["run", &fig19()]));
    let from = shown.find("A mail to a server that has no power\n").expect("the tables");
    let table: String = shown[from..].lines().take(12).map(|line| format!("{line}\n")).collect();
    assert_eq!(table.matches("  hops of the mail ").count(), 2, "{shown}");
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&format!("```\n{table}```")), "the README shows other numbers than\n{table}");
}

#[test]
fn scripts_read_the_contrast_of_figure_19() {
    let report: Value = serde_json::from_slice(&faxproof(&["run", "--json", &fig19()]).stdout).unwrap();
    let [_, contrast] = &report["contrasts"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!(contrast["contrast"], "A mail to another domain, with word of its success");
    let ways = contrast["ways"].as_array().unwrap();
    let column = |key: &str| ways.iter().map(|way| way[key].clone()).collect::<Vec<_>>();
    assert_eq!(column("scenario"), ["at-once", "conventional", "direct"]);
    assert_eq!(column("known_us"), [740_000, 19_050_000, 19_050_000]);
    assert_eq!(column("hops"), [2, 3, 2]);
    assert!(ways.iter().all(|way| way["messages"].as_u64() > Some(9) && way["bytes"].as_u64() > Some(1_000)));
}

#[test]
fn a_contrast_of_ones_own_has_a_column_for_each_scenario_that_declares_it() {
    let (folder, path) = accepted("contrast");
    assert!(!out(&faxproof(&["run", &path])).contains("the sender knows after"), "nobody declares one");
    for (name, text) in [("by-day", "A page"), ("at-night", "A page"), ("alone", "A note")] {
        fs::write(folder.join(format!("{name}.yaml")), format!("{TWO_CALLS}contrast: {text}\n")).unwrap();
    }
    let shown = out(&faxproof(&["run", "--update", &path]));
    for columns in [
        "A note\n                            alone\n",
        "A page\n                          at-night   by-day\n",
    ] {
        assert!(shown.contains(columns), "{columns}{shown}");
    }
    assert_eq!(shown.matches("the sender knows after").count(), 2, "{shown}");
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = faxproof(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(out(&output).contains("fail-fast"), "{shell}");
    }
    assert_eq!(faxproof(&["completions", "dos"]).status.code(), Some(2));
}

/// Words that must never be written, and their base64 as they travel.
const SECRETS: [&str; 8] = [
    "hunter2",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "s3same",
    "YWxpY2U6aHVudGVyMg==",
    "AGFsaWNlAGh1bnRlcjI=",
    "tok-5f5f5f",
    "uripass",
    "c2VjcmV0a2V5",
];

/// Messages with secrets in them, put on the wire by rules.
const TELLING: &str = "\
rules:
  - { on: { message: INVITE, from: alice, nth: 1 }, do: { set_header: { Authorization: 'Digest username=\"alice\", response=\"0a1b2c3d4e5f60718293a4b5c6d7e8f9\"', Proxy-Authorization: 'Basic YWxpY2U6aHVudGVyMg==', Subject: 'see http://alice:uripass@h/?key=s3same' } } }
  - { on: { message: OPTIONS, from: alice, nth: 1 }, do: { set_body: { type: application/sdp, body: \"v=0\\r\\nk=clear:hunter2\\r\\na=crypto:1 A inline:c2VjcmV0a2V5\\r\\n\" } } }
  - { on: { message: EHLO, nth: 1 }, do: { replace: { text: \"AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\\r\\n\" } } }
  - { on: { message: MAIL, nth: 1 }, do: { replace: { text: \"GET /?token=tok-5f5f5f HTTP/1.1\\r\\nAuthorization: Basic YWxpY2U6aHVudGVyMg==\\r\\n\\r\\n\" } } }
ends_at";

#[test]
fn no_secret_is_in_anything_that_is_written() {
    let folder = folder("secrets");
    fs::write(folder.join("calls.yaml"), TWO_CALLS.replace("ends_at", TELLING)).unwrap();
    let (path, files) = (folder.to_str().unwrap(), folder.join("out"));
    let arguments = ["run", path, "--out", files.to_str().unwrap()];
    let output = faxproof(&arguments);
    let json = faxproof(&["run", path, "--json", "--against", files.to_str().unwrap()]);
    let mut written = vec![("summary".to_owned(), output.stdout), ("json".to_owned(), json.stdout)];
    written.push(("errors".to_owned(), output.stderr));
    for place in [folder.clone(), files.clone(), files.join("calls")] {
        for entry in fs::read_dir(place).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != "calls.yaml" {
                written.push((name.clone(), [name.as_bytes(), &fs::read(entry.path()).unwrap()].concat()));
            }
        }
    }
    for name in ["record.json", "ladder.txt", "junit.xml", "calls.snap.new"] {
        assert!(written.iter().any(|(known, _)| known == name), "{name} is missing");
    }
    for (name, bytes) in &written {
        let text = String::from_utf8_lossy(bytes);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is in {name}");
        }
    }
    let record = files.join("calls/record.json");
    let told =
        |record: &Path| SECRETS.into_iter().filter(|s| messages(record).contains(s)).collect::<Vec<_>>();
    assert_eq!(told(&record), [""; 0]);
    faxproof(&[&arguments[..], &["--show-secrets"]].concat());
    assert_eq!(told(&record), SECRETS, "asked for and not shown");
}

/// All messages of a record as they were: in the file some of them stand in base64.
fn messages(record: &Path) -> String {
    let record = faxproof_reports::Record::read(record).unwrap();
    let message = |entry: &Entry| match &entry.what {
        What::Message { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    record.trace.entries.iter().map(message).collect()
}

/// The files that `scenarios/README.md` shows for a folder of one's own, by their names.
fn files_of_the_readme() -> Vec<(String, String)> {
    let readme = include_str!("../../../scenarios/README.md");
    let blocks = readme.split("```yaml\n# my/").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .filter_map(|block| block.split_once('\n'))
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

#[test]
fn the_folder_of_the_readme_runs() {
    let folder = folder("my");
    let files = files_of_the_readme();
    assert_eq!(files.len(), 3);
    for (name, text) in &files {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let path = folder.to_str().unwrap();
    let output = faxproof(&["run", "--update", path]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), String::from_utf8_lossy(&output.stderr));
    let shown = out(&faxproof(&["run", path]));
    assert!(shown.contains("slow-line[delay=20ms,pages=1]") && shown.contains("first-call"), "{shown}");
    let one = out(&faxproof(&["run", path, "--cell", "delay=20ms"]));
    assert!(one.contains("delay=20ms") && !one.contains("first-call"), "{one}");
}
