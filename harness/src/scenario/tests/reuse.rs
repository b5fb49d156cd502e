//! Scenarios made of parts, and scenarios for many cases.

use std::fs;
use std::path::PathBuf;

use super::super::grammar::ActSpec;
use super::super::{Base, Scenario, ScenarioError};
use super::{CALL, parse, parsed};

/// A folder with these files that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Folder {
        let path = std::env::temp_dir().join(format!("faxproof-reuse-{test}-{}", std::process::id()));
        for (name, text) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        }
        Folder(path)
    }

    fn parse(&self, text: &str) -> Result<Scenario, ScenarioError> {
        Scenario::parse("my.yaml", text, &Base::Folder(self.0.clone()))
    }

    fn parsed(&self, text: &str) -> Scenario {
        self.parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(&self, text: &str) -> String {
        self.parse(text).expect_err("refused").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const HOSTS: &str = "\
hosts: # of ours
  alice: { fax: 1, number: 050-0000-9999, habits: { lines: 2, ring_after: 1s } }
  bob: { fax: 1, number: 050-1234-5678 }
  sip: { sip-server: {} }
rules:
  - { on: { message: BYE }, do: drop }
";

const USING: &str = "\
version: 1
title: A call
include: hosts.part.yaml
documents: { page: { chart: {} } }
steps:
  - { at: 1s, host: alice, send: page, to: 050-1234-5678 }
";

fn cells(text: &str) -> Vec<String> {
    let cells = Scenario::cells("call.yaml", text, &Base::BuiltIn(String::new()));
    cells.unwrap_or_else(|error| panic!("{error}")).iter().map(ToString::to_string).collect()
}

fn refused(text: &str) -> String {
    parse(text).expect_err("refused").to_string()
}

#[test]
fn what_stands_in_the_scenario_wins_key_by_key() {
    let folder = Folder::new("wins", &[("hosts.part.yaml", HOSTS)]);
    let scenario = folder.parsed(&format!("{USING}hosts: {{ alice: {{ habits: {{ lines: 3 }} }} }}\n"));
    let alice = scenario.script.hosts.value.value("alice").expect("alice");
    let habits = &alice.habits.as_ref().expect("habits").value;
    assert_eq!(habits.lines.as_ref().map(|at| at.value), Some(3));
    assert_eq!(habits.ring_after.map(|span| span.us), Some(1_000_000));
}

/// Two faxes, the second of a class.
fn of_class(class: &str, classes: &str) -> String {
    format!(
        "version: 1\ntitle: A call\n{classes}defaults: {{ fax: {{ habits: {{ lines: 3, refusal: port-0 }} }} }}\nhosts:\n  \
         alice: {{ fax: 1, number: 050-0000-9999 }}\n  bob: {{ class: {class}, number: 050-1234-5678, habits: {{ ring_after: 1s }} }}\n  \
         sip: {{ sip-server: {{}} }}\n"
    )
}

#[test]
fn a_class_lies_under_its_host_and_over_the_defaults() {
    let own = "classes: { ours: { about: a box, fax: 101, habits: { lines: 2, ring_after: 9s } } }\n";
    let scenario = parsed(&of_class("ours", own));
    let bob = scenario.script.hosts.value.value("bob").expect("bob");
    let habits = &bob.habits.as_ref().expect("habits").value;
    assert_eq!(bob.fax.as_ref().map(|at| at.value), Some(101));
    assert_eq!(habits.lines.as_ref().map(|at| at.value), Some(2), "of the class, not of the defaults");
    assert_eq!(habits.ring_after.map(|span| span.us), Some(1_000_000), "of the host, not of the class");
    assert!(habits.refusal.is_some(), "of the defaults");
}

#[test]
fn every_built_in_class_makes_a_host_and_says_what_it_is() {
    for (name, about, keys) in super::super::classes() {
        let scenario = parsed(&of_class(&name, ""));
        assert!(scenario.script.hosts.value.value("bob").is_some_and(|bob| bob.fax.is_some()), "{name}");
        assert!(about.len() > 20 && keys.starts_with("fax: 1"), "{name}: {about}: {keys}");
    }
}

#[test]
fn a_class_that_is_not_there_is_refused_with_the_nearest() {
    let error = refused(&of_class("second-recipent", ""));
    assert!(error.contains("did you mean `second-recipient`?") && error.contains(":6:17"), "{error}");
    let error = refused(&of_class("no-sip", "classes: { no-sip: { fax: 101 } }\n"));
    assert!(error.contains("is a built-in class"), "{error}");
    let error = refused(&of_class("ours", "classes: { ours: 101 }\n"));
    assert!(error.contains("here stand the keys of a host"), "{error}");
}

#[test]
fn rules_of_a_part_come_before_those_of_the_scenario() {
    let folder = Folder::new("rules", &[("hosts.part.yaml", HOSTS)]);
    let scenario = folder.parsed(&format!("{USING}rules:\n  - {{ on: {{ message: ACK }}, do: reset }}\n"));
    let acts: Vec<_> = scenario.script.rules.iter().map(|rule| &rule.act.value).collect();
    assert!(matches!(acts[..], [ActSpec::Drop, ActSpec::Reset]), "{acts:?}");
}

#[test]
fn a_mistake_in_a_part_is_shown_in_the_part() {
    let folder = Folder::new("mistake", &[("boxes/hosts.part.yaml", &HOSTS.replace("lines: 2", "lnes: 2"))]);
    let error = folder.refused(&USING.replace("hosts.part", "boxes/hosts.part"));
    assert!(error.contains("boxes/hosts.part.yaml:2:"), "{error}");
    assert!(error.contains("unknown key `lnes`") && error.contains("did you mean `lines`?"), "{error}");
}

#[test]
fn a_mistake_in_the_scenario_is_shown_at_its_own_line() {
    let folder = Folder::new("own", &[("hosts.part.yaml", HOSTS)]);
    let error = folder.refused(&USING.replace("host: alice", "host: alcie"));
    assert!(error.contains("my.yaml:6:"), "{error}");
    assert!(error.contains("did you mean `alice`?"), "{error}");
}

#[test]
fn parts_that_include_each_other_are_refused() {
    let (one, two) = ("include: two.part.yaml\n", "include: hosts.part.yaml\n");
    let folder = Folder::new("cycle", &[("hosts.part.yaml", one), ("two.part.yaml", two)]);
    let error = folder.refused(USING);
    assert!(error.contains("two.part.yaml:1:10") && error.contains("includes itself"), "{error}");
}

#[test]
fn parts_may_not_lie_too_deep() {
    let names: Vec<String> = (0..12).map(|n| format!("p{n}.part.yaml")).collect();
    let texts: Vec<String> = (1..13).map(|n| format!("include: p{n}.part.yaml\n")).collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let folder = Folder::new("deep", &files);
    assert!(folder.refused(&USING.replace("hosts.part", "p0.part")).contains("too many parts"));
}

#[test]
fn what_is_no_part_is_refused() {
    let folder = Folder::new("none", &[("hosts.part.yaml", "steps: []\n"), ("hosts.yaml", HOSTS)]);
    assert!(folder.refused(USING).contains("a part does not hold `steps`"));
    assert!(
        folder.refused(&USING.replace("hosts.part", "gone.part")).contains("cannot read `gone.part.yaml`")
    );
    assert!(folder.refused(&USING.replace("hosts.part", "hosts")).contains("is not the path of a part"));
    assert!(
        folder.refused(&USING.replace("hosts.part", "/etc/hosts.part")).contains("is not the path of a part")
    );
}

#[test]
fn a_tiff_of_a_part_is_looked_for_beside_the_part() {
    let part = format!("{HOSTS}documents: {{ scan: {{ tiff: scan.tif }} }}\n");
    let folder = Folder::new("tiff", &[("boxes/hosts.part.yaml", &part)]);
    let error = folder.refused(&USING.replace("hosts.part", "boxes/hosts.part"));
    assert!(error.contains("`boxes/scan.tif`"), "{error}");
}

#[test]
fn defaults_fill_in_what_hosts_of_the_kind_leave_out() {
    let defaults = "defaults: { fax: { failure_notice: buzzer, habits: { lines: 7 } } }\nhosts:";
    let scenario = parsed(
        &CALL.replace("hosts:", defaults).replace("050-0000-9999 }", "050-0000-9999, habits: { lines: 1 } }"),
    );
    let lines = |name: &str| {
        let host = scenario.script.hosts.value.value(name).expect("a host");
        host.habits.as_ref().and_then(|habits| habits.value.lines.as_ref().map(|at| at.value))
    };
    assert_eq!((lines("alice"), lines("bob"), lines("sip")), (Some(1), Some(7), None));
}

#[test]
fn a_kind_of_host_that_does_not_exist_has_no_defaults() {
    let error = refused(&CALL.replace("hosts:", "defaults: { faks: {} }\nhosts:"));
    assert!(error.contains("call.yaml:3:13") && error.contains("did you mean `fax`?"), "{error}");
}

#[test]
fn a_parameter_is_read_as_its_value_is_written() {
    let text = CALL.replace(
        "title: A call",
        "title: A call in ${place}\nparameters: { seed: 7, place: \"10\" }\nseed: ${seed}",
    );
    let scenario = parsed(&text);
    assert_eq!(scenario.script.seed, Some(7));
    assert_eq!(scenario.script.title.value, "A call in 10");
    // What is written as a number is no text.
    let error = refused(&text.replace("A call in ${place}", "${place}").replace("\"10\"", "10"));
    assert!(error.contains("call.yaml:3:") && error.contains("write it in quotes"), "{error}");
}

#[test]
fn an_unknown_parameter_is_refused_with_one_like_it() {
    let error = refused(&CALL.replace("title: A call", "parameters: { variant: E }\ntitle: A ${varaint}"));
    assert!(error.contains("call.yaml:3:8") && error.contains("did you mean `variant`?"), "{error}");
}

#[test]
fn a_dollar_before_it_makes_it_plain_text() {
    let scenario = parsed(&CALL.replace("title: A call", "title: A $${call}"));
    assert_eq!(scenario.script.title.value, "A ${call}");
}

#[test]
fn a_matrix_runs_every_combination_but_the_exceptions() {
    let text = CALL.replace(
        "title: A call",
        "title: ${a}${b}\nmatrix: { a: [x, y], b: [0%, 10%] }\nexcept: [ { a: y, b: 0% } ]",
    );
    assert_eq!(cells(&text), ["[a=x,b=0%]", "[a=x,b=10%]", "[a=y,b=10%]"]);
    assert_eq!(parsed(&text).script.title.value, "x0%");
}

#[test]
fn a_value_with_a_name_carries_more_values() {
    let text = CALL
        .replace(
            "title: A call",
            "title: ${k}\nmatrix: { k: [ { name: some, rows: [ { number: 050-1 } ] } ] }",
        )
        .replace("050-0000-9999 }", "050-0000-9999, ta1: \"${k.rows}\" }");
    let scenario = parsed(&text);
    let alice = scenario.script.hosts.value.value("alice").expect("alice");
    assert_eq!(alice.ta1.as_ref().map(|rows| rows.value.len()), Some(1));
    assert_eq!(scenario.script.title.value, "some");
    assert!(refused(&text.replace("k.rows", "k.rosw")).contains("did you mean `rows`?"));
}

#[test]
fn a_matrix_that_makes_no_sense_is_refused() {
    let with = |matrix: &str| refused(&CALL.replace("title: A call", &format!("title: ${{a}}\n{matrix}")));
    let values: Vec<String> = (0..257).map(|n| n.to_string()).collect();
    assert!(with(&format!("matrix: {{ a: [{}] }}", values.join(", "))).contains("257 cells"));
    assert!(with("matrix: { a: [x], b: [1, 2] }").contains("`b` is used nowhere"));
    assert!(with("matrix: { a: [x, x] }").contains("a second time"));
    assert!(with("matrix: { a: [x/y] }").contains("no short name"));
    assert!(with("matrix: { a: x }").contains("a list of values"));
    assert!(with("matrix: { a: [x] }\nexcept: [ { c: x } ]").contains("`c` is not in the matrix"));
    assert!(with("matrix: { a: [x, y] }\nexcept: [ { a: z } ]").contains("`a` is never `z`"));
    assert!(with("matrix: { a: [x] }\nexcept: [ { a: x } ]").contains("leaves no cell"));
}

#[test]
fn a_parameter_without_quotes_between_braces_is_explained() {
    let error = refused(&CALL.replace("at: 1s", "at: ${at}"));
    assert!(error.contains("call.yaml:10:") && error.contains("a parameter stands in quotes"), "{error}");
}

#[test]
fn aliases_are_taken_and_bombs_are_not() {
    let text = CALL.replace("title: A call", "parameters: { one: &one x }\ntitle: *one\nabout: ${one}");
    assert_eq!(parsed(&text).script.title.value, "x");
    let mut bomb = String::from("parameters:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb += &format!("  a{n}: &a{n} [{aliases}]\n");
    }
    assert!(parse(&CALL.replace("title: A call\n", &format!("title: A call\n{bomb}"))).is_err());
}
