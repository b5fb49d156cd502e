//! YAML as a tree in which everything knows the file and the place where it was written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, Span};

use super::super::error::Source;
use super::super::value::Place;
use super::Refusal;

/// Where something was written: which of the files, and where in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    /// Position in the list of files; the scenario itself is 0.
    pub(crate) file: usize,
    /// Line and column.
    pub(crate) place: Place,
}

/// A piece of YAML.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) shape: Shape,
    pub(super) origin: Origin,
}

/// What a piece of YAML is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// One value; `plain` is without quotes, so that YAML may read a number in it.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// The most pieces of a file, copies by aliases included.
const MAX_NODES: usize = 100_000;
/// How deep they may lie in one another.
const MAX_DEPTH: usize = 64;

impl Node {
    /// The value, where it is a single one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value under a key.
    pub(super) fn value(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// Keys and values; none where it is no mapping.
    pub(super) fn entries(&self) -> &[(Node, Node)] {
        match &self.shape {
            Shape::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Takes a key and its value out of a mapping.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let Shape::Map(entries) = &mut self.shape else { return None };
        let at = entries.iter().position(|(name, _)| name.text() == Some(key))?;
        Some(entries.remove(at).1)
    }

    /// This, on top of `under`: mappings are joined key by key, anything else replaces what was there.
    pub(super) fn over(self, under: Node) -> Node {
        match (self.shape, under.shape) {
            (Shape::Map(above), Shape::Map(mut entries)) => {
                for (key, value) in above {
                    match entries.iter().position(|(name, _)| name.text() == key.text()) {
                        Some(at) => {
                            let (_, old) = entries.remove(at);
                            entries.insert(at, (key, value.over(old)));
                        }
                        None => entries.push((key, value)),
                    }
                }
                Node { shape: Shape::Map(entries), origin: self.origin }
            }
            (shape, _) => Node { shape, origin: self.origin },
        }
    }
}

/// Reads a file of which `file` is the position in the list of files.
///
/// # Errors
/// What is no YAML, or YAML that the grammar does not take: tags, merge keys, keys that stand twice.
pub(super) fn read(source: &Source, file: usize) -> Result<Node, Refusal> {
    let mut reader = Reader {
        file,
        text: &source.text,
        parser: Parser::new_from_str(&source.text),
        anchors: BTreeMap::new(),
        count: 0,
    };
    loop {
        let (event, origin) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => {
                return Err(Refusal::new(origin, "the file is empty", None));
            }
            event => return reader.node(event, origin, 0),
        }
    }
}

struct Reader<'a> {
    file: usize,
    text: &'a str,
    parser: Parser<'a, serde_yaml::granit_parser::StrInput<'a>>,
    anchors: BTreeMap<usize, (Node, usize)>,
    count: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Origin), Refusal> {
        // Comments are events of this reader too.
        match self.parser.find(|event| !matches!(event, Ok((Event::Comment(..), _)))) {
            Some(Ok((event, span))) => Ok((event, self.origin(&span))),
            Some(Err(error)) => {
                let marker = error.marker();
                let place = place(marker.line(), marker.col());
                Err(Refusal::new(Origin { file: self.file, place }, error.info(), self.hint(place)))
            }
            None => Err(Refusal::new(
                Origin { file: self.file, ..Origin::default() },
                "the file ends too early",
                None,
            )),
        }
    }

    /// A parameter without quotes reads as a bracket to YAML, inside other brackets.
    fn hint(&self, place: Place) -> Option<String> {
        let line = self.text.lines().nth((place.line as usize).saturating_sub(1))?;
        let remedy = "inside `{ }` and `[ ]` a parameter stands in quotes: \"${...}\"";
        line.contains("${").then(|| remedy.to_owned())
    }

    fn origin(&self, span: &Span) -> Origin {
        Origin { file: self.file, place: place(span.start.line(), span.start.col()) }
    }

    fn node(&mut self, event: Event<'a>, origin: Origin, depth: usize) -> Result<Node, Refusal> {
        self.count += 1;
        if depth > MAX_DEPTH || self.count > MAX_NODES {
            return Err(Refusal::new(origin, "too much lies in one another here", None));
        }
        let before = self.count;
        let (shape, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(text, style, tag.is_some(), origin)?, anchor),
            Event::SequenceStart(_, anchor, None) => (self.list(depth)?, anchor),
            Event::MappingStart(_, anchor, None) => (self.map(depth)?, anchor),
            Event::SequenceStart(..) | Event::MappingStart(..) => return Err(tagged(origin)),
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Refusal::new(origin, "this alias leads nowhere", None));
                };
                self.count += size;
                return Ok(node);
            }
            _ => return Err(Refusal::new(origin, "a value is missing", None)),
        };
        let node = Node { shape, origin };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.count - before));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Shape, Refusal> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Shape::List(items)),
                (event, origin) => items.push(self.node(event, origin, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Shape, Refusal> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Shape::Map(entries)),
                (event, origin) => self.node(event, origin, depth + 1)?,
            };
            let Some(text) = key.text() else {
                return Err(Refusal::new(key.origin, "a key is one word", None));
            };
            if text == "<<" {
                let remedy = Some("write the keys out, or use `include` or `defaults`".to_owned());
                return Err(Refusal::new(key.origin, "merge keys are not part of the grammar", remedy));
            }
            if entries.iter().any(|(known, _)| known.text() == Some(text)) {
                let message = format!("the key `{text}` stands here a second time");
                return Err(Refusal::new(key.origin, message, Some("keep one of them".to_owned())));
            }
            let (event, origin) = self.next()?;
            let value = self.node(event, origin, depth + 1)?;
            entries.push((key, value));
        }
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tagged_: bool, origin: Origin) -> Result<Shape, Refusal> {
    if tagged_ {
        return Err(tagged(origin));
    }
    Ok(Shape::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain })
}

fn tagged(origin: Origin) -> Refusal {
    Refusal::new(
        origin,
        "tags are not part of the grammar",
        Some("leave out what begins with `!`".to_owned()),
    )
}

/// Lines of the reader count from 1, columns from 0.
fn place(line: usize, column: usize) -> Place {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: small(line), column: small(column + 1) }
}
