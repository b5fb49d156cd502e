//! A composed tree written as one text, for the reader that knows the grammar: one token a line, so that
//! the line tells where the token came from.

use super::node::{Node, Origin, Shape};

/// The text, and for each of its lines where that was written.
pub(super) fn emit(root: &Node) -> (String, Vec<Origin>) {
    let mut page = Page::default();
    page.node(root, "");
    (page.text, page.origins)
}

#[derive(Default)]
struct Page {
    text: String,
    origins: Vec<Origin>,
}

impl Page {
    fn line(&mut self, text: &str, end: &str, origin: Origin) {
        self.text.push_str(text);
        self.text.push_str(end);
        self.text.push('\n');
        self.origins.push(origin);
    }

    fn node(&mut self, node: &Node, end: &str) {
        match &node.shape {
            Shape::Scalar { text, plain } => self.line(&written(text, *plain), end, node.origin),
            Shape::List(items) => {
                self.line("[", "", node.origin);
                items.iter().for_each(|item| self.node(item, ","));
                self.line("]", end, node.origin);
            }
            Shape::Map(entries) => {
                self.line("{", "", node.origin);
                for (key, value) in entries {
                    self.line(&written(key.text().unwrap_or_default(), false), ":", key.origin);
                    self.node(value, ",");
                }
                self.line("}", end, node.origin);
            }
        }
    }
}

/// What stood without quotes keeps standing so where YAML could read more than text in it.
fn written(text: &str, plain: bool) -> String {
    if plain && text.is_empty() {
        return "~".to_owned();
    }
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | '~');
    let begins = text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_alphanumeric());
    if plain && (text == "~" || begins) && !text.starts_with("--") && text.chars().all(word) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                quoted.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
