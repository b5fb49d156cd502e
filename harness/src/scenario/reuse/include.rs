//! `include`: parts of scenarios in files of their own.

use std::fs;
use std::path::Path;

use super::super::documents::Base;
use super::super::error::{ScenarioError, Source, did_you_mean};
use super::super::{MAX_BYTES, set};
use super::Refusal;
use super::node::{self, Node, Shape};

/// How the name of a part ends. It is no scenario of its own.
pub(crate) const ENDING: &str = ".part.yaml";

/// How deep parts may include one another, and how many files there may be in all.
const MAX_DEPTH: usize = 8;
const MAX_FILES: usize = 64;

/// What a part may hold; steps and expectations are the scenario's own.
const KEYS: [&str; 10] = [
    "include",
    "domain",
    "epoch",
    "classes",
    "defaults",
    "parameters",
    "hosts",
    "documents",
    "network",
    "zone",
];
const RULES: &str = "rules";

/// The files of a scenario, the scenario first.
pub(super) struct Files {
    pub(super) sources: Vec<Source>,
}

impl Files {
    pub(super) fn new(scenario: Source) -> Files {
        Files { sources: vec![scenario] }
    }

    /// The scenario on top of everything that it includes.
    pub(super) fn joined(&mut self, base: &Base) -> Result<Node, Refusal> {
        self.with_parts(0, "", &mut Vec::new(), base)
    }

    /// A refusal as its reader sees it.
    pub(super) fn shown(&self, refusal: Refusal) -> ScenarioError {
        let source = &self.sources[refusal.origin.file];
        let problem = source.problem(refusal.origin.place, refusal.message, refusal.remedy);
        ScenarioError { file: self.sources[0].file.to_string(), problems: vec![problem] }
    }

    /// File number `at`, in `folder` as seen from the scenario, on top of its parts. `chain` are the paths
    /// of the parts through which it was reached.
    fn with_parts(
        &mut self,
        at: usize,
        folder: &str,
        chain: &mut Vec<String>,
        base: &Base,
    ) -> Result<Node, Refusal> {
        let mut root = node::read(&self.sources[at], at)?;
        if !matches!(root.shape, Shape::Map(_)) {
            return Err(Refusal::new(root.origin, "here stands no mapping of keys", None));
        }
        if at > 0 {
            of_a_part(&root)?;
            move_files(&mut root, folder);
        }
        let mut under: Option<Node> = None;
        for path in paths(root.take("include"))? {
            let part = self.part(&path, folder, chain, base)?;
            under = Some(match under {
                Some(under) => laid(part, under),
                None => part,
            });
        }
        Ok(match under {
            Some(under) => laid(root, under),
            None => root,
        })
    }

    fn part(
        &mut self,
        path: &Node,
        folder: &str,
        chain: &mut Vec<String>,
        base: &Base,
    ) -> Result<Node, Refusal> {
        let text = path.text().unwrap_or_default();
        let refuse =
            |message: String, remedy: &str| Refusal::new(path.origin, message, Some(remedy.to_owned()));
        if !text.ends_with(ENDING) || text.starts_with('/') || text.contains('\\') {
            return Err(refuse(
                format!("`{text}` is not the path of a part"),
                "its name ends in `.part.yaml`, and the path starts at this file's folder",
            ));
        }
        let inside = normal(&format!("{folder}{text}"));
        if chain.contains(&inside) {
            return Err(refuse(
                format!("`{text}` includes itself"),
                &format!("by way of {}", chain.join(", ")),
            ));
        }
        if chain.len() >= MAX_DEPTH || self.sources.len() >= MAX_FILES {
            let remedy = format!("at most {MAX_FILES} files, and {MAX_DEPTH} of them in one another");
            return Err(refuse("too many parts".to_owned(), &remedy));
        }
        let (file, content) = load(&inside, &self.sources[0].file, base).map_err(|why| {
            refuse(format!("cannot read `{text}`: {why}"), "the path starts at this file's folder")
        })?;
        self.sources.push(Source { file: file.into(), text: content.into(), origins: None });
        let its_folder = inside.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        chain.push(inside);
        let node = self.with_parts(self.sources.len() - 1, &its_folder, chain, base)?;
        chain.pop();
        Ok(node)
    }
}

/// One file on another. Rules and links are the only lists that grow: those of the lower file come first.
fn laid(mut above: Node, mut under: Node) -> Node {
    let rules = grown(above.take(RULES), under.take(RULES));
    let links = grown(links(&mut above), links(&mut under));
    let mut whole = above.over(under);
    if let Some(rules) = rules {
        put(&mut whole, RULES, rules);
    }
    if let Some(links) = links {
        let origin = links.origin;
        let mut network = whole.take("network").unwrap_or(Node { shape: Shape::Map(Vec::new()), origin });
        put(&mut network, "links", links);
        put(&mut whole, "network", network);
    }
    whole
}

fn links(root: &mut Node) -> Option<Node> {
    let Shape::Map(entries) = &mut root.shape else { return None };
    let network = entries.iter_mut().find(|(key, _)| key.text() == Some("network"));
    network.and_then(|(_, network)| network.take("links"))
}

fn grown(above: Option<Node>, under: Option<Node>) -> Option<Node> {
    match (above, under) {
        (
            Some(Node { shape: Shape::List(above), origin }),
            Some(Node { shape: Shape::List(mut items), .. }),
        ) => {
            items.extend(above);
            Some(Node { shape: Shape::List(items), origin })
        }
        (above, under) => above.or(under),
    }
}

fn put(root: &mut Node, key: &str, value: Node) {
    if let Shape::Map(entries) = &mut root.shape {
        let name = Node { shape: Shape::Scalar { text: key.to_owned(), plain: false }, origin: value.origin };
        entries.push((name, value));
    }
}

fn of_a_part(root: &Node) -> Result<(), Refusal> {
    for (key, _) in root.entries() {
        let name = key.text().unwrap_or_default();
        let known = KEYS.into_iter().chain([RULES]);
        if known.clone().all(|known| known != name) {
            let remedy = did_you_mean(name, known);
            return Err(Refusal::new(key.origin, format!("a part does not hold `{name}`"), remedy));
        }
    }
    Ok(())
}

/// Paths of a part's documents start at the part's folder.
fn move_files(root: &mut Node, folder: &str) {
    let Shape::Map(keys) = &mut root.shape else { return };
    let Some((_, documents)) = keys.iter_mut().find(|(key, _)| key.text() == Some("documents")) else {
        return;
    };
    let Shape::Map(documents) = &mut documents.shape else { return };
    for (_, document) in documents {
        let Shape::Map(entries) = &mut document.shape else { continue };
        for (key, value) in entries {
            if let (Some("tiff"), Shape::Scalar { text, .. }) = (key.text(), &mut value.shape)
                && !text.starts_with('/')
            {
                *text = format!("{folder}{text}");
            }
        }
    }
}

fn paths(include: Option<Node>) -> Result<Vec<Node>, Refusal> {
    let Some(include) = include else { return Ok(Vec::new()) };
    let wrong = |origin| {
        let remedy = Some("write `include: hosts.part.yaml`, or a list of such paths".to_owned());
        Refusal::new(origin, "here stands the path of a part", remedy)
    };
    let origin = include.origin;
    let paths = match include.shape {
        Shape::Scalar { .. } => vec![include],
        Shape::List(paths) => paths,
        Shape::Map(_) => return Err(wrong(origin)),
    };
    match paths.iter().find(|path| path.text().is_none()) {
        Some(path) => Err(wrong(path.origin)),
        None => Ok(paths),
    }
}

/// `a/../b/./c` is `b/c`; what leads out of the folder keeps its `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// The name under which a part is shown, and its text.
fn load(path: &str, scenario: &str, base: &Base) -> Result<(String, String), String> {
    match base {
        Base::Folder(folder) => {
            let place = folder.join(path);
            let length = fs::metadata(&place).map_err(|error| error.kind().to_string())?.len();
            if length > MAX_BYTES as u64 {
                return Err(format!("it has {length} bytes, more than {MAX_BYTES}"));
            }
            let text = fs::read_to_string(&place).map_err(|error| error.kind().to_string())?;
            let beside =
                Path::new(scenario).parent().map_or_else(|| place.clone(), |folder| folder.join(path));
            Ok((beside.display().to_string(), text))
        }
        Base::BuiltIn(folder) => {
            let bytes = set::built_in_file(folder, path).ok_or("it is not in the built-in set")?;
            let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
            Ok((normal(&format!("{folder}/{path}")), text.to_owned()))
        }
    }
}
