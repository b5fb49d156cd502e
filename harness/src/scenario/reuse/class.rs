//! `class`: the habits of a host under one name. The built-in classes are always there; a scenario and its
//! parts may bring their own under `classes`.

use super::super::error::{Source, did_you_mean};
use super::Refusal;
use super::node::{self, Node, Shape};

/// The built-in classes, in the words of a scenario.
const BUILT_IN: &str = include_str!("../classes.yaml");
/// What they are shown as in errors.
const FILE: &str = "built-in classes";

/// The key that says what a class is; all others are those of a host.
const ABOUT: &str = "about";

/// The built-in classes by name: what each is, and the lines that make it.
pub(in crate::scenario) fn built_in() -> Vec<(String, String, String)> {
    let classes = node::read(&source(), 0).unwrap_or_else(|_| unreachable!("a test reads them"));
    let named = classes.entries().iter().map(|(name, class)| {
        let name = name.text().unwrap_or_default().to_owned();
        let about = class.value(ABOUT).and_then(Node::text).unwrap_or_default().to_owned();
        let head = format!("{name}:");
        let lines = BUILT_IN.lines().skip_while(|line| *line != head).skip(1);
        let made = lines.take_while(|line| line.starts_with(' '));
        let habits = made.filter(|line| !line.starts_with("  about:"));
        let habits = habits.map(|line| format!("{}\n", line.trim_start_matches("  "))).collect();
        (name, about, habits)
    });
    named.collect()
}

/// Lays the class of every host under it. `files`: where what is laid in was written.
///
/// # Errors
/// A class that is not there, or is no mapping.
pub(super) fn lay_under(root: &mut Node, files: &mut Vec<Source>) -> Result<(), Refusal> {
    let own = root.take("classes");
    if own.is_none() && hosts(root).all(|host| host.value("class").is_none()) {
        return Ok(());
    }
    let file = files.len();
    files.push(source());
    let built_in = node::read(&files[file], file)?;
    for (name, class) in own.iter().flat_map(Node::entries) {
        let word = name.text().unwrap_or_default();
        if built_in.value(word).is_some() {
            let remedy =
                Some("`faxproof list classes` names those that are there; take another name".to_owned());
            return Err(Refusal::new(name.origin, format!("`{word}` is a built-in class"), remedy));
        }
        if !matches!(class.shape, Shape::Map(_)) {
            let remedy = Some(format!("write `{word}: {{ about: ..., fax: 101, habits: {{ ... }} }}`"));
            return Err(Refusal::new(class.origin, "here stand the keys of a host", remedy));
        }
    }
    if let Some(own) = own.as_ref().filter(|own| !matches!(own.shape, Shape::Map(_))) {
        let remedy = Some("write `classes: { NAME: { fax: 101, habits: { ... } } }`".to_owned());
        return Err(Refusal::new(own.origin, "classes are given by name", remedy));
    }
    let known: Vec<&(Node, Node)> = own.iter().flat_map(Node::entries).chain(built_in.entries()).collect();
    for host in hosts(root) {
        let Some(class) = host.take("class") else { continue };
        let name = class.text().unwrap_or_default();
        let Some((_, habits)) = known.iter().find(|(known, _)| known.text() == Some(name)) else {
            let names = known.iter().filter_map(|(known, _)| known.text());
            let remedy = did_you_mean(name, names)
                .unwrap_or_else(|| "`faxproof list classes` names those that are built in".to_owned());
            return Err(Refusal::new(class.origin, format!("there is no class `{name}`"), Some(remedy)));
        };
        let mut habits = habits.clone();
        habits.take(ABOUT);
        *host = host.clone().over(habits);
    }
    Ok(())
}

/// The hosts of a scenario.
pub(super) fn hosts(root: &mut Node) -> impl Iterator<Item = &mut Node> {
    let keys = match &mut root.shape {
        Shape::Map(keys) => keys.as_mut_slice(),
        _ => &mut [],
    };
    let hosts = keys.iter_mut().find(|(key, _)| key.text() == Some("hosts"));
    let hosts = hosts.map(|(_, hosts)| &mut hosts.shape);
    let hosts = match hosts {
        Some(Shape::Map(hosts)) => hosts.as_mut_slice(),
        _ => &mut [],
    };
    hosts.iter_mut().map(|(_, host)| host)
}

fn source() -> Source {
    Source { file: FILE.into(), text: BUILT_IN.into(), origins: None }
}
