//! The message ladder: a run as a person reads it.
//!
//! One lane a host, time downwards. `--INVITE-->` is a datagram, `==EHLO==>` a unit on a TCP
//! connection, `--INVITE--x` did not arrive. A line at a lane tells what that host did: an operator's
//! order, arcs of its flowchart (`·`), a page, a notice. The text is compared byte for byte with the
//! one of an earlier run, so nothing is in it that differs between two runs that mean the same.

use std::collections::BTreeMap;

use crate::declaration::Declaration;
use crate::digest::short_digest;
use crate::names::{Names, one_line, port};
use crate::trace::{Carrier, Fate, Trace, What};
use lanes::{Arrow, Lanes};
use steps::{Step, steps, word};

mod lanes;
mod steps;

/// Lines of the longest ladder.
const MOST_LINES: usize = 120;

/// A message that takes at least T1 (RFC 3261 §17.1.1.1) may cross the copy that its sender sends
/// when no answer came: from there on the moment of arrival is part of the story.
const SLOW_US: u64 = 500_000;

/// The ladder of a run, ending with a line break. Datagrams sent again byte for byte fold into the
/// first: `x3 at +0.5 +1.5`. A ladder of more than 120 lines is cut, and its last line says how many
/// more steps there are.
pub fn ladder(declaration: &Declaration, trace: &Trace) -> String {
    let trace = trace.redacted();
    let names = Names::new(declaration);
    let lanes = Lanes::new(declaration, &trace, &names);
    let title = format!("# {}", one_line(&declaration.title));
    let mut lines = vec![title, lanes.header()];
    let pen = Pen { lanes, names, ordinals: ordinals(&trace) };
    let steps = steps(&trace);
    let mut ends = vec![lines.len()];
    for step in &steps {
        lines.extend(pen.lines(step));
        if lines.len() > MOST_LINES {
            // Back to the last whole step that leaves room for the last line.
            let whole = ends.partition_point(|&end| end < MOST_LINES) - 1;
            lines.truncate(ends[whole]);
            lines.push(format!("... {} more steps", steps.len() - whole));
            break;
        }
        ends.push(lines.len());
    }
    lines.join("\n") + "\n"
}

/// Draws steps.
struct Pen<'a> {
    lanes: Lanes,
    names: Names<'a>,
    /// Which of the connections between its two hosts each is, from 1. Its number in the trace
    /// would change with every unrelated call.
    ordinals: BTreeMap<u32, u32>,
}

impl Pen<'_> {
    fn lines(&self, step: &Step<'_>) -> Vec<String> {
        let text = |text: &str| self.names.text(text);
        let (host, words) = match step.what {
            What::Message { .. } => return self.message(step),
            What::Connection { .. } => return self.connection(step),
            What::Mark { host, .. } => (host, format!("· {}", one_line(&step.arcs.join(" ")))),
            What::Notice { host, medium, text: words, .. } => {
                (host, format!("{}: {}", medium.as_str(), text(words)))
            }
            What::Printed { host, .. } => (host, printed(step.what)),
            What::Row { host, table, change, row, .. } => {
                let cells: Vec<String> = row.iter().map(|(name, value)| format!("{name} {value}")).collect();
                (host, text(&format!("{table} {change}: {}", cells.join(", "))))
            }
            What::Mail { host, folder, name, put, .. } => {
                let done = if *put { "put" } else { "take" };
                (host, format!("{folder}: {done} {}", text(name)))
            }
            What::Order { host, step: 0, text: words } => (host, text(words)),
            What::Order { host, step, text: words } => (host, format!("order {step}: {}", text(words))),
            What::Remark { host, text: words } => (host, format!("({})", text(words))),
            What::Unexpected { host, what, awaited } => {
                (host, format!("unexpected {} while awaiting {}", text(what), text(awaited)))
            }
            What::Resolved { host, kind, name, answer } => {
                (host, format!("resolve {kind} {name} -> {}", text(&answer.to_string())))
            }
            What::Fault { host, text: words } => (host, format!("fault: {}", text(words))),
            What::Power { host, on: true, boots: 1 } => (host, "power on".into()),
            What::Power { host, on: true, boots } => (host, format!("power on, start {boots}")),
            What::Power { host, on: false, .. } => (host, "power off".into()),
        };
        self.lanes.words(step.at_us, host, &words)
    }

    fn message(&self, step: &Step<'_>) -> Vec<String> {
        let What::Message { from, to, carrier, label, fate, .. } = step.what else { return Vec::new() };
        let mut notes = Vec::new();
        let stroke = match carrier {
            Carrier::Datagram { .. } => {
                notes.push(step.copies_note());
                '-'
            }
            Carrier::Stream { connection, .. } => {
                notes.push(self.ordinal(*connection));
                if !step.arrives() {
                    notes.push(word(fate).into());
                }
                '='
            }
        };
        if let Fate::Delivered { at_us } = fate
            && at_us.saturating_sub(step.at_us) >= SLOW_US
        {
            notes.push(format!("arrives at {}.{:06}", at_us / 1_000_000, at_us % 1_000_000));
        }
        notes.retain(|note| !note.is_empty());
        let arrow = Arrow {
            from,
            to,
            stroke,
            label: one_line(label),
            arrives: step.arrives(),
            note: notes.join(", "),
        };
        self.lanes.arrow(step.at_us, &arrow)
    }

    fn connection(&self, step: &Step<'_>) -> Vec<String> {
        let What::Connection { id, client, server, to, event } = step.what else { return Vec::new() };
        let (from_client, word) = match event.split_once(' ') {
            Some(("client", word)) => (true, word),
            Some(("server", word)) => (false, word),
            _ => (true, &**event),
        };
        let (from, to_host) = if from_client { (client, server) } else { (server, client) };
        let is_attempt = word == &**event;
        let mut note = self.ordinal(*id);
        if is_attempt {
            note += &format!(" to {}{}", self.names.host(&to.ip().to_string()), port(to.port()));
        }
        let arrives = !matches!(word, "refused" | "unreachable" | "timed out");
        let label = format!("({})", one_line(word));
        let arrow = Arrow { from, to: to_host, stroke: '=', label, arrives, note: note.trim_start().into() };
        self.lanes.arrow(step.at_us, &arrow)
    }

    /// `#2` for the second connection between two hosts; the first needs no number.
    fn ordinal(&self, connection: u32) -> String {
        match self.ordinals.get(&connection) {
            Some(&ordinal) if ordinal > 1 => format!("#{ordinal}"),
            _ => String::new(),
        }
    }
}

/// A page in words, ending with the first hex digits of the SHA-256 of what is on it.
fn printed(what: &What) -> String {
    let What::Printed { number, of, page, text, .. } = what else { return String::new() };
    let mut words = format!("printed page {number} of {of}");
    if let Some(page) = page {
        let (width, height) = (page.bitmap.width, page.bitmap.height);
        words += &format!(", {width}x{height}, {}", short_digest(page.bitmap.data(), 8));
    }
    if let Some(text) = text {
        words += &format!(", text of {} bytes, {}", text.len(), short_digest(text.as_bytes(), 8));
    }
    words
}

fn ordinals(trace: &Trace) -> BTreeMap<u32, u32> {
    let mut ordinals = BTreeMap::new();
    let mut between: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for entry in &trace.entries {
        let (id, client, server) = match &entry.what {
            What::Connection { id, client, server, .. } => (*id, client, server),
            What::Message { from, to, carrier: Carrier::Stream { connection, from_client }, .. } => {
                if *from_client {
                    (*connection, from, to)
                } else {
                    (*connection, to, from)
                }
            }
            _ => continue,
        };
        ordinals.entry(id).or_insert_with(|| {
            let count = between.entry((client, server)).or_default();
            *count += 1;
            *count
        });
    }
    ordinals
}

#[cfg(test)]
mod tests;
