//! Changed messages: what a proxy does to one on its way through.

use std::borrow::Cow;

use bytes::Bytes;

use super::message::Start;
use super::write::{Digits, Writer, decimal};
use super::{Message, Name, scan};

/// A message being changed. What no call touches stays as it was, byte for byte and in its order;
/// values given are made harmless as by [`Builder`](super::Builder). Line ends before the start line
/// and bytes after the body are not carried over (RFC 3261 §7.5, §18.3).
#[derive(Clone)]
pub struct Edit {
    message: Message,
    start: Option<Writer>,
    lines: Vec<Line>,
    body: Option<Bytes>,
}

#[derive(Clone)]
enum Line {
    /// The message's line of that number.
    Kept(usize),
    New {
        name: Name,
        spelled: Cow<'static, str>,
        value: Vec<u8>,
    },
}

impl Edit {
    pub(super) fn new(message: &Message) -> Edit {
        let lines = (0..message.index().headers.len()).map(Line::Kept).collect();
        Edit { message: message.clone(), start: None, lines, body: None }
    }

    /// Sets the Request-URI of a request; no effect on a response.
    pub fn set_request_uri(&mut self, uri: &str) -> &mut Edit {
        if let Start::Request { method, .. } = &self.message.index().start {
            self.start = Some(Writer::request(method, uri));
        }
        self
    }

    /// Sets the status code and reason of a response; no effect on a request.
    pub fn set_code(&mut self, code: u16, reason: &str) -> &mut Edit {
        if !self.message.is_request() {
            self.start = Some(Writer::response(code, reason));
        }
        self
    }

    /// Inserts a line above the first of that name, or at the top if there is none.
    pub fn push_front(&mut self, name: Name, value: impl AsRef<str>) -> &mut Edit {
        let place = self.position(name).unwrap_or(0);
        self.lines.insert(place, new_line(name, value.as_ref().as_bytes()));
        self
    }

    /// Adds a line after the last of that name, or at the bottom if there is none.
    pub fn append(&mut self, name: Name, value: impl AsRef<str>) -> &mut Edit {
        let last = self.lines.iter().rposition(|line| self.name(line) == name);
        let place = last.map_or(self.lines.len(), |last| last + 1);
        self.lines.insert(place, new_line(name, value.as_ref().as_bytes()));
        self
    }

    /// Removes the first value of that name; other values of its line stay in it.
    pub fn remove_first_value(&mut self, name: Name) -> &mut Edit {
        if let Some(place) = self.position(name) {
            match self.after_first_value(place) {
                Some(rest) => self.change(place, scan::trim(&rest).to_vec()),
                None => drop(self.lines.remove(place)),
            }
        }
        self
    }

    /// Replaces the first value of that name, as a server does that notes `received` in the topmost Via
    /// (RFC 3261 §18.2.1); no effect if there is none.
    pub fn replace_first_value(&mut self, name: Name, value: impl AsRef<str>) -> &mut Edit {
        if let Some(place) = self.position(name) {
            let mut line = value.as_ref().as_bytes().to_vec();
            if let Some(rest) = self.after_first_value(place) {
                line.push(b',');
                line.extend_from_slice(&rest);
            }
            self.change(place, line);
        }
        self
    }

    /// Removes all lines of that name.
    pub fn remove_all(&mut self, name: Name) -> &mut Edit {
        let lines = std::mem::take(&mut self.lines);
        self.lines = lines.into_iter().filter(|line| self.name(line) != name).collect();
        self
    }

    /// Sets the first line of that name and removes others, or appends it if there is none.
    pub fn set(&mut self, name: Name, value: impl AsRef<str>) -> &mut Edit {
        match self.position(name) {
            None => self.lines.push(new_line(name, value.as_ref().as_bytes())),
            Some(place) => {
                self.change(place, value.as_ref().as_bytes().to_vec());
                let rest = self.lines.split_off(place + 1);
                let kept: Vec<Line> = rest.into_iter().filter(|line| self.name(line) != name).collect();
                self.lines.extend(kept);
            }
        }
        self
    }

    /// Sets the body, Content-Type and Content-Length. An empty body has no Content-Type.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Bytes>) -> &mut Edit {
        let body = body.into();
        if body.is_empty() {
            self.remove_all(Name::ContentType);
        } else {
            self.set(Name::ContentType, content_type);
        }
        self.set(Name::ContentLength, decimal(body.len(), &mut Digits::default()));
        self.body = Some(body);
        self
    }

    /// The changed message.
    pub fn finish(&self) -> Message {
        let mut writer = self.start.clone().unwrap_or_else(|| Writer::same_start(&self.message));
        let index = self.message.index();
        for line in &self.lines {
            match line {
                Line::New { name, spelled: Cow::Borrowed(_), value } if *name != Name::Other => {
                    writer.known(*name, value);
                }
                Line::New { spelled, value, .. } => writer.line(spelled, value),
                Line::Kept(number) => {
                    let next = index
                        .headers
                        .get(number + 1)
                        .map_or(index.body.start.saturating_sub(2), |entry| entry.start);
                    writer.verbatim(&self.message, &index.headers[*number], next);
                }
            }
        }
        match &self.body {
            Some(body) => writer.finish(body),
            None => writer.finish(&self.message.body()),
        }
    }

    fn position(&self, name: Name) -> Option<usize> {
        self.lines.iter().position(|line| self.name(line) == name)
    }

    fn name(&self, line: &Line) -> Name {
        match line {
            Line::Kept(number) => self.message.index().headers[*number].name,
            Line::New { name, .. } => *name,
        }
    }

    /// What stands after the comma that ends the first value of a line.
    fn after_first_value(&self, place: usize) -> Option<Vec<u8>> {
        let line = &self.lines[place];
        let value = match line {
            Line::Kept(number) => self.message.slice(&self.message.index().headers[*number].value),
            Line::New { value, .. } => value,
        };
        let comma = if self.name(line).is_list() { scan::comma(value) } else { None };
        comma.map(|comma| value[comma + 1..].to_vec())
    }

    /// Gives a line another value under the name as it is spelled.
    fn change(&mut self, place: usize, value: Vec<u8>) {
        let line = &self.lines[place];
        let name = self.name(line);
        let spelled = match line {
            Line::Kept(number) => {
                let entry = &self.message.index().headers[*number];
                Cow::Owned(scan::ascii(self.message.slice(&(entry.start..entry.name_end))).to_owned())
            }
            Line::New { spelled, .. } => spelled.clone(),
        };
        self.lines[place] = Line::New { name, spelled, value };
    }
}

fn new_line(name: Name, value: &[u8]) -> Line {
    Line::New { name, spelled: Cow::Borrowed(name.as_str()), value: value.to_vec() }
}
