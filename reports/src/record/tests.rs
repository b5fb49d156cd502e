use super::*;
use crate::samples::{declaration, every_kind, stream_unit};
use crate::trace::What;
use crate::verdict::Finding;

fn record() -> Record {
    record_of(every_kind())
}

fn record_of(trace: Trace) -> Record {
    let finding = Finding {
        rule: "sip.via".into(),
        verdict: Verdict::Fail,
        party: Some("alice".into()),
        text: "no Via".into(),
        evidence: vec![2],
        note: false,
    };
    let result =
        RuleResult { rule: "sip.via".into(), applied: 1, verdict: Verdict::Fail, findings: vec![finding] };
    let coverage = Coverage { arcs: [("4.S13.selected".to_string(), 1)].into(), ..Coverage::default() };
    Record::new(declaration(&["alice", "bob"]), trace, vec![result], Verdict::Fail, coverage)
}

/// A directory of this test alone, empty.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("faxproof-reports-{}-{name}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn every_kind_of_entry_comes_back_as_it_was() {
    let trace = every_kind();
    let back = Record::from_json(&record().to_json().unwrap()).unwrap().trace;
    assert_eq!(back.entries.len(), trace.entries.len());
    for (written, read) in trace.entries.iter().zip(&back.entries) {
        assert_eq!(written, read);
    }
}

#[test]
fn what_is_not_the_trace_comes_back_as_it_was() {
    let record = record();
    let back = Record::from_json(&record.to_json().unwrap()).unwrap();
    assert_eq!((&back.declaration, &back.results), (&record.declaration, &record.results));
    assert_eq!((&back.verdict, &back.coverage), (&record.verdict, &record.coverage));
    assert_eq!((&back.versions, &back.digest), (&record.versions, &record.digest));
}

#[test]
fn complete_is_the_last_key() {
    assert!(record().to_json().unwrap().ends_with(",\"complete\":true}\n"));
}

#[test]
fn a_record_cut_anywhere_is_refused() {
    let json = record_of(Trace::default()).to_json().unwrap();
    for length in 0..json.trim_end().len() {
        let error = Record::from_json(&json[..length]).unwrap_err();
        assert!(matches!(error, RecordError::Cut { .. }), "cut to {length}: {error}");
    }
}

#[test]
fn a_record_that_is_not_complete_is_refused() {
    let json = record().to_json().unwrap();
    for other in [",\"complete\":false}", "}"] {
        let json = json.replace(",\"complete\":true}", other);
        assert!(matches!(Record::from_json(&json), Err(RecordError::Incomplete)), "{other}");
    }
}

#[test]
fn another_format_is_named_in_the_error() {
    let json = record().to_json().unwrap().replace(FORMAT, "faxproof-record/2");
    let error = Record::from_json(&json).unwrap_err();
    assert_eq!(error.to_string(), "this is `faxproof-record/2`, only `faxproof-record/1` can be read");
}

#[test]
fn a_trace_changed_after_writing_is_refused() {
    let json = record().to_json().unwrap().replace("4.S13.selected\"}", "4.S13.refused\"}");
    assert!(matches!(Record::from_json(&json), Err(RecordError::Digest { .. })));
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    let json = record().to_json().unwrap().replace("\"seed\":7", "\"seed\":\"seven\"");
    let error = Record::from_json(&json).unwrap_err().to_string();
    assert!(
        error.starts_with("not a record: invalid type: string \"seven\", expected u64 at line 1"),
        "{error}"
    );
}

#[test]
fn no_secret_is_written() {
    let trace =
        Trace { entries: vec![stream_unit(0, "alice", "bob", true, "AUTH", "AUTH PLAIN AGEAYg==\r\n")] };
    let json = record_of(trace).to_json().unwrap();
    let What::Message { bytes, .. } = &Record::from_json(&json).unwrap().trace.entries[0].what else {
        panic!("the only entry is a message")
    };
    assert_eq!(&bytes[..], b"AUTH PLAIN redacted\r\n");
}

#[test]
fn a_written_file_reads_back_and_nothing_is_left_beside_it() {
    let directory = directory("round");
    let path = directory.join("run.json");
    record().write(&path).unwrap();
    record().write(&path).unwrap();
    assert_eq!(Record::read(&path).unwrap().digest, record().digest);
    let names: Vec<_> = fs::read_dir(&directory).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["run.json"]);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_error_of_the_file_system_names_the_file() {
    let directory = directory("missing");
    let error = record().write(&directory.join("no/run.json")).unwrap_err().to_string();
    assert!(error.contains("no/run.json: "), "{error}");
    fs::remove_dir_all(directory).unwrap();
}
