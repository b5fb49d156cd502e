//! Sets of scenarios: the built-in one, and those found in files and folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::documents::Base;
use super::reuse::PART;
use super::{Cell, Scenario, ScenarioError};

/// The folder `scenarios/` as it was when the program was built.
static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../scenarios");

/// How deep folders may lie in one another.
const MAX_DEPTH: usize = 16;
/// The largest snapshot that is read, in bytes.
const MAX_SNAPSHOT_BYTES: u64 = 16 * 1024 * 1024;

/// A scenario that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its path inside its set, without the ending, and its cell: `fig04/busy`, `fig04/knowing[knows=all]`.
    pub name: String,
    /// Its file; `None` for a built-in one.
    pub path: Option<PathBuf>,
    /// Its text.
    pub yaml: String,
    /// The snapshot of its ladder, if there is one.
    pub snapshot: Option<String>,
    /// Where its snapshot is or would be; `None` for a built-in one, and for a cell.
    pub snapshot_path: Option<PathBuf>,
    /// Which cell of its matrix; `None` where it has no matrix. A cell has no snapshot.
    pub cell: Option<Cell>,
}

/// Scenarios, and what lies about without belonging to one.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// The scenarios by name.
    pub scenarios: Vec<Found>,
    /// Snapshots without a scenario, by name or path.
    pub orphans: Vec<String>,
}

/// What keeps a set from being read.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// A path cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        why: io::Error,
    },
    /// A file that was named is no scenario.
    #[error("{0} is no scenario: its name must end in .yaml")]
    NotYaml(String),
    /// Folders lie too deep in one another.
    #[error("{0} lies more than {MAX_DEPTH} folders deep")]
    TooDeep(String),
    /// A file that was named is a part of scenarios.
    #[error("{0} is a part: name a scenario that includes it")]
    Part(String),
    /// A file is too large.
    #[error("{0} is too large")]
    TooLarge(String),
}

impl Found {
    /// Reads and checks it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        let (file, base) = self.place();
        Scenario::parse_cell(&file, &self.yaml, &base, self.cell.as_ref())
    }

    /// Its name without its cell: what all cells of a matrix have in common.
    pub fn file_name(&self) -> &str {
        match &self.cell {
            Some(_) => self.name.split('[').next().unwrap_or(&self.name),
            None => &self.name,
        }
    }

    /// Its file as it is shown, and where the files that it names are looked for.
    fn place(&self) -> (String, Base) {
        match &self.path {
            Some(path) => (
                path.display().to_string(),
                Base::Folder(path.parent().map(Path::to_path_buf).unwrap_or_default()),
            ),
            None => (
                format!("{}.yaml", self.file_name()),
                Base::BuiltIn(self.name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()),
            ),
        }
    }

    /// The scenario once for each cell of its matrix; itself where it has none. One whose matrix is wrong
    /// stays as it is: what is wrong is told when it is read.
    fn cells(self) -> Vec<Found> {
        let (file, base) = self.place();
        match Scenario::cells(&file, &self.yaml, &base) {
            Ok(cells) if !cells.is_empty() => {
                let of = |cell: Cell| Found {
                    name: format!("{}{cell}", self.name),
                    snapshot: None,
                    snapshot_path: None,
                    cell: Some(cell),
                    ..self.clone()
                };
                cells.into_iter().map(of).collect()
            }
            _ => vec![self],
        }
    }
}

impl Set {
    /// Every scenario once for each of its cells. A snapshot beside a scenario with a matrix is an orphan.
    fn with_cells(self) -> Set {
        let Set { scenarios, mut orphans } = self;
        let mut whole = Vec::new();
        for found in scenarios {
            let snapshot = found.snapshot.as_ref().map(|_| match &found.snapshot_path {
                Some(path) => path.display().to_string(),
                None => found.name.clone(),
            });
            let cells = found.cells();
            orphans.extend(snapshot.filter(|_| cells.iter().any(|found| found.cell.is_some())));
            whole.extend(cells);
        }
        orphans.sort();
        Set { scenarios: whole, orphans }
    }
}

/// The scenarios that are built into the program.
pub fn built_in() -> Set {
    let mut files = BTreeMap::new();
    collect(&BUILT_IN, &mut files);
    let text =
        |name: &str, ending: &str| files.get(&format!("{name}{ending}")).map(|text| (*text).to_owned());
    let named = |ending: &'static str| files.keys().filter_map(move |path| path.strip_suffix(ending));
    let known: BTreeSet<&str> =
        named(".yaml").filter(|name| !format!("{name}.yaml").ends_with(PART)).collect();
    let scenarios = known.iter().map(|name| Found {
        name: (*name).to_owned(),
        path: None,
        yaml: text(name, ".yaml").unwrap_or_default(),
        snapshot: text(name, ".snap"),
        snapshot_path: None,
        cell: None,
    });
    let set = Set {
        scenarios: scenarios.collect(),
        orphans: named(".snap").filter(|name| !known.contains(name)).map(str::to_owned).collect(),
    };
    set.with_cells()
}

/// A file of the built-in set: `path` as seen from `folder`.
pub(crate) fn built_in_file(folder: &str, path: &str) -> Option<&'static [u8]> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    BUILT_IN.get_file(parts.join("/")).map(|file| file.contents())
}

/// The scenarios in these files and folders, folders with all that lies in them. A scenario is named
/// by its path inside the folder that was given; a file by its own name.
///
/// # Errors
/// If a path cannot be read or is no scenario.
pub fn find(paths: &[PathBuf]) -> Result<Set, SetError> {
    let mut set = Set::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            walk(path, "", 0, &mut seen, &mut set)?;
        } else if path.to_string_lossy().ends_with(PART) {
            return Err(SetError::Part(path.display().to_string()));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if seen.insert(path.clone()) {
                set.scenarios.push(read(path, stem)?);
            }
        } else {
            fs::metadata(path).map_err(|why| unreadable(path, why))?;
            return Err(SetError::NotYaml(path.display().to_string()));
        }
    }
    set.scenarios.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
    Ok(set.with_cells())
}

fn walk(
    folder: &Path,
    inside: &str,
    depth: usize,
    seen: &mut BTreeSet<PathBuf>,
    set: &mut Set,
) -> Result<(), SetError> {
    if depth > MAX_DEPTH {
        return Err(SetError::TooDeep(folder.display().to_string()));
    }
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = listed.map_err(|why| unreadable(folder, why))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            walk(&path, &format!("{inside}{name}/"), depth + 1, seen, set)?;
        } else if let Some(stem) = name.strip_suffix(".yaml").filter(|_| !name.ends_with(PART)) {
            if seen.insert(path.clone()) {
                set.scenarios.push(read(&path, format!("{inside}{stem}"))?);
            }
        } else if name.ends_with(".snap")
            && !path.with_extension("yaml").is_file()
            && seen.insert(path.clone())
        {
            set.orphans.push(path.display().to_string());
        }
    }
    Ok(())
}

fn read(path: &Path, name: String) -> Result<Found, SetError> {
    let yaml = text(path, super::MAX_BYTES as u64)?;
    let beside = path.with_extension("snap");
    let snapshot = if beside.is_file() { Some(text(&beside, MAX_SNAPSHOT_BYTES)?) } else { None };
    Ok(Found {
        name,
        path: Some(path.to_path_buf()),
        yaml,
        snapshot,
        snapshot_path: Some(beside),
        cell: None,
    })
}

fn text(path: &Path, most: u64) -> Result<String, SetError> {
    let length = fs::metadata(path).map_err(|why| unreadable(path, why))?.len();
    if length > most {
        return Err(SetError::TooLarge(path.display().to_string()));
    }
    fs::read_to_string(path).map_err(|why| unreadable(path, why))
}

fn unreadable(path: &Path, why: io::Error) -> SetError {
    SetError::Unreadable { path: path.display().to_string(), why }
}

fn collect(folder: &Dir<'static>, files: &mut BTreeMap<String, &'static str>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(path.to_owned(), text);
        }
    }
    folder.dirs().for_each(|inner| collect(inner, files));
}
