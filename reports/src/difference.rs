//! How a ladder differs from the one that was accepted, told so that a person sees what happened.
//!
//! Lines are compared by what they say, not by when: if everything comes a little later, one line says so.
//! A line that only changed its place is told as moved, one that says nearly the same as changed.

use std::fmt;

use similar::{DiffTag, TextDiff, capture_diff_slices};

/// Longest difference that is shown, in lines.
const MOST_LINES: usize = 80;
/// Equal lines that are shown before and after what changed.
const NEIGHBOURS: usize = 2;
/// With more changes of pace than this, only their number and range are told.
const MOST_SHIFTS: usize = 6;
/// How much two lines have in common if one is said to have become the other.
const ALIKE: f32 = 0.6;

/// What is said of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is as it was.
    Same,
    /// So many lines are as they were, and not shown.
    Folded,
    /// It is not there any more.
    Gone,
    /// It was not there.
    New,
    /// It became the line behind it.
    Was,
    /// It was the line before it.
    Now,
    /// It stands elsewhere.
    Moved,
    /// From here on everything comes earlier or later.
    Shifted,
}

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is said of it.
    pub mark: Mark,
    /// The line of the ladder, and a remark where one is needed.
    pub text: String,
}

/// How two ladders differ; without lines they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What to show.
    pub lines: Vec<Line>,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Mark::Same => "",
            Mark::Folded => "...",
            Mark::Gone => "gone",
            Mark::New => "new",
            Mark::Was => "was",
            Mark::Now => "now",
            Mark::Moved => "moved",
            Mark::Shifted => "time",
        }
    }

    /// The colour of a terminal (ECMA-48 SGR) in which it is shown.
    fn colour(self) -> &'static str {
        match self {
            Mark::Same | Mark::Folded => "2",
            Mark::Gone | Mark::Was => "31",
            Mark::New | Mark::Now => "32",
            Mark::Moved => "36",
            Mark::Shifted => "33",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5} {}", self.mark.word(), self.text)
    }
}

impl Line {
    /// The line in the colour of its mark.
    pub fn coloured(&self) -> String {
        format!("\x1b[{}m{self}\x1b[0m", self.mark.colour())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// What changed from the ladder `old` to the ladder `new`. More than 80 lines are cut, and the last says
/// how many more there are.
pub fn difference(old: &str, new: &str) -> Difference {
    if old == new {
        return Difference::default();
    }
    let (old, new): (Vec<Step<'_>>, Vec<Step<'_>>) = (steps(old), steps(new));
    let mut lines = folded(moved(&old, &new, aligned(&old, &new)));
    if lines.len() > MOST_LINES {
        let more = lines.len() - (MOST_LINES - 1);
        lines.truncate(MOST_LINES - 1);
        lines.push(Line { mark: Mark::Folded, text: format!("{more} more lines") });
    }
    Difference { lines }
}

/// One line of a ladder.
struct Step<'a> {
    whole: &'a str,
    at_us: Option<i64>,
    /// The line without its time, and with other times counted from it.
    says: String,
}

fn steps(ladder: &str) -> Vec<Step<'_>> {
    ladder.lines().map(step).collect()
}

fn step(whole: &str) -> Step<'_> {
    let text = whole.trim_start();
    let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
    let Some(at_us) = micros(time) else {
        return Step { whole, at_us: None, says: whole.trim().to_owned() };
    };
    // `arrives at 3.500000` is the same story if the whole call is later.
    let says = match rest.split_once("arrives at ") {
        Some((before, arrives)) => match micros(arrives.trim_end()) {
            Some(arrives_us) => format!("{before}arrives after {}", arrives_us - at_us),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    Step { whole, at_us: Some(at_us), says: says.trim_end().to_owned() }
}

/// Microseconds of `1.234567`.
fn micros(text: &str) -> Option<i64> {
    let (seconds, decimals) = text.split_once('.')?;
    if decimals.len() != 6 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)? + decimals.parse::<i64>().ok()?)
}

/// A line of the result before the unchanged ones are folded: positions in the old and the new ladder.
#[derive(Clone, Copy)]
enum Pair {
    Same(usize, usize),
    Gone(usize),
    New(usize),
    Became(usize, usize),
    /// Old place, new place; the number of unchanged lines between them, negative where it moved up.
    Moved(usize, isize),
}

fn aligned(old: &[Step<'_>], new: &[Step<'_>]) -> Vec<Pair> {
    let says = |steps: &[Step<'_>]| steps.iter().map(|step| step.says.clone()).collect::<Vec<_>>();
    let operations = capture_diff_slices(similar::Algorithm::Myers, &says(old), &says(new));
    let mut pairs = Vec::new();
    for operation in operations {
        let (tag, was, now) = operation.as_tag_tuple();
        match tag {
            DiffTag::Equal => pairs.extend(was.zip(now).map(|(was, now)| Pair::Same(was, now))),
            _ => {
                pairs.extend(was.map(Pair::Gone));
                pairs.extend(now.map(Pair::New));
            }
        }
    }
    pairs
}

/// Finds among what is gone and what is new the lines that only moved, and then those that only changed.
fn moved(old: &[Step<'_>], new: &[Step<'_>], mut pairs: Vec<Pair>) -> Vec<Line> {
    let mut taken = Vec::new();
    for at in 0..pairs.len() {
        let Pair::New(now) = pairs[at] else { continue };
        let from = pairs.iter().position(
            |pair| matches!(pair, Pair::Gone(was) if old[*was].says == new[now].says && !taken.contains(was)),
        );
        let Some(from) = from else { continue };
        let Pair::Gone(was) = pairs[from] else { continue };
        taken.push(was);
        let between = &pairs[from.min(at)..from.max(at)];
        let steps = between.iter().filter(|pair| matches!(pair, Pair::Same(..))).count() as isize;
        pairs[at] = Pair::Moved(now, if from < at { steps } else { -steps });
    }
    pairs.retain(|pair| !matches!(pair, Pair::Gone(was) if taken.contains(was)));
    let mut became: Vec<Pair> = Vec::new();
    for pair in pairs {
        if let Pair::New(now) = pair {
            // Only within one gap: what stands between unchanged lines cannot have become what is far away.
            let gap = became.iter().rposition(|pair| matches!(pair, Pair::Same(..))).map_or(0, |at| at + 1);
            let like = (gap..became.len())
                .find(|&at| matches!(became[at], Pair::Gone(was) if alike(&old[was].says, &new[now].says)));
            if let Some(at) = like
                && let Pair::Gone(was) = became[at]
            {
                became[at] = Pair::Became(was, now);
                continue;
            }
        }
        became.push(pair);
    }
    told(old, new, &became)
}

fn alike(one: &str, other: &str) -> bool {
    // The lanes are in every line: only words tell lines apart.
    let words = |text: &str| {
        text.split(['|', '-', '=', ' ']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let (one, other) = (words(one), words(other));
    TextDiff::from_chars(one.as_str(), other.as_str()).ratio() >= ALIKE
}

fn told(old: &[Step<'_>], new: &[Step<'_>], pairs: &[Pair]) -> Vec<Line> {
    let line = |mark, text: &str| Line { mark, text: text.to_owned() };
    let shifts: Vec<i64> = shifts(old, new, pairs);
    let many = shifts.len() > MOST_SHIFTS;
    let mut lines = Vec::new();
    if many {
        let range = shifts.iter().min().zip(shifts.iter().max());
        let range = range.map(|(least, most)| format!("{} to {}", signed(*least), signed(*most)));
        let text = format!("the pace changes {} times, from {}", shifts.len(), range.unwrap_or_default());
        lines.push(Line { mark: Mark::Shifted, text });
    }
    let mut shift_us = 0;
    for pair in pairs {
        match *pair {
            Pair::Same(was, now) => {
                let by_us = old[was].at_us.zip(new[now].at_us).map(|(was, now)| now - was);
                if let Some(by_us) = by_us.filter(|by_us| *by_us != shift_us && !many) {
                    shift_us = by_us;
                    let remark = if by_us == 0 { "as it was".to_owned() } else { signed(by_us) };
                    lines.push(Line {
                        mark: Mark::Shifted,
                        text: format!("{}  ({remark} from here on)", new[now].whole),
                    });
                } else {
                    lines.push(line(Mark::Same, new[now].whole));
                }
            }
            Pair::Gone(was) => lines.push(line(Mark::Gone, old[was].whole)),
            Pair::New(now) => lines.push(line(Mark::New, new[now].whole)),
            Pair::Became(was, now) => {
                lines.push(line(Mark::Was, old[was].whole));
                lines.push(line(Mark::Now, new[now].whole));
            }
            Pair::Moved(now, steps) => {
                let lines_ = if steps.abs() == 1 { "line" } else { "lines" };
                let side = if steps < 0 { "below" } else { "above" };
                let text = format!("{}  (from {} {lines_} {side})", new[now].whole, steps.abs());
                lines.push(Line { mark: Mark::Moved, text });
            }
        }
    }
    lines
}

/// Every change of the pace, among lines that say the same.
fn shifts(old: &[Step<'_>], new: &[Step<'_>], pairs: &[Pair]) -> Vec<i64> {
    let mut shifts = Vec::new();
    for pair in pairs {
        let Pair::Same(was, now) = *pair else { continue };
        let Some((was_us, now_us)) = old[was].at_us.zip(new[now].at_us) else { continue };
        if shifts.last().copied().unwrap_or(0) != now_us - was_us {
            shifts.push(now_us - was_us);
        }
    }
    shifts
}

fn signed(us: i64) -> String {
    let seconds = us.unsigned_abs() / 1_000_000;
    let text = format!("{seconds}.{:06}", us.unsigned_abs() % 1_000_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if us < 0 { format!("{text} s earlier") } else { format!("{text} s later") }
}

/// Leaves of the unchanged lines only those next to a change, and the two that head the ladder.
fn folded(lines: Vec<Line>) -> Vec<Line> {
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.mark != Mark::Same).map(|(at, _)| at).collect();
    let near = |at: usize| changed.iter().any(|change| change.abs_diff(at) <= NEIGHBOURS);
    let head = usize::from(lines.iter().take(3).any(|line| line.mark == Mark::Shifted));
    let is_lanes = |at: usize| at <= 1 + head && lines[at].text.trim_start().starts_with("time ");
    let mut out: Vec<Line> = Vec::new();
    let mut hidden = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.mark == Mark::Same && !near(at) && !is_lanes(at) {
            hidden += 1;
            continue;
        }
        fold(&mut out, &mut hidden);
        out.push(line.clone());
    }
    fold(&mut out, &mut hidden);
    out
}

fn fold(out: &mut Vec<Line>, hidden: &mut usize) {
    if *hidden > 0 {
        let lines = if *hidden == 1 { "line" } else { "lines" };
        out.push(Line { mark: Mark::Folded, text: format!("{hidden} {lines} as before") });
        *hidden = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: [&str; 8] = [
        "# A call",
        "       time alice             sip               bob",
        "   1.000000 |-INVITE--------->|                 |",
        "   1.005000 |                 |-INVITE--------->|",
        "   1.010000 |                 |<-----180 INVITE-|",
        "   1.500000 |                 |<-----200 INVITE-|",
        "   1.505000 |<-----200 INVITE-|                 |",
        "   1.510000 |-ACK------------>|                 |",
    ];

    fn shown(change: impl FnOnce(&mut Vec<String>)) -> String {
        let mut new = LADDER.map(str::to_owned).to_vec();
        change(&mut new);
        difference(&LADDER.join("\n"), &new.join("\n")).to_string()
    }

    #[test]
    fn equal_ladders_have_no_difference() {
        assert_eq!(shown(|_| {}), "");
    }

    #[test]
    fn a_changed_line_is_shown_before_and_after_with_its_neighbours() {
        let got = shown(|lines| lines[5] = lines[5].replace("200", "486"));
        let expected = "  ... 1 line as before
             time alice             sip               bob
  ... 1 line as before
         1.005000 |                 |-INVITE--------->|
         1.010000 |                 |<-----180 INVITE-|
  was    1.500000 |                 |<-----200 INVITE-|
  now    1.500000 |                 |<-----486 INVITE-|
         1.505000 |<-----200 INVITE-|                 |
         1.510000 |-ACK------------>|                 |
";
        assert_eq!(got, expected);
    }

    #[test]
    fn a_moved_line_is_told_as_moved() {
        let got = shown(|lines| {
            let line = lines.remove(2);
            lines.insert(5, line);
        });
        let marked: Vec<&str> = got.lines().filter(|line| line.contains("moved")).collect();
        assert_eq!(marked, ["moved    1.000000 |-INVITE--------->|                 |  (from 3 lines above)"]);
        assert!(!got.contains("gone") && !got.contains("new"), "{got}");
    }

    #[test]
    fn a_line_that_is_gone_and_one_that_is_new_are_told_so() {
        let got = shown(|lines| lines[7] = "   1.510000 |                 | power off".to_owned());
        assert!(got.contains(" gone    1.510000 |-ACK"), "{got}");
        assert!(got.contains("  new    1.510000 |                 | power off"), "{got}");
    }

    #[test]
    fn if_everything_is_later_one_line_says_so() {
        let got = shown(|lines| {
            for (line, time) in lines[5..].iter_mut().zip(["1.700000", "1.705000", "1.710000"]) {
                line.replace_range(3..11, time);
            }
        });
        assert_eq!(got.matches("0.2 s later from here on").count(), 1, "{got}");
        assert_eq!(got.lines().filter(|line| line.starts_with(" time")).count(), 1, "{got}");
        assert!(!got.contains("was") && !got.contains("new"), "{got}");
    }

    #[test]
    fn many_changes_of_pace_are_summed_up() {
        let ladder =
            |step: u64| (1..40).map(|n| format!("   {n}.00{:04} | note {n}\n", n * step)).collect::<String>();
        let got = difference(&ladder(1), &ladder(3)).to_string();
        assert_eq!(
            got.lines().next(),
            Some(" time the pace changes 39 times, from 0.000002 s later to 0.000078 s later")
        );
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let lines = |word: &str| (0..100).map(|n| format!("{word} {n}\n")).collect::<String>();
        let got = difference(&lines("old old old old"), &lines("1 2 3"));
        assert_eq!(got.lines.len(), MOST_LINES);
        assert_eq!(got.lines.last().map(|line| line.text.as_str()), Some("121 more lines"));
    }

    #[test]
    fn colours_are_around_whole_lines() {
        let line = Line { mark: Mark::Gone, text: "x".into() };
        assert_eq!(line.coloured(), "\x1b[31m gone x\x1b[0m");
    }
}
