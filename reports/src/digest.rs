//! One number for a whole run: two runs with the same digest left the same trace.
//!
//! The canonical form hashed here is not the JSON of a record: every field goes in as it is, with
//! its length before it, so that hashing keeps up with a search over many runs. Secrets are
//! redacted first: the digest of a run is the digest of the record written about it.

use std::net::{IpAddr, SocketAddr};

use faxproof_wire::page::Resolution;
use sha2::{Digest, Sha256};

use crate::redact::Redactor;
use crate::trace::{Carrier, Entry, Fate, Sink, Trace, What};

/// SHA-256 over the canonical form of the trace, in hex.
pub fn digest(trace: &Trace) -> String {
    let mut sink = DigestSink::default();
    for entry in &trace.entries {
        sink.add(entry);
    }
    sink.finish()
}

/// A sink that keeps no entry, only the digest of all: for runs whose trace nobody will read.
#[derive(Clone, Default)]
pub struct DigestSink {
    hash: Sha256,
    redactor: Redactor,
}

impl DigestSink {
    /// Adds one entry.
    pub fn add(&mut self, entry: &Entry) {
        let entry = self.redactor.redact(entry);
        let mut form = Form(&mut self.hash);
        form.number(entry.at_us);
        form.what(&entry.what);
    }

    /// The digest of everything taken so far, in hex.
    pub fn finish(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl Sink for DigestSink {
    fn take(&mut self, entry: Entry) {
        self.add(&entry);
    }
}

/// A sink that forgets everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullSink;

impl Sink for NullSink {
    fn take(&mut self, _: Entry) {}
}

/// A sink that only counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries of every kind.
    pub entries: u64,
    /// Messages, whatever became of them.
    pub messages: u64,
    /// Messages that did not arrive.
    pub undelivered: u64,
    /// Bytes of all messages.
    pub bytes: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Arcs taken.
    pub marks: u64,
    /// Notices to an operator.
    pub notices: u64,
    /// Pages printed.
    pub pages: u64,
    /// Table rows committed.
    pub rows: u64,
    /// Things a device did not foresee.
    pub unexpected: u64,
    /// Acts of the scenario's rules.
    pub faults: u64,
}

impl Sink for Counts {
    fn take(&mut self, entry: Entry) {
        self.entries += 1;
        match &entry.what {
            What::Message { bytes, fate, .. } => {
                self.messages += 1;
                self.bytes += bytes.len() as u64;
                self.undelivered += u64::from(!matches!(fate, Fate::Delivered { .. }));
            }
            What::Connection { event, .. } => self.connections += u64::from(&**event == "opened"),
            What::Mark { .. } => self.marks += 1,
            What::Notice { .. } => self.notices += 1,
            What::Printed { .. } => self.pages += 1,
            What::Row { .. } => self.rows += 1,
            What::Unexpected { .. } => self.unexpected += 1,
            What::Fault { .. } => self.faults += 1,
            What::Order { .. }
            | What::Power { .. }
            | What::Resolved { .. }
            | What::Remark { .. }
            | What::Mail { .. } => {}
        }
    }
}

/// The first `digits` hex digits of the SHA-256 of some bytes: enough for a person to compare.
pub(crate) fn short_digest(bytes: &[u8], digits: usize) -> String {
    let mut text = hex(&Sha256::digest(bytes));
    text.truncate(digits);
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|n| char::from(b"0123456789abcdef"[n as usize]))
        .collect()
}

/// Writes the canonical form into a hash: a number is 8 bytes, a text or byte string is preceded by
/// its length, an enumeration by the position of its variant.
struct Form<'a>(&'a mut Sha256);

impl Form<'_> {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.bytes(text.as_bytes());
        }
    }

    fn address(&mut self, address: SocketAddr) {
        match address.ip() {
            IpAddr::V4(ip) => self.bytes(&ip.octets()),
            IpAddr::V6(ip) => self.bytes(&ip.octets()),
        }
        self.number(address.port().into());
    }

    fn what(&mut self, what: &What) {
        match what {
            What::Message { from, to, carrier, label, bytes, fate } => {
                self.number(0);
                self.texts(&[from, to, label]);
                self.carrier(*carrier);
                self.bytes(bytes);
                self.fate(fate);
            }
            What::Connection { id, client, server, to, event } => {
                self.number(1);
                self.number((*id).into());
                self.texts(&[client, server, event]);
                self.address(*to);
            }
            What::Mark { host, call, arc } => {
                self.number(2);
                self.number(*call);
                self.texts(&[host, arc]);
            }
            What::Notice { host, call, medium, text } => {
                self.number(3);
                self.number(*call);
                self.texts(&[host, medium.as_str(), text]);
            }
            What::Printed { .. } => self.printed(what),
            What::Row { host, table, change, position, row } => {
                self.number(5);
                self.texts(&[host, table, change]);
                self.number((*position).into());
                self.number(row.len() as u64);
                row.iter().for_each(|(column, value)| self.texts(&[column, value]));
            }
            What::Order { host, step, text } => {
                self.number(6);
                self.number((*step).into());
                self.texts(&[host, text]);
            }
            What::Unexpected { host, what, awaited } => {
                self.number(7);
                self.texts(&[host, what, awaited]);
            }
            What::Remark { host, text } => {
                self.number(13);
                self.texts(&[host, text]);
            }
            What::Fault { host, text } => {
                self.number(8);
                self.texts(&[host, text]);
            }
            What::Power { host, on, boots } => {
                self.number(9);
                self.number((*on).into());
                self.number((*boots).into());
                self.texts(&[host]);
            }
            What::Mail { host, folder, name, put, message_id } => {
                self.number(11);
                self.number((*put).into());
                self.texts(&[host, folder, name, message_id.as_deref().unwrap_or_default()]);
            }
            What::Resolved { host, kind, name, answer } => {
                self.number(10);
                self.texts(&[host, kind, name, &answer.to_string()]);
            }
        }
    }

    fn printed(&mut self, what: &What) {
        let What::Printed { host, document, number, of, page, text } = what else { return };
        self.number(4);
        self.texts(&[host, document]);
        self.number((*number).into());
        self.number((*of).into());
        self.number(page.is_some().into());
        if let Some(page) = page {
            self.number(page.bitmap.width.into());
            self.number(page.bitmap.height.into());
            self.number(page.resolution.y_dpi().into());
            // The width of an ordinary fax line goes without saying.
            if page.resolution.x_dpi() != Resolution::default().x_dpi() {
                self.number(page.resolution.x_dpi().into());
            }
            self.bytes(page.bitmap.data());
        }
        self.number(text.is_some().into());
        self.texts(&[text.as_deref().unwrap_or_default()]);
    }

    fn carrier(&mut self, carrier: Carrier) {
        match carrier {
            Carrier::Datagram { from, to } => {
                self.number(0);
                self.address(from);
                self.address(to);
            }
            Carrier::Stream { connection, from_client } => {
                self.number(1);
                self.number(connection.into());
                self.number(from_client.into());
            }
        }
    }

    fn fate(&mut self, fate: &Fate) {
        match fate {
            Fate::Delivered { at_us } => {
                self.number(0);
                self.number(*at_us);
            }
            Fate::Lost => self.number(1),
            Fate::Dropped => self.number(2),
            Fate::Unreachable => self.number(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{datagram, every_kind, stream_unit};

    #[test]
    fn the_sink_and_the_function_agree() {
        let trace = every_kind();
        let mut sink = DigestSink::default();
        trace.entries.iter().cloned().for_each(|entry| sink.take(entry));
        assert_eq!(sink.finish(), digest(&trace));
    }

    #[test]
    fn an_empty_trace_has_the_digest_of_no_bytes() {
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(&Trace::default()), nothing);
    }

    #[test]
    fn every_entry_counts() {
        let whole = every_kind();
        for left_out in 0..whole.entries.len() {
            let mut part = whole.clone();
            part.entries.remove(left_out);
            assert_ne!(digest(&part), digest(&whole), "entry {left_out}");
        }
    }

    #[test]
    fn a_byte_moved_from_one_field_to_the_next_counts() {
        let one = Trace { entries: vec![datagram(0, "ab", "c", "INVITE", "")] };
        let other = Trace { entries: vec![datagram(0, "a", "bc", "INVITE", "")] };
        assert_ne!(digest(&one), digest(&other));
    }

    #[test]
    fn two_runs_that_differ_in_a_secret_have_one_digest() {
        let run = |secret| Trace { entries: vec![stream_unit(0, "alice", "bob", true, "AUTH", secret)] };
        assert_eq!(digest(&run("AUTH PLAIN AGEAYg==\r\n")), digest(&run("AUTH PLAIN AGMAZA==\r\n")));
    }

    #[test]
    fn counts_add_up() {
        let mut counts = Counts::default();
        let trace = every_kind();
        trace.entries.iter().cloned().for_each(|entry| counts.take(entry));
        assert_eq!(counts.entries, trace.entries.len() as u64);
        assert_eq!((counts.messages, counts.undelivered, counts.bytes), (5, 3, 41));
        assert_eq!((counts.connections, counts.marks, counts.notices, counts.pages), (1, 1, 3, 2));
        assert_eq!((counts.rows, counts.unexpected, counts.faults), (1, 1, 1));
    }
}
