//! `parameters`, `matrix` and `except`: one scenario for many cases.

use std::collections::BTreeSet;

use super::super::error::did_you_mean;
use super::Refusal;
use super::node::{Node, Origin, Shape};

/// The most combinations of a matrix.
const MAX_CELLS: usize = 256;

/// One combination of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Parameters of the matrix and the names of their values, in the order of the file.
    pub values: Vec<(String, String)>,
}

impl std::fmt::Display for Cell {
    /// As it stands behind the scenario's name: `[variant=E,loss=10%]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values: Vec<String> = self.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, "[{}]", values.join(","))
    }
}

/// The parameters of a scenario and all values that they may have.
pub(super) struct Space {
    /// Parameters with one value.
    fixed: Vec<(String, Node)>,
    /// Parameters of the matrix.
    axes: Vec<Axis>,
    /// The combinations that run.
    pub(super) cells: Vec<Cell>,
}

struct Axis {
    name: String,
    origin: Origin,
    values: Vec<Node>,
}

impl Axis {
    fn value(&self, name: &str) -> Option<&Node> {
        self.values.iter().find(|value| value_name(value) == Some(name))
    }
}

impl Space {
    /// Takes them out of a scenario.
    pub(super) fn take(root: &mut Node) -> Result<Space, Refusal> {
        let mut fixed: Vec<(String, Node)> = Vec::new();
        for (key, value) in map(root.take("parameters"), "parameters: { variant: E }")? {
            fixed.push((parameter_name(&key)?, value));
        }
        let mut axes = Vec::new();
        for (key, values) in map(root.take("matrix"), "matrix: { variant: [B, E] }")? {
            let name = parameter_name(&key)?;
            // What a part gives as usual, the matrix may vary.
            fixed.retain(|(known, _)| *known != name);
            axes.push(Axis { values: axis(&name, values)?, name, origin: key.origin });
        }
        let count = axes.iter().fold(1_usize, |count, axis| count.saturating_mul(axis.values.len()));
        if let Some(axis) = axes.last().filter(|_| count > MAX_CELLS) {
            let remedy = Some(format!("at most {MAX_CELLS}, those of `except` included"));
            return Err(Refusal::new(axis.origin, format!("the matrix has {count} cells"), remedy));
        }
        let except = exceptions(root.take("except"), &axes)?;
        let cells = if axes.is_empty() { Vec::new() } else { combinations(&axes, &except) };
        if let Some(axis) = axes.first().filter(|_| cells.is_empty()) {
            return Err(Refusal::new(axis.origin, "`except` leaves no cell of the matrix", None));
        }
        Ok(Space { fixed, axes, cells })
    }

    /// The scenario with the values of a cell in the place of its parameters.
    pub(super) fn substituted(&self, root: Node, cell: Option<&Cell>) -> Result<Node, Refusal> {
        let mut values: Vec<(&str, &Node)> =
            self.fixed.iter().map(|(name, value)| (name.as_str(), value)).collect();
        if let Some(cell) = cell.or(self.cells.first()) {
            for (name, value) in &cell.values {
                let axis = self.axes.iter().find(|axis| axis.name == *name);
                values.extend(axis.and_then(|axis| Some((name.as_str(), axis.value(value)?))));
            }
        }
        let mut used = BTreeSet::new();
        let root = replaced(root, &values, &mut used)?;
        if let Some(axis) = self.axes.iter().find(|axis| !used.contains(axis.name.as_str())) {
            let remedy = Some(format!("write \"${{{}}}\" where its value belongs", axis.name));
            let message = format!("every cell is the same: `{}` is used nowhere", axis.name);
            return Err(Refusal::new(axis.origin, message, remedy));
        }
        Ok(root)
    }
}

fn map(node: Option<Node>, example: &str) -> Result<Vec<(Node, Node)>, Refusal> {
    match node {
        None => Ok(Vec::new()),
        Some(Node { shape: Shape::Map(entries), .. }) => Ok(entries),
        Some(other) => {
            let remedy = Some(format!("write for example `{example}`"));
            Err(Refusal::new(other.origin, "here stand names and their values", remedy))
        }
    }
}

fn parameter_name(key: &Node) -> Result<String, Refusal> {
    let name = key.text().unwrap_or_default();
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(legal) && name.len() <= 32 {
        return Ok(name.to_owned());
    }
    let remedy =
        Some("write a small letter, then small letters, digits, `-` and `_`, 32 in all at most".to_owned());
    Err(Refusal::new(key.origin, format!("`{name}` cannot be the name of a parameter"), remedy))
}

/// The name of a value: the value itself, or its key `name`.
fn value_name(value: &Node) -> Option<&str> {
    value.text().or_else(|| value.value("name").and_then(Node::text))
}

fn axis(name: &str, values: Node) -> Result<Vec<Node>, Refusal> {
    let origin = values.origin;
    let Shape::List(values) = values.shape else {
        let remedy = Some(format!("write `{name}: [ONE, ANOTHER]`, or give it under `parameters`"));
        return Err(Refusal::new(origin, "a matrix has a list of values for each parameter", remedy));
    };
    if values.is_empty() {
        return Err(Refusal::new(origin, format!("`{name}` has no value"), None));
    }
    let mut seen = BTreeSet::new();
    for value in &values {
        let Some(text) = value_name(value).filter(|text| is_short(text)) else {
            let remedy = "it is part of a file's name: letters, digits and `.%+-_`; otherwise write `{ name: SHORT, value: ... }`";
            return Err(Refusal::new(value.origin, "this value has no short name", Some(remedy.to_owned())));
        };
        if !seen.insert(text) {
            return Err(Refusal::new(
                value.origin,
                format!("the value `{text}` stands here a second time"),
                None,
            ));
        }
    }
    Ok(values)
}

fn is_short(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '%' | '+' | '-' | '_');
    (1..=40).contains(&text.len()) && text.chars().all(legal)
}

/// What `except` leaves out: values by parameter, all of which must fit.
type Exception = Vec<(String, String)>;

fn exceptions(except: Option<Node>, axes: &[Axis]) -> Result<Vec<Exception>, Refusal> {
    let Some(except) = except else { return Ok(Vec::new()) };
    let wrong = |origin| {
        let remedy = Some("write `except: [{ variant: E, loss: 10% }]`".to_owned());
        Refusal::new(origin, "here stands a list of cells that do not run", remedy)
    };
    let origin = except.origin;
    let Shape::List(items) = except.shape else { return Err(wrong(origin)) };
    let mut exceptions = Vec::new();
    for item in items {
        let mut exception = Exception::new();
        for (key, value) in item.entries() {
            let (name, text) = (key.text().unwrap_or_default(), value.text().unwrap_or_default());
            let Some(axis) = axes.iter().find(|axis| axis.name == name) else {
                let remedy = did_you_mean(name, axes.iter().map(|axis| axis.name.as_str()));
                return Err(Refusal::new(key.origin, format!("`{name}` is not in the matrix"), remedy));
            };
            if axis.value(text).is_none() {
                let remedy = did_you_mean(text, axis.values.iter().filter_map(value_name));
                return Err(Refusal::new(value.origin, format!("`{name}` is never `{text}`"), remedy));
            }
            exception.push((name.to_owned(), text.to_owned()));
        }
        if exception.is_empty() {
            return Err(wrong(item.origin));
        }
        exceptions.push(exception);
    }
    Ok(exceptions)
}

/// All combinations but the exceptions; the last parameter changes fastest.
fn combinations(axes: &[Axis], except: &[Exception]) -> Vec<Cell> {
    let mut cells = vec![Cell { values: Vec::new() }];
    for axis in axes {
        let names = || axis.values.iter().filter_map(value_name);
        let with = |cell: &Cell, name: &str| {
            let mut values = cell.values.clone();
            values.push((axis.name.clone(), name.to_owned()));
            Cell { values }
        };
        cells =
            cells.iter().flat_map(|cell| names().map(|name| with(cell, name)).collect::<Vec<_>>()).collect();
    }
    cells.retain(|cell| {
        !except.iter().any(|exception| exception.iter().all(|value| cell.values.contains(value)))
    });
    cells
}

/// The tree with values for `${name}` and `${name.key}`. Text that is nothing else becomes the value as it
/// was written, a number or a list too; inside other text the value is spliced in. `$${` is a plain `${`.
fn replaced<'a>(
    node: Node,
    values: &[(&'a str, &'a Node)],
    used: &mut BTreeSet<&'a str>,
) -> Result<Node, Refusal> {
    let Node { shape, origin } = node;
    let shape = match shape {
        Shape::Scalar { text, plain } if text.contains("${") => {
            let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            if let Some(name) = whole.filter(|name| !name.contains('}')) {
                return Ok(value(name, origin, values, used)?.clone());
            }
            Shape::Scalar { text: spliced(&text, origin, values, used)?, plain }
        }
        Shape::Scalar { text, plain } => Shape::Scalar { text, plain },
        Shape::List(items) => {
            let items = items.into_iter().map(|item| replaced(item, values, used));
            Shape::List(items.collect::<Result<_, _>>()?)
        }
        Shape::Map(entries) => {
            let mut done: Vec<(Node, Node)> = Vec::new();
            for (key, value) in entries {
                done.push((replaced(key, values, used)?, replaced(value, values, used)?));
            }
            Shape::Map(done)
        }
    };
    Ok(Node { shape, origin })
}

fn spliced<'a>(
    text: &str,
    origin: Origin,
    values: &[(&'a str, &'a Node)],
    used: &mut BTreeSet<&'a str>,
) -> Result<String, Refusal> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            out.push_str(escaped);
            out.push_str("${");
            rest = after;
            continue;
        }
        let Some((name, behind)) = after.split_once('}') else {
            let remedy = Some("close it, or write `$${` for a plain `${`".to_owned());
            return Err(Refusal::new(origin, "`${` has no `}` behind it", remedy));
        };
        out.push_str(before);
        let node = value(name, origin, values, used)?;
        match node.text() {
            Some(text) => out.push_str(text),
            None => {
                let message = format!("`{name}` is more than one value and stands inside a text");
                return Err(Refusal::new(origin, message, None));
            }
        }
        rest = behind;
    }
    Ok(out + rest)
}

fn value<'a>(
    name: &str,
    origin: Origin,
    values: &[(&'a str, &'a Node)],
    used: &mut BTreeSet<&'a str>,
) -> Result<&'a Node, Refusal> {
    let (parameter, key) = name.split_once('.').map_or((name, None), |(name, key)| (name, Some(key)));
    let Some((known, node)) = values.iter().rev().find(|(known, _)| *known == parameter) else {
        let remedy = did_you_mean(parameter, values.iter().map(|(known, _)| *known));
        return Err(Refusal::new(origin, format!("there is no parameter `{parameter}`"), remedy));
    };
    used.insert(known);
    // A value with a name stands for its name, where no key of it is asked for.
    let key = key.or_else(|| node.value("name").map(|_| "name"));
    let Some(key) = key else { return Ok(node) };
    node.value(key).ok_or_else(|| {
        let keys = node.entries().iter().filter_map(|(key, _)| key.text());
        Refusal::new(origin, format!("`{parameter}` has no key `{key}`"), did_you_mean(key, keys))
    })
}
