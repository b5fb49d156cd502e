//! Scenarios of these tests, and what can be asked of the traces that they leave.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use faxproof::plan::Plan;
use faxproof::scenario::{Base, Scenario};
use faxproof::world::{self, World};
use faxproof_reports::{Declaration, Entry, Finding, Sink, Trace, Verdict, What};
use faxproof_wire::page::{Chart, Page, Resolution, chart};
use faxproof_wire::smtp::DataReader;

/// How long a test waits for something to happen in a world.
const PATIENCE: Duration = Duration::from_secs(10);

/// What servers put on top of a mail (RFC 5321 §4.4); two of them are Postfix's own.
const TRACES: [&str; 4] = ["Return-Path", "X-Original-To", "Delivered-To", "Received"];

/// Reads a scenario whose documents lie in a folder, for one world.
pub(crate) fn plan(yaml: &str, folder: &Path, world: World) -> Plan {
    let scenario = Scenario::parse("peer.yaml", yaml, &Base::Folder(folder.to_path_buf()));
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    scenario.compile("peer", world, None).unwrap_or_else(|error| panic!("{error}"))
}

/// A run on real sockets that goes on while the test does something else.
pub(crate) struct Performance {
    world: JoinHandle<()>,
    seen: Receiver<Entry>,
    trace: Trace,
}

impl Performance {
    /// Begins a run.
    pub(crate) fn begin(plan: &Plan) -> Performance {
        let (sender, seen) = channel();
        let plan = plan.clone();
        let world = thread::spawn(move || {
            let ended = world::run(&plan, World::Sockets, &mut Telling(sender));
            ended.unwrap_or_else(|error| panic!("{error}"));
        });
        Performance { world, seen, trace: Trace::default() }
    }

    /// Waits until a message of this kind is on its way to a host.
    pub(crate) fn await_message(&mut self, wanted: &str, addressee: &str) {
        loop {
            let Ok(entry) = self.seen.recv_timeout(PATIENCE) else {
                panic!("no {wanted} to {addressee} within {PATIENCE:?}: {:#?}", self.trace.entries);
            };
            let is_it = matches!(&entry.what, What::Message { to, label, .. }
                if &**to == addressee && &**label == wanted);
            self.trace.entries.push(entry);
            if is_it {
                return;
            }
        }
    }

    /// Waits for the end of the run: everything that was seen.
    pub(crate) fn end(mut self) -> Trace {
        self.trace.entries.extend(self.seen.iter());
        self.world.join().unwrap();
        self.trace
    }
}

struct Telling(Sender<Entry>);

impl Sink for Telling {
    fn take(&mut self, entry: Entry) {
        // Nobody listens any more once the test has failed.
        let _ = self.0.send(entry);
    }
}

/// Labels of the messages that went from one host to another. A copy that was sent again at once
/// counts once: a slow machine may need it.
pub(crate) fn passed<'t>(trace: &'t Trace, sender: &str, addressee: &str) -> Vec<&'t str> {
    let label = |entry: &'t Entry| match &entry.what {
        What::Message { from, to, label, .. } if &**from == sender && &**to == addressee => Some(&**label),
        _ => None,
    };
    let mut labels: Vec<&str> = trace.entries.iter().filter_map(label).collect();
    labels.dedup();
    labels
}

/// The messages with this label that went from one host to another, as they stood on the wire.
pub(crate) fn bytes_of(trace: &Trace, wanted: &str, sender: &str, addressee: &str) -> Vec<Vec<u8>> {
    let bytes = |entry: &Entry| match &entry.what {
        What::Message { from, to, label, bytes, .. }
            if &**from == sender && &**to == addressee && &**label == wanted =>
        {
            Some(bytes.to_vec())
        }
        _ => None,
    };
    trace.entries.iter().filter_map(bytes).collect()
}

/// The mails that went from one host to another, without the dots that SMTP and POP3 add.
pub(crate) fn mails(trace: &Trace, sender: &str, addressee: &str) -> Vec<Vec<u8>> {
    let unstuffed = |bytes: Vec<u8>| {
        let end = DataReader::new(bytes.len()).feed(&bytes).unwrap();
        end.message.unwrap().to_vec()
    };
    bytes_of(trace, "message", sender, addressee).into_iter().map(unstuffed).collect()
}

/// The names of the fields that servers put on top of a mail, and what stands below them.
pub(crate) fn under_traces(mail: &[u8]) -> (Vec<String>, &[u8]) {
    let (mut names, mut below) = (Vec::new(), mail);
    while let Some(end) = below.iter().position(|octet| *octet == b'\n') {
        let line = String::from_utf8_lossy(&below[..=end]);
        let name = line.split(':').next().unwrap_or_default();
        let is_trace = TRACES.contains(&name);
        let is_folded = !names.is_empty() && line.starts_with([' ', '\t']);
        if !is_trace && !is_folded {
            break;
        }
        names.extend(is_trace.then(|| name.to_owned()));
        below = &below[end + 1..];
    }
    (names, below)
}

/// Everything that the judges hold against one of these hosts.
pub(crate) fn breaches(declaration: &Declaration, trace: &Trace, hosts: &[&str]) -> Vec<Finding> {
    let findings = faxproof_judges::judge(declaration, trace).into_iter().flat_map(|result| result.findings);
    let against = |finding: &Finding| {
        finding.verdict >= Verdict::Fail
            && finding.party.as_ref().is_none_or(|party| hosts.contains(&&**party))
    };
    findings.filter(against).collect()
}

/// A document of two pages, one of each resolution.
pub(crate) fn pages() -> Vec<Page> {
    let page = |page_no, height, resolution| {
        chart(Chart { height, resolution, page_no, of: 2, seed: 7, ..Chart::default() })
    };
    vec![page(1, 120, Resolution::Standard), page(2, 240, Resolution::Fine)]
}

/// The images that a host printed.
pub(crate) fn printed(trace: &Trace, at: &str) -> Vec<Page> {
    let page = |entry: &Entry| match &entry.what {
        What::Printed { host, page, .. } if &**host == at => page.clone(),
        _ => None,
    };
    trace.entries.iter().filter_map(page).collect()
}

/// What the operator of a host was told.
pub(crate) fn notices<'t>(trace: &'t Trace, at: &str) -> Vec<&'t str> {
    let notice = |entry: &'t Entry| match &entry.what {
        What::Notice { host, text, .. } if &**host == at => Some(&**text),
        _ => None,
    };
    trace.entries.iter().filter_map(notice).collect()
}
