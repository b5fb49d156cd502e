//! Places inside a value: where the n-th character of a text stands in the file.

use super::value::Place;

/// The place behind so many characters of the scalar that begins there. Where the file writes one character
/// as several (`"\x41"`), or folds lines, it may be the start of the value or near it.
pub(super) fn place(text: &str, begins: Place, at: usize) -> Place {
    let mut lines = text.lines().skip((begins.line as usize).saturating_sub(1));
    let line = lines.next().unwrap_or_default();
    let from = (begins.column as usize).saturating_sub(1);
    let mut rest = line.chars().skip(from);
    let columns = match rest.clone().next() {
        Some('|') => return in_block(lines, begins, at),
        Some('"') => {
            rest.next();
            1 + (0..at).map(|_| escaped(&mut rest)).sum::<usize>()
        }
        Some('\'') => 1 + at,
        _ => at,
    };
    let end = line.chars().count();
    let column = if from + columns < end { from + columns } else { from };
    Place { line: begins.line, column: u32::try_from(column + 1).unwrap_or(begins.column) }
}

/// How many characters of a text in quotes make its next one.
fn escaped(rest: &mut impl Iterator<Item = char>) -> usize {
    match rest.next() {
        Some('\\') => 1 + rest.next().map_or(0, |_| 1),
        Some(_) => 1,
        None => 0,
    }
}

/// In a block behind `|`, every line stands as it is behind the margin of the first.
fn in_block<'t>(lines: impl Iterator<Item = &'t str>, begins: Place, at: usize) -> Place {
    let mut left = at;
    let mut margin = None;
    for (number, line) in (begins.line + 1..).zip(lines) {
        let blank = line.chars().take_while(|c| *c == ' ').count();
        let margin = *margin.get_or_insert(blank);
        let length = line.chars().count().saturating_sub(margin);
        if left <= length {
            let column = u32::try_from(margin + left + 1).unwrap_or(1);
            return Place { line: number, column };
        }
        // The line's end is a character too.
        left -= length + 1;
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, line: u32, column: u32, at: usize) -> (u32, u32) {
        let place = place(text, Place { line, column }, at);
        (place.line, place.column)
    }

    #[test]
    fn plain_and_quoted_texts() {
        assert_eq!(found("a: b{c}", 1, 4, 1), (1, 5));
        assert_eq!(found("a: 'b{c}'", 1, 4, 1), (1, 6));
        assert_eq!(found("a: \"\\r\\n{c}\"", 1, 4, 2), (1, 9));
    }

    #[test]
    fn blocks_and_their_lines() {
        let text = "a: |\n  one\n  two {c}\n";
        assert_eq!(found(text, 1, 4, 0), (2, 3));
        assert_eq!(found(text, 1, 4, 8), (3, 7));
        assert_eq!(found(text, 1, 4, 99), (1, 4));
    }

    #[test]
    fn what_is_not_on_the_line_is_shown_at_the_start() {
        assert_eq!(found("a: b", 1, 4, 50), (1, 4));
        assert_eq!(found("", 7, 1, 3), (7, 1));
    }
}
