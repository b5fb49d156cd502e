//! The drawing of a ladder: one lane a host, arrows between lanes, words at a lane.

use std::collections::BTreeSet;

use crate::declaration::Declaration;
use crate::names::Names;
use crate::trace::{Trace, What};

/// Columns of the time where it stays below 10,000 s: `1234.567890`.
const TIME: usize = 11;
/// Columns of a ladder, where its lanes do not need more.
const WIDTH: usize = 110;
/// Columns kept to the right of the last lane.
const MARGIN: usize = 43;
/// With more lanes nobody can follow an arrow: lines then name both ends instead.
const MOST_LANES: usize = 8;

/// Where each host stands.
pub(super) struct Lanes {
    /// Each host as the trace names it and as the ladder does.
    hosts: Vec<(String, String)>,
    /// Column of the first lane: after the time.
    first: usize,
    /// Columns from lane to lane.
    spacing: usize,
}

/// What an arrow shows.
pub(super) struct Arrow<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// `-` for datagrams, `=` for what belongs to a connection.
    pub(super) stroke: char,
    pub(super) label: String,
    /// An arrow that does not arrive ends in an `x`.
    pub(super) arrives: bool,
    /// Words to the right of the lanes.
    pub(super) note: String,
}

impl Lanes {
    /// The declared hosts in their order, then those that only the trace knows. Of many declared
    /// hosts only those that do something have a lane.
    pub(super) fn new(declaration: &Declaration, trace: &Trace, names: &Names<'_>) -> Lanes {
        let declared: BTreeSet<&str> = declaration.hosts.iter().map(|host| &*host.name).collect();
        let mut seen = BTreeSet::new();
        let mut strangers = Vec::new();
        for host in trace.entries.iter().flat_map(|entry| hosts(&entry.what)) {
            if seen.insert(host) && !declared.contains(host) {
                strangers.push(host);
            }
        }
        let many = declared.len() > MOST_LANES;
        let declared = declaration.hosts.iter().map(|host| &*host.name);
        let with_lane = declared.filter(|host| !many || seen.contains(host));
        let named: Vec<_> =
            with_lane.chain(strangers).map(|host| (host.to_string(), names.host(host))).collect();
        let spacing = match named.len() {
            0..=2 => 30,
            3 => 24,
            _ => 18,
        };
        let last = trace.entries.last().map_or(0, |entry| entry.at_us);
        Lanes { hosts: named, first: moment(last).len() + 1, spacing }
    }

    /// The line that names the lanes.
    pub(super) fn header(&self) -> String {
        if !self.drawn() {
            return format!("{:>width$}", "time", width = self.first - 1);
        }
        let mut row = Row::default();
        row.put(self.first - 5, "time");
        for (lane, (_, name)) in self.hosts.iter().enumerate() {
            row.put(self.column(lane), &shortened(name, self.spacing - 2));
        }
        row.finish()
    }

    /// The lines of words at a host's lane.
    pub(super) fn words(&self, at_us: u64, host: &str, text: &str) -> Vec<String> {
        let lane = self.lane(host);
        if !self.drawn() {
            return self.paragraph(at_us, self.first, &format!("{}: {text}", self.hosts[lane].1));
        }
        self.paragraph(at_us, self.column(lane) + 2, text)
    }

    /// The lines of an arrow: one, and as many more as its note needs.
    pub(super) fn arrow(&self, at_us: u64, arrow: &Arrow<'_>) -> Vec<String> {
        let (from, to) = (self.lane(arrow.from), self.lane(arrow.to));
        if !self.drawn() || from == to {
            let head = if arrow.arrives { "->" } else { "-x" };
            let note = if arrow.note.is_empty() { String::new() } else { format!("  {}", arrow.note) };
            let text = format!("{head} {}: {}{note}", self.hosts[to].1, arrow.label);
            return self.words(at_us, arrow.from, &text);
        }
        let (left, right) = (self.column(from.min(to)) + 1, self.column(from.max(to)));
        let inside = right - left;
        let mut shaft: Vec<char> = vec![arrow.stroke; inside];
        let label = shortened(&arrow.label, inside - 5);
        // The label stands next to who says it, the head next to who hears it.
        let label_length = label.chars().count();
        let label_at = if from < to { 1 } else { inside - 1 - label_length };
        shaft.splice(label_at..label_at + label_length, label.chars());
        let head: Vec<char> = match (arrow.arrives, from < to) {
            (true, true) => vec!['>'],
            (true, false) => vec!['<'],
            (false, true) => vec!['x', ' ', ' '],
            (false, false) => vec![' ', ' ', 'x'],
        };
        let head_at = if from < to { inside - head.len() } else { 0 };
        shaft.splice(head_at..head_at + head.len(), head);
        let mut note = arrow.note.clone();
        if label != arrow.label {
            note = format!("{} {note}", arrow.label);
        }
        let mut lines = self.paragraph(at_us, self.column(self.hosts.len() - 1) + 2, note.trim_end());
        if let Some(line) = lines.first_mut() {
            let mut row = Row(line.chars().collect());
            row.put(left, &shaft.iter().collect::<String>());
            *line = row.finish();
        }
        lines
    }

    /// Text from a column on, over the lanes, wrapped; the time stands before its first line.
    fn paragraph(&self, at_us: u64, column: usize, text: &str) -> Vec<String> {
        let width = self.width() - column;
        let mut lines = wrapped(text, width);
        if lines.is_empty() {
            lines.push(String::new());
        }
        let draw = |(number, text): (usize, String)| {
            let mut row = Row::default();
            if self.drawn() {
                (0..self.hosts.len()).for_each(|lane| row.put(self.column(lane), "|"));
            }
            if number == 0 {
                let moment = moment(at_us);
                row.put((self.first - 1).saturating_sub(moment.len()), &moment);
            }
            row.put(column, &text);
            row.finish()
        };
        lines.into_iter().enumerate().map(draw).collect()
    }

    fn drawn(&self) -> bool {
        self.hosts.len() <= MOST_LANES
    }

    fn column(&self, lane: usize) -> usize {
        self.first + lane * self.spacing
    }

    fn width(&self) -> usize {
        if self.drawn() { WIDTH.max(self.column(self.hosts.len().max(1) - 1) + MARGIN) } else { WIDTH }
    }

    /// The lane of a host; every host of the trace has one.
    fn lane(&self, host: &str) -> usize {
        self.hosts.iter().position(|(name, _)| name == host).unwrap_or_default()
    }
}

/// Seconds since the scenario began, to the microsecond.
fn moment(at_us: u64) -> String {
    format!("{:>TIME$}", format!("{}.{:06}", at_us / 1_000_000, at_us % 1_000_000))
}

/// The hosts that a step touches.
fn hosts(what: &What) -> Vec<&str> {
    match what {
        What::Message { from, to, .. } => vec![from, to],
        What::Connection { client, server, .. } => vec![client, server],
        What::Mark { host, .. }
        | What::Notice { host, .. }
        | What::Printed { host, .. }
        | What::Row { host, .. }
        | What::Mail { host, .. }
        | What::Order { host, .. }
        | What::Remark { host, .. }
        | What::Unexpected { host, .. }
        | What::Resolved { host, .. }
        | What::Fault { host, .. }
        | What::Power { host, .. } => vec![host],
    }
}

/// A line under construction.
#[derive(Default)]
struct Row(Vec<char>);

impl Row {
    fn put(&mut self, column: usize, text: &str) {
        for (at, c) in (column..).zip(text.chars()) {
            if self.0.len() <= at {
                self.0.resize(at + 1, ' ');
            }
            self.0[at] = c;
        }
    }

    fn finish(self) -> String {
        self.0.into_iter().collect::<String>().trim_end().to_string()
    }
}

/// At most `length` characters; what is missing shows as an ellipsis.
fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_string();
    }
    text.chars().take(length - 1).chain(['…']).collect()
}

/// The text in lines of at most `width` characters, broken between words where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => {
                let characters: Vec<char> = word.chars().collect();
                lines.extend(characters.chunks(width).map(|part| part.iter().collect::<String>()));
            }
        }
    }
    lines
}
