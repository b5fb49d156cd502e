//! The documents of a scenario, made ready for sending.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use faxproof_devices::core::Entropy;
use faxproof_devices::order::Document;
use faxproof_wire::page::{self, Chart, Page, tiff};

use super::grammar::{ChartSpec, DocumentSpec};
use super::set;
use super::value::{At, Place};

/// Where the files of a scenario are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// A folder of the file system.
    Folder(PathBuf),
    /// A folder of the built-in set: its path inside the set.
    BuiltIn(String),
}

/// The largest TIFF file that is taken, in bytes.
const MAX_TIFF_BYTES: u64 = 20 * 1024 * 1024;
/// The most pages that a document may have.
const MAX_PAGES: u32 = 50;
/// The longest typed text, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// What is wrong with a document: where, what, and the remedy.
type Wrong = (Place, String, Option<String>);

/// Makes a document ready.
pub(super) fn load(name: &At<String>, spec: &DocumentSpec, base: &Base) -> Result<Document, Wrong> {
    match (&spec.chart, &spec.tiff, &spec.text) {
        (Some(chart), None, None) => charts(&name.value, chart),
        (None, Some(path), None) => file(path, base),
        (None, None, Some(text)) if text.value.len() > MAX_TEXT_BYTES => {
            Err((text.place, format!("a typed text has at most {MAX_TEXT_BYTES} bytes"), None))
        }
        (None, None, Some(text)) => Ok(Document::Text(text.value.as_str().into())),
        _ => {
            let remedy = "write exactly one of `chart`, `tiff` and `text`".to_owned();
            Err((name.place, format!("it is not clear what document `{}` is", name.value), Some(remedy)))
        }
    }
}

/// What the encoded charts depend on: pages, lines, resolution, paper, mark.
type ChartKey = (u32, u32, page::Resolution, page::Paper, u32);

/// Charts that were encoded already: many scenarios send the same ones.
static ENCODED: Mutex<BTreeMap<ChartKey, Document>> = Mutex::new(BTreeMap::new());
/// Lines of a page: an A3 sheet at 391 to the inch, and a little more.
const MAX_LINES: u32 = 6600;
/// So many charts are kept at most.
const KEPT: usize = 64;

fn charts(name: &str, spec: &At<ChartSpec>) -> Result<Document, Wrong> {
    let ChartSpec { pages, lines, resolution, paper } = spec.value;
    if !(1..=MAX_PAGES).contains(&pages) {
        return Err((
            spec.place,
            format!("a chart of {pages} pages"),
            Some(format!("write 1 to {MAX_PAGES}")),
        ));
    }
    if !(32..=MAX_LINES).contains(&lines) {
        return Err((
            spec.place,
            format!("a chart of {lines} lines"),
            Some(format!("write 32 to {MAX_LINES}")),
        ));
    }
    // The name marks the pages, so that two documents never look alike.
    let mark = Entropy::of_seed(0).key(("chart", name)).0 as u32;
    let key = (pages, lines, resolution.into(), paper.into(), mark);
    let mut encoded = ENCODED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(document) = encoded.get(&key) {
        return Ok(document.clone());
    }
    let drawn: Vec<Page> = (1..=pages).map(|number| page::chart(one(number, &key))).collect();
    let document = Document::of_pages(drawn);
    if encoded.len() < KEPT {
        encoded.insert(key, document.clone());
    }
    Ok(document)
}

fn one(number: u32, &(pages, height, resolution, paper, seed): &ChartKey) -> Chart {
    Chart { height, resolution, paper, page_no: number as u16, of: pages as u16, seed }
}

fn file(path: &At<String>, base: &Base) -> Result<Document, Wrong> {
    let wrong = |what: String| (path.place, what, None);
    let bytes = match base {
        Base::Folder(folder) => from_disk(&folder.join(&path.value)).map_err(|why| {
            let named = &path.value;
            (
                path.place,
                format!("cannot read `{named}`: {why}"),
                Some("the path starts at the scenario's folder".to_owned()),
            )
        })?,
        Base::BuiltIn(folder) => set::built_in_file(folder, &path.value)
            .ok_or_else(|| wrong(format!("`{}` is not in the built-in set", path.value)))?
            .to_vec(),
    };
    let pages = tiff::read(&bytes)
        .map_err(|why| wrong(format!("`{}` is no TIFF that can be sent: {why}", path.value)))?;
    if pages.is_empty() || pages.len() > MAX_PAGES as usize {
        return Err(wrong(format!(
            "`{}` has {} pages; 1 to {MAX_PAGES} can be sent",
            path.value,
            pages.len()
        )));
    }
    Ok(Document::of_pages(pages))
}

fn from_disk(path: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.kind().to_string())?.len();
    if length > MAX_TIFF_BYTES {
        return Err(format!("it has {length} bytes, more than {MAX_TIFF_BYTES}"));
    }
    std::fs::read(path).map_err(|error| error.kind().to_string())
}
