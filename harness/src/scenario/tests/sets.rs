//! Sets of scenarios.

use std::fs;
use std::path::PathBuf;

use faxproof_wire::page::{self, Chart, tiff};

use super::super::set::{SetError, built_in, find};
use super::CALL;

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("faxproof-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("fig04")).expect("a folder");
        Folder(path)
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(path), content).expect("a file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_folder_holds_scenarios_by_name_with_their_snapshots() {
    let folder = Folder::new("names");
    folder.put("z.yaml", CALL);
    folder.put("fig04/busy.yaml", CALL);
    folder.put("fig04/busy.snap", "ladder");
    folder.put("fig04/gone.snap", "ladder");
    let set = find(std::slice::from_ref(&folder.0)).expect("a set");
    let found: Vec<_> =
        set.scenarios.iter().map(|found| (found.name.as_str(), found.snapshot.as_deref())).collect();
    assert_eq!(found, [("fig04/busy", Some("ladder")), ("z", None)]);
    assert_eq!(set.orphans, [folder.0.join("fig04/gone.snap").display().to_string()]);
    assert_eq!(set.scenarios[1].snapshot_path, Some(folder.0.join("z.snap")));
}

#[test]
fn a_file_that_is_no_scenario_is_refused() {
    let folder = Folder::new("other");
    folder.put("notes.txt", "");
    assert!(matches!(find(&[folder.0.join("notes.txt")]), Err(SetError::NotYaml(_))));
    assert!(matches!(find(&[folder.0.join("none.yaml")]), Err(SetError::Unreadable { .. })));
}

#[test]
fn a_tiff_is_looked_for_beside_the_scenario() {
    let folder = Folder::new("tiff");
    folder.put("fig04/mine.tif", tiff::write(&[page::chart(Chart::default())]));
    folder.put("fig04/mine.yaml", CALL.replace("chart: {}", "tiff: mine.tif"));
    let set = find(&[folder.0.join("fig04/mine.yaml")]).expect("a set");
    assert_eq!(set.scenarios[0].name, "mine");
    assert!(set.scenarios[0].scenario().is_ok());
}

#[test]
fn a_file_that_is_no_tiff_is_refused() {
    let folder = Folder::new("no-tiff");
    folder.put("mine.tif", "II*");
    folder.put("mine.yaml", CALL.replace("chart: {}", "tiff: mine.tif"));
    let set = find(std::slice::from_ref(&folder.0)).expect("a set");
    let error = set.scenarios[0].scenario().expect_err("no TIFF").to_string();
    assert!(error.contains("`mine.tif` is no TIFF that can be sent"), "{error}");
}

#[test]
fn the_built_in_scenarios_can_be_read() {
    let set = built_in();
    assert_eq!(set.orphans, [""; 0]);
    for found in &set.scenarios {
        if let Err(error) = found.scenario() {
            panic!("{error}");
        }
    }
}
