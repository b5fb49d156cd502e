//! What is wrong with a scenario, shown with the line where it stands.

use std::fmt;
use std::sync::Arc;

use serde_yaml::Error as YamlError;

use super::reuse::Origins;
use super::value::Place;
use super::within;

/// Everything that is wrong with one scenario file. The scenario's author is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ScenarioError {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong, in the order of the file; never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file: the scenario's, or that of a part which it includes.
    pub file: Arc<str>,
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The line, or the part of it around the place.
    pub line: String,
    /// Characters of `line` in front of the offending text.
    pub indent: usize,
    /// Length of the offending text in characters, at least 1.
    pub width: usize,
}

/// The text of a scenario file, kept to show lines of it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// Where its lines were written, where the text was composed of several files.
    pub(super) origins: Option<Arc<Origins>>,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("\n\n")?;
            }
            problem.show(f)?;
        }
        Ok(())
    }
}

impl Problem {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.place.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "error: {}", self.message)?;
        writeln!(f, "{margin}--> {}:{}:{}", self.file, self.place.line, self.place.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", self.line)?;
        write!(f, "{margin} | {}{}", " ".repeat(self.indent), "^".repeat(self.width))?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(f, " {remedy}"))
    }
}

/// The longest line that is shown whole, in characters.
const LINE_SHOWN: usize = 140;

impl Source {
    /// A problem behind so many characters of the value that begins at this place.
    pub(super) fn problem_within(
        &self,
        place: Place,
        at: usize,
        message: impl Into<String>,
        remedy: Option<String>,
    ) -> Problem {
        let (written, place) = self.written(place);
        written.problem(within::place(&written.text, place, at), message, remedy)
    }

    /// A problem at this place of the file.
    pub fn problem(&self, place: Place, message: impl Into<String>, remedy: Option<String>) -> Problem {
        let (written, place) = self.written(place);
        written.shown(place, message, remedy)
    }

    /// Where this place was written, if the text was composed of several files.
    fn written(&self, place: Place) -> (&Source, Place) {
        let place = Place { line: place.line.max(1), column: place.column.max(1) };
        let Some(origins) = &self.origins else { return (self, place) };
        // What is behind the last line (an end that is missing) belongs to it.
        let at = (place.line as usize - 1).min(origins.lines.len().saturating_sub(1));
        let origin = origins.lines.get(at).copied().unwrap_or_default();
        origins.sources.get(origin.file).map_or((self, place), |written| written.written(origin.place))
    }

    fn shown(&self, place: Place, message: impl Into<String>, remedy: Option<String>) -> Problem {
        let line = self.text.lines().nth(place.line as usize - 1).unwrap_or_default();
        let before = (place.column as usize - 1).min(line.chars().count());
        let hidden =
            if line.chars().count() > LINE_SHOWN { before.saturating_sub(LINE_SHOWN / 2) } else { 0 };
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = line.chars().skip(hidden).take(LINE_SHOWN).map(visible).collect();
        let rest: String = line.chars().skip(before).take(LINE_SHOWN - (before - hidden)).collect();
        let width = width(&rest);
        let file = Arc::clone(&self.file);
        Problem { file, place, message: message.into(), remedy, line: shown, indent: before - hidden, width }
    }

    /// The error of this one problem.
    pub fn error(&self, problem: Problem) -> ScenarioError {
        ScenarioError { file: self.file.to_string(), problems: vec![problem] }
    }

    /// What the YAML reader found, in the words of the grammar.
    pub fn refused(&self, error: &YamlError) -> ScenarioError {
        let error = innermost(error);
        let place = error.location().as_ref().map(Place::from).unwrap_or_default();
        let (message, remedy) = in_words(error);
        self.error(self.problem(place, message, remedy))
    }
}

/// "did you mean" for a word that is none of these; their list if nothing is like it.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let near = |other: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &other.to_lowercase());
    let best = known.iter().map(|other| (near(other), *other)).min();
    match best {
        Some((distance, other)) if distance <= 2.max(other.chars().count() / 3) => {
            Some(format!("did you mean `{other}`?"))
        }
        Some(_) if known.len() <= 16 => Some(format!("known: {}", known.join(", "))),
        _ => None,
    }
}

/// Length of what stands at the start of this: a quoted text, a bracket, or words up to where YAML ends them.
fn width(rest: &str) -> usize {
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest.chars().skip(1).take_while(|c| *c != quote).count() + 2,
        _ => {
            let ends = [",", "{", "}", "[", "]", ": ", " #"];
            let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
            let words = rest[..end].trim_end();
            words.strip_suffix(':').unwrap_or(words).chars().count()
        }
    };
    length.min(rest.chars().count()).max(1)
}

fn innermost(error: &YamlError) -> &YamlError {
    let mut error = error.without_snippet();
    while let YamlError::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    error
}

fn in_words(error: &YamlError) -> (String, Option<String>) {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key `{field}`"), did_you_mean(field, expected.iter().copied()))
        }
        YamlError::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value `{variant}`"), did_you_mean(variant, expected.iter().copied()))
        }
        YamlError::SerdeMissingField { field, .. } => {
            (format!("the key `{field}` is missing"), Some(format!("add `{field}: ...` here")))
        }
        YamlError::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("of this mapping");
            (format!("the key `{key}` stands here a second time"), Some("keep one of them".to_owned()))
        }
        YamlError::QuotingRequired { value, .. } => (
            format!("`{value}` is a number to YAML, and text is expected"),
            Some(format!("write it in quotes: \"{value}\"")),
        ),
        YamlError::NullIntoString { .. } => ("a value is missing".to_owned(), None),
        YamlError::Unexpected { expected, .. } => {
            (format!("here stands something else than the {expected} expected"), None)
        }
        YamlError::ExpectedMappingEndAfterEnumVariantValue { .. } => (
            "only one thing can be done here".to_owned(),
            Some("take this one out, or make it another rule".to_owned()),
        ),
        YamlError::Eof { .. } => ("the file ends too early".to_owned(), None),
        YamlError::MergeKeyNotAllowed { .. } => {
            ("merge keys are not part of the grammar".to_owned(), Some("write the keys out".to_owned()))
        }
        YamlError::MultipleDocuments { .. } => {
            ("one file holds one scenario".to_owned(), Some("take out this line".to_owned()))
        }
        YamlError::Message { msg, .. } | YamlError::SerdeVariantId { msg, .. } => split(msg),
        other => split(&other.to_string()),
    }
}

/// A message of the value types carries its remedy on its second line.
fn split(message: &str) -> (String, Option<String>) {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    match message.split_once('\n') {
        Some((message, remedy)) => (message.to_owned(), Some(remedy.replace('\n', " "))),
        None => (message.to_owned(), None),
    }
}
